/* The whole image, small, with a frame around what is in sight; the frame can be dragged, a click goes there. */
#pragma once
#include "app/canvas/canvas.h"

G_BEGIN_DECLS

#define NADIR_TYPE_NAVIGATOR (nadir_navigator_get_type())
G_DECLARE_FINAL_TYPE(NadirNavigator, nadir_navigator, NADIR, NAVIGATOR, GtkWidget)

void nadir_navigator_set_canvas(NadirNavigator *self, NadirCanvas *canvas); /* once */

G_END_DECLS
