/* What comes back from a chat request. */
#pragma once
#include "render/geometry/mask.h"

G_BEGIN_DECLS

typedef struct {
	char *phrase;     /* what the model named, "" when it named nothing */
	guint start, end; /* its bytes in reply.text; equal when it has none */
	int region;       /* 1-based region whose line it stands in, 0: none */
	double score;
	bitmask *mask; /* image pixels, trimmed; NULL when the model's mask is empty */
} chat_grounded;

typedef struct {
	guint32 id;
	float logit;
} chat_logit;

typedef enum {
	CHAT_STOP_END,       /* the model ended its turn */
	CHAT_STOP_STRING,    /* a stop string came */
	CHAT_STOP_LENGTH,    /* max_tokens */
	CHAT_STOP_CONTEXT,   /* the context is full */
	CHAT_STOP_CANCELLED, /* what was said until then is kept */
	CHAT_STOP_REPEAT,    /* the model began to repeat itself */
} chat_stop;

typedef struct {
	char *text;          /* to show: without <p>, </p>, <pix> */
	char *value;         /* to keep as the turn's value: with them */
	GPtrArray *grounded; /* of chat_grounded, in order */
	GPtrArray *regions;  /* of char *, text of "<Region k>: …" lines, NULL where there is none; as many as regions */
	GArray *prompt_ids, *ids;        /* guint32; vectors in the prompt stand as G_MAXUINT32 */
	int end_id;                      /* the id that ended the turn, not among ids; -1: another end */
	GArray *logits;                  /* of chat_logit, largest first */
	guint prompt, reused, generated; /* positions; reused is a part of prompt */
	guint dropped_turns;             /* oldest turns left out because the context is too small: say so to the user */
	chat_stop stop;
	double vision_ms, first_token_ms, prefill_tokens_per_s, tokens_per_s;
	char *note; /* a sentence for the user (turns dropped, context full, ended early, a mask left out), or NULL */
} chat_reply;
void chat_reply_init(chat_reply *r, guint n_regions); /* nothing said */
void chat_reply_clear(chat_reply *r);
/* Of each region the text of its "<Region k>: …" line: lines [element-type char *, NULL: none], as long as there are
 * regions, are replaced. */
void chat_region_lines(const char *text, GPtrArray *lines);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(chat_reply, chat_reply_clear)

G_END_DECLS
