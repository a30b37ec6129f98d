/* What two label sets make of the same objects, and which classes are taken for each other. */
#include "app/review/review-private.h"

#include <glib/gi18n.h>

const agreement *nadir_review_get_agreement(NadirReview *r)
{
	g_return_val_if_fail(NADIR_IS_REVIEW(r), NULL);
	return r->agreed;
}

const agreement_pair *nadir_review_get_pair(NadirReview *r)
{
	const review_item *item = nadir_review_get_item(r, 0);
	return item && r->pairs ? g_hash_table_lookup(r->pairs, &item->id) : NULL;
}

const char *nadir_review_get_set(NadirReview *r, bool second)
{
	g_return_val_if_fail(NADIR_IS_REVIEW(r), "");
	return second ? r->filter->set_b : r->filter->set_a;
}

void nadir_review_take(NadirReview *r, bool second)
{
	const review_item *item = nadir_review_get_item(r, 0);
	const agreement_pair *p = nadir_review_get_pair(r);
	if (!item || !p || item->image != r->document->scene->image_id)
		return;
	const gint64 taken = second ? p->b : p->a, left = second ? p->a : p->b;
	const review_order o = {
		.decides = true, .decision = taken ? REVIEW_ACCEPTED : REVIEW_REJECTED, .against = taken ? left : 0};
	const gint64 id = taken ? taken : left;
	const review_item *about = nadir_review_find(r, id);
	if (!about) /* deleted since the pairs were found */
		return;
	review_push(r, &id, 1, &o, review_name_step(r, o.decision, about->class_id));
	review_remember(r, about, o.against);
}

bool nadir_review_go_to(NadirReview *r, gint64 id)
{
	g_return_val_if_fail(NADIR_IS_REVIEW(r), false);
	for (guint i = 0; i < r->order->len; i++)
		if (g_array_index(r->items, review_item, g_array_index(r->order, guint, i)).id == id) {
			nadir_review_go(r, (int)i - (int)r->position);
			return true;
		}
	return false;
}

/* --- classes that are confused --- */

typedef struct {
	int id;
	guint n;
} confused;

static void count(GArray *list, int class_id, int a, int b)
{
	const int other = a == class_id ? b : b == class_id ? a : 0;
	if (a == b || other == 0)
		return;
	for (guint i = 0; i < list->len; i++)
		if (g_array_index(list, confused, i).id == other) {
			g_array_index(list, confused, i).n++;
			return;
		}
	const confused added = {other, 1};
	g_array_append_val(list, added);
}

static int by_count(gconstpointer a, gconstpointer b)
{
	const confused *x = a, *y = b;
	return x->n != y->n ? (x->n < y->n) - (x->n > y->n) : (x->id > y->id) - (x->id < y->id);
}

GArray *nadir_review_confused_with(NadirReview *r, int class_id, guint most)
{
	g_return_val_if_fail(NADIR_IS_REVIEW(r), NULL);
	g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(confused));
	GArray *ids = g_array_new(FALSE, FALSE, sizeof(int));
	for (guint i = 0; i < r->items->len; i++) {
		const review_item *item = &g_array_index(r->items, review_item, i);
		count(list, class_id, item->proposed_id, item->class_id);
	}
	for (guint i = 0; r->agreed && i < r->agreed->pairs->len; i++) {
		const agreement_pair *p = &g_array_index(r->agreed->pairs, agreement_pair, i);
		if (p->a && p->b)
			count(list, class_id, p->class_a, p->class_b);
	}
	g_array_sort(list, by_count);
	for (guint i = 0; i < list->len && i < most; i++)
		g_array_append_val(ids, g_array_index(list, confused, i).id);
	return ids;
}
