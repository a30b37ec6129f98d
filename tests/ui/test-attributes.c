/* Classes and attributes of several objects without a window: kinds of classes, values, conditions. */
#include <string.h>

#include "app/document/document-history.h"
#include "app/edit/edit-attributes.h"
#include "app/edit/edit-selection.h"
#include "tests/ui/fixture.h"

typedef struct {
	char *dir, *image;
	service *service;
	NadirDocument *d;
	char *told; /* the last error or notice */
	gint64 ids[3];
} world;

static void on_told(world *w, const char *sentence)
{
	g_free(w->told);
	w->told = g_strdup(sentence);
}

static const feature *object(world *w, guint i)
{
	g_autoptr(NadirObject) o = g_list_model_get_item(nadir_document_get_objects(w->d), i);
	return nadir_object_get_feature(o);
}

static void change_class(world *w, const char *name, const char *parent, const char *fields)
{
	project_class *c = project_class_copy(nadir_document_find_class(w->d, name));
	c->parent = parent ? nadir_document_find_class(w->d, parent)->id : 0;
	g_free(c->fields);
	c->fields = g_strdup(fields);
	nadir_document_update_class(w->d, c);
	project_class_free(c);
	fixture_settle(w->d);
}

/* Two cars (a kind of vehicle) and a tree; car 0 is the newest in the list's order. */
static void world_up(world *w, gconstpointer data)
{
	static const char *const classes[] = {"tree", "car", "car"};
	g_autoptr(GError) error = NULL;
	double xy[8];
	w->dir = fixture_dir();
	w->image = fixture_image(w->dir, "image.tif", 400, 300, false);
	w->service = service_new(&(engine_options){.model = "/nowhere/none.gguf"});
	w->d = fixture_open(w->image, w->service, &error);
	g_assert_no_error(error);
	g_signal_connect_swapped(w->d, "error", G_CALLBACK(on_told), w);
	g_signal_connect_swapped(w->d, "notice", G_CALLBACK(on_told), w);
	nadir_document_add_class(w->d, "vehicle");
	nadir_document_add_class(w->d, "car");
	nadir_document_add_class(w->d, "tree");
	fixture_settle(w->d);
	change_class(w, "vehicle", NULL, "[{\"name\":\"doors\",\"type\":\"number\"}]");
	change_class(w, "car", "vehicle", "[{\"name\":\"colour\",\"type\":\"text\"}]");
	for (guint i = 0; i < 3; i++) {
		nadir_document_add_class(w->d, classes[i]);
		nadir_document_select(w->d, 0);
		fixture_rectangle_of(20 + 100 * (int)i, 20, 10 * (int)(i + 1), 10, xy);
		nadir_document_draw_polygon(w->d, xy, 4);
		fixture_settle(w->d);
		w->ids[i] = object(w, 0)->id;
	}
}

static void world_down(world *w, gconstpointer data)
{
	g_signal_handlers_disconnect_by_data(w->d, w);
	fixture_close(w->d);
	service_free(w->service);
	fixture_remove(w->dir);
	g_free(w->image);
	g_free(w->dir);
	g_free(w->told);
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
		g_assert_cmpstr(object(w, i)->class_name, ==, "vehicle");
	nadir_document_undo(w->d);
	fixture_settle(w->d);
	g_assert_cmpstr(object(w, 2)->class_name, ==, "tree");
	g_assert_cmpstr(object(w, 0)->class_name, ==, "car");
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
#define ADD(name, fn) g_test_add("/attributes/" name, world, NULL, world_up, fn, world_down)
	ADD("kinds", test_kinds);
	ADD("values", test_values);
	ADD("relabel", test_relabel);
	ADD("expression", test_expression);
	return g_test_run();
}
