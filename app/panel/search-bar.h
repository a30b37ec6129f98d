/* The strip over the image while many objects are sought, and afterwards: a threshold, keep, drop. */
#pragma once
#include "app/document/document.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define NADIR_TYPE_SEARCH_BAR (nadir_search_bar_get_type())
G_DECLARE_FINAL_TYPE(NadirSearchBar, nadir_search_bar, NADIR, SEARCH_BAR, GtkBox)

void nadir_search_bar_set_document(NadirSearchBar *bar, NadirDocument *document); /* NULL: none */

G_END_DECLS
