/* An edit with an amount: a small window with a slider, a live count of vertices, and the outline as it would become
 * over the image. Apply stores it, closing it changes nothing. */
#pragma once
#include "app/edit/edit-shapes.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define NADIR_TYPE_EDIT_DIALOG (nadir_edit_dialog_get_type())
G_DECLARE_FINAL_TYPE(NadirEditDialog, nadir_edit_dialog, NADIR, EDIT_DIALOG, GtkWindow)

/* For the objects that are selected now. kind: FILL, SMOOTH, SIMPLIFY, SQUARE, GROW or MEET. Of very many a part is
 * tried out, above all what is `seen` (image pixels). */
GtkWidget *nadir_edit_dialog_new(GtkWindow *parent, NadirDocument *document, NadirEditKind kind, raster_rect seen);

G_END_DECLS
