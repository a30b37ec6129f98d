#include "app/chat/chat-bubble.h"

#include <glib/gi18n.h>

#include "app/chat/chat-entry.h"
#include "app/chat/chat-wrap.h"
#include "app/command/key-tips.h"
#include "app/conversation/conversation-edit.h"

struct _NadirChatBubble {
	GtkWidget parent_instance;

	/* Template widgets */
	GtkWidget *card, *stage_box, *offers, *foot, *branches, *editor, *as_said, *edited;
	NadirChatText *text;
	NadirChatEntry *entry;
	GtkSpinner *spinner;
	GtkLabel *stage, *note, *accept_label, *keep_key, *place, *meters;
	GtkWidget *accept_button, *keep_button, *continue_button, *previous, *next, *again, *copy, *edit;

	/* Owned reference */
	NadirChat *chat;

	conversation_message *message; /* of the chat's open conversation */
};

G_DEFINE_FINAL_TYPE(NadirChatBubble, nadir_chat_bubble, GTK_TYPE_WIDGET)

enum { ACT, ACT_ON, WORDED, N_BUBBLE_SIGNALS };
static guint signals[N_BUBBLE_SIGNALS];

/* --- what is shown --- */

static void update_text(NadirChatBubble *self)
{
	const conversation_message *m = self->message;
	const GPtrArray *regions = conversation_regions(m);
	nadir_chat_text_set(self->text, m->text, regions ? regions->len : 0, m->grounded);
	gtk_widget_set_visible(GTK_WIDGET(self->text), *m->text != '\0' && !gtk_widget_get_visible(self->editor));
}

static const char *stage_title(const char *stage)
{
	if (g_str_equal(stage, "vision"))
		return _("Looking at the image…");
	if (g_str_equal(stage, "reading"))
		return _("Reading the question…");
	if (g_str_equal(stage, "mask"))
		return _("Drawing masks…");
	return NULL;
}

static void update_stage(NadirChatBubble *self)
{
	const char *stage = "";
	double fraction = 0;
	const bool running = self->message->running && nadir_chat_is_asking(self->chat, &stage, &fraction);
	const bool loading = nadir_chat_get_model(self->chat, NULL, NULL) == NADIR_CHAT_LOADING;
	const char *title = !running ? NULL : loading ? _("Loading the model…") : stage_title(stage);
	gtk_widget_set_visible(self->stage_box, title != NULL);
	gtk_spinner_set_spinning(self->spinner, title != NULL);
	if (!title)
		return;
	g_autofree char *text =
		fraction > 0 && !loading ? g_strdup_printf("%s %.0f %%", title, 100 * fraction) : g_strdup(title);
	gtk_label_set_text(self->stage, text);
}

/* "58 tokens · 41.3 a second · first word after 0.4 s" */
static char *meters_text(const conversation_message *m)
{
	const conversation_timing *t = &m->timing;
	if (!m->model || m->running || t->generated == 0)
		return g_strdup("");
	/* Translators: tokens of a reply, tokens per second, seconds until the first word. */
	return g_strdup_printf(_("%u tok · %.*f tok/s · first word %.*f s"), t->generated, t->tokens_per_s < 10 ? 1 : 0,
	                       t->tokens_per_s, t->first_token_ms < 9950 ? 1 : 0, t->first_token_ms / 1000);
}

static char *meters_details(const conversation_message *m)
{
	const conversation_timing *t = &m->timing;
	const conversation_settings *s = &m->settings;
	return g_strdup_printf(_("%s on %s\nprompt: %u tokens, %u of them reused; image: %.0f ms\ntemperature %.2f, top-p "
	                         "%.2f, seed %" G_GUINT64_FORMAT),
	                       t->model, t->device, t->prompt, t->reused, t->vision_ms, s->temperature, s->top_p, s->seed);
}

static void update_foot(NadirChatBubble *self)
{
	conversation_message *m = self->message;
	guint count;
	const guint at = conversation_place(m, &count);
	g_autofree char *place = g_strdup_printf("%u/%u", at + 1, count), *meters = meters_text(m);
	gtk_label_set_text(self->place, place);
	gtk_widget_set_visible(self->branches, count > 1);
	gtk_widget_set_sensitive(self->previous, at > 0);
	gtk_widget_set_sensitive(self->next, at + 1 < count);
	gtk_label_set_text(self->meters, meters);
	g_autofree char *details = *meters ? meters_details(m) : NULL;
	gtk_widget_set_tooltip_text(GTK_WIDGET(self->meters), details);
	gtk_widget_set_visible(self->again, m->model || m->error);
	gtk_widget_set_visible(self->edited, m->said != NULL);
	gtk_widget_set_tooltip_text(self->edited, m->said ? m->said->text : NULL);
	gtk_widget_set_sensitive(self->again, !nadir_chat_is_asking(self->chat, NULL, NULL));
	gtk_widget_set_sensitive(self->edit, !nadir_chat_is_asking(self->chat, NULL, NULL));
	gtk_widget_set_visible(self->foot, !m->running && !gtk_widget_get_visible(self->editor));
}

static void update_offers(NadirChatBubble *self)
{
	conversation_message *m = self->message;
	const bool last = m == nadir_chat_get_reply(self->chat) && m->model && !m->running;
	const guint n = nadir_chat_count_open(m);
	g_autofree char *accept = n == 1   ? g_strdup(_("+ add as object"))
	                          : n == 2 ? g_strdup(_("+ add both as objects"))
	                                   : g_strdup_printf(_("+ add %u as objects"), n);
	gtk_label_set_text(self->accept_label, accept);
	gtk_widget_set_visible(self->accept_button, n > 0);
	gtk_widget_set_visible(self->keep_button, last);
	gtk_widget_set_visible(self->continue_button, last && nadir_chat_can_continue(self->chat));
	gtk_widget_set_visible(self->offers, (last || n > 0) && !gtk_widget_get_visible(self->editor));
}

static void update_note(NadirChatBubble *self)
{
	const conversation_message *m = self->message;
	const char *sentence = m->error ? m->error : m->running ? NULL : m->note;
	gtk_label_set_text(self->note, sentence ? sentence : "");
	gtk_widget_set_visible(GTK_WIDGET(self->note), sentence != NULL);
}

void nadir_chat_bubble_update(NadirChatBubble *self)
{
	g_return_if_fail(NADIR_IS_CHAT_BUBBLE(self));
	update_text(self);
	update_stage(self);
	update_note(self);
	update_offers(self);
	update_foot(self);
	nadir_chat_bubble_update_lit(self);
}

void nadir_chat_bubble_update_lit(NadirChatBubble *self)
{
	g_return_if_fail(NADIR_IS_CHAT_BUBBLE(self));
	nadir_chat_text_light(self->text, nadir_chat_get_lit_region(self->chat),
	                      nadir_chat_get_lit_grounded(self->chat, self->message));
}

conversation_message *nadir_chat_bubble_get_message(NadirChatBubble *self)
{
	g_return_val_if_fail(NADIR_IS_CHAT_BUBBLE(self), NULL);
	return self->message;
}

const char *nadir_chat_bubble_get_shown(NadirChatBubble *self)
{
	g_return_val_if_fail(NADIR_IS_CHAT_BUBBLE(self), NULL);
	return nadir_chat_text_get_shown(self->text);
}

/* --- what is done with it --- */

static void on_pointed(NadirChatBubble *self, int kind, int index)
{
	if (kind == SPAN_GROUNDED)
		nadir_chat_light_grounded(self->chat, self->message, index);
	else
		nadir_chat_light_region(self->chat, kind == SPAN_REGION ? index : -1);
}

static void on_activated(NadirChatBubble *self, int kind, int index)
{
	if (kind == SPAN_GROUNDED)
		g_signal_emit(self, signals[ACT_ON], 0, index);
}

#define ON(name)                                                                                                       \
	static void on_##name(NadirChatBubble *self)                                                                       \
	{                                                                                                                  \
		g_signal_emit(self, signals[ACT], 0, #name);                                                                   \
	}
ON(accept)
ON(keep)
ON(continue)
ON(previous)
ON(next)
ON(again)
ON(copy)
#undef ON

/* --- a reply in other words --- */

static void end_editing(NadirChatBubble *self, const char *text)
{
	gtk_widget_set_visible(self->editor, FALSE);
	nadir_chat_bubble_update(self);
	g_signal_emit(self, signals[WORDED], 0, text);
}

void nadir_chat_bubble_edit(NadirChatBubble *self)
{
	g_return_if_fail(NADIR_IS_CHAT_BUBBLE(self) && self->message->model);
	const GPtrArray *regions = conversation_regions(self->message);
	nadir_chat_entry_set_value(self->entry, self->message->text, regions ? regions->len : 0);
	gtk_widget_set_visible(self->as_said, self->message->said != NULL);
	gtk_widget_set_visible(self->editor, TRUE);
	nadir_chat_bubble_update(self);
	gtk_widget_grab_focus(GTK_WIDGET(self->entry));
}

static void on_edit(NadirChatBubble *self)
{
	if (self->message->model)
		nadir_chat_bubble_edit(self);
	else
		g_signal_emit(self, signals[ACT], 0, "edit");
}

static void on_worded(NadirChatBubble *self)
{
	g_autofree char *text = nadir_chat_entry_get_value(self->entry);
	end_editing(self, text);
}

static void on_as_said(NadirChatBubble *self)
{
	end_editing(self, "");
}

static void on_left(NadirChatBubble *self)
{
	end_editing(self, NULL);
}

/* --- the widget --- */

static void nadir_chat_bubble_dispose(GObject *object)
{
	NadirChatBubble *self = NADIR_CHAT_BUBBLE(object);
	GtkWidget *child;
	g_clear_object(&self->chat);
	while ((child = gtk_widget_get_first_child(GTK_WIDGET(self))))
		gtk_widget_unparent(child);
	G_OBJECT_CLASS(nadir_chat_bubble_parent_class)->dispose(object);
}

#define BIND(name) gtk_widget_class_bind_template_child(widget_class, NadirChatBubble, name)
#define CALLBACK(name) gtk_widget_class_bind_template_callback(widget_class, name)

static void bind_children(GtkWidgetClass *widget_class)
{
	BIND(card);
	BIND(text);
	BIND(editor);
	BIND(entry);
	BIND(as_said);
	BIND(edited);
	BIND(stage_box);
	BIND(spinner);
	BIND(stage);
	BIND(note);
	BIND(offers);
	BIND(accept_button);
	BIND(accept_label);
	BIND(keep_button);
	BIND(keep_key);
	BIND(continue_button);
	BIND(foot);
	BIND(branches);
	BIND(previous);
	BIND(place);
	BIND(next);
	BIND(meters);
	BIND(again);
	BIND(copy);
	BIND(edit);
}

static void nadir_chat_bubble_class_init(NadirChatBubbleClass *klass)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);
	G_OBJECT_CLASS(klass)->dispose = nadir_chat_bubble_dispose;
	signals[ACT] = g_signal_new("act", NADIR_TYPE_CHAT_BUBBLE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
	                            G_TYPE_STRING);
	signals[ACT_ON] = g_signal_new("act-on", NADIR_TYPE_CHAT_BUBBLE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
	                               G_TYPE_NONE, 1, G_TYPE_INT);
	signals[WORDED] = g_signal_new("worded", NADIR_TYPE_CHAT_BUBBLE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
	                               G_TYPE_NONE, 1, G_TYPE_STRING);
	g_type_ensure(NADIR_TYPE_CHAT_TEXT);
	g_type_ensure(NADIR_TYPE_CHAT_ENTRY);
	g_type_ensure(NADIR_TYPE_WRAP_LAYOUT);
	gtk_widget_class_set_template_from_resource(widget_class, "/io/github/nadir_workbench/Nadir/chat-bubble.ui");
	bind_children(widget_class);
	CALLBACK(on_pointed);
	CALLBACK(on_activated);
	CALLBACK(on_accept);
	CALLBACK(on_keep);
	CALLBACK(on_continue);
	CALLBACK(on_previous);
	CALLBACK(on_next);
	CALLBACK(on_again);
	CALLBACK(on_copy);
	CALLBACK(on_edit);
	CALLBACK(on_worded);
	CALLBACK(on_as_said);
	CALLBACK(on_left);
	gtk_widget_class_set_layout_manager_type(widget_class, GTK_TYPE_BOX_LAYOUT);
	gtk_widget_class_set_accessible_role(widget_class, GTK_ACCESSIBLE_ROLE_GROUP);
}

#undef BIND
#undef CALLBACK

static void nadir_chat_bubble_init(NadirChatBubble *self)
{
	gtk_widget_init_template(GTK_WIDGET(self));
}

GtkWidget *nadir_chat_bubble_new(NadirChat *session, conversation_message *m)
{
	NadirChatBubble *self = g_object_new(NADIR_TYPE_CHAT_BUBBLE, NULL);
	self->chat = g_object_ref(session);
	self->message = m;
	nadir_key_badge(self->keep_key, "win.chat-keep");
	nadir_key_tip(self->again, "win.chat-again");
	nadir_key_tip(self->continue_button, "win.chat-continue");
	gtk_widget_set_tooltip_text(self->edit, m->model ? _("Word the reply anew, in place: what the model said is kept")
	                                                 : _("Ask this differently: the old question stays as a branch"));
	gtk_widget_add_css_class(GTK_WIDGET(self), m->model ? "said-by-model" : "said-by-user");
	gtk_accessible_update_property(GTK_ACCESSIBLE(self), GTK_ACCESSIBLE_PROPERTY_LABEL,
	                               m->model ? _("The model's reply") : _("Your question"), -1);
	nadir_chat_bubble_update(self);
	return GTK_WIDGET(self);
}
