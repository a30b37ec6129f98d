/* Sparse tokens and the dense raster (spec sam.md 4 and 4.1). Geometry in f64. */
#include "infer/models/sam-prompt.h"
#include <math.h>
#include <string.h>

#define MARK_LOGIT 8.0f
#define BOX_LOGIT 4.0f
#define LOGIT_MAX 20.0f
#define POINT_RADIUS 1.6  /* cells */
#define STROKE_RADIUS 1.5 /* cells */
#define SHAPE_MARGIN 1.2  /* a circle or polygon says "outside" only beyond its outline grown by this */

void sam_frame_init(sam_frame *f, const sam_crop *crop, int image_size)
{
	double scale = (double)image_size / MAX(crop->w, crop->h);
	f->crop = *crop;
	f->side = image_size;
	f->new_w = MAX((int)(crop->w * scale + 0.5), 1);
	f->new_h = MAX((int)(crop->h * scale + 0.5), 1);
}

static double frame_x(const sam_frame *f, double x)
{
	return (x - f->crop.x) * f->new_w / f->crop.w;
}

static double frame_y(const sam_frame *f, double y)
{
	return (y - f->crop.y) * f->new_h / f->crop.h;
}

/* --- sparse --- */

static void add_token(GArray *out, const sam_frame *f, double x, double y, int label)
{
	sam_token t = {frame_x(f, x), frame_y(f, y), label};
	g_array_append_val(out, t);
}

static double stroke_length(const sam_mark *m)
{
	double length = 0;
	for (guint i = 1; i < m->n; i++)
		length += hypot(m->xy[2 * i] - m->xy[2 * i - 2], m->xy[2 * i + 1] - m->xy[2 * i - 1]);
	return length;
}

/* Points at equal arc length, both ends included. */
static void add_stroke(GArray *out, const sam_frame *f, const sam_mark *m, int label)
{
	double length = stroke_length(m), passed = 0;
	int count = (int)CLAMP(floor(length / 24), 2, 8);
	guint seg = 1;
	for (int i = 0; i < count; i++) {
		double at = length * i / (count - 1), step;
		while (true) {
			step = hypot(m->xy[2 * seg] - m->xy[2 * seg - 2], m->xy[2 * seg + 1] - m->xy[2 * seg - 1]);
			if (passed + step >= at || seg + 1 >= m->n)
				break;
			passed += step;
			seg++;
		}
		double t = step > 0 ? CLAMP((at - passed) / step, 0.0, 1.0) : 0;
		const double *a = m->xy + 2 * seg - 2, *b = m->xy + 2 * seg;
		add_token(out, f, a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1]), label);
	}
}

static void add_mark_tokens(GArray *out, const sam_frame *f, const sam_mark *m)
{
	int label = m->sign > 0 ? SAM_LABEL_FOREGROUND : SAM_LABEL_BACKGROUND;
	double b[4], pole[2];
	switch (m->kind) {
	case SAM_BOX:
		sam_mark_bounds(m, b);
		add_token(out, f, b[0], b[1], SAM_LABEL_TOP_LEFT);
		add_token(out, f, b[2], b[3], SAM_LABEL_BOTTOM_RIGHT);
		break;
	case SAM_SCRIBBLE:
		add_stroke(out, f, m, label);
		break;
	case SAM_POLYGON:
		sam_polygon_pole(m->xy, m->n, pole);
		add_token(out, f, pole[0], pole[1], label);
		break;
	case SAM_POINT:
	case SAM_CIRCLE:
		add_token(out, f, m->xy[0], m->xy[1], label);
		break;
	}
}

GArray *sam_sparse_tokens(const sam_frame *f, const sam_mark *marks, guint n)
{
	GArray *out = g_array_new(FALSE, FALSE, sizeof(sam_token));
	bool box = false;
	for (guint i = 0; i < n; i++) {
		sam_mark m = sam_mark_canonical(&marks[i]);
		box = box || m.kind == SAM_BOX;
		add_mark_tokens(out, f, &m);
	}
	if (!box) {
		sam_token pad = {0, 0, SAM_LABEL_PAD};
		g_array_append_val(out, pad);
	}
	return out;
}

bool sam_wants_multimask(const sam_mark *marks, guint n, const float *previous)
{
	return !previous && sam_marks_grow(marks, n);
}

/* --- dense --- */

/* The raster in cells: centres at (j + 0.5, i + 0.5), four frame pixels a cell. */
typedef struct {
	const sam_frame *frame;
	float *v;
	int side;
} raster;

static double cell_x(const raster *r, double x)
{
	return frame_x(r->frame, x) / 4;
}

static double cell_y(const raster *r, double y)
{
	return frame_y(r->frame, y) / 4;
}

/* Sets value within `radius` cells of the segment a-b (in cells). */
static void draw_capsule(raster *r, const double a[2], const double b[2], double radius, float value)
{
	int x0 = (int)CLAMP(floor(MIN(a[0], b[0]) - radius - 1), 0, r->side);
	int x1 = (int)CLAMP(ceil(MAX(a[0], b[0]) + radius + 1), 0, r->side);
	int y0 = (int)CLAMP(floor(MIN(a[1], b[1]) - radius - 1), 0, r->side);
	int y1 = (int)CLAMP(ceil(MAX(a[1], b[1]) + radius + 1), 0, r->side);
	double dx = b[0] - a[0], dy = b[1] - a[1], len2 = dx * dx + dy * dy;
	for (int i = y0; i < y1; i++)
		for (int j = x0; j < x1; j++) {
			double px = j + 0.5 - a[0], py = i + 0.5 - a[1];
			double t = len2 > 0 ? CLAMP((px * dx + py * dy) / len2, 0.0, 1.0) : 0;
			double ex = px - t * dx, ey = py - t * dy;
			if (ex * ex + ey * ey <= radius * radius)
				r->v[i * r->side + j] = value;
		}
}

static void draw_stroke(raster *r, const sam_mark *m, float value)
{
	for (guint i = 1; i < m->n; i++) {
		const double a[2] = {cell_x(r, m->xy[2 * i - 2]), cell_y(r, m->xy[2 * i - 1])};
		const double b[2] = {cell_x(r, m->xy[2 * i]), cell_y(r, m->xy[2 * i + 1])};
		draw_capsule(r, a, b, STROKE_RADIUS, value);
	}
}

static void draw_box(raster *r, const sam_mark *m)
{
	double b[4];
	sam_mark_bounds(m, b);
	double x0 = cell_x(r, b[0]), y0 = cell_y(r, b[1]), x1 = cell_x(r, b[2]), y1 = cell_y(r, b[3]);
	for (int i = 0; i < r->side; i++)
		for (int j = 0; j < r->side; j++) {
			float *v = &r->v[i * r->side + j];
			bool in = x0 <= j + 0.5 && j + 0.5 < x1 && y0 <= i + 0.5 && i + 0.5 < y1;
			*v = in ? *v + BOX_LOGIT : -MARK_LOGIT;
		}
}

static void draw_circle(raster *r, const sam_mark *m)
{
	double x = cell_x(r, m->xy[0]), y = cell_y(r, m->xy[1]);
	double radius = m->r * r->frame->new_w / r->frame->crop.w / 4, outer = SHAPE_MARGIN * radius;
	for (int i = 0; i < r->side; i++)
		for (int j = 0; j < r->side; j++) {
			double d = hypot(j + 0.5 - x, i + 0.5 - y);
			float *v = &r->v[i * r->side + j];
			*v = d > outer ? -MARK_LOGIT : d <= radius ? *v + MARK_LOGIT : *v;
		}
}

static void draw_polygon(raster *r, const sam_mark *m)
{
	double centre[2];
	g_autofree double *shape = g_new(double, 2 * m->n);
	g_autofree double *grown = g_new(double, 2 * m->n);
	for (guint i = 0; i < m->n; i++) {
		shape[2 * i] = cell_x(r, m->xy[2 * i]);
		shape[2 * i + 1] = cell_y(r, m->xy[2 * i + 1]);
	}
	sam_polygon_centroid(shape, m->n, centre);
	for (guint i = 0; i < 2 * m->n; i++)
		grown[i] = centre[i & 1] + SHAPE_MARGIN * (shape[i] - centre[i & 1]);
	g_autofree bool *in_shape = g_new(bool, r->side), *in_grown = g_new(bool, r->side);
	for (int i = 0; i < r->side; i++) {
		sam_polygon_row(grown, m->n, i + 0.5, r->side, in_grown);
		sam_polygon_row(shape, m->n, i + 0.5, r->side, in_shape);
		for (int j = 0; j < r->side; j++) {
			float *v = &r->v[i * r->side + j];
			if (!in_grown[j])
				*v = -MARK_LOGIT;
			if (in_shape[j])
				*v += MARK_LOGIT;
		}
	}
}

static void draw_mark(raster *r, const sam_mark *m, bool all)
{
	float value = m->sign > 0 ? MARK_LOGIT : -MARK_LOGIT;
	double at[2] = {cell_x(r, m->xy[0]), cell_y(r, m->xy[1])};
	switch (m->kind) {
	case SAM_POINT:
		if (all)
			draw_capsule(r, at, at, POINT_RADIUS, value);
		break;
	case SAM_BOX:
		if (all)
			draw_box(r, m);
		break;
	case SAM_CIRCLE:
		draw_circle(r, m);
		break;
	case SAM_SCRIBBLE:
		draw_stroke(r, m, value);
		break;
	case SAM_POLYGON:
		draw_polygon(r, m);
		break;
	}
}

bool sam_dense_raster(const sam_frame *f, const sam_mark *marks, guint n, bool all, const float *previous, float *out)
{
	raster r = {f, out, f->side / 4};
	size_t cells = (size_t)r.side * r.side;
	bool used = all || previous;
	for (guint i = 0; i < n && !used; i++) {
		sam_mark m = sam_mark_canonical(&marks[i]);
		used = m.kind != SAM_POINT && m.kind != SAM_BOX;
	}
	if (!used)
		return false;
	if (previous)
		memcpy(out, previous, cells * sizeof(float));
	else
		memset(out, 0, cells * sizeof(float));
	for (guint i = 0; i < n; i++) {
		sam_mark m = sam_mark_canonical(&marks[i]);
		draw_mark(&r, &m, all);
	}
	for (size_t i = 0; i < cells; i++)
		out[i] = CLAMP(out[i], -LOGIT_MAX, LOGIT_MAX);
	return true;
}
