/* The disk cache of encodings: what is damaged, cut or not there is a miss, and the folder stays within its limit. */
#include "infer/models/embedding-cache.h"
#include <glib/gstdio.h>
#include <string.h>
#include <utime.h>

typedef struct {
	char *dir;
	embedding_cache *cache;
} fixture;

#define LIMIT 10000
#define KEY(c) "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde" c

static void set_up(fixture *f, gconstpointer unused)
{
	f->dir = g_dir_make_tmp("nadir-XXXXXX", NULL);
	g_autofree char *sub = g_build_filename(f->dir, "a", "b", NULL);
	f->cache = embedding_cache_new(sub, LIMIT);
	g_free(f->dir);
	f->dir = g_steal_pointer(&sub);
}

static void tear_down(fixture *f, gconstpointer unused)
{
	g_autoptr(GDir) dir = g_dir_open(f->dir, 0, NULL);
	for (const char *name; dir && (name = g_dir_read_name(dir));) {
		g_autofree char *path = g_build_filename(f->dir, name, NULL);
		g_unlink(path);
	}
	for (int i = 0; i < 3; i++) {
		char *up = g_path_get_dirname(f->dir);
		g_rmdir(f->dir);
		g_free(f->dir);
		f->dir = up;
	}
	g_free(f->dir);
	embedding_cache_free(f->cache);
}

static GBytes *bytes_of(guint8 value, gsize n)
{
	guint8 *p = g_malloc(n + 1);
	memset(p, value, n + 1);
	return g_bytes_new_take(p, n);
}

static void put(fixture *f, const char *key, guint8 value, gsize n)
{
	g_autoptr(GBytes) b = bytes_of(value, n);
	embedding_cache_put(f->cache, key, b);
}

static bool holds(fixture *f, const char *key, guint8 value, gsize n)
{
	g_autoptr(GBytes) want = bytes_of(value, n), got = embedding_cache_get(f->cache, key);
	g_assert_true(!got || g_bytes_equal(got, want));
	return got != NULL;
}

static char *path_of(fixture *f, const char *key)
{
	g_autofree char *name = g_strconcat(key, ".embedding", NULL);
	return g_build_filename(f->dir, name, NULL);
}

/* Makes an entry look as if it was last used that long ago. */
static void age(fixture *f, const char *key, int seconds)
{
	g_autofree char *path = path_of(f, key);
	const time_t when = time(NULL) - seconds;
	g_assert_cmpint(utime(path, &(struct utimbuf){when, when}), ==, 0);
}

static void test_put_get(fixture *f, gconstpointer unused)
{
	g_assert_false(holds(f, KEY("1"), 7, 1000));
	put(f, KEY("1"), 7, 1000);
	put(f, KEY("2"), 8, 0);
	g_assert_true(holds(f, KEY("1"), 7, 1000));
	g_assert_true(holds(f, KEY("2"), 8, 0));
	put(f, KEY("1"), 9, 2000);
	g_assert_true(holds(f, KEY("1"), 9, 2000));
	g_assert_false(holds(f, KEY("3"), 0, 0));
}

static void test_damage(fixture *f, gconstpointer unused)
{
	g_autofree char *path = path_of(f, KEY("1")), *file = NULL;
	gsize size;
	put(f, KEY("1"), 7, 1000);
	g_assert_true(g_file_get_contents(path, &file, &size, NULL));
	for (gsize at = 0; at < size; at += 37) {
		file[at] ^= 16;
		g_assert_true(g_file_set_contents(path, file, (gssize)size, NULL));
		g_assert_false(holds(f, KEY("1"), 7, 1000));
		file[at] ^= 16;
	}
	for (gsize n = 0; n < size; n += 61) {
		g_assert_true(g_file_set_contents(path, file, (gssize)n, NULL));
		g_assert_false(holds(f, KEY("1"), 7, 1000));
	}
	g_assert_true(g_file_set_contents(path, file, (gssize)size, NULL));
	g_assert_true(holds(f, KEY("1"), 7, 1000));
	/* An entry under another entry's name is not that entry. */
	g_autofree char *other = path_of(f, KEY("2"));
	g_assert_true(g_file_set_contents(other, file, (gssize)size, NULL));
	g_assert_false(holds(f, KEY("2"), 7, 1000));
}

static void test_limit(fixture *f, gconstpointer unused)
{
	put(f, KEY("1"), 1, 4000);
	put(f, KEY("2"), 2, 4000);
	age(f, KEY("1"), 100);
	age(f, KEY("2"), 200);
	g_assert_true(holds(f, KEY("2"), 2, 4000)); /* used now */
	put(f, KEY("3"), 3, 4000);
	g_assert_false(holds(f, KEY("1"), 1, 4000));
	g_assert_true(holds(f, KEY("2"), 2, 4000));
	g_assert_true(holds(f, KEY("3"), 3, 4000));
	put(f, KEY("4"), 4, LIMIT); /* larger than the whole cache: refused, nothing is thrown out for it */
	g_assert_false(holds(f, KEY("4"), 4, LIMIT));
	g_assert_true(holds(f, KEY("3"), 3, 4000));
}

static void test_remains(fixture *f, gconstpointer unused)
{
	g_autofree char *killed = path_of(f, KEY("1")), *foreign = g_build_filename(f->dir, "notes.txt", NULL);
	g_autofree char *part = g_strconcat(killed, ".AB12CD", NULL), *much = g_malloc0(9000);
	g_assert_true(g_file_set_contents(part, much, 9000, NULL)); /* a write that was killed */
	g_assert_true(g_file_set_contents(foreign, much, 9000, NULL));
	g_assert_cmpint(utime(part, &(struct utimbuf){1, 1}), ==, 0);
	put(f, KEY("2"), 2, 4000);
	g_assert_true(holds(f, KEY("2"), 2, 4000));
	g_assert_false(g_file_test(part, G_FILE_TEST_EXISTS));
	g_assert_true(g_file_test(foreign, G_FILE_TEST_EXISTS));
}

static void test_no_folder(void)
{
	g_autofree char *file = NULL;
	g_close(g_file_open_tmp("nadir-XXXXXX", &file, NULL), NULL);
	fixture f = {.dir = g_build_filename(file, "cache", NULL), .cache = NULL};
	f.cache = embedding_cache_new(f.dir, LIMIT); /* a file stands where the folder should be */
	put(&f, KEY("1"), 1, 100);
	g_assert_false(holds(&f, KEY("1"), 1, 100));
	embedding_cache_free(f.cache);
	g_free(f.dir);
	g_unlink(file);
}

static void *hammer(void *data)
{
	fixture *f = data;
	static const char *const keys[] = {KEY("1"), KEY("2"), KEY("3"), KEY("4")};
	for (int i = 0; i < 200; i++) {
		const char *key = keys[i % 4];
		put(f, key, (guint8)key[63], 3000);
		holds(f, keys[(i + 1) % 4], (guint8)keys[(i + 1) % 4][63], 3000);
	}
	return NULL;
}

static void test_threads(fixture *f, gconstpointer unused)
{
	GThread *threads[4];
	for (int i = 0; i < 4; i++)
		threads[i] = g_thread_new("cache", hammer, f);
	for (int i = 0; i < 4; i++)
		g_thread_join(threads[i]);
	int found = 0;
	found += holds(f, KEY("1"), '1', 3000);
	found += holds(f, KEY("2"), '2', 3000);
	found += holds(f, KEY("3"), '3', 3000);
	found += holds(f, KEY("4"), '4', 3000);
	g_assert_cmpint(found, >=, 1);
	g_assert_cmpint(found, <=, 3); /* 10,000 bytes hold three */
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add("/sam/cache/put-get", fixture, NULL, set_up, test_put_get, tear_down);
	g_test_add("/sam/cache/damage", fixture, NULL, set_up, test_damage, tear_down);
	g_test_add("/sam/cache/limit", fixture, NULL, set_up, test_limit, tear_down);
	g_test_add("/sam/cache/remains", fixture, NULL, set_up, test_remains, tear_down);
	g_test_add("/sam/cache/threads", fixture, NULL, set_up, test_threads, tear_down);
	g_test_add_func("/sam/cache/no-folder", test_no_folder);
	return g_test_run();
}
