#include "render/review/queue.h"

#include <math.h>
#include <string.h>

static GArray *make(guint n)
{
	GArray *items = g_array_new(FALSE, FALSE, sizeof(review_item));
	for (guint i = 0; i < n; i++) {
		const review_item item = {.id = i + 1,
		                          .image = 1 + i % 7,
		                          .class_id = 1 + (int)(i % 3),
		                          .score = i % 10 == 9 ? NAN : (i % 9) / 9.0,
		                          .area_px = (i * 37) % 1000,
		                          .source = (review_source)(i % REVIEW_SOURCES),
		                          .decision = i % 4 == 0 ? REVIEW_ACCEPTED : REVIEW_UNDECIDED,
		                          .author = i % 2 ? "anna" : "ben"};
		g_array_append_val(items, item);
	}
	return items;
}

static const review_item *at(GArray *items, GArray *order, guint i)
{
	return &g_array_index(items, review_item, g_array_index(order, guint, i));
}

static guint count(GArray *items, const queue_filter *f)
{
	g_autoptr(GArray) order = queue_select(f, items, NULL);
	for (guint i = 0; i < order->len; i++)
		g_assert_true(queue_filter_accepts(f, at(items, order, i)));
	return order->len;
}

static void test_filter(void)
{
	g_autoptr(GArray) items = make(840);
	g_autoptr(queue_filter) f = queue_filter_new();
	g_assert_cmpuint(count(items, f), ==, 630); /* undecided */
	f->decisions = 0;
	g_assert_cmpuint(count(items, f), ==, 840);
	f->sources = 1u << REVIEW_IMPORT;
	g_assert_cmpuint(count(items, f), ==, 280);
	f->sources = 0;
	queue_filter_set_class(f, 2, true);
	g_assert_cmpuint(count(items, f), ==, 280);
	queue_filter_set_class(f, 3, true);
	queue_filter_set_class(f, 2, false);
	g_assert_cmpuint(count(items, f), ==, 280);
	queue_filter_set_class(f, 3, false);
	f->image = 3;
	g_assert_cmpuint(count(items, f), ==, 120);
	f->image = 0;
	f->score_max = 0.5; /* 0/9 … 4/9 of those that have a score */
	const guint low = count(items, f);
	f->score_max = 1;
	f->score_min = 0.5;
	g_assert_cmpuint(low + count(items, f), ==, 840 - 84);
	f->score_min = 0;
	f->area_min = 500;
	const guint large = count(items, f);
	f->area_min = 0;
	f->area_max = 499;
	g_assert_cmpuint(large + count(items, f), ==, 840);
}

static void test_order(void)
{
	g_autoptr(GArray) items = make(500);
	g_autoptr(queue_filter) f = queue_filter_new();
	f->decisions = 0;
	for (f->order = 0; f->order < QUEUE_ORDERS; f->order++) {
		g_autoptr(GArray) order = queue_select(f, items, NULL), again = queue_select(f, items, NULL);
		g_assert_cmpmem(order->data, order->len * sizeof(guint), again->data, again->len * sizeof(guint));
		for (guint i = 1; i < order->len; i++) {
			const review_item *a = at(items, order, i - 1), *b = at(items, order, i);
			if (f->order == QUEUE_BY_IMAGE)
				g_assert_true(a->image < b->image || (a->image == b->image && a->id < b->id));
			else if (f->order == QUEUE_BY_SCORE)
				g_assert_true(isnan(b->score) || a->score <= b->score);
			else if (f->order == QUEUE_BY_SCORE_FALLING)
				g_assert_true(isnan(b->score) || a->score >= b->score);
			else if (f->order == QUEUE_BY_AREA)
				g_assert_cmpint(a->area_px, <=, b->area_px);
		}
	}
	f->order = QUEUE_AT_RANDOM;
	g_autoptr(GArray) one = queue_select(f, items, NULL);
	f->seed = 2;
	g_autoptr(GArray) two = queue_select(f, items, NULL);
	guint same = 0;
	for (guint i = 0; i < one->len; i++)
		same += g_array_index(one, guint, i) == g_array_index(two, guint, i);
	g_assert_cmpuint(same, <, 30);
}

/* A sample is of the size asked for, the same for the same seed, and stays while others leave the queue. */
static void test_sample(void)
{
	g_autoptr(GArray) items = make(1000);
	g_autoptr(queue_filter) f = queue_filter_new();
	f->decisions = 0;
	f->sample = 12.5;
	g_autoptr(GArray) a = queue_select(f, items, NULL), b = queue_select(f, items, NULL);
	g_assert_cmpuint(a->len, ==, 125);
	g_assert_cmpmem(a->data, a->len * sizeof(guint), b->data, b->len * sizeof(guint));
	f->seed = 99;
	g_autoptr(GArray) c = queue_select(f, items, NULL);
	g_assert_cmpuint(c->len, ==, 125);
	g_assert_true(memcmp(a->data, c->data, a->len * sizeof(guint)) != 0);
	f->sample = 0;
	g_assert_cmpuint(count(items, f), ==, 0);
}

static void test_disagreement(void)
{
	g_autoptr(GArray) items = make(40);
	/* 2 and 3 are one object of two classes, 39 only one has, 5 and 6 agree. */
	agreement_pair table[] = {{2, 3, 1, 1, 2, 0.9}, {0, 39, 1, 0, 1, 0}, {5, 6, 1, 1, 1, 0.6}};
	g_autoptr(agreement) g = agreement_new();
	g_array_append_vals(g->pairs, table, G_N_ELEMENTS(table));
	g_autoptr(GHashTable) differ = agreement_by_id(g);
	g_autoptr(queue_filter) f = queue_filter_new();
	f->decisions = 0;
	g_free(f->set_a);
	g_free(f->set_b);
	f->set_a = g_strdup("anna");
	f->set_b = g_strdup("ben");
	g_autoptr(GArray) order = queue_select(f, items, differ), none = queue_select(f, items, NULL);
	g_assert_cmpuint(order->len, ==, 3);
	g_assert_cmpuint(none->len, ==, 0);
	f->order = QUEUE_BY_IOU; /* each pair once */
	g_autoptr(GArray) pairs = queue_select(f, items, differ);
	const gint64 want[] = {39, 5, 2};
	g_assert_cmpuint(pairs->len, ==, 3);
	for (guint i = 0; i < 3; i++)
		g_assert_cmpint(g_array_index(items, review_item, g_array_index(pairs, guint, i)).id, ==, want[i]);
}

static void test_beyond(void)
{
	g_autoptr(GArray) items = make(300);
	g_autoptr(queue_filter) f = queue_filter_new();
	g_autoptr(GArray) above = queue_beyond(f, items, 0.6, true), below = queue_beyond(f, items, 0.6, false);
	guint scored = 0;
	for (guint i = 0; i < items->len; i++) {
		const review_item *item = &g_array_index(items, review_item, i);
		scored += item->decision == REVIEW_UNDECIDED && !isnan(item->score);
	}
	g_assert_cmpuint(above->len + below->len, ==, scored);
	g_assert_cmpuint(above->len, >, 0);
	for (guint i = 0; i < above->len; i++) {
		const review_item *item = &g_array_index(items, review_item, g_array_index(above, gint64, i) - 1);
		g_assert_cmpfloat(item->score, >=, 0.6);
		g_assert_cmpint(item->decision, ==, REVIEW_UNDECIDED);
	}
}

static void test_json(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(queue_filter) f = queue_filter_new();
	f->decisions = 5;
	f->sources = 2;
	queue_filter_set_class(f, 7, true);
	f->score_min = 0.25;
	f->score_max = 0.75;
	f->area_max = 1e6;
	f->image = 12;
	f->sample = 10;
	f->seed = 4000000000u;
	f->order = QUEUE_BY_AREA;
	g_free(f->set_a);
	f->set_a = g_strdup("it's \"me\"");
	g_autofree char *text = queue_filter_to_json(f);
	g_autoptr(queue_filter) g = queue_filter_from_json(text, &error);
	g_assert_no_error(error);
	g_autofree char *again = queue_filter_to_json(g);
	g_assert_cmpstr(text, ==, again);
	g_assert_null(queue_filter_from_json("{broken", &error));
	g_assert_nonnull(error);
	g_clear_error(&error);
	g_autoptr(queue_filter) wild = queue_filter_from_json("{\"order\":77,\"sample\":-4,\"score_max\":9}", &error);
	g_assert_no_error(error);
	g_assert_cmpint(wild->order, <, QUEUE_ORDERS);
	g_assert_cmpfloat(wild->sample, ==, 0);
	g_assert_cmpfloat(wild->score_max, ==, 1);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/queue/filter", test_filter);
	g_test_add_func("/queue/order", test_order);
	g_test_add_func("/queue/sample", test_sample);
	g_test_add_func("/queue/disagreement", test_disagreement);
	g_test_add_func("/queue/beyond", test_beyond);
	g_test_add_func("/queue/json", test_json);
	return g_test_run();
}
