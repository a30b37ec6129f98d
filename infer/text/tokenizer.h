/* Text to ids and back, from a GGUF file's metadata (spec llama.md 5 and 6): byte-level BPE ("gpt2", with its
 * pre-tokenizer by name) and SentencePiece BPE ("llama"). Pure; a tokenizer belongs to one thread (it keeps a cache).
 *
 * What a user typed can never become a control token: tokenizer_encode() knows no control tokens at all. Whoever
 * composes a prompt puts them in by id (tokenizer_find(), text_composer in infer/text/template.h). */
#pragma once
#include "infer/gguf.h"

G_BEGIN_DECLS

#define TEXT_ERROR (text_error_quark())
GQuark text_error_quark(void);
typedef enum {
	TEXT_ERROR_MODEL,       /* the file's tokenizer or template is missing, broken or of an unknown kind */
	TEXT_ERROR_INVALID,     /* the text is not UTF-8, or empty where it may not be */
	TEXT_ERROR_UNSUPPORTED, /* an operation that this tokenizer or template has no form for */
} text_error;

typedef struct tokenizer tokenizer;
/* Copies what it needs: g may be closed after. Errors name file and key. */
tokenizer *tokenizer_new(const gguf *g, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void tokenizer_free(tokenizer *t);

guint tokenizer_size(const tokenizer *t);
/* Special ids, -1 where the file names none. */
typedef struct {
	int bos, eos, eot, unknown, padding;
	bool add_bos, add_eos;
} tokenizer_special;
const tokenizer_special *tokenizer_get_special(const tokenizer *t);
/* Whether generation ends at this id: EOS, end of turn, and the control tokens that end a turn in known templates. */
bool tokenizer_is_end(const tokenizer *t, int id);
bool tokenizer_is_control(const tokenizer *t, int id);
/* The id of a control or user-defined token with exactly this text, -1 if there is none. */
int tokenizer_find(const tokenizer *t, const char *text);
/* The vocabulary entry as the file has it, NULL outside the vocabulary. */
const char *tokenizer_entry(const tokenizer *t, int id);

/* Appends the ids (guint32) of UTF-8 text to ids; no BOS, no control tokens. len -1: to the terminator; NUL bytes are
 * allowed with a len. start: the text begins a prompt or follows a control token (SentencePiece then puts its leading
 * space). Text that is not UTF-8 is TEXT_ERROR_INVALID and names the byte. O(n log n) in the longest piece. */
bool tokenizer_encode(tokenizer *t, const char *text, gssize len, bool start, GArray *ids,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The bytes of one id, appended; a control token has none. */
void tokenizer_bytes(const tokenizer *t, int id, GString *out);

/* Decoding as the ids come: what push() returns is always whole UTF-8 (possibly ""), valid until the next call; bytes
 * that may still become a character are kept back, bytes that cannot become U+FFFD. */
typedef struct text_stream text_stream;
text_stream *text_stream_new(const tokenizer *t);
void text_stream_free(text_stream *s);
const char *text_stream_push(text_stream *s, int id);
const char *text_stream_finish(text_stream *s); /* what was kept back; the stream is as new after */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(tokenizer, tokenizer_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(text_stream, text_stream_free)

G_END_DECLS
