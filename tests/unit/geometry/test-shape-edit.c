/* Edits of outlines: against masks where both can say it (union, subtract, holes, growing), against plain geometry
 * elsewhere; and that nothing invalid ever comes out, from random shapes too. */
#include "random-mask.h"
#include "render/geometry/shape-edit.h"
#include "render/geometry/simplify.h"

#include <gdal.h>
#include <math.h>
#include <ogr_api.h>
#include <string.h>

static const image_size on = {100, 80};

static GBytes *polygon(const double *xy, guint n)
{
	g_autoptr(wkb_shape) s = wkb_shape_new();
	wkb_shape_add_part(s);
	wkb_shape_add_ring(s);
	for (guint i = 0; i < n; i++)
		wkb_shape_add_point(s, xy[2 * i], xy[2 * i + 1]);
	return wkb_shape_write(s);
}

static GBytes *rectangle(double x, double y, double w, double h)
{
	return polygon((const double[]){x, y, x + w, y, x + w, y + h, x, y + h}, 4);
}

static double area(GBytes *wkb)
{
	g_autoptr(wkb_shape) s = wkb_shape_read(wkb, NULL);
	double sum = 0;
	for (guint i = 0; i < s->parts->len; i++) {
		const wkb_part *part = &g_array_index(s->parts, wkb_part, i);
		for (guint k = 0; k < part->n_rings; k++)
			sum += (k ? -1 : 1) * fabs(wkb_ring_area(s, &g_array_index(s->rings, wkb_ring, part->first + k)));
	}
	return sum;
}

static guint count(GBytes *wkb, bool rings)
{
	g_autoptr(wkb_shape) s = wkb_shape_read(wkb, NULL);
	return rings ? s->rings->len : s->parts->len;
}

static GBytes *good(GBytes *wkb, GError *error)
{
	OGRGeometryH g = NULL;
	g_assert_no_error(error);
	g_assert_nonnull(wkb);
	g_assert_cmpint(OGR_G_CreateFromWkb(g_bytes_get_data(wkb, NULL), NULL, &g, (int)g_bytes_get_size(wkb)), ==,
	                OGRERR_NONE);
	g_assert_true(OGR_G_IsValid(g));
	OGR_G_DestroyGeometry(g);
	return wkb;
}

static void refused(GBytes *wkb, GError **error, int code)
{
	g_assert_null(wkb);
	g_assert_error(*error, GEOMETRY_ERROR, code);
	g_assert_null(strchr((*error)->message, '\n'));
	g_clear_error(error);
}

/* --- two and more --- */

/* GEOS on outlines and plain arithmetic on masks say the same. */
static void test_combine_random(void)
{
	static const struct {
		shape_op op;
		mask_op same;
	} ops[] = {{SHAPE_UNION, MASK_UNION}, {SHAPE_SUBTRACT, MASK_SUBTRACT}, {SHAPE_INTERSECT, MASK_INTERSECT}};
	g_autoptr(GRand) rand = g_rand_new_with_seed(7);
	guint compared = 0;
	for (int round = 0; round < 60; round++) {
		g_autoptr(bitmask) a = random_mask(rand, round, 500, 500), b = random_mask(rand, round + 3, 500, 500);
		g_autoptr(GBytes) wa = mask_to_wkb(a, NULL), wb = mask_to_wkb(b, NULL);
		if (!wa || !wb)
			continue;
		for (guint k = 0; k < G_N_ELEMENTS(ops); k++) {
			g_autoptr(GError) error = NULL;
			g_autoptr(bitmask) want = mask_combine(a, b, ops[k].same, NULL);
			g_autoptr(GBytes) got = shape_combine((GBytes *[]){wa, wb}, 2, ops[k].op, (image_size){500, 500}, &error);
			if (mask_area(want) == 0) {
				refused(got, &error, GEOMETRY_ERROR_EMPTY);
				continue;
			}
			g_autoptr(bitmask) mask = mask_from_wkb(good(got, error), NULL);
			g_assert_true(mask_equal(mask, want));
			g_assert_cmpfloat_with_epsilon(area(got), (double)mask_area(want), 1e-6);
			compared++;
		}
	}
	g_assert_cmpuint(compared, >, 60);
}

static void test_combine_many(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) a = rectangle(0, 0, 10, 10), b = rectangle(10, 0, 10, 10), c = rectangle(40, 40, 5, 5);
	g_autoptr(GBytes) all = shape_combine((GBytes *[]){a, b, c}, 3, SHAPE_UNION, on, &error);
	g_assert_cmpfloat(area(good(all, error)), ==, 225);
	g_assert_cmpuint(count(all, false), ==, 2);
	g_assert_cmpuint(shape_vertices(all), ==, 8); /* where they met no vertex is left */
	refused(shape_combine((GBytes *[]){a, c}, 2, SHAPE_INTERSECT, on, &error), &error, GEOMETRY_ERROR_EMPTY);
	g_autoptr(GBytes) broken = g_bytes_new_static("\1\3", 2);
	refused(shape_combine((GBytes *[]){a, broken}, 2, SHAPE_UNION, on, &error), &error, GEOMETRY_ERROR_INVALID);
}

/* --- split --- */

static void test_split(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) a = rectangle(10, 10, 40, 20);
	g_autoptr(GPtrArray) two = shape_split(a, (const double[]){20, 0, 20, 50}, 2, on, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(two->len, ==, 2);
	g_assert_cmpfloat(area(good(two->pdata[0], NULL)), ==, 600);
	g_assert_cmpfloat(area(good(two->pdata[1], NULL)), ==, 200);
	/* A line that crosses twice makes three. */
	g_autoptr(GPtrArray) three = shape_split(a, (const double[]){15, 5, 20, 25, 30, 35, 45, 25, 47, 5}, 5, on, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(three->len, >=, 2);
	double sum = 0;
	for (guint i = 0; i < three->len; i++)
		sum += area(good(three->pdata[i], NULL));
	g_assert_cmpfloat_with_epsilon(sum, 800, 1e-6);
	g_assert_null(shape_split(a, (const double[]){20, 0, 20, 15}, 2, on, &error)); /* ends inside */
	refused(NULL, &error, GEOMETRY_ERROR_INVALID);
}

/* A part that the line does not meet stays with the largest piece. */
static void test_split_parts(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) a = rectangle(0, 0, 30, 30), b = rectangle(60, 60, 5, 5);
	g_autoptr(GBytes) both = shape_combine((GBytes *[]){a, b}, 2, SHAPE_UNION, on, &error);
	g_autoptr(GPtrArray) pieces = shape_split(both, (const double[]){10, -5, 10, 50}, 2, on, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(pieces->len, ==, 2);
	g_assert_cmpfloat(area(pieces->pdata[0]), ==, 625);
	g_assert_cmpuint(count(pieces->pdata[0], false), ==, 2);
	g_assert_cmpfloat(area(pieces->pdata[1]), ==, 300);
}

/* --- holes --- */

static void test_holes(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) a = rectangle(0, 0, 40, 40);
	const double small[] = {5, 5, 8, 5, 8, 8, 5, 8}, large[] = {20, 20, 30, 20, 30, 30, 20, 30};
	const double outside[] = {50, 50, 60, 50, 60, 60};
	g_autoptr(GBytes) one = shape_add_polygon(a, small, 4, true, on, &error);
	g_autoptr(GBytes) two = shape_add_polygon(good(one, error), large, 4, true, on, &error);
	g_assert_cmpfloat(area(good(two, error)), ==, 1600 - 9 - 100);
	g_assert_cmpuint(count(two, true), ==, 3);
	guint filled = 0;
	g_autoptr(GBytes) up = shape_fill_holes(two, 50, &filled, &error);
	g_assert_cmpuint(filled, ==, 1);
	g_assert_cmpfloat(area(good(up, error)), ==, 1500);
	g_autoptr(GBytes) all = shape_fill_holes(two, INFINITY, &filled, &error);
	g_assert_cmpuint(filled, ==, 2);
	g_assert_cmpfloat(area(good(all, error)), ==, 1600);
	refused(shape_add_polygon(a, outside, 3, true, on, &error), &error, GEOMETRY_ERROR_INVALID);
	g_autoptr(GBytes) more = shape_add_polygon(a, outside, 3, false, on, &error);
	g_assert_cmpfloat(area(good(more, error)), ==, 1650);
	/* A part inside a hole is swallowed when the hole is filled. */
	const double island[] = {23, 23, 26, 23, 26, 26, 23, 26};
	g_autoptr(GBytes) with = shape_add_polygon(two, island, 4, false, on, &error);
	g_assert_cmpuint(count(good(with, error), false), ==, 2);
	g_autoptr(GBytes) without = shape_fill_holes(with, INFINITY, NULL, &error);
	g_assert_cmpuint(count(good(without, error), false), ==, 1);
	g_assert_cmpfloat(area(without), ==, 1600);
}

/* --- right angles, smooth, grow --- */

static GBytes *turned_building(double angle)
{
	/* An L of 30 x 20 with a notch of 10 x 8, around (50, 40). */
	static const double l[] = {-15, -10, 15, -10, 15, 2, 5, 2, 5, 10, -15, 10};
	double xy[12];
	for (int i = 0; i < 6; i++) {
		xy[2 * i] = 50 + l[2 * i] * cos(angle) - l[2 * i + 1] * sin(angle);
		xy[2 * i + 1] = 40 + l[2 * i] * sin(angle) + l[2 * i + 1] * cos(angle);
	}
	return polygon(xy, 6);
}

/* The mask of a turned building has a staircase for a wall; its right angles are found again. */
static void test_square(void)
{
	for (int degrees = -40; degrees <= 45; degrees += 17) {
		g_autoptr(GError) error = NULL;
		const double angle = degrees * G_PI / 180;
		g_autoptr(GBytes) truth = turned_building(angle);
		g_autoptr(bitmask) mask = mask_from_wkb(truth, NULL);
		g_autoptr(GBytes) stairs = mask_to_wkb(mask, NULL);
		g_autoptr(GBytes) square = good(shape_square(stairs, 2, on, &error), error);
		g_assert_cmpuint(shape_vertices(square), ==, 6);
		g_assert_cmpfloat(fabs(area(square) - area(truth)), <, 30);
		g_autoptr(wkb_shape) s = wkb_shape_read(square, NULL);
		const double *p = &g_array_index(s->xy, double, 0);
		for (guint i = 0; i < 6; i++) {
			const double *a = p + 2 * i, *b = p + 2 * ((i + 1) % 6), *c = p + 2 * ((i + 2) % 6);
			const double dot = (b[0] - a[0]) * (c[0] - b[0]) + (b[1] - a[1]) * (c[1] - b[1]);
			g_assert_cmpfloat(fabs(dot), <, 1e-6);
		}
		const double side = atan2(p[3] - p[1], p[2] - p[0]) - angle;
		g_assert_cmpfloat(fabs(sin(2 * side)), <, 0.12); /* the direction is the building's, within 3.5 degrees */
	}
}

static void test_square_refuses(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) triangle = polygon((const double[]){10, 10, 90, 40, 10, 70}, 3);
	refused(shape_square(triangle, 2, on, &error), &error, GEOMETRY_ERROR_INVALID);
}

static void test_smooth(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(bitmask) disc = mask_from_stroke((const double[]){50, 40}, 1, 25, NULL, on.width, on.height, NULL);
	g_autoptr(GBytes) stairs = mask_to_wkb(disc, NULL);
	g_autoptr(GBytes) smooth = good(shape_smooth(stairs, 1, on, &error), error);
	g_assert_cmpfloat(fabs(area(smooth) - area(stairs)), <, 0.05 * area(stairs));
	g_autoptr(wkb_shape) s = wkb_shape_read(smooth, NULL);
	for (guint i = 0; i < s->xy->len; i += 2) { /* a circle again, within a pixel */
		const double r = hypot(g_array_index(s->xy, double, i) - 50, g_array_index(s->xy, double, i + 1) - 40);
		g_assert_cmpfloat(fabs(r - 25), <, 1.2);
	}
}

static void test_buffer(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) a = rectangle(20, 20, 20, 20);
	g_autoptr(GBytes) grown = good(shape_buffer(a, 5, on, &error), error);
	g_assert_cmpfloat_with_epsilon(area(grown), 400 + 4 * 20 * 5 + G_PI * 25, 1);
	g_autoptr(GBytes) shrunk = good(shape_buffer(a, -5, on, &error), error);
	g_assert_cmpfloat_with_epsilon(area(shrunk), 100, 1e-6);
	refused(shape_buffer(a, -11, on, &error), &error, GEOMETRY_ERROR_EMPTY);
	g_autoptr(GBytes) edge = rectangle(0, 0, 20, 20); /* the image ends */
	g_autoptr(GBytes) cut = good(shape_buffer(edge, 5, on, &error), error);
	g_assert_cmpfloat_with_epsilon(area(cut), 400 + 2 * 20 * 5 + G_PI * 25 / 4, 1);
}

/* --- neighbours --- */

static void test_meet(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) a = rectangle(10, 10, 20, 20), b = rectangle(34, 10, 20, 20), c = rectangle(28, 40, 10, 10);
	GBytes *both[] = {b, c};
	g_autoptr(GBytes) met = good(shape_meet(a, both, 2, 6, on, &error), error);
	g_assert_cmpfloat_with_epsilon(area(met), 400 + 4 * 20, 6); /* the gap of 4 is its own now; the other is too wide */
	OGRGeometryH p = NULL, q = NULL;
	g_assert_cmpint(OGR_G_CreateFromWkb(g_bytes_get_data(met, NULL), NULL, &p, -1), ==, OGRERR_NONE);
	g_assert_cmpint(OGR_G_CreateFromWkb(g_bytes_get_data(b, NULL), NULL, &q, -1), ==, OGRERR_NONE);
	OGRGeometryH common = OGR_G_Intersection(p, q);
	g_assert_cmpfloat_with_epsilon(OGR_G_Area(common), 0, 1e-6);
	g_assert_cmpfloat_with_epsilon(OGR_G_Distance(p, q), 0, 1e-6);
	OGR_G_DestroyGeometry(common);
	OGR_G_DestroyGeometry(p);
	OGR_G_DestroyGeometry(q);
	g_autoptr(GBytes) over = rectangle(20, 10, 20, 20); /* lies over a: that goes */
	g_autoptr(GBytes) apart = good(shape_meet(over, (GBytes *[]){a}, 1, 6, on, &error), error);
	g_assert_cmpfloat_with_epsilon(area(apart), 200, 1e-6);
	g_autoptr(GBytes) alone = good(shape_meet(a, NULL, 0, 6, on, &error), error);
	g_assert_cmpfloat(area(alone), ==, 400);
	refused(shape_meet(a, (GBytes *[]){a}, 1, 6, on, &error), &error, GEOMETRY_ERROR_EMPTY);
}

/* Neighbours that are not simplified keep their borders, the shared ones too. */
static void test_simplify_beside(void)
{
	g_autoptr(GPtrArray) shapes = g_ptr_array_new_with_free_func((GDestroyNotify)wkb_shape_free);
	g_autoptr(bitmask) left = mask_new(0, 0, 40, 40), right = mask_new(0, 0, 40, 40);
	for (int p = 0; p < 1600; p++) { /* a border that zigzags by one pixel */
		const int x = p % 40, y = p / 40;
		left->bits[p] = x < 20 + (y & 1);
		right->bits[p] = !left->bits[p] && y > 2 && y < 37;
	}
	g_autoptr(GBytes) a = mask_to_wkb(left, NULL), b = mask_to_wkb(right, NULL);
	g_ptr_array_add(shapes, wkb_shape_read(a, NULL));
	g_ptr_array_add(shapes, wkb_shape_read(b, NULL));
	simplify_shapes_beside(shapes, 1, 1.5);
	g_autoptr(GBytes) kept = wkb_shape_write(shapes->pdata[1]), thin = wkb_shape_write(shapes->pdata[0]);
	g_assert_true(g_bytes_equal(kept, b));
	g_assert_cmpuint(shape_vertices(thin), <, shape_vertices(a));
	g_assert_cmpuint(shape_vertices(thin), >, 60); /* the shared stretch is all there */
	OGRGeometryH p = NULL, q = NULL;
	g_assert_cmpint(OGR_G_CreateFromWkb(g_bytes_get_data(thin, NULL), NULL, &p, -1), ==, OGRERR_NONE);
	g_assert_cmpint(OGR_G_CreateFromWkb(g_bytes_get_data(kept, NULL), NULL, &q, -1), ==, OGRERR_NONE);
	OGRGeometryH common = OGR_G_Intersection(p, q);
	g_assert_cmpfloat_with_epsilon(OGR_G_Area(common), 0, 1e-9);
	OGR_G_DestroyGeometry(common);
	OGR_G_DestroyGeometry(p);
	OGR_G_DestroyGeometry(q);
}

/* --- by hand --- */

static void test_checked(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) bow = polygon((const double[]){10, 10, 30, 30, 30, 10, 10, 30}, 4);
	g_autoptr(wkb_shape) s = wkb_shape_read(bow, NULL);
	g_autoptr(GBytes) made = good(shape_checked(s, on, &error), error);
	g_assert_cmpuint(count(made, false), ==, 2);
	g_assert_cmpfloat_with_epsilon(area(made), 200, 1e-6);
	g_autoptr(GBytes) a = rectangle(10, 10, 20, 20);
	const double quarter[6] = {0, -1, 60, 1, 0, 20}, away[6] = {1, 0, 200, 0, 1, 0};
	g_autoptr(GBytes) turned = good(shape_transform(a, quarter, on, &error), error);
	g_assert_cmpfloat_with_epsilon(area(turned), 400, 1e-9);
	refused(shape_transform(a, away, on, &error), &error, GEOMETRY_ERROR_EMPTY);
}

/* Whatever is done to random masks is valid or refused in one sentence. */
static void test_never_invalid(void)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(11);
	const image_size large = {500, 500};
	for (int round = 0; round < 80; round++) {
		g_autoptr(bitmask) m = random_mask(rand, round, 500, 500);
		g_autoptr(GBytes) wkb = mask_to_wkb(m, NULL);
		if (!wkb)
			continue;
		GError *error[5] = {NULL};
		GBytes *out[5] = {
			shape_smooth(wkb, 1 + round % 3, large, &error[0]), shape_square(wkb, 1 + round % 4, large, &error[1]),
			shape_buffer(wkb, round % 7 - 3, large, &error[2]), shape_fill_holes(wkb, round % 20, NULL, &error[3]),
			shape_transform(wkb, (const double[]){0.8, -0.6, 10, 0.6, 0.8, 3}, large, &error[4])};
		for (guint k = 0; k < 5; k++) {
			if (out[k])
				good(out[k], error[k]);
			else
				refused(out[k], &error[k], error[k] ? error[k]->code : 0);
			g_clear_pointer(&out[k], g_bytes_unref);
		}
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	GDALAllRegister();
	g_test_add_func("/shape-edit/combine-random", test_combine_random);
	g_test_add_func("/shape-edit/combine-many", test_combine_many);
	g_test_add_func("/shape-edit/split", test_split);
	g_test_add_func("/shape-edit/split-parts", test_split_parts);
	g_test_add_func("/shape-edit/holes", test_holes);
	g_test_add_func("/shape-edit/square", test_square);
	g_test_add_func("/shape-edit/square-refuses", test_square_refuses);
	g_test_add_func("/shape-edit/smooth", test_smooth);
	g_test_add_func("/shape-edit/buffer", test_buffer);
	g_test_add_func("/shape-edit/meet", test_meet);
	g_test_add_func("/shape-edit/simplify-beside", test_simplify_beside);
	g_test_add_func("/shape-edit/checked", test_checked);
	g_test_add_func("/shape-edit/never-invalid", test_never_invalid);
	return g_test_run();
}
