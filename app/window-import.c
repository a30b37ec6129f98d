#include "app/window-import.h"
#include "app/window-private.h"

#include <glib/gi18n.h>
#include <string.h>

#include "app/document/document-import.h"

static void on_imported(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(NadirWindow) self = data;
	g_autoptr(GError) error = NULL;
	g_autofree char *report = NULL;
	const int n = nadir_document_import_finish(result, &report, &error);
	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return; /* the document was closed */
	if (error) {
		nadir_window_show_error(self, error->message);
		return;
	}
	g_autofree char *sentence =
		g_strdup_printf(ngettext("%d object was imported.", "%d objects were imported.", (gulong)n), n);
	nadir_window_show_notice(self, sentence);
	if (*report)
		nadir_window_show_message(self, GTK_MESSAGE_INFO, report, NULL);
	nadir_panel_images_reload(self->work->images);
	nadir_window_refresh_review(self);
}

static void import(NadirWindow *self, const char *path)
{
	if (self->document)
		nadir_document_import_async(self->document, path, on_imported, g_object_ref(self));
}

void nadir_window_offer_labels(NadirWindow *self)
{
	static const char *const kinds[] = {".json", ".yaml", ".yml"};
	bool set = false;
	for (guint i = 0; self->collected && i < G_N_ELEMENTS(kinds); i++)
		set = set || g_str_has_suffix(self->collected, kinds[i]);
	if (!set || !self->document || g_list_model_get_n_items(nadir_document_get_objects(self->document)) > 0)
		return;
	g_autofree char *name = g_path_get_basename(self->collected);
	g_autofree char *sentence = g_strdup_printf(_("The images of %s are listed; its labels can come in, too."), name);
	nadir_window_show_message(self, GTK_MESSAGE_INFO, sentence, "win.import-labels");
}

static void on_labels(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	NadirWindow *self = data;
	gtk_info_bar_set_revealed(self->info_bar, FALSE);
	import(self, self->collected);
}

static void on_chosen(NadirWindow *self, int response)
{
	g_autoptr(GFile) file =
		response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file(GTK_FILE_CHOOSER(self->chooser)) : NULL;
	g_autofree char *path = file ? g_file_get_path(file) : NULL;
	g_clear_object(&self->chooser);
	if (path)
		import(self, path);
}

static void on_import(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	NadirWindow *self = data;
	g_clear_object(&self->chooser);
	self->chooser =
		gtk_file_chooser_native_new(_("Import Objects"), GTK_WINDOW(self), GTK_FILE_CHOOSER_ACTION_OPEN, NULL, NULL);
	gtk_native_dialog_set_modal(GTK_NATIVE_DIALOG(self->chooser), TRUE);
	g_signal_connect_swapped(self->chooser, "response", G_CALLBACK(on_chosen), self);
	gtk_native_dialog_show(GTK_NATIVE_DIALOG(self->chooser));
}

static const GActionEntry entries[] = {
	{.name = "import", .activate = on_import},
	{.name = "import-labels", .activate = on_labels},
};

void nadir_window_update_import(NadirWindow *self)
{
	const struct {
		const char *name;
		bool on;
	} actions[] = {{"import", self->document != NULL}, {"import-labels", self->document && self->collected}};
	for (guint i = 0; i < G_N_ELEMENTS(actions); i++) {
		GAction *a = g_action_map_lookup_action(G_ACTION_MAP(self), actions[i].name);
		g_simple_action_set_enabled(G_SIMPLE_ACTION(a), actions[i].on);
	}
}

void nadir_window_install_import(NadirWindow *self)
{
	g_action_map_add_action_entries(G_ACTION_MAP(self), entries, G_N_ELEMENTS(entries), self);
}
