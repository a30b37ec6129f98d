/* Brush and eraser: the selected object's mask united with a stroke or cut by it. Large masks are worked on in a
 * thread, one stroke after another; a stroke that finds its object changed meanwhile is applied to what it is now. */
#include <glib/gi18n.h>

#include "app/document-private.h"

#define LARGE (1 << 20) /* pixels of a bounding box that take longer than a frame */

typedef struct {
	gint64 id;
	bitmask *stroke;
	bool erase;
	NadirObject *before;
	feature *after; /* NULL: nothing is left of the object, or nothing changed */
	bool same;
} paint_job;

static paint_job *job_new(NadirObject *o, const bitmask *stroke, bool erase)
{
	paint_job *j = g_new0(paint_job, 1);
	j->id = nadir_object_get_feature(o)->id;
	j->before = g_object_ref(o);
	j->stroke = mask_copy(stroke);
	j->erase = erase;
	return j;
}

static void job_free(void *data)
{
	paint_job *j = data;
	g_clear_object(&j->before);
	g_clear_pointer(&j->stroke, mask_free);
	g_clear_pointer(&j->after, feature_free);
	g_free(j);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(paint_job, job_free)

/* An object that a person corrected says so, since its prompt alone no longer gives its mask. */
static void mark_corrected(feature *f)
{
	if (g_str_equal(f->model, "hand") || g_str_has_suffix(f->model, "+hand"))
		return;
	char *model = g_strconcat(f->model, "+hand", NULL);
	g_free(f->model);
	f->model = model;
}

/* Any thread. */
static bool compute(paint_job *j, const georef *ref, GError **error)
{
	const feature *f = nadir_object_get_feature(j->before);
	g_autoptr(bitmask) old = mask_from_wkb(f->px_geom, error);
	if (!old)
		return false;
	g_autoptr(bitmask) mask = mask_combine(old, j->stroke, j->erase ? MASK_SUBTRACT : MASK_UNION);
	j->same = mask_equal(old, mask);
	if (j->same || mask_area(mask) == 0)
		return true;
	g_autoptr(feature) after = feature_copy(f);
	if (!feature_set_mask(after, mask, error))
		return false;
	after->area_m2 = georef_area_m2(ref, after->px_geom);
	mark_corrected(after);
	j->after = g_steal_pointer(&after);
	return true;
}

static bool apply(NadirDocument *d, paint_job *j, GError **error)
{
	if (j->same)
		return true;
	if (!j->after)
		return nadir_document_delete(d, j->id, error);
	/* Translators: steps in the undo list; %s is a class. */
	g_autofree char *what = g_strdup_printf(j->erase ? _("erase from %s") : _("add to %s"), j->after->class_name);
	return nadir_document_store(d, g_steal_pointer(&j->after), what, error);
}

static void paint_next(NadirDocument *d);

static void compute_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancel)
{
	GError *error = NULL;
	if (compute(data, NADIR_DOCUMENT(source)->ref, &error))
		g_task_return_boolean(task, TRUE);
	else
		g_task_return_error(task, error);
}

static void on_computed(GObject *object, GAsyncResult *result, gpointer data)
{
	NadirDocument *d = NADIR_DOCUMENT(object);
	paint_job *j = g_task_get_task_data(G_TASK(result));
	g_autoptr(GError) error = NULL;
	bool ok = g_task_propagate_boolean(G_TASK(result), &error);
	d->painting = false;
	if (!d->strokes)
		return; /* the document is being let go */
	g_autoptr(NadirObject) now = nadir_document_find(d, j->id, NULL);
	if (ok && now && now != j->before)
		g_queue_push_head(d->strokes, job_new(now, j->stroke, j->erase));
	else if (ok && now)
		ok = apply(d, j, &error);
	if (!ok)
		nadir_document_report(d, error);
	paint_next(d);
}

static void paint_next(NadirDocument *d)
{
	while (!d->painting && !g_queue_is_empty(d->strokes)) {
		g_autoptr(paint_job) j = g_queue_pop_head(d->strokes);
		g_autoptr(NadirObject) now = nadir_document_find(d, j->id, NULL);
		if (!now)
			continue;
		g_set_object(&j->before, now);
		g_autoptr(GTask) task = g_task_new(d, NULL, on_computed, NULL);
		g_task_set_task_data(task, g_steal_pointer(&j), job_free);
		d->painting = true;
		g_task_run_in_thread(task, compute_thread);
	}
	nadir_document_emit(d, SIGNAL_BUSY);
}

static bool is_large(NadirObject *o, const bitmask *stroke)
{
	raster_rect b = {0};
	(void)nadir_object_get_bounds(o, &b);
	return (gint64)b.w * b.h + (gint64)stroke->w * stroke->h > LARGE;
}

bool nadir_document_paint_selected(NadirDocument *d, const bitmask *stroke, bool erase, GError **error)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d) && stroke, false);
	NadirObject *o = nadir_document_get_selected(d);
	if (!o) {
		g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, _("No object is selected: select one first."));
		return false;
	}
	g_autoptr(paint_job) j = job_new(o, stroke, erase);
	if (!d->painting && !is_large(o, stroke))
		return compute(j, d->ref, error) && apply(d, j, error);
	g_queue_push_tail(d->strokes, g_steal_pointer(&j));
	paint_next(d);
	return true;
}

void nadir_document_paint_dispose(NadirDocument *d)
{
	if (d->strokes)
		g_queue_free_full(d->strokes, job_free);
	d->strokes = NULL;
}
