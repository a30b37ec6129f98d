/* What a reader of the screen and a reader of large text need: every button and entry of every window has a name, and
 * at text of 200 % nothing reaches out of its window and no label is cut without a tooltip that holds the whole. */
#include <stdlib.h>
#include <string.h>

#include "app/command/actions.h"
#include "app/panel/status-line.h"
#include "tests/ui/window-world.h"

static void access_up(world *w, gconstpointer percent)
{
	g_object_set(gtk_settings_get_default(), "gtk-xft-dpi", GPOINTER_TO_INT(percent) * 96 * 1024 / 100, NULL);
	world_up(w, percent);
	gtk_window_set_default_size(GTK_WINDOW(w->window), 1280, 720);
	open_file(w, w->sample);
	for (int i = 0; i < 3; i++)
		add_object(w, 40 + 60 * i);
}

static bool is_gone(void *data)
{
	return *(gpointer *)data == NULL;
}

/* Not world_down(): dozens of windows were opened and closed, and GTK 4.8 may still ask one of them for the pointer. */
static void access_down(world *w, gconstpointer percent)
{
	gpointer document = nadir_window_get_document(w->window);
	g_object_add_weak_pointer(document, &document);
	gtk_window_close(GTK_WINDOW(w->window));
	g_assert_true(fixture_wait(is_gone, &document, 60));
	fixture_remove(w->dir);
	g_free(w->dir);
	g_free(w->sample);
	g_object_set(gtk_settings_get_default(), "gtk-xft-dpi", 96 * 1024, NULL);
}

/* --- walking --- */

typedef void (*visit)(world *w, GtkWidget *widget, const char *where);

static void walk(world *w, GtkWidget *widget, visit each, const char *where)
{
	if (!gtk_widget_get_mapped(widget))
		return;
	w->seen++;
	each(w, widget, where);
	for (GtkWidget *c = gtk_widget_get_first_child(widget); c; c = gtk_widget_get_next_sibling(c))
		walk(w, c, each, where);
}

/* Every window that is open, after each of the actions that open one or another panel. */
static const char *const opened_by[] = {
	"win.tool::polygon", "win.tool::vertex",  "win.page::chat",   "win.page::image", "win.page::objects",
	"win.images",        "win.table",         "win.find",         "win.history",     "win.palette",
	"win.navigator",     "win.second-bands",  "win.second-close", "win.smooth",      "win.go-to",
	"win.select-where",  "win.add-class",     "win.edit-class",   "win.style",       "win.export",
	"win.statistics",    "win.batch",         "win.team",         "app.preferences", "win.shortcuts",
	"win.review",        "win.review-filter", "win.review-leave",
};

static void close_others(world *w)
{
	g_autoptr(GListModel) all = g_object_ref(gtk_window_get_toplevels());
	for (guint i = g_list_model_get_n_items(all); i-- > 0;) {
		g_autoptr(GtkWindow) other = g_list_model_get_item(all, i);
		if (other != GTK_WINDOW(w->window) && gtk_widget_get_mapped(GTK_WIDGET(other)))
			gtk_window_close(other);
	}
	fixture_spin(0.1);
}

static void walk_all(world *w, visit each)
{
	guint opened = 0, windows = 0;
	for (guint i = 0; i < G_N_ELEMENTS(opened_by); i++) {
		const nadir_action *a = nadir_action_find(opened_by[i]);
		if (!a || !nadir_action_run(GTK_WIDGET(w->window), a))
			continue;
		opened++;
		fixture_settle(nadir_window_get_document(w->window));
		fixture_spin(0.4);
		g_autoptr(GListModel) all = g_object_ref(gtk_window_get_toplevels());
		for (guint k = 0; k < g_list_model_get_n_items(all); k++) {
			g_autoptr(GtkWidget) top = g_list_model_get_item(all, k);
			walk(w, top, each, opened_by[i]);
			windows += gtk_widget_get_mapped(top);
		}
		close_others(w);
	}
	g_test_message("%u panels and windows opened, %u windows walked, %u widgets", opened, windows, w->seen);
	g_assert_cmpuint(opened, >=, 8);
	g_assert_cmpuint(w->seen, >, 1000);
}

/* --- names --- */

static bool is_of_gtk(GtkWidget *widget)
{
	for (GtkWidget *p = widget; p; p = gtk_widget_get_parent(p)) {
		const char *name = G_OBJECT_TYPE_NAME(p);
		if (g_str_equal(name, "GtkFileChooserWidget") || g_str_equal(name, "GtkWindowControls") ||
		    g_str_equal(name, "GtkSearchEntry") || g_str_equal(name, "GtkSpinButton") ||
		    g_str_equal(name, "GtkScrollbar") || g_str_equal(name, "GtkColumnView"))
			return p != widget;
	}
	return false;
}

static bool has_words(GtkWidget *widget)
{
	if (GTK_IS_LABEL(widget) && *gtk_label_get_text(GTK_LABEL(widget)))
		return true;
	for (GtkWidget *c = gtk_widget_get_first_child(widget); c; c = gtk_widget_get_next_sibling(c))
		if (has_words(c))
			return true;
	return false;
}

static bool is_named(GtkWidget *widget)
{
	const char *tip = gtk_widget_get_tooltip_text(widget), *markup = gtk_widget_get_tooltip_markup(widget);
	GtkAccessible *a = GTK_ACCESSIBLE(widget);
	return (tip && *tip) || (markup && *markup) || has_words(widget) ||
	       gtk_test_accessible_has_property(a, GTK_ACCESSIBLE_PROPERTY_LABEL) ||
	       gtk_test_accessible_has_relation(a, GTK_ACCESSIBLE_RELATION_LABELLED_BY) ||
	       (GTK_IS_ENTRY(widget) && gtk_entry_get_placeholder_text(GTK_ENTRY(widget)));
}

static void assert_named(world *w, GtkWidget *widget, const char *where)
{
	if (!GTK_IS_BUTTON(widget) && !GTK_IS_MENU_BUTTON(widget) && !GTK_IS_EDITABLE(widget) && !GTK_IS_SCALE(widget) &&
	    !GTK_IS_DROP_DOWN(widget) && !GTK_IS_SWITCH(widget) && !GTK_IS_TEXT_VIEW(widget))
		return;
	GtkWidget *parent = gtk_widget_get_parent(widget);
	if (GTK_IS_TEXT(widget) || is_of_gtk(widget) || (parent && GTK_IS_MENU_BUTTON(parent)) ||
	    (parent && GTK_IS_DROP_DOWN(parent)))
		return; /* a part of what has the name */
	for (GtkWidget *p = parent; p; p = gtk_widget_get_parent(p))
		if ((ADW_IS_ACTION_ROW(p) && adw_action_row_get_activatable_widget(ADW_ACTION_ROW(p)) == widget) ||
		    (ADW_IS_EXPANDER_ROW(p) && GTK_IS_SWITCH(widget)))
			return; /* the row names it */
	if (!is_named(widget)) {
		const char *icon = GTK_IS_BUTTON(widget) ? gtk_button_get_icon_name(GTK_BUTTON(widget)) : "";
		GString *path = g_string_new(NULL);
		for (GtkWidget *p = widget; p; p = gtk_widget_get_parent(p))
			g_string_append_printf(path, " < %s", G_OBJECT_TYPE_NAME(p));
		g_test_message("after %s: no name: %s%s", where, icon ? icon : "", path->str);
		g_string_free(path, TRUE);
		g_test_fail();
	}
	g_assert_cmpint(gtk_accessible_get_accessible_role(GTK_ACCESSIBLE(widget)), !=, GTK_ACCESSIBLE_ROLE_NONE);
}

static void test_names(world *w, gconstpointer percent)
{
	walk_all(w, assert_named);
}

/* --- large text --- */

static bool scrolls(GtkWidget *widget)
{
	for (GtkWidget *p = gtk_widget_get_parent(widget); p; p = gtk_widget_get_parent(p))
		if (GTK_IS_SCROLLED_WINDOW(p) || GTK_IS_SCROLLABLE(p) || GTK_IS_OVERLAY(p) || GTK_IS_STACK(p) ||
		    GTK_IS_REVEALER(p))
			return true;
	return false;
}

static bool tells_whole(GtkWidget *label)
{
	for (GtkWidget *p = label; p; p = gtk_widget_get_parent(p))
		if (gtk_widget_get_has_tooltip(p))
			return true;
	return false;
}

static void assert_room(world *w, GtkWidget *widget, const char *where)
{
	GtkWidget *root = GTK_WIDGET(gtk_widget_get_root(widget));
	graphene_rect_t box;
	if (is_of_gtk(widget))
		return;
	if (widget != root && !scrolls(widget) && root && gtk_widget_compute_bounds(widget, root, &box)) {
		const bool inside = box.origin.x >= -1 && box.origin.y >= -1 &&
		                    box.origin.x + box.size.width <= gtk_widget_get_width(root) + 1 &&
		                    box.origin.y + box.size.height <= gtk_widget_get_height(root) + 1;
		if (!inside) {
			g_test_message("after %s: %s reaches out of %s", where, G_OBJECT_TYPE_NAME(widget),
			               G_OBJECT_TYPE_NAME(root));
			g_test_fail();
		}
	}
	if (GTK_IS_LABEL(widget) && pango_layout_is_ellipsized(gtk_label_get_layout(GTK_LABEL(widget))) &&
	    !tells_whole(widget)) {
		GString *path = g_string_new(NULL);
		for (GtkWidget *p = widget; p; p = gtk_widget_get_parent(p))
			g_string_append_printf(path, " < %s", G_OBJECT_TYPE_NAME(p));
		g_test_message("after %s: cut: %s%s", where, gtk_label_get_text(GTK_LABEL(widget)), path->str);
		g_string_free(path, TRUE);
		g_test_fail();
	}
}

static void test_large_text(world *w, gconstpointer percent)
{
	int width, height;
	gtk_widget_measure(GTK_WIDGET(w->window), GTK_ORIENTATION_HORIZONTAL, -1, &width, NULL, NULL, NULL);
	gtk_widget_measure(GTK_WIDGET(w->window), GTK_ORIENTATION_VERTICAL, width, &height, NULL, NULL, NULL);
	g_test_message("at %d %% the window needs %d x %d", GPOINTER_TO_INT(percent), width, height);
	g_assert_cmpint(width, <=, 1280);
	g_assert_cmpint(height, <=, 720);
	walk_all(w, assert_room);
}

int main(int argc, char **argv)
{
	fixture_init_application(&argc, &argv);
	/* Titles of libadwaita's pages, cut to a letter, are a hair narrower than nothing to GTK 4.8, which warns of it. */
	g_log_set_always_fatal(G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_ERROR);
#define ADD(name, percent, fn) g_test_add("/access/" name, world, GINT_TO_POINTER(percent), access_up, fn, access_down)
	ADD("names", 100, test_names);
	ADD("large-text", 200, test_large_text);
	return fixture_run_application(argv[0], "/nowhere/none.gguf");
}
