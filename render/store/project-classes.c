#include "render/geometry/attributes.h"
#include "render/geometry/class-style.h"
#include "render/geometry/gdal-session.h"
#include "render/store/project-private.h"

#include "render/file/json-text.h"
#include <cjson/cJSON.h>
#include <glib/gi18n-lib.h>
#include <string.h>

static bool add_class(OGRFeatureH row, void *data)
{
	project_class *c = g_new0(project_class, 1);
	c->id = OGR_F_GetFieldAsInteger(row, 0);
	c->name = row_text(row, 1);
	g_autofree char *color = row_text(row, 2);
	g_strlcpy(c->color, color, sizeof c->color);
	c->pattern = OGR_F_GetFieldAsInteger(row, 3);
	c->key = OGR_F_GetFieldAsInteger(row, 4);
	c->parent = OGR_F_GetFieldAsInteger(row, 5);
	c->fields = row_text(row, 6);
	g_ptr_array_add(data, c);
	return true;
}

/* +0: a plain id would be taken for the row number and not be a field. A project of an older version that may only be
 * read knows no kinds of classes. */
static const char *class_columns(const project *p)
{
	return p->version >= 3 ? "id+0 AS k, name, color, pattern, key, parent, fields"
	                       : "id+0 AS k, name, color, pattern, key, 0 AS a, '' AS b";
}

GPtrArray *project_classes(project *p, GError **error)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)project_class_free);
	if (!project_select(p, add_class, list, error, "SELECT %s FROM classes ORDER BY id", class_columns(p)))
		return NULL;
	return g_steal_pointer(&list);
}

char *project_class_name(project *p, int id)
{
	return project_text(p, "SELECT name FROM classes WHERE id = %d", id);
}

bool project_write_styles(project *p, GError **error)
{
	static const char *const layers[] = {"objects", "objects_px"};
	g_autoptr(GPtrArray) classes = project_classes(p, error);
	if (!classes || !project_run(p, error, "DELETE FROM layer_styles WHERE owner = 'nadir'"))
		return false;
	guint n = classes->len;
	g_autofree const char **names = g_new0(const char *, n + 1), **colors = g_new0(const char *, n + 1);
	g_autofree int *patterns = g_new0(int, n + 1);
	for (guint i = 0; i < n; i++) {
		const project_class *c = g_ptr_array_index(classes, i);
		names[i] = c->name;
		colors[i] = c->color;
		patterns[i] = c->pattern;
	}
	g_autofree char *qml = class_style_qml(n, names, colors, patterns);
	g_autofree char *quoted = project_quote(qml);
	for (guint i = 0; i < G_N_ELEMENTS(layers); i++)
		if (!project_run(p, error,
		                 "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, "
		                 "styleName, "
		                 "styleQML, styleSLD, useAsDefault, description, owner) VALUES ('', '', '%s', 'geom', "
		                 "'classes', %s, '', 1, "
		                 "'', 'nadir')",
		                 layers[i], quoted))
			return false;
	return true;
}

/* Keys 1 … 9, 0 in order; then none. */
static int free_key(project *p)
{
	for (int i = 1; i <= 10; i++)
		if (project_number(p, 0, "SELECT count(*) FROM classes WHERE key = %d", i % 10) == 0)
			return i % 10;
	return -1;
}

/* --- classes in the journal --- */

static char *class_to_json(const project_class *c)
{
	cJSON *root = cJSON_CreateObject(), *inner = cJSON_AddObjectToObject(root, "class");
	cJSON_AddNumberToObject(inner, "id", c->id);
	cJSON_AddStringToObject(inner, "name", c->name);
	cJSON_AddStringToObject(inner, "color", c->color);
	cJSON_AddNumberToObject(inner, "pattern", c->pattern);
	cJSON_AddNumberToObject(inner, "key", c->key);
	cJSON_AddNumberToObject(inner, "parent", c->parent);
	cJSON_AddStringToObject(inner, "fields", c->fields ? c->fields : "");
	return json_text(root);
}

static int number_in(const cJSON *object, const char *name)
{
	const cJSON *item = cJSON_GetObjectItem(object, name);
	return cJSON_IsNumber(item) ? item->valueint : 0;
}

static project_class *class_from_json(const char *json)
{
	cJSON *root = cJSON_Parse(json);
	const cJSON *inner = cJSON_GetObjectItem(root, "class");
	const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(inner, "name"));
	const char *color = cJSON_GetStringValue(cJSON_GetObjectItem(inner, "color"));
	const char *fields = cJSON_GetStringValue(cJSON_GetObjectItem(inner, "fields"));
	project_class *c = g_new0(project_class, 1);
	c->id = number_in(inner, "id");
	c->name = g_strdup(name ? name : "");
	g_strlcpy(c->color, color ? color : "#888888", sizeof c->color);
	c->pattern = number_in(inner, "pattern");
	c->key = number_in(inner, "key");
	c->parent = number_in(inner, "parent");
	c->fields = g_strdup(fields ? fields : "");
	cJSON_Delete(root);
	return c;
}

static project_class *get_class(project *p, int id)
{
	g_autoptr(GPtrArray) one = g_ptr_array_new();
	g_autoptr(GError) error = NULL;
	if (!project_select(p, add_class, one, &error, "SELECT %s FROM classes WHERE id = %d", class_columns(p), id))
		g_debug("%s", error->message);
	return one->len > 0 ? one->pdata[0] : NULL;
}

char *project_class_to_json(project *p, int id)
{
	project_class *c = get_class(p, id);
	char *json = c ? class_to_json(c) : NULL;
	project_class_free(c);
	return json;
}

/* Takes before and after; without a step only the styles are written. */
static bool journal(project *p, gint64 step, gint64 image, const char *what, project_class *before,
                    project_class *after, GError **error)
{
	g_autofree char *was = before ? class_to_json(before) : NULL, *is = after ? class_to_json(after) : NULL;
	const project_edit edit = {.image = image, .before = was, .after = is};
	project_class_free(before);
	project_class_free(after);
	return project_write_styles(p, error) && (step == 0 || project_journal_add(p, step, what, &edit, error));
}

/* --- changes --- */

static int find_class(project *p, const char *quoted)
{
	return (int)project_number(p, 0, "SELECT id+0 AS k FROM classes WHERE name = %s", quoted);
}

int project_class_in_transaction(project *p, gint64 step, const char *what, const char *name, GError **error)
{
	g_autofree char *quoted = project_quote(name);
	int id = find_class(p, quoted);
	if (id > 0)
		return id;
	id = (int)project_number(p, 0, "SELECT max(id) FROM classes") + 1;
	guint i = (guint)id - 1;
	if (!project_run(p, error, "INSERT INTO classes (id, name, color, pattern, key) VALUES (%d, %s, '%s', %d, %d)", id,
	                 quoted, class_style_color(i), class_style_pattern(i), free_key(p)) ||
	    !journal(p, step, 0, what, NULL, get_class(p, id), error))
		return 0;
	return id;
}

/* Begins a transaction with its step; step stays 0 when nothing is to be undone. */
static bool begin_step(project *p, const char *what, gint64 *step, GError **error)
{
	*step = 0;
	if (!project_begin(p, error))
		return false;
	if (what && (*step = project_journal_step(p, error)) == 0)
		return project_end(p, false, error);
	return true;
}

int project_class_for(project *p, const char *name, const char *what, GError **error)
{
	g_autofree char *quoted = project_quote(name);
	gint64 step;
	int id = find_class(p, quoted);
	if (id > 0)
		return id;
	if (!begin_step(p, what, &step, error))
		return 0;
	id = project_class_in_transaction(p, step, what, name, error);
	return project_end(p, id > 0, error) ? id : 0;
}

static bool is_color(const char *text)
{
	if (strlen(text) != 7 || text[0] != '#')
		return false;
	for (const char *c = text + 1; *c; c++)
		if (!g_ascii_isxdigit(*c))
			return false;
	return true;
}

/* The class's row, made or changed, and its name in the objects. */
static bool put_class(project *p, const project_class *c, GError **error)
{
	static const char *const tables[] = {"nadir_objects", "objects", "objects_px"};
	g_autofree char *name = project_quote(c->name), *fields = project_quote(c->fields ? c->fields : "");
	if (!project_run(
			p, error,
			"INSERT OR REPLACE INTO classes (id, name, color, pattern, key, parent, fields) VALUES (%d, %s, '%s', "
			"%d, %d, %d, %s)",
			c->id, name, c->color, c->pattern, c->key, c->parent, fields))
		return false;
	for (guint i = 0; i < G_N_ELEMENTS(tables); i++)
		if (!project_run(p, error, "UPDATE %s SET class = %s WHERE class_id = %d AND class <> %s", tables[i], name,
		                 c->id, name))
			return false;
	return true;
}

bool project_class_restore(project *p, int id, const char *json, GError **error)
{
	project_class *c = json ? class_from_json(json) : NULL;
	const bool ok = c ? put_class(p, c, error) : project_run(p, error, "DELETE FROM classes WHERE id = %d", id);
	project_class_free(c);
	return ok && project_write_styles(p, error);
}

int project_class_id_of(const char *json)
{
	project_class *c = class_from_json(json);
	const int id = c->id;
	project_class_free(c);
	return id;
}

static bool update(project *p, gint64 step, const project_class *c, const char *what, GError **error)
{
	project_class *before = get_class(p, c->id);
	if (put_class(p, c, error))
		return journal(p, step, 0, what, before, get_class(p, c->id), error);
	project_class_free(before);
	return false;
}

/* A key belongs to one class: who had it gets the one that c gives up. */
static bool exchange_key(project *p, gint64 step, const project_class *c, const char *what, GError **error)
{
	const int owner =
		c->key < 0
			? 0
			: (int)project_number(p, 0, "SELECT id+0 AS k FROM classes WHERE key = %d AND id <> %d", c->key, c->id);
	if (owner == 0)
		return true;
	project_class *old = get_class(p, c->id), *other = get_class(p, owner);
	other->key = old ? old->key : -1;
	const bool ok = update(p, step, other, what, error);
	project_class_free(old);
	project_class_free(other);
	return ok;
}

/* What it asks makes sense, and it is no kind of itself. */
static bool is_sound(project *p, const project_class *c, GError **error)
{
	g_autoptr(GPtrArray) fields = attribute_fields_parse(c->fields), classes = NULL;
	if (!attribute_fields_check(fields, error) || !(classes = project_classes(p, error)))
		return false;
	const project_class *above = c->parent ? project_class_by_id(classes, c->parent) : NULL;
	if (!above || !project_class_is_below(classes, above, c->id))
		return true;
	g_set_error(error, PROJECT_ERROR, PROJECT_ERROR_WRITE,
	            _("%s is a kind of %s already: choose a class that is not below it."), above->name, c->name);
	return false;
}

bool project_update_class(project *p, const project_class *c, const char *what, GError **error)
{
	g_autofree char *name = project_quote(c->name);
	gint64 step;
	if (!is_color(c->color)) {
		g_set_error(error, PROJECT_ERROR, PROJECT_ERROR_WRITE, _("%s is no colour: write it as #rrggbb."), c->color);
		return false;
	}
	if (project_number(p, 0, "SELECT count(*) FROM classes WHERE name = %s AND id <> %d", name, c->id) > 0) {
		g_set_error(error, PROJECT_ERROR, PROJECT_ERROR_WRITE, _("There is a class %s already: choose another name."),
		            c->name);
		return false;
	}
	return is_sound(p, c, error) && begin_step(p, what, &step, error) &&
	       project_end(p, exchange_key(p, step, c, what, error) && update(p, step, c, what, error), error);
}

bool project_set_parents(project *p, GPtrArray *pairs, GError **error)
{
	for (guint i = 0; i + 1 < pairs->len; i += 2) {
		const int child = project_class_for(p, pairs->pdata[i], NULL, error);
		const int parent = child ? project_class_for(p, pairs->pdata[i + 1], NULL, error) : 0;
		g_autoptr(GPtrArray) classes = parent ? project_classes(p, error) : NULL;
		if (!classes)
			return false;
		project_class *c = project_class_by_id(classes, child);
		if (c->parent != 0 || project_class_is_below(classes, project_class_by_id(classes, parent), child))
			continue;
		c->parent = parent;
		if (!project_update_class(p, c, NULL, error))
			return false;
	}
	return true;
}

/* Those below it move up to where it was. */
bool project_class_drop(project *p, gint64 step, gint64 image, int id, const char *what, GError **error)
{
	project_class *before = get_class(p, id);
	const int parent = before ? before->parent : 0;
	g_autoptr(GPtrArray) classes = project_classes(p, error);
	bool ok = classes && project_run(p, error, "DELETE FROM classes WHERE id = %d", id) &&
	          journal(p, step, image, what, before, NULL, error);
	for (guint i = 0; ok && i < classes->len; i++) {
		project_class *c = classes->pdata[i];
		if (c->parent != id)
			continue;
		c->parent = parent;
		ok = update(p, step, c, what, error);
	}
	return ok;
}

bool project_delete_class(project *p, int id, const char *what, GError **error)
{
	const int n = (int)project_number(p, 0, "SELECT count(*) FROM nadir_objects WHERE class_id = %d", id);
	gint64 step;
	if (n > 0) {
		g_autofree char *name = project_class_name(p, id);
		g_set_error(error, PROJECT_ERROR, PROJECT_ERROR_IN_USE,
		            ngettext("%d object is of class %s: give it another class, or delete it with the class.",
		                     "%d objects are of class %s: give them another class, or delete them with the class.",
		                     (gulong)n),
		            n, name ? name : "");
		return false;
	}
	return begin_step(p, what, &step, error) && project_end(p, project_class_drop(p, step, 0, id, what, error), error);
}
