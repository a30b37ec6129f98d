#include "infer/models/embedding-cache.h"
#include "infer/models/sam-model.h"
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <utime.h>

#define SUFFIX ".embedding"
#define MAGIC "nadircch"

struct embedding_cache {
	char *dir;
	uint64_t limit;
	GMutex trimming;
};

/* In front of each entry. */
typedef struct {
	char magic[8];
	uint64_t bytes, checksum;
	char key[64];
} entry_header;

embedding_cache *embedding_cache_new(const char *dir, uint64_t limit)
{
	embedding_cache *c = g_new0(embedding_cache, 1);
	c->dir = g_strdup(dir);
	c->limit = limit;
	g_mutex_init(&c->trimming);
	g_mkdir_with_parents(dir, 0700); /* when it fails every read is a miss and every write is dropped */
	return c;
}

void embedding_cache_free(embedding_cache *c)
{
	if (!c)
		return;
	g_mutex_clear(&c->trimming);
	g_free(c->dir);
	g_free(c);
}

/* The pixels that decide the encoding are those the model reads: the crop after resizing. That also keeps hashing cheap
 * when the crop is a whole large image. */
/* The crop's own pixels, not what they are resized to: hashing them costs less than making those twice. */
char *embedding_cache_key(const sam_model *m, const uint8_t *rgb, size_t stride, const sam_crop *crop)
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	const int32_t place[] = {crop->x, crop->y, crop->w, crop->h, (int32_t)m->act};
	g_checksum_update(sum, m->hash, sizeof m->hash);
	g_checksum_update(sum, (const guchar *)place, sizeof place);
	for (int y = 0; y < crop->h; y++)
		g_checksum_update(sum, rgb + (size_t)y * stride, (gssize)crop->w * 3);
	return g_strdup(g_checksum_get_string(sum));
}

static char *entry_path(const embedding_cache *c, const char *key)
{
	g_autofree char *name = g_strconcat(key, SUFFIX, NULL);
	return g_build_filename(c->dir, name, NULL);
}

static entry_header header_for(const char *key, const void *data, size_t bytes)
{
	entry_header h = {.bytes = bytes, .checksum = sam_checksum(data, bytes)};
	memcpy(h.magic, MAGIC, sizeof h.magic);
	memcpy(h.key, key, MIN(strlen(key), sizeof h.key));
	return h;
}

GBytes *embedding_cache_get(embedding_cache *c, const char *key)
{
	g_autofree char *path = entry_path(c, key);
	g_autofree char *file = NULL;
	gsize size;
	if (!g_file_get_contents(path, &file, &size, NULL) || size < sizeof(entry_header))
		return NULL;
	const entry_header h = header_for(key, file + sizeof h, size - sizeof h);
	if (memcmp(&h, file, sizeof h) != 0)
		return NULL;
	utime(path, NULL); /* used now: access times are often switched off */
	g_autoptr(GBytes) all = g_bytes_new_take(g_steal_pointer(&file), size);
	return g_bytes_new_from_bytes(all, sizeof h, size - sizeof h);
}

typedef struct {
	char *path;
	uint64_t bytes;
	gint64 used; /* nanoseconds */
} entry;

static void entry_clear(void *data)
{
	g_free(((entry *)data)->path);
}

static int oldest_first(const void *a, const void *b)
{
	const entry *x = a, *y = b;
	return (x->used > y->used) - (x->used < y->used);
}

/* Entries, and the remains of writes that were killed: both have the suffix in their name. */
static GArray *list_entries(const embedding_cache *c, uint64_t *total)
{
	GArray *list = g_array_new(FALSE, FALSE, sizeof(entry));
	g_array_set_clear_func(list, entry_clear);
	g_autoptr(GDir) dir = g_dir_open(c->dir, 0, NULL);
	*total = 0;
	for (const char *name; dir && (name = g_dir_read_name(dir));) {
		GStatBuf st;
		g_autofree char *path = g_build_filename(c->dir, name, NULL);
		if (!strstr(name, SUFFIX) || g_stat(path, &st) != 0 || !S_ISREG(st.st_mode))
			continue;
		entry e = {g_steal_pointer(&path), (uint64_t)st.st_size,
		           (gint64)st.st_mtim.tv_sec * G_GINT64_CONSTANT(1000000000) + st.st_mtim.tv_nsec};
		*total += e.bytes;
		g_array_append_val(list, e);
	}
	g_array_sort(list, oldest_first);
	return list;
}

static void trim(embedding_cache *c)
{
	uint64_t total;
	g_mutex_lock(&c->trimming);
	g_autoptr(GArray) list = list_entries(c, &total);
	for (guint i = 0; i < list->len && total > c->limit; i++) {
		const entry *e = &g_array_index(list, entry, i);
		g_unlink(e->path);
		total -= e->bytes;
	}
	g_mutex_unlock(&c->trimming);
}

void embedding_cache_put(embedding_cache *c, const char *key, GBytes *bytes)
{
	gsize size;
	const uint8_t *data = g_bytes_get_data(bytes, &size);
	if (sizeof(entry_header) + size > c->limit)
		return; /* would throw out everything else and then itself */
	g_autofree char *path = entry_path(c, key);
	g_autofree uint8_t *file = g_malloc(sizeof(entry_header) + size);
	const entry_header h = header_for(key, data, size);
	memcpy(file, &h, sizeof h);
	if (size > 0)
		memcpy(file + sizeof h, data, size);
	/* By rename. Not flushed to disk: after a power failure a damaged entry is a miss. */
	if (g_file_set_contents_full(path, (char *)file, (gssize)(sizeof h + size), G_FILE_SET_CONTENTS_CONSISTENT, 0600,
	                             NULL))
		trim(c);
}
