/* A document's objects to other tools' files. Main context only. */
#pragma once
#include "app/document/document.h"

G_BEGIN_DECLS

/* All objects to a file, off the main loop; report as export_write(). */
void nadir_document_export_async(NadirDocument *d, const char *path, double simplify, GCancellable *cancel,
                                 GAsyncReadyCallback done, void *data);
char *nadir_document_export_finish(GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What each format cannot hold of them, as export_losses_each(). */
void nadir_document_losses_async(NadirDocument *d, GCancellable *cancel, GAsyncReadyCallback done, void *data);
GPtrArray *nadir_document_losses_finish(GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
