#include "app/engine/prompt-choice.h"

#include "render/file/json-text.h"
#include <cjson/cJSON.h>
#include <glib/gi18n-lib.h>
#include <math.h>

static const char *const view_keys[] = {"bands", "stretch", "source"};

static char **view_member(prompt_choice *c, guint i)
{
	char **members[] = {&c->bands, &c->stretch, &c->source};
	return members[i];
}

void prompt_choice_clear(prompt_choice *c)
{
	for (guint i = 0; i < G_N_ELEMENTS(view_keys); i++)
		g_free(*view_member(c, i));
	*c = (prompt_choice){0};
}

prompt_choice prompt_choice_copy(const prompt_choice *c)
{
	return (prompt_choice){c->candidate, c->scale, g_strdup(c->bands), g_strdup(c->stretch), g_strdup(c->source)};
}

char *prompt_to_json_as_run(const prompt *p, const prompt_choice *c)
{
	cJSON *marks = prompt_list_json(p), *first = cJSON_GetArrayItem(marks, 0);
	if (first && c->candidate > 0)
		cJSON_AddNumberToObject(first, "candidate", c->candidate);
	if (first && c->scale > 0)
		cJSON_AddNumberToObject(first, "scale", c->scale);
	prompt_choice copy = *c;
	for (guint i = 0; first && i < G_N_ELEMENTS(view_keys); i++)
		if (*view_member(&copy, i))
			cJSON_AddStringToObject(first, view_keys[i], *view_member(&copy, i));
	return json_text(marks);
}

/* A whole number from 1 to `most`; absent is 0. */
static bool read_number(const cJSON *mark, const char *key, int most, int *out)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(mark, key);
	*out = v && cJSON_IsNumber(v) ? v->valueint : 0;
	return !v || (*out >= 1 && *out <= most && v->valuedouble == *out);
}

static const char *read_choice(const cJSON *mark, prompt_choice *out)
{
	if (!read_number(mark, "candidate", 3, &out->candidate))
		return "candidate";
	if (!read_number(mark, "scale", G_MAXINT, &out->scale))
		return "scale";
	for (guint i = 0; i < G_N_ELEMENTS(view_keys); i++) {
		const cJSON *v = cJSON_GetObjectItemCaseSensitive(mark, view_keys[i]);
		if (v && !cJSON_IsString(v))
			return view_keys[i];
		*view_member(out, i) = v ? g_strdup(v->valuestring) : NULL;
	}
	return NULL;
}

bool prompt_choice_from_json(const char *json, prompt_choice *out, GError **error)
{
	cJSON *marks = json ? cJSON_Parse(json) : NULL;
	*out = (prompt_choice){0};
	const char *bad = read_choice(cJSON_GetArrayItem(marks, 0), out);
	if (bad) {
		g_set_error(error, SAM_ERROR, SAM_ERROR_PROMPT, _("The stored prompt cannot be read: %s."), bad);
		prompt_choice_clear(out);
	}
	cJSON_Delete(marks);
	return !bad;
}
