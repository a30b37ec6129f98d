/* Overviews of images that have none: made once in the background and kept in the user's cache folder, one folder an
 * image, named by the file's fingerprint and time of change. The folder may be deleted at any time; what is damaged in
 * it is made anew. They are for the eye only: statistics, and so what the model sees, are the same with and without. */
#pragma once
#include "render/raster/raster.h"

G_BEGIN_DECLS

typedef enum {
	RASTER_OVERVIEWS_NEEDLESS, /* the image is small or has its own */
	RASTER_OVERVIEWS_MISSING,  /* they are worth making */
	RASTER_OVERVIEWS_THERE,
} raster_overviews_state;
raster_overviews_state raster_get_overviews(raster *r);

/* Makes them; reads the image once or twice, for minutes if it is large. Blocks. progress (NULL allowed) is called in
 * the calling thread with 0 … 1. Cancelled or failed, it leaves nothing behind. Afterwards the raster uses them. */
bool raster_overviews_build(raster *r, void (*progress)(double done, void *data), void *data, GCancellable *cancel,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Bytes that the cache of all images may take; the images not looked at for longest go first. 0: nothing is kept. */
#define RASTER_OVERVIEWS_LIMIT (UINT64_C(4) << 30)
void raster_overviews_set_limit(uint64_t bytes);
char *raster_overviews_folder(void); /* of all of them; g_free */

G_END_DECLS
