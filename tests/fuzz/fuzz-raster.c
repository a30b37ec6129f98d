/* Small TIFFs of many layouts, broken at random, are opened, read, stretched and rendered: whatever happens, it ends
 * with pixels or with an error. fuzz-raster [SECONDS [SEED]] */
#include "tiff-writer.h"

static const layout SEEDS[] = {
	{"tiles", 90, 70, 3, 8, SAMPLEFORMAT_UINT, COMPRESSION_ADOBE_DEFLATE, 32, 32, .predictor = 2},
	{"strips", 90, 70, 1, 16, SAMPLEFORMAT_UINT, COMPRESSION_LZW},
	{"plain", 90, 70, 2, 32, SAMPLEFORMAT_IEEEFP, COMPRESSION_NONE, .separate = true},
	{"bits", 90, 70, 1, 1, SAMPLEFORMAT_UINT, COMPRESSION_CCITTFAX4},
	{"jpeg", 90, 70, 3, 8, SAMPLEFORMAT_UINT, COMPRESSION_JPEG, 32, 32, .photometric = PHOTOMETRIC_YCBCR},
	{"packbits", 90, 70, 1, 4, SAMPLEFORMAT_UINT, COMPRESSION_PACKBITS},
	{"big", 90, 70, 1, 16, SAMPLEFORMAT_INT, COMPRESSION_ZSTD, 32, 32, .big_tiff = true},
	{"zstd", 90, 70, 1, 64, SAMPLEFORMAT_COMPLEXIEEEFP, COMPRESSION_NONE, .big_endian = true},
	{"lerc", 90, 70, 1, 32, SAMPLEFORMAT_IEEEFP, COMPRESSION_LERC, 32, 32},
	{"webp", 90, 70, 3, 8, SAMPLEFORMAT_UINT, COMPRESSION_WEBP, 32, 32},
};

/* With an overview and a mask, so that more than one directory is read. */
static void write_seed(const char *path, const layout *l)
{
	layout half = *l, mask = {"mask",
	                          l->width,
	                          l->height,
	                          1,
	                          1,
	                          SAMPLEFORMAT_UINT,
	                          COMPRESSION_ADOBE_DEFLATE,
	                          .photometric = PHOTOMETRIC_MASK};
	half.width = (l->width + 1) / 2;
	half.height = (l->height + 1) / 2;
	TIFF *tif = open_layout(path, l);
	const layout *all[3] = {l, &half, &mask};
	const uint32_t kinds[3] = {0, FILETYPE_REDUCEDIMAGE, FILETYPE_MASK};
	for (int i = 0; i < 3; i++) {
		set_layout_tags(tif, all[i]);
		TIFFSetField(tif, TIFFTAG_SUBFILETYPE, kinds[i]);
		write_layout_pixels(tif, all[i]);
		g_assert_true(TIFFWriteDirectory(tif));
	}
	TIFFClose(tif);
}

static void mutate(GRand *random, uint8_t *bytes, gsize *size)
{
	static const uint32_t odd[] = {0, 1, 7, 255, 256, 65535, 65536, 0x7fffffff, 0x80000000, 0xffffffff};
	int n = g_rand_int_range(random, 1, 9);
	for (int i = 0; i < n; i++) {
		gsize at = (gsize)g_rand_int_range(random, 0, (gint32)*size);
		gsize width = (gsize)g_rand_int_range(random, 1, 5);
		uint32_t value = odd[g_rand_int_range(random, 0, G_N_ELEMENTS(odd))];
		/* Directories are small and mostly at the end: half of the hits go there. */
		if (g_rand_boolean(random) && *size > 1500)
			at = *size - 1 - (gsize)g_rand_int_range(random, 0, 1400);
		if (g_rand_boolean(random))
			bytes[at] = (uint8_t)g_rand_int_range(random, 0, 256);
		else
			memcpy(bytes + at, &value, MIN(width, *size - at));
	}
	if (g_rand_int_range(random, 0, 8) == 0)
		*size = (gsize)g_rand_int_range(random, 1, (gint32)*size);
}

/* The errors are the point of it; none may be missing where something failed. */
static void use(const char *path)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(raster) r = raster_open(path, NULL, &error);
	g_assert_true((r == NULL) == (error != NULL));
	if (!r)
		return;
	raster_style style;
	if (!raster_style_resolve(r, NULL, NULL, NULL, &style, NULL, &error)) {
		g_assert_nonnull(error);
		return;
	}
	for (int level = 0; level < MIN(r->info.n_levels, 4); level++) {
		const raster_level *l = &r->levels[level];
		raster_rect area = {l->width / 3, l->height / 3, MIN(100, l->width - l->width / 3),
		                    MIN(100, l->height - l->height / 3)};
		g_autofree uint8_t *pixels = g_malloc((size_t)area.w * (size_t)area.h * 4);
		g_clear_error(&error);
		bool ok = raster_render(r, &style, level, &area, pixels, (size_t)area.w * 4, NULL, &error);
		g_assert_true(ok == (error == NULL));
	}
}

int main(int argc, char **argv)
{
	double seconds = argc > 1 ? g_ascii_strtod(argv[1], NULL) : 10;
	guint32 seed = argc > 2 ? (guint32)g_ascii_strtoull(argv[2], NULL, 10) : (guint32)g_get_real_time();
	g_autoptr(GRand) random = g_rand_new_with_seed(seed);
	g_autofree char *path = test_path("fuzzed.tif");
	gint64 end = g_get_monotonic_time() + (gint64)(seconds * G_TIME_SPAN_SECOND);
	int rounds = 0;
	char *bytes[G_N_ELEMENTS(SEEDS)] = {NULL};
	gsize sizes[G_N_ELEMENTS(SEEDS)];
	for (guint i = 0; i < G_N_ELEMENTS(SEEDS); i++) {
		if (!TIFFIsCODECConfigured((uint16_t)SEEDS[i].compression))
			continue;
		write_seed(path, &SEEDS[i]);
		g_assert_true(g_file_get_contents(path, &bytes[i], &sizes[i], NULL));
	}
	for (; g_get_monotonic_time() < end; rounds++) {
		guint i = (guint)rounds % G_N_ELEMENTS(SEEDS);
		if (!bytes[i])
			continue;
		gsize size = sizes[i];
		g_autofree uint8_t *broken = g_memdup2(bytes[i], size);
		mutate(random, broken, &size);
		g_assert_true(g_file_set_contents(path, (char *)broken, (gssize)size, NULL));
		use(path);
	}
	for (guint i = 0; i < G_N_ELEMENTS(SEEDS); i++)
		g_free(bytes[i]);
	test_clean();
	g_print("%d rounds, seed %u\n", rounds, seed);
	return 0;
}
