/* Undo and redo: a step back and forth, and the whole history by name. */
#include "app/document/document-private.h"

#include <glib/gi18n.h>

static bool step_back(document_job *j, project *p, GError **error)
{
	g_auto(project_changes) changes = {0};
	project_set_undo_image(p, j->scene->image_id);
	return !project_undo_text(p) ||
	       (project_undo(p, &changes, error) && document_job_take_changes(j, p, &changes, error));
}

static bool step_forth(document_job *j, project *p, GError **error)
{
	g_auto(project_changes) changes = {0};
	project_set_undo_image(p, j->scene->image_id);
	return !project_redo_text(p) ||
	       (project_redo(p, &changes, error) && document_job_take_changes(j, p, &changes, error));
}

static bool on_step(document_job *j, const GError *error)
{
	guint *asked = j->work == step_back ? &j->document->undoing : &j->document->redoing;
	(*asked)--;
	if (error)
		nadir_document_report(j->document, error);
	return false;
}

static void push_step(NadirDocument *d, bool (*step)(document_job *, project *, GError **), guint *asked)
{
	document_job *j = document_job_new(d, step);
	j->done = on_step;
	(*asked)++;
	document_job_push(j);
}

void nadir_document_undo(NadirDocument *d)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d));
	if (d->preview.marks)
		nadir_document_undo_mark(d);
	else
		push_step(d, step_back, &d->undoing);
}

void nadir_document_redo(NadirDocument *d)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d));
	if (!nadir_document_redo_mark(d))
		push_step(d, step_forth, &d->redoing);
}

bool nadir_document_can_undo(NadirDocument *d)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), false);
	return nadir_document_get_undo_text(d) || d->redoing > 0 || nadir_document_get_pending(d).storing > 0;
}

bool nadir_document_can_redo(NadirDocument *d)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), false);
	return nadir_document_get_redo_text(d) || (d->undoing > 0 && !d->preview.marks);
}

const char *nadir_document_get_undo_text(NadirDocument *d)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), NULL);
	if (d->preview.marks)
		return _("last mark");
	return d->store ? store_get_info(d->store)->undo : NULL;
}

/* Marks pending, stored steps wait: they would change out of sight. */
const char *nadir_document_get_redo_text(NadirDocument *d)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), NULL);
	if (d->preview.undone->len > 0)
		return _("last mark");
	return d->store && !d->preview.marks ? store_get_info(d->store)->redo : NULL;
}

/* --- the whole history --- */

static bool go_to(document_job *j, project *p, GError **error)
{
	g_auto(project_changes) changes = {0};
	const gint64 *step = j->data;
	project_set_undo_image(p, j->scene->image_id);
	return project_go_to(p, *step, &changes, error) && document_job_take_changes(j, p, &changes, error);
}

void nadir_document_go_to(NadirDocument *d, gint64 step)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d));
	nadir_document_leave_preview(d);
	document_job *j = document_job_new(d, go_to);
	j->data = g_memdup2(&step, sizeof step);
	j->data_free = g_free;
	document_job_push(j);
}

static bool read_history(document_job *j, project *p, GError **error)
{
	project_set_undo_image(p, j->scene->image_id);
	GPtrArray *steps = project_history(p, error);
	g_task_set_task_data(j->data, steps, steps ? (GDestroyNotify)g_ptr_array_unref : NULL);
	return steps != NULL;
}

static bool tell_history(document_job *j, const GError *error)
{
	GPtrArray *steps = g_task_get_task_data(j->data);
	if (error)
		g_task_return_error(j->data, g_error_copy(error));
	else if (steps)
		g_task_return_pointer(j->data, g_ptr_array_ref(steps), (GDestroyNotify)g_ptr_array_unref);
	else /* no project yet */
		g_task_return_pointer(j->data, g_ptr_array_new(), (GDestroyNotify)g_ptr_array_unref);
	return false;
}

void nadir_document_read_history_async(NadirDocument *d, GCancellable *cancel, GAsyncReadyCallback done, void *data)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d));
	document_job *j = document_job_new(d, read_history);
	j->data = g_task_new(d, cancel, done, data);
	g_task_set_source_tag(j->data, nadir_document_read_history_async);
	j->data_free = g_object_unref;
	j->done = tell_history;
	document_job_push(j);
}

GPtrArray *nadir_document_read_history_finish(GAsyncResult *result, GError **error)
{
	g_return_val_if_fail(g_async_result_is_tagged(result, nadir_document_read_history_async), NULL);
	return g_task_propagate_pointer(G_TASK(result), error);
}
