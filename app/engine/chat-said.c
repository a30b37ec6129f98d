/* What the model says, id by id: text, the markers of grounded phrases, lines about regions. */
#include <glib/gi18n-lib.h>
#include <stdarg.h>
#include <string.h>

#include "app/engine/chat-private.h"

void chat_note(chat_reply *r, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	g_autofree char *sentence = g_strdup_vprintf(format, args);
	va_end(args);
	if (r->note && strstr(r->note, sentence))
		return; /* said once is enough */
	char *all = r->note ? g_strconcat(r->note, " ", sentence, NULL) : g_strdup(sentence);
	g_free(r->note);
	r->note = all;
}

static void tell(chat *c, gsize from)
{
	chat_run *r = &c->run;
	g_string_append(r->value, r->text->str + from);
	if (r->text->len > from && r->req.on_text)
		r->req.on_text(r->text->str + from, r->req.data);
}

/* Everything that may still be kept back is said: a marker stands behind it. */
static void flush(chat *c)
{
	chat_run *r = &c->run;
	const gsize from = r->text->len;
	if (!stop_filter_push(r->filter, text_stream_finish(r->stream), r->text))
		stop_filter_finish(r->filter, r->text);
	tell(c, from);
}

static const char *last_line(const char *text)
{
	const char *end = strrchr(text, '\n');
	return end ? end + 1 : text;
}

/* The region whose line ends the text so far: "<Region 2>: ship" -> 2, else 0. */
static guint line_region(const char *text)
{
	guint start, end, number;
	return chat_find_region(last_line(text), 0, &start, &end, &number) && start == 0 ? number : 0;
}

static void end_phrase(chat_run *r)
{
	if (r->phrase_start < 0)
		return;
	r->phrase_from = (guint)r->phrase_start;
	r->phrase_to = (guint)r->text->len;
	r->phrase_start = -1;
}

static void ground(chat_run *r)
{
	end_phrase(r); /* <p> that was never closed */
	chat_grounded *g = g_new0(chat_grounded, 1);
	g->start = r->phrase_from;
	g->end = r->phrase_to;
	while (g->start < g->end && g_ascii_isspace(r->text->str[g->start])) /* words bring their space along */
		g->start++;
	while (g->start < g->end && g_ascii_isspace(r->text->str[g->end - 1]))
		g->end--;
	g->phrase = g_strndup(r->text->str + g->start, g->end - g->start);
	g->region = (int)line_region(r->text->str);
	g_ptr_array_add(r->reply.grounded, g);
	r->phrase_from = r->phrase_to = (guint)r->text->len;
}

static bool say_marker(chat *c, int id)
{
	chat_run *r = &c->run;
	if (id < 0 || (id != c->pix && id != c->phrase_open && id != c->phrase_close))
		return false;
	flush(c);
	if (id == c->phrase_open) {
		r->phrase_start = (int)r->text->len;
	} else if (id == c->phrase_close) {
		end_phrase(r);
	} else {
		ground(r);
	}
	g_string_append(r->value, tokenizer_entry(c->tokens, id));
	return true;
}

/* The line of a region that has begun must not begin again. */
static void watch_line(chat_run *r, const char *line)
{
	guint start, end, k;
	if (!chat_find_region(line, 0, &start, &end, &k) || start > 0 || line[end] != ':' || k > 63 || r->lines >> k & 1)
		return;
	r->lines |= (guint64)1 << k;
	g_autofree char *again = g_strdup_printf("\n<Region %u>:", k);
	stop_filter_add(r->filter, again);
}

void chat_watch_lines(chat_run *r, const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; r->unmarked && *line; line++)
		watch_line(r, *line);
}

void chat_say(chat *c, int id)
{
	chat_run *r = &c->run;
	const guint32 kept = (guint32)id;
	g_array_append_val(r->reply.ids, kept);
	r->reply.generated++;
	r->looped = repetition_push(&r->loop, id);
	if (say_marker(c, id))
		return;
	const gsize from = r->text->len;
	r->stopped = stop_filter_push(r->filter, text_stream_push(r->stream, id), r->text);
	tell(c, from);
	if (r->unmarked && !r->stopped)
		watch_line(r, last_line(r->text->str));
}

static void append_line(char **to, const char *line)
{
	char *all = *to ? g_strconcat(*to, "\n", line, NULL) : g_strdup(line);
	g_free(*to);
	*to = g_strchomp(all);
}

/* What follows a region's line until the next one belongs to it. */
void chat_region_lines(const char *text, GPtrArray *regions)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	guint current = 0;
	for (guint i = 0; i < regions->len; i++)
		g_clear_pointer(&regions->pdata[i], g_free);
	for (char **line = lines; *line; line++) {
		guint start, end, number;
		const char *rest = *line;
		if (chat_find_region(*line, 0, &start, &end, &number) && start == 0 && (*line)[end] == ':') {
			current = number;
			rest = *line + end + 1;
			while (*rest == ' ')
				rest++;
		}
		if (current > 0 && current <= regions->len)
			append_line((char **)&regions->pdata[current - 1], rest);
	}
}

void chat_said_end(chat *c)
{
	chat_run *r = &c->run;
	if (!r->stopped)
		flush(c);
	r->reply.text = g_strdup(r->text->str);
	r->reply.value = g_strdup(r->value->str);
	chat_region_lines(r->reply.text, r->reply.regions);
}
