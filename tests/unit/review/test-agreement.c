#include "render/review/agreement.h"

#include <math.h>

static feature *box(gint64 id, int class_id, int x, int y, int w, int h)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(bitmask) m = mask_new(x, y, w, h);
	feature *o = feature_new();
	for (int i = 0; i < w * h; i++)
		m->bits[i] = 1;
	g_assert_true(feature_set_mask(o, m, &error));
	o->id = id;
	o->class_id = class_id;
	return o;
}

static GPtrArray *set_of(feature *first, ...)
{
	GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)feature_free);
	va_list args;
	va_start(args, first);
	for (feature *f = first; f; f = va_arg(args, feature *))
		g_ptr_array_add(list, f);
	va_end(args);
	return list;
}

static void test_pairs(void)
{
	/* 2 lies nearer to 11 than 1 does; 3 has nobody; 12 meets too little of 4. */
	g_autoptr(GPtrArray) a = set_of(box(1, 1, 0, 0, 10, 10), box(2, 1, 1, 0, 10, 10), box(3, 2, 50, 50, 5, 5),
	                                box(4, 1, 80, 0, 10, 10), NULL);
	g_autoptr(GPtrArray) b = set_of(box(11, 1, 1, 0, 10, 10), box(12, 1, 84, 4, 10, 10), box(13, 2, 1, 0, 9, 10), NULL);
	g_autoptr(agreement) g = agreement_new();
	agreement_add(g, 7, a, b);
	agreement_finish(g);
	const agreement_pair *p = &g_array_index(g->pairs, agreement_pair, 0);
	g_assert_cmpint(p->a, ==, 2);
	g_assert_cmpint(p->b, ==, 11);
	g_assert_cmpfloat(p->iou, ==, 1);
	p = &g_array_index(g->pairs, agreement_pair, 1);
	g_assert_cmpint(p->a, ==, 1);
	g_assert_cmpint(p->b, ==, 13);
	g_assert_cmpfloat_with_epsilon(p->iou, 90.0 / 100, 1e-12);
	g_assert_cmpuint(g->both, ==, 2);
	g_assert_cmpuint(g->same_class, ==, 1);
	g_assert_cmpuint(g->only_a, ==, 2);
	g_assert_cmpuint(g->only_b, ==, 1);
	g_assert_cmpfloat_with_epsilon(g->mean_iou, 0.95, 1e-12);
	g_autoptr(GHashTable) ids = agreement_by_id(g);
	const gint64 differ[] = {1, 13, 3, 4, 12}, same[] = {2, 11};
	g_assert_cmpuint(g_hash_table_size(ids), ==, 7);
	for (guint i = 0; i < G_N_ELEMENTS(differ); i++)
		g_assert_true(agreement_differs(g_hash_table_lookup(ids, &differ[i])));
	g_assert_false(agreement_differs(g_hash_table_lookup(ids, &same[0])));
	g_assert_true(g_hash_table_lookup(ids, &same[0]) == g_hash_table_lookup(ids, &same[1]));
	g_assert_cmpint(agreement_first(g_hash_table_lookup(ids, &differ[1])), ==, 1);
	g_assert_cmpint(agreement_first(g_hash_table_lookup(ids, &differ[4])), ==, 12);
}

/* The table of Cohen's paper's kind: 20 both yes, 15 both no, 5 and 10 apart: po 0.7, pe 0.5, kappa 0.4. */
static void test_kappa(void)
{
	static const int table[4][3] = {{1, 1, 20}, {1, 2, 5}, {2, 1, 10}, {2, 2, 15}};
	g_autoptr(agreement) g = agreement_new();
	for (int i = 0; i < 4; i++)
		for (int k = 0; k < table[i][2]; k++) {
			const agreement_pair p = {1, 2, 1, table[i][0], table[i][1], 0.75};
			g_array_append_val(g->pairs, p);
		}
	agreement_finish(g);
	g_assert_cmpuint(g->both, ==, 50);
	g_assert_cmpfloat_with_epsilon(g->kappa, 0.4, 1e-12);
	g_array_set_size(g->pairs, 20); /* one class only: nothing to tell apart */
	agreement_finish(g);
	g_assert_true(isnan(g->kappa));
	g_array_set_size(g->pairs, 0);
	agreement_finish(g);
	g_assert_true(isnan(g->mean_iou));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/agreement/pairs", test_pairs);
	g_test_add_func("/agreement/kappa", test_kappa);
	return g_test_run();
}
