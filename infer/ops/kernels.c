/* Kernel x variant table: the only file that sees SPIR-V. */
#include "infer/ops/ops-private.h"
#include "infer/ops/push-all.h"

#include "attention4_f16.spv.h"
#include "attention4_f32.spv.h"
#include "attention4_texel.spv.h"
#include "attention_block_f16.spv.h"
#include "attention_block_f32.spv.h"
#include "attention_block_texel.spv.h"
#include "attention_f16.spv.h"
#include "attention_f32.spv.h"
#include "cache_attention.spv.h"
#include "cache_attention_texel.spv.h"
#include "conv_f16_f16.spv.h"
#include "conv_f16_f32.spv.h"
#include "conv_f32_f16.spv.h"
#include "conv_f32_f32.spv.h"
#include "conv_tile_f16_f16.spv.h"
#include "conv_tile_f16_f32.spv.h"
#include "conv_tile_f32_f16.spv.h"
#include "conv_tile_f32_f32.spv.h"
#include "conv_tile_texel.spv.h"
#include "copy_f16_f32.spv.h"
#include "copy_f32_f16.spv.h"
#include "depthwise_f16.spv.h"
#include "depthwise_f32.spv.h"
#include "depthwise_tile_f16.spv.h"
#include "depthwise_tile_f32.spv.h"
#include "depthwise_tile_texel.spv.h"
#include "elementwise4_f16.spv.h"
#include "elementwise4_f32.spv.h"
#include "elementwise4_texel.spv.h"
#include "elementwise_f16.spv.h"
#include "elementwise_f32.spv.h"
#include "fourier_f16.spv.h"
#include "fourier_f32.spv.h"
#include "gather_f16.spv.h"
#include "gather_f32.spv.h"
#include "layer_norm4_f16.spv.h"
#include "layer_norm4_f32.spv.h"
#include "layer_norm4_texel.spv.h"
#include "layer_norm_f16.spv.h"
#include "layer_norm_f32.spv.h"
#include "linear_f16_f16.spv.h"
#include "linear_f16_f32.spv.h"
#include "linear_f16_q8.spv.h"
#include "linear_f32_f16.spv.h"
#include "linear_f32_f32.spv.h"
#include "linear_f32_q8.spv.h"
#include "linear_tile_f16_f16.spv.h"
#include "linear_tile_f16_f32.spv.h"
#include "linear_tile_f16_q8.spv.h"
#include "linear_tile_f32_f16.spv.h"
#include "linear_tile_f32_f32.spv.h"
#include "linear_tile_f32_q8.spv.h"
#include "linear_tile_texel.spv.h"
#include "matmul_nt4_f16.spv.h"
#include "matmul_nt4_f32.spv.h"
#include "matmul_nt4_texel.spv.h"
#include "matmul_nt_f16.spv.h"
#include "matmul_nt_f32.spv.h"
#include "matrix_tile_bf16.spv.h"
#include "matrix_tile_bf16_texel.spv.h"
#include "matrix_tile_f16.spv.h"
#include "matrix_tile_f16_texel.spv.h"
#include "matrix_tile_f32.spv.h"
#include "matrix_tile_f32_texel.spv.h"
#include "matrix_tile_q4_0.spv.h"
#include "matrix_tile_q4_0_texel.spv.h"
#include "matrix_tile_q4_1.spv.h"
#include "matrix_tile_q4_1_texel.spv.h"
#include "matrix_tile_q4_k.spv.h"
#include "matrix_tile_q4_k_texel.spv.h"
#include "matrix_tile_q6_k.spv.h"
#include "matrix_tile_q6_k_texel.spv.h"
#include "matrix_tile_q8_0.spv.h"
#include "matrix_tile_q8_0_texel.spv.h"
#include "matvec_bf16.spv.h"
#include "matvec_bf16_texel.spv.h"
#include "matvec_f16.spv.h"
#include "matvec_f16_texel.spv.h"
#include "matvec_f32.spv.h"
#include "matvec_f32_texel.spv.h"
#include "matvec_q4_0.spv.h"
#include "matvec_q4_0_texel.spv.h"
#include "matvec_q4_1.spv.h"
#include "matvec_q4_1_texel.spv.h"
#include "matvec_q4_k.spv.h"
#include "matvec_q4_k_texel.spv.h"
#include "matvec_q6_k.spv.h"
#include "matvec_q6_k_texel.spv.h"
#include "matvec_q8_0.spv.h"
#include "matvec_q8_0_texel.spv.h"
#include "mix_f16.spv.h"
#include "mix_f32.spv.h"
#include "place_f16.spv.h"
#include "place_f32.spv.h"
#include "resize_f16.spv.h"
#include "resize_f32.spv.h"
#include "rope.spv.h"
#include "swiglu.spv.h"
#include "swiglu_texel.spv.h"
#include "upsample_add4_f16.spv.h"
#include "upsample_add4_f32.spv.h"
#include "upsample_add4_texel.spv.h"
#include "upsample_add_f16.spv.h"
#include "upsample_add_f32.spv.h"
#include "window_attention_block_f16.spv.h"
#include "window_attention_block_f32.spv.h"
#include "window_attention_block_texel.spv.h"
#include "window_attention_f16.spv.h"
#include "window_attention_f32.spv.h"

#define V(id)                                                                                                          \
	{                                                                                                                  \
#id, spv_##id, sizeof spv_##id                                                                                 \
	}
/* Activations f32 and f16. */
#define BY_ACTIVATION(k)                                                                                               \
	{                                                                                                                  \
		V(k##_f32), V(k##_f16)                                                                                         \
	}
#define TEXEL_OF(id, halves, words)                                                                                    \
	{                                                                                                                  \
#id, spv_##id, sizeof spv_##id, true, halves, words                                                            \
	}
#define TEXEL(k) [VARIANT_TEXEL] = TEXEL_OF(k##_texel, 0, 0)
#define IN_FOURS(k)                                                                                                    \
	{                                                                                                                  \
		V(k##_f32), V(k##_f16), TEXEL(k)                                                                               \
	}
/* Activations x weights f32, f16 (, q8). */
#define BY_WEIGHT(k)                                                                                                   \
	{                                                                                                                  \
		V(k##_f32_f32), V(k##_f16_f32), V(k##_f32_f16), V(k##_f16_f16)                                                 \
	}
#define BY_WEIGHT_Q8(k)                                                                                                \
	{                                                                                                                  \
		V(k##_f32_f32), V(k##_f16_f32), V(k##_f32_f16), V(k##_f16_f16), V(k##_f32_q8), V(k##_f16_q8)                   \
	}

/* Types of matrices in the order of matrix.c, by storage buffers and by texel buffers: fours for F32 and F16, else
 * words. */
#define BY_TYPE(k)                                                                                                     \
	{                                                                                                                  \
		V(k##_f32), V(k##_f16), V(k##_bf16), V(k##_q4_0), V(k##_q4_1), V(k##_q8_0), V(k##_q4_k), V(k##_q6_k),          \
			TEXEL_OF(k##_f32_texel, 0, 0), TEXEL_OF(k##_f16_texel, 1 << 1, 0), TEXEL_OF(k##_bf16_texel, 0, 1 << 1),    \
			TEXEL_OF(k##_q4_0_texel, 0, 1 << 1), TEXEL_OF(k##_q4_1_texel, 0, 1 << 1),                                  \
			TEXEL_OF(k##_q8_0_texel, 0, 1 << 1), TEXEL_OF(k##_q4_k_texel, 0, 1 << 1),                                  \
			TEXEL_OF(k##_q6_k_texel, 0, 1 << 1)                                                                        \
	}

const kernel_info kernel_table[N_KERNELS] = {
	[KERNEL_LINEAR] = {"linear", 5, sizeof(struct linear_push), 1 << 4, BY_WEIGHT_Q8(linear)},
	[KERNEL_LINEAR_TILE] = {"linear_tile",
                            5,
                            sizeof(struct linear_push),
                            1 << 4,
                            {V(linear_tile_f32_f32), V(linear_tile_f16_f32), V(linear_tile_f32_f16),
                             V(linear_tile_f16_f16), V(linear_tile_f32_q8), V(linear_tile_f16_q8), TEXEL(linear_tile)}},
	[KERNEL_CONV] = {"conv", 5, sizeof(struct conv_push), 1 << 4, BY_WEIGHT(conv)},
	[KERNEL_CONV_TILE] = {"conv_tile",
                          5,
                          sizeof(struct conv_push),
                          1 << 4,
                          {V(conv_tile_f32_f32), V(conv_tile_f16_f32), V(conv_tile_f32_f16), V(conv_tile_f16_f16),
                           TEXEL(conv_tile)}},
	[KERNEL_DEPTHWISE] = {"depthwise", 4, sizeof(struct conv_push), 1 << 3, BY_ACTIVATION(depthwise)},
	[KERNEL_DEPTHWISE_TILE] = {"depthwise_tile", 4, sizeof(struct conv_push), 1 << 3, IN_FOURS(depthwise_tile)},
	[KERNEL_LAYER_NORM4] = {"layer_norm4", 4, sizeof(struct layer_norm_push), 1 << 3, IN_FOURS(layer_norm4)},
	[KERNEL_LAYER_NORM] = {"layer_norm", 4, sizeof(struct layer_norm_push), 1 << 3, BY_ACTIVATION(layer_norm)},
	[KERNEL_ELEMENTWISE4] = {"elementwise4", 3, sizeof(struct elementwise_push), 1 << 2, IN_FOURS(elementwise4)},
	[KERNEL_ELEMENTWISE] = {"elementwise", 3, sizeof(struct elementwise_push), 1 << 2, BY_ACTIVATION(elementwise)},
	[KERNEL_COPY] = {"copy", 2, sizeof(struct copy_push), 1 << 1, {[1] = V(copy_f16_f32), [2] = V(copy_f32_f16)}},
	[KERNEL_GATHER] = {"gather", 3, sizeof(struct gather_push), 1 << 2, BY_ACTIVATION(gather)},
	[KERNEL_UPSAMPLE_ADD4] = {"upsample_add4", 3, sizeof(struct upsample_add_push), 1 << 2, IN_FOURS(upsample_add4)},
	[KERNEL_UPSAMPLE_ADD] = {"upsample_add", 3, sizeof(struct upsample_add_push), 1 << 2, BY_ACTIVATION(upsample_add)},
	[KERNEL_RESIZE] = {"resize", 2, sizeof(struct resize_push), 1 << 1, BY_ACTIVATION(resize)},
	[KERNEL_WINDOW_ATTENTION] = {"window_attention", 4, sizeof(struct window_attention_push), 1 << 3,
                                 BY_ACTIVATION(window_attention)},
	[KERNEL_WINDOW_ATTENTION_BLOCK] = {"window_attention_block",
                                       4,
                                       sizeof(struct window_attention_push),
                                       1 << 3,
                                       {V(window_attention_block_f32), V(window_attention_block_f16),
                                        TEXEL(window_attention_block)}},
	[KERNEL_ATTENTION4] = {"attention4", 4, sizeof(struct attention_push), 1 << 3, IN_FOURS(attention4)},
	[KERNEL_ATTENTION_BLOCK] = {"attention_block", 4, sizeof(struct attention_push), 1 << 3, IN_FOURS(attention_block)},
	[KERNEL_ATTENTION] = {"attention", 4, sizeof(struct attention_push), 1 << 3, BY_ACTIVATION(attention)},
	[KERNEL_MATMUL_NT4] = {"matmul_nt4", 3, sizeof(struct matmul_nt_push), 1 << 2, IN_FOURS(matmul_nt4)},
	[KERNEL_MATMUL_NT] = {"matmul_nt", 3, sizeof(struct matmul_nt_push), 1 << 2, BY_ACTIVATION(matmul_nt)},
	[KERNEL_MATRIX_TILE] = {"matrix_tile", 4, sizeof(struct matrix_push), 1 << 3, BY_TYPE(matrix_tile)},
	[KERNEL_MATVEC] = {"matvec", 4, sizeof(struct matrix_push), 1 << 3, BY_TYPE(matvec)},
	[KERNEL_ROPE] = {"rope", 4, sizeof(struct rope_push), 1 << 0 | 1 << 2 | 1 << 3, {V(rope)}},
	[KERNEL_CACHE_ATTENTION] = {"cache_attention",
                                4,
                                sizeof(struct cache_attention_push),
                                1 << 3,
                                {V(cache_attention), [VARIANT_TEXEL] =
                                                         TEXEL_OF(cache_attention_texel, 1 << 1 | 1 << 2, 0)}},
	[KERNEL_SWIGLU] = {"swiglu", 2, sizeof(struct swiglu_push), 1 << 1, {V(swiglu), TEXEL(swiglu)}},
	[KERNEL_FOURIER] = {"fourier", 3, sizeof(struct fourier_push), 1 << 2, BY_ACTIVATION(fourier)},
	[KERNEL_MIX] = {"mix", 3, sizeof(struct mix_push), 1 << 2, BY_ACTIVATION(mix)},
	[KERNEL_PLACE] = {"place", 3, sizeof(struct place_push), 1 << 2, BY_ACTIVATION(place)},
};
