#include "render/raster/tile-cache.h"
#include "render/raster/tile-worker.h"
#include <math.h>
#include <string.h>

typedef struct {
	tile t;
	uint32_t generation;
	uint32_t wish; /* the last wish that named it: what is in sight is never evicted */
	char *error;
	GList link; /* least recently used first */
} entry;

struct tile_cache {
	raster *r;
	tile_workers *workers;
	raster_style style;
	uint64_t budget, bytes;
	GDestroyNotify free_user;
	void (*changed)(void *data);
	void *data;
	GHashTable *entries; /* tile_key -> entry */
	GQueue used;
	uint32_t generation, wish;
	int level; /* of the last wish; -1: none yet */
	raster_rect area;
	bool stopped;    /* until the view changes */
	double ahead[2]; /* where the view will be soon if it goes on like this: full-size pixels from area */
	GArray *wanted;  /* tile_key in sight, as of the last wish */
	GArray *next;    /* tile_next */
};

static guint key_hash(gconstpointer p)
{
	const tile_key *k = p;
	return ((guint)k->y * 73856093u) ^ ((guint)k->x * 19349663u) ^ ((guint)k->level * 83492791u);
}

static gboolean key_equal(gconstpointer a, gconstpointer b)
{
	const tile_key *p = a, *q = b;
	return p->level == q->level && p->x == q->x && p->y == q->y;
}

static void entry_drop(tile_cache *c, entry *e)
{
	g_hash_table_remove(c->entries, &e->t.key);
	g_queue_unlink(&c->used, &e->link);
	if (e->t.pixels)
		c->bytes -= g_bytes_get_size(e->t.pixels);
	g_clear_pointer(&e->t.pixels, g_bytes_unref);
	if (e->t.user && c->free_user)
		c->free_user(e->t.user);
	g_free(e->error);
	g_free(e);
}

static bool is_pinned(const tile_cache *c, const entry *e)
{
	return e->t.key.level == raster_get_info(c->r)->n_levels - 1 || e->wish == c->wish;
}

static void evict(tile_cache *c)
{
	GList *next;
	for (GList *l = c->used.head; l && c->bytes > c->budget; l = next) {
		next = l->next;
		if (!is_pinned(c, l->data))
			entry_drop(c, l->data);
	}
}

static bool is_among(const GArray *keys, guint n, const tile_key *key)
{
	for (guint i = 0; i < n; i++)
		if (key_equal(&g_array_index(keys, tile_key, i), key))
			return true;
	return false;
}

static bool is_wanted(const tile_cache *c, const tile_key *key)
{
	return is_among(c->wanted, c->wanted->len, key);
}

static void take_result(tile_cache *c, tile_result *t)
{
	entry *old = g_hash_table_lookup(c->entries, &t->key);
	if (t->generation != c->generation || (t->rough && old && old->generation == c->generation && !old->t.rough))
		return;
	if (old)
		entry_drop(c, old);
	entry *e = g_new0(entry, 1);
	e->t = (tile){
		.key = t->key, .area = t->area, .pixels = g_steal_pointer(&t->pixels), .opaque = t->opaque, .rough = t->rough};
	e->error = g_steal_pointer(&t->error);
	e->t.error = e->error;
	e->generation = c->generation;
	e->wish = is_wanted(c, &t->key) ? c->wish : c->wish - 1;
	e->link.data = e;
	c->bytes += e->t.pixels ? g_bytes_get_size(e->t.pixels) : 0;
	g_hash_table_insert(c->entries, &e->t.key, e);
	g_queue_push_tail_link(&c->used, &e->link);
}

static void arrived(GPtrArray *results, void *data)
{
	tile_cache *c = data;
	for (guint i = 0; i < results->len; i++)
		take_result(c, results->pdata[i]);
	evict(c);
	if (c->changed)
		c->changed(c->data);
}

tile_cache *tile_cache_new(raster *r, const raster_style *style, uint64_t budget, GDestroyNotify free_user,
                           void (*changed)(void *data), void *data)
{
	tile_cache *c = g_new0(tile_cache, 1);
	c->r = raster_ref(r);
	c->style = *style;
	c->budget = budget;
	c->free_user = free_user;
	c->changed = changed;
	c->data = data;
	c->level = -1;
	c->entries = g_hash_table_new(key_hash, key_equal);
	c->wanted = g_array_new(FALSE, FALSE, sizeof(tile_key));
	c->next = g_array_new(FALSE, FALSE, sizeof(tile_next));
	g_queue_init(&c->used);
	c->workers = tile_workers_new(r, arrived, c);
	return c;
}

void tile_cache_free(tile_cache *c)
{
	tile_workers_stop(c->workers);
	while (c->used.head)
		entry_drop(c, c->used.head->data);
	g_hash_table_unref(c->entries);
	g_array_unref(c->wanted);
	g_array_unref(c->next);
	raster_unref(c->r);
	g_free(c);
}

int tile_cache_level(const tile_cache *c, double scale)
{
	const raster_info *info = raster_get_info(c->r);
	int level = 0;
	/* One in a hundred of enlargement is not seen; sizes of levels are rounded. */
	while (level + 1 < info->n_levels && scale * info->width <= info->levels[level + 1].width * 1.01)
		level++;
	return level;
}

/* Columns or rows of tiles that [at, at + size) of the full image meets at a level; last is inclusive. */
static void tile_range(int at, int size, int full, int side, int *first, int *last)
{
	int tiles = (side + TILE_SIDE - 1) / TILE_SIDE;
	double ratio = (double)side / full;
	*first = CLAMP((int)floor(at * ratio / TILE_SIDE), 0, tiles - 1);
	*last = CLAMP((int)ceil((at + (double)size) * ratio / TILE_SIDE) - 1, *first, tiles - 1);
}

typedef struct {
	tile_key key;
	double distance;
} ranked;

static int by_distance(gconstpointer a, gconstpointer b)
{
	const ranked *p = a, *q = b;
	return p->distance < q->distance ? -1 : p->distance > q->distance;
}

/* Where the view was moved to lately it will be moved again: what is AHEAD wishes further on is read before it is in
 * sight, but never more than one view ahead. A change of scale is no movement. */
#define AHEAD 12

static void note_motion(tile_cache *c, int level, const raster_rect *area)
{
	const bool moved = c->level == level && abs(c->area.w - area->w) <= 2 && abs(c->area.h - area->h) <= 2;
	const double dx = area->x - c->area.x, dy = area->y - c->area.y;
	if (moved && dx == 0 && dy == 0)
		return; /* drawn again: a pan may well go on */
	c->ahead[0] = moved ? CLAMP(AHEAD * dx, -area->w, area->w) : 0;
	c->ahead[1] = moved ? CLAMP(AHEAD * dy, -area->h, area->h) : 0;
}

static void append_tiles(const tile_cache *c, int level, const raster_rect *area, int ring, GArray *keys);

/* How many tiles may be read that are not in sight yet: more would push each other out. */
static guint room_ahead(const tile_cache *c, guint in_sight)
{
	const uint64_t most = c->budget / (TILE_SIDE * TILE_SIDE * 4);
	return (guint)(most > in_sight ? MIN(most - in_sight, G_MAXINT) : 0);
}

/* The tiles around the view, those ahead of it first, `most` of them. */
static void append_ahead(const tile_cache *c, GArray *keys, guint most)
{
	const raster_info *info = raster_get_info(c->r);
	g_autoptr(GArray) outside = g_array_new(FALSE, FALSE, sizeof(tile_key));
	raster_rect next = {c->area.x + (int)c->ahead[0], c->area.y + (int)c->ahead[1], c->area.w, c->area.h};
	next.x = CLAMP(next.x, 0, MAX(0, info->width - next.w));
	next.y = CLAMP(next.y, 0, MAX(0, info->height - next.h));
	if (c->ahead[0] != 0 || c->ahead[1] != 0)
		append_tiles(c, c->level, &next, 0, outside);
	append_tiles(c, c->level, &c->area, 1, outside);
	for (guint i = 0; i < outside->len && most > 0; i++) {
		const tile_key *key = &g_array_index(outside, tile_key, i);
		if (is_among(keys, keys->len, key))
			continue;
		g_array_append_vals(keys, key, 1);
		most--;
	}
}

/* Appends the tiles of a level that meet area, from its centre out; ring: those just outside of it instead. */
static void append_tiles(const tile_cache *c, int level, const raster_rect *area, int ring, GArray *keys)
{
	const raster_info *info = raster_get_info(c->r);
	const raster_level *l = &info->levels[level];
	g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(ranked));
	int x0, x1, y0, y1;
	double cx = (area->x + area->w / 2.0) * l->width / info->width / TILE_SIDE;
	double cy = (area->y + area->h / 2.0) * l->height / info->height / TILE_SIDE;
	tile_range(area->x, area->w, info->width, l->width, &x0, &x1);
	tile_range(area->y, area->h, info->height, l->height, &y0, &y1);
	int columns = (l->width - 1) / TILE_SIDE, rows = (l->height - 1) / TILE_SIDE;
	for (int y = MAX(0, y0 - ring); y <= MIN(rows, y1 + ring); y++)
		for (int x = MAX(0, x0 - ring); x <= MIN(columns, x1 + ring); x++) {
			if (ring && x >= x0 && x <= x1 && y >= y0 && y <= y1)
				continue;
			ranked k = {{level, x, y}, hypot(x + 0.5 - cx, y + 0.5 - cy)};
			g_array_append_val(list, k);
		}
	g_array_sort(list, by_distance);
	for (guint i = 0; i < list->len; i++)
		g_array_append_val(keys, g_array_index(list, ranked, i).key);
}

static bool is_there(const tile_cache *c, const tile_key *key)
{
	const entry *e = g_hash_table_lookup(c->entries, key);
	return e && e->generation == c->generation && !e->t.rough;
}

/* Hands to the workers what is missing: the coarsest level (it covers everything), what is in sight, what lies around
 * it. */
static void send_wishes(tile_cache *c)
{
	const raster_info *info = raster_get_info(c->r);
	const raster_rect all = {0, 0, info->width, info->height};
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(tile_key));
	c->wish++;
	g_array_set_size(c->wanted, 0);
	append_tiles(c, info->n_levels - 1, &all, 0, keys);
	if (c->level >= 0 && c->area.w > 0 && c->area.h > 0) {
		append_tiles(c, c->level, &c->area, 0, c->wanted);
		g_array_append_vals(keys, c->wanted->data, c->wanted->len);
		append_ahead(c, keys, room_ahead(c, keys->len));
	}
	for (guint i = 0; i < c->next->len; i++) {
		const tile_next *next = &g_array_index(c->next, tile_next, i);
		append_tiles(c, next->level, &next->area, 0, keys);
	}
	guint n = 0;
	for (guint i = 0; i < keys->len; i++) {
		tile_key *key = &g_array_index(keys, tile_key, i);
		entry *e = g_hash_table_lookup(c->entries, key);
		if (e && is_wanted(c, key))
			e->wish = c->wish;
		if (!is_there(c, key) && !is_among(keys, n, key))
			g_array_index(keys, tile_key, n++) = *key;
	}
	tile_workers_want(c->workers, &c->style, c->generation, (tile_key *)(void *)keys->data, n);
}

void tile_cache_set_style(tile_cache *c, const raster_style *style)
{
	c->style = *style;
	c->generation++;
	if (c->level >= 0)
		send_wishes(c);
}

void tile_cache_want(tile_cache *c, int level, const raster_rect *area)
{
	const raster_info *info = raster_get_info(c->r);
	level = CLAMP(level, 0, info->n_levels - 1);
	if (c->stopped && c->level == level && memcmp(&c->area, area, sizeof *area) == 0)
		return;
	c->stopped = false;
	note_motion(c, level, area);
	c->level = level;
	c->area = *area;
	send_wishes(c);
	evict(c);
}

void tile_cache_stop(tile_cache *c)
{
	c->stopped = true;
	tile_workers_want(c->workers, &c->style, c->generation, NULL, 0);
}

void tile_cache_read_again(tile_cache *c)
{
	GList *next;
	for (GList *l = c->used.head; l; l = next) {
		next = l->next;
		if (((entry *)l->data)->error)
			entry_drop(c, l->data);
	}
	c->stopped = false;
	send_wishes(c);
}

tile *tile_cache_get(tile_cache *c, tile_key key)
{
	entry *e = g_hash_table_lookup(c->entries, &key);
	if (!e)
		return NULL;
	g_queue_unlink(&c->used, &e->link);
	g_queue_push_tail_link(&c->used, &e->link);
	return &e->t;
}

void tile_cache_get_stats(const tile_cache *c, tile_cache_stats *out)
{
	GHashTableIter iter;
	void *value;
	*out = (tile_cache_stats){.bytes = c->bytes, .budget = c->budget, .tiles = g_hash_table_size(c->entries)};
	g_hash_table_iter_init(&iter, c->entries);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		out->failed += ((entry *)value)->error != NULL;
	for (guint i = 0; i < c->wanted->len; i++)
		out->pending += !is_there(c, &g_array_index(c->wanted, tile_key, i));
}

void tile_cache_want_next(tile_cache *c, const tile_next *next, guint n)
{
	g_array_set_size(c->next, 0);
	if (n > 0)
		g_array_append_vals(c->next, next, n);
	send_wishes(c);
}

bool tile_cache_has(const tile_cache *c, int level, const raster_rect *area)
{
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(tile_key));
	append_tiles(c, level, area, 0, keys);
	for (guint i = 0; i < keys->len; i++)
		if (!is_there(c, &g_array_index(keys, tile_key, i)))
			return false;
	return true;
}

void tile_cache_set_listener(tile_cache *c, void (*changed)(void *data), void *data)
{
	c->changed = changed;
	c->data = data;
}
