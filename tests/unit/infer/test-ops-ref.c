/* The references themselves, against values worked out by hand. */
#include "infer/ops/ref.h"
#include <math.h>

static void near(const float *got, const float *want, guint n)
{
	for (guint i = 0; i < n; i++)
		g_assert_cmpfloat_with_epsilon(got[i], want[i], 1e-5f);
}

static void test_linear(void)
{
	const float x[] = {1, 2, 3, -1}, w[] = {1, 0, 2, 1, -1, 1}, bias[] = {0, 1, 2}, add[] = {1, 1, 1, 1, 1, 1};
	float y[6];
	ref_linear(y, x, w, bias, add, 2, 2, 3, ACT_RELU);
	near(y, (float[]){2, 6, 4, 4, 7, 0}, 6);
}

/* 3x3 kernel of ones over 2x2 pixels counts what lies inside. */
static void test_conv(void)
{
	const float x[] = {1, 2, 3, 4}, ones[] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
	float y[4];
	ref_conv_shape s = {.in_h = 2,
	                    .in_w = 2,
	                    .in_c = 1,
	                    .out_h = 2,
	                    .out_w = 2,
	                    .out_c = 1,
	                    .k = 3,
	                    .stride = 1,
	                    .pad_y = 1,
	                    .pad_x = 1};
	ref_conv(y, x, ones, NULL, NULL, &s);
	near(y, (float[]){10, 10, 10, 10}, 4);
	s.pad_y = s.pad_x = 0; /* TensorFlow's SAME: nothing above and left */
	ref_depthwise(y, x, ones, NULL, &s);
	near(y, (float[]){10, 6, 7, 4}, 4);
}

static void test_conv_transpose(void)
{
	const float x[] = {1, 10}, w[] = {1, 2, 3, 4}, bias[] = {0.5f};
	float y[8];
	ref_conv_transpose2(y, x, w, bias, NULL, 1, 2, 1, 1, ACT_NONE);
	near(y, (float[]){1.5f, 2.5f, 10.5f, 20.5f, 3.5f, 4.5f, 30.5f, 40.5f}, 8);
}

static void test_rows(void)
{
	const float x[] = {1, 3, -2, 2}, gamma[] = {2, 1}, beta[] = {0, 1};
	float y[4];
	ref_layer_norm(y, x, gamma, beta, 2, 2, 0.0f, ACT_NONE);
	near(y, (float[]){-2, 2, -2, 2}, 4);
	ref_combine('+', y, x, gamma, 4, 2, ACT_RELU6);
	near(y, (float[]){3, 4, 0, 3}, 4);
	ref_combine('*', y, x, gamma, 4, 2, ACT_NONE);
	near(y, (float[]){2, 3, -4, 2}, 4);
	g_assert_cmpfloat_with_epsilon(ref_activate(ACT_GELU, 1.0f), 0.8413447f, 1e-6f);
	g_assert_cmpfloat_with_epsilon(ref_activate(ACT_SILU, 1.0f), 0.7310586f, 1e-6f);
}

static void test_images(void)
{
	const float x[] = {0, 4}, skip[] = {0, 0, 0, 0, 1, 1, 1, 1};
	float y[8];
	ref_upsample2_add(y, x, skip, 1, 2, 1);
	near(y, (float[]){0, 0, 4, 4, 1, 1, 5, 5}, 8);
	ref_resize(y, x, 2, 1, 2, 1, 4);
	near(y, (float[]){0, 1, 3, 4}, 4);
}

static void test_attention(void)
{
	const float q[] = {1, 0}, k[] = {1, 0, 0, 0}, v[] = {1, 2, 3, 4}, far[] = {1000, 0, 0, 0};
	float y[2];
	const float e = expf(1.0f), p = e / (e + 1.0f);
	ref_attention(y, q, k, v, 1, 2, 1, 2, 1.0f);
	near(y, (float[]){p * 1 + (1 - p) * 3, p * 2 + (1 - p) * 4}, 2);
	ref_attention(y, q, far, v, 1, 2, 1, 2, 1.0f); /* no overflow */
	near(y, (float[]){1, 2}, 2);
}

/* One token in a window of 2x2: three pad tokens share in the softmax. */
static void test_window_attention(void)
{
	const float qkv[] = {0, 0, 8}, pad[] = {0, 0, 4}, bias[] = {0, 0, 0, 0};
	float y[1];
	ref_window_attention(y, qkv, pad, bias, 1, 1, 1, 1, 2);
	near(y, (float[]){5}, 1);
}

static void test_small(void)
{
	const float a[] = {1, 2, 3, 4}, b[] = {1, 1, 0, 1}, pos[] = {0.75f, 0.5f, 2}, gauss[] = {0.5f, 0};
	float y[4];
	ref_matmul_nt(y, a, b, 2, 2, 2);
	near(y, (float[]){3, 2, 7, 4}, 4);
	ref_fourier(y, pos, gauss, 1, 1);
	near(y, (float[]){2, 0}, 2);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/ref/linear", test_linear);
	g_test_add_func("/ref/conv", test_conv);
	g_test_add_func("/ref/conv-transpose", test_conv_transpose);
	g_test_add_func("/ref/rows", test_rows);
	g_test_add_func("/ref/images", test_images);
	g_test_add_func("/ref/attention", test_attention);
	g_test_add_func("/ref/window-attention", test_window_attention);
	g_test_add_func("/ref/small", test_small);
	return g_test_run();
}
