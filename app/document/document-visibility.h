/* Which objects are hidden, and which are locked: seen, but not to be hit, swept up or reshaped on the image. One by
 * one, by class with all of its kinds, or all but some (isolated). It is how the session looks at the project, not part
 * of it: nothing of it is stored, no step of undo, nobody else of a team sees it; so an object that seems to be gone is
 * never more than a restart away. Classes stay hidden and locked from image to image. Main context only.
 *
 * Told by "settings-changed". A hidden object that is selected in a list is drawn as long as it is selected. */
#pragma once
#include "app/document/document.h"

G_BEGIN_DECLS

void nadir_document_hide(NadirDocument *d, const GArray *ids); /* [element-type gint64]; no longer selected */
void nadir_document_lock(NadirDocument *d, const GArray *ids, bool locked);
void nadir_document_isolate(NadirDocument *d, const GArray *ids); /* only these are shown; NULL: all again */
bool nadir_document_is_isolated(NadirDocument *d);
void nadir_document_hide_class(NadirDocument *d, int id, bool hidden);
void nadir_document_lock_class(NadirDocument *d, int id, bool locked);
bool nadir_document_is_class_hidden(NadirDocument *d, int id); /* itself or one that it is a kind of */
bool nadir_document_is_class_locked(NadirDocument *d, int id);
void nadir_document_show_all(NadirDocument *d);
void nadir_document_unlock_all(NadirDocument *d);
guint nadir_document_n_hidden(NadirDocument *d); /* of the stored objects */
guint nadir_document_n_locked(NadirDocument *d);
/* Whether any of them is locked, which is told by a "notice". */
bool nadir_document_refuse_locked(NadirDocument *d, const GArray *ids);

/* For the document's own files. */
typedef struct {
	GHashTable *hidden, *locked; /* gint64: objects */
	GHashTable *isolated;        /* gint64; NULL: none */
	GHashTable *hidden_classes, *locked_classes;
} visibility;
void visibility_init(visibility *v);
void visibility_clear(visibility *v);
void nadir_document_mark_visibility(NadirDocument *d, NadirObject *o);         /* a new item */
void nadir_document_inherit_visibility(NadirDocument *d, NadirDocument *from); /* of classes */

G_END_DECLS
