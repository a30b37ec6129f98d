/* Requests to the model: from pending marks to a result with outlines. Answers that were overtaken die by identity:
 * only `latest` is shown; those of accepted objects are stored. */
#include "app/document/document-private.h"

#include <glib/gi18n.h>

#include "app/engine/record.h"

/* --- results --- */

static void preview_result_clear(preview_result *r)
{
	engine_answer_clear(&r->answer);
	prompt_choice_clear(&r->view);
	for (guint i = 0; i < 4; i++) {
		g_clear_pointer(&r->wkb[i], g_bytes_unref);
		g_clear_pointer(&r->shape[i], wkb_shape_free);
	}
}

void preview_result_free(preview_result *r)
{
	if (!r)
		return;
	preview_result_clear(r);
	g_free(r);
}

/* The work of a thread: outlines and areas of the candidates, and which of them differ. */
typedef struct {
	preview_result *result;
	scene *scene;
} outline_job;

static void outline_job_free(void *data)
{
	outline_job *j = data;
	preview_result_free(j->result);
	scene_unref(j->scene);
	g_free(j);
}

static bool seen_before(const preview_result *r, guint i)
{
	for (guint k = 0; k < r->n_options; k++)
		if (mask_equal(r->answer.candidate[r->option[k]].mask, r->answer.candidate[i].mask))
			return true;
	return false;
}

static bool outline(preview_result *r, const georef *ref, GError **error)
{
	for (guint i = 0; i < 4; i++) {
		const bitmask *m = r->answer.candidate[i].mask;
		if (!m || r->answer.candidate[i].area == 0 || seen_before(r, i))
			continue;
		r->wkb[i] = mask_to_wkb(m, error);
		r->shape[i] = r->wkb[i] ? wkb_shape_read(r->wkb[i], error) : NULL;
		if (!r->shape[i])
			return false;
		r->area_m2[i] = georef_area_m2(ref, r->wkb[i]);
		r->option[r->n_options++] = i;
	}
	return true;
}

static void outline_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancel)
{
	outline_job *j = data;
	GError *error = NULL;
	if (outline(j->result, j->scene->ref, &error))
		g_task_return_boolean(task, TRUE);
	else
		g_task_return_error(task, error);
}

/* --- what is stored --- */

/* The view that the model is shown now; nothing for the automatic one. */
static prompt_choice view_choice(NadirDocument *d)
{
	const prompt_choice shown = {.bands = d->bands, .stretch = d->stretch, .source = d->source};
	return d->model_follows ? prompt_choice_copy(&shown) : (prompt_choice){0};
}

/* A mask that began with another one is not given by its marks alone: it counts as corrected by hand. */
feature *nadir_document_result_feature(NadirDocument *d, const preview_result *r, int shown, const prompt *marks,
                                       const char *class_name)
{
	const service_info *info = service_get_info(d->service);
	g_autofree char *model = g_strconcat(info ? info->model : "", r->continued ? "+hand" : NULL, NULL);
	feature *f = record_outlined(r->wkb[shown], r->area_m2[shown], &r->answer.candidate[shown], marks, class_name,
	                             model, nadir_document_info(d));
	prompt_choice choice = r->view;
	choice.candidate = shown;
	g_free(f->prompt);
	f->prompt = prompt_to_json_as_run(marks, &choice);
	return f;
}

/* --- requests --- */

/* Whether the marks are to blame: then another mark helps, else trying again may. */
static bool is_about_marks(const GError *error)
{
	return g_error_matches(error, SAM_ERROR, SAM_ERROR_EMPTY) || g_error_matches(error, SAM_ERROR, SAM_ERROR_PROMPT);
}

static void request_free(preview_request *r)
{
	g_object_unref(r->cancel);
	prompt_choice_clear(&r->view);
	g_free(r);
}

/* The request is over; whoever waits for it to close goes on. */
static void request_end(preview_request *r)
{
	NadirDocument *d = r->document;
	if (d) {
		g_ptr_array_remove(d->preview.requests, r);
		nadir_document_close_soon(d);
	}
	request_free(r);
}

void nadir_document_set_result(NadirDocument *d, preview_result *r)
{
	preview_result_free(d->preview.result);
	d->preview.result = r;
	d->preview.chosen = 0;
	for (guint i = 0; r && d->preview.wanted > 0 && i < r->n_options; i++)
		if (r->option[i] == (guint)d->preview.wanted)
			d->preview.chosen = i;
}

static void unaccept(NadirDocument *d)
{
	preview_request *r = d->preview.latest;
	if (r && r->accepted)
		nadir_document_forget_object(g_steal_pointer(&r->accepted));
}

static void on_failed(NadirDocument *d, const GError *error)
{
	unaccept(d);
	d->preview.latest = NULL;
	d->preview.failed = !is_about_marks(error);
	nadir_document_set_result(d, NULL);
	if (!d->preview.failed)
		nadir_document_notify_user(d, error->message);
	else if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		nadir_document_report(d, error);
	nadir_document_emit(d, SIGNAL_PREVIEW);
	nadir_document_emit(d, SIGNAL_BUSY);
}

/* The object was accepted and another one is being marked: it stays as a draft, unless its marks were to blame. */
static void accepted_failed(NadirDocument *d, document_job *j, const GError *error)
{
	if (j->fresh && !is_about_marks(error)) {
		nadir_document_make_draft(j, error);
		return;
	}
	nadir_document_report(d, error);
	nadir_document_forget_object(j);
}

static void fail(preview_request *r, const GError *error)
{
	NadirDocument *d = r->document;
	if (d->preview.latest == r)
		on_failed(d, error);
	else if (r->accepted)
		accepted_failed(d, g_steal_pointer(&r->accepted), error);
	request_end(r);
}

/* The mask of an object that was accepted before it came. */
static void store_accepted(NadirDocument *d, preview_request *r, preview_result *result)
{
	document_job *j = g_steal_pointer(&r->accepted);
	if (!j->fresh) {
		j->object = nadir_document_result_feature(d, result, (int)result->option[0], j->data, j->text);
		document_job_push(j);
		return;
	}
	const bool current = d->preview.latest == r;
	const guint chosen = current && d->preview.wanted > 0 ? d->preview.chosen : 0;
	j->object = nadir_document_result_feature(d, result, (int)result->option[chosen], j->fresh->marks, j->text);
	g_clear_pointer(&j->fresh->marks, prompt_free);
	nadir_document_show_geometry(d, j);
	if (current)
		nadir_document_select(d, j->id);
	nadir_document_store_object(j);
}

static void on_outlined(GObject *object, GAsyncResult *result, gpointer data)
{
	preview_request *r = data;
	NadirDocument *d = r->document;
	outline_job *j = g_task_get_task_data(G_TASK(result));
	g_autoptr(GError) error = NULL;
	const bool ok = g_task_propagate_boolean(G_TASK(result), &error);
	if (!d) {
		request_end(r);
		return;
	}
	if (!ok) {
		fail(r, error);
		return;
	}
	g_autoptr(NadirDocument) kept = g_object_ref(d);
	const bool current = d->preview.latest == r;
	if (current)
		nadir_document_set_result(d, g_steal_pointer(&j->result));
	const bool stored = r->accepted != NULL;
	if (stored)
		store_accepted(d, r, current ? d->preview.result : j->result);
	if (current)
		d->preview.latest = NULL;
	request_end(r);
	if (current)
		nadir_document_on_result(d, stored);
	nadir_document_emit(d, SIGNAL_PREVIEW);
	nadir_document_emit(d, SIGNAL_BUSY);
}

static void start_outline(preview_request *r, engine_answer *answer)
{
	outline_job *j = g_new0(outline_job, 1);
	j->scene = scene_ref(r->document->scene);
	j->result = g_new0(preview_result, 1);
	j->result->answer = *answer;
	j->result->view = r->view;
	r->view = (prompt_choice){0};
	j->result->continued = r->continued;
	g_autoptr(GTask) task = g_task_new(NULL, NULL, on_outlined, r);
	g_task_set_task_data(task, j, outline_job_free);
	g_task_run_in_thread(task, outline_thread);
}

static void on_progress(double fraction, void *data)
{
	preview_request *r = data;
	NadirDocument *d = r->document;
	if (!d || d->preview.latest != r)
		return;
	d->preview.progress = fraction;
	nadir_document_emit(d, SIGNAL_BUSY);
}

static void on_answer(GObject *source, GAsyncResult *result, gpointer data)
{
	preview_request *r = data;
	NadirDocument *d = r->document;
	if (!d || (d->preview.latest != r && !r->accepted)) {
		request_end(r);
		return;
	}
	g_autoptr(GError) error = NULL;
	engine_answer answer = {0};
	if (d->preview.latest == r)
		d->preview.progress = -1;
	if (service_segment_finish(d->service, result, &answer, &error))
		start_outline(r, &answer);
	else
		fail(r, error);
}

bool nadir_same_crop(const sam_crop *a, const sam_crop *b)
{
	return a->x == b->x && a->y == b->y && a->w == b->w && a->h == b->h && a->s == b->s;
}

/* The running request goes on when its encoding serves the next one too; all others stop. */
void nadir_document_overtake(NadirDocument *d, const sam_crop *next)
{
	unaccept(d);
	for (guint i = 0; i < d->preview.requests->len; i++) {
		preview_request *r = d->preview.requests->pdata[i];
		if (!r->accepted && (i > 0 || !next || !nadir_same_crop(&r->crop, next)))
			g_cancellable_cancel(r->cancel);
	}
	d->preview.latest = NULL;
	d->preview.failed = false;
	d->preview.progress = -1;
}

static preview_request *request_new(NadirDocument *d, const prompt *marks)
{
	preview_request *r = g_new0(preview_request, 1);
	const raster_info *info = nadir_document_info(d);
	guint n;
	const sam_mark *m = prompt_marks(marks, &n);
	r->document = d;
	r->cancel = g_cancellable_new();
	r->view = view_choice(d);
	r->crop = sam_crop_choose(m, n, info->width, info->height, 0);
	return r;
}

void nadir_document_ask(NadirDocument *d, document_job *accepted)
{
	g_autoptr(prompt) marks = accepted ? prompt_copy(accepted->fresh->marks) : nadir_document_effective_prompt(d);
	preview_request *r = request_new(d, marks);
	if (accepted) {
		r->accepted = accepted;
	} else {
		nadir_document_overtake(d, &r->crop);
		r->continued = d->preview.base != NULL;
		d->preview.latest = r;
	}
	g_ptr_array_add(d->preview.requests, r);
	const service_prompt p = {.image = d->scene->image,
	                          .style = d->model_follows ? &d->style : &d->rule_style,
	                          .marks = marks,
	                          .previous = accepted ? NULL : d->preview.base};
	service_segment_async(d->service, &p, r->cancel, on_progress, on_answer, r);
	nadir_document_emit(d, SIGNAL_PREVIEW);
	nadir_document_emit(d, SIGNAL_BUSY);
}
