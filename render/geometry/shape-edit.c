#include "render/geometry/shape-private.h"

#include "render/geometry/gdal-session.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#define ARC 8 /* segments of a quarter circle */

/* --- two and more --- */

static OGRGeometryH apply(shape_op op, OGRGeometryH a, OGRGeometryH b)
{
	return op == SHAPE_UNION      ? OGR_G_Union(a, b)
	       : op == SHAPE_SUBTRACT ? OGR_G_Difference(a, b)
	                              : OGR_G_Intersection(a, b);
}

/* g and the next one; takes g. NULL + error: the next one is broken. NULL alone: GEOS could not do it. */
static OGRGeometryH combine_one(OGRGeometryH g, GBytes *next, shape_op op, GError **error)
{
	OGRGeometryH with = g ? shape_to_ogr(next, error) : NULL;
	OGRGeometryH both = with ? shape_polygons_of(apply(op, g, with)) : NULL;
	OGR_G_DestroyGeometry(with);
	OGR_G_DestroyGeometry(g);
	return both;
}

GBytes *shape_combine(GBytes *const *shapes, guint n, shape_op op, image_size on, GError **error)
{
	g_autoptr(GError) broken = NULL;
	gdal_session_begin();
	OGRGeometryH g = shape_to_ogr(shapes[0], &broken);
	for (guint i = 1; g && i < n; i++)
		g = combine_one(g, shapes[i], op, &broken);
	GBytes *wkb = broken ? NULL : shape_finish(g, on, error);
	gdal_session_end();
	if (broken)
		g_propagate_error(error, g_steal_pointer(&broken));
	return wkb;
}

GBytes *shape_add_polygon(GBytes *shape, const double *xy, guint n, bool hole, image_size on, GError **error)
{
	gdal_session_begin();
	OGRGeometryH g = shape_to_ogr(shape, error);
	OGRGeometryH drawn = g ? shape_polygons_of(shape_valid(shape_polygon(xy, n))) : NULL;
	OGRGeometryH both = drawn ? apply(hole ? SHAPE_SUBTRACT : SHAPE_UNION, g, drawn) : NULL;
	GBytes *wkb = NULL;
	if (both && hole && fabs(shape_area_of(both) - shape_area_of(g)) < 1e-9) {
		g_set_error_literal(error, GEOMETRY_ERROR, GEOMETRY_ERROR_INVALID,
		                    _("The drawn outline does not lie on the object: draw the hole inside of it."));
		OGR_G_DestroyGeometry(both);
	} else if (g) {
		wkb = shape_finish(both, on, error);
	}
	OGR_G_DestroyGeometry(drawn);
	OGR_G_DestroyGeometry(g);
	gdal_session_end();
	return wkb;
}

/* --- split --- */

static int largest_first(gconstpointer a, gconstpointer b)
{
	const double x = OGR_G_Area(*(OGRGeometryH *)a), y = OGR_G_Area(*(OGRGeometryH *)b);
	return x < y ? 1 : x > y ? -1 : 0;
}

static bool lies_in(OGRGeometryH piece, OGRGeometryH whole)
{
	OGRGeometryH at = OGR_G_PointOnSurface(piece);
	const bool in = at && OGR_G_Contains(whole, at);
	OGR_G_DestroyGeometry(at);
	return in;
}

/* Faces that the part's own outline and the line make, those inside of it. */
static void cut_part(OGRGeometryH part, OGRGeometryH line, GPtrArray *pieces, GPtrArray *whole)
{
	OGRGeometryH outline = OGR_G_Boundary(part), noded = OGR_G_Union(outline, line);
	OGRGeometryH faces = noded ? OGR_G_Polygonize(noded) : NULL;
	g_autoptr(GPtrArray) found = g_ptr_array_new();
	for (int i = 0; faces && i < OGR_G_GetGeometryCount(faces); i++) {
		OGRGeometryH face = OGR_G_GetGeometryRef(faces, i);
		if (lies_in(face, part))
			g_ptr_array_add(found, OGR_G_Clone(face));
	}
	if (found->len < 2)
		g_ptr_array_add(whole, OGR_G_Clone(part));
	for (guint i = 0; i < found->len; i++)
		if (found->len < 2)
			OGR_G_DestroyGeometry(found->pdata[i]);
		else
			g_ptr_array_add(pieces, found->pdata[i]);
	OGR_G_DestroyGeometry(faces);
	OGR_G_DestroyGeometry(noded);
	OGR_G_DestroyGeometry(outline);
}

static GPtrArray *finish_pieces(GPtrArray *pieces, GPtrArray *whole, image_size on, GError **error)
{
	g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	g_ptr_array_sort(pieces, largest_first);
	for (guint i = 0; i < pieces->len; i++) {
		OGRGeometryH all = OGR_G_CreateGeometry(wkbMultiPolygon);
		OGR_G_AddGeometry(all, pieces->pdata[i]);
		for (guint k = 0; i == 0 && k < whole->len; k++)
			OGR_G_AddGeometry(all, whole->pdata[k]);
		GBytes *wkb = shape_finish(all, on, error);
		if (!wkb)
			return NULL;
		g_ptr_array_add(out, wkb);
	}
	return g_steal_pointer(&out);
}

GPtrArray *shape_split(GBytes *shape, const double *xy, guint n, image_size on, GError **error)
{
	g_autoptr(GPtrArray) pieces = g_ptr_array_new_with_free_func(OGR_G_DestroyGeometry);
	g_autoptr(GPtrArray) whole = g_ptr_array_new_with_free_func(OGR_G_DestroyGeometry);
	GPtrArray *out = NULL;
	gdal_session_begin();
	OGRGeometryH line = shape_line(xy, n), g = shape_to_ogr(shape, error);
	g = g ? shape_polygons_of(g) : NULL;
	for (int i = 0; g && i < OGR_G_GetGeometryCount(g); i++)
		cut_part(OGR_G_GetGeometryRef(g, i), line, pieces, whole);
	if (g && pieces->len < 2)
		g_set_error_literal(error, GEOMETRY_ERROR, GEOMETRY_ERROR_INVALID,
		                    _("The line does not cut the object in two: draw it from one side to the other."));
	else if (g)
		out = finish_pieces(pieces, whole, on, error);
	OGR_G_DestroyGeometry(line);
	OGR_G_DestroyGeometry(g);
	gdal_session_end();
	return out;
}

/* --- one --- */

/* A part without its holes up to that area; n counts them. */
static GBytes *without_holes(const wkb_shape *s, const wkb_part *part, double most, guint *n)
{
	g_autoptr(wkb_shape) out = wkb_shape_new();
	wkb_shape_add_part(out);
	for (guint k = 0; k < part->n_rings; k++) {
		const wkb_ring *r = &g_array_index(s->rings, wkb_ring, part->first + k);
		const double *p = &g_array_index(s->xy, double, 2 * (gsize)r->first);
		if (k > 0 && fabs(wkb_ring_area(s, r)) <= most) {
			(*n)++;
			continue;
		}
		wkb_shape_add_ring(out);
		for (guint v = 0; v < r->n; v++)
			wkb_shape_add_point(out, p[2 * v], p[2 * v + 1]);
	}
	return wkb_shape_write(out);
}

GBytes *shape_fill_holes(GBytes *shape, double most, guint *filled, GError **error)
{
	g_autoptr(wkb_shape) s = wkb_shape_read(shape, error);
	g_autoptr(GPtrArray) parts = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	guint n = 0;
	double e[4];
	if (!s)
		return NULL;
	wkb_shape_extent(s, e);
	for (guint i = 0; i < s->parts->len; i++)
		g_ptr_array_add(parts, without_holes(s, &g_array_index(s->parts, wkb_part, i), most, &n));
	if (filled)
		*filled = n;
	if (n == 0)
		return g_bytes_ref(shape);
	/* A part may have lain in a hole of another one: the two are one now. */
	return shape_combine((GBytes *const *)parts->pdata, parts->len, SHAPE_UNION,
	                     (image_size){(int)ceil(e[2]), (int)ceil(e[3])}, error);
}

GBytes *shape_buffer(GBytes *shape, double pixels, image_size on, GError **error)
{
	gdal_session_begin();
	OGRGeometryH g = shape_to_ogr(shape, error);
	GBytes *wkb = g ? shape_finish(OGR_G_Buffer(g, pixels, ARC), on, error) : NULL;
	OGR_G_DestroyGeometry(g);
	gdal_session_end();
	return wkb;
}

GBytes *shape_transform(GBytes *shape, const double m[6], image_size on, GError **error)
{
	g_autoptr(wkb_shape) s = wkb_shape_read(shape, error);
	if (!s)
		return NULL;
	double *p = &g_array_index(s->xy, double, 0);
	for (guint i = 0; i < s->xy->len / 2; i++, p += 2) {
		const double x = p[0], y = p[1];
		p[0] = m[0] * x + m[1] * y + m[2];
		p[1] = m[3] * x + m[4] * y + m[5];
	}
	return shape_checked(s, on, error);
}

GBytes *shape_checked(const wkb_shape *s, image_size on, GError **error)
{
	OGRGeometryH g = NULL;
	g_autoptr(GBytes) wkb = wkb_shape_write(s);
	gdal_session_begin();
	if (OGR_G_CreateFromWkb(g_bytes_get_data(wkb, NULL), NULL, &g, (int)g_bytes_get_size(wkb)) != OGRERR_NONE)
		g = NULL;
	GBytes *checked = shape_finish(g, on, error);
	gdal_session_end();
	return checked;
}

/* --- neighbours --- */

/* All neighbours as one; an empty one without any. NULL + error. */
static OGRGeometryH together(GBytes *const *shapes, guint n, GError **error)
{
	OGRGeometryH all = OGR_G_CreateGeometry(wkbMultiPolygon);
	g_autoptr(GError) broken = NULL;
	for (guint i = 0; all && i < n; i++)
		all = combine_one(all, shapes[i], SHAPE_UNION, &broken);
	if (broken)
		g_propagate_error(error, g_steal_pointer(&broken));
	return all;
}

/* Grown and shrunk again: what is closed by it are gaps up to twice the radius. */
static OGRGeometryH closed(OGRGeometryH g, double radius)
{
	OGRGeometryH grown = OGR_G_Buffer(g, radius, ARC), back = grown ? OGR_G_Buffer(grown, -radius, ARC) : NULL;
	OGR_G_DestroyGeometry(grown);
	return back;
}

/* The gaps that touch both the shape and its neighbours, joined to it. Takes g. */
static OGRGeometryH take_gaps(OGRGeometryH g, OGRGeometryH others, double reach)
{
	OGRGeometryH both = OGR_G_Union(g, others), filled = both ? closed(both, reach / 2) : NULL;
	OGRGeometryH gaps = filled ? shape_polygons_of(OGR_G_Difference(filled, both)) : NULL;
	for (int i = 0; gaps && i < OGR_G_GetGeometryCount(gaps); i++) {
		OGRGeometryH gap = OGR_G_GetGeometryRef(gaps, i);
		if (OGR_G_Area(gap) < 0.5 || OGR_G_Distance(gap, g) > 1e-6 || OGR_G_Distance(gap, others) > 1e-6)
			continue;
		OGRGeometryH more = OGR_G_Union(g, gap);
		if (!more)
			continue;
		OGR_G_DestroyGeometry(g);
		g = more;
	}
	OGR_G_DestroyGeometry(gaps);
	OGR_G_DestroyGeometry(filled);
	OGR_G_DestroyGeometry(both);
	return g;
}

GBytes *shape_meet(GBytes *shape, GBytes *const *neighbours, guint n, double reach, image_size on, GError **error)
{
	gdal_session_begin();
	g_autoptr(GError) broken = NULL;
	GBytes *wkb = NULL;
	OGRGeometryH g = shape_to_ogr(shape, &broken), others = g ? together(neighbours, n, &broken) : NULL;
	OGRGeometryH alone = others ? shape_polygons_of(OGR_G_Difference(g, others)) : NULL;
	if (alone && n > 0)
		alone = take_gaps(alone, others, reach);
	if (broken)
		g_propagate_error(error, g_steal_pointer(&broken));
	else
		wkb = shape_finish(alone, on, error);
	OGR_G_DestroyGeometry(others);
	OGR_G_DestroyGeometry(g);
	gdal_session_end();
	return wkb;
}
