/* The page of the preferences where keys are looked up and changed. */
#pragma once
#include <adwaita.h>

G_BEGIN_DECLS
/* toasts: told of what an action lost its key to. */
GtkWidget *nadir_keymap_page_new(AdwPreferencesWindow *toasts, GSettings *settings);
G_END_DECLS
