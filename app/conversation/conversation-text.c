#include "app/conversation/conversation-text.h"

#include <string.h>

#define EDGE "\u202f"  /* narrow no-break space: room inside the chip */
#define INNER "\u00a0" /* no-break space */
#define WORD "Region"

static const char *const colors[] = {"#f5c211", "#dc8add", "#78aeed", "#ffa05a", "#5bc8af",
                                     "#f68b81", "#c3d82c", "#b5a1ff", "#d1b28a", "#c8c8c8"};

const char *conversation_region_color(guint index)
{
	return colors[index % G_N_ELEMENTS(colors)];
}

char *conversation_chip(guint number)
{
	return g_strdup_printf(EDGE WORD INNER "%u" EDGE, number);
}

bool conversation_find_chip(const char *text, guint from, guint *start, guint *end, guint *number)
{
	static const char head[] = EDGE WORD INNER;
	for (const char *at = text + from; (at = strstr(at, head)); at++) {
		const char *digits = at + sizeof head - 1;
		const gsize n = strspn(digits, "0123456789");
		if (n == 0 || n > 4 || !g_str_has_prefix(digits + n, EDGE))
			continue;
		*start = (guint)(at - text);
		*end = (guint)(digits + n + strlen(EDGE) - text);
		*number = (guint)g_ascii_strtoull(digits, NULL, 10);
		return true;
	}
	return false;
}

char *conversation_chips_to_value(const char *shown)
{
	GString *out = g_string_new(NULL);
	guint at = 0, start, end, number;
	for (; conversation_find_chip(shown, at, &start, &end, &number); at = end) {
		g_string_append_len(out, shown + at, start - at);
		g_string_append_printf(out, "<Region %u>", number);
	}
	g_string_append(out, shown + at);
	return g_string_free(out, FALSE);
}

char *conversation_value_to_chips(const char *value, guint n_regions)
{
	GString *out = g_string_new(NULL);
	guint at = 0, start, end, number;
	for (; chat_find_region(value, at, &start, &end, &number); at = end) {
		g_string_append_len(out, value + at, start - at);
		g_autofree char *chip = conversation_chip(number);
		if (number >= 1 && number <= n_regions)
			g_string_append(out, chip);
		else
			g_string_append_len(out, value + start, end - start);
	}
	g_string_append(out, value + at);
	return g_string_free(out, FALSE);
}

/* --- markup --- */

typedef struct {
	GString *markup, *shown;
	GArray *spans;
} writer;

static void write_plain(writer *w, const char *text, guint n)
{
	g_autofree char *escaped = g_markup_escape_text(text, n);
	g_string_append(w->markup, escaped);
	g_string_append_len(w->shown, text, n);
}

static void write_span(writer *w, span_kind kind, guint index, const char *text)
{
	const guint start = (guint)w->shown->len;
	g_autofree char *escaped = g_markup_escape_text(text, -1);
	if (kind == SPAN_REGION)
		g_string_append_printf(w->markup,
		                       "<a href=\"region:%u\" title=\"\"><span foreground=\"#1d1d20\" weight=\"600\" "
		                       "underline=\"none\">%s</span></a>",
		                       index, escaped);
	else
		g_string_append_printf(w->markup, "<a href=\"grounded:%u\" title=\"\">%s</a>", index, escaped);
	g_string_append(w->shown, text);
	const conversation_span span = {kind, start, (guint)w->shown->len, index};
	g_array_append_val(w->spans, span);
}

/* Text in which only regions stand out. */
static void write_regions(writer *w, const char *text, guint n, guint n_regions)
{
	g_autofree char *part = g_strndup(text, n);
	guint at = 0, start, end, number;
	for (; chat_find_region(part, at, &start, &end, &number); at = end) {
		write_plain(w, part + at, start - at);
		g_autofree char *chip = conversation_chip(number);
		if (number >= 1 && number <= n_regions)
			write_span(w, SPAN_REGION, number - 1, chip);
		else
			write_plain(w, part + start, end - start);
	}
	write_plain(w, part + at, (guint)strlen(part) - at);
}

char *conversation_markup(const char *text, guint n_regions, const GPtrArray *grounded, GArray *spans, char **shown)
{
	writer w = {g_string_new(NULL), g_string_new(NULL), spans};
	const guint length = (guint)strlen(text);
	guint at = 0;
	g_array_set_size(spans, 0);
	for (guint i = 0; grounded && i < grounded->len; i++) {
		const conversation_grounded *g = grounded->pdata[i];
		if (g->start < at || g->end <= g->start || g->end > length)
			continue;
		write_regions(&w, text + at, g->start - at, n_regions);
		g_autofree char *phrase = g_strndup(text + g->start, g->end - g->start);
		if (g->mask)
			write_span(&w, SPAN_GROUNDED, i, phrase);
		else
			write_plain(&w, phrase, (guint)strlen(phrase));
		at = g->end;
	}
	write_regions(&w, text + at, length - at, n_regions);
	if (shown)
		*shown = g_string_free(w.shown, FALSE);
	else
		g_string_free(w.shown, TRUE);
	return g_string_free(w.markup, FALSE);
}
