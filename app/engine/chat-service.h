/* Chat for the window: the same requests in the inference thread, one short step at a time, so that a segmentation
 * prompt waits for one token at most. Called from the main context; results come back there. */
#pragma once
#include "app/engine/chat.h"
#include "app/engine/service.h"

G_BEGIN_DECLS

typedef struct chat_service chat_service;
/* The model opens in the thread at the first request, and again after a lost device. */
chat_service *chat_service_new(service *s, const chat_options *options);
/* Cancels what runs; before service_free(). Answers that come after it are nobody's: no finish function then. */
void chat_service_free(chat_service *c);
/* NULL until the first open has answered. */
const chat_info *chat_service_get_info(const chat_service *c);
void chat_service_open_async(chat_service *c, GCancellable *cancel, GAsyncReadyCallback done, void *data);
bool chat_service_open_finish(chat_service *c, GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Copies the request whole; on_text and on_progress (at most 20 a second) are called in the main context with
 * req->data. Requests run one after the other. Cancelling gives a reply with what was said, not an error. */
void chat_service_ask_async(chat_service *c, const chat_request *req, GAsyncReadyCallback done, void *data);
/* On failure `out` holds what was said before it. The caller clears it in both cases. */
bool chat_service_ask_finish(chat_service *c, GAsyncResult *result, chat_reply *out,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
