/* One region in the pixels of one frame (spec earthgpt-x.md 4): coverage by 4 x 4 samples a pixel, outline, centres. */
#pragma once
#include "infer/models/egx-raster.h"

G_BEGIN_DECLS

typedef struct egx_shape egx_shape;
egx_shape *egx_shape_new(const egx_frame *f, const egx_region *r, int w, int h); /* w, h: of the image */
void egx_shape_free(egx_shape *s);

/* All [side][side]. */
void egx_shape_coverage(const egx_shape *s, float *cov);     /* share of a pixel's samples that are inside */
void egx_shape_centres(const egx_shape *s, uint8_t *inside); /* whether the pixel's centre is inside */
/* Whether the pixel's centre lies within 1.5 px of the border; always for points and scribbles. */
void egx_shape_outline(const egx_shape *s, uint8_t *near);

G_END_DECLS
