/* The rules between a person's marks and the model's prompt (spec sam.md 4, 4.1 and 4.2), by cases worked out by hand.
 */
#include "infer/models/sam-prompt.h"
#include <math.h>

#define MARK(kind_, sign_, r_, ...)                                                                                    \
	((sam_mark){kind_, sign_, sizeof((double[]){__VA_ARGS__}) / sizeof(double) / 2, (double[]){__VA_ARGS__}, r_})

static void assert_crop(sam_crop c, int x, int y, int w, int h)
{
	g_assert_cmpint(c.x, ==, x);
	g_assert_cmpint(c.y, ==, y);
	g_assert_cmpint(c.w, ==, w);
	g_assert_cmpint(c.h, ==, h);
}

static void test_crop_sides(void)
{
	sam_mark point = MARK(SAM_POINT, 1, 0, 1000, 500);
	assert_crop(sam_crop_choose(&point, 1, 4000, 3000, 0), 896, 384, 256, 256); /* q 64: 872 -> 896, 372 -> 384 */
	sam_mark box = MARK(SAM_BOX, 1, 0, 1000, 1000, 1032, 1010);
	assert_crop(sam_crop_choose(&box, 1, 4000, 3000, 0), 960, 928, 128, 128); /* 4 x 32 = 128, q 32 */
	sam_mark wider = MARK(SAM_BOX, 1, 0, 1000, 1000, 1033, 1010);
	g_assert_cmpint(sam_crop_choose(&wider, 1, 4000, 3000, 0).s, ==, 256);
	sam_mark circle = MARK(SAM_CIRCLE, 1, 100, 50, 2950);
	assert_crop(sam_crop_choose(&circle, 1, 4000, 3000, 0), 0, 1976, 1024, 1024); /* clamped at two edges */
	sam_mark still = MARK(SAM_SCRIBBLE, 1, 0, 1000, 500, 1000, 500);
	assert_crop(sam_crop_choose(&still, 1, 4000, 3000, 0), 896, 384, 256, 256); /* says what a point says */
}

static void test_crop_small_image(void)
{
	sam_mark point = MARK(SAM_POINT, 1, 0, 10, 10);
	assert_crop(sam_crop_choose(&point, 1, 256, 100, 0), 0, 0, 256, 100);
	assert_crop(sam_crop_choose(&point, 1, 1000, 100, 0), 0, 0, 256, 100); /* spans the short axis */
	assert_crop(sam_crop_choose(&point, 1, 40, 30, 0), 0, 0, 40, 30);
	sam_mark huge = MARK(SAM_BOX, 1, 0, -1e8, -1e8, 1e8, 1e8);
	assert_crop(sam_crop_choose(&huge, 1, 5000, 4000, 0), 0, 0, 5000, 4000);
}

static void test_crop_later_marks(void)
{
	sam_mark inside[] = {MARK(SAM_POINT, 1, 0, 1000, 500), MARK(SAM_POINT, -1, 0, 1152, 640)};
	assert_crop(sam_crop_choose(inside, 2, 4000, 3000, 0), 896, 384, 256, 256); /* on the edge is inside */
	sam_mark outside[] = {MARK(SAM_POINT, 1, 0, 1000, 500), MARK(SAM_POINT, -1, 0, 1153, 640)};
	/* 4 x 153 -> 1024, q 256, centre 1076.5, 570: (564.5 / 256 + 0.5) -> 2, (58 / 256 + 0.5) -> 0 */
	assert_crop(sam_crop_choose(outside, 2, 4000, 3000, 0), 512, 0, 1024, 1024);
	/* A first mark that itself sticks out of the image does not make the crop change. */
	sam_mark edge[] = {MARK(SAM_CIRCLE, 1, 60, 2, 2), MARK(SAM_POINT, 1, 0, 30, 30)};
	assert_crop(sam_crop_choose(edge, 2, 4000, 3000, 0), 0, 0, 512, 512);
}

static void test_crop_scale(void)
{
	sam_mark point = MARK(SAM_POINT, 1, 0, 1000, 500);
	assert_crop(sam_crop_choose(&point, 1, 4000, 3000, 512), 768, 256, 512, 512);
	assert_crop(sam_crop_choose(&point, 1, 4000, 3000, 301), 827, 376, 301, 301); /* q 75.25: 827.75, 376.25 */
	assert_crop(sam_crop_choose(&point, 1, 4000, 3000, 100000), 0, 0, 4000, 3000);
}

static void test_crop_grow(void)
{
	sam_mark point = MARK(SAM_POINT, 1, 0, 1000, 500);
	sam_crop c = sam_crop_choose(&point, 1, 2000, 900, 0);
	c = sam_crop_grow(&point, &c, 2000, 900);
	assert_crop(c, 768, 256, 512, 512);
	c = sam_crop_grow(&point, &c, 2000, 900);
	assert_crop(c, 512, 0, 1024, 900);
	c = sam_crop_grow(&point, &c, 2000, 900);
	assert_crop(c, 0, 0, 2000, 900);
	sam_mark two[] = {point, point};
	sam_mark negative = MARK(SAM_POINT, -1, 0, 1, 1), stroke = MARK(SAM_SCRIBBLE, 1, 0, 1, 1, 2, 2);
	g_assert_true(sam_marks_grow(&point, 1));
	g_assert_false(sam_marks_grow(two, 2));
	g_assert_false(sam_marks_grow(&negative, 1));
	g_assert_false(sam_marks_grow(&stroke, 1));
}

static void test_check(void)
{
	struct {
		sam_mark mark;
		const char *says; /* NULL: fine */
	} cases[] = {
		{MARK(SAM_POINT, 1, 0, 0, 0), NULL},
		{MARK(SAM_POINT, 1, 0, 100, 20), "outside the image"},
		{MARK(SAM_POINT, 1, 0, 99.9, 49.9), NULL},
		{MARK(SAM_POINT, 1, 0, NAN, 2), "malformed"},
		{MARK(SAM_POINT, -1, 0, 5, 5), "at least one positive"},
		{MARK(SAM_POINT, -1, 0, 500, 5), "at least one positive"},
		{MARK(SAM_BOX, 1, 0, 20, 20, 10, 10), NULL},
		{MARK(SAM_BOX, 1, 0, 20, 20, 20, 40), "no area"},
		{MARK(SAM_BOX, 1, 0, -20, -20, 0, 40), "outside the image"},
		{MARK(SAM_BOX, -1, 0, 0, 0, 9, 9), "cannot be negative"},
		{MARK(SAM_CIRCLE, 1, 0, 20, 20), "no area"},
		{MARK(SAM_CIRCLE, 1, -3, 20, 20), "no area"},
		{MARK(SAM_CIRCLE, 1, 14, -10, -10), "outside the image"}, /* the corner is 14.14 away */
		{MARK(SAM_CIRCLE, 1, 15, -10, -10), NULL},
		{MARK(SAM_CIRCLE, -1, 15, 20, 20), "cannot be negative"},
		{MARK(SAM_SCRIBBLE, 1, 0, -50, 10, 150, 40), NULL}, /* crosses without a vertex inside */
		{MARK(SAM_SCRIBBLE, 1, 0, -50, 10, 10, -50), "outside the image"},
		{MARK(SAM_SCRIBBLE, 1, 0, 5, 5), NULL},
		{MARK(SAM_POLYGON, 1, 0, 1, 1, 5, 5, 9, 9), "no area"},
		{MARK(SAM_POLYGON, 1, 0, 1, 1, 5, 5), "malformed"},
		{MARK(SAM_POLYGON, 1, 0, -500, -500, 900, -500, 900, 900, -500, 900), NULL}, /* holds the whole image */
		{MARK(SAM_POLYGON, 1, 0, 200, 0, 300, 0, 300, 90), "outside the image"},
		{MARK(SAM_POLYGON, 1, 0, 0, 0, 10, 10, 10, 0, 0, 10), NULL}, /* figure of eight */
		{MARK(SAM_POLYGON, -1, 0, 0, 0, 9, 0, 9, 9), "cannot be negative"},
	};
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		bool ok = sam_marks_check(&cases[i].mark, 1, 100, 50, &error);
		g_test_message("case %u: %s", i, error ? error->message : "fine");
		g_assert_cmpint(ok, ==, cases[i].says == NULL);
		if (cases[i].says) {
			g_assert_error(error, SAM_ERROR, SAM_ERROR_PROMPT);
			g_assert_nonnull(strstr(error->message, cases[i].says));
		}
	}
	g_autoptr(GError) error = NULL;
	g_autofree double *long_xy = g_new0(double, 2 * 30000);
	const sam_mark endless = {SAM_SCRIBBLE, 1, 30000, long_xy, 0};
	g_assert_false(sam_marks_check(&endless, 1, 100, 50, &error));
	g_assert_nonnull(strstr(error->message, "too many points"));
	g_clear_error(&error);
	g_assert_false(sam_marks_check(NULL, 0, 100, 50, &error));
	g_assert_error(error, SAM_ERROR, SAM_ERROR_PROMPT);
}

static void assert_token(GArray *tokens, guint i, double x, double y, int label)
{
	g_assert_cmpuint(i, <, tokens->len);
	sam_token t = g_array_index(tokens, sam_token, i);
	g_assert_cmpfloat_with_epsilon(t.x, x, 1e-9);
	g_assert_cmpfloat_with_epsilon(t.y, y, 1e-9);
	g_assert_cmpint(t.label, ==, label);
}

static sam_frame frame_of(int x, int y, int w, int h, int size)
{
	sam_crop crop = {x, y, w, h, MAX(w, h)};
	sam_frame f;
	sam_frame_init(&f, &crop, size);
	return f;
}

static void test_frame(void)
{
	sam_frame f = frame_of(0, 0, 640, 360, 384);
	g_assert_cmpint(f.new_w, ==, 384);
	g_assert_cmpint(f.new_h, ==, 216);
	f = frame_of(0, 0, 301, 77, 512);
	g_assert_cmpint(f.new_w, ==, 512);
	g_assert_cmpint(f.new_h, ==, 131); /* 130.98 + 0.5 */
	f = frame_of(0, 0, 5000, 1, 512);
	g_assert_cmpint(f.new_h, ==, 1);
}

static void test_tokens(void)
{
	sam_frame f = frame_of(100, 200, 256, 128, 512);
	sam_mark marks[] = {
		MARK(SAM_POINT, 1, 0, 110, 220), MARK(SAM_CIRCLE, 1, 9, 130, 230),
		MARK(SAM_SCRIBBLE, -1, 0, 100, 200, 148, 200, 148, 248), /* length 96 -> 4 points, 32 apart */
	};
	g_autoptr(GArray) t = sam_sparse_tokens(&f, marks, 3);
	g_assert_cmpuint(t->len, ==, 7);
	assert_token(t, 0, 20, 40, 1);
	assert_token(t, 1, 60, 60, 1);
	assert_token(t, 2, 0, 0, 0);
	assert_token(t, 3, 64, 0, 0);
	assert_token(t, 4, 96, 32, 0);
	assert_token(t, 5, 96, 96, 0);
	g_assert_cmpint(g_array_index(t, sam_token, 6).label, ==, SAM_LABEL_PAD);

	sam_mark boxed[] = {MARK(SAM_POINT, -1, 0, 110, 220), MARK(SAM_BOX, 1, 0, 160, 230, 120, 210)};
	g_autoptr(GArray) b = sam_sparse_tokens(&f, boxed, 2);
	g_assert_cmpuint(b->len, ==, 3); /* no padding beside a box */
	assert_token(b, 0, 20, 40, 0);
	assert_token(b, 1, 40, 20, 2);
	assert_token(b, 2, 120, 60, 3);
}

static void test_stroke_counts(void)
{
	sam_frame f = frame_of(0, 0, 512, 512, 512);
	const struct {
		double length;
		guint points;
	} cases[] = {{3, 2}, {71.9, 2}, {72, 3}, {191.9, 7}, {192, 8}, {500, 8}};
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		sam_mark m = MARK(SAM_SCRIBBLE, 1, 0, 0, 0, 0, 0, cases[i].length, 0);
		g_autoptr(GArray) t = sam_sparse_tokens(&f, &m, 1);
		g_assert_cmpuint(t->len, ==, cases[i].points + 1);
		assert_token(t, cases[i].points - 1, cases[i].length, 0, 1);
	}
	sam_mark still = MARK(SAM_SCRIBBLE, 1, 0, 9, 9, 9, 9);
	g_autoptr(GArray) t = sam_sparse_tokens(&f, &still, 1);
	g_assert_cmpuint(t->len, ==, 2);
	g_assert_true(sam_wants_multimask(&still, 1, NULL));
	g_assert_false(sam_wants_multimask(&still, 1, (float[]){0}));
}

static void test_polygon(void)
{
	double pole[2], centre[2];
	const double ell[] = {0, 0, 60, 0, 60, 20, 20, 20, 20, 80, 0, 80};
	sam_polygon_centroid(ell, 6, centre); /* 60x20 at (30,10) and 20x60 at (10,50) */
	g_assert_cmpfloat_with_epsilon(centre[0], 20, 1e-9);
	g_assert_cmpfloat_with_epsilon(centre[1], 30, 1e-9);
	sam_polygon_pole(ell, 6, pole); /* on the inner corner's diagonal: 20 - t = t * (1 + sqrt 1/2 ...) */
	double t = 20 * sqrt(2) / (1 + sqrt(2));
	g_assert_cmpfloat_with_epsilon(pole[0], t, 0.5);
	g_assert_cmpfloat_with_epsilon(pole[1], t, 0.5);
	g_assert_true(sam_polygon_contains(ell, 6, 10, 70));
	g_assert_false(sam_polygon_contains(ell, 6, 40, 40));
	const double eight[] = {0, 0, 10, 10, 10, 0, 0, 10}; /* no signed area */
	sam_polygon_centroid(eight, 4, centre);
	g_assert_cmpfloat_with_epsilon(centre[0], 5, 1e-9);
	const double needle[] = {0, 0, 1e6, 0, 1e6, 0.01, 0, 0.01};
	sam_polygon_pole(needle, 4, pole);
	g_assert_true(pole[0] > 0 && pole[0] < 1e6);
}

static void test_polygon_rows(void)
{
	double xy[2 * 40];
	bool row[30];
	for (int round = 0; round < 300; round++) {
		const guint n = 3 + (guint)g_test_rand_int_range(0, 38);
		for (guint i = 0; i < 2 * n; i++) /* many on cell centres and on each other */
			xy[i] = g_test_rand_int_range(-8, 80) * 0.5;
		for (int y = 0; y < 30; y++) {
			sam_polygon_row(xy, n, y + 0.5, 30, row);
			for (int x = 0; x < 30; x++)
				g_assert_cmpint(row[x], ==, sam_polygon_contains(xy, n, x + 0.5, y + 0.5));
		}
	}
}

static int count_of(const float *v, int side, float value)
{
	int n = 0;
	for (int i = 0; i < side * side; i++)
		n += v[i] == value;
	return n;
}

static void test_raster_point_and_box(void)
{
	sam_frame f = frame_of(0, 0, 64, 64, 64); /* 16 x 16 cells of 4 pixels */
	float v[256], previous[256];
	sam_mark point = MARK(SAM_POINT, 1, 0, 34, 34); /* cell centre (8.5, 8.5): 1.6 holds its 8 neighbours */
	g_assert_true(sam_dense_raster(&f, &point, 1, true, NULL, v));
	g_assert_cmpint(count_of(v, 16, 8), ==, 9);
	g_assert_cmpint(count_of(v, 16, 0), ==, 247);
	g_assert_false(sam_dense_raster(&f, &point, 1, false, NULL, v));

	sam_mark box = MARK(SAM_BOX, 1, 0, 30, 18, 10, 10); /* backwards; cells 2.5..7.5 x 2.5..4.5, half-open */
	g_assert_true(sam_dense_raster(&f, &box, 1, true, NULL, v));
	g_assert_cmpint(count_of(v, 16, 4), ==, 5 * 2);
	g_assert_cmpfloat(v[2 * 16 + 2], ==, 4); /* centre on the first edge is inside */
	g_assert_cmpfloat(v[2 * 16 + 7], ==, -8);
	g_assert_cmpint(count_of(v, 16, -8), ==, 246);

	for (int i = 0; i < 256; i++)
		previous[i] = 30;
	g_assert_true(sam_dense_raster(&f, &box, 1, true, previous, v));
	g_assert_cmpint(count_of(v, 16, 20), ==, 10);                     /* 34, clamped */
	g_assert_true(sam_dense_raster(&f, &box, 1, false, previous, v)); /* shapes: a box draws nothing */
	g_assert_cmpint(count_of(v, 16, 20), ==, 256);
}

static void test_raster_circle(void)
{
	sam_frame f = frame_of(0, 0, 64, 64, 64);
	float v[256];
	sam_mark circle =
		MARK(SAM_CIRCLE, 1, 12, 34, 34); /* radius 3 cells at (8.5, 8.5): 29 cells; ring to 3.6: none at 3.16.. */
	g_assert_true(sam_dense_raster(&f, &circle, 1, false, NULL, v));
	g_assert_cmpint(count_of(v, 16, 8), ==, 29);
	g_assert_cmpint(count_of(v, 16, 0), ==, 8); /* offsets (1,3) and (3,1): 3.162; (2,3): 3.606 is out */
	sam_mark both[] = {circle, MARK(SAM_POINT, -1, 0, 34, 34)};
	g_assert_true(sam_dense_raster(&f, both, 2, true, NULL, v));
	g_assert_cmpint(count_of(v, 16, 8), ==, 20);
	g_assert_true(sam_dense_raster(&f, both, 2, false, NULL, v));
	g_assert_cmpint(count_of(v, 16, 8), ==, 29); /* shapes: points are tokens only */
}

static void test_raster_stroke_and_polygon(void)
{
	sam_frame f = frame_of(0, 0, 64, 64, 64);
	float v[256];
	sam_mark stroke = MARK(SAM_SCRIBBLE, -1, 0, 18, 32, 42, 32); /* y = 8 cells, x 4.5..10.5 */
	g_assert_true(sam_dense_raster(&f, &stroke, 1, false, NULL, v));
	/* rows 0.5 away: reach sqrt(2) past the ends, so 3.5..11.5; rows 1.5 away: the closed edge, ends included */
	g_assert_cmpint(count_of(v, 16, -8), ==, 2 * 9 + 2 * 7);
	sam_mark square = MARK(SAM_POLYGON, 1, 0, 16, 16, 48, 16, 48, 48, 16, 48); /* cells 4..12, grown 3.2..12.8 */
	g_assert_true(sam_dense_raster(&f, &square, 1, false, NULL, v));
	g_assert_cmpint(count_of(v, 16, 8), ==, 64);
	g_assert_cmpint(count_of(v, 16, 0), ==, 100 - 64);
	g_assert_cmpint(count_of(v, 16, -8), ==, 156);
}

static double any_number(double size)
{
	static const double odd[] = {0, -0.0, 0.5, -1, 1e-9, 1e9, -1e9, 1e300, NAN, INFINITY};
	int kind = g_test_rand_int_range(0, 12);
	if (kind == 0)
		return odd[g_test_rand_int_range(0, G_N_ELEMENTS(odd))];
	if (kind == 1)
		return g_test_rand_double_range(-1e9, 1e9);
	return g_test_rand_double_range(-0.3 * size, 1.3 * size);
}

/* Whatever is accepted has a crop inside the image, tokens that are numbers, and a raster within its bounds. */
static void check_accepted(const sam_mark *marks, guint n, int w, int h)
{
	static float v[16 * 16];
	sam_frame f;
	sam_crop c = sam_crop_choose(marks, n, w, h, g_test_rand_bit() ? g_test_rand_int_range(1, 3000) : 0);
	g_assert_true(c.x >= 0 && c.y >= 0 && c.w >= 1 && c.h >= 1 && c.x + c.w <= w && c.y + c.h <= h);
	sam_frame_init(&f, &c, 64);
	g_assert_true(f.new_w >= 1 && f.new_h >= 1 && MAX(f.new_w, f.new_h) == 64);
	g_autoptr(GArray) tokens = sam_sparse_tokens(&f, marks, n);
	for (guint i = 0; i < tokens->len; i++) {
		const sam_token *t = &g_array_index(tokens, sam_token, i);
		g_assert_true(isfinite(t->x) && isfinite(t->y) && t->label >= -1 && t->label <= 3);
	}
	g_assert_true(sam_dense_raster(&f, marks, n, true, NULL, v));
	for (int i = 0; i < 256; i++)
		g_assert_true(v[i] >= -20 && v[i] <= 20);
}

static void test_any_marks(void)
{
	int accepted = 0;
	for (int round = 0; round < 4000; round++) {
		double xy[3][12];
		sam_mark marks[3];
		const int w = g_test_rand_int_range(1, 5000), h = g_test_rand_int_range(1, 5000);
		const guint n = (guint)g_test_rand_int_range(1, 4);
		for (guint i = 0; i < n; i++) {
			static const guint points[] = {1, 2, 1, 6, 6};
			const sam_mark_kind kind = (sam_mark_kind)g_test_rand_int_range(0, 5);
			for (int k = 0; k < 12; k++)
				xy[i][k] = any_number(k & 1 ? h : w);
			marks[i] = (sam_mark){kind, g_test_rand_int_range(0, 4) ? 1 : -1, points[kind], xy[i], any_number(w)};
		}
		g_autoptr(GError) error = NULL;
		bool ok = sam_marks_check(marks, n, w, h, &error);
		g_assert_cmpint(ok, ==, error == NULL);
		if (ok)
			check_accepted(marks, n, w, h);
		accepted += ok;
	}
	g_assert_cmpint(accepted, >, 400);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sam/crop/sides", test_crop_sides);
	g_test_add_func("/sam/crop/small-image", test_crop_small_image);
	g_test_add_func("/sam/crop/later-marks", test_crop_later_marks);
	g_test_add_func("/sam/crop/scale", test_crop_scale);
	g_test_add_func("/sam/crop/grow", test_crop_grow);
	g_test_add_func("/sam/marks/check", test_check);
	g_test_add_func("/sam/frame", test_frame);
	g_test_add_func("/sam/tokens", test_tokens);
	g_test_add_func("/sam/tokens/stroke", test_stroke_counts);
	g_test_add_func("/sam/polygon", test_polygon);
	g_test_add_func("/sam/polygon/rows", test_polygon_rows);
	g_test_add_func("/sam/raster/point-and-box", test_raster_point_and_box);
	g_test_add_func("/sam/raster/circle", test_raster_circle);
	g_test_add_func("/sam/raster/stroke-and-polygon", test_raster_stroke_and_polygon);
	g_test_add_func("/sam/any-marks", test_any_marks);
	return g_test_run();
}
