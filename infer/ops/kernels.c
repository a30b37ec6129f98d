/* Kernel x variant table: the only file that sees SPIR-V. */
#include "infer/ops/ops-private.h"
#include "infer/ops/push-all.h"

#include "attention4_f16.spv.h"
#include "attention4_f32.spv.h"
#include "attention4_texel.spv.h"
#include "attention_f16.spv.h"
#include "attention_f32.spv.h"
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
#include "resize_f16.spv.h"
#include "resize_f32.spv.h"
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
#define TEXEL(k) [VARIANT_TEXEL] = V(k##_texel)
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
	[KERNEL_ATTENTION] = {"attention", 4, sizeof(struct attention_push), 1 << 3, BY_ACTIVATION(attention)},
	[KERNEL_MATMUL_NT4] = {"matmul_nt4", 3, sizeof(struct matmul_nt_push), 1 << 2, IN_FOURS(matmul_nt4)},
	[KERNEL_MATMUL_NT] = {"matmul_nt", 3, sizeof(struct matmul_nt_push), 1 << 2, BY_ACTIVATION(matmul_nt)},
	[KERNEL_FOURIER] = {"fourier", 3, sizeof(struct fourier_push), 1 << 2, BY_ACTIVATION(fourier)},
};
