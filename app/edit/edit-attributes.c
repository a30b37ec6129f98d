#include "app/edit/edit-attributes.h"

#include <glib/gi18n.h>
#include <string.h>

#include "app/edit/edit-objects.h"
#include "app/edit/edit-selection.h"
#include "render/exchange/object-filter.h"
#include "render/store/class-texts.h"

/* What becomes of each object: in the store's thread. */
typedef struct {
	GArray *ids;
	char *class_name;       /* NULL: it stays */
	char *caption;          /* NULL: it stays */
	attribute_field *field; /* NULL: they stay */
	char *value;            /* of the field */
} change;

static void change_free(void *data)
{
	change *c = data;
	g_array_unref(c->ids);
	g_free(c->class_name);
	g_free(c->caption);
	attribute_field_free(c->field);
	g_free(c->value);
	g_free(c);
}

/* false: it stays as it is. */
static bool change_one(const change *c, feature *f)
{
	if (c->class_name && !g_str_equal(f->class_name, c->class_name)) {
		g_free(f->class_name);
		f->class_name = g_strdup(c->class_name);
		return true;
	}
	if (c->caption && g_strcmp0(f->caption, c->caption) != 0) {
		g_free(f->caption);
		f->caption = g_strdup(c->caption);
		return true;
	}
	char *values = c->field ? attributes_set(f->attributes, c->field, c->value, NULL) : NULL;
	if (!values || g_str_equal(values, f->attributes)) {
		g_free(values);
		return false;
	}
	g_free(f->attributes);
	f->attributes = values;
	return true;
}

static bool change_all(document_job *j, project *p, GError **error)
{
	const change *c = j->data;
	g_autoptr(GPtrArray) all = edit_read_objects(j, p, c->ids, error), list = g_ptr_array_new();
	for (guint i = 0; all && i < all->len; i++)
		if (change_one(c, all->pdata[i]))
			g_ptr_array_add(list, all->pdata[i]);
	const project_batch batch = {.update = (feature **)list->pdata, .n_update = list->len};
	if (!all || (list->len > 0 && !project_apply(p, j->scene->image_id, &batch, j->what, error)))
		return false;
	if (!edit_tell_objects(j, p, list, error))
		return false;
	return document_job_read_classes(j, p, error);
}

/* Takes c and what. */
static void push(NadirDocument *d, change *c, char *what)
{
	document_job *j = document_job_new(d, change_all);
	j->data = c;
	j->data_free = change_free;
	j->what = what;
	document_job_push(j);
}

static change *change_new(const GArray *ids)
{
	change *c = g_new0(change, 1);
	c->ids = g_array_copy((GArray *)ids);
	return c;
}

void nadir_document_relabel_many(NadirDocument *d, const GArray *ids, const char *class_name)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d) && ids && class_name);
	change *c = change_new(ids);
	c->class_name = g_strdup(class_name);
	/* Translators: a step in the undo list; %u objects become of class %s. */
	push(d, c, g_strdup_printf(ngettext("label %u object %s", "label %u objects %s", ids->len), ids->len, class_name));
}

void nadir_document_caption_many(NadirDocument *d, const GArray *ids, const char *text)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d) && ids && text);
	change *c = change_new(ids);
	c->caption = g_strstrip(g_strdup(text));
	/* Translators: a step in the undo list. */
	push(d, c, g_strdup_printf(ngettext("caption of %u object", "caption of %u objects", ids->len), ids->len));
}

bool nadir_document_set_attribute(NadirDocument *d, const GArray *ids, const attribute_field *field, const char *value,
                                  GError **error)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d) && ids && field, false);
	g_autofree char *fits = attributes_set("", field, value, error);
	if (!fits)
		return false;
	change *c = change_new(ids);
	c->field = attribute_field_new(field->name, field->type, (const char *const *)field->choices, field->required);
	c->value = g_strdup(value);
	/* Translators: a step in the undo list; %s is an attribute. */
	push(d, c, g_strdup_printf(_("set %s"), field->name));
	return true;
}

/* --- what is selected --- */

static const project_class *class_of(NadirDocument *d, gint64 id, NadirObject **object)
{
	*object = nadir_document_find(d, id, NULL);
	return *object ? nadir_document_find_class(d, nadir_object_get_feature(*object)->class_name) : NULL;
}

static bool asks_for(GPtrArray *fields, const attribute_field *f)
{
	for (guint i = 0; i < fields->len; i++) {
		const attribute_field *g = fields->pdata[i];
		if (g_str_equal(g->name, f->name) && g->type == f->type)
			return true;
	}
	return false;
}

GPtrArray *nadir_document_selection_fields(NadirDocument *d)
{
	g_autoptr(GArray) ids = nadir_document_get_selection(d);
	g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL); /* classes */
	GPtrArray *common = NULL;
	for (guint i = 0; i < ids->len; i++) {
		g_autoptr(NadirObject) o = NULL;
		const project_class *c = class_of(d, g_array_index(ids, gint64, i), &o);
		if (!c || !g_hash_table_add(seen, GINT_TO_POINTER(c->id)))
			continue;
		GPtrArray *fields = project_class_fields(nadir_document_get_classes(d), c);
		for (guint k = common ? common->len : 0; k-- > 0;)
			if (!asks_for(fields, common->pdata[k]))
				g_ptr_array_remove_index(common, k);
		if (common)
			g_ptr_array_unref(fields);
		else
			common = fields;
	}
	return common ? common : attribute_fields_parse(NULL);
}

char *nadir_document_selection_value(NadirDocument *d, const char *name, bool *mixed)
{
	g_autoptr(GArray) ids = nadir_document_get_selection(d);
	g_autofree char *value = NULL;
	*mixed = false;
	for (guint i = 0; i < ids->len && !*mixed; i++) {
		g_autoptr(NadirObject) o = nadir_document_find(d, g_array_index(ids, gint64, i), NULL);
		g_autofree char *here = attributes_get(nadir_object_get_feature(o)->attributes, name);
		*mixed = i > 0 && g_strcmp0(here, value) != 0;
		if (i == 0)
			value = g_steal_pointer(&here);
	}
	return *mixed ? NULL : g_steal_pointer(&value);
}

/* --- fields of single objects --- */

typedef struct {
	const char *name;
	attribute_type type;
	bool found;
} held;

static void note_held(const char *name, attribute_type t, const char *text, void *data)
{
	held *h = data;
	if (g_str_equal(name, h->name)) {
		h->type = t;
		h->found = true;
	}
}

attribute_field *nadir_document_object_field(NadirDocument *d, gint64 id, const char *name)
{
	g_autoptr(NadirObject) o = NULL;
	const project_class *c = class_of(d, id, &o);
	g_autoptr(GPtrArray) fields = c ? project_class_fields(nadir_document_get_classes(d), c) : NULL;
	for (guint i = 0; fields && i < fields->len; i++) {
		const attribute_field *f = fields->pdata[i];
		if (g_str_equal(f->name, name))
			return attribute_field_new(f->name, f->type, (const char *const *)f->choices, f->required);
	}
	held h = {.name = name};
	if (o)
		attributes_each(nadir_object_get_feature(o)->attributes, note_held, &h);
	return h.found ? attribute_field_new(name, h.type, NULL, false) : NULL;
}

static bool same_field(const attribute_field *a, const attribute_field *b)
{
	return a && b && a->type == b->type &&
	       g_strv_equal((const char *const *)a->choices, (const char *const *)b->choices);
}

GArray *nadir_document_with_field(NadirDocument *d, const GArray *ids, const attribute_field *field)
{
	GArray *with = g_array_new(FALSE, FALSE, sizeof(gint64));
	for (guint i = 0; i < ids->len; i++) {
		const gint64 id = g_array_index(ids, gint64, i);
		g_autoptr(attribute_field) f = nadir_document_object_field(d, id, field->name);
		if (same_field(f, field))
			g_array_append_val(with, id);
	}
	return with;
}

/* --- selecting --- */

typedef struct {
	GPtrArray *classes;
	int id;
} wanted_class;

static bool is_of_class(NadirObject *o, void *data)
{
	const wanted_class *w = data;
	const project_class *c = project_class_by_id(w->classes, nadir_object_get_feature(o)->class_id);
	return c && project_class_is_below(w->classes, c, w->id);
}

guint nadir_document_select_class(NadirDocument *d, int id)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(d), 0);
	return nadir_document_select_where(d, is_of_class, &(wanted_class){nadir_document_get_classes(d), id});
}

static void ids_free(void *ids)
{
	if (ids)
		g_array_unref(ids);
}

static bool match(document_job *j, project *p, GError **error)
{
	g_autoptr(GPtrArray) objects = project_objects(p, j->scene->image_id, error);
	g_autoptr(GPtrArray) classes = objects ? project_classes(p, error) : NULL;
	if (!classes)
		return false;
	g_auto(class_texts) texts = class_texts_of(classes);
	j->data =
		object_filter(objects, (const char *const *)texts.names, (const char *const *)texts.paths, j->text, error);
	return j->data != NULL;
}

void nadir_document_match_async(NadirDocument *d, const char *condition, GAsyncReadyCallback done, void *data)
{
	g_return_if_fail(NADIR_IS_DOCUMENT(d) && condition);
	GTask *task = g_task_new(d, NULL, done, data);
	g_task_set_source_tag(task, nadir_document_match_async);
	document_job *j = document_job_for(task, match, NULL, ids_free);
	j->text = g_strstrip(g_strdup(condition));
	document_job_push(j);
}

/* Without a project nothing was looked through: none fits. */
GArray *nadir_document_match_finish(GAsyncResult *result, GError **error)
{
	g_return_val_if_fail(g_async_result_is_tagged(result, nadir_document_match_async), NULL);
	if (!g_task_propagate_boolean(G_TASK(result), error))
		return NULL;
	GArray *ids = g_task_get_task_data(G_TASK(result));
	return ids ? g_array_ref(ids) : g_array_new(FALSE, FALSE, sizeof(gint64));
}

static void on_expression(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GArray) ids = nadir_document_match_finish(result, &error);
	NadirDocument *d = nadir_document_living(NADIR_DOCUMENT(source));
	if (error && !g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
		nadir_document_report(d, error);
	} else if (ids && d == NADIR_DOCUMENT(source)) {
		nadir_document_select_ids(d, (const gint64 *)(const void *)ids->data, ids->len);
		if (ids->len == 0)
			nadir_document_notify_user(d, _("No object fits the expression."));
	}
}

void nadir_document_select_expression(NadirDocument *d, const char *expression)
{
	nadir_document_match_async(d, expression, on_expression, NULL);
}
