#include "render/review/agreement.h"

#include "render/geometry/wkb.h"

#include <math.h>

agreement *agreement_new(void)
{
	agreement *g = g_new0(agreement, 1);
	g->pairs = g_array_new(FALSE, FALSE, sizeof(agreement_pair));
	g->mean_iou = g->kappa = NAN;
	return g;
}

void agreement_free(agreement *g)
{
	if (!g)
		return;
	g_array_unref(g->pairs);
	g_free(g);
}

/* --- which are the same --- */

typedef struct {
	const feature *f;
	bitmask *mask; /* NULL until needed */
	double extent[4];
	bool taken;
} side;

static void side_clear(void *data)
{
	mask_free(((side *)data)->mask);
}

static int by_left(gconstpointer a, gconstpointer b)
{
	const double x = ((const side *)a)->extent[0], y = ((const side *)b)->extent[0];
	return (x > y) - (x < y);
}

/* From left to right; objects without an outline are left out. */
static GArray *make_side(GPtrArray *objects)
{
	GArray *list = g_array_new(FALSE, FALSE, sizeof(side));
	g_array_set_clear_func(list, side_clear);
	for (guint i = 0; i < objects->len; i++) {
		side s = {.f = objects->pdata[i]};
		g_autoptr(wkb_shape) shape = wkb_shape_read(s.f->px_geom, NULL);
		if (!shape)
			continue;
		wkb_shape_extent(shape, s.extent);
		g_array_append_val(list, s);
	}
	g_array_sort(list, by_left);
	return list;
}

static const bitmask *mask_of(side *s)
{
	if (!s->mask)
		s->mask = mask_from_wkb(s->f->px_geom, NULL);
	if (!s->mask)
		s->mask = mask_new(0, 0, 0, 0);
	return s->mask;
}

typedef struct {
	guint a, b;
	double iou;
} meeting;

static int by_iou(gconstpointer a, gconstpointer b)
{
	const meeting *x = a, *y = b;
	if (x->iou != y->iou)
		return x->iou > y->iou ? -1 : 1;
	return x->a != y->a ? (x->a > y->a) - (x->a < y->a) : (x->b > y->b) - (x->b < y->b);
}

static bool boxes_meet(const side *a, const side *b)
{
	return a->extent[0] < b->extent[2] && b->extent[0] < a->extent[2] && a->extent[1] < b->extent[3] &&
	       b->extent[1] < a->extent[3];
}

/* Pairs whose masks meet well enough. Both sides go from left to right, so most pairs are never looked at. */
static GArray *find_meetings(GArray *a, GArray *b)
{
	GArray *found = g_array_new(FALSE, FALSE, sizeof(meeting));
	for (guint i = 0; i < a->len; i++) {
		side *x = &g_array_index(a, side, i);
		for (guint k = 0; k < b->len; k++) {
			side *y = &g_array_index(b, side, k);
			if (y->extent[0] >= x->extent[2])
				break;
			if (!boxes_meet(x, y))
				continue;
			const meeting m = {i, k, mask_iou(mask_of(x), mask_of(y))};
			if (m.iou >= AGREEMENT_IOU)
				g_array_append_val(found, m);
		}
	}
	g_array_sort(found, by_iou);
	return found;
}

static void add_lone(agreement *into, gint64 image, GArray *list, bool first)
{
	for (guint i = 0; i < list->len; i++) {
		const side *s = &g_array_index(list, side, i);
		agreement_pair p = {.image = image};
		if (s->taken)
			continue;
		*(first ? &p.a : &p.b) = s->f->id;
		*(first ? &p.class_a : &p.class_b) = s->f->class_id;
		g_array_append_val(into->pairs, p);
	}
}

void agreement_add(agreement *into, gint64 image, GPtrArray *a, GPtrArray *b)
{
	g_autoptr(GArray) left = make_side(a), right = make_side(b);
	g_autoptr(GArray) meetings = find_meetings(left, right);
	for (guint i = 0; i < meetings->len; i++) {
		const meeting *m = &g_array_index(meetings, meeting, i);
		side *x = &g_array_index(left, side, m->a), *y = &g_array_index(right, side, m->b);
		if (x->taken || y->taken)
			continue;
		x->taken = y->taken = true;
		const agreement_pair p = {x->f->id, y->f->id, image, x->f->class_id, y->f->class_id, m->iou};
		g_array_append_val(into->pairs, p);
	}
	add_lone(into, image, left, true);
	add_lone(into, image, right, false);
}

/* --- figures --- */

static void count(GHashTable *table, int class_id)
{
	gpointer key = GINT_TO_POINTER(class_id);
	g_hash_table_insert(table, key, GUINT_TO_POINTER(GPOINTER_TO_UINT(g_hash_table_lookup(table, key)) + 1));
}

/* The agreement that the two would reach by chance, each with the shares of classes it has. */
static double by_chance(GHashTable *a, GHashTable *b, double n)
{
	GHashTableIter iter;
	gpointer key, value;
	double sum = 0;
	g_hash_table_iter_init(&iter, a);
	while (g_hash_table_iter_next(&iter, &key, &value))
		sum += GPOINTER_TO_UINT(value) / n * GPOINTER_TO_UINT(g_hash_table_lookup(b, key)) / n;
	return sum;
}

void agreement_finish(agreement *g)
{
	g_autoptr(GHashTable) a = g_hash_table_new(NULL, NULL), b = g_hash_table_new(NULL, NULL);
	double iou = 0;
	g->both = g->same_class = g->only_a = g->only_b = 0;
	for (guint i = 0; i < g->pairs->len; i++) {
		const agreement_pair *p = &g_array_index(g->pairs, agreement_pair, i);
		g->only_a += p->b == 0;
		g->only_b += p->a == 0;
		if (p->a == 0 || p->b == 0)
			continue;
		g->both++;
		g->same_class += p->class_a == p->class_b;
		iou += p->iou;
		count(a, p->class_a);
		count(b, p->class_b);
	}
	const double chance = g->both > 0 ? by_chance(a, b, g->both) : 1;
	g->mean_iou = g->both > 0 ? iou / g->both : NAN;
	g->kappa = chance < 1 ? ((double)g->same_class / g->both - chance) / (1 - chance) : NAN;
}

bool agreement_differs(const agreement_pair *p)
{
	return !p->a || !p->b || p->class_a != p->class_b;
}

gint64 agreement_first(const agreement_pair *p)
{
	return p->a ? p->a : p->b;
}

GHashTable *agreement_by_id(const agreement *g)
{
	GHashTable *ids = g_hash_table_new(g_int64_hash, g_int64_equal);
	for (guint i = 0; i < g->pairs->len; i++) {
		agreement_pair *p = &g_array_index(g->pairs, agreement_pair, i);
		if (p->a)
			g_hash_table_insert(ids, &p->a, p);
		if (p->b)
			g_hash_table_insert(ids, &p->b, p);
	}
	return ids;
}

/* --- over a project --- */

static GPtrArray *of_author(GPtrArray *objects, const char *author)
{
	GPtrArray *list = g_ptr_array_new();
	for (guint i = 0; i < objects->len; i++)
		if (g_str_equal(((feature *)objects->pdata[i])->author, author))
			g_ptr_array_add(list, objects->pdata[i]);
	return list;
}

agreement *agreement_of(project *p, const char *set_a, const char *set_b, GError **error)
{
	g_autoptr(agreement) g = agreement_new();
	g_autoptr(GPtrArray) images = project_images(p, error);
	if (!images)
		return NULL;
	for (guint i = 0; i < images->len; i++) {
		const gint64 image = ((project_image *)images->pdata[i])->id;
		g_autoptr(GPtrArray) objects = project_objects(p, image, error);
		if (!objects)
			return NULL;
		g_autoptr(GPtrArray) a = of_author(objects, set_a), b = of_author(objects, set_b);
		agreement_add(g, image, a, b);
	}
	agreement_finish(g);
	return g_steal_pointer(&g);
}
