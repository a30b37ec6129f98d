/* Classes of the document: those it begins with, and from the first change on the project's. */
#include "app/document/document-private.h"

#include <string.h>

#include <glib/gi18n.h>

#include "render/geometry/class-style.h"

GPtrArray *nadir_document_get_classes(NadirDocument *d)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), NULL);
	return d->classes;
}

static int class_index(NadirDocument *d, const char *name)
{
	for (guint i = 0; i < d->classes->len; i++)
		if (g_str_equal(((project_class *)d->classes->pdata[i])->name, name))
			return (int)i;
	return -1;
}

const project_class *nadir_document_find_class(NadirDocument *d, const char *name)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), NULL);
	const int i = class_index(d, name);
	return i < 0 ? NULL : d->classes->pdata[i];
}

int nadir_document_get_current_class(NadirDocument *d)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), 0);
	return d->current_class;
}

const char *nadir_document_current_class_name(NadirDocument *d)
{
	const project_class *c = d->classes->pdata[d->current_class];
	return c->name;
}

void nadir_document_set_current_class(NadirDocument *d, int index)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d));
	if (index < 0 || (guint)index >= d->classes->len || index == d->current_class)
		return;
	d->current_class = index;
	nadir_document_emit(d, SIGNAL_CLASSES);
	if (d->preview.marks)
		nadir_document_emit(d, SIGNAL_PREVIEW);
}

void nadir_document_apply_class(NadirDocument *d, int index)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d));
	if (index < 0 || (guint)index >= d->classes->len)
		return;
	nadir_document_set_current_class(d, index);
	if (!d->preview.marks && nadir_document_get_selected(d))
		nadir_document_relabel(d, d->selected, nadir_document_current_class_name(d));
}

/* --- from the store --- */

static bool same_class(const project_class *a, const project_class *b)
{
	return a->id == b->id && g_str_equal(a->name, b->name) && g_str_equal(a->color, b->color) &&
	       a->pattern == b->pattern && a->key == b->key && a->parent == b->parent &&
	       strcmp(a->fields ? a->fields : "", b->fields ? b->fields : "") == 0;
}

static bool same_classes(GPtrArray *a, GPtrArray *b)
{
	bool same = a->len == b->len;
	for (guint i = 0; same && i < a->len; i++)
		same = same_class(a->pdata[i], b->pdata[i]);
	return same;
}

/* A renamed class's name stands in its objects too. */
static void rename_in_objects(NadirDocument *d, GHashTable *names)
{
	const guint n = g_list_model_get_n_items(G_LIST_MODEL(d->objects));
	guint first = n, last = 0;
	for (guint i = 0; i < n; i++) {
		NadirObject *o = nadir_object_list_get(d->objects, i);
		const feature *f = nadir_object_get_feature(o);
		const char *name = g_hash_table_lookup(names, GINT_TO_POINTER(f->class_id));
		if (!name || g_str_equal(name, f->class_name))
			continue;
		nadir_object_rename(o, name);
		first = MIN(first, i);
		last = i;
	}
	if (first < n)
		nadir_object_list_renamed(d->objects, first, last);
}

void nadir_document_take_classes(NadirDocument *d, GPtrArray *classes)
{
	if (same_classes(classes, d->classes)) {
		g_ptr_array_unref(classes);
		return;
	}
	g_autofree char *current = g_strdup(nadir_document_current_class_name(d));
	const int before = d->current_class;
	g_autoptr(GHashTable) names = g_hash_table_new(NULL, NULL);
	g_ptr_array_unref(d->classes);
	d->classes = classes;
	for (guint i = 0; i < classes->len; i++) {
		project_class *c = classes->pdata[i];
		g_hash_table_insert(names, GINT_TO_POINTER(c->id), c->name);
	}
	/* The same one, by name; else, when that changed, by its place. */
	d->current_class = class_index(d, current);
	if (d->current_class < 0)
		d->current_class = MIN(before, (int)classes->len - 1);
	rename_in_objects(d, names);
	nadir_document_emit(d, SIGNAL_CLASSES);
}

GPtrArray *nadir_document_copy_classes(GPtrArray *classes)
{
	GPtrArray *copy = g_ptr_array_new_with_free_func((GDestroyNotify)project_class_free);
	for (guint i = 0; i < classes->len; i++)
		g_ptr_array_add(copy, project_class_copy(classes->pdata[i]));
	return copy;
}

/* --- changes --- */

static bool on_class_job(document_job *j, const GError *error)
{
	NadirDocument *d = j->document;
	const int i = j->text ? class_index(d, j->text) : -1;
	if (g_error_matches(error, PROJECT_ERROR, PROJECT_ERROR_IN_USE))
		nadir_document_class_in_use(d, j->klass->id, error->message);
	else if (error)
		nadir_document_report(d, error);
	else if (i >= 0)
		d->current_class = i;
	nadir_document_emit(d, SIGNAL_CLASSES);
	return false;
}

/* Takes what. Without a project one is made: what the user says of classes is work to be kept and taken back, too. */
static document_job *class_job(NadirDocument *d, bool (*work)(document_job *, project *, GError **), char *what,
                               const char *name, const project_class *c)
{
	document_job *j = document_job_new(d, work);
	if (!nadir_document_get_project_path(d))
		j->birth = birth_new(d, NULL);
	j->done = on_class_job;
	j->what = what;
	j->text = g_strdup(name);
	if (c)
		j->klass = project_class_copy(c);
	return j;
}

static bool add_to_project(document_job *j, project *p, GError **error)
{
	return project_class_for(p, j->text, j->what, error) && document_job_read_classes(j, p, error);
}

void nadir_document_add_class(NadirDocument *d, const char *name)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d) && name);
	g_autofree char *clean = g_strstrip(g_strdup(name));
	const int have = class_index(d, clean);
	if (!*clean) {
		nadir_document_notify_user(d, _("A class needs a name: type at least one letter."));
		return;
	}
	if (have >= 0) {
		nadir_document_set_current_class(d, have);
		return;
	}
	/* Translators: steps in the undo list; %s is a class. */
	document_job_push(class_job(d, add_to_project, g_strdup_printf(_("add class %s"), clean), clean, NULL));
}

static bool update_in_project(document_job *j, project *p, GError **error)
{
	return project_update_class(p, j->klass, j->what, error) && document_job_read_classes(j, p, error);
}

void nadir_document_update_class(NadirDocument *d, const project_class *c)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d) && c);
	const project_class *old = project_class_by_id(d->classes, c->id);
	if (!old || same_class(old, c))
		return;
	const bool looks = g_str_equal(old->color, c->color) && old->pattern == c->pattern;
	const bool renamed = !g_str_equal(old->name, c->name);
	char *what = g_strdup_printf(renamed ? _("rename class to %s")
	                             : looks ? _("change class %s")
	                                     : _("look of class %s"),
	                             c->name);
	document_job_push(class_job(d, update_in_project, what, NULL, c));
}

static bool delete_from_project(document_job *j, project *p, GError **error)
{
	return project_delete_class(p, j->klass->id, j->what, error) && document_job_read_classes(j, p, error);
}

void nadir_document_delete_class(NadirDocument *d, int id)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d));
	project_class *c = project_class_by_id(d->classes, id);
	if (!c)
		return;
	if (d->classes->len == 1) {
		nadir_document_notify_user(d, _("One class must remain: rename it instead."));
		return;
	}
	document_job_push(class_job(d, delete_from_project, g_strdup_printf(_("delete class %s"), c->name), NULL, c));
}

static bool dissolve_in_project(document_job *j, project *p, GError **error)
{
	g_auto(project_changes) changes = {0};
	project_set_undo_image(p, j->scene->image_id);
	return project_dissolve_class(p, j->klass->id, GPOINTER_TO_INT(j->data), j->what, &changes, error) &&
	       document_job_take_changes(j, p, &changes, error);
}

void nadir_document_dissolve_class(NadirDocument *d, int id, int to)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d));
	project_class *c = project_class_by_id(d->classes, id);
	if (!c)
		return;
	document_job *j = class_job(d, dissolve_in_project, g_strdup_printf(_("delete class %s"), c->name), NULL, c);
	j->data = GINT_TO_POINTER(to);
	document_job_push(j);
}

project_class *nadir_document_default_class(const char *name, guint index)
{
	project_class *c = g_new0(project_class, 1);
	c->id = (int)index + 1;
	c->name = g_strdup(name);
	g_strlcpy(c->color, class_style_color(index), sizeof c->color);
	c->pattern = class_style_pattern(index);
	c->key = index < 9 ? (int)index + 1 : index == 9 ? 0 : -1;
	return c;
}
