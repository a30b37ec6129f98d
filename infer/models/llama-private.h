/* The inside of a language model, shared by the files that load it, keep its cache and run it. */
#pragma once
#include "infer/models/llama.h"
#include "infer/ops/matrix.h"
#include "infer/ops/ops-decoder.h"

G_BEGIN_DECLS

typedef struct {
	tensor attention_norm, ffn_norm; /* F32 [width] */
	matrix_stack qkv;                /* [(heads + 2 kv_heads) head_dim, width] */
	matrix_stack gate_up;            /* [2 ffn, width] */
	matrix out, down;                /* [width, heads head_dim], [width, ffn] */
} llama_block;

struct llama_model {
	gpu *dev;
	ops *ops;
	arena *weights, *work;
	llama_info info;
	float eps;
	uint32_t rotary;
	double *angles; /* [rotary/2] radians a position, scaling included */
	llama_block *block;
	tensor norm;                /* F32 [width] */
	matrix output;              /* [vocab, width] */
	GBytes *bytes;              /* keeps `embedding` alive */
	gguf_tensor embedding;      /* [vocab, width] in the mapped file; its name is not to be used */
	double flops_per_second[2]; /* measured: of one position (bound by memory), of many (by arithmetic); 0: not yet */
};

struct llama_context {
	llama_model *model;
	uint32_t size, length, capacity; /* capacity: positions there is memory for */
	gpu_buffer **cache;              /* [blocks]: keys [capacity, kv_heads head_dim] F16, then values */
	llama_turn_fn turn;
	void *turn_data;
};

static inline uint32_t llama_kv_cols(const llama_model *m)
{
	return m->info.kv_heads * m->info.head_dim;
}

/* Makes room for `positions`; what is there stays. The context is unchanged on failure. */
bool llama_context_reserve(llama_context *c, uint32_t positions, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Keys (values: true) of a block as F16 [capacity, kv]. */
tensor llama_context_cache(const llama_context *c, uint32_t block, bool values);

G_END_DECLS
