#include "random-mask.h"

#include <cpl_string.h>
#include <gdal.h>
#include <gdal_alg.h>
#include <math.h>
#include <ogr_api.h>
#include <string.h>

static OGRGeometryH geometry_of(GBytes *wkb)
{
	OGRGeometryH g = NULL;
	gsize size;
	const void *data = g_bytes_get_data(wkb, &size);
	g_assert_cmpint(OGR_G_CreateFromWkb(data, NULL, &g, (int)size), ==, OGRERR_NONE);
	return g;
}

/* GDAL's own rasteriser, by pixel centres, as a second opinion. */
static bitmask *rasterise(OGRGeometryH g, const bitmask *like)
{
	const double burn = 1;
	int band = 1;
	GDALDatasetH ds = GDALCreate(GDALGetDriverByName("MEM"), "", like->w, like->h, 1, GDT_Byte, NULL);
	double gt[6] = {like->x, 1, 0, like->y, 0, 1};
	GDALSetGeoTransform(ds, gt);
	g_assert_cmpint(GDALRasterizeGeometries(ds, 1, &band, 1, &g, NULL, NULL, &burn, NULL, NULL, NULL), ==, CE_None);
	bitmask *m = mask_new(like->x, like->y, like->w, like->h);
	g_assert_cmpint(
		GDALRasterIO(GDALGetRasterBand(ds, 1), GF_Read, 0, 0, m->w, m->h, m->bits, m->w, m->h, GDT_Byte, 0, 0), ==,
		CE_None);
	GDALClose(ds);
	return m;
}

/* 4-connected parts of the value `v`; for 0 those that do not touch the rectangle's border are counted (`inner`). */
static void flood(const bitmask *m, uint8_t *seen, int start, uint8_t v, bool *border)
{
	g_autoptr(GArray) todo = g_array_new(FALSE, FALSE, sizeof(int));
	g_array_append_val(todo, start);
	seen[start] = 1;
	while (todo->len > 0) {
		int at = g_array_index(todo, int, todo->len - 1), x = at % m->w, y = at / m->w;
		const int nx[4] = {x - 1, x + 1, x, x}, ny[4] = {y, y, y - 1, y + 1};
		g_array_set_size(todo, todo->len - 1);
		for (int k = 0; k < 4; k++) {
			int next = ny[k] * m->w + nx[k];
			if (nx[k] < 0 || ny[k] < 0 || nx[k] >= m->w || ny[k] >= m->h)
				*border = true;
			else if (!seen[next] && m->bits[next] == v) {
				seen[next] = 1;
				g_array_append_val(todo, next);
			}
		}
	}
}

static int count_parts(const bitmask *m, uint8_t v)
{
	g_autofree uint8_t *seen = g_malloc0((gsize)m->w * (gsize)m->h);
	int n = 0;
	for (int i = 0; i < m->w * m->h; i++) {
		bool border = false;
		if (seen[i] || m->bits[i] != v)
			continue;
		flood(m, seen, i, v, &border);
		n += v || !border;
	}
	return n;
}

static int count_holes(OGRGeometryH g)
{
	int holes = 0;
	for (int i = 0; i < OGR_G_GetGeometryCount(g); i++)
		holes += OGR_G_GetGeometryCount(OGR_G_GetGeometryRef(g, i)) - 1;
	return holes;
}

static void test_polygons(void)
{
	g_autoptr(GRand) r = g_rand_new_with_seed(4);
	int touching = 0;
	for (int i = 0; i < 1000; i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(bitmask) m = random_mask(r, i, 200, 150);
		g_autoptr(GBytes) wkb = mask_to_wkb(m, &error);
		g_assert_no_error(error);
		OGRGeometryH g = geometry_of(wkb);
		g_assert_cmpint(OGR_G_GetGeometryType(g), ==, wkbMultiPolygon);
		if (!OGR_G_IsValid(g))
			g_error("mask %d (kind %d) became an invalid polygon", i, i % RANDOM_MASK_KINDS);
		g_assert_cmpint(OGR_G_GetGeometryCount(g), ==, count_parts(m, 1));
		int holes = count_holes(g), gaps = count_parts(m, 0);
		g_assert_cmpint(holes, <=, gaps); /* a gap that touches the outside by a corner may be no hole of its own */
		touching += holes < gaps;
		g_assert_cmpfloat(OGR_G_Area(g), ==, (double)mask_area(m));
		g_autoptr(bitmask) back = mask_from_wkb(wkb, &error);
		g_assert_no_error(error);
		g_assert_true(mask_equal(m, back));
		g_autoptr(bitmask) burnt = rasterise(g, m);
		g_assert_true(mask_equal(m, burnt));
		OGR_G_DestroyGeometry(g);
	}
	g_test_message("%d masks had gaps that are no ring of their own", touching);
}

static const struct {
	const char *name;
	int w, h, area;
	const char *counts; /* by pycocotools 2.0 */
} vectors[] = {
	{"empty", 5, 4, 0, "d0"},
	{"full", 5, 4, 20, "0d0"},
	{"first", 5, 4, 1, "01c0"},
	{"last", 5, 4, 1, "c01"},
	{"checker", 7, 5, 18, "011000000000000000000000000000000000"},
	{"columns", 7, 5, 10, "55:00"},
	{"rows", 7, 5, 14, "111010O010O010O010O010O010O00"},
	{"disc", 40, 30, 317, "j91i08J4M2N2O0O2O00000O20N1000001N101N2N3L6HT8"},
	{"ring", 64, 48, 756,
     "Qd07V16K4L4M2N2N2N2O0O2O]OF09OK04ON020N01010N020N020N020N020N020N020O0O020N021L051G0:c01N101N2N2N2N3L4L5Jbg0"},
	{"hash", 33, 29, 377, "0m0m00m00SO0m0000SO0m00SO0m0000SO0m00SO"},
	{"long", 1000, 700, 2400, "dU]6hb0T300000lek>"},
};

/* The same patterns the strings above were made from. */
static bool vector_pixel(const char *name, int x, int y, int w, int h)
{
	if (strcmp(name, "full") == 0)
		return true;
	if (strcmp(name, "first") == 0)
		return x == 0 && y == 0;
	if (strcmp(name, "last") == 0)
		return x == w - 1 && y == h - 1;
	if (strcmp(name, "checker") == 0)
		return (x + y) % 2 == 0;
	if (strcmp(name, "columns") == 0)
		return x % 3 == 1;
	if (strcmp(name, "rows") == 0)
		return y % 2 == 1;
	int dx = x - (strcmp(name, "disc") == 0 ? 20 : 30), dy = y - (strcmp(name, "disc") == 0 ? 14 : 20),
		d = dx * dx + dy * dy;
	if (strcmp(name, "disc") == 0)
		return d <= 100;
	if (strcmp(name, "ring") == 0)
		return d >= 64 && d <= 300;
	if (strcmp(name, "hash") == 0)
		return (((guint64)x * 2654435761u + (guint64)y * 40503u) & 0xffffffffu) >> 29 < 3;
	if (strcmp(name, "long") == 0)
		return x >= 300 && x < 304 && y >= 100;
	return false;
}

static void test_rle_vectors(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(vectors); i++) {
		g_autoptr(GError) error = NULL;
		int w = vectors[i].w, h = vectors[i].h;
		g_autoptr(bitmask) m = mask_new(0, 0, w, h);
		for (int p = 0; p < w * h; p++)
			m->bits[p] = vector_pixel(vectors[i].name, p % w, p / w, w, h);
		g_assert_cmpint(mask_area(m), ==, vectors[i].area);
		g_autofree char *counts = mask_to_rle(m, w, h);
		g_assert_cmpstr(counts, ==, vectors[i].counts);
		g_autoptr(bitmask) trimmed = mask_trimmed(m);
		g_autofree char *again = mask_to_rle(trimmed, w, h);
		g_assert_cmpstr(again, ==, vectors[i].counts);
		g_autoptr(bitmask) back = mask_from_rle(counts, w, h, &error);
		g_assert_no_error(error);
		g_assert_true(mask_equal(m, back));
	}
}

static void test_rle_random(void)
{
	g_autoptr(GRand) r = g_rand_new_with_seed(5);
	for (int i = 0; i < 300; i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(bitmask) m = random_mask(r, i, 100, 90);
		g_autofree char *counts = mask_to_rle(m, 100, 90);
		g_autoptr(bitmask) back = mask_from_rle(counts, 100, 90, &error);
		g_assert_no_error(error);
		g_assert_true(mask_equal(m, back));
	}
}

/* Runs longer than 2^31 pixels: one pixel far down in the last column of a large image. */
static void test_rle_large(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(bitmask) m = mask_new(59990, 49000, 3, 2);
	memset(m->bits, 1, 6);
	g_autofree char *counts = mask_to_rle(m, 60000, 50000);
	g_autoptr(bitmask) back = mask_from_rle(counts, 60000, 50000, &error);
	g_assert_no_error(error);
	g_assert_true(mask_equal(m, back));
}

static void test_rle_bad(void)
{
	const char *bad[] = {"d", "d1", "zzzz", "d0\x01", "PPPPPPPPPPPPPPPPPPPPPPPPPPPPP0", "O0", "", "0d00d0"};
	for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) error = NULL;
		g_assert_null(mask_from_rle(bad[i], 5, 4, &error));
		g_assert_error(error, GEOMETRY_ERROR, GEOMETRY_ERROR_INVALID);
	}
}

static void test_wkb_bad(void)
{
	g_autoptr(bitmask) m = mask_new(3, 4, 5, 6);
	m->bits[7] = m->bits[20] = 1;
	g_autoptr(GBytes) good = mask_to_wkb(m, NULL);
	gsize size;
	const guint8 *data = g_bytes_get_data(good, &size);
	for (gsize n = 0; n < size; n++) { /* every truncation */
		g_autoptr(GError) error = NULL;
		g_autoptr(GBytes) cut = g_bytes_new(data, n);
		g_assert_null(mask_from_wkb(cut, &error));
		g_assert_error(error, GEOMETRY_ERROR, GEOMETRY_ERROR_INVALID);
	}
	for (gsize i = 0; i < size; i++) { /* every byte spoiled: any answer but a crash */
		g_autofree guint8 *copy = g_memdup2(data, size);
		copy[i] ^= 0xff;
		g_autoptr(GBytes) spoiled = g_bytes_new(copy, size);
		g_autoptr(GError) error = NULL;
		g_autoptr(bitmask) got = mask_from_wkb(spoiled, &error);
		g_assert_true((got == NULL) == (error != NULL));
	}
}

static void test_empty(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(bitmask) m = mask_new(3, 4, 5, 6);
	int b[4];
	g_assert_false(mask_bbox(m, b));
	g_assert_null(mask_to_wkb(m, &error));
	g_assert_error(error, GEOMETRY_ERROR, GEOMETRY_ERROR_EMPTY);
	g_assert_cmpint(mask_area(m), ==, 0);
	g_autoptr(bitmask) none = mask_trimmed(m);
	g_assert_true(mask_equal(m, none));
	g_assert_cmpfloat(mask_iou(m, none), ==, 0);
}

static bool pixel(const bitmask *m, int x, int y)
{
	x -= m->x;
	y -= m->y;
	return x >= 0 && y >= 0 && x < m->w && y < m->h && m->bits[y * m->w + x];
}

static void test_contains(void)
{
	g_autoptr(bitmask) m = mask_new(3, 4, 5, 6);
	g_assert_false(mask_contains(m, 3, 4));
	m->bits[0] = m->bits[29] = 1;
	g_assert_true(mask_contains(m, 3, 4) && mask_contains(m, 3.9, 4.9) && mask_contains(m, 7.5, 9.5));
	g_assert_false(mask_contains(m, 2.9, 4) || mask_contains(m, 4, 4) || mask_contains(m, 8, 9) ||
	               mask_contains(m, 7, 10) || mask_contains(m, NAN, 4) || mask_contains(m, 1e30, -INFINITY));
}

static void test_combine(void)
{
	g_autoptr(GRand) r = g_rand_new_with_seed(6);
	for (int i = 0; i < 200; i++) {
		g_autoptr(bitmask) a = random_mask(r, g_rand_int_range(r, 0, 10), 90, 90);
		g_autoptr(bitmask) b = random_mask(r, g_rand_int_range(r, 0, 10), 90, 90);
		g_autoptr(bitmask) any = mask_combine(a, b, MASK_UNION, NULL);
		g_autoptr(bitmask) both = mask_combine(a, b, MASK_INTERSECT, NULL);
		g_autoptr(bitmask) rest = mask_combine(a, b, MASK_SUBTRACT, NULL);
		for (int y = 0; y < 90; y++)
			for (int x = 0; x < 90; x++) {
				bool p = pixel(a, x, y), q = pixel(b, x, y);
				g_assert_true(pixel(any, x, y) == (p || q));
				g_assert_true(pixel(both, x, y) == (p && q));
				g_assert_true(pixel(rest, x, y) == (p && !q));
			}
		g_assert_cmpfloat(mask_iou(a, b), ==, (double)mask_area(both) / (double)mask_area(any));
	}
}

static void test_draw(void)
{
	const double square[] = {2, 3, 10, 3, 10, 9, 2, 9}, cut[] = {-5, -5, 4, -5, 4, 4, -5, 4};
	const double dot[] = {10.5, 10.5}, line[] = {5, 10.5, 25, 10.5}, broken[] = {1, 2, NAN, 3, 5, 5};
	g_autoptr(bitmask) s = mask_from_polygon(square, 4, 20, 20, NULL);
	g_assert_cmpint(mask_area(s), ==, 48);
	g_assert_true(pixel(s, 2, 3) && pixel(s, 9, 8) && !pixel(s, 10, 8) && !pixel(s, 1, 3));
	g_autoptr(bitmask) c = mask_from_polygon(cut, 4, 20, 20, NULL);
	g_assert_cmpint(mask_area(c), ==, 16);
	g_autoptr(bitmask) n = mask_from_polygon(broken, 3, 20, 20, NULL);
	g_assert_cmpint(mask_area(n), ==, 0);
	g_autoptr(bitmask) d = mask_from_stroke(dot, 1, 1, NULL, 20, 20, NULL);
	g_assert_cmpint(mask_area(d), ==, 5);
	g_autoptr(bitmask) l = mask_from_stroke(line, 2, 0.5, NULL, 20, 20, NULL); /* leaves the image on the right */
	g_assert_cmpint(mask_area(l), ==, 16);
	g_assert_true(pixel(l, 4, 10) && !pixel(l, 3, 10) && pixel(l, 19, 10));
}

/* From nothing to a radius of five: a wedge, each column as high as its share says. */
static void test_stroke_pressure(void)
{
	const double line[] = {10, 20, 50, 20}, pressure[] = {0, 1}, even[] = {0.5, 0.5};
	g_autoptr(bitmask) m = mask_from_stroke(line, 2, 5, pressure, 60, 40, NULL);
	for (int x = 10; x < 50; x++)
		for (int y = 12; y < 28; y++)
			g_assert_cmpint(pixel(m, x, y), ==, fabs(y + 0.5 - 20) <= 5 * (x + 0.5 - 10) / 40);
	g_autoptr(bitmask) half = mask_from_stroke(line, 2, 5, even, 60, 40, NULL);
	g_autoptr(bitmask) thin = mask_from_stroke(line, 2, 2.5, NULL, 60, 40, NULL);
	g_assert_true(mask_equal(half, thin));
}

static void test_polygon_orientation_free(void)
{
	/* Slanted edges: the same pixels whichever way the ring runs and wherever it starts. */
	const double a[] = {1.2, 1.7, 17.3, 4.1, 12.9, 15.5, 6.6, 18.2}, b[] = {6.6, 18.2, 12.9, 15.5, 17.3, 4.1, 1.2, 1.7};
	g_autoptr(bitmask) p = mask_from_polygon(a, 4, 20, 20, NULL);
	g_autoptr(bitmask) q = mask_from_polygon(b, 4, 20, 20, NULL);
	g_assert_cmpint(mask_area(p), >, 100);
	g_assert_true(mask_equal(p, q));
}

/* Sizes that no computer has memory for are one sentence, not the end of the program. */
static void test_absurd(void)
{
	const double far[] = {0, 0, 2e9, 0, 2e9, 2e9, 0, 2e9};
	g_autoptr(bitmask) left = mask_new(-2000000000, -5, 1, 1), right = mask_new(100, 2000000000, 1, 1);
	for (int i = 0; i < 4; i++) {
		g_autoptr(GError) error = NULL;
		left->bits[0] = right->bits[0] = 1;
		g_autoptr(bitmask) m = i == 0   ? mask_try_new(0, 0, G_MAXINT, G_MAXINT, &error)
		                       : i == 1 ? mask_from_polygon(far, 4, G_MAXINT, G_MAXINT, &error)
		                       : i == 2 ? mask_from_stroke(far, 3, 5, NULL, G_MAXINT, G_MAXINT, &error)
		                                : mask_combine(left, right, MASK_UNION, &error);
		g_assert_null(m);
		g_assert_error(error, GEOMETRY_ERROR, GEOMETRY_ERROR_MEMORY);
		g_assert_null(strchr(error->message, '\n'));
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	GDALAllRegister();
	g_test_add_func("/mask/polygons", test_polygons);
	g_test_add_func("/mask/rle-vectors", test_rle_vectors);
	g_test_add_func("/mask/rle-random", test_rle_random);
	g_test_add_func("/mask/rle-large", test_rle_large);
	g_test_add_func("/mask/rle-bad", test_rle_bad);
	g_test_add_func("/mask/wkb-bad", test_wkb_bad);
	g_test_add_func("/mask/empty", test_empty);
	g_test_add_func("/mask/contains", test_contains);
	g_test_add_func("/mask/combine", test_combine);
	g_test_add_func("/mask/draw", test_draw);
	g_test_add_func("/mask/stroke-pressure", test_stroke_pressure);
	g_test_add_func("/mask/orientation", test_polygon_orientation_free);
	g_test_add_func("/mask/absurd", test_absurd);
	return g_test_run();
}
