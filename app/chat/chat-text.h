/* The text of a message: regions as coloured chips, grounded phrases as links; what is pointed at is lit. */
#pragma once
#include <gtk/gtk.h>

#include "app/conversation/conversation-text.h"

G_BEGIN_DECLS

#define NADIR_TYPE_CHAT_TEXT (nadir_chat_text_get_type())
G_DECLARE_FINAL_TYPE(NadirChatText, nadir_chat_text, NADIR, CHAT_TEXT, GtkWidget)

/* Signals: "pointed" (int kind, int index): the pointer or the focus is on a span (span_kind), or on none (-1, -1);
 * "activated" (int kind, int index): clicked, or Enter. */
GtkWidget *nadir_chat_text_new(void);
/* text: as the model or the user said it; grounded may be NULL. */
void nadir_chat_text_set(NadirChatText *t, const char *text, guint n_regions, const GPtrArray *grounded);
void nadir_chat_text_light(NadirChatText *t, int region, int grounded); /* -1: none */
const char *nadir_chat_text_get_shown(NadirChatText *t);

/* A rounded ground for a chip or phrase, drawn below its text. */
void nadir_chat_snapshot_chip(GtkSnapshot *snapshot, const graphene_rect_t *r, const GdkRGBA *color, bool lit);

G_END_DECLS
