/* What goes on with an image on a server: reading, trying again, parts that could not be had. Hidden for images that
 * are here. Its buttons, win.stop-reading and win.read-again, stop what is being read, or ask again
 * for what is missing. */
#pragma once
#include "app/canvas/canvas.h"

G_BEGIN_DECLS

#define NADIR_TYPE_REMOTE_STATE (nadir_remote_state_get_type())
G_DECLARE_FINAL_TYPE(NadirRemoteState, nadir_remote_state, NADIR, REMOTE_STATE, GtkWidget)

void nadir_remote_state_set_canvas(NadirRemoteState *self, NadirCanvas *canvas); /* once */
void nadir_remote_state_set_document(NadirRemoteState *self, NadirDocument *document);
bool nadir_remote_state_is_shown(NadirRemoteState *self); /* the image is on a server */
void nadir_remote_state_stop(NadirRemoteState *self);     /* what is being read; moving the view goes on */
void nadir_remote_state_read_again(NadirRemoteState *self);

G_END_DECLS
