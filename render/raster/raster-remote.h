/* Images on a server, through GDAL's /vsicurl/ and /vsis3/: time-outs, tries again after failures, and what is going
 * on, to be told to the user. A read that is cancelled ends at the next answer or time-out of the server; nobody need
 * wait. */
#pragma once
#include "render/raster/raster.h"

G_BEGIN_DECLS

/* "https://…" and "s3://BUCKET/…" as GDAL calls them, everything else as it is. g_free. */
char *raster_resolve_path(const char *given);
const char *raster_shown_path(const char *path); /* for messages: an address as one types it; points into path */

typedef struct {
	const char *host; /* NULL: the image is no remote one; belongs to the raster */
	int reading;      /* reads under way */
	int attempt;      /* 2 … RASTER_REMOTE_TRIES while something is tried again, else 0 */
	guint failed;     /* reads given up since the image was opened */
} raster_remote_state;
#define RASTER_REMOTE_TRIES 4
raster_remote_state raster_get_remote(const raster *r);

G_END_DECLS
