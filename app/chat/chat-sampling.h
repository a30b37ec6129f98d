/* How the model answers in the open conversation: temperature, top-p, length, seed. */
#pragma once
#include <gtk/gtk.h>

#include "app/conversation/chat-session.h"

G_BEGIN_DECLS

#define NADIR_TYPE_CHAT_SAMPLING (nadir_chat_sampling_get_type())
G_DECLARE_FINAL_TYPE(NadirChatSampling, nadir_chat_sampling, NADIR, CHAT_SAMPLING, GtkWidget)
void nadir_chat_sampling_set_chat(NadirChatSampling *s, NadirChat *session); /* NULL: none */

G_END_DECLS
