#include "tests/gpu/ops/harness.h"
#include "infer/half.h"
#include <math.h>

#define GUARD 256         /* bytes before and behind every tensor */
#define GUARD_HALF 0x7fff /* NaN as f16, and twice as f32 */

typedef struct {
	tensor t;
	gpu_buffer *buf;
	uint16_t *host; /* the whole buffer as uploaded */
	bool output;
} guarded;

typedef struct {
	const char *name;
	harness_case run;
	const uint8_t *cases;
	guint n;
	gsize size;
	bool weights;
	guint device;
	bool minimum;
} table;

static void guarded_free(gpointer p)
{
	guarded *g = p;
	gpu_buffer_free(g->buf);
	g_free(g->host);
	g_free(g);
}

static uint32_t type_bytes(dtype type)
{
	return type == DTYPE_F16 ? 2 : 4;
}

float *harness_random(harness *h, dtype type, uint64_t n, float range)
{
	float *v = g_new(float, n);
	for (uint64_t i = 0; i < n; i++) {
		v[i] = (float)g_rand_double_range(h->rand, -range, range);
		if (type == DTYPE_F16)
			v[i] = half_to_float(float_to_half(v[i]));
	}
	return v;
}

/* Values into the host copy, behind the guard. */
static void fill(guarded *g, uint64_t at, const float *values)
{
	const uint64_t n = tensor_count(&g->t);
	for (uint64_t i = 0; i < n; i++) {
		if (g->t.type == DTYPE_F16)
			g->host[at / 2 + i] = float_to_half(values[i]);
		else if (g->t.type == DTYPE_U32)
			((uint32_t *)g->host)[at / 4 + i] = (uint32_t)values[i];
		else
			((float *)g->host)[at / 4 + i] = values[i];
	}
}

tensor harness_tensor(harness *h, dtype type, uint8_t n_dims, const uint32_t *ne, const float *values)
{
	GError *error = NULL;
	guarded *g = g_new0(guarded, 1);
	const tensor shape = tensor_at((gpu_span){0}, type, n_dims, ne);
	const uint64_t at = GUARD + (uint64_t)h->shift * type_bytes(type),
				   bytes = (at + shape.data.bytes + GUARD + 3) / 4 * 4;
	g->buf = gpu_buffer_new(h->dev, GPU_MEMORY_DEVICE, bytes, "test", &error);
	g_assert_no_error(error);
	g->t = tensor_at((gpu_span){g->buf, at, bytes - at}, type, n_dims, ne);
	g->host = g_malloc(bytes);
	g->output = values == NULL;
	for (uint64_t i = 0; i < bytes / 2; i++)
		g->host[i] = GUARD_HALF;
	if (values)
		fill(g, at, values);
	gpu_cmd_upload(h->cmd, (gpu_span){g->buf, 0, bytes}, g->host);
	g_ptr_array_add(h->guarded, g);
	return g->t;
}

harness_weight harness_weights(harness *h, uint8_t n_dims, const uint32_t *ne, uint32_t bias)
{
	harness_weight hw = {0};
	uint64_t n = 1;
	for (int i = 0; i < n_dims; i++)
		n *= ne[i];
	hw.w = harness_random(h, DTYPE_F32, n, 1.0f);
	const bool q8 = h->stored == GGUF_Q8_0 && ne[n_dims - 1] % 32 == 0;
	gguf_writer *w = gguf_writer_new();
	gguf_writer_tensor(w, "w.weight", q8 ? GGUF_Q8_0 : h->stored == GGUF_Q8_0 ? GGUF_F16 : h->stored, n_dims, ne, hw.w);
	if (bias) {
		hw.bias = harness_random(h, DTYPE_F32, bias, 1.0f);
		gguf_writer_tensor(w, "w.bias", GGUF_F32, 1, &bias, hw.bias);
	}
	GError *error = NULL;
	g_autoptr(GBytes) bytes = gguf_writer_end(w);
	hw.file = gguf_open_bytes(bytes, "test", &error);
	g_assert_no_error(error);
	gguf_read_f32(gguf_find(hw.file, "w.weight"), 0, n, hw.w);
	hw.loader = (weight_loader){.ops = h->ops, .arena = h->weights, .cmd = h->cmd, .file = hw.file};
	return hw;
}

void harness_weights_clear(harness_weight *hw)
{
	GError *error = NULL;
	g_assert_true(weight_loader_finish(&hw->loader, &error));
	g_free(hw->w);
	g_free(hw->bias);
	gguf_close(hw->file);
}

/* Inputs come back as they were; guards of outputs too. */
static void check_guards(const char *what, const guarded *g, const uint16_t *got)
{
	const uint64_t bytes = gpu_buffer_bytes(g->buf), first = g->t.data.offset / 2, last = first + g->t.data.bytes / 2;
	for (uint64_t i = 0; i < bytes / 2; i++)
		if ((!g->output || i < first || i >= last) && got[i] != g->host[i])
			g_error("%s: wrote to byte %" G_GUINT64_FORMAT " of a buffer whose tensor is %" G_GUINT64_FORMAT
			        "..%" G_GUINT64_FORMAT,
			        what, 2 * i, 2 * first, 2 * last);
}

static void check_values(const char *what, const tensor *y, const uint8_t *got, const float *want)
{
	const uint64_t n = tensor_count(y);
	double square = 0.0, worst = 0.0;
	uint64_t at = 0;
	for (uint64_t i = 0; i < n; i++) {
		const float v = y->type == DTYPE_F16 ? half_to_float(((const uint16_t *)got)[i]) : ((const float *)got)[i];
		if (isnan(v))
			g_error("%s: element %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " was not written or is NaN", what, i, n);
		square += (double)want[i] * want[i];
		if (fabs((double)v - want[i]) > worst) {
			worst = fabs((double)v - want[i]);
			at = i;
		}
	}
	const double rms = sqrt(square / (double)n), limit = y->type == DTYPE_F16 ? 1e-2 : 1e-3;
	if (!(worst <= limit * rms))
		g_error("%s: error %g (limit %g) at element %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT, what, worst / rms,
		        limit, at, n);
}

void harness_check(harness *h, const char *what, tensor y, const float *want)
{
	GError *error = NULL;
	g_autoptr(GPtrArray) got = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; i < h->guarded->len; i++) {
		const guarded *g = h->guarded->pdata[i];
		const uint64_t bytes = gpu_buffer_bytes(g->buf);
		g_ptr_array_add(got, g_malloc(bytes));
		gpu_cmd_download(h->cmd, got->pdata[i], (gpu_span){g->buf, 0, bytes});
	}
	if (!ops_check(h->ops, &error) || !gpu_cmd_finish(g_steal_pointer(&h->cmd), &error))
		g_error("%s: %s", what, error->message);
	g_autofree char *full = g_strdup_printf("%s, %s, weights %d%s, shift %u", what, dtype_name(h->type), h->stored,
	                                        h->ops->expand_weights ? " expanded" : "", h->shift);
	for (guint i = 0; i < got->len; i++) {
		const guarded *g = h->guarded->pdata[i];
		check_guards(full, g, got->pdata[i]);
		if (g->t.data.buf == y.data.buf)
			check_values(full, &y, (const uint8_t *)got->pdata[i] + y.data.offset, want);
	}
}

static void run_case(harness *h, const table *t, guint i)
{
	GError *error = NULL;
	h->rand = g_rand_new_with_seed(17 + i);
	h->weights = arena_new(h->dev, 1 << 20, "test weights");
	h->guarded = g_ptr_array_new_with_free_func(guarded_free);
	h->cmd = gpu_cmd_begin(h->dev, NULL, &error);
	g_assert_no_error(error);
	t->run(h, t->cases + i * t->size);
	g_assert_null(h->cmd); /* harness_check() was called */
	g_ptr_array_unref(h->guarded);
	arena_free(h->weights);
	g_rand_free(h->rand);
}

/* One combination of types over all cases, aligned and not. */
static void run_types(harness *h, const table *t)
{
	for (guint i = 0; i < t->n; i++)
		for (h->shift = 0; h->shift <= 3; h->shift += 3)
			run_case(h, t, i);
}

static void run_table(gconstpointer data)
{
	static const gguf_type stored[] = {GGUF_F32, GGUF_F16, GGUF_Q8_0};
	const table *t = data;
	GError *error = NULL;
	harness h = {0};
	g_autofree char *number = g_strdup_printf("%u", t->device);
	h.dev = gpu_open(&(gpu_options){.device = number, .minimum = t->minimum, .validation = true}, &error);
	g_assert_no_error(error);
	h.ops = ops_new(h.dev);
	h.ops->software &= !t->minimum;
	h.ops->slack = GUARD / 2;
	for (h.type = DTYPE_F32; h.type <= (ops_f16(h.ops) ? DTYPE_F16 : DTYPE_F32); h.type++)
		for (guint s = 0; s < (t->weights ? G_N_ELEMENTS(stored) : 1); s++)
			for (int expand = 0; expand <= (stored[s] != GGUF_F32); expand++) {
				h.stored = stored[s];
				h.ops->expand_weights = expand;
				run_types(&h, t);
			}
	ops_free(h.ops);
	gpu_close(h.dev);
}

static guint n_devices;

void harness_init(int *argc, char ***argv)
{
	g_autoptr(GError) error = NULL;
	g_test_init(argc, argv, NULL);
	g_autoptr(GPtrArray) list = gpu_list(&error);
	g_assert_no_error(error); /* there is at least the software device */
	n_devices = list->len;
}

void harness_add(const char *name, harness_case run, const void *cases, guint n, gsize size, bool weights)
{
	for (guint i = 0; i < 2 * n_devices; i++) {
		table *t = g_new(table, 1);
		*t = (table){name, run, cases, n, size, weights, i / 2, i % 2};
		g_autofree char *path = g_strdup_printf("/ops/%s/%u/%s", name, t->device, t->minimum ? "minimum" : "all");
		g_test_add_data_func_full(path, t, run_table, g_free);
	}
}

int harness_run(void)
{
	g_assert_cmpuint(n_devices, >, 0);
	return g_test_run();
}
