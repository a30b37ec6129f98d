/* Conversations to ids: chat templates known by name, recognised from the file's tokenizer.chat_template. Nothing of
 * the template is executed. Pure. */
#pragma once
#include "infer/text/tokenizer.h"

G_BEGIN_DECLS

/* Joins what an application writes and what a user typed. Neighbouring texts are encoded as one, so that the ids are
 * those of the whole prompt; control tokens stand between. The first error is kept for text_composer_finish(). */
typedef struct {
	tokenizer *t;
	GArray *ids;      /* guint32; borrowed */
	GString *pending; /* text not yet encoded */
	bool start;       /* SentencePiece: what comes next gets a leading space */
	bool opened;      /* chat_template_begin() has begun the first user turn */
	GError *error;
} text_composer;
void text_composer_init(text_composer *c, tokenizer *t, GArray *ids);
void text_composer_text(text_composer *c, const char *text);
/* A literal of the template: its control token where the vocabulary has one, else text. */
void text_composer_literal(text_composer *c, const char *literal);
/* An id as it stands, for spliced vectors (their marker) and replies kept as ids. */
void text_composer_id(text_composer *c, guint32 id);
bool text_composer_finish(text_composer *c, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef enum {
	TEMPLATE_CHATML, /* <|im_start|>role\n…<|im_end|>\n: SmolLM2, Qwen2, InternLM2 … */
	TEMPLATE_LLAMA2, /* <s>[INST] <<SYS>>\n…\n<</SYS>>\n\n… [/INST] … </s> */
	TEMPLATE_LLAMA3, /* <|start_header_id|>role<|end_header_id|>\n\n…<|eot_id|> */
	TEMPLATE_ZEPHYR, /* <|user|>\n…</s>\n */
	TEMPLATE_VICUNA, /* ### Human: …\n### Assistant: … (spec earthgpt-x.md 7) */
} template_kind;
typedef struct {
	template_kind kind;
	char *system; /* the system turn when the conversation has none; NULL: no such turn */
} chat_template;
void chat_template_clear(chat_template *k);
const char *chat_template_name(const chat_template *k);

/* By the file's template text, else by the vocabulary where that leaves one choice. A template that is not known is
 * TEXT_ERROR_MODEL and shows its beginning. */
bool chat_template_find(const gguf *g, const tokenizer *t, chat_template *out,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A prompt is: chat_template_begin, then for each message chat_template_open, its text, chat_template_close, and last
 * chat_template_generate. Text is put between by the caller, who may put vectors there too. */
typedef enum { CHAT_SYSTEM, CHAT_USER, CHAT_ASSISTANT } chat_role;
/* BOS where the model wants it, and the system turn: `system`, or NULL for the template's own. */
void chat_template_begin(const chat_template *k, text_composer *c, const char *system);
void chat_template_system(const chat_template *k, text_composer *c, const char *system); /* the same without BOS */
void chat_template_open(const chat_template *k, text_composer *c, chat_role role);
void chat_template_close(const chat_template *k, text_composer *c, chat_role role);
void chat_template_generate(const chat_template *k, text_composer *c); /* the assistant's turn begins */
/* Text at which a reply ends although no token says so, NULL for none ("\n###"). Static. */
const char *chat_template_stop(const chat_template *k);

typedef struct {
	chat_role role;
	const char *text; /* borrowed */
} chat_message;
/* The whole of it for plain text: system first or not at all, then user and assistant in turns, user last. Anything
 * else is TEXT_ERROR_INVALID and names the message. */
bool chat_template_render(const chat_template *k, tokenizer *t, const chat_message *messages, guint n, GArray *ids,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(chat_template, chat_template_clear)

G_END_DECLS
