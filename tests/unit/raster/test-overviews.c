/* Images without overviews: never written parts cost nothing, rough pictures, and the cache of overviews. */
#include "render/raster/raster-level.h"
#include "render/raster/raster-overviews.h"
#include "tiff-writer.h"

static const layout BIG = {"big", 9000, 3000, 2, 16, SAMPLEFORMAT_UINT, COMPRESSION_ADOBE_DEFLATE, 256, 256};

static char *image(void)
{
	char *path = test_path("big.tif");
	if (!g_file_test(path, G_FILE_TEST_EXISTS))
		write_layout(path, &BIG);
	return path;
}

/* Only one tile is there; libtiff leaves the places of all others at 0. */
static char *sparse_image(void)
{
	char *path = test_path("sparse.tif");
	TIFF *tif = open_layout(path, &BIG);
	g_autofree uint16_t *tile = g_new(uint16_t, 256 * 256 * 2);
	set_layout_tags(tif, &BIG);
	for (int i = 0; i < 256 * 256 * 2; i++)
		tile[i] = (uint16_t)(1000 + i % 77);
	g_assert_cmpint(TIFFWriteEncodedTile(tif, 40, tile, 256 * 256 * 4), >, 0);
	TIFFClose(tif);
	return path;
}

static guint count_cached(void)
{
	g_autofree char *all = raster_overviews_folder();
	GDir *dir = g_dir_open(all, 0, NULL);
	guint n = 0;
	while (dir && g_dir_read_name(dir))
		n++;
	if (dir)
		g_dir_close(dir);
	return n;
}

/* The only folder in the cache. */
static char *cached_folder(void)
{
	g_autofree char *all = raster_overviews_folder();
	g_autoptr(GDir) dir = g_dir_open(all, 0, NULL);
	g_assert_nonnull(dir);
	return g_build_filename(all, g_dir_read_name(dir), NULL);
}

static void clear_cache(void)
{
	raster_overviews_set_limit(1);
	raster_overviews_set_limit(RASTER_OVERVIEWS_LIMIT);
	while (count_cached() > 0) {
		g_autofree char *folder = cached_folder();
		g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
		const char *name;
		while ((name = g_dir_read_name(dir))) {
			g_autofree char *path = g_build_filename(folder, name, NULL);
			g_remove(path);
		}
		g_assert_cmpint(g_rmdir(folder), ==, 0);
	}
}

static void build(raster *r)
{
	g_autoptr(GError) error = NULL;
	const bool ok = raster_overviews_build(r, NULL, NULL, NULL, &error);
	g_assert_no_error(error);
	g_assert_true(ok);
}

static void test_sparse(void)
{
	g_autofree char *path = sparse_image();
	g_autoptr(raster) ours = test_open(path);
	g_autoptr(raster) theirs = raster_open_through(path, true, NULL, NULL);
	for (int level = 2; level < ours->info.n_levels; level++) {
		g_autofree float *a = test_band(ours, level, 1, NULL), *b = test_band(theirs, level, 1, NULL);
		const raster_rect all = test_whole(ours, level);
		g_assert_cmpmem(a, (size_t)all.w * all.h * 4, b, (size_t)all.w * all.h * 4);
	}
	raster_stats s;
	g_assert_true(raster_statistics(ours, 0, &s, NULL, NULL));
	g_assert_cmpfloat(s.min, ==, 0);
	g_assert_cmpfloat(s.max, >=, 1000); /* the tile that is there was not taken for a blank one */
}

typedef struct {
	double last;
	int calls;
} progress;

static void note_progress(double done, void *data)
{
	progress *p = data;
	g_assert_cmpfloat(done, >, p->last);
	p->last = done;
	p->calls++;
}

static float *picture(raster *r, int level)
{
	const raster_rect all = test_whole(r, level);
	const int bands[] = {0, 1};
	const size_t n = (size_t)all.w * all.h * 2;
	g_autofree uint16_t *native = g_new(uint16_t, n);
	float *v = g_new(float, n);
	g_assert_true(raster_read_picture(r, level, &all, bands, 2, native, NULL, NULL));
	for (size_t i = 0; i < n; i++)
		v[i] = native[i];
	return v;
}

static void test_build(void)
{
	g_autofree char *path = image();
	clear_cache();
	g_autoptr(raster) before = test_open(path);
	g_autoptr(raster) r = test_open(path);
	progress p = {0};
	g_assert_cmpint(raster_get_overviews(r), ==, RASTER_OVERVIEWS_MISSING);
	g_assert_true(raster_overviews_build(r, note_progress, &p, NULL, NULL));
	g_assert_cmpint(p.calls, >, 2);
	g_assert_cmpfloat(p.last, ==, 1);
	g_assert_cmpint(raster_get_overviews(r), ==, RASTER_OVERVIEWS_THERE);
	g_autoptr(raster) again = test_open(path);
	g_assert_cmpint(raster_get_overviews(again), ==, RASTER_OVERVIEWS_THERE);
	/* What is seen: the same means, but for roundings on the way from level to level. */
	for (int level = 2; level < 4; level++) {
		g_autofree float *a = picture(before, level), *b = picture(again, level);
		const raster_rect all = test_whole(r, level);
		for (size_t i = 0; i < (size_t)all.w * all.h * 2; i++)
			g_assert_cmpfloat_with_epsilon(a[i], b[i], 2);
	}
	/* What is measured: exactly the same, or a model would see something else after the second opening. */
	for (int band = 0; band < 2; band++) {
		raster_stats a, b;
		g_assert_true(raster_statistics(before, band, &a, NULL, NULL));
		g_assert_true(raster_statistics(again, band, &b, NULL, NULL));
		g_assert_cmpmem(&a, sizeof a, &b, sizeof b);
	}
}

static void test_cancel(void)
{
	g_autofree char *path = image();
	g_autoptr(GCancellable) cancel = g_cancellable_new();
	g_autoptr(GError) error = NULL;
	clear_cache();
	g_autoptr(raster) r = test_open(path);
	g_cancellable_cancel(cancel);
	g_assert_false(raster_overviews_build(r, NULL, NULL, cancel, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
	g_assert_cmpuint(count_cached(), ==, 0);
	g_assert_cmpint(raster_get_overviews(r), ==, RASTER_OVERVIEWS_MISSING);
}

static void cut(const char *folder, const char *name, gsize keep)
{
	g_autofree char *path = g_build_filename(folder, name, NULL), *bytes = NULL;
	gsize n;
	g_assert_true(g_file_get_contents(path, &bytes, &n, NULL));
	g_assert_true(g_file_set_contents(path, bytes, (gssize)MIN(keep, n), NULL));
}

/* A damaged entry is thrown away, and the picture is made from the image meanwhile. */
static void test_damage(void)
{
	g_autofree char *path = image();
	clear_cache();
	g_autoptr(raster) first = test_open(path);
	build(first);
	g_autofree char *folder = cached_folder();
	cut(folder, "4.tif", 100);
	g_autoptr(raster) second = test_open(path);
	g_assert_cmpint(raster_get_overviews(second), ==, RASTER_OVERVIEWS_MISSING);
	g_assert_cmpuint(count_cached(), ==, 0);
	build(second);
	/* Tiles in the middle are gone, the directories at the end still there. */
	g_autofree char *tiles = g_build_filename(folder, "4.tif", NULL), *bytes = NULL;
	gsize n;
	g_assert_true(g_file_get_contents(tiles, &bytes, &n, NULL));
	memset(bytes + 16, 0x55, n / 2);
	g_assert_true(g_file_set_contents(tiles, bytes, (gssize)n, NULL));
	g_autoptr(raster) third = test_open(path);
	g_autofree float *a = picture(first, 2), *b = picture(third, 2);
	const raster_rect all = test_whole(third, 2);
	for (size_t i = 0; i < (size_t)all.w * all.h * 2; i++)
		g_assert_cmpfloat_with_epsilon(a[i], b[i], 2);
	g_assert_cmpint(raster_get_overviews(third), ==, RASTER_OVERVIEWS_MISSING);
	g_assert_cmpuint(count_cached(), ==, 0);
}

static void test_limit(void)
{
	g_autofree char *path = image(), *other = sparse_image();
	clear_cache();
	g_autoptr(raster) a = test_open(path);
	g_autoptr(raster) b = test_open(other);
	raster_overviews_set_limit(64 << 20);
	build(a);
	g_assert_cmpuint(count_cached(), ==, 1);
	raster_overviews_set_limit(60000); /* room for the sparse one only */
	build(b);
	g_assert_cmpuint(count_cached(), ==, 1);
	g_autoptr(raster) again = test_open(path);
	g_assert_cmpint(raster_get_overviews(again), ==, RASTER_OVERVIEWS_MISSING);
	raster_overviews_set_limit(0);
	g_assert_cmpint(raster_get_overviews(again), ==, RASTER_OVERVIEWS_NEEDLESS);
	raster_overviews_set_limit(RASTER_OVERVIEWS_LIMIT);
}

int main(int argc, char **argv)
{
	g_autofree char *cache = g_dir_make_tmp("nadir-cache-XXXXXX", NULL);
	g_setenv("XDG_CACHE_HOME", cache, TRUE);
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/raster/overviews/sparse", test_sparse);
	g_test_add_func("/raster/overviews/build", test_build);
	g_test_add_func("/raster/overviews/cancel", test_cancel);
	g_test_add_func("/raster/overviews/damage", test_damage);
	g_test_add_func("/raster/overviews/limit", test_limit);
	const int status = g_test_run();
	clear_cache();
	test_clean();
	g_autofree char *all = raster_overviews_folder(), *above = g_path_get_dirname(all);
	g_rmdir(all);
	g_rmdir(above);
	g_rmdir(cache);
	return status;
}
