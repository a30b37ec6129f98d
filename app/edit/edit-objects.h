/* What edits of many objects do in the store's thread before and after their change. Inside app/edit only. */
#pragma once
#include "app/document/document-private.h"

G_BEGIN_DECLS

/* The objects [element-type feature] that the window knows by these ids (gint64), as they are stored now; those that
 * are gone by then are left out. NULL + error. */
GPtrArray *edit_read_objects(document_job *j, project *p, const GArray *ids, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Tells the window what these [element-type feature] are now. */
bool edit_tell_objects(document_job *j, project *p, GPtrArray *changed, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
