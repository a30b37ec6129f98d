/* A reply in a person's words: what it grounds stays with those phrases that are still in the text, and what the model
 * said is kept. Pure. */
#pragma once
#include "app/conversation/conversation.h"

G_BEGIN_DECLS

/* How the model said a reply. */
typedef struct conversation_said {
	char *value, *text;
	GPtrArray *grounded; /* of conversation_grounded: all, shared with the message */
	GArray *places;      /* guint pairs: start and end of each in text */
} conversation_said;
void conversation_said_free(conversation_said *s); /* NULL allowed */

/* text: to show, with "<Region 1>"; "" or what the model said: as the model said it, again. Markers of grounding that
 * somebody typed are left out: only the model can give their masks. */
void conversation_edit(conversation_message *m, const char *text);
const char *conversation_said_text(const conversation_message *m); /* as the model said it */

G_END_DECLS
