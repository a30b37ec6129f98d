#include "app/edit/edit-selection.h"

#include <glib/gi18n.h>

#include "app/edit/edit-objects.h"

static void choose(NadirDocument *d, gint64 id)
{
	g_hash_table_add(d->chosen, g_memdup2(&id, sizeof id));
}

bool nadir_document_is_selected(NadirDocument *d, gint64 id)
{
	return id != 0 && (id == d->selected || g_hash_table_contains(d->chosen, &id));
}

static bool is_there(NadirDocument *d, gint64 id)
{
	g_autoptr(NadirObject) o = nadir_document_find(d, id, NULL);
	return o != NULL;
}

static int by_id(gconstpointer a, gconstpointer b)
{
	const gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;
	return x < y ? -1 : x > y;
}

static GArray *look_up(NadirDocument *d)
{
	GArray *ids = g_array_new(FALSE, FALSE, sizeof(gint64));
	GHashTableIter iter;
	gpointer key;
	g_hash_table_iter_init(&iter, d->chosen);
	while (g_hash_table_iter_next(&iter, &key, NULL))
		if (*(gint64 *)key != d->selected && is_there(d, *(gint64 *)key))
			g_array_append_vals(ids, key, 1);
	g_array_sort(ids, by_id);
	if (is_there(d, d->selected))
		g_array_prepend_val(ids, d->selected);
	return ids;
}

/* Asked for by every panel and action at each change: looked up once. While there are some that are not stored, always:
 * those come and go without a new version of the list. */
static GArray *selection(NadirDocument *d)
{
	const bool steady = g_list_model_get_n_items(G_LIST_MODEL(d->unstored)) == 0;
	const guint64 version = steady ? nadir_object_list_version(d->objects) : G_MAXUINT64;
	if (!d->selection || !steady || d->selection_of != version) {
		g_clear_pointer(&d->selection, g_array_unref);
		d->selection = look_up(d);
		d->selection_of = version;
	}
	return d->selection;
}

GArray *nadir_document_get_selection(NadirDocument *d)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), NULL);
	return g_array_copy(selection(d));
}

guint nadir_document_n_selected(NadirDocument *d)
{
	return selection(d)->len;
}

void nadir_document_select_ids(NadirDocument *d, const gint64 *ids, guint n)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d));
	g_hash_table_remove_all(d->chosen);
	d->selected = n ? ids[0] : 0;
	for (guint i = 1; i < n; i++)
		choose(d, ids[i]);
	nadir_document_emit(d, SIGNAL_SELECTION);
}

void nadir_document_toggle_selected(NadirDocument *d, gint64 id)
{
	g_autoptr(GArray) ids = nadir_document_get_selection(d);
	if (id == 0)
		return;
	if (!nadir_document_is_selected(d, id)) {
		g_array_prepend_val(ids, id); /* what was clicked last is the selected one */
	} else {
		for (guint i = ids->len; i-- > 0;)
			if (g_array_index(ids, gint64, i) == id)
				g_array_remove_index(ids, i);
	}
	nadir_document_select_ids(d, (const gint64 *)(const void *)ids->data, ids->len);
}

guint nadir_document_select_where(NadirDocument *d, NadirWanted wanted, void *data)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), 0);
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));
	GListModel *list = nadir_document_get_objects(d);
	const guint n = g_list_model_get_n_items(list);
	const gint64 before = d->selected;
	for (guint i = 0; i < n; i++) {
		g_autoptr(NadirObject) o = g_list_model_get_item(list, i);
		const gint64 id = nadir_object_get_feature(o)->id;
		if (nadir_object_is_hidden(o) || nadir_object_is_locked(o) || !wanted(o, data))
			continue;
		if (id == before) /* it stays the selected one */
			g_array_prepend_val(ids, id);
		else
			g_array_append_val(ids, id);
	}
	nadir_document_select_ids(d, (const gint64 *)(const void *)ids->data, ids->len);
	return ids->len;
}

typedef struct {
	NadirDocument *d;
	const double *rect;
	GHashTable *old; /* what was chosen before */
	gint64 selected;
} band;

static bool in_band(NadirObject *o, void *data)
{
	const band *b = data;
	const gint64 id = nadir_object_get_feature(o)->id;
	raster_rect r;
	if (id == b->selected || g_hash_table_contains(b->old, &id))
		return true;
	return nadir_object_get_bounds(o, &r) && r.x >= b->rect[0] && r.y >= b->rect[1] && r.x + r.w <= b->rect[2] &&
	       r.y + r.h <= b->rect[3];
}

void nadir_document_select_inside(NadirDocument *d, const double rect[4])
{
	const double ordered[4] = {MIN(rect[0], rect[2]), MIN(rect[1], rect[3]), MAX(rect[0], rect[2]),
	                           MAX(rect[1], rect[3])};
	nadir_document_select_where(d, in_band, &(band){d, ordered, d->chosen, d->selected});
}

static bool any(NadirObject *o, void *data)
{
	return true;
}

void nadir_document_select_all(NadirDocument *d)
{
	nadir_document_select_where(d, any, NULL);
}

static bool is_not_selected(NadirObject *o, void *data)
{
	return !nadir_document_is_selected(data, nadir_object_get_feature(o)->id);
}

void nadir_document_invert_selection(NadirDocument *d)
{
	nadir_document_select_where(d, is_not_selected, d);
}

/* --- deleting --- */

static bool delete_all(document_job *j, project *p, GError **error)
{
	const GArray *given = j->data;
	g_autoptr(GPtrArray) there = edit_read_objects(j, p, given, error);
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));
	for (guint i = 0; there && i < there->len; i++)
		g_array_append_val(ids, ((feature *)there->pdata[i])->id);
	if (!there)
		return false;
	if (ids->len > 0 && !project_delete(p, (const gint64 *)(const void *)ids->data, ids->len, j->what, error))
		return false;
	for (guint i = 0; i < ids->len; i++)
		document_job_changed(j, g_array_index(ids, gint64, i), NULL);
	return true;
}

void nadir_document_delete_many(NadirDocument *d, const GArray *ids)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d) && ids);
	document_job *j = document_job_new(d, delete_all);
	GArray *stored = g_array_new(FALSE, FALSE, sizeof(gint64));
	for (guint i = 0; i < ids->len; i++) {
		const gint64 id = g_array_index(ids, gint64, i);
		g_autoptr(NadirObject) o = nadir_document_find(d, id, NULL);
		if (o && nadir_object_get_stage(o) == NADIR_STAGE_DRAFT)
			nadir_document_forget_draft(d, id);
		else if (o)
			g_array_append_val(stored, id);
	}
	j->data = stored;
	j->data_free = (GDestroyNotify)g_array_unref;
	j->what = g_strdup_printf(_("delete %u objects"), stored->len);
	document_job_push(j);
}
