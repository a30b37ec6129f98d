/* The smallest rectangle around a shape, turned as it needs. Pure. */
#pragma once
#include "render/geometry/wkb.h"

G_BEGIN_DECLS

/* Its corners x, y in order, clockwise with y down, the first one the topmost (of those the leftmost). One of its sides
 * lies along an edge of the shape's convex hull (Freeman and Shapira, 1975). */
void turned_box(const wkb_shape *s, double corners[8]);

G_END_DECLS
