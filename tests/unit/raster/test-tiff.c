/* TIFFs of every layout, written here by libtiff: their pixels are those that were written, and those that GDAL reads.
 */
#include "tiff-writer.h"
#include <gdal.h>

#define U SAMPLEFORMAT_UINT
#define I SAMPLEFORMAT_INT
#define F SAMPLEFORMAT_IEEEFP
#define CI SAMPLEFORMAT_COMPLEXINT
#define CF SAMPLEFORMAT_COMPLEXIEEEFP

static const layout LAYOUTS[] = {
	{"u1-strips", 75, 53, 1, 1, U, COMPRESSION_NONE},
	{"u1-tiles-deflate", 75, 53, 1, 1, U, COMPRESSION_ADOBE_DEFLATE, 32, 16},
	{"u1-fax4", 75, 53, 1, 1, U, COMPRESSION_CCITTFAX4},
	{"u2-strips", 75, 53, 1, 2, U, COMPRESSION_LZW},
	{"u4-tiles", 75, 53, 1, 4, U, COMPRESSION_ADOBE_DEFLATE, 32, 16},
	{"u4-three", 75, 53, 3, 4, U, COMPRESSION_NONE},
	{"u8-strips", 75, 53, 1, 8, U, COMPRESSION_NONE},
	{"u8-one-strip", 75, 53, 3, 8, U, COMPRESSION_NONE, 0, 53},
	{"u8-one-packed-strip", 75, 53, 3, 8, U, COMPRESSION_ADOBE_DEFLATE, 0, 53},
	{"u8-rgb-strips-lzw", 75, 53, 3, 8, U, COMPRESSION_LZW, .predictor = 2},
	{"u8-rgb-tiles-deflate", 75, 53, 3, 8, U, COMPRESSION_ADOBE_DEFLATE, 32, 16, .predictor = 2},
	{"u8-rgb-separate", 75, 53, 3, 8, U, COMPRESSION_ADOBE_DEFLATE, 32, 16, .separate = true},
	{"u8-five-separate-strips", 75, 53, 5, 8, U, COMPRESSION_PACKBITS, .separate = true},
	{"u8-packbits", 75, 53, 3, 8, U, COMPRESSION_PACKBITS},
	{"u8-zstd", 75, 53, 3, 8, U, COMPRESSION_ZSTD, 32, 16},
	{"u8-lzma", 75, 53, 3, 8, U, COMPRESSION_LZMA, 32, 16},
	{"u8-jpeg-grey", 75, 53, 1, 8, U, COMPRESSION_JPEG, 32, 16, .lossy = true},
	{"u8-jpeg-rgb", 75, 53, 3, 8, U, COMPRESSION_JPEG, 32, 16, .lossy = true},
	{"u8-jpeg-ycbcr", 75, 53, 3, 8, U, COMPRESSION_JPEG, 32, 16, .photometric = PHOTOMETRIC_YCBCR, .lossy = true},
	{"u8-jpeg-ycbcr-strips", 75, 53, 3, 8, U, COMPRESSION_JPEG, 0, 16, .photometric = PHOTOMETRIC_YCBCR, .lossy = true},
	{"u8-jpeg-separate", 75, 53, 3, 8, U, COMPRESSION_JPEG, 32, 16, .separate = true, .lossy = true},
	{"u8-webp", 75, 53, 3, 8, U, COMPRESSION_WEBP, 32, 16, .lossy = true},
	{"u8-lerc", 75, 53, 1, 8, U, COMPRESSION_LERC, 32, 16},
	{"f32-lerc", 75, 53, 1, 32, F, COMPRESSION_LERC, 32, 16},
	{"i8", 75, 53, 2, 8, I, COMPRESSION_LZW},
	{"u8-big-tiff", 75, 53, 3, 8, U, COMPRESSION_ADOBE_DEFLATE, 32, 16, .big_tiff = true},
	{"u16-strips", 75, 53, 1, 16, U, COMPRESSION_NONE},
	{"u16-big-endian", 75, 53, 3, 16, U, COMPRESSION_NONE, .big_endian = true},
	{"u16-big-endian-big-tiff", 75, 53, 3, 16, U, COMPRESSION_LZW, 32, 16, .big_endian = true, .big_tiff = true},
	{"u16-rgb-predictor", 75, 53, 3, 16, U, COMPRESSION_ADOBE_DEFLATE, 32, 16, .predictor = 2},
	{"i16-thirteen-separate", 75, 53, 13, 16, I, COMPRESSION_ADOBE_DEFLATE, 32, 16, .separate = true},
	{"i16-two-big-endian", 75, 53, 2, 16, I, COMPRESSION_LZW, .separate = true, .big_endian = true},
	{"u12", 75, 53, 1, 12, U, COMPRESSION_NONE},
	{"u12-three-tiles", 75, 53, 3, 12, U, COMPRESSION_ADOBE_DEFLATE, 32, 16},
	{"u32", 75, 53, 1, 32, U, COMPRESSION_ADOBE_DEFLATE, 32, 16, .predictor = 2},
	{"i32-big-endian", 75, 53, 1, 32, I, COMPRESSION_NONE, .big_endian = true},
	{"u64", 75, 53, 1, 64, U, COMPRESSION_ADOBE_DEFLATE, 32, 16},
	{"i64", 75, 53, 2, 64, I, COMPRESSION_LZW},
	{"f16", 75, 53, 1, 16, F, COMPRESSION_NONE, .lossy = true},
	{"f16-big-endian", 75, 53, 1, 16, F, COMPRESSION_NONE, .big_endian = true, .lossy = true},
	{"f32-predictor", 75, 53, 1, 32, F, COMPRESSION_ADOBE_DEFLATE, 32, 16, .predictor = 3},
	{"f32-three-separate", 75, 53, 3, 32, F, COMPRESSION_LZW, .separate = true},
	{"f32-big-endian", 75, 53, 2, 32, F, COMPRESSION_NONE, .big_endian = true},
	{"f64", 75, 53, 1, 64, F, COMPRESSION_ZSTD, 32, 16},
	{"ci16", 75, 53, 1, 32, CI, COMPRESSION_NONE, .lossy = true},
	{"cf32", 75, 53, 1, 64, CF, COMPRESSION_ADOBE_DEFLATE, 32, 16, .lossy = true},
	{"cf64-two-separate", 75, 53, 2, 128, CF, COMPRESSION_NONE, .separate = true, .lossy = true},
};

static bool read_all(raster *r, int level, const raster_rect *area, void *out)
{
	g_autofree int *bands = g_new(int, (size_t)r->info.n_bands);
	g_autoptr(GError) error = NULL;
	for (int i = 0; i < r->info.n_bands; i++)
		bands[i] = i;
	bool ok = raster_read_native(r, level, area, bands, r->info.n_bands, out, NULL, &error);
	g_assert_no_error(error);
	return ok;
}

static void assert_as_gdal(const char *path, raster *ours, const raster_rect *area)
{
	g_autoptr(raster) theirs = raster_open_through(path, true, NULL, NULL);
	g_assert_nonnull(theirs);
	g_assert_true(ours->source->read != theirs->source->read);
	size_t bytes = (size_t)area->w * (size_t)area->h * (size_t)ours->info.n_bands * raster_type_size(ours->info.type);
	g_autofree uint8_t *a = g_malloc(bytes), *b = g_malloc(bytes);
	memset(a, 0xAA, bytes);
	memset(b, 0x55, bytes);
	g_assert_true(read_all(ours, 0, area, a));
	g_assert_true(read_all(theirs, 0, area, b));
	g_assert_cmpmem(a, bytes, b, bytes);
}

static void assert_as_written(const layout *l, raster *r)
{
	for (int s = 0; s < l->samples; s++) {
		g_autofree float *v = test_band(r, 0, s, NULL);
		for (int y = 0; y < l->height; y++)
			for (int x = 0; x < l->width; x++)
				g_assert_cmpfloat(v[y * l->width + x], ==, (float)layout_number(l, x, y, s));
	}
}

static void test_layout(gconstpointer data)
{
	const layout *l = data;
	if (!TIFFIsCODECConfigured((uint16_t)l->compression)) {
		g_test_skip("libtiff has no such codec here");
		return;
	}
	g_autofree char *path = test_path("layout.tif");
	write_layout(path, l);
	g_autoptr(raster) r = test_open(path);
	const raster_rect whole = test_whole(r, 0), part = {29, 11, 38, 27}, pixel = {74, 52, 1, 1};
	assert_as_gdal(path, r, &whole);
	assert_as_gdal(path, r, &part);
	assert_as_gdal(path, r, &pixel);
	if (!l->lossy)
		assert_as_written(l, r);
}

/* Half floats: ends of the range, denormals, signs. */
static void test_half_floats(void)
{
	static const uint16_t stored[] = {0x0000, 0x8000, 0x3c00, 0xc000, 0x7bff, 0x0001, 0x03ff, 0x0400, 0x7c00, 0xfc00};
	static const float expected[] = {0,        -0.0f,    1, -2, 65504, 5.9604645e-8f, 6.0975552e-5f, 6.1035156e-5f,
	                                 INFINITY, -INFINITY};
	g_autofree char *path = test_path("half.tif");
	const layout l = {"half", G_N_ELEMENTS(stored) + 1, 1, 1, 16, F, COMPRESSION_NONE, 0, 1};
	uint16_t row[G_N_ELEMENTS(stored) + 1];
	memcpy(row, stored, sizeof stored);
	row[G_N_ELEMENTS(stored)] = 0x7e00; /* NaN */
	TIFF *tif = open_layout(path, &l);
	set_layout_tags(tif, &l);
	g_assert_cmpint(TIFFWriteEncodedStrip(tif, 0, row, sizeof row), >, 0);
	TIFFClose(tif);
	g_autoptr(raster) r = test_open(path);
	uint8_t valid[G_N_ELEMENTS(row)];
	g_autofree float *v = test_band(r, 0, 0, valid);
	for (guint i = 0; i < G_N_ELEMENTS(expected); i++) {
		g_assert_cmpmem(&v[i], 4, &expected[i], 4);
		g_assert_cmpint(valid[i], ==, 255);
	}
	g_assert_true(isnan(v[G_N_ELEMENTS(stored)]));
	g_assert_cmpint(valid[G_N_ELEMENTS(stored)], ==, 0);
}

/* Main image, overview, mask, overview's mask as further directories; then the same image with overviews in SubIFDs. */
static void write_directory(TIFF *tif, const layout *l, uint32_t kind)
{
	set_layout_tags(tif, l);
	TIFFSetField(tif, TIFFTAG_SUBFILETYPE, kind);
	write_layout_pixels(tif, l);
	g_assert_true(TIFFWriteDirectory(tif));
}

static layout halved(const layout *l)
{
	layout h = *l;
	h.width = (l->width + 1) / 2;
	h.height = (l->height + 1) / 2;
	return h;
}

static void test_overviews_and_masks(gconstpointer data)
{
	bool overview_has_mask = GPOINTER_TO_INT(data);
	g_autofree char *path = test_path("overviews.tif");
	const layout full = {"full", 400, 300, 3, 8, U, COMPRESSION_ADOBE_DEFLATE, 64, 64};
	const layout half = halved(&full), quarter = halved(&half);
	const layout mask = {"mask", 400, 300, 1, 1, U, COMPRESSION_ADOBE_DEFLATE, 64, 64, .photometric = PHOTOMETRIC_MASK};
	const layout half_mask = halved(&mask);
	TIFF *tif = open_layout(path, &full);
	write_directory(tif, &full, 0);
	write_directory(tif, &quarter, FILETYPE_REDUCEDIMAGE); /* not in order */
	write_directory(tif, &half, FILETYPE_REDUCEDIMAGE);
	write_directory(tif, &mask, FILETYPE_MASK);
	if (overview_has_mask)
		write_directory(tif, &half_mask, FILETYPE_MASK | FILETYPE_REDUCEDIMAGE);
	TIFFClose(tif);
	g_autoptr(raster) r = test_open(path);
	g_assert_cmpint(r->source->n_levels, ==, 3);
	g_assert_true(r->info.has_mask);
	g_assert_cmpint(r->levels[1].width, ==, 200);
	g_assert_cmpint(r->levels[2].width, ==, 100);
	for (int level = 0; level < 3; level++) {
		const layout *l = level == 0 ? &full : level == 1 ? &half : &quarter;
		g_autofree uint8_t *valid = g_malloc((size_t)l->width * (size_t)l->height);
		g_autofree float *v = test_band(r, level, 1, valid);
		bool own = level == 0 || (level == 1 && overview_has_mask);
		for (int y = 0; y < l->height; y++)
			for (int x = 0; x < l->width; x++) {
				int mx = own ? x : (2 * x + 1) * 400 / (2 * l->width),
					my = own ? y : (2 * y + 1) * 300 / (2 * l->height);
				const layout *m = own && level == 1 ? &half_mask : &mask;
				g_assert_cmpfloat(v[y * l->width + x], ==, (float)layout_number(l, x, y, 1));
				g_assert_cmpint(valid[y * l->width + x], ==, layout_value(m, mx, my, 0) ? 255 : 0);
			}
	}
}

static void test_sub_directories(void)
{
	g_autofree char *path = test_path("sub.tif");
	const layout full = {"full", 400, 300, 1, 16, U, COMPRESSION_ADOBE_DEFLATE, 64, 64};
	const layout half = halved(&full), quarter = halved(&half);
	const uint64_t places[2] = {0, 0};
	TIFF *tif = open_layout(path, &full);
	set_layout_tags(tif, &full);
	TIFFSetField(tif, TIFFTAG_SUBIFD, 2, places);
	write_layout_pixels(tif, &full);
	g_assert_true(TIFFWriteDirectory(tif));
	write_directory(tif, &half, FILETYPE_REDUCEDIMAGE);
	write_directory(tif, &quarter, FILETYPE_REDUCEDIMAGE);
	TIFFClose(tif);
	g_autoptr(raster) r = test_open(path);
	g_assert_cmpint(r->source->n_levels, ==, 3);
	g_autofree float *v = test_band(r, 1, 0, NULL);
	for (int y = 0; y < half.height; y++)
		for (int x = 0; x < half.width; x++)
			g_assert_cmpfloat(v[y * half.width + x], ==, (float)layout_number(&half, x, y, 0));
}

/* Overviews in a file of their own, as gdaladdo -ro makes them. */
static void test_external(void)
{
	g_autofree char *path = test_path("external.tif"), *ovr = g_strconcat(path, ".ovr", NULL);
	const layout full = {"full", 700, 500, 3, 8, U, COMPRESSION_LZW};
	const layout half = halved(&full);
	write_layout(path, &full);
	TIFF *tif = open_layout(ovr, &half);
	write_directory(tif, &half, FILETYPE_REDUCEDIMAGE);
	TIFFClose(tif);
	g_autoptr(raster) r = test_open(path);
	g_autoptr(raster) theirs = raster_open_through(path, true, NULL, NULL);
	g_assert_true(r->source->read != theirs->source->read);
	g_assert_cmpint(r->source->n_levels, ==, 2);
	g_assert_cmpint(theirs->source->n_levels, ==, 2);
	g_autofree float *a = test_band(r, 1, 2, NULL), *b = test_band(theirs, 1, 2, NULL);
	for (int y = 0; y < half.height; y++)
		for (int x = 0; x < half.width; x++)
			g_assert_cmpfloat(a[y * half.width + x], ==, (float)layout_number(&half, x, y, 2));
	g_assert_cmpmem(a, (size_t)half.width * (size_t)half.height * 4, b, (size_t)half.width * (size_t)half.height * 4);
}

/* Tiles that were never written hold nodata, or 0 without one. */
static void test_sparse(void)
{
	g_autofree char *path = test_path("sparse.tif");
	const layout l = {"sparse", 64, 64, 1, 16, U, COMPRESSION_ADOBE_DEFLATE, 32, 32};
	TIFF *tif = open_layout(path, &l);
	set_layout_tags(tif, &l);
	g_autofree uint16_t *one = g_malloc(32 * 32 * 2);
	for (int i = 0; i < 32 * 32; i++)
		one[i] = 77;
	g_assert_cmpint(TIFFWriteEncodedTile(tif, 3, one, 32 * 32 * 2), >, 0);
	TIFFClose(tif);
	g_autoptr(raster) r = test_open(path);
	const raster_rect whole = {0, 0, 64, 64};
	assert_as_gdal(path, r, &whole);
	g_autofree float *v = test_band(r, 0, 0, NULL);
	g_assert_cmpfloat(v[0], ==, 0);
	g_assert_cmpfloat(v[63 * 64 + 63], ==, 77);
}

/* Several threads read parts of one raster at once; every part is right. */
typedef struct {
	raster *r;
	const layout *l;
	uint32_t seed;
} reader;

static void *read_parts(void *data)
{
	reader *t = data;
	g_autoptr(GRand) random = g_rand_new_with_seed(t->seed);
	g_autofree float *v = g_new(float, 90 * 90 * 3);
	const int bands[3] = {2, 0, 1};
	for (int n = 0; n < 60; n++) {
		raster_rect a = {0, 0, g_rand_int_range(random, 1, 90), g_rand_int_range(random, 1, 90)};
		a.x = g_rand_int_range(random, 0, t->l->width - a.w + 1);
		a.y = g_rand_int_range(random, 0, t->l->height - a.h + 1);
		g_assert_true(raster_read(t->r, 0, &a, bands, 3, v, NULL, NULL, NULL));
		for (int b = 0; b < 3; b++)
			for (int y = 0; y < a.h; y++)
				for (int x = 0; x < a.w; x++)
					g_assert_cmpfloat(v[(b * a.h + y) * a.w + x], ==,
					                  (float)layout_number(t->l, a.x + x, a.y + y, bands[b]));
	}
	return NULL;
}

static void test_threads(gconstpointer data)
{
	g_autofree char *path = test_path("threads.tif");
	const layout l = {
		"threads", 300, 200, 3, 16, U, COMPRESSION_ADOBE_DEFLATE, 32, 32, .separate = GPOINTER_TO_INT(data)};
	write_layout(path, &l);
	g_autoptr(raster) r = test_open(path);
	reader readers[4];
	GThread *threads[4];
	for (guint i = 0; i < 4; i++) {
		readers[i] = (reader){r, &l, i + 1};
		threads[i] = g_thread_new("reader", read_parts, &readers[i]);
	}
	for (int i = 0; i < 4; i++)
		g_thread_join(threads[i]);
}

/* Levels that the file lacks: each of their pixels is the middle one of its square. */
static void test_virtual_levels(gconstpointer data)
{
	g_autofree char *path = test_path("virtual.tif");
	layout l = {"virtual", 1501, 1103, 2, 16, U, COMPRESSION_ADOBE_DEFLATE, 128, 128};
	if (GPOINTER_TO_INT(data)) {
		l.tile_w = 0;
		l.tile_h = 5;
	}
	write_layout(path, &l);
	g_autoptr(raster) r = test_open(path);
	g_assert_cmpint(r->source->n_levels, ==, 1);
	g_assert_cmpint(r->info.n_levels, >=, 3);
	g_assert_cmpint(r->levels[1].width, ==, 751);
	g_assert_cmpint(r->levels[1].height, ==, 552);
	g_autofree float *v = test_band(r, 1, 1, NULL);
	for (int y = 0; y < 552; y++)
		for (int x = 0; x < 751; x++)
			g_assert_cmpfloat(v[y * 751 + x], ==,
			                  (float)layout_number(&l, MIN(2 * x + 1, 1500), MIN(2 * y + 1, 1102), 1));
	int last = r->info.n_levels - 1;
	g_assert_cmpint(MAX(r->levels[last].width, r->levels[last].height), <=, 256);
	raster_rect corner = {r->levels[last].width - 3, r->levels[last].height - 2, 3, 2};
	const int both[2] = {1, 0};
	float few[12];
	g_assert_true(raster_read(r, last, &corner, both, 2, few, NULL, NULL, NULL));
	g_autofree float *all = test_band(r, last, 1, NULL);
	for (int y = 0; y < 2; y++)
		for (int x = 0; x < 3; x++)
			g_assert_cmpfloat(few[y * 3 + x], ==, all[(corner.y + y) * r->levels[last].width + corner.x + x]);
}

/* A picture so large that several threads make it in blocks is the one that is made row by row. */
static void check_large(const char *path, const layout *l)
{
	g_autoptr(GError) error = NULL;
	write_layout(path, l);
	g_autoptr(raster) r = test_open(path);
	raster_style style;
	g_assert_true(raster_style_resolve(r, NULL, NULL, NULL, &style, NULL, &error));
	for (int level = 0; level < 2; level++) {
		const raster_level *size = &raster_get_info(r)->levels[level];
		const raster_rect area = {37, 51, size->width - 50, size->height - 61};
		const size_t stride = (size_t)area.w * 4 + 12, row = (size_t)area.w * 4;
		g_autofree uint8_t *whole = g_malloc0(stride * (size_t)area.h), *line = g_malloc0(row);
		g_assert_cmpint(area.w * area.h, >, 600 * 600);
		g_assert_true(raster_render(r, &style, level, &area, whole, stride, NULL, &error));
		for (int y = 0; y < area.h; y++) {
			const raster_rect one = {area.x, area.y + y, area.w, 1};
			g_assert_true(raster_render(r, &style, level, &one, line, row, NULL, &error));
			g_assert_cmpmem(whole + (size_t)y * stride, row, line, row);
			for (int i = 0; i < 12; i++)
				g_assert_cmpint(whole[(size_t)y * stride + row + (size_t)i], ==, 0);
		}
	}
}

static void test_large(void)
{
	static const layout layouts[] = {
		{"tiles", 1811, 1613, 3, 8, U, COMPRESSION_ADOBE_DEFLATE, 272, 192},
		{"strips", 1811, 1613, 3, 8, U, COMPRESSION_ADOBE_DEFLATE, 0, 5},
		{"bands apart", 1811, 1613, 4, 16, U, COMPRESSION_ADOBE_DEFLATE, 1024, 1024, .separate = true},
	};
	g_autofree char *path = test_path("large.tif");
	for (guint i = 0; i < G_N_ELEMENTS(layouts); i++)
		check_large(path, &layouts[i]);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(LAYOUTS); i++) {
		g_autofree char *name = g_strdup_printf("/raster/tiff/%s", LAYOUTS[i].name);
		g_test_add_data_func(name, &LAYOUTS[i], test_layout);
	}
	g_test_add_func("/raster/tiff/half-floats", test_half_floats);
	g_test_add_data_func("/raster/tiff/overviews-and-masks", GINT_TO_POINTER(1), test_overviews_and_masks);
	g_test_add_data_func("/raster/tiff/overviews-without-masks", GINT_TO_POINTER(0), test_overviews_and_masks);
	g_test_add_func("/raster/tiff/sub-directories", test_sub_directories);
	g_test_add_func("/raster/tiff/external-overviews", test_external);
	g_test_add_func("/raster/tiff/sparse", test_sparse);
	g_test_add_data_func("/raster/tiff/threads", GINT_TO_POINTER(0), test_threads);
	g_test_add_data_func("/raster/tiff/threads-separate", GINT_TO_POINTER(1), test_threads);
	g_test_add_func("/raster/tiff/large", test_large);
	g_test_add_data_func("/raster/tiff/virtual-levels-tiles", GINT_TO_POINTER(0), test_virtual_levels);
	g_test_add_data_func("/raster/tiff/virtual-levels-strips", GINT_TO_POINTER(1), test_virtual_levels);
	int status = g_test_run();
	test_clean();
	return status;
}
