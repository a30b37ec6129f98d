/* Pair merging for both kinds of tokenizer: a heap of candidates over linked symbols; entries that merging has made
 * stale are dropped when they come up. */
#include "infer/text/tokenizer-private.h"

typedef struct {
	double cost;
	int left, right, id;
	guint32 bytes; /* of both symbols when it was put in: differs once one of them has merged */
} candidate;

typedef struct {
	const tokenizer *t;
	const char *text;
	merge_symbol *symbols;
	merge_fn merge;
	GArray *heap; /* of candidate */
} merger;

static bool before(const candidate *a, const candidate *b)
{
	return a->cost < b->cost || (a->cost <= b->cost && a->left < b->left);
}

static void heap_push(GArray *heap, const candidate *c)
{
	g_array_append_vals(heap, c, 1);
	candidate *h = (candidate *)heap->data;
	for (guint i = heap->len - 1; i > 0 && before(&h[i], &h[(i - 1) / 2]); i = (i - 1) / 2) {
		const candidate swap = h[i];
		h[i] = h[(i - 1) / 2];
		h[(i - 1) / 2] = swap;
	}
}

static candidate heap_pop(GArray *heap)
{
	candidate *h = (candidate *)heap->data;
	const candidate top = h[0];
	h[0] = h[heap->len - 1];
	g_array_set_size(heap, heap->len - 1);
	for (guint i = 0;;) {
		guint least = i;
		for (guint child = 2 * i + 1; child <= 2 * i + 2 && child < heap->len; child++)
			if (before(&h[child], &h[least]))
				least = child;
		if (least == i)
			return top;
		const candidate swap = h[i];
		h[i] = h[least];
		h[least] = swap;
		i = least;
	}
}

static void propose(merger *m, int left, int right)
{
	if (left < 0 || right < 0)
		return;
	const merge_symbol *l = &m->symbols[left], *r = &m->symbols[right];
	candidate c = {.left = left, .right = right, .bytes = l->len + r->len};
	if (m->merge(m->t, m->text, l, r, &c.cost, &c.id))
		heap_push(m->heap, &c);
}

void merge_run(const tokenizer *t, const char *text, merge_symbol *symbols, guint n, merge_fn merge)
{
	merger m = {t, text, symbols, merge, g_array_sized_new(FALSE, FALSE, sizeof(candidate), n)};
	for (guint i = 1; i < n; i++)
		propose(&m, (int)i - 1, (int)i);
	while (m.heap->len > 0) {
		const candidate c = heap_pop(m.heap);
		merge_symbol *l = &symbols[c.left], *r = &symbols[c.right];
		if (l->len == 0 || r->len == 0 || l->next != c.right || l->len + r->len != c.bytes)
			continue;
		l->len = c.bytes;
		l->id = c.id;
		l->next = r->next;
		r->len = 0;
		if (l->next >= 0)
			symbols[l->next].prev = c.left;
		propose(&m, l->prev, c.left);
		propose(&m, c.left, l->next);
	}
	g_array_unref(m.heap);
}
