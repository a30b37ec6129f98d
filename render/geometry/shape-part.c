/* Between WKB and OGR, and what every result goes through. */
#include "render/geometry/shape-private.h"

#include "render/geometry/gdal-session.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#define SLIVER 0.02 /* pixels: parts below this area are noise of the arithmetic */

OGRGeometryH shape_to_ogr(GBytes *shape, GError **error)
{
	OGRGeometryH g = NULL;
	g_autoptr(wkb_shape) s = wkb_shape_read(shape, error); /* every count checked before OGR sees it */
	if (!s)
		return NULL;
	g_autoptr(GBytes) wkb = wkb_shape_write(s);
	if (OGR_G_CreateFromWkb(g_bytes_get_data(wkb, NULL), NULL, &g, (int)g_bytes_get_size(wkb)) == OGRERR_NONE)
		return shape_valid(g);
	g_set_error(error, GEOMETRY_ERROR, GEOMETRY_ERROR_INVALID, _("The outline cannot be read: %s."),
	            gdal_session_message());
	return NULL;
}

static OGRGeometryH points(OGRwkbGeometryType type, const double *xy, guint n)
{
	OGRGeometryH g = OGR_G_CreateGeometry(type);
	for (guint i = 0; i < n; i++)
		OGR_G_AddPoint_2D(g, xy[2 * (gsize)i], xy[2 * (gsize)i + 1]);
	return g;
}

OGRGeometryH shape_line(const double *xy, guint n)
{
	return points(wkbLineString, xy, n);
}

OGRGeometryH shape_polygon(const double *xy, guint n)
{
	OGRGeometryH ring = points(wkbLinearRing, xy, n), g = OGR_G_CreateGeometry(wkbPolygon);
	OGR_G_AddPoint_2D(ring, xy[0], xy[1]);
	OGR_G_AddGeometryDirectly(g, ring);
	return g;
}

double shape_area_of(OGRGeometryH g)
{
	return g ? OGR_G_Area(g) : 0;
}

static void collect(OGRGeometryH from, OGRGeometryH to)
{
	const OGRwkbGeometryType type = wkbFlatten(OGR_G_GetGeometryType(from));
	if (type == wkbPolygon) {
		if (OGR_G_Area(from) > SLIVER)
			OGR_G_AddGeometry(to, from);
	} else if (type == wkbMultiPolygon || type == wkbGeometryCollection) {
		for (int i = 0; i < OGR_G_GetGeometryCount(from); i++)
			collect(OGR_G_GetGeometryRef(from, i), to);
	}
}

OGRGeometryH shape_polygons_of(OGRGeometryH g)
{
	OGRGeometryH all = OGR_G_CreateGeometry(wkbMultiPolygon);
	if (g)
		collect(g, all);
	OGR_G_DestroyGeometry(g);
	return all;
}

OGRGeometryH shape_valid(OGRGeometryH g)
{
	if (!g || OGR_G_IsValid(g))
		return g;
	OGRGeometryH made = OGR_G_MakeValid(g);
	OGR_G_DestroyGeometry(g);
	return made;
}

static OGRGeometryH on_image(OGRGeometryH g, image_size on)
{
	const double w = on.width, h = on.height, corners[] = {0, 0, w, 0, w, h, 0, h};
	OGREnvelope e;
	OGR_G_GetEnvelope(g, &e);
	if (e.MinX >= 0 && e.MinY >= 0 && e.MaxX <= w && e.MaxY <= h)
		return g;
	OGRGeometryH frame = shape_polygon(corners, 4), inside = OGR_G_Intersection(g, frame);
	OGR_G_DestroyGeometry(frame);
	OGR_G_DestroyGeometry(g);
	return shape_polygons_of(inside);
}

/* Along the pixel grid a vertex in the middle of an edge says nothing. */
static bool is_needed(const double *a, const double *b, const double *c)
{
	return !((a[0] == b[0] && b[0] == c[0]) || (a[1] == b[1] && b[1] == c[1]));
}

static void add_ring(wkb_shape *s, OGRGeometryH ring)
{
	const guint n = (guint)MAX(OGR_G_GetPointCount(ring) - 1, 0);
	g_autofree double *xy = g_new(double, 2 * (gsize)n + 2);
	for (guint i = 0; i < n; i++) {
		xy[2 * i] = OGR_G_GetX(ring, (int)i);
		xy[2 * i + 1] = OGR_G_GetY(ring, (int)i);
	}
	wkb_shape_add_ring(s);
	for (guint i = 0; i < n; i++)
		if (is_needed(xy + 2 * ((i + n - 1) % n), xy + 2 * i, xy + 2 * ((i + 1) % n)))
			wkb_shape_add_point(s, xy[2 * i], xy[2 * i + 1]);
}

static GBytes *to_wkb(OGRGeometryH g)
{
	g_autoptr(wkb_shape) s = wkb_shape_new();
	for (int i = 0; i < OGR_G_GetGeometryCount(g); i++) {
		OGRGeometryH polygon = OGR_G_GetGeometryRef(g, i);
		wkb_shape_add_part(s);
		for (int k = 0; k < OGR_G_GetGeometryCount(polygon); k++) {
			OGRGeometryH ring = OGR_G_GetGeometryRef(polygon, k);
			OGRGeometryH alone = k > 0 ? OGR_G_Clone(ring) : NULL; /* a hole of no area is noise, too */
			const bool keep = k == 0 || fabs(OGR_G_Area(alone)) > SLIVER;
			OGR_G_DestroyGeometry(alone);
			if (keep)
				add_ring(s, ring);
		}
	}
	wkb_shape_orient(s);
	return wkb_shape_write(s);
}

GBytes *shape_finish(OGRGeometryH g, image_size on, GError **error)
{
	if (!g) {
		g_set_error(error, GEOMETRY_ERROR, GEOMETRY_ERROR_INVALID,
		            _("The outline could not be computed (%s): it stays as it is."), gdal_session_message());
		return NULL;
	}
	g = on_image(shape_polygons_of(shape_valid(g)), on);
	GBytes *wkb = NULL;
	if (OGR_G_GetGeometryCount(g) == 0)
		g_set_error_literal(error, GEOMETRY_ERROR, GEOMETRY_ERROR_EMPTY,
		                    _("Nothing would be left of the object: it stays as it is."));
	else if (!OGR_G_IsValid(g))
		g_set_error_literal(error, GEOMETRY_ERROR, GEOMETRY_ERROR_INVALID,
		                    _("The outline would cross itself: it stays as it is."));
	else
		wkb = to_wkb(g);
	OGR_G_DestroyGeometry(g);
	return wkb;
}

guint shape_vertices(GBytes *shape)
{
	g_autoptr(wkb_shape) s = wkb_shape_read(shape, NULL);
	return s ? s->xy->len / 2 : 0;
}
