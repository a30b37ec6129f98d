/* Lines between image pixels, where these are large enough on the screen to be told apart. */
#include "app/canvas/canvas-private.h"

#include <math.h>

#define SMALLEST_PIXEL 12 /* screen pixels */

static void lines(NadirCanvas *c, cairo_t *cr, bool across, double x0, double y0, double x1, double y1)
{
	const viewport *v = &c->view;
	const raster_rect seen = viewport_visible(v);
	const int first = across ? seen.x : seen.y, last = first + (across ? seen.w : seen.h);
	for (int i = first; i <= last; i++) {
		const double at = canvas_snap(c, across ? (i - v->x) * v->scale : (i - v->y) * v->scale) + 0.5;
		cairo_move_to(cr, across ? at : x0, across ? y0 : at);
		cairo_line_to(cr, across ? at : x1, across ? y1 : at);
	}
}

/* A light line beside a dark one is seen on any ground. */
void canvas_grid_snapshot(NadirCanvas *c, GtkSnapshot *snapshot)
{
	const viewport *v = &c->view;
	double x0, y0, x1, y1;
	if (!c->grid || v->scale < SMALLEST_PIXEL)
		return;
	viewport_to_screen(v, 0, 0, &x0, &y0);
	viewport_to_screen(v, v->image_w, v->image_h, &x1, &y1);
	x0 = MAX(x0, 0);
	y0 = MAX(y0, 0);
	x1 = MIN(x1, v->screen_w);
	y1 = MIN(y1, v->screen_h);
	if (x1 <= x0 || y1 <= y0)
		return;
	const graphene_rect_t all = GRAPHENE_RECT_INIT((float)x0, (float)y0, (float)(x1 - x0), (float)(y1 - y0));
	cairo_t *cr = gtk_snapshot_append_cairo(snapshot, &all);
	cairo_set_antialias(cr, CAIRO_ANTIALIAS_NONE);
	cairo_set_line_width(cr, 1);
	lines(c, cr, true, x0, y0, x1, y1);
	lines(c, cr, false, x0, y0, x1, y1);
	cairo_set_source_rgba(cr, 0.5, 0.5, 0.5, 0.35);
	cairo_stroke(cr);
	cairo_destroy(cr);
}

void nadir_canvas_set_grid(NadirCanvas *c, bool grid)
{
	g_return_if_fail(NADIR_IS_CANVAS(c));
	c->grid = grid;
	gtk_widget_queue_draw(GTK_WIDGET(c));
}
