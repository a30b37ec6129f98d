/* The document object itself: image, style of the screen, project, display settings. */
#include "app/document/document-look.h"
#include "app/document/document-private.h"

#include <glib/gi18n.h>
#include <math.h>

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE(NadirDocument, nadir_document, G_TYPE_OBJECT)

static bool write_setting(document_job *j, project *p, GError **error)
{
	return project_set_image_setting(p, j->scene->image_id, j->what, j->text, error);
}

/* A setting of the image in the project. */
static void remember(NadirDocument *d, const char *key, const char *value)
{
	document_job *j = document_job_new(d, write_setting);
	j->what = g_strdup(key);
	j->text = g_strdup(value ? value : "");
	document_job_push(j);
}

/* A slider passes through many values; each commit waits for the disk. */
static gboolean remember_opacity(gpointer data)
{
	NadirDocument *d = data;
	char text[G_ASCII_DTOSTR_BUF_SIZE];
	d->opacity_source = 0;
	remember(d, "opacity", g_ascii_dtostr(text, sizeof text, d->opacity));
	return G_SOURCE_REMOVE;
}

static void let_go(NadirDocument *self)
{
	const bool unwritten = self->opacity_source != 0;
	g_clear_handle_id(&self->opacity_source, g_source_remove);
	if (self->search)
		g_cancellable_cancel(self->search);
	if (unwritten)
		remember_opacity(self);
	if (self->style_cancel)
		g_cancellable_cancel(self->style_cancel);
	g_clear_object(&self->style_cancel);
	nadir_document_hover(self, NAN, NAN, false);
	nadir_document_leave_preview(self);
}

static void nadir_document_dispose(GObject *object)
{
	NadirDocument *self = NADIR_DOCUMENT(object);
	g_clear_handle_id(&self->opacity_source, g_source_remove);
	nadir_document_preview_dispose(self);
	if (self->style_cancel)
		g_cancellable_cancel(self->style_cancel);
	g_clear_object(&self->style_cancel);
	if (self->hover)
		g_cancellable_cancel(self->hover);
	g_clear_object(&self->hover);
	g_clear_pointer(&self->store, store_free); /* nothing is pending: jobs hold the document */
	g_clear_object(&self->heir);
	g_clear_pointer(&self->tiles_ahead, tile_cache_free);
	G_OBJECT_CLASS(nadir_document_parent_class)->dispose(object);
}

static void nadir_document_finalize(GObject *object)
{
	NadirDocument *self = NADIR_DOCUMENT(object);
	g_clear_pointer(&self->drafts, g_ptr_array_unref);
	g_clear_pointer(&self->strokes, g_ptr_array_unref);
	g_clear_pointer(&self->chosen, g_hash_table_unref);
	g_clear_pointer(&self->selection, g_array_unref);
	visibility_clear(&self->visibility);
	g_clear_pointer(&self->ghosts, g_ptr_array_unref);
	g_clear_pointer(&self->proposed, g_ptr_array_unref);
	g_clear_object(&self->objects);
	g_clear_object(&self->unstored);
	g_clear_pointer(&self->classes, g_ptr_array_unref);
	g_clear_pointer(&self->scene, scene_unref);
	g_clear_pointer(&self->service, service_unref);
	g_free(self->bands);
	g_free(self->stretch);
	g_free(self->source);
	g_free(self->title);
	g_free(self->caption);
	g_free(self->damage);
	g_free(self->passed_over);
	g_free(self->bookmarks);
	G_OBJECT_CLASS(nadir_document_parent_class)->finalize(object);
}

static void nadir_document_class_init(NadirDocumentClass *klass)
{
	static const char *const names[N_SIGNALS] = {
		[SIGNAL_STYLE] = "style-changed",
		[SIGNAL_PREVIEW] = "preview-changed",
		[SIGNAL_SELECTION] = "selection-changed",
		[SIGNAL_CLASSES] = "classes-changed",
		[SIGNAL_SETTINGS] = "settings-changed",
		[SIGNAL_STORE] = "store-changed",
		[SIGNAL_BUSY] = "busy-changed",
		[SIGNAL_CAPTION] = "caption-changed",
		[SIGNAL_TALKS] = "talks-added",
		[SIGNAL_ERROR] = "error",
		[SIGNAL_NOTICE] = "notice",
	};
	G_OBJECT_CLASS(klass)->dispose = nadir_document_dispose;
	G_OBJECT_CLASS(klass)->finalize = nadir_document_finalize;
	for (guint i = 0; i < SIGNAL_CLASS_IN_USE; i++) {
		const bool text = i >= SIGNAL_ERROR;
		signals[i] = g_signal_new(names[i], NADIR_TYPE_DOCUMENT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
		                          text ? 1 : 0, G_TYPE_STRING);
	}
	signals[SIGNAL_CLASS_IN_USE] = g_signal_new("class-in-use", NADIR_TYPE_DOCUMENT, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
	                                            NULL, G_TYPE_NONE, 2, G_TYPE_INT, G_TYPE_STRING);
	signals[SIGNAL_REPLY] = g_signal_new("reply-edited", NADIR_TYPE_DOCUMENT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
	                                     G_TYPE_NONE, 2, G_TYPE_INT64, G_TYPE_STRING);
}

static void nadir_document_init(NadirDocument *self)
{
	self->objects = nadir_object_list_new();
	self->unstored = g_list_store_new(NADIR_TYPE_OBJECT);
	self->chosen = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	visibility_init(&self->visibility);
	self->ghosts = g_ptr_array_new_with_free_func((GDestroyNotify)wkb_shape_free);
	self->proposed = g_ptr_array_new_with_free_func(g_object_unref);
	self->drafts = g_ptr_array_new_with_free_func((GDestroyNotify)document_job_free);
	self->strokes = g_ptr_array_new();
	self->classes = g_ptr_array_new_with_free_func((GDestroyNotify)project_class_free);
	self->opacity = 0.35;
	self->preview.progress = -1;
	self->preview.requests = g_ptr_array_new();
	self->preview.undone = g_ptr_array_new_with_free_func((GDestroyNotify)prompt_free);
	g_ptr_array_add(self->classes, nadir_document_default_class("object", 0));
}

void nadir_document_emit(NadirDocument *d, guint signal)
{
	if (signal == SIGNAL_SELECTION)
		g_clear_pointer(&d->selection, g_array_unref);
	g_signal_emit(d, signals[signal], 0);
}

NadirDocument *nadir_document_living(NadirDocument *d)
{
	while (d->heir)
		d = d->heir;
	return d;
}

void nadir_document_report(NadirDocument *d, const GError *error)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d) && error);
	g_signal_emit(nadir_document_living(d), signals[SIGNAL_ERROR], 0, error->message);
}

void nadir_document_notify_user(NadirDocument *d, const char *sentence)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d) && sentence);
	g_signal_emit(d, signals[SIGNAL_NOTICE], 0, sentence);
}

void nadir_document_class_in_use(NadirDocument *d, int id, const char *sentence)
{
	g_signal_emit(nadir_document_living(d), signals[SIGNAL_CLASS_IN_USE], 0, id, sentence);
}

void nadir_document_take_text(NadirDocument *d, const project_words *t)
{
	if (t->image != d->scene->image_id)
		return;
	if (t->message) {
		g_signal_emit(d, signals[SIGNAL_REPLY], 0, t->message, t->now);
		return;
	}
	g_free(d->caption);
	d->caption = *t->now ? g_strdup(t->now) : NULL;
	nadir_document_emit(d, SIGNAL_CAPTION);
}

raster *nadir_document_get_raster(NadirDocument *d)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), NULL);
	return d->scene->image;
}

const raster_info *nadir_document_info(NadirDocument *d)
{
	return raster_get_info(d->scene->image);
}

const georef *nadir_document_get_georef(NadirDocument *d)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), NULL);
	return d->scene->ref;
}

const char *nadir_document_get_title(NadirDocument *d)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), NULL);
	return d->title;
}

/* --- the project --- */

const char *nadir_document_get_project_path(NadirDocument *d)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), NULL);
	return d->store ? store_get_info(d->store)->path : NULL;
}

NadirPending nadir_document_get_pending(NadirDocument *d)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), (NadirPending){0});
	const guint all = g_list_model_get_n_items(G_LIST_MODEL(d->unstored));
	return (NadirPending){all - d->drafts->len, d->drafts->len, d->store ? store_pending(d->store) : 0};
}

const char *nadir_document_get_bookmarks(NadirDocument *d)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), "");
	return d->bookmarks ? d->bookmarks : "";
}

void nadir_document_set_bookmarks(NadirDocument *d, const char *text)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d) && text);
	g_free(d->bookmarks);
	d->bookmarks = g_strdup(text);
	document_job *j = document_job_new(d, write_setting);
	j->birth = birth_new(d, NULL);
	j->what = g_strdup("bookmarks");
	j->text = g_strdup(text);
	document_job_push(j);
}

static void remember_view(NadirDocument *d)
{
	remember(d, "bands", d->bands);
	remember(d, "stretch", d->stretch);
	remember(d, "source", d->source);
	remember(d, "model", d->model_follows ? "screen" : NULL);
}

const char *nadir_document_get_damage(NadirDocument *d)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), NULL);
	return d->damage;
}

const char *nadir_document_get_passed_over(NadirDocument *d)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), NULL);
	return d->passed_over;
}

static bool save_as(document_job *j, project *p, GError **error)
{
	return project_save_as(p, j->text, error);
}

static bool on_saved_as(document_job *j, const GError *error)
{
	if (error) {
		nadir_document_report(j->document, error);
		return false;
	}
	g_clear_pointer(&j->document->damage, g_free);
	g_autofree char *name = g_path_get_basename(j->text);
	g_autofree char *sentence = g_strdup_printf(_("The project is now kept in %s"), name);
	nadir_document_notify_user(j->document, sentence);
	if (nadir_document_can_retry(j->document)) /* what the old place did not take */
		nadir_document_retry(j->document);
	return false;
}

void nadir_document_save_as(NadirDocument *d, const char *path)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d) && path);
	document_job *j = document_job_new(d, save_as);
	j->birth = birth_new(d, path);
	j->text = g_strdup(path);
	j->done = on_saved_as;
	document_job_push(j);
}

/* --- closing --- */

static void on_store_closed(void *data)
{
	g_autoptr(NadirDocument) d = data;
	if (d->closed)
		d->closed(d->closed_data);
}

static bool awaits_model(NadirDocument *d)
{
	for (guint i = 0; i < d->preview.requests->len; i++)
		if (((preview_request *)d->preview.requests->pdata[i])->accepted)
			return true;
	return false;
}

void nadir_document_close_soon(NadirDocument *d)
{
	if (!d->closing || !d->store || store_pending(d->store) > 0 || awaits_model(d))
		return;
	g_ptr_array_set_size(d->drafts, 0);
	store_close(g_steal_pointer(&d->store), on_store_closed, g_object_ref(d));
}

void nadir_document_close(NadirDocument *d, void (*closed)(void *data), void *data)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d) && !d->closing);
	let_go(d);
	d->closing = true;
	d->closed = closed;
	d->closed_data = data;
	if (d->store)
		nadir_document_close_soon(d);
	else if (closed) /* its store lives on */
		closed(data);
}

/* --- style of the screen --- */

const raster_style *nadir_document_get_style(NadirDocument *d)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), NULL);
	return &d->style;
}

void nadir_document_get_style_choice(NadirDocument *d, const char **bands, const char **stretch, const char **source)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d));
	*bands = d->bands;
	*stretch = d->stretch;
	*source = d->source;
}

bool nadir_document_get_model_follows(NadirDocument *d)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), false);
	return d->model_follows;
}

void nadir_document_set_model_follows(NadirDocument *d, bool follows)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d));
	if (d->model_follows == follows)
		return;
	d->model_follows = follows;
	remember_view(d);
	nadir_document_ask_again(d);
	nadir_document_emit(d, SIGNAL_STYLE);
}

typedef struct {
	raster *image;
	char *bands, *stretch, *source;
	raster_rect area;
	bool part; /* statistics of area only */
	raster_style style;
} style_job;

static void style_job_free(void *data)
{
	style_job *j = data;
	raster_unref(j->image);
	g_free(j->bands);
	g_free(j->stretch);
	g_free(j->source);
	g_free(j);
}

static void resolve_style(GTask *task, gpointer source, gpointer data, GCancellable *cancel)
{
	style_job *j = data;
	GError *error = NULL;
	if (!raster_style_resolve_in(j->image, j->bands, j->stretch, j->source, j->part ? &j->area : NULL, &j->style,
	                             cancel, &error)) {
		g_task_return_error(task, error);
		return;
	}
	if (j->part && j->style.stretch != RASTER_STRETCH_NONE) {
		g_free(j->stretch);
		j->stretch = raster_style_range_text(j->style.db, j->style.lo, j->style.hi);
	}
	g_task_return_boolean(task, TRUE);
}

static void on_style_resolved(GObject *object, GAsyncResult *result, gpointer data)
{
	g_autoptr(NadirDocument) d = data;
	g_autoptr(GError) error = NULL;
	style_job *j = g_task_get_task_data(G_TASK(result));
	const bool ok = g_task_propagate_boolean(G_TASK(result), &error);
	if (d->style_cancel != g_task_get_cancellable(G_TASK(result)))
		return; /* a newer choice is under way */
	g_clear_object(&d->style_cancel);
	if (ok) {
		j->style.gamma = d->style.gamma;
		j->style.ramp = d->style.ramp;
		d->style = j->style;
		g_free(d->bands);
		g_free(d->stretch);
		g_free(d->source);
		d->bands = g_steal_pointer(&j->bands);
		d->stretch = g_steal_pointer(&j->stretch);
		d->source = g_steal_pointer(&j->source);
		remember_view(d);
		if (d->model_follows)
			nadir_document_ask_again(d);
		nadir_document_emit(d, SIGNAL_STYLE);
	} else if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
		nadir_document_report(d, error);
	}
	nadir_document_emit(d, SIGNAL_BUSY);
}

void nadir_document_set_style(NadirDocument *d, const char *bands, const char *stretch, const char *source)
{
	nadir_document_set_style_from(d, bands, stretch, source, NULL);
}

void nadir_document_try_range(NadirDocument *d, const double lo[3], const double hi[3])
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d));
	d->style.stretch = d->style.db ? RASTER_STRETCH_DB : RASTER_STRETCH_MANUAL;
	d->style.palette = false;
	for (int i = 0; i < 3; i++) {
		d->style.lo[i] = lo[i];
		d->style.hi[i] = MAX(hi[i], lo[i] + 1e-9 * MAX(1, fabs(lo[i])));
	}
	nadir_document_emit(d, SIGNAL_STYLE);
}

char *nadir_document_look_text(NadirDocument *d)
{
	char gamma[G_ASCII_DTOSTR_BUF_SIZE];
	if (d->style.gamma == 1 && d->style.ramp == 0)
		return NULL;
	return g_strdup_printf("%s %s", g_ascii_dtostr(gamma, sizeof gamma, d->style.gamma),
	                       raster_ramp_name(d->style.ramp));
}

void nadir_document_take_look(NadirDocument *d, const char *text)
{
	char *end = NULL;
	const double gamma = text ? g_ascii_strtod(text, &end) : 1;
	const int ramp = text && *end == ' ' ? raster_ramp_find(end + 1) : 0;
	d->style.gamma = gamma >= 0.1 && gamma <= 10 ? gamma : 1;
	d->style.ramp = MAX(ramp, 0);
}

void nadir_document_set_look(NadirDocument *d, double gamma, int ramp)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d) && gamma > 0 && raster_ramp_name(ramp));
	if (d->style.gamma == gamma && d->style.ramp == ramp)
		return;
	d->style.gamma = gamma;
	d->style.ramp = ramp;
	g_autofree char *text = nadir_document_look_text(d);
	remember(d, "look", text);
	nadir_document_emit(d, SIGNAL_STYLE);
}

void nadir_document_set_style_from(NadirDocument *d, const char *bands, const char *stretch, const char *source,
                                   const raster_rect *area)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d));
	if (d->style_cancel)
		g_cancellable_cancel(d->style_cancel);
	g_clear_object(&d->style_cancel);
	d->style_cancel = g_cancellable_new();
	style_job *j = g_new0(style_job, 1);
	j->image = raster_ref(d->scene->image);
	j->bands = g_strdup(bands);
	j->stretch = g_strdup(stretch);
	j->source = g_strdup(source);
	j->part = area != NULL;
	if (area)
		j->area = *area;
	g_autoptr(GTask) task = g_task_new(NULL, d->style_cancel, on_style_resolved, g_object_ref(d));
	g_task_set_task_data(task, j, style_job_free);
	g_task_run_in_thread(task, resolve_style);
	nadir_document_emit(d, SIGNAL_BUSY);
}

/* --- display --- */

double nadir_document_get_opacity(NadirDocument *d)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), 0);
	return d->opacity;
}

void nadir_document_set_opacity(NadirDocument *d, double opacity)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d));
	opacity = CLAMP(opacity, 0, 1);
	if (fabs(opacity - d->opacity) < 1e-6)
		return;
	d->opacity = opacity;
	g_clear_handle_id(&d->opacity_source, g_source_remove);
	d->opacity_source = g_timeout_add(500, remember_opacity, d);
	nadir_document_emit(d, SIGNAL_SETTINGS);
}

bool nadir_document_get_hidden(NadirDocument *d)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), false);
	return d->hidden;
}

void nadir_document_set_hidden(NadirDocument *d, bool hidden)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d));
	if (d->hidden == hidden)
		return;
	d->hidden = hidden;
	nadir_document_emit(d, SIGNAL_SETTINGS);
}
