/* What is open: display choices, and the facts of the file. */
#pragma once
#include "app/document/document.h"
#include "app/panel/pixel-values.h"
#include <gtk/gtk.h>

G_BEGIN_DECLS

#define NADIR_TYPE_PANEL_IMAGE (nadir_panel_image_get_type())
G_DECLARE_FINAL_TYPE(NadirPanelImage, nadir_panel_image, NADIR, PANEL_IMAGE, GtkWidget)

void nadir_panel_image_set_document(NadirPanelImage *panel, NadirDocument *document); /* NULL: empty */
/* Whose values stand beside the bands; once. */
void nadir_panel_image_set_values(NadirPanelImage *panel, NadirPixelValues *values);
/* "0.5 m" ground size of a pixel at the image's middle; NULL without a CRS; g_free. */
char *nadir_describe_resolution(NadirDocument *document);

G_END_DECLS
