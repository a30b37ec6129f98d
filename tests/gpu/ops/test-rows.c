#include "tests/gpu/ops/harness.h"

typedef struct {
	uint32_t rows, cols;
	op_act act;
	bool in_place;
	uint64_t max_binding;
} rows_case;

static const rows_case rows_cases[] = {
	{1, 1, ACT_NONE, false, 0},   {3, 5, ACT_GELU, false, 0},    {17, 256, ACT_NONE, true, 0},
	{70, 33, ACT_RELU, false, 0}, {2, 1000, ACT_SILU, false, 0}, {129, 64, ACT_GELU, true, 0},
	{9, 4, ACT_NONE, false, 0},   {5, 132, ACT_NONE, true, 0},   {60, 24, ACT_NONE, false, 1024},
};

static const rows_case rows_slow[] = {{4096, 256, ACT_GELU, false, 0}, {1031, 320, ACT_NONE, true, 0}};

/* Tensors of an elementwise test: a, its copy for in-place use, and y. */
static tensor output_like(harness *h, const rows_case *c, tensor a, bool in_place)
{
	const tensor y = harness_tensor(h, h->type, TENSOR_SHAPE(c->rows, c->cols), NULL);
	if (in_place)
		op_copy(h->ops, h->cmd, y, a);
	return y;
}

static void test_layer_norm(harness *h, const void *params)
{
	const rows_case *c = params;
	const uint32_t shift = h->shift;
	const uint64_t n = (uint64_t)c->rows * c->cols, limit = h->ops->max_binding;
	g_autofree float *x = harness_random(h, h->type, n, 3.0f), *want = g_new(float, n);
	g_autofree float *gamma = harness_random(h, DTYPE_F32, c->cols, 1.0f),
					 *beta = harness_random(h, DTYPE_F32, c->cols, 1.0f);
	const tensor tx = harness_tensor(h, h->type, TENSOR_SHAPE(c->rows, c->cols), x);
	const tensor ty = output_like(h, c, tx, c->in_place);
	h->shift = 0; /* vectors are weights: aligned */
	const tensor tg = harness_tensor(h, DTYPE_F32, TENSOR_SHAPE(c->cols), gamma);
	const tensor tb = harness_tensor(h, DTYPE_F32, TENSOR_SHAPE(c->cols), beta);
	h->shift = shift;
	ref_layer_norm(want, x, gamma, beta, c->rows, c->cols, 1e-6f, c->act);
	h->ops->max_binding = c->max_binding ? c->max_binding : limit;
	op_layer_norm(h->ops, h->cmd, ty, c->in_place ? ty : tx, tg, tb, 1e-6f, c->act);
	h->ops->max_binding = limit;
	g_autofree char *what = g_strdup_printf("layer norm %ux%u", c->rows, c->cols);
	harness_check(h, what, ty, want);
}

/* op '+' or '*', with b as large as a, or one row of it. */
static void combine(harness *h, const rows_case *c, char op, bool repeat)
{
	const uint64_t n = (uint64_t)c->rows * c->cols, limit = h->ops->max_binding;
	g_autofree float *a = harness_random(h, h->type, n, 2.0f), *b = harness_random(h, h->type, n, 2.0f);
	g_autofree float *want = g_new(float, n);
	const tensor ta = harness_tensor(h, h->type, TENSOR_SHAPE(c->rows, c->cols), a);
	const tensor tb = harness_tensor(h, h->type, TENSOR_SHAPE(repeat ? 1 : c->rows, c->cols), b);
	const tensor ty = output_like(h, c, ta, c->in_place), from = c->in_place ? ty : ta;
	const op_act act = op == '+' ? c->act : ACT_NONE;
	ref_combine(op, want, a, b, n, repeat ? c->cols : n, act);
	h->ops->max_binding = c->max_binding ? c->max_binding : limit;
	if (op == '+')
		op_add(h->ops, h->cmd, ty, from, tb, act);
	else
		op_mul(h->ops, h->cmd, ty, from, tb);
	h->ops->max_binding = limit;
	g_autofree char *what = g_strdup_printf("%c %ux%u%s", op, c->rows, c->cols, repeat ? " repeated" : "");
	harness_check(h, what, ty, want);
}

static void test_add(harness *h, const void *params)
{
	combine(h, params, '+', false);
}

static void test_add_repeated(harness *h, const void *params)
{
	combine(h, params, '+', true);
}

static void test_mul(harness *h, const void *params)
{
	combine(h, params, '*', false);
}

static void test_scale(harness *h, const void *params)
{
	const rows_case *c = params;
	const uint64_t n = (uint64_t)c->rows * c->cols;
	g_autofree float *a = harness_random(h, h->type, n, 2.0f), *want = g_new(float, n);
	const tensor ta = harness_tensor(h, h->type, TENSOR_SHAPE(c->rows, c->cols), a);
	const tensor ty = output_like(h, c, ta, c->in_place);
	for (uint64_t i = 0; i < n; i++)
		want[i] = ref_activate(c->act, a[i] * 0.5f - 0.25f);
	op_scale(h->ops, h->cmd, ty, c->in_place ? ty : ta, 0.5f, -0.25f, c->act);
	harness_check(h, "scale", ty, want);
}

/* To the other type and back, in pieces of rows. */
static void test_copy(harness *h, const void *params)
{
	const rows_case *c = params;
	const uint64_t n = (uint64_t)c->rows * c->cols, limit = h->ops->max_binding;
	const dtype other = h->type == DTYPE_F32 && ops_f16(h->ops) ? DTYPE_F16 : DTYPE_F32;
	g_autofree float *a = harness_random(h, DTYPE_F16, n, 2.0f);
	const tensor ta = harness_tensor(h, h->type, TENSOR_SHAPE(c->rows, c->cols), a);
	const tensor middle = harness_tensor(h, other, TENSOR_SHAPE(c->rows, c->cols), NULL);
	const tensor ty = harness_tensor(h, h->type, TENSOR_SHAPE(c->rows, c->cols), NULL);
	const uint32_t first = c->rows / 3;
	h->ops->max_binding = c->max_binding ? c->max_binding : limit;
	op_copy(h->ops, h->cmd, middle, ta);
	if (first)
		op_copy(h->ops, h->cmd, tensor_slice(ty, 0, first), tensor_slice(middle, 0, first));
	op_copy(h->ops, h->cmd, tensor_slice(ty, first, c->rows - first), tensor_slice(middle, first, c->rows - first));
	h->ops->max_binding = limit;
	harness_check(h, "copy", ty, a);
}

static void test_gather(harness *h, const void *params)
{
	const rows_case *c = params;
	const uint32_t n = 11;
	g_autofree float *table = harness_random(h, h->type, (uint64_t)c->rows * c->cols, 1.0f);
	g_autofree float *rows = g_new(float, n), *want = g_new0(float, n * c->cols);
	for (uint32_t i = 0; i < n; i++) {
		const uint32_t row =
			(uint32_t)g_rand_int_range(h->rand, 0, (int)c->rows + 1); /* one past the end gives zeros */
		rows[i] = (float)(i == 5 ? 0 : row);
		if (rows[i] < (float)c->rows)
			memcpy(want + i * c->cols, table + (uint32_t)rows[i] * c->cols, c->cols * sizeof *want);
	}
	const tensor tt = harness_tensor(h, h->type, TENSOR_SHAPE(c->rows, c->cols), table);
	const tensor tr = harness_tensor(h, DTYPE_U32, TENSOR_SHAPE(n), rows);
	const tensor ty = harness_tensor(h, h->type, TENSOR_SHAPE(n, c->cols), NULL);
	op_gather(h->ops, h->cmd, ty, tt, tr);
	harness_check(h, "gather", ty, want);
}

int main(int argc, char **argv)
{
	harness_init(&argc, &argv);
	const bool slow = g_test_slow();
	const rows_case *cases = slow ? rows_slow : rows_cases;
	const guint n = slow ? G_N_ELEMENTS(rows_slow) : G_N_ELEMENTS(rows_cases);
	harness_add("layer-norm", test_layer_norm, cases, n, sizeof *cases, false);
	harness_add("add", test_add, cases, n, sizeof *cases, false);
	harness_add("add-repeated", test_add_repeated, cases, n, sizeof *cases, false);
	harness_add("mul", test_mul, cases, n, sizeof *cases, false);
	harness_add("scale", test_scale, cases, n, sizeof *cases, false);
	harness_add("copy", test_copy, cases, n, sizeof *cases, false);
	harness_add("gather", test_gather, cases, n, sizeof *cases, false);
	return harness_run();
}
