/* The document without a window: opening, objects, undo, classes, style; with weights at hand also the whole way from a
 * mark to a stored object. */
#include <glib/gstdio.h>
#include <locale.h>
#include <math.h>
#include <string.h>

#include "app/document/document-export.h"
#include "app/document/document-history.h"
#include "app/document/document-import.h"
#include "tests/ui/document-world.h"

static void relabel(world *w, gint64 id, const char *name)
{
	nadir_document_relabel(w->d, id, name);
	fixture_settle(w->d);
}

static void delete (world *w, gint64 id)
{
	nadir_document_delete(w->d, id);
	fixture_settle(w->d);
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
	g_assert_null(nadir_document_get_project_path(w->d));
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
	g_assert_cmpstr(nadir_document_get_project_path(w->d), ==, place);
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
	g_autofree char *place = g_strdup(nadir_document_get_project_path(w->d));
	fixture_close(w->d);
	g_autoptr(GError) error = NULL;
	w->d = fixture_open(place, w->service, &error); /* the project itself leads to its image */
	g_assert_no_error(error);
	g_assert_cmpstr(nadir_document_get_title(w->d), ==, "image.tif");
	g_assert_cmpuint(n_objects(w), ==, 2);
}

/* A straight stroke, round at its ends. */
static void paint(world *w, int x, int y, int length, double radius, bool erase)
{
	nadir_document_paint(w->d, (double[]){x, y, x + length, y}, 2, radius, NULL, erase);
}

static gint64 area(world *w)
{
	return nadir_object_get_feature(object(w, 0))->area_px;
}

static void test_paint(world *w, gconstpointer data)
{
	g_autoptr(bitmask) before = fixture_rectangle(10, 10, 20, 20);
	g_autoptr(bitmask) line = mask_from_stroke((double[]){30, 20, 50, 20}, 2, 3, NULL, 400, 300, NULL);
	g_autoptr(bitmask) more = mask_combine(before, line, MASK_UNION, NULL);
	add(w, 10, 10, 20, 20);
	paint(w, 30, 20, 20, 3, false);
	fixture_settle(w->d);
	g_assert_true(mask_equal(nadir_object_get_mask(object(w, 0)), more));
	g_assert_cmpint(area(w), ==, mask_area(more));
	g_autofree char *text = g_strdup(nadir_document_get_undo_text(w->d));
	paint(w, 300, 200, 5, 2, true); /* erases nothing: no step */
	fixture_settle(w->d);
	g_assert_cmpstr(nadir_document_get_undo_text(w->d), ==, text);
	g_assert_cmpint(area(w), ==, mask_area(more));
	undo(w);
	assert_rectangle(object(w, 0), 10, 10, 20, 20);
	paint(w, 20, 20, 1, 100, true); /* nothing is left of it */
	fixture_settle(w->d);
	g_assert_cmpuint(n_objects(w), ==, 0);
	g_assert_null(nadir_document_get_selected(w->d));
	undo(w);
	assert_rectangle(object(w, 0), 10, 10, 20, 20);
}

static void open_large(world *w, int side)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *large = fixture_image(w->dir, "large.tif", side, side, false);
	fixture_close(w->d);
	w->d = fixture_open(large, w->service, &error);
	g_assert_no_error(error);
}

/* Strokes are worked on one after the other, each on what the object is by then, whatever else is asked in between. */
static void test_paint_large(world *w, gconstpointer data)
{
	open_large(w, 1300);
	add(w, 0, 0, 1200, 1200);
	paint(w, 100, 100, 0, 5, true);
	paint(w, 200, 100, 0, 5, true);
	nadir_document_relabel(w->d, 1, "field");
	paint(w, 300, 100, 10, 5, true);
	paint(w, 310, 100, 0, 5, false);
	g_assert_cmpint(area(w), ==, 1200 * 1200); /* nothing of it was done here */
	fixture_settle(w->d);
	g_assert_cmpstr(nadir_object_get_feature(object(w, 0))->class_name, ==, "field");
	const gint64 holes = 1200 * 1200 - area(w);
	g_autoptr(bitmask) dot = mask_from_stroke((double[]){100, 100}, 1, 5, NULL, 1300, 1300, NULL);
	g_assert_cmpint(holes, >, 2 * mask_area(dot));
	g_assert_cmpint(holes, <, 3 * mask_area(dot) + 100);
	for (int i = 0; i < 5; i++)
		undo(w);
	g_assert_cmpint(area(w), ==, 1200 * 1200);
	g_assert_cmpstr(nadir_object_get_feature(object(w, 0))->class_name, ==, "object");
}

/* What was painted and drawn is in the project, even when the window closes at once. */
static void test_close_at_once(world *w, gconstpointer data)
{
	double xy[8];
	open_large(w, 1300);
	add(w, 0, 0, 1200, 1200);
	fixture_rectangle_of(1205, 0, 50, 50, xy);
	for (int i = 0; i < 4; i++)
		paint(w, 100 + 100 * i, 100, 0, 20, true);
	nadir_document_draw_polygon(w->d, xy, 4);
	g_autofree char *path = g_strdup(raster_get_info(nadir_document_get_raster(w->d))->path);
	fixture_close(w->d);
	g_autoptr(GError) error = NULL;
	w->d = fixture_open(path, w->service, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(n_objects(w), ==, 2);
	g_autoptr(bitmask) dot = mask_from_stroke((double[]){100, 100}, 1, 20, NULL, 1300, 1300, NULL);
	g_assert_cmpint(nadir_object_get_feature(object(w, 1))->area_px, ==, 1200 * 1200 - 4 * mask_area(dot));
	assert_rectangle(object(w, 0), 1205, 0, 50, 50);
}

/* A project that is closing may be opened at once: its lock is waited for. */
static void test_open_while_closing(world *w, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	add(w, 10, 10, 20, 20);
	NadirDocument *old = w->d;
	nadir_document_close(old, NULL, NULL);
	world_open(w);
	g_assert_cmpuint(n_objects(w), ==, 1);
	g_assert_finalize_object(old);
}

static void test_paint_nothing(world *w, gconstpointer data)
{
	int notices = 0;
	double xy[8];
	fixture_count(w->d, "notice", &notices);
	paint(w, 5, 5, 2, 2, true); /* no object to erase from */
	g_assert_cmpint(notices, ==, 1);
	fixture_rectangle_of(-50, -50, 20, 20, xy);
	nadir_document_draw_polygon(w->d, xy, 4); /* outside the image */
	fixture_settle(w->d);
	g_assert_cmpint(notices, ==, 2);
	g_assert_cmpuint(n_objects(w), ==, 0);
	paint(w, 5, 5, 20, 2, false); /* without a selected object a new one */
	fixture_settle(w->d);
	g_assert_cmpuint(n_objects(w), ==, 1);
}

/* --- on the way to the disk --- */

static NadirObject *unstored(world *w, guint i)
{
	g_autoptr(NadirObject) o = g_list_model_get_item(nadir_document_get_unstored(w->d), i);
	return o;
}

/* Accepted means that COMMIT returned: until then the object is shown as on its way. */
static void test_storing(world *w, gconstpointer data)
{
	double xy[8];
	fixture_rectangle_of(10, 20, 30, 40, xy);
	nadir_document_draw_polygon(w->d, xy, 4);
	g_assert_cmpuint(n_objects(w), ==, 0);
	g_assert_cmpuint(nadir_document_get_pending(w->d).storing, ==, 1);
	g_assert_cmpint(nadir_object_get_stage(unstored(w, 0)), ==, NADIR_STAGE_STORING);
	g_assert_true(nadir_document_get_selected(w->d) == unstored(w, 0));
	nadir_document_add_class(w->d, "tree");
	nadir_document_relabel(w->d, nadir_object_get_feature(unstored(w, 0))->id, "tree"); /* not stored, yet the one */
	fixture_settle(w->d);
	g_assert_cmpuint(g_list_model_get_n_items(nadir_document_get_unstored(w->d)), ==, 0);
	g_assert_cmpstr(nadir_object_get_feature(object(w, 0))->class_name, ==, "tree");
	g_assert_true(nadir_document_get_selected(w->d) == object(w, 0));
	g_assert_cmpint(nadir_object_get_stage(object(w, 0)), ==, NADIR_STAGE_STORED);
}

/* What cannot be stored stays as a draft, and goes where it belongs when that has become possible. */
static void test_draft(world *w, gconstpointer data)
{
	int errors = 0;
	g_autofree char *place = project_default_path(w->image);
	fixture_count(w->d, "error", &errors);
	g_assert_cmpint(g_mkdir(place, 0700), ==, 0); /* something is in the project's way */
	add(w, 10, 20, 30, 40);
	add(w, 60, 20, 30, 40);
	g_assert_cmpint(errors, ==, 2);
	g_assert_cmpuint(n_objects(w), ==, 0);
	g_assert_cmpuint(nadir_document_get_pending(w->d).drafts, ==, 2);
	g_assert_cmpint(nadir_object_get_stage(unstored(w, 0)), ==, NADIR_STAGE_DRAFT);
	g_assert_true(nadir_document_can_retry(w->d));
	delete (w, nadir_object_get_feature(unstored(w, 0))->id); /* the newer one is given up */
	g_assert_cmpint(g_rmdir(place), ==, 0);
	nadir_document_retry(w->d);
	fixture_settle(w->d);
	g_assert_cmpuint(n_objects(w), ==, 1);
	g_assert_cmpuint(nadir_document_get_pending(w->d).drafts, ==, 0);
	g_assert_false(nadir_document_can_retry(w->d));
	assert_rectangle(object(w, 0), 10, 20, 30, 40);
}

static void test_hit(world *w, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	add(w, 10, 10, 30, 30);
	paint(w, 25, 25, 0, 5, true); /* a hole */
	fixture_settle(w->d);
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
	int errors = 0, notices = 0;
	fixture_count(w->d, "error", &errors);
	fixture_count(w->d, "notice", &notices);
	add(w, 10, 10, 5, 5);
	add(w, 20, 10, 5, 5);
	const gint64 id = nadir_object_get_feature(object(w, 1))->id;
	nadir_document_select(w->d, id);
	nadir_document_delete(w->d, id);
	nadir_document_delete(w->d, id); /* twice, as an impatient hand does */
	fixture_settle(w->d);
	g_assert_cmpint(errors, ==, 1);
	g_assert_cmpuint(n_objects(w), ==, 1);
	g_assert_null(nadir_document_get_selected(w->d));
	assert_rectangle(object(w, 0), 20, 10, 5, 5);
	delete (w, id);
	g_assert_cmpint(notices, ==, 1);
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
	int rows = 0;
	for (int i = 0; i < 6; i++)
		add(w, 10 * i, 10, 5, 5);
	g_signal_connect(nadir_document_get_objects(w->d), "items-changed", G_CALLBACK(count_rows), &rows);
	const gint64 id = nadir_object_get_feature(object(w, 3))->id;
	relabel(w, id, "pool");
	g_assert_cmpint(rows, ==, 1);
	undo(w);
	g_assert_cmpint(rows, ==, 2); /* undo touches only the row that changed */
	g_assert_cmpstr(nadir_object_get_feature(object(w, 3))->class_name, ==, "object");
}

/* A step over many objects is one change of the list, and leaves it in order. */
static void test_large_step(world *w, gconstpointer data)
{
	enum { N = 40 };
	g_autoptr(GError) error = NULL;
	feature *many[N];
	int changes = 0;
	add(w, 10, 10, 5, 5);
	g_autofree char *place = g_strdup(nadir_document_get_project_path(w->d));
	fixture_close(w->d);
	g_autoptr(project) p = project_open(place, &error);
	g_assert_no_error(error);
	g_autoptr(feature) one = project_object(p, 1, &error);
	for (int i = 0; i < N; i++)
		many[i] = feature_copy(one);
	g_assert_true(project_replace(p, 1, NULL, 0, many, N, "import", &error));
	for (int i = 0; i < N; i++)
		feature_free(many[i]);
	g_clear_pointer(&p, project_close);
	world_open(w);
	g_assert_cmpuint(n_objects(w), ==, N + 1);
	fixture_count(nadir_document_get_objects(w->d), "items-changed", &changes);
	nadir_document_select(w->d, 7);
	undo(w);
	g_assert_cmpuint(n_objects(w), ==, 1);
	g_assert_null(nadir_document_get_selected(w->d));
	redo(w);
	g_assert_cmpuint(n_objects(w), ==, N + 1);
	g_assert_cmpint(changes, ==, 2);
	for (guint i = 0; i <= N; i++)
		g_assert_cmpint(nadir_object_get_feature(object(w, i))->id, ==, N + 1 - (gint64)i);
}

/* --- classes --- */

static void add_class(world *w, const char *name)
{
	nadir_document_add_class(w->d, name);
	fixture_settle(w->d);
}

static void set_color(world *w, const char *name, const char *color)
{
	project_class k = *nadir_document_find_class(w->d, name);
	g_strlcpy(k.color, color, sizeof k.color);
	nadir_document_update_class(w->d, &k);
	fixture_settle(w->d);
}

static void test_classes(world *w, gconstpointer data)
{
	int changes = 0, notices = 0;
	fixture_count(w->d, "classes-changed", &changes);
	add_class(w, "airplane");
	add_class(w, "  vehicle ");
	add_class(w, "airplane"); /* once is enough; it becomes the current one */
	g_assert_cmpuint(nadir_document_get_classes(w->d)->len, ==, 3);
	g_assert_cmpint(nadir_document_get_current_class(w->d), ==, 1);
	g_assert_cmpint(changes, >, 0);
	set_color(w, "vehicle", "#123456");
	add(w, 10, 10, 5, 5);
	g_assert_cmpstr(nadir_object_get_feature(object(w, 0))->class_name, ==, "airplane");
	world_reopen(w);
	g_assert_cmpuint(nadir_document_get_classes(w->d)->len, ==, 3);
	const project_class *vehicle = nadir_document_find_class(w->d, "vehicle");
	g_assert_cmpstr(vehicle->color, ==, "#123456");
	g_assert_cmpint(vehicle->key, ==, 3);
	nadir_document_set_current_class(w->d, 99);
	g_assert_cmpint(nadir_document_get_current_class(w->d), ==, 0);
	fixture_count(w->d, "notice", &notices);
	add_class(w, "   ");
	g_assert_cmpint(notices, ==, 1);
	g_assert_cmpuint(nadir_document_get_classes(w->d)->len, ==, 3);
}

/* Classes come and go by undo and redo like objects, and their names stand in the objects. */
static void test_class_steps(world *w, gconstpointer data)
{
	int errors = 0;
	fixture_count(w->d, "error", &errors);
	add(w, 10, 10, 5, 5);
	add_class(w, "tree");
	set_color(w, "tree", "#123456");
	project_class k = *nadir_document_find_class(w->d, "object");
	k.name = (char *)"thing";
	nadir_document_update_class(w->d, &k);
	fixture_settle(w->d);
	g_assert_cmpstr(nadir_object_get_feature(object(w, 0))->class_name, ==, "thing");
	nadir_document_delete_class(w->d, nadir_document_find_class(w->d, "tree")->id);
	fixture_settle(w->d);
	g_assert_cmpint(errors, ==, 0);
	g_assert_null(nadir_document_find_class(w->d, "tree"));
	undo(w);
	g_assert_cmpstr(nadir_document_find_class(w->d, "tree")->color, ==, "#123456");
	undo(w);
	g_assert_cmpstr(nadir_object_get_feature(object(w, 0))->class_name, ==, "object");
	undo(w);
	g_assert_cmpstr(nadir_document_find_class(w->d, "tree")->color, !=, "#123456");
	undo(w);
	g_assert_null(nadir_document_find_class(w->d, "tree"));
	for (int i = 0; i < 4; i++)
		redo(w);
	g_assert_null(nadir_document_find_class(w->d, "tree"));
	g_assert_cmpstr(nadir_object_get_feature(object(w, 0))->class_name, ==, "thing");
}

static void take_question(NadirDocument *d, int id, const char *sentence, char **out)
{
	g_free(*out);
	*out = g_strdup_printf("%d %s", id, sentence);
}

/* A class that objects have goes with them or leaves them to another, in one step; nobody is asked for an empty one. */
static void test_dissolve_class(world *w, gconstpointer data)
{
	g_autofree char *question = NULL;
	g_signal_connect(w->d, "class-in-use", G_CALLBACK(take_question), &question);
	add_class(w, "tree");
	const int tree = nadir_document_find_class(w->d, "tree")->id;
	add(w, 10, 10, 5, 5);
	add(w, 30, 30, 5, 5);
	nadir_document_delete_class(w->d, tree);
	fixture_settle(w->d);
	g_assert_nonnull(question);
	g_assert_nonnull(strstr(question, "2 2 objects"));
	g_assert_nonnull(nadir_document_find_class(w->d, "tree"));
	nadir_document_dissolve_class(w->d, tree, nadir_document_find_class(w->d, "object")->id);
	fixture_settle(w->d);
	g_assert_null(nadir_document_find_class(w->d, "tree"));
	g_assert_cmpstr(nadir_object_get_feature(object(w, 0))->class_name, ==, "object");
	g_assert_cmpstr(nadir_object_get_feature(object(w, 1))->class_name, ==, "object");
	undo(w);
	g_assert_nonnull(nadir_document_find_class(w->d, "tree"));
	g_assert_cmpstr(nadir_object_get_feature(object(w, 0))->class_name, ==, "tree");
	nadir_document_dissolve_class(w->d, tree, 0);
	fixture_settle(w->d);
	g_assert_cmpuint(n_objects(w), ==, 0);
	world_reopen(w);
	g_assert_null(nadir_document_find_class(w->d, "tree"));
	undo(w);
	g_assert_cmpuint(n_objects(w), ==, 2);
	g_assert_cmpstr(nadir_object_get_feature(object(w, 1))->class_name, ==, "tree");
	redo(w);
	g_assert_cmpuint(n_objects(w), ==, 0);
	g_assert_null(nadir_document_find_class(w->d, "tree"));
}

/* Classes made before the first object are undone as any others, and are there when the image is opened again. */
static void test_classes_first(world *w, gconstpointer data)
{
	g_assert_null(nadir_document_get_project_path(w->d));
	add_class(w, "airplane");
	add_class(w, "vehicle");
	undo(w);
	g_assert_null(nadir_document_find_class(w->d, "vehicle"));
	redo(w);
	world_reopen(w);
	g_assert_nonnull(nadir_document_find_class(w->d, "vehicle"));
	g_assert_cmpuint(nadir_document_get_classes(w->d)->len, ==, 3);
}

static void test_apply_class(world *w, gconstpointer data)
{
	add_class(w, "airplane");
	add_class(w, "vehicle");
	add(w, 10, 10, 5, 5);
	nadir_document_apply_class(w->d, 1);
	fixture_settle(w->d);
	g_assert_cmpstr(nadir_object_get_feature(object(w, 0))->class_name, ==, "airplane");
	nadir_document_select(w->d, 0);
	nadir_document_apply_class(w->d, 2);
	fixture_settle(w->d);
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
	int errors = 0;
	g_autofree char *other = g_build_filename(w->dir, "other.nadir.gpkg", NULL);
	fixture_count(w->d, "error", &errors);
	add(w, 10, 10, 5, 5);
	nadir_document_save_as(w->d, other);
	fixture_settle(w->d);
	g_assert_cmpstr(nadir_document_get_project_path(w->d), ==, other);
	add(w, 20, 10, 5, 5);
	nadir_document_save_as(w->d, "/nowhere/at/all.nadir.gpkg");
	fixture_settle(w->d);
	g_assert_cmpint(errors, ==, 1);
	g_assert_cmpstr(nadir_document_get_project_path(w->d), ==, other);
	fixture_close(w->d);
	w->d = fixture_open(other, w->service, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(n_objects(w), ==, 2);
}

/* The project is deleted under the window: nothing more is taken for stored, and saved anew it holds everything. */
static void test_deleted_project(world *w, gconstpointer data)
{
	int errors = 0;
	fixture_count(w->d, "error", &errors);
	add(w, 10, 10, 5, 5);
	g_autofree char *path = g_strdup(nadir_document_get_project_path(w->d));
	g_assert_cmpint(g_unlink(path), ==, 0);
	add(w, 20, 10, 5, 5);
	g_assert_cmpint(errors, ==, 1);
	g_assert_cmpuint(nadir_document_get_pending(w->d).drafts, ==, 1);
	nadir_document_save_as(w->d, path);
	fixture_settle(w->d);
	g_assert_cmpint(errors, ==, 1);
	g_assert_cmpuint(nadir_document_get_pending(w->d).drafts, ==, 0);
	world_reopen(w);
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
	double xy[8];
	fixture_rectangle_of(10, 10, 5, 5, xy);
	nadir_document_draw_polygon(w->d, xy, 4); /* on its way still: it is waited for */
	nadir_document_export_async(w->d, path, &(NadirExportPlan){0}, NULL, on_exported, &result);
	g_assert_true(fixture_wait(have_result, &result, 30));
	g_autofree char *report = nadir_document_export_finish(result, &error);
	g_assert_no_error(error);
	g_autofree char *text = NULL;
	g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
	g_assert_nonnull(strstr(text, "\"area\""));
	g_clear_object(&result);
	fixture_spin(0.05);
}

static int import(world *w, const char *path, char **report)
{
	g_autoptr(GAsyncResult) result = NULL;
	g_autoptr(GError) error = NULL;
	nadir_document_import_async(w->d, path, on_exported, &result);
	g_assert_true(fixture_wait(have_result, &result, 30));
	const int n = nadir_document_import_finish(result, report, &error);
	g_assert_true((n < 0) == (error != NULL));
	return n;
}

/* Shown at once, one step of undo; a file that is none changes nothing. */
static void test_import(world *w, gconstpointer data)
{
	g_autofree char *path = g_build_filename(w->dir, "in.pixel.geojson", NULL),
					*bad = g_build_filename(w->dir, "bad.json", NULL);
	g_autofree char *report = NULL, *none = NULL;
	const char *text =
		"{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\",\"properties\":{\"class\":\"roof\"},"
		"\"geometry\":{\"type\":\"Polygon\",\"coordinates\":[[[5,5],[15,5],[15,15],[5,15],[5,5]]]}},"
		"{\"type\":\"Feature\",\"properties\":{},\"geometry\":{\"type\":\"Point\",\"coordinates\":[1,1]}}]}";
	double xy[8];
	fixture_rectangle_of(10, 10, 5, 5, xy);
	nadir_document_draw_polygon(w->d, xy, 4);
	fixture_settle(w->d);
	GListModel *objects = nadir_document_get_objects(w->d);
	g_assert_true(g_file_set_contents(path, text, -1, NULL) && g_file_set_contents(bad, "{", -1, NULL));
	g_assert_cmpint(import(w, path, &report), ==, 1);
	g_assert_cmpuint(g_list_model_get_n_items(objects), ==, 2);
	g_assert_nonnull(nadir_document_find_class(w->d, "roof"));
	g_assert_nonnull(strstr(report, "left out"));
	g_assert_cmpint(import(w, bad, &none), ==, -1);
	nadir_document_undo(w->d);
	fixture_settle(w->d);
	g_assert_cmpuint(g_list_model_get_n_items(objects), ==, 1);
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
	errors = 0;
	g_assert_true(nadir_document_can_retry(w->d));
	nadir_document_accept_preview(w->d); /* tries again */
	g_assert_cmpint(nadir_document_get_preview(w->d, NULL, NULL), ==, NADIR_PREVIEW_RUNNING);
	g_assert_true(fixture_wait(counted, &errors, 60));
	g_assert_cmpstr(nadir_document_get_undo_text(w->d), ==, "last mark");
	g_assert_cmpuint(nadir_document_get_pending(w->d).storing, ==, 0);
	undo(w);
	g_assert_null(nadir_document_get_prompt(w->d));
	g_assert_cmpstr(nadir_document_get_redo_text(w->d), ==, "last mark");
	redo(w);
	g_assert_cmpuint(prompt_count(nadir_document_get_prompt(w->d)), ==, 1);
	nadir_document_add_mark(w->d, SAM_POINT, 1, (double[]){60, 50}, 1, 0);
	nadir_document_add_mark(w->d, SAM_POINT, -1, (double[]){90, 50}, 1, 0);
	undo(w);
	undo(w);
	redo(w);
	g_assert_cmpuint(prompt_count(nadir_document_get_prompt(w->d)), ==, 2);
	nadir_document_add_mark(w->d, SAM_POINT, 1, (double[]){70, 50}, 1, 0); /* what was undone is overtaken */
	g_assert_null(nadir_document_get_redo_text(w->d));
	nadir_document_drop_preview(w->d);
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
	ADD("close-at-once", test_close_at_once);
	ADD("open-while-closing", test_open_while_closing);
	ADD("storing", test_storing);
	ADD("draft", test_draft);
	ADD("class-steps", test_class_steps);
	ADD("hit", test_hit);
	ADD("delete", test_delete);
	ADD("small-steps", test_small_steps);
	ADD("large-step", test_large_step);
	ADD("classes", test_classes);
	ADD("dissolve-class", test_dissolve_class);
	ADD("classes-first", test_classes_first);
	ADD("apply-class", test_apply_class);
	ADD("style", test_style);
	ADD("save-as", test_save_as);
	ADD("deleted-project", test_deleted_project);
	ADD("export", test_export);
	ADD("import", test_import);
	ADD("marks-refused", test_refused);
	ADD("no-model", test_no_model);
	return g_test_run();
}
