/* The window's actions between objects and the clipboard. */
#include <glib/gi18n.h>

#include "app/edit/edit-clipboard.h"
#include "app/edit/edit-selection.h"
#include "app/window-private.h"

static void on_copied(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(NadirWindow) self = data;
	g_autoptr(GError) error = NULL;
	g_autofree char *text = nadir_document_copy_finish(result, &error);
	if (!text) {
		nadir_window_show_notice(self, error->message);
		return;
	}
	gdk_clipboard_set_text(gtk_widget_get_clipboard(GTK_WIDGET(self)), text);
	nadir_window_show_notice(self, _("Copied the selected objects"));
}

static void copy(NadirWindow *self, bool wkt)
{
	nadir_document_copy_async(self->document, wkt, on_copied, g_object_ref(self));
}

static void on_copy(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	copy(data, false);
}

static void on_copy_wkt(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	copy(data, true);
}

static void on_text(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(NadirWindow) self = data;
	g_autofree char *text = gdk_clipboard_read_text_finish(GDK_CLIPBOARD(source), result, NULL);
	if (!text || !*text)
		nadir_window_show_notice(self, _("There is no text on the clipboard: copy shapes as GeoJSON or WKT first."));
	else if (self->document)
		nadir_document_paste(self->document, text);
}

static void on_paste(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	gdk_clipboard_read_text_async(gtk_widget_get_clipboard(GTK_WIDGET(data)), NULL, on_text, g_object_ref(data));
}

static const GActionEntry entries[] = {
	{.name = "copy", .activate = on_copy},
	{.name = "copy-wkt", .activate = on_copy_wkt},
	{.name = "paste", .activate = on_paste},
};

void nadir_window_update_clipboard_actions(NadirWindow *self)
{
	const bool selected = self->document && nadir_document_n_selected(self->document) > 0;
	const bool enabled[] = {selected, selected, self->document != NULL};
	for (guint i = 0; i < G_N_ELEMENTS(entries); i++)
		g_simple_action_set_enabled(G_SIMPLE_ACTION(g_action_map_lookup_action(G_ACTION_MAP(self), entries[i].name)),
		                            enabled[i]);
}

void nadir_window_install_clipboard_actions(NadirWindow *self)
{
	g_action_map_add_action_entries(G_ACTION_MAP(self), entries, G_N_ELEMENTS(entries), self);
}
