#include "tests/ui/fixture.h"

#include <glib/gstdio.h>
#include <locale.h>
#include <string.h>
#include <tiffio.h>

#include "app/application.h"
#include "app/engine/paths.h"

char *fixture_dir(void)
{
	g_autoptr(GError) error = NULL;
	char *dir = g_dir_make_tmp("nadir-ui-XXXXXX", &error);
	g_assert_no_error(error);
	return dir;
}

void fixture_remove(const char *dir)
{
	g_autoptr(GDir) d = g_dir_open(dir, 0, NULL);
	for (const char *name; d && (name = g_dir_read_name(d));) {
		g_autofree char *path = g_build_filename(dir, name, NULL);
		g_unlink(path);
	}
	g_rmdir(dir);
}

char *fixture_image(const char *dir, const char *name, int width, int height, bool alpha)
{
	const int bands = alpha ? 4 : 3;
	char *path = g_build_filename(dir, name, NULL);
	TIFF *t = TIFFOpen(path, "w");
	g_assert_nonnull(t);
	TIFFSetField(t, TIFFTAG_IMAGEWIDTH, width);
	TIFFSetField(t, TIFFTAG_IMAGELENGTH, height);
	TIFFSetField(t, TIFFTAG_BITSPERSAMPLE, 8);
	TIFFSetField(t, TIFFTAG_SAMPLESPERPIXEL, bands);
	TIFFSetField(t, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_RGB);
	TIFFSetField(t, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
	TIFFSetField(t, TIFFTAG_ROWSPERSTRIP, 16);
	if (alpha)
		TIFFSetField(t, TIFFTAG_EXTRASAMPLES, 1, (uint16_t[]){EXTRASAMPLE_UNASSALPHA});
	g_autofree uint8_t *row = g_malloc((gsize)width * bands);
	for (int y = 0; y < height; y++) {
		for (int x = 0; x < width; x++) {
			const uint8_t pixel[4] = {(uint8_t)x, (uint8_t)y, 128, x < width / 2 ? 0 : 255};
			memcpy(row + (gsize)x * bands, pixel, bands);
		}
		g_assert_cmpint(TIFFWriteScanline(t, row, (uint32_t)y, 0), ==, 1);
	}
	TIFFClose(t);
	return path;
}

char *fixture_sample(const char *dir)
{
	g_autofree char *from = paths_sample();
	g_autofree char *base = g_path_get_basename(from);
	char *to = g_build_filename(dir, base, NULL);
	g_autoptr(GFile) source = g_file_new_for_path(from);
	g_autoptr(GFile) target = g_file_new_for_path(to);
	g_autoptr(GError) error = NULL;
	g_file_copy(source, target, G_FILE_COPY_NONE, NULL, NULL, NULL, &error);
	g_assert_no_error(error);
	return to;
}

char *fixture_model(void)
{
	const char *source = g_getenv("NADIR_SOURCE");
	const char *shared = g_getenv("NADIR_SHARED");
	const char *wish = g_getenv("NADIR_MODEL");
	g_autofree char *starter = g_build_filename(source ? source : ".", "data", "models", "starter-sam.gguf", NULL);
	g_autofree char *beside = g_build_filename(source ? source : ".", "..", "shared", NULL);
	g_autofree char *interim = g_build_filename(shared ? shared : beside, "models", "interim-sam.gguf", NULL);
	const char *places[] = {wish, starter, interim};
	for (guint i = 0; i < G_N_ELEMENTS(places); i++)
		if (places[i] && g_file_test(places[i], G_FILE_TEST_IS_REGULAR))
			return g_strdup(places[i]);
	return NULL;
}

/* --- waiting --- */

bool fixture_wait(bool (*done)(void *data), void *data, double seconds)
{
	const gint64 end = g_get_monotonic_time() + (gint64)(seconds * 1e6);
	while (!done(data)) {
		if (g_get_monotonic_time() > end)
			return false;
		if (!g_main_context_iteration(NULL, FALSE))
			g_usleep(1000);
	}
	return true;
}

static bool never(void *data)
{
	return false;
}

void fixture_spin(double seconds)
{
	(void)fixture_wait(never, NULL, seconds);
}

static bool has_result(void *data)
{
	return *(GAsyncResult **)data != NULL;
}

static void take_result(GObject *source, GAsyncResult *result, gpointer data)
{
	*(GAsyncResult **)data = g_object_ref(result);
}

NadirDocument *fixture_open(const char *path, service *svc, GError **error)
{
	g_autoptr(GFile) file = g_file_new_for_path(path);
	g_autoptr(GAsyncResult) result = NULL;
	nadir_document_open_async(file, svc, NULL, take_result, &result);
	g_assert_true(fixture_wait(has_result, &result, 60));
	return nadir_document_open_finish(result, error);
}

static bool is_settled(void *data)
{
	const NadirPending p = nadir_document_get_pending(data);
	return p.jobs == 0 && p.storing == 0;
}

void fixture_settle(NadirDocument *d)
{
	g_assert_true(fixture_wait(is_settled, d, 400));
}

static bool is_set(void *data)
{
	return *(bool *)data;
}

static void set(void *data)
{
	*(bool *)data = true;
}

static bool is_alone(void *data)
{
	return G_OBJECT(data)->ref_count == 1;
}

void fixture_close(NadirDocument *d)
{
	bool closed = false;
	nadir_document_close(d, set, &closed);
	g_assert_true(fixture_wait(is_set, &closed, 400));
	g_assert_true(fixture_wait(is_alone, d, 60));
	g_assert_finalize_object(d);
}

/* --- tests of windows --- */

void fixture_init_application(int *argc, char ***argv)
{
	setlocale(LC_ALL, "C.UTF-8");
	g_setenv("NADIR_TEST", "1", TRUE);
	g_test_init(argc, argv, NULL);
}

static void run_tests(GApplication *app, int *status)
{
	*status = g_test_run();
	g_signal_stop_emission_by_name(app, "activate"); /* no window of the program's own */
	g_application_quit(app);
}

int fixture_run_application(char *program, const char *weights)
{
	g_autofree char *option = g_strconcat("--model=", weights, NULL);
	char *args[] = {program, option, NULL};
	int status = 1;
	NadirApplication *app = nadir_application_new();
	g_signal_connect(app, "activate", G_CALLBACK(run_tests), &status);
	g_application_run(G_APPLICATION(app), 2, args);
	g_assert_finalize_object(app);
	return status;
}

/* --- small things --- */

static void count(int *counter)
{
	(*counter)++;
}

void fixture_count(gpointer object, const char *signal, int *counter)
{
	g_signal_connect_swapped(object, signal, G_CALLBACK(count), counter);
}

bitmask *fixture_rectangle(int x, int y, int w, int h)
{
	bitmask *m = mask_new(x, y, w, h);
	memset(m->bits, 1, (gsize)w * h);
	return m;
}

void fixture_rectangle_of(int x, int y, int w, int h, double xy[8])
{
	const double corners[8] = {x, y, x + w, y, x + w, y + h, x, y + h};
	memcpy(xy, corners, sizeof corners);
}
