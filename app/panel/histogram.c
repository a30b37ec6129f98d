#include "app/panel/histogram.h"
#include "app/document/document-look.h"

#include <glib/gi18n.h>
#include <math.h>

#define HEIGHT 96
#define KNOBS 18 /* height of the strip below the curves where the handles are gripped */
#define GRIP 9   /* screen pixels from a handle that still grip it */
#define BINS 256

/* A handle is one end of one channel's range; with equal ranges of all channels there is one pair for all. */
typedef struct {
	int channel; /* < 0: all */
	bool high;
} handle;

struct _NadirHistogram {
	GtkWidget parent_instance;

	/* Owned references */
	NadirDocument *document;
	GSignalGroup *signals;
	GCancellable *cancel; /* of the newest reading */

	int n_bands; /* 0: nothing to draw */
	int band[3]; /* what was measured */
	bool db;
	raster_type type;
	raster_stats stats[3];

	int active; /* handle that keys move: index among those there are */
	bool dragging;
	double lo[3], hi[3]; /* while dragging, and where a drag began */
	double from_lo[3], from_hi[3];
};

G_DEFINE_FINAL_TYPE(NadirHistogram, nadir_histogram, GTK_TYPE_WIDGET)

typedef struct {
	raster *image;
	int n, band[3];
	bool db;
	raster_stats stats[3];
} reading;

static void reading_free(void *data)
{
	reading *r = data;
	raster_unref(r->image);
	g_free(r);
}

/* Without decibels the raster keeps what it has counted once. */
static void read_statistics(GTask *task, gpointer source, gpointer data, GCancellable *cancel)
{
	reading *r = data;
	GError *error = NULL;
	const raster_measurement m = {.bands = r->band, .n_bands = r->n, .db = r->db};
	bool ok = true;
	if (r->db)
		ok = raster_measure(r->image, &m, r->stats, cancel, &error);
	for (int i = 0; ok && !r->db && i < r->n; i++)
		ok = raster_statistics(r->image, r->band[i], &r->stats[i], cancel, &error);
	if (ok)
		g_task_return_boolean(task, TRUE);
	else
		g_task_return_error(task, error);
}

static void describe(NadirHistogram *self)
{
	GString *text = g_string_new(NULL);
	for (int i = 0; i < self->n_bands; i++)
		if (self->stats[i].valid == 0)
			g_string_append_printf(text, _("%sno values"), i ? "\n" : "");
		else
			g_string_append_printf(text, _("%s%.6g to %.6g%s, mean %.6g ± %.4g"), i ? "\n" : "", self->stats[i].min,
			                       self->stats[i].max, self->db ? _(" dB") : "", self->stats[i].mean,
			                       self->stats[i].stddev);
	if (self->n_bands)
		g_string_append(text,
		                _("\nDrag the handles below; Shift drags all bands together. By keyboard: up and down choose a "
		                  "handle, left and right move it."));
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
	self->db = r->db;
	self->type = raster_get_info(r->image)->type;
	for (int i = 0; i < r->n; i++) {
		self->stats[i] = r->stats[i];
		self->band[i] = r->band[i];
	}
	describe(self);
	gtk_widget_queue_draw(GTK_WIDGET(self));
}

static bool is_measured(NadirHistogram *self, const reading *r)
{
	bool same = self->n_bands == r->n && self->db == r->db;
	for (int i = 0; same && i < r->n; i++)
		same = self->band[i] == r->band[i];
	return same;
}

static void update(NadirHistogram *self)
{
	gtk_widget_queue_draw(GTK_WIDGET(self));
	if (!self->document) {
		g_cancellable_cancel(self->cancel);
		g_clear_object(&self->cancel);
		self->n_bands = 0;
		return;
	}
	const raster_style *style = nadir_document_get_style(self->document);
	reading *r = g_new0(reading, 1);
	r->image = raster_ref(nadir_document_get_raster(self->document));
	r->db = style->db;
	for (int i = 0; i < 3; i++)
		if (i == 0 || style->band[i] != style->band[0])
			r->band[r->n++] = style->band[i];
	if (is_measured(self, r)) {
		reading_free(r);
		return;
	}
	g_cancellable_cancel(self->cancel);
	g_clear_object(&self->cancel);
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
	self->dragging = false;
	update(self);
}

/* --- the axis --- */

/* All bands over one axis, wide enough for the handles; while one is dragged, as it was. */
typedef struct {
	double lo, hi, w, h;
} axis;

static void get_ranges(NadirHistogram *self, double lo[3], double hi[3])
{
	const raster_style *s = nadir_document_get_style(self->document);
	for (int i = 0; i < 3; i++) {
		lo[i] = s->lo[i];
		hi[i] = s->hi[i];
	}
}

static axis axis_of(NadirHistogram *self)
{
	axis a = {INFINITY, -INFINITY, gtk_widget_get_width(GTK_WIDGET(self)),
	          gtk_widget_get_height(GTK_WIDGET(self)) - KNOBS};
	double lo[3], hi[3];
	get_ranges(self, lo, hi);
	for (int i = 0; i < self->n_bands; i++) {
		if (self->stats[i].valid > 0) {
			a.lo = MIN(a.lo, self->stats[i].from);
			a.hi = MAX(a.hi, self->stats[i].to);
		}
		a.lo = MIN(a.lo, self->dragging ? self->from_lo[i] : lo[i]);
		a.hi = MAX(a.hi, self->dragging ? self->from_hi[i] : hi[i]);
	}
	if (!(a.hi > a.lo)) {
		a.lo -= 0.5;
		a.hi += 0.5;
	}
	return a;
}

static double to_screen(const axis *a, double v)
{
	return CLAMP((v - a->lo) / (a->hi - a->lo), 0, 1) * a->w;
}

/* --- handles --- */

static int count_handles(NadirHistogram *self)
{
	if (!self->document || self->n_bands == 0 || nadir_document_get_style(self->document)->palette)
		return 0;
	double lo[3], hi[3];
	get_ranges(self, lo, hi);
	const bool one = self->n_bands == 1 || (lo[0] == lo[1] && lo[1] == lo[2] && hi[0] == hi[1] && hi[1] == hi[2]);
	return one && !self->dragging ? 2 : self->n_bands == 1 ? 2 : 6;
}

static handle handle_at(int index, int count)
{
	return (handle){count == 2 ? -1 : index / 2, index % 2 != 0};
}

static double handle_value(NadirHistogram *self, handle h)
{
	double lo[3], hi[3];
	get_ranges(self, lo, hi);
	const int c = MAX(h.channel, 0);
	return h.high ? hi[c] : lo[c];
}

/* Moves one end; the other stays, and they never cross. */
static void move_handle(NadirHistogram *self, handle h, bool all, double step)
{
	const axis a = axis_of(self);
	const double least = (a.hi - a.lo) / 1000;
	for (int c = 0; c < 3; c++) {
		self->lo[c] = self->from_lo[c];
		self->hi[c] = self->from_hi[c];
		if (h.channel >= 0 && !all && c != h.channel)
			continue;
		if (h.high)
			self->hi[c] = MAX(self->from_hi[c] + step, self->lo[c] + least);
		else
			self->lo[c] = MIN(self->from_lo[c] + step, self->hi[c] - least);
	}
	nadir_document_try_range(self->document, self->lo, self->hi);
}

static void keep_range(NadirHistogram *self)
{
	const char *bands, *stretch, *source;
	nadir_document_get_style_choice(self->document, &bands, &stretch, &source);
	g_autofree char *b = g_strdup(bands), *s = g_strdup(source);
	g_autofree char *range = raster_style_range_text(nadir_document_get_style(self->document)->db, self->lo, self->hi);
	nadir_document_set_style(self->document, b, range, s);
}

static void on_drag_begin(GtkGestureDrag *gesture, double x, double y, NadirHistogram *self)
{
	const int n = count_handles(self);
	const axis a = n > 0 ? axis_of(self) : (axis){0};
	double nearest = GRIP;
	bool found = false;
	gtk_widget_grab_focus(GTK_WIDGET(self));
	for (int i = 0; i < n; i++) {
		const double distance = fabs(to_screen(&a, handle_value(self, handle_at(i, n))) - x);
		if (distance > nearest)
			continue;
		/* Of handles over each other the one that can be moved this way. */
		nearest = distance;
		self->active = i;
		found = true;
	}
	if (!found) {
		gtk_gesture_set_state(GTK_GESTURE(gesture), GTK_EVENT_SEQUENCE_DENIED);
		return;
	}
	get_ranges(self, self->from_lo, self->from_hi);
	get_ranges(self, self->lo, self->hi);
}

static void on_drag_update(GtkGestureDrag *gesture, double dx, double dy, NadirHistogram *self)
{
	if (!self->document || fabs(dx) < 1)
		return;
	const int n = count_handles(self);
	const axis a = axis_of(self);
	const handle h = handle_at(self->active, n);
	const bool all =
		gtk_event_controller_get_current_event_state(GTK_EVENT_CONTROLLER(gesture)) & GDK_SHIFT_MASK || n == 2;
	self->dragging = true;
	move_handle(self, n == 2 ? (handle){-1, h.high} : h, all, dx / a.w * (a.hi - a.lo));
}

static void on_drag_end(GtkGestureDrag *gesture, double dx, double dy, NadirHistogram *self)
{
	const bool moved = self->dragging;
	self->dragging = false;
	if (moved && self->document)
		keep_range(self);
}

static gboolean on_key(GtkEventControllerKey *controller, guint key, guint code, GdkModifierType state,
                       NadirHistogram *self)
{
	const int n = count_handles(self);
	if (n == 0 || state & (GDK_CONTROL_MASK | GDK_ALT_MASK))
		return FALSE;
	const axis a = axis_of(self);
	const double step = (a.hi - a.lo) / (state & GDK_SHIFT_MASK ? 20 : 200);
	if (key == GDK_KEY_Up || key == GDK_KEY_Down) {
		self->active = (self->active + (key == GDK_KEY_Up ? n - 1 : 1)) % n;
		gtk_widget_queue_draw(GTK_WIDGET(self));
		return TRUE;
	}
	if (key != GDK_KEY_Left && key != GDK_KEY_Right)
		return FALSE;
	get_ranges(self, self->from_lo, self->from_hi);
	move_handle(self, handle_at(self->active % n, n), n == 2, key == GDK_KEY_Left ? -step : step);
	keep_range(self);
	return TRUE;
}

/* --- drawing --- */

/* Whole numbers in a narrow range: one bin a value, or every second bin would be empty. */
static int count_bins(const raster_stats *s, raster_type type, bool db)
{
	const double values = s->to - s->from + 1;
	return type <= RASTER_I32 && !db && values < BINS ? MAX((int)values, 2) : BINS;
}

/* Root of the share, so that rare values stay in sight beside a sea or a nodata collar. */
static void draw_band(cairo_t *cr, const raster_stats *s, int n_bins, const axis *a)
{
	uint64_t bins[BINS] = {0}, most = 1;
	for (int i = 0; i < BINS; i++)
		bins[n_bins < BINS ? (i + 1) * (n_bins - 1) / BINS : i] += s->histogram[i];
	for (int i = 0; i < n_bins; i++)
		most = MAX(most, bins[i]);
	const double unit = a->w / MAX(a->hi - a->lo, 1e-300), left = (s->from - a->lo) * unit;
	const double width = (s->to - s->from) * unit;
	cairo_move_to(cr, left, a->h);
	for (int i = 0; i < n_bins; i++)
		cairo_line_to(cr, left + (i + 0.5) * width / n_bins, a->h - a->h * sqrt((double)bins[i] / (double)most));
	cairo_line_to(cr, left + width, a->h);
	cairo_close_path(cr);
}

static const GdkRGBA channel_colors[3] = {{0.88f, 0.25f, 0.25f, 1}, {0.2f, 0.72f, 0.36f, 1}, {0.25f, 0.52f, 0.95f, 1}};

/* A line through the curves and a knob below it, with the channel's letter: colour is not the only sign. */
static void draw_handle(NadirHistogram *self, cairo_t *cr, const axis *a, int index, int count, const GdkRGBA *text)
{
	static const char *const letters[] = {N_("R"), N_("G"), N_("B")};
	const handle h = handle_at(index, count);
	const GdkRGBA color = h.channel < 0 ? *text : channel_colors[h.channel];
	const double x = CLAMP(round(to_screen(a, handle_value(self, h))), 6, a->w - 6);
	const bool focused = gtk_widget_has_focus(GTK_WIDGET(self)) && index == self->active % count;
	gdk_cairo_set_source_rgba(cr, &color);
	cairo_set_line_width(cr, focused ? 2 : 1);
	cairo_move_to(cr, x + 0.5, 0);
	cairo_line_to(cr, x + 0.5, a->h);
	cairo_stroke(cr);
	cairo_move_to(cr, x + 0.5, a->h + 1);
	cairo_line_to(cr, x + 6.5, a->h + 7);
	cairo_line_to(cr, x + 6.5, a->h + KNOBS - 2);
	cairo_line_to(cr, x - 5.5, a->h + KNOBS - 2);
	cairo_line_to(cr, x - 5.5, a->h + 7);
	cairo_close_path(cr);
	cairo_fill_preserve(cr);
	if (focused) {
		gdk_cairo_set_source_rgba(cr, text);
		cairo_stroke(cr);
	}
	cairo_new_path(cr);
	if (h.channel < 0)
		return;
	cairo_text_extents_t e;
	cairo_select_font_face(cr, "sans", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_BOLD);
	cairo_set_font_size(cr, 8);
	cairo_text_extents(cr, _(letters[h.channel]), &e);
	cairo_set_source_rgb(cr, 1, 1, 1);
	cairo_move_to(cr, x + 0.5 - e.width / 2 - e.x_bearing, a->h + KNOBS - 4);
	cairo_show_text(cr, _(letters[h.channel]));
}

static void draw_curve(NadirHistogram *self, cairo_t *cr, int i, const axis *a, const GdkRGBA *text)
{
	GdkRGBA color = self->n_bands == 1 ? *text : channel_colors[i];
	if (self->stats[i].valid == 0)
		return;
	draw_band(cr, &self->stats[i], count_bins(&self->stats[i], self->type, self->db), a);
	color.alpha = 0.28f;
	gdk_cairo_set_source_rgba(cr, &color);
	cairo_fill_preserve(cr);
	color.alpha = 0.9f;
	gdk_cairo_set_source_rgba(cr, &color);
	cairo_set_line_width(cr, 1);
	cairo_stroke(cr);
}

static void nadir_histogram_snapshot(GtkWidget *widget, GtkSnapshot *snapshot)
{
	NadirHistogram *self = NADIR_HISTOGRAM(widget);
	const int w = gtk_widget_get_width(widget), h = gtk_widget_get_height(widget);
	GdkRGBA text;
	if (self->n_bands == 0)
		return;
	gtk_style_context_get_color(gtk_widget_get_style_context(widget), &text);
	cairo_t *cr = gtk_snapshot_append_cairo(snapshot, &GRAPHENE_RECT_INIT(0, 0, w, h));
	const axis a = axis_of(self);
	for (int i = 0; i < self->n_bands; i++)
		draw_curve(self, cr, i, &a, &text);
	const int n = count_handles(self);
	for (int i = 0; i < n; i++)
		draw_handle(self, cr, &a, i, n, &text);
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
	gtk_widget_set_focusable(GTK_WIDGET(self), TRUE);
	g_signal_connect(self, "notify::has-focus", G_CALLBACK(gtk_widget_queue_draw), NULL);

	GtkGesture *drag = gtk_gesture_drag_new();
	g_signal_connect(drag, "drag-begin", G_CALLBACK(on_drag_begin), self);
	g_signal_connect(drag, "drag-update", G_CALLBACK(on_drag_update), self);
	g_signal_connect(drag, "drag-end", G_CALLBACK(on_drag_end), self);
	gtk_widget_add_controller(GTK_WIDGET(self), GTK_EVENT_CONTROLLER(drag));

	GtkEventController *keys = gtk_event_controller_key_new();
	g_signal_connect(keys, "key-pressed", G_CALLBACK(on_key), self);
	gtk_widget_add_controller(GTK_WIDGET(self), keys);
}
