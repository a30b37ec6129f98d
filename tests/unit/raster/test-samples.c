/* The real rasters of ../shared/samples: libtiff's pixels are GDAL's, and each file says of itself what is known of it.
 */
#include "raster-test.h"

static void assert_same_mask(raster *a, raster *b, int level)
{
	raster_rect all = test_whole(a, level);
	size_t n = (size_t)all.w * (size_t)all.h;
	g_autofree uint8_t *x = g_malloc(n), *y = g_malloc(n);
	g_assert_true(raster_read_mask(a, level, &all, x, NULL, NULL));
	g_assert_true(raster_read_mask(b, level, &all, y, NULL, NULL));
	g_assert_cmpmem(x, n, y, n);
}

static void assert_same_level(raster *a, raster *b, int level)
{
	raster_rect all = test_whole(a, level);
	int n_bands = a->info.n_bands;
	size_t bytes = (size_t)all.w * (size_t)all.h * (size_t)n_bands * raster_type_size(a->info.type);
	g_autofree int *bands = g_new(int, (size_t)n_bands);
	g_autofree uint8_t *x = g_malloc(bytes), *y = g_malloc(bytes);
	g_autoptr(GError) error = NULL;
	for (int i = 0; i < n_bands; i++)
		bands[i] = i;
	bool ok = raster_read_native(a, level, &all, bands, n_bands, x, NULL, &error);
	g_assert_no_error(error);
	g_assert_true(ok);
	ok = raster_read_native(b, level, &all, bands, n_bands, y, NULL, &error);
	g_assert_no_error(error);
	g_assert_true(ok);
	g_assert_cmpmem(x, bytes, y, bytes);
	if (a->info.has_mask)
		assert_same_mask(a, b, level);
}

static void test_equal(gconstpointer name)
{
	g_autofree char *folder = test_shared("samples");
	if (!folder) {
		g_test_skip("no ../shared/samples");
		return;
	}
	g_autofree char *path = g_build_filename(folder, name, NULL);
	g_autoptr(raster) ours = test_open(path);
	g_autoptr(raster) theirs = raster_open_through(path, true, NULL, NULL);
	g_assert_nonnull(theirs);
	g_assert_true(ours->source->read != theirs->source->read); /* libtiff really reads it */
	g_assert_cmpint(ours->info.n_levels, ==, theirs->info.n_levels);
	for (int l = 0; l < ours->info.n_levels; l++)
		assert_same_level(ours, theirs, l);
}

static void test_render(gconstpointer name)
{
	g_autofree char *folder = test_shared("samples");
	if (!folder) {
		g_test_skip("no ../shared/samples");
		return;
	}
	g_autofree char *path = g_build_filename(folder, name, NULL);
	g_autoptr(raster) r = test_open(path);
	g_autoptr(GError) error = NULL;
	raster_style style;
	bool ok = raster_style_resolve(r, NULL, NULL, NULL, &style, NULL, &error);
	g_assert_no_error(error);
	g_assert_true(ok);
	raster_rect area = {r->info.width / 4, r->info.height / 4, r->info.width / 2, r->info.height / 2};
	size_t stride = (size_t)area.w * 4;
	g_autofree uint8_t *pixels = g_malloc(stride * (size_t)area.h);
	ok = raster_render(r, &style, 0, &area, pixels, stride, NULL, &error);
	g_assert_no_error(error);
	g_assert_true(ok);
	uint32_t histogram[256] = {0}, shades = 0;
	for (size_t i = 0; i < stride * (size_t)area.h; i += 4) {
		g_assert_cmpint(pixels[i + 1], <=, pixels[i + 3]); /* premultiplied */
		histogram[pixels[i + 1]]++;
	}
	for (int i = 0; i < 256; i++)
		shades += histogram[i] > 0;
	g_assert_cmpint(shades, >, 1); /* a picture, not a plain ground */
}

typedef struct {
	const char *name;
	int width, height, n_bands;
	raster_type type;
	const char *crs;
	double nodata; /* -1: none */
	int real_levels;
	bool mask, palette, geotransform;
	int bands[3]; /* the default ones, from 1 */
	raster_source_kind source;
} fact;

static const fact FACTS[] = {
	{"Spain_7370579_S1Hand.tif",
     512,
     512,
     2,
     RASTER_F32,
     "EPSG:4326",
     NAN,
     1,
     false,
     false,
     true,
     {1, 1, 1},
     RASTER_SAR},
	{"Spain_7370579_S2Hand.tif",
     512,
     512,
     13,
     RASTER_I16,
     "EPSG:4326",
     0,
     1,
     false,
     false,
     true,
     {4, 3, 2},
     RASTER_OPTICAL},
	{"Spain_7370579_LabelHand.tif",
     512,
     512,
     1,
     RASTER_I16,
     "EPSG:4326",
     -1,
     1,
     false,
     false,
     true,
     {1, 1, 1},
     RASTER_OTHER},
	{"RGB.byte.tif", 791, 718, 3, RASTER_U8, "EPSG:32618", 0, 1, false, false, true, {1, 2, 3}, RASTER_OPTICAL},
	{"goes.tif", 542, 542, 3, RASTER_U8, "unnamed", -1, 2, true, false, true, {1, 2, 3}, RASTER_OPTICAL},
	{"mosaic_cog1.tif", 779, 790, 3, RASTER_U16, "EPSG:32618", 0, 3, false, false, true, {1, 2, 3}, RASTER_OPTICAL},
	{"cog_nodata_nan.tif", 549, 549, 1, RASTER_F32, "EPSG:32610", 0, 2, false, false, true, {1, 1, 1}, RASTER_SAR},
	{"cog_gcps.tif", 1280, 837, 1, RASTER_U16, "EPSG:4326", -1, 4, false, false, false, {1, 1, 1}, RASTER_SAR},
	{"rgb.tif", 255, 259, 3, RASTER_U16, "EPSG:32617", 0, 1, false, false, true, {1, 2, 3}, RASTER_OPTICAL},
	{"cog_rgb_mask.tif", 383, 232, 3, RASTER_U8, "EPSG:26913", -1, 1, true, false, true, {1, 2, 3}, RASTER_OPTICAL},
	/* -10000 fits no byte: no nodata */
	{"pix4d_alpha_nodata.tif",
     686,
     758,
     4,
     RASTER_U8,
     "EPSG:32750",
     -1,
     1,
     false,
     false,
     true,
     {1, 2, 3},
     RASTER_OPTICAL},
	{"cog_cmap.tif", 7168, 8704, 1, RASTER_U8, "EPSG:3857", 0, 5, false, true, true, {1, 1, 1}, RASTER_OPTICAL},
	{"OSBS_029.tif", 400, 400, 3, RASTER_U8, "EPSG:32617", 255, 1, false, false, true, {1, 2, 3}, RASTER_OPTICAL},
};

static void test_facts(gconstpointer data)
{
	const fact *f = data;
	g_autofree char *folder = test_shared("samples");
	if (!folder) {
		g_test_skip("no ../shared/samples");
		return;
	}
	g_autofree char *path = g_build_filename(folder, f->name, NULL);
	g_autoptr(raster) r = test_open(path);
	const raster_info *info = raster_get_info(r);
	raster_style style;
	g_assert_cmpint(info->width, ==, f->width);
	g_assert_cmpint(info->height, ==, f->height);
	g_assert_cmpint(info->n_bands, ==, f->n_bands);
	g_assert_cmpint(info->type, ==, f->type);
	g_assert_cmpstr(info->crs_name, ==, f->crs);
	g_assert_cmpint(r->source->n_levels, ==, f->real_levels);
	g_assert_cmpint(info->has_mask, ==, f->mask);
	g_assert_cmpint(info->palette != NULL, ==, f->palette);
	g_assert_cmpint(info->has_geotransform, ==, f->geotransform);
	g_assert_cmpint(info->n_gcps > 0, ==, !f->geotransform);
	g_assert_cmpint(info->source, ==, f->source);
	g_assert_cmpint((int)strlen(info->fingerprint), ==, 16);
	g_assert_cmpint(info->bands[0].has_nodata, ==, isnan(f->nodata) || f->nodata >= 0);
	if (info->bands[0].has_nodata)
		g_assert_true(isnan(f->nodata) ? isnan(info->bands[0].nodata) : info->bands[0].nodata == f->nodata);
	g_assert_true(raster_style_resolve(r, NULL, NULL, NULL, &style, NULL, NULL));
	for (int c = 0; c < 3; c++)
		g_assert_cmpint(style.band[c] + 1, ==, f->bands[c]);
}

/* Three of four tiles are there: they read; the fourth says which part is missing; the overviews are whole. */
static void test_corrupt(void)
{
	g_autofree char *path = test_shared("samples/corrupt.tif");
	if (!path) {
		g_test_skip("no ../shared/samples");
		return;
	}
	g_autoptr(raster) r = test_open(path);
	g_autoptr(GError) error = NULL;
	raster_style style;
	g_autofree uint8_t *rgb = g_malloc(512 * 512 * 3);
	g_assert_true(raster_style_resolve(r, NULL, NULL, NULL, &style, NULL, NULL));
	for (int tile = 0; tile < 3; tile++) {
		raster_rect good = {tile % 2 * 512, tile / 2 * 512, 512, 512};
		bool ok = raster_model_input(r, &style, &good, rgb, 512 * 3, NULL, &error);
		g_assert_no_error(error);
		g_assert_true(ok);
	}
	raster_rect bad = {600, 600, 64, 64};
	g_assert_false(raster_model_input(r, &style, &bad, rgb, 64 * 3, NULL, &error));
	g_assert_error(error, RASTER_ERROR, RASTER_ERROR_CORRUPT);
	g_assert_nonnull(strstr(error->message, "column 512, row 512"));
	g_assert_nonnull(strstr(error->message, path));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(FACTS); i++) {
		g_autofree char *facts = g_strdup_printf("/raster/sample/facts/%s", FACTS[i].name);
		g_autofree char *equal = g_strdup_printf("/raster/sample/equal/%s", FACTS[i].name);
		g_autofree char *picture = g_strdup_printf("/raster/sample/render/%s", FACTS[i].name);
		g_test_add_data_func(facts, &FACTS[i], test_facts);
		g_test_add_data_func(equal, FACTS[i].name, test_equal);
		g_test_add_data_func(picture, FACTS[i].name, test_render);
	}
	g_test_add_func("/raster/sample/corrupt", test_corrupt);
	return g_test_run();
}
