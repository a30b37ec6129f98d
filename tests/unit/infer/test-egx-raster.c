/* The raster of marks: shapes against exact areas and a brute-force drawing, and the properties of spec earthgpt-x.md
 * section 13. */
#include "infer/models/egx-raster.h"
#include <math.h>
#include <string.h>

#define SIDE 256
#define PIXELS ((size_t)SIDE * SIDE)
#define GRID 8
#define CELLS (GRID * GRID)

static const double point_xy[] = {100.3, 60.7}, box_xy[] = {40, 180, 90, 120}, circle_xy[] = {180.5, 70.25};
static const double polygon_xy[] = {20, 20, 120, 30, 60, 60, 110, 100, 30, 90};
static const double scribble_xy[] = {150, 150, 200, 160, 210, 220, 160, 230};

static egx_region region(int i)
{
	const egx_region all[] = {{.kind = EGX_POINT, .n = 1, .xy = point_xy},
	                          {.kind = EGX_BOX, .n = 2, .xy = box_xy},
	                          {.kind = EGX_ELLIPSE, .n = 1, .xy = circle_xy, .rx = 40, .ry = 25},
	                          {.kind = EGX_POLYGON, .n = 5, .xy = polygon_xy},
	                          {.kind = EGX_SCRIBBLE, .n = 4, .xy = scribble_xy}};
	return all[i];
}

static double area_of(const egx_frame *f, egx_region r, int w, int h)
{
	g_autofree float *cov = g_new(float, PIXELS);
	double sum = 0;
	egx_coverage(f, &r, w, h, cov);
	for (size_t i = 0; i < PIXELS; i++) {
		g_assert_true(cov[i] >= 0 && cov[i] <= 1);
		sum += cov[i];
	}
	return sum;
}

static double polygon_area(const double *xy, guint n)
{
	double twice = 0;
	for (guint i = 0; i < n; i++) {
		const double *a = xy + 2 * i, *b = xy + 2 * ((i + 1) % n);
		twice += a[0] * b[1] - b[0] * a[1];
	}
	return fabs(twice) / 2;
}

static double polyline_length(const double *xy, guint n)
{
	double length = 0;
	for (guint i = 1; i < n; i++)
		length += hypot(xy[2 * i] - xy[2 * i - 2], xy[2 * i + 1] - xy[2 * i - 1]);
	return length;
}

static void test_areas(void)
{
	egx_frame f[EGX_VIEWS];
	g_assert_cmpuint(egx_views(256, 200, SIDE, 5, true, false, f), ==, 1);
	const double r = 0.012 * SIDE, stroke = 0.010 * SIDE;
	g_assert_cmpfloat(fabs(area_of(f, region(0), 256, 200) - G_PI * r * r), <, 1.0);
	g_assert_cmpfloat(fabs(area_of(f, region(1), 256, 200) - 50 * 60), <, 1e-6);
	g_assert_cmpfloat(fabs(area_of(f, region(2), 256, 200) - G_PI * 40 * 25), <, 5.0);
	g_assert_cmpfloat(fabs(area_of(f, region(3), 256, 200) - polygon_area(polygon_xy, 5)), <, 5.0);
	/* The joints of a stroke overlap, its ends are half discs. */
	const double about = 2 * stroke * polyline_length(scribble_xy, 4) + G_PI * stroke * stroke;
	g_assert_cmpfloat(fabs(area_of(f, region(4), 256, 256) - about), <, 0.03 * about);
	g_assert_cmpfloat(area_of(f, (egx_region){.kind = EGX_WHOLE}, 256, 200), ==, 256 * 200);
	/* Twice the scale: four times the area, but marks of fixed size are twice as wide in every sub-view. */
	g_assert_cmpuint(egx_views(512, 400, SIDE, 5, true, false, f), ==, 5);
	g_assert_cmpfloat(fabs(area_of(&f[0], region(1), 512, 400) - 25 * 30), <, 1e-6);
	g_assert_cmpfloat(fabs(area_of(&f[1], region(1), 512, 400) - 50 * 60), <, 1e-6);
	g_assert_cmpfloat(fabs(area_of(&f[1], region(0), 512, 400) - G_PI * 4 * r * r), <, 2.0);
	g_assert_cmpfloat(area_of(&f[4], region(1), 512, 400), ==, 0);
}

/* A thing thinner than a pixel still covers something. */
static void test_thin(void)
{
	const double thin[] = {100.5, 20, 100.6, 60};
	egx_frame f[EGX_VIEWS];
	egx_views(2560, 2560, SIDE, 5, true, true, f);
	const egx_region box = {.kind = EGX_BOX, .n = 2, .xy = thin};
	g_assert_cmpfloat(fabs(area_of(f, box, 2560, 2560) - 4), <, 1e-6);
	const double centre[] = {100, 100};
	const egx_region dot = {.kind = EGX_ELLIPSE, .n = 1, .xy = centre, .rx = 0.1, .ry = 0.1};
	g_assert_cmpfloat(fabs(area_of(f, dot, 2560, 2560) - G_PI / 4), <, 0.1);
}

static void test_views(void)
{
	egx_frame f[EGX_VIEWS];
	g_assert_cmpuint(egx_views(320, 200, 256, 5, true, false, f), ==, 1);
	g_assert_cmpuint(egx_views(321, 200, 256, 5, true, false, f), ==, 5);
	g_assert_cmpuint(egx_views(1000, 499, 256, 5, true, false, f), ==, 3); /* the lower quarters are padding */
	g_assert_cmpint(f[2].number, ==, 2);
	g_assert_cmpuint(egx_views(499, 1000, 256, 5, true, false, f), ==, 3);
	g_assert_cmpint(f[2].number, ==, 3);
	g_assert_cmpuint(egx_views(1000, 499, 256, 5, true, true, f), ==, 1);
	g_assert_cmpuint(egx_views(100, 40, 224, 5, false, false, f), ==, 5);
	int w, h;
	egx_resized(1000, 1, 256, &w, &h);
	g_assert_cmpint(w, ==, 256);
	g_assert_cmpint(h, ==, 1);
}

static void draw(const egx_region *regions, uint32_t n, int w, int h, float *planes, float *cov)
{
	egx_frame f[EGX_VIEWS];
	egx_views(w, h, SIDE, 5, true, true, f);
	egx_raster(f, regions, n, w, h, planes, cov);
}

/* Other numbers, nothing else. */
static void test_permutation(void)
{
	const int order[5] = {3, 0, 4, 2, 1};
	egx_region a[5], b[5];
	g_autofree float *pa = g_new(float, 4 * PIXELS), *pb = g_new(float, 4 * PIXELS);
	g_autofree float *ca = g_new(float, 5 * PIXELS), *cb = g_new(float, 5 * PIXELS);
	for (int i = 0; i < 5; i++) {
		a[i] = region(i);
		b[i] = region(order[i]);
	}
	draw(a, 5, 256, 256, pa, ca);
	draw(b, 5, 256, 256, pb, cb);
	g_assert_true(memcmp(pa, pb, 2 * PIXELS * sizeof *pa) == 0);
	g_assert_true(memcmp(pa + 3 * PIXELS, pb + 3 * PIXELS, PIXELS * sizeof *pa) == 0);
	int seen = 0;
	for (size_t i = 2 * PIXELS; i < 3 * PIXELS; i++) {
		const int ka = (int)lroundf(pa[i] * 10), kb = (int)lroundf(pb[i] * 10);
		g_assert_true(ka == 0 ? kb == 0 : order[kb - 1] == ka - 1);
		seen |= 1 << ka;
	}
	g_assert_cmpint(seen, ==, 63);
	for (int i = 0; i < 5; i++)
		g_assert_true(memcmp(cb + i * PIXELS, ca + order[i] * PIXELS, PIXELS * sizeof *ca) == 0);
}

static void test_nothing_marked(void)
{
	const egx_region whole = {.kind = EGX_WHOLE};
	g_autofree float *none = g_new(float, 4 * PIXELS), *one = g_new(float, 4 * PIXELS), *cov = g_new(float, PIXELS);
	draw(NULL, 0, 256, 192, none, NULL);
	draw(&whole, 1, 256, 192, one, cov);
	for (size_t i = 0; i < PIXELS; i++) {
		const bool inside = i / SIDE < 192;
		g_assert_cmpfloat(none[i], ==, inside);
		g_assert_cmpfloat(none[2 * PIXELS + i], ==, 0);
		g_assert_cmpfloat(none[3 * PIXELS + i], ==, inside);
		g_assert_cmpfloat(one[2 * PIXELS + i], ==, inside ? 0.1f : 0);
	}
	memset(one + 2 * PIXELS, 0, PIXELS * sizeof *one);
	g_assert_true(memcmp(none, one, 4 * PIXELS * sizeof *one) == 0);
}

/* One patch to the right and two down: c_k moves by as many cells. */
static void test_translation(void)
{
	const int patch = SIDE / GRID;
	for (int i = 0; i < 5; i++) {
		egx_region r = region(i);
		double moved[16];
		float a[CELLS], b[CELLS];
		g_autofree float *cov = g_new(float, PIXELS);
		egx_frame f[EGX_VIEWS];
		egx_views(256, 256, SIDE, 5, true, true, f);
		egx_coverage(f, &r, 256, 256, cov);
		egx_cells(cov, SIDE, GRID, a);
		for (guint k = 0; k < r.n; k++) { /* shapes of the lower half go up, so that all stay inside */
			moved[2 * k] = r.xy[2 * k] + patch * (i == 4 ? 0 : 1);
			moved[2 * k + 1] = r.xy[2 * k + 1] + patch * (i == 4 ? -1 : 2);
		}
		r.xy = moved;
		egx_coverage(f, &r, 256, 256, cov);
		egx_cells(cov, SIDE, GRID, b);
		const int shift = i == 4 ? -GRID : 2 * GRID + 1;
		for (int t = 0; t < CELLS; t++)
			if (t + shift >= 0 && t + shift < CELLS)
				g_assert_cmpfloat(a[t], ==, b[t + shift]);
	}
}

/* A mask that fills whole pixels of the frame is the box of the same size, outline and all. */
static void test_mask(void)
{
	const double xy[] = {32, 64, 96, 160};
	const egx_region box = {.kind = EGX_BOX, .n = 2, .xy = xy};
	g_autofree uint8_t *mask = g_malloc0(512 * 512);
	for (int y = 64; y < 160; y++)
		memset(mask + y * 512 + 32, 1, 64);
	const egx_region same = {.kind = EGX_MASK, .mask = mask};
	g_autofree float *pa = g_new(float, 4 * PIXELS), *pb = g_new(float, 4 * PIXELS), *cov = g_new(float, PIXELS);
	draw(&box, 1, 512, 512, pa, cov);
	draw(&same, 1, 512, 512, pb, cov);
	for (size_t i = 0; i < 3 * PIXELS; i++)
		g_assert_cmpfloat(pa[i], ==, pb[i]);
	double bounds[4];
	egx_bounds(&same, 512, 512, bounds);
	for (int i = 0; i < 4; i++)
		g_assert_cmpfloat(bounds[i], ==, xy[i]);
}

/* The outline is what lies near the border: two pixels of a box's four, none of its inside; all of a point. */
static void test_outline(void)
{
	const double xy[] = {50, 50, 90, 80};
	const egx_region r[] = {{.kind = EGX_BOX, .n = 2, .xy = xy}, region(0)};
	g_autofree float *p = g_new(float, 4 * PIXELS), *cov = g_new(float, 2 * PIXELS);
	draw(r, 1, 256, 256, p, cov);
	double sum = 0;
	for (size_t i = 0; i < PIXELS; i++)
		sum += p[PIXELS + i];
	g_assert_cmpfloat(sum, ==, 40 * 30 - 36 * 26);
	g_assert_cmpfloat(p[PIXELS + 60 * SIDE + 60], ==, 0);
	draw(r + 1, 1, 256, 256, p, cov);
	g_assert_true(memcmp(p, p + PIXELS, PIXELS * sizeof *p) == 0);
}

/* The smaller region has the pixel, whatever the order. */
static void test_smallest(void)
{
	const double outer[] = {20, 20, 200, 200}, inner[] = {100, 100, 120, 120};
	const egx_region r[] = {{.kind = EGX_BOX, .n = 2, .xy = inner}, {.kind = EGX_BOX, .n = 2, .xy = outer}};
	g_autofree float *p = g_new(float, 4 * PIXELS), *cov = g_new(float, 2 * PIXELS);
	draw(r, 2, 256, 256, p, cov);
	g_assert_cmpfloat(p[2 * PIXELS + 110 * SIDE + 110], ==, 0.1f);
	g_assert_cmpfloat(p[2 * PIXELS + 50 * SIDE + 50], ==, 0.2f);
	g_assert_cmpfloat(p[2 * PIXELS + 210 * SIDE + 210], ==, 0);
}

static void test_close_up(void)
{
	const double small[] = {500, 300, 520, 310}, large[] = {0, 0, 700, 400}, corner[] = {2, 3};
	const egx_region r[] = {{.kind = EGX_BOX, .n = 2, .xy = small},
	                        {.kind = EGX_BOX, .n = 2, .xy = large},
	                        {.kind = EGX_POINT, .n = 1, .xy = corner}};
	egx_close_up c = egx_close_up_of(&r[0], 800, 600, 128);
	g_assert_true(c.x == 478 && c.y == 273 && c.w == 64 && c.h == 64 && c.new_w == 128 && c.new_h == 128);
	c = egx_close_up_of(&r[1], 800, 600, 128); /* twice the region is more than the image: all of it, and padding */
	g_assert_true(c.x == 0 && c.y == 0 && c.w == 800 && c.h == 600 && c.new_w == 128 && c.new_h == 96);
	c = egx_close_up_of(&r[2], 40, 30, 128); /* but not closer than 64 pixels */
	g_assert_true(c.x == 0 && c.y == 0 && c.w == 40 && c.h == 30 && c.new_w == 80 && c.new_h == 60);
	c = egx_close_up_of(&r[2], 800, 600, 128); /* kept inside */
	g_assert_true(c.x == 0 && c.y == 0 && c.w == 96 && c.h == 96);
}

static void expect(const egx_region *r, uint32_t n, const char *says)
{
	g_autoptr(GError) error = NULL;
	const bool ok = egx_regions_check(r, n, 10, 300, 200, &error);
	g_assert_true(ok == (says == NULL));
	if (ok)
		return;
	g_assert_error(error, EGX_ERROR, EGX_ERROR_REGION);
	g_test_message("%s", error->message);
	g_assert_nonnull(strstr(error->message, says));
}

static void test_check(void)
{
	const double outside[] = {301, 10}, far[] = {400, 10, 500, 20}, flat[] = {10, 10, 50, 10}, nan_xy[] = {NAN, 3};
	const uint8_t empty[300 * 200] = {0};
	const egx_region good = region(0), bad[] = {{.kind = EGX_POINT, .n = 1, .xy = outside},
	                                            {.kind = EGX_BOX, .n = 2, .xy = far},
	                                            {.kind = EGX_BOX, .n = 2, .xy = flat},
	                                            {.kind = EGX_POINT, .n = 1, .xy = nan_xy},
	                                            {.kind = EGX_MASK, .mask = empty},
	                                            {.kind = EGX_ELLIPSE, .n = 1, .xy = circle_xy},
	                                            {.kind = EGX_ELLIPSE, .n = 1, .xy = far, .rx = 20, .ry = 10},
	                                            {.kind = EGX_POLYGON, .n = 2, .xy = far},
	                                            {.kind = (egx_kind)99}};
	egx_region eleven[11];
	for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
		const egx_region two[] = {good, bad[i]};
		expect(two, 2, "Region 2");
	}
	for (int i = 0; i < 11; i++)
		eleven[i] = good;
	expect(eleven, 10, NULL);
	expect(eleven, 11, "at most 10");
	expect(NULL, 0, NULL);
	const sam_mark circle = {SAM_CIRCLE, 1, 1, circle_xy, 12};
	const egx_region r = egx_region_of_mark(&circle);
	g_assert_true(r.kind == EGX_ELLIPSE && r.rx == 12 && r.ry == 12);
	expect(&r, 1, NULL);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/egx/raster/areas", test_areas);
	g_test_add_func("/egx/raster/thin", test_thin);
	g_test_add_func("/egx/raster/views", test_views);
	g_test_add_func("/egx/raster/permutation", test_permutation);
	g_test_add_func("/egx/raster/nothing-marked", test_nothing_marked);
	g_test_add_func("/egx/raster/translation", test_translation);
	g_test_add_func("/egx/raster/mask", test_mask);
	g_test_add_func("/egx/raster/outline", test_outline);
	g_test_add_func("/egx/raster/smallest", test_smallest);
	g_test_add_func("/egx/raster/close-up", test_close_up);
	g_test_add_func("/egx/raster/check", test_check);
	return g_test_run();
}
