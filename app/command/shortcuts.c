#include "app/command/shortcuts.h"

#include <adwaita.h>
#include <glib/gi18n.h>
#include <string.h>

#include "app/command/key-tips.h"
#include "app/command/keymap.h"
#include "app/command/text-size.h"

#define LARGE_TEXT 1.3 /* from here on one column, not two */
#define HEAD_ROWS 3    /* what a group's heading takes of a column */

/* Held keys and gestures are no actions, but they are keys. */
static const struct {
	const char *keys, *title;
} canvas_keys[] = {
	{"space", N_("Hold and drag to move the image")},
	{"Left|Right|Up|Down", N_("Move the image")},
	{"Shift_L", N_("With a click or stroke: what is not part of the object")},
};

typedef struct {
	GtkWidget *group; /* a section's box: its heading, then its rows */
	guint rows;
} section;

typedef struct {
	GtkWidget *columns, *none;
	GArray *sections; /* of section */
} sheet;

static void sheet_free(gpointer data, GClosure *closure)
{
	sheet *s = data;
	g_array_unref(s->sections);
	g_free(s);
}

static GtkWidget *new_label(const char *text, const char *css_class)
{
	GtkWidget *label = gtk_label_new(text);
	gtk_label_set_xalign(GTK_LABEL(label), 0);
	gtk_label_set_wrap(GTK_LABEL(label), TRUE);
	if (css_class)
		gtk_widget_add_css_class(label, css_class);
	return label;
}

static void open_section(sheet *s, const char *title)
{
	GtkWidget *group = gtk_box_new(GTK_ORIENTATION_VERTICAL, 2), *heading = new_label(title, "heading");
	gtk_widget_set_margin_bottom(heading, 4);
	gtk_box_append(GTK_BOX(group), heading);
	g_array_append_val(s->sections, ((section){group, 0}));
}

/* keys: alternatives as gtk_accelerator_parse() reads them, "|" between; the first few are shown. */
static void add_row(sheet *s, const char *keys, const char *title)
{
	section *last = &g_array_index(s->sections, section, s->sections->len - 1);
	GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6), *label = new_label(title, NULL);
	g_auto(GStrv) each = g_strsplit(keys, "|", -1);
	gtk_widget_set_hexpand(label, TRUE);
	gtk_widget_set_size_request(row, -1, 24);
	gtk_box_append(GTK_BOX(row), label);
	for (guint i = 0; each[i] && i < 4; i++) {
		guint key;
		GdkModifierType modifiers;
		if (!gtk_accelerator_parse(each[i], &key, &modifiers))
			continue;
		g_autofree char *text = gtk_accelerator_get_label(key, modifiers);
		gtk_box_append(GTK_BOX(row), nadir_badge_new(text));
	}
	gtk_box_append(GTK_BOX(last->group), row);
	last->rows++;
}

static void add_actions(sheet *s)
{
	guint n;
	const nadir_action *table = nadir_actions(&n);
	for (guint i = 0; i < n; i++) {
		const char *in_force = nadir_keymap_keys(&table[i]);
		if (i == 0 || strcmp(table[i].section, table[i - 1].section) != 0)
			open_section(s, _(table[i].section));
		if (in_force)
			add_row(s, in_force, nadir_action_title(&table[i]));
	}
	open_section(s, _("On the Image"));
	for (guint i = 0; i < G_N_ELEMENTS(canvas_keys); i++)
		add_row(s, canvas_keys[i].keys, _(canvas_keys[i].title));
}

/* One section after the other, each column as long as the others, about. */
static void fill_columns(sheet *s, guint n)
{
	guint total = 0, done = 0;
	GtkWidget *column = NULL;
	for (guint i = 0; i < s->sections->len; i++)
		total += g_array_index(s->sections, section, i).rows + HEAD_ROWS;
	for (guint i = 0, k = 0; i < s->sections->len; i++) {
		const section *x = &g_array_index(s->sections, section, i);
		const guint rows = x->rows + HEAD_ROWS;
		if (!column || (k < n && (done + rows / 2) * n >= k * total)) {
			column = gtk_box_new(GTK_ORIENTATION_VERTICAL, 18);
			gtk_widget_set_hexpand(column, TRUE);
			gtk_box_append(GTK_BOX(s->columns), column);
			k++;
		}
		gtk_box_append(GTK_BOX(column), x->group);
		done += rows;
	}
}

static bool has_word(GtkWidget *label, const char *word)
{
	g_autofree char *text = g_utf8_casefold(gtk_label_get_text(GTK_LABEL(label)), -1);
	return strstr(text, word) != NULL;
}

static bool row_has_word(GtkWidget *row, const char *word)
{
	GtkWidget *label = gtk_widget_get_first_child(row);
	while (label && !has_word(label, word))
		label = gtk_widget_get_next_sibling(label);
	return label != NULL;
}

static void on_search(GtkSearchEntry *entry, sheet *s)
{
	g_autofree char *word = g_strstrip(g_utf8_casefold(gtk_editable_get_text(GTK_EDITABLE(entry)), -1));
	bool any = false;
	for (guint i = 0; i < s->sections->len; i++) {
		GtkWidget *group = g_array_index(s->sections, section, i).group, *heading = gtk_widget_get_first_child(group);
		const bool whole = has_word(heading, word);
		bool some = whole;
		for (GtkWidget *row = gtk_widget_get_next_sibling(heading); row; row = gtk_widget_get_next_sibling(row)) {
			const bool shown = whole || row_has_word(row, word);
			gtk_widget_set_visible(row, shown);
			some |= shown;
		}
		gtk_widget_set_visible(group, some);
		any |= some;
	}
	gtk_widget_set_visible(s->none, !any);
}

static GtkWidget *new_page(sheet *s)
{
	GtkWidget *page = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0), *scroller = gtk_scrolled_window_new();
	s->columns = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 36);
	s->none = new_label(_("No key has this name."), "dim-label");
	gtk_widget_set_halign(s->none, GTK_ALIGN_CENTER);
	gtk_widget_set_visible(s->none, FALSE);
	gtk_box_set_homogeneous(GTK_BOX(s->columns), TRUE);
	gtk_widget_set_margin_start(page, 24);
	gtk_widget_set_margin_end(page, 24);
	gtk_widget_set_margin_top(page, 18);
	gtk_widget_set_margin_bottom(page, 24);
	gtk_box_append(GTK_BOX(page), s->none);
	gtk_box_append(GTK_BOX(page), s->columns);
	gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scroller), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
	gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scroller), page);
	gtk_widget_set_vexpand(scroller, TRUE);
	return scroller;
}

GtkWidget *nadir_shortcuts_window_new(GtkWindow *parent)
{
	sheet *s = g_new0(sheet, 1);
	GtkWidget *window = gtk_window_new(), *bar = adw_header_bar_new(), *entry = gtk_search_entry_new();
	s->sections = g_array_new(FALSE, FALSE, sizeof(section));
	gtk_window_set_title(GTK_WINDOW(window), _("Keyboard Shortcuts"));
	gtk_window_set_transient_for(GTK_WINDOW(window), parent);
	gtk_window_set_modal(GTK_WINDOW(window), TRUE);
	gtk_window_set_default_size(GTK_WINDOW(window), 900, 620);
	gtk_window_set_child(GTK_WINDOW(window), new_page(s));
	add_actions(s);
	fill_columns(s, nadir_text_scale(GTK_WIDGET(parent)) < LARGE_TEXT ? 2 : 1);
	g_object_set(entry, "placeholder-text", _("Find a key or what it does"), "width-request", 320, NULL);
	gtk_search_entry_set_key_capture_widget(GTK_SEARCH_ENTRY(entry), window);
	g_signal_connect_data(entry, "search-changed", G_CALLBACK(on_search), s, sheet_free, 0);
	g_signal_connect_swapped(entry, "stop-search", G_CALLBACK(gtk_window_close), window);
	adw_header_bar_set_title_widget(ADW_HEADER_BAR(bar), entry);
	gtk_window_set_titlebar(GTK_WINDOW(window), bar);
	gtk_window_set_focus(GTK_WINDOW(window), entry);
	nadir_fit_window_to_text(GTK_WINDOW(window));
	return window;
}
