/* Promptable segmentation: SAM's prompt encoder and mask decoder behind any of its encoders (spec sam.md).
 * Encode once, prompt many: an encoded crop is an object with a lifetime.
 *
 * Coordinates of prompts are pixels of the whole image: origin at the top-left corner of the top-left pixel, x right, y
 * down. Threads: everything here belongs to the thread that owns the gpu, except the functions marked "pure". */
#pragma once
#include "infer/vk/gpu.h"

G_BEGIN_DECLS

#define SAM_ERROR (sam_error_quark())
GQuark sam_error_quark(void);
typedef enum {
	SAM_ERROR_MODEL,  /* the file is no usable model; the message says what is wrong with it */
	SAM_ERROR_PROMPT, /* the prompt cannot be used: no area, outside the image, negative circle or polygon, none
	                     positive */
	SAM_ERROR_EMPTY,  /* the model returned an empty mask */
} sam_error;

typedef enum { SAM_POINT, SAM_BOX, SAM_CIRCLE, SAM_SCRIBBLE, SAM_POLYGON } sam_mark_kind;
typedef struct {
	sam_mark_kind kind;
	int sign; /* 1 or -1 */
	guint n;  /* coordinate pairs: point 1, box 2 (opposite corners), circle 1 (centre), scribble and polygon n */
	const double *xy; /* [n][2], borrowed */
	double r;         /* circle only, pixels */
} sam_mark;

typedef struct {
	int x, y, w, h; /* the part of the image that is seen: w = h = s except along an axis shorter than s */
	int s;          /* side of the crop square in pixels before it met the image's edge */
} sam_crop;

/* --- pure: the rules of spec sam.md 4.1 and 4.2 (infer/models/sam-crop.c, sam-prompt.c) --- */

/* Refuses what cannot be a prompt (design.md section 4): no area, positive and wholly outside the image, negative
 * circle or polygon, no positive mark at all. Boxes drawn backwards are fine. */
bool sam_marks_check(const sam_mark *marks, guint n, int image_w, int image_h,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The crop of an object. first: index of the first mark (the crop comes from it; from all marks when one of them is not
 * wholly inside). scale: side fixed by the user, or 0. */
sam_crop sam_crop_choose(const sam_mark *marks, guint n, int image_w, int image_h, int scale);
/* The next crop of a growing lone point: doubled side, around the point. */
sam_crop sam_crop_grow(const sam_mark *point, const sam_crop *old, int image_w, int image_h);
/* Whether these marks may grow their crop: exactly one positive point (and the caller fixed no scale). */
bool sam_marks_grow(const sam_mark *marks, guint n);

/* --- the model --- */
typedef struct sam_model sam_model;
typedef struct sam_encoding sam_encoding;

typedef struct {
	char name[64], version[32], license[64]; /* general.* of the file */
	char hash8[9];                           /* first 8 hex digits of the file's SHA-256 */
	char encoder[32];                        /* vit, tinyvit, efficientnet_lite */
	const char *card;                        /* nadir.card or "" */
	int image_size;
	uint64_t parameters, encode_flops;
} sam_info;

typedef struct {
	bool f32; /* activations in f32 (quality "full"); otherwise f16 storage where that is quicker */
	bool f16; /* f16 storage wherever the device has it: on software devices f32 is quicker */
} sam_options;

sam_model *sam_model_open(gpu *dev, const char *path, const sam_options *options,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
void sam_model_close(sam_model *m); /* close every encoding first */
const sam_info *sam_model_info(const sam_model *m);

/* rgb: 8-bit [crop->h][crop->w][3], rows `stride` bytes apart: exactly the pixels of `crop`. Resizes (Pillow's
 * bilinear, exact 8-bit form), normalises, runs the image encoder. progress may be NULL. */
sam_encoding *sam_encode(sam_model *m, const uint8_t *rgb, size_t stride, const sam_crop *crop, GCancellable *cancel,
                         gpu_progress_fn progress, void *data, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void sam_encoding_free(sam_encoding *e);
/* For the disk cache: self-describing, checksummed bytes; load refuses what does not fit the model. */
GBytes *sam_encoding_save(sam_encoding *e, GError **error) G_GNUC_WARN_UNUSED_RESULT;
sam_encoding *sam_encoding_load(sam_model *m, GBytes *bytes, const sam_crop *crop,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct {
	uint8_t *mask;   /* [crop.h][crop.w], 0 or 1, owned by the result */
	float score;     /* predicted IoU as the model gives it, not clamped */
	float stability; /* |logit > 1| / |logit > -1| on full-size logits; 0 if the mask is empty */
	int64_t area;    /* pixels */
	bool touches; /* the mask has a pixel in the crop's first or last row or column that is not an edge of the image */
} sam_candidate;

typedef struct {
	sam_candidate candidate[4]; /* 0: the single-mask output; 1..3: the three candidates, best score first */
	int best;                   /* index of the answer by spec 4.1 */
	float *low_res;             /* [S/4][S/4] logits of the answer: mask input of the next round; owned */
	int low_res_side;
} sam_result;
void sam_result_clear(sam_result *r);

/* One round of the decoder for all marks of one object. previous: low_res of the round before or NULL. image_w,
 * image_h: size of the whole image (for `touches`). On success the caller clears `out`. */
bool sam_segment(sam_encoding *e, const sam_mark *marks, guint n, const float *previous, int image_w, int image_h,
                 sam_result *out, GCancellable *cancel, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The mask that a vector [sam.out_dim] asks for (spec earthgpt-x.md section 9): the single-mask output for the tokens
 * of `place` (a point or a box; NULL: none) and, last, the vector itself, with the raster of `place` (an empty one
 * without) where the model reads all marks that way, else no mask input. out->mask is the caller's, g_free(); it may be
 * empty. */
bool sam_ground(sam_encoding *e, const sam_mark *place, const float *vector, int image_w, int image_h,
                sam_candidate *out, GCancellable *cancel, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sam_model, sam_model_close)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(sam_encoding, sam_encoding_free)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(sam_result, sam_result_clear)

G_END_DECLS
