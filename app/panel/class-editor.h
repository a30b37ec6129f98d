/* A class in full: name, the class that it is a kind of, and the attributes that it asks of its objects. */
#pragma once
#include "app/document/document.h"
#include <gtk/gtk.h>

G_BEGIN_DECLS

#define NADIR_TYPE_CLASS_EDITOR (nadir_class_editor_get_type())
G_DECLARE_FINAL_TYPE(NadirClassEditor, nadir_class_editor, NADIR, CLASS_EDITOR, GtkWindow)

/* Shown by gtk_window_present(). The change is one step of undo. */
GtkWidget *nadir_class_editor_new(GtkWindow *parent, NadirDocument *document, int class_id);

G_END_DECLS
