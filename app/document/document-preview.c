/* Marks and the live preview. Every change of the marks runs the whole prompt again, so what is stored is what the
 * command line gives for the same marks. */
#include "app/document/document-private.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

/* --- the marks as the model gets them --- */

prompt *nadir_document_effective_prompt(NadirDocument *d)
{
	const preview *p = &d->preview;
	return p->base ? prompt_behind_box(p->marks, p->base) : prompt_copy(p->marks);
}

static bool marks_fit(NadirDocument *d, prompt *next)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(prompt) whole = d->preview.base ? prompt_behind_box(next, d->preview.base) : prompt_copy(next);
	const raster_info *info = nadir_document_info(d);
	guint n;
	const sam_mark *marks = prompt_marks(whole, &n);
	if (sam_marks_check(marks, n, info->width, info->height, &error))
		return true;
	nadir_document_notify_user(d, error->message);
	return false;
}

bool nadir_document_get_crop(NadirDocument *d, sam_crop *crop)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), false);
	if (!d->preview.marks || prompt_count(d->preview.marks) == 0)
		return false;
	if (d->preview.result && !d->preview.latest) {
		*crop = d->preview.result->answer.crop;
		return true;
	}
	g_autoptr(prompt) whole = nadir_document_effective_prompt(d);
	const raster_info *info = nadir_document_info(d);
	guint n;
	const sam_mark *marks = prompt_marks(whole, &n);
	*crop = sam_crop_choose(marks, n, info->width, info->height, 0);
	return true;
}

void nadir_document_ask_again(NadirDocument *d)
{
	if (d->preview.marks && prompt_count(d->preview.marks) > 0)
		nadir_document_ask(d, NULL);
}

/* --- changes of the marks --- */

static void set_marks(NadirDocument *d, prompt *marks)
{
	g_clear_pointer(&d->preview.marks, prompt_free);
	d->preview.marks = marks;
	d->preview.wanted = 0;
	d->preview.accept_soon = false;
}

static void forget_undone(NadirDocument *d)
{
	g_ptr_array_set_size(d->preview.undone, 0);
}

/* Enter was pressed and the answer is still under way: the running request stores its object by itself, and the next
 * mark begins another one. */
static void detach_accepted(NadirDocument *d)
{
	d->preview.latest = NULL;
	d->preview.progress = -1;
	set_marks(d, NULL);
	nadir_document_set_result(d, NULL);
}

void nadir_document_add_mark(NadirDocument *d, sam_mark_kind kind, int sign, const double *xy, guint n, double r)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d) && xy && n > 0);
	if (d->preview.latest && d->preview.latest->accepted)
		detach_accepted(d);
	g_autoptr(prompt) next = d->preview.marks ? prompt_copy(d->preview.marks) : prompt_new();
	prompt_add(next, kind, sign, xy, n, r);
	if (!marks_fit(d, next))
		return;
	if (!d->preview.edited)
		nadir_document_select(d, 0); /* what comes is about the new object */
	forget_undone(d);
	set_marks(d, g_steal_pointer(&next));
	nadir_document_ask(d, NULL);
}

static void end_preview(NadirDocument *d)
{
	nadir_document_overtake(d, NULL);
	set_marks(d, NULL);
	nadir_document_set_result(d, NULL);
	d->preview.edited = 0;
	g_clear_pointer(&d->preview.base, mask_free);
	nadir_document_emit(d, SIGNAL_PREVIEW);
	nadir_document_emit(d, SIGNAL_BUSY);
}

void nadir_document_drop_preview(NadirDocument *d)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d));
	forget_undone(d);
	if (d->preview.marks)
		end_preview(d);
}

static void keep_edit(NadirDocument *d);

void nadir_document_leave_preview(NadirDocument *d)
{
	keep_edit(d);
	if (d->preview.latest && d->preview.latest->accepted) {
		detach_accepted(d);
		d->preview.edited = 0;
		g_clear_pointer(&d->preview.base, mask_free);
	}
	nadir_document_drop_preview(d);
}

static void show_base(NadirDocument *d);

/* Marks without what is left of them: of an edited object its mask, of a new one nothing. */
static void no_marks_left(NadirDocument *d, prompt *none)
{
	if (!d->preview.base) {
		if (d->preview.edited) /* what is redone after the end would be a new object */
			forget_undone(d);
		end_preview(d);
		return;
	}
	nadir_document_overtake(d, NULL);
	set_marks(d, prompt_copy(none));
	show_base(d);
}

void nadir_document_undo_mark(NadirDocument *d)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d));
	if (!d->preview.marks)
		return;
	if (prompt_count(d->preview.marks) == 0) {
		end_preview(d);
		return;
	}
	g_ptr_array_add(d->preview.undone, prompt_copy(d->preview.marks));
	g_autoptr(prompt) next = prompt_copy(d->preview.marks);
	prompt_remove_last(next);
	if (prompt_count(next) == 0 || !marks_fit(d, next)) {
		no_marks_left(d, next);
		return;
	}
	set_marks(d, g_steal_pointer(&next));
	nadir_document_ask(d, NULL);
}

bool nadir_document_redo_mark(NadirDocument *d)
{
	GPtrArray *undone = d->preview.undone;
	if (undone->len == 0)
		return false;
	set_marks(d, g_ptr_array_steal_index(undone, undone->len - 1));
	nadir_document_ask(d, NULL);
	return true;
}

const prompt *nadir_document_get_prompt(NadirDocument *d)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), NULL);
	return d->preview.marks;
}

/* --- editing a stored object again --- */

gint64 nadir_document_get_edited(NadirDocument *d)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), 0);
	return d->preview.edited;
}

/* The object's own mask as what there is to accept, until the first mark. */
static void show_base(NadirDocument *d)
{
	g_autoptr(NadirObject) o = nadir_document_find(d, d->preview.edited, NULL);
	if (!o) {
		end_preview(d);
		return;
	}
	const feature *f = nadir_object_get_feature(o);
	preview_result *r = g_new0(preview_result, 1);
	r->answer.candidate[0] = (engine_candidate){mask_copy(d->preview.base), f->score, 0, f->area_px};
	r->wkb[0] = g_bytes_ref(f->px_geom);
	r->shape[0] = wkb_shape_read(f->px_geom, NULL);
	r->area_m2[0] = f->area_m2;
	r->n_options = 1;
	nadir_document_set_result(d, r);
	nadir_document_emit(d, SIGNAL_PREVIEW);
	nadir_document_emit(d, SIGNAL_BUSY);
}

static int stored_candidate(const char *json)
{
	g_auto(prompt_choice) choice = {0};
	g_autoptr(GError) error = NULL;
	if (!prompt_choice_from_json(json, &choice, &error))
		g_debug("%s", error->message);
	return choice.candidate;
}

static void choose_class(NadirDocument *d, const char *name)
{
	for (guint i = 0; i < d->classes->len; i++)
		if (g_str_equal(((project_class *)d->classes->pdata[i])->name, name))
			nadir_document_set_current_class(d, (int)i);
}

void nadir_document_edit_again(NadirDocument *d, gint64 id)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d));
	g_autoptr(NadirObject) o = id > 0 ? nadir_document_find(d, id, NULL) : NULL;
	if (!o) {
		nadir_document_notify_user(d, _("No object is selected: select one first."));
		return;
	}
	nadir_document_drop_preview(d);
	const feature *f = nadir_object_get_feature(o);
	const bool by_hand = g_str_has_suffix(f->model, "hand");
	g_autoptr(prompt) marks = f->prompt && !by_hand ? prompt_from_json(f->prompt, NULL) : NULL;
	d->preview.edited = id;
	choose_class(d, f->class_name);
	if (marks && prompt_count(marks) > 0 && marks_fit(d, marks)) {
		set_marks(d, g_steal_pointer(&marks));
		d->preview.wanted = stored_candidate(f->prompt);
		nadir_document_ask(d, NULL);
		return;
	}
	d->preview.base = mask_copy(nadir_object_get_mask(o));
	set_marks(d, prompt_new());
	show_base(d);
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

/* --- accepting --- */

/* In the store's thread: what the edited object becomes, with its own number, state, words and first date. */
static bool replace(document_job *j, project *p, GError **error)
{
	g_autoptr(feature) old = project_object(p, j->id, error);
	if (!old)
		return false;
	feature *f = j->object;
	f->id = old->id;
	g_clear_pointer(&f->caption, g_free);
	g_clear_pointer(&f->reviewer, g_free);
	g_clear_pointer(&f->state, g_free);
	g_clear_pointer(&f->created, g_free);
	f->caption = g_steal_pointer(&old->caption);
	f->reviewer = g_steal_pointer(&old->reviewer);
	f->state = g_steal_pointer(&old->state);
	f->created = g_steal_pointer(&old->created);
	return document_job_update(j, p, f, error) && document_job_read_classes(j, p, error);
}

static bool on_replaced(document_job *j, const GError *error)
{
	if (!error)
		return false;
	nadir_document_report(j->document, error);
	if (!j->document->preview.marks) /* nothing was lost: the marks come back */
		nadir_document_edit_again(j->document, j->id);
	return false;
}

static document_job *edit_job(NadirDocument *d, const char *class_name)
{
	document_job *j = document_job_new(d, replace);
	j->id = d->preview.edited;
	j->text = g_strdup(class_name);
	/* Translators: a step in the undo list; %s is a class. */
	j->what = g_strdup_printf(_("mark %s again"), class_name);
	j->done = on_replaced;
	return j;
}

static void store_edited(NadirDocument *d, int shown)
{
	const char *class_name = nadir_document_current_class_name(d);
	if (prompt_count(d->preview.marks) > 0) {
		document_job *j = edit_job(d, class_name);
		j->object = nadir_document_result_feature(d, d->preview.result, shown, d->preview.marks, class_name);
		document_job_push(j);
	}
	end_preview(d);
}

/* Enter came, its answer not yet, and the document is left: the answer is stored when it comes. Without one the object
 * stays as it was. */
static void keep_edit(NadirDocument *d)
{
	preview_request *r = d->preview.latest;
	if (!r || r->accepted || !d->preview.edited || !d->preview.accept_soon)
		return;
	r->accepted = edit_job(d, nadir_document_current_class_name(d));
	r->accepted->data = prompt_copy(d->preview.marks);
	r->accepted->data_free = (GDestroyNotify)prompt_free;
}

/* The mask is not there yet: the request that is under way will store it. */
static void accept_ahead(NadirDocument *d)
{
	preview_request *r = d->preview.latest;
	if (d->preview.edited)
		d->preview.accept_soon = true;
	if (d->preview.edited || r->accepted)
		return;
	feature *f = feature_new();
	g_free(f->class_name);
	f->class_name = g_strdup(nadir_document_current_class_name(d));
	r->accepted = nadir_document_begin_object(d, f, prompt_copy(d->preview.marks));
	nadir_document_emit(d, SIGNAL_STORE);
}

void nadir_document_accept_preview(NadirDocument *d)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d));
	if (d->preview.failed)
		nadir_document_ask(d, NULL);
	const int shown = chosen_candidate(d);
	forget_undone(d);
	if (d->preview.latest) {
		accept_ahead(d);
		return;
	}
	if (!d->preview.marks && d->drafts->len > 0)
		nadir_document_retry(d);
	if (!d->preview.marks || shown < 0)
		return;
	if (d->preview.edited) {
		store_edited(d, shown);
		return;
	}
	feature *f = nadir_document_result_feature(d, d->preview.result, shown, d->preview.marks,
	                                           nadir_document_current_class_name(d));
	document_job *j = nadir_document_begin_object(d, f, NULL);
	nadir_document_select(d, j->id);
	nadir_document_store_object(j);
	end_preview(d);
}

void nadir_document_on_result(NadirDocument *d, bool stored)
{
	const bool soon = d->preview.accept_soon;
	d->preview.accept_soon = false;
	if (stored)
		end_preview(d);
	else if (soon)
		nadir_document_accept_preview(d);
}

/* --- ahead of the click --- */

static void on_encoded_ahead(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(NadirDocument) d = data;
	g_autoptr(GError) error = NULL;
	const bool ok = service_prefetch_finish(result, &error);
	if (d->hover == g_task_get_cancellable(G_TASK(result)))
		d->encoded_ahead = ok;
	if (!ok) /* a click there will say why */
		g_debug("not encoded ahead: %s", error->message);
}

bool nadir_document_is_encoded_ahead(NadirDocument *d)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), false);
	return d->hover && d->encoded_ahead;
}

static sam_crop crop_at(NadirDocument *d, double x, double y)
{
	const raster_info *info = nadir_document_info(d);
	const sam_mark point = {.kind = SAM_POINT, .sign = 1, .n = 1, .xy = (double[]){x, y}};
	return sam_crop_choose(&point, 1, info->width, info->height, 0);
}

static void encode_ahead(NadirDocument *d, double x, double y)
{
	g_autoptr(prompt) point = prompt_new();
	prompt_add(point, SAM_POINT, 1, (double[]){x, y}, 1, 0);
	const service_prompt p = {
		.image = d->scene->image, .style = d->model_follows ? &d->style : &d->rule_style, .marks = point};
	d->hover = g_cancellable_new();
	d->encoded_ahead = false;
	service_prefetch_async(d->service, &p, d->hover, on_encoded_ahead, g_object_ref(d));
}

void nadir_document_hover(NadirDocument *d, double x, double y, bool rests)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d));
	const raster_info *info = nadir_document_info(d);
	const bool inside = x >= 0 && y >= 0 && x < info->width && y < info->height;
	const sam_crop crop = inside ? crop_at(d, x, y) : (sam_crop){0};
	if (d->hover && inside && nadir_same_crop(&crop, &d->hover_crop))
		return;
	if (d->hover)
		g_cancellable_cancel(d->hover);
	g_clear_object(&d->hover);
	d->hover_crop = crop;
	if (inside && rests && !d->closing && d->preview.requests->len == 0 && service_get_info(d->service))
		encode_ahead(d, x, y);
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
	g_clear_pointer(&p->undone, g_ptr_array_unref);
	g_clear_pointer(&p->marks, prompt_free);
	g_clear_pointer(&p->base, mask_free);
	g_clear_pointer(&p->result, preview_result_free);
	p->latest = NULL;
}
