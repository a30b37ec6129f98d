#include "app/review/score-chart.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#define HEIGHT 104
#define KNOB 6.0

struct _NadirScoreChart {
	GtkWidget parent_instance;
	guint open[SCORE_BINS], decided[SCORE_BINS];
	double threshold;
};

G_DEFINE_FINAL_TYPE(NadirScoreChart, nadir_score_chart, GTK_TYPE_WIDGET)

static guint changed_signal;

static void describe(NadirScoreChart *c)
{
	g_autofree char *text = g_strdup_printf("%.2f", c->threshold);
	gtk_accessible_update_property(GTK_ACCESSIBLE(c), GTK_ACCESSIBLE_PROPERTY_VALUE_NOW, c->threshold,
	                               GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT, text, -1);
	gtk_widget_queue_draw(GTK_WIDGET(c));
}

void nadir_score_chart_set_counts(NadirScoreChart *c, const guint open[SCORE_BINS], const guint decided[SCORE_BINS])
{
	g_return_if_fail(NADIR_IS_SCORE_CHART(c));
	memcpy(c->open, open, sizeof c->open);
	memcpy(c->decided, decided, sizeof c->decided);
	gtk_widget_queue_draw(GTK_WIDGET(c));
}

double nadir_score_chart_get_threshold(NadirScoreChart *c)
{
	g_return_val_if_fail(NADIR_IS_SCORE_CHART(c), 0);
	return c->threshold;
}

static void choose_threshold(NadirScoreChart *c, double threshold)
{
	g_return_if_fail(NADIR_IS_SCORE_CHART(c));
	threshold = round(CLAMP(threshold, 0, 1) * 100) / 100;
	if (threshold == c->threshold)
		return;
	c->threshold = threshold;
	describe(c);
	g_signal_emit(c, changed_signal, 0);
}

/* --- drawing --- */

static double most(const NadirScoreChart *c)
{
	guint n = 1;
	for (int i = 0; i < SCORE_BINS; i++)
		n = MAX(n, c->open[i] + c->decided[i]);
	return n;
}

static void draw_bars(NadirScoreChart *c, cairo_t *cr, const GdkRGBA *text, double w, double h)
{
	const double step = (w - 2 * KNOB) / SCORE_BINS, unit = (h - 2 * KNOB - 4) / most(c);
	for (int i = 0; i < SCORE_BINS; i++) {
		const double x = KNOB + i * step + 0.5, open = c->open[i] * unit, decided = c->decided[i] * unit;
		const bool above = (i + 0.5) / SCORE_BINS >= c->threshold;
		cairo_set_source_rgba(cr, above ? 0.38 : 0.90, above ? 0.63 : 0.68, above ? 0.92 : 0.16, 1);
		cairo_rectangle(cr, x, h - 1 - open, step - 2, open);
		cairo_fill(cr);
		cairo_set_source_rgba(cr, text->red, text->green, text->blue, 0.25);
		cairo_rectangle(cr, x, h - 1 - open - decided, step - 2, decided);
		cairo_fill(cr);
	}
	cairo_set_source_rgba(cr, text->red, text->green, text->blue, 0.4);
	cairo_rectangle(cr, KNOB, h - 1, w - 2 * KNOB, 1);
	cairo_fill(cr);
}

static void draw_threshold(NadirScoreChart *c, cairo_t *cr, const GdkRGBA *text, double w, double h)
{
	const double x = round(KNOB + c->threshold * (w - 2 * KNOB));
	gdk_cairo_set_source_rgba(cr, text);
	cairo_rectangle(cr, x - 1, KNOB, 2, h - KNOB);
	cairo_fill(cr);
	cairo_arc(cr, x, KNOB, KNOB - 1, 0, 2 * G_PI);
	cairo_fill(cr);
}

static void nadir_score_chart_snapshot(GtkWidget *widget, GtkSnapshot *snapshot)
{
	NadirScoreChart *c = NADIR_SCORE_CHART(widget);
	const int w = gtk_widget_get_width(widget), h = gtk_widget_get_height(widget);
	GdkRGBA text;
	gtk_style_context_get_color(gtk_widget_get_style_context(widget), &text);
	cairo_t *cr = gtk_snapshot_append_cairo(snapshot, &GRAPHENE_RECT_INIT(0, 0, (float)w, (float)h));
	draw_bars(c, cr, &text, w, h);
	draw_threshold(c, cr, &text, w, h);
	cairo_destroy(cr);
	if (gtk_widget_has_visible_focus(widget))
		gtk_snapshot_render_focus(snapshot, gtk_widget_get_style_context(widget), 0, 0, w, h);
}

static void nadir_score_chart_measure(GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum,
                                      int *natural, int *minimum_baseline, int *natural_baseline)
{
	*minimum = *natural = orientation == GTK_ORIENTATION_VERTICAL ? HEIGHT : 120;
}

/* --- hands --- */

static void drag_to(NadirScoreChart *c, double x)
{
	choose_threshold(c, (x - KNOB) / MAX(gtk_widget_get_width(GTK_WIDGET(c)) - 2 * KNOB, 1));
}

static void on_drag_begin(GtkGestureDrag *drag, double x, double y, NadirScoreChart *c)
{
	drag_to(c, x);
}

static void on_drag_update(GtkGestureDrag *drag, double dx, double dy, NadirScoreChart *c)
{
	double x, y;
	gtk_gesture_drag_get_start_point(drag, &x, &y);
	drag_to(c, x + dx);
}

static gboolean on_key(GtkEventControllerKey *keys, guint key, guint code, GdkModifierType state, NadirScoreChart *c)
{
	const double step = state & GDK_SHIFT_MASK ? 0.1 : 0.01;
	if (key == GDK_KEY_Left || key == GDK_KEY_KP_Left)
		choose_threshold(c, c->threshold - step);
	else if (key == GDK_KEY_Right || key == GDK_KEY_KP_Right)
		choose_threshold(c, c->threshold + step);
	else if (key == GDK_KEY_Home || key == GDK_KEY_End)
		choose_threshold(c, key == GDK_KEY_End);
	else
		return FALSE;
	return TRUE;
}

static void nadir_score_chart_class_init(NadirScoreChartClass *klass)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);
	widget_class->snapshot = nadir_score_chart_snapshot;
	widget_class->measure = nadir_score_chart_measure;
	gtk_widget_class_set_css_name(widget_class, "scorechart");
	gtk_widget_class_set_accessible_role(widget_class, GTK_ACCESSIBLE_ROLE_SLIDER);
	changed_signal = g_signal_new("threshold-changed", NADIR_TYPE_SCORE_CHART, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
	                              G_TYPE_NONE, 0);
}

static void nadir_score_chart_init(NadirScoreChart *c)
{
	GtkGesture *drag = gtk_gesture_drag_new();
	GtkEventController *keys = gtk_event_controller_key_new();
	c->threshold = 0.7;
	g_signal_connect(drag, "drag-begin", G_CALLBACK(on_drag_begin), c);
	g_signal_connect(drag, "drag-update", G_CALLBACK(on_drag_update), c);
	g_signal_connect(keys, "key-pressed", G_CALLBACK(on_key), c);
	gtk_widget_add_controller(GTK_WIDGET(c), GTK_EVENT_CONTROLLER(drag));
	gtk_widget_add_controller(GTK_WIDGET(c), keys);
	gtk_widget_set_focusable(GTK_WIDGET(c), TRUE);
	gtk_accessible_update_property(GTK_ACCESSIBLE(c), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Score threshold"),
	                               GTK_ACCESSIBLE_PROPERTY_VALUE_MIN, 0.0, GTK_ACCESSIBLE_PROPERTY_VALUE_MAX, 1.0, -1);
	describe(c);
}
