/* The inside of a model, shared by the files that load it, encode with it and decode with it. */
#pragma once
#include "infer/models/sam-build.h"
#include "infer/models/sam-image.h"

G_BEGIN_DECLS

/* --- running --- */

typedef struct {
	ops *o;
	gpu_cmd *cmd;
	arena *work;
	dtype act;
} sam_pass;

static inline void sam_norm_run(const sam_pass *p, tensor y, tensor x, const sam_norm *n, float eps, op_act act)
{
	op_layer_norm(p->o, p->cmd, y, x, n->gamma, n->beta, eps, act);
}

/* What an encoder leaves in the pass's arena: embedding [g,g,dim] and, when it has them, the taps at S/4 and S/8 for
 * the decoder's high-resolution skips. */
typedef struct {
	tensor embedding, tap4, tap8;
} sam_features;

typedef struct sam_encoder sam_encoder;
struct sam_encoder {
	void (*run)(const sam_encoder *e, const sam_pass *p, tensor image, sam_features *out); /* image [S,S,3] */
	void (*free)(sam_encoder *e);
	uint32_t tap4, tap8; /* channels of the taps, 0: none */
};
sam_encoder *sam_lite_load(sam_build *b);    /* spec sam.md 6.1 */
sam_encoder *sam_tinyvit_load(sam_build *b); /* spec sam.md 6 */

/* --- the decoder (spec sam.md 4 and 5), all in f32 --- */

typedef struct sam_decoder sam_decoder;

/* Everything about an encoded crop that no prompt changes, on the device. */
typedef struct {
	tensor embedding;         /* [g,g,dim] */
	tensor skip8, skip4;      /* [2g,2g,up1], [4g,4g,up2]; null without skips */
	tensor key, value, query; /* [g*g,dim/2]: first layer's products of embedding and positional code */
} sam_image_state;

/* tap4, tap8: channels of the encoder's taps, 0 for none. */
sam_decoder *sam_decoder_load(sam_build *b, uint32_t tap4, uint32_t tap8);
void sam_decoder_free(sam_decoder *d);
/* Products of weights and positional codes, once a model; `keep` owns what stays. */
void sam_decoder_prepare(sam_decoder *d, const sam_pass *p, arena *keep);
/* Shapes of the state of one image: lengths in bytes at which its tensors are cut from one buffer. */
uint64_t sam_state_bytes(const sam_decoder *d);
void sam_state_place(const sam_decoder *d, gpu_buffer *buf, sam_image_state *s);
/* Fills embedding and skips from an encoder's output. */
void sam_decoder_take(const sam_decoder *d, const sam_pass *p, const sam_features *f, const sam_image_state *s);
/* Fills the products from the embedding. */
void sam_decoder_products(const sam_decoder *d, const sam_pass *p, const sam_image_state *s);

typedef struct {
	const sam_token *tokens;
	guint n_tokens;
	const float *raster; /* [4g][4g] or NULL: no_mask_embed */
	const float *vector; /* [dim], the last token as it is, or NULL */
} sam_prompt_input;
/* Records one decode; masks [4][4g][4g] and scores [4] are filled when the cmd finishes. */
void sam_decoder_run(const sam_decoder *d, const sam_pass *p, const sam_image_state *s, const sam_prompt_input *in,
                     float *masks, float *scores);

/* --- the model --- */

struct sam_model {
	gpu *dev;
	ops *ops;
	arena *weights, *work;
	sam_info info;
	char *card;
	uint8_t hash[32]; /* SHA-256 of the file */
	bool raster_all;  /* sam.prompt_raster */
	dtype act;        /* of the encoder; the decoder computes in f32 */
	float mean[3], std[3];
	float *input; /* [S][S][4] on the host, reused */
	sam_encoder *encoder;
	sam_decoder *decoder;
};

struct sam_encoding {
	sam_model *model;
	sam_frame frame;
	gpu_buffer *buf;
	sam_image_state state;
};

/* The one mask of low-res logits [S/4][S/4]; out->mask is the caller's, g_free(). */
bool sam_mask_from(const sam_encoding *e, const float *low_res, float score, int image_w, int image_h,
                   sam_candidate *out, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A pass whose o, work and act the caller has set. */
bool sam_pass_start(sam_pass *p, GCancellable *cancel, arena_mark *mark, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool sam_pass_end(sam_pass *p, arena_mark mark, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same of a model. Finishes a pass: submits, waits and reports the first failure of operators, memory or device.
 * Rewinds the arena. */
bool sam_pass_finish(sam_model *m, sam_pass *p, arena_mark mark, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool sam_pass_begin(sam_model *m, sam_pass *p, dtype act, GCancellable *cancel, arena_mark *mark,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* 64-bit checksum of stored bytes: catches damage, not malice. */
uint64_t sam_checksum(const void *data, size_t bytes);

G_END_DECLS
