/* How often the values of the shown bands occur over the whole image, read off the main loop. */
#pragma once
#include "app/document/document.h"
#include <gtk/gtk.h>

G_BEGIN_DECLS

#define NADIR_TYPE_HISTOGRAM (nadir_histogram_get_type())
G_DECLARE_FINAL_TYPE(NadirHistogram, nadir_histogram, NADIR, HISTOGRAM, GtkWidget)

void nadir_histogram_set_document(NadirHistogram *histogram, NadirDocument *document); /* NULL: empty */

G_END_DECLS
