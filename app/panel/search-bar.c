#include "app/panel/search-bar.h"

#include <glib/gi18n.h>

#include "app/command/actions.h"
#include "app/command/key-tips.h"
#include "app/edit/edit-search.h"

struct _NadirSearchBar {
	GtkBox parent_instance;

	GtkLabel *text;
	GtkProgressBar *progress;
	GtkScale *threshold;
	GtkWidget *stop, *drop, *keep;

	/* Owned references */
	NadirDocument *document;
	GSignalGroup *signals;

	gboolean loading; /* the slider follows the document: do not answer */
};

G_DEFINE_FINAL_TYPE(NadirSearchBar, nadir_search_bar, GTK_TYPE_BOX)

static void update(NadirSearchBar *self)
{
	guint found = 0;
	const double done = self->document ? nadir_document_get_searched(self->document, &found) : -1;
	const guint all = self->document ? nadir_document_get_found(self->document)->len : 0;
	const bool runs = done >= 0;
	gtk_widget_set_visible(GTK_WIDGET(self), runs || all > 0);
	gtk_widget_set_visible(GTK_WIDGET(self->progress), runs);
	gtk_widget_set_visible(self->stop, runs);
	gtk_widget_set_visible(GTK_WIDGET(self->threshold), !runs);
	gtk_widget_set_visible(self->drop, !runs);
	gtk_widget_set_visible(self->keep, !runs);
	if (runs) {
		g_autofree char *text = g_strdup_printf(_("Searching… %.0f %%, %u found"), 100 * done, found);
		gtk_label_set_text(self->text, text);
		gtk_progress_bar_set_fraction(self->progress, done);
	} else if (all > 0) {
		const guint n = nadir_document_n_counting(self->document);
		g_autofree char *text = g_strdup_printf(_("%u found, score from"), all);
		g_autofree char *keep = g_strdup_printf(ngettext("Keep %u Draft", "Keep %u Drafts", n), n);
		gtk_label_set_text(self->text, text);
		gtk_button_set_label(GTK_BUTTON(self->keep), keep);
		gtk_widget_set_sensitive(self->keep, n > 0);
		self->loading = TRUE;
		gtk_range_set_value(GTK_RANGE(self->threshold), nadir_document_get_least_score(self->document));
		self->loading = FALSE;
	}
}

static void on_threshold(NadirSearchBar *self)
{
	if (!self->loading && self->document)
		nadir_document_set_least_score(self->document, gtk_range_get_value(GTK_RANGE(self->threshold)));
}

void nadir_search_bar_set_document(NadirSearchBar *self, NadirDocument *document)
{
	g_return_if_fail(NADIR_IS_SEARCH_BAR(self));
	g_set_object(&self->document, document);
	g_signal_group_set_target(self->signals, document);
	update(self);
}

static void nadir_search_bar_dispose(GObject *object)
{
	NadirSearchBar *self = NADIR_SEARCH_BAR(object);
	g_clear_object(&self->signals);
	g_clear_object(&self->document);
	G_OBJECT_CLASS(nadir_search_bar_parent_class)->dispose(object);
}

static void nadir_search_bar_class_init(NadirSearchBarClass *klass)
{
	G_OBJECT_CLASS(klass)->dispose = nadir_search_bar_dispose;
	gtk_widget_class_set_accessible_role(GTK_WIDGET_CLASS(klass), GTK_ACCESSIBLE_ROLE_GROUP);
}

static GtkWidget *add_button(NadirSearchBar *self, const char *label, const char *action)
{
	GtkWidget *button = gtk_button_new_with_label(label);
	gtk_actionable_set_action_name(GTK_ACTIONABLE(button), action);
	gtk_widget_set_tooltip_text(button, nadir_action_title(nadir_action_find(action)));
	nadir_key_tip(button, action);
	gtk_widget_set_focus_on_click(button, FALSE);
	gtk_box_append(GTK_BOX(self), button);
	return button;
}

static void nadir_search_bar_init(NadirSearchBar *self)
{
	gtk_box_set_spacing(GTK_BOX(self), 10);
	gtk_accessible_update_property(GTK_ACCESSIBLE(self), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Search for objects"), -1);
	self->text = GTK_LABEL(gtk_label_new(""));
	self->progress = GTK_PROGRESS_BAR(gtk_progress_bar_new());
	self->threshold = GTK_SCALE(gtk_scale_new_with_range(GTK_ORIENTATION_HORIZONTAL, 0, 1, 0.01));
	gtk_widget_add_css_class(GTK_WIDGET(self->text), "numeric");
	gtk_widget_set_valign(GTK_WIDGET(self->progress), GTK_ALIGN_CENTER);
	gtk_widget_set_size_request(GTK_WIDGET(self->progress), 140, -1);
	gtk_widget_set_size_request(GTK_WIDGET(self->threshold), 170, -1);
	gtk_scale_set_draw_value(self->threshold, TRUE);
	gtk_scale_set_digits(self->threshold, 2);
	gtk_scale_set_value_pos(self->threshold, GTK_POS_RIGHT);
	gtk_accessible_update_property(GTK_ACCESSIBLE(self->threshold), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Least score"),
	                               -1);
	gtk_box_append(GTK_BOX(self), GTK_WIDGET(self->text));
	gtk_box_append(GTK_BOX(self), GTK_WIDGET(self->progress));
	gtk_box_append(GTK_BOX(self), GTK_WIDGET(self->threshold));
	self->stop = add_button(self, _("Stop"), "win.stop-search");
	self->drop = add_button(self, _("Drop"), "win.drop-found");
	self->keep = add_button(self, "", "win.keep-found");
	gtk_widget_add_css_class(self->keep, "suggested-action");
	g_signal_connect_swapped(self->threshold, "value-changed", G_CALLBACK(on_threshold), self);
	self->signals = g_signal_group_new(NADIR_TYPE_DOCUMENT);
	g_signal_group_connect_swapped(self->signals, "busy-changed", G_CALLBACK(update), self);
	gtk_widget_set_visible(GTK_WIDGET(self), FALSE);
}
