/* Fewer vertices, shared borders still shared. */
#pragma once
#include "render/geometry/wkb.h"

G_BEGIN_DECLS

/* Simplifies the outlines of all shapes [element-type wkb_shape] together, in place (Douglas-Peucker, `tolerance` in
 * pixels): a border that two shapes have in common is simplified once and stays common, parts and holes are kept, and
 * where a shape would not be valid its borders get half the tolerance, and half of that, and at last none. */
void simplify_shapes(GPtrArray *shapes, double tolerance);
/* The same for the first n_changing of them: the others are their neighbours, and borders with them stay as they are.
 */
void simplify_shapes_beside(GPtrArray *shapes, guint n_changing, double tolerance);

G_END_DECLS
