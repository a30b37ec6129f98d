/* The chat's actions, which the window, the palette and the keys start; and the row of ready-made questions. */
#include <glib/gi18n.h>
#include <string.h>

#include "app/chat/chat-bubble.h"
#include "app/chat/chat-card.h"
#include "app/chat/chat-panel-private.h"
#include "app/command/key-tips.h"
#include "app/settings.h"

#define ACTION(name) static void name(GSimpleAction *action, GVariant *parameter, gpointer data)

/* --- ready-made questions --- */

static const struct {
	const char *name, *title;
} quick[] = {
	{"describe", N_("Describe")}, {"what", N_("What is this?")},  {"compare", N_("Compare")},
	{"count", N_("Count")},       {"segment", N_("Segment all")},
};

/* "ships", "buses", "properties": models are asked in English whatever the program speaks. */
static char *plural(const char *noun)
{
	const gsize n = strlen(noun);
	const char last = n ? noun[n - 1] : ' ', before = n > 1 ? noun[n - 2] : ' ';
	if (last == 'y' && !strchr("aeiou", before)) {
		g_autofree char *stem = g_strndup(noun, n - 1);
		return g_strconcat(stem, "ies", NULL);
	}
	const bool hisses = last == 's' || last == 'x' || (last == 'h' && (before == 's' || before == 'c'));
	return g_strconcat(noun, hisses ? "es" : "s", NULL);
}

/* What the marked object is, or the class that is chosen now; plural; "objects" when that says nothing. */
static char *things(NadirChatPanel *self, const GPtrArray *regions)
{
	NadirDocument *d = nadir_chat_get_document(self->chat);
	const conversation_region *first = regions->len ? regions->pdata[0] : NULL;
	GPtrArray *classes = nadir_document_get_classes(d);
	const int current = nadir_document_get_current_class(d);
	if (first && *first->label)
		return plural(first->label);
	if (current >= 0 && current < (int)classes->len)
		return plural(((const project_class *)classes->pdata[current])->name);
	return g_strdup("objects");
}

/* NULL: it needs more regions than there are. g_free. */
static char *quick_question(NadirChatPanel *self, const char *name, guint n_regions, const GPtrArray *regions)
{
	g_autofree char *many = things(self, regions);
	if (g_str_equal(name, "describe"))
		return g_strdup(chat_task_question(n_regions ? CHAT_BRIEF_REGIONS : CHAT_DETAILED));
	if (g_str_equal(name, "what"))
		return g_strdup(chat_task_question(n_regions ? CHAT_CLASSIFY_REGIONS : CHAT_SCENE));
	if (g_str_equal(name, "compare"))
		return n_regions >= 2 ? g_strdup(chat_task_question(CHAT_RELATE_REGIONS)) : NULL;
	if (g_str_equal(name, "count"))
		return g_strdup_printf("How many %s are there in the image?", many);
	if (n_regions)
		return g_strdup(chat_task_question(CHAT_SEGMENT_REGIONS));
	if (g_str_equal(many, "objects"))
		return g_strdup(chat_task_question(CHAT_GROUNDED));
	g_autofree char *all = g_strconcat("the ", many, NULL);
	return chat_segment_question(all);
}

/* Pending marks count as regions: asking makes them some. */
static guint regions_to_be(NadirChatPanel *self, GPtrArray **regions)
{
	NadirDocument *d = nadir_chat_get_document(self->chat);
	*regions = nadir_chat_get_regions(self->chat, NULL);
	return (*regions)->len + (d && nadir_document_get_prompt(d) ? 1 : 0);
}

/* Names that marking put into the entry are of no use there once the question was asked about all; words are kept. */
static void drop_bare_names(NadirChatPanel *self)
{
	g_autofree char *typed = nadir_chat_entry_get_value(self->entry);
	guint at = 0, start, end, number;
	while (chat_find_region(typed, at, &start, &end, &number) && strspn(typed + at, " ") == start - at)
		at = end;
	if (at > 0 && typed[at + strspn(typed + at, " ")] == '\0')
		nadir_chat_entry_set_value(self->entry, "", 0);
}

ACTION(on_quick)
{
	NadirChatPanel *self = data;
	const char *name = g_variant_get_string(parameter, NULL);
	const bool about_selected = g_str_equal(name, "what");
	g_autoptr(GPtrArray) regions = NULL;
	gtk_widget_activate_action(GTK_WIDGET(self), "win.page", "s", "chat");
	if (nadir_chat_is_asking(self->chat, NULL, NULL)) {
		chat_panel_show_error(self, _("The model is still answering: wait, or stop it first."));
		return;
	}
	guint n = regions_to_be(self, &regions);
	if (n > regions->len || (about_selected && n == 0)) {
		g_autofree char *typed = nadir_chat_entry_get_value(self->entry);
		const bool added = chat_panel_add_regions(self, about_selected, false);
		nadir_chat_entry_set_value(self->entry, typed, n); /* the question names them all */
		if (!added)
			return;
		g_ptr_array_unref(regions);
		n = regions_to_be(self, &regions);
	}
	g_autofree char *question = quick_question(self, name, n, regions);
	if (!question)
		chat_panel_show_error(self, _("Comparing needs two regions: mark another one first."));
	else if (chat_panel_ask(self, question))
		drop_bare_names(self);
}

static gboolean on_quick_tooltip(GtkWidget *button, int x, int y, gboolean keyboard, GtkTooltip *tooltip,
                                 NadirChatPanel *self)
{
	g_autoptr(GPtrArray) regions = NULL;
	if (!self->chat || !nadir_chat_get_document(self->chat))
		return FALSE;
	const guint n = regions_to_be(self, &regions);
	g_autofree char *question = quick_question(self, gtk_widget_get_name(button), n, regions);
	gtk_tooltip_set_text(tooltip, question ? question : _("Needs two regions"));
	return TRUE;
}

void chat_panel_make_quick(NadirChatPanel *self)
{
	for (guint i = 0; i < G_N_ELEMENTS(quick); i++) {
		g_autofree char *action = g_strconcat("win.chat-quick::", quick[i].name, NULL);
		g_autofree char *key = nadir_action_key_label(nadir_action_find(action));
		GtkWidget *button = gtk_button_new(), *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
		gtk_box_append(GTK_BOX(box), gtk_label_new(_(quick[i].title)));
		gtk_box_append(GTK_BOX(box), nadir_key_badge_new(action));
		gtk_button_set_child(GTK_BUTTON(button), box);
		gtk_widget_add_css_class(button, "pill-button");
		gtk_widget_set_name(button, quick[i].name);
		gtk_widget_set_focus_on_click(button, FALSE);
		gtk_widget_set_has_tooltip(button, TRUE);
		g_signal_connect(button, "query-tooltip", G_CALLBACK(on_quick_tooltip), self);
		gtk_actionable_set_detailed_action_name(GTK_ACTIONABLE(button), action);
		gtk_accessible_update_property(GTK_ACCESSIBLE(button), GTK_ACCESSIBLE_PROPERTY_LABEL, _(quick[i].title),
		                               GTK_ACCESSIBLE_PROPERTY_KEY_SHORTCUTS, key ? key : "", -1);
		gtk_box_append(self->quick, button);
	}
}

/* --- asking --- */

static void show_page(NadirChatPanel *self)
{
	gtk_widget_activate_action(GTK_WIDGET(self), "win.page", "s", "chat");
}

static void report(NadirChatPanel *self, bool ok, const GError *error)
{
	chat_panel_show_error(self, ok ? NULL : error->message);
}

ACTION(on_chat)
{
	show_page(data);
	nadir_chat_panel_start(data);
}

ACTION(on_segment_text)
{
	show_page(data);
	nadir_chat_panel_start_with(data, "segment: ");
}

ACTION(on_region)
{
	show_page(data);
	chat_panel_add_regions(data, true, true);
}

ACTION(on_send)
{
	chat_panel_send(data);
}

ACTION(on_stop)
{
	nadir_chat_stop(((NadirChatPanel *)data)->chat);
}

ACTION(on_again)
{
	NadirChatPanel *self = data;
	g_autoptr(GError) error = NULL;
	conversation_message *last = conversation_last(nadir_chat_get_open(self->chat));
	report(self, nadir_chat_answer_again(self->chat, last, &error), error);
}

ACTION(on_continue)
{
	NadirChatPanel *self = data;
	g_autoptr(GError) error = NULL;
	report(self, nadir_chat_continue(self->chat, &error), error);
}

ACTION(on_edit)
{
	NadirChatPanel *self = data;
	conversation_message *last = conversation_last(nadir_chat_get_open(self->chat));
	show_page(self);
	chat_panel_edit(self, last->model ? last->parent : last);
}

ACTION(on_edit_reply)
{
	NadirChatPanel *self = data;
	show_page(self);
	chat_panel_edit_reply(self, nadir_chat_get_reply(self->chat));
}

/* The last message that has versions. */
static conversation_message *forked(NadirChatPanel *self)
{
	conversation_message *m = self->chat ? conversation_last(nadir_chat_get_open(self->chat)) : NULL;
	guint count = 0;
	for (; m && m->parent; m = m->parent) {
		conversation_place(m, &count);
		if (count > 1)
			return m;
	}
	return NULL;
}

ACTION(on_branch)
{
	NadirChatPanel *self = data;
	const int step = g_str_equal(g_variant_get_string(parameter, NULL), "next") ? 1 : -1;
	nadir_chat_step_branch(self->chat, forked(self), step);
}

/* --- what was found --- */

ACTION(on_accept)
{
	NadirChatPanel *self = data;
	conversation_message *lit = nadir_chat_get_lit_message(self->chat);
	chat_panel_accept(self, lit ? lit : nadir_chat_get_reply(self->chat),
	                  lit ? nadir_chat_get_lit_grounded(self->chat, lit) : -1);
}

ACTION(on_keep)
{
	NadirChatPanel *self = data;
	chat_panel_keep(self, nadir_chat_get_reply(self->chat));
}

ACTION(on_copy)
{
	NadirChatPanel *self = data;
	chat_panel_copy(self, nadir_chat_get_reply(self->chat));
}

/* --- conversations --- */

ACTION(on_new)
{
	NadirChatPanel *self = data;
	show_page(self);
	nadir_chat_begin(self->chat);
	nadir_chat_panel_start(self);
}

ACTION(on_conversations)
{
	NadirChatPanel *self = data;
	show_page(self);
	gtk_menu_button_popup(self->title_button);
}

ACTION(on_rename)
{
	on_conversations(action, parameter, data);
	nadir_chat_list_rename_open(((NadirChatPanel *)data)->list);
}

ACTION(on_delete)
{
	NadirChatPanel *self = data;
	nadir_chat_delete(self->chat, nadir_chat_get_open(self->chat));
}

ACTION(on_settings)
{
	show_page(data);
	gtk_menu_button_popup(((NadirChatPanel *)data)->settings_button);
}

static void on_export_chosen(NadirChatPanel *self, int response)
{
	g_autoptr(GFile) file =
		response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file(GTK_FILE_CHOOSER(self->chooser)) : NULL;
	g_autofree char *path = file ? g_file_get_path(file) : NULL;
	g_autoptr(GError) error = NULL;
	g_clear_object(&self->chooser);
	if (!path || !self->chat)
		return;
	if (nadir_chat_export(self->chat, path, &error)) {
		g_autofree char *name = g_path_get_basename(path), *sentence = g_strdup_printf(_("Exported to %s"), name);
		chat_panel_toast(self, sentence);
	}
	chat_panel_show_error(self, error ? error->message : NULL);
}

static void choose_file(NadirChatPanel *self, const char *title, GtkFileChooserAction what, GCallback chosen)
{
	g_clear_object(&self->chooser);
	self->chooser =
		gtk_file_chooser_native_new(title, GTK_WINDOW(gtk_widget_get_root(GTK_WIDGET(self))), what, NULL, NULL);
	gtk_native_dialog_set_modal(GTK_NATIVE_DIALOG(self->chooser), TRUE);
	g_signal_connect_swapped(self->chooser, "response", chosen, self);
	gtk_native_dialog_show(GTK_NATIVE_DIALOG(self->chooser));
}

ACTION(on_export)
{
	NadirChatPanel *self = data;
	choose_file(self, _("Export the Conversation"), GTK_FILE_CHOOSER_ACTION_SAVE, G_CALLBACK(on_export_chosen));
	gtk_file_chooser_set_current_name(GTK_FILE_CHOOSER(self->chooser), "conversation.json");
}

static void on_model_chosen(NadirChatPanel *self, int response)
{
	g_autoptr(GFile) file =
		response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file(GTK_FILE_CHOOSER(self->chooser)) : NULL;
	g_autofree char *path = file ? g_file_get_path(file) : NULL;
	g_autoptr(GSettings) settings = nadir_settings_new(NULL);
	g_clear_object(&self->chooser);
	if (path && settings)
		g_settings_set_string(settings, "chat-model", path);
}

ACTION(on_model)
{
	NadirChatPanel *self = data;
	g_autoptr(GtkFileFilter) filter = gtk_file_filter_new();
	choose_file(self, _("Chat Model"), GTK_FILE_CHOOSER_ACTION_OPEN, G_CALLBACK(on_model_chosen));
	gtk_file_filter_set_name(filter, _("Models (.gguf)"));
	gtk_file_filter_add_pattern(filter, "*.gguf");
	gtk_file_chooser_add_filter(GTK_FILE_CHOOSER(self->chooser), filter);
}

ACTION(on_card)
{
	NadirChatPanel *self = data;
	const chat_info *info = NULL;
	nadir_chat_get_model(self->chat, &info, NULL);
	if (info)
		chat_card_present(GTK_WINDOW(gtk_widget_get_root(GTK_WIDGET(self))), info->model, info->card);
}

#undef ACTION

/* --- the table --- */

static const GActionEntry entries[] = {
	{.name = "chat", .activate = on_chat},
	{.name = "segment-text", .activate = on_segment_text},
	{.name = "chat-region", .activate = on_region},
	{.name = "chat-quick", .activate = on_quick, .parameter_type = "s"},
	{.name = "chat-send", .activate = on_send},
	{.name = "chat-stop", .activate = on_stop},
	{.name = "chat-again", .activate = on_again},
	{.name = "chat-continue", .activate = on_continue},
	{.name = "chat-edit", .activate = on_edit},
	{.name = "chat-edit-reply", .activate = on_edit_reply},
	{.name = "chat-branch", .activate = on_branch, .parameter_type = "s"},
	{.name = "chat-accept", .activate = on_accept},
	{.name = "chat-keep", .activate = on_keep},
	{.name = "chat-copy", .activate = on_copy},
	{.name = "chat-new", .activate = on_new},
	{.name = "chat-conversations", .activate = on_conversations},
	{.name = "chat-rename", .activate = on_rename},
	{.name = "chat-delete", .activate = on_delete},
	{.name = "chat-export", .activate = on_export},
	{.name = "chat-settings", .activate = on_settings},
	{.name = "chat-model", .activate = on_model},
	{.name = "chat-card", .activate = on_card},
};

static void enable(NadirChatPanel *self, const char *const *names, bool enabled)
{
	for (; *names; names++)
		g_simple_action_set_enabled(G_SIMPLE_ACTION(g_action_map_lookup_action(self->actions, *names)), enabled);
}

#define ENABLE(condition, ...) enable(self, (const char *const[]){__VA_ARGS__, NULL}, condition)

void chat_panel_update_actions(NadirChatPanel *self)
{
	if (!self->actions)
		return;
	const bool open = self->chat && nadir_chat_get_document(self->chat);
	const bool asking = open && nadir_chat_is_asking(self->chat, NULL, NULL);
	const conversation *talk = open ? nadir_chat_get_open(self->chat) : NULL;
	const bool said = talk && talk->root->children->len > 0, stored = talk && talk->id;
	conversation_message *reply = open ? nadir_chat_get_reply(self->chat) : NULL;
	const bool whole = reply && !reply->running, found = whole && nadir_chat_count_open(reply) > 0;
	ENABLE(open, "chat", "segment-text", "chat-region", "chat-quick", "chat-new", "chat-conversations", "chat-settings",
	       "chat-model");
	ENABLE(open && !asking && (found || !nadir_chat_entry_is_empty(self->entry)), "chat-send");
	ENABLE(asking, "chat-stop");
	ENABLE(said && !asking, "chat-again", "chat-edit", "chat-export");
	ENABLE(open && nadir_chat_can_continue(self->chat), "chat-continue");
	ENABLE(open && !asking && forked(self), "chat-branch");
	ENABLE(found, "chat-accept");
	ENABLE(whole, "chat-keep", "chat-copy");
	ENABLE(whole && !asking, "chat-edit-reply");
	ENABLE(stored, "chat-rename", "chat-delete");
	ENABLE(open && nadir_chat_get_model(self->chat, NULL, NULL) == NADIR_CHAT_READY, "chat-card");
}

#undef ENABLE

void nadir_chat_panel_install_actions(NadirChatPanel *self, GActionMap *map)
{
	g_return_if_fail(NADIR_IS_CHAT_PANEL(self) && G_IS_ACTION_MAP(map));
	g_action_map_add_action_entries(map, entries, G_N_ELEMENTS(entries), self);
	self->actions = map;
	chat_panel_update_actions(self);
}
