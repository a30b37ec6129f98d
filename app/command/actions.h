/* Every action a user can start, once: name, title, keys, section. Menus, shortcuts, the palette and the shortcuts
 * window all read this table, so that an action cannot be in one and not in another. */
#pragma once
#include <gtk/gtk.h>
#include <stdbool.h>

G_BEGIN_DECLS

typedef struct {
	const char *action;   /* detailed name: "win.tool::point" */
	const char *title;    /* not translated yet: nadir_action_title() */
	const char *keys;     /* trigger as gtk_shortcut_trigger_parse_string() reads it, the one to show first */
	const char *section;  /* not translated yet */
	const char *keywords; /* more words to find it by, or NULL */
} nadir_action;

const nadir_action *nadir_actions(guint *n);
const nadir_action *nadir_action_find(const char *action); /* by detailed name; NULL when there is none */
/* In review mode letters mean something else: its actions have keys of their own beside those of marking. */
bool nadir_action_is_of_review(const nadir_action *a);
const char *nadir_action_title(const nadir_action *a);
char *nadir_action_key_label(const nadir_action *a); /* "Ctrl+Z"; NULL without a key; g_free */
char *nadir_action_hint(const nadir_action *a);      /* " (Ctrl+Z)", to put behind words; "" without a key; g_free */
char *nadir_action_tooltip(const nadir_action *a);   /* "Undo (Ctrl+Z)"; g_free */

/* Whether the action exists in the widget's groups and is enabled. */
bool nadir_action_is_enabled(GtkWidget *widget, const nadir_action *a);
/* Starts it; false when it is not there or not enabled. */
bool nadir_action_run(GtkWidget *widget, const nadir_action *a);
/* Adds all keys to a window. Plain letters, digits and the like never fire while a text entry or a popover has the
 * focus. */
void nadir_actions_install(GtkWindow *window);
/* Whether the focus is in something that letters are typed into. */
bool nadir_actions_want_text(GtkWindow *window);

G_END_DECLS
