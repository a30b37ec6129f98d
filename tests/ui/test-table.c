/* The attribute table over a document: its columns, order and filters, one selection with the document, values typed
 * into its cells. */
#include <adwaita.h>
#include <locale.h>
#include <string.h>

#include "app/document/document-history.h"
#include "app/edit/edit-attributes.h"
#include "app/edit/edit-selection.h"
#include "app/panel/attribute-table.h"
#include "tests/ui/document-world.h"
#include "ui/nadir-resources.h"

static NadirAttributeTable *table;

static void draw_objects(world *w)
{
	for (int i = 0; i < WORLD_OBJECTS; i++) /* the areas rise */
		w->ids[i] = add_of(w, i % 2 ? "car" : "tree", 10 + 60 * i, 20, 10 + i, 10);
	nadir_document_select(w->d, 0);
}

static void table_up(world *w, gconstpointer kind)
{
	world_up(w, kind);
	nadir_document_add_class(w->d, "car");
	nadir_document_add_class(w->d, "tree");
	fixture_settle(w->d);
	change_class(w, "car", NULL,
	             "[{\"name\":\"doors\",\"type\":\"number\"},{\"name\":\"parked\",\"type\":\"flag\"},"
	             "{\"name\":\"paint\",\"type\":\"choice\",\"choices\":[\"red\",\"blue\"]}]");
	draw_objects(w);
	w->window = gtk_window_new();
	table = g_object_ref_sink(g_object_new(NADIR_TYPE_ATTRIBUTE_TABLE, NULL));
	gtk_window_set_default_size(GTK_WINDOW(w->window), 900, 300);
	gtk_window_set_child(GTK_WINDOW(w->window), GTK_WIDGET(table));
	gtk_window_present(GTK_WINDOW(w->window));
	nadir_attribute_table_set_document(table, w->d);
	fixture_spin(0.2);
}

static void table_down(world *w, gconstpointer kind)
{
	gtk_window_destroy(GTK_WINDOW(g_steal_pointer(&w->window)));
	fixture_spin(0.1);
	g_assert_finalize_object(table);
	world_down(w, kind);
}

/* "6 5 4 …": rows by the age of their objects, oldest 1. */
static char *rows(world *w)
{
	GListModel *shown = nadir_attribute_table_get_rows(table);
	g_autoptr(GString) s = g_string_new(NULL);
	for (guint i = 0; i < g_list_model_get_n_items(shown); i++) {
		g_autoptr(NadirObject) o = g_list_model_get_item(shown, i);
		for (int k = 0; k < WORLD_OBJECTS; k++)
			if (w->ids[k] == nadir_object_get_feature(o)->id)
				g_string_append_printf(s, "%s%d", i ? " " : "", k + 1);
	}
	return g_string_free(g_steal_pointer(&s), FALSE);
}

typedef struct {
	world *w;
	const char *rows;
} expected;

static bool are_rows(void *data)
{
	const expected *e = data;
	g_autofree char *now = rows(e->w);
	return g_str_equal(now, e->rows);
}

static void wait_rows(world *w, const char *wanted)
{
	if (!fixture_wait(are_rows, &(expected){w, wanted}, 10)) {
		g_autofree char *now = rows(w);
		g_error("rows are “%s”, not “%s”", now, wanted);
	}
}

static GtkColumnViewColumn *column(world *w, const char *title)
{
	GListModel *columns = gtk_column_view_get_columns(nadir_attribute_table_get_view(table));
	for (guint i = 0; i < g_list_model_get_n_items(columns); i++) {
		g_autoptr(GtkColumnViewColumn) c = g_list_model_get_item(columns, i);
		if (g_str_equal(gtk_column_view_column_get_title(c), title))
			return c;
	}
	return NULL;
}

static NadirObject *drawn(world *w, int k)
{
	GListModel *all = nadir_document_get_objects(w->d);
	for (guint i = 0; i < g_list_model_get_n_items(all); i++) {
		g_autoptr(NadirObject) o = g_list_model_get_item(all, i);
		if (nadir_object_get_feature(o)->id == w->ids[k])
			return o;
	}
	return NULL;
}

static void set(world *w, int k, const char *title, const char *value, bool all)
{
	g_autoptr(GError) error = NULL;
	g_assert_true(nadir_attribute_table_set_cell(table, drawn(w, k), title, value, all, &error));
	g_assert_no_error(error);
	fixture_settle(w->d);
}

static char *value(world *w, int k, const char *name)
{
	return attributes_get(nadir_object_get_feature(drawn(w, k))->attributes, name);
}

static void test_order(world *w, gconstpointer data)
{
	GtkColumnView *view = nadir_attribute_table_get_view(table);
	wait_rows(w, "6 5 4 3 2 1");
	gtk_column_view_sort_by_column(view, column(w, "Area"), GTK_SORT_ASCENDING);
	wait_rows(w, "1 2 3 4 5 6");
	gtk_column_view_sort_by_column(view, column(w, "Class"), GTK_SORT_ASCENDING);
	wait_rows(w, "6 4 2 5 3 1"); /* cars, then trees; the newest first */
	set(w, 1, "doors", "2", false);
	set(w, 3, "doors", "10", false);
	gtk_column_view_sort_by_column(view, column(w, "doors"), GTK_SORT_ASCENDING);
	wait_rows(w, "2 4 6 5 3 1"); /* as numbers; without one last */
}

static void on_text(world *w, const char *text)
{
	GtkWidget *bar = gtk_widget_get_first_child(GTK_WIDGET(table));
	gtk_editable_set_text(GTK_EDITABLE(gtk_widget_get_first_child(bar)), text);
}

static void test_filter(world *w, gconstpointer data)
{
	GtkWidget *bar = gtk_widget_get_first_child(GTK_WIDGET(table)), *entry = gtk_widget_get_first_child(bar);
	GtkWidget *condition = gtk_widget_get_next_sibling(entry), *error = gtk_widget_get_next_sibling(bar);
	on_text(w, "TREE");
	wait_rows(w, "5 3 1");
	set(w, 1, "paint", "blue", false);
	on_text(w, "blue");
	wait_rows(w, "2");
	gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(condition), TRUE);
	on_text(w, "area_px > 120 AND class = 'car'");
	wait_rows(w, "6 5 4 3 2 1"); /* not before Enter */
	g_signal_emit_by_name(entry, "activate");
	wait_rows(w, "6 4");
	g_assert_false(gtk_widget_get_visible(error));
	on_text(w, ""); /* the condition goes with its text */
	wait_rows(w, "6 5 4 3 2 1");
	on_text(w, "area > nothing");
	g_signal_emit_by_name(entry, "activate");
	fixture_settle(w->d);
	fixture_spin(0.1);
	g_assert_true(gtk_widget_get_visible(error));
	g_assert_nonnull(strstr(gtk_label_get_text(GTK_LABEL(error)), "is no condition"));
	wait_rows(w, "6 5 4 3 2 1");
}

static void test_selection(world *w, gconstpointer data)
{
	GtkSelectionModel *model = gtk_column_view_get_model(nadir_attribute_table_get_view(table));
	nadir_document_select(w->d, w->ids[2]);
	g_assert_true(gtk_selection_model_is_selected(model, 3));
	gtk_selection_model_select_item(model, 0, FALSE);
	g_assert_cmpuint(nadir_document_n_selected(w->d), ==, 2);
	g_assert_true(nadir_document_is_selected(w->d, w->ids[5]));
	gtk_column_view_sort_by_column(nadir_attribute_table_get_view(table), column(w, "Area"), GTK_SORT_ASCENDING);
	wait_rows(w, "1 2 3 4 5 6");
	fixture_spin(0.1);
	g_assert_true(gtk_selection_model_is_selected(model, 2) && gtk_selection_model_is_selected(model, 5));
	g_assert_false(gtk_selection_model_is_selected(model, 0));
}

static void test_cells(world *w, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	set(w, 1, "doors", "4", false);
	g_autofree char *one = value(w, 1, "doors"), *other = value(w, 3, "doors");
	g_assert_cmpstr(one, ==, "4");
	g_assert_null(other);
	nadir_document_select_all(w->d);
	set(w, 1, "parked", "true", true); /* of six the three that ask for it */
	for (int k = 0; k < WORLD_OBJECTS; k++) {
		g_autofree char *parked = value(w, k, "parked");
		g_assert_cmpstr(parked, ==, k % 2 ? "true" : NULL);
	}
	nadir_document_undo(w->d); /* one step */
	fixture_settle(w->d);
	g_autofree char *undone = value(w, 5, "parked");
	g_assert_null(undone);
	set(w, 0, "Class", "car", true);
	g_assert_cmpstr(nadir_object_get_feature(drawn(w, 4))->class_name, ==, "car");
	set(w, 0, "Caption", "a row", true);
	g_assert_cmpstr(nadir_object_get_feature(drawn(w, 3))->caption, ==, "a row");
	nadir_document_undo(w->d);
	nadir_document_undo(w->d);
	fixture_settle(w->d);
	g_assert_cmpstr(nadir_object_get_feature(drawn(w, 4))->class_name, ==, "tree");
	g_assert_false(nadir_attribute_table_set_cell(table, drawn(w, 1), "doors", "many", false, &error));
	g_assert_error(error, ATTRIBUTE_ERROR, ATTRIBUTE_ERROR_VALUE);
	g_clear_error(&error);
	g_assert_false(nadir_attribute_table_set_cell(table, drawn(w, 0), "doors", "2", false, &error));
	g_assert_error(error, ATTRIBUTE_ERROR, ATTRIBUTE_ERROR_NAME);
	g_clear_error(&error);
	g_assert_false(nadir_attribute_table_set_cell(table, drawn(w, 0), "Area", "2", false, &error));
	g_assert_nonnull(error);
}

static bool has_free_column(void *data)
{
	return column(data, "nests") != NULL;
}

/* What an object holds unasked gets a column, after those of the classes; what nobody holds or asks for loses it. */
static void test_columns(world *w, gconstpointer data)
{
	g_autoptr(attribute_field) nests = attribute_field_new("nests", ATTRIBUTE_NUMBER, NULL, false);
	g_autoptr(GArray) one = g_array_new(FALSE, FALSE, sizeof(gint64));
	g_array_append_val(one, w->ids[0]);
	g_assert_null(column(w, "nests"));
	g_assert_nonnull(column(w, "paint"));
	g_assert_true(nadir_document_set_attribute(w->d, one, nests, "3", NULL));
	fixture_settle(w->d);
	g_assert_true(fixture_wait(has_free_column, w, 10));
	set(w, 0, "nests", "5", false);
	g_autofree char *now = value(w, 0, "nests");
	g_assert_cmpstr(now, ==, "5");
	change_class(w, "car", NULL, "");
	fixture_spin(0.05);
	g_assert_null(column(w, "paint"));
}

static bool is_open(void *data)
{
	for (GtkWidget *c = gtk_widget_get_first_child(data); c; c = gtk_widget_get_next_sibling(c))
		if (GTK_IS_POPOVER(c))
			return gtk_widget_get_mapped(c);
	return false;
}

/* Enter in a row opens the editor of the cell that the keys are about. */
static void test_editor(world *w, gconstpointer data)
{
	GtkColumnView *view = nadir_attribute_table_get_view(table);
	g_signal_emit_by_name(view, "activate", 5); /* the number: nobody writes that */
	fixture_spin(0.1);
	g_assert_false(is_open(table));
	GtkWidget *root = w->window;
	gtk_window_set_focus(GTK_WINDOW(root), NULL);
	nadir_attribute_table_focus(table);
	g_assert_nonnull(gtk_window_get_focus(GTK_WINDOW(root)));
	g_assert_true(gtk_widget_is_ancestor(gtk_window_get_focus(GTK_WINDOW(root)), GTK_WIDGET(view)));
	g_assert_true(nadir_attribute_table_step(table, 1)); /* to the class */
	g_signal_emit_by_name(view, "activate", 5);
	g_assert_true(fixture_wait(is_open, table, 5));
}

int main(int argc, char **argv)
{
	gtk_test_init(&argc, &argv, NULL);
	setlocale(LC_ALL, "C");
	nadir_register_resource();
#define ADD(name, fn) g_test_add("/table/" name, world, NULL, table_up, fn, table_down)
	ADD("order", test_order);
	ADD("filter", test_filter);
	ADD("selection", test_selection);
	ADD("cells", test_cells);
	ADD("columns", test_columns);
	ADD("editor", test_editor);
	return g_test_run();
}
