/* Hidden, locked and isolated objects: what is hit, found, selected at once, changed, drawn into files. */
#include <string.h>

#include "app/document/document-export.h"
#include "app/document/document-history.h"
#include "app/document/document-visibility.h"
#include "app/document/object-list.h"
#include "app/edit/edit-attributes.h"
#include "app/edit/edit-selection.h"
#include "app/edit/edit-shapes.h"
#include "tests/ui/document-world.h"

enum { OBJECTS = 4 };

static int settings; /* how often they changed */

static int class_id(world *w, const char *name)
{
	return nadir_document_find_class(w->d, name)->id;
}

static gint64 draw(world *w, int i, const char *class_name)
{
	return add_of(w, class_name, 10 + 60 * i, 20, 20, 20);
}

/* Boat, car, boat, car; vehicles all. */
static void objects_up(world *w, gconstpointer kind)
{
	static const char *const names[] = {"vehicle", "boat", "car"};
	world_up(w, kind);
	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		nadir_document_add_class(w->d, names[i]);
	fixture_settle(w->d);
	change_class(w, "boat", "vehicle", NULL);
	change_class(w, "car", "vehicle", NULL);
	for (int i = 0; i < OBJECTS; i++)
		w->ids[i] = draw(w, i, names[1 + i % 2]);
	settings = 0;
	fixture_count(w->d, "settings-changed", &settings);
}

static GArray *some(world *w, int a, int b)
{
	GArray *ids = g_array_new(FALSE, FALSE, sizeof(gint64));
	g_array_append_val(ids, w->ids[a]);
	if (b >= 0)
		g_array_append_val(ids, w->ids[b]);
	return ids;
}

/* "0 2": those that a click hits; by place, so that an object that was made anew counts. */
static char *hit(world *w)
{
	g_autoptr(GString) s = g_string_new(NULL);
	for (int i = 0; i < OBJECTS + 1; i++)
		if (nadir_document_object_at(w->d, 20 + 60 * i, 30))
			g_string_append_printf(s, "%s%d", s->len ? " " : "", i);
	return g_string_free(g_steal_pointer(&s), FALSE);
}

static guint found(world *w)
{
	g_autoptr(GPtrArray) all = g_ptr_array_new();
	nadir_object_list_search(NADIR_OBJECT_LIST(nadir_document_get_objects(w->d)), (const double[4]){0, 0, 400, 300},
	                         G_MAXUINT, all);
	return all->len;
}

static void assert_hit(world *w, const char *wanted)
{
	g_autofree char *now = hit(w);
	g_assert_cmpstr(now, ==, wanted);
}

static void test_hide(world *w, gconstpointer data)
{
	g_autoptr(GArray) first = some(w, 0, 1);
	nadir_document_select_ids(w->d, w->ids, 2);
	const guint64 version = nadir_object_list_version(NADIR_OBJECT_LIST(nadir_document_get_objects(w->d)));
	nadir_document_hide(w->d, first);
	g_assert_cmpuint(nadir_object_list_version(NADIR_OBJECT_LIST(nadir_document_get_objects(w->d))), >, version);
	g_assert_cmpint(settings, ==, 1);
	assert_hit(w, "2 3");
	g_assert_cmpuint(found(w), ==, 2);
	g_assert_cmpuint(nadir_document_n_hidden(w->d), ==, 2);
	g_assert_cmpuint(nadir_document_n_selected(w->d), ==, 0);
	nadir_document_select_all(w->d);
	g_assert_cmpuint(nadir_document_n_selected(w->d), ==, 2);
	nadir_document_select_inside(w->d, (const double[4]){0, 0, 400, 300});
	g_assert_cmpuint(nadir_document_n_selected(w->d), ==, 2);
	nadir_document_relabel(w->d, w->ids[0], "car"); /* another item for the same object */
	fixture_settle(w->d);
	assert_hit(w, "2 3");
	nadir_document_show_all(w->d);
	assert_hit(w, "0 1 2 3");
	g_assert_cmpuint(nadir_document_n_hidden(w->d), ==, 0);
}

static void test_isolate(world *w, gconstpointer data)
{
	g_autoptr(GArray) two = some(w, 1, 2);
	nadir_document_hide(w->d, two);
	nadir_document_isolate(w->d, two); /* asked for: no longer hidden */
	g_assert_true(nadir_document_is_isolated(w->d));
	assert_hit(w, "1 2");
	draw(w, 4, "car"); /* what is new is to be seen */
	assert_hit(w, "1 2 4");
	nadir_document_isolate(w->d, NULL);
	g_assert_false(nadir_document_is_isolated(w->d));
	assert_hit(w, "0 1 2 3 4");
}

static void test_classes(world *w, gconstpointer data)
{
	nadir_document_select_ids(w->d, w->ids, OBJECTS);
	nadir_document_hide_class(w->d, class_id(w, "boat"), true);
	assert_hit(w, "1 3");
	g_assert_cmpuint(nadir_document_n_selected(w->d), ==, 2); /* the cars */
	nadir_document_relabel(w->d, w->ids[1], "boat");
	fixture_settle(w->d);
	assert_hit(w, "3");
	nadir_document_hide_class(w->d, class_id(w, "boat"), false);
	nadir_document_hide_class(w->d, class_id(w, "vehicle"), true); /* and all kinds of it */
	assert_hit(w, "");
	g_assert_true(nadir_document_is_class_hidden(w->d, class_id(w, "car")));
	nadir_document_hide_class(w->d, class_id(w, "car"), false);
	assert_hit(w, "0 1 2 3");
	nadir_document_lock_class(w->d, class_id(w, "car"), true);
	assert_hit(w, "0 1 2");
	g_assert_cmpuint(found(w), ==, 4); /* still drawn */
	nadir_document_unlock_all(w->d);
	assert_hit(w, "0 1 2 3");
}

static gint64 area(world *w, int i)
{
	NadirObject *o = nadir_object_list_find(NADIR_OBJECT_LIST(nadir_document_get_objects(w->d)), w->ids[i], NULL);
	return nadir_object_get_feature(o)->area_px;
}

static void test_lock(world *w, gconstpointer data)
{
	g_autoptr(GArray) one = some(w, 2, -1);
	const double at[2] = {140, 30};
	nadir_document_lock(w->d, one, true);
	assert_hit(w, "0 1 3");
	g_assert_cmpuint(nadir_document_n_locked(w->d), ==, 1);
	nadir_document_select_all(w->d);
	g_assert_cmpuint(nadir_document_n_selected(w->d), ==, 3);
	nadir_document_select(w->d, w->ids[2]); /* in the list it can be chosen */
	const gint64 before = area(w, 2);
	nadir_document_edit(w->d, &(NadirEdit){.kind = NADIR_EDIT_GROW, .amount = 3});
	fixture_settle(w->d);
	g_assert_cmpint(area(w, 2), ==, before);
	g_assert_nonnull(strstr(w->told, "locked"));
	g_clear_pointer(&w->told, g_free);
	nadir_document_paint(w->d, at, 1, 8, NULL, true);
	fixture_settle(w->d);
	g_assert_cmpint(area(w, 2), ==, before);
	g_assert_nonnull(strstr(w->told, "locked"));
	nadir_document_lock(w->d, one, false);
	nadir_document_edit(w->d, &(NadirEdit){.kind = NADIR_EDIT_GROW, .amount = 3});
	fixture_settle(w->d);
	g_assert_cmpint(area(w, 2), >, before);
	assert_hit(w, "0 1 2 3");
}

/* Undo brings back what was deleted as it was seen. */
static void test_undo(world *w, gconstpointer data)
{
	g_autoptr(GArray) one = some(w, 0, -1);
	nadir_document_hide(w->d, one);
	nadir_document_delete(w->d, w->ids[0]);
	fixture_settle(w->d);
	nadir_document_undo(w->d);
	fixture_settle(w->d);
	g_assert_cmpuint(n_objects(w), ==, OBJECTS);
	assert_hit(w, "1 2 3");
}

static void on_exported(GObject *source, GAsyncResult *result, gpointer done)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *report = nadir_document_export_finish(result, &error);
	g_assert_no_error(error);
	*(bool *)done = true;
}

static bool is_true(void *data)
{
	return *(bool *)data;
}

static void test_export(world *w, gconstpointer data)
{
	g_autofree char *path = g_build_filename(w->dir, "out.pixel.geojson", NULL), *text = NULL;
	g_autoptr(GArray) two = some(w, 0, 1);
	bool done = false;
	guint n = 0;
	nadir_document_hide(w->d, two);
	nadir_document_export_async(w->d, path, &(NadirExportPlan){0}, NULL, on_exported, &done);
	g_assert_true(fixture_wait(is_true, &done, 20));
	g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
	for (const char *at = text; (at = strstr(at, "\"Polygon\"")); at++)
		n++;
	for (const char *at = text; (at = strstr(at, "\"MultiPolygon\"")); at++)
		n++;
	g_assert_cmpuint(n, ==, OBJECTS);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name, fn) g_test_add("/visibility/" name, world, NULL, objects_up, fn, world_down)
	ADD("hide", test_hide);
	ADD("isolate", test_isolate);
	ADD("classes", test_classes);
	ADD("lock", test_lock);
	ADD("undo", test_undo);
	ADD("export", test_export);
	return g_test_run();
}
