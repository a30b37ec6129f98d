#include "render/geometry/spatial-index.h"

#include <math.h>

enum { LOWEST = 4, LEVELS = 28 }; /* cells of 16 to 2^31 units */

typedef struct {
	double extent[4];
	void *item;
} entry;

typedef struct {
	gint64 key;      /* column and row */
	GArray *entries; /* of entry */
} cell;

struct spatial_index {
	GHashTable *levels[LEVELS]; /* of cell by its key; NULL: nothing of this size yet */
};

static void cell_free(void *data)
{
	cell *c = data;
	g_array_unref(c->entries);
	g_free(c);
}

spatial_index *spatial_index_new(void)
{
	return g_new0(spatial_index, 1);
}

void spatial_index_free(spatial_index *x)
{
	for (int i = 0; x && i < LEVELS; i++)
		g_clear_pointer(&x->levels[i], g_hash_table_unref);
	g_free(x);
}

static double cell_size(int level)
{
	return ldexp(1, level + LOWEST);
}

static int level_of(const double e[4])
{
	int exponent = 0;
	frexp(fmax(e[2] - e[0], e[3] - e[1]), &exponent);
	return CLAMP(exponent - LOWEST, 0, LEVELS - 1);
}

static gint64 key_of(gint64 column, gint64 row)
{
	return (gint64)((guint64)column << 32) ^ (row & 0xffffffff);
}

/* GLib's own hash of 64 bits would be column ^ row: the same for whole diagonals. */
static guint key_hash(const void *key)
{
	return (guint)((*(const guint64 *)key * G_GUINT64_CONSTANT(0x9e3779b97f4a7c15)) >> 32);
}

static gint64 key_at(const double e[4], int level)
{
	const double size = cell_size(level);
	return key_of((gint64)floor((e[0] + e[2]) / 2 / size), (gint64)floor((e[1] + e[3]) / 2 / size));
}

void spatial_index_add(spatial_index *x, const double extent[4], void *item)
{
	const int level = level_of(extent);
	const gint64 key = key_at(extent, level);
	if (!x->levels[level])
		x->levels[level] = g_hash_table_new_full(key_hash, g_int64_equal, NULL, cell_free);
	cell *c = g_hash_table_lookup(x->levels[level], &key);
	if (!c) {
		c = g_new(cell, 1);
		*c = (cell){key, g_array_new(FALSE, FALSE, sizeof(entry))};
		g_hash_table_insert(x->levels[level], &c->key, c);
	}
	const entry e = {{extent[0], extent[1], extent[2], extent[3]}, item};
	g_array_append_val(c->entries, e);
}

bool spatial_index_remove(spatial_index *x, const double extent[4], void *item)
{
	const int level = level_of(extent);
	const gint64 key = key_at(extent, level);
	cell *c = x->levels[level] ? g_hash_table_lookup(x->levels[level], &key) : NULL;
	for (guint i = 0; c && i < c->entries->len; i++) {
		if (g_array_index(c->entries, entry, i).item != item)
			continue;
		g_array_remove_index_fast(c->entries, i);
		if (c->entries->len == 0)
			g_hash_table_remove(x->levels[level], &key);
		return true;
	}
	return false;
}

/* --- search --- */

typedef struct {
	const double *area;
	bool (*found)(void *item, void *data);
	void *data;
} search;

static bool search_cell(const cell *c, const search *s)
{
	const double *a = s->area;
	for (guint i = 0; i < c->entries->len; i++) {
		const entry *e = &g_array_index(c->entries, entry, i);
		if (e->extent[0] <= a[2] && e->extent[2] >= a[0] && e->extent[1] <= a[3] && e->extent[3] >= a[1] &&
		    !s->found(e->item, s->data))
			return false;
	}
	return true;
}

static bool search_all(GHashTable *cells, const search *s)
{
	GHashTableIter iter;
	gpointer c;
	g_hash_table_iter_init(&iter, cells);
	while (g_hash_table_iter_next(&iter, NULL, &c))
		if (!search_cell(c, s))
			return false;
	return true;
}

/* A thing is at most as large as its cell, so it reaches half a cell beyond it; the last level holds all above. */
static bool search_level(GHashTable *cells, int level, const search *s)
{
	const double size = cell_size(level), *a = s->area;
	const double c0 = floor((a[0] - size / 2) / size), c1 = floor((a[2] + size / 2) / size);
	const double r0 = floor((a[1] - size / 2) / size), r1 = floor((a[3] + size / 2) / size);
	if (level == LEVELS - 1 || (c1 - c0 + 1) * (r1 - r0 + 1) > g_hash_table_size(cells))
		return search_all(cells, s);
	for (gint64 row = (gint64)r0; row <= (gint64)r1; row++)
		for (gint64 column = (gint64)c0; column <= (gint64)c1; column++) {
			const gint64 key = key_of(column, row);
			const cell *c = g_hash_table_lookup(cells, &key);
			if (c && !search_cell(c, s))
				return false;
		}
	return true;
}

void spatial_index_search(const spatial_index *x, const double area[4], bool (*found)(void *item, void *data),
                          void *data)
{
	const search s = {area, found, data};
	for (int i = 0; i < LEVELS; i++)
		if (x->levels[i] && !search_level(x->levels[i], i, &s))
			return;
}
