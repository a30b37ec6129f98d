/* A conversation about an image: the one path of the window's chat panel, `nadir ask`, `describe`, `generate` and the
 * text tool. No GTK.
 *
 * A request says everything (image, marks, earlier turns, question), so the caller owns the conversation: an error, a
 * cancelled reply or a lost device never harms it, and editing, branching and regenerating are requests with other
 * turns. What can be reused from the request before is found by comparison: the image's features while the image stays,
 * and the decoder's cache up to the first position that differs (a changed mark ends it before the image block).
 *
 * A conversation that has outgrown the context loses its oldest turns, in pairs; the image block and at least 64
 * positions for the reply stay, and the reply says so. A question that does not fit even alone is refused.
 *
 * Threads: the thread that owns the gpu. The window uses chat-service.h. */
#pragma once
#include "app/engine/chat-reply.h"
#include "app/engine/chat-turns.h"
#include "infer/text/sampler.h"
#include "render/raster/raster-style.h"

G_BEGIN_DECLS

typedef struct chat chat;
typedef struct {
	const char *model; /* name, file, or NULL: starter-chat */
	bool full;         /* f32 activations */
	bool fast;         /* one view of the image instead of five */
	uint32_t context;  /* positions kept on the device; 0: the model's own limit, at most 4096 */
} chat_options;
typedef struct {
	const char *model;     /* "name@hash8" */
	const char *device;    /* the GPU's name */
	const char *card;      /* the model card's text, "" without one */
	const char *segmenter; /* "name@hash8" of the one that makes grounded masks; NULL for a language model */
	bool sees;             /* takes an image */
	guint regions_max, context;
	uint64_t parameters; /* the segmenter's not counted */
	double load_ms;
} chat_info;

/* shared: a segmenter that is open already on dev, used when it is the one the model was trained with; else that one is
 * looked for beside the model and in the model folders. Both are borrowed and outlive the chat. */
chat *chat_open(gpu *dev, sam_model *shared, const chat_options *options, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void chat_close(chat *c);
const chat_info *chat_get_info(const chat *c);
void chat_forget(chat *c); /* drops image features and reusable positions */

/* Region k of a request is `<Region k+1>` in the text. One mark, or a mask when that is not NULL. */
typedef struct {
	sam_mark mark;       /* image pixels, sign 1 */
	const bitmask *mask; /* image pixels */
} chat_region;

typedef struct {
	raster *image;             /* NULL for a language model */
	const raster_style *style; /* the model's view of it, as for the segmenter */
	raster_rect area;          /* the part that is talked about; w 0: all of it */
	const chat_region *regions;
	guint n_regions;
	const chat_turn *turns; /* user, model, user, … and last a model's */
	guint n_turns;
	const char *question;
	/* The reply's value as said so far (cut by a stop or by its length): it is continued, and the reply holds only what
	 * is new. NULL: a new reply. */
	const char *prefix;
	const char *source;       /* chat_source_word() */
	const char *system;       /* language models: the system turn, or NULL for the template's own */
	const char *const *stops; /* further stop strings, NULL-terminated, or NULL */
	sampling sampling;
	guint max_tokens; /* 0: 512 */
	bool no_masks;    /* leave grounded phrases without masks */
	guint top_logits; /* keep the first step's largest logits in the reply */
	GCancellable *cancel;
	/* In the engine's thread; may be NULL. text: what is new of reply.text. progress: stage is "vision", "reading",
	 * "mask". */
	void (*on_text)(const char *piece, void *data);
	void (*on_progress)(const char *stage, double fraction, void *data);
	/* Called between pieces of work of about 50 ms: the gpu may serve a segmentation prompt meanwhile. */
	void (*on_turn)(void *data);
	void *data;
} chat_request;

/* What the model is told that an image is, in the words that it learnt: "SAR", "optical", "infrared"; NULL: nothing.
 * asked: "sar", "optical", "infrared" as a user chose; NULL or "auto": as the image says. */
const char *chat_source_word(const char *asked, raster_source_kind kind);

/* Checks and tokenises the request; no work on the device yet. Borrowed parts live until the reply is done. */
bool chat_start(chat *c, const chat_request *req, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* One short piece of work: the image, a stretch of the prompt, one token, or one mask; prompts of others may run
 * between. After CHAT_FAILED the device may be lost (gpu_is_lost()): close the chat and open another. */
typedef enum { CHAT_FAILED, CHAT_MORE, CHAT_DONE } chat_state;
chat_state chat_step(chat *c, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* After CHAT_DONE: moves the reply out. After CHAT_FAILED: what was said before the failure. */
void chat_take_reply(chat *c, chat_reply *out);
/* All of it. On failure `out` still holds what was said; the caller clears it in both cases. */
bool chat_ask(chat *c, const chat_request *req, chat_reply *out, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(chat, chat_close)

G_END_DECLS
