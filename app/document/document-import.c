/* An import as a job of the store's thread. */
#include "app/document/document-import.h"
#include "app/document/document-private.h"

#include "app/engine/import-run.h"

typedef struct {
	char *path, *report;
	guint count;
} import_job;

static void import_job_free(void *data)
{
	import_job *i = data;
	g_free(i->path);
	g_free(i->report);
	g_free(i);
}

/* What is new on the image that is shown, for the list: those of ids that it did not have. */
static bool tell_new(document_job *j, project *p, GHashTable *known, GError **error)
{
	g_autoptr(GPtrArray) now = j->scene->image_id ? project_objects(p, j->scene->image_id, error) : NULL;
	for (guint i = 0; now && i < now->len; i++) {
		const feature *f = now->pdata[i];
		if (!g_hash_table_contains(known, &f->id))
			document_job_changed(j, f->id, feature_copy(f));
	}
	return (now || !j->scene->image_id) && document_job_read_classes(j, p, error);
}

static bool work(document_job *j, project *p, GError **error)
{
	import_job *i = j->data;
	const char *const paths[] = {i->path};
	g_autoptr(GHashTable) known = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	g_autoptr(GPtrArray) before = project_objects(p, j->scene->image_id, error);
	g_autoptr(import_run) run = before ? import_run_new(paths, 1, NULL, NULL, error) : NULL;
	for (guint k = 0; before && k < before->len; k++)
		g_hash_table_add(known, g_memdup2(&((feature *)before->pdata[k])->id, sizeof(gint64)));
	if (!run || !import_run_place(run, p, NULL, NULL, NULL, error) || !import_run_store(run, p, error))
		return false;
	i->count = import_run_count(run);
	i->report = import_run_report(run, 0);
	return tell_new(j, p, known, error);
}

void nadir_document_import_async(NadirDocument *d, const char *path, GAsyncReadyCallback done, void *data)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d) && path);
	import_job *i = g_new0(import_job, 1);
	GTask *task = g_task_new(d, NULL, done, data);
	i->path = g_strdup(path);
	g_task_set_source_tag(task, nadir_document_import_async);
	document_job *j = document_job_for(task, work, i, import_job_free);
	j->birth = birth_new(d, NULL);
	document_job_push(j);
}

int nadir_document_import_finish(GAsyncResult *result, char **report, GError **error)
{
	g_return_val_if_fail(g_async_result_is_tagged(result, nadir_document_import_async), -1);
	if (!g_task_propagate_boolean(G_TASK(result), error))
		return -1;
	import_job *i = g_task_get_task_data(G_TASK(result));
	*report = g_steal_pointer(&i->report);
	return (int)i->count;
}
