/* The plane geometry that prompts need. */
#include "infer/models/sam-prompt.h"
#include <math.h>

bool sam_polygon_contains(const double *xy, guint n, double x, double y)
{
	bool in = false;
	for (guint i = 0, j = n - 1; i < n; j = i++) {
		const double *a = xy + 2 * i, *b = xy + 2 * j;
		if ((a[1] > y) != (b[1] > y) && x < (b[0] - a[0]) * (y - a[1]) / (b[1] - a[1]) + a[0])
			in = !in;
	}
	return in;
}

void sam_polygon_row(const double *xy, guint n, double y, int width, bool *in)
{
	/* An edge that crosses the row turns over all cells to its left; each cell keeps the turns that end right behind
	 * it. */
	bool left = false;
	for (int j = 0; j < width; j++)
		in[j] = false;
	for (guint i = 0, k = n - 1; i < n; k = i++) {
		const double *a = xy + 2 * i, *b = xy + 2 * k;
		if ((a[1] > y) == (b[1] > y))
			continue;
		double x = (b[0] - a[0]) * (y - a[1]) / (b[1] - a[1]) + a[0];
		int cells = (int)CLAMP(ceil(x - 0.5), 0.0, (double)width);
		if (cells > 0)
			in[cells - 1] = !in[cells - 1];
	}
	for (int j = width; j-- > 0;)
		in[j] = left = left != in[j];
}

bool sam_polygon_is_flat(const double *xy, guint n)
{
	guint far = 0;
	double best = 0;
	for (guint i = 1; i < n; i++) {
		double d = hypot(xy[2 * i] - xy[0], xy[2 * i + 1] - xy[1]);
		if (d > best) {
			best = d;
			far = i;
		}
	}
	double ux = xy[2 * far] - xy[0], uy = xy[2 * far + 1] - xy[1];
	for (guint i = 1; i < n; i++)
		if (fabs(ux * (xy[2 * i + 1] - xy[1]) - uy * (xy[2 * i] - xy[0])) > 1e-9 * best * best)
			return false;
	return true;
}

void sam_polygon_centroid(const double *xy, guint n, double centre[2])
{
	/* Relative to the first vertex, so that large map offsets cost no digits. */
	double area = 0, cx = 0, cy = 0, mx = 0, my = 0;
	for (guint i = 0, j = n - 1; i < n; j = i++) {
		double ax = xy[2 * j] - xy[0], ay = xy[2 * j + 1] - xy[1];
		double bx = xy[2 * i] - xy[0], by = xy[2 * i + 1] - xy[1];
		double cross = ax * by - bx * ay;
		area += cross;
		cx += (ax + bx) * cross;
		cy += (ay + by) * cross;
		mx += bx / n;
		my += by / n;
	}
	/* A figure of eight can have no signed area: its vertices' mean serves as well. */
	bool usable = fabs(area) > 1e-9;
	centre[0] = xy[0] + (usable ? cx / (3 * area) : mx);
	centre[1] = xy[1] + (usable ? cy / (3 * area) : my);
}

static double distance_to_segment(const double *a, const double *b, double x, double y)
{
	double dx = b[0] - a[0], dy = b[1] - a[1], len2 = dx * dx + dy * dy;
	double t = len2 > 0 ? CLAMP(((x - a[0]) * dx + (y - a[1]) * dy) / len2, 0.0, 1.0) : 0;
	return hypot(a[0] + t * dx - x, a[1] + t * dy - y);
}

/* Distance to the outline, negative outside. */
static double depth(const double *xy, guint n, double x, double y)
{
	double d = INFINITY;
	for (guint i = 0, j = n - 1; i < n; j = i++)
		d = MIN(d, distance_to_segment(xy + 2 * i, xy + 2 * j, x, y));
	return sam_polygon_contains(xy, n, x, y) ? d : -d;
}

typedef struct {
	double x, y, half, depth;
} cell;

/* Most promising first; ties by place, so that every implementation finds the same point. */
static int cell_order(const void *pa, const void *pb, void *unused)
{
	const cell *a = pa, *b = pb;
	double d = (b->depth + b->half * G_SQRT2) - (a->depth + a->half * G_SQRT2);
	if (d == 0)
		d = a->x != b->x ? a->x - b->x : a->y - b->y;
	return (d > 0) - (d < 0);
}

typedef struct {
	const double *xy;
	guint n;
	GSequence *queue;
	cell best;
} pole_search;

static void pole_visit(pole_search *s, double x, double y, double half)
{
	cell c = {x, y, half, depth(s->xy, s->n, x, y)}, *best = &s->best;
	bool tie = c.depth == best->depth && (c.x > best->x || (c.x == best->x && c.y > best->y));
	if (c.depth > best->depth || tie)
		*best = c;
	g_sequence_insert_sorted(s->queue, g_memdup2(&c, sizeof c), cell_order, NULL);
}

/* Square cells, split while one may still hold a deeper point. */
void sam_polygon_pole(const double *xy, guint n, double pole[2])
{
	double b[4];
	sam_mark m = {.kind = SAM_POLYGON, .sign = 1, .n = n, .xy = xy};
	sam_mark_bounds(&m, b);
	double size = MAX(b[2] - b[0], b[3] - b[1]), shorter = MIN(b[2] - b[0], b[3] - b[1]);
	double step = MAX(shorter, size / 64); /* a needle would have thousands of squares along it */
	pole_search s = {xy, n, g_sequence_new(g_free), {xy[0], xy[1], 0, -INFINITY}};
	for (int i = 0; i * step < b[2] - b[0]; i++)
		for (int j = 0; j * step < b[3] - b[1]; j++)
			pole_visit(&s, b[0] + (i + 0.5) * step, b[1] + (j + 0.5) * step, step / 2);
	while (!g_sequence_is_empty(s.queue)) {
		GSequenceIter *first = g_sequence_get_begin_iter(s.queue);
		cell c = *(cell *)g_sequence_get(first);
		g_sequence_remove(first);
		if (c.depth + c.half * G_SQRT2 - s.best.depth <= size / 1000)
			break;
		for (int i = 0; i < 4; i++)
			pole_visit(&s, c.x + (i & 2 ? c.half : -c.half) / 2, c.y + (i & 1 ? c.half : -c.half) / 2, c.half / 2);
	}
	g_sequence_free(s.queue);
	pole[0] = s.best.x;
	pole[1] = s.best.y;
}

/* Clips the segment's parameter range against the rectangle's four sides. */
bool sam_segment_meets_rect(const double *a, const double *b, double w, double h)
{
	double t0 = 0, t1 = 1, size[2] = {w, h};
	for (int axis = 0; axis < 2; axis++) {
		double d = b[axis] - a[axis];
		if (d == 0) {
			if (a[axis] < 0 || a[axis] >= size[axis])
				return false;
			continue;
		}
		double u = (0 - a[axis]) / d, v = (size[axis] - a[axis]) / d;
		t0 = MAX(t0, MIN(u, v));
		t1 = MIN(t1, MAX(u, v));
	}
	return t0 <= t1;
}
