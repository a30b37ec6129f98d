/* The canvas widget: what it owns, its interface, and the order in which a frame is drawn. */
#include "app/canvas/vertex-tool.h"

#include <glib/gi18n.h>
#include <math.h>

#include "app/canvas/canvas-review.h"
#include "app/canvas/chat-overlay.h"
#include "app/settings.h"

enum { SIGNAL_VIEW, SIGNAL_POINTER, SIGNAL_TOOL, N_CANVAS_SIGNALS };
static guint signals[N_CANVAS_SIGNALS];

G_DEFINE_FINAL_TYPE(NadirCanvas, nadir_canvas, GTK_TYPE_WIDGET)

/* --- accessibility --- */

/* The canvas speaks of what is selected; every object has a row of its own in the list. */
static void update_accessible(NadirCanvas *c)
{
	g_autofree char *description = NULL;
	g_autofree char *label =
		c->document ? g_strdup_printf(_("Image %s"), nadir_document_get_title(c->document)) : g_strdup(_("No image"));
	NadirObject *o = c->document ? nadir_document_get_selected(c->document) : NULL;
	if (o) {
		const feature *f = nadir_object_get_feature(o);
		g_autofree char *area = nadir_format_area(f->area_m2, f->area_px);
		/* Translators: number, class, area and state of the selected object. */
		description = g_strdup_printf(_("Selected object %" G_GINT64_FORMAT ": %s, %s, %s"), f->id, f->class_name, area,
		                              f->state);
	} else {
		const guint n = c->document ? g_list_model_get_n_items(nadir_document_get_objects(c->document)) : 0;
		description = g_strdup_printf(ngettext("%u object, none selected", "%u objects, none selected", n), n);
	}
	gtk_accessible_update_property(GTK_ACCESSIBLE(c), GTK_ACCESSIBLE_PROPERTY_LABEL, label,
	                               GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, description, -1);
}

/* --- the view --- */

void canvas_view_changed(NadirCanvas *c)
{
	c->fitted = false;
	gtk_widget_queue_draw(GTK_WIDGET(c));
	g_signal_emit(c, signals[SIGNAL_VIEW], 0);
}

double canvas_snap(NadirCanvas *c, double s)
{
	const int f = gtk_widget_get_scale_factor(GTK_WIDGET(c));
	return round(s * f) / f;
}

void canvas_trace(NadirCanvas *c, cairo_t *cr, const wkb_shape *s)
{
	for (guint r = 0; r < s->rings->len; r++) {
		const wkb_ring *ring = &g_array_index(s->rings, wkb_ring, r);
		const double *p = &g_array_index(s->xy, double, 2 * (gsize)ring->first);
		cairo_new_sub_path(cr);
		for (guint i = 0; i < ring->n; i++) {
			double x, y;
			viewport_to_screen(&c->view, p[2 * (gsize)i], p[2 * (gsize)i + 1], &x, &y);
			cairo_line_to(cr, x, y);
		}
		cairo_close_path(cr);
	}
}

void canvas_to_sheet(NadirCanvas *c, double *x, double *y)
{
	turn_to_sheet(c->turn, gtk_widget_get_width(GTK_WIDGET(c)), gtk_widget_get_height(GTK_WIDGET(c)), x, y);
}

void nadir_canvas_to_image(NadirCanvas *c, double x, double y, double *ix, double *iy)
{
	g_return_if_fail(NADIR_IS_CANVAS(c));
	canvas_to_sheet(c, &x, &y);
	viewport_to_image(&c->view, x, y, ix, iy);
}

void nadir_canvas_from_image(NadirCanvas *c, double ix, double iy, double *x, double *y)
{
	g_return_if_fail(NADIR_IS_CANVAS(c));
	viewport_to_screen(&c->view, ix, iy, x, y);
	turn_from_sheet(c->turn, gtk_widget_get_width(GTK_WIDGET(c)), gtk_widget_get_height(GTK_WIDGET(c)), x, y);
}

/* What just fitted the sheet shall fit the widget. */
static void shrink_to_widget(NadirCanvas *c, double w, double h)
{
	const int ww = gtk_widget_get_width(GTK_WIDGET(c)), wh = gtk_widget_get_height(GTK_WIDGET(c));
	if (c->turn != 0 && ww > 0 && wh > 0)
		viewport_set_scale(&c->view, c->view.scale * turn_fit(c->turn, ww, wh, w, h));
}

static void fit(NadirCanvas *c)
{
	viewport_fit(&c->view);
	shrink_to_widget(c, c->view.image_w, c->view.image_h);
}

void nadir_canvas_set_turn(NadirCanvas *c, double degrees)
{
	g_return_if_fail(NADIR_IS_CANVAS(c));
	const int w = gtk_widget_get_width(GTK_WIDGET(c)), h = gtk_widget_get_height(GTK_WIDGET(c));
	const bool fitted = c->fitted;
	int sw, sh;
	tool_abort(c); /* what is being drawn lies on the old sheet */
	c->turn = remainder(degrees, 360) * G_PI / 180;
	c->inside = false; /* until the pointer moves */
	turn_sheet_size(c->turn, w, h, &sw, &sh);
	if (w > 0 && h > 0)
		viewport_resize(&c->view, sw, sh);
	canvas_view_changed(c);
	if (fitted)
		nadir_canvas_fit(c);
}

double nadir_canvas_get_turn(NadirCanvas *c)
{
	g_return_val_if_fail(NADIR_IS_CANVAS(c), 0);
	return c->turn * 180 / G_PI;
}

const viewport *nadir_canvas_get_viewport(NadirCanvas *c)
{
	g_return_val_if_fail(NADIR_IS_CANVAS(c), NULL);
	return &c->view;
}

void nadir_canvas_zoom(NadirCanvas *c, double factor)
{
	g_return_if_fail(NADIR_IS_CANVAS(c) && factor > 0);
	const double sx = c->inside ? c->pointer[0] : c->view.screen_w / 2.0;
	const double sy = c->inside ? c->pointer[1] : c->view.screen_h / 2.0;
	viewport_zoom_at(&c->view, factor, sx, sy);
	canvas_view_changed(c);
}

void nadir_canvas_zoom_to(NadirCanvas *c, double scale)
{
	g_return_if_fail(NADIR_IS_CANVAS(c) && scale > 0);
	viewport_set_scale(&c->view, scale);
	canvas_view_changed(c);
}

void nadir_canvas_fit(NadirCanvas *c)
{
	g_return_if_fail(NADIR_IS_CANVAS(c));
	fit(c);
	canvas_view_changed(c);
	c->fitted = true;
}

void nadir_canvas_look_at(NadirCanvas *c, double ix, double iy, double scale)
{
	g_return_if_fail(NADIR_IS_CANVAS(c));
	viewport_look_at(&c->view, ix, iy, scale);
	canvas_view_changed(c);
}

void nadir_canvas_show_object(NadirCanvas *c, NadirObject *o)
{
	g_return_if_fail(NADIR_IS_CANVAS(c) && NADIR_IS_OBJECT(o));
	raster_rect bounds;
	if (!nadir_object_get_bounds(o, &bounds))
		return;
	viewport_show(&c->view, &bounds, 0.25);
	shrink_to_widget(c, bounds.w, bounds.h);
	canvas_view_changed(c);
}

bool nadir_canvas_get_pointer(NadirCanvas *c, double *x, double *y)
{
	g_return_val_if_fail(NADIR_IS_CANVAS(c), false);
	if (!c->inside || !c->document)
		return false;
	viewport_to_image(&c->view, c->pointer[0], c->pointer[1], x, y);
	return true;
}

/* --- the document --- */

static void on_selection(NadirCanvas *c)
{
	update_accessible(c);
	gtk_widget_queue_draw(GTK_WIDGET(c));
}

static void on_preview(NadirCanvas *c)
{
	overlay_forget(c);
	gtk_widget_queue_draw(GTK_WIDGET(c));
}

static void on_style(NadirCanvas *c)
{
	if (c->tiles)
		tile_cache_set_style(c->tiles, nadir_document_get_style(c->document));
	gtk_widget_queue_draw(GTK_WIDGET(c));
}

static void on_tool_needs(NadirCanvas *c)
{
	canvas_update_cursor(c);
	gtk_widget_queue_draw(GTK_WIDGET(c));
}

static void connect_signals(NadirCanvas *c)
{
	static const struct {
		const char *name;
		GCallback handler;
	} table[] = {
		{"style-changed", G_CALLBACK(on_style)},         {"preview-changed", G_CALLBACK(on_preview)},
		{"selection-changed", G_CALLBACK(on_selection)}, {"classes-changed", G_CALLBACK(gtk_widget_queue_draw)},
		{"settings-changed", G_CALLBACK(on_tool_needs)}, {"busy-changed", G_CALLBACK(gtk_widget_queue_draw)},
	};
	c->document_signals = g_signal_group_new(NADIR_TYPE_DOCUMENT);
	for (guint i = 0; i < G_N_ELEMENTS(table); i++)
		g_signal_group_connect_swapped(c->document_signals, table[i].name, table[i].handler, c);
	c->list_signals = g_signal_group_new(G_TYPE_LIST_MODEL);
	g_signal_group_connect_swapped(c->list_signals, "items-changed", G_CALLBACK(overlay_crowd_note), c);
	g_signal_group_connect_swapped(c->list_signals, "items-changed", G_CALLBACK(on_selection), c);
	c->unstored_signals = g_signal_group_new(G_TYPE_LIST_MODEL);
	g_signal_group_connect_swapped(c->unstored_signals, "items-changed", G_CALLBACK(gtk_widget_queue_draw), c);
}

void nadir_canvas_set_document(NadirCanvas *c, NadirDocument *d)
{
	g_return_if_fail(NADIR_IS_CANVAS(c));
	if (c->document == d)
		return;
	tool_abort(c);
	overlay_forget_all(c);
	g_set_object(&c->document, d);
	g_signal_group_set_target(c->document_signals, d);
	g_signal_group_set_target(c->list_signals, d ? nadir_document_get_objects(d) : NULL);
	g_signal_group_set_target(c->unstored_signals, d ? nadir_document_get_unstored(d) : NULL);
	canvas_tiles_reset(c);
	const raster_info *info = d ? raster_get_info(nadir_document_get_raster(d)) : NULL;
	viewport_init(&c->view, info ? info->width : 1, info ? info->height : 1);
	c->fresh = true;
	gtk_widget_queue_resize(GTK_WIDGET(c));
	update_accessible(c);
	canvas_update_cursor(c);
	canvas_view_changed(c);
}

NadirDocument *nadir_canvas_get_document(NadirCanvas *c)
{
	g_return_val_if_fail(NADIR_IS_CANVAS(c), NULL);
	return c->document;
}

/* --- tools --- */

NadirTool nadir_canvas_get_tool(NadirCanvas *c)
{
	g_return_val_if_fail(NADIR_IS_CANVAS(c), NADIR_TOOL_SELECT);
	return c->tool;
}

void nadir_canvas_set_tool(NadirCanvas *c, NadirTool tool)
{
	g_return_if_fail(NADIR_IS_CANVAS(c));
	if (c->tool == tool)
		return;
	tool_abort(c);
	c->tool = tool;
	canvas_update_cursor(c);
	canvas_hover(c);
	gtk_widget_queue_draw(GTK_WIDGET(c));
	g_signal_emit(c, signals[SIGNAL_TOOL], 0);
}

double nadir_canvas_get_brush_radius(NadirCanvas *c)
{
	g_return_val_if_fail(NADIR_IS_CANVAS(c), 0);
	return c->brush_radius;
}

void nadir_canvas_set_brush_radius(NadirCanvas *c, double image_pixels)
{
	g_return_if_fail(NADIR_IS_CANVAS(c));
	c->brush_radius = CLAMP(image_pixels, 0.5, 2048);
	gtk_widget_queue_draw(GTK_WIDGET(c));
}

/* --- the widget --- */

static gboolean draw_again(GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
	gtk_widget_queue_draw(widget);
	return G_SOURCE_REMOVE;
}

static void nadir_canvas_snapshot(GtkWidget *widget, GtkSnapshot *snapshot)
{
	NadirCanvas *c = NADIR_CANVAS(widget);
	const int w = gtk_widget_get_width(widget), h = gtk_widget_get_height(widget);
	if (!c->document || w <= 0 || h <= 0)
		return;
	c->frame++;
	c->unfinished = false;
	gtk_snapshot_push_clip(snapshot, &GRAPHENE_RECT_INIT(0, 0, w, h));
	turn_push(c->turn, w, h, snapshot);
	canvas_tiles_snapshot(c, snapshot);
	canvas_grid_snapshot(c, snapshot);
	overlay_snapshot_objects(c, snapshot);
	canvas_review_snapshot(c, snapshot);
	chat_overlay_snapshot(c, snapshot);
	edit_overlay_snapshot(c, snapshot);
	overlay_snapshot_preview(c, snapshot);
	overlay_snapshot_marks(c, snapshot);
	gtk_snapshot_restore(snapshot);
	overlay_snapshot_label(c, snapshot);
	gtk_snapshot_pop(snapshot);
	if (c->unfinished)
		gtk_widget_add_tick_callback(widget, draw_again, NULL, NULL);
}

static void nadir_canvas_size_allocate(GtkWidget *widget, int width, int height, int baseline)
{
	NadirCanvas *c = NADIR_CANVAS(widget);
	int w, h;
	turn_sheet_size(c->turn, width, height, &w, &h);
	const bool same = w == c->view.screen_w && h == c->view.screen_h;
	if (same && !c->fresh)
		return;
	viewport_resize(&c->view, w, h);
	/* A view that was fitted stays fitted until somebody moves it. */
	if (c->document && (c->fitted || c->fresh)) {
		fit(c);
		c->fitted = true;
		c->fresh = false;
	}
	g_signal_emit(c, signals[SIGNAL_VIEW], 0);
}

static void nadir_canvas_measure(GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum,
                                 int *natural, int *minimum_baseline, int *natural_baseline)
{
	*minimum = 64;
	*natural = orientation == GTK_ORIENTATION_HORIZONTAL ? 800 : 600;
}

static void nadir_canvas_dispose(GObject *object)
{
	NadirCanvas *c = NADIR_CANVAS(object);
	nadir_canvas_set_document(c, NULL);
	g_clear_handle_id(&c->hover_source, g_source_remove);
	g_clear_object(&c->chat_signals);
	g_clear_object(&c->chat);
	g_clear_object(&c->document_signals);
	g_clear_object(&c->list_signals);
	g_clear_object(&c->unstored_signals);
	g_clear_object(&c->checker[0]);
	g_clear_object(&c->checker[1]);
	G_OBJECT_CLASS(nadir_canvas_parent_class)->dispose(object);
}

static void nadir_canvas_finalize(GObject *object)
{
	NadirCanvas *c = NADIR_CANVAS(object);
	g_hash_table_unref(c->blocks);
	g_hash_table_unref(c->shapes);
	overlay_crowd_finalize(c);
	g_clear_pointer(&c->before, wkb_shape_free);
	g_array_unref(c->stroke);
	g_array_unref(c->pressures);
	g_array_unref(c->polygon);
	vertex_free(c);
	G_OBJECT_CLASS(nadir_canvas_parent_class)->finalize(object);
}

static void nadir_canvas_class_init(NadirCanvasClass *klass)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);
	G_OBJECT_CLASS(klass)->dispose = nadir_canvas_dispose;
	G_OBJECT_CLASS(klass)->finalize = nadir_canvas_finalize;
	widget_class->snapshot = nadir_canvas_snapshot;
	widget_class->measure = nadir_canvas_measure;
	widget_class->size_allocate = nadir_canvas_size_allocate;
	gtk_widget_class_set_css_name(widget_class, "canvas");
	gtk_widget_class_set_accessible_role(widget_class, GTK_ACCESSIBLE_ROLE_IMG);
	signals[SIGNAL_VIEW] =
		g_signal_new("view-changed", NADIR_TYPE_CANVAS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
	g_signal_new("tiles-changed", NADIR_TYPE_CANVAS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
	signals[SIGNAL_POINTER] = g_signal_new("pointer-moved", NADIR_TYPE_CANVAS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
	                                       G_TYPE_NONE, 2, G_TYPE_DOUBLE, G_TYPE_DOUBLE);
	signals[SIGNAL_TOOL] =
		g_signal_new("tool-changed", NADIR_TYPE_CANVAS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void nadir_canvas_init(NadirCanvas *c)
{
	c->tool = NADIR_TOOL_SELECT;
	c->grid = true;
	c->brush_radius = 6;
	c->stroke = g_array_new(FALSE, FALSE, sizeof(double));
	c->pressures = g_array_new(FALSE, FALSE, sizeof(double));
	c->pressure = -1;
	c->polygon = g_array_new(FALSE, FALSE, sizeof(double));
	viewport_init(&c->view, 1, 1);
	canvas_tiles_init(c);
	overlay_init(c);
	canvas_input_init(c);
	connect_signals(c);
	gtk_widget_set_focusable(GTK_WIDGET(c), TRUE);
	gtk_widget_set_hexpand(GTK_WIDGET(c), TRUE);
	gtk_widget_set_vexpand(GTK_WIDGET(c), TRUE);
	gtk_widget_set_overflow(GTK_WIDGET(c), GTK_OVERFLOW_HIDDEN);
	update_accessible(c);
}

GtkWidget *nadir_canvas_new(void)
{
	return g_object_new(NADIR_TYPE_CANVAS, NULL);
}
