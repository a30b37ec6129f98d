/* What goes on with an image on a server: reading, trying again, parts that could not be had. Hidden for images that
 * are here. Its button stops what is being read, or asks again for what is missing. */
#pragma once
#include "app/canvas/canvas.h"

G_BEGIN_DECLS

#define NADIR_TYPE_REMOTE_STATE (nadir_remote_state_get_type())
G_DECLARE_FINAL_TYPE(NadirRemoteState, nadir_remote_state, NADIR, REMOTE_STATE, GtkWidget)

void nadir_remote_state_set_canvas(NadirRemoteState *self, NadirCanvas *canvas); /* once */
void nadir_remote_state_set_document(NadirRemoteState *self, NadirDocument *document);

G_END_DECLS
