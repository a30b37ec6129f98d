/* The list of objects against a plain table: changes one by one and by the hundred, what is found, counted and
 * signalled, and what another thread may still read. */
#include "app/document/object-list.h"
#include "tests/ui/fixture.h"

enum { IDS = 400 };

typedef struct {
	NadirObjectList *list;
	NadirObject *table[IDS + 1]; /* by id */
	GListStore *mirror;          /* what "items-changed" says */
} world;

static NadirObject *make(gint64 id, int x, int y)
{
	g_autoptr(bitmask) m = mask_new(x, y, 10, 10);
	feature *f = feature_new();
	for (int i = 0; i < 100; i++)
		m->bits[i] = 1;
	g_assert_true(feature_set_mask(f, m, NULL));
	f->id = id;
	f->class_id = 1 + (int)(id % 3);
	return nadir_object_new(f, NADIR_STAGE_STORED);
}

static void on_changed(GListModel *list, guint position, guint removed, guint added, world *w)
{
	g_autoptr(GPtrArray) items = g_ptr_array_new_with_free_func(g_object_unref);
	for (guint i = 0; i < added; i++)
		g_ptr_array_add(items, g_list_model_get_item(list, position + i));
	g_list_store_splice(w->mirror, position, removed, items->pdata, added);
}

static void check(world *w)
{
	guint n = 0, per_class[4] = {0};
	for (gint64 id = IDS; id > 0; id--) {
		guint position;
		g_assert_true(nadir_object_list_find(w->list, id, &position) == w->table[id]);
		g_assert_cmpuint(position, ==, n);
		if (!w->table[id])
			continue;
		g_autoptr(NadirObject) told = g_list_model_get_item(G_LIST_MODEL(w->mirror), n);
		g_assert_true(told == w->table[id] && nadir_object_list_get(w->list, n) == told);
		per_class[1 + id % 3]++;
		n++;
	}
	g_assert_cmpuint(g_list_model_get_n_items(G_LIST_MODEL(w->list)), ==, n);
	g_assert_cmpuint(g_list_model_get_n_items(G_LIST_MODEL(w->mirror)), ==, n);
	g_assert_null(nadir_object_list_get(w->list, n));
	for (int k = 1; k <= 3; k++)
		g_assert_cmpuint(nadir_object_list_count(w->list, k), ==, per_class[k]);
	g_autoptr(GPtrArray) found = g_ptr_array_new();
	g_assert_true(nadir_object_list_search(w->list, (const double[4]){0, 0, 1e6, 1e6}, IDS, found));
	g_assert_cmpuint(found->len, ==, n);
	for (guint i = 0; i < n; i++)
		g_assert_true(found->pdata[i] == nadir_object_list_get(w->list, n - 1 - i));
}

static void apply(world *w, GRand *r, guint n)
{
	g_autofree object_change *changes = g_new(object_change, n);
	g_autofree object_change **each = g_new(object_change *, n);
	for (guint i = 0; i < n; i++) {
		const gint64 id = g_rand_int_range(r, 1, IDS + 1);
		const bool gone = g_rand_boolean(r);
		changes[i] =
			(object_change){id, gone ? NULL : make(id, g_rand_int_range(r, 0, 5000), g_rand_int_range(r, 0, 5000))};
		each[i] = &changes[i];
	}
	nadir_object_list_apply(w->list, each, n);
	for (guint i = 0; i < n; i++) {
		w->table[changes[i].id] = changes[i].now; /* the last one counts; the list keeps it alive */
		g_clear_object(&changes[i].now);
	}
}

static void test_changes(void)
{
	g_autoptr(GRand) r = g_rand_new_with_seed(3);
	world w = {.list = nadir_object_list_new(), .mirror = g_list_store_new(NADIR_TYPE_OBJECT)};
	g_signal_connect(w.list, "items-changed", G_CALLBACK(on_changed), &w);
	for (int round = 0; round < 60; round++) {
		const guint64 before = nadir_object_list_version(w.list);
		apply(&w, r, round % 3 == 0 ? 300 : round % 3 == 1 ? 1 : 12);
		g_assert_cmpuint(nadir_object_list_version(w.list), >=, before);
		check(&w);
	}
	g_object_unref(w.mirror);
	g_assert_finalize_object(w.list);
}

static void test_snapshot(void)
{
	g_autoptr(GRand) r = g_rand_new_with_seed(4);
	world w = {.list = nadir_object_list_new(), .mirror = g_list_store_new(NADIR_TYPE_OBJECT)};
	g_signal_connect(w.list, "items-changed", G_CALLBACK(on_changed), &w);
	apply(&w, r, 300);
	guint n, later;
	object_snapshot *s = nadir_object_list_snapshot(w.list);
	NadirObject *const *items = object_snapshot_items(s, &n);
	g_autofree NadirObject **then = g_memdup2(items, n * sizeof *items);
	apply(&w, r, 300);
	apply(&w, r, 5);
	check(&w);
	items = object_snapshot_items(s, &later);
	g_assert_cmpuint(later, ==, n);
	for (guint i = 0; i < n; i++) {
		g_assert_true(items[i] == then[i]);
		g_assert_true(NADIR_IS_OBJECT(items[i]) && nadir_object_get_shape(items[i]));
	}
	object_snapshot_unref(s);
	check(&w);
	g_object_unref(w.mirror);
	g_object_unref(w.list);
}

static void test_places(void)
{
	world w = {.list = nadir_object_list_new()};
	NadirObject *below = make(1, 10, 10), *above = make(2, 15, 15);
	object_change one = {1, below}, two = {2, above};
	g_autoptr(GPtrArray) found = g_ptr_array_new();
	nadir_object_list_apply(w.list, (object_change *[]){&one, &two}, 2);
	g_assert_true(nadir_object_list_at(w.list, 12, 12) == below);
	g_assert_true(nadir_object_list_at(w.list, 17, 17) == above); /* the newer one lies on top */
	g_assert_null(nadir_object_list_at(w.list, 22, 12));
	g_assert_false(nadir_object_list_search(w.list, (const double[4]){0, 0, 50, 50}, 1, found));
	g_assert_cmpuint(found->len, ==, 0);
	g_assert_true(nadir_object_list_search(w.list, (const double[4]){0, 0, 12, 12}, 1, found));
	g_assert_true(found->len == 1 && found->pdata[0] == below);
	g_object_unref(below);
	g_object_unref(above);
	g_object_unref(w.list);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/object-list/changes", test_changes);
	g_test_add_func("/object-list/snapshot", test_snapshot);
	g_test_add_func("/object-list/places", test_places);
	return g_test_run();
}
