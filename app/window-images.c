/* The project's images in the window: the list, going from one to another, adding more, and what is said of one. */
#include "app/document/document-file.h"
#include "app/document/document-images.h"
#include "app/window-private.h"

#include <glib/gi18n.h>
#include <string.h>

/* --- a folder, list or data set --- */

bool nadir_window_is_collection(GFile *file)
{
	static const char *const lists[] = {".txt", ".lst", ".json", ".jsonl", ".yaml", ".yml"};
	g_autofree char *path = g_file_get_path(file);
	if (path && g_file_test(path, G_FILE_TEST_IS_DIR))
		return true;
	for (guint i = 0; path && i < G_N_ELEMENTS(lists); i++)
		if (g_str_has_suffix(path, lists[i]))
			return true;
	return false;
}

static void collect_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancel)
{
	GError *error = NULL;
	char *path = nadir_project_of_folder(data, &error);
	if (path)
		g_task_return_pointer(task, path, g_free);
	else
		g_task_return_error(task, error);
}

void nadir_window_collect(GFile *file, GCancellable *cancel, GAsyncReadyCallback done, void *data)
{
	g_autoptr(GTask) task = g_task_new(NULL, cancel, done, data);
	g_task_set_task_data(task, g_file_get_path(file), g_free);
	g_task_run_in_thread(task, collect_thread);
}

/* --- another image --- */

/* Cancelled: there is a newer wish, or another project. */
static void on_not_opened(NadirWindow *self, const GError *error)
{
	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return;
	self->wanted_image = 0;
	nadir_window_show_error(self, error->message);
}

static void on_image_opened(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(NadirWindow) self = data;
	g_autoptr(GError) error = NULL;
	g_autoptr(NadirDocument) d = nadir_document_open_finish(result, &error);
	if (d)
		nadir_window_change_document(self, d);
	else
		on_not_opened(self, error);
}

static void on_image_found(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(NadirWindow) self = data;
	g_autoptr(GError) error = NULL;
	g_autofree char *path = nadir_document_find_image_finish(result, &error);
	if (path && self->document && source == G_OBJECT(self->document) && !self->review)
		nadir_document_open_image_async(self->document, self->wanted_image, path, NULL, self->going, on_image_opened,
		                                g_object_ref(self));
	else if (!path)
		on_not_opened(self, error);
	else
		self->wanted_image = 0; /* a review began in the meantime */
}

/* The newest wish counts: what is on its way is dropped. */
static void go_to_image(NadirWindow *self, gint64 image)
{
	if (!self->document || self->review || image == 0)
		return;
	if (nadir_canvas_is_drawing(self->work->canvas)) { /* corner after corner by hand would be gone */
		nadir_window_show_notice(self, _("The drawing is not ended yet: Enter keeps it, Esc drops it."));
		return;
	}
	g_cancellable_cancel(self->going);
	g_clear_object(&self->going);
	self->going = g_cancellable_new();
	self->wanted_image = image;
	nadir_document_find_image_async(self->document, image, self->going, on_image_found, g_object_ref(self));
}

static void on_open(NadirWindow *self, gint64 image)
{
	go_to_image(self, image);
}

/* A second key goes on from the image that the first one asked for, though that is not open yet. */
static void step(NadirWindow *self, int direction, bool unreviewed)
{
	const gint64 image = nadir_panel_images_step(self->work->images, self->wanted_image, direction, unreviewed);
	if (image > 0)
		go_to_image(self, image);
	else if (unreviewed)
		nadir_window_show_notice(self, direction > 0 ? _("No later image of this list is new or in work.")
		                                             : _("No earlier image of this list is new or in work."));
	else
		nadir_window_show_notice(self, direction > 0 ? _("This is the last image of the list.")
		                                             : _("This is the first image of the list."));
}

/* --- adding --- */

static void on_added(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(NadirWindow) self = data;
	g_autoptr(GError) error = NULL;
	const int n = nadir_document_add_images_finish(result, &error);
	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return; /* the document was closed */
	if (n < 0) {
		nadir_window_show_error(self, error->message);
		return;
	}
	g_autofree char *sentence =
		n == 0
			? g_strdup(_("The project holds all of them already."))
			: g_strdup_printf(ngettext("%d image is new in the project.", "%d images are new in the project.", n), n);
	nadir_window_show_notice(self, sentence);
	nadir_panel_images_reload(self->work->images);
}

static void on_chosen(NadirWindow *self, int response)
{
	g_autoptr(GListModel) files =
		response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_files(GTK_FILE_CHOOSER(self->chooser)) : NULL;
	g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
	g_clear_object(&self->chooser);
	for (guint i = 0; files && i < g_list_model_get_n_items(files); i++) {
		g_autoptr(GFile) file = g_list_model_get_item(files, i);
		char *path = g_file_get_path(file);
		if (path)
			g_ptr_array_add(paths, path);
	}
	if (paths->len == 0 || !self->document)
		return;
	g_ptr_array_add(paths, NULL);
	nadir_document_add_images_async(self->document, (const char *const *)paths->pdata, on_added, g_object_ref(self));
}

static void on_folder_chosen(NadirWindow *self, int response)
{
	g_autoptr(GFile) file =
		response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file(GTK_FILE_CHOOSER(self->chooser)) : NULL;
	g_clear_object(&self->chooser);
	if (file)
		nadir_window_open_beside(self, file);
}

static void choose(NadirWindow *self, const char *title, GtkFileChooserAction action, GCallback answer)
{
	g_clear_object(&self->chooser);
	self->chooser = gtk_file_chooser_native_new(title, GTK_WINDOW(self), action, NULL, NULL);
	gtk_file_chooser_set_select_multiple(GTK_FILE_CHOOSER(self->chooser), action == GTK_FILE_CHOOSER_ACTION_OPEN);
	gtk_native_dialog_set_modal(GTK_NATIVE_DIALOG(self->chooser), TRUE);
	g_signal_connect_swapped(self->chooser, "response", answer, self);
	gtk_native_dialog_show(GTK_NATIVE_DIALOG(self->chooser));
}

/* --- actions --- */

#define ACTION(name) static void name(GSimpleAction *action, GVariant *parameter, gpointer data)

ACTION(on_open_folder)
{
	choose(data, _("Open a Folder of Images"), GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER, G_CALLBACK(on_folder_chosen));
}

ACTION(on_add_images)
{
	choose(data, _("Add Images, Lists or Data Sets"), GTK_FILE_CHOOSER_ACTION_OPEN, G_CALLBACK(on_chosen));
}

ACTION(on_add_folder)
{
	choose(data, _("Add a Folder of Images"), GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER, G_CALLBACK(on_chosen));
}

static void change_images(GSimpleAction *action, GVariant *state, gpointer data)
{
	NadirWindow *self = data;
	self->images_hidden = !g_variant_get_boolean(state);
	gtk_widget_set_visible(GTK_WIDGET(self->work->images), !self->images_hidden);
	g_simple_action_set_state(action, state);
}

ACTION(on_find_image)
{
	NadirWindow *self = data;
	g_action_group_change_action_state(G_ACTION_GROUP(self), "images", g_variant_new_boolean(TRUE));
	nadir_panel_images_focus_search(self->work->images);
}

ACTION(on_next_image)
{
	step(data, 1, g_str_equal(g_variant_get_string(parameter, NULL), "unreviewed"));
}

ACTION(on_previous_image)
{
	step(data, -1, g_str_equal(g_variant_get_string(parameter, NULL), "unreviewed"));
}

/* Said once more, it is taken back. */
ACTION(on_image_state)
{
	NadirWindow *self = data;
	const gint64 image = nadir_panel_images_get_shown(self->work->images);
	const image_state wanted = g_str_equal(g_variant_get_string(parameter, NULL), "done") ? IMAGE_DONE : IMAGE_FLAGGED;
	const bool is = nadir_panel_images_get_state(self->work->images) == (int)wanted;
	nadir_document_set_image_state(self->document, image, is ? IMAGE_STATES : wanted);
	nadir_panel_images_update(self->work->images);
}

#undef ACTION

static const GActionEntry entries[] = {
	{.name = "open-folder", .activate = on_open_folder},
	{.name = "images", .state = "false", .change_state = change_images},
	{.name = "find-image", .activate = on_find_image},
	{.name = "add-images", .activate = on_add_images},
	{.name = "add-folder", .activate = on_add_folder},
	{.name = "next-image", .activate = on_next_image, .parameter_type = "s"},
	{.name = "previous-image", .activate = on_previous_image, .parameter_type = "s"},
	{.name = "image-state", .activate = on_image_state, .parameter_type = "s"},
};

static void enable(NadirWindow *self, const char *name, bool enabled)
{
	g_simple_action_set_enabled(G_SIMPLE_ACTION(g_action_map_lookup_action(G_ACTION_MAP(self), name)), enabled);
}

void nadir_window_update_images(NadirWindow *self)
{
	const bool open = self->document != NULL, many = open && nadir_panel_images_get_total(self->work->images) > 1;
	enable(self, "images", open);
	enable(self, "find-image", open);
	enable(self, "add-images", open);
	enable(self, "add-folder", open);
	enable(self, "next-image", many && !self->review);
	enable(self, "previous-image", many && !self->review);
	enable(self, "image-state", open && nadir_panel_images_get_shown(self->work->images) > 0);
}

/* Where there is more than one image their list is shown, unless somebody closed it. */
static void on_loaded(NadirWindow *self)
{
	if (nadir_panel_images_get_total(self->work->images) > 1 && !self->images_hidden)
		g_action_group_change_action_state(G_ACTION_GROUP(self), "images", g_variant_new_boolean(TRUE));
	nadir_window_update_images(self);
}

void nadir_window_install_images(NadirWindow *self)
{
	g_action_map_add_action_entries(G_ACTION_MAP(self), entries, G_N_ELEMENTS(entries), self);
	g_signal_connect_object(self->work->images, "open", G_CALLBACK(on_open), self, G_CONNECT_SWAPPED);
	g_signal_connect_object(self->work->images, "loaded", G_CALLBACK(on_loaded), self, G_CONNECT_SWAPPED);
}
