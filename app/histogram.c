#include "app/histogram.h"

#include <glib/gi18n.h>
#include <math.h>

#define HEIGHT 72
#define BINS 256

struct _NadirHistogram {
	GtkWidget parent_instance;

	/* Owned references */
	NadirDocument *document;
	GSignalGroup *signals;
	GCancellable *cancel; /* of the newest reading */

	int n_bands; /* 0: nothing to draw */
	raster_type type;
	raster_stats stats[3];
};

G_DEFINE_FINAL_TYPE(NadirHistogram, nadir_histogram, GTK_TYPE_WIDGET)

typedef struct {
	raster *image;
	int n, band[3];
	raster_stats stats[3];
} reading;

static void reading_free(void *data)
{
	reading *r = data;
	raster_unref(r->image);
	g_free(r);
}

static void read_statistics(GTask *task, gpointer source, gpointer data, GCancellable *cancel)
{
	reading *r = data;
	GError *error = NULL;
	for (int i = 0; i < r->n; i++)
		if (!raster_statistics(r->image, r->band[i], &r->stats[i], cancel, &error)) {
			g_task_return_error(task, error);
			return;
		}
	g_task_return_boolean(task, TRUE);
}

static void describe(NadirHistogram *self)
{
	GString *text = g_string_new(NULL);
	for (int i = 0; i < self->n_bands; i++)
		g_string_append_printf(text, _("%s%.6g to %.6g, mean %.6g ± %.4g"), i ? "\n" : "", self->stats[i].min,
		                       self->stats[i].max, self->stats[i].mean, self->stats[i].stddev);
	gtk_widget_set_tooltip_text(GTK_WIDGET(self), self->n_bands ? text->str : NULL);
	gtk_accessible_update_property(GTK_ACCESSIBLE(self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text->str, -1);
	g_string_free(text, TRUE);
}

/* A file with unreadable parts has no histogram; that is said where the picture is, not here too. */
static void on_read(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(NadirHistogram) self = data;
	const reading *r = g_task_get_task_data(G_TASK(result));
	const bool ok = g_task_propagate_boolean(G_TASK(result), NULL);
	if (g_task_get_cancellable(G_TASK(result)) != self->cancel)
		return;
	self->n_bands = ok ? r->n : 0;
	self->type = raster_get_info(r->image)->type;
	for (int i = 0; i < self->n_bands; i++)
		self->stats[i] = r->stats[i];
	describe(self);
	gtk_widget_queue_draw(GTK_WIDGET(self));
}

static void update(NadirHistogram *self)
{
	g_cancellable_cancel(self->cancel);
	g_clear_object(&self->cancel);
	if (!self->document) {
		self->n_bands = 0;
		return;
	}
	const raster_style *style = nadir_document_get_style(self->document);
	reading *r = g_new0(reading, 1);
	r->image = raster_ref(nadir_document_get_raster(self->document));
	for (int i = 0; i < 3; i++)
		if (i == 0 || style->band[i] != style->band[0])
			r->band[r->n++] = style->band[i];
	self->cancel = g_cancellable_new();
	g_autoptr(GTask) task = g_task_new(NULL, self->cancel, on_read, g_object_ref(self));
	g_task_set_task_data(task, r, reading_free);
	g_task_run_in_thread(task, read_statistics);
}

void nadir_histogram_set_document(NadirHistogram *self, NadirDocument *document)
{
	g_return_if_fail(NADIR_IS_HISTOGRAM(self));
	g_set_object(&self->document, document);
	g_signal_group_set_target(self->signals, document);
	self->n_bands = 0;
	update(self);
}

/* Whole numbers in a narrow range: one bin a value, or every second bin would be empty. */
static int count_bins(const raster_stats *s, raster_type type)
{
	const double values = s->max - s->min + 1;
	return type <= RASTER_I32 && values < BINS ? MAX((int)values, 2) : BINS;
}

/* All bands over one axis, from the least to the greatest of their values. */
typedef struct {
	double lo, hi, w, h;
} axis;

/* Root of the share, so that rare values stay in sight beside a sea or a nodata collar. */
static void draw_band(cairo_t *cr, const raster_stats *s, int n_bins, const axis *a)
{
	uint64_t bins[BINS] = {0}, most = 1;
	for (int i = 0; i < BINS; i++)
		bins[n_bins < BINS ? (i + 1) * (n_bins - 1) / BINS : i] += s->histogram[i];
	for (int i = 0; i < n_bins; i++)
		most = MAX(most, bins[i]);
	const double unit = a->w / MAX(a->hi - a->lo, 1e-300), left = (s->min - a->lo) * unit;
	const double width = (s->max - s->min) * unit;
	cairo_move_to(cr, left, a->h);
	for (int i = 0; i < n_bins; i++)
		cairo_line_to(cr, left + (i + 0.5) * width / n_bins, a->h - a->h * sqrt((double)bins[i] / (double)most));
	cairo_line_to(cr, left + width, a->h);
	cairo_close_path(cr);
}

static void nadir_histogram_snapshot(GtkWidget *widget, GtkSnapshot *snapshot)
{
	static const GdkRGBA rgb[3] = {{0.88f, 0.25f, 0.25f, 1}, {0.2f, 0.72f, 0.36f, 1}, {0.25f, 0.52f, 0.95f, 1}};
	NadirHistogram *self = NADIR_HISTOGRAM(widget);
	const int w = gtk_widget_get_width(widget), h = gtk_widget_get_height(widget);
	GdkRGBA grey;
	gtk_style_context_get_color(gtk_widget_get_style_context(widget), &grey);
	cairo_t *cr = gtk_snapshot_append_cairo(snapshot, &GRAPHENE_RECT_INIT(0, 0, w, h));
	axis a = {self->stats[0].min, self->stats[0].max, w, h - 1};
	for (int i = 1; i < self->n_bands; i++) {
		a.lo = MIN(a.lo, self->stats[i].min);
		a.hi = MAX(a.hi, self->stats[i].max);
	}
	for (int i = 0; i < self->n_bands; i++) {
		GdkRGBA color = self->n_bands == 1 ? grey : rgb[i];
		draw_band(cr, &self->stats[i], count_bins(&self->stats[i], self->type), &a);
		color.alpha = 0.28f;
		gdk_cairo_set_source_rgba(cr, &color);
		cairo_fill_preserve(cr);
		color.alpha = 0.9f;
		gdk_cairo_set_source_rgba(cr, &color);
		cairo_set_line_width(cr, 1);
		cairo_stroke(cr);
	}
	cairo_destroy(cr);
}

static void nadir_histogram_measure(GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum,
                                    int *natural, int *minimum_baseline, int *natural_baseline)
{
	*minimum = *natural = orientation == GTK_ORIENTATION_VERTICAL ? HEIGHT : 100;
}

static void nadir_histogram_dispose(GObject *object)
{
	NadirHistogram *self = NADIR_HISTOGRAM(object);
	g_cancellable_cancel(self->cancel);
	g_clear_object(&self->cancel);
	g_clear_object(&self->signals);
	g_clear_object(&self->document);
	G_OBJECT_CLASS(nadir_histogram_parent_class)->dispose(object);
}

static void nadir_histogram_class_init(NadirHistogramClass *klass)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);
	G_OBJECT_CLASS(klass)->dispose = nadir_histogram_dispose;
	widget_class->snapshot = nadir_histogram_snapshot;
	widget_class->measure = nadir_histogram_measure;
	gtk_widget_class_set_css_name(widget_class, "histogram");
	gtk_widget_class_set_accessible_role(widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void nadir_histogram_init(NadirHistogram *self)
{
	self->signals = g_signal_group_new(NADIR_TYPE_DOCUMENT);
	g_signal_group_connect_swapped(self->signals, "style-changed", G_CALLBACK(update), self);
	gtk_accessible_update_property(GTK_ACCESSIBLE(self), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Histogram"), -1);
}
