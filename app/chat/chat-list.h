/* The conversations about an image, to choose, find, name and delete. */
#pragma once
#include <gtk/gtk.h>

#include "app/conversation/chat-session.h"

G_BEGIN_DECLS

#define NADIR_TYPE_CHAT_LIST (nadir_chat_list_get_type())
G_DECLARE_FINAL_TYPE(NadirChatList, nadir_chat_list, NADIR, CHAT_LIST, GtkWidget)

/* Signal: "done": chosen, or Esc. */
void nadir_chat_list_set_chat(NadirChatList *l, NadirChat *session); /* NULL: empty */
void nadir_chat_list_start(NadirChatList *l);       /* is shown: all of them, the search has the focus */
void nadir_chat_list_rename_open(NadirChatList *l); /* the open one's name becomes an entry */

G_END_DECLS
