/* Tiles drawn by cairo. A tile's surface is its user data and shares its pixels. */
#pragma once
#include "render/raster/tile-view.h"
#include <cairo.h>

G_BEGIN_DECLS

/* Of a tile with pixels; made once, the tile owns it: tile_cache_new() gets tile_surface_free. */
cairo_surface_t *tile_surface(tile *t);
void tile_surface_free(void *surface);
/* A tile_view_fn; data: the cairo_t. Pixels are sharp above 1:1; a tile that failed is left out. */
void tile_draw(const tile_view *v, tile *t, const double rect[4], bool finest, void *data);

G_END_DECLS
