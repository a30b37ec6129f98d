/* What the classes of the selected objects ask for: a card with one row an attribute, which changes all of them. */
#pragma once
#include "app/document/document.h"
#include <gtk/gtk.h>

G_BEGIN_DECLS

#define NADIR_TYPE_ATTRIBUTE_EDITOR (nadir_attribute_editor_get_type())
G_DECLARE_FINAL_TYPE(NadirAttributeEditor, nadir_attribute_editor, NADIR, ATTRIBUTE_EDITOR, GtkWidget)

void nadir_attribute_editor_set_document(NadirAttributeEditor *editor, NadirDocument *document); /* NULL: empty */

G_END_DECLS
