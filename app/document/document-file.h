/* An image's file read ahead, before its document is wanted. Main context only. */
#pragma once
#include "app/document/document.h"
#include "render/raster/tile-cache.h"

G_BEGIN_DECLS

typedef struct document_file document_file;
/* Begins to open it; ready is called when it is, and not at all when it cannot be. Tiles carry GObjects as `user`. */
document_file *document_file_read(const char *path, void (*ready)(void *data), void *data);
document_file *document_file_ref(document_file *f);
void document_file_unref(document_file *f);
void document_file_forget_listener(document_file *f);        /* ready is not called any more */
tile_cache *document_file_get_tiles(document_file *f);       /* NULL: not open yet, or given to a document */
const raster_info *document_file_get_info(document_file *f); /* the same */

/* Another image of the same project. `from` gives its store away when this succeeds and is of no use afterwards; its
 * jobs are still told of. file: read ahead, or NULL; path: where the image is. Ends with open_finish(). */
void nadir_document_open_image_async(NadirDocument *from, gint64 image, const char *path, document_file *file,
                                     GCancellable *cancel, GAsyncReadyCallback done, void *data);

G_END_DECLS
