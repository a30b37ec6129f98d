#include "app/panel/swatch.h"

#include <glib/gi18n.h>

#include "render/geometry/class-style.h"

struct _NadirSwatch {
	GtkWidget parent_instance;
	GdkRGBA color;
	int side, pattern;
};

G_DEFINE_FINAL_TYPE(NadirSwatch, nadir_swatch, GTK_TYPE_WIDGET)

static void set_dash(cairo_t *cr, int pattern)
{
	static const double dashes[CLASS_STYLE_PATTERNS][4] = {{0}, {4, 2.5}, {1.5, 2}, {5, 2, 1.5, 2}};
	static const int counts[CLASS_STYLE_PATTERNS] = {0, 2, 2, 4};
	const int i = pattern % CLASS_STYLE_PATTERNS;
	cairo_set_dash(cr, dashes[i], counts[i], 0);
}

static void rounded_square(cairo_t *cr, double x, double side, double r)
{
	cairo_new_sub_path(cr);
	cairo_arc(cr, x + side - r, x + r, r, -G_PI_2, 0);
	cairo_arc(cr, x + side - r, x + side - r, r, 0, G_PI_2);
	cairo_arc(cr, x + r, x + side - r, r, G_PI_2, G_PI);
	cairo_arc(cr, x + r, x + r, r, G_PI, 1.5 * G_PI);
	cairo_close_path(cr);
}

void nadir_swatch_draw(cairo_t *cr, const GdkRGBA *color, int pattern, double side)
{
	GdkRGBA fill = *color;
	fill.alpha = 0.45f;
	rounded_square(cr, 1, side - 2, 3.5);
	gdk_cairo_set_source_rgba(cr, &fill);
	cairo_fill_preserve(cr);
	gdk_cairo_set_source_rgba(cr, color);
	cairo_set_line_width(cr, 2);
	set_dash(cr, pattern);
	cairo_stroke(cr);
}

static void nadir_swatch_snapshot(GtkWidget *widget, GtkSnapshot *snapshot)
{
	NadirSwatch *self = NADIR_SWATCH(widget);
	const int w = gtk_widget_get_width(widget), h = gtk_widget_get_height(widget);
	const double side = MIN(w, h);
	cairo_t *cr = gtk_snapshot_append_cairo(snapshot, &GRAPHENE_RECT_INIT(0, 0, w, h));
	cairo_translate(cr, (w - side) / 2, (h - side) / 2);
	nadir_swatch_draw(cr, &self->color, self->pattern, side);
	cairo_destroy(cr);
}

static void nadir_swatch_measure(GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum,
                                 int *natural, int *minimum_baseline, int *natural_baseline)
{
	*minimum = *natural = NADIR_SWATCH(widget)->side;
}

static void nadir_swatch_class_init(NadirSwatchClass *klass)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);
	widget_class->snapshot = nadir_swatch_snapshot;
	widget_class->measure = nadir_swatch_measure;
	gtk_widget_class_set_css_name(widget_class, "swatch");
	gtk_widget_class_set_accessible_role(widget_class, GTK_ACCESSIBLE_ROLE_PRESENTATION);
}

static void nadir_swatch_init(NadirSwatch *self)
{
	self->side = 16;
	gdk_rgba_parse(&self->color, "#888888");
	gtk_widget_set_valign(GTK_WIDGET(self), GTK_ALIGN_CENTER);
}

GtkWidget *nadir_swatch_new(int side)
{
	NadirSwatch *self = g_object_new(NADIR_TYPE_SWATCH, NULL);
	self->side = side;
	return GTK_WIDGET(self);
}

void nadir_swatch_set(NadirSwatch *self, const char *color, int pattern)
{
	g_return_if_fail(NADIR_IS_SWATCH(self));
	if (!gdk_rgba_parse(&self->color, color))
		gdk_rgba_parse(&self->color, "#888888");
	self->pattern = MAX(pattern, 0);
	gtk_widget_queue_draw(GTK_WIDGET(self));
}

const char *nadir_swatch_pattern_name(int pattern)
{
	static const char *const names[CLASS_STYLE_PATTERNS] = {N_("solid"), N_("dashes"), N_("dots"), N_("dash-dot")};
	return _(names[MAX(pattern, 0) % CLASS_STYLE_PATTERNS]);
}
