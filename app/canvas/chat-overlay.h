/* What is talked about, drawn on the canvas: regions in their colours with their names, what was found in green. */
#pragma once
#include "app/canvas/canvas.h"
#include "app/conversation/chat-session.h"

G_BEGIN_DECLS

/* The conversation to draw while it is in sight; NULL: none. The pointer over the canvas lights its parts. */
void nadir_canvas_set_chat(NadirCanvas *c, NadirChat *session);
void chat_overlay_snapshot(NadirCanvas *c, GtkSnapshot *snapshot);

G_END_DECLS
