/* The selected rows of a list of objects and the selected objects of the document, each following the other. Main
 * context only. */
#pragma once
#include "app/document/document.h"
#include <gtk/gtk.h>

G_BEGIN_DECLS

#define NADIR_TYPE_OBJECT_SELECTION (nadir_object_selection_get_type())
G_DECLARE_FINAL_TYPE(NadirObjectSelection, nadir_object_selection, NADIR, OBJECT_SELECTION, GObject)

/* The objects of a document as rows: those not stored yet above those that are. NULL: none. */
void nadir_object_rows_fill(GListStore *lists, NadirDocument *document);
/* Their order without any other: not stored first, then the newest first. */
int nadir_object_rows_compare(NadirObject *a, NadirObject *b);

/* Signal: "followed" (guint position), after rows or selection changed: where the selected object is, or
 * GTK_INVALID_LIST_POSITION. compare: the total order of sorted's rows; data must outlive the selection. */
NadirObjectSelection *nadir_object_selection_new(GtkSortListModel *sorted, GCompareDataFunc compare, void *data);
GtkSelectionModel *nadir_object_selection_get_model(NadirObjectSelection *selection); /* borrowed */
/* Other rows in their place: those of sorted, or the same in another order, as while they are being sorted. */
void nadir_object_selection_set_rows(NadirObjectSelection *selection, GListModel *rows);
/* NULL: nothing is followed, as while the rows are exchanged. */
void nadir_object_selection_set_document(NadirObjectSelection *selection, NadirDocument *document);
guint nadir_object_selection_get_position(NadirObjectSelection *selection); /* of the selected object */
NadirObject *nadir_object_selection_get_row(NadirObjectSelection *selection, guint position); /* new reference */

G_END_DECLS
