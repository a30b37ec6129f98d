/* The command palette: every action, the classes and the recent files, found by typing. */
#pragma once
#include <gtk/gtk.h>

G_BEGIN_DECLS

#define NADIR_TYPE_COMMAND (nadir_command_get_type())
G_DECLARE_FINAL_TYPE(NadirCommand, nadir_command, NADIR, COMMAND, GObject)
NadirCommand *nadir_command_new(const char *title, const char *section, const char *key, const char *keywords,
                                const char *action); /* key and keywords may be NULL; action: detailed name */
const char *nadir_command_get_title(NadirCommand *command);
const char *nadir_command_get_action(NadirCommand *command);

#define NADIR_TYPE_PALETTE (nadir_palette_get_type())
G_DECLARE_FINAL_TYPE(NadirPalette, nadir_palette, NADIR, PALETTE, GtkWindow)

/* Lists the table of actions.h and then `more` (of NadirCommand). Starts actions on `parent`. */
GtkWidget *nadir_palette_new(GtkWindow *parent, GListModel *more);
GListModel *nadir_palette_get_commands(NadirPalette *palette); /* all, unfiltered */

G_END_DECLS
