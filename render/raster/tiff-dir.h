/* One directory (image, overview or mask) of a TIFF, as far as decoding needs it. Inside render/raster only. */
#pragma once
#include "render/raster/raster-private.h"
#include "render/raster/tiff-pool.h"

G_BEGIN_DECLS

typedef struct {
	uint64_t offset; /* 0: the first directory */
	int width, height;
	int chunk_w, chunk_h;  /* of a tile, or image width and rows of a strip */
	uint32_t across, down; /* tiles or strips; times samples when separate */
	int samples, bits;
	uint16_t format, compression, photometric;
	bool tiled, separate, reduced, mask;
	int alpha_extra; /* index of the first associated alpha among all samples, or -1 */
} tiff_dir;

/* What the directory is that the handle stands at; false: nothing this path can read. */
bool tiff_dir_describe(TIFF *tif, tiff_dir *d);
/* The samples' type once unpacked; false: not among those read here. */
bool tiff_dir_type(const tiff_dir *d, raster_type *type);
uint64_t tiff_dir_chunks(const tiff_dir *d);
/* Samples of a pixel that lie together in a chunk. */
int tiff_dir_together(const tiff_dir *d);
/* Bytes of a whole chunk as libtiff gives it. */
uint64_t tiff_dir_packed_bytes(const tiff_dir *d);

/* Reads and decodes a chunk of the directory that the handle stands at into [chunk_h][chunk_w][together] samples of the
 * type; *size is in bytes. Chunks that were never written (sparse files) hold `blank`. Strips at the bottom have fewer
 * rows. */
void *tiff_dir_decode(const tiff_dir *d, const tiff_pool *pool, tiff_handle *h, uint32_t number, double blank,
                      size_t *size, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
