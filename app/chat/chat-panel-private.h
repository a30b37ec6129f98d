/* Inside of the chat panel, for its own files. */
#pragma once
#include <adwaita.h>

#include "app/chat/chat-entry.h"
#include "app/chat/chat-list.h"
#include "app/chat/chat-offers.h"
#include "app/chat/chat-panel.h"
#include "app/chat/chat-sampling.h"

G_BEGIN_DECLS

struct _NadirChatPanel {
	GtkWidget parent_instance;

	/* Template widgets */
	GtkMenuButton *title_button, *settings_button;
	GtkLabel *title;
	GtkPopover *list_popover;
	NadirChatList *list;
	GtkStack *stack;
	GtkScrolledWindow *scroller;
	GtkBox *messages, *quick, *composer, *chips;
	GtkWidget *empty_icon, *empty_buttons;
	GtkLabel *empty_title, *empty_text;
	NadirChatEntry *entry;
	GtkLabel *placeholder, *error, *hint, *card;
	GtkToggleButton *view_toggle;
	NadirChatSampling *sampling;
	GtkWidget *send, *stop;

	NadirChatOffers *offers; /* child */

	/* Borrowed */
	NadirCanvas *canvas;
	GActionMap *actions; /* NULL: not installed */

	/* Owned references */
	NadirChat *chat; /* NULL: no document */
	GSignalGroup *signals;
	GtkFileChooserNative *chooser;

	gboolean follow;     /* the newest message stays in sight */
	guint follow_source; /* it is about to be scrolled to */
	gboolean was_asking;
	gboolean loading; /* widgets follow the session: do not answer */
};

/* One sentence below the entry, until the next question; NULL hides it. */
void chat_panel_show_error(NadirChatPanel *p, const char *sentence);
void chat_panel_toast(NadirChatPanel *p, const char *sentence);
/* Asks, or says why not; true when it was begun. */
bool chat_panel_ask(NadirChatPanel *p, const char *question);
/* What Enter does: sends what is typed; with nothing typed takes what was found. */
void chat_panel_send(NadirChatPanel *p);
void chat_panel_edit(NadirChatPanel *p, conversation_message *question);
void chat_panel_accept(NadirChatPanel *p, conversation_message *reply, int index); /* -1: all of it */
void chat_panel_keep(NadirChatPanel *p, conversation_message *reply);
void chat_panel_copy(NadirChatPanel *p, const conversation_message *m);
/* Marks and the selected object as regions, named in the entry; with_selected: the selected object too. */
bool chat_panel_add_regions(NadirChatPanel *p, bool with_selected, bool say_if_none);

/* chat-panel-show.c: what is shown follows the session */
void chat_panel_show_path(NadirChatPanel *p);
void chat_panel_edit_reply(NadirChatPanel *p, const conversation_message *reply); /* in place */
void chat_panel_show_message(NadirChatPanel *p, conversation_message *m);
void chat_panel_show_regions(NadirChatPanel *p);
void chat_panel_show_state(NadirChatPanel *p);
void chat_panel_show_lit(NadirChatPanel *p);
void chat_panel_show_title(NadirChatPanel *p);

/* chat-actions.c */
void chat_panel_update_actions(NadirChatPanel *p);
void chat_panel_make_quick(NadirChatPanel *p); /* the row of ready-made questions */

G_END_DECLS
