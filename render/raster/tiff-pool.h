/* Open TIFF handles, borrowed by one thread at a time, and what libtiff said on each. Inside render/raster only. */
#pragma once
#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>
#include <tiffio.h>

G_BEGIN_DECLS

typedef struct tiff_pool tiff_pool;
typedef struct {
	TIFF *tif;
	uint64_t dir;   /* offset of the directory it stands at */
	char *error;    /* first error since tiff_handle_forget, one line, or NULL */
	bool cut_short; /* libjpeg filled the end of a chunk with grey: it only warns of it */
} tiff_handle;

/* path must stay readable while the pool lives. size: of the file, in bytes. */
tiff_pool *tiff_pool_new(const char *path, uint64_t size);
void tiff_pool_free(tiff_pool *p); /* no handle may be out */
uint64_t tiff_pool_file_size(const tiff_pool *p);
const char *tiff_pool_path(const tiff_pool *p);

/* A handle that stands at the directory at this offset (0: the first one). JPEG comes out as RGB. */
tiff_handle *tiff_pool_borrow(tiff_pool *p, uint64_t dir, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void tiff_pool_give_back(tiff_pool *p, tiff_handle *h);
/* To be called before libtiff is asked, so that an error is of this call. */
void tiff_handle_forget(tiff_handle *h);
const char *tiff_handle_reason(const tiff_handle *h);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(tiff_pool, tiff_pool_free)

G_END_DECLS
