/* The values under the pointer: those of the file, no data where there is none, all bands on wish, none outside. */
#include <math.h>

#include "app/panel/pixel-values.h"
#include "tests/ui/fixture.h"

static bool is_read(void *data)
{
	return nadir_pixel_values_get(data).state != PIXEL_NONE;
}

static bool is_alone(void *data)
{
	return G_OBJECT(data)->ref_count == 1;
}

/* A reading that was given up holds it until its thread is back. */
static void let_go(NadirPixelValues *v)
{
	nadir_pixel_values_set_document(v, NULL);
	g_assert_true(nadir_pixel_values_get(v).state == PIXEL_NONE);
	g_assert_true(fixture_wait(is_alone, v, 20));
	g_assert_finalize_object(v);
}

static pixel_values values_at(NadirPixelValues *v, double x, double y)
{
	nadir_pixel_values_set_pointer(v, NAN, NAN);
	g_assert_true(nadir_pixel_values_get(v).state == PIXEL_NONE);
	nadir_pixel_values_set_pointer(v, x, y);
	g_assert_true(fixture_wait(is_read, v, 20));
	return nadir_pixel_values_get(v);
}

static NadirDocument *open_image(const char *path, service *svc, NadirPixelValues *v)
{
	g_autoptr(GError) error = NULL;
	NadirDocument *d = fixture_open(path, svc, &error);
	g_assert_no_error(error);
	nadir_pixel_values_set_document(v, d);
	return d;
}

static void test_values(void)
{
	g_autofree char *dir = fixture_dir(), *image = fixture_image(dir, "image.tif", 400, 300, true);
	service *svc = service_new(&(engine_options){.model = "/nowhere/none.gguf"});
	NadirPixelValues *v = nadir_pixel_values_new();
	NadirDocument *d = open_image(image, svc, v);
	pixel_values p = values_at(v, 210.9, 77.1);
	g_assert_true(p.state == PIXEL_VALUES);
	const char *const expected[] = {"210", "77", "128", "255"};
	g_assert_cmpint(p.n, ==, 4);
	for (int i = 0; i < 4; i++) {
		g_assert_cmpint(p.band[i], ==, i);
		g_assert_cmpstr(p.text[i], ==, expected[i]);
	}
	g_assert_true(values_at(v, 10, 77).state == PIXEL_NO_DATA); /* alpha 0 */
	for (int x = 200; x < 240; x++)                             /* faster than anybody reads: the last one counts */
		nadir_pixel_values_set_pointer(v, x, 5);
	int changes = 0;
	fixture_count(v, "changed", &changes);
	for (int i = 0; i < 200 && !(is_read(v) && g_str_equal(nadir_pixel_values_get(v).text[0], "239")); i++)
		fixture_spin(0.02);
	g_assert_cmpstr(nadir_pixel_values_get(v).text[0], ==, "239");
	g_assert_cmpint(changes, <, 10);
	let_go(v);
	fixture_close(d);
	service_free(svc);
	fixture_remove(dir);
}

static void test_many_bands(void)
{
	const char *shared = g_getenv("NADIR_SHARED");
	g_autofree char *image = g_build_filename(shared ? shared : ".", "samples", "Spain_7370579_S2Hand.tif", NULL);
	if (!g_file_test(image, G_FILE_TEST_EXISTS)) {
		g_test_skip("NADIR_SHARED does not hold the sample of 13 bands");
		return;
	}
	service *svc = service_new(&(engine_options){.model = "/nowhere/none.gguf"});
	NadirPixelValues *v = nadir_pixel_values_new();
	NadirDocument *d = open_image(image, svc, v);
	const raster_style *style = nadir_document_get_style(d);
	const pixel_values few = values_at(v, 100, 100);
	g_assert_cmpint(few.n, ==, 3);
	g_assert_cmpint(few.band[0], ==, style->band[0]);
	g_autofree char *red = g_strdup(few.text[0]);
	nadir_pixel_values_want_all(v, true);
	const pixel_values all = values_at(v, 100, 100);
	g_assert_cmpint(all.n, ==, 13);
	g_assert_cmpstr(all.text[style->band[0]], ==, red);
	let_go(v);
	fixture_close(d);
	service_free(svc);
}

int main(int argc, char *argv[])
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/pixel-values/values", test_values);
	g_test_add_func("/pixel-values/many-bands", test_many_bands);
	return g_test_run();
}
