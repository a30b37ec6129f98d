/* Handles, frame and snap mark of the vertex tool. Kinds of snapping differ in form, not only in colour. */
#include <math.h>

#include "app/canvas/vertex-tool.h"

static const GdkRGBA white = {1, 1, 1, 1}, under = {0, 0, 0, 0.75f}, accent = {0.21f, 0.52f, 0.89f, 1};

static void to_screen(NadirCanvas *c, const struct vertex_tool *t, const double *p, double s[2])
{
	const double *m = t->matrix;
	viewport_to_screen(&c->view, m[0] * p[0] + m[1] * p[1] + m[2], m[3] * p[0] + m[4] * p[1] + m[5], &s[0], &s[1]);
}

static void line(cairo_t *cr, const GdkRGBA *color, double width)
{
	cairo_set_dash(cr, NULL, 0, 0);
	cairo_set_line_width(cr, width + 2);
	gdk_cairo_set_source_rgba(cr, &under);
	cairo_stroke_preserve(cr);
	cairo_set_line_width(cr, width);
	gdk_cairo_set_source_rgba(cr, color);
	cairo_stroke(cr);
}

/* The thinned outline, with what is being dragged. */
static void draw_outline(NadirCanvas *c, cairo_t *cr, const struct vertex_tool *t)
{
	const double *p = &g_array_index(t->shape->xy, double, 0);
	for (guint r = 0; r < t->shape->rings->len; r++) {
		const wkb_ring *ring = &g_array_index(t->shape->rings, wkb_ring, r);
		cairo_new_sub_path(cr);
		for (guint i = ring->first; i < ring->first + ring->n; i++) {
			double s[2];
			to_screen(c, t, p + 2 * (gsize)i, s);
			if (t->shown[i])
				cairo_line_to(cr, s[0], s[1]);
		}
		cairo_close_path(cr);
	}
	line(cr, &white, 1.2);
}

static void draw_handle(cairo_t *cr, double x, double y, double half, bool round, bool active)
{
	cairo_new_sub_path(cr);
	if (round)
		cairo_arc(cr, x, y, half, 0, 2 * G_PI);
	else
		cairo_rectangle(cr, x - half, y - half, 2 * half, 2 * half);
	gdk_cairo_set_source_rgba(cr, active ? &accent : &white);
	cairo_fill_preserve(cr);
	cairo_set_line_width(cr, 1.2);
	gdk_cairo_set_source_rgba(cr, &under);
	cairo_stroke(cr);
}

static void draw_vertices(NadirCanvas *c, cairo_t *cr, const struct vertex_tool *t)
{
	const double *p = &g_array_index(t->shape->xy, double, 0);
	for (guint i = 0; i < t->shape->xy->len / 2; i++) {
		double s[2];
		if (!t->shown[i])
			continue;
		to_screen(c, t, p + 2 * (gsize)i, s);
		if (s[0] > -10 && s[1] > -10 && s[0] < c->view.screen_w + 10 && s[1] < c->view.screen_h + 10)
			draw_handle(cr, s[0], s[1], (int)i == t->active ? 5.5 : 4, false, (int)i == t->active);
	}
}

static void draw_frame(NadirCanvas *c, cairo_t *cr, const struct vertex_tool *t)
{
	static const double dash[] = {3, 4};
	double a[2], b[2], top[2], turn[2];
	vertex_handle_at(t, c, 0, a);
	vertex_handle_at(t, c, 4, b);
	vertex_handle_at(t, c, 1, top);
	vertex_handle_at(t, c, HANDLE_TURN, turn);
	cairo_rectangle(cr, a[0], a[1], b[0] - a[0], b[1] - a[1]);
	cairo_move_to(cr, top[0], top[1]);
	cairo_line_to(cr, turn[0], turn[1]);
	cairo_set_line_width(cr, 2.4);
	gdk_cairo_set_source_rgba(cr, &(GdkRGBA){0, 0, 0, 0.4f});
	cairo_stroke_preserve(cr);
	cairo_set_dash(cr, dash, 2, 0);
	cairo_set_line_width(cr, 1);
	gdk_cairo_set_source_rgba(cr, &white);
	cairo_stroke(cr);
	cairo_set_dash(cr, NULL, 0, 0);
	for (int i = 0; i <= HANDLE_TURN; i++) {
		double s[2];
		vertex_handle_at(t, c, i, s);
		draw_handle(cr, s[0], s[1], i == HANDLE_TURN ? 5.5 : 4, true, i == t->handle);
	}
}

/* A square around a vertex, a cross on an edge, a bar at the image's edge. */
static void draw_snap(NadirCanvas *c, cairo_t *cr, const struct vertex_tool *t)
{
	double x, y;
	viewport_to_screen(&c->view, t->at[0], t->at[1], &x, &y);
	if (t->snapped == SNAP_VERTEX) {
		cairo_rectangle(cr, x - 9, y - 9, 18, 18);
	} else if (t->snapped == SNAP_EDGE) {
		cairo_move_to(cr, x - 9, y - 9);
		cairo_line_to(cr, x + 9, y + 9);
		cairo_move_to(cr, x + 9, y - 9);
		cairo_line_to(cr, x - 9, y + 9);
	} else {
		cairo_move_to(cr, x - 12, y);
		cairo_line_to(cr, x + 12, y);
		cairo_move_to(cr, x, y - 12);
		cairo_line_to(cr, x, y + 12);
		cairo_new_sub_path(cr);
		cairo_arc(cr, x, y, 7, 0, 2 * G_PI);
	}
	line(cr, &accent, 2);
}

void vertex_draw(NadirCanvas *c, cairo_t *cr)
{
	const struct vertex_tool *t = vertex_of(c);
	if (!t)
		return;
	draw_outline(c, cr, t);
	if (c->drag != DRAG_VERTEX)
		draw_frame(c, cr, t);
	draw_vertices(c, cr, t);
	if (t->snapped != SNAP_NONE)
		draw_snap(c, cr, t);
}
