/* The view as a sheet of paper: what is seen is gathered here, drawn and written in a thread. */
#include "app/window-private.h"

#include <glib/gi18n.h>

#include "app/document/map-sheet.h"

typedef struct {
	map_sheet *sheet;
	char *path;
} writing;

static void writing_free(void *data)
{
	writing *w = data;
	map_sheet_free(w->sheet);
	g_free(w->path);
	g_free(w);
}

static void write_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancel)
{
	const writing *w = data;
	GError *error = NULL;
	if (map_sheet_write(w->sheet, w->path, cancel, &error))
		g_task_return_boolean(task, TRUE);
	else
		g_task_return_error(task, error);
}

static void on_written(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(NadirWindow) self = data;
	g_autoptr(GError) error = NULL;
	const writing *w = g_task_get_task_data(G_TASK(result));
	if (!g_task_propagate_boolean(G_TASK(result), &error)) {
		nadir_window_show_error(self, error->message);
		return;
	}
	nadir_window_show_exported(self, w->path, "");
}

/* Oldest first, as the canvas draws them. */
static void add_objects(NadirDocument *d, map_sheet *sheet)
{
	GListModel *list = nadir_document_get_objects(d);
	if (nadir_document_get_hidden(d))
		return;
	for (guint i = g_list_model_get_n_items(list); i-- > 0;) {
		g_autoptr(NadirObject) o = g_list_model_get_item(list, i);
		if (!nadir_object_is_hidden(o))
			map_sheet_add(sheet, o, nadir_document_find_class(d, nadir_object_get_feature(o)->class_name));
	}
}

static void write_sheet(NadirWindow *self, const char *path)
{
	NadirDocument *d = self->document;
	NadirCanvas *canvas = self->work->canvas;
	const viewport *v = nadir_canvas_get_viewport(canvas);
	const raster_rect area = viewport_visible(v);
	if (area.w <= 0 || area.h <= 0) {
		nadir_window_show_notice(self, _("Nothing of the image is in sight: fit it in the window first."));
		return;
	}
	writing *w = g_new0(writing, 1);
	w->path = g_strdup(path);
	w->sheet = map_sheet_new(nadir_document_get_raster(d), nadir_document_get_georef(d), nadir_document_get_style(d),
	                         &area, nadir_document_get_title(d), nadir_document_get_opacity(d));
	const double turn = nadir_canvas_get_turn(canvas) * G_PI / 180;
	if (turn != 0) {
		double x, y;
		viewport_to_image(v, v->screen_w / 2.0, v->screen_h / 2.0, &x, &y);
		map_sheet_turn(w->sheet, turn, x, y, gtk_widget_get_width(GTK_WIDGET(canvas)) / v->scale,
		               gtk_widget_get_height(GTK_WIDGET(canvas)) / v->scale);
	}
	add_objects(d, w->sheet);
	g_autoptr(GTask) task = g_task_new(NULL, NULL, on_written, g_object_ref(self));
	g_task_set_task_data(task, w, writing_free);
	g_task_run_in_thread(task, write_thread);
}

static void on_chosen(NadirWindow *self, int response)
{
	g_autoptr(GFile) file =
		response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file(GTK_FILE_CHOOSER(self->chooser)) : NULL;
	g_autofree char *path = file ? g_file_get_path(file) : NULL;
	g_clear_object(&self->chooser);
	if (path && self->document)
		write_sheet(self, path);
}

void nadir_window_choose_sheet(NadirWindow *self)
{
	const char *image = raster_get_info(nadir_document_get_raster(self->document))->path;
	const char *place = nadir_document_get_project_path(self->document);
	g_autofree char *whole = g_path_get_basename(image), *folder = g_path_get_dirname(place ? place : image);
	char *dot = strrchr(whole, '.');
	if (dot > whole)
		*dot = 0;
	g_autofree char *name = g_strconcat(whole, "-view.pdf", NULL);
	g_autoptr(GFile) dir = g_file_new_for_path(folder);
	g_clear_object(&self->chooser);
	self->chooser =
		gtk_file_chooser_native_new(_("Export the View"), GTK_WINDOW(self), GTK_FILE_CHOOSER_ACTION_SAVE, NULL, NULL);
	static const char *const kinds[] = {"pdf", "svg", "png"};
	g_autoptr(GtkFileFilter) filter = gtk_file_filter_new();
	gtk_file_filter_set_name(filter, _("PDF, SVG or PNG"));
	for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
		gtk_file_filter_add_suffix(filter, kinds[i]);
	gtk_file_chooser_add_filter(GTK_FILE_CHOOSER(self->chooser), filter);
	gtk_file_chooser_set_current_folder(GTK_FILE_CHOOSER(self->chooser), dir, NULL);
	gtk_file_chooser_set_current_name(GTK_FILE_CHOOSER(self->chooser), name);
	gtk_native_dialog_set_modal(GTK_NATIVE_DIALOG(self->chooser), TRUE);
	g_signal_connect_swapped(self->chooser, "response", G_CALLBACK(on_chosen), self);
	gtk_native_dialog_show(GTK_NATIVE_DIALOG(self->chooser));
}
