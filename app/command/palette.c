#include "app/command/palette.h"

#include <glib/gi18n.h>
#include <string.h>

#include "app/command/key-tips.h"
#include "app/command/text-size.h"

struct _NadirCommand {
	GObject parent_instance;
	char *title, *section, *key, *action;
	char *name;     /* case-folded title without its dots */
	char *haystack; /* case-folded title, section and keywords */
	int place;      /* by the last search */
};

G_DEFINE_FINAL_TYPE(NadirCommand, nadir_command, G_TYPE_OBJECT)

static void nadir_command_finalize(GObject *object)
{
	NadirCommand *self = NADIR_COMMAND(object);
	g_free(self->title);
	g_free(self->section);
	g_free(self->key);
	g_free(self->action);
	g_free(self->name);
	g_free(self->haystack);
	G_OBJECT_CLASS(nadir_command_parent_class)->finalize(object);
}

static void nadir_command_class_init(NadirCommandClass *klass)
{
	G_OBJECT_CLASS(klass)->finalize = nadir_command_finalize;
}

static void nadir_command_init(NadirCommand *self)
{
}

NadirCommand *nadir_command_new(const char *title, const char *section, const char *key, const char *keywords,
                                const char *action)
{
	NadirCommand *self = g_object_new(NADIR_TYPE_COMMAND, NULL);
	g_autofree char *all = g_strdup_printf("%s %s %s", title, section, keywords ? keywords : "");
	self->title = g_strdup(title);
	self->section = g_strdup(section);
	self->key = g_strdup(key ? key : "");
	self->action = g_strdup(action);
	self->haystack = g_utf8_casefold(all, -1);
	self->name = g_utf8_casefold(title, -1);
	if (g_str_has_suffix(self->name, "…"))
		self->name[strlen(self->name) - strlen("…")] = 0;
	return self;
}

const char *nadir_command_get_title(NadirCommand *self)
{
	return self->title;
}

const char *nadir_command_get_action(NadirCommand *self)
{
	return self->action;
}

struct _NadirPalette {
	GtkWindow parent_instance;

	/* Template widgets */
	GtkSearchEntry *entry;
	GtkListView *list;
	GtkStack *stack;

	/* Owned references */
	GListStore *commands;
	GtkFilter *filter;
	GtkSorter *sorter;
	GtkSingleSelection *selection;
	GtkSortListModel *sorted; /* borrowed, of the selection */
	char *asked;              /* case-folded, or NULL */
	char **words;             /* its words, all must occur */
};

G_DEFINE_FINAL_TYPE(NadirPalette, nadir_palette, GTK_TYPE_WINDOW)

static gboolean matches(gpointer item, gpointer data)
{
	const NadirPalette *self = data;
	const NadirCommand *command = item;
	for (char **word = self->words; word && *word; word++)
		if (**word && !strstr(command->haystack, *word))
			return FALSE;
	return TRUE;
}

static bool is_enabled(GtkWindow *parent, NadirCommand *command)
{
	return nadir_action_is_enabled(GTK_WIDGET(parent), &(nadir_action){.action = command->action});
}

static bool begins_a_word(const char *name, const char *word)
{
	for (const char *at = strstr(name, word); at; at = strstr(at + 1, word))
		if (at == name || at[-1] == ' ')
			return true;
	return false;
}

/* 0: what was typed is its name, to 4: some of it stands in its section and keywords only. */
static int rank(const NadirPalette *self, const NadirCommand *command)
{
	bool whole = true, within = true;
	if (!self->asked || g_str_equal(self->asked, command->name))
		return 0;
	if (g_str_has_prefix(command->name, self->asked))
		return 1;
	for (char **word = self->words; *word; word++) {
		whole &= begins_a_word(command->name, *word);
		within &= strstr(command->name, *word) != NULL;
	}
	return whole ? 2 : within ? 3 : 4;
}

static int compare(gconstpointer a, gconstpointer b, gpointer data)
{
	return ((const NadirCommand *)a)->place - ((const NadirCommand *)b)->place;
}

/* What cannot be done now comes last. Decided once a search: an order that changed while it is being sorted is none. */
static void place_all(NadirPalette *self)
{
	GtkWindow *parent = gtk_window_get_transient_for(GTK_WINDOW(self));
	const guint n = g_list_model_get_n_items(G_LIST_MODEL(self->commands));
	for (guint i = 0; i < n; i++) {
		g_autoptr(NadirCommand) c = g_list_model_get_item(G_LIST_MODEL(self->commands), i);
		c->place = rank(self, c) + (parent && !is_enabled(parent, c) ? 10 : 0);
	}
}

static void on_search_changed(NadirPalette *self)
{
	g_free(self->asked);
	self->asked = g_strstrip(g_utf8_casefold(gtk_editable_get_text(GTK_EDITABLE(self->entry)), -1));
	g_strfreev(self->words);
	self->words = g_strsplit(self->asked, " ", -1);
	gtk_sort_list_model_set_sorter(self->sorted, NULL);
	gtk_filter_changed(self->filter, GTK_FILTER_CHANGE_DIFFERENT);
	place_all(self);
	gtk_sort_list_model_set_sorter(self->sorted, self->sorter);
	const bool any = g_list_model_get_n_items(G_LIST_MODEL(self->selection)) > 0;
	gtk_single_selection_set_selected(self->selection, any ? 0 : GTK_INVALID_LIST_POSITION);
	gtk_stack_set_visible_child_name(self->stack, any ? "list" : "none");
}

/* The window is closed first: an action may open another one. */
static void run(NadirPalette *self, guint position)
{
	g_autoptr(NadirCommand) command = g_list_model_get_item(G_LIST_MODEL(self->selection), position);
	GtkWindow *parent = gtk_window_get_transient_for(GTK_WINDOW(self));
	if (!command || !parent || !is_enabled(parent, command))
		return;
	g_object_ref(parent);
	gtk_window_destroy(GTK_WINDOW(self));
	nadir_action_run(GTK_WIDGET(parent), &(nadir_action){.action = command->action});
	g_object_unref(parent);
}

static void on_activate(NadirPalette *self, guint position)
{
	run(self, position);
}

static void on_entry_activate(NadirPalette *self)
{
	run(self, gtk_single_selection_get_selected(self->selection));
}

static gboolean on_key(NadirPalette *self, guint key)
{
	const guint n = g_list_model_get_n_items(G_LIST_MODEL(self->selection));
	guint at = gtk_single_selection_get_selected(self->selection);
	if (key == GDK_KEY_Escape) {
		gtk_window_destroy(GTK_WINDOW(self));
		return TRUE;
	}
	if ((key != GDK_KEY_Up && key != GDK_KEY_Down) || n == 0)
		return FALSE;
	at = (at + (key == GDK_KEY_Down ? 1 : n - 1)) % n;
	gtk_single_selection_set_selected(self->selection, at);
	gtk_widget_activate_action(GTK_WIDGET(self->list), "list.scroll-to-item", "u", at);
	return TRUE;
}

static void on_setup(GtkSignalListItemFactory *factory, GtkListItem *item, NadirPalette *self)
{
	GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12), *title = gtk_label_new(NULL);
	GtkWidget *section = gtk_label_new(NULL), *key = nadir_badge_new(NULL);
	gtk_label_set_ellipsize(GTK_LABEL(title), PANGO_ELLIPSIZE_END);
	gtk_label_set_xalign(GTK_LABEL(title), 0);
	gtk_widget_set_hexpand(title, TRUE);
	gtk_widget_add_css_class(section, "dim-label");
	gtk_widget_add_css_class(section, "caption");
	gtk_box_append(GTK_BOX(row), title);
	gtk_box_append(GTK_BOX(row), section);
	gtk_box_append(GTK_BOX(row), key);
	gtk_list_item_set_child(item, row);
}

static void on_bind(GtkSignalListItemFactory *factory, GtkListItem *item, NadirPalette *self)
{
	NadirCommand *command = gtk_list_item_get_item(item);
	GtkWidget *row = gtk_list_item_get_child(item), *title = gtk_widget_get_first_child(row);
	GtkWidget *section = gtk_widget_get_next_sibling(title), *key = gtk_widget_get_next_sibling(section);
	GtkWindow *parent = gtk_window_get_transient_for(GTK_WINDOW(self));
	gtk_label_set_text(GTK_LABEL(title), command->title);
	gtk_label_set_text(GTK_LABEL(section), command->section);
	gtk_label_set_text(GTK_LABEL(key), command->key);
	gtk_widget_set_visible(key, *command->key != '\0');
	gtk_widget_set_sensitive(row, parent && is_enabled(parent, command));
}

static void nadir_palette_dispose(GObject *object)
{
	NadirPalette *self = NADIR_PALETTE(object);
	g_clear_object(&self->selection);
	g_clear_object(&self->filter);
	g_clear_object(&self->sorter);
	g_clear_object(&self->commands);
	g_clear_pointer(&self->words, g_strfreev);
	g_clear_pointer(&self->asked, g_free);
	G_OBJECT_CLASS(nadir_palette_parent_class)->dispose(object);
}

static void nadir_palette_class_init(NadirPaletteClass *klass)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);
	G_OBJECT_CLASS(klass)->dispose = nadir_palette_dispose;
	gtk_widget_class_set_template_from_resource(widget_class, "/io/github/nadir_workbench/Nadir/palette.ui");
	gtk_widget_class_bind_template_child(widget_class, NadirPalette, entry);
	gtk_widget_class_bind_template_child(widget_class, NadirPalette, list);
	gtk_widget_class_bind_template_child(widget_class, NadirPalette, stack);
	gtk_widget_class_bind_template_callback(widget_class, on_search_changed);
	gtk_widget_class_bind_template_callback(widget_class, on_entry_activate);
	gtk_widget_class_bind_template_callback(widget_class, on_activate);
	gtk_widget_class_bind_template_callback(widget_class, on_key);
}

static void nadir_palette_init(NadirPalette *self)
{
	gtk_widget_init_template(GTK_WIDGET(self));
	nadir_fit_window_to_text(GTK_WINDOW(self));
	self->commands = g_list_store_new(NADIR_TYPE_COMMAND);
	self->filter = GTK_FILTER(gtk_custom_filter_new(matches, self, NULL));
	self->sorter = GTK_SORTER(gtk_custom_sorter_new(compare, self, NULL));
	GtkFilterListModel *filtered =
		gtk_filter_list_model_new(g_object_ref(G_LIST_MODEL(self->commands)), g_object_ref(self->filter));
	self->sorted = gtk_sort_list_model_new(G_LIST_MODEL(filtered), g_object_ref(self->sorter));
	self->selection = gtk_single_selection_new(G_LIST_MODEL(self->sorted));
	GtkListItemFactory *factory = gtk_signal_list_item_factory_new();
	g_signal_connect(factory, "setup", G_CALLBACK(on_setup), self);
	g_signal_connect(factory, "bind", G_CALLBACK(on_bind), self);
	gtk_list_view_set_factory(self->list, factory);
	g_object_unref(factory);
	gtk_list_view_set_model(self->list, GTK_SELECTION_MODEL(self->selection));
}

static void add_table(NadirPalette *self)
{
	guint n;
	const nadir_action *table = nadir_actions(&n);
	for (guint i = 0; i < n; i++) {
		g_autofree char *key = nadir_action_key_label(&table[i]);
		g_autoptr(NadirCommand) command =
			nadir_command_new(nadir_action_title(&table[i]), _(table[i].section), key,
		                      table[i].keywords ? _(table[i].keywords) : NULL, table[i].action);
		g_list_store_append(self->commands, command);
	}
}

GtkWidget *nadir_palette_new(GtkWindow *parent, GListModel *more)
{
	NadirPalette *self = g_object_new(NADIR_TYPE_PALETTE, "transient-for", parent, NULL);
	add_table(self);
	const guint n = more ? g_list_model_get_n_items(more) : 0;
	for (guint i = 0; i < n; i++) {
		g_autoptr(NadirCommand) command = g_list_model_get_item(more, i);
		g_list_store_append(self->commands, command);
	}
	on_search_changed(self);
	return GTK_WIDGET(self);
}

GListModel *nadir_palette_get_commands(NadirPalette *self)
{
	return G_LIST_MODEL(self->commands);
}
