/* What classes ask of their objects, as columns of tables and as members of JSON; and the line of classes. */
#include "render/exchange/export-private.h"
#include "render/geometry/attributes.h"

#include <glib/gi18n-lib.h>
#include <string.h>

typedef struct {
	char *name; /* of the attribute */
	attribute_type type;
} column;

static void column_free(void *data)
{
	column *c = data;
	g_free(c->name);
	g_free(c);
}

/* One column a name; where objects differ in the type it is a text. */
static void note_column(const char *name, attribute_type t, const char *text, void *data)
{
	GPtrArray *columns = data;
	for (guint i = 0; i < columns->len; i++) {
		column *c = columns->pdata[i];
		if (strcmp(c->name, name) != 0)
			continue;
		if (c->type != t)
			c->type = ATTRIBUTE_TEXT;
		return;
	}
	column *c = g_new(column, 1);
	*c = (column){g_strdup(name), t};
	g_ptr_array_add(columns, c);
}

/* Only those that an object needs. */
static GHashTable *class_paths(const export_job *job)
{
	g_autoptr(GHashTable) all = g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(GHashTable) used = g_hash_table_new(g_str_hash, g_str_equal);
	for (guint i = 0; job->class_paths && job->class_names && job->class_names[i]; i++)
		if (strcmp(job->class_paths[i], job->class_names[i]) != 0)
			g_hash_table_insert(all, (char *)job->class_names[i], (char *)job->class_paths[i]);
	for (guint i = 0; i < job->n_objects && g_hash_table_size(all) > 0; i++) {
		const char *name = job->objects[i]->class_name, *path = g_hash_table_lookup(all, name);
		if (path)
			g_hash_table_insert(used, (char *)name, (char *)path);
	}
	return g_hash_table_size(used) > 0 ? g_steal_pointer(&used) : NULL;
}

void export_attributes_begin(exporter *e)
{
	e->columns = g_ptr_array_new_with_free_func(column_free);
	e->column_names = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; i < e->job->n_objects; i++)
		attributes_each(e->job->objects[i]->attributes, note_column, e->columns);
	e->class_paths = class_paths(e->job);
}

void export_attributes_end(exporter *e)
{
	g_clear_pointer(&e->columns, g_ptr_array_unref);
	g_clear_pointer(&e->column_names, g_ptr_array_unref);
	g_clear_pointer(&e->class_paths, g_hash_table_unref);
}

/* "vehicle/car", NULL for a class that stands by itself. */
static const char *class_path(const exporter *e, const feature *o)
{
	return e->class_paths ? g_hash_table_lookup(e->class_paths, o->class_name) : NULL;
}

/* --- columns of a layer --- */

static bool is_taken(OGRLayerH layer, const char *name)
{
	static const char *const kept[] = {"fid", "ogc_fid", "geom", "geometry", "wkt", "attributes", NULL};
	g_autofree char *lower = g_ascii_strdown(name, -1);
	return g_strv_contains(kept, lower) || OGR_FD_GetFieldIndex(OGR_L_GetLayerDefn(layer), name) >= 0;
}

/* A name of at most `limit` bytes (0: any) that the layer does not have yet. g_free. */
static char *free_name(OGRLayerH layer, const char *name, guint limit)
{
	char *out = g_strndup(name, limit ? utf8_cut(name, limit) : strlen(name));
	for (guint i = 1; is_taken(layer, out); i++) {
		g_autofree char *tail = g_strdup_printf("_%u", i);
		const gsize room = limit ? utf8_cut(name, limit - strlen(tail)) : strlen(name);
		g_free(out);
		out = g_strdup_printf("%.*s%s", (int)room, name, tail);
	}
	return out;
}

static bool add_field(OGRLayerH layer, const char *name, attribute_type t, guint text_limit)
{
	OGRFieldDefnH d = OGR_Fld_Create(name, t == ATTRIBUTE_NUMBER ? OFTReal
	                                       : t == ATTRIBUTE_FLAG ? OFTInteger
	                                                             : OFTString);
	if (t == ATTRIBUTE_FLAG)
		OGR_Fld_SetSubType(d, OFSTBoolean);
	else if (t != ATTRIBUTE_NUMBER && text_limit > 0)
		OGR_Fld_SetWidth(d, (int)text_limit);
	const OGRErr err = OGR_L_CreateField(layer, d, FALSE);
	OGR_Fld_Destroy(d);
	return err == OGRERR_NONE;
}

bool export_columns_create(exporter *e, OGRLayerH layer, guint text_limit, guint name_limit)
{
	if (e->class_paths && !add_field(layer, "class_path", ATTRIBUTE_TEXT, text_limit))
		return false;
	for (guint i = 0; i < e->columns->len; i++) {
		const column *c = e->columns->pdata[i];
		g_autofree char *name = free_name(layer, c->name, name_limit);
		if (!add_field(layer, name, c->type, text_limit))
			return false;
		if (strcmp(name, c->name) != 0)
			export_note(e, _("The attribute “%s” is called “%s” there."), c->name, name);
		g_ptr_array_add(e->column_names, g_steal_pointer(&name));
	}
	return true;
}

const char *export_column_name(const exporter *e, const char *attribute)
{
	for (guint i = 0; i < e->column_names->len; i++)
		if (strcmp(((const column *)e->columns->pdata[i])->name, attribute) == 0)
			return e->column_names->pdata[i];
	return NULL;
}

typedef struct {
	exporter *e;
	OGRFeatureH f;
	guint text_limit;
} row;

static void set_cell(const char *name, attribute_type t, const char *text, void *data)
{
	const row *r = data;
	for (guint i = 0; i < r->e->columns->len; i++) {
		const column *c = r->e->columns->pdata[i];
		if (strcmp(c->name, name) != 0)
			continue;
		const int field = OGR_F_GetFieldIndex(r->f, r->e->column_names->pdata[i]);
		g_autofree char *cut = g_strndup(text, r->text_limit ? utf8_cut(text, r->text_limit) : strlen(text));
		if (c->type == ATTRIBUTE_NUMBER)
			OGR_F_SetFieldDouble(r->f, field, g_ascii_strtod(text, NULL));
		else if (c->type == ATTRIBUTE_FLAG)
			OGR_F_SetFieldInteger(r->f, field, strcmp(text, "true") == 0);
		else
			OGR_F_SetFieldString(r->f, field, cut);
	}
}

void export_columns_set(exporter *e, OGRFeatureH f, const feature *o, guint text_limit)
{
	row r = {e, f, text_limit};
	if (e->class_paths) {
		const char *path = class_path(e, o), *line = path ? path : o->class_name;
		g_autofree char *cut = g_strndup(line, text_limit ? utf8_cut(line, text_limit) : strlen(line));
		OGR_F_SetFieldString(f, OGR_F_GetFieldIndex(f, "class_path"), cut);
	}
	attributes_each(o->attributes, set_cell, &r);
}

/* --- members of JSON --- */

static void add_member(const char *name, attribute_type t, const char *text, void *data)
{
	cJSON *to = data;
	if (cJSON_GetObjectItem(to, name)) /* an object's own goes first */
		return;
	if (t == ATTRIBUTE_NUMBER)
		cJSON_AddNumberToObject(to, name, g_ascii_strtod(text, NULL));
	else if (t == ATTRIBUTE_FLAG)
		cJSON_AddBoolToObject(to, name, strcmp(text, "true") == 0);
	else
		cJSON_AddStringToObject(to, name, text);
}

bool export_is_crowd(const feature *o)
{
	g_autofree char *crowd = attributes_get(o->attributes, "iscrowd");
	return g_strcmp0(crowd, "true") == 0;
}

void export_members(const exporter *e, cJSON *to, const feature *o)
{
	const char *path = class_path(e, o);
	if (path)
		cJSON_AddStringToObject(to, "class_path", path);
	attributes_each(o->attributes, add_member, to);
}

static void add_flag(const char *name, attribute_type t, const char *text, void *data)
{
	if (t == ATTRIBUTE_FLAG)
		add_member(name, t, text, data);
}

void export_flags(cJSON *to, const feature *o)
{
	attributes_each(o->attributes, add_flag, to);
}
