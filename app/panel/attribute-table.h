/* All objects of the image as a table: sorted by any column, filtered by text or condition, edited in its cells. Rows
 * and canvas have one selection. */
#pragma once
#include "app/document/document.h"
#include <gtk/gtk.h>

G_BEGIN_DECLS

#define NADIR_TYPE_ATTRIBUTE_TABLE (nadir_attribute_table_get_type())
G_DECLARE_FINAL_TYPE(NadirAttributeTable, nadir_attribute_table, NADIR, ATTRIBUTE_TABLE, GtkWidget)

void nadir_attribute_table_set_document(NadirAttributeTable *table, NadirDocument *document); /* NULL: empty */
void nadir_attribute_table_focus(NadirAttributeTable *table); /* the rows, where the selected one is */
/* Writes all cells again, after a change of units. */
void nadir_attribute_table_refresh(NadirAttributeTable *table);

bool nadir_attribute_table_step(NadirAttributeTable *table, int step);  /* the keys' column; false: there is none */
GListModel *nadir_attribute_table_get_rows(NadirAttributeTable *table); /* of NadirObject, as shown */
GtkColumnView *nadir_attribute_table_get_view(NadirAttributeTable *table);
/* A value typed into the cell of an object, or of all selected ones; title: the column's. False: the error says why. */
bool nadir_attribute_table_set_cell(NadirAttributeTable *table, NadirObject *object, const char *title,
                                    const char *value, bool all, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
