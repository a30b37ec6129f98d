/* What is being edited, over the objects: outlines that are not stored yet, dashed; the rubber band. */
#include "app/canvas/vertex-tool.h"
#include "app/edit/edit-search.h"

#include <math.h>

static const GdkRGBA under = {0, 0, 0, 0.65f}, white = {1, 1, 1, 1};

static void stroke_dashed(cairo_t *cr, const GdkRGBA *color, double width)
{
	static const double dash[] = {6, 4};
	cairo_set_dash(cr, NULL, 0, 0);
	cairo_set_line_width(cr, width + 2);
	gdk_cairo_set_source_rgba(cr, &under);
	cairo_stroke_preserve(cr);
	cairo_set_dash(cr, dash, 2, 0);
	cairo_set_line_width(cr, width);
	gdk_cairo_set_source_rgba(cr, color);
	cairo_stroke(cr);
}

static bool is_in_sight(NadirCanvas *c, const wkb_shape *s)
{
	const raster_rect area = viewport_visible(&c->view);
	double e[4];
	wkb_shape_extent(s, e);
	return e[0] <= area.x + area.w && e[1] <= area.y + area.h && e[2] >= area.x && e[3] >= area.y;
}

static void draw_ghosts(NadirCanvas *c, cairo_t *cr)
{
	for (guint i = 0; i < c->document->ghosts->len; i++) {
		const wkb_shape *s = c->document->ghosts->pdata[i];
		if (!is_in_sight(c, s))
			continue;
		canvas_trace(c, cr, s);
		stroke_dashed(cr, &white, 1.5);
	}
}

/* What a search found, as far as it counts: not stored, so dashed, and without a number. */
static void draw_found(NadirCanvas *c, cairo_t *cr)
{
	const guint n = nadir_document_n_counting(c->document);
	GPtrArray *found = nadir_document_get_found(c->document);
	cairo_set_fill_rule(cr, CAIRO_FILL_RULE_EVEN_ODD);
	for (guint i = 0; i < n; i++) {
		const wkb_shape *s = nadir_object_get_shape(found->pdata[i]);
		GdkRGBA color = overlay_class_color(c->document, nadir_object_get_feature(found->pdata[i])->class_name);
		if (!s || !is_in_sight(c, s))
			continue;
		canvas_trace(c, cr, s);
		color.alpha = (float)nadir_document_get_opacity(c->document) * 0.7f;
		gdk_cairo_set_source_rgba(cr, &color);
		cairo_fill_preserve(cr);
		color.alpha = 1;
		stroke_dashed(cr, &color, 1.3);
	}
}

static void draw_band(NadirCanvas *c, cairo_t *cr)
{
	const double *p = &g_array_index(c->stroke, double, 0);
	double x0, y0, x1, y1;
	if (c->stroke->len < 4)
		return;
	viewport_to_screen(&c->view, p[0], p[1], &x0, &y0);
	viewport_to_screen(&c->view, p[2], p[3], &x1, &y1);
	cairo_rectangle(cr, floor(MIN(x0, x1)) + 0.5, floor(MIN(y0, y1)) + 0.5, fabs(x1 - x0), fabs(y1 - y0));
	gdk_cairo_set_source_rgba(cr, &(GdkRGBA){1, 1, 1, 0.12f});
	cairo_fill_preserve(cr);
	stroke_dashed(cr, &white, 1);
}

void edit_overlay_snapshot(NadirCanvas *c, GtkSnapshot *snapshot)
{
	const bool found = c->document->proposed->len > 0 && !nadir_document_get_hidden(c->document);
	if (c->document->ghosts->len == 0 && c->drag != DRAG_BAND && !found && !vertex_of(c) && !c->cursor_shown)
		return;
	cairo_t *cr = gtk_snapshot_append_cairo(
		snapshot, &GRAPHENE_RECT_INIT(0, 0, (float)c->view.screen_w, (float)c->view.screen_h));
	cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
	if (found)
		draw_found(c, cr);
	draw_ghosts(c, cr);
	vertex_draw(c, cr);
	edit_cursor_draw(c, cr);
	if (c->drag == DRAG_BAND)
		draw_band(c, cr);
	cairo_destroy(cr);
}
