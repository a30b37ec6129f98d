#include "infer/ops/ops-tokens.h"
#include "infer/ops/ref-tokens.h"
#include "tests/gpu/ops/harness.h"

typedef struct {
	uint32_t rows, cols, before, behind, table_rows;
	bool in_order;
} place_case;

static const place_case place_cases[] = {
	{64, 192, 0, 576, 256, false}, {64, 192, 192, 384, 256, false}, {16, 8, 5, 3, 4, false},
	{7, 5, 0, 0, 3, false},        {9, 12, 4, 7, 9, true},          {33, 24, 0, 8, 40, true},
};

/* The columns beside the placed ones must stay as they were. */
static void test_place(harness *h, const void *params)
{
	const place_case *c = params;
	const uint32_t y_cols = c->before + c->cols + c->behind;
	const uint64_t n = (uint64_t)c->rows * y_cols;
	g_autofree float *table = harness_random(h, h->type, (uint64_t)c->table_rows * c->cols, 1.0f);
	g_autofree float *want = harness_random(h, h->type, n, 1.0f), *rows = g_new(float, c->rows);
	g_autofree uint32_t *index = g_new(uint32_t, c->rows);
	const tensor before = harness_tensor(h, h->type, TENSOR_SHAPE(c->rows, y_cols), want);
	const tensor ty = harness_tensor(h, h->type, TENSOR_SHAPE(c->rows, y_cols), NULL);
	const tensor tt = harness_tensor(h, h->type, TENSOR_SHAPE(c->table_rows, c->cols), table);
	for (uint32_t i = 0; i < c->rows; i++) {
		index[i] = c->in_order ? i : (uint32_t)g_rand_int_range(h->rand, 0, (int)c->table_rows + 1);
		rows[i] = (float)index[i];
	}
	const tensor tr = harness_tensor(h, DTYPE_U32, TENSOR_SHAPE(c->rows), rows);
	ref_place(want, y_cols, c->before, table, c->table_rows, c->cols, index, c->rows);
	op_copy(h->ops, h->cmd, ty, before);
	op_place(h->ops, h->cmd, ty, c->before, tt, c->in_order ? NULL : &tr);
	harness_check(h, "place", ty, want);
}

typedef struct {
	uint32_t rows, n, cols;
	bool sparse;
} mix_case;

static const mix_case mix_cases[] = {
	{1, 1, 1, false}, {3, 17, 5, false}, {64, 256, 120, true}, {10, 320, 384, false}, {2, 9, 64, true},
};

static void test_mix(harness *h, const void *params)
{
	const mix_case *c = params;
	const uint64_t weights = (uint64_t)c->rows * c->n;
	g_autofree float *w = harness_random(h, DTYPE_F32, weights, 1.0f);
	g_autofree float *x = harness_random(h, h->type, (uint64_t)c->n * c->cols, 1.0f);
	g_autofree float *want = g_new(float, (uint64_t)c->rows * c->cols);
	for (uint64_t i = 0; c->sparse && i < weights; i++)
		if (i % 5)
			w[i] = 0;
	const tensor tw = harness_tensor(h, DTYPE_F32, TENSOR_SHAPE(c->rows, c->n), w);
	const tensor tx = harness_tensor(h, h->type, TENSOR_SHAPE(c->n, c->cols), x);
	const tensor ty = harness_tensor(h, h->type, TENSOR_SHAPE(c->rows, c->cols), NULL);
	ref_mix(want, w, x, c->rows, c->n, c->cols);
	op_mix(h->ops, h->cmd, ty, tw, tx);
	harness_check(h, "mix", ty, want);
}

int main(int argc, char **argv)
{
	harness_init(&argc, &argv);
	harness_add("place", test_place, place_cases, G_N_ELEMENTS(place_cases), sizeof *place_cases, false);
	harness_add("mix", test_mix, mix_cases, G_N_ELEMENTS(mix_cases), sizeof *mix_cases, false);
	return harness_run();
}
