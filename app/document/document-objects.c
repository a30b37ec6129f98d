/* The stored objects of the document and their changes. The list follows what the store tells, change by change. */
#include "app/document/document-private.h"

#include <glib/gi18n.h>

GListModel *nadir_document_get_objects(NadirDocument *d)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), NULL);
	return G_LIST_MODEL(d->objects);
}

static NadirObject *find_unstored(NadirDocument *d, gint64 id, guint *position)
{
	const guint n = g_list_model_get_n_items(G_LIST_MODEL(d->unstored));
	for (guint i = 0; i < n; i++) {
		g_autoptr(NadirObject) o = g_list_model_get_item(G_LIST_MODEL(d->unstored), i);
		if (nadir_object_get_feature(o)->id == id) {
			if (position)
				*position = i;
			return g_steal_pointer(&o);
		}
	}
	return NULL;
}

NadirObject *nadir_document_find(NadirDocument *d, gint64 id, guint *position)
{
	if (id < 0)
		return find_unstored(d, id, position);
	NadirObject *o = id > 0 ? nadir_object_list_find(d->objects, id, position) : NULL;
	return o ? g_object_ref(o) : NULL;
}

/* --- selection --- */

NadirObject *nadir_document_get_selected(NadirDocument *d)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), NULL);
	g_autoptr(NadirObject) o = nadir_document_find(d, d->selected, NULL);
	return o; /* the list keeps it alive */
}

void nadir_document_select(NadirDocument *d, gint64 id)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d));
	if (d->selected == id && g_hash_table_size(d->chosen) == 0)
		return;
	g_hash_table_remove_all(d->chosen);
	d->selected = id;
	nadir_document_emit(d, SIGNAL_SELECTION);
}

NadirObject *nadir_document_object_at(NadirDocument *d, double x, double y)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), NULL);
	return nadir_object_list_at(d->objects, x, y);
}

/* --- what the store tells --- */

/* What is new while others are isolated is what one is at work on. */
static void admit(NadirDocument *d, NadirObject *o)
{
	const gint64 id = nadir_object_get_feature(o)->id;
	if (d->visibility.isolated && !nadir_object_list_find(d->objects, id, NULL))
		g_hash_table_add(d->visibility.isolated, g_memdup2(&id, sizeof id));
	nadir_document_mark_visibility(d, o);
}

void nadir_document_apply(NadirDocument *d, GPtrArray *changed)
{
	bool about_selected = false;
	for (guint i = 0; i < changed->len; i++) {
		const object_change *c = changed->pdata[i];
		about_selected |= c->id == d->selected || g_hash_table_contains(d->chosen, &c->id);
		if (c->now)
			admit(d, c->now);
	}
	nadir_object_list_apply(d->objects, (object_change *const *)changed->pdata, changed->len);
	if (about_selected) /* what is gone stays chosen: when undo brings it back it is selected as it was */
		nadir_document_emit(d, SIGNAL_SELECTION);
}

/* --- changes --- */

/* A job about one object; NULL with a notice when there is none. */
static document_job *job_about(NadirDocument *d, gint64 id, bool (*work)(document_job *, project *, GError **))
{
	if (id == 0) {
		nadir_document_notify_user(d, _("No object is selected: select one first."));
		return NULL;
	}
	document_job *j = document_job_new(d, work);
	j->id = id;
	return j;
}

/* The changed object goes to the project and, as it is there then, to the list. */
bool document_job_update(document_job *j, project *p, const feature *o, GError **error)
{
	feature *now = project_update(p, o, j->what, error) ? project_object(p, o->id, error) : NULL;
	if (now)
		document_job_changed(j, o->id, now);
	return now != NULL;
}

static bool relabel(document_job *j, project *p, GError **error)
{
	const gint64 id = document_job_id(j);
	g_autoptr(feature) o = id ? project_object(p, id, error) : NULL;
	if (!o || g_str_equal(o->class_name, j->text))
		return o || !id;
	g_free(o->class_name);
	o->class_name = g_strdup(j->text);
	return document_job_update(j, p, o, error) && document_job_read_classes(j, p, error);
}

void nadir_document_relabel(NadirDocument *d, gint64 id, const char *class_name)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d) && class_name);
	document_job *j = job_about(d, id, relabel);
	if (!j)
		return;
	j->text = g_strdup(class_name);
	/* Translators: a step in the undo list; %s is a class. */
	j->what = g_strdup_printf(_("label %s"), class_name);
	document_job_push(j);
}

static bool set_caption(document_job *j, project *p, GError **error)
{
	const gint64 id = document_job_id(j);
	g_autoptr(feature) o = id ? project_object(p, id, error) : NULL;
	if (!o || g_strcmp0(o->caption, j->text) == 0)
		return o || !id;
	g_free(o->caption);
	o->caption = g_strdup(j->text);
	return document_job_update(j, p, o, error);
}

void nadir_document_set_caption(NadirDocument *d, gint64 id, const char *text)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d) && text);
	g_autoptr(NadirObject) o = nadir_document_find(d, id, NULL);
	document_job *j = job_about(d, o ? id : 0, set_caption);
	if (!j)
		return;
	j->text = g_strstrip(g_strdup(text));
	/* Translators: a step in the undo list; %s is a class. */
	j->what = g_strdup_printf(_("caption of %s"), nadir_object_get_feature(o)->class_name);
	document_job_push(j);
}

static bool delete (document_job *j, project *p, GError **error)
{
	const gint64 id = document_job_id(j);
	if (!id)
		return true;
	if (!project_delete(p, &id, 1, j->what, error))
		return false;
	document_job_changed(j, id, NULL);
	return true;
}

void nadir_document_delete(NadirDocument *d, gint64 id)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d));
	g_autoptr(NadirObject) o = nadir_document_find(d, id, NULL);
	if (o && nadir_object_get_stage(o) == NADIR_STAGE_DRAFT) {
		nadir_document_forget_draft(d, id);
		return;
	}
	document_job *j = job_about(d, o ? id : 0, delete);
	if (!j)
		return;
	j->what = g_strdup_printf(_("delete %s"), nadir_object_get_feature(o)->class_name);
	document_job_push(j);
}
