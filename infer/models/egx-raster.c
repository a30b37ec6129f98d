#include "infer/models/egx-raster.h"
#include "infer/models/egx-shape.h"
#include <math.h>
#include <string.h>

/* --- views --- */

void egx_resized(int w, int h, int side, int *new_w, int *new_h)
{
	const double s = (double)side / MAX(w, h);
	*new_w = MAX(1, (int)(w * s + 0.5));
	*new_h = MAX(1, (int)(h * s + 0.5));
}

uint32_t egx_views(int w, int h, int side, uint32_t most, bool drop, bool fast, egx_frame out[EGX_VIEWS])
{
	const int longest = MAX(w, h);
	uint32_t n = 1;
	int new_w, new_h;
	out[0] = (egx_frame){.side = side, .scale = (double)side / longest};
	if (fast || most == 1 || (drop && (int64_t)longest * 4 <= (int64_t)side * 5))
		return n;
	egx_resized(w, h, 2 * side, &new_w, &new_h);
	for (int i = 0; i < 4 && n < MIN(most, EGX_VIEWS); i++) {
		const int ox = i % 2 * side, oy = i / 2 * side;
		if (!drop || (new_w > ox && new_h > oy))
			out[n++] = (egx_frame){.number = i + 1, .side = side, .scale = 2.0 * side / longest, .ox = ox, .oy = oy};
	}
	return n;
}

/* --- numbers of a region --- */

static void mask_bounds(const uint8_t *mask, int w, int h, double b[4])
{
	int x0 = w, y0 = h, x1 = 0, y1 = 0;
	for (int y = 0; y < h; y++)
		for (int x = 0; x < w; x++)
			if (mask[(size_t)y * w + x]) {
				x0 = MIN(x0, x);
				y0 = MIN(y0, y);
				x1 = MAX(x1, x + 1);
				y1 = MAX(y1, y + 1);
			}
	b[0] = x0;
	b[1] = y0;
	b[2] = x1;
	b[3] = y1;
}

static void point_bounds(const egx_region *r, double b[4])
{
	const double rx = r->kind == EGX_ELLIPSE ? r->rx : 0, ry = r->kind == EGX_ELLIPSE ? r->ry : 0;
	b[0] = b[1] = INFINITY;
	b[2] = b[3] = -INFINITY;
	for (guint i = 0; i < r->n; i++) {
		b[0] = MIN(b[0], r->xy[2 * i] - rx);
		b[1] = MIN(b[1], r->xy[2 * i + 1] - ry);
		b[2] = MAX(b[2], r->xy[2 * i] + rx);
		b[3] = MAX(b[3], r->xy[2 * i + 1] + ry);
	}
}

void egx_bounds(const egx_region *r, int w, int h, double b[4])
{
	if (r->kind == EGX_MASK) {
		mask_bounds(r->mask, w, h, b);
	} else if (r->kind == EGX_WHOLE) {
		b[0] = b[1] = 0;
		b[2] = w;
		b[3] = h;
	} else {
		point_bounds(r, b);
	}
	for (int i = 0; i < 4; i++)
		b[i] = CLAMP(b[i], 0.0, (double)(i % 2 ? h : w));
}

void egx_position_code(const egx_region *r, int w, int h, float out[EGX_CODE])
{
	double b[4];
	egx_bounds(r, w, h, b);
	for (int i = 0; i < 4; i++)
		for (int j = 0; j < 8; j++) {
			const double angle = b[i] / MAX(w, h) * (1 << j) * G_PI;
			*out++ = (float)sin(angle);
			*out++ = (float)cos(angle);
		}
}

#define CLOSE_UP_MIN 64
#define CLOSE_UP_POINT 96

/* Origin and length along one axis: inside of the image where it fits. */
static void close_up_axis(double centre, int s, int n, int *origin, int *length)
{
	*origin = n > s ? (int)CLAMP(floor(centre - s / 2.0 + 0.5), 0.0, (double)(n - s)) : 0;
	*length = MIN(n, s);
}

egx_close_up egx_close_up_of(const egx_region *r, int w, int h, int side)
{
	double b[4];
	egx_close_up c;
	egx_bounds(r, w, h, b);
	const double longer = MAX(b[2] - b[0], b[3] - b[1]);
	const int want = r->kind == EGX_POINT ? CLOSE_UP_POINT : (int)(2 * longer + 0.5);
	const int s = MAX(CLOSE_UP_MIN, MIN(want, MAX(w, h)));
	close_up_axis((b[0] + b[2]) / 2, s, w, &c.x, &c.w);
	close_up_axis((b[1] + b[3]) / 2, s, h, &c.y, &c.h);
	c.new_w = MAX(1, (int)((double)c.w * side / s + 0.5));
	c.new_h = MAX(1, (int)((double)c.h * side / s + 0.5));
	c.frame = (egx_frame){.side = side, .scale = (double)side / s, .x0 = c.x, .y0 = c.y};
	return c;
}

/* --- the raster --- */

void egx_coverage(const egx_frame *f, const egx_region *r, int w, int h, float *cov)
{
	egx_shape *s = egx_shape_new(f, r, w, h);
	egx_shape_coverage(s, cov);
	egx_shape_free(s);
}

void egx_size_code(const egx_region *r, int w, int h, float out[EGX_SIZE])
{
	const bool point = r->kind == EGX_POINT;
	double b[4];
	egx_bounds(r, w, h, b);
	const double sides[] = {point ? 64 : b[2] - b[0], point ? 64 : b[3] - b[1], MIN(w, 256), MIN(h, 256)};
	for (int i = 0; i < 4; i++)
		out[i] = (float)log2(MAX(sides[i], 1) / 64);
	out[4] = point;
}

static float kind_code(egx_kind kind)
{
	switch (kind) {
	case EGX_POINT:
		return 0.25f;
	case EGX_SCRIBBLE:
		return 0.5f;
	case EGX_POLYGON:
	case EGX_ELLIPSE:
	case EGX_MASK:
		return 0.75f;
	case EGX_BOX:
	case EGX_WHOLE:
		break;
	}
	return 1.0f;
}

static double sum_of(const float *v, size_t n)
{
	double s = 0;
	for (size_t i = 0; i < n; i++)
		s += v[i];
	return s;
}

/* One region's share of the planes; the pixels whose centre it holds are its own while no smaller region has them. */
static void draw(const egx_shape *s, size_t pixels, const float *cov, float number, float kind, double *smallest,
                 uint8_t *bits, float *planes)
{
	const double area = sum_of(cov, pixels);
	egx_shape_outline(s, bits);
	for (size_t i = 0; i < pixels; i++) {
		planes[i] = MAX(planes[i], cov[i]);
		if (bits[i])
			planes[pixels + i] = MAX(planes[pixels + i], cov[i]);
	}
	egx_shape_centres(s, bits);
	for (size_t i = 0; i < pixels; i++)
		if (bits[i] && area < smallest[i]) {
			smallest[i] = area;
			planes[2 * pixels + i] = number;
			planes[3 * pixels + i] = kind;
		}
}

void egx_raster(const egx_frame *f, const egx_region *regions, uint32_t n, int w, int h, float *planes, float *cov)
{
	const size_t pixels = (size_t)f->side * f->side;
	const egx_region whole = {.kind = EGX_WHOLE};
	g_autofree double *smallest = g_new(double, pixels);
	g_autofree uint8_t *bits = g_new(uint8_t, pixels);
	g_autofree float *own = n == 0 ? g_new(float, pixels) : NULL;
	memset(planes, 0, 4 * pixels * sizeof(float));
	for (size_t i = 0; i < pixels; i++)
		smallest[i] = INFINITY;
	for (uint32_t k = 0; k < MAX(n, 1); k++) {
		const egx_region *r = n ? &regions[k] : &whole;
		float *c = n ? cov + k * pixels : own;
		egx_shape *s = egx_shape_new(f, r, w, h);
		egx_shape_coverage(s, c);
		draw(s, pixels, c, n ? (float)(k + 1) / 10 : 0, kind_code(r->kind), smallest, bits, planes);
		egx_shape_free(s);
	}
}

void egx_cells(const float *cov, int side, int grid, float *out)
{
	const int cell = side / grid;
	for (int i = 0; i < grid; i++)
		for (int j = 0; j < grid; j++) {
			double sum = 0;
			for (int y = i * cell; y < (i + 1) * cell; y++)
				sum += sum_of(cov + (size_t)y * side + j * cell, (size_t)cell);
			*out++ = (float)(sum / (cell * cell));
		}
}
