#include "app/canvas/measure.h"

#include <glib/gi18n.h>
#include <math.h>

#include "app/settings.h"

#define SLOP 6 /* screen pixels a click may wander before it is a drag of the view */

struct _NadirMeasure {
	GtkWidget parent_instance;

	NadirCanvas *canvas; /* a sibling that lives as long */
	GArray *points;      /* of double pairs, image pixels */
	gboolean active;
	gboolean finished; /* the next click begins anew */
	gboolean hovering;
	double hover[2]; /* image pixels */
	gboolean pressed;
	double press[2]; /* on the canvas */
};

G_DEFINE_FINAL_TYPE(NadirMeasure, nadir_measure, GTK_TYPE_WIDGET)

/* --- numbers --- */

static char *length_text(NadirMeasure *self, const double *xy, guint n)
{
	NadirDocument *d = nadir_canvas_get_document(self->canvas);
	const double metres = d ? georef_length_m(nadir_document_get_georef(d), xy, n) : NAN;
	double pixels = 0;
	if (isfinite(metres))
		return nadir_format_length(metres);
	for (guint i = 0; i + 1 < n; i++)
		pixels += hypot(xy[2 * i + 2] - xy[2 * i], xy[2 * i + 3] - xy[2 * i + 1]);
	return g_strdup_printf(_("%.1f px"), pixels);
}

static char *area_text(NadirMeasure *self, const double *xy, guint n)
{
	NadirDocument *d = nadir_canvas_get_document(self->canvas);
	const double metres = d ? georef_ring_area_m2(nadir_document_get_georef(d), xy, n) : NAN;
	double twice = 0;
	for (guint i = 0; i < n; i++) {
		const guint k = (i + 1) % n;
		twice += xy[2 * i] * xy[2 * k + 1] - xy[2 * k] * xy[2 * i + 1];
	}
	return nadir_format_area(metres, (gint64)llround(fabs(twice) / 2));
}

/* The corners and, while there is more to come, the pointer. */
static GArray *line_now(NadirMeasure *self)
{
	GArray *line = g_array_copy(self->points);
	if (self->active && self->hovering && !self->finished && line->len > 0)
		g_array_append_vals(line, self->hover, 2);
	return line;
}

char *nadir_measure_get_text(NadirMeasure *self)
{
	g_return_val_if_fail(NADIR_IS_MEASURE(self), NULL);
	g_autoptr(GArray) line = line_now(self);
	const double *xy = (const double *)(const void *)line->data;
	const guint n = line->len / 2;
	if (n < 2)
		return NULL;
	g_autofree char *length = length_text(self, xy, n);
	if (n < 3)
		return g_steal_pointer(&length);
	g_autofree char *area = area_text(self, xy, n);
	return g_strdup_printf("%s · %s", length, area);
}

/* --- drawing --- */

static void path(NadirMeasure *self, cairo_t *cr, const GArray *line)
{
	for (guint i = 0; i + 1 < line->len; i += 2) {
		double x, y;
		nadir_canvas_from_image(self->canvas, g_array_index(line, double, i), g_array_index(line, double, i + 1), &x,
		                        &y);
		cairo_line_to(cr, x, y);
	}
}

static void draw_line(NadirMeasure *self, cairo_t *cr, const GArray *line)
{
	static const double dash[] = {6, 4};
	path(self, cr, line);
	if (line->len >= 6) {
		cairo_set_source_rgba(cr, 1, 0.8, 0.1, 0.18);
		cairo_fill_preserve(cr);
	}
	cairo_new_path(cr);
	path(self, cr, line);
	cairo_set_line_width(cr, 4);
	cairo_set_source_rgba(cr, 0, 0, 0, 0.6);
	cairo_stroke_preserve(cr);
	cairo_set_line_width(cr, 2);
	cairo_set_source_rgb(cr, 1, 0.8, 0.1);
	cairo_stroke(cr);
	if (line->len < 6)
		return;
	/* What closes the area is no part of the length. */
	double x0, y0, x1, y1;
	nadir_canvas_from_image(self->canvas, g_array_index(line, double, 0), g_array_index(line, double, 1), &x0, &y0);
	nadir_canvas_from_image(self->canvas, g_array_index(line, double, line->len - 2),
	                        g_array_index(line, double, line->len - 1), &x1, &y1);
	cairo_move_to(cr, x0, y0);
	cairo_line_to(cr, x1, y1);
	cairo_set_dash(cr, dash, 2, 0);
	cairo_set_line_width(cr, 1.5);
	cairo_set_source_rgba(cr, 1, 0.8, 0.1, 0.9);
	cairo_stroke(cr);
	cairo_set_dash(cr, NULL, 0, 0);
}

static void draw_corners(NadirMeasure *self, cairo_t *cr)
{
	for (guint i = 0; i + 1 < self->points->len; i += 2) {
		double x, y;
		nadir_canvas_from_image(self->canvas, g_array_index(self->points, double, i),
		                        g_array_index(self->points, double, i + 1), &x, &y);
		cairo_arc(cr, x, y, 4.5, 0, 2 * G_PI);
		cairo_set_source_rgba(cr, 0, 0, 0, 0.7);
		cairo_fill(cr);
		cairo_arc(cr, x, y, 3, 0, 2 * G_PI);
		cairo_set_source_rgb(cr, 1, 1, 1);
		cairo_fill(cr);
	}
}

static void draw_text(NadirMeasure *self, GtkSnapshot *snapshot, const GArray *line)
{
	g_autofree char *text = nadir_measure_get_text(self);
	if (!text)
		return;
	g_autoptr(PangoLayout) layout = gtk_widget_create_pango_layout(GTK_WIDGET(self), text);
	double x, y;
	int w, h;
	pango_layout_get_pixel_size(layout, &w, &h);
	nadir_canvas_from_image(self->canvas, g_array_index(line, double, line->len - 2),
	                        g_array_index(line, double, line->len - 1), &x, &y);
	x = CLAMP(x + 14, 4, MAX(4, gtk_widget_get_width(GTK_WIDGET(self)) - w - 20));
	y = CLAMP(y + 14, 4, MAX(4, gtk_widget_get_height(GTK_WIDGET(self)) - h - 16));
	gtk_snapshot_append_color(snapshot, &(GdkRGBA){0.1f, 0.1f, 0.1f, 0.85f},
	                          &GRAPHENE_RECT_INIT((float)x, (float)y, (float)(w + 12), (float)(h + 6)));
	gtk_snapshot_save(snapshot);
	gtk_snapshot_translate(snapshot, &GRAPHENE_POINT_INIT((float)x + 6, (float)y + 3));
	gtk_snapshot_append_layout(snapshot, layout, &(GdkRGBA){1, 1, 1, 1});
	gtk_snapshot_restore(snapshot);
}

static void nadir_measure_snapshot(GtkWidget *widget, GtkSnapshot *snapshot)
{
	NadirMeasure *self = NADIR_MEASURE(widget);
	if (!self->active || self->points->len == 0 || !nadir_canvas_get_document(self->canvas))
		return;
	g_autoptr(GArray) line = line_now(self);
	const graphene_rect_t all = GRAPHENE_RECT_INIT(0, 0, gtk_widget_get_width(widget), gtk_widget_get_height(widget));
	cairo_t *cr = gtk_snapshot_append_cairo(snapshot, &all);
	cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
	draw_line(self, cr, line);
	draw_corners(self, cr);
	cairo_destroy(cr);
	draw_text(self, snapshot, line);
}

/* --- what is done --- */

/* Screen readers get the numbers as the description. */
static void changed(NadirMeasure *self)
{
	g_autofree char *text = nadir_measure_get_text(self);
	gtk_accessible_update_property(GTK_ACCESSIBLE(self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text ? text : "", -1);
	gtk_widget_queue_draw(GTK_WIDGET(self));
}

void nadir_measure_add(NadirMeasure *self, double x, double y)
{
	g_return_if_fail(NADIR_IS_MEASURE(self));
	if (self->finished)
		g_array_set_size(self->points, 0);
	self->finished = FALSE;
	g_array_append_vals(self->points, (const double[2]){x, y}, 2);
	changed(self);
}

static gboolean on_key(NadirMeasure *self, guint key)
{
	switch (key) {
	case GDK_KEY_Return:
	case GDK_KEY_KP_Enter:
		self->finished = TRUE;
		break;
	case GDK_KEY_BackSpace:
		if (self->points->len > 0)
			g_array_set_size(self->points, self->points->len - 2);
		self->finished = FALSE;
		break;
	case GDK_KEY_Escape:
		if (self->points->len == 0)
			g_signal_emit_by_name(self, "ended");
		g_array_set_size(self->points, 0);
		break;
	default:
		return FALSE;
	}
	changed(self);
	return TRUE;
}

static gboolean on_button(NadirMeasure *self, GdkEvent *event, double x, double y)
{
	const bool press = gdk_event_get_event_type(event) == GDK_BUTTON_PRESS;
	if (gdk_button_event_get_button(event) != GDK_BUTTON_PRIMARY)
		return FALSE;
	gtk_widget_grab_focus(GTK_WIDGET(self->canvas));
	if (press) {
		self->press[0] = x;
		self->press[1] = y;
	} else if (self->pressed && hypot(x - self->press[0], y - self->press[1]) <= SLOP) {
		double ix, iy;
		const guint n = self->points->len;
		nadir_canvas_to_image(self->canvas, x, y, &ix, &iy);
		/* A second click at the same place ends the line. */
		if (n > 0 && !self->finished && fabs(g_array_index(self->points, double, n - 2) - ix) < 1e-6 &&
		    fabs(g_array_index(self->points, double, n - 1) - iy) < 1e-6)
			self->finished = TRUE;
		else
			nadir_measure_add(self, ix, iy);
		changed(self);
	}
	self->pressed = press;
	return TRUE;
}

static gboolean on_motion(NadirMeasure *self, double x, double y)
{
	self->hovering = TRUE;
	nadir_canvas_to_image(self->canvas, x, y, &self->hover[0], &self->hover[1]);
	if (self->points->len > 0)
		changed(self);
	return FALSE;
}

static gboolean on_event(GtkEventControllerLegacy *controller, GdkEvent *event, NadirMeasure *self)
{
	const GdkEventType type = gdk_event_get_event_type(event);
	double x = 0, y = 0, ox, oy;
	if (!self->active)
		return FALSE;
	if (type == GDK_KEY_PRESS)
		return on_key(self, gdk_key_event_get_keyval(event));
	if (type != GDK_BUTTON_PRESS && type != GDK_BUTTON_RELEASE && type != GDK_MOTION_NOTIFY)
		return FALSE;
	GtkNative *native = gtk_widget_get_native(GTK_WIDGET(self->canvas));
	gtk_native_get_surface_transform(native, &ox, &oy);
	if (!gdk_event_get_position(event, &x, &y) ||
	    !gtk_widget_translate_coordinates(GTK_WIDGET(native), GTK_WIDGET(self->canvas), x - ox, y - oy, &x, &y))
		return FALSE;
	return type == GDK_MOTION_NOTIFY ? on_motion(self, x, y) : on_button(self, event, x, y);
}

void nadir_measure_set_active(NadirMeasure *self, gboolean active)
{
	g_return_if_fail(NADIR_IS_MEASURE(self));
	self->active = active;
	self->finished = self->pressed = FALSE;
	g_array_set_size(self->points, 0);
	gtk_widget_set_visible(GTK_WIDGET(self), active);
	changed(self);
}

void nadir_measure_set_canvas(NadirMeasure *self, NadirCanvas *canvas)
{
	g_return_if_fail(NADIR_IS_MEASURE(self) && NADIR_IS_CANVAS(canvas) && !self->canvas);
	self->canvas = canvas;
	GtkEventController *controller = gtk_event_controller_legacy_new();
	gtk_event_controller_set_propagation_phase(controller, GTK_PHASE_CAPTURE);
	g_signal_connect_object(controller, "event", G_CALLBACK(on_event), self, 0);
	gtk_widget_add_controller(GTK_WIDGET(canvas), controller);
	g_signal_connect_object(canvas, "view-changed", G_CALLBACK(gtk_widget_queue_draw), self, G_CONNECT_SWAPPED);
}

static void nadir_measure_finalize(GObject *object)
{
	g_array_unref(NADIR_MEASURE(object)->points);
	G_OBJECT_CLASS(nadir_measure_parent_class)->finalize(object);
}

static void nadir_measure_class_init(NadirMeasureClass *klass)
{
	G_OBJECT_CLASS(klass)->finalize = nadir_measure_finalize;
	GTK_WIDGET_CLASS(klass)->snapshot = nadir_measure_snapshot;
	gtk_widget_class_set_css_name(GTK_WIDGET_CLASS(klass), "measure");
	gtk_widget_class_set_accessible_role(GTK_WIDGET_CLASS(klass), GTK_ACCESSIBLE_ROLE_IMG);
	g_signal_new("ended", NADIR_TYPE_MEASURE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void nadir_measure_init(NadirMeasure *self)
{
	self->points = g_array_new(FALSE, FALSE, sizeof(double));
	gtk_widget_set_can_target(GTK_WIDGET(self), FALSE);
	gtk_widget_set_visible(GTK_WIDGET(self), FALSE);
	gtk_accessible_update_property(GTK_ACCESSIBLE(self), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Measurement"), -1);
}
