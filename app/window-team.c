/* The window and the team: a shared project is opened, kept together with its server, and what it says is shown. */
#include "app/window-private.h"

#include <glib/gi18n.h>

#include "app/team/team-open.h"
#include "app/team/team-window.h"

static void on_team_changed(NadirWindow *self)
{
	GPtrArray *conflicts = nadir_team_get_conflicts(self->team);
	const guint n = conflicts ? conflicts->len : 0;
	if (n > self->team_decisions) {
		g_autofree char *text =
			g_strdup_printf(ngettext("You and another person changed the same thing: %u decision is open.",
		                             "You and other people changed the same things: %u decisions are open.", n),
		                    n);
		nadir_window_show_message(self, GTK_MESSAGE_WARNING, text, "win.team");
	}
	self->team_decisions = n;
	nadir_window_update_title(self);
}

/* Objects of any image: the document hears of its own only. */
static void on_team_received(NadirWindow *self)
{
	nadir_panel_images_reload(self->work->images);
	nadir_window_refresh_review(self);
}

void nadir_window_follow_team(NadirWindow *self)
{
	GtkWindow *shown = self->team_window;
	g_clear_weak_pointer(&self->team_window);
	if (shown)
		gtk_window_destroy(shown);
	if (self->team) {
		g_signal_handlers_disconnect_by_data(self->team, self);
		nadir_team_stop(self->team);
		g_clear_object(&self->team);
	}
	self->team_decisions = 0;
	if (!self->document)
		return;
	self->team = nadir_team_new(self->document);
	g_signal_connect_object(self->team, "changed", G_CALLBACK(on_team_changed), self, G_CONNECT_SWAPPED);
	g_signal_connect_object(self->team, "received", G_CALLBACK(on_team_received), self, G_CONNECT_SWAPPED);
}

/* --- opening --- */

static void on_copied(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(NadirWindow) self = data;
	g_autoptr(GError) error = NULL;
	g_autoptr(GFile) file = nadir_team_open_finish(result, &error);
	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED) || !self->opening)
		return; /* another file took its place, or the window closed */
	if (file) {
		nadir_window_open(self, file);
		return;
	}
	g_clear_object(&self->opening);
	nadir_window_show_error(self, error->message);
	nadir_window_set_document(self, NULL);
}

void nadir_window_open_shared(NadirWindow *self, const char *address)
{
	g_cancellable_cancel(self->opening);
	g_clear_object(&self->opening);
	self->opening = g_cancellable_new();
	nadir_window_set_document(self, NULL);
	gtk_info_bar_set_revealed(self->info_bar, FALSE);
	gtk_label_set_text(self->opening_text, _("Fetching the shared project…"));
	gtk_widget_set_opacity(self->opening_box, 1);
	nadir_team_open_async(address, self->opening, on_copied, g_object_ref(self));
}

static void on_address(GtkWindow *window, const char *address)
{
	nadir_window_open_shared(NADIR_WINDOW(window), address);
}

/* --- actions --- */

static void on_open_shared(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	nadir_team_ask_address(GTK_WINDOW(data), on_address);
}

static void on_team(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	NadirWindow *self = data;
	if (!self->team)
		return;
	if (!self->team_window)
		g_set_weak_pointer(&self->team_window, GTK_WINDOW(nadir_team_window_new(GTK_WINDOW(self), self->team)));
	gtk_window_present(self->team_window);
}

static const GActionEntry entries[] = {
	{.name = "open-shared", .activate = on_open_shared},
	{.name = "team", .activate = on_team},
};

void nadir_window_update_team_actions(NadirWindow *self)
{
	GAction *action = g_action_map_lookup_action(G_ACTION_MAP(self), "team");
	g_simple_action_set_enabled(G_SIMPLE_ACTION(action), self->document != NULL);
}

void nadir_window_install_team_actions(NadirWindow *self)
{
	g_action_map_add_action_entries(G_ACTION_MAP(self), entries, G_N_ELEMENTS(entries), self);
}
