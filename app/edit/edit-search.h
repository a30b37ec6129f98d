/* Many objects at once in the window: everything in a part of the image, or what is like the selected objects. What was
 * found is shown over the image until it is kept (as drafts, one step of undo) or dropped; a threshold says which of it
 * counts. Told by "busy-changed". Main context only. */
#pragma once
#include "app/document/document.h"

G_BEGIN_DECLS

/* area: in image pixels. scale: side of what the model looks at at once, 0: by itself. like: find what is like the
 * selected objects. A search under way is stopped first; what it found before is dropped. */
void nadir_document_search(NadirDocument *d, const raster_rect *area, int scale, bool like);
void nadir_document_stop_search(NadirDocument *d);
double nadir_document_get_searched(NadirDocument *d, guint *found); /* 0..1; < 0: no search runs */

GPtrArray *nadir_document_get_found(NadirDocument *d); /* [element-type NadirObject], surest first; borrowed */
guint nadir_document_n_counting(NadirDocument *d);     /* of them, with at least this score */
double nadir_document_get_least_score(NadirDocument *d);
void nadir_document_set_least_score(NadirDocument *d, double score);
void nadir_document_keep_found(NadirDocument *d);
void nadir_document_drop_found(NadirDocument *d);

G_END_DECLS
