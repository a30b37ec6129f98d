/* The chat of the sidebar: the conversation, the entry with its regions, ready-made questions, what the model can do.
 */
#pragma once
#include <gtk/gtk.h>

#include "app/canvas/canvas.h"
#include "app/conversation/chat-session.h"

G_BEGIN_DECLS

#define NADIR_TYPE_CHAT_PANEL (nadir_chat_panel_get_type())
G_DECLARE_FINAL_TYPE(NadirChatPanel, nadir_chat_panel, NADIR, CHAT_PANEL, GtkWidget)

/* The canvas that shows what is talked about while the panel is in sight; borrowed, lives as long as the panel. */
void nadir_chat_panel_set_canvas(NadirChatPanel *p, NadirCanvas *canvas);
/* svc: as nadir_chat_new(); document NULL: empty. The session before is closed. */
void nadir_chat_panel_set_document(NadirChatPanel *p, NadirDocument *document, chat_service *svc);
NadirChat *nadir_chat_panel_get_chat(NadirChatPanel *p); /* NULL: no document */
/* The actions "chat…" and "segment-text" of actions.h; `map` outlives the panel. */
void nadir_chat_panel_install_actions(NadirChatPanel *p, GActionMap *map);

/* The entry has the focus; pending marks become regions and are named in it. */
void nadir_chat_panel_start(NadirChatPanel *p);
/* The same with the beginning of a question, as "segment: ". */
void nadir_chat_panel_start_with(NadirChatPanel *p, const char *text);

G_END_DECLS
