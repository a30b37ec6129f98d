/* What the sources and the raster share about images on servers. Inside render/raster only. */
#pragma once
#include "render/raster/raster-private.h"

G_BEGIN_DECLS

/* raster-remote.c; all of them take NULL for images that are here. */
raster_remote *raster_remote_new(const char *path); /* NULL: it is no remote one */
void raster_remote_free(raster_remote *m);
void raster_remote_begin(raster_remote *m);
void raster_remote_end(raster_remote *m, bool given_up);
/* After so many failures in a row: waits a little, longer each time, and says whether to try once more. */
bool raster_remote_again(raster_remote *m, const char *path, int failures, const char *why, GCancellable *cancel);

G_END_DECLS
