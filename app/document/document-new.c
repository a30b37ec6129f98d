/* New objects on their way to the project: shown at once as what they are, accepted only when the store says so, and
 * kept as drafts when it cannot be. */
#include "app/document/document-private.h"

#include <glib/gi18n.h>

#include "app/engine/record.h"

GListModel *nadir_document_get_unstored(NadirDocument *d)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), NULL);
	return G_LIST_MODEL(d->unstored);
}

static void move_item(NadirDocument *d, NadirObject *item, bool stays)
{
	guint position;
	gpointer items[] = {item};
	if (g_list_store_find(d->unstored, item, &position))
		g_list_store_splice(d->unstored, position, 1, items, stays ? 1 : 0);
}

static void set_stage(NadirDocument *d, NadirObject *item, NadirStage stage)
{
	nadir_object_set_stage(item, stage);
	move_item(d, item, true);
}

static void forget_selection(NadirDocument *d, gint64 id)
{
	if (d->selected == id)
		nadir_document_select(d, 0);
}

/* --- storing --- */

/* Image pixels that a hand drew; NULL + error, or NULL alone: none. */
static feature *draw(document_job *j, GError **error)
{
	const raster_info *info = raster_get_info(j->scene->image);
	g_autoptr(bitmask) mask =
		j->radius > 0 ? mask_from_stroke(j->xy, j->n, j->radius, j->pressure, info->width, info->height, error)
					  : mask_from_polygon(j->xy, j->n, info->width, info->height, error);
	return mask && mask_area(mask) > 0 ? record_drawing(mask, j->text, info, j->scene->ref, error) : NULL;
}

static bool insert(document_job *j, project *p, GError **error)
{
	g_autoptr(GError) why = NULL;
	if (!j->object)
		j->object = draw(j, &why);
	if (!j->object) {
		if (why)
			g_propagate_error(error, g_steal_pointer(&why));
		return why == NULL;
	}
	if (!project_insert(p, j->scene->image_id, j->object, j->what, error))
		return false;
	const gint64 ids[] = {j->id, j->object->id};
	g_hash_table_insert(j->scene->given, g_memdup2(&ids[0], sizeof ids[0]), g_memdup2(&ids[1], sizeof ids[1]));
	document_job_changed(j, j->object->id, feature_copy(j->object));
	return document_job_read_classes(j, p, error);
}

static bool on_inserted(document_job *j, const GError *error)
{
	NadirDocument *d = j->document;
	if (error) {
		nadir_document_make_draft(j, error);
		return true;
	}
	move_item(d, j->fresh->item, false);
	g_ptr_array_remove(d->strokes, j);
	if (d->selected == j->id)
		nadir_document_select(d, j->object ? j->object->id : 0);
	if (j->object && j->fresh->stored)
		j->fresh->stored(d, j->object->id, j->fresh->data);
	if (!j->object)
		nadir_document_notify_user(d, _("Nothing of it lies inside the image."));
	return false;
}

document_job *nadir_document_begin_object(NadirDocument *d, feature *f, prompt *marks)
{
	document_job *j = document_job_new(d, insert);
	j->done = on_inserted;
	j->fresh = g_new0(new_object, 1);
	j->fresh->marks = marks;
	j->id = f->id = --d->last_given;
	j->text = g_strdup(f->class_name);
	j->fresh->item = nadir_object_new(f, f->px_geom ? NADIR_STAGE_STORING : NADIR_STAGE_WAITING);
	g_list_store_insert(d->unstored, 0, j->fresh->item);
	return j;
}

void nadir_document_store_object(document_job *j)
{
	NadirDocument *d = j->document;
	const feature *f = nadir_object_get_feature(j->fresh->item);
	if (!j->object && f->px_geom)
		j->object = feature_copy(f);
	if (!j->what) /* Translators: a step in the undo list; %s is a class. */
		j->what = g_strdup_printf(g_str_equal(f->model, "hand") ? _("draw %s") : _("accept %s"), f->class_name);
	if (!j->birth)
		j->birth = birth_new(d, NULL);
	set_stage(d, j->fresh->item, NADIR_STAGE_STORING);
	document_job_push(j);
}

void nadir_document_forget_object(document_job *j)
{
	g_autoptr(NadirDocument) d = g_object_ref(j->document);
	if (j->fresh) { /* else an edit: the object stays as it was */
		move_item(d, j->fresh->item, false);
		forget_selection(d, j->id);
	}
	document_job_free(j);
	nadir_document_emit(d, SIGNAL_STORE);
}

/* --- drafts --- */

void nadir_document_show_geometry(NadirDocument *d, document_job *j)
{
	guint position;
	feature *f = feature_copy(j->object);
	f->id = j->id;
	NadirObject *item = nadir_object_new(f, NADIR_STAGE_STORING);
	if (g_list_store_find(d->unstored, j->fresh->item, &position))
		g_list_store_splice(d->unstored, position, 1, (gpointer[]){item}, 1);
	g_object_unref(j->fresh->item);
	j->fresh->item = item;
}

void nadir_document_make_draft(document_job *j, const GError *error)
{
	g_autoptr(NadirDocument) d = g_steal_pointer(&j->document); /* not held by what it holds */
	g_ptr_array_set_size(j->changed, 0);
	g_ptr_array_remove(d->strokes, j);
	g_ptr_array_add(d->drafts, j);
	if (j->object)
		nadir_document_show_geometry(d, j);
	set_stage(d, j->fresh->item, NADIR_STAGE_DRAFT);
	nadir_document_report(d, error);
}

void nadir_document_forget_draft(NadirDocument *d, gint64 id)
{
	for (guint i = 0; i < d->drafts->len; i++) {
		document_job *j = d->drafts->pdata[i];
		if (j->id != id)
			continue;
		move_item(d, j->fresh->item, false);
		g_ptr_array_remove_index(d->drafts, i);
		break;
	}
	forget_selection(d, id);
	nadir_document_emit(d, SIGNAL_STORE);
}

bool nadir_document_can_retry(NadirDocument *d)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), false);
	return d->drafts->len > 0 || (d->preview.marks && d->preview.failed);
}

void nadir_document_retry(NadirDocument *d)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d));
	if (d->preview.failed)
		nadir_document_ask_again(d);
	while (d->drafts->len > 0) {
		document_job *j = g_ptr_array_steal_index(d->drafts, 0);
		j->document = g_object_ref(d);
		if (j->fresh->marks) {
			set_stage(d, j->fresh->item, NADIR_STAGE_WAITING);
			nadir_document_ask(d, j);
		} else {
			nadir_document_store_object(j);
		}
	}
	nadir_document_emit(d, SIGNAL_STORE);
}
