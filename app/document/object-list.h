/* The stored objects of a document as a GListModel of NadirObject, newest first (by falling id), for very many of them:
 * found by id and by place, counted by class, seen by other threads as they were. Main context only unless said. */
#pragma once
#include <gio/gio.h>

#include "app/document/object.h"

G_BEGIN_DECLS
#define NADIR_TYPE_OBJECT_LIST (nadir_object_list_get_type())
G_DECLARE_FINAL_TYPE(NadirObjectList, nadir_object_list, NADIR, OBJECT_LIST, GObject)

NadirObjectList *nadir_object_list_new(void);

/* What became of one object; now NULL: it is gone. */
typedef struct {
	gint64 id;
	NadirObject *now; /* owned by whoever owns the change */
} object_change;
/* One "items-changed" a change while they are few, else one for all of them. Of the same id the last one counts. */
void nadir_object_list_apply(NadirObjectList *l, object_change *const *changes, guint n);
/* Objects first..last have been renamed in place. */
void nadir_object_list_renamed(NadirObjectList *l, guint first, guint last);
/* Which objects are hidden has changed: a new version, without "items-changed". */
void nadir_object_list_touch(NadirObjectList *l);

NadirObject *nadir_object_list_get(NadirObjectList *l, guint position);              /* borrowed; NULL beyond the end */
NadirObject *nadir_object_list_find(NadirObjectList *l, gint64 id, guint *position); /* borrowed; NULL: its place */
/* The newest there that is neither hidden nor locked; borrowed. */
NadirObject *nadir_object_list_at(NadirObjectList *l, double x, double y);
guint nadir_object_list_count(NadirObjectList *l, int class_id);
guint64 nadir_object_list_version(NadirObjectList *l); /* rises with every change */
/* Objects (borrowed) that touch x0, y0, x1, y1 and are not hidden go to found, oldest first; with more than `most` of
 * them found is left empty and the answer is false. */
bool nadir_object_list_search(NadirObjectList *l, const double area[4], guint most, GPtrArray *found);

/* What the list holds now, for any thread, for as long as it is referenced: geometry and ids are constant there, names
 * are not. */
typedef struct object_snapshot object_snapshot;
object_snapshot *nadir_object_list_snapshot(NadirObjectList *l);
NadirObject *const *object_snapshot_items(const object_snapshot *s, guint *n); /* newest first */
void object_snapshot_unref(object_snapshot *s);

G_END_DECLS
