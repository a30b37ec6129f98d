/* The document object itself: image, style of the screen, project, display settings. */
#include "app/document-private.h"

#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <math.h>

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE(NadirDocument, nadir_document, G_TYPE_OBJECT)

/* A slider passes through many values; each commit waits for the disk. */
static gboolean remember_opacity(gpointer data)
{
	NadirDocument *d = data;
	char text[G_ASCII_DTOSTR_BUF_SIZE];
	d->opacity_source = 0;
	nadir_document_remember(d, "opacity", g_ascii_dtostr(text, sizeof text, d->opacity));
	return G_SOURCE_REMOVE;
}

static void nadir_document_dispose(GObject *object)
{
	NadirDocument *self = NADIR_DOCUMENT(object);
	if (self->opacity_source) {
		g_source_remove(self->opacity_source);
		remember_opacity(self);
	}
	nadir_document_preview_dispose(self);
	nadir_document_paint_dispose(self);
	if (self->style_cancel)
		g_cancellable_cancel(self->style_cancel);
	g_clear_object(&self->style_cancel);
	g_clear_pointer(&self->project, project_close);
	G_OBJECT_CLASS(nadir_document_parent_class)->dispose(object);
}

static void nadir_document_finalize(GObject *object)
{
	NadirDocument *self = NADIR_DOCUMENT(object);
	g_clear_object(&self->objects);
	g_clear_pointer(&self->classes, g_ptr_array_unref);
	g_clear_pointer(&self->ref, georef_free);
	g_clear_pointer(&self->image, raster_unref);
	g_free(self->bands);
	g_free(self->stretch);
	g_free(self->source);
	g_free(self->title);
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
		[SIGNAL_BUSY] = "busy-changed",
		[SIGNAL_ERROR] = "error",
		[SIGNAL_NOTICE] = "notice",
	};
	G_OBJECT_CLASS(klass)->dispose = nadir_document_dispose;
	G_OBJECT_CLASS(klass)->finalize = nadir_document_finalize;
	for (guint i = 0; i < N_SIGNALS; i++) {
		const bool text = i >= SIGNAL_ERROR;
		signals[i] = g_signal_new(names[i], NADIR_TYPE_DOCUMENT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
		                          text ? 1 : 0, G_TYPE_STRING);
	}
}

static void nadir_document_init(NadirDocument *self)
{
	self->objects = g_list_store_new(NADIR_TYPE_OBJECT);
	self->classes = g_ptr_array_new_with_free_func((GDestroyNotify)project_class_free);
	self->opacity = 0.35;
	self->strokes = g_queue_new();
	self->preview.progress = -1;
	self->preview.requests = g_ptr_array_new();
	nadir_document_add_default_classes(self);
}

void nadir_document_emit(NadirDocument *d, guint signal)
{
	g_signal_emit(d, signals[signal], 0);
}

void nadir_document_report(NadirDocument *d, const GError *error)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d) && error);
	g_signal_emit(d, signals[SIGNAL_ERROR], 0, error->message);
}

void nadir_document_notify_user(NadirDocument *d, const char *sentence)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d) && sentence);
	g_signal_emit(d, signals[SIGNAL_NOTICE], 0, sentence);
}

raster *nadir_document_get_raster(NadirDocument *d)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), NULL);
	return d->image;
}

const georef *nadir_document_get_georef(NadirDocument *d)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), NULL);
	return d->ref;
}

const char *nadir_document_get_title(NadirDocument *d)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), NULL);
	return d->title;
}

project *nadir_document_get_project(NadirDocument *d)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), NULL);
	return d->project;
}

/* --- the project --- */

void nadir_document_remember(NadirDocument *d, const char *key, const char *value)
{
	g_autoptr(GError) error = NULL;
	if (d->project && !project_set_image_setting(d->project, d->image_id, key, value, &error))
		nadir_document_report(d, error);
}

static void remember_settings(NadirDocument *d)
{
	char opacity[G_ASCII_DTOSTR_BUF_SIZE];
	nadir_document_remember(d, "opacity", g_ascii_dtostr(opacity, sizeof opacity, d->opacity));
	nadir_document_remember(d, "bands", d->bands ? d->bands : "");
	nadir_document_remember(d, "stretch", d->stretch ? d->stretch : "");
	nadir_document_remember(d, "source", d->source ? d->source : "");
	nadir_document_remember(d, "model", d->model_follows ? "screen" : "");
}

/* What the user sees of the classes so far stays so in the project. */
static bool store_classes(NadirDocument *d, project *p, GError **error)
{
	for (guint i = 0; i < d->classes->len; i++) {
		project_class c = *(project_class *)d->classes->pdata[i];
		c.id = project_class_for(p, c.name, error);
		if (!c.id || !project_update_class(p, &c, error))
			return false;
	}
	return true;
}

bool nadir_document_ensure_project(NadirDocument *d, const char *path, GError **error)
{
	if (d->project)
		return true;
	g_autofree char *fallback = path ? NULL : project_default_path(raster_get_info(d->image)->path);
	const char *place = path ? path : fallback;
	g_autoptr(project) p = project_create(place, error);
	if (!p)
		return false;
	const gint64 image = project_add_image(p, raster_get_info(d->image), d->ref, error);
	if (!image || !store_classes(d, p, error)) {
		g_clear_pointer(&p, project_close);
		g_unlink(place); /* made a moment ago, and of no use */
		return false;
	}
	d->project = g_steal_pointer(&p);
	d->image_id = image;
	remember_settings(d);
	return nadir_document_reload_classes(d, error);
}

bool nadir_document_save_as(NadirDocument *d, const char *path, GError **error)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d) && path, false);
	if (!(d->project ? project_save_as(d->project, path, error) : nadir_document_ensure_project(d, path, error)))
		return false;
	nadir_document_emit(d, SIGNAL_SETTINGS);
	return true;
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
	remember_settings(d);
	nadir_document_ask_again(d);
	nadir_document_emit(d, SIGNAL_STYLE);
}

typedef struct {
	raster *image;
	char *bands, *stretch, *source;
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
	if (raster_style_resolve(j->image, j->bands, j->stretch, j->source, &j->style, cancel, &error))
		g_task_return_boolean(task, TRUE);
	else
		g_task_return_error(task, error);
}

static void on_style_resolved(GObject *object, GAsyncResult *result, gpointer data)
{
	NadirDocument *d = NADIR_DOCUMENT(object);
	g_autoptr(GError) error = NULL;
	style_job *j = g_task_get_task_data(G_TASK(result));
	const bool ok = g_task_propagate_boolean(G_TASK(result), &error);
	if (d->style_cancel != g_task_get_cancellable(G_TASK(result)))
		return; /* a newer choice is under way */
	g_clear_object(&d->style_cancel);
	if (ok) {
		d->style = j->style;
		g_free(d->bands);
		g_free(d->stretch);
		g_free(d->source);
		d->bands = g_steal_pointer(&j->bands);
		d->stretch = g_steal_pointer(&j->stretch);
		d->source = g_steal_pointer(&j->source);
		remember_settings(d);
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
	g_return_if_fail(NADIR_IS_DOCUMENT(d));
	if (d->style_cancel)
		g_cancellable_cancel(d->style_cancel);
	g_clear_object(&d->style_cancel);
	d->style_cancel = g_cancellable_new();
	style_job *j = g_new0(style_job, 1);
	j->image = raster_ref(d->image);
	j->bands = g_strdup(bands);
	j->stretch = g_strdup(stretch);
	j->source = g_strdup(source);
	g_autoptr(GTask) task = g_task_new(d, d->style_cancel, on_style_resolved, NULL);
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
