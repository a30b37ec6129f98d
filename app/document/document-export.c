/* Export off the main loop: the store tells what is there by then, a thread writes it, and editing goes on meanwhile.
 */
#include "app/document/document-export.h"
#include "app/document/document-private.h"

#include "render/exchange/export.h"
#include "render/store/class-texts.h"

typedef struct {
	scene *scene;
	char *path; /* NULL: only what would be lost is asked for */
	NadirExportPlan plan;
	GPtrArray *objects; /* of feature, by id: the order of values in .png and .tif */
	class_texts classes;
	char *report;
} export_task;

static void export_task_free(void *data)
{
	export_task *t = data;
	scene_unref(t->scene);
	g_free(t->path);
	g_clear_pointer(&t->plan.permille, g_atomic_rc_box_release);
	g_clear_pointer(&t->objects, g_ptr_array_unref);
	class_texts_clear(&t->classes);
	g_free(t->report);
	g_free(t);
}

static void tell_progress(double fraction, void *data)
{
	int *permille = ((export_task *)data)->plan.permille;
	if (permille)
		g_atomic_int_set(permille, (int)(1000 * fraction));
}

static void export_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancel)
{
	export_task *t = data;
	GError *error = NULL;
	export_format format;
	const export_job job = {.image = raster_get_info(t->scene->image),
	                        .ref = t->scene->ref,
	                        .objects = (feature *const *)t->objects->pdata,
	                        .n_objects = t->objects->len,
	                        .class_names = (const char *const *)t->classes.names,
	                        .class_colors = (const char *const *)t->classes.colors,
	                        .class_paths = (const char *const *)t->classes.paths,
	                        .simplify = t->plan.simplify,
	                        .epsg = t->plan.epsg,
	                        .progress = tell_progress,
	                        .data = t,
	                        .cancel = cancel};
	if (!t->path)
		g_task_return_pointer(task, export_losses_each(&job), (GDestroyNotify)g_ptr_array_unref);
	else if (export_format_from_path(t->path, &format, &error) &&
	         export_write(&job, format, t->path, &t->report, &error))
		g_task_return_pointer(task, g_steal_pointer(&t->report), g_free);
	else
		g_task_return_error(task, error);
}

/* --- what is there --- */

typedef struct {
	GTask *task; /* owned */
	scene *scene;
	GPtrArray *objects;
} reading;

static bool read_objects(project **p, void *data, GError **error)
{
	reading *r = data;
	r->objects = *p ? project_objects(*p, r->scene->image_id, error)
	                : g_ptr_array_new_with_free_func((GDestroyNotify)feature_free);
	return r->objects != NULL;
}

static void on_read(const GError *error, void *data)
{
	g_autofree reading *r = data;
	g_autoptr(GTask) task = r->task;
	export_task *t = g_task_get_task_data(task);
	t->objects = r->objects;
	scene_unref(r->scene);
	if (error)
		g_task_return_error(task, g_error_copy(error));
	else
		g_task_run_in_thread(task, export_thread);
}

static void start(NadirDocument *d, const char *path, const NadirExportPlan *plan, GCancellable *cancel,
                  GAsyncReadyCallback done, void *data, void *tag)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d) && d->store);
	export_task *t = g_new0(export_task, 1);
	t->scene = scene_ref(d->scene);
	t->path = g_strdup(path);
	if (plan)
		t->plan = *plan;
	if (t->plan.permille)
		g_atomic_rc_box_acquire(t->plan.permille);
	t->classes = class_texts_of(d->classes);
	reading *r = g_new0(reading, 1);
	r->task = g_task_new(NULL, cancel, done, data);
	r->scene = scene_ref(d->scene);
	g_task_set_source_tag(r->task, tag);
	g_task_set_task_data(r->task, t, export_task_free);
	store_push(d->store, read_objects, on_read, r);
}

void nadir_document_export_async(NadirDocument *d, const char *path, const NadirExportPlan *plan, GCancellable *cancel,
                                 GAsyncReadyCallback done, void *data)
{
	g_return_if_fail(path && plan);
	start(d, path, plan, cancel, done, data, nadir_document_export_async);
}

void nadir_document_losses_async(NadirDocument *d, GCancellable *cancel, GAsyncReadyCallback done, void *data)
{
	start(d, NULL, NULL, cancel, done, data, nadir_document_losses_async);
}

GPtrArray *nadir_document_losses_finish(GAsyncResult *result, GError **error)
{
	g_return_val_if_fail(g_async_result_is_tagged(result, nadir_document_losses_async), NULL);
	return g_task_propagate_pointer(G_TASK(result), error);
}

char *nadir_document_export_finish(GAsyncResult *result, GError **error)
{
	g_return_val_if_fail(g_async_result_is_tagged(result, nadir_document_export_async) ||
	                         g_async_result_is_tagged(result, nadir_document_export_tiles_async),
	                     NULL);
	return g_task_propagate_pointer(G_TASK(result), error);
}
