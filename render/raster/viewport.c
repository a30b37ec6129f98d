#include "render/raster/viewport.h"
#include <math.h>

#define MAX_SCALE 64.0
#define MIN_SCALE (1.0 / 64)
#define IN_SIGHT 64.0 /* screen pixels of the image that stay visible */

static double fit_scale(const viewport *v)
{
	if (v->screen_w <= 0 || v->screen_h <= 0 || v->image_w <= 0 || v->image_h <= 0)
		return 1;
	return fmin((double)v->screen_w / v->image_w, (double)v->screen_h / v->image_h);
}

static double allowed_scale(const viewport *v, double scale)
{
	return fmin(fmax(scale, fmin(MIN_SCALE, fit_scale(v))), MAX_SCALE);
}

/* One axis: the origin so that at least a strip of the image lies on the screen. */
static double allowed_origin(double origin, double scale, int screen, int image)
{
	double strip = fmin(IN_SIGHT, fmin(screen / 2.0, image * scale)) / scale;
	double low = strip - screen / scale, high = image - strip;
	return fmin(fmax(origin, low), high);
}

static void keep_in_sight(viewport *v)
{
	v->x = allowed_origin(v->x, v->scale, v->screen_w, v->image_w);
	v->y = allowed_origin(v->y, v->scale, v->screen_h, v->image_h);
}

void viewport_init(viewport *v, int image_w, int image_h)
{
	*v = (viewport){.scale = 1, .image_w = image_w, .image_h = image_h};
}

static void centre_on(viewport *v, double ix, double iy)
{
	v->x = ix - v->screen_w / v->scale / 2;
	v->y = iy - v->screen_h / v->scale / 2;
	keep_in_sight(v);
}

void viewport_resize(viewport *v, int screen_w, int screen_h)
{
	bool first = v->screen_w <= 0 || v->screen_h <= 0;
	double ix = v->x + v->screen_w / v->scale / 2, iy = v->y + v->screen_h / v->scale / 2;
	v->screen_w = screen_w;
	v->screen_h = screen_h;
	if (screen_w <= 0 || screen_h <= 0)
		return;
	if (first) {
		viewport_fit(v);
		return;
	}
	v->scale = allowed_scale(v, v->scale);
	centre_on(v, ix, iy);
}

void viewport_fit(viewport *v)
{
	v->scale = fmin(fit_scale(v), MAX_SCALE);
	centre_on(v, v->image_w / 2.0, v->image_h / 2.0);
}

void viewport_zoom_at(viewport *v, double factor, double sx, double sy)
{
	double ix, iy;
	viewport_to_image(v, sx, sy, &ix, &iy);
	v->scale = allowed_scale(v, v->scale * factor);
	v->x = ix - sx / v->scale;
	v->y = iy - sy / v->scale;
	keep_in_sight(v);
}

void viewport_set_scale(viewport *v, double scale)
{
	viewport_zoom_at(v, scale / v->scale, v->screen_w / 2.0, v->screen_h / 2.0);
}

void viewport_look_at(viewport *v, double ix, double iy, double scale)
{
	if (scale > 0)
		v->scale = allowed_scale(v, scale);
	centre_on(v, ix, iy);
}

void viewport_pan(viewport *v, double dx, double dy)
{
	v->x -= dx / v->scale;
	v->y -= dy / v->scale;
	keep_in_sight(v);
}

void viewport_show(viewport *v, const raster_rect *area, double margin)
{
	double w = fmax(area->w, 1) * (1 + 2 * margin), h = fmax(area->h, 1) * (1 + 2 * margin);
	v->scale = allowed_scale(v, fmin(v->screen_w / w, v->screen_h / h));
	centre_on(v, area->x + area->w / 2.0, area->y + area->h / 2.0);
}

#define LEAST 96.0 /* image pixels around the smallest object */
#define AROUND 2.6 /* sides of the object: it takes two fifths of the view */

void viewport_show_object(viewport *v, const double extent[4])
{
	const double w = extent[2] - extent[0], h = extent[3] - extent[1];
	const double side = MAX(MAX(w, h) * AROUND, LEAST);
	const double x = (extent[0] + extent[2] - side) / 2, y = (extent[1] + extent[3] - side) / 2;
	const raster_rect area = {(int)x, (int)y, (int)side + 1, (int)side + 1};
	viewport_show(v, &area, 0);
}

void viewport_to_image(const viewport *v, double sx, double sy, double *ix, double *iy)
{
	*ix = v->x + sx / v->scale;
	*iy = v->y + sy / v->scale;
}

void viewport_to_screen(const viewport *v, double ix, double iy, double *sx, double *sy)
{
	*sx = (ix - v->x) * v->scale;
	*sy = (iy - v->y) * v->scale;
}

raster_rect viewport_visible(const viewport *v)
{
	double x0 = fmax(0, floor(v->x)), y0 = fmax(0, floor(v->y));
	double x1 = fmin(v->image_w, ceil(v->x + v->screen_w / v->scale));
	double y1 = fmin(v->image_h, ceil(v->y + v->screen_h / v->scale));
	if (x1 <= x0 || y1 <= y0)
		return (raster_rect){0, 0, 0, 0};
	return (raster_rect){(int)x0, (int)y0, (int)(x1 - x0), (int)(y1 - y0)};
}
