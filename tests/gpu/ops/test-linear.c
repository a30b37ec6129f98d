#include "tests/gpu/ops/harness.h"

typedef struct {
	uint32_t rows, in, out;
	op_act act;
	bool bias, add;
	uint64_t max_binding; /* 0: the device's */
} linear_case;

static const linear_case linear_cases[] = {
	{1, 1, 1, ACT_NONE, true, false, 0},     {7, 3, 5, ACT_RELU, true, true, 0},
	{33, 31, 17, ACT_GELU, true, false, 0},  {64, 64, 64, ACT_NONE, false, true, 0},
	{13, 96, 40, ACT_RELU6, true, false, 0}, {5, 256, 130, ACT_SILU, true, false, 0},
	{65, 32, 66, ACT_NONE, true, false, 0},  {130, 72, 24, ACT_RELU6, true, true, 0},
	{70, 20, 6, ACT_NONE, true, true, 2048}, /* in pieces */
};

static const linear_case linear_slow[] = {
	{512, 256, 1024, ACT_RELU, true, false, 0},
	{2048, 352, 128, ACT_NONE, true, true, 0},
	{333, 1250, 199, ACT_GELU, true, false, 0},
};

static void test_linear(harness *h, const void *params)
{
	const linear_case *c = params;
	const uint64_t n = (uint64_t)c->rows * c->out;
	harness_weight hw = harness_weights(h, 2, (uint32_t[]){c->out, c->in}, c->bias ? c->out : 0);
	const weight w = weight_linear(&hw.loader, "w", c->out, c->in, c->bias);
	g_autofree float *x = harness_random(h, h->type, (uint64_t)c->rows * c->in, 1.0f);
	g_autofree float *add = harness_random(h, h->type, n, 1.0f), *want = g_new(float, n);
	const tensor tx = harness_tensor(h, h->type, TENSOR_SHAPE(c->rows, c->in), x);
	const tensor ty = harness_tensor(h, h->type, TENSOR_SHAPE(c->rows, c->out), NULL);
	const tensor ta = harness_tensor(h, h->type, TENSOR_SHAPE(c->rows, c->out), add);
	ref_linear(want, x, hw.w, hw.bias, c->add ? add : NULL, c->rows, c->in, c->out, c->act);
	const uint64_t device_limit = h->ops->max_binding;
	if (c->max_binding)
		h->ops->max_binding = c->max_binding;
	op_linear(h->ops, h->cmd, ty, tx, &w, c->act, c->add ? &ta : NULL);
	h->ops->max_binding = device_limit;
	g_autofree char *what = g_strdup_printf("linear %ux%ux%u", c->rows, c->in, c->out);
	harness_check(h, what, ty, want);
	harness_weights_clear(&hw);
}

/* The residual may be the output itself. */
static void test_in_place(harness *h, const void *params)
{
	const linear_case *c = params;
	const uint64_t n = (uint64_t)c->rows * c->out;
	harness_weight hw = harness_weights(h, 2, (uint32_t[]){c->out, c->in}, c->out);
	const weight w = weight_linear(&hw.loader, "w", c->out, c->in, true);
	g_autofree float *x = harness_random(h, h->type, (uint64_t)c->rows * c->in, 1.0f);
	g_autofree float *add = harness_random(h, h->type, n, 1.0f), *want = g_new(float, n);
	const tensor tx = harness_tensor(h, h->type, TENSOR_SHAPE(c->rows, c->in), x);
	const tensor ty = harness_tensor(h, h->type, TENSOR_SHAPE(c->rows, c->out), NULL);
	const tensor ta = harness_tensor(h, h->type, TENSOR_SHAPE(c->rows, c->out), add);
	ref_linear(want, x, hw.w, hw.bias, add, c->rows, c->in, c->out, c->act);
	op_copy(h->ops, h->cmd, ty, ta);
	op_linear(h->ops, h->cmd, ty, tx, &w, c->act, &ty);
	harness_check(h, "linear in place", ty, want);
	harness_weights_clear(&hw);
}

typedef struct {
	uint32_t h, w, in, out;
	op_act act;
	bool add;
	uint64_t max_binding;
} transpose_case;

static const transpose_case transpose_cases[] = {
	{1, 1, 1, 1, ACT_NONE, false, 0},  {3, 5, 7, 3, ACT_GELU, true, 0},    {4, 4, 64, 32, ACT_GELU, false, 0},
	{9, 2, 48, 20, ACT_NONE, true, 0}, {6, 7, 8, 4, ACT_NONE, true, 1024},
};

static void test_transpose(harness *h, const void *params)
{
	const transpose_case *c = params;
	const uint64_t n = 4ull * c->h * c->w * c->out;
	harness_weight hw = harness_weights(h, 4, (uint32_t[]){c->in, c->out, 2, 2}, c->out);
	const weight w = weight_conv_transpose2(&hw.loader, "w", c->in, c->out, true);
	g_autofree float *x = harness_random(h, h->type, (uint64_t)c->h * c->w * c->in, 1.0f);
	g_autofree float *add = harness_random(h, h->type, n, 1.0f), *want = g_new(float, n);
	const tensor tx = harness_tensor(h, h->type, TENSOR_SHAPE(c->h, c->w, c->in), x);
	const tensor ty = harness_tensor(h, h->type, TENSOR_SHAPE(2 * c->h, 2 * c->w, c->out), NULL);
	const tensor ta = harness_tensor(h, h->type, TENSOR_SHAPE(2 * c->h, 2 * c->w, c->out), add);
	ref_conv_transpose2(want, x, hw.w, hw.bias, c->add ? add : NULL, c->h, c->w, c->in, c->out, c->act);
	const uint64_t device_limit = h->ops->max_binding;
	if (c->max_binding)
		h->ops->max_binding = c->max_binding;
	op_conv_transpose2(h->ops, h->cmd, ty, tx, &w, c->act, c->add ? &ta : NULL);
	h->ops->max_binding = device_limit;
	g_autofree char *what = g_strdup_printf("transposed %ux%ux%u to %u", c->h, c->w, c->in, c->out);
	harness_check(h, what, ty, want);
	harness_weights_clear(&hw);
}

typedef struct {
	uint32_t m, n, c;
} matmul_case;

static const matmul_case matmul_cases[] = {{1, 1, 1}, {4, 100, 32}, {3, 65, 17}, {9, 33, 6}, {4, 260, 32}, {6, 8, 20}};

static void test_matmul_nt(harness *h, const void *params)
{
	const matmul_case *c = params;
	g_autofree float *a = harness_random(h, h->type, c->m * c->c, 1.0f),
					 *b = harness_random(h, h->type, c->n * c->c, 1.0f);
	g_autofree float *want = g_new(float, c->m * c->n);
	const tensor ta = harness_tensor(h, h->type, TENSOR_SHAPE(c->m, c->c), a);
	const tensor tb = harness_tensor(h, h->type, TENSOR_SHAPE(c->n, c->c), b);
	const tensor ty = harness_tensor(h, h->type, TENSOR_SHAPE(c->m, c->n), NULL);
	ref_matmul_nt(want, a, b, c->m, c->n, c->c);
	op_matmul_nt(h->ops, h->cmd, ty, ta, tb);
	g_autofree char *what = g_strdup_printf("matmul_nt %ux%ux%u", c->m, c->n, c->c);
	harness_check(h, what, ty, want);
}

int main(int argc, char **argv)
{
	harness_init(&argc, &argv);
	if (g_test_slow()) {
		harness_add("linear-slow", test_linear, linear_slow, G_N_ELEMENTS(linear_slow), sizeof *linear_slow, true);
		return harness_run();
	}
	harness_add("linear", test_linear, linear_cases, G_N_ELEMENTS(linear_cases), sizeof *linear_cases, true);
	harness_add("linear-in-place", test_in_place, linear_cases + 1, 4, sizeof *linear_cases, false);
	harness_add("transposed", test_transpose, transpose_cases, G_N_ELEMENTS(transpose_cases), sizeof *transpose_cases,
	            true);
	harness_add("matmul-nt", test_matmul_nt, matmul_cases, G_N_ELEMENTS(matmul_cases), sizeof *matmul_cases, false);
	return harness_run();
}
