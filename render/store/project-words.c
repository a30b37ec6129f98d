/* What is said of a whole image, in the journal: its caption, and a person's wording of a reply about it. */
#include "render/store/project-words.h"
#include "render/store/project-private.h"

#include "render/file/json-text.h"

#define ID "%" G_GINT64_FORMAT

static char *to_json(gint64 message, const char *text)
{
	cJSON *root = cJSON_CreateObject(), *inner = cJSON_AddObjectToObject(root, "text");
	cJSON_AddNumberToObject(inner, "message", (double)message);
	cJSON_AddStringToObject(inner, "is", text);
	return json_text(root);
}

project_words *project_words_from_json(gint64 image, const char *json)
{
	cJSON *root = cJSON_Parse(json);
	const cJSON *inner = cJSON_GetObjectItem(root, "text"), *message = cJSON_GetObjectItem(inner, "message");
	const char *is = cJSON_GetStringValue(cJSON_GetObjectItem(inner, "is"));
	project_words *t = is ? g_new0(project_words, 1) : NULL;
	if (t)
		*t = (project_words){image, (gint64)cJSON_GetNumberValue(message), g_strdup(is)};
	cJSON_Delete(root);
	return t;
}

void project_words_free(project_words *t)
{
	if (!t)
		return;
	g_free(t->now);
	g_free(t);
}

static bool put_caption(project *p, gint64 image, const char *text, GError **error)
{
	g_autofree char *quoted = project_quote(text);
	return *text
	           ? project_run(p, error,
	                         "INSERT OR REPLACE INTO image_settings (image_id, key, value) VALUES (" ID
	                         ", 'caption', %s)",
	                         image, quoted)
	           : project_run(p, error, "DELETE FROM image_settings WHERE image_id = " ID " AND key = 'caption'", image);
}

bool project_words_restore(project *p, const project_words *t, GError **error)
{
	return t->message ? project_put_edited(p, t->message, t->now, error) : put_caption(p, t->image, t->now, error);
}

/* Inside a transaction. */
static bool change(project *p, const project_words *t, const char *before, const char *what, GError **error)
{
	const gint64 step = project_journal_step(p, error);
	g_autofree char *was = to_json(t->message, before), *is = to_json(t->message, t->now);
	const project_edit edit = {.image = t->image, .before = was, .after = is};
	return step > 0 && project_words_restore(p, t, error) && project_journal_add(p, step, what, &edit, error);
}

bool project_set_words(project *p, const project_words *t, const char *what, GError **error)
{
	g_autofree char *before =
		t->message ? project_get_edited(p, t->message) : project_get_image_setting(p, t->image, "caption");
	if (g_strcmp0(before ? before : "", t->now) == 0)
		return true;
	return project_begin(p, error) && project_end(p, change(p, t, before ? before : "", what, error), error);
}
