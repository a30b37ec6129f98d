/* Asks for a condition and selects the objects that fit it (render/exchange/object-filter.h). */
#pragma once
#include "app/document/document.h"
#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Shown by gtk_window_present(). What is wrong with the condition is told by the document's "error". */
GtkWidget *nadir_select_dialog_new(GtkWindow *parent, NadirDocument *document);

G_END_DECLS
