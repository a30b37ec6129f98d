/* The threads behind a tile cache. Inside render/raster only; called from one thread. */
#pragma once
#include "render/raster/tile-cache.h"

G_BEGIN_DECLS

typedef struct tile_workers tile_workers;

typedef struct {
	tile_key key;
	raster_rect area;
	uint32_t generation;
	GBytes *pixels; /* as in tile */
	char *error;
	bool opaque;
	bool rough; /* of an image that is still being looked through: the true one follows */
} tile_result;
void tile_result_free(void *result);

/* arrived: called in the context of the thread that called this, with all results since the last call (tile_result). */
tile_workers *tile_workers_new(raster *r, void (*arrived)(GPtrArray *results, void *data), void *data);
/* Returns at once: running reads are cancelled and their results dropped. */
void tile_workers_stop(tile_workers *w);
/* Replaces what is still to do, first key first; running reads that are not among it are cancelled. */
void tile_workers_want(tile_workers *w, const raster_style *style, uint32_t generation, const tile_key *keys, guint n);

raster_rect tile_area(const raster_info *info, tile_key key);

G_END_DECLS
