/* The positions of a prompt: system turn, image block, regions, earlier turns, question. */
#include <glib/gi18n-lib.h>
#include <string.h>

#include "app/engine/chat-private.h"

/* Room that a prompt leaves for the reply. */
#define REPLY_LEAST 64u

static const char egx_system[] = "You are an assistant for remote sensing images.";

/* A run of rows [n][width]. */
static void put_vectors(const chat *c, text_composer *t, const float *rows, guint n)
{
	for (guint i = 0; i < n; i++) {
		text_composer_id(t, CHAT_VECTOR);
		g_ptr_array_add(c->run.rows, (void *)(rows + (gsize)i * c->vectors.width));
	}
}

static void put_id(text_composer *t, int id)
{
	if (id >= 0)
		text_composer_id(t, (guint32)id);
}

/* Tiny configuration: in the first user turn (spec earthgpt-x.md 12). */
static void put_image(const chat *c, text_composer *t)
{
	const egx_vectors *v = &c->vectors;
	put_id(t, c->img_open);
	put_vectors(c, t, v->image, v->n_image);
	put_id(t, c->img_close);
	text_composer_text(t, "\n");
	for (guint k = 1; k <= v->n_regions; k++) {
		g_autofree char *name = g_strdup_printf("<Region %u>: ", k);
		text_composer_text(t, name);
		put_id(t, c->vp_open);
		put_vectors(c, t, v->region + (gsize)(k - 1) * v->width, 1);
		put_id(t, c->vp_close);
		text_composer_text(t, "\n");
	}
}

static void put_bracket(const chat *c, text_composer *t, egx_bracket which)
{
	put_vectors(c, t, egx_model_bracket(c->vision, which), 1);
}

static bool has_brackets(const chat *c)
{
	return c->vision && egx_model_bracket(c->vision, EGX_IMG_START);
}

/* Full configuration: in front of the conversation, between learned vectors (spec earthgpt-x.md 7). */
static void put_bracketed_image(const chat *c, text_composer *t)
{
	const egx_vectors *v = &c->vectors;
	const float *view = v->image;
	for (guint i = 0; i < v->n_views; i++) {
		put_bracket(c, t, EGX_IMG_START);
		put_vectors(c, t, view, v->view_tokens[i]);
		put_bracket(c, t, EGX_IMG_END);
		view += (gsize)v->view_tokens[i] * v->width;
	}
	if (v->n_regions == 0)
		return;
	put_bracket(c, t, EGX_VP_START);
	put_vectors(c, t, v->region, v->n_regions);
	put_bracket(c, t, EGX_VP_END);
}

static void put_beginning(const chat *c, text_composer *t)
{
	const chat_request *q = &c->run.req;
	const char *system = q->system ? q->system : c->vision && !c->template.system ? egx_system : NULL;
	if (!q->image || !has_brackets(c)) {
		chat_template_begin(&c->template, t, system);
		return;
	}
	put_id(t, tokenizer_get_special(c->tokens)->bos);
	put_bracketed_image(c, t);
	chat_template_system(&c->template, t, system);
}

const char *chat_source_word(const char *asked, raster_source_kind kind)
{
	static const char *const words[] = {
		[RASTER_OPTICAL] = "optical", [RASTER_SAR] = "SAR", [RASTER_INFRARED] = "infrared", [RASTER_OTHER] = NULL};
	for (guint i = 0; asked && i < G_N_ELEMENTS(words); i++)
		if (words[i] && g_ascii_strcasecmp(asked, words[i]) == 0)
			return words[i];
	return words[kind];
}

static void put_source(const chat_request *q, text_composer *t)
{
	if (!q->source)
		return;
	text_composer_text(t, "Image source: ");
	text_composer_text(t, q->source);
	text_composer_text(t, ".\n");
}

/* A model's turn as text: its markers become their tokens again, nothing else does. */
static void put_value(const chat *c, text_composer *t, const char *value)
{
	const struct {
		const char *text;
		int id;
	} markers[] = {{"<pix>", c->pix}, {"<p>", c->phrase_open}, {"</p>", c->phrase_close}};
	const char *plain = value;
	for (const char *p = value; *p;) {
		guint k = 0;
		while (k < G_N_ELEMENTS(markers) && !(markers[k].id >= 0 && g_str_has_prefix(p, markers[k].text)))
			k++;
		if (k == G_N_ELEMENTS(markers)) {
			p++;
			continue;
		}
		g_autofree char *before = g_strndup(plain, (gsize)(p - plain));
		text_composer_text(t, before);
		text_composer_id(t, (guint32)markers[k].id);
		plain = p += strlen(markers[k].text);
	}
	text_composer_text(t, plain);
}

static void put_ids(text_composer *t, const GArray *ids)
{
	for (guint i = 0; i < ids->len; i++)
		text_composer_id(t, g_array_index(ids, guint32, i));
}

static void put_reply(const chat *c, text_composer *t, const char *value)
{
	const GArray *ids = g_hash_table_lookup(c->said, value);
	if (!ids) {
		chat_template_open(&c->template, t, CHAT_ASSISTANT);
		put_value(c, t, value);
	} else {
		chat_template_generate(&c->template, t);
		put_ids(t, ids);
	}
	chat_template_close(&c->template, t, CHAT_ASSISTANT);
}

/* The reply's header and, when one is continued, what it has said. */
static void put_header(const chat *c, text_composer *t)
{
	const char *prefix = c->run.req.prefix;
	const GArray *ids = prefix ? g_hash_table_lookup(c->said, prefix) : NULL;
	if (prefix && !ids) {
		chat_template_open(&c->template, t, CHAT_ASSISTANT);
		put_value(c, t, prefix);
		return;
	}
	chat_template_generate(&c->template, t);
	if (ids)
		put_ids(t, ids);
}

static void put_question(const chat *c, text_composer *t, const char *question, bool first)
{
	const chat_request *q = &c->run.req;
	chat_template_open(&c->template, t, CHAT_USER);
	if (first && q->image && !has_brackets(c))
		put_image(c, t);
	if (first)
		put_source(q, t);
	g_autofree char *text = g_strdup(question);
	text_composer_text(t, q->image ? g_strstrip(text) : text); /* white space would merge with the image block's end */
	chat_template_close(&c->template, t, CHAT_USER);
}

/* Ids of the prompt without the first `dropped` turns. */
static bool write_prompt(chat *c, guint dropped, GArray *ids, GError **error)
{
	const chat_request *q = &c->run.req;
	text_composer t;
	g_array_set_size(ids, 0);
	g_ptr_array_set_size(c->run.rows, 0);
	text_composer_init(&t, c->tokens, ids);
	put_beginning(c, &t);
	for (guint i = dropped; i < q->n_turns; i++) {
		if (q->turns[i].model)
			put_reply(c, &t, q->turns[i].value);
		else
			put_question(c, &t, q->turns[i].value, i == dropped);
	}
	put_question(c, &t, q->question, dropped == q->n_turns);
	put_header(c, &t);
	return text_composer_finish(&t, error);
}

static void take_keys(chat *c, const GArray *ids)
{
	guint row = 0;
	g_array_set_size(c->run.keys, 0);
	for (guint i = 0; i < ids->len; i++) {
		const guint32 id = g_array_index(ids, guint32, i);
		const guint64 key = id == CHAT_VECTOR ? CHAT_VECTOR_KEY(c->splice, row++) : id;
		g_array_append_val(c->run.keys, key);
	}
}

bool chat_compose(chat *c, GError **error)
{
	const chat_request *q = &c->run.req;
	const guint room = c->info.context, reply = MIN(q->max_tokens ? q->max_tokens : REPLY_LEAST, REPLY_LEAST);
	GArray *ids = c->run.reply.prompt_ids;
	for (guint dropped = 0; dropped <= q->n_turns; dropped += 2) {
		if (!write_prompt(c, dropped, ids, error))
			return false;
		if (ids->len + reply > room)
			continue;
		take_keys(c, ids);
		c->run.reply.dropped_turns = dropped;
		c->run.reply.prompt = ids->len;
		if (dropped > 0)
			chat_note(&c->run.reply,
			          _("The conversation is longer than the model can read: its %u oldest turns were left out."),
			          dropped);
		return true;
	}
	g_set_error(
		error, CHAT_ERROR, CHAT_ERROR_CONTEXT,
		_("The question is too long: with what belongs to it, it takes %u of the %u positions that the model can "
	      "read, and %u are kept for the reply; ask in fewer words."),
		ids->len, room, reply);
	return false;
}
