#include "app/window-batch.h"
#include "app/window-private.h"

#include <glib/gi18n.h>

#include "app/command/key-tips.h"
#include "app/command/keymap.h"

G_DEFINE_FINAL_TYPE(NadirWindow, nadir_window, ADW_TYPE_APPLICATION_WINDOW)

/* --- messages --- */

void nadir_window_show_message(NadirWindow *self, GtkMessageType type, const char *sentence, const char *action)
{
	gtk_info_bar_set_message_type(self->info_bar, type);
	gtk_label_set_text(self->info_text, sentence);
	gtk_widget_set_visible(GTK_WIDGET(self->info_button), action != NULL);
	gtk_actionable_set_action_name(GTK_ACTIONABLE(self->info_button), action);
	if (action)
		gtk_button_set_label(self->info_button, nadir_action_title(nadir_action_find(action)));
	gtk_info_bar_set_revealed(self->info_bar, TRUE);
}

void nadir_window_show_error(NadirWindow *self, const char *sentence)
{
	g_return_if_fail(NADIR_IS_WINDOW(self));
	nadir_window_show_message(self, GTK_MESSAGE_ERROR, sentence, NULL);
}

void nadir_window_show_notice(NadirWindow *self, const char *sentence)
{
	g_return_if_fail(NADIR_IS_WINDOW(self));
	AdwToast *toast = adw_toast_new("");
	g_autofree char *title = g_markup_escape_text(sentence, -1);
	adw_toast_set_title(toast, title);
	adw_toast_overlay_add_toast(self->toasts, toast);
}

static void on_document_error(NadirWindow *self, const char *sentence)
{
	const bool retry = nadir_document_can_retry(self->document);
	nadir_window_update_actions(self);
	nadir_window_show_message(self, GTK_MESSAGE_ERROR, sentence, retry ? "win.retry" : NULL);
}

static void on_document_notice(NadirWindow *self, const char *sentence)
{
	nadir_window_show_notice(self, sentence);
}

static void on_info_response(GtkInfoBar *bar)
{
	gtk_info_bar_set_revealed(bar, FALSE);
}

/* --- the document --- */

static void tell_step(GtkButton *button, const char *action, const char *what)
{
	g_autofree char *tip = nadir_action_tooltip(nadir_action_find(action));
	g_autofree char *text = what ? g_strdup_printf("%s: %s", tip, what) : g_strdup(tip);
	gtk_widget_set_tooltip_text(GTK_WIDGET(button), text);
}

static void on_state_changed(NadirWindow *self)
{
	tell_step(self->undo_button, "win.undo", self->document ? nadir_document_get_undo_text(self->document) : NULL);
	tell_step(self->redo_button, "win.redo", self->document ? nadir_document_get_redo_text(self->document) : NULL);
	nadir_window_update_actions(self);
}

static void on_store_changed(NadirWindow *self)
{
	nadir_window_update_title(self);
	on_state_changed(self);
}

static chat_service *get_chat(NadirWindow *self)
{
	NadirApplication *app = NADIR_APPLICATION(gtk_window_get_application(GTK_WINDOW(self)));
	return app && self->service ? nadir_application_get_chat(app, self->service) : NULL;
}

/* What was accepted is still stored; the program stays until it is. */
static void close_document(NadirWindow *self)
{
	GtkApplication *app = gtk_window_get_application(GTK_WINDOW(self));
	g_autoptr(NadirDocument) old = g_steal_pointer(&self->document);
	if (!old)
		return;
	if (app)
		g_application_hold(G_APPLICATION(app));
	nadir_document_close(old, app ? (void (*)(void *))g_application_release : NULL, app);
}

void nadir_window_set_document(NadirWindow *self, NadirDocument *document)
{
	nadir_window_leave_review(self);
	g_cancellable_cancel(self->going);
	nadir_window_change_document(self, document);
}

void nadir_window_change_document(NadirWindow *self, NadirDocument *document)
{
	g_signal_group_set_target(self->document_signals, document);
	nadir_chat_panel_set_document(self->work->chat, document, document ? get_chat(self) : NULL);
	nadir_window_close_second(self);
	nadir_workspace_set_document(self->work, document);
	nadir_window_close_history(self);
	close_document(self);
	g_set_object(&self->document, document);
	self->wanted_image = 0;
	nadir_window_follow_team(self);
	nadir_window_follow_batch(self);
	gtk_stack_set_visible_child_name(self->stack, document ? "image" : self->opening ? "opening" : "empty");
	nadir_window_update_title(self);
	nadir_window_update_busy(self);
	on_state_changed(self);
	if (document)
		gtk_widget_grab_focus(GTK_WIDGET(self->work->canvas));
	else
		gtk_window_set_focus(GTK_WINDOW(self), NULL); /* keys that went to what is hidden would be lost */
}

NadirDocument *nadir_window_get_document(NadirWindow *self)
{
	return self->document;
}

NadirCanvas *nadir_window_get_canvas(NadirWindow *self)
{
	return self->work->canvas;
}

bool nadir_window_is_opening(NadirWindow *self)
{
	return self->opening != NULL;
}

bool nadir_window_is_empty(NadirWindow *self)
{
	return !self->document && !self->opening;
}

void nadir_window_units_changed(NadirWindow *self)
{
	nadir_panel_objects_refresh(self->work->objects);
	nadir_attribute_table_refresh(self->work->table);
	nadir_window_update_title(self);
	nadir_workspace_update_view(self->work);
	nadir_status_line_refresh(self->work->status);
	gtk_widget_queue_draw(GTK_WIDGET(self->work->canvas));
}

/* --- held keys --- */

static bool hides_masks(guint key)
{
	g_autofree char *trigger = gtk_accelerator_name(gdk_keyval_to_lower(key), 0);
	return nadir_keymap_action_of(trigger) == nadir_action_find("win.hide-masks");
}

static gboolean on_key_pressed(NadirWindow *self, guint key, guint code, GdkModifierType state)
{
	if (!hides_masks(key) || (state & (GDK_CONTROL_MASK | GDK_ALT_MASK)) || nadir_actions_want_text(GTK_WINDOW(self)) ||
	    !self->document)
		return FALSE;
	nadir_document_set_hidden(self->document, true);
	return TRUE;
}

static void on_key_released(NadirWindow *self, guint key)
{
	if (self->document && hides_masks(key))
		nadir_document_set_hidden(self->document, false);
}

/* The release of a held key goes to the window that has the focus by then. */
static void on_active_changed(NadirWindow *self)
{
	if (!gtk_window_is_active(GTK_WINDOW(self)) && self->document)
		nadir_document_set_hidden(self->document, false);
}

/* --- life --- */

/* Actions whose state the next window begins with, and its keys. */
static const char *const kept_states[][2] = {
	{"table", "table-visible"}, {"navigator", "navigator"}, {"pixel-grid", "pixel-grid"}};

static void restore_size(NadirWindow *self, GSettings *settings)
{
	int width, height;
	g_settings_get(settings, "window-size", "(ii)", &width, &height);
	gtk_window_set_default_size(GTK_WINDOW(self), MAX(width, 640), MAX(height, 400));
	if (g_settings_get_boolean(settings, "window-maximized"))
		gtk_window_maximize(GTK_WINDOW(self));
	adw_flap_set_reveal_flap(self->work->flap, g_settings_get_boolean(settings, "sidebar-visible"));
	self->table_height = g_settings_get_int(settings, "table-height");
	g_autofree char *page = g_settings_get_string(settings, "sidebar-page");
	if (adw_view_stack_get_child_by_name(self->work->pages, page))
		adw_view_stack_set_visible_child_name(self->work->pages, page);
	for (guint i = 0; i < G_N_ELEMENTS(kept_states); i++)
		g_action_group_change_action_state(G_ACTION_GROUP(self), kept_states[i][0],
		                                   g_settings_get_value(settings, kept_states[i][1]));
}

static void keep_size(NadirWindow *self, GSettings *settings)
{
	const int table = gtk_widget_get_height(GTK_WIDGET(self->work->table));
	int width, height;
	gtk_window_get_default_size(GTK_WINDOW(self), &width, &height);
	g_settings_set(settings, "window-size", "(ii)", width, height);
	g_settings_set_boolean(settings, "window-maximized", gtk_window_is_maximized(GTK_WINDOW(self)));
	g_settings_set_boolean(settings, "sidebar-visible", adw_flap_get_reveal_flap(self->work->flap));
	g_settings_set_string(settings, "sidebar-page", adw_view_stack_get_visible_child_name(self->work->pages));
	for (guint i = 0; i < G_N_ELEMENTS(kept_states); i++)
		g_settings_set_value(settings, kept_states[i][1],
		                     g_action_group_get_action_state(G_ACTION_GROUP(self), kept_states[i][0]));
	if (table > 0)
		g_settings_set_int(settings, "table-height", table);
}

static void on_confirmed(NadirWindow *self, const char *response)
{
	if (g_str_equal(response, "retry"))
		nadir_document_retry(self->document);
	if (!g_str_equal(response, "close"))
		return;
	self->confirmed = TRUE;
	gtk_window_close(GTK_WINDOW(self));
}

/* Whether somebody has to be asked first: what could not be stored would be gone. */
static bool ask_first(NadirWindow *self)
{
	const guint n = self->document ? nadir_document_get_pending(self->document).drafts : 0;
	if (n == 0 || self->confirmed)
		return false;
	GtkWidget *dialog = adw_message_dialog_new(GTK_WINDOW(self), NULL, NULL);
	AdwMessageDialog *message = ADW_MESSAGE_DIALOG(dialog);
	adw_message_dialog_format_heading(message, ngettext("%u object is not stored", "%u objects are not stored", n), n);
	adw_message_dialog_set_body(message, _("The project could not be written. Closing now loses what is not stored."));
	adw_message_dialog_add_responses(message, "cancel", _("_Cancel"), "close", _("Close _Without It"), "retry",
	                                 _("_Try Again"), NULL);
	adw_message_dialog_set_response_appearance(message, "close", ADW_RESPONSE_DESTRUCTIVE);
	adw_message_dialog_set_default_response(message, "retry");
	g_signal_connect_object(dialog, "response", G_CALLBACK(on_confirmed), self, G_CONNECT_SWAPPED);
	gtk_window_present(GTK_WINDOW(dialog));
	return true;
}

static gboolean nadir_window_close_request(GtkWindow *window)
{
	NadirWindow *self = NADIR_WINDOW(window);
	NadirApplication *app = NADIR_APPLICATION(gtk_window_get_application(window));
	if (ask_first(self))
		return TRUE;
	if (app)
		keep_size(self, nadir_application_get_settings(app));
	g_cancellable_cancel(self->opening);
	nadir_window_set_document(self, NULL); /* the project is closed, not when the last reference goes */
	return GTK_WINDOW_CLASS(nadir_window_parent_class)->close_request(window);
}

static void nadir_window_dispose(GObject *object)
{
	NadirWindow *self = NADIR_WINDOW(object);
	g_cancellable_cancel(self->opening);
	g_clear_object(&self->opening);
	g_clear_handle_id(&self->opening_source, g_source_remove);
	g_clear_object(&self->document_signals);
	nadir_window_close_history(self);
	close_document(self);
	nadir_window_follow_team(self);
	nadir_window_follow_batch(self);
	g_clear_pointer(&self->service, service_unref);
	g_clear_object(&self->file);
	g_clear_pointer(&self->collected, g_free);
	g_clear_object(&self->chooser);
	g_cancellable_cancel(self->going);
	g_clear_object(&self->going);
	g_cancellable_cancel(self->second_cancel);
	g_clear_object(&self->second_cancel);
	g_clear_object(&self->second_chooser);
	G_OBJECT_CLASS(nadir_window_parent_class)->dispose(object);
}

/* On the full screen the image has all the room; the bar comes when the pointer goes to the upper edge. */
static void on_fullscreen(NadirWindow *self)
{
	const bool full = gtk_window_is_fullscreen(GTK_WINDOW(self));
	g_autofree char *key = nadir_action_hint(nadir_action_find("win.fullscreen"));
	/* Translators: %s is " (F11)", the key, or nothing. */
	g_autofree char *sentence = g_strdup_printf(_("Full screen%s: the bar is at the upper edge."), key);
	gtk_revealer_set_reveal_child(self->bar, !full);
	if (full)
		nadir_window_show_notice(self, sentence);
}

static void on_pointer(NadirWindow *self, double x, double y)
{
	const int height = gtk_widget_get_height(GTK_WIDGET(self->bar));
	if (gtk_window_is_fullscreen(GTK_WINDOW(self)))
		gtk_revealer_set_reveal_child(self->bar, y < 3 || y < height);
}

#define BIND(name) gtk_widget_class_bind_template_child(widget_class, NadirWindow, name)

static void bind_children(GtkWidgetClass *widget_class)
{
	BIND(bar);
	BIND(title);
	BIND(toasts);
	BIND(info_bar);
	BIND(info_text);
	BIND(info_button);
	BIND(stack);
	BIND(opening_box);
	BIND(opening_text);
	BIND(status_page);
	BIND(recent_list);
	BIND(recent_box);
	BIND(work);
	BIND(undo_button);
	BIND(redo_button);
	BIND(chip);
	BIND(chip_label);
	BIND(chip_icon);
	BIND(chip_details);
	BIND(recent_menu);
	BIND(primary_menu);
	BIND(palette_key);
}

#undef BIND

static void nadir_window_class_init(NadirWindowClass *klass)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);
	G_OBJECT_CLASS(klass)->dispose = nadir_window_dispose;
	GTK_WINDOW_CLASS(klass)->close_request = nadir_window_close_request;
	g_type_ensure(NADIR_TYPE_WORKSPACE);
	gtk_widget_class_set_template_from_resource(widget_class, NADIR_RESOURCE_PATH "/window.ui");
	bind_children(widget_class);
	gtk_widget_class_bind_template_callback(widget_class, on_info_response);
	gtk_widget_class_bind_template_callback(widget_class, on_key_pressed);
	gtk_widget_class_bind_template_callback(widget_class, on_key_released);
	gtk_widget_class_bind_template_callback(widget_class, on_pointer);
}

static void on_contrast(NadirWindow *self)
{
	if (adw_style_manager_get_high_contrast(adw_style_manager_get_default()))
		gtk_widget_add_css_class(GTK_WIDGET(self), "high-contrast");
	else
		gtk_widget_remove_css_class(GTK_WIDGET(self), "high-contrast");
}

static void show_keys(NadirWindow *self)
{
	nadir_key_tips(GTK_WIDGET(self));
	nadir_key_badge(self->palette_key, "win.palette");
	nadir_key_menu(self->primary_menu);
	nadir_keymap_on_change(G_OBJECT(self), G_CALLBACK(on_state_changed)); /* what is undone stands with the key */
}

static void nadir_window_init(NadirWindow *self)
{
	gtk_widget_init_template(GTK_WIDGET(self));
	self->document_signals = g_signal_group_new(NADIR_TYPE_DOCUMENT);
	g_signal_group_connect_swapped(self->document_signals, "preview-changed", G_CALLBACK(on_state_changed), self);
	g_signal_group_connect_swapped(self->document_signals, "selection-changed", G_CALLBACK(on_state_changed), self);
	g_signal_group_connect_swapped(self->document_signals, "classes-changed", G_CALLBACK(on_state_changed), self);
	g_signal_group_connect_swapped(self->document_signals, "settings-changed", G_CALLBACK(on_state_changed), self);
	g_signal_group_connect_swapped(self->document_signals, "store-changed", G_CALLBACK(on_store_changed), self);
	g_signal_group_connect_swapped(self->document_signals, "preview-changed", G_CALLBACK(nadir_window_update_busy),
	                               self);
	g_signal_group_connect_swapped(self->document_signals, "busy-changed", G_CALLBACK(nadir_window_update_busy), self);
	g_signal_group_connect_swapped(self->document_signals, "error", G_CALLBACK(on_document_error), self);
	g_signal_group_connect_swapped(self->document_signals, "notice", G_CALLBACK(on_document_notice), self);
	g_signal_connect(self, "notify::is-active", G_CALLBACK(on_active_changed), NULL);
	g_signal_connect(self, "notify::fullscreened", G_CALLBACK(on_fullscreen), NULL);
	g_signal_connect_object(adw_style_manager_get_default(), "notify::high-contrast", G_CALLBACK(on_contrast), self,
	                        G_CONNECT_SWAPPED);
	on_contrast(self);
	nadir_window_install_actions(self);
	nadir_window_setup_review(self);
	nadir_actions_install(GTK_WINDOW(self));
	show_keys(self);
}

static void on_chat_changed(NadirWindow *self)
{
	if (self->document)
		nadir_chat_panel_set_document(self->work->chat, self->document, get_chat(self));
}

NadirWindow *nadir_window_new(NadirApplication *app)
{
	NadirWindow *self = g_object_new(NADIR_TYPE_WINDOW, "application", app, NULL);
	restore_size(self, nadir_application_get_settings(app));
	g_signal_connect_object(app, "service-changed", G_CALLBACK(nadir_window_update_chip), self, G_CONNECT_SWAPPED);
	g_signal_connect_object(app, "chat-changed", G_CALLBACK(on_chat_changed), self, G_CONNECT_SWAPPED);
	nadir_window_setup_open(self);
	nadir_window_set_document(self, NULL);
	nadir_window_update_chip(self);
	return self;
}
