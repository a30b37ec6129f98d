/* The entry of the chat: several lines, chips of regions that are written and deleted as one, "@" and "<" offer them.
 */
#pragma once
#include <gtk/gtk.h>
#include <stdbool.h>

G_BEGIN_DECLS

#define NADIR_TYPE_CHAT_ENTRY (nadir_chat_entry_get_type())
G_DECLARE_FINAL_TYPE(NadirChatEntry, nadir_chat_entry, NADIR, CHAT_ENTRY, GtkTextView)

/* Signals: "send" (Enter), "leave" (Esc), "recall" (Up in an empty entry), "mention" (const char *typed: the word
 * behind
 * "@" or "<" as it grows, NULL: no longer one), "mention-key" (guint keyval, returns whether it was taken: Up, Down,
 * Enter, Tab, Esc while a word is being mentioned), "pointed" (int region, -1 none). */
GtkWidget *nadir_chat_entry_new(void);
bool nadir_chat_entry_is_empty(NadirChatEntry *e);
char *nadir_chat_entry_get_value(NadirChatEntry *e); /* with "<Region 1>"; g_free */
void nadir_chat_entry_set_value(NadirChatEntry *e, const char *value, guint n_regions);
/* Writes a chip in place of the word being mentioned, or at the cursor. */
void nadir_chat_entry_insert_region(NadirChatEntry *e, guint number);
/* A region is gone: its chips too, and those behind it get their new numbers. */
void nadir_chat_entry_drop_region(NadirChatEntry *e, guint number);
void nadir_chat_entry_light(NadirChatEntry *e, int region); /* -1: none */

G_END_DECLS
