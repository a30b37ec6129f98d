/* From marks on an image to what the model reads: sparse tokens and the dense raster of spec sam.md 4 and 4.1. All of
 * it pure. */
#pragma once
#include "infer/models/sam.h"

G_BEGIN_DECLS

/* A crop and the square frame of S pixels it is resized into, top-left. */
typedef struct {
	sam_crop crop;
	int side;         /* S */
	int new_w, new_h; /* size of the resized crop inside the frame */
} sam_frame;
void sam_frame_init(sam_frame *f, const sam_crop *crop, int image_size);

enum { SAM_LABEL_PAD = -1, SAM_LABEL_BACKGROUND, SAM_LABEL_FOREGROUND, SAM_LABEL_TOP_LEFT, SAM_LABEL_BOTTOM_RIGHT };
typedef struct {
	double x, y; /* frame pixels, without the half pixel that the positional code adds */
	int label;
} sam_token;

/* Tokens of all marks in the order given and the padding point; [element-type sam_token], never empty. */
GArray *sam_sparse_tokens(const sam_frame *f, const sam_mark *marks, guint n);
/* Fills out [S/4][S/4] from the previous round's logits (or NULL) and the marks. all: points and boxes are drawn too.
 * Returns whether the model reads the raster; if not (only with all = false), it reads no_mask_embed and out is
 * untouched. */
bool sam_dense_raster(const sam_frame *f, const sam_mark *marks, guint n, bool all, const float *previous, float *out);
/* Whether the answer is the best of three (a lone positive point) or the single-mask output. */
bool sam_wants_multimask(const sam_mark *marks, guint n, const float *previous);

/* A stroke whose points all coincide says what a point says. */
sam_mark sam_mark_canonical(const sam_mark *m);
/* Bounding box x0, y0, x1, y1 of a mark, not clipped to the image; a circle's is its centre +- r. */
void sam_mark_bounds(const sam_mark *m, double bounds[4]);

/* --- polygons, closed, [n][2] (sam-polygon.c) --- */
bool sam_polygon_contains(const double *xy, guint n, double x, double y); /* even-odd */
/* The same for the cell centres 0.5 .. width-0.5 of one row. */
void sam_polygon_row(const double *xy, guint n, double y, int width, bool *in);
bool sam_polygon_is_flat(const double *xy, guint n);                    /* all vertices on one line */
void sam_polygon_centroid(const double *xy, guint n, double centre[2]); /* of the area */
/* The inner point farthest from the outline, within a thousandth of the longer side of the bounding box. */
void sam_polygon_pole(const double *xy, guint n, double pole[2]);
bool sam_segment_meets_rect(const double *a, const double *b, double w, double h); /* rectangle 0, 0, w, h */

G_END_DECLS
