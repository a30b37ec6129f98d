#include "render/geometry/place.h"

#include <math.h>

#include "render/geometry/gdal-session.h"

static bool transform(const georef *ref, placement where, guint n, double *x, double *y, GError **error)
{
	switch (where) {
	case PLACE_MAP:
		return georef_to_map(ref, n, x, y, error);
	case PLACE_LONLAT:
		return georef_to_lonlat(ref, n, x, y, error);
	case PLACE_PIXELS_UP:
		for (guint i = 0; i < n; i++)
			y[i] = -y[i];
		return true;
	case PLACE_PIXELS_DOWN:
		break;
	}
	return true;
}

/* What longitude begins anew after; 0: x is no longitude. */
static double full_turn(const georef *ref, placement where)
{
	return where == PLACE_LONLAT ? 360 : where == PLACE_MAP ? georef_full_turn(ref) : 0;
}

/* How far, in pixels, the middle of an edge of `length` pixels at (cx,cy) lies from the straight line; 0 where it does
 * not transform: place_shape() will say so for the vertices that matter. */
static double bend(const georef *ref, placement where, double cx, double cy, double length, bool upright)
{
	double dx = upright ? 0 : length / 2, dy = upright ? length / 2 : 0;
	double x[3] = {cx - dx, cx, cx + dx}, y[3] = {cy - dy, cy, cy + dy};
	const double turn = full_turn(ref, where);
	if (!transform(ref, where, 3, x, y, NULL) || (turn > 0 && fabs(x[2] - x[0]) > turn / 2))
		return 0;
	double pixel = hypot(x[2] - x[0], y[2] - y[0]) / length;
	double off = hypot(x[1] - (x[0] + x[2]) / 2, y[1] - (y[0] + y[2]) / 2);
	return pixel > 0 ? off / pixel : 0;
}

static double worst_bend(const georef *ref, placement where, const double extent[4], double length)
{
	double worst = 0;
	for (int i = 0; i < 25; i++) {
		double x = extent[0] + (extent[2] - extent[0]) * (i % 5) / 4,
			   y = extent[1] + (extent[3] - extent[1]) * (i / 5) / 4;
		worst = MAX(worst, bend(ref, where, x, y, length, false));
		worst = MAX(worst, bend(ref, where, x, y, length, true));
	}
	return worst;
}

double place_spacing(const georef *ref, placement where, const double extent[4])
{
	if (where != PLACE_MAP && where != PLACE_LONLAT)
		return 0;
	double longest = MAX(extent[2] - extent[0], extent[3] - extent[1]);
	for (double s = exp2(ceil(log2(MAX(longest, 1)))); s >= 1; s /= 2)
		if (worst_bend(ref, where, extent, s) < 0.02)
			return s < longest ? s : 0;
	return 1;
}

/* Vertices between a and b. On edges along the pixel grid they lie at multiples of the spacing, so that two objects
 * that share a border get the same ones. */
static void add_between(wkb_shape *s, const double *a, const double *b, double spacing)
{
	bool flat = a[1] == b[1], upright = a[0] == b[0];
	if (flat != upright) {
		double from = flat ? a[0] : a[1], to = flat ? b[0] : b[1], step = to > from ? spacing : -spacing;
		double first = to > from ? floor(from / spacing) * spacing : ceil(from / spacing) * spacing;
		for (double v = first + step; (to - v) * step > 0; v += step)
			wkb_shape_add_point(s, flat ? v : a[0], flat ? a[1] : v);
		return;
	}
	double pieces = ceil(hypot(b[0] - a[0], b[1] - a[1]) / spacing);
	for (double k = 1; k < pieces; k++)
		wkb_shape_add_point(s, a[0] + (b[0] - a[0]) * k / pieces, a[1] + (b[1] - a[1]) * k / pieces);
}

static void add_ring(wkb_shape *to, const wkb_shape *from, const wkb_ring *ring, double spacing)
{
	const double *p = &g_array_index(from->xy, double, 2 * ring->first);
	wkb_shape_add_ring(to);
	for (guint i = 0; i < ring->n; i++) {
		const double *a = p + 2 * i, *b = p + 2 * ((i + 1) % ring->n);
		wkb_shape_add_point(to, a[0], a[1]);
		if (spacing > 0)
			add_between(to, a, b, spacing);
	}
}

static wkb_shape *densified(const wkb_shape *from, double spacing)
{
	wkb_shape *to = wkb_shape_new();
	for (guint i = 0; i < from->parts->len; i++) {
		const wkb_part *part = &g_array_index(from->parts, wkb_part, i);
		wkb_shape_add_part(to);
		for (guint k = 0; k < part->n_rings; k++)
			add_ring(to, from, &g_array_index(from->rings, wkb_ring, part->first + k), spacing);
	}
	return to;
}

static bool transform_shape(const georef *ref, placement where, wkb_shape *s, GError **error)
{
	guint n = s->xy->len / 2;
	double *xy = &g_array_index(s->xy, double, 0);
	g_autofree double *x = g_new(double, n), *y = g_new(double, n);
	for (guint i = 0; i < n; i++) {
		x[i] = xy[2 * i];
		y[i] = xy[2 * i + 1];
	}
	bool ok = transform(ref, where, n, x, y, error);
	for (guint i = 0; ok && i < n; i++) {
		xy[2 * i] = x[i];
		xy[2 * i + 1] = y[i];
	}
	return ok;
}

/* Longitudes that run on across the antimeridian instead of jumping; true when something jumped. */
static bool unwrap(wkb_shape *s, double turn)
{
	bool jumped = false;
	for (guint i = 0; i < s->parts->len; i++) {
		const wkb_part *part = &g_array_index(s->parts, wkb_part, i);
		guint first = g_array_index(s->rings, wkb_ring, part->first).first;
		double *xy = &g_array_index(s->xy, double, 2 * first);
		for (guint k = 1; k < part->n_points; k++) {
			double turns = round((xy[2 * k] - xy[2 * k - 2]) / turn);
			xy[2 * k] -= turn * turns;
			jumped = jumped || turns != 0;
		}
	}
	return jumped;
}

static OGRGeometryH to_geometry(const wkb_shape *s)
{
	g_autoptr(GBytes) wkb = wkb_shape_write(s);
	OGRGeometryH g = NULL;
	gsize size;
	const void *data = g_bytes_get_data(wkb, &size);
	return OGR_G_CreateFromWkb(data, NULL, &g, (int)size) == OGRERR_NONE ? g : NULL;
}

static void add_polygons(OGRGeometryH to, OGRGeometryH from, double shift)
{
	if (wkbFlatten(OGR_G_GetGeometryType(from)) == wkbPolygon) {
		OGRGeometryH p = OGR_G_Clone(from);
		for (int i = 0; i < OGR_G_GetGeometryCount(p); i++) {
			OGRGeometryH ring = OGR_G_GetGeometryRef(p, i);
			for (int k = 0; k < OGR_G_GetPointCount(ring); k++)
				OGR_G_SetPoint_2D(ring, k, OGR_G_GetX(ring, k) + shift, OGR_G_GetY(ring, k));
		}
		OGR_G_AddGeometryDirectly(to, p);
		return;
	}
	for (int i = 0; i < OGR_G_GetGeometryCount(from); i++)
		add_polygons(to, OGR_G_GetGeometryRef(from, i), shift);
}

/* From west to east, and as high as the globe. */
static OGRGeometryH meridian_strip(double west, double turn)
{
	const double x[] = {west, west + turn, west + turn, west, west}, y[] = {-1, -1, 1, 1, -1};
	OGRGeometryH ring = OGR_G_CreateGeometry(wkbLinearRing), strip = OGR_G_CreateGeometry(wkbPolygon);
	for (guint i = 0; i < G_N_ELEMENTS(x); i++)
		OGR_G_AddPoint_2D(ring, x[i], y[i] * turn / 4);
	OGR_G_AddGeometryDirectly(strip, ring);
	return strip;
}

/* The parts of a shape in each turn of longitude, shifted into the one around 0. */
static OGRGeometryH cut_at_antimeridian(OGRGeometryH whole, double turn)
{
	OGRGeometryH cut = OGR_G_CreateGeometry(wkbMultiPolygon);
	for (int k = -1; k <= 1; k++) {
		OGRGeometryH strip = meridian_strip(turn * k - turn / 2, turn), piece = OGR_G_Intersection(whole, strip);
		if (piece)
			add_polygons(cut, piece, -turn * k);
		OGR_G_DestroyGeometry(piece);
		OGR_G_DestroyGeometry(strip);
	}
	OGR_G_DestroyGeometry(whole);
	return cut;
}

static bool on_pixel_edges(const wkb_shape *s)
{
	for (guint i = 0; i < s->xy->len; i++)
		if (g_array_index(s->xy, double, i) != floor(g_array_index(s->xy, double, i)))
			return false;
	return true;
}

/* Where a vertex lies on another edge, as that of a hole on its rim, the rounding of a transform may put it beyond.
 * Outlines along pixel edges touch in common vertices only, which stay common. */
static OGRGeometryH mended(OGRGeometryH g)
{
	gdal_session_begin();
	OGRGeometryH made = OGR_G_IsValid(g) ? NULL : OGR_G_MakeValid(g);
	gdal_session_end();
	if (!made)
		return g;
	OGRGeometryH all = OGR_G_CreateGeometry(wkbMultiPolygon);
	add_polygons(all, made, 0);
	const int size = OGR_G_WkbSize(all);
	g_autofree guint8 *data = g_malloc((gsize)size);
	OGR_G_ExportToWkb(all, wkbNDR, data);
	g_autoptr(GBytes) wkb = g_bytes_new_static(data, (gsize)size);
	g_autoptr(wkb_shape) s = wkb_shape_read(wkb, NULL);
	OGR_G_DestroyGeometry(all);
	OGR_G_DestroyGeometry(made);
	if (!s) /* nothing of it has an area */
		return g;
	OGR_G_DestroyGeometry(g);
	wkb_shape_orient(s);
	return to_geometry(s);
}

OGRGeometryH place_shape(const georef *ref, placement where, const wkb_shape *shape, double spacing, GError **error)
{
	g_autoptr(wkb_shape) s = densified(shape, spacing);
	if (!transform_shape(ref, where, s, error))
		return NULL;
	const double turn = full_turn(ref, where);
	const bool jumped = turn > 0 && unwrap(s, turn);
	wkb_shape_orient(s);
	OGRGeometryH g = to_geometry(s);
	if (jumped)
		return cut_at_antimeridian(g, turn);
	return g && where <= PLACE_LONLAT && !on_pixel_edges(shape) ? mended(g) : g;
}
