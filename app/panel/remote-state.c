#include "app/panel/remote-state.h"

#include <glib/gi18n.h>

#include "render/raster/raster-remote.h"

#define LOOK_MS 300

struct _NadirRemoteState {
	GtkWidget parent_instance;

	GtkImage *icon;
	GtkLabel *label;
	GtkButton *stop, *again;

	NadirCanvas *canvas;     /* a sibling that lives as long */
	NadirDocument *document; /* owned; NULL: none, or its image is here */
	guint look;              /* source id */
	guint forgiven;          /* failures that were asked for again */
};

G_DEFINE_FINAL_TYPE(NadirRemoteState, nadir_remote_state, GTK_TYPE_WIDGET)

static gboolean show(gpointer data)
{
	NadirRemoteState *self = data;
	const raster_remote_state s = raster_get_remote(nadir_document_get_raster(self->document));
	const bool failed = s.failed > self->forgiven && s.reading == 0;
	g_autofree char *text = NULL;
	if (s.attempt > 0)
		text = g_strdup_printf(_("%s does not answer well: try %d of %d"), s.host, s.attempt, RASTER_REMOTE_TRIES);
	else if (s.reading > 0)
		text = g_strdup_printf(_("Reading from %s…"), s.host);
	else if (failed)
		text = g_strdup_printf(_("%s did not give all parts"), s.host);
	else
		text = g_strdup_printf(_("from %s"), s.host);
	gtk_label_set_text(self->label, text);
	gtk_image_set_from_icon_name(self->icon, s.attempt > 0 || failed ? "dialog-warning-symbolic"
	                                         : s.reading > 0         ? "content-loading-symbolic"
	                                                                 : "network-server-symbolic");
	gtk_widget_set_visible(GTK_WIDGET(self->stop), s.reading > 0);
	gtk_widget_set_visible(GTK_WIDGET(self->again), failed);
	return G_SOURCE_CONTINUE;
}

bool nadir_remote_state_is_shown(NadirRemoteState *self)
{
	g_return_val_if_fail(NADIR_IS_REMOTE_STATE(self), false);
	return self->document != NULL;
}

void nadir_remote_state_stop(NadirRemoteState *self)
{
	g_return_if_fail(NADIR_IS_REMOTE_STATE(self));
	if (self->document)
		nadir_canvas_stop_reading(self->canvas);
}

void nadir_remote_state_read_again(NadirRemoteState *self)
{
	g_return_if_fail(NADIR_IS_REMOTE_STATE(self));
	if (!self->document)
		return;
	self->forgiven = raster_get_remote(nadir_document_get_raster(self->document)).failed;
	nadir_canvas_read_again(self->canvas);
}

void nadir_remote_state_set_canvas(NadirRemoteState *self, NadirCanvas *canvas)
{
	self->canvas = canvas;
}

void nadir_remote_state_set_document(NadirRemoteState *self, NadirDocument *document)
{
	g_return_if_fail(NADIR_IS_REMOTE_STATE(self));
	const bool remote = document && raster_get_remote(nadir_document_get_raster(document)).host;
	g_clear_handle_id(&self->look, g_source_remove);
	NadirDocument *shown = remote ? document : NULL;
	g_set_object(&self->document, shown);
	gtk_widget_set_visible(GTK_WIDGET(self), remote);
	self->forgiven = 0;
	if (!remote)
		return;
	self->look = g_timeout_add(LOOK_MS, show, self);
	show(self);
}

static void nadir_remote_state_dispose(GObject *object)
{
	NadirRemoteState *self = NADIR_REMOTE_STATE(object);
	GtkWidget *child;
	g_clear_handle_id(&self->look, g_source_remove);
	g_clear_object(&self->document);
	while ((child = gtk_widget_get_first_child(GTK_WIDGET(self))))
		gtk_widget_unparent(child);
	G_OBJECT_CLASS(nadir_remote_state_parent_class)->dispose(object);
}

static void nadir_remote_state_class_init(NadirRemoteStateClass *klass)
{
	G_OBJECT_CLASS(klass)->dispose = nadir_remote_state_dispose;
	gtk_widget_class_set_layout_manager_type(GTK_WIDGET_CLASS(klass), GTK_TYPE_BOX_LAYOUT);
}

static GtkButton *make_button(NadirRemoteState *self, const char *icon, const char *tip, const char *action)
{
	GtkWidget *button = gtk_button_new_from_icon_name(icon);
	gtk_widget_add_css_class(button, "flat");
	gtk_widget_set_focus_on_click(button, FALSE);
	gtk_widget_set_tooltip_text(button, tip);
	gtk_actionable_set_action_name(GTK_ACTIONABLE(button), action);
	gtk_widget_set_parent(button, GTK_WIDGET(self));
	return GTK_BUTTON(button);
}

static void nadir_remote_state_init(NadirRemoteState *self)
{
	gtk_box_layout_set_spacing(GTK_BOX_LAYOUT(gtk_widget_get_layout_manager(GTK_WIDGET(self))), 6);
	self->icon = GTK_IMAGE(gtk_image_new());
	self->label = GTK_LABEL(gtk_label_new(NULL));
	gtk_widget_set_parent(GTK_WIDGET(self->icon), GTK_WIDGET(self));
	gtk_widget_set_parent(GTK_WIDGET(self->label), GTK_WIDGET(self));
	self->stop =
		make_button(self, "process-stop-symbolic", _("Stop reading; moving the view goes on"), "win.stop-reading");
	self->again = make_button(self, "view-refresh-symbolic", _("Ask again for what is missing"), "win.read-again");
	gtk_widget_set_visible(GTK_WIDGET(self), FALSE);
}
