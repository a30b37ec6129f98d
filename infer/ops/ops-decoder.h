/* Operators of a language model's decoder (spec llama.md section 1); rules as in ops.h, all activations F32. */
#pragma once
#include "infer/ops/ops.h"

G_BEGIN_DECLS

/* y[n,C] = x / sqrt(mean(x^2) + eps) * gamma[C]; C in fours. In place ok. */
void op_rms_norm(ops *o, gpu_cmd *cmd, tensor y, tensor x, tensor gamma, float eps);

typedef struct {
	uint32_t heads, kv_heads, dim; /* dim: of a head, in fours */
	uint32_t rotary;               /* components of a head that rotate, even */
	uint32_t first;                /* position of the first row */
} op_heads;

/* qkv[n, (heads + 2 kv_heads) dim]: neighbouring pairs of q and k are turned by table[n, rotary/2, 2] (cosine, sine), q
 * in place, k and v into rows first .. first+n-1 of the caches k and v, F16 [positions, kv_heads dim]. */
void op_rope(ops *o, gpu_cmd *cmd, tensor qkv, tensor table, tensor k, tensor v, const op_heads *h);
/* y[n, heads dim]: row i of q (the first columns of q[n, >= heads dim]) looks at rows 0 .. first+i of the caches;
 * softmax in f32, products with q scaled by 1/sqrt(dim). */
void op_cache_attention(ops *o, gpu_cmd *cmd, tensor y, tensor q, tensor k, tensor v, const op_heads *h);
/* y[n,C] = silu(x[n, 0..C-1]) * x[n, C..2C-1]; C in fours. */
void op_swiglu(ops *o, gpu_cmd *cmd, tensor y, tensor x);

G_END_DECLS
