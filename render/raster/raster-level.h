/* Reading of levels that are not in the file: straight from its pixels, from the level kept in memory, or from the
 * overviews of the cache. Inside render/raster only. */
#pragma once
#include "render/raster/raster-private.h"

G_BEGIN_DECLS

/* What is read: some bands, or the mask (one channel of bytes). */
typedef struct {
	raster *r;
	const int *bands; /* NULL: the mask */
	int n_bands;
	size_t size; /* of a sample */
	GCancellable *cancel;
	bool mean; /* of virtual levels the means */
} channels;

/* Size of the blocks of a virtual level that fit what is decoded at once. */
void raster_block_size(const raster *r, const raster_place *p, int *w, int *h);
/* One block of a virtual level into out, whose rows are out_row bytes apart and planes out_plane. */
bool raster_make_block(const channels *ch, const raster_place *p, const raster_rect *block, uint8_t *out,
                       size_t out_row, size_t out_plane, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* raster-kept.c: the level that is kept in memory for `level`, or -1. */
int raster_kept_level(const raster *r, int level);
bool raster_read_kept(const channels *ch, int from, int level, const raster_rect *area, void *out,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* All of a level beyond the last real one, as far as is known while the kept level is being made; parts that are not
 * known yet have the value of a known part near them. False: nothing is being made, or nothing known. */
bool raster_read_rough(raster *r, int level, const int *bands, int n_bands, void *out);
/* As raster_render of a whole level, of what raster_read_rough knows. */
bool raster_render_rough(raster *r, const raster_style *style, int level, uint8_t *pixels);
/* raster-kept.c: whether a kept level is being made, or will be, so that rough pictures are to be had. */
bool raster_is_unfinished(raster *r);

/* raster-overviews.c: those of the cache, if there are any. */
void raster_overviews_open(raster *r);
void raster_overviews_free(raster_overviews *o);
/* The whole level from the cache of overviews; false: it does not hold it or cannot be read. */
bool raster_overviews_read(const channels *ch, int level, const raster_rect *area, void *out);
/* The samples of the kept level. */
bool raster_overviews_read_samples(const channels *ch, int level, void *out);

G_END_DECLS
