#include "tests/gpu/ops/harness.h"

typedef struct {
	uint32_t h, w, in, out, k, stride;
	bool same; /* TensorFlow's SAME padding; else (k-1)/2 all around */
	op_act act;
	bool add;
	uint64_t max_binding;
} conv_case;

static const conv_case conv_cases[] = {
	{1, 1, 1, 1, 1, 1, false, ACT_NONE, false, 0},     {5, 7, 3, 8, 3, 2, true, ACT_RELU6, false, 0},
	{8, 8, 3, 32, 3, 2, false, ACT_GELU, false, 0},    {6, 9, 16, 20, 3, 1, false, ACT_NONE, true, 0},
	{7, 5, 5, 7, 3, 1, true, ACT_NONE, false, 0},      {8, 6, 1, 4, 2, 2, true, ACT_NONE, false, 0},
	{9, 4, 4, 16, 2, 2, true, ACT_GELU, false, 0},     {11, 11, 4, 6, 5, 2, true, ACT_RELU, true, 0},
	{16, 16, 64, 64, 3, 1, false, ACT_NONE, false, 0}, {17, 19, 3, 24, 3, 2, true, ACT_RELU6, false, 0},
	{13, 6, 8, 4, 3, 2, true, ACT_NONE, true, 1024},   {10, 6, 8, 8, 3, 1, false, ACT_NONE, true, 1536},
};

static const conv_case conv_slow[] = {
	{256, 130, 3, 32, 3, 2, true, ACT_RELU6, false, 0},
	{17, 24, 128, 128, 3, 1, false, ACT_NONE, false, 0},
	{97, 61, 33, 47, 3, 2, true, ACT_GELU, true, 0},
};

static const conv_case depthwise_cases[] = {
	{1, 1, 1, 1, 3, 1, false, ACT_NONE, false, 0},     {5, 7, 3, 3, 3, 2, true, ACT_RELU6, false, 0},
	{8, 8, 32, 32, 5, 2, true, ACT_RELU6, false, 0},   {9, 6, 20, 20, 3, 1, false, ACT_GELU, false, 0},
	{14, 15, 64, 64, 3, 1, true, ACT_NONE, false, 0},  {7, 12, 17, 17, 5, 1, true, ACT_NONE, false, 0},
	{4, 3, 144, 144, 3, 2, true, ACT_RELU6, false, 0}, {13, 6, 8, 8, 5, 2, true, ACT_NONE, false, 1536},
};

static const conv_case depthwise_slow[] = {
	{128, 128, 96, 96, 3, 2, true, ACT_RELU6, false, 0},
	{64, 63, 144, 144, 5, 1, true, ACT_GELU, false, 0},
};

static ref_conv_shape shape_of(const conv_case *c)
{
	ref_conv_shape s = {
		.in_h = c->h, .in_w = c->w, .in_c = c->in, .out_c = c->out, .k = c->k, .stride = c->stride, .act = c->act};
	if (c->same) {
		s.out_h = (c->h + c->stride - 1) / c->stride;
		s.out_w = (c->w + c->stride - 1) / c->stride;
		s.pad_y = (uint32_t)MAX((int)((s.out_h - 1) * c->stride + c->k) - (int)c->h, 0) / 2;
		s.pad_x = (uint32_t)MAX((int)((s.out_w - 1) * c->stride + c->k) - (int)c->w, 0) / 2;
	} else {
		s.pad_y = s.pad_x = (c->k - 1) / 2;
		s.out_h = (c->h + 2 * s.pad_y - c->k) / c->stride + 1;
		s.out_w = (c->w + 2 * s.pad_x - c->k) / c->stride + 1;
	}
	return s;
}

static void test_any(harness *h, const conv_case *c, bool depthwise)
{
	const ref_conv_shape s = shape_of(c);
	const uint64_t n = (uint64_t)s.out_h * s.out_w * s.out_c;
	harness_weight hw = harness_weights(h, 4, (uint32_t[]){c->out, depthwise ? 1 : c->in, c->k, c->k}, c->out);
	const weight w = depthwise ? weight_depthwise(&hw.loader, "w", c->out, c->k, true)
	                           : weight_conv(&hw.loader, "w", c->out, c->in, c->k, true);
	g_autofree float *x = harness_random(h, h->type, (uint64_t)c->h * c->w * c->in, 1.0f);
	g_autofree float *add = harness_random(h, h->type, n, 1.0f), *want = g_new(float, n);
	const tensor tx = harness_tensor(h, h->type, TENSOR_SHAPE(c->h, c->w, c->in), x);
	const tensor ty = harness_tensor(h, h->type, TENSOR_SHAPE(s.out_h, s.out_w, s.out_c), NULL);
	const tensor ta = harness_tensor(h, h->type, TENSOR_SHAPE(s.out_h, s.out_w, s.out_c), add);
	const op_conv_params p = {
		.stride = c->stride, .pad_y = s.pad_y, .pad_x = s.pad_x, .act = c->act, .add = c->add ? &ta : NULL};
	const uint64_t device_limit = h->ops->max_binding;
	if (c->max_binding)
		h->ops->max_binding = c->max_binding;
	if (depthwise) {
		ref_depthwise(want, x, hw.w, hw.bias, &s);
		op_depthwise(h->ops, h->cmd, ty, tx, &w, &p);
	} else {
		ref_conv(want, x, hw.w, hw.bias, c->add ? add : NULL, &s);
		op_conv(h->ops, h->cmd, ty, tx, &w, &p);
	}
	h->ops->max_binding = device_limit;
	g_autofree char *what = g_strdup_printf("%s %ux%ux%u to %u, k %u, stride %u", depthwise ? "depthwise" : "conv",
	                                        c->h, c->w, c->in, c->out, c->k, c->stride);
	harness_check(h, what, ty, want);
	harness_weights_clear(&hw);
}

static void test_conv(harness *h, const void *params)
{
	test_any(h, params, false);
}

static void test_depthwise(harness *h, const void *params)
{
	test_any(h, params, true);
}

int main(int argc, char **argv)
{
	harness_init(&argc, &argv);
	if (g_test_slow()) {
		harness_add("conv-slow", test_conv, conv_slow, G_N_ELEMENTS(conv_slow), sizeof *conv_slow, true);
		harness_add("depthwise-slow", test_depthwise, depthwise_slow, G_N_ELEMENTS(depthwise_slow),
		            sizeof *depthwise_slow, true);
		return harness_run();
	}
	harness_add("conv", test_conv, conv_cases, G_N_ELEMENTS(conv_cases), sizeof *conv_cases, true);
	harness_add("depthwise", test_depthwise, depthwise_cases, G_N_ELEMENTS(depthwise_cases), sizeof *depthwise_cases,
	            false);
	return harness_run();
}
