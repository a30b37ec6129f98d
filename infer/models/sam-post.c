/* From low-resolution logits to a mask in pixels of the crop (spec sam.md 5): S/4 -> S, cut to the resized crop, ->
 * crop. The two steps are not one direct resize. Rows are resized horizontally once and blended vertically, so the part
 * that touches every pixel of a large crop is plain arithmetic on rows. */
#include "infer/models/sam-image.h"
#include <math.h>
#include <string.h>

typedef struct {
	int lo, hi;
	float t;
} tap;

/* align_corners false, no antialias: two taps an output. */
static tap *taps_new(int n_in, int n_out)
{
	tap *t = g_new(tap, n_out);
	double sc = (double)n_in / n_out;
	for (int i = 0; i < n_out; i++) {
		double s = MAX(0.0, (i + 0.5) * sc - 0.5);
		int lo = MIN((int)s, n_in - 1);
		t[i] = (tap){lo, MIN(lo + 1, n_in - 1), (float)(s - lo)};
	}
	return t;
}

static void resize_row(const tap *t, int n_out, const float *src, float *dst)
{
	for (int i = 0; i < n_out; i++)
		dst[i] = src[t[i].lo] * (1 - t[i].t) + src[t[i].hi] * t[i].t;
}

/* A resize of [h][w] to [n_rows][n_cols] that hands out its rows in order, keeping two input rows resized horizontally.
 */
typedef struct {
	tap *x, *y;
	int n_cols, held[2];
	float *row[2];
} resizer;

static void resizer_init(resizer *r, int w, int h, int n_cols, int n_rows)
{
	r->x = taps_new(w, n_cols);
	r->y = taps_new(h, n_rows);
	r->n_cols = n_cols;
	for (int i = 0; i < 2; i++) {
		r->held[i] = -1;
		r->row[i] = g_new(float, n_cols);
	}
}

static void resizer_clear(resizer *r)
{
	g_free(r->x);
	g_free(r->y);
	g_free(r->row[0]);
	g_free(r->row[1]);
}

/* Input row i after the horizontal resize. Rows alternate between the two places, so the neighbours i and i+1 are both
 * held. */
static const float *resizer_input(resizer *r, const float *src, size_t stride, int i)
{
	int at = i & 1;
	if (r->held[at] != i) {
		resize_row(r->x, r->n_cols, src + (size_t)i * stride, r->row[at]);
		r->held[at] = i;
	}
	return r->row[at];
}

/* The two input rows and the weight of the second for output row i. */
static float resizer_row(resizer *r, const float *src, size_t stride, int i, const float **a, const float **b)
{
	*a = resizer_input(r, src, stride, r->y[i].lo);
	*b = resizer_input(r, src, stride, r->y[i].hi);
	return r->y[i].t;
}

/* Logits [d][d] to the resized crop [new_h][new_w]; g_free. */
static float *to_frame(const sam_frame *f, const float *logits)
{
	int d = f->side / 4;
	float *out = g_new(float, (size_t)f->new_w * f->new_h);
	resizer r;
	resizer_init(&r, d, d, f->side, f->side);
	r.n_cols = f->new_w; /* the taps are those of the whole frame; columns past the crop are never read */
	for (int i = 0; i < f->new_h; i++) {
		const float *a, *b;
		float t = resizer_row(&r, logits, d, i, &a, &b), *dst = out + (size_t)i * f->new_w;
		for (int j = 0; j < f->new_w; j++)
			dst[j] = a[j] * (1 - t) + b[j] * t;
	}
	resizer_clear(&r);
	return out;
}

typedef struct {
	int64_t area, high, low; /* pixels above 0, 1 and -1 */
} counts;

static void threshold_row(const float *a, const float *b, float t, int n, uint8_t *mask, counts *sum)
{
	uint32_t area = 0, high = 0, low = 0;
	for (int j = 0; j < n; j++) {
		float v = a[j] * (1 - t) + b[j] * t;
		mask[j] = v > 0;
		area += v > 0;
		high += v > 1;
		low += v > -1;
	}
	sum->area += area;
	sum->high += high;
	sum->low += low;
}

static bool any_in_row(const uint8_t *row, int n)
{
	return memchr(row, 1, n) != NULL;
}

static bool any_in_column(const uint8_t *mask, const sam_crop *c, int x)
{
	for (int y = 0; y < c->h; y++)
		if (mask[(size_t)y * c->w + x])
			return true;
	return false;
}

static bool touches_cut(const uint8_t *mask, const sam_crop *c, int image_w, int image_h)
{
	return (c->y > 0 && any_in_row(mask, c->w)) ||
	       (c->y + c->h < image_h && any_in_row(mask + (size_t)(c->h - 1) * c->w, c->w)) ||
	       (c->x > 0 && any_in_column(mask, c, 0)) || (c->x + c->w < image_w && any_in_column(mask, c, c->w - 1));
}

void sam_full_mask(const sam_frame *f, const float *logits, int image_w, int image_h, sam_candidate *out)
{
	const sam_crop *c = &f->crop;
	g_autofree float *frame = to_frame(f, logits);
	counts sum = {0};
	resizer r;
	resizer_init(&r, f->new_w, f->new_h, c->w, c->h);
	for (int i = 0; i < c->h; i++) {
		const float *a, *b;
		float t = resizer_row(&r, frame, f->new_w, i, &a, &b);
		threshold_row(a, b, t, c->w, out->mask + (size_t)i * c->w, &sum);
	}
	resizer_clear(&r);
	out->area = sum.area;
	out->stability = sum.area > 0 ? (float)((double)sum.high / sum.low) : 0;
	out->touches = touches_cut(out->mask, c, image_w, image_h);
}
