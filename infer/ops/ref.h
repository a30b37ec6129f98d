/* The operators in plain C, as slow and as clear as can be: what the shaders are tested against. Weights lie as in the
 * file ([out,in], [out,in,kh,kw], [in,out,2,2]), activations channels last. */
#pragma once
#include "infer/ops/ops.h"

G_BEGIN_DECLS

float ref_activate(op_act act, float x);

/* y[rows,out]; add[rows,out] or NULL, bias[out] or NULL. */
void ref_linear(float *y, const float *x, const float *w, const float *bias, const float *add, uint32_t rows,
                uint32_t in, uint32_t out, op_act act);

typedef struct {
	uint32_t in_h, in_w, in_c, out_h, out_w, out_c, k, stride, pad_y, pad_x;
	op_act act;
} ref_conv_shape;
void ref_conv(float *y, const float *x, const float *w, const float *bias, const float *add, const ref_conv_shape *s);
void ref_depthwise(float *y, const float *x, const float *w, const float *bias, const ref_conv_shape *s);
/* x[h,w,in] -> y[2h,2w,out] */
void ref_conv_transpose2(float *y, const float *x, const float *w, const float *bias, const float *add, uint32_t h,
                         uint32_t width, uint32_t in, uint32_t out, op_act act);

void ref_layer_norm(float *y, const float *x, const float *gamma, const float *beta, uint32_t rows, uint32_t cols,
                    float eps, op_act act);
/* op '+': act(a + b), '*': a * b; b repeats after b_count elements. */
void ref_combine(char op, float *y, const float *a, const float *b, uint64_t n, uint64_t b_count, op_act act);
void ref_upsample2_add(float *y, const float *x, const float *skip, uint32_t h, uint32_t w, uint32_t c);
/* One plane. */
void ref_resize(float *y, const float *x, uint32_t in_w, uint32_t src_h, uint32_t src_w, uint32_t out_h,
                uint32_t out_w);

void ref_window_attention(float *y, const float *qkv, const float *pad, const float *bias, uint32_t h, uint32_t w,
                          uint32_t heads, uint32_t dim, uint32_t window);
void ref_attention(float *y, const float *q, const float *k, const float *v, uint32_t nq, uint32_t nk, uint32_t heads,
                   uint32_t dim, float scale);
/* y[m,n] = a[m,c] b[n,c]^T */
void ref_matmul_nt(float *y, const float *a, const float *b, uint32_t m, uint32_t n, uint32_t c);
/* pos[rows,3], gauss[2,freqs] -> y[rows,2*freqs] */
void ref_fourier(float *y, const float *pos, const float *gauss, uint32_t rows, uint32_t freqs);

/* The decoder of a language model (infer/ops/ops-decoder.h). */
void ref_rms_norm(float *y, const float *x, const float *gamma, uint32_t rows, uint32_t cols, float eps);
void ref_swiglu(float *y, const float *x, uint32_t rows, uint32_t cols); /* x[rows,2*cols] */
/* Pairs of x[rows,heads*dim], the first `rotary` components of each head, by table[rows,rotary/2,2]; in place. */
void ref_rope(float *x, const float *table, uint32_t rows, uint32_t stride, uint32_t heads, uint32_t dim,
              uint32_t rotary);
typedef struct {
	uint32_t rows, first, heads, kv_heads, dim, q_stride;
} ref_cache_shape;
/* Row i of q sees rows 0 .. first+i of k and v[.., kv_heads*dim]. */
void ref_cache_attention(float *y, const float *q, const float *k, const float *v, const ref_cache_shape *s);

G_END_DECLS
