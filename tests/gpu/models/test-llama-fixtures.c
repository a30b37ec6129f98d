/* The decoder against PyTorch on small models with random weights: every type of weight, grouped heads, scaled
 * positions, spliced vectors; on every device and in both caps settings. The cache holds halves, the reference's
 * floats. */
#include "tests/gpu/models/llama-fixture.h"
#include <string.h>

#define LIMIT 2e-3

typedef struct {
	char device[8];
	const char *model;
	bool minimum;
} setting;

typedef struct {
	uint32_t n_ids, n_vectors, n;
	uint32_t *ids;
	float *vectors, *logits, *hidden;
} reference;

static reference read_reference(const llama_fixture *f)
{
	reference r;
	uint32_t n;
	r.ids = llama_numbers(f->out, "ids", &r.n_ids);
	r.vectors = llama_floats(f->out, "vectors", &n);
	r.n_vectors = n / f->width;
	r.n = r.n_ids + r.n_vectors;
	r.logits = llama_floats(f->out, "logits", &n);
	g_assert_cmpuint(n, ==, r.n * f->vocab);
	r.hidden = llama_floats(f->out, "hidden", &n);
	g_assert_cmpuint(n, ==, r.n * f->width);
	return r;
}

static void reference_clear(reference *r)
{
	g_free(r->ids);
	g_free(r->vectors);
	g_free(r->logits);
	g_free(r->hidden);
}

static void check(const char *what, const float *got, const float *want, size_t n, double limit)
{
	const double e = reference_error(got, want, n);
	g_test_message("%-28s error %.2e of %.0e", what, e, limit);
	g_assert_cmpfloat(e, <=, limit);
}

/* Seven tokens, the vectors, the other tokens; vectors on the host, or on the device. */
static void splice(const llama_fixture *f, const reference *r, llama_context *c, bool on_device, float *logits)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(gpu_buffer) buf = gpu_buffer_new(f->dev, GPU_MEMORY_DEVICE, r->n_vectors * f->width * 4, "t", &error);
	const tensor device =
		tensor_at((gpu_span){buf, 0, gpu_buffer_bytes(buf)}, DTYPE_F32, TENSOR_SHAPE(r->n_vectors, f->width));
	gpu_cmd *cmd = gpu_cmd_begin(f->dev, NULL, &error);
	gpu_cmd_upload(cmd, device.data, r->vectors);
	g_assert_true(gpu_cmd_finish(cmd, &error));
	llama_input in[] = {{.ids = r->ids, .n = 7}, {.n = r->n_vectors}, {.ids = r->ids + 7, .n = r->n_ids - 7}};
	if (on_device)
		in[1].device = device;
	else
		in[1].vectors = r->vectors;
	g_autofree uint32_t *at = g_new(uint32_t, r->n);
	g_autofree float *hidden = g_new0(float, r->n * f->width);
	for (uint32_t i = 0; i < r->n; i++)
		at[i] = i;
	const llama_output out = {.logits = logits, .hidden = hidden, .at = at, .n_hidden = r->n};
	g_assert_true(llama_eval(c, in, G_N_ELEMENTS(in), &out, NULL, &error));
	g_assert_no_error(error);
	check("hidden states", hidden, r->hidden, r->n * f->width, LIMIT);
	check("logits", logits, r->logits + (r->n - 1) * f->vocab, f->vocab, LIMIT);
}

/* Greedy tokens one by one from the state that splice() left. */
static void decode(const llama_fixture *f, llama_context *c, float *logits)
{
	g_autoptr(GError) error = NULL;
	uint32_t n, n_last;
	g_autofree uint32_t *greedy = llama_numbers(f->out, "greedy", &n);
	g_autofree float *last = llama_floats(f->out, "last", &n_last);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t best = 0, top = 0;
		for (uint32_t k = 1; k < f->vocab; k++)
			if (logits[k] > logits[top])
				top = k;
		g_assert_cmpuint(top, ==, greedy[i]);
		const llama_output out = {.logits = logits, .best = &best};
		g_assert_true(llama_eval(c, &(llama_input){.ids = &top, .n = 1}, 1, &out, NULL, &error));
		g_assert_cmpfloat(logits[best], >=, logits[top]);
		g_assert_true(i + 1 == n || best == greedy[i + 1]);
	}
	check("logits after decoding", logits, last, n_last, LIMIT);
}

/* States of single tokens are those of a whole prompt. */
static void one_by_one(const llama_fixture *f, const reference *r, const float *whole)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(llama_context) c = llama_fresh(f, 0);
	g_autofree float *hidden = g_new(float, f->width), *logits = g_new(float, f->vocab);
	const uint32_t first = 0;
	for (uint32_t i = 0; i < r->n; i++) {
		const bool vector = i >= 7 && i < 7 + r->n_vectors;
		const uint32_t id = i < 7 ? i : i - r->n_vectors;
		const llama_input in = {.ids = vector ? NULL : r->ids + id,
		                        .vectors = vector ? r->vectors + (size_t)(i - 7) * f->width : NULL,
		                        .n = 1};
		const llama_output out = {.logits = logits, .hidden = hidden, .at = &first, .n_hidden = 1};
		g_assert_true(llama_eval(c, &in, 1, &out, NULL, &error));
		g_assert_cmpfloat(reference_error(hidden, r->hidden + (size_t)i * f->width, f->width), <=, LIMIT);
		g_assert_cmpfloat(reference_error(logits, r->logits + (size_t)i * f->vocab, f->vocab), <=, LIMIT);
	}
	check("one by one and as a whole", logits, whole, f->vocab, 1e-3);
}

static void test_setting(gconstpointer data)
{
	const setting *s = data;
	llama_fixture f;
	llama_fixture_open(&f, s->model, &(gpu_options){.device = s->device, .minimum = s->minimum, .validation = true});
	reference r = read_reference(&f);
	g_autofree float *logits = g_new(float, f.vocab), *again = g_new(float, f.vocab), *whole = g_new(float, f.vocab);
	llama_context *host = llama_fresh(&f, 0), *device = llama_fresh(&f, 0);
	splice(&f, &r, host, false, logits);
	splice(&f, &r, device, true, again);
	g_assert_cmpmem(logits, f.vocab * sizeof *logits, again, f.vocab * sizeof *again);
	memcpy(whole, logits, f.vocab * sizeof *whole);
	decode(&f, host, logits);
	one_by_one(&f, &r, whole);
	llama_context_free(host);
	llama_context_free(device);
	reference_clear(&r);
	llama_fixture_close(&f);
}

static void test_info(void)
{
	llama_fixture f;
	llama_fixture_open(&f, "llama-mixed", &(gpu_options){.validation = true});
	const llama_info *i = llama_model_info(f.model);
	g_assert_cmpstr(i->name, ==, "llama-mixed");
	g_assert_cmpstr(i->architecture, ==, "llama");
	g_assert_cmpuint(i->blocks, ==, 2);
	g_assert_cmpuint(i->heads, ==, 6);
	g_assert_cmpuint(i->kv_heads, ==, 2);
	g_assert_cmpuint(i->head_dim, ==, 32);
	g_assert_cmpuint(i->vocab, ==, 67);
	g_assert_cmpuint(i->context, ==, 96);
	g_assert_false(i->tied);
	g_assert_cmpuint(i->cache_bytes, ==, 2 * 2 * 64 * 2);
	g_assert_cmpuint(i->parameters, ==, gguf_parameters(f.file) - 12); /* all but rope_freqs */
	float row[2 * 256], want[256];
	const uint32_t ids[] = {66, 3};
	g_autoptr(GError) error = NULL;
	g_assert_true(llama_embed(f.model, ids, 2, row, &error));
	gguf_read_f32(gguf_find(f.file, "token_embd.weight"), 3 * 256, 256, want);
	g_assert_cmpmem(row + 256, sizeof want, want, sizeof want);
	llama_fixture_close(&f);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) devices = gpu_list(&error);
	g_assert_no_error(error);
	g_test_add_func("/llama/info", test_info);
	for (guint i = 0; i < devices->len; i++)
		for (int k = 0; k < 4; k++) {
			setting *s = g_new0(setting, 1);
			g_snprintf(s->device, sizeof s->device, "%u", i);
			s->model = k & 1 ? "llama-tied" : "llama-mixed";
			s->minimum = k & 2;
			g_autofree char *path =
				g_strdup_printf("/llama/fixtures/%u/%s/%s", i, s->model, s->minimum ? "minimum" : "all");
			g_test_add_data_func_full(path, s, test_setting, g_free);
		}
	return g_test_run();
}
