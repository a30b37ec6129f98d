#include "app/engine/chat-turns.h"

#include <glib/gi18n-lib.h>
#include <string.h>

static const char *const tasks[CHAT_N_TASKS] = {
	[CHAT_CLASSIFY_REGIONS] = "Please identify the object category of each marked region in the image.",
	[CHAT_BRIEF_REGIONS] = "Please provide a brief caption of each marked region in the image.",
	[CHAT_DETAILED_REGIONS] = "Please provide a detailed description of each marked region in the image.",
	[CHAT_RELATE_REGIONS] = "Please analyze the relationship between all marked regions in the image.",
	[CHAT_SEGMENT_REGIONS] = "Please segment each marked region in the image.",
	[CHAT_SCENE] = "Please identify the scene category of the image.",
	[CHAT_BRIEF] = "Please provide a brief caption of the image.",
	[CHAT_DETAILED] = "Please provide a detailed description of the image.",
	[CHAT_GROUNDED] = "Please describe the image and segment the mentioned objects.",
};

const char *chat_task_question(chat_task task)
{
	return tasks[task];
}

char *chat_segment_question(const char *phrase)
{
	return g_strdup_printf("Please segment %s in the image.", phrase);
}

/* --- turns --- */

static void turn_clear(void *data)
{
	chat_turn *t = data;
	g_free(t->value);
}

static void region_free(void *data)
{
	prompt_free(data);
}

chat_turns *chat_turns_new(void)
{
	chat_turns *t = g_new0(chat_turns, 1);
	t->turns = g_array_new(FALSE, TRUE, sizeof(chat_turn));
	g_array_set_clear_func(t->turns, turn_clear);
	t->regions = g_ptr_array_new_with_free_func(region_free);
	return t;
}

void chat_turns_free(chat_turns *t)
{
	if (!t)
		return;
	g_array_unref(t->turns);
	g_ptr_array_unref(t->regions);
	g_free(t->image);
	g_free(t->source);
	g_free(t);
}

void chat_turns_add(chat_turns *t, bool model, const char *value)
{
	const chat_turn turn = {model, g_strdup(value)};
	g_array_append_val(t->turns, turn);
}

/* --- reading --- */

static bool wrong(GError **error, const char *name, const char *format, ...) G_GNUC_PRINTF(3, 4);
static bool wrong(GError **error, const char *name, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	g_autofree char *what = g_strdup_vprintf(format, args);
	va_end(args);
	g_set_error(error, CHAT_ERROR, CHAT_ERROR_QUESTION, _("%s is no conversation: %s."), name, what);
	return false;
}

static bool parse_turn(chat_turns *t, const cJSON *item, guint number, const char *name, GError **error)
{
	const char *from = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "from"));
	const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "value"));
	if (!from || !value)
		return wrong(error, name, _("turn %u is not {\"from\": …, \"value\": …} with two texts"), number);
	const bool model = strcmp(from, "model") == 0;
	if (!model && strcmp(from, "user") != 0)
		return wrong(error, name, _("turn %u is from “%s”, which is neither user nor model"), number, from);
	if (model != (number % 2 == 0))
		return wrong(error, name, _("turn %u is the %s's, but the user begins and the two take turns"), number, from);
	chat_turns_add(t, model, value);
	return true;
}

static bool parse_turns(chat_turns *t, const cJSON *list, const char *name, GError **error)
{
	const cJSON *item;
	guint number = 0;
	if (!cJSON_IsArray(list))
		return wrong(error, name, _("there is no list of turns in it"));
	cJSON_ArrayForEach(item, list)
	{
		if (!parse_turn(t, item, ++number, name, error))
			return false;
	}
	return true;
}

static bool parse_regions(chat_turns *t, const cJSON *list, const char *name, GError **error)
{
	const cJSON *item;
	guint number = 0;
	if (!cJSON_IsArray(list))
		return wrong(error, name, _("its regions are no list"));
	cJSON_ArrayForEach(item, list)
	{
		prompt *p = prompt_from_mark_json(item, NULL);
		if (!p)
			return wrong(error, name, _("region %u cannot be read"), number + 1);
		g_ptr_array_add(t->regions, p);
		number++;
	}
	return true;
}

static bool parse_record(chat_turns *t, const cJSON *o, const char *name, GError **error)
{
	t->image = g_strdup(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, "image")));
	t->source = g_strdup(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, "source")));
	const cJSON *regions = cJSON_GetObjectItemCaseSensitive(o, "regions");
	return parse_turns(t, cJSON_GetObjectItemCaseSensitive(o, "conversations"), name, error) &&
	       (!regions || parse_regions(t, regions, name, error));
}

/* Where a text says \u0000, which would end it for everybody who reads it as a C string; NULL: nowhere. */
static const char *escaped_nul(const char *text, gsize length)
{
	for (const char *p = text, *end = text + length; p < end; p++) {
		if (*p != '\\')
			continue;
		if (end - p >= 6 && memcmp(p, "\\u0000", 6) == 0)
			return p;
		p++; /* what a backslash stands before is no backslash of its own */
	}
	return NULL;
}

cJSON *chat_json_parse(const char *text, gsize length)
{
	const char *behind = text;
	cJSON *json = cJSON_ParseWithLengthOpts(text, length, &behind, false);
	while (json && behind < text + length && g_ascii_isspace(*behind))
		behind++;
	if (json && behind < text + length)
		g_clear_pointer(&json, cJSON_Delete);
	return json;
}

chat_turns *chat_turns_parse(const char *text, gsize length, const char *name, GError **error)
{
	g_autoptr(chat_turns) t = chat_turns_new();
	const char *bad;
	if (!g_utf8_validate_len(text, length, &bad)) {
		wrong(error, name, _("byte %" G_GSIZE_FORMAT " is not UTF-8"), (gsize)(bad - text) + 1);
		return NULL;
	}
	bad = escaped_nul(text, length);
	if (bad) {
		wrong(error, name, _("byte %" G_GSIZE_FORMAT " writes the character NUL (\\u0000), which no text can hold"),
		      (gsize)(bad - text) + 1);
		return NULL;
	}
	cJSON *json = chat_json_parse(text, length);
	bool good;
	if (!json)
		good = wrong(error, name, _("it is not JSON"));
	else if (cJSON_IsObject(json))
		good = parse_record(t, json, name, error);
	else
		good = parse_turns(t, json, name, error);
	cJSON_Delete(json);
	return good ? g_steal_pointer(&t) : NULL;
}

chat_turns *chat_turns_load(const char *path, GError **error)
{
	g_autofree char *text = NULL;
	gsize length;
	if (!g_file_get_contents(path, &text, &length, error))
		return NULL;
	return chat_turns_parse(text, length, path, error);
}

/* --- names of regions in text --- */

static const char *skip_space(const char *p)
{
	return *p == ' ' ? p + 1 : p;
}

bool chat_find_region(const char *text, guint from, guint *start, guint *end, guint *number)
{
	static const char word[] = "region";
	for (const char *p = strchr(text + from, '<'); p; p = strchr(p + 1, '<')) {
		const char *q = skip_space(p + 1);
		if (g_ascii_strncasecmp(q, word, strlen(word)) != 0)
			continue;
		q = skip_space(q + strlen(word));
		guint n = 0, digits = 0;
		for (; g_ascii_isdigit(*q) && digits < 4; q++, digits++)
			n = n * 10 + (guint)(*q - '0');
		q = skip_space(q);
		if (digits == 0 || n == 0 || *q != '>')
			continue;
		*start = (guint)(p - text);
		*end = (guint)(q + 1 - text);
		*number = n;
		return true;
	}
	return false;
}
