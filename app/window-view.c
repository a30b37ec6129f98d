/* Actions of looking at an image: places, measuring, navigator, overviews, stretch by what is in sight. */
#include "app/command/actions.h"
#include "app/document/document-look.h"
#include "app/window-private.h"

#include <glib/gi18n.h>

#include "app/panel/go-to.h"

#define ACTION(name) static void name(GSimpleAction *action, GVariant *parameter, gpointer data)

ACTION(on_overviews)
{
	nadir_overview_progress_start(((NadirWindow *)data)->work->overviews);
}

/* --- places --- */

ACTION(on_go_to)
{
	NadirWindow *self = data;
	gtk_window_present(GTK_WINDOW(nadir_go_to_new(GTK_WINDOW(self), self->work->canvas)));
}

ACTION(on_bookmark)
{
	NadirWindow *self = data;
	g_autofree char *name = nadir_go_to_bookmark(self->work->canvas);
	g_autofree char *key = nadir_action_hint(nadir_action_find("win.go-to"));
	/* Translators: the second %s is " (Ctrl+G)", the key, or nothing. */
	g_autofree char *sentence = g_strdup_printf(_("Kept as “%s”, in the list of places%s."), name, key);
	nadir_window_show_notice(self, sentence);
}

/* --- what lies over the canvas --- */

static void change_navigator(GSimpleAction *action, GVariant *state, gpointer data)
{
	NadirWindow *self = data;
	gtk_widget_set_visible(self->work->navigator_box, g_variant_get_boolean(state));
	g_simple_action_set_state(action, state);
}

static void change_grid(GSimpleAction *action, GVariant *state, gpointer data)
{
	nadir_canvas_set_grid(((NadirWindow *)data)->work->canvas, g_variant_get_boolean(state));
	g_simple_action_set_state(action, state);
}

static void change_measure(GSimpleAction *action, GVariant *state, gpointer data)
{
	NadirWindow *self = data;
	const gboolean on = g_variant_get_boolean(state);
	nadir_measure_set_active(self->work->measure, on);
	if (on) {
		gtk_widget_grab_focus(GTK_WIDGET(self->work->canvas));
		nadir_window_show_notice(self, _("Click corner after corner; Enter ends the line, Esc the measuring."));
	}
	g_simple_action_set_state(action, state);
}

static void on_measure_ended(NadirWindow *self)
{
	g_action_group_change_action_state(G_ACTION_GROUP(self), "measure", g_variant_new_boolean(FALSE));
}

static void change_table(GSimpleAction *action, GVariant *state, gpointer data)
{
	NadirWindow *self = data;
	const gboolean on = g_variant_get_boolean(state);
	const int height = gtk_widget_get_height(GTK_WIDGET(self->work->table));
	self->table_height = height > 0 ? height : self->table_height;
	nadir_workspace_show_table(self->work, on, self->table_height);
	if (on)
		nadir_attribute_table_focus(self->work->table);
	else if (self->document)
		gtk_widget_grab_focus(GTK_WIDGET(self->work->canvas));
	g_simple_action_set_state(action, state);
}

/* --- stretch --- */

/* The method stays the chosen one; numbers by hand have none, so the usual percentiles are taken. */
static void stretch_by(NadirWindow *self, const raster_rect *area)
{
	const char *bands, *stretch, *source;
	nadir_document_get_style_choice(self->document, &bands, &stretch, &source);
	g_autofree char *b = g_strdup(bands), *s = g_strdup(source);
	const bool db = nadir_document_get_style(self->document)->db;
	const bool numbers = !stretch || strstr(stretch, "..") || g_str_equal(stretch, "none");
	g_autofree char *method = g_strdup(!numbers ? stretch : db ? "db:p2-98" : "p2-98");
	nadir_document_set_style_from(self->document, b, area || db || !numbers ? method : NULL, s, area);
}

ACTION(on_stretch_view)
{
	NadirWindow *self = data;
	const raster_rect area = viewport_visible(nadir_canvas_get_viewport(self->work->canvas));
	if (area.w > 0 && area.h > 0)
		stretch_by(self, &area);
}

ACTION(on_stretch_object)
{
	NadirWindow *self = data;
	NadirObject *selected = nadir_document_get_selected(self->document);
	raster_rect area;
	if (selected && nadir_object_get_bounds(selected, &area) && area.w > 0 && area.h > 0)
		stretch_by(self, &area);
	else
		nadir_document_notify_user(self->document, _("Select an object first: the stretch is measured around it."));
}

ACTION(on_stretch_image)
{
	stretch_by(data, NULL);
}

/* --- an image on a server --- */

ACTION(on_read_again)
{
	NadirWindow *self = data;
	gtk_info_bar_set_revealed(self->info_bar, FALSE); /* what it says was before */
	nadir_remote_state_read_again(self->work->remote);
}

ACTION(on_stop_reading)
{
	nadir_remote_state_stop(((NadirWindow *)data)->work->remote);
}

#undef ACTION

static const GActionEntry entries[] = {
	{.name = "go-to", .activate = on_go_to},
	{.name = "bookmark", .activate = on_bookmark},
	{.name = "navigator", .state = "false", .change_state = change_navigator},
	{.name = "pixel-grid", .state = "true", .change_state = change_grid},
	{.name = "measure", .state = "false", .change_state = change_measure},
	{.name = "table", .state = "false", .change_state = change_table},
	{.name = "overviews", .activate = on_overviews},
	{.name = "stretch-view", .activate = on_stretch_view},
	{.name = "stretch-object", .activate = on_stretch_object},
	{.name = "stretch-image", .activate = on_stretch_image},
	{.name = "read-again", .activate = on_read_again},
	{.name = "stop-reading", .activate = on_stop_reading},
};

void nadir_window_update_view_actions(NadirWindow *self)
{
	for (guint i = 0; i < G_N_ELEMENTS(entries); i++) {
		const bool remote = entries[i].activate == on_read_again || entries[i].activate == on_stop_reading;
		g_simple_action_set_enabled(G_SIMPLE_ACTION(g_action_map_lookup_action(G_ACTION_MAP(self), entries[i].name)),
		                            self->document && (!remote || nadir_remote_state_is_shown(self->work->remote)));
	}
	nadir_window_update_second(self);
}

void nadir_window_install_view_actions(NadirWindow *self)
{
	g_action_map_add_action_entries(G_ACTION_MAP(self), entries, G_N_ELEMENTS(entries), self);
	nadir_window_install_second(self);
	g_signal_connect_swapped(self->work->measure, "ended", G_CALLBACK(on_measure_ended), self);
}
