/* The index against looking at everything: things of all sizes, added and taken away. */
#include "render/geometry/spatial-index.h"

#include <math.h>

enum { N = 3000 };

typedef struct {
	double extent[4];
	bool in, found;
} thing;

static void place(thing *t, GRand *r)
{
	const double size = pow(2, g_rand_double_range(r, -4, 18));
	const double x = g_rand_double_range(r, -3e5, 3e5), y = g_rand_double_range(r, -3e5, 3e5);
	const double e[4] = {x, y, x + size * g_rand_double(r), y + size * g_rand_double(r)};
	for (int i = 0; i < 4; i++)
		t->extent[i] = e[i];
}

static bool note(void *item, void *data)
{
	thing *t = item;
	g_assert_true(t->in);
	g_assert_false(t->found); /* once */
	t->found = true;
	return true;
}

static bool touches(const thing *t, const double a[4])
{
	return t->extent[0] <= a[2] && t->extent[2] >= a[0] && t->extent[1] <= a[3] && t->extent[3] >= a[1];
}

static void compare(const spatial_index *x, thing *things, const double area[4])
{
	for (int i = 0; i < N; i++)
		things[i].found = false;
	spatial_index_search(x, area, note, NULL);
	for (int i = 0; i < N; i++)
		g_assert_true(things[i].found == (things[i].in && touches(&things[i], area)));
}

static void test_random(void)
{
	g_autoptr(GRand) r = g_rand_new_with_seed(7);
	g_autofree thing *things = g_new0(thing, N);
	g_autoptr(spatial_index) x = spatial_index_new();
	for (int round = 0; round < 20; round++) {
		for (int k = 0; k < N / 2; k++) {
			thing *t = &things[g_rand_int_range(r, 0, N)];
			if (t->in) {
				g_assert_true(spatial_index_remove(x, t->extent, t));
				g_assert_false(spatial_index_remove(x, t->extent, t));
			} else {
				place(t, r);
				spatial_index_add(x, t->extent, t);
			}
			t->in = !t->in;
		}
		for (int k = 0; k < 10; k++) {
			thing area;
			place(&area, r);
			compare(x, things, area.extent);
		}
		compare(x, things, (const double[4]){-1e9, -1e9, 1e9, 1e9});
		compare(x, things, things[round].extent);
	}
}

static bool stop_at_three(void *item, void *data)
{
	return ++*(int *)data < 3;
}

static void test_stops(void)
{
	g_autoptr(spatial_index) x = spatial_index_new();
	int things[5], seen = 0;
	for (int i = 0; i < 5; i++)
		spatial_index_add(x, (const double[4]){i, 0, i, 0}, &things[i]); /* points */
	spatial_index_search(x, (const double[4]){0, 0, 9, 9}, stop_at_three, &seen);
	g_assert_cmpint(seen, ==, 3);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/spatial-index/random", test_random);
	g_test_add_func("/spatial-index/stops", test_stops);
	return g_test_run();
}
