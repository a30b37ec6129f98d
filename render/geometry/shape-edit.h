/* Edits of outlines: MultiPolygon WKB in pixels of the image (y down) in, the same out, by GEOS through OGR. What comes
 * out is valid, lies on the image, has parts with an area, and no vertex that a straight pixel edge does not need; what
 * cannot be so is refused: NULL + GEOMETRY_ERROR_EMPTY (nothing would be left) or GEOMETRY_ERROR_INVALID. Nothing given
 * is changed. Pure: any thread. */
#pragma once
#include "render/geometry/mask.h"
#include "render/geometry/wkb.h"

G_BEGIN_DECLS

typedef struct {
	int width, height;
} image_size;

typedef enum { SHAPE_UNION, SHAPE_SUBTRACT, SHAPE_INTERSECT } shape_op;
/* All into one; subtract takes the others from the first. n >= 2. */
GBytes *shape_combine(GBytes *const *shapes, guint n, shape_op op, image_size on,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Cut along a line xy[n][2] that leads from outside to outside (or through a hole): the largest piece first, at least
 * two. What the line does not meet stays with the largest. [element-type GBytes] */
GPtrArray *shape_split(GBytes *shape, const double *xy, guint n, image_size on,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The drawn polygon becomes part of the shape, or a hole in it. */
GBytes *shape_add_polygon(GBytes *shape, const double *xy, guint n, bool hole, image_size on,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Holes up to that area in pixels (INFINITY: all) are filled; *filled: how many, may be NULL. */
GBytes *shape_fill_holes(GBytes *shape, double most, guint *filled, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Steps of up to about `reach` pixels become curves. */
GBytes *shape_smooth(GBytes *shape, double reach, image_size on, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Straight sides at right angles to each other, in the direction that the outline has already; details below `least`
 * pixels go. Refused where the outline would become another one. */
GBytes *shape_square(GBytes *shape, double least, image_size on, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Grown by `pixels`, shrunk when it is negative. */
GBytes *shape_buffer(GBytes *shape, double pixels, image_size on, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Gaps up to `reach` pixels wide between the shape and its neighbours are filled, and what lies over them is cut away:
 * afterwards they share a border. n neighbours may be 0. */
GBytes *shape_meet(GBytes *shape, GBytes *const *neighbours, guint n, double reach, image_size on,
                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Every point p becomes (a p.x + b p.y + c, d p.x + e p.y + f). */
GBytes *shape_transform(GBytes *shape, const double m[6], image_size on, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* An outline that somebody edited by hand: made valid where it crosses itself. */
GBytes *shape_checked(const wkb_shape *s, image_size on, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Which points of a closed ring xy[n][2] (without the closing one) are needed for that tolerance: keep[i] 0 or 1, by
 * Douglas-Peucker; at least three stay. */
void ring_keep(const double *xy, guint n, double tolerance, guint8 *keep);
guint shape_vertices(GBytes *shape); /* of all rings; 0 for what is no polygon */

G_END_DECLS
