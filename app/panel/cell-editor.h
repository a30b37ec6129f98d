/* The popover in which a cell of the attribute table is edited: an entry, or the choices to pick from, for this row or
 * for all selected ones. */
#pragma once
#include "render/geometry/attributes.h"
#include <gtk/gtk.h>

G_BEGIN_DECLS

#define NADIR_TYPE_CELL_EDITOR (nadir_cell_editor_get_type())
G_DECLARE_FINAL_TYPE(NadirCellEditor, nadir_cell_editor, NADIR, CELL_EDITOR, GtkPopover)

/* Signal: "chosen" (const char *value, gboolean all): Enter or a choice; "" takes the value away. */
GtkWidget *nadir_cell_editor_new(void);
/* value NULL: none. n_selected > 1: how many rows may get it at once. required choices cannot be taken away. */
void nadir_cell_editor_open(NadirCellEditor *editor, const attribute_field *field, const char *value, guint n_selected,
                            const GdkRectangle *cell);
/* What does not fit; the editor stays open. */
void nadir_cell_editor_refuse(NadirCellEditor *editor, const char *sentence);

G_END_DECLS
