/* The window's work on many images: `nadir batch` beside it, its results into the project. */
#include "app/window-batch.h"
#include "app/window-private.h"

#include "app/panel/batch-window.h"

static void on_taken(NadirWindow *self)
{
	nadir_panel_images_reload(self->work->images);
}

static void on_batch(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	NadirWindow *self = data;
	GSettings *settings = nadir_application_get_settings(NADIR_APPLICATION(gtk_window_get_application(data)));
	if (!self->batch_window) {
		g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
		g_autofree char *device = g_settings_get_string(settings, "device");
		g_autofree char *chat_model = g_settings_get_string(settings, "chat-model");
		GtkWidget *w = nadir_batch_window_new(GTK_WINDOW(self), self->document, program ? program : g_get_prgname(),
		                                      device, chat_model);
		g_signal_connect_object(w, "taken", G_CALLBACK(on_taken), self, G_CONNECT_SWAPPED);
		g_set_weak_pointer(&self->batch_window, GTK_WINDOW(w));
	}
	gtk_window_present(self->batch_window);
}

/* Another image of the project goes on with the work; another project ends it. */
void nadir_window_follow_batch(NadirWindow *self)
{
	const char *now = self->document ? nadir_document_get_project_path(self->document) : NULL;
	if (!self->batch_window)
		return;
	if (now && g_strcmp0(now, nadir_batch_window_get_project(NADIR_BATCH_WINDOW(self->batch_window))) == 0) {
		nadir_batch_window_set_document(NADIR_BATCH_WINDOW(self->batch_window), self->document);
		return;
	}
	GtkWindow *shown = self->batch_window;
	g_clear_weak_pointer(&self->batch_window);
	gtk_window_destroy(shown);
}

static const GActionEntry entries[] = {{.name = "batch", .activate = on_batch}};

void nadir_window_update_batch_actions(NadirWindow *self)
{
	GAction *action = g_action_map_lookup_action(G_ACTION_MAP(self), "batch");
	g_simple_action_set_enabled(G_SIMPLE_ACTION(action), self->document != NULL);
}

void nadir_window_install_batch_actions(NadirWindow *self)
{
	g_action_map_add_action_entries(G_ACTION_MAP(self), entries, G_N_ELEMENTS(entries), self);
}
