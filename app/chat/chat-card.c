#include "app/chat/chat-card.h"

#include <adwaita.h>
#include <glib/gi18n.h>
#include <string.h>

#include "app/command/text-size.h"

#define SUMMARY_MOST 160 /* characters in the panel */

/* --- paragraphs --- */

static bool is_blank(const char *line)
{
	return line[strspn(line, " \t\r")] == '\0';
}

static bool is_prose(const char *line)
{
	return !is_blank(line) && !strchr("#|->`<", *line) && !g_str_has_prefix(line, "* ");
}

/* The paragraph that begins with *line, its lines joined; *line is moved behind it. */
static char *take_paragraph(char ***line)
{
	GString *text = g_string_new(NULL);
	for (; **line && is_prose(**line); (*line)++)
		g_string_append_printf(text, "%s%s", text->len ? " " : "", g_strstrip(**line));
	return g_string_free(text, FALSE);
}

/* As many whole sentences as there is room for. */
static char *first_sentences(const char *text)
{
	if (g_utf8_strlen(text, -1) <= SUMMARY_MOST)
		return g_strdup(text);
	g_autofree char *cut = g_utf8_substring(text, 0, SUMMARY_MOST);
	char *stop = g_strrstr(cut, ". ");
	if (!stop)
		return g_strconcat(cut, "…", NULL);
	stop[1] = '\0';
	return g_steal_pointer(&cut);
}

char *chat_card_summary(const char *card)
{
	g_auto(GStrv) lines = g_strsplit(card, "\n", -1);
	char **line = lines;
	while (*line && (!is_prose(*line) || **line == '*'))
		line++;
	g_autofree char *text = take_paragraph(&line);
	return first_sentences(text);
}

char *chat_card_limits(const char *card)
{
	g_auto(GStrv) lines = g_strsplit(card, "\n", -1);
	for (char **line = lines; *line; line++) {
		const char *title = g_str_has_prefix(*line, "**") ? strstr(*line, "annot") : NULL;
		const char *end = title ? strstr(title, "**") : NULL;
		if (!end)
			continue;
		const gsize behind = (gsize)(end - *line) + 2;
		g_autofree char *all = take_paragraph(&line);
		return first_sentences(g_strchug(all + MIN(behind, strlen(all))));
	}
	return g_strdup("");
}

/* --- the whole card --- */

/* "**bold**" and "`code`" of a line. */
static void add_inline(GString *out, const char *text)
{
	static const struct {
		const char *mark, *open, *close;
	} spans[] = {{"**", "<b>", "</b>"}, {"`", "<tt>", "</tt>"}};
	g_autofree char *escaped = g_markup_escape_text(text, -1);
	for (const char *p = escaped; *p;) {
		const char *end = NULL;
		for (guint i = 0; i < G_N_ELEMENTS(spans) && !end; i++) {
			const gsize n = strlen(spans[i].mark);
			end = g_str_has_prefix(p, spans[i].mark) ? strstr(p + n, spans[i].mark) : NULL;
			if (!end)
				continue;
			g_string_append_printf(out, "%s%.*s%s", spans[i].open, (int)(end - p - (gssize)n), p + n, spans[i].close);
			p = end + n;
		}
		if (!end)
			g_string_append_c(out, *p++);
	}
}

/* "| a | b |" with the cells apart; the line of dashes under a table's head says nothing. */
static void add_row(GString *out, const char *line)
{
	if (line[strspn(line, "|-: ")] == '\0')
		return;
	g_auto(GStrv) cells = g_strsplit(line, "|", -1);
	for (char **cell = cells; *cell; cell++) {
		if (!*g_strstrip(*cell))
			continue;
		if (cell > cells + 1)
			g_string_append(out, "  ·  ");
		add_inline(out, *cell);
	}
	g_string_append_c(out, '\n');
}

static void add_title(GString *out, const char *line)
{
	g_autofree char *title = g_markup_escape_text(line + strspn(line, "# "), -1);
	g_string_append_printf(out, "<span size=\"large\" weight=\"bold\">%s</span>\n", title);
}

char *chat_card_markup(const char *card)
{
	g_auto(GStrv) lines = g_strsplit(card, "\n", -1);
	GString *out = g_string_new(NULL);
	for (char **line = lines; *line;) {
		if (is_prose(*line)) {
			g_autofree char *text = take_paragraph(&line);
			add_inline(out, text);
			g_string_append_c(out, '\n');
			continue;
		}
		if (**line == '|')
			add_row(out, *line);
		else if (**line == '#')
			add_title(out, *line);
		else
			add_inline(out, *line), g_string_append_c(out, '\n');
		line++;
	}
	return g_string_free(g_steal_pointer(&out), FALSE);
}

void chat_card_present(GtkWindow *parent, const char *model, const char *card)
{
	g_autofree char *markup = chat_card_markup(*card ? card : _("The file says nothing about what it is good at."));
	GtkWidget *label = gtk_label_new(NULL), *scroller = gtk_scrolled_window_new();
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0), *window = adw_window_new();
	gtk_label_set_markup(GTK_LABEL(label), markup);
	gtk_label_set_wrap(GTK_LABEL(label), TRUE);
	gtk_label_set_selectable(GTK_LABEL(label), TRUE);
	gtk_label_set_xalign(GTK_LABEL(label), 0);
	gtk_widget_set_valign(label, GTK_ALIGN_START);
	gtk_widget_set_margin_start(label, 18);
	gtk_widget_set_margin_end(label, 18);
	gtk_widget_set_margin_top(label, 12);
	gtk_widget_set_margin_bottom(label, 18);
	gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scroller), label);
	gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scroller), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
	gtk_widget_set_vexpand(scroller, TRUE);
	gtk_box_append(GTK_BOX(box), adw_header_bar_new());
	gtk_box_append(GTK_BOX(box), scroller);
	adw_window_set_content(ADW_WINDOW(window), box);
	gtk_window_set_title(GTK_WINDOW(window), model);
	gtk_window_set_default_size(GTK_WINDOW(window), 640, 560);
	nadir_fit_window_to_text(GTK_WINDOW(window));
	gtk_window_set_transient_for(GTK_WINDOW(window), parent);
	gtk_window_set_modal(GTK_WINDOW(window), TRUE);
	gtk_window_set_focus(GTK_WINDOW(window), scroller); /* a label that gets the focus selects all of its text */
	GtkEventController *keys = gtk_shortcut_controller_new();
	gtk_shortcut_controller_add_shortcut(
		GTK_SHORTCUT_CONTROLLER(keys),
		gtk_shortcut_new(gtk_keyval_trigger_new(GDK_KEY_Escape, 0), gtk_named_action_new("window.close")));
	gtk_widget_add_controller(window, keys);
	gtk_window_present(GTK_WINDOW(window));
}
