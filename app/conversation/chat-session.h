/* The conversations of one document: which is open, what is marked for the next question, the question under way, what
 * was found. Without widgets; the panel shows it and the canvas draws it. Main context only, nothing here waits. */
#pragma once
#include "app/conversation/conversation.h"
#include "app/document/document.h"
#include "app/engine/chat-service.h"

G_BEGIN_DECLS

#define NADIR_TYPE_CHAT (nadir_chat_get_type())
G_DECLARE_FINAL_TYPE(NadirChat, nadir_chat, NADIR, CHAT, GObject)

/* Signals: "list-changed" (conversations, titles), "path-changed" (another conversation, branch or message),
 * "message-changed" (conversation_message *: its text grew, or it is done), "regions-changed" (of the next question,
 * and what could become one), "state-changed" (asking, model), "lit-changed", "notice" (const char *sentence),
 * "deleted" (conversation *, which can be brought back). */

/* svc: borrowed, outlives the chat; NULL: asking is impossible. */
NadirChat *nadir_chat_new(NadirDocument *d, chat_service *svc);
/* Lets go of the document and stops what runs; before the document is closed. */
void nadir_chat_close(NadirChat *c);
NadirDocument *nadir_chat_get_document(NadirChat *c);
/* Another model from now on; what the old one was saying is given up. Before the old service goes. */
void nadir_chat_set_service(NadirChat *c, chat_service *svc);

/* --- the model --- */
typedef enum { NADIR_CHAT_UNTRIED, NADIR_CHAT_LOADING, NADIR_CHAT_READY, NADIR_CHAT_NONE } NadirChatModel;
NadirChatModel nadir_chat_get_model(NadirChat *c, const chat_info **info, const char **why); /* why: of NONE */
void nadir_chat_load_model(NadirChat *c);                                                    /* also: try again */

/* --- conversations --- */
GPtrArray *nadir_chat_get_conversations(NadirChat *c); /* of conversation, the one last talked in first */
conversation *nadir_chat_get_open(NadirChat *c);       /* never NULL; may be new and empty */
void nadir_chat_open(NadirChat *c, conversation *talk);
void nadir_chat_begin(NadirChat *c); /* a new one, stored with its first question */
void nadir_chat_rename(NadirChat *c, conversation *talk, const char *title);
void nadir_chat_delete(NadirChat *c, conversation *talk);
void nadir_chat_restore(NadirChat *c, conversation *talk); /* deleted a moment ago */
void nadir_chat_set_settings(NadirChat *c, const conversation_settings *settings);
bool nadir_chat_step_branch(NadirChat *c, conversation_message *m, int step);
/* The open conversation's path to a file. */
bool nadir_chat_export(NadirChat *c, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --- regions of the next question --- */
GPtrArray *nadir_chat_get_regions(NadirChat *c, guint *fixed); /* of conversation_region; the first `fixed` must stay */
/* What the pending marks, the selected object or another one would be; their place among the regions, 1-based, or 0 +
 * error. One that is there already is not added twice. */
guint nadir_chat_add_marks(NadirChat *c, GError **error);
guint nadir_chat_add_object(NadirChat *c, NadirObject *o, GError **error);
void nadir_chat_remove_region(NadirChat *c, guint index);
/* The question that is being rewritten: its branch's regions are those of the next question. NULL: none. */
void nadir_chat_edit(NadirChat *c, conversation_message *question);
conversation_message *nadir_chat_get_edited(NadirChat *c);
/* The part of the image in sight, for those who talk about that only. */
void nadir_chat_set_view(NadirChat *c, const raster_rect *view);

/* --- asking --- */
/* question: with "<Region 1>". "segment: PHRASE" asks for its masks. False + error: nothing was begun. */
bool nadir_chat_ask(NadirChat *c, const char *question, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool nadir_chat_is_asking(NadirChat *c, const char **stage, double *fraction); /* stage "" while text comes */
void nadir_chat_stop(NadirChat *c);
/* Another answer to the question of reply `m`, or to question `m`. */
bool nadir_chat_answer_again(NadirChat *c, conversation_message *m, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool nadir_chat_continue(NadirChat *c, GError **error) G_GNUC_WARN_UNUSED_RESULT; /* the last reply, which was cut */
bool nadir_chat_can_continue(NadirChat *c);

/* A person's wording of a reply, a step of undo; "": as the model said it. False + error: nothing was changed. */
bool nadir_chat_edit_reply(NadirChat *c, conversation_message *reply, const char *text,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Reads all conversations of the image; "list-changed" tells when they are there. True: they are. */
bool nadir_chat_load_all(NadirChat *c);

/* --- what was found --- */
/* The newest reply in sight; NULL: there is none. */
conversation_message *nadir_chat_get_reply(NadirChat *c);
/* Makes an object of a grounded phrase, or of all of the reply that are none yet; how many. */
guint nadir_chat_accept(NadirChat *c, conversation_message *reply, guint index);
guint nadir_chat_accept_all(NadirChat *c, conversation_message *reply);
guint nadir_chat_count_open(conversation_message *reply); /* grounded phrases with a mask that are no object */
/* Keeps the reply as caption of the objects its regions were made from (each its own line when there is one), of the
 * selected object, else of the image. A sentence that says of what; g_free. */
char *nadir_chat_keep_caption(NadirChat *c, conversation_message *reply);

/* --- pointing: a region (message NULL) or a grounded phrase of a message is lit in text and on the canvas --- */
void nadir_chat_light_region(NadirChat *c, int index); /* -1: none */
void nadir_chat_light_grounded(NadirChat *c, conversation_message *m, int index);
int nadir_chat_get_lit_region(NadirChat *c);
int nadir_chat_get_lit_grounded(NadirChat *c, conversation_message *m);
conversation_message *nadir_chat_get_lit_message(NadirChat *c);
/* What is under an image position: the smallest; sets it lit. */
void nadir_chat_point(NadirChat *c, double x, double y, double slack);

G_END_DECLS
