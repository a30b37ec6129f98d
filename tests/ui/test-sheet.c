/* The view as a sheet: what is seen is drawn where it belongs, in each format, whole or not at all. */
#include "app/document/map-sheet.h"
#include "tests/ui/fixture.h"

#include <cairo.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

typedef struct {
	char *folder;
	raster *image;
	georef *ref;
	raster_style style;
	NadirObject *object;
} world;

static void set_up(world *w, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	w->folder = fixture_dir();
	g_autofree char *path = fixture_sample(w->folder);
	w->image = raster_open(path, NULL, &error);
	g_assert_no_error(error);
	w->ref = georef_new(raster_get_info(w->image), &error);
	g_assert_no_error(error);
	g_assert_true(raster_style_resolve(w->image, NULL, NULL, NULL, &w->style, NULL, &error));
	g_autoptr(bitmask) m = fixture_rectangle(100, 100, 200, 200);
	feature *f = feature_new();
	g_assert_true(feature_set_mask(f, m, &error));
	g_free(f->class_name);
	f->class_name = g_strdup("tree");
	w->object = nadir_object_new(f, NADIR_STAGE_STORED);
}

static void tear_down(world *w, gconstpointer data)
{
	g_object_unref(w->object);
	georef_free(w->ref);
	raster_unref(w->image);
	fixture_remove(w->folder);
	g_free(w->folder);
}

static map_sheet *sheet_of(world *w, int x, int y, int side)
{
	static const project_class tree = {.id = 1, .name = (char *)"tree", .color = "#ff0000", .pattern = 0};
	const raster_rect area = {x, y, side, side};
	map_sheet *s = map_sheet_new(w->image, w->ref, &w->style, &area, "A sheet", 1);
	map_sheet_add(s, w->object, &tree);
	return s;
}

static cairo_surface_t *write_png(world *w, const map_sheet *s)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = g_build_filename(w->folder, "sheet.png", NULL);
	g_assert_true(map_sheet_write(s, path, NULL, &error));
	g_assert_no_error(error);
	cairo_surface_t *png = cairo_image_surface_create_from_png(path);
	g_assert_cmpint(cairo_surface_status(png), ==, CAIRO_STATUS_SUCCESS);
	return png;
}

/* Share of dots that are the class's red. */
static double red_share(cairo_surface_t *png)
{
	const int width = cairo_image_surface_get_width(png), height = cairo_image_surface_get_height(png);
	const int stride = cairo_image_surface_get_stride(png);
	const unsigned char *p = cairo_image_surface_get_data(png);
	guint n = 0;
	for (int y = 0; y < height; y++)
		for (int x = 0; x < width; x++)
			n += (*(const guint32 *)(const void *)(p + (gsize)y * stride + 4 * (gsize)x) & 0xffffff) == 0xff0000;
	return n / ((double)width * height);
}

static void test_png(world *w, gconstpointer data)
{
	g_autoptr(map_sheet) s = sheet_of(w, 0, 0, 400);
	cairo_surface_t *png = write_png(w, s);
	/* A4 across at 150 dots an inch */
	g_assert_cmpint(cairo_image_surface_get_width(png), ==, 1753);
	g_assert_cmpint(cairo_image_surface_get_height(png), ==, 1240);
	/* the object is a quarter of a square image as high as the sheet but for its margins, title and foot */
	const double side = (595.28 - 2 * 28 - 26 - 54) / 2;
	g_assert_cmpfloat_with_epsilon(red_share(png), side * side / (841.89 * 595.28), 0.01);
	cairo_surface_destroy(png);
}

static bool is_red(cairo_surface_t *png, double x, double y)
{
	const int stride = cairo_image_surface_get_stride(png);
	const unsigned char *row = cairo_image_surface_get_data(png) + (gsize)lround(y) * (gsize)stride;
	return (*(const guint32 *)(const void *)(row + 4 * (gsize)lround(x)) & 0xffffff) == 0xff0000;
}

/* Of side x side pixels about whose middle the view of w by h is turned by an eighth. */
static cairo_surface_t *turned(world *w, int side, double width, double height)
{
	static const project_class tree = {.id = 1, .name = (char *)"tree", .color = "#ff0000", .pattern = 0};
	const raster_rect area = {0, 0, side, side};
	g_autoptr(map_sheet) s = map_sheet_new(w->image, w->ref, &w->style, &area, "A sheet", 1);
	map_sheet_turn(s, G_PI / 4, side / 2.0, side / 2.0, width, height);
	map_sheet_add(s, w->object, &tree);
	return write_png(w, s);
}

/* Turned by an eighth, the square object stands on its corner, and all of the image is on the sheet. */
static void test_turned(world *w, gconstpointer data)
{
	cairo_surface_t *png = turned(w, 400, 1000, 1000);
	const double high = 595.28 - 2 * 28 - 26 - 54, scale = high / (400 * G_SQRT2) * 150 / 72; /* dots a pixel */
	const double x = 841.89 / 2 * 150 / 72, y = (28 + 26 + high / 2) * 150 / 72;
	g_assert_cmpfloat_with_epsilon(red_share(png), 200 * 200 * scale * scale / (1753.0 * 1240), 0.005);
	g_assert_true(is_red(png, x, y - 135 * scale));
	g_assert_true(is_red(png, x + 135 * scale, y));
	g_assert_false(is_red(png, x - 90 * scale, y - 90 * scale));
	cairo_surface_destroy(png);
}

/* Of what the turned view shows only a part, and the object is beside it though its box is not. */
static void test_turned_part(world *w, gconstpointer data)
{
	cairo_surface_t *png = turned(w, 120, 110, 40);
	g_assert_cmpfloat(red_share(png), ==, 0);
	cairo_surface_destroy(png);
}

static void test_elsewhere(world *w, gconstpointer data)
{
	g_autoptr(map_sheet) s = sheet_of(w, 0, 0, 90); /* the object is not in sight: neither drawn nor in the legend */
	cairo_surface_t *png = write_png(w, s);
	g_assert_cmpfloat(red_share(png), ==, 0);
	cairo_surface_destroy(png);
}

static void test_formats(world *w, gconstpointer data)
{
	static const struct {
		const char *name, *begin;
	} kinds[] = {{"a.pdf", "%PDF-"}, {"a.SVG", "<?xml"}, {"a.png", "\x89PNG"}};
	for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
		g_autoptr(map_sheet) s = sheet_of(w, 50, 50, 300);
		g_autoptr(GError) error = NULL;
		g_autofree char *path = g_build_filename(w->folder, kinds[i].name, NULL), *text = NULL;
		g_assert_true(map_sheet_write(s, path, NULL, &error));
		g_assert_no_error(error);
		g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
		g_assert_true(g_str_has_prefix(text, kinds[i].begin));
	}
}

static void test_refused(world *w, gconstpointer data)
{
	g_autoptr(map_sheet) s = sheet_of(w, 0, 0, 300);
	g_autoptr(GError) error = NULL;
	g_autofree char *wrong = g_build_filename(w->folder, "a.gif", NULL);
	g_autofree char *nowhere = g_build_filename(w->folder, "no", "a.png", NULL);
	g_assert_false(map_sheet_write(s, wrong, NULL, &error));
	g_assert_nonnull(strstr(error->message, ".svg"));
	g_clear_error(&error);
	g_assert_false(map_sheet_write(s, nowhere, NULL, &error));
	g_assert_nonnull(strstr(error->message, nowhere));
	g_assert_false(g_file_test(wrong, G_FILE_TEST_EXISTS));
}

#define TEST(path, func) g_test_add(path, world, NULL, set_up, func, tear_down)

int main(int argc, char *argv[])
{
	g_test_init(&argc, &argv, NULL);
	TEST("/sheet/png", test_png);
	TEST("/sheet/turned", test_turned);
	TEST("/sheet/turned-part", test_turned_part);
	TEST("/sheet/elsewhere", test_elsewhere);
	TEST("/sheet/formats", test_formats);
	TEST("/sheet/refused", test_refused);
	return g_test_run();
}
