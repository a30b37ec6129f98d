#include "export-fixture.h"
#include "render/geometry/place.h"
#include "render/geometry/simplify.h"

#include <gdal.h>
#include <math.h>
#include <string.h>

enum { SIDE = 60 };

/* A map of regions without gaps: each pixel belongs to the nearest seed. */
static GPtrArray *regions(GRand *r, int n)
{
	GPtrArray *shapes = g_ptr_array_new_with_free_func((GDestroyNotify)wkb_shape_free);
	int x[20], y[20];
	for (int i = 0; i < n; i++) {
		x[i] = g_rand_int_range(r, 0, SIDE);
		y[i] = g_rand_int_range(r, 0, SIDE);
	}
	for (int i = 0; i < n; i++) {
		g_autoptr(bitmask) m = mask_new(0, 0, SIDE, SIDE);
		for (int p = 0; p < SIDE * SIDE; p++) {
			int best = 0;
			for (int k = 1; k < n; k++)
				if (hypot(p % SIDE - x[k], p / SIDE - y[k]) < hypot(p % SIDE - x[best], p / SIDE - y[best]))
					best = k;
			m->bits[p] = best == i;
		}
		g_autoptr(GBytes) wkb = mask_to_wkb(m, NULL);
		if (wkb) /* two seeds may fall on one pixel */
			g_ptr_array_add(shapes, wkb_shape_read(wkb, NULL));
	}
	return shapes;
}

static guint count_points(GPtrArray *shapes)
{
	guint n = 0;
	for (guint i = 0; i < shapes->len; i++)
		n += ((wkb_shape *)g_ptr_array_index(shapes, i))->xy->len / 2;
	return n;
}

static OGRGeometryH geometry(GPtrArray *shapes, guint i)
{
	return place_shape(NULL, PLACE_PIXELS_DOWN, g_ptr_array_index(shapes, i), 0, NULL);
}

/* Neither gap nor overlap: the areas add up to the union's, and that has no hole. */
static void test_coverage(void)
{
	g_autoptr(GRand) r = g_rand_new_with_seed(21);
	for (int round = 0; round < 40; round++) {
		g_autoptr(GPtrArray) shapes = regions(r, 3 + round % 15);
		guint before = count_points(shapes);
		double sum = 0;
		OGRGeometryH all = OGR_G_CreateGeometry(wkbMultiPolygon);
		simplify_shapes(shapes, 0.5 + round % 3);
		g_assert_cmpuint(count_points(shapes), <=, before);
		for (guint i = 0; i < shapes->len; i++) {
			OGRGeometryH g = geometry(shapes, i);
			g_assert_true(OGR_G_IsValid(g));
			sum += OGR_G_Area(g);
			for (int k = 0; k < OGR_G_GetGeometryCount(g); k++)
				OGR_G_AddGeometry(all, OGR_G_GetGeometryRef(g, k));
			OGR_G_DestroyGeometry(g);
		}
		OGRGeometryH joined = OGR_G_UnionCascaded(all);
		g_assert_cmpfloat_with_epsilon(OGR_G_Area(joined), sum, 1e-6);
		g_assert_cmpfloat(OGR_G_Area(joined), >, 0.98 * SIDE * SIDE); /* only the map's own corners may be cut */
		g_assert_cmpint(wkbFlatten(OGR_G_GetGeometryType(joined)), ==, wkbPolygon);
		g_assert_cmpint(OGR_G_GetGeometryCount(joined), ==, 1);
		OGR_G_DestroyGeometry(joined);
		OGR_G_DestroyGeometry(all);
	}
}

/* A hole and what fills it have one ring in common, which starts at another point in each. */
static void test_island(void)
{
	g_autoptr(bitmask) outer = mask_new(0, 0, SIDE, SIDE);
	g_autoptr(bitmask) inner = mask_new(0, 0, SIDE, SIDE);
	g_autoptr(GPtrArray) shapes = g_ptr_array_new_with_free_func((GDestroyNotify)wkb_shape_free);
	for (int p = 0; p < SIDE * SIDE; p++) {
		inner->bits[p] = hypot(p % SIDE - 30.2, p / SIDE - 28.7) < 17;
		outer->bits[p] = !inner->bits[p];
	}
	g_autoptr(GBytes) a = mask_to_wkb(outer, NULL);
	g_autoptr(GBytes) b = mask_to_wkb(inner, NULL);
	g_ptr_array_add(shapes, wkb_shape_read(a, NULL));
	g_ptr_array_add(shapes, wkb_shape_read(b, NULL));
	simplify_shapes(shapes, 1);
	OGRGeometryH g = geometry(shapes, 0), h = geometry(shapes, 1);
	g_assert_cmpfloat_with_epsilon(OGR_G_Area(g) + OGR_G_Area(h), SIDE * SIDE, 1e-9);
	g_assert_cmpuint(((wkb_shape *)g_ptr_array_index(shapes, 1))->xy->len / 2, <, 30);
	OGR_G_DestroyGeometry(g);
	OGR_G_DestroyGeometry(h);
}

/* Whatever is thrown at it stays valid and keeps its parts and holes. */
static void test_random(void)
{
	g_autoptr(GRand) r = g_rand_new_with_seed(22);
	for (int i = 0; i < 200; i++) {
		g_autoptr(GPtrArray) shapes = g_ptr_array_new_with_free_func((GDestroyNotify)wkb_shape_free);
		g_autoptr(bitmask) m = random_mask(r, i, 100, 100);
		g_autoptr(GBytes) wkb = mask_to_wkb(m, NULL);
		g_autoptr(wkb_shape) before = wkb_shape_read(wkb, NULL);
		g_ptr_array_add(shapes, wkb_shape_read(wkb, NULL));
		simplify_shapes(shapes, 0.25 * (i % 12));
		const wkb_shape *after = g_ptr_array_index(shapes, 0);
		OGRGeometryH g = geometry(shapes, 0);
		g_assert_true(OGR_G_IsValid(g));
		OGR_G_DestroyGeometry(g);
		g_assert_cmpuint(after->parts->len, ==, before->parts->len);
		g_assert_cmpuint(after->rings->len, ==, before->rings->len);
		if (i % 12 == 0) { /* no tolerance: the same mask */
			g_autoptr(GBytes) same = wkb_shape_write(after);
			g_autoptr(bitmask) back = mask_from_wkb(same, NULL);
			g_assert_true(mask_equal(back, m));
		}
	}
}

static void test_export(void)
{
	const double utm[6] = {500000, 10, 0, 4649776, 0, -10};
	g_autoptr(export_fixture) f = export_fixture_new(sample_info_new(400, 300, "EPSG:32618", utm), 1, 200, 150);
	g_autofree char *plain = export_fixture_path(f, "plain.pixel.geojson"),
					*simple = export_fixture_path(f, "simple.pixel.geojson");
	g_autofree char *a = NULL, *b = NULL, *report = NULL, *coco = export_fixture_path(f, "a.json");
	const double middle[2] = {200, 150};
	g_autoptr(bitmask) disc = mask_from_stroke(middle, 1, 40, NULL, 400, 300, NULL);
	g_assert_true(feature_set_mask(g_ptr_array_index(f->objects, 0), disc, NULL));
	g_assert_true(export_write(&f->job, EXPORT_PIXEL_GEOJSON, plain, NULL, NULL));
	f->job.simplify = 2;
	g_assert_true(export_write(&f->job, EXPORT_PIXEL_GEOJSON, simple, NULL, NULL));
	g_assert_true(g_file_get_contents(plain, &a, NULL, NULL) && g_file_get_contents(simple, &b, NULL, NULL));
	g_assert_cmpuint(strlen(b), <, strlen(a) / 2);
	g_assert_true(export_write(&f->job, EXPORT_COCO, coco, &report, NULL));
	g_assert_nonnull(strstr(report, "not simplified"));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	GDALAllRegister();
	g_test_add_func("/simplify/coverage", test_coverage);
	g_test_add_func("/simplify/island", test_island);
	g_test_add_func("/simplify/random", test_random);
	g_test_add_func("/simplify/export", test_export);
	return g_test_run();
}
