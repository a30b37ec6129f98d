/* The key of an action as it is now, wherever it is written: behind a tooltip, on a badge, in a menu. Each follows the
 * keymap as long as it lives; actions by detailed name, of the table in actions.h. */
#pragma once
#include "app/command/actions.h"

G_BEGIN_DECLS

/* Behind the tooltip that the widget has: "Undo (Ctrl+Z)". */
void nadir_key_tip(GtkWidget *widget, const char *action);
/* The same for each part under root that has a tooltip and starts an action. */
void nadir_key_tips(GtkWidget *root);
/* The label says the key; not to be seen while there is none. */
void nadir_key_badge(GtkLabel *label, const char *action);
GtkWidget *nadir_key_badge_new(const char *action);
GtkWidget *nadir_badge_new(const char *key); /* looks the same, says what it is told */
/* In all items of the menu and of those in it. */
void nadir_key_menu(GMenu *menu);

G_END_DECLS
