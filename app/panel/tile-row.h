/* The export dialog's row that cuts images into tiles: a switch, and under it size, overlap, split and what is left
 * out. */
#pragma once
#include "render/exchange/tiles.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define NADIR_TYPE_TILE_ROW (nadir_tile_row_get_type())
G_DECLARE_FINAL_TYPE(NadirTileRow, nadir_tile_row, NADIR, TILE_ROW, AdwExpanderRow)

/* Whether tiles are wanted; format of the labels and what runs them are the caller's. */
bool nadir_tile_row_get_plan(NadirTileRow *row, tile_plan *plan, bool *all_images);
/* The choices are kept in these settings. */
void nadir_tile_row_bind(NadirTileRow *row, GSettings *settings);

G_END_DECLS
