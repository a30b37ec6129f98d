#include "infer/models/egx-shape.h"
#include <math.h>
#include <string.h>

#define SAMPLES 4         /* a side of a pixel */
#define BORDER 1.5        /* px */
#define POINT_SHARE 0.012 /* radius over the frame's side */
#define STROKE_SHARE 0.010
#define RADIUS_MIN 2.0

struct egx_shape {
	egx_kind kind;
	int side;
	double *xy; /* [n][2] in frame pixels; a box's two corners sorted */
	guint n;
	double radius, rx, ry;
	uint8_t *pixels;  /* mask: [side][side] */
	double bounds[4]; /* of all that is inside */
};

/* Samples of a part of the frame: number (k, l) lies at (x + (k + 0.5) / per, y + (l + 0.5) / per). */
typedef struct {
	int x, y, w, h; /* pixels; w and h may be 0 */
	int per, cols;  /* samples a pixel; samples a row */
	uint8_t *hit;
} lattice;

/* --- making --- */

/* Where frame pixel j begins on a source axis of n samples. */
static double source_of(int j, double scale, double offset, double start, int n)
{
	return CLAMP((j + offset) / scale + start, 0.0, (double)n);
}

/* Means over the source rows of each row of the frame: [side][w]. Counts are kept column by column on the way down. */
static double *filter_rows(const egx_frame *f, const uint8_t *mask, int w, int h)
{
	g_autofree double *count = g_new0(double, w), *before = g_new0(double, w);
	double *tall = g_new(double, (size_t)f->side *w);
	for (int j = 0, row = 0; j <= f->side; j++) {
		const double at = source_of(j, f->scale, f->oy, f->y0, h);
		const int low = MIN((int)at, h - 1);
		for (; row < low; row++)
			for (int x = 0; x < w; x++)
				count[x] += mask[(size_t)row * w + x] != 0;
		for (int x = 0; x < w; x++) {
			const double part = count[x] + (at - low) * (mask[(size_t)low * w + x] != 0);
			if (j > 0)
				tall[(size_t)(j - 1) * w + x] = (part - before[x]) * f->scale;
			before[x] = part;
		}
	}
	return tall;
}

/* The mask, box-filtered to the frame: pixels of which at least half is inside. */
static uint8_t *filter_mask(const egx_frame *f, const uint8_t *mask, int w, int h)
{
	const int v = f->side;
	g_autofree double *tall = filter_rows(f, mask, w, h), *sum = g_new0(double, w + 1);
	uint8_t *out = g_new(uint8_t, (size_t)v * v);
	for (int i = 0; i < v; i++) {
		double before = 0;
		for (int x = 0; x < w; x++)
			sum[x + 1] = sum[x] + tall[(size_t)i * w + x];
		for (int j = 0; j <= v; j++) {
			const double at = source_of(j, f->scale, f->ox, f->x0, w);
			const int low = MIN((int)at, w - 1);
			const double part = sum[low] + (at - low) * (sum[low + 1] - sum[low]);
			if (j > 0)
				out[(size_t)i * v + j - 1] = (part - before) * f->scale >= 0.5;
			before = part;
		}
	}
	return out;
}

static void take_points(egx_shape *s, const egx_frame *f, const double *xy, guint n)
{
	s->n = n;
	s->xy = g_new(double, 2 * n);
	for (guint i = 0; i < n; i++) {
		s->xy[2 * i] = (xy[2 * i] - f->x0) * f->scale - f->ox;
		s->xy[2 * i + 1] = (xy[2 * i + 1] - f->y0) * f->scale - f->oy;
	}
}

/* Corners in order, and at least one pixel between them. */
static void widen_box(egx_shape *s)
{
	for (int axis = 0; axis < 2; axis++) {
		const double lo = MIN(s->xy[axis], s->xy[2 + axis]), hi = MAX(s->xy[axis], s->xy[2 + axis]);
		const double thin = MAX(0.0, 1 - (hi - lo)) / 2;
		s->xy[axis] = lo - thin;
		s->xy[2 + axis] = hi + thin;
	}
}

static void find_bounds(egx_shape *s)
{
	const double grow_x = MAX(s->radius, s->rx), grow_y = MAX(s->radius, s->ry);
	s->bounds[0] = s->bounds[1] = INFINITY;
	s->bounds[2] = s->bounds[3] = -INFINITY;
	for (guint i = 0; i < s->n; i++) {
		s->bounds[0] = MIN(s->bounds[0], s->xy[2 * i] - grow_x);
		s->bounds[1] = MIN(s->bounds[1], s->xy[2 * i + 1] - grow_y);
		s->bounds[2] = MAX(s->bounds[2], s->xy[2 * i] + grow_x);
		s->bounds[3] = MAX(s->bounds[3], s->xy[2 * i + 1] + grow_y);
	}
}

egx_shape *egx_shape_new(const egx_frame *f, const egx_region *r, int w, int h)
{
	egx_shape *s = g_new0(egx_shape, 1);
	const double wide = f->number ? 2 : 1, corners[] = {0, 0, w, h};
	s->kind = r->kind;
	s->side = f->side;
	if (r->kind == EGX_MASK) {
		s->pixels = filter_mask(f, r->mask, w, h);
		return s;
	}
	take_points(s, f, r->kind == EGX_WHOLE ? corners : r->xy, r->kind == EGX_WHOLE ? 2 : r->n);
	if (r->kind == EGX_POINT)
		s->radius = MAX(RADIUS_MIN, POINT_SHARE * f->side) * wide;
	else if (r->kind == EGX_SCRIBBLE)
		s->radius = MAX(RADIUS_MIN, STROKE_SHARE * f->side) * wide;
	else if (r->kind == EGX_BOX || r->kind == EGX_WHOLE)
		widen_box(s);
	else if (r->kind == EGX_ELLIPSE) {
		s->rx = MAX(r->rx * f->scale, 0.5);
		s->ry = MAX(r->ry * f->scale, 0.5);
	}
	find_bounds(s);
	return s;
}

void egx_shape_free(egx_shape *s)
{
	if (!s)
		return;
	g_free(s->xy);
	g_free(s->pixels);
	g_free(s);
}

/* --- samples --- */

static int first_pixel(double x, int side)
{
	return (int)CLAMP(floor(x), 0.0, (double)side);
}

static int last_pixel(double x, int side)
{
	return (int)CLAMP(ceil(x), 0.0, (double)side);
}

/* The samples of the pixels within `margin` of a shape's bounds, all 0. */
static lattice lattice_around(const egx_shape *s, int per, double margin)
{
	const int x0 = first_pixel(s->bounds[0] - margin, s->side), y0 = first_pixel(s->bounds[1] - margin, s->side);
	lattice l = {.x = x0, .y = y0, .per = per};
	l.w = MAX(last_pixel(s->bounds[2] + margin, s->side) - x0, 0);
	l.h = MAX(last_pixel(s->bounds[3] + margin, s->side) - y0, 0);
	l.cols = l.w * per;
	l.hit = g_malloc0(MAX((size_t)l.cols * l.h * per, 1));
	return l;
}

static double sample_x(const lattice *l, int k)
{
	return l->x + (k + 0.5) / l->per;
}

static double sample_y(const lattice *l, int k)
{
	return l->y + (k + 0.5) / l->per;
}

/* Samples that can lie within the interval lo..hi of an axis that begins at `from` and has n of them. */
static void range_of(double lo, double hi, int from, int per, int n, int *first, int *end)
{
	*first = (int)CLAMP(floor((lo - from) * per - 0.5), 0.0, (double)n);
	*end = (int)CLAMP(ceil((hi - from) * per + 0.5), 0.0, (double)n);
}

/* Sets the samples within `radius` of the segment a-b. */
static void fill_capsule(lattice *l, const double *a, const double *b, double radius)
{
	const double dx = b[0] - a[0], dy = b[1] - a[1], square = dx * dx + dy * dy;
	int k0, k1, l0, l1;
	range_of(MIN(a[0], b[0]) - radius, MAX(a[0], b[0]) + radius, l->x, l->per, l->cols, &k0, &k1);
	range_of(MIN(a[1], b[1]) - radius, MAX(a[1], b[1]) + radius, l->y, l->per, l->h * l->per, &l0, &l1);
	for (int i = l0; i < l1; i++)
		for (int k = k0; k < k1; k++) {
			const double x = sample_x(l, k), y = sample_y(l, i);
			const double t = square > 0 ? CLAMP(((x - a[0]) * dx + (y - a[1]) * dy) / square, 0.0, 1.0) : 0;
			if (hypot(a[0] + t * dx - x, a[1] + t * dy - y) <= radius)
				l->hit[(size_t)i * l->cols + k] = 1;
		}
}

/* A polyline, closed or open; a single point is a disc. */
static void fill_stroke(lattice *l, const double *xy, guint n, bool closed, double radius)
{
	if (n == 1)
		fill_capsule(l, xy, xy, radius);
	for (guint i = 1; i < n; i++)
		fill_capsule(l, xy + 2 * i - 2, xy + 2 * i, radius);
	if (closed && n > 1)
		fill_capsule(l, xy + 2 * n - 2, xy, radius);
}

/* Even-odd. Each edge that crosses a row of samples turns over all to its left: kept as turns at their ends. */
static void fill_polygon(lattice *l, const double *xy, guint n)
{
	for (int i = 0; i < l->h * l->per; i++) {
		const double y = sample_y(l, i);
		uint8_t *row = l->hit + (size_t)i * l->cols, left = 0;
		for (guint e = 0; e < n; e++) {
			const double *a = xy + 2 * e, *b = xy + 2 * ((e + 1) % n);
			if ((a[1] > y) == (b[1] > y))
				continue;
			const double x = (b[0] - a[0]) * (y - a[1]) / (b[1] - a[1]) + a[0];
			const int turned = (int)CLAMP(ceil((x - l->x) * l->per - 0.5), 0.0, (double)l->cols);
			if (turned > 0)
				row[turned - 1] ^= 1;
		}
		for (int k = l->cols; k-- > 0;)
			row[k] = left ^= row[k];
	}
}

static void fill_ellipse(lattice *l, const egx_shape *s)
{
	for (int i = 0; i < l->h * l->per; i++) {
		const double v = (sample_y(l, i) - s->xy[1]) / s->ry;
		for (int k = 0; k < l->cols; k++) {
			const double u = (sample_x(l, k) - s->xy[0]) / s->rx;
			l->hit[(size_t)i * l->cols + k] = u * u + v * v <= 1;
		}
	}
}

static void fill_box(lattice *l, const double *xy)
{
	for (int i = 0; i < l->h * l->per; i++) {
		const double y = sample_y(l, i);
		for (int k = 0; k < l->cols; k++) {
			const double x = sample_x(l, k);
			l->hit[(size_t)i * l->cols + k] = xy[0] <= x && x < xy[2] && xy[1] <= y && y < xy[3];
		}
	}
}

static lattice fill(const egx_shape *s, int per)
{
	lattice l = lattice_around(s, per, 0);
	switch (s->kind) {
	case EGX_POINT:
	case EGX_SCRIBBLE:
		fill_stroke(&l, s->xy, s->n, false, s->radius);
		break;
	case EGX_POLYGON:
		fill_polygon(&l, s->xy, s->n);
		break;
	case EGX_ELLIPSE:
		fill_ellipse(&l, s);
		break;
	case EGX_BOX:
	case EGX_WHOLE:
		fill_box(&l, s->xy);
		break;
	case EGX_MASK:
		break;
	}
	return l;
}

void egx_shape_coverage(const egx_shape *s, float *cov)
{
	const size_t pixels = (size_t)s->side * s->side;
	memset(cov, 0, pixels * sizeof(float));
	for (size_t i = 0; s->pixels && i < pixels; i++)
		cov[i] = s->pixels[i];
	if (s->pixels)
		return;
	lattice l = fill(s, SAMPLES);
	for (int i = 0; i < l.h * SAMPLES; i++)
		for (int k = 0; k < l.cols; k++)
			cov[(size_t)(l.y + i / SAMPLES) * s->side + l.x + k / SAMPLES] += l.hit[(size_t)i * l.cols + k];
	for (size_t i = 0; i < pixels; i++)
		cov[i] /= SAMPLES * SAMPLES;
	g_free(l.hit);
}

/* A lattice of one sample a pixel into the frame, 0 where it does not reach; frees it. */
static void spread(lattice *l, int side, uint8_t *out)
{
	memset(out, 0, (size_t)side * side);
	for (int i = 0; i < l->h; i++)
		memcpy(out + (size_t)(l->y + i) * side + l->x, l->hit + (size_t)i * l->cols, (size_t)l->w);
	g_free(l->hit);
}

void egx_shape_centres(const egx_shape *s, uint8_t *inside)
{
	if (s->pixels) {
		memcpy(inside, s->pixels, (size_t)s->side * s->side);
		return;
	}
	lattice l = fill(s, 1);
	spread(&l, s->side, inside);
}

/* --- outline --- */

/* Pixels of a mask one of whose neighbours, up to 1.5 px from the centre, is in the frame but not in the mask. */
static void mask_outline(const egx_shape *s, uint8_t *near)
{
	static const int8_t around[][2] = {{-2, 0}, {-1, -1}, {-1, 0}, {-1, 1}, {0, -2}, {0, -1},
	                                   {0, 1},  {0, 2},   {1, -1}, {1, 0},  {1, 1},  {2, 0}};
	for (int i = 0; i < s->side; i++)
		for (int j = 0; j < s->side; j++) {
			uint8_t *out = &near[(size_t)i * s->side + j];
			*out = 0;
			for (guint k = 0; k < G_N_ELEMENTS(around); k++) {
				const int y = i + around[k][0], x = j + around[k][1];
				if (x >= 0 && y >= 0 && x < s->side && y < s->side && !s->pixels[(size_t)y * s->side + x])
					*out = 1;
			}
		}
}

/* First order: |f - 1| / |grad f| with f = |(dx / rx, dy / ry)|, which is exact for circles. */
static void ellipse_outline(const egx_shape *s, uint8_t *near)
{
	for (int i = 0; i < s->side; i++)
		for (int j = 0; j < s->side; j++) {
			const double dx = j + 0.5 - s->xy[0], dy = i + 0.5 - s->xy[1];
			const double f = hypot(dx / s->rx, dy / s->ry);
			const double slope = hypot(dx / (s->rx * s->rx), dy / (s->ry * s->ry));
			const double distance = f < 1e-9 ? MIN(s->rx, s->ry) : fabs(f - 1) * f / slope;
			near[(size_t)i * s->side + j] = distance <= BORDER;
		}
}

static void edge_outline(const egx_shape *s, uint8_t *near)
{
	const double *b = s->xy, box[] = {b[0], b[1], b[2], b[1], b[2], b[3], b[0], b[3]};
	lattice l = lattice_around(s, 1, BORDER);
	if (s->kind == EGX_POLYGON)
		fill_stroke(&l, s->xy, s->n, true, BORDER);
	else
		fill_stroke(&l, box, 4, true, BORDER);
	spread(&l, s->side, near);
}

void egx_shape_outline(const egx_shape *s, uint8_t *near)
{
	switch (s->kind) {
	case EGX_POINT:
	case EGX_SCRIBBLE:
		memset(near, 1, (size_t)s->side * s->side);
		break;
	case EGX_MASK:
		mask_outline(s, near);
		break;
	case EGX_ELLIPSE:
		ellipse_outline(s, near);
		break;
	case EGX_POLYGON:
	case EGX_BOX:
	case EGX_WHOLE:
		edge_outline(s, near);
		break;
	}
}
