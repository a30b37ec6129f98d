#include "render/geometry/class-style.h"
#include "render/geometry/gdal-session.h"
#include "render/store/project-private.h"

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
	g_ptr_array_add(data, c);
	return true;
}

GPtrArray *project_classes(project *p, GError **error)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)project_class_free);
	/* +0: a plain id would be taken for the row number and not be a field */
	if (!project_select(p, add_class, list, error,
	                    "SELECT id+0 AS k, name, color, pattern, key FROM classes ORDER BY id"))
		return NULL;
	return g_steal_pointer(&list);
}

char *project_class_name(project *p, int id)
{
	return project_text(p, "SELECT name FROM classes WHERE id = %d", id);
}

/* The colours for QGIS, for both layers. */
static bool write_styles(project *p, GError **error)
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

int project_class_in_transaction(project *p, const char *name, GError **error)
{
	g_autofree char *quoted = project_quote(name);
	int id = (int)project_number(p, 0, "SELECT id+0 AS k FROM classes WHERE name = %s", quoted);
	if (id > 0)
		return id;
	id = (int)project_number(p, 0, "SELECT max(id) FROM classes") + 1;
	guint i = (guint)id - 1;
	if (!project_run(p, error, "INSERT INTO classes VALUES (%d, %s, '%s', %d, %d)", id, quoted, class_style_color(i),
	                 class_style_pattern(i), free_key(p)) ||
	    !write_styles(p, error))
		return 0;
	return id;
}

int project_class_for(project *p, const char *name, GError **error)
{
	g_autofree char *quoted = project_quote(name);
	int id = (int)project_number(p, 0, "SELECT id+0 AS k FROM classes WHERE name = %s", quoted);
	if (id > 0)
		return id;
	if (!project_begin(p, error))
		return 0;
	id = project_class_in_transaction(p, name, error);
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

static bool update(project *p, const project_class *c, GError **error)
{
	static const char *const tables[] = {"nadir_objects", "objects", "objects_px"};
	g_autofree char *name = project_quote(c->name);
	if (!project_run(p, error, "UPDATE classes SET name = %s, color = '%s', pattern = %d, key = %d WHERE id = %d", name,
	                 c->color, c->pattern, c->key, c->id))
		return false;
	for (guint i = 0; i < G_N_ELEMENTS(tables); i++)
		if (!project_run(p, error, "UPDATE %s SET class = %s WHERE class_id = %d AND class <> %s", tables[i], name,
		                 c->id, name))
			return false;
	return write_styles(p, error);
}

bool project_update_class(project *p, const project_class *c, GError **error)
{
	g_autofree char *name = project_quote(c->name);
	if (!is_color(c->color)) {
		g_set_error(error, PROJECT_ERROR, PROJECT_ERROR_WRITE, _("%s is no colour: write it as #rrggbb."), c->color);
		return false;
	}
	if (project_number(p, 0, "SELECT count(*) FROM classes WHERE name = %s AND id <> %d", name, c->id) > 0) {
		g_set_error(error, PROJECT_ERROR, PROJECT_ERROR_WRITE, _("There is a class %s already: choose another name."),
		            c->name);
		return false;
	}
	return project_begin(p, error) && project_end(p, update(p, c, error), error);
}
