#include "app/panel/overview-progress.h"

#include <glib/gi18n.h>

#include "render/raster/raster-overviews.h"

#define LOOK_MS 250

struct _NadirOverviewProgress {
	GtkWidget parent_instance;

	GtkLabel *label;
	GtkProgressBar *bar;

	/* Owned */
	NadirDocument *document;
	GCancellable *cancel; /* of what is being made; NULL: nothing */
	guint look;           /* source id */
	gint *percent;        /* atomic, shared with the thread by reference counting */
};

G_DEFINE_FINAL_TYPE(NadirOverviewProgress, nadir_overview_progress, GTK_TYPE_WIDGET)

typedef struct {
	raster *image;
	gint *percent;
} making;

static void making_free(void *data)
{
	making *m = data;
	raster_unref(m->image);
	g_atomic_rc_box_release(m->percent);
	g_free(m);
}

static void note(double done, void *data)
{
	g_atomic_int_set((gint *)data, (gint)(100 * done));
}

static void make(GTask *task, gpointer source, gpointer data, GCancellable *cancel)
{
	making *m = data;
	GError *error = NULL;
	if (raster_overviews_build(m->image, note, m->percent, cancel, &error))
		g_task_return_boolean(task, TRUE);
	else
		g_task_return_error(task, error);
}

static void show(NadirOverviewProgress *self)
{
	const int percent = self->percent ? g_atomic_int_get(self->percent) : 0;
	g_autofree char *text = g_strdup_printf(_("Overviews… %d %%"), percent);
	gtk_label_set_text(self->label, text);
	gtk_progress_bar_set_fraction(self->bar, percent / 100.0);
	gtk_widget_set_visible(GTK_WIDGET(self), self->cancel != NULL);
}

static gboolean on_look(gpointer data)
{
	show(data);
	return G_SOURCE_CONTINUE;
}

static void stop(NadirOverviewProgress *self)
{
	g_cancellable_cancel(self->cancel);
	g_clear_object(&self->cancel);
	g_clear_handle_id(&self->look, g_source_remove);
	g_clear_pointer(&self->percent, g_atomic_rc_box_release);
	show(self);
}

static void on_made(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(NadirOverviewProgress) self = data;
	g_autoptr(GError) error = NULL;
	const bool ok = g_task_propagate_boolean(G_TASK(result), &error);
	if (g_task_get_cancellable(G_TASK(result)) != self->cancel)
		return;
	stop(self);
	/* What cannot be kept is only slower to look at: a notice, not a failure. */
	if (!ok && self->document)
		nadir_document_notify_user(self->document, error->message);
}

static void start(NadirOverviewProgress *self)
{
	making *m = g_new0(making, 1);
	stop(self);
	self->cancel = g_cancellable_new();
	self->percent = g_atomic_rc_box_new0(gint);
	m->image = raster_ref(nadir_document_get_raster(self->document));
	m->percent = g_atomic_rc_box_acquire(self->percent);
	g_autoptr(GTask) task = g_task_new(NULL, self->cancel, on_made, g_object_ref(self));
	g_task_set_task_data(task, m, making_free);
	g_task_run_in_thread(task, make);
	self->look = g_timeout_add(LOOK_MS, on_look, self);
	show(self);
}

void nadir_overview_progress_start(NadirOverviewProgress *self)
{
	g_return_if_fail(NADIR_IS_OVERVIEW_PROGRESS(self));
	if (!self->document || self->cancel)
		return;
	switch (raster_get_overviews(nadir_document_get_raster(self->document))) {
	case RASTER_OVERVIEWS_MISSING:
		start(self);
		break;
	case RASTER_OVERVIEWS_THERE:
		nadir_document_notify_user(self->document, _("The overviews of this image are there already."));
		break;
	case RASTER_OVERVIEWS_NEEDLESS:
		nadir_document_notify_user(self->document, _("This image needs no overviews: it is small or has its own."));
		break;
	}
}

void nadir_overview_progress_set_document(NadirOverviewProgress *self, NadirDocument *document)
{
	g_return_if_fail(NADIR_IS_OVERVIEW_PROGRESS(self));
	if (!g_set_object(&self->document, document))
		return;
	stop(self);
	if (document && raster_get_overviews(nadir_document_get_raster(document)) == RASTER_OVERVIEWS_MISSING)
		start(self);
}

static void nadir_overview_progress_dispose(GObject *object)
{
	NadirOverviewProgress *self = NADIR_OVERVIEW_PROGRESS(object);
	GtkWidget *child;
	g_cancellable_cancel(self->cancel);
	g_clear_object(&self->cancel);
	g_clear_handle_id(&self->look, g_source_remove);
	g_clear_pointer(&self->percent, g_atomic_rc_box_release);
	g_clear_object(&self->document);
	while ((child = gtk_widget_get_first_child(GTK_WIDGET(self))))
		gtk_widget_unparent(child);
	G_OBJECT_CLASS(nadir_overview_progress_parent_class)->dispose(object);
}

static void nadir_overview_progress_class_init(NadirOverviewProgressClass *klass)
{
	G_OBJECT_CLASS(klass)->dispose = nadir_overview_progress_dispose;
	gtk_widget_class_set_layout_manager_type(GTK_WIDGET_CLASS(klass), GTK_TYPE_BOX_LAYOUT);
}

static void nadir_overview_progress_init(NadirOverviewProgress *self)
{
	GtkBoxLayout *layout = GTK_BOX_LAYOUT(gtk_widget_get_layout_manager(GTK_WIDGET(self)));
	GtkWidget *button = gtk_button_new_from_icon_name("process-stop-symbolic");
	gtk_box_layout_set_spacing(layout, 10);
	self->label = GTK_LABEL(gtk_label_new(NULL));
	gtk_widget_add_css_class(GTK_WIDGET(self->label), "numeric");
	self->bar = GTK_PROGRESS_BAR(gtk_progress_bar_new());
	gtk_widget_set_valign(GTK_WIDGET(self->bar), GTK_ALIGN_CENTER);
	gtk_widget_set_size_request(GTK_WIDGET(self->bar), 120, -1);
	gtk_widget_add_css_class(button, "flat");
	gtk_widget_set_focus_on_click(button, FALSE);
	gtk_widget_set_tooltip_text(button, _("Stop; the image stays as it is, only slower to zoom"));
	g_signal_connect_swapped(button, "clicked", G_CALLBACK(stop), self);
	gtk_widget_set_parent(GTK_WIDGET(self->label), GTK_WIDGET(self));
	gtk_widget_set_parent(GTK_WIDGET(self->bar), GTK_WIDGET(self));
	gtk_widget_set_parent(button, GTK_WIDGET(self));
	gtk_widget_set_visible(GTK_WIDGET(self), FALSE);
}
