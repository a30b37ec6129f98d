#include "tests/gpu/ops/harness.h"
#include <math.h>

typedef struct {
	uint32_t nq, nk, heads, dim;
	float range; /* of q and k: large values make a sharp softmax */
} attention_case;

static const attention_case attention_cases[] = {
	{1, 1, 1, 1, 1.0f},    {7, 7, 8, 32, 1.0f},   {7, 100, 8, 16, 1.0f}, {100, 7, 8, 16, 1.0f},
	{6, 513, 2, 16, 8.0f}, {65, 33, 3, 20, 1.0f}, {5, 9, 1, 64, 4.0f},   {300, 5, 8, 16, 8.0f},
	{65, 66, 3, 64, 4.0f}, {32, 16, 2, 32, 8.0f}, {70, 19, 1, 16, 1.0f},
};

static const attention_case attention_slow[] = {
	{13, 4096, 8, 16, 1.0f}, {4096, 13, 8, 16, 1.0f}, {200, 200, 12, 64, 1.0f}};

static void test_attention(harness *h, const void *params)
{
	const attention_case *c = params;
	const uint32_t cols = c->heads * c->dim;
	const float scale = 1.0f / sqrtf((float)c->dim);
	g_autofree float *q = harness_random(h, h->type, c->nq * cols, c->range), *want = g_new(float, c->nq *cols);
	g_autofree float *k = harness_random(h, h->type, c->nk * cols, c->range),
					 *v = harness_random(h, h->type, c->nk * cols, 1.0f);
	const tensor tq = harness_tensor(h, h->type, TENSOR_SHAPE(c->nq, cols), q);
	const tensor tk = harness_tensor(h, h->type, TENSOR_SHAPE(c->nk, cols), k);
	const tensor tv = harness_tensor(h, h->type, TENSOR_SHAPE(c->nk, cols), v);
	const tensor ty = harness_tensor(h, h->type, TENSOR_SHAPE(c->nq, cols), NULL);
	ref_attention(want, q, k, v, c->nq, c->nk, c->heads, c->dim, scale);
	op_attention(h->ops, h->cmd, ty, tq, tk, tv, c->heads, scale);
	g_autofree char *what = g_strdup_printf("attention %u x %u, %u heads of %u", c->nq, c->nk, c->heads, c->dim);
	harness_check(h, what, ty, want);
}

typedef struct {
	uint32_t h, w, heads, dim, window;
	float range;
} window_case;

static const window_case window_cases[] = {
	{1, 1, 1, 4, 2, 1.0f},    {7, 7, 2, 32, 7, 1.0f}, {10, 9, 3, 32, 7, 1.0f},
	{5, 16, 2, 32, 14, 2.0f}, {8, 6, 1, 20, 3, 4.0f}, {15, 8, 10, 32, 7, 1.0f},
};

static const window_case window_slow[] = {{32, 32, 5, 32, 14, 1.0f}, {64, 64, 4, 32, 7, 1.0f}};

static void test_window(harness *h, const void *params)
{
	const window_case *c = params;
	const uint32_t cols = c->heads * c->dim, tokens = c->h * c->w, shift = h->shift;
	g_autofree float *qkv = harness_random(h, h->type, tokens * 3 * cols, c->range), *want = g_new(float, tokens *cols);
	g_autofree float *pad = harness_random(h, DTYPE_F32, 3 * cols, 1.0f);
	g_autofree float *bias = harness_random(h, DTYPE_F32, c->heads * c->window * c->window, 1.0f);
	const tensor tq = harness_tensor(h, h->type, TENSOR_SHAPE(c->h, c->w, 3 * cols), qkv);
	const tensor ty = harness_tensor(h, h->type, TENSOR_SHAPE(c->h, c->w, cols), NULL);
	h->shift = 0; /* weights: aligned */
	const tensor tp = harness_tensor(h, DTYPE_F32, TENSOR_SHAPE(3 * cols), pad);
	const tensor tb = harness_tensor(h, DTYPE_F32, TENSOR_SHAPE(c->heads, c->window * c->window), bias);
	h->shift = shift;
	ref_window_attention(want, qkv, pad, bias, c->h, c->w, c->heads, c->dim, c->window);
	op_window_attention(h->ops, h->cmd, ty, tq, tp, tb, c->heads, c->window);
	g_autofree char *what = g_strdup_printf("window attention %ux%u, window %u", c->h, c->w, c->window);
	harness_check(h, what, ty, want);
}

int main(int argc, char **argv)
{
	harness_init(&argc, &argv);
	if (g_test_slow()) {
		harness_add("attention-slow", test_attention, attention_slow, G_N_ELEMENTS(attention_slow),
		            sizeof *attention_slow, false);
		harness_add("window-slow", test_window, window_slow, G_N_ELEMENTS(window_slow), sizeof *window_slow, false);
		return harness_run();
	}
	harness_add("attention", test_attention, attention_cases, G_N_ELEMENTS(attention_cases), sizeof *attention_cases,
	            false);
	harness_add("window", test_window, window_cases, G_N_ELEMENTS(window_cases), sizeof *window_cases, false);
	return harness_run();
}
