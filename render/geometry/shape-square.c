/* Right angles: the outline's own main direction, each side along it or across it. */
#include "render/geometry/shape-private.h"

#include "render/geometry/gdal-session.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#define MOST_CHANGE 0.25 /* share of the area that may differ afterwards */

typedef struct {
	double angle; /* of the main direction */
	double least;
} squaring;

/* A side in the turned frame: along u (level) at height v, or along v (upright) at u. */
typedef struct {
	bool level;
	double at, length;
} side;

/* The direction in which most of the outline runs, modulo a quarter turn: angles are multiplied by four, so that all
 * four directions of a rectangle point the same way, and added by length. */
static double main_direction(const wkb_shape *s, double least)
{
	double x = 0, y = 0;
	for (guint i = 0; i < s->parts->len; i++) {
		const wkb_ring *r = &g_array_index(s->rings, wkb_ring, g_array_index(s->parts, wkb_part, i).first);
		const double *p = &g_array_index(s->xy, double, 2 * (gsize)r->first);
		g_autofree guint8 *keep = g_new(guint8, r->n);
		ring_keep(p, r->n, least, keep);
		guint before = 0;
		for (guint k = 0; k < r->n; k++)
			before = keep[k] ? k : before; /* the last kept one */
		for (guint k = 0; k < r->n; k++) {
			if (!keep[k])
				continue;
			const double dx = p[2 * k] - p[2 * before], dy = p[2 * k + 1] - p[2 * before + 1];
			const double length = hypot(dx, dy), angle = 4 * atan2(dy, dx);
			x += length * length * cos(angle); /* long sides say more about it than many short ones */
			y += length * length * sin(angle);
			before = k;
		}
	}
	return atan2(y, x) / 4;
}

static GArray *sides_of(const double *xy, guint n, const guint8 *keep, double angle)
{
	GArray *sides = g_array_new(FALSE, FALSE, sizeof(side));
	const double c = cos(angle), s = sin(angle);
	guint before = 0;
	for (guint k = 0; k < n; k++)
		before = keep[k] ? k : before;
	for (guint k = 0; k < n; k++) {
		if (!keep[k])
			continue;
		const double *a = xy + 2 * before, *b = xy + 2 * k;
		const double du = (b[0] - a[0]) * c + (b[1] - a[1]) * s, dv = (b[1] - a[1]) * c - (b[0] - a[0]) * s;
		const double mx = (a[0] + b[0]) / 2, my = (a[1] + b[1]) / 2;
		const bool level = fabs(du) >= fabs(dv);
		const side one = {level, level ? my * c - mx * s : mx * c + my * s, level ? fabs(du) : fabs(dv)};
		g_array_append_val(sides, one);
		before = k;
	}
	return sides;
}

/* Sides of one direction that follow each other are one, at their mean place by length. */
static bool merge_once(GArray *sides)
{
	for (guint i = 0; sides->len > 4 && i < sides->len; i++) {
		side *a = &g_array_index(sides, side, i), *b = &g_array_index(sides, side, (i + 1) % sides->len);
		if (a->level != b->level)
			continue;
		const double length = a->length + b->length;
		*a = (side){a->level, length > 0 ? (a->at * a->length + b->at * b->length) / length : a->at, length};
		g_array_remove_index(sides, (i + 1) % sides->len);
		return true;
	}
	return false;
}

/* How long a side is between its neighbours. */
static double span(const GArray *sides, guint i)
{
	const side *a = &g_array_index(sides, side, (i + sides->len - 1) % sides->len);
	const side *b = &g_array_index(sides, side, (i + 1) % sides->len);
	return fabs(b->at - a->at);
}

/* The shortest side, when it is shorter than `least`, goes; its neighbours become one. */
static bool drop_shortest(GArray *sides, double least)
{
	guint shortest = 0;
	for (guint i = 1; i < sides->len; i++)
		if (span(sides, i) < span(sides, shortest))
			shortest = i;
	if (sides->len <= 4 || span(sides, shortest) >= least)
		return false;
	g_array_remove_index(sides, shortest);
	return true;
}

static void square_ring(const double *xy, guint n, GArray *out, void *data)
{
	const squaring *q = data;
	g_autofree guint8 *keep = g_new(guint8, n);
	ring_keep(xy, n, q->least, keep);
	g_autoptr(GArray) sides = sides_of(xy, n, keep, q->angle);
	while (merge_once(sides) || drop_shortest(sides, q->least)) {
	}
	if (sides->len < 4 || sides->len % 2 != 0)
		return;
	for (guint i = 0; i < sides->len; i++)
		if (g_array_index(sides, side, i).level == g_array_index(sides, side, (i + 1) % sides->len).level)
			return;
	const double c = cos(q->angle), s = sin(q->angle);
	for (guint i = 0; i < sides->len; i++) {
		const side *a = &g_array_index(sides, side, i), *b = &g_array_index(sides, side, (i + 1) % sides->len);
		const double u = a->level ? b->at : a->at, v = a->level ? a->at : b->at;
		const double p[2] = {u * c - v * s, u * s + v * c};
		g_array_append_vals(out, p, 2);
	}
}

static double difference_share(GBytes *a, GBytes *b)
{
	OGRGeometryH p = shape_to_ogr(a, NULL), q = p ? shape_to_ogr(b, NULL) : NULL;
	OGRGeometryH d = q ? OGR_G_SymDifference(p, q) : NULL;
	const double share = d ? shape_area_of(d) / MAX(shape_area_of(p), 1e-9) : 1;
	OGR_G_DestroyGeometry(d);
	OGR_G_DestroyGeometry(q);
	OGR_G_DestroyGeometry(p);
	return share;
}

GBytes *shape_square(GBytes *shape, double least, image_size on, GError **error)
{
	g_autoptr(wkb_shape) s = wkb_shape_read(shape, error);
	if (!s)
		return NULL;
	squaring q = {main_direction(s, least), least};
	g_autoptr(wkb_shape) square = shape_each_ring(s, square_ring, &q);
	gdal_session_begin();
	g_autoptr(GBytes) wkb = square->parts->len > 0 ? shape_checked(square, on, NULL) : NULL;
	const bool good = wkb && difference_share(shape, wkb) <= MOST_CHANGE;
	gdal_session_end();
	if (good)
		return g_steal_pointer(&wkb);
	g_set_error_literal(error, GEOMETRY_ERROR, GEOMETRY_ERROR_INVALID,
	                    _("The outline has no right angles to find: it stays as it is."));
	return NULL;
}
