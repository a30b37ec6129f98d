#include "app/panel/pixel-values.h"

#include <math.h>

enum { FEW_BANDS = 4 }; /* an image of as many shows them all at once */

typedef struct {
	raster *image;
	int x, y, n;
	int *band;
	char **text;
	bool valid;
} sample;

struct _NadirPixelValues {
	GObject parent_instance;
	NadirDocument *document;
	GCancellable *reading; /* of the read in flight */
	sample *last;          /* NULL: nothing is known */
	bool failed;
	double x, y;     /* NaN: outside */
	bool stale, all; /* the pointer moved on while a read was in flight */
};

G_DEFINE_FINAL_TYPE(NadirPixelValues, nadir_pixel_values, G_TYPE_OBJECT)

static guint changed;

static void sample_clear(void *data)
{
	sample *s = data;
	raster_unref(s->image);
	g_free(s->band);
	for (int i = 0; i < s->n; i++)
		g_free(s->text[i]);
	g_free(s->text);
}

static void sample_unref(void *data)
{
	g_atomic_rc_box_release_full(data, sample_clear);
}

static void forget(NadirPixelValues *v)
{
	g_clear_pointer(&v->last, sample_unref);
	v->failed = false;
	g_signal_emit(v, changed, 0);
}

static void read_sample(GTask *task, gpointer source, gpointer data, GCancellable *cancel)
{
	sample *s = data;
	GError *error = NULL;
	if (raster_read_pixel(s->image, s->x, s->y, s->band, s->n, s->text, &s->valid, cancel, &error))
		g_task_return_boolean(task, TRUE);
	else
		g_task_return_error(task, error);
}

static void start(NadirPixelValues *v);

static void on_read(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(NadirPixelValues) v = data;
	const bool current = g_task_get_cancellable(G_TASK(result)) == v->reading;
	const bool ok = g_task_propagate_boolean(G_TASK(result), NULL);
	if (!current)
		return;
	g_clear_object(&v->reading);
	g_clear_pointer(&v->last, sample_unref);
	if (!isnan(v->x)) {
		v->last = g_atomic_rc_box_acquire(g_task_get_task_data(G_TASK(result)));
		v->failed = !ok;
	}
	g_signal_emit(v, changed, 0);
	if (v->stale)
		start(v);
}

static void choose_bands(const NadirPixelValues *v, sample *s)
{
	const raster_info *info = raster_get_info(s->image);
	const raster_style *style = nadir_document_get_style(v->document);
	const bool all = v->all || info->n_bands <= FEW_BANDS;
	s->band = g_new(int, (gsize)MAX(info->n_bands, 3));
	for (int i = 0; i < (all ? info->n_bands : 3); i++)
		if (all || i == 0 || style->band[i] != style->band[0])
			s->band[s->n++] = all ? i : style->band[i];
	s->text = g_new0(char *, (gsize)s->n);
}

static void start(NadirPixelValues *v)
{
	v->stale = false;
	if (!v->document || isnan(v->x))
		return;
	sample *s = g_atomic_rc_box_new0(sample);
	s->image = raster_ref(nadir_document_get_raster(v->document));
	s->x = (int)floor(v->x);
	s->y = (int)floor(v->y);
	choose_bands(v, s);
	v->reading = g_cancellable_new();
	g_autoptr(GTask) task = g_task_new(NULL, v->reading, on_read, g_object_ref(v));
	g_task_set_task_data(task, s, sample_unref);
	g_task_run_in_thread(task, read_sample);
}

NadirPixelValues *nadir_pixel_values_new(void)
{
	return g_object_new(NADIR_TYPE_PIXEL_VALUES, NULL);
}

void nadir_pixel_values_set_document(NadirPixelValues *v, NadirDocument *document)
{
	g_return_if_fail(NADIR_IS_PIXEL_VALUES(v));
	g_cancellable_cancel(v->reading);
	g_clear_object(&v->reading);
	g_set_object(&v->document, document);
	v->x = v->y = NAN;
	v->stale = false;
	forget(v);
}

void nadir_pixel_values_set_pointer(NadirPixelValues *v, double x, double y)
{
	g_return_if_fail(NADIR_IS_PIXEL_VALUES(v));
	v->x = x;
	v->y = y;
	if (isnan(x))
		forget(v);
	else if (v->reading)
		v->stale = true;
	else
		start(v);
}

void nadir_pixel_values_want_all(NadirPixelValues *v, bool all)
{
	g_return_if_fail(NADIR_IS_PIXEL_VALUES(v));
	v->all = all;
	nadir_pixel_values_set_pointer(v, v->x, v->y);
}

pixel_values nadir_pixel_values_get(const NadirPixelValues *v)
{
	const sample *s = v->last;
	if (!s)
		return (pixel_values){.state = PIXEL_NONE};
	return (pixel_values){.state = v->failed  ? PIXEL_UNREADABLE
	                               : s->valid ? PIXEL_VALUES
	                                          : PIXEL_NO_DATA,
	                      .n = s->n,
	                      .band = s->band,
	                      .text = s->text};
}

static void nadir_pixel_values_dispose(GObject *object)
{
	NadirPixelValues *v = NADIR_PIXEL_VALUES(object);
	g_cancellable_cancel(v->reading);
	g_clear_object(&v->reading);
	g_clear_object(&v->document);
	g_clear_pointer(&v->last, sample_unref);
	G_OBJECT_CLASS(nadir_pixel_values_parent_class)->dispose(object);
}

static void nadir_pixel_values_class_init(NadirPixelValuesClass *klass)
{
	G_OBJECT_CLASS(klass)->dispose = nadir_pixel_values_dispose;
	changed = g_signal_new("changed", NADIR_TYPE_PIXEL_VALUES, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void nadir_pixel_values_init(NadirPixelValues *v)
{
	v->x = v->y = NAN;
}
