#include "app/edit/edit-search.h"

#include <glib/gi18n.h>

#include "app/document/document-private.h"
#include "app/edit/edit-selection.h"
#include "app/engine/record.h"

/* What is not surer is noise; what counts is the threshold's matter. */
#define LEAST_SCORE 0.25
#define LEAST_STABILITY 0.4
#define FIRST_THRESHOLD 0.5

/* A search of a document that may be closed meanwhile. */
typedef struct {
	NadirDocument *d; /* owned */
	GCancellable *cancel;
	char *class_name;
	bool like;
} search;

static void search_free(search *s)
{
	g_object_unref(s->d);
	g_object_unref(s->cancel);
	g_free(s->class_name);
	g_free(s);
}

static bool is_current(const search *s)
{
	return s->d->search == s->cancel && !s->d->closing;
}

static void end_search(search *s, const GError *error)
{
	if (is_current(s)) {
		g_clear_object(&s->d->search);
		if (error && !g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
			nadir_document_report(s->d, error);
		nadir_document_emit(s->d, SIGNAL_BUSY);
	}
	search_free(s);
}

/* --- outlines, off the main loop --- */

typedef struct {
	GPtrArray *found; /* of engine_found */
	char *model, *class_name;
	scene *scene;
	GPtrArray *features; /* of feature */
} outline_task;

static void outline_task_free(void *data)
{
	outline_task *t = data;
	g_ptr_array_unref(t->found);
	g_ptr_array_unref(t->features);
	scene_unref(t->scene);
	g_free(t->model);
	g_free(t->class_name);
	g_free(t);
}

static void make_outlines(GTask *task, gpointer source, gpointer data, GCancellable *cancel)
{
	outline_task *t = data;
	g_autoptr(prompt) none = prompt_new(); /* taken up again, an object begins with its mask */
	for (guint i = 0; i < t->found->len; i++) {
		const engine_found *f = t->found->pdata[i];
		const engine_candidate c = {.score = f->score, .stability = f->stability, .area = f->area};
		g_autoptr(GBytes) wkb = mask_to_wkb(f->mask, NULL);
		if (!wkb)
			continue;
		feature *o = record_outlined(wkb, georef_area_m2(t->scene->ref, wkb), &c, none, t->class_name, t->model,
		                             raster_get_info(t->scene->image));
		g_free(o->state);
		g_free(o->source);
		o->state = g_strdup("draft");
		o->source = g_strdup("model");
		g_ptr_array_add(t->features, o);
	}
	g_task_return_boolean(task, TRUE);
}

static void on_outlines(GObject *source, GAsyncResult *result, gpointer data)
{
	search *s = data;
	outline_task *t = g_task_get_task_data(G_TASK(result));
	if (!g_task_propagate_boolean(G_TASK(result), NULL) || !is_current(s)) {
		end_search(s, NULL);
		return;
	}
	for (guint i = 0; i < t->features->len; i++) {
		feature *f = feature_copy(t->features->pdata[i]);
		f->id = 0;
		g_ptr_array_add(s->d->proposed, nadir_object_new(f, NADIR_STAGE_WAITING));
	}
	if (nadir_document_n_counting(s->d) == 0)
		s->d->least_score = 0; /* show the little that there is */
	if (t->features->len == 0)
		nadir_document_notify_user(s->d, s->like ? _("Nothing here looks like the selected objects.")
		                                         : _("No objects were found here."));
	end_search(s, NULL);
}

static void on_swept(GObject *source, GAsyncResult *result, gpointer data)
{
	search *s = data;
	g_autoptr(GError) error = NULL;
	g_autofree char *model = NULL;
	GPtrArray *found = service_sweep_finish(result, &model, &error);
	if (!found || !is_current(s)) {
		g_clear_pointer(&found, g_ptr_array_unref);
		end_search(s, error);
		return;
	}
	outline_task *t = g_new0(outline_task, 1);
	*t = (outline_task){.found = found,
	                    .model = g_steal_pointer(&model),
	                    .class_name = g_strdup(s->class_name),
	                    .scene = scene_ref(s->d->scene),
	                    .features = g_ptr_array_new_with_free_func((GDestroyNotify)feature_free)};
	g_autoptr(GTask) task = g_task_new(NULL, NULL, on_outlines, s);
	g_task_set_task_data(task, t, outline_task_free);
	g_task_run_in_thread(task, make_outlines);
}

static void on_progress(double fraction, guint found, void *data)
{
	search *s = data;
	if (!is_current(s))
		return;
	s->d->searched = fraction;
	s->d->n_searched = found;
	nadir_document_emit(s->d, SIGNAL_BUSY);
}

/* --- asked by the window --- */

static GPtrArray *selected_masks(NadirDocument *d)
{
	GPtrArray *masks = g_ptr_array_new();
	g_autoptr(GArray) ids = nadir_document_get_selection(d);
	for (guint i = 0; i < ids->len; i++) {
		g_autoptr(NadirObject) o = nadir_document_find(d, g_array_index(ids, gint64, i), NULL);
		const bitmask *m = nadir_object_get_mask(o); /* kept by the object, which the list keeps */
		if (m->w > 0 && m->h > 0)
			g_ptr_array_add(masks, (gpointer)m);
	}
	return masks;
}

static char *class_of(NadirDocument *d, bool like)
{
	NadirObject *o = like ? nadir_document_get_selected(d) : NULL;
	return g_strdup(o ? nadir_object_get_feature(o)->class_name : nadir_document_current_class_name(d));
}

void nadir_document_search(NadirDocument *d, const raster_rect *area, int scale, bool like)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d) && area);
	nadir_document_stop_search(d);
	nadir_document_drop_found(d);
	g_autoptr(GPtrArray) masks = like ? selected_masks(d) : g_ptr_array_new();
	if (like && masks->len == 0) {
		nadir_document_notify_user(d, _("No object is selected: select one or several that look like what is sought."));
		return;
	}
	const engine_sweep_request req = {.image = d->scene->image,
	                                  .style = d->model_follows ? &d->style : &d->rule_style,
	                                  .area = *area,
	                                  .scale = scale,
	                                  .like = (const bitmask *const *)masks->pdata,
	                                  .n_like = masks->len,
	                                  .least_score = LEAST_SCORE,
	                                  .least_stability = LEAST_STABILITY};
	search *s = g_new0(search, 1);
	d->search = g_cancellable_new();
	d->searched = 0;
	d->n_searched = 0;
	d->least_score = FIRST_THRESHOLD;
	*s = (search){g_object_ref(d), g_object_ref(d->search), class_of(d, like), like};
	service_sweep_async(d->service, &req, d->search, on_progress, on_swept, s);
	nadir_document_emit(d, SIGNAL_BUSY);
}

void nadir_document_stop_search(NadirDocument *d)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d));
	if (!d->search)
		return;
	g_cancellable_cancel(d->search);
	g_clear_object(&d->search);
	nadir_document_emit(d, SIGNAL_BUSY);
}

double nadir_document_get_searched(NadirDocument *d, guint *found)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), -1);
	if (found)
		*found = d->n_searched;
	return d->search ? d->searched : -1;
}

GPtrArray *nadir_document_get_found(NadirDocument *d)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), NULL);
	return d->proposed;
}

guint nadir_document_n_counting(NadirDocument *d)
{
	guint n = 0; /* they are in order */
	while (n < d->proposed->len && nadir_object_get_feature(d->proposed->pdata[n])->score >= d->least_score)
		n++;
	return n;
}

double nadir_document_get_least_score(NadirDocument *d)
{
	return d->least_score;
}

void nadir_document_set_least_score(NadirDocument *d, double score)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d));
	d->least_score = score;
	nadir_document_emit(d, SIGNAL_BUSY);
}

void nadir_document_drop_found(NadirDocument *d)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d));
	if (d->proposed->len == 0)
		return;
	g_ptr_array_set_size(d->proposed, 0);
	nadir_document_emit(d, SIGNAL_BUSY);
}

/* --- keeping --- */

static bool insert_all(document_job *j, project *p, GError **error)
{
	GPtrArray *features = j->data;
	const project_batch b = {.add = (feature **)features->pdata, .n_add = features->len};
	if (!project_apply(p, j->scene->image_id, &b, j->what, error))
		return false;
	for (guint i = 0; i < features->len; i++)
		document_job_changed(j, b.add[i]->id, feature_copy(b.add[i]));
	return document_job_read_classes(j, p, error);
}

/* What could not be stored is offered again: nothing that was found is lost. */
static bool on_kept(document_job *j, const GError *error)
{
	NadirDocument *d = j->document;
	GPtrArray *features = j->data;
	if (!error)
		return false;
	for (guint i = 0; i < features->len; i++)
		g_ptr_array_add(d->proposed, nadir_object_new(feature_copy(features->pdata[i]), NADIR_STAGE_WAITING));
	nadir_document_report(d, error);
	nadir_document_emit(d, SIGNAL_BUSY);
	return false;
}

void nadir_document_keep_found(NadirDocument *d)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d));
	const guint n = nadir_document_n_counting(d);
	if (n == 0)
		return;
	GPtrArray *features = g_ptr_array_new_with_free_func((GDestroyNotify)feature_free);
	for (guint i = 0; i < n; i++)
		g_ptr_array_add(features, feature_copy(nadir_object_get_feature(d->proposed->pdata[i])));
	document_job *j = document_job_new(d, insert_all);
	j->data = features;
	j->data_free = (GDestroyNotify)g_ptr_array_unref;
	j->done = on_kept;
	j->birth = birth_new(d, NULL);
	/* Translators: a step in the undo list. */
	j->what = g_strdup_printf(ngettext("keep %u found object", "keep %u found objects", n), n);
	document_job_push(j);
	nadir_document_drop_found(d);
}
