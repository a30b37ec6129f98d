/* nadir generate MODEL.gguf [--messages FILE.json] [--max-tokens N] [--temperature T] [--top-logits K] */
#include <glib/gi18n.h>
#include <string.h>

#include "app/cli/cli-chat.h"

typedef struct {
	cli_options shared;
	cli_sampling sampling;
	char *messages, *text;
	int top_logits;
	char *system; /* of the messages; NULL: none */
	chat_turns *turns;
} request;

static void request_clear(request *q)
{
	cli_options_clear(&q->shared);
	cli_sampling_clear(&q->sampling);
	g_free(q->messages);
	g_free(q->text);
	g_free(q->system);
	chat_turns_free(q->turns);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(request, request_clear)

/* --- messages --- */

static bool wrong(const request *q, GError **error, const char *format, ...) G_GNUC_PRINTF(3, 4);
static bool wrong(const request *q, GError **error, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	g_autofree char *what = g_strdup_vprintf(format, args);
	va_end(args);
	g_set_error(error, CHAT_ERROR, CHAT_ERROR_QUESTION, _("%s is no list of messages: %s."), q->messages, what);
	return false;
}

static bool take_message(request *q, const cJSON *m, guint number, GError **error)
{
	const char *role = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(m, "role"));
	const char *content = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(m, "content"));
	if (!role || !content)
		return wrong(q, error, _("message %u is not {\"role\": …, \"content\": …} with two texts"), number);
	if (strcmp(role, "system") == 0 && number == 1) {
		q->system = g_strdup(content);
		return true;
	}
	const bool model = strcmp(role, "assistant") == 0;
	if (model || strcmp(role, "user") == 0) {
		if (model != (q->turns->turns->len % 2 == 1))
			return wrong(q, error, _("message %u is the %s's, but the user begins and the two take turns"), number,
			             role);
		chat_turns_add(q->turns, model, content);
		return true;
	}
	return wrong(q, error, _("message %u has the role “%s”; system (first), user and assistant are known"), number,
	             role);
}

static bool take_messages(request *q, const cJSON *list, GError **error)
{
	const cJSON *m;
	guint number = 0;
	if (!cJSON_IsArray(list))
		return wrong(q, error, _("it is not a JSON list"));
	cJSON_ArrayForEach(m, list)
	{
		if (!take_message(q, m, ++number, error))
			return false;
	}
	if (q->turns->turns->len % 2 == 0)
		return wrong(q, error, _("its last message must be the user's"));
	return true;
}

static bool read_messages(request *q, GError **error)
{
	g_autofree char *text = NULL;
	gsize length;
	const char *bad;
	if (!g_file_get_contents(q->messages, &text, &length, error))
		return false;
	if (!g_utf8_validate_len(text, length, &bad))
		return wrong(q, error, _("byte %" G_GSIZE_FORMAT " is not UTF-8"), (gsize)(bad - text) + 1);
	cJSON *list = chat_json_parse(text, length);
	const bool good = take_messages(q, list, error);
	cJSON_Delete(list);
	return good;
}

/* --- result --- */

static cJSON *ids_to_json(const GArray *ids)
{
	cJSON *list = cJSON_CreateArray();
	for (guint i = 0; i < ids->len; i++)
		cJSON_AddItemToArray(list, cJSON_CreateNumber(g_array_index(ids, guint32, i)));
	return list;
}

static void print_json(const chat_info *model, const chat_reply *r)
{
	cJSON *o = cJSON_CreateObject(), *ids = ids_to_json(r->ids);
	if (r->end_id >= 0)
		cJSON_AddItemToArray(ids, cJSON_CreateNumber(r->end_id));
	cJSON_AddStringToObject(o, "text", r->text);
	cJSON_AddItemToObject(o, "prompt_ids", ids_to_json(r->prompt_ids));
	cJSON_AddItemToObject(o, "ids", ids);
	cJSON *logits = cJSON_AddArrayToObject(o, "first_logits");
	for (guint i = 0; i < r->logits->len; i++) {
		const chat_logit *l = &g_array_index(r->logits, chat_logit, i);
		cJSON_AddItemToArray(logits, cJSON_CreateDoubleArray((double[]){l->id, (double)l->logit}, 2));
	}
	cJSON_AddNumberToObject(o, "prefill_tokens_per_s", r->prefill_tokens_per_s);
	cJSON_AddNumberToObject(o, "decode_tokens_per_s", r->tokens_per_s);
	cJSON_AddNumberToObject(o, "load_ms", model->load_ms);
	cJSON_AddStringToObject(o, "model", model->model);
	cJSON_AddStringToObject(o, "device", model->device);
	cli_print_json(o);
}

static bool run(request *q, const char *model, GError **error)
{
	g_auto(cli_chat) c = {0};
	g_auto(chat_reply) r = {0};
	const GArray *turns = q->turns->turns;
	chat_request req = {.system = q->system,
	                    .turns = (const chat_turn *)turns->data,
	                    .n_turns = turns->len - 1,
	                    .question = g_array_index(turns, chat_turn, turns->len - 1).value,
	                    .top_logits = (guint)q->top_logits};
	if (!cli_take_sampling(&q->sampling, &q->shared, &req, error) || !cli_chat_open(model, &q->shared, &c, error) ||
	    !cli_chat_ask("generate", &c, &req, !q->shared.json, &r, error))
		return false;
	if (q->shared.json)
		print_json(chat_get_info(c.chat), &r);
	return true;
}

bool cli_generate(int argc, char **argv, GError **error)
{
	g_auto(request) q = {.top_logits = 5, .turns = chat_turns_new()};
	g_autoptr(GOptionContext) ctx = g_option_context_new(_("MODEL.gguf — text from a language model"));
	const GOptionEntry entries[] = {{"messages", 0, 0, G_OPTION_ARG_FILENAME, &q.messages,
	                                 N_("the messages: [{\"role\":…,\"content\":…},…]"), "FILE.json"},
	                                {"text", 0, 0, G_OPTION_ARG_STRING, &q.text, N_("one message of the user"), "TEXT"},
	                                {"top-logits", 0, 0, G_OPTION_ARG_INT, &q.top_logits,
	                                 N_("how many of the first step's logits to print (5)"), "K"},
	                                {0}};
	g_option_context_add_main_entries(ctx, entries, GETTEXT_PACKAGE);
	cli_add_options(ctx, &q.shared, CLI_MODEL);
	cli_add_sampling(ctx, &q.sampling);
	if (!cli_parse(ctx, &argc, &argv, 1, 1, error))
		return false;
	if (!q.messages == !q.text)
		return cli_usage(error, _("give either --messages FILE.json or --text TEXT."));
	if (q.top_logits < 0)
		return cli_usage(error, _("--top-logits is a number of logits, not %d."), q.top_logits);
	if (q.shared.model)
		return cli_usage(error, _("the model is named as MODEL.gguf, not by --model."));
	if (q.text)
		chat_turns_add(q.turns, false, q.text);
	return (q.text || read_messages(&q, error)) && run(&q, argv[1], error);
}
