/* The second view: another image or other bands of this one, over the canvas or beside it. */
#include "app/window-private.h"

#include <glib/gi18n.h>

#include "app/canvas/second-view.h"

typedef struct {
	raster *image;
	raster_style style;
	char *path, *bands, *stretch, *source, *title;
} looking;

static void looking_free(void *data)
{
	looking *l = data;
	g_clear_pointer(&l->image, raster_unref);
	g_free(l->path);
	g_free(l->bands);
	g_free(l->stretch);
	g_free(l->source);
	g_free(l->title);
	g_free(l);
}

static void open_second(GTask *task, gpointer source, gpointer data, GCancellable *cancel)
{
	looking *l = data;
	GError *error = NULL;
	if (!l->image)
		l->image = raster_open(l->path, cancel, &error);
	if (l->image && raster_style_resolve(l->image, l->bands, l->stretch, l->source, &l->style, cancel, &error))
		g_task_return_boolean(task, TRUE);
	else
		g_task_return_error(task, error);
}

void nadir_window_close_second(NadirWindow *self)
{
	GtkWidget *second = g_steal_pointer(&self->work->second);
	if (second)
		gtk_widget_unparent(second);
	g_cancellable_cancel(self->second_cancel);
	g_clear_object(&self->second_cancel);
	nadir_window_update_view_actions(self);
}

static void place_second(NadirWindow *self, const looking *l)
{
	NadirWorkspace *work = self->work;
	const gboolean beside = self->second_beside;
	if (work->second)
		gtk_widget_unparent(work->second);
	work->second = nadir_second_view_new(work->canvas, !beside);
	nadir_second_view_set_image(NADIR_SECOND_VIEW(work->second), l->image, &l->style, l->title);
	if (beside) /* over the image, below the floating tools */
		gtk_box_append(work->panes, work->second);
	else
		gtk_widget_insert_after(work->second, GTK_WIDGET(work->canvas_overlay), GTK_WIDGET(work->canvas));
	nadir_window_update_view_actions(self);
}

static void on_second_opened(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(NadirWindow) self = data;
	g_autoptr(GError) error = NULL;
	const bool ok = g_task_propagate_boolean(G_TASK(result), &error);
	if (g_task_get_cancellable(G_TASK(result)) != self->second_cancel || !self->document)
		return;
	if (ok)
		place_second(self, g_task_get_task_data(G_TASK(result)));
	else
		nadir_window_show_message(self, GTK_MESSAGE_ERROR, error->message, NULL);
}

/* Takes l. */
static void look(NadirWindow *self, looking *l)
{
	g_cancellable_cancel(self->second_cancel);
	g_clear_object(&self->second_cancel);
	self->second_cancel = g_cancellable_new();
	g_autoptr(GTask) task = g_task_new(NULL, self->second_cancel, on_second_opened, g_object_ref(self));
	g_task_set_task_data(task, l, looking_free);
	g_task_run_in_thread(task, open_second);
}

static void on_chosen(GtkNativeDialog *dialog, int response, NadirWindow *self)
{
	g_autoptr(GFile) file =
		response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file(GTK_FILE_CHOOSER(dialog)) : NULL;
	if (file && self->document) {
		looking *l = g_new0(looking, 1);
		l->path = g_file_get_path(file);
		if (!l->path)
			l->path = g_file_get_uri(file);
		l->title = g_file_get_basename(file);
		look(self, l);
	}
	gtk_native_dialog_destroy(dialog);
	g_clear_object(&self->second_chooser);
}

static void on_image(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	NadirWindow *self = data;
	if (self->second_chooser)
		return;
	self->second_chooser = gtk_file_chooser_native_new(_("Compare with an Image"), GTK_WINDOW(self),
	                                                   GTK_FILE_CHOOSER_ACTION_OPEN, _("_Compare"), NULL);
	gtk_native_dialog_set_modal(GTK_NATIVE_DIALOG(self->second_chooser), TRUE);
	g_signal_connect(self->second_chooser, "response", G_CALLBACK(on_chosen), self);
	gtk_native_dialog_show(GTK_NATIVE_DIALOG(self->second_chooser));
}

/* With presets one after the other; without, the automatic look and then each band by itself. */
static void on_bands(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	NadirWindow *self = data;
	raster *image = nadir_document_get_raster(self->document);
	const raster_info *info = raster_get_info(image);
	g_autoptr(GPtrArray) presets = raster_presets(image);
	looking *l = g_new0(looking, 1);
	const guint n = presets->len + 1 + (guint)info->n_bands, at = self->second_turn++ % n;
	l->image = raster_ref(image);
	if (at < presets->len) {
		const raster_preset *p = presets->pdata[at];
		l->bands = g_strdup(p->bands);
		l->stretch = g_strdup(p->stretch);
		l->source = g_strdup(p->source);
		l->title = g_strdup(_(p->title));
	} else if (at == presets->len) {
		l->title = g_strdup(_("Automatic view"));
	} else {
		g_autofree char *band = nadir_band_title(info, (int)(at - presets->len - 1));
		l->bands = g_strdup_printf("%u", at - presets->len);
		l->title = g_strdup_printf(_("Band %s"), band);
	}
	look(self, l);
}

static void change_beside(GSimpleAction *action, GVariant *state, gpointer data)
{
	NadirWindow *self = data;
	self->second_beside = g_variant_get_boolean(state);
	g_simple_action_set_state(action, state);
	if (!self->work->second)
		return;
	looking l = {0};
	g_autofree char *title = NULL;
	g_autoptr(raster) image = nadir_second_view_get_image(NADIR_SECOND_VIEW(self->work->second), &l.style, &title);
	l.image = image;
	l.title = title;
	place_second(self, &l);
}

static void on_close(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	nadir_window_close_second(data);
}

static const GActionEntry entries[] = {
	{.name = "second-image", .activate = on_image},
	{.name = "second-bands", .activate = on_bands},
	{.name = "second-beside", .state = "false", .change_state = change_beside},
	{.name = "second-close", .activate = on_close},
};

void nadir_window_install_second(NadirWindow *self)
{
	g_action_map_add_action_entries(G_ACTION_MAP(self), entries, G_N_ELEMENTS(entries), self);
}

void nadir_window_update_second(NadirWindow *self)
{
	for (guint i = 0; i < G_N_ELEMENTS(entries); i++) {
		GAction *action = g_action_map_lookup_action(G_ACTION_MAP(self), entries[i].name);
		g_simple_action_set_enabled(G_SIMPLE_ACTION(action),
		                            self->document && (self->work->second || entries[i].activate != on_close));
	}
}
