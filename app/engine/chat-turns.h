/* Conversations as triples, the form they are stored, exported and read in (spec earthgpt-x.md 8):
 * [{"from":"user","value":"…"},{"from":"model","value":"…"},…]. Pure. */
#pragma once
#include <cjson/cJSON.h>

#include "app/engine/prompt.h"

G_BEGIN_DECLS

#define CHAT_ERROR (chat_error_quark())
GQuark chat_error_quark(void);
typedef enum {
	CHAT_ERROR_MODEL,    /* no chat model, or one that cannot be used; the message says what to do */
	CHAT_ERROR_QUESTION, /* empty, not UTF-8, turns out of order */
	CHAT_ERROR_REGION,   /* outside the image, of no area, more than the model takes */
	CHAT_ERROR_CONTEXT,  /* even the newest turn does not fit */
	CHAT_ERROR_IMAGE,    /* a language model was asked about an image, or an image model without one */
} chat_error;

typedef struct {
	bool model;  /* else the user */
	char *value; /* UTF-8, as said: a model's with its <p>, </p>, <pix> */
} chat_turn;

typedef struct {
	GArray *turns;        /* of chat_turn, values owned */
	GPtrArray *regions;   /* of prompt, one mark each; empty when the file names none */
	char *image, *source; /* as the file says, or NULL */
} chat_turns;
chat_turns *chat_turns_new(void);
void chat_turns_free(chat_turns *t);
void chat_turns_add(chat_turns *t, bool model, const char *value);
/* The list alone, or an object with it as "conversations" (and "image", "source", "regions" beside it). name stands for
 * the file in messages. Invalid UTF-8, wrong shape, a turn out of order: CHAT_ERROR_QUESTION, one sentence. */
chat_turns *chat_turns_parse(const char *text, gsize length, const char *name,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
chat_turns *chat_turns_load(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The JSON that a text is, with nothing but white space behind it; NULL: it is none. cJSON_Delete. */
cJSON *chat_json_parse(const char *text, gsize length);

/* The next `<Region 2>` in text at or behind `from`, written with or without its space, in any case: its byte range
 * and number. */
bool chat_find_region(const char *text, guint from, guint *start, guint *end, guint *number);

/* The questions a small model keys on (spec earthgpt-x.md 7). Static; CHAT_SEGMENT is a g_free'd text with the phrase
 * put in: chat_segment_question(). */
typedef enum {
	CHAT_CLASSIFY_REGIONS,
	CHAT_BRIEF_REGIONS,
	CHAT_DETAILED_REGIONS,
	CHAT_RELATE_REGIONS,
	CHAT_SEGMENT_REGIONS,
	CHAT_SCENE,
	CHAT_BRIEF,
	CHAT_DETAILED,
	CHAT_GROUNDED,
	CHAT_N_TASKS,
} chat_task;
const char *chat_task_question(chat_task task);
char *chat_segment_question(const char *phrase);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(chat_turns, chat_turns_free)

G_END_DECLS
