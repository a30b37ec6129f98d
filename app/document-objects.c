/* The objects of the document: every change goes to the project first, the list follows what was committed. */
#include "app/document-private.h"

#include <glib/gi18n.h>
#include <math.h>

#include "app/engine/record.h"

GListModel *nadir_document_get_objects(NadirDocument *d)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), NULL);
	return G_LIST_MODEL(d->objects);
}

NadirObject *nadir_document_find(NadirDocument *d, gint64 id, guint *position)
{
	const guint n = g_list_model_get_n_items(G_LIST_MODEL(d->objects));
	for (guint i = 0; i < n; i++) {
		g_autoptr(NadirObject) o = g_list_model_get_item(G_LIST_MODEL(d->objects), i);
		if (nadir_object_get_feature(o)->id != id)
			continue;
		if (position)
			*position = i;
		return g_steal_pointer(&o);
	}
	return NULL;
}

static NadirObject *find_or_error(NadirDocument *d, gint64 id, guint *position, GError **error)
{
	NadirObject *o = id ? nadir_document_find(d, id, position) : NULL;
	if (!o)
		g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, _("No object is selected: select one first."));
	return o;
}

/* --- selection --- */

NadirObject *nadir_document_get_selected(NadirDocument *d)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), NULL);
	g_autoptr(NadirObject) o = d->selected ? nadir_document_find(d, d->selected, NULL) : NULL;
	return o; /* the list keeps it alive */
}

void nadir_document_select(NadirDocument *d, gint64 id)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d));
	if (d->selected == id)
		return;
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

/* --- the list --- */

static void replace_at(NadirDocument *d, guint position, feature *f)
{
	g_autoptr(NadirObject) o = nadir_object_new(f);
	gpointer items[] = {o};
	g_list_store_splice(d->objects, position, 1, items, 1);
	if (f->id == d->selected)
		nadir_document_emit(d, SIGNAL_SELECTION);
}

static bool same_at(NadirDocument *d, guint position, NadirObject *o)
{
	g_autoptr(NadirObject) have = g_list_model_get_item(G_LIST_MODEL(d->objects), position);
	return have == o;
}

/* Puts `want` into the list with one splice, which leaves alone what is the same at both ends. */
static void splice(NadirDocument *d, GPtrArray *want)
{
	const guint have = g_list_model_get_n_items(G_LIST_MODEL(d->objects));
	const guint least = MIN(have, want->len);
	guint head = 0, tail = 0;
	while (head < least && same_at(d, head, want->pdata[head]))
		head++;
	while (tail < least - head && same_at(d, have - 1 - tail, want->pdata[want->len - 1 - tail]))
		tail++;
	if (have - head - tail > 0 || want->len - head - tail > 0)
		g_list_store_splice(d->objects, head, have - head - tail, want->pdata + head, want->len - head - tail);
}

/* Items of objects that did not change are kept, with what the canvas made of them. */
bool nadir_document_reload_objects(NadirDocument *d, GError **error)
{
	g_autoptr(GPtrArray) stored = project_objects(d->project, d->image_id, error);
	if (!stored)
		return false;
	g_autoptr(GHashTable) old = g_hash_table_new(g_int64_hash, g_int64_equal);
	for (guint i = 0; i < g_list_model_get_n_items(G_LIST_MODEL(d->objects)); i++) {
		g_autoptr(NadirObject) o = g_list_model_get_item(G_LIST_MODEL(d->objects), i);
		g_hash_table_insert(old, (gpointer)&nadir_object_get_feature(o)->id, o);
	}
	g_autoptr(GPtrArray) want = g_ptr_array_new_with_free_func(g_object_unref);
	bool selected = false;
	for (guint i = stored->len; i-- > 0;) {
		const feature *f = stored->pdata[i];
		NadirObject *have = g_hash_table_lookup(old, &f->id);
		selected |= f->id == d->selected;
		if (have && nadir_object_same(have, f))
			g_ptr_array_add(want, g_object_ref(have));
		else
			g_ptr_array_add(want, nadir_object_new(feature_copy(f)));
	}
	splice(d, want);
	if (!selected)
		d->selected = 0;
	nadir_document_emit(d, SIGNAL_SELECTION);
	return true;
}

/* --- changes --- */

NadirObject *nadir_document_insert(NadirDocument *d, feature *f, GError **error)
{
	g_autoptr(feature) owned = f;
	if (!nadir_document_ensure_project(d, NULL, error))
		return NULL;
	f->class_id = project_class_for(d->project, f->class_name, error);
	if (!f->class_id)
		return NULL;
	const bool hand = g_str_equal(f->model, "hand");
	/* Translators: a step in the undo list; %s is a class. */
	g_autofree char *what = g_strdup_printf(hand ? _("draw %s") : _("accept %s"), f->class_name);
	if (!project_insert(d->project, d->image_id, f, what, error))
		return NULL;
	g_autoptr(NadirObject) o = nadir_object_new(g_steal_pointer(&owned));
	g_list_store_insert(d->objects, 0, o);
	d->selected = f->id;
	nadir_document_emit(d, SIGNAL_SELECTION);
	return o; /* the list keeps it alive */
}

bool nadir_document_add_by_hand(NadirDocument *d, bitmask *mask, GError **error)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), false);
	g_autoptr(bitmask) owned = mask;
	feature *f = record_drawing(mask, nadir_document_current_class_name(d), raster_get_info(d->image), d->ref, error);
	return f && nadir_document_insert(d, f, error);
}

static void touch(feature *f)
{
	g_free(f->edited);
	f->edited = record_time();
}

bool nadir_document_store(NadirDocument *d, feature *f, const char *what, GError **error)
{
	g_autoptr(feature) owned = f;
	guint position;
	g_autoptr(NadirObject) o = nadir_document_find(d, f->id, &position);
	g_assert(o);
	touch(f);
	if (!project_update(d->project, f, what, error))
		return false;
	replace_at(d, position, g_steal_pointer(&owned));
	return true;
}

bool nadir_document_relabel(NadirDocument *d, gint64 id, const char *class_name, GError **error)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d) && class_name, false);
	g_autoptr(NadirObject) o = find_or_error(d, id, NULL, error);
	if (!o)
		return false;
	g_autoptr(feature) f = feature_copy(nadir_object_get_feature(o));
	if (g_str_equal(f->class_name, class_name))
		return true;
	f->class_id = project_class_for(d->project, class_name, error);
	if (!f->class_id)
		return false;
	g_free(f->class_name);
	f->class_name = g_strdup(class_name);
	g_autofree char *what = g_strdup_printf(_("label %s"), class_name);
	return nadir_document_store(d, g_steal_pointer(&f), what, error) && nadir_document_reload_classes(d, error);
}

bool nadir_document_delete(NadirDocument *d, gint64 id, GError **error)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), false);
	guint position;
	g_autoptr(NadirObject) o = find_or_error(d, id, &position, error);
	if (!o)
		return false;
	g_autofree char *what = g_strdup_printf(_("delete %s"), nadir_object_get_feature(o)->class_name);
	if (!project_delete(d->project, &id, 1, what, error))
		return false;
	g_list_store_remove(d->objects, position);
	if (d->selected == id)
		nadir_document_select(d, 0);
	else
		nadir_document_emit(d, SIGNAL_SELECTION); /* the undo text changed */
	return true;
}

/* --- undo --- */

bool nadir_document_undo(NadirDocument *d, GError **error)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), false);
	if (d->preview.marks) {
		nadir_document_undo_mark(d);
		return true;
	}
	if (!d->project || !project_undo_text(d->project))
		return true;
	return project_undo(d->project, error) && nadir_document_reload_classes(d, error) &&
	       nadir_document_reload_objects(d, error);
}

bool nadir_document_redo(NadirDocument *d, GError **error)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), false);
	if (!d->project || !project_redo_text(d->project))
		return true;
	return project_redo(d->project, error) && nadir_document_reload_classes(d, error) &&
	       nadir_document_reload_objects(d, error);
}

const char *nadir_document_get_undo_text(NadirDocument *d)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), NULL);
	if (d->preview.marks)
		return _("last mark");
	return d->project ? project_undo_text(d->project) : NULL;
}

const char *nadir_document_get_redo_text(NadirDocument *d)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), NULL);
	return d->project ? project_redo_text(d->project) : NULL;
}
