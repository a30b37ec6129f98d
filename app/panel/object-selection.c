#include "app/panel/object-selection.h"

#include "app/edit/edit-selection.h"

struct _NadirObjectSelection {
	GObject parent_instance;

	/* Owned references */
	NadirDocument *document;
	GSignalGroup *signals;
	GtkSortListModel *sorted;
	GtkMultiSelection *model;

	GCompareDataFunc compare;
	void *data;
	gboolean syncing; /* the rows follow the document: do not answer */
};

G_DEFINE_FINAL_TYPE(NadirObjectSelection, nadir_object_selection, G_TYPE_OBJECT)

enum { FOLLOWED, N_SIGNALS };
static guint signals[N_SIGNALS];

void nadir_object_rows_fill(GListStore *lists, NadirDocument *document)
{
	g_list_store_remove_all(lists);
	if (!document)
		return;
	g_list_store_append(lists, nadir_document_get_unstored(document));
	g_list_store_append(lists, nadir_document_get_objects(document));
}

/* Those not stored have ids below 0, the newest the lowest. */
int nadir_object_rows_compare(NadirObject *a, NadirObject *b)
{
	const gint64 x = nadir_object_get_feature(a)->id, y = nadir_object_get_feature(b)->id;
	const int rising = x < y ? -1 : x > y;
	return x < 0 || y < 0 ? rising : -rising;
}

NadirObject *nadir_object_selection_get_row(NadirObjectSelection *self, guint position)
{
	return g_list_model_get_item(G_LIST_MODEL(self->model), position);
}

static guint look_through(NadirObjectSelection *self, NadirObject *o)
{
	const guint n = g_list_model_get_n_items(G_LIST_MODEL(self->model));
	for (guint i = 0; i < n; i++) {
		g_autoptr(NadirObject) here = nadir_object_selection_get_row(self, i);
		if (here == o)
			return i;
	}
	return GTK_INVALID_LIST_POSITION;
}

/* The order is total, so a sorted list is searched by halves; one that is still being sorted is looked through. */
static guint find_position(NadirObjectSelection *self, NadirObject *o)
{
	guint low = 0, high = g_list_model_get_n_items(G_LIST_MODEL(self->model));
	if (gtk_sort_list_model_get_pending(self->sorted) > 0 ||
	    gtk_multi_selection_get_model(self->model) != G_LIST_MODEL(self->sorted))
		return look_through(self, o);
	while (low < high) {
		const guint middle = low + (high - low) / 2;
		g_autoptr(NadirObject) here = nadir_object_selection_get_row(self, middle);
		if (here == o)
			return middle;
		if (self->compare(here, o, self->data) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return GTK_INVALID_LIST_POSITION;
}

guint nadir_object_selection_get_position(NadirObjectSelection *self)
{
	NadirObject *selected = self->document ? nadir_document_get_selected(self->document) : NULL;
	return selected ? find_position(self, selected) : GTK_INVALID_LIST_POSITION;
}

static void follow_document(NadirObjectSelection *self)
{
	const guint n = g_list_model_get_n_items(G_LIST_MODEL(self->model));
	const guint wanted = self->document ? nadir_document_n_selected(self->document) : 0;
	const guint position = nadir_object_selection_get_position(self);
	GtkBitset *selected = gtk_bitset_new_empty(), *all = gtk_bitset_new_range(0, n);
	if (position != GTK_INVALID_LIST_POSITION)
		gtk_bitset_add(selected, position);
	for (guint i = 0; wanted > 1 && i < n; i++) {
		g_autoptr(NadirObject) o = nadir_object_selection_get_row(self, i);
		if (nadir_document_is_selected(self->document, nadir_object_get_feature(o)->id))
			gtk_bitset_add(selected, i);
	}
	self->syncing = TRUE;
	gtk_selection_model_set_selection(GTK_SELECTION_MODEL(self->model), selected, all);
	self->syncing = FALSE;
	gtk_bitset_unref(selected);
	gtk_bitset_unref(all);
	g_signal_emit(self, signals[FOLLOWED], 0, position);
}

/* The selected one stays it while it is among the rows; else the first of them becomes it. */
static void on_user_selected(NadirObjectSelection *self)
{
	if (self->syncing || !self->document)
		return;
	g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));
	NadirObject *before = nadir_document_get_selected(self->document);
	GtkBitset *rows = gtk_selection_model_get_selection(GTK_SELECTION_MODEL(self->model));
	GtkBitsetIter iter;
	guint row;
	for (gboolean ok = gtk_bitset_iter_init_first(&iter, rows, &row); ok; ok = gtk_bitset_iter_next(&iter, &row)) {
		g_autoptr(NadirObject) o = nadir_object_selection_get_row(self, row);
		const gint64 id = nadir_object_get_feature(o)->id;
		if (o == before)
			g_array_prepend_val(ids, id);
		else
			g_array_append_val(ids, id);
	}
	gtk_bitset_unref(rows);
	nadir_document_select_ids(self->document, (const gint64 *)(const void *)ids->data, ids->len);
}

/* Items are replaced when they change, and the model then loses the selection: the document knows it. */
static void on_items_changed(NadirObjectSelection *self)
{
	if (!self->syncing)
		follow_document(self);
}

GtkSelectionModel *nadir_object_selection_get_model(NadirObjectSelection *self)
{
	return GTK_SELECTION_MODEL(self->model);
}

void nadir_object_selection_set_rows(NadirObjectSelection *self, GListModel *rows)
{
	g_return_if_fail(NADIR_IS_OBJECT_SELECTION(self));
	gtk_multi_selection_set_model(self->model, rows);
}

void nadir_object_selection_set_document(NadirObjectSelection *self, NadirDocument *document)
{
	g_return_if_fail(NADIR_IS_OBJECT_SELECTION(self));
	g_set_object(&self->document, document);
	g_signal_group_set_target(self->signals, document);
	follow_document(self);
}

static void nadir_object_selection_dispose(GObject *object)
{
	NadirObjectSelection *self = NADIR_OBJECT_SELECTION(object);
	if (self->model)
		g_signal_handlers_disconnect_by_data(self->model, self);
	g_clear_object(&self->signals);
	g_clear_object(&self->document);
	g_clear_object(&self->model);
	g_clear_object(&self->sorted);
	G_OBJECT_CLASS(nadir_object_selection_parent_class)->dispose(object);
}

static void nadir_object_selection_class_init(NadirObjectSelectionClass *klass)
{
	G_OBJECT_CLASS(klass)->dispose = nadir_object_selection_dispose;
	signals[FOLLOWED] = g_signal_new("followed", NADIR_TYPE_OBJECT_SELECTION, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
	                                 G_TYPE_NONE, 1, G_TYPE_UINT);
}

static void nadir_object_selection_init(NadirObjectSelection *self)
{
	self->signals = g_signal_group_new(NADIR_TYPE_DOCUMENT);
	g_signal_group_connect_swapped(self->signals, "selection-changed", G_CALLBACK(follow_document), self);
}

NadirObjectSelection *nadir_object_selection_new(GtkSortListModel *sorted, GCompareDataFunc compare, void *data)
{
	NadirObjectSelection *self = g_object_new(NADIR_TYPE_OBJECT_SELECTION, NULL);
	self->sorted = g_object_ref(sorted);
	self->compare = compare;
	self->data = data;
	self->model = gtk_multi_selection_new(g_object_ref(G_LIST_MODEL(sorted)));
	g_signal_connect_swapped(self->model, "selection-changed", G_CALLBACK(on_user_selected), self);
	g_signal_connect_data(self->model, "items-changed", G_CALLBACK(on_items_changed), self, NULL,
	                      G_CONNECT_SWAPPED | G_CONNECT_AFTER);
	return self;
}
