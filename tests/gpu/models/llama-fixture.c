#include "tests/gpu/models/llama-fixture.h"

void llama_fixture_open(llama_fixture *f, const char *name, const gpu_options *options)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *out = g_strconcat(name, "-out", NULL);
	f->dev = gpu_open(options, &error);
	g_assert_no_error(error);
	f->file = reference_open(name);
	f->out = reference_open(out);
	f->model = llama_model_open(f->dev, f->file, NULL, &error);
	g_assert_no_error(error);
	f->vocab = llama_model_info(f->model)->vocab;
	f->width = llama_model_info(f->model)->width;
}

void llama_fixture_close(llama_fixture *f)
{
	llama_model_close(f->model);
	gguf_close(f->out);
	gguf_close(f->file);
	gpu_close(f->dev);
}

float *llama_floats(const gguf *file, const char *name, uint32_t *n)
{
	gsize count = 0;
	float *v = reference_read(file, name, &count);
	*n = (uint32_t)count;
	return v;
}

uint32_t *llama_numbers(const gguf *file, const char *name, uint32_t *n)
{
	g_autofree float *v = llama_floats(file, name, n);
	uint32_t *numbers = v ? g_new(uint32_t, *n) : NULL;
	for (uint32_t i = 0; i < *n; i++)
		numbers[i] = (uint32_t)v[i];
	return numbers;
}

llama_context *llama_fresh(const llama_fixture *f, uint32_t positions)
{
	g_autoptr(GError) error = NULL;
	llama_context *c = llama_context_new(f->model, positions, &error);
	g_assert_no_error(error);
	return c;
}

void llama_must(llama_context *c, const uint32_t *ids, uint32_t n, float *logits)
{
	g_autoptr(GError) error = NULL;
	const uint32_t before = llama_context_length(c);
	const bool ok =
		llama_eval(c, &(llama_input){.ids = ids, .n = n}, 1, &(llama_output){.logits = logits}, NULL, &error);
	g_assert_no_error(error);
	g_assert_true(ok);
	g_assert_cmpuint(llama_context_length(c), ==, before + n);
}
