/* The panel: its widgets, what the person does with them, its session. */
#include "app/chat/chat-panel.h"

#include <glib/gi18n.h>
#include <string.h>

#include "app/canvas/chat-overlay.h"
#include "app/chat/chat-bubble.h"
#include "app/chat/chat-panel-private.h"
#include "app/chat/chat-wrap.h"
#include "app/command/key-tips.h"
#include "app/conversation/conversation-text.h"

G_DEFINE_FINAL_TYPE(NadirChatPanel, nadir_chat_panel, GTK_TYPE_WIDGET)

#define NEAR_THE_END 32 /* pixels: who is this near follows what is said */

/* --- sentences --- */

void chat_panel_show_error(NadirChatPanel *self, const char *sentence)
{
	gtk_label_set_text(self->error, sentence ? sentence : "");
	gtk_widget_set_visible(GTK_WIDGET(self->error), sentence != NULL);
}

static AdwToastOverlay *toasts_of(NadirChatPanel *self)
{
	return ADW_TOAST_OVERLAY(gtk_widget_get_ancestor(GTK_WIDGET(self), ADW_TYPE_TOAST_OVERLAY));
}

static AdwToast *toast_new(const char *sentence)
{
	g_autofree char *title = g_markup_escape_text(sentence, -1);
	return adw_toast_new(title);
}

void chat_panel_toast(NadirChatPanel *self, const char *sentence)
{
	AdwToastOverlay *overlay = toasts_of(self);
	if (overlay)
		adw_toast_overlay_add_toast(overlay, toast_new(sentence));
}

typedef struct {
	NadirChat *chat;
	conversation *talk;
} deletion;

static void deletion_free(gpointer data, GClosure *closure)
{
	deletion *d = data;
	conversation_unref(d->talk);
	g_object_unref(d->chat);
	g_free(d);
}

static void on_undo_delete(AdwToast *toast, deletion *d)
{
	nadir_chat_restore(d->chat, d->talk);
}

static void on_deleted(NadirChatPanel *self, conversation *talk)
{
	AdwToastOverlay *overlay = toasts_of(self);
	g_autofree char *title = conversation_title(talk), *sentence = g_strdup_printf(_("Deleted “%s”"), title);
	if (!overlay)
		return;
	AdwToast *toast = toast_new(sentence);
	deletion *d = g_new0(deletion, 1);
	*d = (deletion){g_object_ref(self->chat), conversation_ref(talk)};
	adw_toast_set_button_label(toast, _("Undo"));
	g_signal_connect_data(toast, "button-clicked", G_CALLBACK(on_undo_delete), d, deletion_free, 0);
	adw_toast_overlay_add_toast(overlay, toast);
}

/* --- asking --- */

static void tell_view(NadirChatPanel *self)
{
	const raster_rect view = viewport_visible(nadir_canvas_get_viewport(self->canvas));
	nadir_chat_set_view(self->chat, &view);
}

bool chat_panel_ask(NadirChatPanel *self, const char *question)
{
	g_autoptr(GError) error = NULL;
	if (!self->chat)
		return false;
	if (self->canvas)
		tell_view(self);
	chat_panel_show_error(self, NULL);
	if (nadir_chat_ask(self->chat, question, &error))
		return true;
	chat_panel_show_error(self, error->message);
	return false;
}

void chat_panel_send(NadirChatPanel *self)
{
	g_autofree char *question = nadir_chat_entry_get_value(self->entry);
	conversation_message *reply = self->chat ? nadir_chat_get_reply(self->chat) : NULL;
	if (!self->chat)
		return;
	if (nadir_chat_entry_is_empty(self->entry) && nadir_chat_count_open(reply) > 0) {
		chat_panel_accept(self, reply, -1);
		return;
	}
	if (nadir_document_get_prompt(nadir_chat_get_document(self->chat)) && !chat_panel_add_regions(self, false, false))
		return; /* the eleventh: said, and nothing is lost */
	if (chat_panel_ask(self, question))
		nadir_chat_entry_set_value(self->entry, "", 0);
}

static void on_send(NadirChatPanel *self)
{
	chat_panel_send(self);
}

static void on_leave(NadirChatPanel *self)
{
	if (self->chat && nadir_chat_get_edited(self->chat)) {
		nadir_chat_edit(self->chat, NULL);
		nadir_chat_entry_set_value(self->entry, "", 0);
		chat_panel_show_state(self);
		return;
	}
	gtk_widget_activate_action(GTK_WIDGET(self), "win.focus-canvas", NULL);
}

/* --- earlier messages --- */

void chat_panel_edit(NadirChatPanel *self, conversation_message *question)
{
	if (!self->chat || !question || nadir_chat_is_asking(self->chat, NULL, NULL))
		return;
	nadir_chat_edit(self->chat, question);
	nadir_chat_entry_set_value(self->entry, question->value, question->regions->len);
	chat_panel_show_state(self);
	gtk_widget_grab_focus(GTK_WIDGET(self->entry));
}

static void on_recall(NadirChatPanel *self)
{
	conversation_message *last = self->chat ? conversation_last(nadir_chat_get_open(self->chat)) : NULL;
	if (last && last->model)
		last = last->parent;
	if (last && last->parent)
		chat_panel_edit(self, last);
}

void chat_panel_accept(NadirChatPanel *self, conversation_message *reply, int index)
{
	const guint n =
		index < 0 ? nadir_chat_accept_all(self->chat, reply) : nadir_chat_accept(self->chat, reply, (guint)index);
	if (n) {
		g_autofree char *sentence = g_strdup_printf(ngettext("Added %u object", "Added %u objects", n), n);
		chat_panel_toast(self, sentence);
	}
	chat_panel_update_actions(self);
}

void chat_panel_keep(NadirChatPanel *self, conversation_message *reply)
{
	g_autofree char *sentence = nadir_chat_keep_caption(self->chat, reply);
	chat_panel_toast(self, sentence);
}

void chat_panel_copy(NadirChatPanel *self, const conversation_message *m)
{
	gdk_clipboard_set_text(gtk_widget_get_clipboard(GTK_WIDGET(self)), m->text);
	chat_panel_toast(self, m->model ? _("Copied the reply") : _("Copied the question"));
}

/* --- regions --- */

bool chat_panel_add_regions(NadirChatPanel *self, bool with_selected, bool say_if_none)
{
	g_autoptr(GError) error = NULL;
	NadirDocument *d = self->chat ? nadir_chat_get_document(self->chat) : NULL;
	NadirObject *selected = d && with_selected ? nadir_document_get_selected(d) : NULL;
	guint before = 0, number = 0;
	if (!d)
		return false;
	g_autoptr(GPtrArray) regions = nadir_chat_get_regions(self->chat, NULL);
	before = regions->len;
	if (nadir_document_get_prompt(d))
		number = nadir_chat_add_marks(self->chat, &error);
	else if (selected)
		number = nadir_chat_add_object(self->chat, selected, &error);
	else if (say_if_none)
		nadir_chat_add_marks(self->chat, &error); /* says what to do */
	if (number > before)
		nadir_chat_entry_insert_region(self->entry, number);
	chat_panel_show_error(self, error ? error->message : NULL);
	return error == NULL;
}

void nadir_chat_panel_start(NadirChatPanel *self)
{
	g_return_if_fail(NADIR_IS_CHAT_PANEL(self));
	if (self->chat && nadir_document_get_prompt(nadir_chat_get_document(self->chat)))
		chat_panel_add_regions(self, false, false);
	gtk_widget_grab_focus(GTK_WIDGET(self->entry));
}

void nadir_chat_panel_start_with(NadirChatPanel *self, const char *text)
{
	g_return_if_fail(NADIR_IS_CHAT_PANEL(self) && text);
	nadir_chat_entry_set_value(self->entry, text, 0);
	gtk_widget_grab_focus(GTK_WIDGET(self->entry));
}

static void on_mention(NadirChatPanel *self, const char *typed)
{
	GdkRectangle at;
	int x, y;
	GtkTextIter cursor;
	GtkTextBuffer *buffer = gtk_text_view_get_buffer(GTK_TEXT_VIEW(self->entry));
	gtk_text_buffer_get_iter_at_mark(buffer, &cursor, gtk_text_buffer_get_insert(buffer));
	gtk_text_view_get_iter_location(GTK_TEXT_VIEW(self->entry), &cursor, &at);
	gtk_text_view_buffer_to_window_coords(GTK_TEXT_VIEW(self->entry), GTK_TEXT_WINDOW_WIDGET, at.x, at.y, &x, &y);
	double px = 0, py = 0;
	gtk_widget_translate_coordinates(GTK_WIDGET(self->entry), GTK_WIDGET(self), x, y, &px, &py);
	gtk_popover_set_pointing_to(GTK_POPOVER(self->offers), &(GdkRectangle){(int)px, (int)py, 1, at.height});
	nadir_chat_offers_update(self->offers, self->chat, typed);
}

static gboolean on_mention_key(NadirChatPanel *self, guint key)
{
	return nadir_chat_offers_key(self->offers, key);
}

static void on_offer_chosen(NadirChatPanel *self, guint number)
{
	nadir_chat_entry_insert_region(self->entry, number);
	gtk_widget_grab_focus(GTK_WIDGET(self->entry));
}

static void on_offer_failed(NadirChatPanel *self, const char *sentence)
{
	chat_panel_show_error(self, sentence);
}

static void on_entry_pointed(NadirChatPanel *self, int region)
{
	if (self->chat)
		nadir_chat_light_region(self->chat, region);
}

static void on_entry_changed(NadirChatPanel *self)
{
	gtk_widget_set_visible(GTK_WIDGET(self->placeholder), nadir_chat_entry_is_empty(self->entry));
	chat_panel_update_actions(self);
}

/* --- settings, list, model --- */

static void on_view_toggled(NadirChatPanel *self)
{
	if (self->loading || !self->chat)
		return;
	conversation_settings s = nadir_chat_get_open(self->chat)->settings;
	s.view = gtk_toggle_button_get_active(self->view_toggle);
	nadir_chat_set_settings(self->chat, &s);
}

static void on_list_done(NadirChatPanel *self)
{
	gtk_popover_popdown(self->list_popover);
	gtk_widget_grab_focus(GTK_WIDGET(self->entry));
}

static void on_list_shown(NadirChatPanel *self)
{
	nadir_chat_list_start(self->list);
}

static void on_try_again(NadirChatPanel *self)
{
	if (self->chat)
		nadir_chat_load_model(self->chat);
}

static gboolean on_card_link(NadirChatPanel *self, const char *uri)
{
	const char *action = g_str_equal(uri, "card:") ? "win.chat-card" : "win.chat-model";
	gtk_widget_activate_action(GTK_WIDGET(self), action, NULL);
	return TRUE;
}

/* --- in sight or not --- */

static void on_map(NadirChatPanel *self)
{
	if (self->canvas)
		nadir_canvas_set_chat(self->canvas, self->chat);
	if (self->chat && nadir_chat_get_model(self->chat, NULL, NULL) == NADIR_CHAT_UNTRIED)
		nadir_chat_load_model(self->chat);
}

static void on_unmap(NadirChatPanel *self)
{
	gtk_popover_popdown(GTK_POPOVER(self->offers));
	if (self->canvas)
		nadir_canvas_set_chat(self->canvas, NULL);
}

/* --- the newest message stays in sight, unless somebody scrolled up --- */

static gboolean go_to_end(gpointer data)
{
	NadirChatPanel *self = data;
	GtkAdjustment *a = gtk_scrolled_window_get_vadjustment(self->scroller);
	self->follow_source = 0;
	gtk_adjustment_set_value(a, gtk_adjustment_get_upper(a) - gtk_adjustment_get_page_size(a));
	return G_SOURCE_REMOVE;
}

/* Told of while the widgets get their places: what is scrolled in that moment is drawn where it was. */
static void on_height_changed(NadirChatPanel *self)
{
	if (self->follow && self->follow_source == 0)
		self->follow_source = g_idle_add_full(GTK_PRIORITY_RESIZE - 1, go_to_end, self, NULL);
}

static void on_scrolled(NadirChatPanel *self)
{
	GtkAdjustment *a = gtk_scrolled_window_get_vadjustment(self->scroller);
	self->follow =
		gtk_adjustment_get_value(a) >= gtk_adjustment_get_upper(a) - gtk_adjustment_get_page_size(a) - NEAR_THE_END;
}

static gboolean on_key(NadirChatPanel *self, guint key)
{
	if (key != GDK_KEY_Escape)
		return FALSE;
	on_leave(self);
	return TRUE;
}

/* --- the session --- */

void nadir_chat_panel_set_canvas(NadirChatPanel *self, NadirCanvas *canvas)
{
	g_return_if_fail(NADIR_IS_CHAT_PANEL(self));
	self->canvas = canvas;
}

NadirChat *nadir_chat_panel_get_chat(NadirChatPanel *self)
{
	g_return_val_if_fail(NADIR_IS_CHAT_PANEL(self), NULL);
	return self->chat;
}

void nadir_chat_panel_set_document(NadirChatPanel *self, NadirDocument *document, chat_service *svc)
{
	g_return_if_fail(NADIR_IS_CHAT_PANEL(self));
	if (self->chat && nadir_chat_get_document(self->chat) == document) {
		nadir_chat_set_service(self->chat, svc);
		if (gtk_widget_get_mapped(GTK_WIDGET(self)))
			nadir_chat_load_model(self->chat);
		return;
	}
	if (self->canvas)
		nadir_canvas_set_chat(self->canvas, NULL);
	g_signal_group_set_target(self->signals, NULL);
	nadir_chat_list_set_chat(self->list, NULL);
	nadir_chat_sampling_set_chat(self->sampling, NULL);
	nadir_chat_offers_update(self->offers, NULL, NULL);
	if (self->chat)
		nadir_chat_close(self->chat);
	g_clear_object(&self->chat);
	if (document) {
		self->chat = nadir_chat_new(document, svc);
		g_signal_group_set_target(self->signals, self->chat);
		nadir_chat_list_set_chat(self->list, self->chat);
		nadir_chat_sampling_set_chat(self->sampling, self->chat);
	}
	nadir_chat_entry_set_value(self->entry, "", 0);
	chat_panel_show_error(self, NULL);
	chat_panel_show_path(self);
	chat_panel_show_regions(self);
	if (gtk_widget_get_mapped(GTK_WIDGET(self)))
		on_map(self);
}

/* --- the widget --- */

static void nadir_chat_panel_dispose(GObject *object)
{
	NadirChatPanel *self = NADIR_CHAT_PANEL(object);
	GtkWidget *child;
	g_clear_object(&self->signals);
	if (self->chat)
		nadir_chat_close(self->chat);
	g_clear_object(&self->chat);
	g_clear_object(&self->chooser);
	g_clear_handle_id(&self->follow_source, g_source_remove);
	while ((child = gtk_widget_get_first_child(GTK_WIDGET(self))))
		gtk_widget_unparent(child);
	G_OBJECT_CLASS(nadir_chat_panel_parent_class)->dispose(object);
}

#define BIND(name) gtk_widget_class_bind_template_child(widget_class, NadirChatPanel, name)
#define CALLBACK(name) gtk_widget_class_bind_template_callback(widget_class, name)

static void bind_children(GtkWidgetClass *widget_class)
{
	BIND(title_button);
	BIND(settings_button);
	BIND(title);
	BIND(list_popover);
	BIND(list);
	BIND(stack);
	BIND(scroller);
	BIND(messages);
	BIND(quick);
	BIND(composer);
	BIND(chips);
	BIND(empty_icon);
	BIND(empty_buttons);
	BIND(empty_title);
	BIND(empty_text);
	BIND(entry);
	BIND(placeholder);
	BIND(error);
	BIND(hint);
	BIND(card);
	BIND(view_toggle);
	BIND(sampling);
	BIND(send);
	BIND(stop);
}

static void nadir_chat_panel_class_init(NadirChatPanelClass *klass)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);
	G_OBJECT_CLASS(klass)->dispose = nadir_chat_panel_dispose;
	g_type_ensure(NADIR_TYPE_CHAT_LIST);
	g_type_ensure(NADIR_TYPE_CHAT_ENTRY);
	g_type_ensure(NADIR_TYPE_CHAT_SAMPLING);
	g_type_ensure(NADIR_TYPE_WRAP_LAYOUT);
	gtk_widget_class_set_template_from_resource(widget_class, "/io/github/nadir_workbench/Nadir/chat-panel.ui");
	bind_children(widget_class);
	CALLBACK(on_send);
	CALLBACK(on_leave);
	CALLBACK(on_recall);
	CALLBACK(on_mention);
	CALLBACK(on_mention_key);
	CALLBACK(on_entry_pointed);
	CALLBACK(on_view_toggled);
	CALLBACK(on_list_done);
	CALLBACK(on_try_again);
	CALLBACK(on_card_link);
	gtk_widget_class_set_layout_manager_type(widget_class, GTK_TYPE_BOX_LAYOUT);
}

#undef BIND
#undef CALLBACK

static void connect_session(NadirChatPanel *self)
{
	static const struct {
		const char *name;
		GCallback handler;
	} table[] = {
		{"path-changed", G_CALLBACK(chat_panel_show_path)},
		{"message-changed", G_CALLBACK(chat_panel_show_message)},
		{"regions-changed", G_CALLBACK(chat_panel_show_regions)},
		{"state-changed", G_CALLBACK(chat_panel_show_state)},
		{"lit-changed", G_CALLBACK(chat_panel_show_lit)},
		{"list-changed", G_CALLBACK(chat_panel_show_title)},
		{"notice", G_CALLBACK(chat_panel_toast)},
		{"deleted", G_CALLBACK(on_deleted)},
	};
	self->signals = g_signal_group_new(NADIR_TYPE_CHAT);
	for (guint i = 0; i < G_N_ELEMENTS(table); i++)
		g_signal_group_connect_swapped(self->signals, table[i].name, table[i].handler, self);
}

static void nadir_chat_panel_init(NadirChatPanel *self)
{
	gtk_widget_init_template(GTK_WIDGET(self));
	connect_session(self);
	self->offers = NADIR_CHAT_OFFERS(nadir_chat_offers_new());
	gtk_widget_set_parent(GTK_WIDGET(self->offers), GTK_WIDGET(self));
	g_signal_connect_swapped(self->offers, "chosen", G_CALLBACK(on_offer_chosen), self);
	g_signal_connect_swapped(self->offers, "failed", G_CALLBACK(on_offer_failed), self);
	g_signal_connect_object(gtk_text_view_get_buffer(GTK_TEXT_VIEW(self->entry)), "changed",
	                        G_CALLBACK(on_entry_changed), self, G_CONNECT_SWAPPED);
	g_signal_connect_swapped(self->list_popover, "show", G_CALLBACK(on_list_shown), self);
	GtkAdjustment *a = gtk_scrolled_window_get_vadjustment(self->scroller);
	g_signal_connect_object(a, "changed", G_CALLBACK(on_height_changed), self, G_CONNECT_SWAPPED);
	g_signal_connect_object(a, "value-changed", G_CALLBACK(on_scrolled), self, G_CONNECT_SWAPPED);
	GtkEventController *keys = gtk_event_controller_key_new();
	g_signal_connect_swapped(keys, "key-pressed", G_CALLBACK(on_key), self);
	gtk_widget_add_controller(GTK_WIDGET(self), keys);
	g_signal_connect(self, "map", G_CALLBACK(on_map), NULL);
	g_signal_connect(self, "unmap", G_CALLBACK(on_unmap), NULL);
	nadir_key_tip(GTK_WIDGET(self->title_button), "win.chat-conversations");
	chat_panel_make_quick(self);
	chat_panel_show_path(self);
}
