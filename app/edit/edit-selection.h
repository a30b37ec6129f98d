/* Several selected objects: one of them is the selected one of document.h, which single-object actions are about; the
 * others are chosen besides. nadir_document_select() leaves none of them. Main context only. */
#pragma once
#include "app/document/document.h"

G_BEGIN_DECLS

bool nadir_document_is_selected(NadirDocument *d, gint64 id);
guint nadir_document_n_selected(NadirDocument *d);
/* Ids of those that are there, the selected one first. [element-type gint64]; free with g_array_unref(). */
GArray *nadir_document_get_selection(NadirDocument *d);
/* The first one becomes the selected one. n may be 0. */
void nadir_document_select_ids(NadirDocument *d, const gint64 *ids, guint n);
void nadir_document_toggle_selected(NadirDocument *d, gint64 id); /* Ctrl and a click */
/* Those that lie wholly inside the rectangle x0, y0, x1, y1, in image pixels; besides those that are. */
void nadir_document_select_inside(NadirDocument *d, const double rect[4]);
void nadir_document_select_all(NadirDocument *d);
void nadir_document_invert_selection(NadirDocument *d);
/* All for which `wanted` says so; never what is hidden or locked, nor do the three above. Returns how many. */
typedef bool (*NadirWanted)(NadirObject *o, void *data);
guint nadir_document_select_where(NadirDocument *d, NadirWanted wanted, void *data);
/* One step of undo; ids [element-type gint64]. What could not be stored is forgotten with them. */
void nadir_document_delete_many(NadirDocument *d, const GArray *ids);

G_END_DECLS
