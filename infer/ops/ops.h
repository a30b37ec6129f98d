/* Operators: each records one or a few dispatches into a gpu_cmd and returns at once.
 *
 * Shapes as in tensor.h: activations are channels last, the last axis is the contiguous one. All activations of one
 * call have the same type (F32, or F16 where ops_f16() is true), op_copy apart; arithmetic and accumulation are f32.
 * Weights come from infer/ops/weights.h; vectors (bias, scale, tables) are F32. Outputs may not overlap inputs unless
 * an op says "in place".
 *
 * Errors: shapes that do not fit are programmer errors (g_assert). Null tensors are ignored silently. A kernel that
 * cannot be made is kept and reported by ops_check(); gpu_cmd_finish() reports the rest. */
#pragma once
#include "infer/tensor.h"

G_BEGIN_DECLS

typedef struct ops ops;
typedef struct weight weight;

/* Kernels are made at first use and kept. Belongs to the thread of dev; free before dev is closed. */
ops *ops_new(gpu *dev);
void ops_free(ops *o);
gpu *ops_gpu(const ops *o);
bool ops_f16(const ops *o); /* activations may be F16 */
/* False and the first failure since the last call, which is then forgotten. */
bool ops_check(ops *o, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef enum { ACT_NONE, ACT_RELU, ACT_RELU6, ACT_GELU /* erf */, ACT_SILU } op_act;

/* y[...,out] = act(x[...,in] W^T + b + add[...,out]); also a 1x1 convolution. add may be NULL, and may be y itself. */
void op_linear(ops *o, gpu_cmd *cmd, tensor y, tensor x, const weight *w, op_act act, const tensor *add);

typedef struct {
	uint32_t stride;       /* both directions, >= 1 */
	uint32_t pad_y, pad_x; /* zeros above and to the left; below and right as many as y's size asks for */
	op_act act;
	const tensor *add; /* [H',W',out] or NULL; op_conv only; may be y itself */
} op_conv_params;

/* y[H',W',out] = act(conv(x[H,W,in], W[out,in,kh,kw]) + b + add). Any k, any number of channels. */
void op_conv(ops *o, gpu_cmd *cmd, tensor y, tensor x, const weight *w, const op_conv_params *p);
/* y[H',W',C]: every channel with its own kernel W[C,1,kh,kw]. */
void op_depthwise(ops *o, gpu_cmd *cmd, tensor y, tensor x, const weight *w, const op_conv_params *p);
/* Transposed convolution 2x2 stride 2: y[2H,2W,out] = act(convT(x[H,W,in], W[in,out,2,2]) + b + add[2H,2W,out]). */
void op_conv_transpose2(ops *o, gpu_cmd *cmd, tensor y, tensor x, const weight *w, op_act act, const tensor *add);

/* y[...,C] = act(norm(x[...,C]) * gamma[C] + beta[C]) over the last axis (LayerNorm; in channels last also LN2d). In
 * place ok. */
void op_layer_norm(ops *o, gpu_cmd *cmd, tensor y, tensor x, tensor gamma, tensor beta, float eps, op_act act);

/* Element by element; b has a's count or is repeated along the outer axes (its count divides a's). In place ok.
 * add: y = act(a + b); mul: y = a * b; scale: y = act(a * factor + shift), which with 1 and 0 is the activation alone.
 */
void op_add(ops *o, gpu_cmd *cmd, tensor y, tensor a, tensor b, op_act act);
void op_mul(ops *o, gpu_cmd *cmd, tensor y, tensor a, tensor b);
void op_scale(ops *o, gpu_cmd *cmd, tensor y, tensor a, float factor, float shift, op_act act);
/* y = x, converting between F32 and F16; counts are equal. Rows are concatenated by copying into slices of y. */
void op_copy(ops *o, gpu_cmd *cmd, tensor y, tensor x);
/* y[N,C] = table[rows[n],C]; rows U32 [N]; numbers past the table give zeros. */
void op_gather(ops *o, gpu_cmd *cmd, tensor y, tensor table, tensor rows);

/* y[2H,2W,C] = nearest2x(x[H,W,C]) + skip[2H,2W,C]; skip may be y itself. */
void op_upsample2_add(ops *o, gpu_cmd *cmd, tensor y, tensor x, tensor skip);
/* Bilinear, align_corners false, no antialias, by planes: y[P,H',W'] from the top-left part [P,src_h,src_w] of
 * x[P,H,W]. */
void op_resize(ops *o, gpu_cmd *cmd, tensor y, tensor x, uint32_t src_h, uint32_t src_w);

/* Attention inside windows of `window` x `window` tokens of an [H,W] grid, without partitioning (spec sam.md 6).
 * qkv[H,W,3C]: head h owns columns h*3d .. h*3d+3d-1 as q, k, v (d = C/heads). bias F32 [heads, window*window], by
 * |dy|*window+|dx|. Windows that stick out are filled with tokens whose qkv is pad F32 [3C]; they are not masked.
 * y[H,W,C]. */
void op_window_attention(ops *o, gpu_cmd *cmd, tensor y, tensor qkv, tensor pad, tensor bias, uint32_t heads,
                         uint32_t window);
/* y[Nq,C] = softmax(q k^T * scale) v by heads; q[Nq,C], k[Nk,C], v[Nk,C]; head h owns columns h*d .. h*d+d-1, d =
 * C/heads. */
void op_attention(ops *o, gpu_cmd *cmd, tensor y, tensor q, tensor k, tensor v, uint32_t heads, float scale);

/* y[M,N] = a[M,C] b[N,C]^T, for few rows M (mask = hypernetwork x upscaled image). */
void op_matmul_nt(ops *o, gpu_cmd *cmd, tensor y, tensor a, tensor b);

/* Fourier code (spec sam.md 4): y[N,2F] = s * [sin t | cos t], t = 2 pi (2 (u,v) - 1) G; pos F32 [N,3] rows (u,v,s), G
 * F32 [2,F]. */
void op_fourier(ops *o, gpu_cmd *cmd, tensor y, tensor pos, tensor gauss);
/* The code of cell centres ((j+0.5)/W, (i+0.5)/H): y[H,W,2F]. */
void op_fourier_grid(ops *o, gpu_cmd *cmd, tensor y, tensor gauss);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ops, ops_free)

G_END_DECLS
