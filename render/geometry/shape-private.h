/* Inside of the edits of outlines. */
#pragma once
#include "render/geometry/shape-edit.h"

#include <ogr_api.h>

G_BEGIN_DECLS

/* shape-part.c: between WKB and OGR. Geometries are destroyed by the caller. All inside a gdal session. */
OGRGeometryH shape_to_ogr(GBytes *shape, GError **error) G_GNUC_WARN_UNUSED_RESULT;
OGRGeometryH shape_polygon(const double *xy, guint n); /* closed for the caller; may be invalid */
OGRGeometryH shape_line(const double *xy, guint n);
/* Checked and tidied as the header promises; takes g, which may be NULL (GEOS could not do it). */
GBytes *shape_finish(OGRGeometryH g, image_size on, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Polygons of whatever g is, as a MultiPolygon; takes g. */
OGRGeometryH shape_polygons_of(OGRGeometryH g);
OGRGeometryH shape_valid(OGRGeometryH g); /* takes it; itself when it is valid already */
double shape_area_of(OGRGeometryH g);

/* shape-ring.c: closed rings xy[n][2] without the closing point */
/* A ring through fn; parts and holes as they are. Rings for which it gives fewer than three points go. */
typedef void (*ring_fn)(const double *xy, guint n, GArray *out, void *data);
wkb_shape *shape_each_ring(const wkb_shape *s, ring_fn fn, void *data);

G_END_DECLS
