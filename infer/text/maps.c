/* Hash tables of the tokenizer. */
#include <string.h>

#include "infer/text/tokenizer-private.h"

static guint table_size(guint expected)
{
	guint size = 16;
	while (size < expected * 2u && size < 1u << 30)
		size *= 2;
	return size;
}

/* FNV-1a with a last mix: entries are short and share beginnings. */
static guint hash_bytes(const char *key, gsize len)
{
	guint64 h = 0xcbf29ce484222325u;
	for (gsize i = 0; i < len; i++)
		h = (h ^ (guint8)key[i]) * 0x100000001b3u;
	return (guint)(h ^ h >> 29);
}

void string_map_init(string_map *m, guint expected)
{
	const guint size = table_size(expected);
	*m = (string_map){.slots = g_new0(struct map_slot, size), .mask = size - 1};
}

void string_map_clear(string_map *m)
{
	g_clear_pointer(&m->slots, g_free);
}

static struct map_slot *string_slot(const string_map *m, const char *key, gsize len)
{
	for (guint i = hash_bytes(key, len) & m->mask;; i = (i + 1) & m->mask) {
		struct map_slot *s = &m->slots[i];
		if (!s->key || (s->len == len && memcmp(s->key, key, len) == 0))
			return s;
	}
}

void string_map_put(string_map *m, const char *key, gsize len, int value)
{
	struct map_slot *s = string_slot(m, key, len);
	if (s->key)
		return;
	g_return_if_fail(m->used < m->mask); /* one slot stays empty, or a search would not end */
	*s = (struct map_slot){key, (guint32)len, value};
	m->used++;
}

int string_map_get(const string_map *m, const char *key, gsize len)
{
	const struct map_slot *s = string_slot(m, key, len);
	return s->key ? s->value : -1;
}

void pair_map_init(pair_map *m, guint expected)
{
	const guint size = table_size(expected);
	*m = (pair_map){.slots = g_new(struct pair_slot, size), .mask = size - 1};
	for (guint i = 0; i < size; i++)
		m->slots[i].key = G_MAXUINT64;
}

void pair_map_clear(pair_map *m)
{
	g_clear_pointer(&m->slots, g_free);
}

static struct pair_slot *pair_slot(const pair_map *m, int left, int right)
{
	const guint64 key = (guint64)(guint32)left << 32 | (guint32)right;
	for (guint i = (guint)(key * 0x9e3779b97f4a7c15u >> 33) & m->mask;; i = (i + 1) & m->mask) {
		struct pair_slot *s = &m->slots[i];
		if (s->key == key || s->key == G_MAXUINT64)
			return s;
	}
}

void pair_map_put(pair_map *m, int left, int right, guint32 rank, int result)
{
	struct pair_slot *s = pair_slot(m, left, right);
	if (s->key == G_MAXUINT64)
		*s = (struct pair_slot){(guint64)(guint32)left << 32 | (guint32)right, rank, result};
}

const struct pair_slot *pair_map_get(const pair_map *m, int left, int right)
{
	const struct pair_slot *s = pair_slot(m, left, right);
	return s->key == G_MAXUINT64 ? NULL : s;
}
