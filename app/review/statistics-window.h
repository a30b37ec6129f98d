/* What the review of a project has come to, as a page: progress, pace, acceptance, areas, confusion, agreement of two
 * label sets; read in the store's thread, exported as CSV, PDF, SVG or PNG. */
#pragma once
#include "app/document/document.h"
#include <adwaita.h>

G_BEGIN_DECLS

#define NADIR_TYPE_STATISTICS (nadir_statistics_get_type())
G_DECLARE_FINAL_TYPE(NadirStatistics, nadir_statistics, NADIR, STATISTICS, AdwWindow)

/* Signal: "exported" (const char *path, const char *error: NULL when it was written). */
GtkWidget *nadir_statistics_new(GtkWindow *parent, NadirDocument *document);

G_END_DECLS
