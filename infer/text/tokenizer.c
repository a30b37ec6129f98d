/* Reading a tokenizer from a file, and encoding by its kind. */
#include <glib/gi18n-lib.h>
#include <stdio.h>
#include <string.h>

#include "infer/text/tokenizer-private.h"

G_DEFINE_QUARK(text_error_quark, text_error)

/* Tokens that end a turn in known templates, whatever the file calls its EOS. */
static const char *const turn_ends[] = {"<|im_end|>", "<|eot_id|>",      "<|eom_id|>",    "<|end|>",
                                        "</s>",       "<|end_of_text|>", "<|endoftext|>", "<end_of_turn>"};

static bool broken(const gguf *g, GError **error, const char *format, ...) G_GNUC_PRINTF(3, 4);
static bool broken(const gguf *g, GError **error, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	g_autofree char *what = g_strdup_vprintf(format, args);
	va_end(args);
	g_set_error(error, TEXT_ERROR, TEXT_ERROR_MODEL, _("%s: the tokenizer cannot be used: %s"), gguf_path(g), what);
	return false;
}

/* "<|im_end|>", "[INST]": text that a template may write; typing it must not make the token. */
static bool looks_like_control(const char *entry)
{
	const gsize n = strlen(entry);
	return n > 2 && ((entry[0] == '<' && entry[n - 1] == '>') || (entry[0] == '[' && entry[n - 1] == ']'));
}

static bool is_special(const tokenizer *t, guint id)
{
	return t->types[id] == TOKEN_CONTROL || (t->types[id] == TOKEN_USER_DEFINED && looks_like_control(t->entries[id]));
}

/* --- reading --- */

static bool read_entries(tokenizer *t, const gguf *g, GError **error)
{
	guint n_types;
	const char *const *entries = gguf_get_strings(g, "tokenizer.ggml.tokens", &t->n, error);
	const int32_t *types = entries ? gguf_get_i32s(g, "tokenizer.ggml.token_type", &n_types, error) : NULL;
	if (!types)
		return false;
	if (t->n == 0)
		return broken(g, error, _("it has no tokens"));
	if (n_types != t->n)
		return broken(g, error, _("it has %u tokens but types for %u"), t->n, n_types);
	t->entries = g_new0(char *, t->n);
	t->types = g_new(guint8, t->n);
	for (guint i = 0; i < t->n; i++) {
		if (types[i] < TOKEN_NORMAL || types[i] > TOKEN_BYTE)
			return broken(g, error, _("token %u has the unknown type %d"), i, types[i]);
		t->types[i] = (guint8)types[i];
		t->entries[i] = g_strdup(entries[i]);
	}
	return true;
}

static bool read_scores(tokenizer *t, const gguf *g, GError **error)
{
	guint n;
	const float *scores = gguf_get_f32s(g, "tokenizer.ggml.scores", &n, error);
	if (!scores)
		return false;
	if (n != t->n)
		return broken(g, error, _("it has %u tokens but scores for %u"), t->n, n);
	t->scores = g_memdup2(scores, n * sizeof *scores);
	return true;
}

static bool read_id(const tokenizer *t, const gguf *g, const char *key, int *out, GError **error)
{
	uint32_t id;
	*out = -1;
	if (!gguf_has(g, key))
		return true;
	if (!gguf_get_u32(g, key, &id, error))
		return false;
	if (id >= t->n)
		return broken(g, error, _("%s is %u, and there are only %u tokens"), key, id, t->n);
	*out = (int)id;
	return true;
}

static bool read_flag(const gguf *g, const char *key, bool *out, GError **error)
{
	return !gguf_has(g, key) || gguf_get_bool(g, key, out, error);
}

static bool read_special(tokenizer *t, const gguf *g, GError **error)
{
	tokenizer_special *s = &t->special;
	t->space_prefix = t->sentencepiece;
	s->add_bos = t->sentencepiece || t->whole;
	return read_id(t, g, "tokenizer.ggml.bos_token_id", &s->bos, error) &&
	       read_id(t, g, "tokenizer.ggml.eos_token_id", &s->eos, error) &&
	       read_id(t, g, "tokenizer.ggml.eot_token_id", &s->eot, error) &&
	       read_id(t, g, "tokenizer.ggml.unknown_token_id", &s->unknown, error) &&
	       read_id(t, g, "tokenizer.ggml.padding_token_id", &s->padding, error) &&
	       read_flag(g, "tokenizer.ggml.add_bos_token", &s->add_bos, error) &&
	       read_flag(g, "tokenizer.ggml.add_eos_token", &s->add_eos, error) &&
	       read_flag(g, "tokenizer.ggml.add_space_prefix", &t->space_prefix, error);
}

static bool read_kind(tokenizer *t, const gguf *g, GError **error)
{
	if (!gguf_has(g, "tokenizer.ggml.model"))
		return broken(g, error, _("the key tokenizer.ggml.model is missing, so the file holds none"));
	const char *model = gguf_get_string(g, "tokenizer.ggml.model", error);
	if (!model)
		return false;
	t->sentencepiece = strcmp(model, "llama") == 0;
	if (t->sentencepiece)
		return true;
	if (strcmp(model, "gpt2") != 0)
		return broken(g, error, _("its kind “%s” is not known, only gpt2 and llama"), model);
	const char *pre = gguf_has(g, "tokenizer.ggml.pre") ? gguf_get_string(g, "tokenizer.ggml.pre", error) : "gpt-2";
	if (!pre)
		return false;
	t->split = split_find(pre, &t->whole);
	g_autofree char *names = split_names();
	return t->split || broken(g, error, _("its pre-tokenizer “%s” is not known, only %s"), pre, names);
}

/* --- tables --- */

static int longer_first(gconstpointer a, gconstpointer b, void *data)
{
	const tokenizer *t = data;
	const gsize x = strlen(t->entries[*(const guint32 *)a]), y = strlen(t->entries[*(const guint32 *)b]);
	return x < y ? 1 : x > y ? -1 : 0;
}

static void add_literal(tokenizer *t, guint32 id)
{
	GArray **list = &t->literals[(guint8)t->entries[id][0]];
	if (!*list)
		*list = g_array_new(FALSE, FALSE, sizeof(guint32));
	g_array_append_val(*list, id);
}

static void index_entries(tokenizer *t)
{
	string_map_init(&t->text, t->n);
	string_map_init(&t->special_text, t->n);
	t->end = g_new0(guint8, t->n);
	for (guint i = 0; i < t->n; i++) {
		const char *e = t->entries[i];
		if (*e && is_special(t, i))
			string_map_put(&t->special_text, e, strlen(e), (int)i);
		else if (*e && t->types[i] == TOKEN_USER_DEFINED)
			add_literal(t, i);
		else if (*e && t->types[i] == TOKEN_NORMAL)
			string_map_put(&t->text, e, strlen(e), (int)i);
	}
	for (guint i = 0; i < G_N_ELEMENTS(t->literals); i++)
		if (t->literals[i])
			g_array_sort_with_data(t->literals[i], longer_first, t);
	const int ends[] = {t->special.eos, t->special.eot};
	for (guint i = 0; i < G_N_ELEMENTS(ends); i++)
		if (ends[i] >= 0)
			t->end[ends[i]] = 1;
	for (guint i = 0; i < G_N_ELEMENTS(turn_ends); i++) {
		const int id = tokenizer_find(t, turn_ends[i]);
		if (id >= 0)
			t->end[id] = 1;
	}
}

/* Bytes that no text holds may lack a token; without those of plain ASCII the vocabulary is a wrong one. */
static bool index_bytes_bpe(tokenizer *t, const gguf *g, GError **error)
{
	memset(t->byte_of, -1, sizeof t->byte_of);
	for (int b = 0; b < 256; b++) {
		char c[4];
		const guint n = bpe_byte_char((guint8)b, c);
		t->byte_of[g_utf8_get_char_validated(c, n)] = (gint16)b;
		t->byte_id[b] = string_map_get(&t->text, c, n);
		if (t->byte_id[b] < 0 && b >= 32 && b < 127)
			return broken(g, error, _("the token for byte %d is missing"), b);
	}
	return true;
}

static bool index_bytes_spm(tokenizer *t, const gguf *g, GError **error)
{
	bool all = true;
	for (int b = 0; b < 256; b++)
		t->byte_id[b] = -1;
	for (guint i = 0; i < t->n; i++) {
		unsigned byte;
		char closing;
		if (t->types[i] == TOKEN_BYTE && sscanf(t->entries[i], "<0x%2X%c", &byte, &closing) == 2 && closing == '>' &&
		    byte < 256) /* "<0x-1>" reads as a number too */
			t->byte_id[byte] = (int)i;
	}
	for (int b = 0; b < 256; b++)
		all &= t->byte_id[b] >= 0;
	if (tokenizer_is_control(t, t->special.unknown))
		t->special.unknown = -1; /* a strange character in a question must not become a control token */
	return all || t->special.unknown >= 0 ||
	       broken(g, error, _("it has neither a token for each byte nor one for the unknown"));
}

/* Merges whose parts or result are not in the vocabulary belong to a larger one that was pruned: they go. */
static bool read_merges(tokenizer *t, const gguf *g, GError **error)
{
	guint n;
	const char *const *merges = gguf_get_strings(g, "tokenizer.ggml.merges", &n, error);
	if (!merges)
		return false;
	pair_map_init(&t->merges, n);
	g_autoptr(GString) joined = g_string_new(NULL);
	for (guint i = 0; i < n; i++) {
		const char *space = *merges[i] ? strchr(merges[i] + 1, ' ') : NULL;
		if (!space || !space[1])
			return broken(g, error, _("merge %u, “%s”, is no pair"), i, merges[i]);
		g_string_truncate(joined, 0);
		g_string_append_len(joined, merges[i], space - merges[i]);
		g_string_append(joined, space + 1);
		const int left = string_map_get(&t->text, merges[i], (gsize)(space - merges[i]));
		const int right = string_map_get(&t->text, space + 1, strlen(space + 1));
		const int result = string_map_get(&t->text, joined->str, joined->len);
		if (left >= 0 && right >= 0 && result >= 0)
			pair_map_put(&t->merges, left, right, i, result);
	}
	return true;
}

static void cached_free(void *data)
{
	g_array_unref(data);
}

tokenizer *tokenizer_new(const gguf *g, GError **error)
{
	g_autoptr(tokenizer) t = g_new0(tokenizer, 1);
	if (!read_kind(t, g, error) || !read_entries(t, g, error) || !read_special(t, g, error))
		return NULL;
	index_entries(t);
	t->cache = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, cached_free);
	const bool good = t->sentencepiece ? read_scores(t, g, error) && index_bytes_spm(t, g, error)
	                                   : index_bytes_bpe(t, g, error) && read_merges(t, g, error);
	return good ? g_steal_pointer(&t) : NULL;
}

void tokenizer_free(tokenizer *t)
{
	if (!t)
		return;
	for (guint i = 0; t->entries && i < t->n; i++)
		g_free(t->entries[i]);
	g_free(t->entries);
	g_free(t->types);
	g_free(t->scores);
	g_free(t->end);
	for (guint i = 0; i < G_N_ELEMENTS(t->literals); i++)
		g_clear_pointer(&t->literals[i], g_array_unref);
	string_map_clear(&t->text);
	string_map_clear(&t->special_text);
	pair_map_clear(&t->merges);
	g_clear_pointer(&t->cache, g_hash_table_unref);
	g_free(t);
}

/* --- asking --- */

guint tokenizer_size(const tokenizer *t)
{
	return t->n;
}

const tokenizer_special *tokenizer_get_special(const tokenizer *t)
{
	return &t->special;
}

static bool has(const tokenizer *t, int id)
{
	return id >= 0 && (guint)id < t->n;
}

bool tokenizer_is_end(const tokenizer *t, int id)
{
	return has(t, id) && t->end[id];
}

bool tokenizer_is_control(const tokenizer *t, int id)
{
	return has(t, id) && is_special(t, (guint)id);
}

int tokenizer_find(const tokenizer *t, const char *text)
{
	return string_map_get(&t->special_text, text, strlen(text));
}

const char *tokenizer_entry(const tokenizer *t, int id)
{
	return has(t, id) ? t->entries[id] : NULL;
}

int tokenizer_literal(const tokenizer *t, const char *p, const char *end, gsize *len)
{
	const GArray *list = t->literals[(guint8)*p];
	for (guint i = 0; list && i < list->len; i++) {
		const guint32 id = g_array_index(list, guint32, i);
		*len = strlen(t->entries[id]);
		if (*len <= (gsize)(end - p) && memcmp(p, t->entries[id], *len) == 0)
			return (int)id;
	}
	return -1;
}

/* The first byte that is not UTF-8, or NULL; NUL is a character like any other. */
static const char *first_invalid(const char *text, gsize len)
{
	for (const char *p = text, *end = text + len; p < end;) {
		const char *stop;
		if (g_utf8_validate_len(p, (gsize)(end - p), &stop))
			return NULL;
		if (*stop)
			return stop;
		p = stop + 1;
	}
	return NULL;
}

bool tokenizer_encode(tokenizer *t, const char *text, gssize len, bool start, GArray *ids, GError **error)
{
	const gsize n = len < 0 ? strlen(text) : (gsize)len;
	const char *bad = first_invalid(text, n);
	if (bad) {
		g_set_error(error, TEXT_ERROR, TEXT_ERROR_INVALID,
		            _("The text is not UTF-8: byte %" G_GSIZE_FORMAT " (0x%02X) belongs to no character."),
		            (gsize)(bad - text) + 1, (guint8)*bad);
		return false;
	}
	if (t->sentencepiece)
		spm_encode(t, text, n, start, ids);
	else
		bpe_encode(t, text, n, ids);
	return true;
}
