/* Chat templates by what makes each one known. */
#include "infer/text/template.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* --- composing --- */

void text_composer_init(text_composer *c, tokenizer *t, GArray *ids)
{
	*c = (text_composer){.t = t, .ids = ids, .pending = g_string_new(NULL), .start = true};
}

void text_composer_text(text_composer *c, const char *text)
{
	g_string_append(c->pending, text);
}

static void flush(text_composer *c)
{
	if (c->pending->len == 0)
		return;
	if (!c->error && !tokenizer_encode(c->t, c->pending->str, (gssize)c->pending->len, c->start, c->ids, &c->error))
		g_array_set_size(c->ids, 0);
	c->start = false;
	g_string_truncate(c->pending, 0);
}

void text_composer_id(text_composer *c, guint32 id)
{
	flush(c);
	g_array_append_val(c->ids, id);
	c->start = true;
}

void text_composer_literal(text_composer *c, const char *literal)
{
	const int id = tokenizer_find(c->t, literal);
	if (id >= 0)
		text_composer_id(c, (guint32)id);
	else
		text_composer_text(c, literal);
}

bool text_composer_finish(text_composer *c, GError **error)
{
	flush(c);
	g_string_free(c->pending, TRUE);
	c->pending = NULL;
	if (!c->error)
		return true;
	g_propagate_error(error, g_steal_pointer(&c->error));
	return false;
}

/* --- recognising --- */

static const char *const kind_names[] = {"ChatML", "Llama-2", "Llama-3", "zephyr", "vicuna"};

const char *chat_template_name(const chat_template *k)
{
	return kind_names[k->kind];
}

void chat_template_clear(chat_template *k)
{
	g_clear_pointer(&k->system, g_free);
}

/* A template's default system turn stands in it as plain text between `before` and `after`: "…system\nYou are
 * …<|im_end|>". Its line break may be written as a break or as backslash-n. */
static char *default_system(const char *text, const char *before, const char *after)
{
	for (const char *p = strstr(text, before); p; p = strstr(p + 1, before)) {
		const char *from = p + strlen(before);
		while (*from == '\n' || g_str_has_prefix(from, "\\n"))
			from += *from == '\n' ? 1 : 2;
		const char *to = strstr(from, after);
		if (!to || !g_ascii_isalpha(*from))
			continue;
		g_autofree char *found = g_strndup(from, (gsize)(to - from));
		if (!strpbrk(found, "{}'\""))
			return g_strcompress(found);
	}
	return NULL;
}

static bool is_llama3(const char *s)
{
	/* Later ones write dates and tools into the system turn: another prompt. */
	return strstr(s, "<|start_header_id|>") && !strstr(s, "Cutting Knowledge");
}

static const char vicuna_system[] =
	"A chat between a curious human and an artificial intelligence assistant. The assistant gives helpful, detailed, "
	"and polite answers to the human's questions.";

static bool recognise(const char *s, chat_template *out)
{
	if (strstr(s, "<|im_start|>") && strstr(s, "<|im_end|>"))
		*out = (chat_template){TEMPLATE_CHATML, default_system(s, "<|im_start|>system", "<|im_end|>")};
	else if (is_llama3(s))
		*out = (chat_template){TEMPLATE_LLAMA3, NULL};
	else if (strstr(s, "[INST]") && strstr(s, "<<SYS>>"))
		*out = (chat_template){TEMPLATE_LLAMA2, NULL};
	else if (strstr(s, "<|user|>") && strstr(s, "<|assistant|>") && strstr(s, "eos_token") && !strstr(s, "<|end|>"))
		*out = (chat_template){TEMPLATE_ZEPHYR, NULL};
	else if (strstr(s, "### Human:") && strstr(s, "### Assistant:"))
		*out = (chat_template){TEMPLATE_VICUNA, g_strdup(vicuna_system)};
	else
		return false;
	return true;
}

static bool recognise_vocabulary(const tokenizer *t, chat_template *out)
{
	*out = (chat_template){0};
	if (tokenizer_find(t, "<|im_start|>") >= 0 && tokenizer_find(t, "<|im_end|>") >= 0)
		out->kind = TEMPLATE_CHATML;
	else if (tokenizer_find(t, "<|start_header_id|>") >= 0 && tokenizer_find(t, "<|eot_id|>") >= 0)
		out->kind = TEMPLATE_LLAMA3;
	else
		return false;
	return true;
}

/* EarthGPT-X's full configuration talks as its ancestor does. */
static bool recognise_architecture(const gguf *g, chat_template *out)
{
	const char *name = gguf_has(g, "general.architecture") ? gguf_get_string(g, "general.architecture", NULL) : NULL;
	if (g_strcmp0(name, "earthgpt-x") != 0)
		return false;
	*out = (chat_template){TEMPLATE_VICUNA, g_strdup(vicuna_system)};
	return true;
}

bool chat_template_find(const gguf *g, const tokenizer *t, chat_template *out, GError **error)
{
	static const char key[] = "tokenizer.chat_template";
	if (!gguf_has(g, key)) {
		if (recognise_vocabulary(t, out) || recognise_architecture(g, out))
			return true;
		g_set_error(error, TEXT_ERROR, TEXT_ERROR_MODEL,
		            _("%s: the file has no chat template (%s) and its vocabulary suggests none: use a model that was "
		              "made for conversations."),
		            gguf_path(g), key);
		return false;
	}
	const char *text = gguf_get_string(g, key, error);
	if (!text)
		return false;
	if (recognise(text, out))
		return true;
	g_autofree char *head = g_utf8_substring(text, 0, MIN(g_utf8_strlen(text, -1), 60));
	g_strdelimit(head, "\r\n\t", ' ');
	g_set_error(error, TEXT_ERROR, TEXT_ERROR_MODEL,
	            _("%s: its chat template “%s…” is not known; known are ChatML, Llama-2, Llama-3, zephyr and vicuna."),
	            gguf_path(g), head);
	return false;
}

/* --- writing --- */

static const char *const role_names[] = {"system", "user", "assistant"};

static void put_special(text_composer *c, int id)
{
	if (id >= 0)
		text_composer_id(c, (guint32)id);
}

void chat_template_open(const chat_template *k, text_composer *c, chat_role role)
{
	const tokenizer_special *s = tokenizer_get_special(c->t);
	switch (k->kind) {
	case TEMPLATE_CHATML:
		text_composer_literal(c, "<|im_start|>");
		text_composer_text(c, role_names[role]);
		text_composer_text(c, "\n");
		break;
	case TEMPLATE_LLAMA3:
		text_composer_literal(c, "<|start_header_id|>");
		text_composer_text(c, role_names[role]);
		text_composer_literal(c, "<|end_header_id|>");
		text_composer_text(c, "\n\n");
		break;
	case TEMPLATE_LLAMA2:
		if (role == CHAT_USER && !c->opened) {
			put_special(c, s->bos);
			text_composer_text(c, "[INST] ");
		} else if (role == CHAT_ASSISTANT) {
			text_composer_text(c, " ");
		}
		c->opened = false;
		break;
	case TEMPLATE_ZEPHYR:
		text_composer_literal(c, role == CHAT_SYSTEM ? "<|system|>" : role == CHAT_USER ? "<|user|>" : "<|assistant|>");
		text_composer_text(c, "\n");
		break;
	case TEMPLATE_VICUNA:
		text_composer_text(c, role == CHAT_USER ? "### Human: " : role == CHAT_ASSISTANT ? "### Assistant: " : "");
		break;
	}
}

void chat_template_close(const chat_template *k, text_composer *c, chat_role role)
{
	const tokenizer_special *s = tokenizer_get_special(c->t);
	switch (k->kind) {
	case TEMPLATE_CHATML:
		text_composer_literal(c, "<|im_end|>");
		text_composer_text(c, "\n");
		break;
	case TEMPLATE_LLAMA3:
		text_composer_literal(c, "<|eot_id|>");
		break;
	case TEMPLATE_LLAMA2:
		text_composer_text(c, role == CHAT_USER ? " [/INST]" : " ");
		if (role == CHAT_ASSISTANT)
			put_special(c, s->eos);
		break;
	case TEMPLATE_ZEPHYR:
		put_special(c, s->eos);
		text_composer_text(c, "\n");
		break;
	case TEMPLATE_VICUNA:
		text_composer_text(c, role == CHAT_SYSTEM ? "\n\n" : "\n");
		break;
	}
}

void chat_template_system(const chat_template *k, text_composer *c, const char *system)
{
	const char *text = system ? system : k->system;
	if (!text)
		return;
	if (k->kind == TEMPLATE_LLAMA2) {
		text_composer_text(c, "[INST] <<SYS>>\n");
		text_composer_text(c, text);
		text_composer_text(c, "\n<</SYS>>\n\n");
		c->opened = true;
		return;
	}
	chat_template_open(k, c, CHAT_SYSTEM);
	text_composer_text(c, text);
	chat_template_close(k, c, CHAT_SYSTEM);
}

void chat_template_begin(const chat_template *k, text_composer *c, const char *system)
{
	const tokenizer_special *s = tokenizer_get_special(c->t);
	/* Llama-2 puts BOS in front of each of the user's turns. */
	if (k->kind == TEMPLATE_LLAMA2 ? system || k->system : s->add_bos)
		put_special(c, s->bos);
	chat_template_system(k, c, system);
}

void chat_template_generate(const chat_template *k, text_composer *c)
{
	if (k->kind == TEMPLATE_VICUNA)
		text_composer_text(c, "### Assistant:");
	else if (k->kind != TEMPLATE_LLAMA2)
		chat_template_open(k, c, CHAT_ASSISTANT);
}

const char *chat_template_stop(const chat_template *k)
{
	return k->kind == TEMPLATE_VICUNA ? "\n###" : NULL;
}

/* The role that message i must have; -1: any turn may not stand there. */
static bool role_fits(const chat_message *m, guint i)
{
	const guint first = m[0].role == CHAT_SYSTEM ? 1 : 0;
	if (i < first)
		return true;
	return m[i].role == ((i - first) % 2 == 0 ? CHAT_USER : CHAT_ASSISTANT);
}

static bool check_messages(const chat_message *m, guint n, GError **error)
{
	for (guint i = 0; i < n; i++) {
		if (role_fits(m, i))
			continue;
		g_set_error(error, TEXT_ERROR, TEXT_ERROR_INVALID,
		            _("Message %u is the %s's, but a conversation is a system message or none, then user and assistant "
		              "in turns."),
		            i + 1, role_names[m[i].role]);
		return false;
	}
	if (n > 0 && m[n - 1].role == CHAT_USER)
		return true;
	g_set_error_literal(error, TEXT_ERROR, TEXT_ERROR_INVALID,
	                    _("The last message must be the user's: there is nothing to answer."));
	return false;
}

bool chat_template_render(const chat_template *k, tokenizer *t, const chat_message *messages, guint n, GArray *ids,
                          GError **error)
{
	if (!check_messages(messages, n, error))
		return false;
	const guint first = messages[0].role == CHAT_SYSTEM ? 1 : 0;
	text_composer c;
	text_composer_init(&c, t, ids);
	chat_template_begin(k, &c, first ? messages[0].text : NULL);
	for (guint i = first; i < n; i++) {
		chat_template_open(k, &c, messages[i].role);
		text_composer_text(&c, messages[i].text);
		chat_template_close(k, &c, messages[i].role);
	}
	chat_template_generate(k, &c);
	return text_composer_finish(&c, error);
}
