/* Where the image lies on the screen. */
#include "render/raster/viewport.h"
#include <math.h>

#define NEAR(a, b) g_assert_cmpfloat_with_epsilon((a), (b), 1e-9)

static viewport shown(int image_w, int image_h, int screen_w, int screen_h)
{
	viewport v;
	viewport_init(&v, image_w, image_h);
	viewport_resize(&v, screen_w, screen_h);
	return v;
}

static void test_fit(void)
{
	viewport v = shown(4000, 1000, 800, 600);
	double x, y;
	NEAR(v.scale, 0.2);
	viewport_to_screen(&v, 2000, 500, &x, &y);
	NEAR(x, 400);
	NEAR(y, 300);
	raster_rect seen = viewport_visible(&v);
	g_assert_cmpint(seen.x, ==, 0);
	g_assert_cmpint(seen.w, ==, 4000);
	g_assert_cmpint(seen.h, ==, 1000);
	v = shown(4, 4, 800, 600);
	NEAR(v.scale, 64); /* never larger than 64:1 */
}

static void test_zoom_keeps_the_pixel(void)
{
	viewport v = shown(4000, 3000, 800, 600);
	const double factors[] = {1.5, 2, 7.3, 0.9, 0.31, 3};
	for (guint i = 0; i < G_N_ELEMENTS(factors); i++) {
		double ix, iy, jx, jy;
		viewport_to_image(&v, 444, 333, &ix, &iy);
		viewport_zoom_at(&v, factors[i], 444, 333);
		viewport_to_image(&v, 444, 333, &jx, &jy);
		NEAR(ix, jx);
		NEAR(iy, jy);
	}
}

static void test_limits(void)
{
	viewport v = shown(4000, 3000, 800, 600);
	viewport_set_scale(&v, 1e9);
	NEAR(v.scale, 64);
	viewport_set_scale(&v, 1e-9);
	NEAR(v.scale, 1.0 / 64);
	v = shown(1000000, 1000000, 500, 500);
	NEAR(v.scale, 0.0005); /* fits, though it is less than 1:64 */
	viewport_set_scale(&v, 1e-9);
	NEAR(v.scale, 0.0005);
}

static void test_pan(void)
{
	viewport v = shown(4000, 3000, 800, 600);
	double x, y;
	viewport_set_scale(&v, 2);
	viewport_to_screen(&v, 2000, 1500, &x, &y);
	viewport_pan(&v, 30, -12);
	double nx, ny;
	viewport_to_screen(&v, 2000, 1500, &nx, &ny);
	NEAR(nx, x + 30);
	NEAR(ny, y - 12);
	viewport_pan(&v, 1e9, 1e9); /* as far as it goes: a strip stays in sight */
	raster_rect seen = viewport_visible(&v);
	g_assert_cmpint(seen.w, ==, 32);
	g_assert_cmpint(seen.h, ==, 32);
	g_assert_cmpint(seen.x, ==, 0);
	viewport_pan(&v, -1e9, -1e9);
	seen = viewport_visible(&v);
	g_assert_cmpint(seen.x + seen.w, ==, 4000);
	g_assert_cmpint(seen.w, ==, 32);
}

static void test_resize_keeps_the_centre(void)
{
	viewport v = shown(4000, 3000, 800, 600);
	viewport_set_scale(&v, 3);
	viewport_pan(&v, 100, 50);
	double ix, iy, jx, jy;
	viewport_to_image(&v, 400, 300, &ix, &iy);
	viewport_resize(&v, 1234, 555);
	viewport_to_image(&v, 617, 277.5, &jx, &jy);
	NEAR(ix, jx);
	NEAR(iy, jy);
	NEAR(v.scale, 3);
}

static void test_show(void)
{
	viewport v = shown(4000, 3000, 800, 600);
	const raster_rect area = {1000, 2000, 100, 40};
	viewport_show(&v, &area, 0.1);
	double x0, y0, x1, y1;
	viewport_to_screen(&v, 1000, 2000, &x0, &y0);
	viewport_to_screen(&v, 1100, 2040, &x1, &y1);
	NEAR(x1 - x0, 800 / 1.2);
	NEAR((x0 + x1) / 2, 400);
	NEAR((y0 + y1) / 2, 300);
	const raster_rect pixel = {5, 5, 1, 1};
	viewport_show(&v, &pixel, 0);
	NEAR(v.scale, 64);
}

static void test_visible_is_clipped(void)
{
	viewport v = shown(100, 100, 800, 600);
	viewport_set_scale(&v, 10);
	raster_rect seen = viewport_visible(&v);
	g_assert_cmpint(seen.x, ==, 10); /* 80 of 100 columns, 60 of 100 rows */
	g_assert_cmpint(seen.w, ==, 80);
	g_assert_cmpint(seen.y, ==, 20);
	g_assert_cmpint(seen.h, ==, 60);
	viewport_set_scale(&v, 2);
	seen = viewport_visible(&v);
	g_assert_cmpint(seen.x, ==, 0);
	g_assert_cmpint(seen.w, ==, 100);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/viewport/fit", test_fit);
	g_test_add_func("/viewport/zoom", test_zoom_keeps_the_pixel);
	g_test_add_func("/viewport/limits", test_limits);
	g_test_add_func("/viewport/pan", test_pan);
	g_test_add_func("/viewport/resize", test_resize_keeps_the_centre);
	g_test_add_func("/viewport/show", test_show);
	g_test_add_func("/viewport/visible", test_visible_is_clipped);
	return g_test_run();
}
