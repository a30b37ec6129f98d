/* Shared by the tests of render/raster: samples, temporary files, reading a whole level. */
#pragma once
#include "render/raster/raster-private.h"
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <tiffio.h>

/* The folder of shared inputs, or NULL: skip. Free with g_free. */
static inline char *test_shared(const char *name)
{
	const char *given = g_getenv("NADIR_SHARED"), *root = g_getenv("NADIR_SOURCE");
	g_autofree char *base = given ? g_strdup(given) : g_build_filename(root ? root : ".", "..", "shared", NULL);
	g_autofree char *path = g_build_filename(base, name, NULL);
	return g_file_test(path, G_FILE_TEST_EXISTS) ? g_steal_pointer(&path) : NULL;
}

/* A name in a folder of its own that test_clean removes with all in it. */
static char *test_folder;

static inline char *test_path(const char *name)
{
	if (!test_folder)
		test_folder = g_dir_make_tmp("nadir-raster-XXXXXX", NULL);
	g_assert_nonnull(test_folder);
	return g_build_filename(test_folder, name, NULL);
}

static inline void test_clean(void)
{
	GDir *dir = test_folder ? g_dir_open(test_folder, 0, NULL) : NULL;
	const char *name;
	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(test_folder, name, NULL);
		g_remove(path);
	}
	if (dir)
		g_dir_close(dir);
	if (test_folder)
		g_rmdir(test_folder);
	g_clear_pointer(&test_folder, g_free);
}

static inline raster *test_open(const char *path)
{
	g_autoptr(GError) error = NULL;
	raster *r = raster_open(path, NULL, &error);
	g_assert_no_error(error);
	g_assert_nonnull(r);
	return r;
}

static inline raster_rect test_whole(const raster *r, int level)
{
	const raster_level *l = &raster_get_info(r)->levels[level];
	return (raster_rect){0, 0, l->width, l->height};
}

/* One band of a level as floats; valid may be NULL. */
static inline float *test_band(raster *r, int level, int band, uint8_t *valid)
{
	g_autoptr(GError) error = NULL;
	raster_rect all = test_whole(r, level);
	float *v = g_new(float, (size_t)all.w *(size_t)all.h);
	bool ok = raster_read(r, level, &all, &band, 1, v, valid, NULL, &error);
	g_assert_no_error(error);
	g_assert_true(ok);
	return v;
}
