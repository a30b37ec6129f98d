/* The host's two image paths: the model's input (against values of Pillow 12) and full-size masks (against the plain
 * formula). */
#include "infer/models/sam-image.h"
#include <math.h>

static uint8_t *pattern(int w, int h)
{
	uint8_t *p = g_malloc((size_t)w * h * 3);
	for (int y = 0; y < h; y++)
		for (int x = 0; x < w; x++)
			for (int c = 0; c < 3; c++)
				p[((size_t)y * w + x) * 3 + c] = (uint8_t)(x * 37 + y * 91 + c * 53 + x * y * 7);
	return p;
}

static uint32_t fnv1a(const uint8_t *p, size_t n)
{
	uint32_t h = 2166136261u;
	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * 16777619u;
	return h;
}

static void test_resize_values(void)
{
	/* The red channel of 7 x 5 -> 4 x 9: narrower with the wide filter, taller with the plain one. */
	const uint8_t want[] = {19,  77,  145, 203, 51,  112, 123, 161, 103, 171, 86,  90,  151, 139, 100, 133, 197, 83,
	                        126, 205, 114, 114, 163, 142, 58,  142, 183, 104, 110, 161, 136, 169, 142, 172, 107, 208};
	g_autofree uint8_t *src = pattern(7, 5);
	g_autofree uint8_t *got = sam_resize_rgb(src, 7 * 3, 7, 5, 4, 9);
	for (guint i = 0; i < G_N_ELEMENTS(want); i++)
		g_assert_cmpint(got[3 * i], ==, want[i]);
}

static void test_resize_hashes(void)
{
	const struct {
		int w, h, new_w, new_h;
		uint32_t hash;
	} cases[] = {
		{7, 5, 4, 9, 0xd94bd42bu},         {16, 3, 5, 2, 0x363a70c2u},      {640, 360, 384, 216, 0xdad61eb1u},
		{256, 256, 512, 512, 0x5813da9fu}, {301, 77, 512, 131, 0x4fd214au}, {3000, 17, 512, 3, 0x3d43cac9u},
		{512, 300, 512, 300, 0xbd3599c5u},
	};
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree uint8_t *src = pattern(cases[i].w, cases[i].h);
		g_autofree uint8_t *got =
			sam_resize_rgb(src, (size_t)cases[i].w * 3, cases[i].w, cases[i].h, cases[i].new_w, cases[i].new_h);
		g_assert_cmphex(fnv1a(got, (size_t)cases[i].new_w * cases[i].new_h * 3), ==, cases[i].hash);
	}
}

static void test_resize_stride(void)
{
	g_autofree uint8_t *src = pattern(20, 9);
	g_autofree uint8_t *part = g_malloc(7 * 5 * 3);
	for (int y = 0; y < 5; y++)
		memcpy(part + y * 21, src + ((y + 2) * 20 + 4) * 3, 21);
	g_autofree uint8_t *a = sam_resize_rgb(src + (2 * 20 + 4) * 3, 60, 7, 5, 11, 5);
	g_autofree uint8_t *b = sam_resize_rgb(part, 21, 7, 5, 11, 5);
	g_assert_cmpmem(a, 11 * 5 * 3, b, 11 * 5 * 3);
}

static sam_frame frame_of(sam_crop crop, int size)
{
	sam_frame f;
	sam_frame_init(&f, &crop, size);
	return f;
}

static void test_normalise(void)
{
	sam_frame f = frame_of((sam_crop){0, 0, 32, 16, 32}, 32);
	g_autofree uint8_t *rgb = g_malloc(32 * 16 * 3);
	for (int i = 0; i < 32 * 16 * 3; i++)
		rgb[i] = (uint8_t)(100 + i % 3);
	g_autofree float *out = g_new(float, 32 * 32 * 4);
	const float mean[3] = {100, 99, 98}, std[3] = {1, 2, 4}, want[4] = {0, 1, 1, 0};
	sam_normalise(&f, rgb, mean, std, out);
	for (int i = 0; i < 32 * 32; i++)
		for (int c = 0; c < 4; c++)
			g_assert_cmpfloat(out[4 * i + c], ==, i < 32 * 16 ? want[c] : 0);
}

/* Columns -3, -1, 1, 3 at 4 x 4: the zero lies between output columns 7 and 8 of 16, 1 past column 9, -1 before
 * column 6. */
static void test_mask_ramp(void)
{
	float logits[16];
	for (int i = 0; i < 16; i++)
		logits[i] = (float)(2 * (i % 4) - 3);
	sam_frame f = frame_of((sam_crop){0, 0, 16, 16, 16}, 16);
	sam_candidate c = {.mask = g_malloc(16 * 16)};
	sam_full_mask(&f, logits, 16, 16, &c);
	g_assert_cmpint(c.area, ==, 8 * 16);
	g_assert_cmpfloat_with_epsilon(c.stability, 0.6, 1e-6);
	g_assert_cmpint(c.mask[7], ==, 0);
	g_assert_cmpint(c.mask[8], ==, 1);
	g_assert_false(c.touches); /* the crop is the whole image */
	g_free(c.mask);
}

static void test_touches(void)
{
	float logits[16];
	for (int i = 0; i < 16; i++)
		logits[i] = (float)(2 * (i % 4) - 3); /* right half */
	const struct {
		int x, y, image_w, image_h;
		bool touches;
	} cases[] = {
		{0, 0, 16, 16, false}, {0, 0, 17, 16, true}, {5, 0, 21, 16, false}, /* cut on the left, where nothing is */
		{5, 1, 21, 17, true},  {5, 0, 21, 18, true},
	};
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		sam_frame f = frame_of((sam_crop){cases[i].x, cases[i].y, 16, 16, 16}, 16);
		sam_candidate c = {.mask = g_malloc(16 * 16)};
		sam_full_mask(&f, logits, cases[i].image_w, cases[i].image_h, &c);
		g_assert_cmpint(c.touches, ==, cases[i].touches);
		g_free(c.mask);
	}
}

static double at(const double *v, int w, int h, int n_w, int n_h, int x, int y)
{
	double sx = MAX(0, (x + 0.5) * w / n_w - 0.5), sy = MAX(0, (y + 0.5) * h / n_h - 0.5);
	int x0 = (int)sx, y0 = (int)sy, x1 = MIN(x0 + 1, w - 1), y1 = MIN(y0 + 1, h - 1);
	double u = sx - x0, t = sy - y0;
	return (1 - t) * ((1 - u) * v[y0 * w + x0] + u * v[y0 * w + x1]) +
	       t * ((1 - u) * v[y1 * w + x0] + u * v[y1 * w + x1]);
}

static double *resized(const double *v, int w, int h, int n_w, int n_h)
{
	double *out = g_new(double, (size_t)n_w *n_h);
	for (int y = 0; y < n_h; y++)
		for (int x = 0; x < n_w; x++)
			out[(size_t)y * n_w + x] = at(v, w, h, n_w, n_h, x, y);
	return out;
}

static void check_two_steps(sam_crop crop, int size)
{
	sam_frame f = frame_of(crop, size);
	int d = size / 4, disagree = 0;
	g_autofree float *logits = g_new(float, d *d);
	g_autofree double *exact = g_new(double, d *d);
	for (int i = 0; i < d * d; i++)
		exact[i] = logits[i] = (float)g_test_rand_double_range(-3, 3);
	g_autofree double *frame = resized(exact, d, d, size, size);
	g_autofree double *cut = g_new(double, (size_t)f.new_w *f.new_h);
	for (int y = 0; y < f.new_h; y++)
		memcpy(cut + (size_t)y * f.new_w, frame + (size_t)y * size, f.new_w * sizeof(double));
	g_autofree double *want = resized(cut, f.new_w, f.new_h, crop.w, crop.h);
	sam_candidate c = {.mask = g_malloc((size_t)crop.w * crop.h)};
	sam_full_mask(&f, logits, crop.w, crop.h, &c);
	int64_t area = 0;
	for (int i = 0; i < crop.w * crop.h; i++) {
		disagree += fabs(want[i]) > 1e-5 && c.mask[i] != (want[i] > 0);
		area += c.mask[i];
	}
	g_assert_cmpint(disagree, ==, 0);
	g_assert_cmpint(area, ==, c.area);
	g_free(c.mask);
}

static void test_mask_two_steps(void)
{
	check_two_steps((sam_crop){0, 0, 64, 64, 64}, 64);
	check_two_steps((sam_crop){0, 0, 33, 20, 33}, 64);
	check_two_steps((sam_crop){0, 0, 20, 33, 33}, 64);
	check_two_steps((sam_crop){0, 0, 301, 77, 301}, 64);
	check_two_steps((sam_crop){0, 0, 77, 301, 301}, 128);
	check_two_steps((sam_crop){0, 0, 1, 90, 90}, 64);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sam/resize/values", test_resize_values);
	g_test_add_func("/sam/resize/hashes", test_resize_hashes);
	g_test_add_func("/sam/resize/stride", test_resize_stride);
	g_test_add_func("/sam/normalise", test_normalise);
	g_test_add_func("/sam/mask/ramp", test_mask_ramp);
	g_test_add_func("/sam/mask/touches", test_touches);
	g_test_add_func("/sam/mask/two-steps", test_mask_two_steps);
	return g_test_run();
}
