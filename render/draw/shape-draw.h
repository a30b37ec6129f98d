/* How an object looks: its outline with the pattern of its class over a translucent fill, drawn by cairo. */
#pragma once
#include <cairo.h>

#include "render/geometry/wkb.h"

G_BEGIN_DECLS

typedef struct {
	float red, green, blue, alpha;
} draw_color;

typedef struct {
	draw_color fill, line;
	int pattern;  /* class-style.h */
	double width; /* of the outline, pixels of the picture */
	bool selected, preview, stale;
} shape_look;

/* Image pixels to the picture's own: what lies at its origin, and its pixels for one of the image. */
typedef struct {
	double ox, oy, scale;
} shape_view;

void shape_draw(cairo_t *cr, const wkb_shape *s, const shape_view *view, const shape_look *look);
/* Width of the outline of an object of a size on the screen: thin things get thin lines. */
double shape_line_width(double width, double height);

G_END_DECLS
