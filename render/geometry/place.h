/* Outlines from pixels to a map: more vertices where a straight pixel edge bends, the transform, the turning of rings
 * (after it: y down becomes y up), the cut at the antimeridian. */
#pragma once
#include "render/geometry/georef.h"
#include "render/geometry/wkb.h"

#include <ogr_api.h>

G_BEGIN_DECLS

typedef enum {
	PLACE_MAP,        /* the image's CRS; cut at the antimeridian where that is one of longitudes */
	PLACE_LONLAT,     /* WGS 84, cut at the antimeridian */
	PLACE_PIXELS_UP,  /* x right, y = -row */
	PLACE_PIXELS_DOWN /* pixels as they are */
} placement;

/* The lattice, in pixels, at whose lines edges get vertices so that a straight pixel edge inside `extent` (x0, y0, x1,
 * y1) stays within a fiftieth of a pixel of its image; 0 when none are needed. */
double place_spacing(const georef *ref, placement where, const double extent[4]);
/* A MultiPolygon; outer rings counter-clockwise with y up. Free with OGR_G_DestroyGeometry. NULL + error naming the
 * vertex. */
OGRGeometryH place_shape(const georef *ref, placement where, const wkb_shape *shape, double spacing,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
