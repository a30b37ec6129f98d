#include "render/geometry/turned-box.h"

#include <math.h>
#include <string.h>

typedef struct {
	double x, y;
} point;

static int by_place(const void *a, const void *b)
{
	const point *p = a, *q = b;
	if (p->x != q->x)
		return p->x < q->x ? -1 : 1;
	return p->y == q->y ? 0 : p->y < q->y ? -1 : 1;
}

static double turn(const point *o, const point *a, const point *b)
{
	return (a->x - o->x) * (b->y - o->y) - (a->y - o->y) * (b->x - o->x);
}

/* Andrew's monotone chain; hull has room for n + 1 points. Returns how many there are. */
static guint convex_hull(point *p, guint n, point *hull)
{
	guint k = 0;
	qsort(p, n, sizeof *p, by_place);
	for (guint i = 0; i < n; i++) {
		while (k >= 2 && turn(&hull[k - 2], &hull[k - 1], &p[i]) <= 0)
			k--;
		hull[k++] = p[i];
	}
	const guint lower = k + 1;
	for (guint i = n - 1; i-- > 0;) {
		while (k >= lower && turn(&hull[k - 2], &hull[k - 1], &p[i]) <= 0)
			k--;
		hull[k++] = p[i];
	}
	return k > 1 ? k - 1 : k;
}

/* Extent of the hull in axes turned by (c, s). */
static void extent(const point *hull, guint n, double c, double s, double e[4])
{
	memcpy(e, (double[]){INFINITY, INFINITY, -INFINITY, -INFINITY}, 4 * sizeof *e);
	for (guint i = 0; i < n; i++) {
		const double u = hull[i].x * c + hull[i].y * s, v = hull[i].y * c - hull[i].x * s;
		e[0] = MIN(e[0], u);
		e[1] = MIN(e[1], v);
		e[2] = MAX(e[2], u);
		e[3] = MAX(e[3], v);
	}
}

static void put_corners(const double e[4], double c, double s, double out[8])
{
	const double uv[8] = {e[0], e[1], e[2], e[1], e[2], e[3], e[0], e[3]};
	double xy[8];
	guint first = 0;
	for (guint i = 0; i < 4; i++) {
		xy[2 * i] = uv[2 * i] * c - uv[2 * i + 1] * s;
		xy[2 * i + 1] = uv[2 * i] * s + uv[2 * i + 1] * c;
	}
	for (guint i = 1; i < 4; i++) {
		const double up = xy[2 * first + 1] - xy[2 * i + 1], left = xy[2 * first] - xy[2 * i];
		if (up > 1e-9 || (fabs(up) <= 1e-9 && left > 0))
			first = i;
	}
	for (guint i = 0; i < 8; i++)
		out[i] = xy[(2 * first + i) % 8];
}

void turned_box(const wkb_shape *s, double corners[8])
{
	const guint n = s->xy->len / 2;
	g_autofree point *points = g_memdup2(s->xy->data, n * sizeof *points), *hull = g_new(point, 2 * n + 2);
	const guint k = convex_hull(points, n, hull);
	double best = INFINITY, e[4], kept[4], c = 1, sn = 0;
	extent(hull, k, 1, 0, kept);
	best = (kept[2] - kept[0]) * (kept[3] - kept[1]);
	for (guint i = 0; i < k; i++) {
		const point *a = &hull[i], *b = &hull[(i + 1) % k];
		const double length = hypot(b->x - a->x, b->y - a->y);
		if (length == 0)
			continue;
		const double cc = (b->x - a->x) / length, ss = (b->y - a->y) / length;
		extent(hull, k, cc, ss, e);
		const double area = (e[2] - e[0]) * (e[3] - e[1]);
		if (area < best * (1 - 1e-9)) {
			best = area;
			c = cc;
			sn = ss;
			memcpy(kept, e, sizeof kept);
		}
	}
	put_corners(kept, c, sn, corners);
}
