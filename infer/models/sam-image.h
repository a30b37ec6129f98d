/* Pixels in, masks out, on the host (spec sam.md 2 and 5). All of it pure. */
#pragma once
#include "infer/models/sam-prompt.h"

G_BEGIN_DECLS

/* Pillow's bilinear in its exact 8-bit form (spec README "Resampling"): src [h][w][3] with rows `stride` bytes apart to
 * a new dense image [new_h][new_w][3]; g_free. */
uint8_t *sam_resize_rgb(const uint8_t *src, size_t stride, int w, int h, int new_w, int new_h) G_GNUC_MALLOC;
/* (x - mean) / std of rgb [new_h][new_w][3] into the top-left of out [side][side][4]; zeros elsewhere,
 * in the fourth channel too, which is there so that kernels read whole fours. */
void sam_normalise(const sam_frame *f, const uint8_t *rgb, const float mean[3], const float std[3], float *out);

/* Full-size mask of one candidate from its logits [S/4][S/4]: two bilinear resizes, threshold at 0. Fills
 * out->mask (the caller's, [crop.h][crop.w]), stability, area and touches; the score is not its matter. */
void sam_full_mask(const sam_frame *f, const float *logits, int image_w, int image_h, sam_candidate *out);

G_END_DECLS
