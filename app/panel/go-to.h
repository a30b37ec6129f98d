/* One entry for every way to name a place: pixels, map units, latitude and longitude, or a bookmark's name. What the
 * text can mean is listed while it is typed; Enter goes to the first. Bookmarks are kept with the image in the project.
 */
#pragma once
#include "app/canvas/canvas.h"

G_BEGIN_DECLS

#define NADIR_TYPE_GO_TO (nadir_go_to_get_type())
G_DECLARE_FINAL_TYPE(NadirGoTo, nadir_go_to, NADIR, GO_TO, GtkWindow)

GtkWidget *nadir_go_to_new(GtkWindow *parent, NadirCanvas *canvas);
/* Keeps what is in sight under a name ("Place 3"); returns the name, g_free. */
char *nadir_go_to_bookmark(NadirCanvas *canvas);

G_END_DECLS
