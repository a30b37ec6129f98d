/* A MultiPolygon as flat arrays, read from and written as WKB: what masks, areas, transforms and simplification work
 * on. */
#pragma once
#include "render/geometry/mask.h"

G_BEGIN_DECLS

typedef struct {
	guint first, n; /* points of the ring, without the closing one */
} wkb_ring;

typedef struct {
	guint first, n_rings; /* rings, the outer one first; their points follow each other */
	guint n_points;       /* of all rings */
} wkb_part;

typedef struct {
	GArray *xy;    /* double, 2 a point */
	GArray *rings; /* wkb_ring */
	GArray *parts; /* wkb_part */
} wkb_shape;

wkb_shape *wkb_shape_new(void);
void wkb_shape_free(wkb_shape *s);
/* Reads a Polygon or MultiPolygon, either byte order; every count is checked, coordinates must be finite and rings have
 * at least three points. GEOMETRY_ERROR_INVALID otherwise, GEOMETRY_ERROR_EMPTY when it has no part. */
wkb_shape *wkb_shape_read(GBytes *wkb, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Little-endian MultiPolygon. */
GBytes *wkb_shape_write(const wkb_shape *s);
/* Building: a part, then its rings, outer first, then the points of each. */
void wkb_shape_add_part(wkb_shape *s);
void wkb_shape_add_ring(wkb_shape *s);
void wkb_shape_add_point(wkb_shape *s, double x, double y);
/* x0, y0, x1, y1 */
void wkb_shape_extent(const wkb_shape *s, double extent[4]);
/* Even-odd over all rings, so holes are outside. Asked at the centre of the pixel that x, y lies in: the same pixels as
 * the mask's. */
bool wkb_shape_contains(const wkb_shape *s, double x, double y);
/* Signed area of a ring in its own units: positive when it runs counter-clockwise with y up. */
double wkb_ring_area(const wkb_shape *s, const wkb_ring *ring);
/* Turns rings so that outer ones have a positive wkb_ring_area and holes a negative one. */
void wkb_shape_orient(wkb_shape *s);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(wkb_shape, wkb_shape_free)

G_END_DECLS
