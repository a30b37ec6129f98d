#include "tests/gpu/ops/harness.h"

typedef struct {
	uint32_t h, w, c;
} image_case;

static const image_case image_cases[] = {{1, 1, 1}, {3, 5, 7}, {8, 8, 64}, {2, 9, 20}};
static const image_case image_slow[] = {{64, 64, 256}, {33, 65, 96}};

static void test_upsample(harness *h, const void *params)
{
	const image_case *c = params;
	const uint64_t n = (uint64_t)c->h * c->w * c->c;
	g_autofree float *x = harness_random(h, h->type, n, 1.0f), *skip = harness_random(h, h->type, 4 * n, 1.0f);
	g_autofree float *want = g_new(float, 4 * n);
	const tensor tx = harness_tensor(h, h->type, TENSOR_SHAPE(c->h, c->w, c->c), x);
	const tensor ts = harness_tensor(h, h->type, TENSOR_SHAPE(2 * c->h, 2 * c->w, c->c), skip);
	const tensor ty = harness_tensor(h, h->type, TENSOR_SHAPE(2 * c->h, 2 * c->w, c->c), NULL);
	ref_upsample2_add(want, x, skip, c->h, c->w, c->c);
	op_upsample2_add(h->ops, h->cmd, ty, tx, ts);
	harness_check(h, "upsample", ty, want);
}

typedef struct {
	uint32_t planes, in_h, in_w, src_h, src_w, out_h, out_w;
	uint64_t max_binding;
} resize_case;

static const resize_case resize_cases[] = {
	{1, 1, 1, 1, 1, 3, 2, 0}, {2, 8, 8, 8, 8, 32, 32, 0},    {4, 16, 16, 11, 16, 37, 50, 0},
	{3, 9, 7, 5, 3, 2, 2, 0}, {2, 20, 30, 20, 30, 7, 11, 0}, {3, 8, 8, 8, 6, 12, 12, 1024},
};

static void test_resize(harness *h, const void *params)
{
	const resize_case *c = params;
	const uint32_t in = c->in_h * c->in_w, out = c->out_h * c->out_w;
	const uint64_t limit = h->ops->max_binding;
	g_autofree float *x = harness_random(h, h->type, c->planes * in, 1.0f), *want = g_new(float, c->planes *out);
	const tensor tx = harness_tensor(h, h->type, TENSOR_SHAPE(c->planes, c->in_h, c->in_w), x);
	const tensor ty = harness_tensor(h, h->type, TENSOR_SHAPE(c->planes, c->out_h, c->out_w), NULL);
	for (uint32_t i = 0; i < c->planes; i++)
		ref_resize(want + i * out, x + i * in, c->in_w, c->src_h, c->src_w, c->out_h, c->out_w);
	h->ops->max_binding = c->max_binding ? c->max_binding : limit;
	op_resize(h->ops, h->cmd, ty, tx, c->src_h, c->src_w);
	h->ops->max_binding = limit;
	g_autofree char *what = g_strdup_printf("resize %ux%u to %ux%u", c->src_h, c->src_w, c->out_h, c->out_w);
	harness_check(h, what, ty, want);
}

/* The Gaussian matrix is a weight: aligned, F32; its values are as large as in released models. */
static tensor gauss(harness *h, uint32_t freqs, float **values)
{
	const uint32_t shift = h->shift;
	h->shift = 0;
	*values = harness_random(h, DTYPE_F32, 2 * freqs, 4.0f);
	const tensor t = harness_tensor(h, DTYPE_F32, TENSOR_SHAPE(2, freqs), *values);
	h->shift = shift;
	return t;
}

static void test_fourier(harness *h, const void *params)
{
	const image_case *c = params;
	const uint32_t rows = c->h * c->w, freqs = c->c;
	g_autofree float *g = NULL, *pos = harness_random(h, DTYPE_F32, 3 * rows, 1.0f),
					 *want = g_new(float, 2 * rows * freqs);
	const tensor tg = gauss(h, freqs, &g), tp = harness_tensor(h, DTYPE_F32, TENSOR_SHAPE(rows, 3), pos);
	const tensor ty = harness_tensor(h, h->type, TENSOR_SHAPE(rows, 2 * freqs), NULL);
	ref_fourier(want, pos, g, rows, freqs);
	op_fourier(h->ops, h->cmd, ty, tp, tg);
	harness_check(h, "fourier", ty, want);
}

static void test_fourier_grid(harness *h, const void *params)
{
	const image_case *c = params;
	const uint32_t rows = c->h * c->w, freqs = c->c;
	g_autofree float *g = NULL, *pos = g_new(float, 3 * rows), *want = g_new(float, 2 * rows * freqs);
	for (uint32_t i = 0; i < rows; i++) {
		pos[3 * i] = ((float)(i % c->w) + 0.5f) / (float)c->w;
		pos[3 * i + 1] = ((float)(i / c->w) + 0.5f) / (float)c->h;
		pos[3 * i + 2] = 1.0f;
	}
	const tensor tg = gauss(h, freqs, &g);
	const tensor ty = harness_tensor(h, h->type, TENSOR_SHAPE(c->h, c->w, 2 * freqs), NULL);
	ref_fourier(want, pos, g, rows, freqs);
	op_fourier_grid(h->ops, h->cmd, ty, tg);
	harness_check(h, "fourier grid", ty, want);
}

int main(int argc, char **argv)
{
	harness_init(&argc, &argv);
	const bool slow = g_test_slow();
	const image_case *cases = slow ? image_slow : image_cases;
	const guint n = slow ? G_N_ELEMENTS(image_slow) : G_N_ELEMENTS(image_cases);
	harness_add("upsample", test_upsample, cases, n, sizeof *cases, false);
	harness_add("fourier", test_fourier, cases, n, sizeof *cases, false);
	harness_add("fourier-grid", test_fourier_grid, cases, n, sizeof *cases, false);
	harness_add("resize", test_resize, resize_cases, G_N_ELEMENTS(resize_cases), sizeof *resize_cases, false);
	return harness_run();
}
