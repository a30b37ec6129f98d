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
	gboolean placed; /* on the map, beside the canvas's image */
	double split;    /* of the width */
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
	self->placed = self->ref && georef_has_crs(self->ref) && georef_has_crs(g);
	if (self->placed)
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

/* The second image as the canvas sees its place on the map. */
typedef struct {
	viewport view;       /* of a sheet, level with the rows of the second image */
	cairo_matrix_t turn; /* offsets from the sheet's middle to offsets from the widget's */
} link_place;

#define SPAN 16         /* screen pixels over which the two images are compared */
#define SIDE_LIMIT 8192 /* screen pixels of the sheet: where one image is far more oblong than the other */

/* Second image pixels per pixel of the canvas's sheet, about its middle, which lies at (*x, *y). The tangent of the map
 * between the two: turned, mirrored and oblong pixels come out in place, the curvature of projections does not. */
static bool tangent(NadirSecondView *self, cairo_matrix_t *out, double *x, double *y)
{
	const viewport *v = nadir_canvas_get_viewport(self->canvas);
	double cx, cy;
	viewport_to_image(v, v->screen_w / 2.0, v->screen_h / 2.0, &cx, &cy);
	double p[2] = {cx, cy}, q[2] = {cx + SPAN / v->scale, cy}, r[2] = {cx, cy + SPAN / v->scale};
	if (!map_place(self, &p[0], &p[1]) || !map_place(self, &q[0], &q[1]) || !map_place(self, &r[0], &r[1]))
		return false;
	cairo_matrix_init(out, (q[0] - p[0]) / SPAN, (q[1] - p[1]) / SPAN, (r[0] - p[0]) / SPAN, (r[1] - p[1]) / SPAN, 0,
	                  0);
	*x = p[0];
	*y = p[1];
	if (self->placed)
		return true;
	const double level = sqrt(out->xx * out->yy); /* of pixels alone nothing is known but that they are square */
	cairo_matrix_init_scale(out, level, level);
	return true;
}

static bool make_link(NadirSecondView *self, link_place *out)
{
	const raster_info *info = raster_get_info(self->image);
	const int w = gtk_widget_get_width(GTK_WIDGET(self)), h = gtk_widget_get_height(GTK_WIDGET(self));
	cairo_matrix_t m, back;
	double x, y;
	if (!tangent(self, &m, &x, &y))
		return false;
	const double scale = 1 / sqrt(fabs(m.xx * m.yy - m.xy * m.yx));
	if (!isfinite(scale) || !(scale > 0))
		return false;
	cairo_matrix_init_rotate(&back, -turn_of(self));
	cairo_matrix_multiply(&back, &back, &m); /* the widget's offsets, in second image pixels, */
	cairo_matrix_scale(&back, scale, scale); /* on the sheet */
	out->turn = back;
	if (hypot(back.xx - 1, back.yy - 1) < 1e-6 && hypot(back.xy, back.yx) < 1e-6)
		cairo_matrix_init_identity(&out->turn); /* pixels stay sharp */
	else if (cairo_matrix_invert(&out->turn) != CAIRO_STATUS_SUCCESS)
		return false;
	const double sw = fabs(back.xx) * w + fabs(back.xy) * h, sh = fabs(back.yx) * w + fabs(back.yy) * h;
	out->view = (viewport){.scale = scale, .image_w = info->width, .image_h = info->height};
	out->view.screen_w = (int)ceil(MIN(sw, SIDE_LIMIT) - 1e-3);
	out->view.screen_h = (int)ceil(MIN(sh, SIDE_LIMIT) - 1e-3);
	out->view.x = x - out->view.screen_w / scale / 2;
	out->view.y = y - out->view.screen_h / scale / 2;
	return true;
}

/* --- drawing --- */

/* What is transparent shows the canvas's squares, not its ground. */
static void draw_checker(const viewport *view, GdkTexture *squares, cairo_t *cr)
{
	const int side = gdk_texture_get_width(squares);
	double x0, y0, x1, y1;
	cairo_surface_t *s = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, side, side);
	viewport_to_screen(view, 0, 0, &x0, &y0);
	viewport_to_screen(view, view->image_w, view->image_h, &x1, &y1);
	gdk_texture_download(squares, cairo_image_surface_get_data(s), (gsize)cairo_image_surface_get_stride(s));
	cairo_surface_mark_dirty(s);
	cairo_set_source_surface(cr, s, 0, 0);
	cairo_pattern_set_extend(cairo_get_source(cr), CAIRO_EXTEND_REPEAT);
	cairo_rectangle(cr, x0, y0, x1 - x0, y1 - y0);
	cairo_fill(cr);
	cairo_surface_destroy(s);
}

/* By cairo, since GSK's own transforms of 4.8 know no shear. */
static void draw_linked(NadirSecondView *self, const link_place *l, const tile_view *v, GtkSnapshot *snapshot)
{
	const int w = gtk_widget_get_width(GTK_WIDGET(self)), h = gtk_widget_get_height(GTK_WIDGET(self));
	cairo_t *cr = gtk_snapshot_append_cairo(snapshot, &GRAPHENE_RECT_INIT(0, 0, (float)w, (float)h));
	cairo_translate(cr, w / 2.0, h / 2.0);
	cairo_transform(cr, &l->turn);
	cairo_translate(cr, -l->view.screen_w / 2.0, -l->view.screen_h / 2.0);
	if (!v->opaque && v->known)
		draw_checker(&l->view, nadir_canvas_get_checker(self->canvas), cr);
	tile_view_draw(v, tile_draw, cr);
	cairo_destroy(cr);
}

/* With what would else be taken for a difference between the images. view: NULL when the places have nothing in common.
 */
static char *compose_title(NadirSecondView *self, const viewport *view)
{
	const raster_rect seen = view ? viewport_visible(view) : (raster_rect){0};
	if (seen.w <= 0 || seen.h <= 0)
		return g_strdup_printf(_("%s · does not reach here"), self->title);
	if (!self->placed && self->image != nadir_document_get_raster(nadir_canvas_get_document(self->canvas)))
		return g_strdup_printf(_("%s · no CRS in common: laid over by its size"), self->title);
	return g_strdup(self->title);
}

/* Above the bars along the lower edge; the upper one belongs to the navigator and to what is reviewed. */
static void draw_title(NadirSecondView *self, GtkSnapshot *snapshot, double x, const viewport *view)
{
	g_autofree char *title = compose_title(self, view);
	g_autoptr(PangoLayout) layout = gtk_widget_create_pango_layout(GTK_WIDGET(self), title);
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
	link_place l;
	tile_view v;
	if (w <= 0 || h <= 0 || !self->tiles)
		return;
	gtk_snapshot_push_clip(snapshot, &part);
	const GdkRGBA color = ground(widget);
	gtk_snapshot_append_color(snapshot, &color, &part);
	const bool linked = make_link(self, &l);
	if (linked &&
	    tile_view_begin(&v, self->tiles, raster_get_info(self->image), &l.view, gtk_widget_get_scale_factor(widget)))
		draw_linked(self, &l, &v, snapshot);
	draw_title(self, snapshot, x, linked ? &l.view : NULL);
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
