/* The selected objects as something to drag into other programs: a GeoJSON file for a file manager, its text for
 * others. Made when it is asked for, off the main loop. */
#pragma once
#include "app/document/document.h"
#include <gtk/gtk.h>

G_BEGIN_DECLS

#define NADIR_TYPE_OBJECT_CONTENT (nadir_object_content_get_type())
G_DECLARE_FINAL_TYPE(NadirObjectContent, nadir_object_content, NADIR, OBJECT_CONTENT, GdkContentProvider)

/* The file lies in the cache until the next one of that image is dragged, for whoever copies it late. */
GdkContentProvider *nadir_object_content_new(NadirDocument *document);
/* Rows that are dragged give the selection. row_at: the object there, selected first when it is not; NULL: no drag. */
void nadir_object_content_add_source(GtkWidget *rows, NadirObject *(*row_at)(gpointer data, double x, double y),
                                     NadirDocument *(*document)(gpointer data), gpointer data);

G_END_DECLS
