/* Export off the main loop: the thread works on copies, so editing goes on meanwhile. */
#include "app/document-private.h"

#include "render/exchange/export.h"

typedef struct {
	NadirDocument *document; /* keeps image and georef alive */
	char *path;
	double simplify;
	GPtrArray *objects; /* of feature, by id: the order of values in .png and .tif */
	GPtrArray *names, *colors;
	char *report;
} export_task;

static void export_task_free(void *data)
{
	export_task *t = data;
	g_object_unref(t->document);
	g_free(t->path);
	g_ptr_array_unref(t->objects);
	g_ptr_array_unref(t->names);
	g_ptr_array_unref(t->colors);
	g_free(t->report);
	g_free(t);
}

static void export_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancel)
{
	export_task *t = data;
	GError *error = NULL;
	export_format format;
	const export_job job = {.image = raster_get_info(t->document->image),
	                        .ref = t->document->ref,
	                        .objects = (feature *const *)t->objects->pdata,
	                        .n_objects = t->objects->len,
	                        .class_names = (const char *const *)t->names->pdata,
	                        .class_colors = (const char *const *)t->colors->pdata,
	                        .simplify = t->simplify,
	                        .cancel = cancel};
	if (export_format_from_path(t->path, &format, &error) && export_write(&job, format, t->path, &t->report, &error))
		g_task_return_pointer(task, g_steal_pointer(&t->report), g_free);
	else
		g_task_return_error(task, error);
}

static void collect(NadirDocument *d, export_task *t)
{
	for (guint i = g_list_model_get_n_items(G_LIST_MODEL(d->objects)); i-- > 0;) {
		g_autoptr(NadirObject) o = g_list_model_get_item(G_LIST_MODEL(d->objects), i);
		g_ptr_array_add(t->objects, feature_copy(nadir_object_get_feature(o)));
	}
	for (guint i = 0; i < d->classes->len; i++) {
		const project_class *c = d->classes->pdata[i];
		g_ptr_array_add(t->names, g_strdup(c->name));
		g_ptr_array_add(t->colors, g_strdup(c->color));
	}
	g_ptr_array_add(t->names, NULL);
	g_ptr_array_add(t->colors, NULL);
}

void nadir_document_export_async(NadirDocument *d, const char *path, double simplify, GCancellable *cancel,
                                 GAsyncReadyCallback done, void *data)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d) && path);
	export_task *t = g_new0(export_task, 1);
	t->document = g_object_ref(d);
	t->path = g_strdup(path);
	t->simplify = simplify;
	t->objects = g_ptr_array_new_with_free_func((GDestroyNotify)feature_free);
	t->names = g_ptr_array_new_with_free_func(g_free);
	t->colors = g_ptr_array_new_with_free_func(g_free);
	collect(d, t);
	g_autoptr(GTask) task = g_task_new(d, cancel, done, data);
	g_task_set_source_tag(task, nadir_document_export_async);
	g_task_set_task_data(task, t, export_task_free);
	g_task_run_in_thread(task, export_thread);
}

char *nadir_document_export_finish(NadirDocument *d, GAsyncResult *result, GError **error)
{
	g_return_val_if_fail(g_task_is_valid(result, d), NULL);
	char *report = g_task_propagate_pointer(G_TASK(result), error);
	return report;
}
