/* Undo and redo. A step is one or more rows of `edits` with the objects before and after; `state` says whether it
 * stands (done), may be redone (undone) or was overtaken by another edit (dropped, kept for audit). */
#include "render/geometry/gdal-session.h"
#include "render/store/project-private.h"
#include "render/store/project-rows.h"
#include "render/store/project-words.h"

#include <glib/gi18n-lib.h>

static void set_side(OGRFeatureH f, const char *row_field, const char *geom_field, const char *row, GBytes *geom)
{
	gsize size = 0;
	const void *data = geom ? g_bytes_get_data(geom, &size) : NULL;
	if (row)
		OGR_F_SetFieldString(f, OGR_F_GetFieldIndex(f, row_field), row);
	if (data)
		OGR_F_SetFieldBinary(f, OGR_F_GetFieldIndex(f, geom_field), (int)size, data);
}

static bool add(project *p, gint64 step, const char *what, const project_edit *edit)
{
	OGRLayerH layer = project_layer(p, "edits");
	g_autofree char *now = project_now();
	if (!layer)
		return false;
	OGRFeatureH f = OGR_F_Create(OGR_L_GetLayerDefn(layer));
	OGR_F_SetFieldInteger64(f, OGR_F_GetFieldIndex(f, "step"), step);
	OGR_F_SetFieldString(f, OGR_F_GetFieldIndex(f, "what"), what ? what : "");
	OGR_F_SetFieldInteger64(f, OGR_F_GetFieldIndex(f, "image_id"), edit->image);
	OGR_F_SetFieldInteger64(f, OGR_F_GetFieldIndex(f, "object_id"), edit->object);
	set_side(f, "before_row", "before_geom", edit->before, edit->before_geom);
	set_side(f, "after_row", "after_geom", edit->after, edit->after_geom);
	OGR_F_SetFieldString(f, OGR_F_GetFieldIndex(f, "state"), "done");
	OGR_F_SetFieldString(f, OGR_F_GetFieldIndex(f, "time"), now);
	OGRErr err = OGR_L_CreateFeature(layer, f);
	OGR_F_Destroy(f);
	return err == OGRERR_NONE;
}

bool project_journal_add(project *p, gint64 step, const char *what, const project_edit *edit, GError **error)
{
	gdal_session_begin();
	bool ok = add(p, step, what, edit) || project_failed(p, error);
	gdal_session_end();
	return ok;
}

/* Steps of the image that undo goes through: those with an object of it, and those of classes alone, which all images
 * share. */
static char *in_scope(const project *p)
{
	if (p->undo_image == 0)
		return g_strdup("1");
	return g_strdup_printf("(EXISTS (SELECT 1 FROM edits e WHERE e.step = edits.step AND e.image_id = %" G_GINT64_FORMAT
	                       ") OR NOT EXISTS (SELECT 1 FROM edits e WHERE e.step = edits.step AND e.image_id > 0))",
	                       p->undo_image);
}

gint64 project_journal_step(project *p, GError **error)
{
	g_autofree char *scope = in_scope(p);
	if (!project_run(p, error, "UPDATE edits SET state = 'dropped' WHERE state = 'undone' AND %s", scope))
		return 0;
	return project_number(p, 0, "SELECT max(step) FROM edits") + 1;
}

void project_journal_refresh(project *p)
{
	g_autofree char *scope = in_scope(p);
	g_free(p->undo_text);
	g_free(p->redo_text);
	p->undo_text =
		project_text(p, "SELECT what FROM edits WHERE state = 'done' AND %s ORDER BY step DESC LIMIT 1", scope);
	p->redo_text = project_text(p, "SELECT what FROM edits WHERE state = 'undone' AND %s ORDER BY step LIMIT 1", scope);
}

void project_set_undo_image(project *p, gint64 image)
{
	if (p->undo_image == image)
		return;
	p->undo_image = image;
	project_journal_refresh(p);
}

const char *project_undo_text(project *p)
{
	return p->undo_text;
}

const char *project_redo_text(project *p)
{
	return p->redo_text;
}

/* A row of a step as it is to be applied. */
typedef struct {
	gint64 object, image;
	int class_id;    /* of a class's row */
	char *class_row; /* NULL: the class is to go */
	project_words *text;
	feature *target; /* NULL: the object is to go */
} change;

static void change_free(gpointer data)
{
	change *c = data;
	feature_free(c->target);
	g_free(c->class_row);
	project_words_free(c->text);
	g_free(c);
}

static void read_other(OGRFeatureH row, change *c)
{
	c->text = project_words_from_json(c->image, OGR_F_GetFieldAsString(row, 2));
	if (c->text)
		return;
	g_autofree char *other = row_text(row, 4);
	c->class_row = OGR_F_IsFieldSetAndNotNull(row, 2) ? row_text(row, 2) : NULL;
	c->class_id = project_class_id_of(c->class_row ? c->class_row : other);
}

static bool read_change(OGRFeatureH row, void *data)
{
	change *c = g_new0(change, 1);
	int size = 0;
	c->object = OGR_F_GetFieldAsInteger64(row, 0);
	c->image = OGR_F_GetFieldAsInteger64(row, 1);
	if (c->object == 0) {
		read_other(row, c);
	} else if (OGR_F_IsFieldSetAndNotNull(row, 2)) {
		const GByte *geometry = OGR_F_GetFieldAsBinary(row, 3, &size);
		c->target = feature_from_json(OGR_F_GetFieldAsString(row, 2));
		if (OGR_F_IsFieldSetAndNotNull(row, 3))
			c->target->px_geom = g_bytes_new(geometry, (gsize)MAX(size, 0));
	}
	g_ptr_array_add(data, c);
	return true;
}

/* A step that is being applied. */
typedef struct {
	project *p;
	GHashTable *gone;  /* gint64, of changes -> itself: objects whose rows were dropped and not written again */
	GHashTable *names; /* number -> name of a class */
} replay;

static replay replay_of(project *p)
{
	return (replay){p, g_hash_table_new(g_int64_hash, g_int64_equal),
	                g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, g_free)};
}

static void replay_clear(replay *r)
{
	g_hash_table_unref(r->gone);
	g_hash_table_unref(r->names);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(replay, replay_clear)

/* A class may have got another name since. */
static void name_class(replay *r, feature *o)
{
	char *name = g_hash_table_lookup(r->names, GINT_TO_POINTER(o->class_id));
	if (!name && (name = project_class_name(r->p, o->class_id)))
		g_hash_table_insert(r->names, GINT_TO_POINTER(o->class_id), name);
	if (name) {
		g_free(o->class_name);
		o->class_name = g_strdup(name);
	}
}

/* The outline stayed in this step: so it does now. */
static bool apply_attributes(project *p, change *c, GError **error)
{
	gint64 image;
	g_autoptr(feature) now = project_get_rows(p, c->object, &image, error);
	if (!now)
		return false;
	c->target->px_geom = g_bytes_ref(now->px_geom);
	return project_put_attributes(p, c->target, error);
}

static bool apply(replay *r, change *c, GError **error)
{
	project *p = r->p;
	if (c->text)
		return project_words_restore(p, c->text, error);
	if (c->object == 0) {
		g_hash_table_remove_all(r->names);
		return project_class_restore(p, c->class_id, c->class_row, error);
	}
	const bool there = !g_hash_table_remove(r->gone, &c->object);
	if (!c->target)
		return !there || project_drop_rows(p, c->object, error);
	name_class(r, c->target);
	if (!c->target->px_geom)
		return apply_attributes(p, c, error);
	project_set_area(p, c->image, c->target); /* and the image another georeference */
	return there ? project_put_rows(p, c->image, c->target, error) : project_add_rows(p, c->image, c->target, error);
}

/* All objects that the step writes anew or deletes leave their tables together: one by one that is most of what very
 * many take. Those of which only attributes change stay, for their outline is read from what is there. */
static bool drop_together(replay *r, change *const *changes, guint n, GError **error)
{
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));
	GHashTableIter at;
	gpointer id;
	for (guint i = 0; i < n; i++)
		if (changes[i]->object != 0)
			g_hash_table_add(r->gone, &changes[i]->object);
	for (guint i = 0; i < n; i++)
		if (changes[i]->target && !changes[i]->target->px_geom)
			g_hash_table_remove(r->gone, &changes[i]->object);
	g_hash_table_iter_init(&at, r->gone);
	while (g_hash_table_iter_next(&at, &id, NULL))
		g_array_append_val(ids, *(gint64 *)id);
	return project_drop_all_rows(r->p, (const gint64 *)(const void *)ids->data, ids->len, error);
}

static bool apply_all(project *p, change *const *changes, guint n, GError **error)
{
	g_auto(replay) r = replay_of(p);
	bool ok = drop_together(&r, changes, n, error);
	for (guint i = 0; ok && i < n; i++)
		ok = apply(&r, changes[i], error);
	return ok;
}

/* Adds the step's rows to `changes` and applies them. */
static bool apply_step(project *p, gint64 step, bool forward, GPtrArray *changes, GError **error)
{
	const char *side = forward ? "after" : "before", *other = forward ? "before" : "after";
	const guint first = changes->len;
	if (!project_select(p, read_change, changes, error,
	                    "SELECT object_id, image_id, %s_row, %s_geom, %s_row FROM edits WHERE state <> 'dropped' AND "
	                    "step = %" G_GINT64_FORMAT " ORDER BY id %s",
	                    side, side, other, step, forward ? "ASC" : "DESC"))
		return false;
	return apply_all(p, (change *const *)changes->pdata + first, changes->len - first, error) &&
	       project_run(p, error, "UPDATE edits SET state = '%s' WHERE state <> 'dropped' AND step = %" G_GINT64_FORMAT,
	                   forward ? "done" : "undone", step);
}

static void project_change_free(gpointer data)
{
	project_change *c = data;
	feature_free(c->now);
	g_free(c);
}

GPtrArray *project_changes_new_list(void)
{
	return g_ptr_array_new_with_free_func(project_change_free);
}

void project_changes_clear(project_changes *c)
{
	g_clear_pointer(&c->objects, g_ptr_array_unref);
	g_clear_pointer(&c->texts, g_ptr_array_unref);
	c->classes = false;
}

static void tell(project_changes *out, GPtrArray *changes)
{
	*out = (project_changes){.objects = project_changes_new_list()};
	for (guint i = 0; i < changes->len; i++) {
		change *c = changes->pdata[i];
		if (c->text) {
			if (!out->texts)
				out->texts = g_ptr_array_new_with_free_func((GDestroyNotify)project_words_free);
			g_ptr_array_add(out->texts, g_steal_pointer(&c->text));
			continue;
		}
		if (c->object == 0) {
			out->classes = true;
			continue;
		}
		project_change *told = g_new0(project_change, 1);
		*told = (project_change){c->object, c->image, g_steal_pointer(&c->target)};
		g_ptr_array_add(out->objects, told);
	}
}

/* The step that comes next in a direction; 0: there is none. */
static gint64 next_step(project *p, bool forward)
{
	g_autofree char *scope = in_scope(p);
	return project_number(p, 0, "SELECT step FROM edits WHERE state = '%s' AND %s ORDER BY step %s LIMIT 1",
	                      forward ? "undone" : "done", scope, forward ? "ASC" : "DESC");
}

static bool go(project *p, gint64 step, bool forward, project_changes *out, GError **error)
{
	g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func(change_free);
	if (!project_begin(p, error) || !project_end(p, apply_step(p, step, forward, changes, error), error))
		return false;
	if (out)
		tell(out, changes);
	return true;
}

bool project_undo_step(project *p, gint64 step, project_changes *changes, GError **error)
{
	return go(p, step, false, changes, error);
}

static bool move(project *p, bool forward, project_changes *out, GError **error)
{
	const gint64 step = next_step(p, forward);
	if (step == 0) {
		g_set_error_literal(error, PROJECT_ERROR, PROJECT_ERROR_WRITE,
		                    forward ? _("There is nothing to redo.") : _("There is nothing to undo."));
		return false;
	}
	return go(p, step, forward, out, error);
}

bool project_undo(project *p, project_changes *changes, GError **error)
{
	return move(p, false, changes, error);
}

bool project_redo(project *p, project_changes *changes, GError **error)
{
	return move(p, true, changes, error);
}

/* --- the whole history --- */

void project_step_free(project_step *s)
{
	g_free(s->what);
	g_free(s->time);
	g_free(s);
}

static bool add_step(OGRFeatureH row, void *data)
{
	project_step *s = g_new0(project_step, 1);
	s->step = OGR_F_GetFieldAsInteger64(row, 0);
	s->what = row_text(row, 1);
	s->time = row_text(row, 2);
	s->done = g_str_equal(OGR_F_GetFieldAsString(row, 3), "done");
	s->n_changes = (guint)OGR_F_GetFieldAsInteger(row, 4);
	g_ptr_array_add(data, s);
	return true;
}

GPtrArray *project_history(project *p, GError **error)
{
	g_autofree char *scope = in_scope(p);
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)project_step_free);
	if (!project_select(p, add_step, list, error,
	                    "SELECT step, max(what), max(time), max(state), count(*) FROM edits WHERE state <> 'dropped' "
	                    "AND %s GROUP BY step ORDER BY step DESC",
	                    scope))
		return NULL;
	return g_steal_pointer(&list);
}

/* Steps one after the other, in one transaction. */
static bool travel(project *p, gint64 to, GPtrArray *changes, GError **error)
{
	gint64 step;
	while ((step = next_step(p, false)) > to)
		if (!apply_step(p, step, false, changes, error))
			return false;
	while ((step = next_step(p, true)) > 0 && step <= to)
		if (!apply_step(p, step, true, changes, error))
			return false;
	return true;
}

/* Of several changes of one object only the last is left. */
static void keep_last(GPtrArray *changes)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(g_int64_hash, g_int64_equal);
	for (guint i = changes->len; i-- > 0;) {
		change *c = changes->pdata[i];
		if (c->object != 0 && !g_hash_table_add(seen, &c->object))
			change_free(g_ptr_array_steal_index(changes, i));
	}
}

/* A class may have been renamed by a later one of the steps. */
static void name_classes(project *p, GPtrArray *changes)
{
	g_auto(replay) r = replay_of(p);
	bool classes = false;
	for (guint i = 0; i < changes->len && !classes; i++)
		classes = ((change *)changes->pdata[i])->class_id != 0;
	for (guint i = 0; classes && i < changes->len; i++)
		if (((change *)changes->pdata[i])->target)
			name_class(&r, ((change *)changes->pdata[i])->target);
}

bool project_go_to(project *p, gint64 step, project_changes *out, GError **error)
{
	g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func(change_free);
	if (!project_begin(p, error) || !project_end(p, travel(p, step, changes, error), error))
		return false;
	keep_last(changes);
	name_classes(p, changes);
	if (out)
		tell(out, changes);
	return true;
}
