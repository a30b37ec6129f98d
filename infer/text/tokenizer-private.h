/* The inside of a tokenizer, shared by the file that reads it and those that split, merge and decode. */
#pragma once
#include "infer/text/tokenizer.h"

G_BEGIN_DECLS

/* tokenizer.ggml.token_type */
typedef enum {
	TOKEN_NORMAL = 1,
	TOKEN_UNKNOWN,
	TOKEN_CONTROL,
	TOKEN_USER_DEFINED,
	TOKEN_UNUSED,
	TOKEN_BYTE,
} token_type;

/* Byte strings to numbers; keys are borrowed. Open addressing: merging asks it for every pair. */
typedef struct {
	struct map_slot {
		const char *key;
		guint32 len;
		int value;
	} * slots;
	guint mask, used;
} string_map;
void string_map_init(string_map *m, guint expected);
void string_map_clear(string_map *m);
void string_map_put(string_map *m, const char *key, gsize len, int value); /* the first value of a key stays */
int string_map_get(const string_map *m, const char *key, gsize len);       /* -1: not there */

/* Pairs of ids to their merge. */
typedef struct {
	struct pair_slot {
		guint64 key; /* left << 32 | right; G_MAXUINT64: empty */
		guint32 rank;
		int result;
	} * slots;
	guint mask;
} pair_map;
void pair_map_init(pair_map *m, guint expected);
void pair_map_clear(pair_map *m);
void pair_map_put(pair_map *m, int left, int right, guint32 rank, int result); /* the first of a pair stays */
const struct pair_slot *pair_map_get(const pair_map *m, int left, int right);

/* The end of the piece that begins at p (p < end): one step of a pre-tokenizer's pattern. */
typedef const char *(*split_fn)(const char *p, const char *end);
/* NULL for a name that is not known. whole: a piece that is a vocabulary entry is taken as it is, unmerged. */
split_fn split_find(const char *name, bool *whole);
char *split_names(void); /* all of them, for messages; g_free */

struct tokenizer {
	bool sentencepiece, space_prefix;
	guint n;
	char **entries; /* [n], owned */
	guint8 *types;  /* [n] of token_type */
	float *scores;  /* [n], SentencePiece only */
	tokenizer_special special;
	string_map text;         /* entries that text may become */
	string_map special_text; /* control tokens, and user-defined ones that look like them */
	GArray
		*literals[256]; /* of guint32, by first byte or NULL: entries that text matches as they stand, longest first */
	int byte_id[256];   /* id of each single byte, -1: none */
	/* byte-level BPE */
	split_fn split;
	bool whole;
	pair_map merges;
	gint16 byte_of[512]; /* code point of a printable stand-in -> byte, -1: none */
	GHashTable *cache;   /* piece (owned) -> GArray of guint32 */
	guint8 *end;         /* [n]: not 0 where generation ends */
};

/* One symbol of a text under merging. */
typedef struct {
	guint32 start, len; /* bytes; len 0: merged into its left neighbour */
	int id, prev, next; /* id -1: no vocabulary entry */
} merge_symbol;
/* Whether two neighbours merge: at what cost (the lowest first, leftmost on ties) and into which id. */
typedef bool (*merge_fn)(const tokenizer *t, const char *text, const merge_symbol *left, const merge_symbol *right,
                         double *cost, int *id);
/* Merges until nothing merges; symbols [n] are linked in order before. O(n log n). */
void merge_run(const tokenizer *t, const char *text, merge_symbol *symbols, guint n, merge_fn merge);

/* The user-defined entry that text has at p, -1 for none; *len its bytes. */
int tokenizer_literal(const tokenizer *t, const char *p, const char *end, gsize *len);
void bpe_encode(tokenizer *t, const char *text, gsize len, GArray *ids);
void spm_encode(tokenizer *t, const char *text, gsize len, bool start, GArray *ids);
/* UTF-8 of the printable character that stands for a byte (spec llama.md 5.3). */
guint bpe_byte_char(guint8 byte, char out[4]);

G_END_DECLS
