/* The window of keyboard shortcuts, made from the table of actions and the keys that the canvas itself handles. */
#pragma once
#include <gtk/gtk.h>

G_BEGIN_DECLS

GtkWidget *nadir_shortcuts_window_new(GtkWindow *parent);

G_END_DECLS
