/* Conversations as the project keeps them (rows with JSON members) and as they are exported: triples of image, marks
 * and text (spec earthgpt-x.md 8). Pure. */
#pragma once
#include "app/conversation/conversation.h"
#include "render/store/conversation.h"

G_BEGIN_DECLS

/* A row to be stored; the caller frees it. parent and conversation must be stored already. */
project_message *conversation_message_to_row(const conversation *c, const conversation_message *m);
project_conversation *conversation_to_row(const conversation *c, gint64 image);
/* A conversation from its row, without messages yet. */
conversation *conversation_from_row(const project_conversation *row);
/* Adds the messages [element-type project_message] and brings the stored branch in sight. A member that cannot be read
 * is left out: what was said comes back in any case. Masks are outlined, which takes time: any thread. */
void conversation_load(conversation *c, const GPtrArray *rows, const georef *ref);

/* What `nadir ask --json` and `nadir batch` say of a question and its reply, as the rows of a conversation
 * [element-type project_message]; NULL: they say nothing of that kind. Any thread. */
GPtrArray *conversation_rows_from_result(const char *json);

/* The path in sight as {"image","source","regions","conversations","masks"}; image: its file name; source: "SAR" … or
 * NULL. g_free. */
char *conversation_to_triples(const conversation *c, const raster_info *info, const char *source);
/* As many of a question's regions as it has, JSON list of marks. g_free. */
char *conversation_regions_to_json(const GPtrArray *regions);

G_END_DECLS
