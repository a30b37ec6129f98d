/* Classes and attributes of several objects without a window: kinds of classes, values, conditions. */
#include <string.h>

#include "app/document/document-history.h"
#include "app/edit/edit-attributes.h"
#include "app/edit/edit-selection.h"
#include "tests/ui/document-world.h"

/* Two cars (a kind of vehicle) and a tree; car 0 is the newest in the list's order. */
static void objects_up(world *w, gconstpointer kind)
{
	static const char *const classes[] = {"tree", "car", "car"};
	world_up(w, kind);
	nadir_document_add_class(w->d, "vehicle");
	nadir_document_add_class(w->d, "car");
	nadir_document_add_class(w->d, "tree");
	fixture_settle(w->d);
	change_class(w, "vehicle", NULL, "[{\"name\":\"doors\",\"type\":\"number\"}]");
	change_class(w, "car", "vehicle", "[{\"name\":\"colour\",\"type\":\"text\"}]");
	for (int i = 0; i < 3; i++)
		w->ids[i] = add_of(w, classes[i], 20 + 100 * i, 20, 10 * (i + 1), 10);
}

static void test_kinds(world *w, gconstpointer data)
{
	const project_class *vehicle = nadir_document_find_class(w->d, "vehicle");
	g_assert_cmpint(nadir_document_find_class(w->d, "car")->parent, ==, vehicle->id);
	g_assert_cmpuint(nadir_document_select_class(w->d, vehicle->id), ==, 2);
	g_assert_cmpuint(nadir_document_select_class(w->d, nadir_document_find_class(w->d, "tree")->id), ==, 1);
	g_assert_true(nadir_document_is_selected(w->d, w->ids[0]));
}

static void test_values(world *w, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	bool mixed;
	nadir_document_select_class(w->d, nadir_document_find_class(w->d, "car")->id);
	g_autoptr(GPtrArray) fields = nadir_document_selection_fields(w->d);
	g_autoptr(GArray) cars = nadir_document_get_selection(w->d);
	g_assert_cmpuint(fields->len, ==, 2); /* of the vehicle, of the car */
	const attribute_field *doors = fields->pdata[0];
	g_assert_false(nadir_document_set_attribute(w->d, cars, doors, "many", &error));
	g_assert_error(error, ATTRIBUTE_ERROR, ATTRIBUTE_ERROR_VALUE);
	g_clear_error(&error);
	g_assert_true(nadir_document_set_attribute(w->d, cars, doors, "4", &error));
	fixture_settle(w->d);
	g_autofree char *both = nadir_document_selection_value(w->d, "doors", &mixed);
	g_assert_cmpstr(both, ==, "4");
	g_array_set_size(cars, 1);
	g_assert_true(nadir_document_set_attribute(w->d, cars, doors, "5", &error));
	fixture_settle(w->d);
	g_assert_null(nadir_document_selection_value(w->d, "doors", &mixed));
	g_assert_true(mixed);
	nadir_document_undo(w->d); /* one step a change, however many objects */
	nadir_document_undo(w->d);
	fixture_settle(w->d);
	g_assert_null(nadir_document_selection_value(w->d, "doors", &mixed));
	g_assert_false(mixed);
	nadir_document_select_all(w->d); /* a tree has none of them */
	g_autoptr(GPtrArray) common = nadir_document_selection_fields(w->d);
	g_assert_cmpuint(common->len, ==, 0);
}

static void test_relabel(world *w, gconstpointer data)
{
	nadir_document_select_all(w->d);
	g_autoptr(GArray) all = nadir_document_get_selection(w->d);
	nadir_document_relabel_many(w->d, all, "vehicle");
	fixture_settle(w->d);
	for (guint i = 0; i < 3; i++)
		g_assert_cmpstr(object_row(w, i)->class_name, ==, "vehicle");
	nadir_document_undo(w->d);
	fixture_settle(w->d);
	g_assert_cmpstr(object_row(w, 2)->class_name, ==, "tree");
	g_assert_cmpstr(object_row(w, 0)->class_name, ==, "car");
}

static guint fit(world *w, const char *condition)
{
	g_clear_pointer(&w->told, g_free);
	nadir_document_select(w->d, 0);
	nadir_document_select_expression(w->d, condition);
	fixture_settle(w->d);
	return nadir_document_n_selected(w->d);
}

static void test_expression(world *w, gconstpointer data)
{
	g_autoptr(GPtrArray) fields = attribute_fields_parse("[{\"name\":\"doors\",\"type\":\"number\"}]");
	g_autoptr(GArray) one = g_array_new(FALSE, FALSE, sizeof(gint64));
	g_array_append_val(one, w->ids[1]);
	g_assert_true(nadir_document_set_attribute(w->d, one, fields->pdata[0], "4", NULL));
	fixture_settle(w->d);
	g_assert_cmpuint(fit(w, "class = 'car'"), ==, 2);
	g_assert_cmpuint(fit(w, "class = 'car' AND area_px > 200"), ==, 1);
	g_assert_true(nadir_document_is_selected(w->d, w->ids[2]));
	g_assert_cmpuint(fit(w, "doors >= 4"), ==, 1);
	g_assert_cmpuint(fit(w, "class_path LIKE 'vehicle/%'"), ==, 2);
	g_assert_cmpuint(fit(w, "class_path LIKE 'vehicle%' OR class = 'tree'"), ==, 3);
	g_assert_cmpuint(fit(w, "score IS NULL"), ==, 3);
	g_assert_cmpuint(fit(w, "area_px > 5000"), ==, 0);
	g_assert_nonnull(w->told);
	static const char *const wrong[] = {"class =", "nonsense = 3", "", "area_px >> 3"};
	for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_assert_cmpuint(fit(w, wrong[i]), ==, 0);
		g_assert_nonnull(w->told);
		g_assert_nonnull(strstr(w->told, "is no condition"));
		g_assert_null(strchr(w->told, '\n'));
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name, fn) g_test_add("/attributes/" name, world, NULL, objects_up, fn, world_down)
	ADD("kinds", test_kinds);
	ADD("values", test_values);
	ADD("relabel", test_relabel);
	ADD("expression", test_expression);
	return g_test_run();
}
