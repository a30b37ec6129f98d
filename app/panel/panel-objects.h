/* The list of objects with its filter and order, and the classes below it. The list is also what a screen reader reads
 * of the canvas. */
#pragma once
#include "app/document/document.h"
#include <gtk/gtk.h>

G_BEGIN_DECLS

#define NADIR_TYPE_PANEL_OBJECTS (nadir_panel_objects_get_type())
G_DECLARE_FINAL_TYPE(NadirPanelObjects, nadir_panel_objects, NADIR, PANEL_OBJECTS, GtkWidget)

/* Signal: "failed" (const char *sentence), when a change could not be stored. */
void nadir_panel_objects_set_document(NadirPanelObjects *panel, NadirDocument *document); /* NULL: empty */
void nadir_panel_objects_focus_filter(NadirPanelObjects *panel);
void nadir_panel_objects_focus_new_class(NadirPanelObjects *panel);
void nadir_panel_objects_edit_selected(NadirPanelObjects *panel); /* its class, in place */
/* Selects the next or previous object in the order shown, wrapping round. */
void nadir_panel_objects_step(NadirPanelObjects *panel, int step);
/* Writes all rows again, after a change of units. */
void nadir_panel_objects_refresh(NadirPanelObjects *panel);

G_END_DECLS
