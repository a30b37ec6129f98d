/* The line below the canvas: where the pointer is on the map and in the image, which values lie under it, how long the
 * model took, and whether everything is saved. */
#pragma once
#include "app/document/document.h"
#include "app/panel/pixel-values.h"
#include <gtk/gtk.h>

G_BEGIN_DECLS

#define NADIR_TYPE_STATUS_LINE (nadir_status_line_get_type())
G_DECLARE_FINAL_TYPE(NadirStatusLine, nadir_status_line, NADIR, STATUS_LINE, GtkWidget)

void nadir_status_line_set_document(NadirStatusLine *line, NadirDocument *document); /* NULL: empty */
/* Image pixels; NaN when the pointer is elsewhere. */
void nadir_status_line_set_pointer(NadirStatusLine *line, double x, double y);
void nadir_status_line_refresh(NadirStatusLine *line); /* positions are written in another form from now on */
/* The last position in the form of the preferences (in pixels without a CRS) for the clipboard; NULL before the first
 * one; g_free. */
char *nadir_status_line_get_position_text(NadirStatusLine *line);
NadirPixelValues *nadir_status_line_get_values(NadirStatusLine *line); /* borrowed; follows the pointer */

/* "every change saved", "storing 2…" objects, "storing…" another change, "1 not stored". g_free. */
char *nadir_describe_saved(NadirDocument *d);

G_END_DECLS
