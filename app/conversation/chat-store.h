/* The one place where conversations meet the project, by jobs of its store: nothing here waits for the disk. What goes
 * wrong is told by the document's "error". Conversations and messages that are on their way have ids < 0. */
#pragma once
#include "app/conversation/conversation.h"
#include "app/document/document.h"

G_BEGIN_DECLS

/* Of conversation, the one last talked in first, without their messages; empty without a project. first: what was
 * deleted the last time goes for good. */
typedef void (*chat_store_listed)(GPtrArray *list, void *data);
void chat_store_list(NadirDocument *d, bool first, chat_store_listed done, void *data);
/* The messages of a conversation [element-type project_message], for conversation_load(); takes nothing, gives rows
 * away. */
typedef void (*chat_store_read)(GPtrArray *rows, void *data);
void chat_store_messages(NadirDocument *d, const conversation *talk, chat_store_read done, void *data);
/* Stores title, settings and branch of a conversation, and `m` (NULL: none) with what it follows, making the project
 * when there is none. */
void chat_store_put(NadirDocument *d, conversation *talk, conversation_message *m);
void chat_store_delete(NadirDocument *d, const conversation *talk, bool deleted);
/* A person's wording of a stored reply, "" for as it was said; a step of undo. The document's "reply-edited" tells of
 * it.
 */
void chat_store_edit(NadirDocument *d, const conversation_message *m, const char *text);
/* A caption of the image, a step of undo. */
void chat_store_caption(NadirDocument *d, const char *text);
char *chat_store_get_caption(NadirDocument *d); /* NULL: none; g_free */

G_END_DECLS
