/* The choosers of bands, stretch, kind of source and mask opacity; the same ones in the popover over the canvas and in
 * the sidebar. A change applies at once. */
#pragma once
#include "app/document/document.h"
#include <gtk/gtk.h>

G_BEGIN_DECLS

#define NADIR_TYPE_STYLE_EDITOR (nadir_style_editor_get_type())
G_DECLARE_FINAL_TYPE(NadirStyleEditor, nadir_style_editor, NADIR, STYLE_EDITOR, GtkWidget)

void nadir_style_editor_set_document(NadirStyleEditor *editor, NadirDocument *document); /* NULL: insensitive */
/* "Band 2, red (B04)": for lists; g_free. */
char *nadir_band_title(const raster_info *info, int band);

G_END_DECLS
