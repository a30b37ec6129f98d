/* Which tiles of which level a view draws, and where they lie on the screen: the canvas and the benchmark of viewing
 * draw by these. No toolkit. */
#pragma once
#include "render/raster/tile-cache.h"
#include "render/raster/viewport.h"

G_BEGIN_DECLS

typedef struct {
	tile_cache *tiles;
	const raster_info *info;
	viewport view;
	double device_scale; /* device pixels per screen pixel: edges snap to device pixels */
	raster_rect visible; /* image pixels in sight */
	int level;           /* the one to draw at this scale */
	int from;            /* the coarsest one to draw: it is all there and hides those that are coarser still */
	bool known;          /* something covers all that is in sight: its own tiles or the coarsest level */
	bool opaque;         /* nothing below what is drawn shows through */
	bool sharp;          /* every tile of the level in sight is there, none failed as a whole */
} tile_view;

/* Says what the cache shall read for this view, and looks at what is there. false: none of the image is in sight. */
bool tile_view_begin(tile_view *v, tile_cache *tiles, const raster_info *info, const viewport *view,
                     double device_scale);
/* Called for each tile that is there (failed ones with pixels NULL too) and on the screen; coarse levels come first
 * where fine tiles are missing. rect: x, y, w, h on the screen. finest: it is of the view's own level. The callback
 * must not touch the cache. */
typedef void (*tile_view_fn)(const tile_view *v, tile *t, const double rect[4], bool finest, void *data);
void tile_view_draw(const tile_view *v, tile_view_fn draw, void *data);
/* A rectangle of a level's pixels on the screen; both sides of an edge round alike, so neighbours meet without a seam.
 */
void tile_view_rect(const tile_view *v, int level, const raster_rect *area, double rect[4]);
bool tile_view_on_screen(const tile_view *v, const double rect[4]);
/* Device pixels per pixel of the level. */
double tile_view_magnification(const tile_view *v, int level);

G_END_DECLS
