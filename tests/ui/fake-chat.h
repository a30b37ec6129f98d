/* chat-service.h with a script instead of a model: linked in place of chat-service.c, for tests of what is around it.
 */
#pragma once
#include "app/engine/chat-service.h"

G_BEGIN_DECLS

void fake_chat_reset(void);
void fake_chat_set_missing(const char *sentence); /* there is no model; NULL: there is */
/* The next replies: text word by word; a phrase of it is found in the rectangle (w 0: an empty mask). */
void fake_chat_say(const char *text);
void fake_chat_ground(const char *phrase, int x, int y, int w, int h, double score);
void fake_chat_say_of_region(const char *text);         /* of the next region in order */
void fake_chat_fail(const char *sentence, guint words); /* after so many words; NULL: no longer */
void fake_chat_hold(bool hold);                         /* words stop coming until released */
void fake_chat_stop_by(chat_stop stop);

/* What was asked last. */
typedef struct {
	char *question, *turns, *prefix; /* turns: "user: …|model: …|" */
	guint n_regions, n_asked;
	double temperature;
	guint64 seed;
	bool had_image;
	const char *source;
	raster_rect area;
} fake_asked;
const fake_asked *fake_chat_asked(void);

G_END_DECLS
