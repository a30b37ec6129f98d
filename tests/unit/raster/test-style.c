/* The one rule for screen and model: bands, stretch, nodata, transparency, against numbers computed here in another
 * way. */
#include "tiff-writer.h"

typedef double (*value_at)(int x, int y, int band);

/* A GeoTIFF tag that GDAL reads as nodata. */
static void write_values(const char *path, int w, int h, int bands, int bits, int format, value_at value,
                         const char *nodata, int extra_kind)
{
	static const TIFFFieldInfo fields[] = {{42113, -1, -1, TIFF_ASCII, FIELD_CUSTOM, 1, 0, (char *)"GDALNoData"}};
	TIFF *tif = TIFFOpen(path, "w");
	TIFFMergeFieldInfo(tif, fields, 1);
	layout l = {"values", w, h, bands, bits, format, COMPRESSION_ADOBE_DEFLATE, 0, h};
	set_layout_tags(tif, &l);
	if (extra_kind >= 0) {
		const uint16_t kind = (uint16_t)extra_kind;
		TIFFSetField(tif, TIFFTAG_EXTRASAMPLES, 1, &kind);
	}
	if (nodata)
		TIFFSetField(tif, 42113, nodata);
	size_t size = (size_t)bits / 8, n = (size_t)w * (size_t)h * (size_t)bands;
	g_autofree uint8_t *out = g_malloc(n * size);
	for (size_t i = 0; i < n; i++) {
		size_t pixel = i / (size_t)bands;
		double v = value((int)(pixel % (size_t)w), (int)(pixel / (size_t)w), (int)(i % (size_t)bands));
		if (format == SAMPLEFORMAT_IEEEFP)
			((float *)(void *)out)[i] = (float)v;
		else if (bits == 8)
			out[i] = (uint8_t)v;
		else if (format == SAMPLEFORMAT_INT)
			((int16_t *)(void *)out)[i] = (int16_t)v;
		else
			((uint16_t *)(void *)out)[i] = (uint16_t)v;
	}
	g_assert_cmpint(TIFFWriteEncodedStrip(tif, 0, out, (tmsize_t)(n * size)), >, 0);
	TIFFClose(tif);
}

static raster_style resolved(raster *r, const char *bands, const char *stretch, const char *source)
{
	g_autoptr(GError) error = NULL;
	raster_style s;
	bool ok = raster_style_resolve(r, bands, stretch, source, &s, NULL, &error);
	g_assert_no_error(error);
	g_assert_true(ok);
	return s;
}

static uint8_t *model_input(raster *r, const raster_style *s)
{
	g_autoptr(GError) error = NULL;
	raster_rect all = test_whole(r, 0);
	uint8_t *rgb = g_malloc((size_t)all.w * (size_t)all.h * 3);
	bool ok = raster_model_input(r, s, &all, rgb, (size_t)all.w * 3, NULL, &error);
	g_assert_no_error(error);
	g_assert_true(ok);
	return rgb;
}

static uint8_t *screen(raster *r, const raster_style *s)
{
	g_autoptr(GError) error = NULL;
	raster_rect all = test_whole(r, 0);
	uint8_t *bgra = g_malloc((size_t)all.w * (size_t)all.h * 4);
	bool ok = raster_render(r, s, 0, &all, bgra, (size_t)all.w * 4, NULL, &error);
	g_assert_no_error(error);
	g_assert_true(ok);
	return bgra;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

/* numpy.percentile(values, percent), by sorting. */
static double plain_percentile(double *v, size_t n, double percent)
{
	qsort(v, n, sizeof *v, by_value);
	double at = percent / 100 * (double)(n - 1), low = floor(at);
	size_t k = (size_t)low;
	return k + 1 < n ? v[k] + (at - low) * (v[k + 1] - v[k]) : v[k];
}

static int stretched(double v, double lo, double hi)
{
	double x = floor((v - lo) * 255 / (hi - lo) + 0.5);
	return (int)(x < 0 ? 0 : x > 255 ? 255 : x);
}

#define W 61
#define H 47

static double wavy(int x, int y, int band)
{
	return 1000 + 400 * band + (x * 37 + y * 91) % 733 + (x == 3) * 20000;
}

static double wavy_with_nodata(int x, int y, int band)
{
	return x < 10 ? 0 : wavy(x, y, band);
}

static double wavy_with_nan(int x, int y, int band)
{
	return x == 5 ? (double)NAN : x == 6 && y == 6 ? (double)INFINITY : wavy_with_nodata(x, y, band);
}

/* For each band: percentiles over what counts, the bytes of both outputs, alpha. */
static void check_stretch(raster *r, value_at value, bool has_nodata)
{
	raster_style s = resolved(r, NULL, NULL, "optical");
	g_autofree uint8_t *rgb = model_input(r, &s), *bgra = screen(r, &s);
	g_autofree double *v = g_new(double, W *H);
	for (int c = 0; c < 3; c++) {
		size_t n = 0;
		for (int i = 0; i < W * H; i++) {
			double x = (double)(float)value(i % W, i / W, s.band[c]);
			if (isfinite(x) && !(has_nodata && x == 0))
				v[n++] = x;
		}
		double lo = plain_percentile(v, n, 2), hi = plain_percentile(v, n, 98);
		g_assert_cmpfloat_with_epsilon(s.lo[c], lo, 1e-9 * fabs(lo) + 1e-9);
		g_assert_cmpfloat_with_epsilon(s.hi[c], hi, 1e-9 * fabs(hi) + 1e-9);
		for (int i = 0; i < W * H; i++) {
			double x = (double)(float)value(i % W, i / W, s.band[c]);
			bool missing = isnan(x) || (has_nodata && x == 0);
			int byte = missing ? 0 : stretched(x, s.lo[c], s.hi[c]);
			g_assert_cmpint(rgb[3 * i + c], ==, byte);
			g_assert_cmpint(bgra[4 * i + 3], ==, missing ? 0 : 255);
			g_assert_cmpint(bgra[4 * i + 2 - c], ==, byte);
		}
	}
}

static void test_uint16(void)
{
	g_autofree char *path = test_path("u16.tif");
	write_values(path, W, H, 3, 16, SAMPLEFORMAT_UINT, wavy_with_nodata, "0", -1);
	g_autoptr(raster) r = test_open(path);
	g_assert_true(r->info.bands[1].has_nodata);
	check_stretch(r, wavy_with_nodata, true);
}

static void test_float_one_band(void)
{
	g_autofree char *path = test_path("f32.tif");
	write_values(path, W, H, 1, 32, SAMPLEFORMAT_IEEEFP, wavy_with_nan, "0", -1);
	g_autoptr(raster) r = test_open(path);
	raster_style s = resolved(r, NULL, NULL, NULL);
	g_assert_cmpint(s.band[2], ==, 0);
	check_stretch(r, wavy_with_nan, true);
}

/* A nodata value that the type cannot hold is no nodata. */
static void test_nodata_outside(void)
{
	static const char *const values[] = {"-10000", "65536", "0.5", "nan"};
	for (guint i = 0; i < G_N_ELEMENTS(values); i++) {
		g_autofree char *path = test_path("outside.tif");
		write_values(path, W, H, 1, 16, SAMPLEFORMAT_UINT, wavy_with_nodata, values[i], -1);
		g_autoptr(raster) r = test_open(path);
		g_assert_false(r->info.bands[0].has_nodata);
		check_stretch(r, wavy_with_nodata, false);
	}
}

static double byte_value(int x, int y, int band)
{
	return band == 3 ? x * 4 : (x * 3 + y * 5 + band * 60) % 256;
}

/* 8-bit values of transparent pixels reach the model as they are stored; on the screen they are multiplied by alpha. */
static void test_alpha(gconstpointer data)
{
	bool associated = GPOINTER_TO_INT(data);
	g_autofree char *path = test_path("alpha.tif");
	write_values(path, W, H, 4, 8, SAMPLEFORMAT_UINT, byte_value, NULL,
	             associated ? EXTRASAMPLE_ASSOCALPHA : EXTRASAMPLE_UNASSALPHA);
	g_autoptr(raster) r = test_open(path);
	raster_style s = resolved(r, NULL, NULL, NULL);
	g_assert_cmpint(s.stretch, ==, RASTER_STRETCH_NONE);
	g_autofree uint8_t *rgb = model_input(r, &s), *bgra = screen(r, &s);
	for (int i = 0; i < W * H; i++) {
		int alpha = (int)byte_value(i % W, i / W, 3);
		g_assert_cmpint(bgra[4 * i + 3], ==, alpha);
		for (int c = 0; c < 3; c++) {
			int v = (int)byte_value(i % W, i / W, c);
			g_assert_cmpint(rgb[3 * i + c], ==, v);
			g_assert_cmpint(bgra[4 * i + 2 - c], ==, associated ? MIN(v, alpha) : (int)floor(v * alpha / 255.0 + 0.5));
		}
	}
}

/* 8-bit nodata: transparent where all bands have it, as stored for the model. */
static void test_byte_nodata(void)
{
	g_autofree char *path = test_path("byte.tif");
	write_values(path, W, H, 3, 8, SAMPLEFORMAT_UINT, byte_value, "65", -1);
	g_autoptr(raster) r = test_open(path);
	raster_style s = resolved(r, "1", NULL, NULL);
	g_autofree uint8_t *rgb = model_input(r, &s), *bgra = screen(r, &s);
	int missing = 0;
	for (int i = 0; i < W * H; i++) {
		int v = (int)byte_value(i % W, i / W, 0);
		missing += v == 65;
		for (int c = 0; c < 3; c++)
			g_assert_cmpint(rgb[3 * i + c], ==, v);
		g_assert_cmpint(bgra[4 * i + 3], ==, v == 65 ? 0 : 255);
	}
	g_assert_cmpint(missing, >, 0);
}

static double amplitude(int x, int y, int band)
{
	return x == 0 ? 0 : 5 + (x * 37 + y * 91) % 733 + (x == 3) * 9000;
}

static double decibels(int x, int y, int band)
{
	return x == 0 ? (double)NAN : -30 + (x * 37 + y * 91) % 25;
}

/* Amplitudes go to dB first; what is negative already stays. */
static void test_sar(void)
{
	g_autofree char *path = test_path("sar.tif");
	write_values(path, W, H, 1, 16, SAMPLEFORMAT_UINT, amplitude, NULL, -1);
	g_autoptr(raster) r = test_open(path);
	g_assert_cmpint(r->info.source, ==, RASTER_SAR); /* its name says so */
	raster_style s = resolved(r, NULL, NULL, NULL);
	g_assert_true(s.db);
	g_autofree double *v = g_new(double, W *H);
	size_t n = 0;
	for (int i = 0; i < W * H; i++)
		if (amplitude(i % W, i / W, 0) > 0)
			v[n++] = 20 * log10(amplitude(i % W, i / W, 0));
	g_assert_cmpfloat_with_epsilon(s.lo[0], plain_percentile(v, n, 2), 1e-5);
	g_assert_cmpfloat_with_epsilon(s.hi[0], plain_percentile(v, n, 98), 1e-5);
	g_autofree uint8_t *rgb = model_input(r, &s);
	for (int i = 0; i < W * H; i++) {
		double a = amplitude(i % W, i / W, 0);
		g_assert_cmpint(rgb[3 * i], ==, a > 0 ? stretched(20 * log10(a), s.lo[0], s.hi[0]) : 0);
	}
	s = resolved(r, NULL, NULL, "optical");
	g_assert_false(s.db);
	s = resolved(r, NULL, "p2-98", "sar"); /* said outright: no dB */
	g_assert_false(s.db);

	g_autofree char *negative = test_path("sar-db.tif");
	write_values(negative, W, H, 1, 32, SAMPLEFORMAT_IEEEFP, decibels, "nan", -1);
	g_autoptr(raster) d = test_open(negative);
	s = resolved(d, NULL, NULL, "sar");
	g_assert_false(s.db);
	g_assert_cmpfloat(s.lo[0], ==, -30);
}

static double constant(int x, int y, int band)
{
	return x == 7 && y == 7 && band == 1 ? 900 : 400;
}

static void test_choices(void)
{
	g_autofree char *path = test_path("choices.tif");
	write_values(path, W, H, 3, 16, SAMPLEFORMAT_UINT, wavy, NULL, -1);
	g_autoptr(raster) r = test_open(path);
	raster_style s = resolved(r, "3, 1,2", "minmax", NULL);
	g_assert_cmpint(s.band[0], ==, 2);
	g_assert_cmpint(s.band[1], ==, 0);
	g_assert_cmpint(s.band[2], ==, 1);
	g_assert_cmpfloat(s.lo[1], ==, 1000);
	g_assert_cmpfloat(s.hi[1], >, 20000);
	s = resolved(r, "2", "none", NULL);
	g_assert_cmpfloat(s.hi[0], ==, 255);
	g_autofree uint8_t *rgb = model_input(r, &s);
	g_assert_cmpint(rgb[0], ==, 255); /* 1400 is beyond a byte */
	s = resolved(r, NULL, "db", "optical");
	g_assert_true(s.db);

	static const char *const bad_bands[] = {"0", "4", "1,2", "1,2,3,1", "", "x", "1,2,", "-1", "99999999999999999999"};
	for (guint i = 0; i < G_N_ELEMENTS(bad_bands); i++) {
		g_autoptr(GError) error = NULL;
		g_assert_false(raster_style_resolve(r, bad_bands[i], NULL, NULL, &s, NULL, &error));
		g_assert_nonnull(strstr(error->message, "from 1 to 3"));
	}
	g_autoptr(GError) error = NULL;
	g_assert_false(raster_style_resolve(r, NULL, "linear", NULL, &s, NULL, &error));
	g_assert_nonnull(strstr(error->message, "p2-98, minmax, none, db"));
	g_clear_error(&error);
	g_assert_false(raster_style_resolve(r, NULL, NULL, "radar", &s, NULL, &error));
	g_assert_nonnull(strstr(error->message, "optical, sar, infrared, auto"));

	/* Equal percentiles give way to the extremes, a constant to something that can be divided by. */
	g_autofree char *plain = test_path("plain.tif");
	write_values(plain, W, H, 3, 16, SAMPLEFORMAT_UINT, constant, NULL, -1);
	g_autoptr(raster) p = test_open(plain);
	s = resolved(p, NULL, NULL, NULL);
	g_assert_cmpfloat(s.lo[0], ==, 400);
	g_assert_cmpfloat(s.hi[0], ==, 401);
	g_assert_cmpfloat(s.hi[1], ==, 900);
}

static void test_default_bands(void)
{
	static const struct {
		int samples, expected[3];
	} cases[] = {{1, {0, 0, 0}}, {2, {0, 0, 0}}, {3, {0, 1, 2}}, {7, {0, 1, 2}}, {12, {3, 2, 1}}, {13, {3, 2, 1}}};
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *path = test_path("bands.tif");
		const layout l = {"bands",
		                  20,
		                  20,
		                  cases[i].samples,
		                  16,
		                  SAMPLEFORMAT_INT,
		                  COMPRESSION_NONE,
		                  .photometric = PHOTOMETRIC_MINISBLACK};
		write_layout(path, &l);
		g_autoptr(raster) r = test_open(path);
		raster_style s = resolved(r, NULL, NULL, NULL);
		for (int c = 0; c < 3; c++)
			g_assert_cmpint(s.band[c], ==, cases[i].expected[c]);
	}
}

/* Palettes are expanded; black and white pictures of one bit are black and white. */
static void test_palette(void)
{
	g_autofree char *path = test_path("palette.tif");
	const layout l = {"palette", W, H, 1, 8, SAMPLEFORMAT_UINT, COMPRESSION_LZW, .photometric = PHOTOMETRIC_PALETTE};
	uint16_t red[256], green[256], blue[256];
	for (int i = 0; i < 256; i++) {
		red[i] = (uint16_t)((i * 7 % 256) * 257);
		green[i] = (uint16_t)((255 - i) * 257);
		blue[i] = (uint16_t)((i * 31 % 256) * 257);
	}
	TIFF *tif = open_layout(path, &l);
	set_layout_tags(tif, &l);
	TIFFSetField(tif, TIFFTAG_COLORMAP, red, green, blue);
	write_layout_pixels(tif, &l);
	TIFFClose(tif);
	g_autoptr(raster) r = test_open(path);
	raster_style s = resolved(r, NULL, NULL, NULL);
	g_assert_true(s.palette);
	g_autofree uint8_t *rgb = model_input(r, &s);
	for (int i = 0; i < W * H; i++) {
		int v = (int)layout_value(&l, i % W, i / W, 0);
		g_assert_cmpint(rgb[3 * i], ==, v * 7 % 256);
		g_assert_cmpint(rgb[3 * i + 1], ==, 255 - v);
		g_assert_cmpint(rgb[3 * i + 2], ==, v * 31 % 256);
	}
	g_autofree char *bits = test_path("bits.tif");
	const layout one = {"bits", W, H, 1, 1, SAMPLEFORMAT_UINT, COMPRESSION_NONE};
	write_layout(bits, &one);
	g_autoptr(raster) b = test_open(bits);
	s = resolved(b, NULL, NULL, NULL);
	g_autofree uint8_t *black_and_white = model_input(b, &s);
	for (int i = 0; i < W * H; i++)
		g_assert_cmpint(black_and_white[3 * i], ==, layout_value(&one, i % W, i / W, 0) ? 255 : 0);
}

static double narrow_with_fill(int x, int y, int band)
{
	return x < 2 && y == 0 ? 65535 : 1000 + (x * 7 + y * 3) % 400;
}

/* A fill value that nobody declared: the histogram is of the rest, the fill counted at its end. */
static void test_histogram_of_outliers(void)
{
	g_autofree char *path = test_path("outliers.tif");
	write_values(path, W, H, 1, 16, SAMPLEFORMAT_UINT, narrow_with_fill, NULL, -1);
	g_autoptr(raster) r = test_open(path);
	raster_stats s;
	uint64_t counted = 0, used = 0;
	g_assert_true(raster_statistics(r, 0, &s, NULL, NULL));
	g_assert_cmpfloat(s.max, ==, 65535);
	g_assert_cmpfloat(s.from, ==, 1000);
	g_assert_true(s.to > 1399 && s.to < 2000);
	for (int i = 0; i < 256; i++) {
		counted += s.histogram[i];
		used += s.histogram[i] > 0;
	}
	g_assert_cmpuint(counted, ==, s.valid);
	g_assert_cmpuint(used, >, 100);
	g_assert_cmpuint(s.histogram[255], ==, 2);
}

static void test_statistics(void)
{
	g_autofree char *path = test_path("statistics.tif");
	write_values(path, W, H, 2, 16, SAMPLEFORMAT_INT, wavy_with_nodata, "0", -1);
	g_autoptr(raster) r = test_open(path);
	raster_stats s;
	g_assert_true(raster_statistics(r, 1, &s, NULL, NULL));
	double sum = 0, squares = 0, min = INFINITY, max = -INFINITY;
	uint64_t n = 0, counted = 0;
	for (int i = 0; i < W * H; i++) {
		double v = (double)(int16_t)wavy_with_nodata(i % W, i / W, 1);
		if (v == 0)
			continue;
		n++;
		sum += v;
		squares += v * v;
		min = MIN(min, v);
		max = MAX(max, v);
	}
	g_assert_cmpuint(s.valid, ==, n);
	g_assert_cmpfloat(s.min, ==, min);
	g_assert_cmpfloat(s.max, ==, max);
	g_assert_cmpfloat_with_epsilon(s.mean, sum / (double)n, 1e-9);
	g_assert_cmpfloat_with_epsilon(s.stddev, sqrt(squares / (double)n - s.mean * s.mean), 1e-6);
	for (int i = 0; i < 256; i++)
		counted += s.histogram[i];
	g_assert_cmpuint(counted, ==, n);
	g_assert_cmpint(s.histogram[255], >, 0);
	g_assert_false(s.damaged);
}

/* Not from a handful of pixels when better is there, and not from more than 1024 px. */
static void test_statistics_level(void)
{
	g_autofree char *path = test_path("large.tif");
	const layout l = {"large", 2100, 1500, 1, 16, SAMPLEFORMAT_UINT, COMPRESSION_ADOBE_DEFLATE, 256, 256};
	write_layout(path, &l);
	g_autoptr(raster) r = test_open(path);
	raster_stats s;
	g_assert_true(raster_statistics(r, 0, &s, NULL, NULL));
	g_assert_cmpuint(s.valid, ==, 525 * 375);
}

static void test_key(void)
{
	raster_style a = {
		.band = {0, 1, 2}, .stretch = RASTER_STRETCH_PERCENTILE, .lo = {1, 2, 3}, .hi = {4, 5, 6}, .gamma = 1};
	raster_style b = a;
	g_autofree char *key = raster_style_key(&a);
	b.gamma = 2; /* for the eye only */
	g_autofree char *gamma = raster_style_key(&b);
	g_assert_cmpstr(key, ==, gamma);
	b.hi[1] = nextafter(5, 6);
	g_autofree char *other = raster_style_key(&b);
	g_assert_cmpstr(key, !=, other);
}

static void test_gamma(void)
{
	g_autofree char *path = test_path("gamma.tif");
	write_values(path, W, H, 3, 8, SAMPLEFORMAT_UINT, byte_value, NULL, -1);
	g_autoptr(raster) r = test_open(path);
	raster_style s = resolved(r, NULL, NULL, NULL);
	s.gamma = 2.2;
	g_autofree uint8_t *rgb = model_input(r, &s), *bgra = screen(r, &s);
	for (int i = 0; i < W * H; i++) {
		int v = (int)byte_value(i % W, i / W, 1);
		g_assert_cmpint(rgb[3 * i + 1], ==, v);
		g_assert_cmpint(bgra[4 * i + 1], ==, (int)floor(255 * pow(v / 255.0, 1 / 2.2) + 0.5));
	}
}

static double speckled(int x, int y, int band)
{
	return (x * 7 + y * 13 + (x * y) % 11) % 5 == 0 ? 0 : (x * 37 + y * 91 + band * 50) % 200 + 1;
}

/* Mean of the valid samples of a square, as it is shown; -1: none is valid. */
static int mean_of(int x, int y, int step, int w, int h)
{
	int sum = 0, n = 0;
	for (int j = y * step; j < (y + 1) * step; j++)
		for (int i = x * step; i < (x + 1) * step; i++) {
			int v = (int)speckled(MIN(i, w - 1), MIN(j, h - 1), 0);
			sum += v;
			n += v != 0;
		}
	return n ? (2 * sum + n) / (2 * n) : -1;
}

/* Level 3 is made of level 2, which is kept: means of four means. */
static int mean_of_means(int x, int y, int w, int h)
{
	int sum = 0, n = 0;
	for (int k = 0; k < 4; k++) {
		int mean = mean_of(MIN(2 * x + k % 2, (w + 3) / 4 - 1), MIN(2 * y + k / 2, (h + 3) / 4 - 1), 4, w, h);
		sum += MAX(mean, 0);
		n += mean >= 0;
	}
	return n ? (2 * sum + n) / (2 * n) : -1;
}

/* Virtual levels are shown as means: made while reading (larger than 2048 px), kept, and from the kept one. */
static void test_means(void)
{
	enum { WIDE = 4501, HIGH = 67 };
	g_autofree char *path = test_path("means.tif");
	write_values(path, WIDE, HIGH, 1, 8, SAMPLEFORMAT_UINT, speckled, "0", -1);
	g_autoptr(raster) r = test_open(path);
	raster_style s = resolved(r, NULL, NULL, NULL);
	for (int level = 1; level <= 3; level++) {
		int step = 1 << level;
		raster_rect area = test_whole(r, level);
		g_assert_cmpint(r->places[level].step, ==, step);
		g_autofree uint8_t *bgra = g_malloc((size_t)area.w * (size_t)area.h * 4);
		g_assert_true(raster_render(r, &s, level, &area, bgra, (size_t)area.w * 4, NULL, NULL));
		for (int y = 0; y < area.h; y++)
			for (int x = 0; x < area.w; x++) {
				const uint8_t *p = bgra + (y * area.w + x) * 4;
				int mean = level < 3 ? mean_of(x, y, step, WIDE, HIGH) : mean_of_means(x, y, WIDE, HIGH);
				g_assert_cmpint(p[3], ==, mean < 0 ? 0 : 255);
				if (mean >= 0)
					g_assert_cmpint(p[1], ==, mean);
			}
	}
}

/* Values 0 … 999, one each: what is asked for can be told by heart. */
static double count_up(int x, int y, int band)
{
	return y * 40 + x;
}

static char *counting(void)
{
	char *path = test_path("counting.tif");
	write_values(path, 40, 25, 1, 16, SAMPLEFORMAT_UINT, count_up, NULL, -1);
	return path;
}

static void assert_range(raster *r, const char *stretch, double lo, double hi)
{
	const raster_style s = resolved(r, NULL, stretch, NULL);
	g_assert_cmpfloat_with_epsilon(s.lo[0], lo, 1e-3);
	g_assert_cmpfloat_with_epsilon(s.hi[2], hi, 1e-3);
}

static void test_stretch_words(void)
{
	g_autofree char *path = counting();
	g_autoptr(raster) r = test_open(path);
	const double mean = 499.5, sd = sqrt((1000.0 * 1000 - 1) / 12);
	assert_range(r, "p2-98", 19.98, 979.02);
	assert_range(r, "p0.5-90", 4.995, 899.1);
	assert_range(r, "minmax", 0, 999);
	assert_range(r, "sigma2", mean - 2 * sd, mean + 2 * sd);
	assert_range(r, "sigma0.5", mean - sd / 2, mean + sd / 2);
	assert_range(r, "-5..12.5", -5, 12.5);
	assert_range(r, "1..2,3..4,5..6", 1, 6);
	assert_range(r, "db:10..40", 10, 40);
	g_assert_true(resolved(r, NULL, "db:10..40", NULL).db);
	assert_range(r, "db:minmax", 0, 20 * log10(999));
	static const char *const bad[] = {"p98-2", "p2",        "p-1-50", "p2-101",  "sigma",  "sigma0",  "1..",
	                                  "5..1",  "1..2,3..4", "db:",    "db:none", "nan..1", "minmax ", ""};
	for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) error = NULL;
		raster_style s;
		g_assert_false(raster_style_resolve(r, NULL, bad[i], NULL, &s, NULL, &error));
		g_assert_error(error, RASTER_ERROR, RASTER_ERROR_STYLE);
	}
}

static void test_part(void)
{
	g_autofree char *path = counting();
	g_autoptr(raster) r = test_open(path);
	const raster_rect row = {0, 10, 40, 1}, beyond = {35, 20, 100, 100};
	raster_style s;
	g_assert_true(raster_style_resolve_in(r, NULL, "minmax", NULL, &row, &s, NULL, NULL));
	g_assert_cmpfloat(s.lo[0], ==, 400);
	g_assert_cmpfloat(s.hi[0], ==, 439);
	g_assert_true(raster_style_resolve_in(r, NULL, "minmax", NULL, &beyond, &s, NULL, NULL));
	g_assert_cmpfloat(s.lo[0], ==, 835);
	g_assert_cmpfloat(s.hi[0], ==, 999);
}

static void test_range_text(void)
{
	g_autofree char *path = counting();
	g_autoptr(raster) r = test_open(path);
	const double lo[3] = {0.1, -2, 1e-7}, hi[3] = {1.0 / 3, 5, 12345678.25}, same_lo[3] = {7, 7, 7},
				 same_hi[3] = {9, 9, 9};
	g_autofree char *three = raster_style_range_text(true, lo, hi),
					*one = raster_style_range_text(false, same_lo, same_hi),
					*label = raster_style_range_label(true, lo, hi);
	const raster_style s = resolved(r, NULL, three, NULL);
	g_assert_true(s.db);
	for (int i = 0; i < 3; i++) {
		g_assert_cmpfloat(s.lo[i], ==, lo[i]);
		g_assert_cmpfloat(s.hi[i], ==, hi[i]);
	}
	g_assert_cmpstr(one, ==, "7..9");
	g_assert_cmpstr(label, ==, "db:0.1..0.33333,-2..5,1e-07..1.2346e+07");
}

/* Colours and gamma are for the eye: the model's bytes and its key stay. */
static void test_ramp(void)
{
	g_autofree char *path = counting();
	g_autoptr(raster) r = test_open(path);
	raster_style s = resolved(r, NULL, "0..255", NULL), plain = s;
	const raster_rect all = test_whole(r, 0);
	const size_t n = (size_t)all.w * all.h;
	g_autofree uint8_t *screen = g_malloc(n * 4), *model = model_input(r, &plain);
	s.ramp = raster_ramp_find("viridis");
	g_assert_cmpint(s.ramp, >, 0);
	s.gamma = 2;
	g_assert_true(raster_render(r, &s, 0, &all, screen, (size_t)all.w * 4, NULL, NULL));
	for (size_t i = 0; i < n; i++) {
		const double v = MIN(i, 255) / 255.0;
		const uint8_t *c = raster_ramp_colors(s.ramp)[(int)(255 * sqrt(v) + 0.5)];
		g_assert_cmpuint(screen[4 * i + 2], ==, c[0]);
		g_assert_cmpuint(screen[4 * i + 1], ==, c[1]);
		g_assert_cmpuint(screen[4 * i], ==, c[2]);
	}
	g_autofree uint8_t *after = model_input(r, &s);
	g_autofree char *a = raster_style_key(&plain), *b = raster_style_key(&s);
	g_assert_cmpmem(model, n * 3, after, n * 3);
	g_assert_cmpstr(a, ==, b);
	g_assert_cmpint(raster_ramp_find("no such colours"), <, 0);
	for (int i = 0; raster_ramp_name(i); i++)
		g_assert_cmpint(raster_ramp_find(raster_ramp_name(i)), ==, i);
}

static void test_presets(void)
{
	g_autofree char *path = counting(), *four = test_path("four.tif");
	g_autoptr(raster) one = test_open(path);
	write_values(four, 8, 8, 4, 8, SAMPLEFORMAT_UINT, count_up, NULL, -1);
	g_autoptr(raster) r = test_open(four);
	g_autoptr(GPtrArray) few = raster_presets(one), list = raster_presets(r);
	g_assert_cmpuint(few->len, ==, 1); /* radar amplitude */
	g_assert_cmpuint(list->len, >=, 2);
	for (guint i = 0; i < list->len; i++) { /* each must resolve */
		const raster_preset *p = list->pdata[i];
		resolved(r, p->bands, p->stretch, p->source);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/raster/style/uint16", test_uint16);
	g_test_add_func("/raster/style/float", test_float_one_band);
	g_test_add_func("/raster/style/nodata-outside", test_nodata_outside);
	g_test_add_data_func("/raster/style/alpha", GINT_TO_POINTER(0), test_alpha);
	g_test_add_data_func("/raster/style/alpha-associated", GINT_TO_POINTER(1), test_alpha);
	g_test_add_func("/raster/style/byte-nodata", test_byte_nodata);
	g_test_add_func("/raster/style/sar", test_sar);
	g_test_add_func("/raster/style/choices", test_choices);
	g_test_add_func("/raster/style/default-bands", test_default_bands);
	g_test_add_func("/raster/style/palette", test_palette);
	g_test_add_func("/raster/style/statistics", test_statistics);
	g_test_add_func("/raster/style/histogram-of-outliers", test_histogram_of_outliers);
	g_test_add_func("/raster/style/statistics-level", test_statistics_level);
	g_test_add_func("/raster/style/key", test_key);
	g_test_add_func("/raster/style/gamma", test_gamma);
	g_test_add_func("/raster/style/means", test_means);
	g_test_add_func("/raster/style/stretch-words", test_stretch_words);
	g_test_add_func("/raster/style/part", test_part);
	g_test_add_func("/raster/style/range-text", test_range_text);
	g_test_add_func("/raster/style/ramp", test_ramp);
	g_test_add_func("/raster/style/presets", test_presets);
	int status = g_test_run();
	test_clean();
	return status;
}
