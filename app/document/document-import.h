/* Other tools' objects into a document's project, as `nadir import`. Main context only. */
#pragma once
#include "app/document/document.h"

G_BEGIN_DECLS

/* The file's objects on whichever images of the project they belong to; one step of undo an image. */
void nadir_document_import_async(NadirDocument *d, const char *path, GAsyncReadyCallback done, void *data);
/* How many objects, -1 with an error; report: what was left out or changed, lines for the user, g_free. */
int nadir_document_import_finish(GAsyncResult *result, char **report, GError **error);

G_END_DECLS
