/* Changes of objects: each one transaction with its rows of the journal. */
#include "render/store/project-rows.h"

#include <glib/gi18n-lib.h>
#include <math.h>

/* The highest is in the journal even when the object is gone. */
gint64 project_next_id(project *p)
{
	return project_number(p, 0,
	                      "SELECT max(coalesce((SELECT max(object_id) FROM edits), 0), "
	                      "coalesce((SELECT max(fid) FROM nadir_objects), 0))") +
	       1;
}

static void replace_text(char **to, char *value)
{
	g_free(*to);
	*to = value;
}

/* One step of the journal under way. What each of very many objects would ask for again is asked for once. */
typedef struct {
	project *p;
	gint64 step;
	const char *what;
	gint64 next_id;      /* 0: not known yet */
	GHashTable *classes; /* name -> number */
} work;

static void work_clear(work *w)
{
	g_clear_pointer(&w->classes, g_hash_table_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(work, work_clear)

/* 0 on error. */
static int class_number(work *w, const char *name, GError **error)
{
	if (!w->classes)
		w->classes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	int id = GPOINTER_TO_INT(g_hash_table_lookup(w->classes, name));
	if (id == 0)
		id = project_class_in_transaction(w->p, w->step, w->what, name, error);
	if (id != 0)
		g_hash_table_insert(w->classes, g_strdup(name), GINT_TO_POINTER(id));
	return id;
}

/* What only the store knows: the class's number, the image's label, the area on the ground. */
static bool complete(work *w, gint64 image, feature *o, GError **error)
{
	project *p = w->p;
	const project_place *place = project_place_of(p, image, error);
	if (!place)
		return false;
	if (!o->px_geom) {
		g_set_error(error, PROJECT_ERROR, PROJECT_ERROR_WRITE,
		            _("An object of class %s has no outline and was not stored."), o->class_name);
		return false;
	}
	o->class_id = class_number(w, o->class_name, error);
	if (o->class_id == 0)
		return false;
	if (!o->image || !*o->image)
		replace_text(&o->image, g_strdup(place->label));
	return true;
}

/* Where a new object comes from, unless it says so itself. */
static void set_origin(feature *o)
{
	const bool hand = g_str_equal(o->model, "hand"), marked = *o->prompt && !g_str_equal(o->prompt, "[]");
	if (!*o->source)
		replace_text(&o->source, g_strdup(hand ? "person" : marked ? "model" : "import"));
	if (!*o->author)
		replace_text(&o->author, g_strdup(hand ? g_get_user_name() : *o->model ? o->model : o->source));
	if (o->proposed_id == 0)
		o->proposed_id = o->class_id;
}

/* One object's row of the journal. */
static bool journal(const work *w, gint64 image, const feature *before, const feature *after, GError **error)
{
	g_autofree char *was = before ? feature_to_json(before) : NULL, *is = after ? feature_to_json(after) : NULL;
	const project_edit edit = {.image = image,
	                           .object = before ? before->id : after->id,
	                           .before = was,
	                           .after = is,
	                           .before_geom = before ? before->px_geom : NULL,
	                           .after_geom = after ? after->px_geom : NULL};
	return project_journal_add(w->p, w->step, w->what, &edit, error);
}

static bool insert_one(work *w, gint64 image, feature *o, GError **error)
{
	if (w->next_id == 0)
		w->next_id = project_next_id(w->p);
	o->id = w->next_id++;
	replace_text(&o->edited, project_now());
	if (!o->created || !*o->created)
		replace_text(&o->created, g_strdup(o->edited));
	if (!complete(w, image, o, error))
		return false;
	set_origin(o);
	project_set_area(w->p, image, o);
	return project_add_rows(w->p, image, o, error) && journal(w, image, NULL, o, error);
}

static bool delete_all(work *w, const gint64 *ids, guint n, GError **error)
{
	g_autoptr(GArray) rows = project_get_all_rows(w->p, ids, n, error);
	bool ok = rows && project_drop_all_rows(w->p, ids, n, error);
	for (guint i = 0; ok && i < n; i++) {
		const project_object_row *row = &g_array_index(rows, project_object_row, i);
		ok = row->o ? journal(w, row->image, row->o, NULL, error) : project_no_object(w->p, ids[i], error);
	}
	return ok;
}

bool project_replace(project *p, gint64 image, const gint64 *remove, guint n_remove, feature **add, guint n_add,
                     const char *what, GError **error)
{
	const project_batch batch = {.remove = remove, .n_remove = n_remove, .add = add, .n_add = n_add};
	return project_apply(p, image, &batch, what, error);
}

bool project_insert(project *p, gint64 image, feature *o, const char *what, GError **error)
{
	return project_replace(p, image, NULL, 0, &o, 1, what, error);
}

bool project_delete(project *p, const gint64 *ids, guint n, const char *what, GError **error)
{
	return project_replace(p, 0, ids, n, NULL, 0, what, error);
}

feature *project_object(project *p, gint64 id, GError **error)
{
	gint64 image;
	return project_get_rows(p, id, &image, error);
}

GPtrArray *project_objects_of(project *p, const gint64 *ids, guint n, GError **error)
{
	g_autoptr(GArray) rows = project_get_all_rows(p, ids, n, error);
	if (!rows)
		return NULL;
	GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)feature_free);
	for (guint i = 0; i < n; i++) {
		project_object_row *row = &g_array_index(rows, project_object_row, i);
		if (row->o)
			g_ptr_array_add(list, g_steal_pointer(&row->o));
	}
	return list;
}

/* What an object made anew takes over from the one it replaces: where it came from and what was decided. */
static void keep_review(feature *after, const feature *before)
{
	if (after->proposed_id != 0)
		return;
	replace_text(&after->source, g_strdup(before->source));
	replace_text(&after->author, g_strdup(before->author));
	replace_text(&after->review, g_strdup(before->review));
	replace_text(&after->reviewed, g_strdup(before->reviewed));
	replace_text(&after->comment, g_strdup(before->comment));
	if (!*after->attributes)
		replace_text(&after->attributes, g_strdup(before->attributes));
	after->proposed_id = before->proposed_id;
}

/* Nothing but class, state, texts and attributes: then the outline need not be written again, nor kept for undo. */
static bool same_shape(const feature *a, const feature *b)
{
	const bool scores = a->score == b->score || (isnan(a->score) && isnan(b->score));
	return scores && isfinite(b->area_m2) == isfinite(a->area_m2) && g_bytes_equal(a->px_geom, b->px_geom) &&
	       g_str_equal(a->model, b->model) && g_str_equal(a->prompt, b->prompt) && g_str_equal(a->image, b->image) &&
	       g_str_equal(a->source, b->source) && g_str_equal(a->author, b->author) &&
	       g_str_equal(a->created, b->created) && a->proposed_id == b->proposed_id;
}

/* What the object becomes: the given one, with what only the store knows. NULL + error. */
static feature *next_version(work *w, gint64 image, const feature *before, const feature *given, GError **error)
{
	g_autoptr(feature) after = feature_copy(given);
	if (!complete(w, image, after, error))
		return NULL;
	keep_review(after, before);
	replace_text(&after->edited, project_now());
	if (!*after->created)
		replace_text(&after->created, g_strdup(before->created));
	if (!g_bytes_equal(before->px_geom, after->px_geom) || !isfinite(after->area_m2))
		project_set_area(w->p, image, after);
	return g_steal_pointer(&after);
}

/* Those with another shape have no rows any more: they are written anew. */
static bool write_version(work *w, gint64 image, const feature *before, const feature *after, GError **error)
{
	if (!same_shape(before, after))
		return project_add_rows(w->p, image, after, error) && journal(w, image, before, after, error);
	g_autofree char *was = feature_to_json(before), *is = feature_to_json(after);
	const project_edit edit = {.image = image, .object = after->id, .before = was, .after = is};
	return project_put_attributes(w->p, after, error) && project_journal_add(w->p, w->step, w->what, &edit, error);
}

static bool update_some(work *w, feature *const *given, const gint64 *ids, guint n, GError **error)
{
	g_autoptr(GArray) rows = project_get_all_rows(w->p, ids, n, error);
	g_autoptr(GArray) reshaped = g_array_new(FALSE, FALSE, sizeof(gint64));
	g_autoptr(GPtrArray) after = g_ptr_array_new_with_free_func((GDestroyNotify)feature_free);
	bool ok = rows != NULL;
	for (guint i = 0; ok && i < n; i++) {
		const project_object_row *row = &g_array_index(rows, project_object_row, i);
		feature *next = row->o ? next_version(w, row->image, row->o, given[i], error) : NULL;
		ok = next || (!row->o && project_no_object(w->p, ids[i], error));
		if (next && !same_shape(row->o, next))
			g_array_append_val(reshaped, ids[i]);
		g_ptr_array_add(after, next);
	}
	ok = ok && project_drop_all_rows(w->p, (const gint64 *)(const void *)reshaped->data, reshaped->len, error);
	for (guint i = 0; ok && i < n; i++) {
		const project_object_row *row = &g_array_index(rows, project_object_row, i);
		ok = write_version(w, row->image, row->o, after->pdata[i], error);
	}
	return ok;
}

#define AT_ONCE 1000 /* objects that are held as they were and as they will be */

static bool update_all(work *w, feature *const *given, guint n, GError **error)
{
	gint64 ids[AT_ONCE];
	for (guint done = 0; done < n; done += AT_ONCE) {
		const guint some = MIN(n - done, AT_ONCE);
		for (guint i = 0; i < some; i++)
			ids[i] = given[done + i]->id;
		if (!update_some(w, given + done, ids, some, error))
			return false;
	}
	return true;
}

bool project_update(project *p, const feature *o, const char *what, GError **error)
{
	feature *one = (feature *)o;
	return project_apply(p, 0, &(project_batch){.update = &one, .n_update = 1}, what, error);
}

static bool change_all(project *p, gint64 image, const project_batch *b, const char *what, GError **error)
{
	g_auto(work) w = {.p = p, .step = project_journal_step(p, error), .what = what};
	bool ok = w.step != 0;
	ok = ok && update_all(&w, b->update, b->n_update, error) && delete_all(&w, b->remove, b->n_remove, error);
	for (guint i = 0; ok && i < b->n_add; i++)
		ok = insert_one(&w, image, b->add[i], error);
	return ok;
}

bool project_apply(project *p, gint64 image, const project_batch *b, const char *what, GError **error)
{
	if (!project_begin(p, error))
		return false;
	const bool ok = project_end(p, change_all(p, image, b, what, error), error);
	for (guint i = 0; !ok && i < b->n_add; i++)
		b->add[i]->id = 0; /* not stored */
	return ok;
}

/* --- a class that goes --- */

static bool add_id(OGRFeatureH row, void *data)
{
	const gint64 id = OGR_F_GetFieldAsInteger64(row, 0);
	g_array_append_val((GArray *)data, id);
	return true;
}

/* Becomes `to`, or goes with NULL. What became of each is told. */
static bool leave_class(work *w, const gint64 *ids, guint n, const char *to, GPtrArray *told, GError **error)
{
	g_autoptr(GArray) rows = project_get_all_rows(w->p, ids, n, error), now = NULL;
	g_autoptr(GPtrArray) list = g_ptr_array_new();
	for (guint i = 0; rows && to && i < n; i++) {
		feature *o = g_array_index(rows, project_object_row, i).o;
		replace_text(&o->class_name, g_strdup(to));
		g_ptr_array_add(list, o);
	}
	bool ok = rows && (to ? update_all(w, (feature **)list->pdata, list->len, error) : delete_all(w, ids, n, error));
	if (ok && to)
		ok = (now = project_get_all_rows(w->p, ids, n, error)) != NULL;
	for (guint i = 0; ok && i < n; i++) {
		project_change *c = g_new0(project_change, 1);
		*c = (project_change){ids[i], g_array_index(rows, project_object_row, i).image, NULL};
		if (now)
			c->now = g_steal_pointer(&g_array_index(now, project_object_row, i).o);
		g_ptr_array_add(told, c);
	}
	return ok;
}

static bool dissolve(project *p, int id, int to, const char *what, GPtrArray *told, GError **error)
{
	g_autofree char *name = to > 0 ? project_class_name(p, to) : NULL;
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));
	if (to == id || (to > 0 && !name)) {
		g_set_error(error, PROJECT_ERROR, PROJECT_ERROR_WRITE,
		            _("The class that the objects should get is gone: choose another one."));
		return false;
	}
	if (!project_select(p, add_id, ids, error, "SELECT fid+0 AS k FROM nadir_objects WHERE class_id = %d ORDER BY fid",
	                    id))
		return false;
	g_auto(work) w = {.p = p, .step = project_journal_step(p, error), .what = what};
	return w.step != 0 && leave_class(&w, (const gint64 *)(const void *)ids->data, ids->len, name, told, error) &&
	       project_class_drop(p, w.step, ids->len > 0 ? p->undo_image : 0, id, what, error);
}

bool project_dissolve_class(project *p, int id, int to, const char *what, project_changes *changes, GError **error)
{
	g_auto(project_changes) told = {.objects = project_changes_new_list(), .classes = true};
	if (!project_begin(p, error) || !project_end(p, dissolve(p, id, to, what, told.objects, error), error))
		return false;
	if (changes) {
		*changes = told;
		told.objects = NULL;
	}
	return true;
}
