/* SentencePiece BPE (spec llama.md 6). */
#include <string.h>

#include "infer/text/tokenizer-private.h"

#define SPACE "\xe2\x96\x81" /* U+2581 */

static bool merge_scores(const tokenizer *t, const char *text, const merge_symbol *left, const merge_symbol *right,
                         double *cost, int *id)
{
	if ((left->id >= 0 && t->types[left->id] == TOKEN_USER_DEFINED) ||
	    (right->id >= 0 && t->types[right->id] == TOKEN_USER_DEFINED))
		return false; /* these stand as they are */
	const int found = string_map_get(&t->text, text + left->start, left->len + right->len);
	if (found < 0)
		return false;
	*cost = -(double)t->scores[found];
	*id = found;
	return true;
}

/* A symbol that is no entry becomes a byte token a byte, or the unknown token. */
static void append_bytes(const tokenizer *t, const char *text, const merge_symbol *s, GArray *ids)
{
	for (guint i = 0; i < s->len; i++) {
		const int id = t->byte_id[(guint8)text[s->start + i]];
		if (id < 0) {
			g_array_append_val(ids, t->special.unknown);
			return;
		}
		g_array_append_val(ids, id);
	}
}

static GArray *symbols_of(const tokenizer *t, const GString *text)
{
	GArray *all = g_array_new(FALSE, FALSE, sizeof(merge_symbol));
	for (guint at = 0; at < text->len;) {
		const char *p = text->str + at;
		merge_symbol s = {.start = at, .prev = (int)all->len - 1, .next = (int)all->len + 1};
		gsize len;
		s.id = tokenizer_literal(t, p, text->str + text->len, &len);
		if (s.id < 0) {
			len = (gsize)(g_utf8_next_char(p) - p);
			s.id = string_map_get(&t->text, p, len);
		}
		s.len = (guint32)len;
		g_array_append_val(all, s);
		at += s.len;
	}
	if (all->len > 0)
		g_array_index(all, merge_symbol, all->len - 1).next = -1;
	return all;
}

void spm_encode(tokenizer *t, const char *text, gsize len, bool start, GArray *ids)
{
	g_autoptr(GString) spaced = g_string_sized_new(len + 16);
	if (len == 0)
		return;
	if (start && t->space_prefix)
		g_string_append(spaced, SPACE);
	for (gsize i = 0; i < len; i++) {
		if (text[i] == ' ')
			g_string_append(spaced, SPACE);
		else
			g_string_append_c(spaced, text[i]);
	}
	g_autoptr(GArray) all = symbols_of(t, spaced);
	merge_symbol *s = (merge_symbol *)all->data;
	merge_run(t, spaced->str, s, all->len, merge_scores);
	for (int i = 0; i >= 0; i = s[i].next) {
		if (s[i].id >= 0)
			g_array_append_val(ids, s[i].id);
		else
			append_bytes(t, spaced->str, &s[i], ids);
	}
}
