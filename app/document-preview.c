/* Marks and the live preview. Every change of the marks runs the whole prompt again, so what is stored is what the
 * command line gives for the same marks. Answers that were overtaken die by identity: only `latest` is shown. */
#include "app/document-private.h"

#include <glib/gi18n.h>
#include <math.h>

#include "app/engine/record.h"

/* --- results --- */

static void preview_result_clear(preview_result *r)
{
	engine_answer_clear(&r->answer);
	g_clear_pointer(&r->view, g_free);
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
	preview_request *request; /* borrowed, for its identity */
} outline_job;

static void outline_job_free(void *data)
{
	outline_job *j = data;
	preview_result_free(j->result);
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
	if (outline(j->result, NADIR_DOCUMENT(source)->ref, &error))
		g_task_return_boolean(task, TRUE);
	else
		g_task_return_error(task, error);
}

/* --- what is stored --- */

static void add_choice(GString *text, const char *key, const char *value)
{
	if (value)
		g_string_append_printf(text, "\"%s\":\"%s\",", key, value);
}

/* The view that the model is shown now, as members of a JSON object; "" for the automatic one. */
static char *view_members(NadirDocument *d)
{
	GString *text = g_string_new(NULL);
	if (d->model_follows) {
		add_choice(text, "bands", d->bands);
		add_choice(text, "stretch", d->stretch);
		add_choice(text, "source", d->source);
	}
	return g_string_free(text, FALSE);
}

/* The marks as JSON. The first one also holds what the command line needs to give the same mask: the candidate, when a
 * person chose another than the model's answer, and the view, when the model saw the screen's. */
static char *prompt_as_run(const prompt *marks, int candidate, const char *view)
{
	g_autofree char *json = prompt_to_json(marks);
	g_assert(g_str_has_prefix(json, "[{"));
	GString *text = g_string_new("[{");
	if (candidate > 0)
		g_string_append_printf(text, "\"candidate\":%d,", candidate);
	g_string_append_printf(text, "%s%s", view, json + 2);
	return g_string_free(text, FALSE);
}

static feature *result_feature(NadirDocument *d, const preview_result *r, int shown, const prompt *marks,
                               const char *class_name)
{
	const service_info *info = service_get_info(d->service);
	feature *f = record_outlined(r->wkb[shown], r->area_m2[shown], &r->answer.candidate[shown], marks, class_name,
	                             info ? info->model : "", raster_get_info(d->image));
	g_free(f->prompt);
	f->prompt = prompt_as_run(marks, shown, r->view);
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
	prompt_free(r->accepted);
	g_free(r->class_name);
	g_free(r->view);
	g_free(r);
}

static void set_result(NadirDocument *d, preview_result *r)
{
	preview_result_free(d->preview.result);
	d->preview.result = r;
	d->preview.chosen = 0;
}

static void accept_if_asked(NadirDocument *d)
{
	if (!d->preview.accept_class)
		return;
	g_autoptr(GError) error = NULL;
	if (!nadir_document_accept_preview(d, &error) && error)
		nadir_document_report(d, error);
}

/* Marks whose object could not be had come back, unless others took their place. */
static void give_back(NadirDocument *d, preview_request *r, const GError *error)
{
	if (!d->preview.marks) {
		d->preview.marks = g_steal_pointer(&r->accepted);
		d->preview.failed = !is_about_marks(error);
		nadir_document_emit(d, SIGNAL_PREVIEW);
	}
	nadir_document_report(d, error);
}

/* The object of a request that was accepted before its answer came; another object is being marked meanwhile. */
static void store_accepted(NadirDocument *d, preview_request *r, preview_result *result)
{
	g_autoptr(GError) error = NULL;
	const bool busy = d->preview.marks != NULL;
	if (result->n_options == 0)
		g_set_error_literal(&error, SAM_ERROR, SAM_ERROR_EMPTY,
		                    _("The accepted object came back empty: mark it again."));
	else if (nadir_document_insert(d, result_feature(d, result, (int)result->option[0], r->accepted, r->class_name),
	                               &error) &&
	         busy)
		nadir_document_select(d, 0); /* keys are about the object being marked */
	if (error)
		give_back(d, r, error);
}

static void on_outlined(GObject *object, GAsyncResult *result, gpointer data)
{
	NadirDocument *d = NADIR_DOCUMENT(object);
	outline_job *j = g_task_get_task_data(G_TASK(result));
	g_autoptr(GError) error = NULL;
	const bool ok = g_task_propagate_boolean(G_TASK(result), &error);
	const bool current = d->preview.latest == j->request;
	if (j->request->accepted && ok)
		store_accepted(d, j->request, j->result);
	else if (j->request->accepted)
		give_back(d, j->request, error);
	else if (current) {
		d->preview.latest = NULL;
		set_result(d, ok ? g_steal_pointer(&j->result) : NULL);
		if (!ok)
			nadir_document_report(d, error);
	}
	request_free(j->request);
	if (!current)
		return;
	nadir_document_emit(d, SIGNAL_PREVIEW);
	nadir_document_emit(d, SIGNAL_BUSY);
	accept_if_asked(d);
}

static void start_outline(NadirDocument *d, preview_request *r, engine_answer *answer)
{
	outline_job *j = g_new0(outline_job, 1);
	j->request = r;
	j->result = g_new0(preview_result, 1);
	j->result->answer = *answer;
	j->result->view = g_steal_pointer(&r->view);
	g_autoptr(GTask) task = g_task_new(d, NULL, on_outlined, NULL);
	g_task_set_task_data(task, j, outline_job_free);
	g_task_run_in_thread(task, outline_thread);
}

static void forget_accept(NadirDocument *d)
{
	g_clear_pointer(&d->preview.accept_class, g_free);
}

static void on_failed(NadirDocument *d, const GError *error)
{
	d->preview.latest = NULL;
	forget_accept(d);
	d->preview.failed = !is_about_marks(error);
	set_result(d, NULL);
	if (!d->preview.failed)
		nadir_document_notify_user(d, error->message);
	else if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		nadir_document_report(d, error);
	nadir_document_emit(d, SIGNAL_PREVIEW);
	nadir_document_emit(d, SIGNAL_BUSY);
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
	if (d)
		g_ptr_array_remove(d->preview.requests, r);
	if (!d || (d->preview.latest != r && !r->accepted)) {
		request_free(r);
		return;
	}
	g_autoptr(GError) error = NULL;
	engine_answer answer = {0};
	if (d->preview.latest == r)
		d->preview.progress = -1;
	if (service_segment_finish(d->service, result, &answer, &error)) {
		start_outline(d, r, &answer);
		return;
	}
	if (r->accepted)
		give_back(d, r, error);
	else
		on_failed(d, error);
	request_free(r);
}

static bool same_crop(const sam_crop *a, const sam_crop *b)
{
	return a->x == b->x && a->y == b->y && a->w == b->w && a->h == b->h && a->s == b->s;
}

/* The running request goes on when its encoding serves the next one too; all others stop. */
static void overtake(NadirDocument *d, const sam_crop *next)
{
	for (guint i = 0; i < d->preview.requests->len; i++) {
		preview_request *r = d->preview.requests->pdata[i];
		if (!r->accepted && (i > 0 || !next || !same_crop(&r->crop, next)))
			g_cancellable_cancel(r->cancel);
	}
	d->preview.latest = NULL;
	forget_accept(d);
	d->preview.failed = false;
	d->preview.progress = -1;
}

bool nadir_document_get_crop(NadirDocument *d, sam_crop *crop)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), false);
	if (!d->preview.marks)
		return false;
	if (d->preview.result && !d->preview.latest) {
		*crop = d->preview.result->answer.crop;
		return true;
	}
	guint n;
	const sam_mark *marks = prompt_marks(d->preview.marks, &n);
	const raster_info *info = raster_get_info(d->image);
	*crop = sam_crop_choose(marks, n, info->width, info->height, 0);
	return true;
}

static void ask(NadirDocument *d)
{
	preview_request *r = g_new0(preview_request, 1);
	guint n;
	const sam_mark *marks = prompt_marks(d->preview.marks, &n);
	const raster_info *info = raster_get_info(d->image);
	r->document = d;
	r->cancel = g_cancellable_new();
	r->view = view_members(d);
	r->crop = sam_crop_choose(marks, n, info->width, info->height, 0);
	overtake(d, &r->crop);
	g_ptr_array_add(d->preview.requests, r);
	d->preview.latest = r;
	const raster_style *seen = d->model_follows ? &d->style : &d->rule_style;
	service_segment_async(d->service, d->image, seen, d->preview.marks, 0, r->cancel, on_progress, on_answer, r);
	nadir_document_emit(d, SIGNAL_PREVIEW);
	nadir_document_emit(d, SIGNAL_BUSY);
}

void nadir_document_ask_again(NadirDocument *d)
{
	if (d->preview.marks)
		ask(d);
}

/* --- marks --- */

static bool marks_fit(NadirDocument *d, const prompt *p)
{
	g_autoptr(GError) error = NULL;
	guint n;
	const sam_mark *marks = prompt_marks(p, &n);
	const raster_info *info = raster_get_info(d->image);
	if (sam_marks_check(marks, n, info->width, info->height, &error))
		return true;
	nadir_document_notify_user(d, error->message);
	return false;
}

/* Enter was pressed and the answer is still under way: the running request stores its object by itself, and the next
 * mark begins another one. */
static void detach_accepted(NadirDocument *d)
{
	preview_request *r = d->preview.latest;
	r->accepted = g_steal_pointer(&d->preview.marks);
	r->class_name = g_steal_pointer(&d->preview.accept_class);
	d->preview.latest = NULL;
	set_result(d, NULL);
}

void nadir_document_add_mark(NadirDocument *d, sam_mark_kind kind, int sign, const double *xy, guint n, double r)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d) && xy && n > 0);
	if (d->preview.accept_class && d->preview.latest)
		detach_accepted(d);
	g_autoptr(prompt) next = d->preview.marks ? prompt_copy(d->preview.marks) : prompt_new();
	prompt_add(next, kind, sign, xy, n, r);
	if (!marks_fit(d, next))
		return;
	nadir_document_select(d, 0); /* what comes is about the new object */
	g_clear_pointer(&d->preview.marks, prompt_free);
	d->preview.marks = g_steal_pointer(&next);
	ask(d);
}

void nadir_document_drop_preview(NadirDocument *d)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d));
	if (!d->preview.marks)
		return;
	overtake(d, NULL);
	g_clear_pointer(&d->preview.marks, prompt_free);
	set_result(d, NULL);
	nadir_document_emit(d, SIGNAL_PREVIEW);
	nadir_document_emit(d, SIGNAL_BUSY);
}

void nadir_document_undo_mark(NadirDocument *d)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d));
	if (!d->preview.marks)
		return;
	g_autoptr(prompt) next = prompt_copy(d->preview.marks);
	prompt_remove_last(next);
	if (prompt_count(next) == 0 || !marks_fit(d, next)) {
		nadir_document_drop_preview(d);
		return;
	}
	g_clear_pointer(&d->preview.marks, prompt_free);
	d->preview.marks = g_steal_pointer(&next);
	ask(d);
}

void nadir_document_cancel_encode(NadirDocument *d)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d));
	if (d->preview.latest)
		nadir_document_drop_preview(d);
}

double nadir_document_get_encode_progress(NadirDocument *d)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), -1);
	return d->preview.progress;
}

const prompt *nadir_document_get_prompt(NadirDocument *d)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), NULL);
	return d->preview.marks;
}

/* --- the shown candidate --- */

static int chosen_candidate(NadirDocument *d)
{
	const preview_result *r = d->preview.result;
	return r && r->n_options > 0 ? (int)r->option[d->preview.chosen] : -1;
}

NadirPreviewState nadir_document_get_preview(NadirDocument *d, const engine_answer **answer, int *candidate)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), NADIR_PREVIEW_NONE);
	const int shown = chosen_candidate(d);
	if (answer)
		*answer = shown >= 0 ? &d->preview.result->answer : NULL;
	if (candidate)
		*candidate = MAX(shown, 0);
	if (d->preview.latest)
		return NADIR_PREVIEW_RUNNING;
	return shown >= 0 ? NADIR_PREVIEW_READY : NADIR_PREVIEW_NONE;
}

const wkb_shape *nadir_document_get_preview_shape(NadirDocument *d)
{
	const int shown = chosen_candidate(d);
	return shown >= 0 ? d->preview.result->shape[shown] : NULL;
}

bool nadir_document_get_candidate(NadirDocument *d, guint *index, guint *count)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), false);
	if (chosen_candidate(d) < 0)
		return false;
	*index = d->preview.chosen;
	*count = d->preview.result->n_options;
	return true;
}

double nadir_document_get_preview_area_m2(NadirDocument *d)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), NAN);
	const int shown = chosen_candidate(d);
	return shown >= 0 ? d->preview.result->area_m2[shown] : NAN;
}

void nadir_document_next_candidate(NadirDocument *d, int step)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d));
	if (chosen_candidate(d) < 0)
		return;
	const int n = (int)d->preview.result->n_options;
	d->preview.chosen = (guint)((((int)d->preview.chosen + step) % n + n) % n);
	nadir_document_emit(d, SIGNAL_PREVIEW);
}

/* --- accepting --- */

NadirObject *nadir_document_accept_preview(NadirDocument *d, GError **error)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), NULL);
	const int shown = chosen_candidate(d);
	if (d->preview.failed)
		ask(d);
	if (!d->preview.accept_class)
		d->preview.accept_class = g_strdup(nadir_document_current_class_name(d));
	if (d->preview.latest)
		return NULL;
	g_autofree char *class_name = g_steal_pointer(&d->preview.accept_class);
	if (shown < 0)
		return NULL;
	feature *f = result_feature(d, d->preview.result, shown, d->preview.marks, class_name);
	NadirObject *o = nadir_document_insert(d, f, error);
	if (o)
		nadir_document_drop_preview(d);
	return o;
}

void nadir_document_preview_dispose(NadirDocument *d)
{
	preview *p = &d->preview;
	for (guint i = 0; p->requests && i < p->requests->len; i++) {
		preview_request *r = p->requests->pdata[i];
		r->document = NULL;
		g_cancellable_cancel(r->cancel);
	}
	g_clear_pointer(&p->requests, g_ptr_array_unref);
	g_clear_pointer(&p->marks, prompt_free);
	g_clear_pointer(&p->accept_class, g_free);
	g_clear_pointer(&p->result, preview_result_free);
	p->latest = NULL;
}
