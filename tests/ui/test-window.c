/* The window as a whole: every action reachable by name and key, enabled when it can be done, letters left to entries,
 * errors as sentences, and nothing left behind when it closes. */
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "app/canvas/canvas-private.h"
#include "app/command/actions.h"
#include "app/command/keymap.h"
#include "app/command/shortcuts.h"
#include "app/panel/class-editor.h"
#include "app/panel/status-line.h"
#include "app/preferences.h"
#include "app/settings.h"
#include "tests/ui/window-world.h"

static bool enabled(world *w, const char *action)
{
	return g_action_group_get_action_enabled(G_ACTION_GROUP(w->window), action);
}

static void run(world *w, const char *action)
{
	g_assert_true(nadir_action_run(GTK_WIDGET(w->window), nadir_action_find(action)));
	if (nadir_window_get_document(w->window))
		fixture_settle(nadir_window_get_document(w->window));
	fixture_spin(0.05);
}

static GtkWidget *find_styled(GtkWidget *parent, const char *css_class)
{
	if (gtk_widget_has_css_class(parent, css_class))
		return parent;
	GtkWidget *found = NULL;
	for (GtkWidget *c = gtk_widget_get_first_child(parent); c && !found; c = gtk_widget_get_next_sibling(c))
		found = find_styled(c, css_class);
	return found;
}

/* --- the table of actions --- */

static bool table_has(const char *prefix, const char *name)
{
	guint n;
	const nadir_action *table = nadir_actions(&n);
	g_autofree char *full = g_strconcat(prefix, name, NULL);
	for (guint i = 0; i < n; i++)
		if (g_str_equal(table[i].action, full) ||
		    (g_str_has_prefix(table[i].action, full) && g_str_has_prefix(table[i].action + strlen(full), "::")))
			return true;
	return false;
}

/* Not for the table: they are offered with their file or class, or in the toast of a deletion. */
static bool needs_target(const char *name)
{
	return g_str_equal(name, "open-recent") || g_str_equal(name, "show-in-folder") ||
	       g_str_equal(name, "undo-delete") || g_str_equal(name, "class-named");
}

static void assert_listed(GActionGroup *group, const char *prefix)
{
	g_auto(GStrv) names = g_action_group_list_actions(group);
	g_assert_cmpuint(g_strv_length(names), >, 2);
	for (char **name = names; *name; name++)
		if (!needs_target(*name) && !table_has(prefix, *name))
			g_error("the action %s%s is not in the table of actions", prefix, *name);
}

static void test_table(world *w, gconstpointer data)
{
	guint n;
	const nadir_action *table = nadir_actions(&n);
	assert_listed(G_ACTION_GROUP(w->window), "win.");
	assert_listed(G_ACTION_GROUP(w->app), "app.");
	for (guint i = 0; i < n; i++) {
		g_autofree char *name = NULL;
		g_autoptr(GVariant) target = NULL;
		GActionGroup *group =
			g_str_has_prefix(table[i].action, "win.") ? G_ACTION_GROUP(w->window) : G_ACTION_GROUP(w->app);
		g_assert_true(g_action_parse_detailed_name(table[i].action, &name, &target, NULL));
		g_assert_true(g_action_group_has_action(group, name + 4));
		g_assert_true(g_utf8_strlen(nadir_action_title(&table[i]), -1) > 2);
		for (guint k = 0; k < i; k++)
			g_assert_cmpstr(table[k].title, !=, table[i].title);
	}
}

static void test_keys(world *w, gconstpointer data)
{
	guint n;
	const nadir_action *table = nadir_actions(&n);
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (guint i = 0; i < n; i++) {
		g_auto(GStrv) keys = g_strsplit(table[i].keys ? table[i].keys : "", "|", -1);
		for (char **key = keys; *key; key++) {
			guint keyval;
			GdkModifierType mods;
			g_assert_true(gtk_accelerator_parse(*key, &keyval, &mods));
			g_assert_cmpuint(keyval, !=, 0);
			g_autofree char *plain = gtk_accelerator_name(keyval, mods);
			/* review is a mode with keys of its own */
			if (!g_hash_table_add(seen,
			                      g_strconcat(plain, nadir_action_is_of_review(&table[i]) ? " in review" : "", NULL)))
				g_error("%s has the key %s of another action", table[i].action, *key);
		}
		g_autofree char *label = nadir_action_key_label(&table[i]);
		g_assert_true((label != NULL) == (table[i].keys != NULL));
	}
}

static void test_palette(world *w, gconstpointer data)
{
	guint n;
	const nadir_action *table = nadir_actions(&n);
	open_file(w, w->sample);
	run(w, "win.palette");
	g_autoptr(GListModel) windows = g_object_ref(gtk_window_get_toplevels());
	NadirPalette *palette = NULL;
	for (guint i = 0; i < g_list_model_get_n_items(windows); i++) {
		g_autoptr(GtkWindow) window = g_list_model_get_item(windows, i);
		if (NADIR_IS_PALETTE(window))
			palette = NADIR_PALETTE(window);
	}
	g_assert_nonnull(palette);
	GListModel *commands = nadir_palette_get_commands(palette);
	g_assert_cmpuint(g_list_model_get_n_items(commands), >, n); /* and the classes, and the sample as a recent file */
	for (guint i = 0; i < n; i++) {
		g_autoptr(NadirCommand) command = g_list_model_get_item(commands, i);
		g_assert_cmpstr(nadir_command_get_action(command), ==, table[i].action);
		g_assert_cmpstr(nadir_command_get_title(command), ==, nadir_action_title(&table[i]));
	}
	GtkWidget *entry = find_child(GTK_WIDGET(palette), GTK_TYPE_SEARCH_ENTRY);
	GtkWidget *list = find_child(GTK_WIDGET(palette), GTK_TYPE_LIST_VIEW);
	GListModel *shown = G_LIST_MODEL(gtk_list_view_get_model(GTK_LIST_VIEW(list)));
	gtk_editable_set_text(GTK_EDITABLE(entry), "find Objects"); /* three titles have both words, and one is it */
	fixture_spin(0.3);
	g_assert_cmpuint(g_list_model_get_n_items(shown), >=, 3);
	g_autoptr(NadirCommand) first = g_list_model_get_item(shown, 0);
	g_assert_cmpstr(nadir_command_get_action(first), ==, "win.find");
	gtk_editable_set_text(GTK_EDITABLE(entry), "tool SCRIB");
	fixture_spin(0.3);
	g_assert_cmpuint(g_list_model_get_n_items(shown), ==, 1);
	g_signal_emit_by_name(entry, "activate");
	fixture_spin(0.1);
	g_assert_cmpint(nadir_canvas_get_tool(nadir_window_get_canvas(w->window)), ==, NADIR_TOOL_SCRIBBLE);
}

/* Found by the key as well as by the name. */
static void test_shortcuts(world *w, gconstpointer data)
{
	GtkWidget *window = nadir_shortcuts_window_new(GTK_WINDOW(w->window));
	GtkWidget *entry = find_child(window, GTK_TYPE_SEARCH_ENTRY);
	GtkWidget *fit = find_label(window, "Fit the Image in the Window"), *undo = find_label(window, "Undo");
	static const struct {
		const char *word;
		bool fit, undo;
	} cases[] = {{"", true, true},
	             {"FIT THE", true, false},
	             {"ctrl+z", false, true},
	             {"view", true, false} /* its section */,
	             {"no such key", false, false}};
	gtk_window_present(GTK_WINDOW(window));
	fixture_spin(0.1);
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		gtk_editable_set_text(GTK_EDITABLE(entry), cases[i].word);
		fixture_spin(0.4);
		g_assert_true(gtk_widget_get_mapped(fit) == cases[i].fit && gtk_widget_get_mapped(undo) == cases[i].undo);
	}
	g_signal_emit_by_name(entry, "stop-search");
}

/* --- what can be done when --- */

static void test_empty(world *w, gconstpointer data)
{
	static const char *const off[] = {"undo", "redo",    "export", "save-as", "accept",
	                                  "tool", "zoom-in", "delete", "style"};
	static const char *const on[] = {"open", "open-sample", "palette", "shortcuts", "close", "fullscreen"};
	for (guint i = 0; i < G_N_ELEMENTS(off); i++)
		g_assert_false(enabled(w, off[i]));
	for (guint i = 0; i < G_N_ELEMENTS(on); i++)
		g_assert_true(enabled(w, on[i]));
	g_assert_true(nadir_window_is_empty(w->window));
	g_assert_cmpstr(gtk_stack_get_visible_child_name(w->window->stack), ==, "empty");
	GtkWidget *focus = gtk_window_get_focus(GTK_WINDOW(w->window)); /* no key reaches what is not in sight */
	g_assert_true(!focus || gtk_widget_get_mapped(focus));
	open_file(w, w->sample);
	nadir_window_change_document(w->window, NULL);
	focus = gtk_window_get_focus(GTK_WINDOW(w->window));
	g_assert_true(!focus || gtk_widget_get_mapped(focus));
}

static void test_open(world *w, gconstpointer data)
{
	g_autofree char *uri = g_filename_to_uri(w->sample, NULL, NULL);
	open_file(w, w->sample);
	g_assert_cmpstr(gtk_stack_get_visible_child_name(w->window->stack), ==, "image");
	g_assert_cmpstr(adw_window_title_get_title(w->window->title), ==, "OSBS_029.tif");
	const char *subtitle = adw_window_title_get_subtitle(w->window->title);
	g_assert_nonnull(strstr(subtitle, "EPSG:32617"));
	g_assert_nonnull(strstr(subtitle, "0.1 m"));
	g_assert_nonnull(strstr(subtitle, "3 bands, Byte"));
	g_assert_null(strstr(subtitle, ".gpkg"));
	g_assert_true(enabled(w, "tool") && enabled(w, "style") && enabled(w, "zoom-fit"));
	g_assert_false(enabled(w, "export") || enabled(w, "undo") || enabled(w, "accept") || enabled(w, "delete"));
	g_auto(GStrv) recent = g_settings_get_strv(nadir_application_get_settings(w->app), "recent-files");
	g_assert_cmpstr(recent[0], ==, uri);
	add_object(w, 20);
	g_assert_true(enabled(w, "export") && enabled(w, "undo") && enabled(w, "next-object") && enabled(w, "delete"));
	g_assert_nonnull(strstr(adw_window_title_get_subtitle(w->window->title), "OSBS_029.tif.nadir.gpkg"));
	g_autofree char *saved = nadir_describe_saved(nadir_window_get_document(w->window));
	g_assert_cmpstr(saved, ==, "every change saved");
	run(w, "win.undo");
	g_assert_false(enabled(w, "export") || enabled(w, "delete"));
	g_assert_true(enabled(w, "redo"));
	run(w, "win.redo");
	g_assert_true(enabled(w, "export"));
}

static bool shows(world *w, const char *name)
{
	NadirDocument *d = nadir_window_get_document(w->window);
	return d && g_str_has_suffix(raster_get_info(nadir_document_get_raster(d))->path, name);
}

static bool lists_all(void *images)
{
	return nadir_panel_images_get_total(images) == 3;
}

static bool shows_last(void *data)
{
	return shows(data, "/c.tif");
}

/* Two keys in a hurry are two images further, though the first of them is not open yet. */
static void test_images(world *w, gconstpointer data)
{
	g_autofree char *folder = g_build_filename(w->dir, "many", NULL), *all = NULL;
	gsize n;
	g_assert_cmpint(g_mkdir_with_parents(folder, 0700), ==, 0);
	g_assert_true(g_file_get_contents(w->sample, &all, &n, NULL));
	for (const char *name = "abc"; *name; name++) {
		g_autofree char *path = g_strdup_printf("%s/%c.tif", folder, *name);
		g_assert_true(g_file_set_contents(path, all, (gssize)n, NULL));
	}
	open_file(w, folder);
	g_assert_true(shows(w, "/a.tif"));
	g_assert_true(fixture_wait(lists_all, w->window->work->images, 60));
	for (int i = 0; i < 2; i++)
		g_action_group_activate_action(G_ACTION_GROUP(w->window), "next-image", g_variant_new_string("any"));
	g_assert_true(fixture_wait(shows_last, w, 60));
}

static bool is_at_second(void *data)
{
	return g_str_equal(adw_window_title_get_title(((NadirWindow *)data)->title), "b.tif");
}

/* To another image: the class stays, and a drawing that is not ended stays where it is. */
static void test_next_image(world *w, gconstpointer data)
{
	g_autofree char *folder = g_build_filename(w->dir, "scenes", NULL);
	g_assert_cmpint(g_mkdir(folder, 0700), ==, 0);
	g_autofree char *first = fixture_image(folder, "a.tif", 400, 300, false);
	g_autofree char *second = fixture_image(folder, "b.tif", 400, 300, false);
	open_file(w, folder);
	NadirDocument *d = nadir_window_get_document(w->window);
	nadir_document_add_class(d, "road");
	nadir_document_add_class(d, "roof");
	fixture_settle(d);
	const int roof = (int)nadir_document_get_classes(d)->len - 1;
	g_assert_cmpint(roof, >, 0);
	nadir_document_set_current_class(d, roof);
	NadirCanvas *canvas = w->window->work->canvas;
	nadir_canvas_set_tool(canvas, NADIR_TOOL_POLYGON);
	tool_press(canvas, GDK_BUTTON_PRIMARY, 0, 1000, 100, 100);
	tool_release(canvas, 100, 100);
	g_assert_true(nadir_canvas_is_drawing(canvas));
	run(w, "win.next-image::any");
	fixture_spin(0.5);
	g_assert_false(is_at_second(w->window));
	g_assert_true(nadir_canvas_is_drawing(canvas));
	g_assert_true(nadir_canvas_drop_drawing(canvas));
	run(w, "win.next-image::any");
	g_assert_true(fixture_wait(is_at_second, w->window, 60));
	d = nadir_window_get_document(w->window);
	g_assert_cmpint(nadir_document_get_current_class(d), ==, roof);
}

static const project_class *class_named(NadirDocument *d, const char *name)
{
	const project_class *c = nadir_document_find_class(d, name);
	g_assert_nonnull(c);
	return c;
}

/* The n-th widget of a type in or below it. */
static GtkWidget *find_nth(GtkWidget *in, GType type, int *n)
{
	if (G_TYPE_CHECK_INSTANCE_TYPE(in, type) && --*n < 0)
		return in;
	GtkWidget *found = NULL;
	for (GtkWidget *c = gtk_widget_get_first_child(in); c && !found; c = gtk_widget_get_next_sibling(c))
		found = find_nth(c, type, n);
	return found;
}

static GtkWidget *editor_of_class(world *w)
{
	run(w, "win.edit-class");
	g_autoptr(GListModel) windows = g_object_ref(gtk_window_get_toplevels());
	for (guint i = 0; i < g_list_model_get_n_items(windows); i++) {
		g_autoptr(GtkWidget) window = g_list_model_get_item(windows, i);
		if (NADIR_IS_CLASS_EDITOR(window))
			return window;
	}
	return NULL;
}

/* More classes than digits: the palette has each of them, and the editor gives a digit from one to another. */
static void test_class_keys(world *w, gconstpointer data)
{
	open_file(w, w->sample);
	NadirDocument *d = nadir_window_get_document(w->window);
	add_object(w, 20);
	for (int i = 1; i <= 12; i++) {
		g_autofree char *name = g_strdup_printf("kind %d", i);
		nadir_document_add_class(d, name);
		fixture_settle(d);
	}
	g_assert_cmpint(class_named(d, "kind 12")->key, ==, -1);
	g_action_group_activate_action(G_ACTION_GROUP(w->window), "class-named", g_variant_new_string("kind 12"));
	fixture_settle(d); /* of the selected object */
	g_assert_cmpstr(nadir_object_get_feature(nadir_document_get_selected(d))->class_name, ==, "kind 12");
	GtkWidget *editor = editor_of_class(w);
	g_assert_nonnull(editor);
	GtkWidget *key = find_nth(editor, GTK_TYPE_DROP_DOWN, &(int){1}); /* the first one is what it is a kind of */
	gtk_drop_down_set_selected(GTK_DROP_DOWN(key), 3);
	g_signal_emit_by_name(find_styled(editor, "suggested-action"), "clicked");
	fixture_settle(d);
	g_assert_cmpint(class_named(d, "kind 12")->key, ==, 3);
	g_assert_cmpint(class_named(d, "kind 2")->key, ==, -1); /* "object" has the first digit */
	run(w, "win.class::4");
	g_assert_cmpstr(nadir_object_get_feature(nadir_document_get_selected(d))->class_name, ==, "kind 3");
	run(w, "win.class::3");
	g_assert_cmpstr(nadir_object_get_feature(nadir_document_get_selected(d))->class_name, ==, "kind 12");
}

static void test_objects(world *w, gconstpointer data)
{
	open_file(w, w->sample);
	NadirDocument *d = nadir_window_get_document(w->window);
	for (int i = 0; i < 3; i++)
		add_object(w, 20 + 60 * i);
	nadir_document_add_class(d, "tree");
	fixture_settle(d);
	GPtrArray *classes = nadir_document_get_classes(d);
	const project_class *tree = nadir_document_find_class(d, "tree");
	g_autofree char *by_key = g_strdup_printf("win.class::%d", tree->key);
	g_assert_cmpuint(classes->len, >=, 2);
	run(w, by_key);
	NadirObject *selected = nadir_document_get_selected(d);
	g_assert_cmpstr(nadir_object_get_feature(selected)->class_name, ==, "tree");
	const gint64 first = nadir_object_get_feature(selected)->id;
	run(w, "win.next-object");
	const gint64 second = nadir_object_get_feature(nadir_document_get_selected(d))->id;
	g_assert_cmpint(second, !=, first);
	run(w, "win.previous-object");
	g_assert_cmpint(nadir_object_get_feature(nadir_document_get_selected(d))->id, ==, first);
	run(w, "win.tool::polygon");
	run(w, "win.edit-again");
	g_assert_cmpint(nadir_canvas_get_tool(w->window->work->canvas), ==, NADIR_TOOL_POINT);
	run(w, "win.drop");
	run(w, "win.delete");
	g_assert_cmpuint(g_list_model_get_n_items(nadir_document_get_objects(d)), ==, 2);
	g_assert_false(enabled(w, "deselect"));
	run(w, "win.next-object");
	run(w, "win.deselect");
	g_assert_null(nadir_document_get_selected(d));
	g_assert_false(enabled(w, "delete") || enabled(w, "rename"));
}

/* Keys that follow one another faster than the disk does what they say. */
static void test_quick_undo(world *w, gconstpointer data)
{
	open_file(w, w->sample);
	NadirDocument *d = nadir_window_get_document(w->window);
	GListModel *objects = nadir_document_get_objects(d);
	double xy[8];
	add_object(w, 20);
	g_assert_true(enabled(w, "undo"));
	g_assert_false(enabled(w, "redo"));
	g_assert_false(enabled(w, "read-again")); /* it is here */
	static const char *const steps[] = {"undo", "redo", "undo"};
	for (guint i = 0; i < G_N_ELEMENTS(steps); i++) {
		g_assert_true(enabled(w, steps[i]));
		g_action_group_activate_action(G_ACTION_GROUP(w->window), steps[i], NULL);
	}
	fixture_settle(d);
	g_assert_cmpuint(g_list_model_get_n_items(objects), ==, 0);
	g_assert_false(enabled(w, "undo"));
	run(w, "win.redo");
	fixture_settle(d);
	g_assert_cmpuint(g_list_model_get_n_items(objects), ==, 1);
	g_assert_false(enabled(w, "redo"));
	fixture_rectangle_of(120, 40, 30, 20, xy);
	nadir_document_draw_polygon(d, xy, 4); /* not stored yet */
	g_action_group_activate_action(G_ACTION_GROUP(w->window), "undo", NULL);
	fixture_settle(d);
	g_assert_cmpuint(g_list_model_get_n_items(objects), ==, 1);
	g_assert_true(enabled(w, "redo"));
}

static void test_filter(world *w, gconstpointer data)
{
	open_file(w, w->sample);
	for (int i = 0; i < 3; i++)
		add_object(w, 20 + 60 * i);
	NadirDocument *d = nadir_window_get_document(w->window);
	nadir_document_relabel(d, nadir_object_get_feature(nadir_document_get_selected(d))->id, "Pond");
	fixture_settle(d);
	GtkWidget *panel = GTK_WIDGET(w->window->work->objects);
	GtkWidget *list = find_styled(panel, "object-list");
	GListModel *shown = G_LIST_MODEL(gtk_list_view_get_model(GTK_LIST_VIEW(list)));
	g_assert_cmpuint(g_list_model_get_n_items(shown), ==, 3);
	gtk_editable_set_text(GTK_EDITABLE(find_child(panel, GTK_TYPE_SEARCH_ENTRY)), "pond");
	fixture_spin(0.4);
	g_assert_cmpuint(g_list_model_get_n_items(shown), ==, 1);
	gtk_editable_set_text(GTK_EDITABLE(find_child(panel, GTK_TYPE_SEARCH_ENTRY)), "nothing like it");
	fixture_spin(0.4);
	g_assert_cmpuint(g_list_model_get_n_items(shown), ==, 0);
	gtk_editable_set_text(GTK_EDITABLE(find_child(panel, GTK_TYPE_SEARCH_ENTRY)), "");
	fixture_spin(0.4);
	gtk_drop_down_set_selected(GTK_DROP_DOWN(find_child(panel, GTK_TYPE_DROP_DOWN)), 2); /* by class */
	fixture_spin(0.1);
	g_autoptr(NadirObject) top = g_list_model_get_item(shown, 0);
	g_assert_cmpstr(nadir_object_get_feature(top)->class_name, ==, "Pond");
}

/* --- keys and entries --- */

static gboolean strike(world *w, guint keyval)
{
	g_autoptr(GListModel) controllers = gtk_widget_observe_controllers(GTK_WIDGET(w->window));
	gboolean handled = FALSE;
	for (guint i = 0; i < g_list_model_get_n_items(controllers) && !handled; i++) {
		g_autoptr(GtkEventController) c = g_list_model_get_item(controllers, i);
		if (!GTK_IS_SHORTCUT_CONTROLLER(c))
			continue;
		for (guint k = 0; k < g_list_model_get_n_items(G_LIST_MODEL(c)) && !handled; k++) {
			g_autoptr(GtkShortcut) shortcut = g_list_model_get_item(G_LIST_MODEL(c), k);
			GtkShortcutTrigger *trigger = gtk_shortcut_get_trigger(shortcut);
			if (GTK_IS_KEYVAL_TRIGGER(trigger) &&
			    gtk_keyval_trigger_get_keyval(GTK_KEYVAL_TRIGGER(trigger)) == keyval &&
			    gtk_keyval_trigger_get_modifiers(GTK_KEYVAL_TRIGGER(trigger)) == 0)
				handled =
					gtk_shortcut_action_activate(gtk_shortcut_get_action(shortcut), 0, GTK_WIDGET(w->window), NULL);
		}
	}
	fixture_spin(0.05);
	return handled;
}

static void test_letters(world *w, gconstpointer data)
{
	open_file(w, w->sample);
	NadirCanvas *canvas = nadir_window_get_canvas(w->window);
	run(w, "win.find");
	g_assert_true(GTK_IS_EDITABLE(gtk_window_get_focus(GTK_WINDOW(w->window))));
	g_assert_false(strike(w, GDK_KEY_p));
	g_assert_false(strike(w, GDK_KEY_b));
	g_assert_cmpint(nadir_canvas_get_tool(canvas), ==, NADIR_TOOL_SELECT);
	run(w, "win.focus-canvas");
	g_assert_true(strike(w, GDK_KEY_p));
	g_assert_cmpint(nadir_canvas_get_tool(canvas), ==, NADIR_TOOL_POINT);
	g_autoptr(GVariant) state = g_action_group_get_action_state(G_ACTION_GROUP(w->window), "tool");
	g_assert_cmpstr(g_variant_get_string(state, NULL), ==, "point");
	g_assert_false(strike(w, GDK_KEY_Delete)); /* nothing is selected: the key is left alone */
}

/* --- what goes wrong --- */

static void test_open_error(world *w, gconstpointer data)
{
	g_autofree char *missing = g_build_filename(w->dir, "missing.tif", NULL);
	gtk_info_bar_set_revealed(w->window->info_bar, FALSE);
	open_file(w, missing);
	g_assert_true(gtk_info_bar_get_revealed(w->window->info_bar));
	g_assert_nonnull(strstr(gtk_label_get_text(w->window->info_text), "missing.tif"));
	g_assert_true(nadir_window_is_empty(w->window));
	g_auto(GStrv) recent = g_settings_get_strv(nadir_application_get_settings(w->app), "recent-files");
	g_assert_false(g_strv_contains((const char *const *)recent, missing));
	open_file(w, w->sample);
	g_assert_false(gtk_info_bar_get_revealed(w->window->info_bar));
	g_assert_nonnull(nadir_window_get_document(w->window));
}

static bool knows_of_no_model(void *data)
{
	return nadir_application_get_service_error(data) != NULL;
}

static void test_no_model(world *w, gconstpointer data)
{
	g_assert_true(fixture_wait(knows_of_no_model, w->app, 60));
	fixture_spin(0.1);
	g_assert_cmpstr(gtk_label_get_text(w->window->chip_label), ==, "no model");
	g_assert_nonnull(strstr(gtk_label_get_text(w->window->info_text), "none.gguf"));
	g_assert_nonnull(strstr(gtk_label_get_text(w->window->info_text), "by hand"));
	open_file(w, w->sample);
	add_object(w, 50);
	g_assert_true(enabled(w, "export"));
}

/* --- dialogs --- */

static void test_windows(world *w, gconstpointer data)
{
	GtkWidget *windows[] = {nadir_shortcuts_window_new(GTK_WINDOW(w->window)),
	                        nadir_preferences_new(GTK_WINDOW(w->window), nadir_application_get_settings(w->app))};
	for (guint i = 0; i < G_N_ELEMENTS(windows); i++) {
		gtk_window_present(GTK_WINDOW(windows[i]));
		fixture_spin(0.2);
		gtk_window_destroy(GTK_WINDOW(windows[i]));
		fixture_spin(0.1);
	}
}

static void test_units(world *w, gconstpointer data)
{
	g_autofree char *ha = nadir_format_area(25000, 1), *m2 = nadir_format_area(612.3, 1),
					*px = nadir_format_area(NAN, 42);
	g_assert_cmpstr(ha, ==, "2.50 ha");
	g_assert_cmpstr(m2, ==, "612 m²");
	g_assert_cmpstr(px, ==, "42 px");
	g_assert_cmpfloat_with_epsilon(nadir_round_length(137), 100, 1e-9);
	g_assert_cmpfloat_with_epsilon(nadir_round_length(0.07), 0.05, 1e-9);
	g_assert_cmpfloat_with_epsilon(nadir_round_length(2100), 2000, 1e-9);
	g_settings_set_enum(nadir_application_get_settings(w->app), "units", NADIR_UNITS_IMPERIAL);
	g_autofree char *acres = nadir_format_area(25000, 1), *feet = nadir_format_length(nadir_round_length(100));
	g_assert_cmpstr(acres, ==, "6.18 ac");
	g_assert_cmpstr(feet, ==, "200 ft");
	g_settings_set_enum(nadir_application_get_settings(w->app), "units", NADIR_UNITS_METRIC);
}

static char *position(world *w)
{
	return nadir_status_line_get_position_text(w->window->work->status);
}

static bool has_visible_label(GtkWidget *in, const char *text)
{
	if (!gtk_widget_get_visible(in))
		return false;
	if (GTK_IS_LABEL(in) && strstr(gtk_label_get_text(GTK_LABEL(in)), text))
		return true;
	for (GtkWidget *c = gtk_widget_get_first_child(in); c; c = gtk_widget_get_next_sibling(c))
		if (has_visible_label(c, text))
			return true;
	return false;
}

static GtkWidget *preference(GtkWidget *window, const char *title, GType type)
{
	GtkWidget *row = find_titled(window, title);
	g_assert_nonnull(row);
	return g_type_is_a(G_OBJECT_TYPE(row), type) ? row : find_child(row, type);
}

static void test_preferences(world *w, gconstpointer data)
{
	GSettings *settings = nadir_application_get_settings(w->app);
	GtkWidget *window = nadir_preferences_new(GTK_WINDOW(w->window), settings);
	GtkWidget *coordinates = preference(window, "Coordinates", ADW_TYPE_COMBO_ROW);
	GtkWidget *stretch = preference(window, "Stretch", ADW_TYPE_COMBO_ROW);
	GtkWidget *tiles = preference(window, "Tiles in memory", GTK_TYPE_SPIN_BUTTON);
	open_file(w, w->sample);
	g_assert_cmpint(nadir_document_get_style(nadir_window_get_document(w->window))->stretch, ==, RASTER_STRETCH_NONE);
	nadir_status_line_set_pointer(w->window->work->status, 100, 50);
	adw_combo_row_set_selected(ADW_COMBO_ROW(coordinates), NADIR_COORDINATES_DMS);
	g_autofree char *dms = nadir_format_lonlat(-81.99999, 29.6919), *text = position(w);
	g_assert_cmpstr(dms, ==, "29°41′30.8″ N  82°00′00.0″ W");
	g_assert_nonnull(strstr(text, "″"));
	g_assert_true(has_visible_label(GTK_WIDGET(w->window->work->status), "″"));
	g_assert_false(has_visible_label(GTK_WIDGET(w->window->work->status), "px "));
	adw_combo_row_set_selected(ADW_COMBO_ROW(coordinates), NADIR_COORDINATES_PIXEL);
	g_autofree char *pixels = position(w);
	g_assert_cmpstr(pixels, ==, "100.00 50.00");
	g_assert_true(has_visible_label(GTK_WIDGET(w->window->work->status), "px "));
	g_assert_false(has_visible_label(GTK_WIDGET(w->window->work->status), "°"));
	adw_combo_row_set_selected(ADW_COMBO_ROW(stretch), 3);
	gtk_spin_button_set_value(GTK_SPIN_BUTTON(tiles), 64);
	g_assert_cmpuint(nadir_tile_bytes_get(), ==, 64u << 20);
	g_settings_set_string(settings, "segment-model", "/nowhere/mine.gguf");
	g_assert_true(find_label(window, "mine.gguf"));
	open_file(w, w->sample);
	const char *bands, *chosen, *source;
	nadir_document_get_style_choice(nadir_window_get_document(w->window), &bands, &chosen, &source);
	g_assert_cmpstr(chosen, ==, "minmax");
	static const char *const keys[] = {"coordinates", "stretch", "tile-megabytes", "segment-model"};
	for (guint i = 0; i < G_N_ELEMENTS(keys); i++)
		g_settings_reset(settings, keys[i]);
	gtk_window_destroy(GTK_WINDOW(window));
	fixture_spin(0.1);
}

static gboolean state(NadirWindow *window, const char *action)
{
	g_autoptr(GVariant) v = g_action_group_get_action_state(G_ACTION_GROUP(window), action);
	return g_variant_get_boolean(v);
}

/* The next window begins with the panels of the last one. */
static void test_restored(world *w, gconstpointer data)
{
	open_file(w, w->sample);
	GActionGroup *actions = G_ACTION_GROUP(w->window);
	g_action_group_change_action_state(actions, "table", g_variant_new_boolean(TRUE));
	g_action_group_change_action_state(actions, "navigator", g_variant_new_boolean(TRUE));
	g_action_group_change_action_state(actions, "pixel-grid", g_variant_new_boolean(FALSE));
	nadir_workspace_show_page(w->window->work, "image");
	fixture_spin(0.1);
	g_object_ref(w->window);
	gtk_window_close(GTK_WINDOW(w->window));
	fixture_spin(0.3);
	g_object_unref(w->window);
	w->window = nadir_window_new(w->app);
	gtk_window_present(GTK_WINDOW(w->window));
	open_file(w, w->sample);
	g_assert_true(state(w->window, "table") && state(w->window, "navigator"));
	g_assert_false(state(w->window, "pixel-grid"));
	g_assert_true(gtk_widget_get_mapped(GTK_WIDGET(w->window->work->table)));
	g_assert_cmpstr(adw_view_stack_get_visible_child_name(w->window->work->pages), ==, "image");
	static const char *const keys[] = {"table-visible", "navigator", "pixel-grid", "sidebar-page"};
	g_action_group_change_action_state(G_ACTION_GROUP(w->window), "table", g_variant_new_boolean(FALSE));
	g_action_group_change_action_state(G_ACTION_GROUP(w->window), "navigator", g_variant_new_boolean(FALSE));
	g_action_group_change_action_state(G_ACTION_GROUP(w->window), "pixel-grid", g_variant_new_boolean(TRUE));
	nadir_workspace_show_page(w->window->work, "objects");
	for (guint i = 0; i < G_N_ELEMENTS(keys); i++)
		g_settings_reset(nadir_application_get_settings(w->app), keys[i]);
}

/* Tooltips of the window that have `text` in them. */
static guint n_tips(GtkWidget *widget, const char *text)
{
	const char *tip = gtk_widget_get_tooltip_text(widget);
	guint n = tip && strstr(tip, text) ? 1 : 0;
	for (GtkWidget *c = gtk_widget_get_first_child(widget); c; c = gtk_widget_get_next_sibling(c))
		n += n_tips(c, text);
	return n;
}

static char *accel_of(GMenuModel *menu, int section, int item)
{
	g_autoptr(GMenuModel) inner = g_menu_model_get_item_link(menu, section, G_MENU_LINK_SECTION);
	char *accel = NULL;
	g_menu_model_get_item_attribute(inner, item, "accel", "s", &accel);
	return accel;
}

/* What says a key says the one that is in force. */
static void test_key_tips(world *w, gconstpointer data)
{
	static const struct {
		const char *action, *before;
	} told[] = {{"win.open", "Open an image or a project (Ctrl+O)"},
	            {"win.undo", "Undo (Ctrl+Z)"},
	            {"win.sidebar", "Sidebar (F9)"},
	            {"win.table", "Attribute table (Ctrl+T)"},
	            {"win.style", "Bands and stretch (Ctrl+B)"},
	            {"win.turn-view::0", "Level the view (Alt+Backslash)"},
	            {"win.chat-conversations", "Conversations about this image (Ctrl+L)"}};
	GMenuModel *menu = G_MENU_MODEL(w->window->primary_menu);
	for (guint i = 0; i < G_N_ELEMENTS(told); i++) {
		g_autofree char *now = g_strndup(told[i].before, strcspn(told[i].before, "("));
		g_autofree char *trigger = g_strdup_printf("<Control><Alt><Shift>%u", i), *key = NULL, *tip = NULL;
		g_assert_cmpuint(n_tips(GTK_WIDGET(w->window), told[i].before), ==, 1);
		nadir_keymap_choose(nadir_action_find(told[i].action), trigger);
		key = nadir_action_key_label(nadir_action_find(told[i].action));
		tip = g_strdup_printf("%s(%s)", now, key);
		g_assert_cmpuint(n_tips(GTK_WIDGET(w->window), told[i].before), ==, 0);
		g_assert_cmpuint(n_tips(GTK_WIDGET(w->window), tip), ==, 1);
	}
	g_autofree char *before = accel_of(menu, 0, 0);
	g_assert_cmpstr(before, ==, "<Control><Shift>s");
	nadir_keymap_choose(nadir_action_find("win.save-as"), "");
	g_assert_null(accel_of(menu, 0, 0));
	nadir_keymap_choose(nadir_action_find("win.palette"), "");
	g_assert_false(gtk_widget_get_visible(GTK_WIDGET(w->window->palette_key)));
	nadir_keymap_forget_choices();
	g_assert_true(gtk_widget_get_visible(GTK_WIDGET(w->window->palette_key)));
	for (guint i = 0; i < G_N_ELEMENTS(told); i++)
		g_assert_cmpuint(n_tips(GTK_WIDGET(w->window), told[i].before), ==, 1);
}

#define TEST(name, function) g_test_add("/window/" name, world, NULL, world_up, function, world_down)

/* The tests run inside of one application, as its activation. No weights: what is tested here needs none, and the
 * window has to live without. */
int main(int argc, char **argv)
{
	fixture_init_application(&argc, &argv);
	TEST("table", test_table);
	TEST("keys", test_keys);
	TEST("key-tips", test_key_tips);
	TEST("palette", test_palette);
	TEST("shortcuts", test_shortcuts);
	TEST("empty", test_empty);
	TEST("open", test_open);
	TEST("images", test_images);
	TEST("next-image", test_next_image);
	TEST("class-keys", test_class_keys);
	TEST("objects", test_objects);
	TEST("quick-undo", test_quick_undo);
	TEST("filter", test_filter);
	TEST("letters", test_letters);
	TEST("open-error", test_open_error);
	TEST("no-model", test_no_model);
	TEST("windows", test_windows);
	TEST("units", test_units);
	TEST("preferences", test_preferences);
	TEST("restored", test_restored);
	return fixture_run_application(argv[0], "/nowhere/none.gguf");
}
