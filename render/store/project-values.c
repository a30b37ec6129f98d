/* The plain records of project.h. */
#include "render/geometry/attributes.h"
#include "render/store/project.h"

#include <string.h>

G_DEFINE_QUARK(nadir_project_error_quark, project_error)

void project_image_free(project_image *i)
{
	if (!i)
		return;
	g_free(i->path);
	g_free(i->fingerprint);
	g_free(i);
}

void project_class_free(project_class *c)
{
	if (!c)
		return;
	g_free(c->name);
	g_free(c->fields);
	g_free(c);
}

project_class *project_class_copy(const project_class *from)
{
	project_class *c = g_memdup2(from, sizeof *from);
	c->name = g_strdup(from->name);
	c->fields = g_strdup(from->fields);
	return c;
}

project_class *project_class_by_id(GPtrArray *classes, int id)
{
	for (guint i = 0; i < classes->len; i++)
		if (((project_class *)classes->pdata[i])->id == id)
			return classes->pdata[i];
	return NULL;
}

/* c and those above it, the topmost last; a circle in a damaged file ends. [element-type project_class], borrowed. */
static GPtrArray *line_of(GPtrArray *classes, const project_class *c)
{
	GPtrArray *line = g_ptr_array_new();
	while (c && line->len <= classes->len) {
		g_ptr_array_add(line, (void *)c);
		c = c->parent ? project_class_by_id(classes, c->parent) : NULL;
	}
	return line;
}

bool project_class_is_below(GPtrArray *classes, const project_class *c, int id)
{
	g_autoptr(GPtrArray) line = line_of(classes, c);
	for (guint i = 0; i < line->len; i++)
		if (((project_class *)line->pdata[i])->id == id)
			return true;
	return false;
}

char *project_class_path(GPtrArray *classes, const project_class *c)
{
	g_autoptr(GPtrArray) line = line_of(classes, c);
	GString *path = g_string_new(NULL);
	for (guint i = line->len; i-- > 0;) {
		g_auto(GStrv) pieces = g_strsplit(((project_class *)line->pdata[i])->name, "/", -1);
		g_autofree char *name = g_strjoinv("\\/", pieces);
		g_string_append_printf(path, "%s%s", path->len > 0 ? "/" : "", name);
	}
	return g_string_free(path, FALSE);
}

static bool asks(GPtrArray *fields, const char *name)
{
	for (guint i = 0; i < fields->len; i++)
		if (strcmp(((attribute_field *)fields->pdata[i])->name, name) == 0)
			return true;
	return false;
}

GPtrArray *project_class_fields(GPtrArray *classes, const project_class *c)
{
	g_autoptr(GPtrArray) line = line_of(classes, c);
	GPtrArray *all = g_ptr_array_new_with_free_func((GDestroyNotify)attribute_field_free);
	for (guint i = line->len; i-- > 0;) {
		g_autoptr(GPtrArray) own = attribute_fields_parse(((project_class *)line->pdata[i])->fields);
		for (guint k = 0; k < own->len; k++) {
			attribute_field *f = own->pdata[k];
			if (!asks(all, f->name))
				g_ptr_array_add(all,
				                attribute_field_new(f->name, f->type, (const char *const *)f->choices, f->required));
		}
	}
	return all;
}
