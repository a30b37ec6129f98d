/* The operators of a language model's decoder beside its matrices. */
#include "infer/half.h"
#include "infer/ops/ops-decoder.h"
#include "tests/gpu/ops/harness.h"
#include <math.h>

static bool begin_case(harness *h, uint32_t *shift)
{
	GError *error = NULL;
	if (h->type != DTYPE_F32) { /* activations of a decoder are f32 */
		g_assert_true(gpu_cmd_finish(g_steal_pointer(&h->cmd), &error));
		return false;
	}
	*shift = h->shift;
	h->shift = h->shift ? 4 : 0;
	return true;
}

typedef struct {
	uint32_t rows, cols;
} rows_case;
static const rows_case rows_cases[] = {{1, 4}, {1, 576}, {3, 20}, {9, 68}, {65, 128}};

static void test_rms_norm(harness *h, const void *params)
{
	const rows_case *c = params;
	const uint64_t n = (uint64_t)c->rows * c->cols;
	uint32_t shift;
	if (!begin_case(h, &shift))
		return;
	g_autofree float *x = harness_random(h, DTYPE_F32, n, 3.0f), *gamma = harness_random(h, DTYPE_F32, c->cols, 2.0f);
	g_autofree float *want = g_new(float, n);
	const tensor tx = harness_tensor(h, DTYPE_F32, TENSOR_SHAPE(c->rows, c->cols), x);
	const tensor ty = harness_tensor(h, DTYPE_F32, TENSOR_SHAPE(c->rows, c->cols), NULL);
	h->shift = 0; /* weights are aligned */
	const tensor tg = harness_tensor(h, DTYPE_F32, TENSOR_SHAPE(c->cols), gamma);
	ref_rms_norm(want, x, gamma, c->rows, c->cols, 1e-5f);
	op_rms_norm(h->ops, h->cmd, ty, tx, tg, 1e-5f);
	harness_check(h, "rms norm", ty, want);
	h->shift = shift;
}

static void test_swiglu(harness *h, const void *params)
{
	const rows_case *c = params;
	const uint64_t n = (uint64_t)c->rows * c->cols;
	uint32_t shift;
	if (!begin_case(h, &shift))
		return;
	g_autofree float *x = harness_random(h, DTYPE_F32, 2 * n, 30.0f), *want = g_new(float, n);
	const tensor tx = harness_tensor(h, DTYPE_F32, TENSOR_SHAPE(c->rows, 2 * c->cols), x);
	const tensor ty = harness_tensor(h, DTYPE_F32, TENSOR_SHAPE(c->rows, c->cols), NULL);
	ref_swiglu(want, x, c->rows, c->cols);
	op_swiglu(h->ops, h->cmd, ty, tx);
	harness_check(h, "swiglu", ty, want);
	h->shift = shift;
}

typedef struct {
	uint32_t rows, first, heads, kv_heads, dim, rotary;
} heads_case;
static const heads_case heads_cases[] = {
	{1, 0, 1, 1, 4, 4},    {1, 5, 9, 3, 64, 64}, {3, 0, 4, 2, 12, 8},   {11, 7, 6, 6, 20, 20},  {2, 40, 8, 2, 32, 32},
	{33, 3, 6, 2, 16, 12}, {1, 130, 4, 1, 8, 8}, {17, 0, 9, 3, 64, 64}, {70, 20, 5, 1, 24, 24}, {1, 300, 10, 2, 4, 2},
};

enum { LOOK_AT_Q, LOOK_AT_K, LOOK_AT_V, N_LOOKS };

static float *random_table(harness *h, uint32_t rows, uint32_t rotary)
{
	float *t = g_new(float, rows *rotary);
	for (uint32_t i = 0; i < rows * rotary; i += 2) {
		const double angle = g_rand_double_range(h->rand, -3, 3);
		t[i] = (float)cos(angle);
		t[i + 1] = (float)sin(angle);
	}
	return t;
}

/* One of the three things the rotation writes; the others' guards are looked at too. */
static void look_at_rope(harness *h, const heads_case *c, int what)
{
	const uint32_t q = c->heads * c->dim, kv = c->kv_heads * c->dim, all = q + 2 * kv, filled = c->first + c->rows;
	const op_heads heads = {c->heads, c->kv_heads, c->dim, c->rotary, c->first};
	g_autofree float *x = harness_random(h, DTYPE_F32, c->rows * all, 2.0f);
	g_autofree float *table = random_table(h, c->rows, c->rotary), *want = g_new(float, c->rows *all);
	const tensor tx = harness_tensor(h, DTYPE_F32, TENSOR_SHAPE(c->rows, all), x);
	const tensor ty = harness_tensor(h, DTYPE_F32, TENSOR_SHAPE(c->rows, all), NULL);
	const tensor tt = harness_tensor(h, DTYPE_F32, TENSOR_SHAPE(c->rows, c->rotary), table);
	const tensor tk = harness_tensor(h, DTYPE_F16, TENSOR_SHAPE(filled, kv), NULL);
	const tensor tv = harness_tensor(h, DTYPE_F16, TENSOR_SHAPE(filled, kv), NULL);
	op_copy(h->ops, h->cmd, ty, tx);
	op_rope(h->ops, h->cmd, ty, tt, tk, tv, &heads);
	ref_rope(x, table, c->rows, all, c->heads, c->dim, c->rotary);
	memcpy(want, x, c->rows * all * sizeof *want); /* keys in place stay as they were */
	ref_rope(x + q, table, c->rows, all, c->kv_heads, c->dim, c->rotary);
	if (what == LOOK_AT_Q) {
		harness_check(h, "rope, queries", ty, want);
		return;
	}
	const uint32_t from = what == LOOK_AT_K ? q : q + kv;
	for (uint32_t r = 0; r < c->rows; r++)
		memcpy(want + r * kv, x + r * all + from, kv * sizeof *want);
	harness_check(h, what == LOOK_AT_K ? "rope, keys" : "rope, values",
	              tensor_slice(what == LOOK_AT_K ? tk : tv, c->first, c->rows), want);
}

static void test_rope(harness *h, const void *params)
{
	GError *error = NULL;
	uint32_t shift;
	if (!begin_case(h, &shift))
		return;
	for (int what = 0; what < N_LOOKS; what++) {
		if (!h->cmd)
			h->cmd = gpu_cmd_begin(h->dev, NULL, &error);
		g_assert_no_error(error);
		look_at_rope(h, params, what);
		g_ptr_array_set_size(h->guarded, 0);
	}
	h->shift = shift;
}

static void test_attention(harness *h, const void *params)
{
	const heads_case *c = params;
	const uint32_t q = c->heads * c->dim, kv = c->kv_heads * c->dim, room = c->first + c->rows + 2;
	const op_heads heads = {c->heads, c->kv_heads, c->dim, c->rotary, c->first};
	const ref_cache_shape shape = {c->rows, c->first, c->heads, c->kv_heads, c->dim, q + 2 * kv};
	uint32_t shift;
	if (!begin_case(h, &shift))
		return;
	g_autofree float *x = harness_random(h, DTYPE_F32, c->rows * (q + 2 * kv), 2.0f);
	g_autofree float *k = harness_random(h, DTYPE_F16, room * kv, 1.5f),
					 *v = harness_random(h, DTYPE_F16, room * kv, 1.0f);
	g_autofree float *want = g_new(float, c->rows *q);
	for (uint32_t i = (room - 2) * kv; i < room * kv; i++)
		k[i] = v[i] = NAN; /* positions that nobody may look at */
	const tensor tq = harness_tensor(h, DTYPE_F32, TENSOR_SHAPE(c->rows, q + 2 * kv), x);
	const tensor tk = harness_tensor(h, DTYPE_F16, TENSOR_SHAPE(room, kv), k);
	const tensor tv = harness_tensor(h, DTYPE_F16, TENSOR_SHAPE(room, kv), v);
	const tensor ty = harness_tensor(h, DTYPE_F32, TENSOR_SHAPE(c->rows, q), NULL);
	ref_cache_attention(want, x, k, v, &shape);
	op_cache_attention(h->ops, h->cmd, ty, tq, tk, tv, &heads);
	g_autofree char *what = g_strdup_printf("%u rows of %u heads of %u over %u", c->rows, c->heads, c->dim, c->first);
	harness_check(h, what, ty, want);
	h->shift = shift;
}

int main(int argc, char **argv)
{
	harness_init(&argc, &argv);
	harness_add("rms-norm", test_rms_norm, rows_cases, G_N_ELEMENTS(rows_cases), sizeof *rows_cases, false);
	harness_add("swiglu", test_swiglu, rows_cases, G_N_ELEMENTS(rows_cases), sizeof *rows_cases, false);
	harness_add("rope", test_rope, heads_cases, G_N_ELEMENTS(heads_cases), sizeof *heads_cases, false);
	harness_add("cache-attention", test_attention, heads_cases, G_N_ELEMENTS(heads_cases), sizeof *heads_cases, false);
	return harness_run();
}
