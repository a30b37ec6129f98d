/* Byte-level BPE (spec llama.md 5). */
#include <string.h>

#include "infer/text/tokenizer-private.h"

#define CACHED_PIECE_BYTES 48 /* longer ones rarely come again */
#define CACHED_PIECES 32768   /* then the cache starts anew */

/* The 188 printable bytes stand for themselves, the others in order for U+0100 and on. */
static gunichar stand_in(guint8 byte)
{
	if ((byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174)
		return byte;
	if (byte <= 32)
		return 0x100u + byte;
	return byte == 173 ? 0x143u : 0x121u + (byte - 127u);
}

guint bpe_byte_char(guint8 byte, char out[4])
{
	char utf8[6] = {0};
	const int n = g_unichar_to_utf8(stand_in(byte), utf8);
	memcpy(out, utf8, 4);
	return (guint)n;
}

static bool merge_ids(const tokenizer *t, const char *text, const merge_symbol *left, const merge_symbol *right,
                      double *cost, int *id)
{
	const struct pair_slot *s = pair_map_get(&t->merges, left->id, right->id);
	if (!s)
		return false;
	*cost = s->rank;
	*id = s->result;
	return true;
}

/* The whole piece as one vocabulary entry, -1 when it is none. */
static int whole_piece(const tokenizer *t, const char *piece, gsize len)
{
	g_autoptr(GString) mapped = g_string_sized_new(2 * len);
	for (gsize i = 0; i < len; i++) {
		char c[4];
		g_string_append_len(mapped, c, bpe_byte_char((guint8)piece[i], c));
	}
	return string_map_get(&t->text, mapped->str, mapped->len);
}

static void encode_piece(const tokenizer *t, const char *piece, gsize len, GArray *ids)
{
	const int whole = t->whole ? whole_piece(t, piece, len) : -1;
	if (whole >= 0) {
		g_array_append_val(ids, whole);
		return;
	}
	g_autofree merge_symbol *s = g_new(merge_symbol, len);
	guint n = 0;
	for (gsize i = 0; i < len; i++) {
		const int id = t->byte_id[(guint8)piece[i]];
		if (id >= 0) { /* control bytes that no training text had: the reference libraries drop them too */
			s[n] = (merge_symbol){(guint32)i, 1, id, (int)n - 1, (int)n + 1};
			n++;
		}
	}
	if (n == 0)
		return;
	s[n - 1].next = -1;
	merge_run(t, piece, s, n, merge_ids);
	for (int i = 0; i >= 0; i = s[i].next)
		g_array_append_val(ids, s[i].id);
}

static void encode_cached(tokenizer *t, const char *piece, gsize len, GArray *ids)
{
	char key[CACHED_PIECE_BYTES + 1];
	if (len > CACHED_PIECE_BYTES || memchr(piece, 0, len)) {
		encode_piece(t, piece, len, ids);
		return;
	}
	memcpy(key, piece, len);
	key[len] = 0;
	GArray *known = g_hash_table_lookup(t->cache, key);
	if (!known) {
		if (g_hash_table_size(t->cache) >= CACHED_PIECES)
			g_hash_table_remove_all(t->cache);
		known = g_array_new(FALSE, FALSE, sizeof(guint32));
		encode_piece(t, piece, len, known);
		g_hash_table_insert(t->cache, g_strndup(piece, len), known);
	}
	g_array_append_vals(ids, known->data, known->len);
}

static void encode_plain(tokenizer *t, const char *text, const char *end, GArray *ids)
{
	while (text < end) {
		const char *next = t->split(text, end);
		encode_cached(t, text, (gsize)(next - text), ids);
		text = next;
	}
}

void bpe_encode(tokenizer *t, const char *text, gsize len, GArray *ids)
{
	const char *end = text + len, *plain = text;
	for (const char *p = text; p < end;) {
		gsize bytes;
		const int id = tokenizer_literal(t, p, end, &bytes);
		if (id < 0) {
			p++;
			continue;
		}
		encode_plain(t, plain, p, ids);
		g_array_append_val(ids, id);
		plain = p += bytes;
	}
	encode_plain(t, plain, end, ids);
}
