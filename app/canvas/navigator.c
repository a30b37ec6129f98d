#include "app/canvas/navigator.h"

#include <glib/gi18n.h>

#define SIDE 176 /* of the larger side, screen pixels */

struct _NadirNavigator {
	GtkWidget parent_instance;
	NadirCanvas *canvas; /* a sibling that lives as long */
};

G_DEFINE_FINAL_TYPE(NadirNavigator, nadir_navigator, GTK_TYPE_WIDGET)

/* Screen pixels of the navigator per image pixel. */
static double scale_of(NadirNavigator *self)
{
	const viewport *v = nadir_canvas_get_viewport(self->canvas);
	return (double)SIDE / MAX(v->image_w, v->image_h);
}

static void nadir_navigator_measure(GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum,
                                    int *natural, int *minimum_baseline, int *natural_baseline)
{
	NadirNavigator *self = NADIR_NAVIGATOR(widget);
	const viewport *v = self->canvas ? nadir_canvas_get_viewport(self->canvas) : NULL;
	const int side = v ? (orientation == GTK_ORIENTATION_HORIZONTAL ? v->image_w : v->image_h) : 1;
	*minimum = *natural = v ? MAX(12, (int)(side * scale_of(self) + 0.5)) : SIDE;
}

/* What is outside of the view is dimmed as well, so that the frame is found on any ground. */
static void nadir_navigator_snapshot(GtkWidget *widget, GtkSnapshot *snapshot)
{
	NadirNavigator *self = NADIR_NAVIGATOR(widget);
	const int w = gtk_widget_get_width(widget), h = gtk_widget_get_height(widget);
	GdkTexture *cover = nadir_canvas_get_cover(self->canvas);
	if (!cover)
		return;
	const double s = scale_of(self);
	const raster_rect seen = viewport_visible(nadir_canvas_get_viewport(self->canvas));
	const float x = (float)(seen.x * s), y = (float)(seen.y * s);
	const float fw = MAX(4, (float)(seen.w * s)), fh = MAX(4, (float)(seen.h * s));
	gtk_snapshot_append_texture(snapshot, cover, &GRAPHENE_RECT_INIT(0, 0, w, h));
	const GdkRGBA dim = {0, 0, 0, 0.4f};
	gtk_snapshot_append_color(snapshot, &dim, &GRAPHENE_RECT_INIT(0, 0, w, y));
	gtk_snapshot_append_color(snapshot, &dim, &GRAPHENE_RECT_INIT(0, y + fh, w, MAX(0, h - y - fh)));
	gtk_snapshot_append_color(snapshot, &dim, &GRAPHENE_RECT_INIT(0, y, x, fh));
	gtk_snapshot_append_color(snapshot, &dim, &GRAPHENE_RECT_INIT(x + fw, y, MAX(0, w - x - fw), fh));
	cairo_t *cr = gtk_snapshot_append_cairo(snapshot, &GRAPHENE_RECT_INIT(0, 0, w, h));
	cairo_rectangle(cr, x + 0.5, y + 0.5, fw - 1, fh - 1);
	cairo_set_line_width(cr, 3);
	cairo_set_source_rgba(cr, 0, 0, 0, 0.7);
	cairo_stroke_preserve(cr);
	cairo_set_line_width(cr, 1.5);
	cairo_set_source_rgb(cr, 1, 1, 1);
	cairo_stroke(cr);
	cairo_destroy(cr);
}

static void go_to(NadirNavigator *self, double x, double y)
{
	const double s = scale_of(self);
	if (nadir_canvas_get_document(self->canvas))
		nadir_canvas_look_at(self->canvas, x / s, y / s, 0);
}

static void on_drag_begin(GtkGestureDrag *gesture, double x, double y, NadirNavigator *self)
{
	go_to(self, x, y);
}

static void on_drag_update(GtkGestureDrag *gesture, double dx, double dy, NadirNavigator *self)
{
	double x, y;
	gtk_gesture_drag_get_start_point(gesture, &x, &y);
	go_to(self, x + dx, y + dy);
}

/* The wheel zooms as it does on the image. */
static gboolean on_scroll(GtkEventControllerScroll *scroll, double dx, double dy, NadirNavigator *self)
{
	nadir_canvas_zoom(self->canvas, dy < 0 ? 1.25 : 0.8);
	return TRUE;
}

void nadir_navigator_set_canvas(NadirNavigator *self, NadirCanvas *canvas)
{
	g_return_if_fail(NADIR_IS_NAVIGATOR(self) && NADIR_IS_CANVAS(canvas) && !self->canvas);
	self->canvas = canvas;
	g_signal_connect_object(canvas, "view-changed", G_CALLBACK(gtk_widget_queue_draw), self, G_CONNECT_SWAPPED);
	g_signal_connect_object(canvas, "tiles-changed", G_CALLBACK(gtk_widget_queue_draw), self, G_CONNECT_SWAPPED);
}

static void nadir_navigator_class_init(NadirNavigatorClass *klass)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);
	widget_class->snapshot = nadir_navigator_snapshot;
	widget_class->measure = nadir_navigator_measure;
	gtk_widget_class_set_css_name(widget_class, "navigator");
	gtk_widget_class_set_accessible_role(widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void nadir_navigator_init(NadirNavigator *self)
{
	GtkGesture *drag = gtk_gesture_drag_new();
	g_signal_connect(drag, "drag-begin", G_CALLBACK(on_drag_begin), self);
	g_signal_connect(drag, "drag-update", G_CALLBACK(on_drag_update), self);
	gtk_widget_add_controller(GTK_WIDGET(self), GTK_EVENT_CONTROLLER(drag));
	GtkEventController *scroll = gtk_event_controller_scroll_new(GTK_EVENT_CONTROLLER_SCROLL_VERTICAL);
	g_signal_connect(scroll, "scroll", G_CALLBACK(on_scroll), self);
	gtk_widget_add_controller(GTK_WIDGET(self), scroll);
	gtk_widget_set_overflow(GTK_WIDGET(self), GTK_OVERFLOW_HIDDEN);
	gtk_accessible_update_property(GTK_ACCESSIBLE(self), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Navigator"), -1);
}
