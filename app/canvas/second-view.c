#include "app/canvas/second-view.h"

#include <glib/gi18n.h>
#include <math.h>

#include "app/canvas/turn.h"
#include "render/draw/tile-draw.h"

#define TILE_BYTES (48u << 20)
#define ABOVE_BARS 84 /* px */
#define GRIP 10       /* screen pixels beside the dividing line that grip it */

struct _NadirSecondView {
	GtkWidget parent_instance;

	NadirCanvas *canvas; /* owned */
	gboolean swipe;
	double split; /* of the width */
	char *title;

	/* Owned; NULL: nothing to show */
	raster *image;
	georef *ref;
	raster_style style;
	tile_cache *tiles;

	double from[2]; /* image position of the canvas's middle, or the split, where a drag began */
};

G_DEFINE_FINAL_TYPE(NadirSecondView, nadir_second_view, GTK_TYPE_WIDGET)

/* --- the link --- */

/* Where an image position of the canvas lies in the second image; false: nowhere. */
static gboolean map_place(NadirSecondView *self, double *x, double *y)
{
	g_return_val_if_fail(NADIR_IS_SECOND_VIEW(self), FALSE);
	NadirDocument *d = nadir_canvas_get_document(self->canvas);
	if (!d || !self->image)
		return FALSE;
	const georef *g = nadir_document_get_georef(d);
	if (self->ref && georef_has_crs(self->ref) && georef_has_crs(g))
		return georef_to_lonlat(g, 1, x, y, NULL) && georef_from_lonlat(self->ref, 1, x, y, NULL);
	const raster_info *a = raster_get_info(nadir_document_get_raster(d)), *b = raster_get_info(self->image);
	*x *= (double)b->width / a->width;
	*y *= (double)b->height / a->height;
	return TRUE;
}

static double turn_of(NadirSecondView *self)
{
	return nadir_canvas_get_turn(self->canvas) * G_PI / 180;
}

/* The second image under the same place at the same ground scale; north may lie elsewhere, that is left as it is. */
static bool make_viewport(NadirSecondView *self, viewport *out)
{
	const viewport *v = nadir_canvas_get_viewport(self->canvas);
	const raster_info *info = raster_get_info(self->image);
	double cx, cy;
	viewport_to_image(v, v->screen_w / 2.0, v->screen_h / 2.0, &cx, &cy);
	double p[2] = {cx, cy}, q[2] = {cx + 16 / v->scale, cy}, r[2] = {cx, cy + 16 / v->scale};
	if (!map_place(self, &p[0], &p[1]) || !map_place(self, &q[0], &q[1]) || !map_place(self, &r[0], &r[1]))
		return false;
	const double across = hypot(q[0] - p[0], q[1] - p[1]), down = hypot(r[0] - p[0], r[1] - p[1]);
	if (!(across > 0) || !(down > 0))
		return false;
	*out = (viewport){.scale = 16 / sqrt(across * down), .image_w = info->width, .image_h = info->height};
	turn_sheet_size(turn_of(self), gtk_widget_get_width(GTK_WIDGET(self)), gtk_widget_get_height(GTK_WIDGET(self)),
	                &out->screen_w, &out->screen_h);
	out->x = p[0] - out->screen_w / out->scale / 2;
	out->y = p[1] - out->screen_h / out->scale / 2;
	return true;
}

/* --- drawing --- */

/* Above the bars along the lower edge; the upper one belongs to the navigator and to what is reviewed. */
static void draw_title(NadirSecondView *self, GtkSnapshot *snapshot, double x)
{
	g_autoptr(PangoLayout) layout = gtk_widget_create_pango_layout(GTK_WIDGET(self), self->title);
	const double room = gtk_widget_get_width(GTK_WIDGET(self)) - x - 40;
	int w, h;
	if (room <= 0)
		return;
	pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_END);
	pango_layout_get_pixel_size(layout, &w, &h);
	pango_layout_set_width(layout, (int)MIN(room, w) * PANGO_SCALE);
	pango_layout_get_pixel_size(layout, &w, &h);
	const double y = gtk_widget_get_height(GTK_WIDGET(self)) - ABOVE_BARS - h;
	gtk_snapshot_append_color(snapshot, &(GdkRGBA){0.1f, 0.1f, 0.1f, 0.8f},
	                          &GRAPHENE_RECT_INIT((float)x + 12, (float)y - 4, (float)w + 16, (float)h + 8));
	gtk_snapshot_save(snapshot);
	gtk_snapshot_translate(snapshot, &GRAPHENE_POINT_INIT((float)x + 20, (float)y));
	gtk_snapshot_append_layout(snapshot, layout, &(GdkRGBA){1, 1, 1, 1});
	gtk_snapshot_restore(snapshot);
}

static void draw_divider(GtkSnapshot *snapshot, double x, int h)
{
	cairo_t *cr = gtk_snapshot_append_cairo(snapshot, &GRAPHENE_RECT_INIT((float)x - 14, 0, 28, h));
	cairo_set_source_rgba(cr, 0, 0, 0, 0.6);
	cairo_rectangle(cr, x - 2, 0, 4, h);
	cairo_fill(cr);
	cairo_set_source_rgb(cr, 1, 1, 1);
	cairo_rectangle(cr, x - 1, 0, 2, h);
	cairo_fill(cr);
	cairo_arc(cr, x, h / 2.0, 11, 0, 2 * G_PI);
	cairo_fill_preserve(cr);
	cairo_set_source_rgba(cr, 0, 0, 0, 0.6);
	cairo_set_line_width(cr, 1);
	cairo_stroke(cr);
	for (int side = -1; side <= 1; side += 2) {
		cairo_move_to(cr, x + side * 3, h / 2.0 - 4);
		cairo_line_to(cr, x + side * 7, h / 2.0);
		cairo_line_to(cr, x + side * 3, h / 2.0 + 4);
	}
	cairo_set_line_width(cr, 2);
	cairo_stroke(cr);
	cairo_destroy(cr);
}

/* As around the image in the canvas. */
static GdkRGBA ground(GtkWidget *widget)
{
	GdkRGBA color = {0.5f, 0.5f, 0.5f, 1};
	gtk_style_context_lookup_color(gtk_widget_get_style_context(widget), "window_bg_color", &color);
	return color;
}

static void nadir_second_view_snapshot(GtkWidget *widget, GtkSnapshot *snapshot)
{
	NadirSecondView *self = NADIR_SECOND_VIEW(widget);
	const int w = gtk_widget_get_width(widget), h = gtk_widget_get_height(widget);
	const double x = self->swipe ? round(self->split * w) : 0;
	const graphene_rect_t part = GRAPHENE_RECT_INIT((float)x, 0, (float)(w - x), h);
	viewport view;
	tile_view v;
	if (w <= 0 || h <= 0 || !self->tiles)
		return;
	gtk_snapshot_push_clip(snapshot, &part);
	const GdkRGBA color = ground(widget);
	gtk_snapshot_append_color(snapshot, &color, &part);
	if (make_viewport(self, &view) &&
	    tile_view_begin(&v, self->tiles, raster_get_info(self->image), &view, gtk_widget_get_scale_factor(widget))) {
		turn_push(turn_of(self), w, h, snapshot);
		cairo_t *cr =
			gtk_snapshot_append_cairo(snapshot, &GRAPHENE_RECT_INIT(0, 0, (float)view.screen_w, (float)view.screen_h));
		tile_view_draw(&v, tile_draw, cr);
		cairo_destroy(cr);
		gtk_snapshot_restore(snapshot);
	}
	draw_title(self, snapshot, x);
	gtk_snapshot_pop(snapshot);
	if (self->swipe)
		draw_divider(snapshot, x, h);
}

/* --- what a hand does --- */

/* In swipe mode only the line takes the pointer: all else is the canvas's. */
static gboolean nadir_second_view_contains(GtkWidget *widget, double x, double y)
{
	NadirSecondView *self = NADIR_SECOND_VIEW(widget);
	const int w = gtk_widget_get_width(widget), h = gtk_widget_get_height(widget);
	if (x < 0 || y < 0 || x >= w || y >= h)
		return FALSE;
	return !self->swipe || fabs(x - self->split * w) <= GRIP;
}

static void set_split(NadirSecondView *self, double split)
{
	g_return_if_fail(NADIR_IS_SECOND_VIEW(self));
	self->split = CLAMP(split, 0.02, 0.98);
	gtk_widget_queue_draw(GTK_WIDGET(self));
}

static void on_drag_begin(GtkGestureDrag *gesture, double x, double y, NadirSecondView *self)
{
	const viewport *v = nadir_canvas_get_viewport(self->canvas);
	if (self->swipe)
		self->from[0] = self->split;
	else
		viewport_to_image(v, v->screen_w / 2.0, v->screen_h / 2.0, &self->from[0], &self->from[1]);
}

static void on_drag_update(GtkGestureDrag *gesture, double dx, double dy, NadirSecondView *self)
{
	const double s = nadir_canvas_get_viewport(self->canvas)->scale;
	if (self->swipe)
		set_split(self, self->from[0] + dx / MAX(1, gtk_widget_get_width(GTK_WIDGET(self))));
	else {
		turn_vector_to_sheet(turn_of(self), &dx, &dy);
		nadir_canvas_look_at(self->canvas, self->from[0] - dx / s, self->from[1] - dy / s, 0);
	}
}

static gboolean on_scroll(GtkEventControllerScroll *scroll, double dx, double dy, NadirSecondView *self)
{
	if (dy != 0)
		nadir_canvas_zoom(self->canvas, dy < 0 ? 1.25 : 0.8);
	return TRUE;
}

static gboolean on_key(GtkEventControllerKey *controller, guint key, guint code, GdkModifierType state,
                       NadirSecondView *self)
{
	if (!self->swipe || (key != GDK_KEY_Left && key != GDK_KEY_Right))
		return FALSE;
	set_split(self, self->split + (key == GDK_KEY_Left ? -0.02 : 0.02));
	return TRUE;
}

/* --- life --- */

static void on_tiles(void *data)
{
	gtk_widget_queue_draw(GTK_WIDGET(data));
}

static void clear(NadirSecondView *self)
{
	g_clear_pointer(&self->tiles, tile_cache_free);
	g_clear_pointer(&self->image, raster_unref);
	g_clear_pointer(&self->ref, georef_free);
	g_clear_pointer(&self->title, g_free);
}

raster *nadir_second_view_get_image(NadirSecondView *self, raster_style *style, char **title)
{
	g_return_val_if_fail(NADIR_IS_SECOND_VIEW(self) && self->image, NULL);
	*style = self->style;
	*title = g_strdup(self->title);
	return raster_ref(self->image);
}

void nadir_second_view_set_image(NadirSecondView *self, raster *image, const raster_style *style, const char *title)
{
	g_return_if_fail(NADIR_IS_SECOND_VIEW(self) && image && style);
	raster_ref(image);
	clear(self);
	self->image = image;
	self->ref = georef_new(raster_get_info(image), NULL);
	self->style = *style;
	self->title = g_strdup(title);
	self->tiles = tile_cache_new(image, style, TILE_BYTES, tile_surface_free, on_tiles, self);
	gtk_accessible_update_property(GTK_ACCESSIBLE(self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, title, -1);
	gtk_widget_queue_draw(GTK_WIDGET(self));
}

static void nadir_second_view_dispose(GObject *object)
{
	NadirSecondView *self = NADIR_SECOND_VIEW(object);
	clear(self);
	g_clear_object(&self->canvas);
	G_OBJECT_CLASS(nadir_second_view_parent_class)->dispose(object);
}

static void nadir_second_view_class_init(NadirSecondViewClass *klass)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);
	G_OBJECT_CLASS(klass)->dispose = nadir_second_view_dispose;
	widget_class->snapshot = nadir_second_view_snapshot;
	widget_class->contains = nadir_second_view_contains;
	gtk_widget_class_set_css_name(widget_class, "second-view");
	gtk_widget_class_set_accessible_role(widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void nadir_second_view_init(NadirSecondView *self)
{
	self->split = 0.5;
	gtk_widget_set_hexpand(GTK_WIDGET(self), TRUE);
	gtk_widget_set_vexpand(GTK_WIDGET(self), TRUE);
	gtk_widget_set_focusable(GTK_WIDGET(self), TRUE);
	gtk_widget_set_overflow(GTK_WIDGET(self), GTK_OVERFLOW_HIDDEN);
	gtk_accessible_update_property(GTK_ACCESSIBLE(self), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Second view"), -1);
	GtkGesture *drag = gtk_gesture_drag_new();
	g_signal_connect(drag, "drag-begin", G_CALLBACK(on_drag_begin), self);
	g_signal_connect(drag, "drag-update", G_CALLBACK(on_drag_update), self);
	gtk_widget_add_controller(GTK_WIDGET(self), GTK_EVENT_CONTROLLER(drag));
	GtkEventController *scroll = gtk_event_controller_scroll_new(GTK_EVENT_CONTROLLER_SCROLL_VERTICAL);
	g_signal_connect(scroll, "scroll", G_CALLBACK(on_scroll), self);
	gtk_widget_add_controller(GTK_WIDGET(self), scroll);
	GtkEventController *keys = gtk_event_controller_key_new();
	g_signal_connect(keys, "key-pressed", G_CALLBACK(on_key), self);
	gtk_widget_add_controller(GTK_WIDGET(self), keys);
}

GtkWidget *nadir_second_view_new(NadirCanvas *canvas, gboolean swipe)
{
	NadirSecondView *self = g_object_new(NADIR_TYPE_SECOND_VIEW, NULL);
	self->canvas = g_object_ref(canvas);
	self->swipe = swipe;
	gtk_widget_set_cursor_from_name(GTK_WIDGET(self), swipe ? "col-resize" : "grab");
	g_signal_connect_object(canvas, "view-changed", G_CALLBACK(gtk_widget_queue_draw), self, G_CONNECT_SWAPPED);
	return GTK_WIDGET(self);
}
