/* A session on a document with a scripted model. */
#pragma once
#include "app/conversation/chat-session.h"
#include "tests/ui/fake-chat.h"
#include "tests/ui/fixture.h"

G_BEGIN_DECLS

typedef struct {
	char *dir, *path;
	service *engine;
	chat_service *service;
	NadirDocument *document;
	NadirChat *chat;
} world;
void world_up(world *w, gconstpointer data);
void world_down(world *w, gconstpointer data);
void open_chat(world *w); /* the document, and what is stored of its conversations */
void close_chat(world *w);
bool is_idle(void *chat);
void ask(world *w, const char *question);         /* and waits for the reply */
conversation_message *message(world *w, guint i); /* of the path in sight */
guint path_length(world *w);

G_END_DECLS
