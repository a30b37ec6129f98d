/* Files that are broken or lie: one sentence with the place and the reason, nothing on stderr, no memory for claims. */
#include "tiff-writer.h"
#include <sys/resource.h>
#include <sys/stat.h>

static void write_file(const char *path, const void *data, size_t size)
{
	g_assert_true(g_file_set_contents(path, data, (gssize)size, NULL));
}

/* A classic little-endian TIFF of one directory, written by hand: tag, type, count, value. */
typedef struct {
	uint16_t tag, type;
	uint32_t count, value;
} tag;

static void write_tags(const char *path, const tag *tags, int n, uint32_t next, size_t file_size)
{
	g_autofree uint8_t *out = g_malloc0(MAX(file_size, 1024));
	uint8_t *p = out;
	memcpy(p, "II*\0\x08\0\0\0", 8);
	p += 8;
	memcpy(p, &(uint16_t){(uint16_t)n}, 2);
	p += 2;
	for (int i = 0; i < n; i++, p += 12)
		memcpy(p, &tags[i], 12);
	memcpy(p, &next, 4);
	write_file(path, out, MAX(file_size, 1024));
}

#define LONG 4
#define SHORT 3

static bool opens_and_reads(const char *path, GError **error)
{
	g_autoptr(raster) r = raster_open(path, NULL, error);
	const int band = 0;
	float v[4];
	raster_rect corner = {0, 0, 1, 1};
	raster_style style;
	uint8_t rgb[3];
	if (!r)
		return false;
	return raster_read(r, 0, &corner, &band, 1, v, NULL, NULL, error) &&
	       raster_style_resolve(r, NULL, NULL, NULL, &style, NULL, error) &&
	       raster_model_input(r, &style, &corner, rgb, 3, NULL, error);
}

/* One line that names the file. */
static void assert_fails(const char *path, int code, const char *words)
{
	g_autoptr(GError) error = NULL;
	g_assert_false(opens_and_reads(path, &error));
	g_assert_nonnull(error);
	g_assert_cmpint(error->domain, ==, RASTER_ERROR);
	if (code >= 0)
		g_assert_cmpint(error->code, ==, code);
	g_assert_nonnull(strstr(error->message, path));
	g_assert_null(strchr(error->message, '\n'));
	if (words && !strstr(error->message, words))
		g_error("“%s” is not in “%s”", words, error->message);
}

static void test_no_file(void)
{
	g_autofree char *missing = test_path("missing.tif"), *folder = test_path("folder"), *empty = test_path("empty.tif");
	g_autofree char *below = test_path("empty.tif/below.tif"), *text = test_path("text.tif"),
					*pipe = test_path("pipe.tif");
	assert_fails(missing, RASTER_ERROR_OPEN, "no such file");
	g_assert_cmpint(g_mkdir(folder, 0700), ==, 0);
	assert_fails(folder, RASTER_ERROR_OPEN, "folder");
	g_rmdir(folder);
	write_file(empty, "", 0);
	assert_fails(empty, RASTER_ERROR_OPEN, "empty");
	assert_fails(below, RASTER_ERROR_OPEN, NULL);
	write_file(text, "no image at all\n", 16);
	assert_fails(text, RASTER_ERROR_OPEN, "cannot be opened as an image");
	g_assert_cmpint(mkfifo(pipe, 0600), ==, 0);
	assert_fails(pipe, RASTER_ERROR_OPEN, "not a file");
}

static void test_no_permission(void)
{
	g_autofree char *path = test_path("closed.tif");
	write_file(path, "II*", 4);
	g_chmod(path, 0);
	if (g_access(path, R_OK) == 0) {
		g_test_skip("this user may read everything");
		return;
	}
	assert_fails(path, RASTER_ERROR_OPEN, "permission");
}

static void test_no_pixels(void)
{
	g_autofree char *path = test_path("zero.tif");
	const tag tags[] = {{256, LONG, 1, 0},   {257, LONG, 1, 0}, {258, SHORT, 1, 8}, {262, SHORT, 1, 1},
	                    {273, LONG, 1, 512}, {278, LONG, 1, 1}, {279, LONG, 1, 16}};
	write_tags(path, tags, G_N_ELEMENTS(tags), 0, 1024);
	assert_fails(path, -1, NULL);
}

/* Claims of 2^31-1 squared in a file of a kilobyte, in strips, in one strip, in huge and in small tiles. */
static void test_absurd_sizes(void)
{
	const uint32_t huge = INT32_MAX;
	const struct {
		uint32_t side, rows, tile;
	} cases[] = {{huge, 1, 0},      {huge, huge, 0},         {huge, 0, huge & ~15u},  {huge, 0, 16},
	             {huge, 0, 65536},  {1u << 20, 0, 1u << 20}, {1u << 20, 1u << 20, 0}, {UINT32_MAX, 1, 0},
	             {1u << 20, 0, 512}};
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *path = test_path("absurd.tif");
		const tag strips[] = {{256, LONG, 1, cases[i].side},
		                      {257, LONG, 1, cases[i].side},
		                      {258, SHORT, 1, 8},
		                      {259, SHORT, 1, 8},
		                      {262, SHORT, 1, 1},
		                      {273, LONG, 1, 512},
		                      {278, LONG, 1, cases[i].rows},
		                      {279, LONG, 1, 16}};
		const tag tiles[] = {{256, LONG, 1, cases[i].side},
		                     {257, LONG, 1, cases[i].side},
		                     {258, SHORT, 1, 8},
		                     {259, SHORT, 1, 8},
		                     {262, SHORT, 1, 1},
		                     {322, LONG, 1, cases[i].tile},
		                     {323, LONG, 1, cases[i].tile},
		                     {324, LONG, 1, 512},
		                     {325, LONG, 1, 16}};
		if (cases[i].tile)
			write_tags(path, tiles, G_N_ELEMENTS(tiles), 0, 1024);
		else
			write_tags(path, strips, G_N_ELEMENTS(strips), 0, 1024);
		assert_fails(path, -1, NULL);
	}
}

static void test_unknown_types(void)
{
	const struct {
		uint16_t bits, format, compression;
	} cases[] = {{40, 1, 1}, {33, 1, 1}, {8, 3, 1}, {16, 5, 1}, {16, 99, 1}, {0, 1, 1}, {8, 1, 12345}, {8, 6, 6}};
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *path = test_path("unknown.tif");
		const tag tags[] = {{256, LONG, 1, 8},
		                    {257, LONG, 1, 8},
		                    {258, SHORT, 1, cases[i].bits},
		                    {259, SHORT, 1, cases[i].compression},
		                    {262, SHORT, 1, 1},
		                    {273, LONG, 1, 300},
		                    {278, LONG, 1, 8},
		                    {279, LONG, 1, 512},
		                    {339, SHORT, 1, cases[i].format}};
		write_tags(path, tags, G_N_ELEMENTS(tags), 0, 2048);
		g_autoptr(GError) error = NULL;
		if (!opens_and_reads(path, &error)) /* some of these GDAL knows a way to read */
			assert_fails(path, -1, NULL);
	}
}

static void test_directory_loop(void)
{
	g_autofree char *path = test_path("loop.tif");
	const tag tags[] = {{254, LONG, 1, 1},  {256, LONG, 1, 8},   {257, LONG, 1, 8}, {258, SHORT, 1, 8},
	                    {262, SHORT, 1, 1}, {273, LONG, 1, 512}, {278, LONG, 1, 8}, {279, LONG, 1, 64}};
	write_tags(path, tags, G_N_ELEMENTS(tags), 8, 1024);
	g_autoptr(GError) error = NULL;
	opens_and_reads(path, &error); /* either way: it comes to an end */
	g_assert_true(error == NULL || error->domain == RASTER_ERROR);
}

/* The header is good, the end is missing: what is there reads, what is not says so. */
static void test_truncated(gconstpointer data)
{
	const layout *l = data;
	g_autofree char *whole = test_path("whole.tif"), *path = test_path("truncated.tif"), *bytes = NULL;
	gsize size;
	write_layout(whole, l);
	/* libtiff writes the directory last, so the end cannot be cut off; the last chunk is said to lie beyond it instead.
	 */
	g_assert_true(g_file_get_contents(whole, &bytes, &size, NULL));
	TIFF *tif = TIFFOpen(whole, "r");
	uint32_t chunks = l->tile_w ? TIFFNumberOfTiles(tif) : TIFFNumberOfStrips(tif);
	uint64_t *offsets = NULL, last = 0;
	g_assert_true(TIFFGetField(tif, l->tile_w ? TIFFTAG_TILEOFFSETS : TIFFTAG_STRIPOFFSETS, &offsets));
	last = offsets[chunks - 1];
	TIFFClose(tif);
	for (gsize i = 0; i + 4 <= size; i++) {
		uint32_t v, far = (uint32_t)size + 1000;
		memcpy(&v, bytes + i, 4);
		if (v == last)
			memcpy(bytes + i, &far, 4);
	}
	write_file(path, bytes, size);
	g_autoptr(raster) r = test_open(path);
	const int band = 0;
	g_autoptr(GError) error = NULL;
	g_autofree float *v = g_new(float, (size_t)l->width *(size_t)l->height);
	raster_rect good = {0, 0, l->width, l->tile_w ? 16 : 14}, bad = {l->width - 1, l->height - 1, 1, 1};
	bool ok = raster_read(r, 0, &good, &band, 1, v, NULL, NULL, &error);
	g_assert_no_error(error);
	g_assert_true(ok);
	g_assert_cmpfloat(v[l->width + 1], ==, (float)layout_number(l, 1, 1, 0));
	g_assert_false(raster_read(r, 0, &bad, &band, 1, v, NULL, NULL, &error));
	g_assert_error(error, RASTER_ERROR, RASTER_ERROR_CORRUPT);
	g_assert_nonnull(strstr(error->message, path));
	g_assert_nonnull(strstr(error->message, "incomplete"));
	raster_stats stats; /* of what is left */
	g_assert_true(raster_statistics(r, 0, &stats, NULL, NULL));
	g_assert_true(stats.damaged);
	g_assert_cmpuint(stats.valid, >, 0);
	g_assert_cmpuint(stats.valid, <, (uint64_t)l->width * (uint64_t)l->height);
}

/* Packed pixels that do not unpack. */
static void test_garbled(void)
{
	const layout l = {"garbled", 64, 64, 1, 8, SAMPLEFORMAT_UINT, COMPRESSION_ADOBE_DEFLATE, 32, 32};
	g_autofree char *path = test_path("garbled.tif"), *bytes = NULL;
	gsize size;
	write_layout(path, &l);
	TIFF *tif = TIFFOpen(path, "r");
	uint64_t at = TIFFGetStrileOffset(tif, 2), n = TIFFGetStrileByteCount(tif, 2);
	TIFFClose(tif);
	g_assert_true(g_file_get_contents(path, &bytes, &size, NULL));
	memset(bytes + at + 2, 0xFF, n - 2);
	write_file(path, bytes, size);
	g_autoptr(raster) r = test_open(path);
	const int band = 0;
	float v[4];
	g_autoptr(GError) error = NULL;
	raster_rect good = {40, 40, 1, 1}, bad = {5, 40, 1, 1};
	g_assert_true(raster_read(r, 0, &good, &band, 1, v, NULL, NULL, &error));
	g_assert_false(raster_read(r, 0, &bad, &band, 1, v, NULL, NULL, &error));
	g_assert_error(error, RASTER_ERROR, RASTER_ERROR_CORRUPT);
	g_assert_nonnull(strstr(error->message, "column 0, row 32 to 31, 63"));
}

/* A PNG whose header claims more than its bytes can hold. */
static void test_png_claims(void)
{
	static const uint8_t header[] = {0x89, 'P',  'N', 'G', 13,  10,   26,   10,   0,    0,    0,
	                                 13,   'I',  'H', 'D', 'R', 0x3f, 0xff, 0xff, 0xff, 0x3f, 0xff,
	                                 0xff, 0xff, 8,   2,   0,   0,    0,    0,    0,    0,    0};
	g_autofree char *path = test_path("claims.png");
	write_file(path, header, sizeof header);
	assert_fails(path, -1, NULL);
}

/* Handles are given back: opening and reading many times leaves no more files open. */
static int open_files(void)
{
	GDir *dir = g_dir_open("/proc/self/fd", 0, NULL);
	int n = 0;
	while (dir && g_dir_read_name(dir))
		n++;
	if (dir)
		g_dir_close(dir);
	return n;
}

static void test_handles(void)
{
	const layout l = {"handles", 64, 64, 1, 8, SAMPLEFORMAT_UINT, COMPRESSION_ADOBE_DEFLATE, 32, 32};
	g_autofree char *path = test_path("handles.tif");
	write_layout(path, &l);
	g_assert_true(opens_and_reads(path, NULL));
	int before = open_files();
	for (int i = 0; i < 50; i++)
		g_assert_true(opens_and_reads(path, NULL));
	g_assert_cmpint(open_files(), ==, before);
}

static void test_outside(void)
{
	const layout l = {"outside", 64, 64, 1, 8, SAMPLEFORMAT_UINT, COMPRESSION_NONE};
	g_autofree char *path = test_path("outside.tif");
	write_layout(path, &l);
	g_autoptr(raster) r = test_open(path);
	const raster_rect areas[] = {{-1, 0, 1, 1}, {0, 0, 65, 1},        {64, 0, 1, 1},
	                             {0, 0, 0, 1},  {INT32_MAX, 0, 1, 1}, {1, 1, INT32_MAX, 1}};
	const int band = 0, none = 1;
	const raster_rect inside = {0, 0, 1, 1};
	float v;
	for (guint i = 0; i < G_N_ELEMENTS(areas); i++)
		g_assert_false(raster_read(r, 0, &areas[i], &band, 1, &v, NULL, NULL, NULL));
	g_assert_false(raster_read(r, 0, &inside, &none, 1, &v, NULL, NULL, NULL));
	g_assert_false(raster_read(r, 1, &inside, &band, 1, &v, NULL, NULL, NULL));
}

static void test_cancelled(void)
{
	const layout l = {"cancelled", 640, 640, 1, 8, SAMPLEFORMAT_UINT, COMPRESSION_LZW};
	g_autofree char *path = test_path("cancelled.tif");
	write_layout(path, &l);
	g_autoptr(raster) r = test_open(path);
	g_autoptr(GCancellable) cancel = g_cancellable_new();
	g_autoptr(GError) error = NULL;
	g_autofree float *v = g_new(float, 640 * 640);
	const int band = 0;
	const raster_rect whole = {0, 0, 640, 640}, small = {0, 0, 160, 160};
	g_cancellable_cancel(cancel);
	g_assert_false(raster_read(r, 0, &whole, &band, 1, v, NULL, cancel, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
	g_clear_error(&error);
	g_assert_false(raster_read(r, 2, &small, &band, 1, v, NULL, cancel, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
	g_assert_true(raster_read(r, 2, &small, &band, 1, v, NULL, NULL, NULL)); /* and goes on later */
}

/* The tests above once more in a process of its own: the libraries below print nothing, and memory stays small. */
static void test_quiet_and_small(void)
{
	if (g_test_subprocess()) {
		test_no_file();
		test_no_pixels();
		test_absurd_sizes();
		test_unknown_types();
		test_garbled();
		test_png_claims();
		struct rusage used;
		getrusage(RUSAGE_SELF, &used);
		if (used.ru_maxrss > 1536 * 1024) /* KiB; a debugging allocator takes several times what is needed */
			g_printerr("%ld KiB were needed\n", used.ru_maxrss);
		test_clean();
		return;
	}
	g_test_trap_subprocess(NULL, 0, 0);
	g_test_trap_assert_passed();
	g_test_trap_assert_stderr("");
}

int main(int argc, char **argv)
{
	static const layout tiles = {"tiles", 70, 50, 1, 16, SAMPLEFORMAT_UINT, COMPRESSION_ADOBE_DEFLATE, 32, 16};
	static const layout strips = {"strips", 70, 50, 3, 8, SAMPLEFORMAT_UINT, COMPRESSION_LZW};
	static const layout plain = {"plain", 70, 50, 1, 8, SAMPLEFORMAT_UINT, COMPRESSION_NONE};
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/raster/bad/no-file", test_no_file);
	g_test_add_func("/raster/bad/no-permission", test_no_permission);
	g_test_add_func("/raster/bad/no-pixels", test_no_pixels);
	g_test_add_func("/raster/bad/absurd-sizes", test_absurd_sizes);
	g_test_add_func("/raster/bad/unknown-types", test_unknown_types);
	g_test_add_func("/raster/bad/directory-loop", test_directory_loop);
	g_test_add_data_func("/raster/bad/truncated-tiles", &tiles, test_truncated);
	g_test_add_data_func("/raster/bad/truncated-strips", &strips, test_truncated);
	g_test_add_data_func("/raster/bad/truncated-plain", &plain, test_truncated);
	g_test_add_func("/raster/bad/garbled", test_garbled);
	g_test_add_func("/raster/bad/png-claims", test_png_claims);
	g_test_add_func("/raster/bad/handles", test_handles);
	g_test_add_func("/raster/bad/outside", test_outside);
	g_test_add_func("/raster/bad/cancelled", test_cancelled);
	g_test_add_func("/raster/bad/quiet-and-small", test_quiet_and_small);
	int status = g_test_run();
	test_clean();
	return status;
}
