/* What a review asks of the canvas: the same look at every object, what comes next read ahead, outlines as they were.
 */
#pragma once
#include "app/canvas/canvas.h"
#include "render/raster/tile-cache.h"

G_BEGIN_DECLS

/* An object, x0, y0, x1, y1 in image pixels, with what lies around it. */
void nadir_canvas_look_at_object(NadirCanvas *c, const double extent[4]);
typedef struct {
	double extent[4];
} NadirCanvasNext;
void nadir_canvas_want_next(NadirCanvas *c, const NadirCanvasNext *next, guint n);
/* Which tiles an image of another document will need for such a look. */
tile_next nadir_canvas_next_tiles(NadirCanvas *c, tile_cache *tiles, const raster_info *info, const double extent[4]);
bool nadir_canvas_has(NadirCanvas *c, const double extent[4]); /* all of that is there already */
/* Only the selected object is filled; the others are outlines. */
void nadir_canvas_set_reviewing(NadirCanvas *c, bool reviewing);
/* An outline as it was, drawn with dashes; takes it, NULL: none. */
void nadir_canvas_set_before(NadirCanvas *c, wkb_shape *shape);
/* For the canvas's own files. */
void canvas_review_snapshot(NadirCanvas *c, GtkSnapshot *snapshot);

G_END_DECLS
