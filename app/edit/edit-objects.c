#include "app/edit/edit-objects.h"

static const gint64 *numbers(const GArray *ids)
{
	return (const gint64 *)(const void *)ids->data;
}

GPtrArray *edit_read_objects(document_job *j, project *p, const GArray *ids, GError **error)
{
	g_autoptr(GArray) stored = g_array_new(FALSE, FALSE, sizeof(gint64));
	const gint64 before = j->id;
	for (guint i = 0; i < ids->len; i++) {
		j->id = numbers(ids)[i];
		const gint64 id = document_job_id(j);
		if (id)
			g_array_append_val(stored, id);
	}
	j->id = before;
	return project_objects_of(p, numbers(stored), stored->len, error);
}

bool edit_tell_objects(document_job *j, project *p, GPtrArray *changed, GError **error)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));
	for (guint i = 0; i < changed->len; i++)
		g_array_append_val(ids, ((feature *)changed->pdata[i])->id);
	g_autoptr(GPtrArray) now = project_objects_of(p, numbers(ids), ids->len, error);
	for (guint i = 0; now && i < now->len; i++) {
		feature *o = g_steal_pointer(&now->pdata[i]);
		document_job_changed(j, o->id, o);
	}
	return now != NULL;
}
