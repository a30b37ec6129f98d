/* How an image comes into the window: chooser, drop, recent files; and where its project goes. */
#include "app/window-import.h"
#include "app/window-private.h"

#include <glib/gi18n.h>
#include <string.h>

#include "app/engine/paths.h"

#define SPINNER_AFTER 200 /* ms: quicker than that a spinner is only a flicker */

static NadirApplication *get_app(NadirWindow *self)
{
	return NADIR_APPLICATION(gtk_window_get_application(GTK_WINDOW(self)));
}

/* --- opening --- */

static gboolean show_spinner(gpointer data)
{
	NadirWindow *self = data;
	g_autofree char *name = g_file_get_basename(self->file);
	g_autofree char *text = g_strdup_printf(_("Opening %s…"), name);
	self->opening_source = 0;
	gtk_label_set_text(self->opening_text, text);
	gtk_widget_set_opacity(self->opening_box, 1);
	return G_SOURCE_REMOVE;
}

static void on_opened(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(NadirWindow) self = data;
	g_autoptr(GError) error = NULL;
	g_autoptr(NadirDocument) document = nadir_document_open_finish(result, &error);
	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED) || !self->opening)
		return; /* another file took its place, or the window closed */
	g_clear_object(&self->opening);
	g_clear_handle_id(&self->opening_source, g_source_remove);
	if (!document) {
		g_autofree char *uri = g_file_get_uri(self->file);
		nadir_application_remove_recent(get_app(self), uri);
		nadir_window_show_error(self, error->message);
		nadir_window_set_document(self, NULL);
		return;
	}
	nadir_application_add_recent(get_app(self), self->file);
	nadir_window_set_document(self, document);
	const char *damage = nadir_document_get_damage(document);
	if (damage)
		nadir_window_show_message(self, GTK_MESSAGE_WARNING, damage, "win.save-repaired");
	else if (nadir_document_get_passed_over(document))
		nadir_window_show_message(self, GTK_MESSAGE_WARNING, nadir_document_get_passed_over(document), NULL);
	else
		nadir_window_offer_labels(self);
}

static void fail_opening(NadirWindow *self, const GError *error)
{
	g_clear_object(&self->opening);
	g_clear_handle_id(&self->opening_source, g_source_remove);
	nadir_window_show_error(self, error->message);
	nadir_window_set_document(self, NULL);
}

static void on_collected(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(NadirWindow) self = data;
	g_autoptr(GError) error = NULL;
	g_autofree char *path = g_task_propagate_pointer(G_TASK(result), &error);
	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED) || !self->opening)
		return;
	if (!path) {
		fail_opening(self, error);
		return;
	}
	g_autoptr(GFile) file = g_file_new_for_path(path);
	self->collected = g_file_get_path(self->file);
	g_set_object(&self->file, file);
	nadir_document_open_async(file, self->service, self->opening, on_opened, g_object_ref(self));
}

void nadir_window_open(NadirWindow *self, GFile *file)
{
	g_return_if_fail(NADIR_IS_WINDOW(self) && G_IS_FILE(file));
	if (g_file_has_uri_scheme(file, "postgresql") || g_file_has_uri_scheme(file, "postgres")) {
		g_autofree char *address = g_file_get_uri(file);
		nadir_window_open_shared(self, address);
		return;
	}
	g_cancellable_cancel(self->opening);
	g_clear_object(&self->opening);
	self->opening = g_cancellable_new();
	nadir_window_set_document(self, NULL); /* closes a project before it is opened once more */
	gtk_info_bar_set_revealed(self->info_bar, FALSE);
	gtk_widget_set_opacity(self->opening_box, 0);
	g_set_object(&self->file, file);
	g_clear_pointer(&self->collected, g_free);
	g_clear_pointer(&self->service, service_unref);
	self->service = service_ref(nadir_application_get_service(get_app(self)));
	g_clear_handle_id(&self->opening_source, g_source_remove);
	self->opening_source = g_timeout_add(SPINNER_AFTER, show_spinner, self);
	if (nadir_window_is_collection(file))
		nadir_window_collect(file, self->opening, on_collected, g_object_ref(self));
	else
		nadir_document_open_async(file, self->service, self->opening, on_opened, g_object_ref(self));
}

void nadir_window_reload(NadirWindow *self)
{
	if (!self->file || !self->document)
		return;
	g_autoptr(GFile) file = g_object_ref(self->file);
	nadir_window_open(self, file);
}

/* A window that shows an image keeps it. */
void nadir_window_open_beside(NadirWindow *self, GFile *file)
{
	NadirWindow *target = self;
	if (!nadir_window_is_empty(self)) {
		target = nadir_window_new(get_app(self));
		gtk_window_present(GTK_WINDOW(target));
	}
	nadir_window_open(target, file);
}

/* --- chooser --- */

static void on_file_chosen(NadirWindow *self, int response)
{
	if (response == GTK_RESPONSE_ACCEPT) {
		g_autoptr(GListModel) files = gtk_file_chooser_get_files(GTK_FILE_CHOOSER(self->chooser));
		const guint n = g_list_model_get_n_items(files);
		for (guint i = 0; i < n; i++) {
			g_autoptr(GFile) file = g_list_model_get_item(files, i);
			nadir_window_open_beside(self, file);
		}
	}
	g_clear_object(&self->chooser);
}

static void add_filter(GtkFileChooser *chooser, const char *name, const char *const *patterns)
{
	g_autoptr(GtkFileFilter) filter = gtk_file_filter_new();
	gtk_file_filter_set_name(filter, name);
	for (; *patterns; patterns++)
		gtk_file_filter_add_suffix(filter, *patterns);
	gtk_file_chooser_add_filter(chooser, filter);
}

void nadir_window_choose_file(NadirWindow *self)
{
	static const char *const images[] = {"tif",  "tiff", "vrt", "jp2", "png",  "jpg", "jpeg", "ntf",
	                                     "nitf", "img",  "nc",  "hdf", "gpkg", "bil", NULL};
	g_clear_object(&self->chooser);
	self->chooser = gtk_file_chooser_native_new(_("Open Images or Projects"), GTK_WINDOW(self),
	                                            GTK_FILE_CHOOSER_ACTION_OPEN, NULL, NULL);
	GtkFileChooser *chooser = GTK_FILE_CHOOSER(self->chooser);
	g_autoptr(GtkFileFilter) all = gtk_file_filter_new();
	add_filter(chooser, _("Images and projects"), images);
	gtk_file_filter_set_name(all, _("All files"));
	gtk_file_filter_add_pattern(all, "*");
	gtk_file_chooser_add_filter(chooser, all);
	gtk_file_chooser_set_select_multiple(chooser, TRUE);
	gtk_native_dialog_set_modal(GTK_NATIVE_DIALOG(self->chooser), TRUE);
	g_signal_connect_swapped(self->chooser, "response", G_CALLBACK(on_file_chosen), self);
	gtk_native_dialog_show(GTK_NATIVE_DIALOG(self->chooser));
}

static void on_place_chosen(NadirWindow *self, int response)
{
	g_autoptr(GFile) file =
		response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file(GTK_FILE_CHOOSER(self->chooser)) : NULL;
	g_autofree char *path = file ? g_file_get_path(file) : NULL;
	g_clear_object(&self->chooser);
	if (path && self->document)
		nadir_document_save_as(self->document, path);
}

/* Beside the damaged project, which is kept. */
static char *repaired_path(const char *image)
{
	g_autofree char *path = project_default_path(image);
	char *end = g_strrstr(path, ".nadir.gpkg");
	if (end)
		*end = '\0';
	return g_strconcat(path, _("-repaired"), ".nadir.gpkg", NULL);
}

void nadir_window_choose_save_as(NadirWindow *self)
{
	const char *place = nadir_document_get_project_path(self->document);
	const char *image = raster_get_info(nadir_document_get_raster(self->document))->path;
	const char *damage = nadir_document_get_damage(self->document);
	g_autofree char *path = damage ? repaired_path(image) : place ? g_strdup(place) : project_default_path(image);
	g_autoptr(GFile) file = g_file_new_for_path(path);
	g_autoptr(GFile) folder = g_file_get_parent(file);
	g_autofree char *name = g_file_get_basename(file);
	g_clear_object(&self->chooser);
	self->chooser =
		gtk_file_chooser_native_new(_("Save Project As"), GTK_WINDOW(self), GTK_FILE_CHOOSER_ACTION_SAVE, NULL, NULL);
	gtk_file_chooser_set_current_folder(GTK_FILE_CHOOSER(self->chooser), folder, NULL);
	gtk_file_chooser_set_current_name(GTK_FILE_CHOOSER(self->chooser), name);
	gtk_native_dialog_set_modal(GTK_NATIVE_DIALOG(self->chooser), TRUE);
	g_signal_connect_swapped(self->chooser, "response", G_CALLBACK(on_place_chosen), self);
	gtk_native_dialog_show(GTK_NATIVE_DIALOG(self->chooser));
}

/* --- recent files --- */

static char *home_relative(GFile *folder)
{
	g_autoptr(GFile) home = g_file_new_for_path(g_get_home_dir());
	g_autofree char *inside = folder ? g_file_get_relative_path(home, folder) : NULL;
	if (inside)
		return g_strdup_printf("~/%s", inside);
	return folder ? g_file_get_parse_name(folder) : g_strdup("");
}

static GtkWidget *make_recent_row(const char *uri)
{
	g_autoptr(GFile) file = g_file_new_for_uri(uri);
	g_autoptr(GFile) folder = g_file_get_parent(file);
	g_autofree char *name = g_file_get_basename(file), *where = home_relative(folder);
	GtkWidget *row = adw_action_row_new();
	adw_preferences_row_set_use_markup(ADW_PREFERENCES_ROW(row), FALSE);
	adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), name);
	g_autofree char *subtitle = g_markup_escape_text(where, -1);
	adw_action_row_set_subtitle(ADW_ACTION_ROW(row), subtitle);
	adw_action_row_set_subtitle_lines(ADW_ACTION_ROW(row), 1);
	adw_action_row_add_prefix(ADW_ACTION_ROW(row), gtk_image_new_from_icon_name("image-x-generic-symbolic"));
	gtk_list_box_row_set_activatable(GTK_LIST_BOX_ROW(row), TRUE);
	gtk_actionable_set_action_name(GTK_ACTIONABLE(row), "win.open-recent");
	gtk_actionable_set_action_target_value(GTK_ACTIONABLE(row), g_variant_new_string(uri));
	return row;
}

static void update_recent(NadirWindow *self)
{
	if (!get_app(self))
		return;
	g_auto(GStrv) recent = g_settings_get_strv(nadir_application_get_settings(get_app(self)), "recent-files");
	GtkWidget *row;
	g_menu_remove_all(self->recent_menu);
	while ((row = gtk_widget_get_first_child(GTK_WIDGET(self->recent_list))))
		gtk_list_box_remove(self->recent_list, row);
	for (guint i = 0; recent[i]; i++) {
		g_autoptr(GFile) file = g_file_new_for_uri(recent[i]);
		g_autofree char *name = g_file_get_basename(file);
		g_autoptr(GMenuItem) item = g_menu_item_new(name, NULL);
		g_menu_item_set_action_and_target(item, "win.open-recent", "s", recent[i]);
		g_menu_append_item(self->recent_menu, item);
		if (i < 3)
			gtk_list_box_append(self->recent_list, make_recent_row(recent[i]));
	}
	gtk_widget_set_visible(self->recent_box, recent[0] != NULL);
}

/* --- drag and drop --- */

/* What was dragged out of this program is nothing to open in it. */
static gboolean on_accept(GtkDropTarget *target, GdkDrop *drop)
{
	return !gdk_drop_get_drag(drop) &&
	       gdk_content_formats_contain_gtype(gdk_drop_get_formats(drop), GDK_TYPE_FILE_LIST);
}

static gboolean on_drop(NadirWindow *self, const GValue *value)
{
	if (!G_VALUE_HOLDS(value, GDK_TYPE_FILE_LIST))
		return FALSE;
	for (GSList *l = g_value_get_boxed(value); l; l = l->next)
		nadir_window_open_beside(self, l->data);
	return TRUE;
}

void nadir_window_setup_open(NadirWindow *self)
{
	GSettings *settings = nadir_application_get_settings(get_app(self));
	GtkDropTarget *target = gtk_drop_target_new(GDK_TYPE_FILE_LIST, GDK_ACTION_COPY);
	g_signal_connect(target, "accept", G_CALLBACK(on_accept), NULL);
	g_signal_connect_object(target, "drop", G_CALLBACK(on_drop), self, G_CONNECT_SWAPPED);
	gtk_widget_add_controller(GTK_WIDGET(self->toasts), GTK_EVENT_CONTROLLER(target));
	g_signal_connect_object(settings, "changed::recent-files", G_CALLBACK(update_recent), self, G_CONNECT_SWAPPED);
	update_recent(self);
}
