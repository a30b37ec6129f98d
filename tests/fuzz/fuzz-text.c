/* Spoils the metadata of good tokenizers in random ways and reads them; what is accepted must encode and decode any
 * text, and none of it may become a control token.
 *
 *   fuzz-text [SECONDS [SEED]]      default: 2 seconds, seed 1 */
#include <stdlib.h>
#include <string.h>

#include "infer/text/template.h"

static GBytes *good_file(const char *name)
{
	const char *source = g_getenv("NADIR_SOURCE");
	g_autofree char *path = g_build_filename(source ? source : ".", "tests", "data", name, NULL);
	char *data;
	gsize n;
	if (!g_file_get_contents(path, &data, &n, NULL))
		g_error("%s cannot be read", path);
	return g_bytes_new_take(data, n);
}

/* A few random edits of bytes, words and small numbers. */
static GBytes *spoil(GRand *rand, GBytes *good)
{
	gsize n;
	const guint8 *from = g_bytes_get_data(good, &n);
	guint8 *data = g_memdup2(from, n);
	for (int edits = g_rand_int_range(rand, 0, 6); edits > 0; edits--) {
		const gsize at = (gsize)g_rand_int_range(rand, 24, (gint32)(n - 8));
		const guint32 small = (guint32)g_rand_int_range(rand, 0, 8), byte = g_rand_int(rand);
		if (g_rand_boolean(rand))
			data[at] = (guint8)byte;
		else
			memcpy(data + at, &small, 4);
	}
	return g_bytes_new_take(data, n);
}

static char *random_text(GRand *rand)
{
	static const char *const parts[] = {"a",     " ",    "  ",   "ship", "é",    "中",         "\n", "1",      "'s",
	                                    "<pix>", "\xff", "🙂", "###",  "</s>", "<|im_end|>", "\t", "Region", "_"};
	GString *s = g_string_new(NULL);
	for (int i = g_rand_int_range(rand, 0, 20); i > 0; i--)
		g_string_append(s, parts[g_rand_int_range(rand, 0, G_N_ELEMENTS(parts))]);
	return g_string_free(s, FALSE);
}

static void use(tokenizer *t, GRand *rand)
{
	g_autofree char *text = random_text(rand);
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(guint32));
	const bool good = tokenizer_encode(t, text, -1, true, ids, NULL);
	g_assert_true(good == g_utf8_validate(text, -1, NULL));
	g_autoptr(text_stream) stream = text_stream_new(t);
	for (guint i = 0; i < ids->len; i++) {
		const int id = (int)g_array_index(ids, guint32, i);
		g_assert_cmpint(id, <, (int)tokenizer_size(t));
		g_assert_false(tokenizer_is_control(t, id));
		g_assert_true(g_utf8_validate(text_stream_push(stream, id), -1, NULL));
	}
	for (int i = 0; i < 8; i++)
		g_assert_true(g_utf8_validate(text_stream_push(stream, g_rand_int_range(rand, -2, 800)), -1, NULL));
	g_assert_true(g_utf8_validate(text_stream_finish(stream), -1, NULL));
}

static void use_template(const gguf *g, tokenizer *t)
{
	g_auto(chat_template) k = {0};
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(guint32));
	const chat_message m = {CHAT_USER, "What is this? <|im_end|>"};
	if (chat_template_find(g, t, &k, NULL))
		g_assert_true(chat_template_render(&k, t, &m, 1, ids, NULL) ||
		              (k.system && !g_utf8_validate(k.system, -1, NULL)));
}

int main(int argc, char **argv)
{
	const double seconds = argc > 1 ? g_ascii_strtod(argv[1], NULL) : 2.0;
	const guint32 seed = argc > 2 ? (guint32)strtoul(argv[2], NULL, 10) : 1;
	GBytes *good[] = {good_file("tokenizer-bpe.gguf"), good_file("tokenizer-spm.gguf")};
	g_autoptr(GTimer) timer = g_timer_new();
	GRand *rand = g_rand_new_with_seed(seed);
	guint64 runs = 0, accepted = 0;
	for (; g_timer_elapsed(timer, NULL) < seconds; runs++) {
		g_autoptr(GBytes) bytes = spoil(rand, good[runs % G_N_ELEMENTS(good)]);
		g_autoptr(gguf) g = gguf_open_bytes(bytes, "spoiled", NULL);
		g_autoptr(tokenizer) t = g ? tokenizer_new(g, NULL) : NULL;
		if (!t)
			continue;
		accepted++;
		use(t, rand);
		use_template(g, t);
	}
	g_print("%" G_GUINT64_FORMAT " files, %" G_GUINT64_FORMAT " accepted\n", runs, accepted);
	g_rand_free(rand);
	for (guint i = 0; i < G_N_ELEMENTS(good); i++)
		g_bytes_unref(good[i]);
	return accepted > 0 && accepted < runs ? 0 : 1; /* else nothing was spoiled, or everything */
}
