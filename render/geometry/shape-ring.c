/* Rings one by one: thinning and smoothing. */
#include "render/geometry/gdal-session.h"
#include "render/geometry/shape-private.h"

#include <math.h>
#include <string.h>

static double away(const double *p, const double *a, const double *b)
{
	const double dx = b[0] - a[0], dy = b[1] - a[1], len2 = dx * dx + dy * dy;
	const double t = len2 > 0 ? CLAMP(((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / len2, 0, 1) : 0;
	return hypot(p[0] - a[0] - t * dx, p[1] - a[1] - t * dy);
}

/* The point between two of the ring that is farthest from the line through them. */
static guint farthest(const double *xy, guint n, guint from, guint to, double *how_far)
{
	guint best = from;
	*how_far = 0;
	for (guint i = from + 1; i < to; i++) {
		const double d = away(xy + 2 * (i % n), xy + 2 * (from % n), xy + 2 * (to % n));
		if (d > *how_far) {
			*how_far = d;
			best = i;
		}
	}
	return best;
}

static void keep_between(const double *xy, guint n, guint from, guint to, double tolerance, guint8 *keep)
{
	g_autoptr(GArray) todo = g_array_new(FALSE, FALSE, sizeof(guint[2]));
	guint span[2] = {from, to};
	g_array_append_val(todo, span);
	while (todo->len > 0) {
		double d;
		memcpy(span, todo->data + (todo->len - 1) * sizeof span, sizeof span);
		g_array_set_size(todo, todo->len - 1);
		const guint m = farthest(xy, n, span[0], span[1], &d);
		if (d <= tolerance)
			continue;
		keep[m % n] = 1;
		guint left[2] = {span[0], m}, right[2] = {m, span[1]};
		g_array_append_val(todo, left);
		g_array_append_val(todo, right);
	}
}

/* The vertex farthest from another one. */
static guint opposite(const double *xy, guint n, guint a)
{
	guint best = (a + 1) % n;
	for (guint i = 0; i < n; i++)
		if (hypot(xy[2 * i] - xy[2 * a], xy[2 * i + 1] - xy[2 * a + 1]) >
		    hypot(xy[2 * best] - xy[2 * a], xy[2 * best + 1] - xy[2 * a + 1]))
			best = i;
	return best;
}

void ring_keep(const double *xy, guint n, double tolerance, guint8 *keep)
{
	memset(keep, 0, n);
	if (n <= 3) {
		memset(keep, 1, n);
		return;
	}
	const guint a = opposite(xy, n, 0), b = opposite(xy, n, a); /* ends of the longest line, nearly */
	const guint first = MIN(a, b), last = MAX(a, b);
	double d;
	keep[first] = keep[last] = 1;
	keep_between(xy, n, first, last, tolerance, keep);
	keep_between(xy, n, last, first + n, tolerance, keep);
	guint kept = 0;
	for (guint i = 0; i < n; i++)
		kept += keep[i];
	if (kept >= 3)
		return;
	guint third = farthest(xy, n, first, last, &d);
	double other;
	const guint fourth = farthest(xy, n, last, first + n, &other);
	if (other > d)
		third = fourth;
	keep[third % n] = 1;
}

wkb_shape *shape_each_ring(const wkb_shape *s, ring_fn fn, void *data)
{
	wkb_shape *out = wkb_shape_new();
	g_autoptr(GArray) ring = g_array_new(FALSE, FALSE, sizeof(double));
	for (guint i = 0; i < s->parts->len; i++) {
		const wkb_part *part = &g_array_index(s->parts, wkb_part, i);
		for (guint k = 0; k < part->n_rings; k++) {
			const wkb_ring *r = &g_array_index(s->rings, wkb_ring, part->first + k);
			g_array_set_size(ring, 0);
			fn(&g_array_index(s->xy, double, 2 * (gsize)r->first), r->n, ring, data);
			if (ring->len < 6 && k == 0)
				break; /* without its outer ring the part is gone */
			if (ring->len < 6)
				continue;
			if (k == 0)
				wkb_shape_add_part(out);
			wkb_shape_add_ring(out);
			for (guint p = 0; p < ring->len; p += 2)
				wkb_shape_add_point(out, g_array_index(ring, double, p), g_array_index(ring, double, p + 1));
		}
	}
	return out;
}

/* --- smoothing --- */

/* Chaikin's corner cutting: each edge gives the points at a quarter and three quarters of it. */
static void cut_corners(GArray *ring)
{
	const guint n = ring->len / 2;
	g_autofree double *p = g_memdup2(ring->data, ring->len * sizeof(double));
	g_array_set_size(ring, 0);
	for (guint i = 0; i < n; i++) {
		const double *a = p + 2 * i, *b = p + 2 * ((i + 1) % n);
		const double cut[4] = {0.75 * a[0] + 0.25 * b[0], 0.75 * a[1] + 0.25 * b[1], 0.25 * a[0] + 0.75 * b[0],
		                       0.25 * a[1] + 0.75 * b[1]};
		g_array_append_vals(ring, cut, 4);
	}
}

static void smooth_ring(const double *xy, guint n, GArray *out, void *data)
{
	g_autofree guint8 *keep = g_new(guint8, n);
	ring_keep(xy, n, *(const double *)data, keep);
	for (guint i = 0; i < n; i++)
		if (keep[i])
			g_array_append_vals(out, xy + 2 * (gsize)i, 2);
	cut_corners(out);
	cut_corners(out);
}

GBytes *shape_smooth(GBytes *shape, double reach, image_size on, GError **error)
{
	g_autoptr(wkb_shape) s = wkb_shape_read(shape, error);
	double tolerance = 0.75 * reach; /* a step of one pixel is 0.7 from its diagonal */
	g_autoptr(wkb_shape) smooth = s ? shape_each_ring(s, smooth_ring, &tolerance) : NULL;
	return smooth ? shape_checked(smooth, on, error) : NULL;
}
