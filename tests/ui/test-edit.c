/* Edits of selected objects without a window: what is stored, one step of undo each, refusals that change nothing. */
#include <math.h>
#include <string.h>

#include "app/document/document-history.h"
#include "app/edit/edit-shapes.h"
#include "app/panel/status-line.h"
#include "render/geometry/shape-edit.h"
#include "tests/ui/document-world.h"

static void edit(world *w, const NadirEdit *e)
{
	g_clear_pointer(&w->told, g_free);
	nadir_document_edit(w->d, e);
	fixture_settle(w->d);
}

static gint64 total(world *w)
{
	gint64 sum = 0;
	for (guint i = 0; i < n_objects(w); i++)
		sum += object_row(w, i)->area_px;
	return sum;
}

/* --- selection --- */

static void test_selection(world *w, gconstpointer data)
{
	const gint64 a = add(w, 10, 10, 20, 20), b = add(w, 50, 10, 20, 20), c = add(w, 200, 200, 20, 20);
	int changes = 0;
	nadir_document_select(w->d, a);
	fixture_count(w->d, "selection-changed", &changes);
	nadir_document_toggle_selected(w->d, b);
	g_assert_cmpint(changes, ==, 1);
	g_assert_cmpuint(nadir_document_n_selected(w->d), ==, 2);
	g_assert_cmpint(nadir_object_get_feature(nadir_document_get_selected(w->d))->id, ==, b); /* clicked last */
	g_assert_true(nadir_document_is_selected(w->d, a) && !nadir_document_is_selected(w->d, c));
	nadir_document_toggle_selected(w->d, b);
	g_assert_cmpint(nadir_object_get_feature(nadir_document_get_selected(w->d))->id, ==, a);
	nadir_document_select_inside(w->d, (const double[]){80, 40, 5, 5}); /* drawn from the other corner */
	g_assert_cmpuint(nadir_document_n_selected(w->d), ==, 2);
	nadir_document_invert_selection(w->d);
	g_assert_cmpuint(nadir_document_n_selected(w->d), ==, 1);
	g_assert_true(nadir_document_is_selected(w->d, c));
	nadir_document_select_all(w->d);
	g_assert_cmpuint(nadir_document_n_selected(w->d), ==, 3);
	nadir_document_select(w->d, a);
	g_assert_cmpuint(nadir_document_n_selected(w->d), ==, 1);
	nadir_document_select_all(w->d);
	g_autoptr(GArray) ids = nadir_document_get_selection(w->d);
	g_assert_cmpint(g_array_index(ids, gint64, 0), ==, a);
	nadir_document_delete_many(w->d, ids);
	fixture_settle(w->d);
	g_assert_cmpuint(n_objects(w), ==, 0);
	g_assert_cmpuint(nadir_document_n_selected(w->d), ==, 0);
	nadir_document_apply_class(w->d, 0); /* to what is gone */
	fixture_settle(w->d);
	g_assert_null(w->told);
	undo(w); /* one step */
	g_assert_cmpuint(n_objects(w), ==, 3);
	g_assert_cmpuint(nadir_document_n_selected(w->d), ==, 3); /* as before */
	g_assert_cmpint(nadir_object_get_feature(nadir_document_get_selected(w->d))->id, ==, a);
}

/* --- several objects --- */

static void test_combine(world *w, gconstpointer data)
{
	const gint64 a = add(w, 10, 10, 20, 20), b = add(w, 20, 10, 20, 20);
	edit(w, &(NadirEdit){.kind = NADIR_EDIT_UNION}); /* only b is selected */
	g_assert_nonnull(w->told);
	g_assert_cmpuint(n_objects(w), ==, 2);
	nadir_document_select_ids(w->d, (const gint64[]){a, b}, 2);
	edit(w, &(NadirEdit){.kind = NADIR_EDIT_UNION});
	g_assert_null(w->told);
	g_assert_cmpuint(n_objects(w), ==, 1);
	g_assert_cmpint(object_row(w, 0)->id, ==, a);
	g_assert_cmpint(object_row(w, 0)->area_px, ==, 600);
	g_assert_true(nadir_document_is_selected(w->d, a));
	undo(w);
	g_assert_cmpuint(n_objects(w), ==, 2);
	g_assert_cmpint(total(w), ==, 800);
	nadir_document_select_ids(w->d, (const gint64[]){a, b}, 2);
	edit(w, &(NadirEdit){.kind = NADIR_EDIT_SUBTRACT});
	g_assert_cmpint(object_row(w, 1)->area_px, ==, 200);
	g_assert_cmpint(object_row(w, 0)->area_px, ==, 400); /* b stays */
	nadir_document_select_ids(w->d, (const gint64[]){a, b}, 2);
	edit(w, &(NadirEdit){.kind = NADIR_EDIT_INTERSECT}); /* they only touch now */
	g_assert_nonnull(w->told);
	g_assert_null(strchr(w->told, '\n'));
	g_assert_cmpuint(n_objects(w), ==, 2);
	g_assert_cmpint(total(w), ==, 600);
	undo(w);
	nadir_document_select_ids(w->d, (const gint64[]){b, a}, 2);
	edit(w, &(NadirEdit){.kind = NADIR_EDIT_INTERSECT});
	g_assert_cmpuint(n_objects(w), ==, 1);
	g_assert_cmpint(object_row(w, 0)->id, ==, b);
	g_assert_cmpint(object_row(w, 0)->area_px, ==, 200);
}

static void test_split(world *w, gconstpointer data)
{
	add(w, 10, 10, 40, 20);
	nadir_document_relabel(w->d, object_row(w, 0)->id, "roof");
	fixture_settle(w->d);
	edit(w, &(NadirEdit){.kind = NADIR_EDIT_SPLIT, .xy = (const double[]){20, 0, 20, 50}, .n = 2});
	g_assert_cmpuint(n_objects(w), ==, 2);
	g_assert_cmpint(total(w), ==, 800);
	g_assert_cmpstr(object_row(w, 0)->class_name, ==, "roof");
	g_assert_cmpint(object_row(w, 0)->area_px, ==, 200);
	g_assert_cmpuint(nadir_document_n_selected(w->d), ==, 2); /* all pieces */
	undo(w);
	g_assert_cmpuint(n_objects(w), ==, 1);
	edit(w, &(NadirEdit){.kind = NADIR_EDIT_SPLIT, .xy = (const double[]){20, 15, 30, 20}, .n = 2});
	g_assert_nonnull(w->told);
	g_assert_cmpuint(n_objects(w), ==, 1);
}

/* --- outlines --- */

static void test_holes(world *w, gconstpointer data)
{
	const double hole[] = {20, 20, 30, 20, 30, 30, 20, 30};
	const gint64 a = add(w, 10, 10, 40, 40), b = add(w, 100, 10, 40, 40);
	nadir_document_select_ids(w->d, (const gint64[]){a, b}, 2);
	edit(w, &(NadirEdit){.kind = NADIR_EDIT_HOLE, .xy = hole, .n = 4});
	g_assert_null(w->told); /* the hole need not meet both */
	g_assert_cmpint(total(w), ==, 3100);
	g_assert_cmpuint(nadir_document_n_selected(w->d), >=, 1);
	nadir_document_select(w->d, b);
	edit(w, &(NadirEdit){.kind = NADIR_EDIT_HOLE, .xy = hole, .n = 4});
	g_assert_nonnull(w->told);
	nadir_document_select(w->d, a);
	edit(w, &(NadirEdit){.kind = NADIR_EDIT_FILL});
	g_assert_cmpint(total(w), ==, 3200);
	undo(w);
	g_assert_cmpint(total(w), ==, 3100);
}

static void test_grow(world *w, gconstpointer data)
{
	add(w, 50, 50, 40, 40);
	edit(w, &(NadirEdit){.kind = NADIR_EDIT_GROW, .amount = -5});
	g_assert_cmpint(object_row(w, 0)->area_px, ==, 900);
	edit(w, &(NadirEdit){.kind = NADIR_EDIT_GROW, .amount = -100});
	g_assert_nonnull(w->told);
	g_assert_cmpint(object_row(w, 0)->area_px, ==, 900);
	edit(w, &(NadirEdit){.kind = NADIR_EDIT_GROW, .amount = 2, .metres = true}); /* no CRS */
	g_assert_nonnull(w->told);
	g_assert_cmpint(object_row(w, 0)->area_px, ==, 900);
}

/* Of several, those of which nothing would be left stay; what moves together stays together. */
static void test_some_stay(world *w, gconstpointer data)
{
	const gint64 big = add(w, 50, 50, 40, 40), tiny = add(w, 150, 50, 4, 4), other = add(w, 250, 50, 30, 20);
	nadir_document_select_ids(w->d, (const gint64[]){big, tiny, other}, 3);
	edit(w, &(NadirEdit){.kind = NADIR_EDIT_GROW, .amount = -5});
	g_assert_cmpstr(w->told, ==, "1 of 3 objects stays as it is: nothing valid would be left of it.");
	g_assert_cmpint(object_row(w, 2)->area_px, ==, 900);
	g_assert_cmpint(object_row(w, 1)->area_px, ==, 16);
	g_assert_cmpint(object_row(w, 0)->area_px, ==, 200);
	g_assert_cmpuint(nadir_document_n_selected(w->d), ==, 3);
	undo(w); /* one step */
	g_assert_cmpint(total(w), ==, 1600 + 16 + 600);
	edit(w, &(NadirEdit){.kind = NADIR_EDIT_GROW, .amount = -100});
	g_assert_nonnull(w->told);
	g_assert_cmpint(total(w), ==, 1600 + 16 + 600);
	edit(w, &(NadirEdit){.kind = NADIR_EDIT_TRANSFORM, .matrix = {1, 0, 200, 0, 1, 0}}); /* one of them off the image */
	g_assert_nonnull(w->told);
	g_assert_cmpint(nadir_document_n_selected(w->d), ==, 3);
	g_autoptr(bitmask) want = fixture_rectangle(50, 50, 40, 40);
	g_autoptr(bitmask) mask = mask_from_wkb(object_row(w, 2)->px_geom, NULL);
	g_assert_true(mask_equal(mask, want));
}

static void test_square(world *w, gconstpointer data)
{
	const double house[] = {100, 60, 160, 90, 145, 120, 85, 90}; /* turned by atan(1/2) */
	nadir_document_draw_polygon(w->d, house, 4);
	fixture_settle(w->d);
	const guint before = shape_vertices(object_row(w, 0)->px_geom);
	g_assert_cmpuint(before, >, 50); /* a staircase */
	edit(w, &(NadirEdit){.kind = NADIR_EDIT_SQUARE, .amount = 3});
	g_assert_null(w->told);
	g_assert_cmpuint(shape_vertices(object_row(w, 0)->px_geom), ==, 4);
	g_autoptr(bitmask) mask = mask_from_wkb(object_row(w, 0)->px_geom, NULL);
	g_assert_cmpint(object_row(w, 0)->area_px, ==, mask_area(mask));
	g_assert_cmpstr(object_row(w, 0)->model, ==, "hand");
	undo(w);
	g_assert_cmpuint(shape_vertices(object_row(w, 0)->px_geom), ==, before);
	edit(w, &(NadirEdit){.kind = NADIR_EDIT_SIMPLIFY, .amount = 1});
	g_assert_cmpuint(shape_vertices(object_row(w, 0)->px_geom), <, before / 4);
	edit(w, &(NadirEdit){.kind = NADIR_EDIT_SMOOTH, .amount = 2});
	g_assert_null(w->told);
}

static void test_meet(world *w, gconstpointer data)
{
	const gint64 a = add(w, 10, 10, 20, 20);
	add(w, 33, 10, 20, 20);
	nadir_document_select(w->d, a);
	edit(w, &(NadirEdit){.kind = NADIR_EDIT_MEET, .amount = 6});
	g_assert_null(w->told);
	g_assert_cmpint(object_row(w, 1)->area_px, >, 440); /* three columns more, but for the corners */
	g_assert_cmpint(object_row(w, 1)->area_px, <=, 460);
	g_assert_cmpint(object_row(w, 0)->area_px, ==, 400);
}

static void test_duplicate(world *w, gconstpointer data)
{
	const gint64 a = add(w, 10, 10, 30, 20), b = add(w, 370, 280, 30, 20); /* the second one in the corner */
	nadir_document_select_ids(w->d, (const gint64[]){a, b}, 2);
	edit(w, &(NadirEdit){.kind = NADIR_EDIT_DUPLICATE});
	g_assert_cmpuint(n_objects(w), ==, 4);
	g_assert_cmpint(total(w), ==, 2400);
	g_assert_cmpuint(nadir_document_n_selected(w->d), ==, 2); /* the copies */
	g_assert_false(nadir_document_is_selected(w->d, a));
	undo(w);
	g_assert_cmpuint(n_objects(w), ==, 2);
}

static void test_transform(world *w, gconstpointer data)
{
	add(w, 50, 50, 40, 20);
	edit(w, &(NadirEdit){.kind = NADIR_EDIT_TRANSFORM, .matrix = {1, 0, 7, 0, 1, -3}});
	g_autoptr(bitmask) want = fixture_rectangle(57, 47, 40, 20);
	g_autoptr(bitmask) mask = mask_from_wkb(object_row(w, 0)->px_geom, NULL);
	g_assert_true(mask_equal(mask, want));
	edit(w, &(NadirEdit){.kind = NADIR_EDIT_TRANSFORM, .matrix = {1, 0, 1000, 0, 1, 0}}); /* off the image */
	g_assert_nonnull(w->told);
	g_assert_cmpint(object_row(w, 0)->area_px, ==, 800);
}

/* Until the edit is on the disk, nothing says that it were. */
static void test_said_while_storing(world *w, gconstpointer data)
{
	add(w, 50, 50, 40, 20);
	nadir_document_edit(w->d, &(NadirEdit){.kind = NADIR_EDIT_TRANSFORM, .matrix = {1, 0, 7, 0, 1, -3}});
	g_autofree char *during = nadir_describe_saved(w->d);
	g_assert_cmpstr(during, ==, "storing…");
	fixture_settle(w->d);
	g_autofree char *after = nadir_describe_saved(w->d);
	g_assert_cmpstr(after, ==, "every change saved");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name, fn) g_test_add("/edit/" name, world, NULL, world_up, fn, world_down)
	ADD("selection", test_selection);
	ADD("combine", test_combine);
	ADD("split", test_split);
	ADD("holes", test_holes);
	ADD("grow", test_grow);
	ADD("some-stay", test_some_stay);
	ADD("square", test_square);
	ADD("meet", test_meet);
	ADD("duplicate", test_duplicate);
	ADD("transform", test_transform);
	ADD("said-while-storing", test_said_while_storing);
	return g_test_run();
}
