#include "app/panel/table-columns.h"

#include <glib/gi18n.h>
#include <math.h>

#include "app/panel/object-row.h"
#include "app/settings.h"

struct _NadirTableColumn {
	GObject parent_instance;

	table_kind kind;
	char *title;
	attribute_type type; /* of an attribute */
};

G_DEFINE_FINAL_TYPE(NadirTableColumn, nadir_table_column, G_TYPE_OBJECT)

static void nadir_table_column_finalize(GObject *object)
{
	g_free(NADIR_TABLE_COLUMN(object)->title);
	G_OBJECT_CLASS(nadir_table_column_parent_class)->finalize(object);
}

static void nadir_table_column_class_init(NadirTableColumnClass *klass)
{
	G_OBJECT_CLASS(klass)->finalize = nadir_table_column_finalize;
}

static void nadir_table_column_init(NadirTableColumn *self)
{
}

static NadirTableColumn *column_new(table_kind kind, const char *title, attribute_type type)
{
	NadirTableColumn *c = g_object_new(NADIR_TYPE_TABLE_COLUMN, NULL);
	c->kind = kind;
	c->title = g_strdup(title);
	c->type = type;
	return c;
}

table_kind nadir_table_column_get_kind(NadirTableColumn *c)
{
	return c->kind;
}

const char *nadir_table_column_get_title(NadirTableColumn *c)
{
	return c->title;
}

bool nadir_table_column_is_numeric(NadirTableColumn *c)
{
	return c->kind == TABLE_NUMBER || c->kind == TABLE_SCORE || c->kind == TABLE_AREA ||
	       (c->kind == TABLE_ATTRIBUTE && c->type == ATTRIBUTE_NUMBER);
}

guint nadir_table_column_get_width(NadirTableColumn *c)
{
	static const guint widths[] = {
		[TABLE_NUMBER] = 6,  [TABLE_CLASS] = 14, [TABLE_SCORE] = 5,    [TABLE_AREA] = 9,
		[TABLE_SOURCE] = 11, [TABLE_STATE] = 10, [TABLE_CAPTION] = 24, [TABLE_ATTRIBUTE] = 12};
	return widths[c->kind];
}

/* --- cells --- */

static char *attribute_text(const NadirTableColumn *c, const feature *f)
{
	g_autofree char *value = attributes_get(f->attributes, c->title);
	if (c->type == ATTRIBUTE_FLAG && value)
		return g_strdup(g_str_equal(value, "true") ? _("yes") : _("no"));
	return value ? g_steal_pointer(&value) : g_strdup("");
}

char *nadir_table_column_get_text(NadirTableColumn *c, NadirObject *o)
{
	const feature *f = nadir_object_get_feature(o);
	switch (c->kind) {
	case TABLE_NUMBER:
		return f->id > 0 ? g_strdup_printf("%" G_GINT64_FORMAT, f->id) : g_strdup("");
	case TABLE_CLASS:
		return g_strdup(f->class_name);
	case TABLE_SCORE:
		return isnan(f->score) ? g_strdup("") : g_strdup_printf("%.2f", f->score);
	case TABLE_AREA:
		return nadir_format_area(f->area_m2, f->area_px);
	case TABLE_SOURCE:
		return g_strdup(nadir_object_kind(o));
	case TABLE_STATE:
		return g_strdup(nadir_object_state_title(o));
	case TABLE_CAPTION:
		return g_strdup(f->caption ? f->caption : "");
	case TABLE_ATTRIBUTE:
		break;
	}
	return attribute_text(c, f);
}

/* NaN, where there is none, is sorted behind all numbers. */
static double number_of(NadirObject *o, NadirTableColumn *c)
{
	const feature *f = nadir_object_get_feature(o);
	if (c->kind == TABLE_NUMBER)
		return (double)f->id;
	if (c->kind == TABLE_SCORE)
		return f->score;
	if (c->kind == TABLE_AREA)
		return isnan(f->area_m2) ? (double)f->area_px : f->area_m2;
	g_autofree char *value = attributes_get(f->attributes, c->title);
	return value ? g_ascii_strtod(value, NULL) : NAN;
}

static char *text_of(NadirObject *o, NadirTableColumn *c)
{
	return nadir_table_column_get_text(c, o);
}

static void unref_column(gpointer column, GClosure *closure)
{
	g_object_unref(column);
}

/* GTK's own sorters take each object's key once, however often it is compared. */
GtkSorter *nadir_table_column_make_sorter(NadirTableColumn *c)
{
	const bool numeric = nadir_table_column_is_numeric(c);
	GtkExpression *key = gtk_cclosure_expression_new(numeric ? G_TYPE_DOUBLE : G_TYPE_STRING, NULL, 0, NULL,
	                                                 numeric ? G_CALLBACK(number_of) : G_CALLBACK(text_of),
	                                                 g_object_ref(c), unref_column);
	return numeric ? GTK_SORTER(gtk_numeric_sorter_new(key)) : GTK_SORTER(gtk_string_sorter_new(key));
}

/* --- which columns --- */

/* Where two differ in the type it is a text. */
static void note_type(GHashTable *types, const char *name, attribute_type t)
{
	gpointer before;
	if (!g_hash_table_lookup_extended(types, name, NULL, &before))
		g_hash_table_insert(types, g_strdup(name), GINT_TO_POINTER(t));
	else if (GPOINTER_TO_INT(before) != (int)t)
		g_hash_table_insert(types, g_strdup(name), GINT_TO_POINTER(ATTRIBUTE_TEXT));
}

static void note_held(const char *name, attribute_type t, const char *text, void *data)
{
	note_type(data, name, t);
}

GHashTable *table_held_attributes(object_snapshot *objects)
{
	guint n;
	NadirObject *const *items = object_snapshot_items(objects, &n);
	GHashTable *held = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (guint i = 0; i < n; i++)
		attributes_each(nadir_object_get_feature(items[i])->attributes, note_held, held);
	return held;
}

static void add_asked(GPtrArray *columns, GPtrArray *classes)
{
	g_autoptr(GHashTable) types = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free); /* in the order of the classes */
	for (guint i = 0; i < classes->len; i++) {
		g_autoptr(GPtrArray) fields = project_class_fields(classes, classes->pdata[i]);
		for (guint k = 0; k < fields->len; k++) {
			const attribute_field *f = fields->pdata[k];
			if (!g_hash_table_contains(types, f->name))
				g_ptr_array_add(names, g_strdup(f->name));
			note_type(types, f->name, f->type);
		}
	}
	for (guint i = 0; i < names->len; i++) {
		const attribute_type t = (attribute_type)GPOINTER_TO_INT(g_hash_table_lookup(types, names->pdata[i]));
		g_ptr_array_add(columns, column_new(TABLE_ATTRIBUTE, names->pdata[i], t));
	}
}

static bool has_column(GPtrArray *columns, const char *name)
{
	for (guint i = 0; i < columns->len; i++) {
		const NadirTableColumn *c = columns->pdata[i];
		if (c->kind == TABLE_ATTRIBUTE && g_str_equal(c->title, name))
			return true;
	}
	return false;
}

GPtrArray *table_columns(GPtrArray *classes, GHashTable *held)
{
	static const char *const own[] = {
		[TABLE_NUMBER] = N_("Number"), [TABLE_CLASS] = N_("Class"),    [TABLE_SCORE] = N_("Score"),
		[TABLE_AREA] = N_("Area"),     [TABLE_SOURCE] = N_("Made by"), [TABLE_STATE] = N_("State")};
	GPtrArray *columns = g_ptr_array_new_with_free_func(g_object_unref);
	for (guint i = 0; i < G_N_ELEMENTS(own); i++)
		g_ptr_array_add(columns, column_new((table_kind)i, _(own[i]), ATTRIBUTE_TEXT));
	add_asked(columns, classes);
	g_autoptr(GList) names = held ? g_list_sort(g_hash_table_get_keys(held), (GCompareFunc)g_utf8_collate) : NULL;
	for (GList *l = names; l; l = l->next)
		if (!has_column(columns, l->data))
			g_ptr_array_add(columns, column_new(TABLE_ATTRIBUTE, l->data,
			                                    (attribute_type)GPOINTER_TO_INT(g_hash_table_lookup(held, l->data))));
	g_ptr_array_add(columns, column_new(TABLE_CAPTION, _("Caption"), ATTRIBUTE_TEXT)); /* the widest: last */
	return columns;
}

bool table_columns_equal(GPtrArray *a, GPtrArray *b)
{
	bool same = a->len == b->len;
	for (guint i = 0; same && i < a->len; i++) {
		const NadirTableColumn *x = a->pdata[i], *y = b->pdata[i];
		same = x->kind == y->kind && x->type == y->type && g_str_equal(x->title, y->title);
	}
	return same;
}
