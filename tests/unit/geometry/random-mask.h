/* Random masks of the kinds that break tracers. */
#pragma once
#include "render/geometry/mask.h"

enum { RANDOM_MASK_KINDS = 10 };

/* A mask of kind i % RANDOM_MASK_KINDS, never empty, somewhere inside an image of image_w x image_h (at least 64 x 64).
 */
bitmask *random_mask(GRand *r, int i, int image_w, int image_h);
