/* What the panel shows of its session. */
#include <glib/gi18n.h>
#include <string.h>

#include "app/chat/chat-bubble.h"
#include "app/chat/chat-card.h"
#include "app/chat/chat-panel-private.h"
#include "app/command/key-tips.h"
#include "app/conversation/conversation-text.h"

/* --- messages --- */

static void on_act(NadirChatPanel *self, const char *what, NadirChatBubble *bubble)
{
	conversation_message *m = nadir_chat_bubble_get_message(bubble);
	g_autoptr(GError) error = NULL;
	bool ok = true;
	chat_panel_show_error(self, NULL);
	if (g_str_equal(what, "again"))
		ok = nadir_chat_answer_again(self->chat, m, &error);
	else if (g_str_equal(what, "continue"))
		ok = nadir_chat_continue(self->chat, &error);
	else if (g_str_equal(what, "copy"))
		chat_panel_copy(self, m);
	else if (g_str_equal(what, "edit"))
		chat_panel_edit(self, m);
	else if (g_str_equal(what, "accept"))
		chat_panel_accept(self, m, -1);
	else if (g_str_equal(what, "keep"))
		chat_panel_keep(self, m);
	else
		nadir_chat_step_branch(self->chat, m, g_str_equal(what, "next") ? 1 : -1);
	if (!ok)
		chat_panel_show_error(self, error->message);
}

static void on_act_on(NadirChatPanel *self, int index, NadirChatBubble *bubble)
{
	chat_panel_accept(self, nadir_chat_bubble_get_message(bubble), index);
}

static void on_worded(NadirChatPanel *self, const char *text, NadirChatBubble *bubble)
{
	g_autoptr(GError) error = NULL;
	const bool ok = !text || nadir_chat_edit_reply(self->chat, nadir_chat_bubble_get_message(bubble), text, &error);
	chat_panel_show_error(self, ok ? NULL : error->message);
	gtk_widget_grab_focus(GTK_WIDGET(self->entry));
}

void chat_panel_edit_reply(NadirChatPanel *self, const conversation_message *reply)
{
	for (GtkWidget *b = gtk_widget_get_first_child(GTK_WIDGET(self->messages)); b; b = gtk_widget_get_next_sibling(b))
		if (nadir_chat_bubble_get_message(NADIR_CHAT_BUBBLE(b)) == reply)
			nadir_chat_bubble_edit(NADIR_CHAT_BUBBLE(b));
}

static void add_bubble(NadirChatPanel *self, conversation_message *m)
{
	GtkWidget *bubble = nadir_chat_bubble_new(self->chat, m);
	g_signal_connect_swapped(bubble, "act", G_CALLBACK(on_act), self);
	g_signal_connect_swapped(bubble, "act-on", G_CALLBACK(on_act_on), self);
	g_signal_connect_swapped(bubble, "worded", G_CALLBACK(on_worded), self);
	gtk_box_append(self->messages, bubble);
}

static bool focus_is_in(NadirChatPanel *self, GtkWidget *widget)
{
	GtkRoot *root = gtk_widget_get_root(GTK_WIDGET(self));
	GtkWidget *focus = root ? gtk_root_get_focus(root) : NULL;
	return focus && (focus == widget || gtk_widget_is_ancestor(focus, widget));
}

static void show_empty(NadirChatPanel *self)
{
	const char *why = NULL;
	const NadirChatModel model = self->chat ? nadir_chat_get_model(self->chat, NULL, &why) : NADIR_CHAT_UNTRIED;
	const bool none = model == NADIR_CHAT_NONE;
	g_autofree char *help = none
	                            ? g_strdup_printf(_("%s\n\nChoose a .gguf file of an EarthGPT-X or Llama-family model: "
	                                                "it runs on this computer, and nothing leaves it."),
	                                              why)
	                            : g_strdup(_("Mark something and ask what it is, compare two marks, or ask about the "
	                                         "whole image. What the model finds becomes objects that you can keep."));
	gtk_label_set_text(self->empty_title, none ? _("No Chat Model Yet") : _("Ask About the Image"));
	gtk_label_set_text(self->empty_text, help);
	gtk_widget_set_visible(self->empty_buttons, none);
}

void chat_panel_show_path(NadirChatPanel *self)
{
	g_autoptr(GPtrArray) path = self->chat ? conversation_path(nadir_chat_get_open(self->chat)) : g_ptr_array_new();
	const bool focused = focus_is_in(self, GTK_WIDGET(self->messages));
	GtkWidget *child;
	while ((child = gtk_widget_get_first_child(GTK_WIDGET(self->messages))))
		gtk_box_remove(self->messages, child);
	for (guint i = 0; i < path->len; i++)
		add_bubble(self, path->pdata[i]);
	self->follow = TRUE;
	show_empty(self);
	gtk_stack_set_visible_child_name(self->stack, path->len ? "talk" : "empty");
	if (focused)
		gtk_widget_grab_focus(GTK_WIDGET(self->entry));
	chat_panel_show_title(self);
	chat_panel_show_state(self);
}

void chat_panel_show_message(NadirChatPanel *self, conversation_message *m)
{
	for (GtkWidget *b = gtk_widget_get_first_child(GTK_WIDGET(self->messages)); b; b = gtk_widget_get_next_sibling(b))
		if (nadir_chat_bubble_get_message(NADIR_CHAT_BUBBLE(b)) == m)
			nadir_chat_bubble_update(NADIR_CHAT_BUBBLE(b));
	if (!m->running)
		chat_panel_update_actions(self);
}

void chat_panel_show_title(NadirChatPanel *self)
{
	g_autofree char *title = self->chat ? conversation_title(nadir_chat_get_open(self->chat)) : g_strdup("");
	gtk_label_set_text(self->title, title);
	gtk_accessible_update_property(GTK_ACCESSIBLE(self->title_button), GTK_ACCESSIBLE_PROPERTY_LABEL, title, -1);
}

/* --- chips of regions --- */

static int chip_index(GtkWidget *widget)
{
	return GPOINTER_TO_INT(g_object_get_data(G_OBJECT(widget), "region"));
}

static void on_chip_clicked(NadirChatPanel *self, GtkWidget *button)
{
	nadir_chat_entry_insert_region(self->entry, (guint)chip_index(button) + 1);
	gtk_widget_grab_focus(GTK_WIDGET(self->entry));
}

static void on_chip_removed(NadirChatPanel *self, GtkWidget *button)
{
	const guint index = (guint)chip_index(button);
	nadir_chat_entry_drop_region(self->entry, index + 1);
	nadir_chat_remove_region(self->chat, index);
	gtk_widget_grab_focus(GTK_WIDGET(self->entry));
}

static void on_chip_enter(GtkEventController *controller, double x, double y, NadirChatPanel *self)
{
	nadir_chat_light_region(self->chat, chip_index(gtk_event_controller_get_widget(controller)));
}

static void on_chip_leave(GtkEventController *controller, NadirChatPanel *self)
{
	if (self->chat)
		nadir_chat_light_region(self->chat, -1);
}

static void on_chip_focus(GtkEventController *controller, NadirChatPanel *self)
{
	nadir_chat_light_region(self->chat, chip_index(gtk_event_controller_get_widget(controller)));
}

static GtkWidget *chip_button(NadirChatPanel *self, guint index, const char *label, const char *icon, const char *tip,
                              GCallback clicked)
{
	GtkWidget *button = icon ? gtk_button_new_from_icon_name(icon) : gtk_button_new_with_label(label);
	gtk_widget_add_css_class(button, "flat");
	gtk_widget_set_tooltip_text(button, tip);
	g_object_set_data(G_OBJECT(button), "region", GINT_TO_POINTER((int)index));
	g_signal_connect_swapped(button, "clicked", clicked, self);
	return button;
}

static void add_chip(NadirChatPanel *self, const conversation_region *r, guint index, bool removable)
{
	GtkWidget *chip = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 0);
	GtkEventController *motion = gtk_event_controller_motion_new(), *focus = gtk_event_controller_focus_new();
	g_autofree char *name = g_strdup_printf(_("Region %u"), index + 1);
	g_autofree char *tip = g_strdup_printf(_("%s: %s. Click to name it in the question."), name,
	                                       *r->label ? r->label : prompt_title(r->mark));
	g_autofree char *drop = g_strdup_printf(_("Leave out %s"), name), *color = g_strdup_printf("region-%u", index % 10);
	gtk_widget_add_css_class(chip, "region-chip");
	gtk_widget_add_css_class(chip, color);
	g_object_set_data(G_OBJECT(chip), "region", GINT_TO_POINTER((int)index));
	gtk_box_append(GTK_BOX(chip), chip_button(self, index, name, NULL, tip, G_CALLBACK(on_chip_clicked)));
	if (removable)
		gtk_box_append(GTK_BOX(chip),
		               chip_button(self, index, NULL, "window-close-symbolic", drop, G_CALLBACK(on_chip_removed)));
	g_signal_connect(motion, "enter", G_CALLBACK(on_chip_enter), self);
	g_signal_connect(motion, "leave", G_CALLBACK(on_chip_leave), self);
	g_signal_connect(focus, "enter", G_CALLBACK(on_chip_focus), self);
	g_signal_connect(focus, "leave", G_CALLBACK(on_chip_leave), self);
	gtk_widget_add_controller(chip, motion);
	gtk_widget_add_controller(chip, focus);
	gtk_box_append(self->chips, chip);
}

/* What one key would make the next region; g_free, NULL: nothing. */
static char *offer_title(NadirChatPanel *self, const GPtrArray *regions)
{
	NadirDocument *d = nadir_chat_get_document(self->chat);
	const prompt *pending = d ? nadir_document_get_prompt(d) : NULL;
	NadirObject *selected = d && !pending ? nadir_document_get_selected(d) : NULL;
	const feature *f = selected ? nadir_object_get_feature(selected) : NULL;
	if (pending) /* Translators: %s is point, box, circle, scribble, polygon or several marks. */
		return g_strdup_printf(_("+ the %s"), prompt_title(pending));
	for (guint i = 0; f && i < regions->len; i++)
		if (((const conversation_region *)regions->pdata[i])->object == f->id)
			return NULL;
	return f ? g_strdup_printf("+ %s #%" G_GINT64_FORMAT, f->class_name, f->id) : NULL;
}

static void add_offer(NadirChatPanel *self, const char *title)
{
	GtkWidget *button = gtk_button_new(), *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
	gtk_box_append(GTK_BOX(box), gtk_label_new(title));
	gtk_box_append(GTK_BOX(box), nadir_key_badge_new("win.chat-region"));
	gtk_button_set_child(GTK_BUTTON(button), box);
	gtk_widget_add_css_class(button, "region-offer");
	gtk_widget_set_focus_on_click(button, FALSE);
	gtk_actionable_set_action_name(GTK_ACTIONABLE(button), "win.chat-region");
	gtk_widget_set_tooltip_text(button, _("Talk about this: it becomes a region of the question"));
	gtk_box_append(self->chips, button);
}

void chat_panel_show_regions(NadirChatPanel *self)
{
	const bool focused = focus_is_in(self, GTK_WIDGET(self->chips));
	GtkWidget *child;
	guint fixed = 0;
	while ((child = gtk_widget_get_first_child(GTK_WIDGET(self->chips))))
		gtk_box_remove(self->chips, child);
	g_autoptr(GPtrArray) regions = self->chat ? nadir_chat_get_regions(self->chat, &fixed) : g_ptr_array_new();
	for (guint i = 0; i < regions->len; i++)
		add_chip(self, regions->pdata[i], i, i >= fixed);
	g_autofree char *offer = self->chat ? offer_title(self, regions) : NULL;
	if (offer)
		add_offer(self, offer);
	gtk_widget_set_visible(GTK_WIDGET(self->chips), gtk_widget_get_first_child(GTK_WIDGET(self->chips)) != NULL);
	if (focused)
		gtk_widget_grab_focus(GTK_WIDGET(self->entry));
	chat_panel_update_actions(self);
}

void chat_panel_show_lit(NadirChatPanel *self)
{
	const int lit = self->chat ? nadir_chat_get_lit_region(self->chat) : -1;
	for (GtkWidget *b = gtk_widget_get_first_child(GTK_WIDGET(self->messages)); b; b = gtk_widget_get_next_sibling(b))
		nadir_chat_bubble_update_lit(NADIR_CHAT_BUBBLE(b));
	for (GtkWidget *c = gtk_widget_get_first_child(GTK_WIDGET(self->chips)); c; c = gtk_widget_get_next_sibling(c)) {
		if (!gtk_widget_has_css_class(c, "region-chip"))
			continue;
		if (chip_index(c) == lit)
			gtk_widget_add_css_class(c, "lit");
		else
			gtk_widget_remove_css_class(c, "lit");
	}
	nadir_chat_entry_light(self->entry, lit);
}

/* --- the model --- */

static void show_card(NadirChatPanel *self)
{
	const chat_info *info = NULL;
	if (self->chat)
		nadir_chat_get_model(self->chat, &info, NULL);
	gtk_widget_set_visible(GTK_WIDGET(self->card), info != NULL);
	if (!info)
		return;
	g_autofree char *summary = chat_card_summary(info->card), *limits = chat_card_limits(info->card);
	const char *able = !info->sees ? _("A language model: it sees neither the image nor the marks.")
	                   : *summary  ? summary
	                               : _("Its file says nothing about what it is good at.");
	g_autofree char *device = g_strchomp(g_strndup(info->device, strcspn(info->device, "(")));
	g_autofree char *markup =
		g_markup_printf_escaped("%s · %s · <a href=\"card:\">%s</a> · <a href=\"model:\">%s</a>\n%s %s", info->model,
	                            device, _("More…"), _("Change…"), able, info->sees ? limits : "");
	gtk_label_set_markup(self->card, markup);
}

static void show_hint(NadirChatPanel *self)
{
	const conversation_message *reply = self->chat ? nadir_chat_get_reply(self->chat) : NULL;
	const conversation_timing *t = reply ? &reply->timing : NULL;
	g_autofree char *hint = NULL;
	if (self->chat && nadir_chat_get_edited(self->chat))
		hint = g_strdup(_("Editing an earlier question · Esc leaves it"));
	else if (t && t->context)
		hint = g_strdup_printf(_("context %u / %u"), t->prompt + t->generated, t->context);
	else
		hint = g_strdup("");
	gtk_label_set_text(self->hint, hint);
	gtk_widget_set_tooltip_text(GTK_WIDGET(self->hint), hint);
}

void chat_panel_show_state(NadirChatPanel *self)
{
	const bool asking = self->chat && nadir_chat_is_asking(self->chat, NULL, NULL);
	const conversation_settings *s = self->chat ? &nadir_chat_get_open(self->chat)->settings : NULL;
	gtk_widget_set_visible(self->send, !asking);
	gtk_widget_set_visible(self->stop, asking);
	gtk_label_set_text(self->placeholder, self->chat && nadir_chat_get_edited(self->chat)
	                                          ? _("Ask it differently…")
	                                          : _("Ask about the image, @ names a mark"));
	self->loading = TRUE;
	gtk_toggle_button_set_active(self->view_toggle, s && s->view);
	self->loading = FALSE;
	for (GtkWidget *b = gtk_widget_get_first_child(GTK_WIDGET(self->messages)); b; b = gtk_widget_get_next_sibling(b))
		if (asking != self->was_asking || nadir_chat_bubble_get_message(NADIR_CHAT_BUBBLE(b))->running)
			nadir_chat_bubble_update(NADIR_CHAT_BUBBLE(b));
	self->was_asking = asking;
	show_empty(self);
	show_card(self);
	show_hint(self);
	chat_panel_update_actions(self);
}
