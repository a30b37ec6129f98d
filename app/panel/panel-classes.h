/* The card of classes: look, name, number key, count; the current one is what the next object gets. */
#pragma once
#include "app/document/document.h"
#include <gtk/gtk.h>

G_BEGIN_DECLS

#define NADIR_TYPE_PANEL_CLASSES (nadir_panel_classes_get_type())
G_DECLARE_FINAL_TYPE(NadirPanelClasses, nadir_panel_classes, NADIR, PANEL_CLASSES, GtkWidget)

/* Signal: "failed" (const char *sentence). */
void nadir_panel_classes_set_document(NadirPanelClasses *panel, NadirDocument *document); /* NULL: empty */
void nadir_panel_classes_focus_new(NadirPanelClasses *panel);

G_END_DECLS
