/* Formats that GDAL reads for us, files as GDAL writes them, and what they say of where the image lies. */
#include "tiff-writer.h"
#include <cpl_string.h>
#include <gdal.h>
#include <ogr_srs_api.h>

#define W 301
#define H 203

static double value_at(GDALDataType type, int x, int y, int band)
{
	int v = x * 3 + y * 7 + band * 40 + (x * y) % 5;
	return type == GDT_Byte ? v % 256 : v;
}

/* An image in memory, with a transform unless told otherwise. Close it with GDALClose. */
static GDALDatasetH make_source(int bands, GDALDataType type)
{
	GDALDatasetH d = GDALCreate(GDALGetDriverByName("MEM"), "", W, H, bands, type, NULL);
	g_autofree double *row = g_new(double, W);
	double transform[6] = {500000, 10, 0, 4600000, 0, -10};
	OGRSpatialReferenceH crs = OSRNewSpatialReference(NULL);
	OSRImportFromEPSG(crs, 32631);
	GDALSetGeoTransform(d, transform);
	GDALSetSpatialRef(d, crs);
	OSRDestroySpatialReference(crs);
	for (int b = 0; b < bands; b++)
		for (int y = 0; y < H; y++) {
			for (int x = 0; x < W; x++)
				row[x] = value_at(type, x, y, b);
			g_assert_cmpint(
				GDALRasterIO(GDALGetRasterBand(d, b + 1), GF_Write, 0, y, W, 1, row, W, 1, GDT_Float64, 0, 0), ==,
				CE_None);
		}
	return d;
}

typedef struct {
	const char *driver, *name;
	int bands;
	GDALDataType type;
	const char *options[4];
	bool lossy;
} format;

static const format FORMATS[] = {
	{"PNG", "a.png", 3, GDT_Byte},
	{"PNG", "a16.png", 1, GDT_UInt16},
	{"PNG", "rgba.png", 4, GDT_Byte},
	{"JPEG", "a.jpg", 3, GDT_Byte, .lossy = true},
	{"JP2OpenJPEG", "a.jp2", 3, GDT_UInt16, {"REVERSIBLE=YES", "QUALITY=100"}},
	{"HFA", "a.img", 2, GDT_Float32},
	{"NITF", "a.ntf", 1, GDT_Byte},
	{"GIF", "a.gif", 1, GDT_Byte},
	{"BMP", "a.bmp", 3, GDT_Byte},
	{"ENVI", "a.dat", 5, GDT_Int16},
	{"COG", "cog.tif", 3, GDT_UInt16, {"COMPRESS=LZW", "BLOCKSIZE=128"}},
	{"GTiff", "packed.tif", 3, GDT_Int32, {"COMPRESS=ZSTD", "PREDICTOR=2", "TILED=YES"}},
};

static bool write_format(const format *f, const char *path)
{
	GDALDriverH driver = GDALGetDriverByName(f->driver);
	if (!driver)
		return false;
	GDALDatasetH source = make_source(f->bands, f->type);
	char **options = NULL;
	for (int i = 0; i < 4 && f->options[i]; i++)
		options = CSLAddString(options, f->options[i]);
	CPLPushErrorHandler(CPLQuietErrorHandler);
	GDALDatasetH made = GDALCreateCopy(driver, path, source, FALSE, options, NULL, NULL);
	if (made)
		GDALClose(made);
	CPLPopErrorHandler();
	CSLDestroy(options);
	GDALClose(source);
	return made != NULL;
}

/* What GDAL itself reads of it, as floats. */
static void assert_as_gdal(raster *r, const char *path)
{
	GDALDatasetH d = GDALOpen(path, GA_ReadOnly);
	g_autofree float *expected = g_new(float, W *H);
	g_assert_nonnull(d);
	for (int b = 0; b < r->info.n_bands; b++) {
		g_autofree float *v = test_band(r, 0, b, NULL);
		g_assert_cmpint(
			GDALRasterIO(GDALGetRasterBand(d, b + 1), GF_Read, 0, 0, W, H, expected, W, H, GDT_Float32, 0, 0), ==,
			CE_None);
		g_assert_cmpmem(v, W * H * 4, expected, W * H * 4);
	}
	GDALClose(d);
}

static void test_format(gconstpointer data)
{
	const format *f = data;
	g_autofree char *path = test_path(f->name);
	GDALAllRegister();
	if (!write_format(f, path)) {
		g_test_skip("this GDAL cannot write it");
		return;
	}
	g_autoptr(raster) r = test_open(path);
	g_assert_cmpint(r->info.width, ==, W);
	g_assert_cmpint(r->info.height, ==, H);
	g_assert_cmpint(r->info.n_bands, ==, f->bands);
	if (!f->lossy) {
		for (int b = 0; b < f->bands; b++) {
			g_autofree float *v = test_band(r, 0, b, NULL);
			for (int i = 0; i < W * H; i++)
				g_assert_cmpfloat(v[i], ==, (float)value_at(f->type, i % W, i / W, b));
		}
	} else {
		assert_as_gdal(r, path);
	}
	raster_style style;
	g_assert_true(raster_style_resolve(r, NULL, NULL, NULL, &style, NULL, NULL));
}

typedef struct {
	raster *r;
	GDALDataType type;
	uint32_t seed;
} reader;

static void *read_parts(void *data)
{
	reader *t = data;
	g_autoptr(GRand) random = g_rand_new_with_seed(t->seed);
	g_autofree float *v = g_new(float, 60 * 60);
	for (int n = 0; n < 30; n++) {
		const int band = g_rand_int_range(random, 0, 3);
		raster_rect a = {g_rand_int_range(random, 0, W - 60), g_rand_int_range(random, 0, H - 60), 60, 60};
		g_assert_true(raster_read(t->r, 0, &a, &band, 1, v, NULL, NULL, NULL));
		for (int i = 0; i < 60 * 60; i++)
			g_assert_cmpfloat(v[i], ==, (float)value_at(t->type, a.x + i % 60, a.y + i / 60, band));
	}
	return NULL;
}

/* More threads than handles. */
static void test_threads(gconstpointer name)
{
	const format *f = NULL;
	for (guint i = 0; i < G_N_ELEMENTS(FORMATS); i++)
		if (strcmp(FORMATS[i].name, name) == 0)
			f = &FORMATS[i];
	g_autofree char *path = test_path(name);
	GDALAllRegister();
	if (!write_format(f, path)) {
		g_test_skip("this GDAL cannot write it");
		return;
	}
	g_autoptr(raster) r = test_open(path);
	reader readers[6];
	GThread *threads[6];
	for (guint i = 0; i < 6; i++) {
		readers[i] = (reader){r, f->type, i + 1};
		threads[i] = g_thread_new("reader", read_parts, &readers[i]);
	}
	for (int i = 0; i < 6; i++)
		g_thread_join(threads[i]);
}

/* A VRT: bands of other files, with a nodata value of its own. */
static void test_vrt(void)
{
	g_autofree char *path = test_path("a.vrt"), *plain = test_path("plain.tif");
	const layout l = {"plain", 40, 30, 1, 8, SAMPLEFORMAT_UINT, COMPRESSION_NONE};
	const char *text = "<VRTDataset rasterXSize=\"40\" rasterYSize=\"30\"><VRTRasterBand dataType=\"Byte\" band=\"1\">"
					   "<NoDataValue>17</NoDataValue><SimpleSource><SourceFilename relativeToVRT=\"1\">plain.tif"
					   "</SourceFilename><SourceBand>1</SourceBand></SimpleSource></VRTRasterBand></VRTDataset>";
	write_layout(plain, &l);
	g_assert_true(g_file_set_contents(path, text, -1, NULL));
	g_autoptr(raster) r = test_open(path);
	g_assert_cmpstr(r->info.format, ==, "VRT");
	g_autofree uint8_t *valid = g_malloc(40 * 30);
	g_autofree float *v = test_band(r, 0, 0, valid);
	int missing = 0;
	for (int i = 0; i < 40 * 30; i++) {
		g_assert_cmpfloat(v[i], ==, (float)layout_number(&l, i % 40, i / 40, 0));
		g_assert_cmpint(valid[i], ==, v[i] == 17 ? 0 : 255);
		missing += v[i] == 17;
	}
	g_assert_cmpint(missing, >, 0);
}

static void test_georeference(void)
{
	g_autofree char *path = test_path("point.tif");
	GDALAllRegister();
	GDALDatasetH source = make_source(1, GDT_Byte);
	GDALSetMetadataItem(source, "AREA_OR_POINT", "Point", NULL);
	GDALClose(GDALCreateCopy(GDALGetDriverByName("GTiff"), path, source, FALSE, NULL, NULL, NULL));
	GDALClose(source);
	g_autoptr(raster) r = test_open(path);
	const double expected[6] = {500000, 10, 0, 4600000, 0, -10}; /* pixel corners, however the file counts */
	g_assert_true(r->info.has_geotransform);
	for (int i = 0; i < 6; i++)
		g_assert_cmpfloat_with_epsilon(r->info.geotransform[i], expected[i], 1e-9);
	g_assert_cmpstr(r->info.crs_name, ==, "EPSG:32631");
	g_assert_nonnull(strstr(r->info.crs_wkt, "UTM zone 31N"));
}

static void test_gcps(void)
{
	g_autofree char *path = test_path("gcps.tif");
	const layout l = {"gcps", 40, 30, 1, 8, SAMPLEFORMAT_UINT, COMPRESSION_NONE};
	GDALAllRegister();
	write_layout(path, &l);
	GDALDatasetH d = GDALOpen(path, GA_Update);
	OGRSpatialReferenceH crs = OSRNewSpatialReference(NULL);
	OSRImportFromEPSG(crs, 4326);
	GDAL_GCP gcps[3];
	GDALInitGCPs(3, gcps);
	for (int i = 0; i < 3; i++) {
		gcps[i].dfGCPPixel = i * 10;
		gcps[i].dfGCPLine = i * i;
		gcps[i].dfGCPX = 5 + i;
		gcps[i].dfGCPY = 50 - i * 0.5;
	}
	g_assert_cmpint(GDALSetGCPs2(d, 3, gcps, crs), ==, CE_None);
	GDALDeinitGCPs(3, gcps);
	OSRDestroySpatialReference(crs);
	GDALClose(d);
	g_autoptr(raster) r = test_open(path);
	g_assert_false(r->info.has_geotransform);
	g_assert_false(r->info.has_rpc);
	g_assert_cmpint(r->info.n_gcps, ==, 3);
	g_assert_cmpfloat(r->info.gcps[2].px, ==, 20);
	g_assert_cmpfloat(r->info.gcps[2].py, ==, 4);
	g_assert_cmpfloat(r->info.gcps[2].x, ==, 7);
	g_assert_cmpfloat(r->info.gcps[2].y, ==, 49);
	g_assert_cmpstr(r->info.crs_name, ==, "EPSG:4326");
}

static void test_no_georeference(void)
{
	g_autofree char *path = test_path("plain.tif"), *moved = test_path("moved.tif"), *bytes = NULL;
	gsize size;
	const layout l = {"plain", 40, 30, 1, 8, SAMPLEFORMAT_UINT, COMPRESSION_NONE};
	write_layout(path, &l);
	g_autoptr(raster) r = test_open(path);
	g_assert_false(r->info.has_geotransform);
	g_assert_null(r->info.crs_wkt);
	g_assert_null(r->info.crs_name);
	g_assert_cmpint(r->info.n_gcps, ==, 0);
	/* The fingerprint follows the bytes, not the name. */
	g_assert_true(g_file_get_contents(path, &bytes, &size, NULL));
	g_assert_true(g_file_set_contents(moved, bytes, (gssize)size, NULL));
	g_autoptr(raster) same = test_open(moved);
	g_assert_cmpstr(same->info.fingerprint, ==, r->info.fingerprint);
	bytes[8] ^= 1;
	g_assert_true(g_file_set_contents(moved, bytes, (gssize)size, NULL));
	g_autoptr(raster) other = test_open(moved);
	g_assert_cmpstr(other->info.fingerprint, !=, r->info.fingerprint);
}

/* An image of 9000 x 9000 pixels that GDAL scales from a small one. */
static char *large_vrt(void)
{
	g_autofree char *small = test_path("small.tif");
	char *path = test_path("large.vrt");
	const format f = {"GTiff", "small.tif", 1, GDT_Byte, {"COMPRESS=DEFLATE"}};
	g_autofree char *text = g_strdup_printf(
		"<VRTDataset rasterXSize=\"9000\" rasterYSize=\"9000\"><VRTRasterBand dataType=\"Byte\" "
		"band=\"1\"><SimpleSource>"
		"<SourceFilename>%s</SourceFilename><SourceBand>1</SourceBand><SrcRect xOff=\"0\" yOff=\"0\" xSize=\"%d\" "
		"ySize=\"%d\"/>"
		"<DstRect xOff=\"0\" yOff=\"0\" xSize=\"9000\" ySize=\"9000\"/></SimpleSource></VRTRasterBand></VRTDataset>",
		small, W, H);
	g_assert_true(write_format(&f, small));
	g_assert_true(g_file_set_contents(path, text, -1, NULL));
	return path;
}

static void read_all_of(const char *path)
{
	g_autoptr(raster) r = test_open(path);
	const raster_info *info = raster_get_info(r);
	g_autofree float *v = g_new(float, (size_t)info->width * 500);
	for (int y = 0; y < info->height; y += 500) {
		const raster_rect part = {0, y, info->width, MIN(500, info->height - y)};
		g_assert_true(raster_read(r, 0, &part, (const int[]){0}, 1, v, NULL, NULL, NULL));
	}
}

/* What GDAL keeps of an image that was read from end to end is little, whatever the machine has; but a picture that is
 * decoded from its first row on is kept, or each way back would decode all of it again. */
static void test_memory(void)
{
	g_autofree char *path = large_vrt(), *png = test_path("large.png");
	read_all_of(path);
	g_assert_cmpint(GDALGetCacheMax64(), <=, 64 << 20);
	g_assert_cmpint(GDALGetCacheUsed64(), <=, 64 << 20);
	GDALDatasetH d = GDALOpen(path, GA_ReadOnly);
	GDALClose(
		GDALCreateCopy(GDALGetDriverByName("PNG"), png, d, FALSE, (char *[]){(char *)"ZLEVEL=1", NULL}, NULL, NULL));
	GDALClose(d);
	read_all_of(png);
	g_assert_cmpint(GDALGetCacheMax64(), >=, 9000 * 9000);
}

/* --- the samples of one pixel --- */

typedef struct {
	GDALDataType type, as; /* of the file; of the bytes below */
	union {
		guint64 u;
		gint64 i;
		double f[2];
		float s[2];
	} sample;
	const char *text;
} pixel_case;

/* Whole numbers in full: object numbers above 2^24 are no use when rounded. */
static const pixel_case PIXELS[] = {
	{GDT_Byte, GDT_UInt64, {.u = 255}, "255"},
	{GDT_UInt16, GDT_UInt64, {.u = 65535}, "65535"},
	{GDT_Int16, GDT_Int64, {.i = -32768}, "-32768"},
	{GDT_UInt32, GDT_UInt64, {.u = 4294967295}, "4294967295"},
	{GDT_Int32, GDT_Int64, {.i = -2147483647}, "-2147483647"},
	{GDT_UInt64, GDT_UInt64, {.u = G_MAXUINT64}, "18446744073709551615"},
	{GDT_Int64, GDT_Int64, {.i = G_MININT64 + 1}, "-9223372036854775807"},
	{GDT_Float32, GDT_Float32, {.s = {1234.5678F}}, "1234.568"},
	{GDT_Float32, GDT_Float32, {.s = {0.25F}}, "0.25"},
	{GDT_Float32, GDT_Float32, {.s = {12345678}}, "12345678"},
	{GDT_Float32, GDT_Float32, {.s = {1e20F}}, "1e+20"},
	{GDT_Float32, GDT_Float32, {.s = {INFINITY}}, "inf"},
	{GDT_Float64, GDT_Float64, {.f = {4649776.22475}}, "4649776.225"},
	{GDT_Float64, GDT_Float64, {.f = {123456789012345}}, "123456789012345"},
	{GDT_CFloat32, GDT_CFloat32, {.s = {3, -4}}, "5"},
	{GDT_CFloat64, GDT_CFloat64, {.f = {1, 1}}, "1.414213562"},
};

static void test_pixel(void)
{
	g_autofree char *dir = g_dir_make_tmp("nadir-pixel-XXXXXX", NULL), *path = g_build_filename(dir, "a.tif", NULL);
	for (guint i = 0; i < G_N_ELEMENTS(PIXELS); i++) {
		const pixel_case *c = &PIXELS[i];
		g_autoptr(GError) error = NULL;
		GDALDatasetH d = GDALCreate(GDALGetDriverByName("GTiff"), path, 3, 2, 2, c->type, NULL);
		g_assert_cmpint(
			GDALRasterIO(GDALGetRasterBand(d, 2), GF_Write, 2, 1, 1, 1, (void *)&c->sample, 1, 1, c->as, 0, 0), ==,
			CE_None);
		GDALClose(d);
		g_autoptr(raster) r = raster_open(path, NULL, &error);
		g_assert_no_error(error);
		char *texts[2] = {NULL};
		bool valid = false;
		g_assert_true(raster_read_pixel(r, 2, 1, (const int[]){1, 0}, 2, texts, &valid, NULL, &error));
		g_assert_cmpstr(texts[0], ==, c->text);
		g_assert_cmpstr(texts[1], ==, "0");
		g_assert_true(valid);
		g_free(texts[0]);
		g_free(texts[1]);
		g_assert_false(raster_read_pixel(r, 3, 1, (const int[]){0}, 1, texts, &valid, NULL, &error));
		g_assert_error(error, RASTER_ERROR, RASTER_ERROR_UNSUPPORTED);
		g_unlink(path);
	}
	g_rmdir(dir);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(FORMATS); i++) {
		g_autofree char *name = g_strdup_printf("/raster/format/%s/%s", FORMATS[i].driver, FORMATS[i].name);
		g_test_add_data_func(name, &FORMATS[i], test_format);
	}
	g_test_add_data_func("/raster/format/threads-one-handle", "a.png", test_threads);
	g_test_add_data_func("/raster/format/threads-some-handles", "a.dat", test_threads);
	g_test_add_func("/raster/format/pixel", test_pixel);
	g_test_add_func("/raster/format/vrt", test_vrt);
	g_test_add_func("/raster/format/georeference", test_georeference);
	g_test_add_func("/raster/format/gcps", test_gcps);
	g_test_add_func("/raster/format/no-georeference", test_no_georeference);
	g_test_add_func("/raster/format/memory", test_memory);
	int status = g_test_run();
	test_clean();
	return status;
}
