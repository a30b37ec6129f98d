/* What lies where: things with an extent, found by area. Levels of grids with cells twice as large each, a thing in the
 * one cell of its centre on the level of its size, so adding and taking away touch one cell, and a search a few cells
 * of each level that is in use (Thatcher Ulrich, "Loose Octrees", Game Programming Gems, 2000). Not thread-safe. */
#pragma once
#include <glib.h>
#include <stdbool.h>

G_BEGIN_DECLS

typedef struct spatial_index spatial_index;

spatial_index *spatial_index_new(void);
void spatial_index_free(spatial_index *x);
/* extent: x0 <= x1, y0 <= y1, finite; in any unit, things of at least 1 unit work best. The item is borrowed. */
void spatial_index_add(spatial_index *x, const double extent[4], void *item);
/* The extent must be the one that the item was added with; false: it is not there. */
bool spatial_index_remove(spatial_index *x, const double extent[4], void *item);
/* Calls found for everything that touches the area, in no order, until it answers false. */
void spatial_index_search(const spatial_index *x, const double area[4], bool (*found)(void *item, void *data),
                          void *data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(spatial_index, spatial_index_free)

G_END_DECLS
