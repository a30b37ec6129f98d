/* What "@" offers: regions that are there, the pending marks, the selected object, other objects. */
#pragma once
#include <gtk/gtk.h>

#include "app/conversation/chat-session.h"

G_BEGIN_DECLS

#define NADIR_TYPE_CHAT_OFFERS (nadir_chat_offers_get_type())
G_DECLARE_FINAL_TYPE(NadirChatOffers, nadir_chat_offers, NADIR, CHAT_OFFERS, GtkPopover)

/* Signals: "chosen" (guint region): its number, after it was made; "failed" (const char *sentence). */
GtkWidget *nadir_chat_offers_new(void);
/* Shows what matches; hides when nothing does. */
void nadir_chat_offers_update(NadirChatOffers *o, NadirChat *session, const char *typed);
/* Up, Down, Enter, Tab, Esc while shown; whether it was taken. */
gboolean nadir_chat_offers_key(NadirChatOffers *o, guint key);

G_END_DECLS
