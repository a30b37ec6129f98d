/* Matrices in every type of a GGUF file, for one row and for several. */
#include "infer/half.h"
#include "infer/ops/matrix.h"
#include "tests/gpu/ops/harness.h"

typedef struct {
	uint32_t rows, in, out;
	bool add;
	uint32_t before, behind; /* columns of y beside the product's */
	uint64_t max_binding;    /* 0: the device's */
} matrix_case;

/* `in` is made a multiple of the type's block. */
static const matrix_case cases[] = {
	{1, 4, 1, false, 0, 0, 0},     {1, 32, 3, true, 0, 0, 0},      {1, 576, 40, true, 4, 8, 0},
	{1, 96, 33, false, 0, 4, 0},   {1, 20, 130, true, 0, 0, 0},    {1, 512, 66, false, 0, 0, 0},
	{2, 4, 5, false, 0, 0, 0},     {3, 32, 1, true, 0, 0, 0},      {7, 96, 34, true, 8, 4, 0},
	{9, 576, 24, true, 0, 0, 0},   {33, 20, 17, false, 4, 0, 0},   {65, 64, 72, true, 0, 0, 0},
	{1, 64, 70, true, 4, 4, 8192}, {5, 96, 37, true, 0, 12, 8192}, /* in pieces of rows */
};

static const matrix_case slow_cases[] = {
	{1, 576, 3072, true, 0, 0, 0}, {160, 576, 960, false, 0, 0, 0}, {70, 1536, 577, true, 0, 0, 0}};

static const gguf_type types[] = {GGUF_F32, GGUF_F16, GGUF_BF16, GGUF_Q4_0, GGUF_Q4_1, GGUF_Q8_0, GGUF_Q4_K, GGUF_Q6_K};

static void put_half(GRand *rand, uint8_t *at, double low, double high)
{
	const uint16_t h = float_to_half((float)g_rand_double_range(rand, low, high));
	memcpy(at, &h, sizeof h);
}

/* Random bits with scales that give weights of about one. */
static uint8_t *random_blocks(GRand *rand, gguf_type type, uint64_t count)
{
	const uint64_t bytes = count / gguf_block_elements(type) * gguf_block_bytes(type);
	uint8_t *data = g_malloc(bytes);
	for (uint64_t i = 0; i < bytes; i++)
		data[i] = (uint8_t)g_rand_int(rand);
	for (uint8_t *p = data; p < data + bytes; p += gguf_block_bytes(type))
		switch (type) {
		case GGUF_F32: {
			const float v = (float)g_rand_double_range(rand, -1, 1);
			memcpy(p, &v, sizeof v);
			break;
		}
		case GGUF_F16:
			put_half(rand, p, -1, 1);
			break;
		case GGUF_BF16:
			p[1] = (uint8_t)(p[1] & 0x80) | 0x3f; /* 0.5 to 2 */
			break;
		case GGUF_Q8_0:
			put_half(rand, p, 0.004, 0.01);
			break;
		case GGUF_Q4_0:
			put_half(rand, p, -0.2, 0.1);
			break;
		case GGUF_Q4_1:
			put_half(rand, p, 0.05, 0.2);
			put_half(rand, p + 2, -1, -0.5);
			break;
		case GGUF_Q4_K:
			put_half(rand, p, 0.002, 0.004);
			put_half(rand, p + 2, 0.01, 0.03);
			break;
		case GGUF_Q6_K:
			put_half(rand, p + 208, 0.0003, 0.0005);
			break;
		}
	return data;
}

/* The file's tensors a.weight, b.weight [out,in] and their values. */
typedef struct {
	gguf *file;
	float *w[2];
	weight_loader loader;
} sources;

static sources sources_new(harness *h, const gguf_type *of, uint32_t n, uint32_t out, uint32_t in)
{
	static const char *const names[] = {"a.weight", "b.weight"};
	sources s = {0};
	GError *error = NULL;
	gguf_writer *writer = gguf_writer_new();
	for (uint32_t i = 0; i < n; i++) {
		g_autofree uint8_t *data = random_blocks(h->rand, of[i], (uint64_t)out * in);
		gguf_writer_blocks(writer, names[i], of[i], 2, (uint32_t[]){out, in}, data);
	}
	g_autoptr(GBytes) bytes = gguf_writer_end(writer);
	s.file = gguf_open_bytes(bytes, "test", &error);
	g_assert_no_error(error);
	for (uint32_t i = 0; i < n; i++) {
		s.w[i] = g_new(float, (size_t)out *in);
		gguf_read_f32(gguf_find(s.file, names[i]), 0, (uint64_t)out * in, s.w[i]);
	}
	s.loader = (weight_loader){.ops = h->ops, .arena = h->weights, .cmd = h->cmd, .file = s.file};
	return s;
}

static void sources_clear(sources *s)
{
	GError *error = NULL;
	g_assert_true(weight_loader_finish(&s->loader, &error));
	g_free(s->w[0]);
	g_free(s->w[1]);
	gguf_close(s->file);
}

/* Offsets of a decoder's activations are multiples of four elements, and they are f32. */
static bool begin_case(harness *h, uint32_t *shift)
{
	GError *error = NULL;
	if (h->type != DTYPE_F32) {
		g_assert_true(gpu_cmd_finish(g_steal_pointer(&h->cmd), &error));
		return false;
	}
	*shift = h->shift;
	h->shift = h->shift ? 4 : 0;
	return true;
}

static void check_product(harness *h, const matrix_case *c, gguf_type type)
{
	const uint32_t block = gguf_block_elements(type), in = MAX(4, (c->in + block - 1) / block * block);
	const uint32_t wide = (c->out + 3) / 4 * 4, stride = c->before + wide + c->behind;
	const uint64_t n = (uint64_t)c->rows * stride, limit = h->ops->max_binding;
	sources s = sources_new(h, &type, 1, c->out, in);
	const matrix w = matrix_load(&s.loader, "a.weight", c->out, in);
	g_autofree float *x = harness_random(h, DTYPE_F32, (uint64_t)c->rows * in, 1.0f);
	g_autofree float *want = harness_random(h, DTYPE_F32, n, 1.0f), *product = g_new(float, c->rows * c->out);
	const tensor tx = harness_tensor(h, DTYPE_F32, TENSOR_SHAPE(c->rows, in), x);
	const tensor ty = harness_tensor(h, DTYPE_F32, TENSOR_SHAPE(c->rows, stride), NULL);
	const tensor tz = harness_tensor(h, DTYPE_F32, TENSOR_SHAPE(c->rows, stride), want);
	op_copy(h->ops, h->cmd, ty, tz);
	ref_linear(product, x, s.w[0], NULL, NULL, c->rows, in, c->out, ACT_NONE);
	for (uint32_t r = 0; r < c->rows; r++)
		for (uint32_t o = 0; o < wide; o++) { /* behind an odd `out` the last column again */
			float *to = want + (size_t)r * stride + c->before + o;
			*to = product[(size_t)r * c->out + MIN(o, c->out - 1)] + (c->add ? *to : 0.0f);
		}
	h->ops->max_binding = c->max_binding ? c->max_binding : limit;
	op_matrix(h->ops, h->cmd, ty, tx, &w, c->before, c->add ? &ty : NULL);
	h->ops->max_binding = limit;
	g_autofree char *what =
		g_strdup_printf("%s %ux%ux%u%s", gguf_type_name(type), c->rows, in, c->out, c->max_binding ? " cut" : "");
	harness_check(h, what, ty, want);
	sources_clear(&s);
}

static void test_matrix(harness *h, const void *params)
{
	GError *error = NULL;
	uint32_t shift;
	if (!begin_case(h, &shift))
		return;
	for (guint t = 0; t < G_N_ELEMENTS(types); t++) {
		if (!h->cmd)
			h->cmd = gpu_cmd_begin(h->dev, NULL, &error);
		g_assert_no_error(error);
		check_product(h, params, types[t]);
		g_ptr_array_set_size(h->guarded, 0);
	}
	h->shift = shift;
}

/* Neighbours of one type are one product, others are their own. */
static void test_stack(harness *h, const void *params)
{
	const gguf_type *of = params;
	const uint32_t rows = 3, in = 256, out = 24;
	uint32_t shift;
	if (!begin_case(h, &shift))
		return;
	sources s = sources_new(h, of, 2, out, in);
	const matrix_stack w = matrix_load_stack(&s.loader, (const char *const[]){"a.weight", "b.weight"},
	                                         (const uint32_t[]){out, out}, 2, in);
	g_assert_cmpuint(w.n, ==, of[0] == of[1] ? 1 : 2);
	g_autofree float *x = harness_random(h, DTYPE_F32, rows * in, 1.0f), *want = g_new(float, rows * 2 * out);
	const tensor tx = harness_tensor(h, DTYPE_F32, TENSOR_SHAPE(rows, in), x);
	const tensor ty = harness_tensor(h, DTYPE_F32, TENSOR_SHAPE(rows, 2 * out), NULL);
	for (uint32_t i = 0; i < 2; i++) {
		float part[3 * 24];
		ref_linear(part, x, s.w[i], NULL, NULL, rows, in, out, ACT_NONE);
		for (uint32_t r = 0; r < rows; r++)
			memcpy(want + r * 2 * out + i * out, part + r * out, out * sizeof *want);
	}
	op_matrix_stack(h->ops, h->cmd, ty, tx, &w);
	harness_check(h, "stack", ty, want);
	sources_clear(&s);
	h->shift = shift;
}

int main(int argc, char **argv)
{
	static const gguf_type stacks[][2] = {{GGUF_Q4_1, GGUF_Q4_1}, {GGUF_Q4_K, GGUF_Q6_K}, {GGUF_Q8_0, GGUF_Q8_0}};
	harness_init(&argc, &argv);
	harness_add("matrix", test_matrix, cases, G_N_ELEMENTS(cases), sizeof *cases, false);
	harness_add("stack", test_stack, stacks, G_N_ELEMENTS(stacks), sizeof *stacks, false);
	if (g_test_slow())
		harness_add("matrix-large", test_matrix, slow_cases, G_N_ELEMENTS(slow_cases), sizeof *slow_cases, false);
	return harness_run();
}
