/* The document without a window: opening, objects, undo, classes, style; with weights at hand also the whole way from a
 * mark to a stored object. */
#include <locale.h>
#include <math.h>
#include <string.h>

#include "tests/ui/fixture.h"

typedef struct {
	char *dir, *image;
	service *service;
	NadirDocument *d;
} world;

static void world_open(world *w)
{
	g_autoptr(GError) error = NULL;
	w->d = fixture_open(w->image, w->service, &error);
	g_assert_no_error(error);
	g_assert_nonnull(w->d);
}

static void world_up(world *w, gconstpointer data)
{
	w->dir = fixture_dir();
	w->image = fixture_image(w->dir, "image.tif", 400, 300, false);
	w->service = service_new(&(engine_options){.model = "/nowhere/none.gguf"});
	world_open(w);
}

static void world_down(world *w, gconstpointer data)
{
	fixture_close(w->d);
	service_free(w->service);
	fixture_remove(w->dir);
	g_free(w->image);
	g_free(w->dir);
}

static void world_reopen(world *w)
{
	fixture_close(w->d);
	world_open(w);
}

static guint n_objects(world *w)
{
	return g_list_model_get_n_items(nadir_document_get_objects(w->d));
}

static NadirObject *object(world *w, guint i)
{
	g_autoptr(NadirObject) o = g_list_model_get_item(nadir_document_get_objects(w->d), i);
	return o;
}

static void add(world *w, int x, int y, int width, int height)
{
	g_autoptr(GError) error = NULL;
	const bool ok = nadir_document_add_by_hand(w->d, fixture_rectangle(x, y, width, height), &error);
	g_assert_no_error(error);
	g_assert_true(ok);
}

static void must(bool ok, GError *error)
{
	g_assert_no_error(error);
	g_assert_true(ok);
}

static void undo(world *w)
{
	GError *error = NULL;
	const bool ok = nadir_document_undo(w->d, &error);
	must(ok, error);
}

static void redo(world *w)
{
	GError *error = NULL;
	const bool ok = nadir_document_redo(w->d, &error);
	must(ok, error);
}

static void assert_rectangle(NadirObject *o, int x, int y, int width, int height)
{
	g_autoptr(bitmask) want = fixture_rectangle(x, y, width, height);
	g_assert_true(mask_equal(nadir_object_get_mask(o), want));
}

/* --- opening --- */

static void test_open(world *w, gconstpointer data)
{
	g_assert_cmpstr(nadir_document_get_title(w->d), ==, "image.tif");
	g_assert_cmpint(raster_get_info(nadir_document_get_raster(w->d))->width, ==, 400);
	g_assert_false(georef_has_crs(nadir_document_get_georef(w->d)));
	g_assert_null(nadir_document_get_project(w->d));
	g_assert_cmpuint(n_objects(w), ==, 0);
	g_assert_null(nadir_document_get_undo_text(w->d));
	g_assert_cmpuint(nadir_document_get_classes(w->d)->len, ==, 1);
	g_assert_nonnull(nadir_document_find_class(w->d, "object"));
}

static void test_open_bad(world *w, gconstpointer data)
{
	g_autofree char *none = g_build_filename(w->dir, "none.tif", NULL);
	g_autofree char *text = g_build_filename(w->dir, "text.tif", NULL);
	const char *paths[] = {none, text, w->dir};
	g_assert_true(g_file_set_contents(text, "not a raster", -1, NULL));
	for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
		g_autoptr(GError) error = NULL;
		g_assert_null(fixture_open(paths[i], w->service, &error));
		g_assert_nonnull(error);
		g_assert_null(strchr(error->message, '\n'));
	}
}

/* --- objects --- */

static void test_hand(world *w, gconstpointer data)
{
	int selections = 0, changes = 0;
	fixture_count(w->d, "selection-changed", &selections);
	fixture_count(nadir_document_get_objects(w->d), "items-changed", &changes);
	add(w, 10, 20, 30, 40);
	add(w, 200, 100, 8, 5);
	g_assert_cmpint(changes, ==, 2);
	g_assert_cmpint(selections, >=, 2);
	g_assert_cmpuint(n_objects(w), ==, 2);
	assert_rectangle(object(w, 0), 200, 100, 8, 5);
	assert_rectangle(object(w, 1), 10, 20, 30, 40);
	g_assert_true(nadir_document_get_selected(w->d) == object(w, 0));
	const feature *f = nadir_object_get_feature(object(w, 1));
	g_assert_cmpint(f->area_px, ==, 1200);
	g_assert_cmpstr(f->class_name, ==, "object");
	g_assert_cmpstr(f->model, ==, "hand");
	g_assert_true(isnan(f->score) && isnan(f->area_m2));
	g_autofree char *place = project_default_path(w->image);
	g_assert_cmpstr(project_path(nadir_document_get_project(w->d)), ==, place);
	g_assert_true(g_file_test(place, G_FILE_TEST_EXISTS));
}

static void test_undo(world *w, gconstpointer data)
{
	add(w, 10, 20, 30, 40);
	add(w, 60, 20, 10, 10);
	NadirObject *first = object(w, 1);
	g_assert_nonnull(nadir_document_get_undo_text(w->d));
	g_assert_null(nadir_document_get_redo_text(w->d));
	undo(w);
	g_assert_cmpuint(n_objects(w), ==, 1);
	g_assert_true(object(w, 0) == first); /* what did not change keeps its item */
	g_assert_null(nadir_document_get_selected(w->d));
	undo(w);
	g_assert_cmpuint(n_objects(w), ==, 0);
	g_assert_null(nadir_document_get_undo_text(w->d));
	undo(w); /* nothing left: nothing happens */
	redo(w);
	redo(w);
	g_assert_cmpuint(n_objects(w), ==, 2);
	assert_rectangle(object(w, 0), 60, 20, 10, 10);
	assert_rectangle(object(w, 1), 10, 20, 30, 40);
	g_assert_null(nadir_document_get_redo_text(w->d));
}

static void test_reopen(world *w, gconstpointer data)
{
	add(w, 10, 20, 30, 40);
	add(w, 60, 20, 10, 10);
	undo(w);
	world_reopen(w);
	g_assert_cmpuint(n_objects(w), ==, 1);
	assert_rectangle(object(w, 0), 10, 20, 30, 40);
	redo(w); /* the journal outlives the window */
	g_assert_cmpuint(n_objects(w), ==, 2);
	assert_rectangle(object(w, 0), 60, 20, 10, 10);
	g_autofree char *place = g_strdup(project_path(nadir_document_get_project(w->d)));
	fixture_close(w->d);
	g_autoptr(GError) error = NULL;
	w->d = fixture_open(place, w->service, &error); /* the project itself leads to its image */
	g_assert_no_error(error);
	g_assert_cmpstr(nadir_document_get_title(w->d), ==, "image.tif");
	g_assert_cmpuint(n_objects(w), ==, 2);
}

static void paint(world *w, int x, int y, int width, int height, bool erase)
{
	GError *error = NULL;
	g_autoptr(bitmask) m = fixture_rectangle(x, y, width, height);
	const bool ok = nadir_document_paint_selected(w->d, m, erase, &error);
	must(ok, error);
}

static void test_paint(world *w, gconstpointer data)
{
	add(w, 10, 10, 20, 20);
	paint(w, 30, 10, 10, 20, false);
	assert_rectangle(object(w, 0), 10, 10, 30, 20);
	g_assert_cmpint(nadir_object_get_feature(object(w, 0))->area_px, ==, 600);
	paint(w, 10, 10, 30, 5, true);
	assert_rectangle(object(w, 0), 10, 15, 30, 15);
	const char *text = nadir_document_get_undo_text(w->d);
	g_autofree char *before = g_strdup(text);
	paint(w, 300, 200, 5, 5, true); /* erases nothing: no step */
	g_assert_cmpstr(nadir_document_get_undo_text(w->d), ==, before);
	assert_rectangle(object(w, 0), 10, 15, 30, 15);
	undo(w);
	assert_rectangle(object(w, 0), 10, 10, 30, 20);
	paint(w, 0, 0, 100, 100, true); /* nothing is left of it */
	g_assert_cmpuint(n_objects(w), ==, 0);
	undo(w);
	assert_rectangle(object(w, 0), 10, 10, 30, 20);
}

static bool has_area(void *data)
{
	return nadir_object_get_feature(object(data, 0))->area_px == 1200 * 1200 - 3 * 100;
}

/* Large objects are painted in a thread, strokes in order, and onto what the object is by then. */
static void test_paint_large(world *w, gconstpointer data)
{
	g_autofree char *large = fixture_image(w->dir, "large.tif", 1300, 1300, false);
	GError *error = NULL;
	fixture_close(w->d);
	w->d = fixture_open(large, w->service, &error);
	g_assert_no_error(error);
	add(w, 0, 0, 1200, 1200);
	paint(w, 100, 100, 10, 10, true);
	paint(w, 200, 100, 10, 10, true);
	paint(w, 300, 100, 20, 10, true);
	paint(w, 310, 100, 10, 10, false);
	const bool ok = nadir_document_relabel(w->d, 1, "field", &error); /* in the midst of it */
	must(ok, error);
	g_assert_cmpint(nadir_object_get_feature(object(w, 0))->area_px, ==, 1200 * 1200);
	g_assert_true(fixture_wait(has_area, w, 60));
	g_assert_cmpstr(nadir_object_get_feature(object(w, 0))->class_name, ==, "field");
	for (int i = 0; i < 4; i++)
		undo(w);
	g_assert_cmpint(nadir_object_get_feature(object(w, 0))->area_px, ==, 1200 * 1200);
}

static void test_paint_nothing(world *w, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(bitmask) m = fixture_rectangle(1, 1, 2, 2);
	g_assert_false(nadir_document_paint_selected(w->d, m, false, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

static void test_hit(world *w, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	add(w, 10, 10, 30, 30);
	paint(w, 20, 20, 10, 10, true); /* a hole */
	add(w, 35, 35, 20, 20);
	g_assert_true(nadir_document_object_at(w->d, 10.0, 10.0) == object(w, 1));
	g_assert_true(nadir_document_object_at(w->d, 39.99, 10.5) == object(w, 1));
	g_assert_null(nadir_document_object_at(w->d, 40.0, 10.5));
	g_assert_null(nadir_document_object_at(w->d, 9.99, 10.5));
	g_assert_null(nadir_document_object_at(w->d, 25, 25));
	g_assert_true(nadir_document_object_at(w->d, 38, 38) == object(w, 0)); /* the newer one lies on top */
}

static void test_delete(world *w, gconstpointer data)
{
	GError *error = NULL;
	add(w, 10, 10, 5, 5);
	add(w, 20, 10, 5, 5);
	const gint64 id = nadir_object_get_feature(object(w, 1))->id;
	bool ok = nadir_document_delete(w->d, id, &error);
	must(ok, error);
	g_assert_cmpuint(n_objects(w), ==, 1);
	assert_rectangle(object(w, 0), 20, 10, 5, 5);
	ok = nadir_document_delete(w->d, id, &error);
	g_assert_false(ok);
	g_clear_error(&error);
	undo(w);
	g_assert_cmpuint(n_objects(w), ==, 2);
	assert_rectangle(object(w, 1), 10, 10, 5, 5);
}

static void count_rows(GListModel *list, guint position, guint removed, guint added, int *rows)
{
	*rows += (int)MAX(removed, added);
}

static void test_small_steps(world *w, gconstpointer data)
{
	GError *error = NULL;
	int rows = 0;
	for (int i = 0; i < 6; i++)
		add(w, 10 * i, 10, 5, 5);
	g_signal_connect(nadir_document_get_objects(w->d), "items-changed", G_CALLBACK(count_rows), &rows);
	const gint64 id = nadir_object_get_feature(object(w, 3))->id;
	const bool ok = nadir_document_relabel(w->d, id, "pool", &error);
	must(ok, error);
	g_assert_cmpint(rows, ==, 1);
	undo(w);
	g_assert_cmpint(rows, ==, 2); /* undo touches only the row that changed */
	g_assert_cmpstr(nadir_object_get_feature(object(w, 3))->class_name, ==, "object");
}

/* --- classes --- */

static void add_class(world *w, const char *name)
{
	GError *error = NULL;
	const bool ok = nadir_document_add_class(w->d, name, &error);
	must(ok, error);
}

static void test_classes(world *w, gconstpointer data)
{
	int changes = 0;
	fixture_count(w->d, "classes-changed", &changes);
	add_class(w, "airplane");
	add_class(w, "  vehicle ");
	add_class(w, "airplane"); /* once is enough; it becomes the current one */
	g_assert_cmpuint(nadir_document_get_classes(w->d)->len, ==, 3);
	g_assert_cmpint(nadir_document_get_current_class(w->d), ==, 1);
	g_assert_cmpint(changes, >, 0);
	project_class k = *nadir_document_find_class(w->d, "vehicle");
	g_strlcpy(k.color, "#123456", sizeof k.color);
	GError *error = NULL;
	bool ok = nadir_document_update_class(w->d, &k, &error);
	must(ok, error);
	add(w, 10, 10, 5, 5);
	g_assert_cmpstr(nadir_object_get_feature(object(w, 0))->class_name, ==, "airplane");
	world_reopen(w);
	g_assert_cmpuint(nadir_document_get_classes(w->d)->len, ==, 3);
	const project_class *vehicle = nadir_document_find_class(w->d, "vehicle");
	g_assert_cmpstr(vehicle->color, ==, "#123456");
	g_assert_cmpint(vehicle->key, ==, 3);
	nadir_document_set_current_class(w->d, 99);
	g_assert_cmpint(nadir_document_get_current_class(w->d), ==, 0);
	ok = nadir_document_add_class(w->d, "   ", &error);
	g_assert_false(ok);
	g_assert_nonnull(error);
	g_clear_error(&error);
}

static void test_apply_class(world *w, gconstpointer data)
{
	GError *error = NULL;
	add_class(w, "airplane");
	add_class(w, "vehicle");
	add(w, 10, 10, 5, 5);
	bool ok = nadir_document_apply_class(w->d, 1, &error);
	must(ok, error);
	g_assert_cmpstr(nadir_object_get_feature(object(w, 0))->class_name, ==, "airplane");
	nadir_document_select(w->d, 0);
	ok = nadir_document_apply_class(w->d, 2, &error);
	must(ok, error);
	g_assert_cmpstr(nadir_object_get_feature(object(w, 0))->class_name, ==, "airplane");
	g_assert_cmpint(nadir_document_get_current_class(w->d), ==, 2);
}

/* --- display --- */

static bool counted(void *data)
{
	return *(int *)data > 0;
}

static void test_style(world *w, gconstpointer data)
{
	int styles = 0, errors = 0;
	fixture_count(w->d, "style-changed", &styles);
	fixture_count(w->d, "error", &errors);
	add(w, 10, 10, 5, 5);
	nadir_document_set_style(w->d, "2", NULL, NULL);
	nadir_document_set_style(w->d, "3,2,1", NULL, NULL); /* overtakes the one before */
	g_assert_true(fixture_wait(counted, &styles, 30));
	g_assert_cmpint(nadir_document_get_style(w->d)->band[0], ==, 2);
	fixture_spin(0.1);
	g_assert_cmpint(styles, ==, 1);
	nadir_document_set_style(w->d, "9,9,9", NULL, NULL);
	g_assert_true(fixture_wait(counted, &errors, 30));
	g_assert_cmpint(nadir_document_get_style(w->d)->band[0], ==, 2);
	nadir_document_set_opacity(w->d, 7);
	g_assert_cmpfloat(nadir_document_get_opacity(w->d), ==, 1);
	nadir_document_set_opacity(w->d, 0.25);
	nadir_document_set_model_follows(w->d, true);
	world_reopen(w);
	const char *bands, *stretch, *source;
	nadir_document_get_style_choice(w->d, &bands, &stretch, &source);
	g_assert_cmpstr(bands, ==, "3,2,1");
	g_assert_null(stretch);
	g_assert_null(source);
	g_assert_true(nadir_document_get_model_follows(w->d));
	g_assert_cmpint(nadir_document_get_style(w->d)->band[0], ==, 2);
	g_assert_cmpfloat_with_epsilon(nadir_document_get_opacity(w->d), 0.25, 1e-9);
}

static void test_save_as(world *w, gconstpointer data)
{
	GError *error = NULL;
	g_autofree char *other = g_build_filename(w->dir, "other.nadir.gpkg", NULL);
	add(w, 10, 10, 5, 5);
	const bool ok = nadir_document_save_as(w->d, other, &error);
	must(ok, error);
	g_assert_cmpstr(project_path(nadir_document_get_project(w->d)), ==, other);
	add(w, 20, 10, 5, 5);
	fixture_close(w->d);
	w->d = fixture_open(other, w->service, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(n_objects(w), ==, 2);
}

static void on_exported(GObject *source, GAsyncResult *result, gpointer data)
{
	*(GAsyncResult **)data = g_object_ref(result);
}

static bool have_result(void *data)
{
	return *(GAsyncResult **)data != NULL;
}

static void test_export(world *w, gconstpointer data)
{
	g_autoptr(GAsyncResult) result = NULL;
	g_autoptr(GError) error = NULL;
	g_autofree char *path = g_build_filename(w->dir, "out.json", NULL);
	add(w, 10, 10, 5, 5);
	nadir_document_export_async(w->d, path, 0, NULL, on_exported, &result);
	g_assert_true(fixture_wait(have_result, &result, 30));
	g_autofree char *report = nadir_document_export_finish(w->d, result, &error);
	g_assert_no_error(error);
	g_autofree char *text = NULL;
	g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
	g_assert_nonnull(strstr(text, "\"area\""));
	g_clear_object(&result);
	fixture_spin(0.05);
}

/* --- marks without a model --- */

static void test_refused(world *w, gconstpointer data)
{
	int notices = 0;
	fixture_count(w->d, "notice", &notices);
	nadir_document_add_mark(w->d, SAM_POINT, -1, (double[]){5, 5}, 1, 0);    /* nothing positive */
	nadir_document_add_mark(w->d, SAM_POINT, 1, (double[]){-5, 5}, 1, 0);    /* outside */
	nadir_document_add_mark(w->d, SAM_BOX, 1, (double[]){5, 5, 5, 9}, 2, 0); /* no area */
	nadir_document_add_mark(w->d, SAM_CIRCLE, 1, (double[]){5, 5}, 1, 0);    /* no area */
	g_assert_cmpint(notices, ==, 4);
	g_assert_null(nadir_document_get_prompt(w->d));
}

static void test_no_model(world *w, gconstpointer data)
{
	int errors = 0;
	fixture_count(w->d, "error", &errors);
	nadir_document_add_mark(w->d, SAM_POINT, 1, (double[]){50, 50}, 1, 0);
	g_assert_cmpint(nadir_document_get_preview(w->d, NULL, NULL), ==, NADIR_PREVIEW_RUNNING);
	g_assert_true(fixture_wait(counted, &errors, 60));
	g_assert_cmpint(nadir_document_get_preview(w->d, NULL, NULL), ==, NADIR_PREVIEW_NONE);
	g_assert_nonnull(nadir_document_get_prompt(w->d)); /* the marks are not lost */
	g_autoptr(GError) error = NULL;
	errors = 0;
	g_assert_null(nadir_document_accept_preview(w->d, &error)); /* tries again */
	g_assert_no_error(error);
	g_assert_cmpint(nadir_document_get_preview(w->d, NULL, NULL), ==, NADIR_PREVIEW_RUNNING);
	g_assert_true(fixture_wait(counted, &errors, 60));
	g_assert_cmpstr(nadir_document_get_undo_text(w->d), ==, "last mark");
	undo(w);
	g_assert_null(nadir_document_get_prompt(w->d));
}

int main(int argc, char **argv)
{
	setlocale(LC_ALL, "");
	g_test_init(&argc, &argv, NULL);
#define ADD(path, fn) g_test_add("/document/" path, world, NULL, world_up, fn, world_down)
	ADD("open", test_open);
	ADD("open-bad", test_open_bad);
	ADD("hand", test_hand);
	ADD("undo", test_undo);
	ADD("reopen", test_reopen);
	ADD("paint", test_paint);
	ADD("paint-large", test_paint_large);
	ADD("paint-nothing", test_paint_nothing);
	ADD("hit", test_hit);
	ADD("delete", test_delete);
	ADD("small-steps", test_small_steps);
	ADD("classes", test_classes);
	ADD("apply-class", test_apply_class);
	ADD("style", test_style);
	ADD("save-as", test_save_as);
	ADD("export", test_export);
	ADD("marks-refused", test_refused);
	ADD("no-model", test_no_model);
	return g_test_run();
}
