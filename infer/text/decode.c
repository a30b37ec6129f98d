/* Ids to text, as they come. */
#include <string.h>

#include "infer/text/tokenizer-private.h"

#define SPACE "\xe2\x96\x81" /* U+2581 */
#define REPLACEMENT "\xef\xbf\xbd"

static void bytes_of_bpe(const tokenizer *t, const char *entry, GString *out)
{
	for (const char *p = entry; *p; p = g_utf8_next_char(p)) {
		const gunichar c = g_utf8_get_char(p);
		if (c < G_N_ELEMENTS(t->byte_of) && t->byte_of[c] >= 0)
			g_string_append_c(out, (char)t->byte_of[c]);
		else
			g_string_append_len(out, p, g_utf8_next_char(p) - p);
	}
}

static void bytes_of_spm(const tokenizer *t, int id, GString *out)
{
	const char *entry = t->entries[id];
	if (t->types[id] == TOKEN_BYTE) {
		for (int b = 0; b < 256; b++)
			if (t->byte_id[b] == id)
				g_string_append_c(out, (char)b);
		return;
	}
	for (const char *p = entry; *p;) {
		const bool space = g_str_has_prefix(p, SPACE);
		g_string_append_c(out, space ? ' ' : *p);
		p += space ? strlen(SPACE) : 1;
	}
}

void tokenizer_bytes(const tokenizer *t, int id, GString *out)
{
	if (!tokenizer_entry(t, id) || tokenizer_is_control(t, id) || t->types[id] == TOKEN_UNKNOWN)
		return;
	if (t->types[id] == TOKEN_USER_DEFINED && !t->sentencepiece)
		g_string_append(out, t->entries[id]);
	else if (t->sentencepiece)
		bytes_of_spm(t, id, out);
	else
		bytes_of_bpe(t, t->entries[id], out);
}

struct text_stream {
	const tokenizer *t;
	GString *kept; /* bytes that are no whole character yet */
	GString *out;
	bool begun;
};

text_stream *text_stream_new(const tokenizer *t)
{
	text_stream *s = g_new0(text_stream, 1);
	s->t = t;
	s->kept = g_string_new(NULL);
	s->out = g_string_new(NULL);
	return s;
}

void text_stream_free(text_stream *s)
{
	if (!s)
		return;
	g_string_free(s->kept, TRUE);
	g_string_free(s->out, TRUE);
	g_free(s);
}

/* Moves what is decided from kept to out: characters as they are, wrong bytes as U+FFFD. last: nothing more comes. */
static void release(text_stream *s, bool last)
{
	const char *p = s->kept->str, *end = p + s->kept->len;
	while (p < end) {
		if (!*p) { /* a character that a terminated text cannot hold */
			p++;
			continue;
		}
		const gunichar c = g_utf8_get_char_validated(p, end - p);
		if (c == (gunichar)-2 && !last)
			break;
		if (c == (gunichar)-2 || c == (gunichar)-1) {
			g_string_append(s->out, REPLACEMENT);
			p = c == (gunichar)-2 ? end : p + 1;
			continue;
		}
		g_string_append_unichar(s->out, c);
		p = g_utf8_next_char(p);
	}
	g_string_erase(s->kept, 0, p - s->kept->str);
}

const char *text_stream_push(text_stream *s, int id)
{
	g_string_truncate(s->out, 0);
	tokenizer_bytes(s->t, id, s->kept);
	if (!s->begun && s->kept->len > 0) {
		if (s->t->sentencepiece && s->t->space_prefix && s->kept->str[0] == ' ')
			g_string_erase(s->kept, 0, 1);
		s->begun = true;
	}
	release(s, false);
	return s->out->str;
}

const char *text_stream_finish(text_stream *s)
{
	g_string_truncate(s->out, 0);
	release(s, true);
	s->begun = false;
	return s->out->str;
}
