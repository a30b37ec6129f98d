/* Where the image lies on the screen: pure arithmetic, no widget. screen = (image - origin) * scale, in
 * device-independent pixels; scale is between 1/64 and 64 (or what fits the whole image, if less). */
#pragma once
#include "render/raster/raster.h"

G_BEGIN_DECLS

typedef struct {
	double scale; /* screen pixels per image pixel */
	double x, y;  /* image position at the screen's top-left corner */
	int screen_w, screen_h;
	int image_w, image_h;
} viewport;

void viewport_init(viewport *v, int image_w, int image_h);
void viewport_resize(viewport *v, int screen_w, int screen_h); /* keeps the centre; the first time it fits */
void viewport_fit(viewport *v);
void viewport_zoom_at(viewport *v, double factor, double sx, double sy); /* the pixel under (sx,sy) stays there */
void viewport_set_scale(viewport *v, double scale);                      /* around the centre */
/* The image follows the pointer: it moves by (dx,dy) screen pixels; some of it stays in sight. */
void viewport_pan(viewport *v, double dx, double dy);
void viewport_look_at(viewport *v, double ix, double iy, double scale); /* that position in the middle; 0: as it is */
/* Zooms and pans so that area is seen whole; margin on each side as a fraction of its width and height. */
void viewport_show(viewport *v, const raster_rect *area, double margin);
/* An object in its surroundings, as a review looks at it; extent: x0, y0, x1, y1. */
void viewport_show_object(viewport *v, const double extent[4]);
void viewport_to_image(const viewport *v, double sx, double sy, double *ix, double *iy);
void viewport_to_screen(const viewport *v, double ix, double iy, double *sx, double *sy);
raster_rect viewport_visible(const viewport *v); /* image pixels that are seen, clipped to the image; may be empty */

G_END_DECLS
