/* EfficientNet-Lite without its head (spec sam.md 6.1): the segmenter's encoder and the CNN branch of EarthGPT-X. Sizes
 * from `KEYS.{repeats,kernels,strides,expand,channels}`; batch norms are folded in the file. */
#pragma once
#include "infer/models/sam-model.h"

G_BEGIN_DECLS

typedef struct {
	guint stages;
	const uint32_t *repeats, *kernels, *strides, *expand, *channels; /* one entry a stage */
} lite_sizes;
bool lite_sizes_read(sam_build *b, const char *keys, lite_sizes *s);
/* How many input pixels are one of the output of a stage, counted from 1. */
uint32_t lite_stride(const lite_sizes *s, uint32_t stage);

typedef struct lite_trunk lite_trunk;
/* Tensors `NAMES.stem.*`, `NAMES.blocks.N.*`. taps: stages, from 1 and increasing, whose outputs are wanted. side: of
 * the image, for counting the work. */
lite_trunk *lite_trunk_load(sam_build *b, const char *names, const lite_sizes *s, const uint32_t *taps, guint n_taps,
                            uint32_t side);
void lite_trunk_free(lite_trunk *t);
/* image [H,W,4], sides multiples of 32, the fourth channel 0 -> taps [H/s,W/s,channels], in the pass's arena. */
void lite_trunk_run(const lite_trunk *t, const sam_pass *p, tensor image, tensor *taps);

G_END_DECLS
