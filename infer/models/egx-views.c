/* From the image to what the branches read: views, close-ups, patches (spec earthgpt-x.md 3 and 12). All of it pure. */
#include "infer/models/egx-views.h"
#include "infer/models/sam-image.h"
#include <math.h>
#include <string.h>

/* One plane c of rgb [h][w][3] (rows `stride` apart) into the top-left of [side][side], zeros elsewhere. */
static void normalise(const uint8_t *rgb, size_t stride, int w, int h, egx_normal normal, int side, float *planes)
{
	const size_t pixels = (size_t)side * side;
	memset(planes, 0, 3 * pixels * sizeof(float));
	for (int c = 0; c < 3; c++) {
		float table[256];
		for (int v = 0; v < 256; v++)
			table[v] = ((float)v - normal.mean[c]) / normal.std[c];
		for (int y = 0; y < h; y++) {
			const uint8_t *from = rgb + (size_t)y * stride + c;
			float *to = planes + c * pixels + (size_t)y * side;
			for (int x = 0; x < w; x++)
				to[x] = table[from[3 * x]];
		}
	}
}

void egx_reader_clear(egx_reader *r)
{
	g_clear_pointer(&r->small.rgb, g_free);
	g_clear_pointer(&r->big.rgb, g_free);
}

static uint8_t *resized(const egx_reader *r, int side, int *w, int *h)
{
	egx_resized(r->w, r->h, side, w, h);
	return sam_resize_rgb(r->rgb, (size_t)r->w * 3, r->w, r->h, *w, *h);
}

static void need_small(egx_reader *r)
{
	if (!r->small.rgb)
		r->small.rgb = resized(r, r->side, &r->small.w, &r->small.h);
}

static void need_big(egx_reader *r)
{
	if (!r->big.rgb)
		r->big.rgb = resized(r, 2 * r->side, &r->big.w, &r->big.h);
}

/* --- bicubic and bilinear on planes --- */

/* Weights of the taps -1..2 around a position halfway between two samples, a = -0.75 (spec README "Resampling"). */
static const float half_way[4] = {-0.09375f, 0.59375f, 0.59375f, -0.09375f};

/* [2n][2n] -> [n][n]: output i lies between the samples 2i and 2i+1. */
static void halve_plane(const float *in, int n, float *out)
{
	const int wide = 2 * n;
	g_autofree float *narrow = g_new(float, (size_t)wide *n);
	for (int y = 0; y < wide; y++)
		for (int j = 0; j < n; j++) {
			float s = 0;
			for (int k = 0; k < 4; k++)
				s += half_way[k] * in[(size_t)y * wide + CLAMP(2 * j - 1 + k, 0, wide - 1)];
			narrow[(size_t)y * n + j] = s;
		}
	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++) {
			float s = 0;
			for (int k = 0; k < 4; k++)
				s += half_way[k] * narrow[(size_t)CLAMP(2 * i - 1 + k, 0, wide - 1) * n + j];
			out[(size_t)i * n + j] = s;
		}
}

typedef struct {
	int lo, hi;
	float t;
} tap;

static tap tap_of(int i, int from, int to)
{
	const double s = MAX(0.0, (i + 0.5) * from / to - 0.5);
	const int lo = MIN((int)s, from - 1);
	return (tap){lo, MIN(lo + 1, from - 1), (float)(s - lo)};
}

void egx_stretch(const float *planes, int from, int to, float *out)
{
	for (int c = 0; c < 3; c++, planes += (size_t)from * from)
		for (int i = 0; i < to; i++) {
			const tap y = tap_of(i, from, to);
			const float *a = planes + (size_t)y.lo * from, *b = planes + (size_t)y.hi * from;
			for (int j = 0; j < to; j++) {
				const tap x = tap_of(j, from, to);
				const float top = a[x.lo] * (1 - x.t) + a[x.hi] * x.t, low = b[x.lo] * (1 - x.t) + b[x.hi] * x.t;
				*out++ = top * (1 - y.t) + low * y.t;
			}
		}
}

/* --- views --- */

/* ConvNeXt's form: everything comes from the normalised, padded frame of 2 * side; view 0 is its half. */
static void whole_by_halving(egx_reader *r, egx_normal normal, float *planes)
{
	const size_t pixels = (size_t)r->side * r->side;
	g_autofree float *frame = g_new(float, 12 * pixels);
	need_big(r);
	normalise(r->big.rgb, (size_t)r->big.w * 3, r->big.w, r->big.h, normal, 2 * r->side, frame);
	for (int c = 0; c < 3; c++)
		halve_plane(frame + 4 * c * pixels, r->side, planes + c * pixels);
}

static void whole_by_resizing(egx_reader *r, egx_normal normal, float *planes)
{
	need_small(r);
	normalise(r->small.rgb, (size_t)r->small.w * 3, r->small.w, r->small.h, normal, r->side, planes);
}

void egx_read_view(egx_reader *r, const egx_frame *f, egx_normal normal, float *planes)
{
	if (f->number == 0 && r->cnx) {
		whole_by_halving(r, normal, planes);
	} else if (f->number == 0) {
		whole_by_resizing(r, normal, planes);
	} else {
		need_big(r);
		const int x = (int)f->ox, y = (int)f->oy;
		const int w = CLAMP(r->big.w - x, 0, r->side), h = CLAMP(r->big.h - y, 0, r->side);
		const size_t first = w > 0 && h > 0 ? ((size_t)y * r->big.w + x) * 3 : 0;
		normalise(r->big.rgb + first, (size_t)r->big.w * 3, w, w > 0 ? h : 0, normal, r->side, planes);
	}
}

void egx_read_close_up(const egx_reader *r, const egx_close_up *c, egx_normal normal, float *planes)
{
	const size_t stride = (size_t)r->w * 3;
	const uint8_t *from = r->rgb + (size_t)c->y * stride + (size_t)c->x * 3;
	g_autofree uint8_t *small = sam_resize_rgb(from, stride, c->w, c->h, c->new_w, c->new_h);
	normalise(small, (size_t)c->new_w * 3, c->new_w, c->new_h, normal, c->frame.side, planes);
}

void egx_cut_patches(const float *planes, int channels, int side, int patch, float *out)
{
	for (int i = 0; i + patch <= side; i += patch)
		for (int j = 0; j + patch <= side; j += patch)
			for (int c = 0; c < channels; c++)
				for (int y = 0; y < patch; y++, out += patch)
					memcpy(out, planes + ((size_t)c * side + i + y) * side + j, (size_t)patch * sizeof(float));
}

void egx_interleave(const float *planes, int side, float *out)
{
	const size_t pixels = (size_t)side * side;
	for (size_t i = 0; i < pixels; i++, out += 4) {
		for (int c = 0; c < 3; c++)
			out[c] = planes[c * pixels + i];
		out[3] = 0;
	}
}
