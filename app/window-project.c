/* Actions about the project as a whole: its history, a repaired copy when its file is damaged, a sheet of the view. */
#include "app/window-private.h"

#include "app/panel/history.h"
#include "app/review/statistics-window.h"

#define ACTION(name) static void name(GSimpleAction *action, GVariant *parameter, gpointer data)

ACTION(on_save_repaired)
{
	nadir_window_choose_save_as(data);
}

ACTION(on_history)
{
	NadirWindow *self = data;
	if (!self->history)
		g_set_weak_pointer(&self->history, GTK_WINDOW(nadir_history_new(GTK_WINDOW(self), self->document)));
	gtk_window_present(self->history);
}

static void on_statistics_exported(NadirWindow *self, const char *path, const char *error)
{
	if (error)
		nadir_window_show_error(self, error);
	else
		nadir_window_show_exported(self, path, "");
}

ACTION(on_statistics)
{
	NadirWindow *self = data;
	GtkWidget *page = nadir_statistics_new(GTK_WINDOW(self), self->document);
	g_signal_connect_object(page, "exported", G_CALLBACK(on_statistics_exported), self, G_CONNECT_SWAPPED);
	gtk_window_present(GTK_WINDOW(page));
}

ACTION(on_export_view)
{
	nadir_window_choose_sheet(data);
}

#undef ACTION

static const GActionEntry entries[] = {
	{.name = "save-repaired", .activate = on_save_repaired},
	{.name = "history", .activate = on_history},
	{.name = "statistics", .activate = on_statistics},
	{.name = "export-view", .activate = on_export_view},
};

static void enable(NadirWindow *self, const char *name, bool enabled)
{
	g_simple_action_set_enabled(G_SIMPLE_ACTION(g_action_map_lookup_action(G_ACTION_MAP(self), name)), enabled);
}

void nadir_window_update_project_actions(NadirWindow *self)
{
	enable(self, "save-repaired", self->document && nadir_document_get_damage(self->document));
	enable(self, "history", self->document != NULL);
	enable(self, "statistics", self->document && nadir_document_get_project_path(self->document));
	enable(self, "export-view", self->document != NULL);
}

void nadir_window_close_history(NadirWindow *self)
{
	GtkWindow *history = self->history;
	g_clear_weak_pointer(&self->history);
	if (history)
		gtk_window_destroy(history);
}

void nadir_window_install_project_actions(NadirWindow *self)
{
	g_action_map_add_action_entries(G_ACTION_MAP(self), entries, G_N_ELEMENTS(entries), self);
}
