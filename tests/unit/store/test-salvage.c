/* Damaged projects: what is read is what was stored, what is lost is counted, and the damaged file stays as it is. */
#include "store-fixture.h"

#include <glib/gstdio.h>
#include <string.h>

enum { OBJECTS = 300, PAGE = 4096 };

typedef struct {
	char *folder, *path, *data;
	gsize size;
	GHashTable *stored; /* id -> feature */
} fixture;

static void set_up(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	f->folder = fixture_folder();
	f->path = g_build_filename(f->folder, "scene.tif.nadir.gpkg", NULL);
	g_autoptr(project) p = project_create(f->path, &error);
	const gint64 image = fixture_image(p, "/data/scene.tif", true);
	f->stored = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, (GDestroyNotify)feature_free);
	for (int i = 0; i < OBJECTS; i++) {
		feature *o = fixture_object(i % 3 ? "ship" : "dock", i, i, 20 + i % 7, 10);
		g_assert_true(project_insert(p, image, o, "accept", &error));
		g_assert_no_error(error);
		g_hash_table_insert(f->stored, &o->id, o);
	}
	g_clear_pointer(&p, project_close);
	g_assert_true(g_file_get_contents(f->path, &f->data, &f->size, NULL));
}

static void tear_down(fixture *f, gconstpointer unused)
{
	g_hash_table_unref(f->stored);
	g_free(f->path);
	g_free(f->data);
	fixture_folder_remove(f->folder);
}

/* Opens it damaged, sees that what is there is as it was; returns the number of objects. */
static guint salvage(fixture *f, char **what)
{
	g_autoptr(GError) error = NULL;
	g_assert_null(project_open(f->path, &error));
	g_assert_error(error, PROJECT_ERROR, PROJECT_ERROR_CORRUPT);
	g_clear_error(&error);
	g_autoptr(project) p = project_salvage(f->path, what, &error);
	g_assert_no_error(error);
	g_autoptr(GPtrArray) list = project_objects(p, 0, &error);
	g_assert_no_error(error);
	for (guint i = 0; i < list->len; i++) {
		const feature *o = list->pdata[i], *was = g_hash_table_lookup(f->stored, &o->id);
		g_assert_nonnull(was);
		g_assert_cmpstr(o->class_name, ==, was->class_name);
		g_assert_true(g_bytes_equal(o->px_geom, was->px_geom));
	}
	g_assert_true(project_is_read_only(p));
	g_autofree char *copy = g_build_filename(f->folder, "repaired.nadir.gpkg", NULL);
	g_assert_true(project_save_as(p, copy, &error));
	g_assert_no_error(error);
	g_autoptr(GPtrArray) again = project_objects(p, 0, &error);
	g_assert_cmpuint(again->len, ==, list->len);
	g_autoptr(feature) more = fixture_object("ship", 1, 1, 9, 9);
	g_assert_true(project_insert(p, 1, more, "accept", &error)); /* the repaired copy may be worked on */
	g_assert_no_error(error);
	return list->len;
}

static void write_damaged(fixture *f, gsize size)
{
	g_assert_true(g_file_set_contents(f->path, f->data, (gssize)size, NULL));
}

/* The page that holds most of a text. */
static gsize page_of(const fixture *f, const char *text)
{
	gsize best = 0;
	guint most = 0;
	for (gsize page = PAGE; page + PAGE <= f->size; page += PAGE) {
		guint n = 0;
		for (gsize i = page; i + strlen(text) < page + PAGE; i++)
			n += memcmp(f->data + i, text, strlen(text)) == 0;
		if (n > most) {
			most = n;
			best = page;
		}
	}
	g_assert_cmpuint(most, >, 0);
	return best;
}

static void test_page(fixture *f, gconstpointer unused)
{
	g_autofree char *what = NULL;
	/* an outline of polygons begins with these bytes: the page is of nadir_objects or of the views */
	const gsize page = page_of(f, "[{\"kind\":\"point\"");
	memset(f->data + page, 0x5a, PAGE);
	write_damaged(f, f->size);
	const guint n = salvage(f, &what);
	g_test_message("%s", what);
	g_assert_cmpuint(n, <=, OBJECTS);
	g_assert_cmpuint(n, >=, OBJECTS - 40);
	g_assert_nonnull(strstr(what, f->path));
	g_autofree char *now = NULL;
	gsize size;
	g_assert_true(g_file_get_contents(f->path, &now, &size, NULL));
	g_assert_true(size == f->size && memcmp(now, f->data, size) == 0); /* not written to */
}

static void test_every_page(fixture *f, gconstpointer unused)
{
	g_autofree char *whole = g_memdup2(f->data, f->size);
	guint worst = OBJECTS, readable = 0, tried = 0;
	for (gsize page = 4 * PAGE; page + PAGE <= f->size; page += 23 * PAGE) {
		g_autofree char *what = NULL;
		g_autoptr(GError) error = NULL;
		memcpy(f->data, whole, f->size);
		memset(f->data + page, 0xa5, PAGE);
		write_damaged(f, f->size);
		g_autoptr(project) sound = project_open(f->path, NULL); /* a free page does not matter */
		if (sound)
			continue;
		tried++;
		g_autoptr(project) p = project_salvage(f->path, &what, &error);
		g_autoptr(GPtrArray) list = p ? project_objects(p, 0, NULL) : NULL;
		if (!list) { /* the page was the schema's own: said so */
			g_assert_error(error, PROJECT_ERROR, error->code);
			continue;
		}
		readable++;
		worst = MIN(worst, list->len);
	}
	g_test_message("%u of %u damaged files could be read, at least %u of %d objects", readable, tried, worst, OBJECTS);
	g_assert_cmpuint(tried, >, 3);
	g_assert_cmpuint(readable, >=, tried - 1);
}

static void test_truncated(fixture *f, gconstpointer unused)
{
	g_autofree char *what = NULL;
	g_autoptr(GError) error = NULL;
	write_damaged(f, f->size - 8 * PAGE);
	g_assert_true(project_is_project(f->path)); /* though OGR opens no such file: else it would be taken for an image */
	g_assert_null(project_open(f->path, &error));
	g_assert_error(error, PROJECT_ERROR, PROJECT_ERROR_CORRUPT);
	g_assert_nonnull(strstr(error->message, "cut short"));
	const guint n = salvage(f, &what);
	g_test_message("%s", what);
	g_assert_cmpuint(n, >, 0);
}

static void test_nothing_left(fixture *f, gconstpointer unused)
{
	g_autofree char *what = NULL;
	g_autoptr(GError) error = NULL;
	memset(f->data + 100, 0x5a, f->size - 100);
	write_damaged(f, f->size);
	g_assert_null(project_salvage(f->path, &what, &error));
	g_assert_error(error, PROJECT_ERROR, PROJECT_ERROR_CORRUPT);
	g_assert_nonnull(strstr(error->message, f->path));
	g_assert_null(what);
}

int main(int argc, char *argv[])
{
	g_autofree char *cache = fixture_folder();
	g_setenv("XDG_CACHE_HOME", cache, TRUE);
	g_test_init(&argc, &argv, NULL);
	g_test_add("/project/salvage/page", fixture, NULL, set_up, test_page, tear_down);
	g_test_add("/project/salvage/every-page", fixture, NULL, set_up, test_every_page, tear_down);
	g_test_add("/project/salvage/truncated", fixture, NULL, set_up, test_truncated, tear_down);
	g_test_add("/project/salvage/nothing", fixture, NULL, set_up, test_nothing_left, tear_down);
	return g_test_run();
}
