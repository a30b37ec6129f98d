/* The stored objects of the document and their changes. The list follows what the store tells, change by change. */
#include "app/document-private.h"

#include <glib/gi18n.h>

#define MANY 16

GListModel *nadir_document_get_objects(NadirDocument *d)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), NULL);
	return G_LIST_MODEL(d->objects);
}

/* Where the object is in the list, or would be: ids fall. */
static NadirObject *locate(NadirDocument *d, gint64 id, guint *position)
{
	guint low = 0, high = g_list_model_get_n_items(G_LIST_MODEL(d->objects));
	while (low < high) {
		const guint middle = low + (high - low) / 2;
		g_autoptr(NadirObject) o = g_list_model_get_item(G_LIST_MODEL(d->objects), middle);
		const gint64 here = nadir_object_get_feature(o)->id;
		if (here == id) {
			*position = middle;
			return g_steal_pointer(&o);
		}
		if (here > id)
			low = middle + 1;
		else
			high = middle;
	}
	*position = low;
	return NULL;
}

static NadirObject *find_unstored(NadirDocument *d, gint64 id, guint *position)
{
	const guint n = g_list_model_get_n_items(G_LIST_MODEL(d->unstored));
	for (guint i = 0; i < n; i++) {
		g_autoptr(NadirObject) o = g_list_model_get_item(G_LIST_MODEL(d->unstored), i);
		if (nadir_object_get_feature(o)->id == id) {
			*position = i;
			return g_steal_pointer(&o);
		}
	}
	return NULL;
}

NadirObject *nadir_document_find(NadirDocument *d, gint64 id, guint *position)
{
	guint at = 0;
	NadirObject *o = id < 0 ? find_unstored(d, id, &at) : id > 0 ? locate(d, id, &at) : NULL;
	if (o && position)
		*position = at;
	return o;
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
	const guint n = g_list_model_get_n_items(G_LIST_MODEL(d->objects));
	for (guint i = 0; i < n; i++) {
		g_autoptr(NadirObject) o = g_list_model_get_item(G_LIST_MODEL(d->objects), i);
		if (nadir_object_contains(o, x, y))
			return o; /* the list keeps it alive */
	}
	return NULL;
}

/* --- what the store tells --- */

static void apply(NadirDocument *d, const object_change *c)
{
	guint position;
	g_autoptr(NadirObject) before = locate(d, c->id, &position);
	gpointer items[] = {c->now};
	if (before || c->now)
		g_list_store_splice(d->objects, position, before ? 1 : 0, items, c->now ? 1 : 0);
	if (d->selected != c->id)
		return;
	if (!c->now)
		d->selected = 0;
	nadir_document_emit(d, SIGNAL_SELECTION);
}

static int newer_first(gconstpointer a, gconstpointer b)
{
	const gint64 x = nadir_object_get_feature(*(NadirObject *const *)a)->id;
	const gint64 y = nadir_object_get_feature(*(NadirObject *const *)b)->id;
	return x < y ? 1 : x > y ? -1 : 0;
}

/* Many at once (a step back over an import): one change of the list, for those who look through all of it at each. */
static void apply_many(NadirDocument *d, GPtrArray *changed)
{
	const guint n = g_list_model_get_n_items(G_LIST_MODEL(d->objects));
	g_autoptr(GHashTable) by_id = g_hash_table_new(g_int64_hash, g_int64_equal);
	g_autoptr(GPtrArray) want = g_ptr_array_new_with_free_func(g_object_unref);
	for (guint i = 0; i < changed->len; i++) {
		object_change *c = changed->pdata[i];
		g_hash_table_insert(by_id, &c->id, c);
	}
	for (guint i = 0; i < n; i++) {
		g_autoptr(NadirObject) o = g_list_model_get_item(G_LIST_MODEL(d->objects), i);
		if (!g_hash_table_contains(by_id, &nadir_object_get_feature(o)->id))
			g_ptr_array_add(want, g_steal_pointer(&o));
	}
	GHashTableIter iter;
	gpointer c;
	g_hash_table_iter_init(&iter, by_id);
	while (g_hash_table_iter_next(&iter, NULL, &c))
		if (((object_change *)c)->now)
			g_ptr_array_add(want, g_object_ref(((object_change *)c)->now));
	g_ptr_array_sort(want, newer_first);
	g_list_store_splice(d->objects, 0, n, want->pdata, want->len);
	const object_change *selected = g_hash_table_lookup(by_id, &d->selected);
	if (selected && !selected->now)
		d->selected = 0;
	nadir_document_emit(d, SIGNAL_SELECTION);
}

void nadir_document_apply(NadirDocument *d, GPtrArray *changed)
{
	if (changed->len > MANY) {
		apply_many(d, changed);
		return;
	}
	for (guint i = 0; i < changed->len; i++)
		apply(d, changed->pdata[i]);
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
