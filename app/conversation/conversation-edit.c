#include "app/conversation/conversation-edit.h"

#include <string.h>

void conversation_said_free(conversation_said *s)
{
	if (!s)
		return;
	g_free(s->value);
	g_free(s->text);
	g_ptr_array_unref(s->grounded);
	g_array_unref(s->places);
	g_free(s);
}

const char *conversation_said_text(const conversation_message *m)
{
	return m->said ? m->said->text : m->text;
}

static void replace(char **to, const char *text)
{
	char *copy = g_strdup(text);
	g_free(*to);
	*to = copy;
}

static void keep_said(conversation_message *m)
{
	conversation_said *s = g_new0(conversation_said, 1);
	s->value = g_strdup(m->value);
	s->text = g_strdup(m->text);
	s->grounded = g_ptr_array_ref(m->grounded);
	s->places = g_array_new(FALSE, FALSE, 2 * sizeof(guint));
	for (guint i = 0; i < m->grounded->len; i++) {
		const conversation_grounded *g = m->grounded->pdata[i];
		const guint place[2] = {g->start, g->end};
		g_array_append_val(s->places, place);
	}
	m->said = s;
}

static void as_said(conversation_message *m)
{
	conversation_said *s = m->said;
	replace(&m->value, s->value);
	replace(&m->text, s->text);
	g_ptr_array_unref(m->grounded);
	m->grounded = g_ptr_array_ref(s->grounded);
	for (guint i = 0; i < s->grounded->len; i++) {
		conversation_grounded *g = s->grounded->pdata[i];
		const guint *place = &g_array_index(s->places, guint, 2 * i);
		g->start = place[0];
		g->end = place[1];
	}
	chat_region_lines(m->text, m->region_texts);
}

/* What was typed, without what only a model can say. */
static char *plain(const char *text)
{
	static const char *const markers[] = {"<p>", "</p>", "<pix>"};
	g_autoptr(GString) s = g_string_new(text);
	for (guint i = 0; i < G_N_ELEMENTS(markers); i++)
		g_string_replace(s, markers[i], "", 0);
	return g_strstrip(g_strdup(s->str));
}

static bool inside_character(char byte)
{
	return ((guchar)byte & 0xC0) == 0x80;
}

/* Bytes that both begin with, and that both end with behind that: whole characters. */
static void common(const char *a, const char *b, gsize *head, gsize *tail)
{
	const gsize na = strlen(a), nb = strlen(b), most = MIN(na, nb);
	for (*head = 0; *head < most && a[*head] == b[*head];)
		(*head)++;
	for (*tail = 0; *tail < most - *head && a[na - 1 - *tail] == b[nb - 1 - *tail];)
		(*tail)++;
	while (*head > 0 && inside_character(a[*head]))
		(*head)--;
	while (*tail > 0 && inside_character(a[na - *tail]))
		(*tail)--;
}

/* Where a phrase is in the new text: with the part that did not change it moves, else it is looked for behind `from`.
 * False: it is gone. One that stood nowhere is where its place is now. */
static bool find(const conversation_said *s, guint i, const char *text, gsize from, guint *start, guint *end)
{
	const guint *place = &g_array_index(s->places, guint, 2 * i);
	const gsize was = strlen(s->text), is = strlen(text);
	gsize head, tail;
	common(s->text, text, &head, &tail);
	if (place[1] <= head) {
		*start = place[0];
		*end = place[1];
	} else if (place[0] >= was - tail) {
		*start = (guint)(place[0] + is - was);
		*end = (guint)(place[1] + is - was);
	} else {
		const char *phrase = ((conversation_grounded *)s->grounded->pdata[i])->phrase;
		const char *at = place[0] < place[1] ? strstr(text + from, phrase) : text + is - tail;
		if (!at || (place[0] < place[1] && at >= text + is - tail)) /* what stands there is another's */
			return false;
		*start = (guint)(at - text);
		*end = *start + place[1] - place[0];
	}
	return *start >= from;
}

/* The text with the markers where the phrases are. */
static void ground(conversation_message *m)
{
	const conversation_said *s = m->said;
	GString *value = g_string_new(NULL);
	guint at = 0, start, end;
	g_ptr_array_unref(m->grounded);
	m->grounded = g_ptr_array_new_with_free_func((GDestroyNotify)conversation_grounded_unref);
	for (guint i = 0; i < s->grounded->len; i++) {
		conversation_grounded *g = s->grounded->pdata[i];
		if (!find(s, i, m->text, at, &start, &end))
			continue;
		g->start = start;
		g->end = end;
		g_string_append_len(value, m->text + at, start - at);
		if (start < end)
			g_string_append_printf(value, "<p>%.*s</p>", (int)(end - start), m->text + start);
		g_string_append(value, "<pix>");
		g_ptr_array_add(m->grounded, conversation_grounded_ref(g));
		at = end;
	}
	g_string_append(value, m->text + at);
	g_free(m->value);
	m->value = g_string_free(value, FALSE);
}

void conversation_edit(conversation_message *m, const char *text)
{
	g_autofree char *typed = plain(text);
	if (m->said)
		as_said(m);
	if (*typed && !g_str_equal(typed, conversation_said_text(m))) {
		if (!m->said)
			keep_said(m);
		replace(&m->text, typed);
		ground(m);
		chat_region_lines(m->text, m->region_texts);
	} else {
		g_clear_pointer(&m->said, conversation_said_free);
	}
}
