/* The first widget that answers to a description, in a widget or below it; NULL: none. */
#pragma once
#include <gtk/gtk.h>

G_BEGIN_DECLS

GtkWidget *find_child(GtkWidget *in, GType type);
GtkWidget *find_titled(GtkWidget *in, const char *title); /* a row of preferences */
GtkWidget *find_label(GtkWidget *in, const char *text);   /* a label with the text in it */

G_END_DECLS
