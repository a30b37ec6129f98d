/* EarthGPT-X, its vision side (spec earthgpt-x.md): an image and the regions marked on it become vectors to splice into
 * the language model's input, and the hidden state of a `<pix>` token becomes a mask. The language model is
 * infer/models/llama.h, opened from the same file; the masks come from a promptable segmenter (infer/models/sam.h).
 * Every size is read from the file; its CNN branch is EfficientNet-Lite (`earthgpt-x.lite.*`) or ConvNeXt
 * (`earthgpt-x.cnx.*`).
 *
 *   egx_image *i = egx_image_new(m, rgb, w, h, false, NULL, &error);        once an image
 *   egx_image_splice(i, regions, n, &vectors, NULL, &error);                whenever the marks change
 *   egx_image_ground(i, segmenter, hidden, NULL, &mask, NULL, &error);      for each <pix>
 *
 * Coordinates are pixels of the image handed in: origin at the top-left corner of the top-left pixel, x right, y down.
 * Threads: everything here belongs to the thread that owns the gpu, except the functions marked "pure". */
#pragma once
#include "infer/gguf.h"
#include "infer/models/sam.h"

G_BEGIN_DECLS

#define EGX_ERROR (egx_error_quark())
GQuark egx_error_quark(void);
typedef enum {
	EGX_ERROR_MODEL,  /* the file is no usable model, or the segmenter does not fit; the message says why */
	EGX_ERROR_REGION, /* a region cannot be used: outside the image, no area, too many of them */
	EGX_ERROR_IMAGE,  /* the picture cannot be used: no pixels, or fewer bytes than its size asks for */
} egx_error;

#define EGX_VIEWS 5 /* at most: the whole image and its four quarters */

typedef struct {
	char name[64], version[32], license[64]; /* general.* of the file */
	const char *card;                        /* nadir.card or "" */
	char cnn[8];                             /* "lite" or "cnx" */
	char segmenter[65];                      /* SHA-256 of the segmenter it was trained with, lower case, or "" */
	uint32_t width;                          /* of a spliced vector: the language model's */
	uint32_t views, view_size;               /* most views of an image; their side in pixels */
	uint32_t view_tokens[2];                 /* vectors of view 0 (and of numbers), and of each other view */
	uint32_t regions_max;
	uint32_t prompt_dim; /* of the vector for the segmenter: its sam.out_dim */
	uint64_t parameters; /* of the vision side, R_lp included */
} egx_info;

typedef struct {
	bool f32; /* activations in f32 (quality "full"); otherwise f16 storage where that is quicker */
	bool f16; /* f16 storage wherever the device has it: on software devices f32 is quicker */
} egx_options;

typedef struct egx_model egx_model;
typedef struct egx_image egx_image;

/* What may happen while the device works; all may be NULL. */
typedef struct {
	GCancellable *cancel; /* looked at about every 50 ms; the call then fails with G_IO_ERROR_CANCELLED */
	gpu_progress_fn progress;
	/* Called between pieces of work, never while a recording is open: the gpu may serve a segmentation prompt. It may
	 * not touch the model or image at work. */
	void (*turn)(void *data);
	void *data; /* of both functions */
} egx_run;

/* `file`: architecture "earthgpt-x", borrowed during the call only. EGX_ERROR_MODEL, GPU_ERROR. */
egx_model *egx_model_open(gpu *dev, const gguf *file, const egx_options *options,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
void egx_model_close(egx_model *m); /* free every image first */
const egx_info *egx_model_info(const egx_model *m);
/* Learned vectors [width] around each view's and the regions' vectors, in files that have them; NULL: the vocabulary
 * has tokens for them (spec section 7 and 12). */
typedef enum { EGX_IMG_START, EGX_IMG_END, EGX_VP_START, EGX_VP_END } egx_bracket;
const float *egx_model_bracket(const egx_model *m, egx_bracket which);

/* rgb: 8-bit [h][w][3] without gaps, kept (a reference) for the close-ups of regions. Cuts the views (spec section 12,
 * "Views"; for ConvNeXt section 3), runs both branches of the mixed visual encoder and keeps the features on the
 * device. fast: the whole image as the only view. */
egx_image *egx_image_new(egx_model *m, GBytes *rgb, int w, int h, bool fast, const egx_run *run,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
void egx_image_free(egx_image *i);

typedef enum { EGX_POINT, EGX_BOX, EGX_ELLIPSE, EGX_POLYGON, EGX_SCRIBBLE, EGX_MASK, EGX_WHOLE } egx_kind;
typedef struct {
	egx_kind kind;
	guint n;             /* pairs: point 1, box 2 (opposite corners), ellipse 1 (its centre), polygon and scribble n */
	const double *xy;    /* [n][2], borrowed; polygons are closed, scribbles open */
	double rx, ry;       /* ellipse: half axes along x and y */
	const uint8_t *mask; /* mask: [h][w] of the whole image, not 0 inside, borrowed */
} egx_region;

/* Pure. The region that a mark stands for (its coordinates are borrowed on); its sign is not looked at. */
egx_region egx_region_of_mark(const sam_mark *mark);
/* Pure. Refuses what cannot be a region of an image of w x h: malformed, no area, wholly outside, or more than
 * `most` (info.regions_max) of them. EGX_ERROR_REGION; the message begins with the region's name, "Region 2". */
bool egx_regions_check(const egx_region *regions, uint32_t n, uint32_t most, int w, int h,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Pure. Adds all that makes a region of an image of w x h different from others. */
void egx_region_digest(const egx_region *r, int w, int h, GChecksum *sum);

typedef struct {
	uint32_t n_views, n_image, n_regions, width;
	uint32_t view[EGX_VIEWS];        /* which views there are, 0 first */
	uint32_t view_tokens[EGX_VIEWS]; /* vectors of each: their sum is n_image */
	float *image;  /* [n_image][width], view after view (of 0 numbers' too), rows from the top; owned */
	float *region; /* [n_regions][width], in the order given; owned, NULL without regions */
} egx_vectors;
void egx_vectors_clear(egx_vectors *v);

/* The vectors of the image as seen with these regions (all of them change when one does). n = 0: nothing is marked, the
 * whole image is meant, and there are no region vectors. Close-ups are kept. On success the caller clears `out`. */
bool egx_image_splice(egx_image *i, const egx_region *regions, uint32_t n, egx_vectors *out, const egx_run *run,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The mask that the model means by a `<pix>`: hidden [width] is the final-normed state where the token is the input.
 * region: with "segment each marked region", the region it is about (its point, or its box's corners, go in front of
 * the vector); else NULL: files with `egx.pix.map` then look for it in the features. The segmenter encodes the image at
 * the first call and is closed after it. out->mask is [h][w], freed by the caller with g_free(); area 0 is no error. */
bool egx_image_ground(egx_image *i, sam_model *segmenter, const float *hidden, const egx_region *region,
                      sam_candidate *out, const egx_run *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(egx_model, egx_model_close)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(egx_image, egx_image_free)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(egx_vectors, egx_vectors_clear)

G_END_DECLS
