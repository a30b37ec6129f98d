/* Overviews of the open image, made in the background when it has none: how far that is, and a button that stops it.
 * Hidden while there is nothing to do. */
#pragma once
#include "app/document/document.h"
#include <gtk/gtk.h>

G_BEGIN_DECLS

#define NADIR_TYPE_OVERVIEW_PROGRESS (nadir_overview_progress_get_type())
G_DECLARE_FINAL_TYPE(NadirOverviewProgress, nadir_overview_progress, NADIR, OVERVIEW_PROGRESS, GtkWidget)

/* Begins when the image lacks overviews that are worth making. NULL: stops. */
void nadir_overview_progress_set_document(NadirOverviewProgress *self, NadirDocument *document);
/* Begins again after a stop; tells by a notice of the document when there is nothing to make. */
void nadir_overview_progress_start(NadirOverviewProgress *self);

G_END_DECLS
