/* One message of the conversation with what can be done with it. */
#pragma once
#include "app/chat/chat-text.h"
#include "app/conversation/chat-session.h"

G_BEGIN_DECLS

#define NADIR_TYPE_CHAT_BUBBLE (nadir_chat_bubble_get_type())
G_DECLARE_FINAL_TYPE(NadirChatBubble, nadir_chat_bubble, NADIR, CHAT_BUBBLE, GtkWidget)

/* Signals: "worded" (const char *text): a reply was worded anew in place, "" for as it was said, NULL: left as it is;
 * "act" (const char *what): "again", "copy", "edit", "continue", "accept", "keep", "previous", "next";
 * "act-on" (int grounded): that phrase was clicked, or Enter. */
GtkWidget *nadir_chat_bubble_new(NadirChat *session, conversation_message *m);
conversation_message *nadir_chat_bubble_get_message(NadirChatBubble *b);
const char *nadir_chat_bubble_get_shown(NadirChatBubble *b); /* its text, with the names of regions */
void nadir_chat_bubble_update(NadirChatBubble *b);           /* the message, or what can be done with it, changed */
void nadir_chat_bubble_edit(NadirChatBubble *b);             /* a reply, in place */
void nadir_chat_bubble_update_lit(NadirChatBubble *b);

G_END_DECLS
