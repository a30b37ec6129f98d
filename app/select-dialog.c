#include "app/select-dialog.h"

#include <glib/gi18n.h>

#include "app/edit/edit-attributes.h"

typedef struct {
	GtkWindow *window;       /* borrowed: its data is this */
	NadirDocument *document; /* owned */
	GtkEditable *entry;
} asking;

static void asking_free(void *data)
{
	asking *a = data;
	g_object_unref(a->document);
	g_free(a);
}

static void on_apply(asking *a)
{
	nadir_document_select_expression(a->document, gtk_editable_get_text(a->entry));
	gtk_window_close(a->window);
}

static GtkWidget *make_bar(asking *a)
{
	GtkWidget *bar = gtk_header_bar_new(), *cancel = gtk_button_new_with_mnemonic(_("_Cancel"));
	GtkWidget *apply = gtk_button_new_with_mnemonic(_("_Select"));
	gtk_widget_add_css_class(apply, "suggested-action");
	gtk_header_bar_set_show_title_buttons(GTK_HEADER_BAR(bar), FALSE);
	gtk_header_bar_pack_start(GTK_HEADER_BAR(bar), cancel);
	gtk_header_bar_pack_end(GTK_HEADER_BAR(bar), apply);
	g_signal_connect_swapped(cancel, "clicked", G_CALLBACK(gtk_window_close), a->window);
	g_signal_connect_swapped(apply, "clicked", G_CALLBACK(on_apply), a);
	return bar;
}

static GtkWidget *make_content(asking *a)
{
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 12), *entry = gtk_entry_new(), *hint = gtk_label_new(NULL);
	a->entry = GTK_EDITABLE(entry);
	gtk_entry_set_placeholder_text(GTK_ENTRY(entry), "class = 'ship' AND area_px > 100");
	gtk_editable_set_width_chars(a->entry, 48);
	gtk_accessible_update_property(GTK_ACCESSIBLE(entry), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Condition"), -1);
	gtk_label_set_text(GTK_LABEL(hint),
	                   _("Fields: class, class_path, score, area_px, area_m2, state, caption, model, reviewer, and the "
	                     "attributes of classes. = <> < > IN LIKE BETWEEN IS NULL AND OR NOT; texts "
	                     "in single quotes."));
	gtk_label_set_wrap(GTK_LABEL(hint), TRUE);
	gtk_label_set_xalign(GTK_LABEL(hint), 0);
	gtk_label_set_max_width_chars(GTK_LABEL(hint), 54);
	gtk_widget_add_css_class(hint, "dim-label");
	gtk_box_append(GTK_BOX(box), entry);
	gtk_box_append(GTK_BOX(box), hint);
	gtk_widget_set_margin_start(box, 18);
	gtk_widget_set_margin_end(box, 18);
	gtk_widget_set_margin_top(box, 12);
	gtk_widget_set_margin_bottom(box, 18);
	g_signal_connect_swapped(entry, "activate", G_CALLBACK(on_apply), a);
	return box;
}

static gboolean on_key(GtkEventControllerKey *keys, guint key, guint code, GdkModifierType state, GtkWindow *window)
{
	if (key == GDK_KEY_Escape)
		gtk_window_close(window);
	return key == GDK_KEY_Escape;
}

GtkWidget *nadir_select_dialog_new(GtkWindow *parent, NadirDocument *document)
{
	GtkWidget *window = g_object_new(GTK_TYPE_WINDOW, "transient-for", parent, "destroy-with-parent", TRUE, "modal",
	                                 TRUE, "title", _("Select by Condition"), "resizable", FALSE, NULL);
	GtkEventController *keys = gtk_event_controller_key_new();
	asking *a = g_new0(asking, 1);
	*a = (asking){GTK_WINDOW(window), g_object_ref(document), NULL};
	g_object_set_data_full(G_OBJECT(window), "asking", a, asking_free);
	gtk_window_set_titlebar(a->window, make_bar(a));
	gtk_window_set_child(a->window, make_content(a));
	g_signal_connect(keys, "key-pressed", G_CALLBACK(on_key), window);
	gtk_widget_add_controller(window, keys);
	gtk_widget_grab_focus(GTK_WIDGET(a->entry));
	return window;
}
