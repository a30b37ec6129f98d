/* The project's images beside the canvas: a list that a hundred thousand do not slow, with small pictures, search and
 * filter. Signals: "open" (gint64 image: one was chosen), "loaded" (the project's list was read). */
#pragma once
#include "app/document/document.h"
#include <gtk/gtk.h>

G_BEGIN_DECLS

#define NADIR_TYPE_PANEL_IMAGES (nadir_panel_images_get_type())
G_DECLARE_FINAL_TYPE(NadirPanelImages, nadir_panel_images, NADIR, PANEL_IMAGES, GtkWidget)

void nadir_panel_images_set_document(NadirPanelImages *panel, NadirDocument *document); /* NULL: empty */
void nadir_panel_images_reload(NadirPanelImages *panel); /* all of the project: images or reviews came */
void nadir_panel_images_update(NadirPanelImages *panel); /* the image that is shown */
guint nadir_panel_images_get_total(NadirPanelImages *panel);
gint64 nadir_panel_images_get_shown(NadirPanelImages *panel); /* 0: not in a project */
/* As nadir_image_list_step(); from 0: the image that is shown. */
gint64 nadir_panel_images_step(NadirPanelImages *panel, gint64 from, int step, bool unreviewed);
/* Whether somebody said "done" or "flagged" of the image that is shown, or its objects say so: an image_state. */
int nadir_panel_images_get_state(NadirPanelImages *panel);
void nadir_panel_images_focus_search(NadirPanelImages *panel);

G_END_DECLS
