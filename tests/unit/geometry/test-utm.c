/* Zones of UTM and MGRS against positions that GeoTrans' own library gives (its squares of 1 m, their corners). */
#include "render/geometry/utm.h"

#include <math.h>

static const struct {
	const char *text;
	double lon, lat;
} squares[] = {
	{"33UXP0193140328", 16.371995, 48.207996},   {"56HLH3443550816", 151.209998, -33.869999},
	{"18TWL8395907350", -74.005999, 40.712795},  {"31NBA2173455318", 0.500002, 0.500004},
	{"19FDV3571427005", -70.000004, -54.800001}, {"35VLG8348172196", 24.900000, 60.169999},
	{"33XXH1115118926", 19.999997, 78.499999},   {"48NUG6649749248", 103.800004, 1.349997},
	{"23KPQ8462366421", -43.200002, -22.899999}, {"60KWF5299131870", 177.500003, -17.800002},
	{"01WDU9276988561", -177.200001, 71.099998}, {"33LTL8000926671", 12.999998, -8.800001},
	{"37UDB1212579143", 37.600001, 55.750002},   {"58CEU3993757791", 166.700019, -77.849997},
	{"30NZM2130319782", -0.099996, 5.600004},
};

static void test_squares(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(squares); i++) {
		utm_place u[2];
		double lon, lat;
		g_test_message("%s", squares[i].text);
		g_assert_cmpint(utm_parse(squares[i].text, u), ==, 1);
		g_assert_true(utm_to_lonlat(&u[0], &lon, &lat));
		g_assert_cmpfloat_with_epsilon(lon, squares[i].lon, 5e-5); /* half a metre from the corner */
		g_assert_cmpfloat_with_epsilon(lat, squares[i].lat, 5e-5);
	}
}

/* The middle of what is named, however finely. */
static void test_writings(void)
{
	static const struct {
		const char *text;
		bool south;
		double easting, northing;
	} cases[] = {
		{"33UXP", false, 650000, 5350000},
		{" 33u xp 01 40 ", false, 601500, 5340500},
		{"33 U XP 0193 4032", false, 601935, 5340325},
		{"33N 601931.5 5340328", false, 601931.5, 5340328},
		{"33u 601931, 5340328", false, 601931, 5340328},
		{"56H 334435;6250816", true, 334435, 6250816},
	};
	utm_place u[2];
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_test_message("%s", cases[i].text);
		g_assert_cmpint(utm_parse(cases[i].text, u), ==, 1);
		g_assert_cmpint(u[0].south, ==, cases[i].south);
		g_assert_cmpfloat_with_epsilon(u[0].easting, cases[i].easting, 1e-6);
		g_assert_cmpfloat_with_epsilon(u[0].northing, cases[i].northing, 1e-6);
	}
	g_assert_cmpint(utm_parse("33S 601931 5340328", u), ==, 2); /* the band of 32 to 40 N, or the south */
	g_assert_true(!u[0].south && u[1].south);
}

static void test_refused(void)
{
	static const char *const texts[] = {"",
	                                    "33",
	                                    "33U",
	                                    "0U XP",
	                                    "61U XP",
	                                    "33I XP",
	                                    "33UXI",
	                                    "33UAP", /* A to H are columns of zones 1, 4, 7, ... */
	                                    "33UXP123",
	                                    "33UXP12345678901234",
	                                    "33N 601931",
	                                    "33N 48 16",
	                                    "33N 601931 5340328 7",
	                                    "33 N 16 E",
	                                    "601931 5340328"};
	utm_place u[2];
	for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_test_message("%s", texts[i]);
		g_assert_cmpint(utm_parse(texts[i], u), ==, 0);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/utm/squares", test_squares);
	g_test_add_func("/utm/writings", test_writings);
	g_test_add_func("/utm/refused", test_refused);
	return g_test_run();
}
