/* Llama-family decoder (spec llama.md section 1): RMSNorm, RoPE, grouped-query attention over an f16 cache on the
 * device, SwiGLU. Every size comes from the file's llama.* keys, so a file of another architecture that carries them
 * (earthgpt-x) opens the same way; its other tensors are left alone.
 *
 *   llama_model *m = llama_model_open(dev, file, NULL, &error);
 *   llama_context *c = llama_context_new(m, 0, &error);
 *   llama_eval(c, &(llama_input){.ids = ids, .n = n}, 1, &(llama_output){.logits = logits}, cancel, &error);
 *   llama_context_truncate(c, 20);        keep the first 20 positions, go on from there
 *
 * Threads: everything belongs to the thread that owns the gpu. */
#pragma once
#include "infer/gguf.h"
#include "infer/tensor.h"

G_BEGIN_DECLS

#define LLAMA_ERROR (llama_error_quark())
GQuark llama_error_quark(void);
typedef enum {
	LLAMA_ERROR_MODEL,   /* the file is no usable language model; the message says what is wrong with it */
	LLAMA_ERROR_CONTEXT, /* more positions than the context holds; nothing was processed */
	LLAMA_ERROR_INPUT,   /* a token number past the vocabulary, or nothing to process */
} llama_error;

typedef struct {
	char name[64], architecture[32], type[16]; /* general.name; type: of the first block's matrices, as "Q4_1" */
	uint32_t width, blocks, heads, kv_heads, head_dim, ffn;
	uint32_t vocab;   /* rows of token_embd.weight: a tokenizer may name fewer (mask the logits past them) */
	uint32_t context; /* llama.context_length: positions it was trained for */
	bool tied;        /* logits come from token_embd.weight */
	uint64_t parameters, weight_bytes; /* of the decoder alone; bytes as in the file */
	uint64_t cache_bytes;              /* of one position of a context */
} llama_info;

typedef struct llama_model llama_model;
typedef struct llama_context llama_context;

/* Weights go to the device as they lie in the file. `file` is borrowed during the call only, its bytes are kept.
 * Errors: LLAMA_ERROR_MODEL, GPU_ERROR, or cancelled. */
llama_model *llama_model_open(gpu *dev, const gguf *file, GCancellable *cancel,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* After its contexts are freed. */
void llama_model_close(llama_model *m);
const llama_info *llama_model_info(const llama_model *m);

/* A conversation's cache of keys and values, empty at first. positions: its size; 0: the model's context length, at
 * most 8192. Memory for it is taken as it fills. Several contexts of a model may be used in turn. */
llama_context *llama_context_new(llama_model *m, uint32_t positions, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void llama_context_free(llama_context *c);
llama_model *llama_context_model(const llama_context *c);
uint32_t llama_context_size(const llama_context *c);   /* positions it can hold */
uint32_t llama_context_length(const llama_context *c); /* positions processed */
/* Forgets all positions from `length` on (nothing to do when there are fewer). */
void llama_context_truncate(llama_context *c, uint32_t length);
/* Called between pieces of about 50 ms inside llama_eval(), never while a recording is open: the gpu may be used for
 * other work (a segmentation prompt). It may not touch this context. NULL: none. */
typedef void (*llama_turn_fn)(void *data);
void llama_context_set_turn(llama_context *c, llama_turn_fn fn, void *data);

/* A piece of the sequence: tokens, or vectors in the place of token embeddings. Exactly one of ids, vectors, device. */
typedef struct {
	const uint32_t *ids;  /* [n] token numbers */
	const float *vectors; /* [n][width] on the host */
	tensor device;        /* F32 [n,width] on the device */
	uint32_t n;
} llama_input;

/* What to bring back; all zero: only fill the cache. */
typedef struct {
	float *logits;      /* [vocab] of the last position, or NULL */
	uint32_t *best;     /* number of the largest of them (the lowest on ties), or NULL: cheaper than logits */
	float *hidden;      /* [n_hidden][width]: the state after the final norm, or NULL */
	const uint32_t *at; /* [n_hidden]: of which of the new positions, from 0, in increasing order */
	uint32_t n_hidden;
} llama_output;

/* Processes the pieces one after another at the positions after those already there. On failure the context is as it
 * was before: LLAMA_ERROR_CONTEXT, LLAMA_ERROR_INPUT, cancelled (looked at every 50 ms or so), GPU_ERROR_NO_MEMORY,
 * GPU_ERROR_DEVICE_LOST (then everything of this gpu is to be closed and opened again). */
bool llama_eval(llama_context *c, const llama_input *in, uint32_t n_in, const llama_output *out, GCancellable *cancel,
                GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The embedding rows of token numbers, as f32 on the host: out [n][width]. */
bool llama_embed(const llama_model *m, const uint32_t *ids, uint32_t n, float *out,
                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(llama_model, llama_model_close)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(llama_context, llama_context_free)

G_END_DECLS
