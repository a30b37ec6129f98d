/* Objects as text and back, for the clipboard and for drags (render/exchange/shape-text.h). Main context only. */
#pragma once
#include "app/document/document.h"

G_BEGIN_DECLS

/* The selected objects, as GeoJSON or WKT; finish: the text, g_free. */
void nadir_document_copy_async(NadirDocument *d, bool wkt, GAsyncReadyCallback done, void *data);
char *nadir_document_copy_finish(GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Shapes of a text become objects, selected, in one step of undo; those without a class get the current one. What
 * cannot be done comes as "error" or "notice". */
void nadir_document_paste(NadirDocument *d, const char *text);

G_END_DECLS
