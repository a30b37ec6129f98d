/* Conversations about an image, kept in its project: each a tree of messages, so that an edited question or another
 * answer is a further branch and nothing that was said is lost. Of undo only a person's wording of a reply is a part
 * (history.h). Threads: as project.h. */
#pragma once
#include "render/store/project.h"

G_BEGIN_DECLS

typedef struct {
	gint64 id, image;
	char *title;            /* "": not named by a person; its first question stands for it */
	char *settings;         /* JSON of the caller, or "" */
	gint64 leaf;            /* last message of the branch that was in sight; 0: none */
	char *created, *edited; /* ISO 8601, UTC */
	char *words;            /* what was said, for searching; set by project_conversations() only */
} project_conversation;

typedef struct {
	gint64 id, conversation, parent; /* parent 0: a first question */
	bool model;                      /* said by the model, else by the user */
	char *text;                      /* as said: a model's with its <p>, </p>, <pix> */
	char *edited;                    /* in a person's words, to show; "": as said. By project_set_words() only */
	/* JSON of the caller, or "": the marked regions, the sampling settings, what was grounded, the measurements. */
	char *regions, *settings, *results, *timing;
	char *created;
} project_message;

project_conversation *project_conversation_new(gint64 image); /* empty texts */
void project_conversation_free(project_conversation *c);
project_message *project_message_new(void);
void project_message_free(project_message *m);

/* [element-type project_conversation], the one last talked in first; those that were deleted are left out. */
GPtrArray *project_conversations(project *p, gint64 image, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* [element-type project_message], parents before their children, siblings in order of time. */
GPtrArray *project_messages(project *p, gint64 conversation, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Adds (id 0) or changes a conversation: title, settings, leaf. Sets id and times. */
bool project_put_conversation(project *p, project_conversation *c, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Adds (id 0) or changes a message. Added ones become the leaf of their conversation. Sets id and created. */
bool project_put_message(project *p, project_message *m, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A new conversation with its messages, each following the one before, in one transaction. */
bool project_put_talk(project *p, project_conversation *c, GPtrArray *messages,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A deleted conversation is out of sight and can be brought back until project_purge_conversations(), which removes
 * for good what was deleted. */
bool project_delete_conversation(project *p, gint64 id, bool deleted, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool project_purge_conversations(project *p, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(project_conversation, project_conversation_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(project_message, project_message_free)

G_END_DECLS
