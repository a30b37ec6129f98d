/* Inside of the chat session, for its own files. */
#pragma once
#include "app/conversation/chat-session.h"
#include "app/document/document-private.h"

G_BEGIN_DECLS

/* A question under way; it outlives the session until its answer came. */
typedef struct {
	NadirChat *chat; /* borrowed; NULL: the session is gone */
	conversation *talk;
	conversation_message *reply;     /* of talk */
	conversation_message *continued; /* the reply that this one carries on, or NULL */
	GCancellable *cancel;
	bool sent;     /* else it waits for the model, which tells what it can be asked */
	GString *text; /* what has come */
	scene *scene;  /* of what was found, while that is prepared; NULL */
} chat_asking;

struct _NadirChat {
	GObject parent_instance;

	/* Borrowed */
	chat_service *service;

	/* Owned */
	NadirDocument *document; /* NULL: closed */
	GSignalGroup *document_signals;
	GPtrArray *conversations; /* of conversation: stored ones */
	bool listed;              /* they are all there */
	conversation *open;       /* one of them, or a new one */
	GPtrArray *added;         /* of conversation_region: new in the next question */
	conversation_message *edited;
	raster_rect view;

	chat_asking *asking; /* NULL: nothing is under way */
	char stage[16];
	double fraction;

	NadirChatModel model;
	char *why; /* there is no model */
	GCancellable *loading;

	int lit_region;
	conversation_message *lit_message;
	int lit_grounded;
};

typedef enum {
	CHAT_SIGNAL_LIST,
	CHAT_SIGNAL_PATH,
	CHAT_SIGNAL_MESSAGE,
	CHAT_SIGNAL_REGIONS,
	CHAT_SIGNAL_STATE,
	CHAT_SIGNAL_LIT,
	CHAT_SIGNAL_NOTICE,
	CHAT_SIGNAL_DELETED,
	N_CHAT_SIGNALS
} chat_signal;
void chat_emit(NadirChat *c, chat_signal which);
void chat_emit_message(NadirChat *c, conversation_message *m);
void chat_notice(NadirChat *c, const char *sentence);

/* Stores what changed; a failure is told and costs nothing else: the conversation goes on in memory. */
void chat_store(NadirChat *c, conversation *talk, conversation_message *m);
/* Sends the question that waited for the model. */
void chat_send_waiting(NadirChat *c);
/* Ends the question under way without its answer; `why` stands with it. */
void chat_give_up_asking(NadirChat *c, const char *why);
/* What the next question follows. */
conversation_message *chat_parent(NadirChat *c);
/* The regions of the next question, with those that must stay first. New reference, shared regions. */
GPtrArray *chat_draft_regions(NadirChat *c);

G_END_DECLS
