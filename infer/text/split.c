/* Pre-tokenizers of byte-level BPE: the patterns by name, written out as code. Letters and numbers are Unicode's
 * general categories L and N; white space is Unicode's property (not GLib's isspace, which leaves out U+000B and
 * U+0085). */
#include <string.h>

#include "infer/text/tokenizer-private.h"

typedef enum { IS_OTHER, IS_LETTER, IS_NUMBER, IS_SPACE } char_class;

static bool is_space(gunichar c)
{
	return (c >= 9 && c <= 13) || c == 32 || c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) ||
	       c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

static char_class classify(gunichar c)
{
	if (is_space(c))
		return IS_SPACE;
	switch (g_unichar_type(c)) {
	case G_UNICODE_UPPERCASE_LETTER:
	case G_UNICODE_LOWERCASE_LETTER:
	case G_UNICODE_TITLECASE_LETTER:
	case G_UNICODE_MODIFIER_LETTER:
	case G_UNICODE_OTHER_LETTER:
		return IS_LETTER;
	case G_UNICODE_DECIMAL_NUMBER:
	case G_UNICODE_LETTER_NUMBER:
	case G_UNICODE_OTHER_NUMBER:
		return IS_NUMBER;
	default:
		return IS_OTHER;
	}
}

static char_class class_at(const char *p)
{
	return classify(g_utf8_get_char(p));
}

/* Behind the run of `c`, of at most `most` characters. */
static const char *run_of(const char *p, const char *end, char_class c, guint most)
{
	while (p < end && most-- > 0 && class_at(p) == c)
		p = g_utf8_next_char(p);
	return p;
}

/* Behind 's 't 're 've 'm 'll 'd, or p. */
static const char *contraction(const char *p, const char *end, bool any_case)
{
	static const char *const endings[] = {"s", "t", "re", "ve", "m", "ll", "d"};
	if (*p != '\'')
		return p;
	for (guint i = 0; i < G_N_ELEMENTS(endings); i++) {
		const gsize n = strlen(endings[i]);
		if ((gsize)(end - p) <= n)
			continue;
		if (any_case ? g_ascii_strncasecmp(p + 1, endings[i], n) == 0 : memcmp(p + 1, endings[i], n) == 0)
			return p + 1 + n;
	}
	return p;
}

/* \s+(?!\S)|\s+ : a run gives its last character back to what follows it, unless it is the only one. */
static const char *spaces(const char *p, const char *end)
{
	const char *q = run_of(p, end, IS_SPACE, G_MAXUINT);
	if (q == end)
		return q;
	const char *last = g_utf8_prev_char(q);
	return last > p ? last : q;
}

/* 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+ */
static const char *split_gpt2(const char *p, const char *end)
{
	const char *q = contraction(p, end, false);
	if (q > p)
		return q;
	q = *p == ' ' && p + 1 < end ? p + 1 : p;
	const char_class c = class_at(q);
	return c == IS_SPACE ? spaces(p, end) : run_of(q, end, c, G_MAXUINT);
}

/* \p{N} alone first, then GPT-2's pattern on what lies between: white space in front of a number is a piece of its own.
 */
static const char *split_digits(const char *p, const char *end)
{
	if (class_at(p) == IS_NUMBER)
		return g_utf8_next_char(p);
	const char *space = run_of(p, end, IS_SPACE, G_MAXUINT);
	if (space > p && space < end && class_at(space) == IS_NUMBER)
		return space;
	return split_gpt2(p, end);
}

/* \s*[\r\n]+ : the run of white space up to its last line break; p when it has none. */
static const char *line_breaks(const char *p, const char *end)
{
	const char *after = p;
	for (const char *q = p; q < end && class_at(q) == IS_SPACE;) {
		const bool breaks = *q == '\r' || *q == '\n';
		q = g_utf8_next_char(q);
		if (breaks)
			after = q;
	}
	return after;
}

static bool is_break(char c)
{
	return c == '\r' || c == '\n';
}

/* (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,most}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|
 * \s+(?!\S)|\s+ */
static const char *split_words(const char *p, const char *end, guint most_digits)
{
	const char *q = contraction(p, end, true);
	if (q > p)
		return q;
	const char_class c = class_at(p);
	if (c == IS_NUMBER)
		return run_of(p, end, IS_NUMBER, most_digits);
	q = c != IS_LETTER && !is_break(*p) ? g_utf8_next_char(p) : p;
	if (q < end && class_at(q) == IS_LETTER)
		return run_of(q, end, IS_LETTER, G_MAXUINT);
	q = *p == ' ' && p + 1 < end ? p + 1 : p;
	if (class_at(q) == IS_OTHER) {
		q = run_of(q, end, IS_OTHER, G_MAXUINT);
		while (q < end && is_break(*q))
			q++;
		return q;
	}
	q = line_breaks(p, end);
	return q > p ? q : spaces(p, end);
}

static const char *split_llama3(const char *p, const char *end)
{
	return split_words(p, end, 3);
}

static const char *split_qwen2(const char *p, const char *end)
{
	return split_words(p, end, 1);
}

static const struct {
	const char *name;
	split_fn split;
	bool whole;
} splits[] = {
	{"smollm", split_digits, false},    {"gpt-2", split_gpt2, false},      {"starcoder", split_digits, false},
	{"command-r", split_digits, false}, {"llama-bpe", split_llama3, true}, {"llama3", split_llama3, true},
	{"llama-v3", split_llama3, true},   {"qwen2", split_qwen2, false},
};

split_fn split_find(const char *name, bool *whole)
{
	for (guint i = 0; i < G_N_ELEMENTS(splits); i++) {
		if (strcmp(name, splits[i].name) != 0)
			continue;
		*whole = splits[i].whole;
		return splits[i].split;
	}
	return NULL;
}

char *split_names(void)
{
	GString *all = g_string_new(NULL);
	for (guint i = 0; i < G_N_ELEMENTS(splits); i++)
		g_string_append_printf(all, "%s%s", i ? ", " : "", splits[i].name);
	return g_string_free(all, FALSE);
}
