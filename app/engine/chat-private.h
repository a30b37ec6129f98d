/* The inside of a chat, shared by the files that open it, look at images, compose prompts and run replies. */
#pragma once
#include "app/engine/chat.h"
#include "infer/models/earthgpt-x.h"
#include "infer/models/llama.h"
#include "infer/text/template.h"

G_BEGIN_DECLS

#define CHAT_VECTOR G_MAXUINT32 /* a spliced vector's place among ids */
/* A position's identity: what must be equal for the decoder's cache to be right. Ids as they are; vectors by the number
 * of their splice and their row. */
#define CHAT_VECTOR_KEY(splice, row) ((guint64)1 << 63 | (guint64)(splice) << 24 | (row))

typedef enum {
	CHAT_STAGE_IDLE,
	CHAT_STAGE_IMAGE,  /* pixels to features */
	CHAT_STAGE_SPLICE, /* features and marks to vectors, then the prompt */
	CHAT_STAGE_READ,   /* the prompt's new positions */
	CHAT_STAGE_TOKEN,
	CHAT_STAGE_MASK,
	CHAT_STAGE_DONE,
} chat_stage;

/* Features of one view of an image, kept while the chat lasts or a newer one needs the room. */
typedef struct {
	char *key;
	egx_image *image;
	int w, h;     /* pixels handed to the model */
	double scale; /* image pixels a pixel of those: 1, more for parts larger than the model is shown whole */
} chat_picture;

/* Regions in pixels of a picture; coordinates and masks owned. */
typedef struct {
	egx_region *list;
	guint n;
} chat_marks;

typedef struct {
	chat_request req;
	guint n_asked;   /* of the stop strings: the request's */
	guint unmarked;  /* the stop string of a region that nobody marked, 0: none; those behind it are repeated lines */
	guint64 lines;   /* bit k: the line of region k has begun */
	repetition loop; /* of ids said */
	bool looped;
	chat_stage stage;
	chat_picture *picture; /* borrowed from the chat's */
	chat_marks marks;
	raster_rect area;
	GPtrArray *rows; /* const float [width]: the prompt's vectors in order, borrowed from vectors and vision */
	GArray *keys;    /* guint64: the prompt's positions */
	sampler *sampler;
	text_stream *stream;
	stop_filter *filter;
	GString *text, *value;
	float *logits, *hidden;
	int next;                          /* the id chosen and not yet said */
	int phrase_start;                  /* byte of text where <p> stood, -1: none */
	guint phrase_from, phrase_to;      /* the last phrase that was closed */
	guint stopped;                     /* a stop string came: its number, from 1 */
	GArray *states;                    /* float [width] a <pix>, in the order of reply.grounded */
	guint masked;                      /* grounded phrases whose masks are done */
	gint64 started, reading, decoding; /* monotonic microseconds */
	chat_reply reply;
} chat_run;

struct chat {
	gpu *dev;
	chat_options options;
	chat_info info;
	char *path, *model_id, *card, *segmenter_path, *segmenter_id;
	tokenizer *tokens;
	chat_template template;
	llama_model *language;
	llama_context *context;
	egx_model *vision;       /* NULL: a language model */
	sam_model *shared, *own; /* segmenter: another's, or opened here at the first mask */
	int pix, phrase_open, phrase_close, img_open, img_close, vp_open, vp_close; /* ids, -1: none */
	GQueue pictures;                                                            /* of chat_picture, latest first */
	char *spliced;                                                              /* what `vectors` was made from */
	egx_vectors vectors;
	guint64 splice;   /* its number */
	GArray *held;     /* guint64 keys of the positions in context */
	GHashTable *said; /* reply's value (owned) -> GArray of ids: a reply is read again by the ids it was made of */
	chat_run run;
};

/* chat-image.c */
/* The part of the image that is looked at and its marks in the model's pixels. CHAT_ERROR_REGION. */
bool chat_place_marks(chat *c, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void chat_marks_clear(chat_marks *m);
bool chat_see(chat *c, GError **error) G_GNUC_WARN_UNUSED_RESULT;    /* CHAT_STAGE_IMAGE */
bool chat_splice(chat *c, GError **error) G_GNUC_WARN_UNUSED_RESULT; /* the vectors of CHAT_STAGE_SPLICE */
void chat_picture_free(void *picture);
/* The mask that state [width] means, into grounded phrase g. */
bool chat_ground(chat *c, const float *state, chat_grounded *g, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* chat-prompt.c */
/* run.keys and reply.prompt_ids from the turns and the vectors there are; leaves out the oldest turns that do not fit.
 * CHAT_ERROR_CONTEXT, TEXT_ERROR. */
bool chat_compose(chat *c, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* chat-said.c */
void chat_say(chat *c, int id);                       /* text, markers and grounded phrases of one more id */
void chat_watch_lines(chat_run *r, const char *text); /* regions' lines in what was said before */
void chat_said_end(chat *c);                          /* what is kept back comes out; regions' lines are found */
void chat_note(chat_reply *r, const char *format, ...) G_GNUC_PRINTF(2, 3); /* one more sentence */

void chat_run_clear(chat *c);

G_END_DECLS
