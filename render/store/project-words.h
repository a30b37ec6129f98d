/* Texts about a whole image, for the journal; inside a transaction. */
#pragma once
#include "render/store/history.h"

G_BEGIN_DECLS

project_words *project_words_from_json(gint64 image, const char *json); /* NULL: the journal's row is about no text */
bool project_words_restore(project *p, const project_words *t, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* conversation.c: a person's wording of a message. get: g_free, NULL when there is no such message. */
char *project_get_edited(project *p, gint64 message);
bool project_put_edited(project *p, gint64 message, const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
