#include "app/canvas/scale-bar.h"

#include <glib/gi18n.h>
#include <math.h>

#include "app/settings.h"

#define LONGEST 150 /* screen pixels */
#define SHORTEST_USEFUL 8

struct _NadirScaleBar {
	GtkWidget parent_instance;
	GtkWidget *label; /* child */
	int length;       /* screen pixels */
};

G_DEFINE_FINAL_TYPE(NadirScaleBar, nadir_scale_bar, GTK_TYPE_WIDGET)

static void nadir_scale_bar_measure(GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum,
                                    int *natural, int *minimum_baseline, int *natural_baseline)
{
	NadirScaleBar *self = NADIR_SCALE_BAR(widget);
	int label_min = 0;
	gtk_widget_measure(self->label, orientation, -1, &label_min, NULL, NULL, NULL);
	if (orientation == GTK_ORIENTATION_HORIZONTAL)
		*minimum = *natural = MAX(label_min, self->length);
	else
		*minimum = *natural = label_min + 7;
}

static void nadir_scale_bar_size_allocate(GtkWidget *widget, int width, int height, int baseline)
{
	NadirScaleBar *self = NADIR_SCALE_BAR(widget);
	gtk_widget_allocate(self->label, width, height - 7, -1, NULL);
}

static void nadir_scale_bar_snapshot(GtkWidget *widget, GtkSnapshot *snapshot)
{
	NadirScaleBar *self = NADIR_SCALE_BAR(widget);
	GdkRGBA color;
	gtk_style_context_get_color(gtk_widget_get_style_context(widget), &color);
	const float y = gtk_widget_get_height(widget) - 2;
	const float x = (gtk_widget_get_width(widget) - self->length) / 2.0f;
	gtk_snapshot_append_color(snapshot, &color, &GRAPHENE_RECT_INIT(x, y - 1, self->length, 2));
	gtk_snapshot_append_color(snapshot, &color, &GRAPHENE_RECT_INIT(x, y - 5, 2, 5));
	gtk_snapshot_append_color(snapshot, &color, &GRAPHENE_RECT_INIT(x + self->length - 2, y - 5, 2, 5));
	gtk_widget_snapshot_child(widget, self->label, snapshot);
}

static void nadir_scale_bar_dispose(GObject *object)
{
	NadirScaleBar *self = NADIR_SCALE_BAR(object);
	g_clear_pointer(&self->label, gtk_widget_unparent);
	G_OBJECT_CLASS(nadir_scale_bar_parent_class)->dispose(object);
}

static void nadir_scale_bar_class_init(NadirScaleBarClass *klass)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);
	G_OBJECT_CLASS(klass)->dispose = nadir_scale_bar_dispose;
	widget_class->measure = nadir_scale_bar_measure;
	widget_class->size_allocate = nadir_scale_bar_size_allocate;
	widget_class->snapshot = nadir_scale_bar_snapshot;
	gtk_widget_class_set_css_name(widget_class, "scalebar");
	gtk_widget_class_set_accessible_role(widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void nadir_scale_bar_init(NadirScaleBar *self)
{
	self->label = gtk_label_new(NULL);
	gtk_widget_add_css_class(self->label, "numeric");
	gtk_widget_set_parent(self->label, GTK_WIDGET(self));
}

void nadir_scale_bar_update(NadirScaleBar *self, NadirCanvas *canvas)
{
	g_return_if_fail(NADIR_IS_SCALE_BAR(self));
	NadirDocument *document = nadir_canvas_get_document(canvas);
	const viewport *v = nadir_canvas_get_viewport(canvas);
	double metres = 0;
	if (document && v->scale > 0) {
		double x, y;
		viewport_to_image(v, v->screen_w / 2.0, v->screen_h / 2.0, &x, &y);
		metres = georef_metres_per_pixel(nadir_document_get_georef(document), x, y);
	}
	gtk_widget_set_visible(GTK_WIDGET(self), metres > 0);
	if (!(metres > 0))
		return;
	const double round = nadir_round_length(LONGEST * metres / v->scale);
	self->length = MAX((int)lround(round / metres * v->scale), SHORTEST_USEFUL);
	g_autofree char *text = nadir_format_length(round);
	g_autofree char *spoken = g_strdup_printf(_("Scale bar: %s"), text);
	gtk_label_set_text(GTK_LABEL(self->label), text);
	gtk_accessible_update_property(GTK_ACCESSIBLE(self), GTK_ACCESSIBLE_PROPERTY_LABEL, spoken, -1);
	gtk_widget_queue_resize(GTK_WIDGET(self));
}
