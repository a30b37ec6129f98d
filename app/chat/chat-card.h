/* A model's card, the Markdown that comes with its weights: what it can do and what it cannot, for the panel and whole.
 */
#pragma once
#include <gtk/gtk.h>

G_BEGIN_DECLS

/* The first sentences of the first paragraph of prose; "" without one. g_free. */
char *chat_card_summary(const char *card);
/* The first sentences of the paragraph that begins with **What it cannot do.** or a title like it; "" without one.
 * g_free. */
char *chat_card_limits(const char *card);
/* All of it as Pango markup: titles, bold words, tables in columns. g_free. */
char *chat_card_markup(const char *card);

/* Shows the whole card in a window of its own over `parent`. */
void chat_card_present(GtkWindow *parent, const char *model, const char *card);

G_END_DECLS
