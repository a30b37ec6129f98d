#include "app/document/document-team.h"
#include "app/document/document-private.h"

enum { ROWS = 500 }; /* a round: the store's thread has other work, too */

void team_round_free(team_round *r)
{
	if (!r)
		return;
	g_free(r->address);
	g_free(r->unanswered);
	g_free(r->token);
	g_free(r->image);
	g_clear_pointer(&r->rows, g_ptr_array_unref);
	g_free(r);
}

/* --- jobs that answer a task --- */

static bool tell(document_job *j, const GError *error)
{
	GTask *task = j->data;
	if (error)
		g_task_return_error(task, g_error_copy(error));
	else
		g_task_return_boolean(task, TRUE);
	return false;
}

static void push(NadirDocument *d, GTask *task, bool (*work)(document_job *, project *, GError **))
{
	if (!d->store) {
		g_task_return_new_error(task, G_IO_ERROR, G_IO_ERROR_CLOSED, "%s", "the project is closed");
		g_object_unref(task);
		return;
	}
	document_job *j = document_job_new(d, work);
	j->data = task;
	j->data_free = g_object_unref;
	j->done = tell;
	document_job_push(j);
}

/* What the team has changed of this image and of the classes. */
static bool take_changes(document_job *j, project *p, project_changes *changes, GError **error)
{
	for (guint i = 0; changes->objects && i < changes->objects->len; i++) {
		project_change *c = changes->objects->pdata[i];
		if (c->image == j->scene->image_id)
			document_job_changed(j, c->id, g_steal_pointer(&c->now));
	}
	return !changes->classes || document_job_read_classes(j, p, error);
}

/* --- what is sent --- */

static bool begin(document_job *j, project *p, GError **error)
{
	team_round *r = g_task_get_task_data(j->data);
	r->address = project_is_read_only(p) ? NULL : team_address(p);
	if (!r->address)
		return true;
	r->known = team_known(p);
	r->image = team_uid(p, TEAM_IMAGE, j->scene->image_id);
	r->unanswered = team_unanswered(p);
	r->rows = r->unanswered ? g_ptr_array_new() : team_collect(p, ROWS, &r->token, error);
	return r->rows != NULL;
}

void nadir_document_team_begin_async(NadirDocument *d, GAsyncReadyCallback done, void *data)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d));
	GTask *task = g_task_new(d, NULL, done, data);
	g_task_set_source_tag(task, nadir_document_team_begin_async);
	g_task_set_task_data(task, g_new0(team_round, 1), (GDestroyNotify)team_round_free);
	push(d, task, begin);
}

team_round *nadir_document_team_begin_finish(GAsyncResult *result, GError **error)
{
	g_return_val_if_fail(g_async_result_is_tagged(result, nadir_document_team_begin_async), NULL);
	team_round *r = g_task_get_task_data(G_TASK(result)), *out = NULL;
	if (!g_task_propagate_boolean(G_TASK(result), error))
		return NULL;
	out = g_memdup2(r, sizeof *r);
	*r = (team_round){0};
	return out;
}

/* --- what came back --- */

typedef struct {
	team_reply reply;
	GPtrArray *conflicts;
} ending;

static void ending_free(void *data)
{
	ending *e = data;
	team_reply_clear(&e->reply);
	g_clear_pointer(&e->conflicts, g_ptr_array_unref);
	g_free(e);
}

static bool end(document_job *j, project *p, GError **error)
{
	ending *e = g_task_get_task_data(j->data);
	g_auto(project_changes) changes = {0};
	team_counts counts = {0};
	if (!team_finish(p, &e->reply, &counts, &changes, error) || !take_changes(j, p, &changes, error))
		return false;
	e->conflicts = team_conflicts(p, error);
	return e->conflicts != NULL;
}

void nadir_document_team_end_async(NadirDocument *d, team_reply *reply, GAsyncReadyCallback done, void *data)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d));
	ending *e = g_new0(ending, 1);
	GTask *task = g_task_new(d, NULL, done, data);
	e->reply = *reply;
	*reply = (team_reply){0};
	g_task_set_source_tag(task, nadir_document_team_end_async);
	g_task_set_task_data(task, e, ending_free);
	push(d, task, end);
}

GPtrArray *nadir_document_team_end_finish(GAsyncResult *result, GError **error)
{
	g_return_val_if_fail(g_async_result_is_tagged(result, nadir_document_team_end_async), NULL);
	ending *e = g_task_get_task_data(G_TASK(result));
	return g_task_propagate_boolean(G_TASK(result), error) ? g_ptr_array_ref(e->conflicts) : NULL;
}

/* --- a decision --- */

static bool resolve(document_job *j, project *p, GError **error)
{
	g_auto(project_changes) changes = {0};
	return team_resolve(p, j->text, (team_choice)j->id, &changes, error) && take_changes(j, p, &changes, error);
}

void nadir_document_team_resolve(NadirDocument *d, const char *uid, team_choice choice)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d));
	document_job *j = document_job_new(d, resolve);
	j->text = g_strdup(uid);
	j->id = (gint64)choice;
	document_job_push(j);
}
