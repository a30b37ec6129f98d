/* A document's undo and redo, and its whole history. Main context only. */
#pragma once
#include "app/document/document.h"
#include "render/store/history.h"

G_BEGIN_DECLS

/* With marks pending, undo takes back the last of them; else it goes through the project's journal. */
void nadir_document_undo(NadirDocument *d);
void nadir_document_redo(NadirDocument *d);
const char *nadir_document_get_undo_text(NadirDocument *d); /* NULL: nothing to undo */
const char *nadir_document_get_redo_text(NadirDocument *d);
/* Whether there is something, or will be when what was asked for is done: who presses Ctrl+Z and Ctrl+Y in a row means
 * it. */
bool nadir_document_can_undo(NadirDocument *d);
bool nadir_document_can_redo(NadirDocument *d);
/* The steps of this image, newest first; and to one of them, so that it is the last that stands (0: none of them). */
void nadir_document_read_history_async(NadirDocument *d, GCancellable *cancel, GAsyncReadyCallback done, void *data);
GPtrArray *nadir_document_read_history_finish(GAsyncResult *result, GError **error); /* [element-type project_step] */
void nadir_document_go_to(NadirDocument *d, gint64 step);

G_END_DECLS
