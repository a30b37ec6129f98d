/* The columns of the attribute table: an object's own fields, what classes ask for, and what objects hold unasked. */
#pragma once
#include "app/document/document.h"
#include "app/document/object-list.h"
#include "render/geometry/attributes.h"
#include <gtk/gtk.h>

G_BEGIN_DECLS

typedef enum {
	TABLE_NUMBER,
	TABLE_CLASS,
	TABLE_SCORE,
	TABLE_AREA,
	TABLE_SOURCE,
	TABLE_STATE,
	TABLE_CAPTION,
	TABLE_ATTRIBUTE
} table_kind;

#define NADIR_TYPE_TABLE_COLUMN (nadir_table_column_get_type())
G_DECLARE_FINAL_TYPE(NadirTableColumn, nadir_table_column, NADIR, TABLE_COLUMN, GObject)

table_kind nadir_table_column_get_kind(NadirTableColumn *c);
const char *nadir_table_column_get_title(NadirTableColumn *c); /* of an attribute its name */
bool nadir_table_column_is_numeric(NadirTableColumn *c);
guint nadir_table_column_get_width(NadirTableColumn *c);                /* in characters */
char *nadir_table_column_get_text(NadirTableColumn *c, NadirObject *o); /* what the cell shows; g_free */
GtkSorter *nadir_table_column_make_sorter(NadirTableColumn *c);         /* owned by the caller */

/* In any thread. Names and types of what objects hold, for table_columns(): free with g_hash_table_unref(). */
GHashTable *table_held_attributes(object_snapshot *objects);
/* [element-type NadirTableColumn] for these classes [element-type project_class] and what objects hold besides. */
GPtrArray *table_columns(GPtrArray *classes, GHashTable *held);
bool table_columns_equal(GPtrArray *a, GPtrArray *b);

G_END_DECLS
