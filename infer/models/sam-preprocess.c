/* The model's input image (spec sam.md 2). */
#include "infer/models/sam-image.h"
#include <math.h>
#include <string.h>

#define FIXED_BITS 22

/* Taps of one axis: output i reads inputs first[i] .. first[i]+count[i]-1 with the fixed-point weights at w + i*width.
 */
typedef struct {
	int n_out, width;
	int *first, *count;
	int32_t *w;
} taps;

static taps taps_new(int n_in, int n_out)
{
	double sc = (double)n_in / n_out, f = MAX(sc, 1.0);
	taps t = {.n_out = n_out, .width = (int)ceil(f) * 2 + 1};
	t.first = g_new(int, n_out);
	t.count = g_new(int, n_out);
	t.w = g_new0(int32_t, (size_t)n_out * t.width);
	g_autofree double *w = g_new(double, t.width);
	for (int i = 0; i < n_out; i++) {
		double c = (i + 0.5) * sc, sum = 0;
		int lo = MAX((int)(c - f + 0.5), 0), hi = MIN((int)(c + f + 0.5), n_in);
		for (int x = lo; x < hi; x++) {
			w[x - lo] = MAX(0.0, 1.0 - fabs((x - c + 0.5) / f));
			sum += w[x - lo];
		}
		t.first[i] = lo;
		t.count[i] = hi - lo;
		for (int x = 0; x < hi - lo; x++)
			t.w[(size_t)i * t.width + x] = (int32_t)floor(w[x] / sum * (1 << FIXED_BITS) + 0.5);
	}
	return t;
}

static void taps_clear(taps *t)
{
	g_free(t->first);
	g_free(t->count);
	g_free(t->w);
}

static inline uint8_t fixed_to_byte(int32_t sum)
{
	return (uint8_t)CLAMP(sum >> FIXED_BITS, 0, 255);
}

static void resize_row(const taps *t, const uint8_t *src, uint8_t *dst)
{
	for (int i = 0; i < t->n_out; i++) {
		const int32_t *w = t->w + (size_t)i * t->width;
		const uint8_t *p = src + (size_t)t->first[i] * 3;
		int32_t r = 1 << (FIXED_BITS - 1), g = r, b = r;
		for (int k = 0; k < t->count[i]; k++, p += 3) {
			r += w[k] * p[0];
			g += w[k] * p[1];
			b += w[k] * p[2];
		}
		dst[3 * i] = fixed_to_byte(r);
		dst[3 * i + 1] = fixed_to_byte(g);
		dst[3 * i + 2] = fixed_to_byte(b);
	}
}

/* src [n_in][w][3] with rows `stride` apart to [n_out][w][3]: whole rows at a time, which vectorises. */
static uint8_t *resize_rows(const taps *t, const uint8_t *src, size_t stride, int w)
{
	size_t row = (size_t)w * 3;
	uint8_t *dst = g_malloc(row * t->n_out);
	g_autofree int32_t *sum = g_new(int32_t, row);
	for (int i = 0; i < t->n_out; i++) {
		for (size_t x = 0; x < row; x++)
			sum[x] = 1 << (FIXED_BITS - 1);
		for (int k = 0; k < t->count[i]; k++) {
			const uint8_t *p = src + (size_t)(t->first[i] + k) * stride;
			int32_t weight = t->w[(size_t)i * t->width + k];
			for (size_t x = 0; x < row; x++)
				sum[x] += weight * p[x];
		}
		for (size_t x = 0; x < row; x++)
			dst[i * row + x] = fixed_to_byte(sum[x]);
	}
	return dst;
}

uint8_t *sam_resize_rgb(const uint8_t *src, size_t stride, int w, int h, int new_w, int new_h)
{
	size_t row = (size_t)new_w * 3;
	uint8_t *wide = g_malloc(row * h); /* the horizontal pass, or a dense copy when the width stays */
	taps t = taps_new(w, new_w);
	for (int y = 0; y < h; y++) {
		if (new_w == w)
			memcpy(wide + y * row, src + y * stride, row);
		else
			resize_row(&t, src + y * stride, wide + y * row);
	}
	taps_clear(&t);
	if (new_h == h)
		return wide;
	t = taps_new(h, new_h);
	uint8_t *out = resize_rows(&t, wide, row, new_w);
	taps_clear(&t);
	g_free(wide);
	return out;
}

void sam_normalise(const sam_frame *f, const uint8_t *rgb, const float mean[3], const float std[3], float *out)
{
	float table[3][256];
	const size_t row = (size_t)f->side * 4, used = (size_t)f->new_w;
	for (int c = 0; c < 3; c++)
		for (int v = 0; v < 256; v++)
			table[c][v] = ((float)v - mean[c]) / std[c];
	for (int y = 0; y < f->side; y++) {
		float *dst = out + y * row;
		if (y >= f->new_h) {
			memset(dst, 0, row * sizeof(float));
			continue;
		}
		const uint8_t *p = rgb + y * used * 3;
		for (size_t x = 0; x < used; x++) {
			for (int c = 0; c < 3; c++)
				dst[4 * x + c] = table[c][p[3 * x + c]];
			dst[4 * x + 3] = 0;
		}
		memset(dst + 4 * used, 0, (row - 4 * used) * sizeof(float));
	}
}
