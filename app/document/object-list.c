#include "app/document/object-list.h"

#include <string.h>

#include "render/geometry/spatial-index.h"

#define FEW 16
#define AT_LEISURE 512 /* from here on, letting go takes long enough to be left to a thread */

/* Copied when it must change while another thread still reads it. */
struct object_snapshot {
	gatomicrefcount readers;
	guint n, room;
	NadirObject **items; /* owned */
};

struct _NadirObjectList {
	GObject parent_instance;

	/* Owned */
	object_snapshot *now;
	spatial_index *index;
	GHashTable *counts; /* class id -> number of objects */

	guint64 version;
};

static void list_model_init(GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE(NadirObjectList, nadir_object_list, G_TYPE_OBJECT,
                              G_IMPLEMENT_INTERFACE(G_TYPE_LIST_MODEL, list_model_init))

/* --- what is read --- */

static object_snapshot *snapshot_new(guint room)
{
	object_snapshot *s = g_new0(object_snapshot, 1);
	g_atomic_ref_count_init(&s->readers);
	s->room = room;
	s->items = g_new(NadirObject *, MAX(room, 1));
	return s;
}

static gpointer free_items(gpointer data)
{
	object_snapshot *s = data;
	for (guint i = 0; i < s->n; i++)
		g_object_unref(s->items[i]);
	g_free(s->items);
	g_free(s);
	return NULL;
}

static void free_at_leisure(object_snapshot *s)
{
	if (s->n < AT_LEISURE)
		free_items(s);
	else
		g_thread_unref(g_thread_new("let-go", free_items, s));
}

void object_snapshot_unref(object_snapshot *s)
{
	if (s && g_atomic_ref_count_dec(&s->readers))
		free_at_leisure(s);
}

NadirObject *const *object_snapshot_items(const object_snapshot *s, guint *n)
{
	*n = s->n;
	return s->items;
}

object_snapshot *nadir_object_list_snapshot(NadirObjectList *l)
{
	g_return_val_if_fail(NADIR_IS_OBJECT_LIST(l), NULL);
	g_atomic_ref_count_inc(&l->now->readers);
	return l->now;
}

/* --- the model --- */

static GType get_item_type(GListModel *model)
{
	return NADIR_TYPE_OBJECT;
}

static guint get_n_items(GListModel *model)
{
	return NADIR_OBJECT_LIST(model)->now->n;
}

static gpointer get_item(GListModel *model, guint position)
{
	NadirObject *o = nadir_object_list_get(NADIR_OBJECT_LIST(model), position);
	return o ? g_object_ref(o) : NULL;
}

static void list_model_init(GListModelInterface *iface)
{
	iface->get_item_type = get_item_type;
	iface->get_n_items = get_n_items;
	iface->get_item = get_item;
}

static gpointer free_index(gpointer index)
{
	spatial_index_free(index);
	return NULL;
}

static void nadir_object_list_finalize(GObject *object)
{
	NadirObjectList *l = NADIR_OBJECT_LIST(object);
	if (l->now->n < AT_LEISURE)
		free_index(l->index);
	else
		g_thread_unref(g_thread_new("let-go", free_index, l->index));
	object_snapshot_unref(l->now);
	g_hash_table_unref(l->counts);
	G_OBJECT_CLASS(nadir_object_list_parent_class)->finalize(object);
}

static void nadir_object_list_class_init(NadirObjectListClass *klass)
{
	G_OBJECT_CLASS(klass)->finalize = nadir_object_list_finalize;
}

static void nadir_object_list_init(NadirObjectList *l)
{
	l->now = snapshot_new(0);
	l->index = spatial_index_new();
	l->counts = g_hash_table_new(NULL, NULL);
}

NadirObjectList *nadir_object_list_new(void)
{
	return g_object_new(NADIR_TYPE_OBJECT_LIST, NULL);
}

/* --- changes --- */

static void count(NadirObjectList *l, NadirObject *o, int by)
{
	gpointer id = GINT_TO_POINTER(nadir_object_get_feature(o)->class_id);
	const int n = GPOINTER_TO_INT(g_hash_table_lookup(l->counts, id)) + by;
	g_hash_table_insert(l->counts, id, GINT_TO_POINTER(n));
}

static void enter(NadirObjectList *l, NadirObject *o)
{
	double extent[4];
	count(l, o, 1);
	if (nadir_object_get_extent(o, extent))
		spatial_index_add(l->index, extent, o);
}

static void leave(NadirObjectList *l, NadirObject *o)
{
	double extent[4];
	count(l, o, -1);
	if (nadir_object_get_extent(o, extent))
		spatial_index_remove(l->index, extent, o);
}

/* l->now, so that nobody else reads it, with room for n. */
static void make_writable(NadirObjectList *l, guint n)
{
	object_snapshot *s = l->now;
	if (!g_atomic_ref_count_compare(&s->readers, 1)) {
		l->now = snapshot_new(n + n / 8 + 64);
		for (guint i = 0; i < s->n; i++)
			l->now->items[i] = g_object_ref(s->items[i]);
		l->now->n = s->n;
		object_snapshot_unref(s);
	} else if (n > s->room) {
		s->room = n + n / 8 + 64;
		s->items = g_renew(NadirObject *, s->items, s->room);
	}
}

static void apply_one(NadirObjectList *l, const object_change *c)
{
	guint position;
	NadirObject *before = nadir_object_list_find(l, c->id, &position);
	const guint removed = before ? 1 : 0, added = c->now ? 1 : 0;
	if (!removed && !added)
		return;
	make_writable(l, l->now->n + added - removed);
	object_snapshot *s = l->now;
	if (before)
		leave(l, before);
	memmove(s->items + position + added, s->items + position + removed, (s->n - position - removed) * sizeof *s->items);
	s->n += added - removed;
	if (c->now) {
		s->items[position] = g_object_ref(c->now);
		enter(l, c->now);
	}
	l->version++;
	g_list_model_items_changed(G_LIST_MODEL(l), position, removed, added);
	g_clear_object(&before);
}

static int newer_first(gconstpointer pa, gconstpointer pb)
{
	const object_change *a = *(object_change *const *)pa, *b = *(object_change *const *)pb;
	return a->id < b->id ? 1 : a->id > b->id ? -1 : 0;
}

/* By falling id, the last one of each: qsort of GLib keeps the order of equals. */
static GPtrArray *in_order(object_change *const *changes, guint n)
{
	GPtrArray *sorted = g_ptr_array_sized_new(n);
	for (guint i = 0; i < n; i++)
		g_ptr_array_add(sorted, changes[i]);
	g_ptr_array_sort(sorted, newer_first);
	guint kept = 0;
	for (guint i = 0; i < n; i++) {
		const bool same = kept > 0 && newer_first(&sorted->pdata[kept - 1], &sorted->pdata[i]) == 0;
		sorted->pdata[same ? kept - 1 : kept++] = sorted->pdata[i];
	}
	g_ptr_array_set_size(sorted, (int)kept);
	return sorted;
}

typedef struct {
	object_snapshot *next, *gone;
	guint first, removed, added; /* what "items-changed" says */
	bool any;
} merge;

/* The object at place i of the old list gives way to now; either may be NULL. */
static void replace(NadirObjectList *l, merge *m, guint i, NadirObject *before, NadirObject *now)
{
	if (!before && !now)
		return;
	if (!m->any)
		m->first = i;
	m->any = true;
	if (before) {
		leave(l, before);
		m->gone->items[m->gone->n++] = before;
	}
	if (now) {
		enter(l, now);
		m->next->items[m->next->n++] = g_object_ref(now);
	}
	m->removed = i + (before ? 1 : 0) - m->first;
	m->added = m->next->n - m->first;
}

static void apply_many(NadirObjectList *l, const GPtrArray *sorted)
{
	make_writable(l, l->now->n);
	object_snapshot *old = l->now;
	merge m = {snapshot_new(old->n + sorted->len), snapshot_new(sorted->len), 0, 0, 0, false};
	guint i = 0;
	for (guint k = 0; k < sorted->len; k++) {
		const object_change *c = sorted->pdata[k];
		while (i < old->n && nadir_object_get_feature(old->items[i])->id > c->id)
			m.next->items[m.next->n++] = old->items[i++];
		const bool have = i < old->n && nadir_object_get_feature(old->items[i])->id == c->id;
		replace(l, &m, i, have ? old->items[i] : NULL, c->now);
		i += have ? 1 : 0;
	}
	while (i < old->n)
		m.next->items[m.next->n++] = old->items[i++];
	old->n = 0; /* all of its references have gone elsewhere */
	object_snapshot_unref(old);
	l->now = m.next;
	l->version++;
	if (m.any)
		g_list_model_items_changed(G_LIST_MODEL(l), m.first, m.removed, m.added);
	object_snapshot_unref(m.gone);
}

void nadir_object_list_apply(NadirObjectList *l, object_change *const *changes, guint n)
{
	g_return_if_fail(NADIR_IS_OBJECT_LIST(l));
	if (n > FEW) {
		g_autoptr(GPtrArray) sorted = in_order(changes, n);
		apply_many(l, sorted);
		return;
	}
	for (guint i = 0; i < n; i++)
		apply_one(l, changes[i]);
}

void nadir_object_list_renamed(NadirObjectList *l, guint first, guint last)
{
	g_return_if_fail(NADIR_IS_OBJECT_LIST(l) && first <= last && last < l->now->n);
	l->version++;
	g_list_model_items_changed(G_LIST_MODEL(l), first, last - first + 1, last - first + 1);
}

void nadir_object_list_touch(NadirObjectList *l)
{
	g_return_if_fail(NADIR_IS_OBJECT_LIST(l));
	l->version++;
}

/* --- finding --- */

NadirObject *nadir_object_list_get(NadirObjectList *l, guint position)
{
	return position < l->now->n ? l->now->items[position] : NULL;
}

static gint64 id_at(const object_snapshot *s, guint position)
{
	return nadir_object_get_feature(s->items[position])->id;
}

/* Ids fall and none is there twice: so many can at most be above it, and so many at most not. Where none is missing
 * that is the place itself. */
static void bound(const object_snapshot *s, gint64 id, guint *low, guint *high)
{
	const gint64 n = s->n, first = n ? id_at(s, 0) : 0, last = n ? id_at(s, s->n - 1) : 0;
	*low = (guint)CLAMP(n - 1 - (id - last), 0, n);
	*high = (guint)CLAMP(first - id, *low, n);
}

NadirObject *nadir_object_list_find(NadirObjectList *l, gint64 id, guint *position)
{
	guint low, high;
	bound(l->now, id, &low, &high);
	while (low < high) {
		const guint middle = low + (high - low) / 2;
		if (id_at(l->now, middle) > id)
			low = middle + 1;
		else
			high = middle;
	}
	if (position)
		*position = low;
	NadirObject *o = nadir_object_list_get(l, low);
	return o && nadir_object_get_feature(o)->id == id ? o : NULL;
}

guint nadir_object_list_count(NadirObjectList *l, int class_id)
{
	return GPOINTER_TO_UINT(g_hash_table_lookup(l->counts, GINT_TO_POINTER(class_id)));
}

guint64 nadir_object_list_version(NadirObjectList *l)
{
	return l->version;
}

typedef struct {
	double x, y;
	NadirObject *newest;
} hit;

static bool test_hit(void *item, void *data)
{
	hit *h = data;
	const gint64 id = nadir_object_get_feature(item)->id;
	if (nadir_object_is_hidden(item) || nadir_object_is_locked(item))
		return true;
	if ((!h->newest || id > nadir_object_get_feature(h->newest)->id) && nadir_object_contains(item, h->x, h->y))
		h->newest = item;
	return true;
}

NadirObject *nadir_object_list_at(NadirObjectList *l, double x, double y)
{
	hit h = {x, y, NULL};
	spatial_index_search(l->index, (const double[4]){x - 1, y - 1, x + 1, y + 1}, test_hit, &h);
	return h.newest;
}

typedef struct {
	GPtrArray *found;
	guint most;
} gathering;

static bool gather(void *item, void *data)
{
	gathering *g = data;
	if (!nadir_object_is_hidden(item))
		g_ptr_array_add(g->found, item);
	return g->found->len <= g->most;
}

static int oldest_first(gconstpointer a, gconstpointer b)
{
	const gint64 x = nadir_object_get_feature(*(NadirObject *const *)a)->id;
	const gint64 y = nadir_object_get_feature(*(NadirObject *const *)b)->id;
	return x < y ? -1 : x > y ? 1 : 0;
}

bool nadir_object_list_search(NadirObjectList *l, const double area[4], guint most, GPtrArray *found)
{
	gathering g = {found, most};
	spatial_index_search(l->index, area, gather, &g);
	if (found->len > most) {
		g_ptr_array_set_size(found, 0);
		return false;
	}
	g_ptr_array_sort(found, oldest_first);
	return true;
}
