#include "app/document/document-visibility.h"

#include <glib/gi18n.h>

#include "app/document/document-private.h"

static GHashTable *ids_new(void)
{
	return g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
}

void visibility_init(visibility *v)
{
	*v = (visibility){ids_new(), ids_new(), NULL, g_hash_table_new(NULL, NULL), g_hash_table_new(NULL, NULL)};
}

void visibility_clear(visibility *v)
{
	g_clear_pointer(&v->hidden, g_hash_table_unref);
	g_clear_pointer(&v->locked, g_hash_table_unref);
	g_clear_pointer(&v->isolated, g_hash_table_unref);
	g_clear_pointer(&v->hidden_classes, g_hash_table_unref);
	g_clear_pointer(&v->locked_classes, g_hash_table_unref);
}

static bool is_in(NadirDocument *d, GHashTable *classes, int id)
{
	const project_class *c = g_hash_table_size(classes) ? project_class_by_id(d->classes, id) : NULL;
	GHashTableIter iter;
	gpointer key;
	g_hash_table_iter_init(&iter, classes);
	while (c && g_hash_table_iter_next(&iter, &key, NULL))
		if (project_class_is_below(d->classes, c, GPOINTER_TO_INT(key)))
			return true;
	return false;
}

bool nadir_document_is_class_hidden(NadirDocument *d, int id)
{
	return is_in(d, d->visibility.hidden_classes, id);
}

bool nadir_document_is_class_locked(NadirDocument *d, int id)
{
	return is_in(d, d->visibility.locked_classes, id);
}

void nadir_document_mark_visibility(NadirDocument *d, NadirObject *o)
{
	const visibility *v = &d->visibility;
	const feature *f = nadir_object_get_feature(o);
	const bool hidden = g_hash_table_contains(v->hidden, &f->id) ||
	                    (v->isolated && !g_hash_table_contains(v->isolated, &f->id)) ||
	                    nadir_document_is_class_hidden(d, f->class_id);
	const bool locked = g_hash_table_contains(v->locked, &f->id) || nadir_document_is_class_locked(d, f->class_id);
	nadir_object_set_access(o, hidden, locked);
}

void nadir_document_inherit_visibility(NadirDocument *d, NadirDocument *from)
{
	GHashTable *const to_from[2][2] = {{d->visibility.hidden_classes, from->visibility.hidden_classes},
	                                   {d->visibility.locked_classes, from->visibility.locked_classes}};
	for (int i = 0; i < 2; i++) {
		GHashTableIter iter;
		gpointer key;
		g_hash_table_iter_init(&iter, to_from[i][1]);
		while (g_hash_table_iter_next(&iter, &key, NULL))
			g_hash_table_add(to_from[i][0], key);
	}
	for (guint i = 0; i < g_list_model_get_n_items(G_LIST_MODEL(d->objects)); i++)
		nadir_document_mark_visibility(d, nadir_object_list_get(d->objects, i));
}

/* --- changes --- */

static void changed(NadirDocument *d)
{
	const guint n = g_list_model_get_n_items(G_LIST_MODEL(d->objects));
	for (guint i = 0; i < n; i++)
		nadir_document_mark_visibility(d, nadir_object_list_get(d->objects, i));
	nadir_object_list_touch(d->objects);
	nadir_document_emit(d, SIGNAL_SETTINGS);
}

static void add_all(GHashTable *set, const GArray *ids)
{
	for (guint i = 0; i < ids->len; i++)
		g_hash_table_add(set, g_memdup2(&g_array_index(ids, gint64, i), sizeof(gint64)));
}

static void remove_all(GHashTable *set, const GArray *ids)
{
	for (guint i = 0; i < ids->len; i++)
		g_hash_table_remove(set, &g_array_index(ids, gint64, i));
}

void nadir_document_hide(NadirDocument *d, const GArray *ids)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d) && ids);
	add_all(d->visibility.hidden, ids);
	changed(d);
	nadir_document_select(d, 0);
}

void nadir_document_lock(NadirDocument *d, const GArray *ids, bool locked)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d) && ids);
	if (locked)
		add_all(d->visibility.locked, ids);
	else
		remove_all(d->visibility.locked, ids);
	changed(d);
}

void nadir_document_isolate(NadirDocument *d, const GArray *ids)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d));
	g_clear_pointer(&d->visibility.isolated, g_hash_table_unref);
	if (ids) {
		d->visibility.isolated = ids_new();
		add_all(d->visibility.isolated, ids);
		remove_all(d->visibility.hidden, ids); /* what is asked for is seen */
	}
	changed(d);
}

bool nadir_document_is_isolated(NadirDocument *d)
{
	return d->visibility.isolated != NULL;
}

static void change_class(NadirDocument *d, GHashTable *set, int id, bool in)
{
	const project_class *c = project_class_by_id(d->classes, id);
	if (in) {
		g_hash_table_add(set, GINT_TO_POINTER(id));
	} else { /* with those that it is a kind of: else it would stay so */
		GHashTableIter iter;
		gpointer key;
		g_hash_table_iter_init(&iter, set);
		while (g_hash_table_iter_next(&iter, &key, NULL))
			if (!c || project_class_is_below(d->classes, c, GPOINTER_TO_INT(key)))
				g_hash_table_iter_remove(&iter);
	}
	changed(d);
}

static bool is_hidden(NadirDocument *d, gint64 id)
{
	g_autoptr(NadirObject) o = nadir_document_find(d, id, NULL);
	return o && nadir_object_is_hidden(o);
}

static void deselect_hidden(NadirDocument *d)
{
	GHashTableIter iter;
	gpointer key;
	g_hash_table_iter_init(&iter, d->chosen);
	while (g_hash_table_iter_next(&iter, &key, NULL))
		if (is_hidden(d, *(gint64 *)key))
			g_hash_table_iter_remove(&iter);
	if (is_hidden(d, d->selected))
		d->selected = 0;
	nadir_document_emit(d, SIGNAL_SELECTION);
}

void nadir_document_hide_class(NadirDocument *d, int id, bool hidden)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d));
	change_class(d, d->visibility.hidden_classes, id, hidden);
	if (hidden)
		deselect_hidden(d);
}

void nadir_document_lock_class(NadirDocument *d, int id, bool locked)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d));
	change_class(d, d->visibility.locked_classes, id, locked);
}

void nadir_document_show_all(NadirDocument *d)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d));
	g_hash_table_remove_all(d->visibility.hidden);
	g_hash_table_remove_all(d->visibility.hidden_classes);
	nadir_document_isolate(d, NULL);
}

void nadir_document_unlock_all(NadirDocument *d)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d));
	g_hash_table_remove_all(d->visibility.locked);
	g_hash_table_remove_all(d->visibility.locked_classes);
	changed(d);
}

/* --- questions --- */

static guint count(NadirDocument *d, bool (*is)(NadirObject *))
{
	guint n = 0;
	for (guint i = 0; i < g_list_model_get_n_items(G_LIST_MODEL(d->objects)); i++)
		n += is(nadir_object_list_get(d->objects, i)) ? 1 : 0;
	return n;
}

guint nadir_document_n_hidden(NadirDocument *d)
{
	const visibility *v = &d->visibility;
	const bool any = v->isolated || g_hash_table_size(v->hidden) || g_hash_table_size(v->hidden_classes);
	return any ? count(d, nadir_object_is_hidden) : 0;
}

guint nadir_document_n_locked(NadirDocument *d)
{
	const bool any = g_hash_table_size(d->visibility.locked) || g_hash_table_size(d->visibility.locked_classes);
	return any ? count(d, nadir_object_is_locked) : 0;
}

bool nadir_document_refuse_locked(NadirDocument *d, const GArray *ids)
{
	for (guint i = 0; i < ids->len; i++) {
		g_autoptr(NadirObject) o = nadir_document_find(d, g_array_index(ids, gint64, i), NULL);
		if (!o || !nadir_object_is_locked(o))
			continue;
		g_autofree char *sentence =
			g_strdup_printf(_("%s #%" G_GINT64_FORMAT " is locked: unlock it first (Alt+L)."),
		                    nadir_object_get_feature(o)->class_name, nadir_object_get_feature(o)->id);
		nadir_document_notify_user(d, sentence);
		return true;
	}
	return false;
}
