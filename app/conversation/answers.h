/* The replies about an image, one after the other, to be reviewed. Main context only. */
#pragma once
#include "app/conversation/chat-session.h"

G_BEGIN_DECLS

typedef struct answers answers;

/* ready: once they are all read, not before this returned. */
answers *answers_new(NadirChat *c, void (*ready)(void *data), void *data);
void answers_free(answers *a);         /* NULL allowed */
guint answers_count(const answers *a); /* 0: not read yet, or none */
guint answers_place(const answers *a); /* of the one that is shown, 0-based */
conversation_message *answers_get(const answers *a);
bool answers_step(answers *a, int step); /* false at the ends */
/* Words the reply that is shown, as nadir_chat_edit_reply(). */
bool answers_keep(answers *a, const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(answers, answers_free)

G_END_DECLS
