#include "app/canvas/canvas-review.h"

#include "app/canvas/canvas-private.h"

static void view_of(NadirCanvas *c, const raster_info *info, const double extent[4], viewport *v)
{
	viewport_init(v, info->width, info->height);
	/* Of the widget: a document that has just come has no view yet. */
	viewport_resize(v, MAX(gtk_widget_get_width(GTK_WIDGET(c)), 1), MAX(gtk_widget_get_height(GTK_WIDGET(c)), 1));
	viewport_show_object(v, extent);
}

void nadir_canvas_look_at_object(NadirCanvas *c, const double extent[4])
{
	g_return_if_fail(NADIR_IS_CANVAS(c));
	if (!c->document || gtk_widget_get_width(GTK_WIDGET(c)) <= 1)
		return;
	viewport v;
	view_of(c, raster_get_info(nadir_document_get_raster(c->document)), extent, &v);
	c->view = v;
	c->fresh = false;
	canvas_view_changed(c);
}

tile_next nadir_canvas_next_tiles(NadirCanvas *c, tile_cache *tiles, const raster_info *info, const double extent[4])
{
	viewport v;
	view_of(c, info, extent, &v);
	const int level = tile_cache_level(tiles, v.scale * gtk_widget_get_scale_factor(GTK_WIDGET(c)));
	return (tile_next){level, viewport_visible(&v)};
}

static tile_next next_here(NadirCanvas *c, const double extent[4])
{
	return nadir_canvas_next_tiles(c, c->tiles, raster_get_info(nadir_document_get_raster(c->document)), extent);
}

void nadir_canvas_want_next(NadirCanvas *c, const NadirCanvasNext *next, guint n)
{
	g_return_if_fail(NADIR_IS_CANVAS(c));
	g_autofree tile_next *wishes = g_new0(tile_next, n + 1);
	if (!c->tiles)
		return;
	for (guint i = 0; i < n; i++)
		wishes[i] = next_here(c, next[i].extent);
	tile_cache_want_next(c->tiles, wishes, n);
}

bool nadir_canvas_has(NadirCanvas *c, const double extent[4])
{
	g_return_val_if_fail(NADIR_IS_CANVAS(c), false);
	if (!c->tiles)
		return false;
	const tile_next wish = next_here(c, extent);
	return tile_cache_has(c->tiles, wish.level, &wish.area);
}

void nadir_canvas_set_reviewing(NadirCanvas *c, bool reviewing)
{
	g_return_if_fail(NADIR_IS_CANVAS(c));
	c->reviewing = reviewing;
	gtk_widget_queue_draw(GTK_WIDGET(c));
}

void nadir_canvas_set_before(NadirCanvas *c, wkb_shape *shape)
{
	g_return_if_fail(NADIR_IS_CANVAS(c));
	g_clear_pointer(&c->before, wkb_shape_free);
	c->before = shape;
	gtk_widget_queue_draw(GTK_WIDGET(c));
}

void canvas_review_snapshot(NadirCanvas *c, GtkSnapshot *snapshot)
{
	static const double dash[] = {7, 5};
	if (!c->before)
		return;
	cairo_t *cr = gtk_snapshot_append_cairo(
		snapshot, &GRAPHENE_RECT_INIT(0, 0, (float)c->view.screen_w, (float)c->view.screen_h));
	canvas_trace(c, cr, c->before);
	cairo_set_source_rgba(cr, 0, 0, 0, 0.7);
	cairo_set_line_width(cr, 4);
	cairo_stroke_preserve(cr);
	cairo_set_source_rgb(cr, 1, 1, 1);
	cairo_set_line_width(cr, 2);
	cairo_set_dash(cr, dash, G_N_ELEMENTS(dash), 0);
	cairo_stroke(cr);
	cairo_destroy(cr);
}
