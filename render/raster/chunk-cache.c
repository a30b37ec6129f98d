#include "render/raster/chunk-cache.h"

struct chunk {
	uint64_t key;
	void *bytes; /* NULL while it is being made */
	size_t size;
	int users;
	GList link; /* in the list of unused ones, oldest first, while users is 0 */
};

struct chunk_cache {
	GMutex lock;
	GCond made;
	GHashTable *chunks; /* key -> chunk */
	GQueue unused;
	uint64_t budget, unused_bytes;
};

chunk_cache *chunk_cache_new(uint64_t budget)
{
	chunk_cache *c = g_new0(chunk_cache, 1);
	g_mutex_init(&c->lock);
	g_cond_init(&c->made);
	c->chunks = g_hash_table_new(g_int64_hash, g_int64_equal);
	g_queue_init(&c->unused);
	c->budget = budget;
	return c;
}

static void drop(chunk_cache *c, chunk *k)
{
	g_hash_table_remove(c->chunks, &k->key);
	g_free(k->bytes);
	g_free(k);
}

void chunk_cache_free(chunk_cache *c)
{
	GList *link;
	while ((link = g_queue_pop_head_link(&c->unused)))
		drop(c, link->data);
	g_hash_table_unref(c->chunks);
	g_mutex_clear(&c->lock);
	g_cond_clear(&c->made);
	g_free(c);
}

static void evict(chunk_cache *c)
{
	while (c->unused_bytes > c->budget) {
		chunk *k = g_queue_pop_head_link(&c->unused)->data;
		c->unused_bytes -= k->size;
		drop(c, k);
	}
}

/* The chunk if it is there or being made by somebody else (waits for it). The lock is held. */
static chunk *find(chunk_cache *c, uint64_t key)
{
	chunk *k;
	while ((k = g_hash_table_lookup(c->chunks, &key)) && !k->bytes)
		g_cond_wait(&c->made, &c->lock);
	if (k && k->users++ == 0) {
		g_queue_unlink(&c->unused, &k->link);
		c->unused_bytes -= k->size;
	}
	return k;
}

chunk *chunk_cache_get(chunk_cache *c, uint32_t plane, uint32_t number, chunk_make make, void *data, GError **error)
{
	uint64_t key = (uint64_t)plane << 32 | number;
	g_mutex_lock(&c->lock);
	chunk *k = find(c, key);
	if (k) {
		g_mutex_unlock(&c->lock);
		return k;
	}
	k = g_new0(chunk, 1);
	k->key = key;
	k->users = 1;
	k->link.data = k;
	g_hash_table_add(c->chunks, &k->key);
	g_mutex_unlock(&c->lock);

	size_t size = 0;
	void *bytes = make(data, &size, error);

	g_mutex_lock(&c->lock);
	k->bytes = bytes;
	k->size = size;
	if (!bytes) {
		/* Those who wait look again, find nothing and try for themselves. */
		drop(c, k);
		k = NULL;
	}
	g_cond_broadcast(&c->made);
	g_mutex_unlock(&c->lock);
	return k;
}

const void *chunk_bytes(const chunk *k)
{
	return k->bytes;
}

void chunk_cache_release(chunk_cache *c, chunk *k)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&c->lock);
	if (--k->users > 0)
		return;
	g_queue_push_tail_link(&c->unused, &k->link);
	c->unused_bytes += k->size;
	evict(c);
}
