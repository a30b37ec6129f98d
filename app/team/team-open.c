#include "app/team/team-open.h"

#include <adwaita.h>
#include <glib/gi18n.h>

#include "app/engine/paths.h"
#include "render/server/server.h"

/* One file an address: its name is readable, and no two addresses share it. */
static char *copy_path(const char *address)
{
	g_autofree char *folder = g_build_filename(paths_user_dir(), "teams", NULL);
	g_autofree char *name = server_name(address), *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, address, -1);
	g_autofree char *file = g_strdup_printf("%s-%.8s.nadir.gpkg", name, hash);
	g_mkdir_with_parents(folder, 0700);
	g_strdelimit(file, "/ :", '-');
	return g_build_filename(folder, file, NULL);
}

static bool update(const char *address, const char *path, GError **error)
{
	team_counts counts = {0};
	g_autoptr(server) s = server_open(address, error);
	g_autoptr(project) p = NULL;
	if (s)
		p = g_file_test(path, G_FILE_TEST_EXISTS) ? project_open(path, error) : project_create(path, error);
	if (!p || !team_link(p, server_project(s), address, error) || !server_sync(s, p, &counts, error))
		return false;
	g_autoptr(GPtrArray) images = project_images(p, error);
	if (images && images->len == 0)
		g_set_error_literal(error, SERVER_ERROR, SERVER_ERROR_FAILED,
		                    _("The shared project holds no image yet: open an image, mark something, and share its "
		                      "project with “nadir sync ADDRESS PROJECT”."));
	return images && images->len > 0;
}

static void work(GTask *task, gpointer source, gpointer data, GCancellable *cancel)
{
	const char *address = data;
	GError *error = NULL;
	if (!server_check_address(address, &error)) {
		g_task_return_error(task, error);
		return;
	}
	g_autofree char *path = copy_path(address);
	const bool there = g_file_test(path, G_FILE_TEST_EXISTS);
	if (!update(address, path, &error) && !(there && g_error_matches(error, SERVER_ERROR, SERVER_ERROR_AWAY))) {
		g_task_return_error(task, error);
		return;
	}
	g_clear_error(&error);
	g_task_return_pointer(task, g_file_new_for_path(path), g_object_unref);
}

void nadir_team_open_async(const char *address, GCancellable *cancel, GAsyncReadyCallback done, void *data)
{
	g_return_if_fail(address != NULL);
	g_autoptr(GTask) task = g_task_new(NULL, cancel, done, data);
	g_task_set_source_tag(task, nadir_team_open_async);
	g_task_set_task_data(task, g_strdup(address), g_free);
	g_task_run_in_thread(task, work);
}

GFile *nadir_team_open_finish(GAsyncResult *result, GError **error)
{
	g_return_val_if_fail(g_async_result_is_tagged(result, nadir_team_open_async), NULL);
	return g_task_propagate_pointer(G_TASK(result), error);
}

/* --- the address --- */

static void on_response(AdwMessageDialog *dialog, const char *response, void (*chosen)(GtkWindow *, const char *))
{
	GtkEditable *entry = GTK_EDITABLE(adw_message_dialog_get_extra_child(dialog));
	if (g_str_equal(response, "open") && *gtk_editable_get_text(entry))
		chosen(gtk_window_get_transient_for(GTK_WINDOW(dialog)), gtk_editable_get_text(entry));
}

void nadir_team_ask_address(GtkWindow *parent, void (*chosen)(GtkWindow *parent, const char *address))
{
	GtkWidget *dialog =
		adw_message_dialog_new(parent, _("Open Shared Project"),
	                           _("The address of the team's database. The password is taken from ~/.pgpass or "
	                             "the file that PGPASSFILE names."));
	GtkWidget *entry = gtk_entry_new();
	gtk_entry_set_placeholder_text(GTK_ENTRY(entry), "postgresql://anna@db.example.org/survey");
	gtk_entry_set_activates_default(GTK_ENTRY(entry), TRUE);
	gtk_accessible_update_property(GTK_ACCESSIBLE(entry), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Address"), -1);
	adw_message_dialog_set_extra_child(ADW_MESSAGE_DIALOG(dialog), entry);
	adw_message_dialog_add_responses(ADW_MESSAGE_DIALOG(dialog), "cancel", _("_Cancel"), "open", _("_Open"), NULL);
	adw_message_dialog_set_response_appearance(ADW_MESSAGE_DIALOG(dialog), "open", ADW_RESPONSE_SUGGESTED);
	adw_message_dialog_set_default_response(ADW_MESSAGE_DIALOG(dialog), "open");
	adw_message_dialog_set_close_response(ADW_MESSAGE_DIALOG(dialog), "cancel");
	g_signal_connect(dialog, "response", G_CALLBACK(on_response), chosen);
	gtk_window_present(GTK_WINDOW(dialog));
}
