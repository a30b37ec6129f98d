/* Windows for readers of large text. */
#pragma once
#include <gtk/gtk.h>

G_BEGIN_DECLS

double nadir_text_scale(GtkWidget *widget); /* 1: usual text; 2: twice as large */
/* The default size, given for text of the usual size, grows with the text as far as the screen has room: no label is
 * cut for want of width. Before the window is shown. */
void nadir_fit_window_to_text(GtkWindow *window);

G_END_DECLS
