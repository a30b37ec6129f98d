#include "app/chat/chat-list.h"

#include <glib/gi18n.h>

struct _NadirChatList {
	GtkWidget parent_instance;

	/* Template widgets */
	GtkSearchEntry *search;
	GtkStack *stack;
	GtkListBox *list;
	GtkLabel *none;

	/* Owned references */
	NadirChat *chat;
	GSignalGroup *signals;

	conversation *renamed; /* its row is an entry; compared, not used */
};

G_DEFINE_FINAL_TYPE(NadirChatList, nadir_chat_list, GTK_TYPE_WIDGET)

enum { DONE, N_LIST_SIGNALS };
static guint signals[N_LIST_SIGNALS];

static void fill(NadirChatList *self);

static conversation *of_row(GtkWidget *widget)
{
	return g_object_get_data(G_OBJECT(gtk_widget_get_ancestor(widget, GTK_TYPE_LIST_BOX_ROW)), "conversation");
}

/* --- a row --- */

static void on_rename(NadirChatList *self, GtkWidget *button)
{
	self->renamed = of_row(button);
	fill(self);
}

static void on_delete(NadirChatList *self, GtkWidget *button)
{
	nadir_chat_delete(self->chat, of_row(button));
}

static void on_renamed(NadirChatList *self, GtkEntry *entry)
{
	conversation *talk = of_row(GTK_WIDGET(entry));
	g_autofree char *name = g_strdup(gtk_editable_get_text(GTK_EDITABLE(entry)));
	self->renamed = NULL;
	nadir_chat_rename(self->chat, talk, name);
	fill(self);
}

static gboolean on_rename_key(GtkEventControllerKey *controller, guint key, guint code, GdkModifierType state,
                              NadirChatList *self)
{
	if (key != GDK_KEY_Escape)
		return FALSE;
	self->renamed = NULL;
	fill(self);
	gtk_widget_grab_focus(GTK_WIDGET(self->search));
	return TRUE;
}

static GtkWidget *rename_entry(NadirChatList *self, const char *title)
{
	GtkWidget *entry = gtk_entry_new();
	GtkEventController *keys = gtk_event_controller_key_new();
	gtk_editable_set_text(GTK_EDITABLE(entry), title);
	gtk_widget_set_hexpand(entry, TRUE);
	gtk_accessible_update_property(GTK_ACCESSIBLE(entry), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Name of the conversation"),
	                               -1);
	g_signal_connect_swapped(entry, "activate", G_CALLBACK(on_renamed), self);
	gtk_event_controller_set_propagation_phase(keys, GTK_PHASE_CAPTURE);
	g_signal_connect(keys, "key-pressed", G_CALLBACK(on_rename_key), self);
	gtk_widget_add_controller(entry, keys);
	return entry;
}

static GtkWidget *flat_button(const char *icon, const char *tip, GCallback clicked, NadirChatList *self)
{
	GtkWidget *button = gtk_button_new_from_icon_name(icon);
	gtk_widget_add_css_class(button, "flat");
	gtk_widget_set_tooltip_text(button, tip);
	g_signal_connect_swapped(button, "clicked", clicked, self);
	return button;
}

static void add_row(NadirChatList *self, conversation *talk)
{
	GtkWidget *row = gtk_list_box_row_new(), *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 2);
	g_autofree char *title = conversation_title(talk);
	g_object_set_data_full(G_OBJECT(row), "conversation", conversation_ref(talk), (GDestroyNotify)conversation_unref);
	if (talk == self->renamed) {
		gtk_box_append(GTK_BOX(box), rename_entry(self, title));
	} else {
		GtkWidget *label = gtk_label_new(title);
		gtk_label_set_ellipsize(GTK_LABEL(label), PANGO_ELLIPSIZE_END);
		gtk_label_set_xalign(GTK_LABEL(label), 0);
		gtk_widget_set_hexpand(label, TRUE);
		if (talk == nadir_chat_get_open(self->chat))
			gtk_widget_add_css_class(label, "heading");
		gtk_box_append(GTK_BOX(box), label);
		gtk_box_append(GTK_BOX(box), flat_button("document-edit-symbolic", _("Rename"), G_CALLBACK(on_rename), self));
		gtk_box_append(GTK_BOX(box), flat_button("user-trash-symbolic", _("Delete"), G_CALLBACK(on_delete), self));
	}
	gtk_list_box_row_set_child(GTK_LIST_BOX_ROW(row), box);
	gtk_accessible_update_property(GTK_ACCESSIBLE(row), GTK_ACCESSIBLE_PROPERTY_LABEL, title, -1);
	gtk_list_box_append(self->list, row);
	if (talk == self->renamed)
		gtk_widget_grab_focus(gtk_widget_get_first_child(box));
}

/* --- the list --- */

static void fill(NadirChatList *self)
{
	GtkWidget *row;
	while ((row = gtk_widget_get_first_child(GTK_WIDGET(self->list))))
		gtk_list_box_remove(self->list, row);
	if (!self->chat)
		return;
	g_autofree char *folded = g_utf8_casefold(gtk_editable_get_text(GTK_EDITABLE(self->search)), -1);
	GPtrArray *all = nadir_chat_get_conversations(self->chat);
	for (guint i = 0; i < all->len; i++)
		if (conversation_matches(all->pdata[i], folded))
			add_row(self, all->pdata[i]);
	gtk_label_set_text(self->none, all->len ? _("No conversation has these words.")
	                                        : _("No conversation yet: it is kept from the first question on."));
	gtk_stack_set_visible_child_name(self->stack, gtk_widget_get_first_child(GTK_WIDGET(self->list)) ? "list" : "none");
}

static void on_changed(NadirChatList *self)
{
	if (gtk_widget_get_mapped(GTK_WIDGET(self)))
		fill(self);
}

static void on_search_changed(NadirChatList *self)
{
	fill(self);
}

static void choose(NadirChatList *self, GtkListBoxRow *row)
{
	conversation *talk = row ? g_object_get_data(G_OBJECT(row), "conversation") : NULL;
	if (!talk || talk == self->renamed)
		return;
	nadir_chat_open(self->chat, talk);
	g_signal_emit(self, signals[DONE], 0);
}

static void on_row_activated(NadirChatList *self, GtkListBoxRow *row)
{
	choose(self, row);
}

static void on_search_activate(NadirChatList *self)
{
	choose(self, gtk_list_box_get_row_at_index(self->list, 0));
}

static void on_stop_search(NadirChatList *self)
{
	g_signal_emit(self, signals[DONE], 0);
}

void nadir_chat_list_start(NadirChatList *self)
{
	g_return_if_fail(NADIR_IS_CHAT_LIST(self));
	self->renamed = NULL;
	gtk_editable_set_text(GTK_EDITABLE(self->search), "");
	fill(self);
	gtk_widget_grab_focus(GTK_WIDGET(self->search));
}

void nadir_chat_list_rename_open(NadirChatList *self)
{
	g_return_if_fail(NADIR_IS_CHAT_LIST(self));
	self->renamed = self->chat ? nadir_chat_get_open(self->chat) : NULL;
	fill(self);
}

void nadir_chat_list_set_chat(NadirChatList *self, NadirChat *session)
{
	g_return_if_fail(NADIR_IS_CHAT_LIST(self));
	self->renamed = NULL;
	g_set_object(&self->chat, session);
	g_signal_group_set_target(self->signals, session);
	fill(self);
}

/* --- the widget --- */

static void nadir_chat_list_dispose(GObject *object)
{
	NadirChatList *self = NADIR_CHAT_LIST(object);
	GtkWidget *child;
	g_clear_object(&self->signals);
	g_clear_object(&self->chat);
	while ((child = gtk_widget_get_first_child(GTK_WIDGET(self))))
		gtk_widget_unparent(child);
	G_OBJECT_CLASS(nadir_chat_list_parent_class)->dispose(object);
}

static void nadir_chat_list_class_init(NadirChatListClass *klass)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);
	G_OBJECT_CLASS(klass)->dispose = nadir_chat_list_dispose;
	signals[DONE] = g_signal_new("done", NADIR_TYPE_CHAT_LIST, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
	gtk_widget_class_set_template_from_resource(widget_class, "/io/github/nadir_workbench/Nadir/chat-list.ui");
	gtk_widget_class_bind_template_child(widget_class, NadirChatList, search);
	gtk_widget_class_bind_template_child(widget_class, NadirChatList, stack);
	gtk_widget_class_bind_template_child(widget_class, NadirChatList, list);
	gtk_widget_class_bind_template_child(widget_class, NadirChatList, none);
	gtk_widget_class_bind_template_callback(widget_class, on_search_changed);
	gtk_widget_class_bind_template_callback(widget_class, on_search_activate);
	gtk_widget_class_bind_template_callback(widget_class, on_stop_search);
	gtk_widget_class_bind_template_callback(widget_class, on_row_activated);
	gtk_widget_class_set_layout_manager_type(widget_class, GTK_TYPE_BOX_LAYOUT);
}

static void nadir_chat_list_init(NadirChatList *self)
{
	gtk_widget_init_template(GTK_WIDGET(self));
	self->signals = g_signal_group_new(NADIR_TYPE_CHAT);
	g_signal_group_connect_swapped(self->signals, "list-changed", G_CALLBACK(on_changed), self);
	g_signal_group_connect_swapped(self->signals, "path-changed", G_CALLBACK(on_changed), self);
}
