#include "render/geometry/georef.h"
#include "sample-info.h"

#include <cpl_string.h>
#include <cpl_vsi.h>
#include <gdal.h>
#include <math.h>
#include <string.h>

static const double utm[6] = {500000, 10, 0, 4649776, 0, -10};

static GBytes *square(int x, int y, int w, int h)
{
	g_autoptr(bitmask) m = mask_new(x, y, w, h);
	for (int i = 0; i < w * h; i++)
		m->bits[i] = 1;
	return mask_to_wkb(m, NULL);
}

static void assert_round_trip(const georef *g, double x, double y, double tolerance)
{
	g_autoptr(GError) error = NULL;
	double u = x, v = y;
	g_assert_true(georef_to_map(g, 1, &u, &v, &error));
	g_assert_no_error(error);
	g_assert_true(georef_from_map(g, 1, &u, &v, &error));
	g_assert_no_error(error);
	g_assert_cmpfloat_with_epsilon(u, x, tolerance);
	g_assert_cmpfloat_with_epsilon(v, y, tolerance);
}

static void test_affine(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(sample_info) s = sample_info_new(1000, 800, "EPSG:32618", utm);
	g_autoptr(georef) g = georef_new(&s->info, &error);
	double x = 2.5, y = 4, lon = 0, lat = 0;
	g_assert_no_error(error);
	g_assert_true(georef_has_crs(g) && georef_is_affine(g));
	g_assert_cmpstr(georef_crs_name(g), ==, "EPSG:32618");
	g_assert_true(georef_to_map(g, 1, &x, &y, &error));
	g_assert_cmpfloat(x, ==, 500025);
	g_assert_cmpfloat(y, ==, 4649736);
	g_assert_true(georef_to_lonlat(g, 1, &lon, &lat, &error));
	g_assert_cmpfloat_with_epsilon(lon, -75, 1e-9); /* the zone's central meridian: longitude comes first */
	g_assert_cmpfloat_with_epsilon(lat, 41.99973, 1e-3);
	/* On the central meridian the scale is 0.9996. */
	g_assert_cmpfloat_with_epsilon(georef_metres_per_pixel(g, 0, 0), 10 / 0.9996, 1e-4);
	g_autoptr(GBytes) wkb = square(0, 0, 100, 50);
	g_assert_cmpfloat_with_epsilon(georef_area_m2(g, wkb), 500000 / (0.9996 * 0.9996), 2);
	assert_round_trip(g, 123.25, 77.5, 1e-6);
}

static void test_rotated(void)
{
	const double gt[6] = {500000, 8, 6, 4649776, 6, -8};
	g_autoptr(sample_info) s = sample_info_new(1000, 800, "EPSG:32618", gt);
	g_autoptr(georef) g = georef_new(&s->info, NULL);
	double x = 10, y = 20;
	g_assert_true(georef_to_map(g, 1, &x, &y, NULL));
	g_assert_cmpfloat(x, ==, 500200);
	g_assert_cmpfloat(y, ==, 4649676);
	assert_round_trip(g, 10, 20, 1e-6);
	g_assert_cmpfloat_with_epsilon(georef_metres_per_pixel(g, 0, 0), 10 / 0.9996, 1e-3);
}

/* Area of a quadrangle of the WGS 84 ellipsoid between parallels, closed form. */
static double zone_area(double lat0, double lat1, double degrees)
{
	const double b = 6356752.314245179, e = 0.0818191908426215;
	double q[2], lat[2] = {lat0 * G_PI / 180, lat1 * G_PI / 180};
	for (int i = 0; i < 2; i++) {
		double s = e * sin(lat[i]);
		q[i] = sin(lat[i]) / (1 - s * s) + atanh(s) / e;
	}
	return b * b * (degrees * G_PI / 180) * fabs(q[1] - q[0]) / 2;
}

/* A parallel is no geodesic: an edge of 30 degrees taken as one would be far off. */
static void test_long_edges(void)
{
	const double gt[6] = {0, 0.5, 0, 80, 0, -0.5};
	g_autoptr(sample_info) s = sample_info_new(100, 100, "EPSG:4326", gt);
	g_autoptr(georef) g = georef_new(&s->info, NULL);
	g_autoptr(GBytes) wkb = square(0, 40, 60, 20);
	double want = zone_area(60, 50, 30), got = georef_area_m2(g, wkb);
	g_assert_cmpfloat(fabs(got - want) / want, <, 1e-6);
}

static void test_antimeridian(void)
{
	const double gt[6] = {179, 0.1, 0, 10, 0, -0.1};
	g_autoptr(sample_info) s = sample_info_new(100, 100, "EPSG:4326", gt);
	g_autoptr(georef) g = georef_new(&s->info, NULL);
	double lon = 20, lat = 0;
	g_autoptr(GBytes) wkb = square(0, 0, 20, 10);
	double want = zone_area(10, 9, 2);
	g_assert_true(georef_to_lonlat(g, 1, &lon, &lat, NULL));
	g_assert_cmpfloat_with_epsilon(lon, -179, 1e-9);
	g_assert_cmpfloat(fabs(georef_area_m2(g, wkb) - want) / want, <, 1e-6);
}

static void test_hole_area(void)
{
	g_autoptr(sample_info) s = sample_info_new(1000, 800, "EPSG:32618", utm);
	g_autoptr(georef) g = georef_new(&s->info, NULL);
	g_autoptr(bitmask) m = mask_new(0, 0, 30, 30);
	for (int i = 0; i < 900; i++)
		m->bits[i] = !(i % 30 >= 10 && i % 30 < 20 && i / 30 >= 10 && i / 30 < 20);
	g_autoptr(GBytes) wkb = mask_to_wkb(m, NULL);
	g_autoptr(GBytes) whole = square(0, 0, 30, 30);
	g_autoptr(GBytes) hole = square(10, 10, 10, 10);
	g_assert_cmpfloat_with_epsilon(georef_area_m2(g, wkb), georef_area_m2(g, whole) - georef_area_m2(g, hole), 1e-3);
}

static void test_no_crs(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(sample_info) s = sample_info_new(100, 100, NULL, utm); /* a world file without a CRS */
	g_autoptr(georef) g = georef_new(&s->info, &error);
	g_autoptr(GBytes) wkb = square(0, 0, 3, 3);
	double x = 1, y = 2;
	g_assert_no_error(error);
	g_assert_false(georef_has_crs(g));
	g_assert_null(georef_crs_name(g));
	g_assert_false(georef_to_map(g, 1, &x, &y, &error));
	g_assert_error(error, GEOMETRY_ERROR, GEOMETRY_ERROR_NO_CRS);
	g_assert_true(isnan(georef_area_m2(g, wkb)));
	g_assert_cmpfloat(georef_metres_per_pixel(g, 1, 1), ==, 0);
}

static void test_local_crs(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(sample_info) s = sample_info_new(100, 100, "LOCAL_CS[\"site grid\",UNIT[\"metre\",1]]", utm);
	g_autoptr(georef) g = georef_new(&s->info, &error);
	g_autoptr(GBytes) wkb = square(0, 0, 3, 3);
	double x = 1, y = 2;
	g_assert_no_error(error);
	g_assert_true(georef_to_map(g, 1, &x, &y, &error));
	g_assert_cmpfloat(x, ==, 500010);
	g_assert_false(georef_to_lonlat(g, 1, &x, &y, &error));
	g_assert_error(error, GEOMETRY_ERROR, GEOMETRY_ERROR_TRANSFORM);
	g_assert_true(isnan(georef_area_m2(g, wkb)));
}

static void test_broken(void)
{
	const double flat[6] = {500000, 10, 0, 4649776, 20, 0};
	g_autoptr(GError) error = NULL;
	g_autoptr(sample_info) s = sample_info_new(100, 100, "EPSG:32618", flat);
	g_assert_null(georef_new(&s->info, &error));
	g_assert_error(error, GEOMETRY_ERROR, GEOMETRY_ERROR_INVALID);
	g_clear_error(&error);
	s->info.crs_wkt = "PROJCS[nonsense";
	g_assert_null(georef_new(&s->info, &error));
	g_assert_error(error, GEOMETRY_ERROR, GEOMETRY_ERROR_INVALID);
}

/* Control points on a known plane: the polynomial must find it. */
static void test_gcps(void)
{
	raster_gcp gcps[12];
	g_autoptr(sample_info) s = sample_info_new(400, 300, "EPSG:32618", NULL);
	for (int i = 0; i < 12; i++) {
		double px = i % 4 * 133.0, py = i / 4 * 150.0;
		gcps[i] =
			(raster_gcp){px, py, 500000 + 10 * px + 2 * py + 0.002 * px * py, 4600000 + px - 9 * py + 0.001 * px * px};
	}
	s->info.gcps = gcps;
	s->info.n_gcps = 12;
	g_autoptr(georef) g = georef_new(&s->info, NULL);
	double x = 200, y = 100;
	g_assert_true(georef_has_crs(g) && !georef_is_affine(g));
	g_assert_true(georef_to_map(g, 1, &x, &y, NULL));
	g_assert_cmpfloat_with_epsilon(x, 500000 + 2000 + 200 + 40, 0.01);
	g_assert_cmpfloat_with_epsilon(y, 4600000 + 200 - 900 + 40, 0.01);
	assert_round_trip(g, 20, 250, 1e-5);
	g_autofree char *text = georef_to_json(g);
	g_autoptr(georef) again = georef_from_json(text, NULL);
	double u = 200, v = 100;
	g_assert_true(georef_to_map(again, 1, &u, &v, NULL));
	g_assert_cmpfloat(u, ==, x);
	g_assert_cmpfloat(v, ==, y);
}

static void write_rpc_image(const char *path)
{
	static const char *const line[] = {"LINE_OFF=500",
	                                   "SAMP_OFF=500",
	                                   "LAT_OFF=40",
	                                   "LONG_OFF=10",
	                                   "HEIGHT_OFF=0",
	                                   "LINE_SCALE=500",
	                                   "SAMP_SCALE=500",
	                                   "LAT_SCALE=0.05",
	                                   "LONG_SCALE=0.05",
	                                   "HEIGHT_SCALE=500",
	                                   "LINE_NUM_COEFF=0 0 -1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0",
	                                   "LINE_DEN_COEFF=1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0",
	                                   "SAMP_NUM_COEFF=0 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0",
	                                   "SAMP_DEN_COEFF=1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0",
	                                   NULL};
	GDALAllRegister();
	GDALDatasetH ds = GDALCreate(GDALGetDriverByName("GTiff"), path, 1000, 1000, 1, GDT_Byte, NULL);
	g_assert_nonnull(ds);
	g_assert_cmpint(GDALSetMetadata(ds, (char **)line, "RPC"), ==, CE_None);
	GDALClose(ds);
}

static void test_rpc(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(sample_info) s = sample_info_new(1000, 1000, NULL, NULL);
	double x = 750, y = 250, u = 750, v = 250;
	write_rpc_image("/vsimem/rpc.tif");
	s->info.path = "/vsimem/rpc.tif";
	s->info.has_rpc = true;
	g_autoptr(georef) g = georef_new(&s->info, &error);
	g_assert_no_error(error);
	g_assert_cmpstr(georef_crs_name(g), ==, "EPSG:4326");
	g_assert_true(georef_to_map(g, 1, &x, &y, &error));
	g_assert_no_error(error);
	g_assert_cmpfloat_with_epsilon(x, 10.025, 1e-4);
	g_assert_cmpfloat_with_epsilon(y, 40.025, 1e-4);
	assert_round_trip(g, 300, 800, 0.01);
	/* The file may go: a project keeps the polynomials. */
	g_autofree char *text = georef_to_json(g);
	VSIUnlink("/vsimem/rpc.tif");
	g_autoptr(georef) again = georef_from_json(text, &error);
	g_assert_no_error(error);
	g_assert_true(georef_to_lonlat(again, 1, &u, &v, &error));
	g_assert_cmpfloat_with_epsilon(u, x, 1e-9);
}

static sample_info *sample_or_skip(const char *name)
{
	sample_info *s = sample_info_open(name);
	if (!s)
		g_test_skip("the shared samples are not there");
	return s;
}

/* A geostationary disc: its corners look into space. */
static void test_goes(void)
{
	g_autoptr(sample_info) s = sample_or_skip("goes.tif");
	g_autoptr(GError) error = NULL;
	if (!s)
		return;
	g_autoptr(georef) g = georef_new(&s->info, &error);
	g_assert_no_error(error);
	double x[2] = {271, 0.5}, y[2] = {271, 0.5};
	g_assert_true(georef_to_map(g, 2, x, y, &error));
	x[0] = y[0] = 271;
	x[1] = y[1] = 0.5;
	g_assert_true(georef_to_lonlat(g, 1, x, y, &error));
	g_assert_cmpfloat(fabs(y[0]), <, 60);
	x[0] = y[0] = 271;
	g_assert_false(georef_to_lonlat(g, 2, x, y, &error));
	g_assert_error(error, GEOMETRY_ERROR, GEOMETRY_ERROR_TRANSFORM);
	g_assert_nonnull(strstr(error->message, "0.5,0.5"));
	g_autoptr(GBytes) space = square(0, 0, 3, 3);
	g_autoptr(GBytes) disc = square(270, 270, 3, 3);
	g_assert_true(isnan(georef_area_m2(g, space)));
	g_assert_cmpfloat(georef_area_m2(g, disc), >, 1e6);
}

static void test_sample_gcps(void)
{
	g_autoptr(sample_info) s = sample_or_skip("cog_gcps.tif");
	if (!s)
		return;
	g_autoptr(georef) g = georef_new(&s->info, NULL);
	g_assert_false(georef_is_affine(g));
	for (int i = 0; i < s->info.n_gcps; i++) {
		double x = s->gcps[i].px, y = s->gcps[i].py;
		g_assert_true(georef_to_map(g, 1, &x, &y, NULL));
		g_assert_cmpfloat(fabs(x - s->gcps[i].x), <, 0.01);
		g_assert_cmpfloat(fabs(y - s->gcps[i].y), <, 0.01);
	}
	assert_round_trip(g, 100, 700, 1e-4);
	g_assert_cmpfloat(georef_metres_per_pixel(g, 640, 400), >, 1);
}

static gpointer many_points(gpointer data)
{
	for (int i = 0; i < 2000; i++) {
		double x = i, y = 2 * i;
		if (!georef_to_lonlat(data, 1, &x, &y, NULL) || fabs(x + 75) > 5)
			return GINT_TO_POINTER(1);
	}
	return NULL;
}

static void test_threads(void)
{
	g_autoptr(sample_info) s = sample_info_new(1000, 800, "EPSG:32618", utm);
	g_autoptr(georef) g = georef_new(&s->info, NULL);
	GThread *t[4];
	for (int i = 0; i < 4; i++)
		t[i] = g_thread_new("points", many_points, g);
	for (int i = 0; i < 4; i++)
		g_assert_null(g_thread_join(t[i]));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/georef/affine", test_affine);
	g_test_add_func("/georef/rotated", test_rotated);
	g_test_add_func("/georef/long-edges", test_long_edges);
	g_test_add_func("/georef/antimeridian", test_antimeridian);
	g_test_add_func("/georef/hole-area", test_hole_area);
	g_test_add_func("/georef/no-crs", test_no_crs);
	g_test_add_func("/georef/local-crs", test_local_crs);
	g_test_add_func("/georef/broken", test_broken);
	g_test_add_func("/georef/gcps", test_gcps);
	g_test_add_func("/georef/rpc", test_rpc);
	g_test_add_func("/georef/goes", test_goes);
	g_test_add_func("/georef/sample-gcps", test_sample_gcps);
	g_test_add_func("/georef/threads", test_threads);
	return g_test_run();
}
