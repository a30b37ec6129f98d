/* What the tests of the language engine share: the fixtures of tests/data/make-llama-fixtures.py. */
#pragma once
#include "infer/models/llama.h"
#include "tests/gpu/models/reference.h"

G_BEGIN_DECLS

typedef struct {
	gpu *dev;
	gguf *file, *out; /* the model and what PyTorch computes with it; out NULL: none */
	llama_model *model;
	uint32_t vocab, width;
} llama_fixture;

/* name: "llama-mixed", "llama-tied"; options as for gpu_open(). */
void llama_fixture_open(llama_fixture *f, const char *name, const gpu_options *options);
void llama_fixture_close(llama_fixture *f);
/* A tensor as floats, or as numbers; NULL and 0 when there is none. Free with g_free. */
float *llama_floats(const gguf *file, const char *name, uint32_t *n);
uint32_t *llama_numbers(const gguf *file, const char *name, uint32_t *n);
llama_context *llama_fresh(const llama_fixture *f, uint32_t positions);
/* llama_eval() of ids, which must work; logits [vocab] may be NULL. */
void llama_must(llama_context *c, const uint32_t *ids, uint32_t n, float *logits);

G_END_DECLS
