/* Tiles of the displayed picture, decoded by a small pool of threads: coarse ones cover until the fine ones arrive,
 * requests go from the centre out, stale results are dropped, the coarsest level is never evicted. Lives in one thread
 * (the main one). */
#pragma once
#include "render/raster/raster-style.h"

G_BEGIN_DECLS

#define TILE_SIDE 256

typedef struct tile_cache tile_cache;
typedef struct {
	int level, x, y; /* tile column and row at its level */
} tile_key;
typedef struct {
	tile_key key;
	raster_rect area;  /* pixels of the level */
	GBytes *pixels;    /* premultiplied BGRA, area.w * 4 bytes a row; NULL: failed, see error */
	const char *error; /* why all (or, with pixels: a transparent part) of it is missing; NULL: nothing is */
	bool opaque;       /* no pixel lets through what is below */
	bool rough;        /* of an image that is still being looked through: the true one follows by itself */
	void *user;        /* the caller's picture of it, freed by the notify given at creation */
} tile;

/* changed: called in the main context of the creating thread when tiles arrived (several at once). budget in bytes of
 * pixels. */
tile_cache *tile_cache_new(raster *r, const raster_style *style, uint64_t budget, GDestroyNotify free_user,
                           void (*changed)(void *data), void *data);
void tile_cache_free(tile_cache *c); /* does not wait for running reads */
/* Forgets the tiles of the old style (they keep covering until new ones arrive). */
void tile_cache_set_style(tile_cache *c, const raster_style *style);
/* The level to draw at a scale in device pixels per image pixel: the coarsest that need not be enlarged. */
int tile_cache_level(const tile_cache *c, double scale);
/* Wants every tile of `level` that meets `area` (full-size pixels), nearest to the centre first, then those around it;
 * drops older wishes. */
void tile_cache_want(tile_cache *c, int level, const raster_rect *area);
/* Reads nothing more until the view changes or read_again is called. */
void tile_cache_stop(tile_cache *c);
/* Asks once more for what failed. */
void tile_cache_read_again(tile_cache *c);
/* The tile if it is there, else NULL. Valid until the next call into the cache. Marks it used. */
tile *tile_cache_get(tile_cache *c, tile_key key);
/* Areas that will be looked at next, in order: read when nothing in sight is missing. Copied; n 0: none. */
typedef struct {
	int level;
	raster_rect area; /* full-size pixels */
} tile_next;
void tile_cache_want_next(tile_cache *c, const tile_next *next, guint n);
bool tile_cache_has(const tile_cache *c, int level, const raster_rect *area); /* all of it is there */
/* Who is told of tiles from now on, for a cache that was filled before anybody drew it. */
void tile_cache_set_listener(tile_cache *c, void (*changed)(void *data), void *data);
typedef struct {
	uint64_t bytes, budget;
	uint32_t tiles, pending, failed; /* pending: wanted and not there yet */
} tile_cache_stats;
void tile_cache_get_stats(const tile_cache *c, tile_cache_stats *out);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(tile_cache, tile_cache_free)

G_END_DECLS
