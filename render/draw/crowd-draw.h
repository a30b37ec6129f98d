/* Very many objects on one picture, in any thread: what is small on it gets only the care that can be seen. */
#pragma once
#include <gio/gio.h>

#include "render/draw/shape-draw.h"

G_BEGIN_DECLS

typedef struct {
	const wkb_shape *shape;
	double extent[4]; /* image pixels */
	draw_color color;
	int pattern;
} crowd_member;

/* Draws onto an ARGB32 surface what next gives (false: no more), the first at the bottom. view counts in pixels of the
 * surface; device: how many of them make one of the screen. false: cancelled. */
bool crowd_draw(cairo_surface_t *surface, const shape_view *view, double device, double opacity,
                bool (*next)(void *data, crowd_member *m), void *data, GCancellable *cancel);

G_END_DECLS
