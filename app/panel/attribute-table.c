#include "app/panel/attribute-table.h"

#include <glib/gi18n.h>

#include "app/edit/edit-attributes.h"
#include "app/edit/edit-selection.h"
#include "app/panel/cell-editor.h"
#include "app/panel/object-content.h"
#include "app/panel/object-row.h"
#include "app/panel/object-selection.h"
#include "app/panel/table-columns.h"

#define SCAN_PAUSE 400 /* ms after a change, before attributes nobody asked for are looked for again */

struct _NadirAttributeTable {
	GtkWidget parent_instance;

	/* Template widgets */
	GtkSearchEntry *filter_entry;
	GtkToggleButton *by_condition;
	GtkLabel *count, *error;
	GtkColumnView *view;

	/* Owned references */
	NadirDocument *document;
	GSignalGroup *signals;
	GListStore *lists; /* of GListModel: unstored and stored objects */
	GtkFilter *filter;
	GtkFilterListModel *filtered;
	GtkSortListModel *sorted;
	NadirObjectSelection *selection;
	GPtrArray *columns;   /* of NadirTableColumn */
	GHashTable *held;     /* attributes that objects have, whoever asked for them; NULL: not known yet */
	GHashTable *matching; /* gint64: ids that the condition holds for; NULL: no condition */
	char *needle;         /* case-folded filter text */
	GHashTable *cells;    /* of GtkInscription, borrowed: those bound now */
	GtkWidget *editor;    /* the popover */

	NadirTableColumn *current;  /* the column that keys are about; borrowed from columns */
	NadirTableColumn *edited;   /* that the popover is about; owned */
	NadirObject *edited_object; /* owned */
	guint scan_source;
};

G_DEFINE_FINAL_TYPE(NadirAttributeTable, nadir_attribute_table, GTK_TYPE_WIDGET)

static NadirTableColumn *column_of(gpointer cell_or_view_column)
{
	return g_object_get_data(cell_or_view_column, "column");
}

static NadirObject *object_of(gpointer cell)
{
	GtkListItem *item = g_object_get_data(cell, "list-item");
	return gtk_list_item_get_item(item);
}

static void say(NadirAttributeTable *self, const char *sentence)
{
	gtk_label_set_text(self->error, sentence ? sentence : "");
	gtk_widget_set_visible(GTK_WIDGET(self->error), sentence != NULL);
}

/* --- filter and order --- */

static gboolean matches(gpointer item, gpointer data)
{
	const NadirAttributeTable *self = data;
	const feature *f = nadir_object_get_feature(item);
	if (self->matching && !g_hash_table_contains(self->matching, &f->id))
		return FALSE;
	return !*self->needle || nadir_object_contains_text(item, self->needle);
}

static int compare(gconstpointer a, gconstpointer b, gpointer data)
{
	NadirAttributeTable *self = data;
	const int c = gtk_sorter_compare(gtk_column_view_get_sorter(self->view), (gpointer)a, (gpointer)b);
	return c ? c : nadir_object_rows_compare((gpointer)a, (gpointer)b);
}

static void update_count(NadirAttributeTable *self)
{
	const guint shown = g_list_model_get_n_items(G_LIST_MODEL(self->filtered));
	const guint selected = self->document ? nadir_document_n_selected(self->document) : 0;
	g_autofree char *rows = g_strdup_printf(ngettext("%'u row", "%'u rows", shown), shown);
	g_autofree char *text = selected > 0 ? g_strdup_printf(_("%s, %'u selected"), rows, selected) : g_strdup(rows);
	gtk_label_set_text(self->count, text);
}

/* Without a filter the model passes things on: nothing is looked through at a change. */
static void filter_again(NadirAttributeTable *self)
{
	gtk_filter_list_model_set_filter(self->filtered, *self->needle || self->matching ? self->filter : NULL);
	gtk_filter_changed(self->filter, GTK_FILTER_CHANGE_DIFFERENT);
	update_count(self);
}

static void on_matched(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(NadirAttributeTable) self = data;
	g_autoptr(GError) error = NULL;
	g_autoptr(GArray) ids = nadir_document_match_finish(result, &error);
	if (!self->lists || self->document != NADIR_DOCUMENT(source))
		return;
	if (!ids) {
		say(self, error->message);
		return;
	}
	g_clear_pointer(&self->matching, g_hash_table_unref);
	self->matching = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	for (guint i = 0; i < ids->len; i++)
		g_hash_table_add(self->matching, g_memdup2(&g_array_index(ids, gint64, i), sizeof(gint64)));
	filter_again(self);
}

static void on_filter_activate(NadirAttributeTable *self)
{
	const char *text = gtk_editable_get_text(GTK_EDITABLE(self->filter_entry));
	say(self, NULL);
	if (!gtk_toggle_button_get_active(self->by_condition))
		nadir_attribute_table_focus(self);
	else if (self->document && *text)
		nadir_document_match_async(self->document, text, on_matched, g_object_ref(self));
}

static void on_filter_changed(NadirAttributeTable *self)
{
	const char *text = gtk_editable_get_text(GTK_EDITABLE(self->filter_entry));
	const bool condition = gtk_toggle_button_get_active(self->by_condition);
	g_free(self->needle);
	self->needle = g_utf8_casefold(condition ? "" : text, -1);
	if (!condition || !*text)
		g_clear_pointer(&self->matching, g_hash_table_unref);
	filter_again(self);
}

static void on_by_condition(NadirAttributeTable *self)
{
	const bool condition = gtk_toggle_button_get_active(self->by_condition);
	g_object_set(self->filter_entry, "placeholder-text",
	             condition ? "class = 'ship' AND area_px > 100" : _("Filter by any text in the row"), NULL);
	say(self, NULL);
	on_filter_changed(self);
	gtk_widget_grab_focus(GTK_WIDGET(self->filter_entry));
}

static void on_stop_search(NadirAttributeTable *self)
{
	gtk_editable_set_text(GTK_EDITABLE(self->filter_entry), "");
	nadir_attribute_table_focus(self);
}

/* Very many rows are sorted in small steps. Shown, each step would fill all of them anew; so they stand as they were
 * stored until it is done. */
static void on_sorter_changed(NadirAttributeTable *self)
{
	if (gtk_sort_list_model_get_pending(self->sorted) == 0)
		return;
	nadir_object_selection_set_rows(self->selection, G_LIST_MODEL(self->filtered));
	gtk_label_set_text(self->count, _("sorting…"));
}

static void on_sorted(NadirAttributeTable *self)
{
	if (gtk_sort_list_model_get_pending(self->sorted) == 0)
		nadir_object_selection_set_rows(self->selection, G_LIST_MODEL(self->sorted));
}

/* --- rows --- */

static GtkWidget *find_list(GtkWidget *from)
{
	for (GtkWidget *w = gtk_widget_get_first_child(from); w; w = gtk_widget_get_next_sibling(w))
		if (GTK_IS_LIST_VIEW(w))
			return w;
	return NULL;
}

static void on_followed(NadirAttributeTable *self, guint position)
{
	GtkWidget *list = find_list(GTK_WIDGET(self->view));
	update_count(self);
	if (list && position != GTK_INVALID_LIST_POSITION)
		gtk_widget_activate_action(list, "list.scroll-to-item", "u", position);
}

static void write_cell(NadirAttributeTable *self, GtkInscription *cell)
{
	g_autofree char *text = nadir_table_column_get_text(column_of(cell), object_of(cell));
	gtk_inscription_set_text(cell, text);
	if (column_of(cell) == self->current)
		gtk_widget_add_css_class(GTK_WIDGET(cell), "current");
	else
		gtk_widget_remove_css_class(GTK_WIDGET(cell), "current");
}

void nadir_attribute_table_refresh(NadirAttributeTable *self)
{
	GHashTableIter iter;
	gpointer cell;
	g_hash_table_iter_init(&iter, self->cells);
	while (g_hash_table_iter_next(&iter, &cell, NULL))
		write_cell(self, cell);
}

static void on_setup(GtkSignalListItemFactory *factory, GtkListItem *item, NadirAttributeTable *self)
{
	NadirTableColumn *c = column_of(factory);
	GtkWidget *cell = gtk_inscription_new(NULL);
	gtk_inscription_set_xalign(GTK_INSCRIPTION(cell), nadir_table_column_is_numeric(c) ? 1 : 0);
	gtk_inscription_set_min_chars(GTK_INSCRIPTION(cell), nadir_table_column_get_width(c));
	gtk_inscription_set_nat_chars(GTK_INSCRIPTION(cell), nadir_table_column_get_width(c));
	gtk_inscription_set_text_overflow(GTK_INSCRIPTION(cell), GTK_INSCRIPTION_OVERFLOW_ELLIPSIZE_END);
	if (nadir_table_column_is_numeric(c))
		gtk_widget_add_css_class(cell, "numeric");
	g_object_set_data_full(G_OBJECT(cell), "column", g_object_ref(c), g_object_unref);
	g_object_set_data(G_OBJECT(cell), "list-item", item);
	gtk_list_item_set_child(item, cell);
}

static void on_bind(GtkSignalListItemFactory *factory, GtkListItem *item, NadirAttributeTable *self)
{
	GtkWidget *cell = gtk_list_item_get_child(item);
	g_hash_table_add(self->cells, cell);
	write_cell(self, GTK_INSCRIPTION(cell));
}

static void on_unbind(GtkSignalListItemFactory *factory, GtkListItem *item, NadirAttributeTable *self)
{
	g_hash_table_remove(self->cells, gtk_list_item_get_child(item));
}

/* --- columns --- */

static void set_current(NadirAttributeTable *self, NadirTableColumn *c)
{
	if (c && c != self->current) {
		self->current = c;
		nadir_attribute_table_refresh(self);
	}
}

static void append_column(NadirAttributeTable *self, NadirTableColumn *c)
{
	GtkListItemFactory *factory = gtk_signal_list_item_factory_new();
	g_autoptr(GtkSorter) sorter = nadir_table_column_make_sorter(c);
	g_object_set_data_full(G_OBJECT(factory), "column", g_object_ref(c), g_object_unref);
	g_signal_connect(factory, "setup", G_CALLBACK(on_setup), self);
	g_signal_connect(factory, "bind", G_CALLBACK(on_bind), self);
	g_signal_connect(factory, "unbind", G_CALLBACK(on_unbind), self);
	g_autoptr(GtkColumnViewColumn) column = gtk_column_view_column_new(nadir_table_column_get_title(c), factory);
	g_object_set_data_full(G_OBJECT(column), "column", g_object_ref(c), g_object_unref);
	gtk_column_view_column_set_sorter(column, sorter);
	gtk_column_view_column_set_resizable(column, TRUE);
	gtk_column_view_column_set_expand(column, nadir_table_column_get_kind(c) == TABLE_CAPTION);
	gtk_column_view_append_column(self->view, column);
}

static void remove_columns(NadirAttributeTable *self)
{
	GListModel *shown = gtk_column_view_get_columns(self->view);
	g_autoptr(GtkColumnViewColumn) column = NULL;
	while ((column = g_list_model_get_item(shown, 0))) {
		gtk_column_view_remove_column(self->view, column);
		g_clear_object(&column);
	}
}

/* Headings of numbers end where they do, the mark of the order before them. GTK has no property for it, and makes the
 * headings when the view is in a window. */
static void align_titles(NadirAttributeTable *self)
{
	GListModel *columns = gtk_column_view_get_columns(self->view);
	GtkWidget *title = gtk_widget_get_first_child(gtk_widget_get_first_child(GTK_WIDGET(self->view)));
	for (guint i = 0; title && i < g_list_model_get_n_items(columns); i++, title = gtk_widget_get_next_sibling(title)) {
		g_autoptr(GObject) column = g_list_model_get_item(columns, i);
		GtkWidget *box = gtk_widget_get_first_child(title), *label = box ? gtk_widget_get_first_child(box) : NULL;
		if (!GTK_IS_BOX(box) || !GTK_IS_LABEL(label) || !nadir_table_column_is_numeric(column_of(column)))
			continue;
		gtk_widget_set_hexpand(label, TRUE);
		gtk_label_set_xalign(GTK_LABEL(label), 1);
		gtk_box_reorder_child_after(GTK_BOX(box), label, gtk_widget_get_last_child(box));
	}
}

static void show_columns(NadirAttributeTable *self)
{
	g_autoptr(GPtrArray) none = g_ptr_array_new();
	GPtrArray *columns = table_columns(self->document ? nadir_document_get_classes(self->document) : none, self->held);
	if (self->columns && table_columns_equal(self->columns, columns)) {
		g_ptr_array_unref(columns);
		nadir_attribute_table_refresh(self);
		return;
	}
	remove_columns(self);
	self->current = columns->pdata[0];
	g_clear_pointer(&self->columns, g_ptr_array_unref);
	self->columns = columns;
	for (guint i = 0; i < columns->len; i++)
		append_column(self, columns->pdata[i]);
	align_titles(self);
}

static void scan_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancel)
{
	g_task_return_pointer(task, table_held_attributes(data), (GDestroyNotify)g_hash_table_unref);
}

static void on_scanned(GObject *source, GAsyncResult *result, gpointer data)
{
	NadirAttributeTable *self = NADIR_ATTRIBUTE_TABLE(source);
	GHashTable *held = g_task_propagate_pointer(G_TASK(result), NULL);
	if (self->lists && self->document == data) {
		g_clear_pointer(&self->held, g_hash_table_unref);
		self->held = g_steal_pointer(&held);
		show_columns(self);
	}
	g_clear_pointer(&held, g_hash_table_unref);
}

/* Which attributes objects have is looked up by a thread: there may be very many of them. */
static gboolean scan(gpointer data)
{
	NadirAttributeTable *self = data;
	self->scan_source = 0;
	if (!self->document)
		return G_SOURCE_REMOVE;
	g_autoptr(GTask) task = g_task_new(self, NULL, on_scanned, self->document);
	g_task_set_task_data(task,
	                     nadir_object_list_snapshot(NADIR_OBJECT_LIST(nadir_document_get_objects(self->document))),
	                     (GDestroyNotify)object_snapshot_unref);
	g_task_run_in_thread(task, scan_thread);
	return G_SOURCE_REMOVE;
}

static void on_items_changed(NadirAttributeTable *self)
{
	update_count(self);
	if (self->scan_source == 0 && self->document)
		self->scan_source = g_timeout_add(SCAN_PAUSE, scan, self);
}

/* --- editing --- */

static attribute_field *field_of(NadirAttributeTable *self, NadirTableColumn *c, NadirObject *o)
{
	const char *title = nadir_table_column_get_title(c);
	const gint64 id = nadir_object_get_feature(o)->id;
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	switch (nadir_table_column_get_kind(c)) {
	case TABLE_CLASS:
		for (guint i = 0; i < nadir_document_get_classes(self->document)->len; i++)
			g_ptr_array_add(names, ((project_class *)nadir_document_get_classes(self->document)->pdata[i])->name);
		g_ptr_array_add(names, NULL);
		return attribute_field_new(title, ATTRIBUTE_CHOICE, (const char *const *)names->pdata, true);
	case TABLE_CAPTION:
		return attribute_field_new(title, ATTRIBUTE_TEXT, NULL, false);
	case TABLE_ATTRIBUTE:
		return nadir_document_object_field(self->document, id, title);
	default:
		return NULL;
	}
}

static char *value_of(NadirTableColumn *c, NadirObject *o)
{
	return nadir_table_column_get_kind(c) == TABLE_ATTRIBUTE
	           ? attributes_get(nadir_object_get_feature(o)->attributes, nadir_table_column_get_title(c))
	           : nadir_table_column_get_text(c, o);
}

/* The row's object, or all selected ones that have such a field. */
static GArray *ids_for(NadirAttributeTable *self, NadirObject *o, NadirTableColumn *c, const attribute_field *f,
                       bool all)
{
	const gint64 id = nadir_object_get_feature(o)->id;
	GArray *ids = all ? nadir_document_get_selection(self->document) : g_array_new(FALSE, FALSE, sizeof(gint64));
	if (!all)
		g_array_append_val(ids, id);
	if (nadir_table_column_get_kind(c) != TABLE_ATTRIBUTE)
		return ids;
	GArray *with = nadir_document_with_field(self->document, ids, f);
	g_array_unref(ids);
	return with;
}

static bool set_value(NadirAttributeTable *self, NadirTableColumn *c, NadirObject *o, const char *value, bool all,
                      GError **error)
{
	g_autoptr(attribute_field) f = field_of(self, c, o);
	const char *title = nadir_table_column_get_title(c);
	if (!f) {
		g_set_error(error, ATTRIBUTE_ERROR, ATTRIBUTE_ERROR_NAME, _("The class “%s” does not ask for “%s”."),
		            nadir_object_get_feature(o)->class_name, title);
		return false;
	}
	g_autoptr(GArray) ids = ids_for(self, o, c, f, all);
	if (nadir_table_column_get_kind(c) == TABLE_CLASS)
		nadir_document_relabel_many(self->document, ids, value);
	else if (nadir_table_column_get_kind(c) == TABLE_CAPTION)
		nadir_document_caption_many(self->document, ids, value);
	else
		return nadir_document_set_attribute(self->document, ids, f, value, error);
	return true;
}

static void on_chosen(NadirAttributeTable *self, const char *value, gboolean all, NadirCellEditor *editor)
{
	g_autoptr(GError) error = NULL;
	if (self->document && self->edited_object &&
	    !set_value(self, self->edited, self->edited_object, value, all, &error))
		nadir_cell_editor_refuse(editor, error->message);
}

static GtkWidget *find_cell(NadirAttributeTable *self, NadirTableColumn *c, NadirObject *o)
{
	GHashTableIter iter;
	gpointer cell;
	g_hash_table_iter_init(&iter, self->cells);
	while (g_hash_table_iter_next(&iter, &cell, NULL))
		if (column_of(cell) == c && object_of(cell) == o)
			return cell;
	return NULL;
}

static void open_editor(NadirAttributeTable *self, NadirTableColumn *c, NadirObject *o)
{
	g_autoptr(attribute_field) f = field_of(self, c, o);
	GtkWidget *cell = find_cell(self, c, o);
	graphene_rect_t r;
	if (nadir_table_column_get_kind(c) == TABLE_ATTRIBUTE && !f) {
		g_autofree char *sentence =
			g_strdup_printf(_("The class “%s” does not ask for “%s”."), nadir_object_get_feature(o)->class_name,
		                    nadir_table_column_get_title(c));
		say(self, sentence);
		return;
	}
	if (!f) { /* what nobody writes by hand */
		gtk_widget_activate_action(GTK_WIDGET(self), "win.show-object", NULL);
		return;
	}
	if (!cell || !gtk_widget_compute_bounds(cell, GTK_WIDGET(self), &r))
		return;
	say(self, NULL);
	g_set_object(&self->edited, c);
	g_set_object(&self->edited_object, o);
	g_autofree char *value = value_of(c, o);
	g_autoptr(GArray) all = ids_for(self, o, c, f, true);
	const bool is_selected = nadir_document_is_selected(self->document, nadir_object_get_feature(o)->id);
	nadir_cell_editor_open(NADIR_CELL_EDITOR(self->editor), f, value, is_selected ? all->len : 1,
	                       &(GdkRectangle){(int)r.origin.x, (int)r.origin.y, (int)r.size.width, (int)r.size.height});
}

static void on_activated(NadirAttributeTable *self, guint position)
{
	g_autoptr(NadirObject) o = nadir_object_selection_get_row(self->selection, position);
	if (o && self->document && self->current)
		open_editor(self, self->current, o);
}

/* --- keys and pointer --- */

static GtkWidget *cell_at(NadirAttributeTable *self, double x, double y)
{
	GtkWidget *w = gtk_widget_pick(GTK_WIDGET(self->view), x, y, GTK_PICK_DEFAULT);
	if (w && !GTK_IS_INSCRIPTION(w)) /* beside its text */
		w = gtk_widget_get_first_child(w);
	return w && g_hash_table_contains(self->cells, w) ? w : NULL;
}

static void on_pressed(NadirAttributeTable *self, int n_press, double x, double y)
{
	GtkWidget *cell = cell_at(self, x, y);
	if (cell)
		set_current(self, column_of(cell));
}

static NadirObject *row_at(gpointer table, double x, double y)
{
	GtkWidget *cell = cell_at(table, x, y);
	return cell ? object_of(cell) : NULL;
}

static NadirDocument *get_document(gpointer table)
{
	return NADIR_ATTRIBUTE_TABLE(table)->document;
}

bool nadir_attribute_table_step(NadirAttributeTable *self, int step)
{
	GListModel *shown = gtk_column_view_get_columns(self->view); /* in the order that the user gave them */
	const int n = (int)g_list_model_get_n_items(shown);
	for (int i = 0; i < n; i++) {
		g_autoptr(GObject) column = g_list_model_get_item(shown, (guint)i);
		if (column_of(column) != self->current)
			continue;
		g_autoptr(GObject) next = g_list_model_get_item(shown, (guint)CLAMP(i + step, 0, n - 1));
		set_current(self, column_of(next));
		return next != column;
	}
	return false;
}

static void sort_by_current(NadirAttributeTable *self, GtkSortType order)
{
	GListModel *shown = gtk_column_view_get_columns(self->view);
	for (guint i = 0; i < g_list_model_get_n_items(shown); i++) {
		g_autoptr(GtkColumnViewColumn) column = g_list_model_get_item(shown, i);
		if (column_of(column) == self->current)
			gtk_column_view_sort_by_column(self->view, column, order);
	}
}

static gboolean on_key(NadirAttributeTable *self, guint key, guint code, GdkModifierType state)
{
	const GdkModifierType mods = state & (GDK_CONTROL_MASK | GDK_ALT_MASK | GDK_SHIFT_MASK);
	GtkWidget *focus = gtk_window_get_focus(GTK_WINDOW(gtk_widget_get_root(GTK_WIDGET(self))));
	const bool in_rows = focus && gtk_widget_is_ancestor(focus, GTK_WIDGET(self->view));
	if (mods == GDK_CONTROL_MASK && key == GDK_KEY_f)
		return gtk_widget_grab_focus(GTK_WIDGET(self->filter_entry));
	if (!in_rows)
		return FALSE;
	if (mods == GDK_ALT_MASK && (key == GDK_KEY_Up || key == GDK_KEY_Down))
		sort_by_current(self, key == GDK_KEY_Up ? GTK_SORT_ASCENDING : GTK_SORT_DESCENDING);
	else if (mods == 0 && (key == GDK_KEY_Left || key == GDK_KEY_Right))
		nadir_attribute_table_step(self, key == GDK_KEY_Left ? -1 : 1);
	else if (mods == 0 && key == GDK_KEY_F2)
		gtk_widget_activate(focus);
	else if (mods == 0 && key == GDK_KEY_Escape)
		gtk_widget_activate_action(GTK_WIDGET(self), "win.focus-canvas", NULL);
	else
		return FALSE;
	return TRUE;
}

/* --- the table --- */

void nadir_attribute_table_focus(NadirAttributeTable *self)
{
	gtk_widget_child_focus(GTK_WIDGET(self->view), GTK_DIR_TAB_FORWARD);
}

GListModel *nadir_attribute_table_get_rows(NadirAttributeTable *self)
{
	return G_LIST_MODEL(self->sorted);
}

GtkColumnView *nadir_attribute_table_get_view(NadirAttributeTable *self)
{
	return self->view;
}

bool nadir_attribute_table_set_cell(NadirAttributeTable *self, NadirObject *o, const char *title, const char *value,
                                    bool all, GError **error)
{
	for (guint i = 0; i < self->columns->len; i++)
		if (g_str_equal(nadir_table_column_get_title(self->columns->pdata[i]), title))
			return set_value(self, self->columns->pdata[i], o, value, all, error);
	g_set_error(error, ATTRIBUTE_ERROR, ATTRIBUTE_ERROR_NAME, _("The table has no column “%s”."), title);
	return false;
}

void nadir_attribute_table_set_document(NadirAttributeTable *self, NadirDocument *document)
{
	g_return_if_fail(NADIR_IS_ATTRIBUTE_TABLE(self));
	if (document == self->document)
		return;
	nadir_object_selection_set_document(self->selection, NULL);
	g_clear_object(&self->edited_object);
	g_set_object(&self->document, document);
	g_signal_group_set_target(self->signals, document);
	g_clear_pointer(&self->matching, g_hash_table_unref);
	g_clear_pointer(&self->held, g_hash_table_unref);
	say(self, NULL);
	filter_again(self);
	show_columns(self);
	nadir_object_rows_fill(self->lists, document);
	nadir_object_selection_set_document(self->selection, document);
	on_items_changed(self);
}

static void nadir_attribute_table_dispose(GObject *object)
{
	NadirAttributeTable *self = NADIR_ATTRIBUTE_TABLE(object);
	GtkWidget *child;
	g_clear_handle_id(&self->scan_source, g_source_remove);
	if (self->sorted) {
		g_signal_handlers_disconnect_by_data(self->sorted, self);
		g_signal_handlers_disconnect_by_data(self->filtered, self);
		g_signal_handlers_disconnect_by_data(self->selection, self);
	}
	g_clear_object(&self->signals);
	g_clear_object(&self->document);
	if (self->columns)
		remove_columns(self);
	while ((child = gtk_widget_get_first_child(GTK_WIDGET(self))))
		gtk_widget_unparent(child);
	g_clear_object(&self->selection);
	g_clear_object(&self->sorted);
	g_clear_object(&self->filtered);
	g_clear_object(&self->lists);
	g_clear_object(&self->filter);
	g_clear_object(&self->edited);
	g_clear_object(&self->edited_object);
	g_clear_pointer(&self->columns, g_ptr_array_unref);
	g_clear_pointer(&self->held, g_hash_table_unref);
	g_clear_pointer(&self->matching, g_hash_table_unref);
	g_clear_pointer(&self->cells, g_hash_table_unref);
	g_clear_pointer(&self->needle, g_free);
	G_OBJECT_CLASS(nadir_attribute_table_parent_class)->dispose(object);
}

static void nadir_attribute_table_class_init(NadirAttributeTableClass *klass)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);
	G_OBJECT_CLASS(klass)->dispose = nadir_attribute_table_dispose;
	gtk_widget_class_set_template_from_resource(widget_class, "/io/github/nadir_workbench/Nadir/attribute-table.ui");
	gtk_widget_class_bind_template_child(widget_class, NadirAttributeTable, filter_entry);
	gtk_widget_class_bind_template_child(widget_class, NadirAttributeTable, by_condition);
	gtk_widget_class_bind_template_child(widget_class, NadirAttributeTable, count);
	gtk_widget_class_bind_template_child(widget_class, NadirAttributeTable, error);
	gtk_widget_class_bind_template_child(widget_class, NadirAttributeTable, view);
	gtk_widget_class_bind_template_callback(widget_class, on_filter_changed);
	gtk_widget_class_bind_template_callback(widget_class, on_filter_activate);
	gtk_widget_class_bind_template_callback(widget_class, on_by_condition);
	gtk_widget_class_bind_template_callback(widget_class, on_stop_search);
	gtk_widget_class_bind_template_callback(widget_class, on_activated);
}

static void make_models(NadirAttributeTable *self)
{
	self->filter = GTK_FILTER(gtk_custom_filter_new(matches, self, NULL));
	self->lists = g_list_store_new(G_TYPE_LIST_MODEL);
	GtkFlattenListModel *all = gtk_flatten_list_model_new(g_object_ref(G_LIST_MODEL(self->lists)));
	self->filtered = gtk_filter_list_model_new(G_LIST_MODEL(all), NULL);
	self->sorted = gtk_sort_list_model_new(g_object_ref(G_LIST_MODEL(self->filtered)),
	                                       g_object_ref(gtk_column_view_get_sorter(self->view)));
	gtk_filter_list_model_set_incremental(self->filtered, TRUE);
	gtk_sort_list_model_set_incremental(self->sorted, TRUE);
	self->selection = nadir_object_selection_new(self->sorted, compare, self);
	gtk_column_view_set_model(self->view, nadir_object_selection_get_model(self->selection));
	g_signal_connect_swapped(self->selection, "followed", G_CALLBACK(on_followed), self);
	g_signal_connect_swapped(self->filtered, "items-changed", G_CALLBACK(on_items_changed), self);
	g_signal_connect_swapped(self->sorted, "notify::pending", G_CALLBACK(on_sorted), self);
	g_signal_connect_object(gtk_column_view_get_sorter(self->view), "changed", G_CALLBACK(on_sorter_changed), self,
	                        G_CONNECT_SWAPPED);
}

static void nadir_attribute_table_init(NadirAttributeTable *self)
{
	GtkGesture *click = gtk_gesture_click_new();
	GtkEventController *keys = gtk_event_controller_key_new();
	self->cells = g_hash_table_new(NULL, NULL);
	self->needle = g_strdup("");
	gtk_widget_init_template(GTK_WIDGET(self));
	self->signals = g_signal_group_new(NADIR_TYPE_DOCUMENT);
	g_signal_group_connect_swapped(self->signals, "classes-changed", G_CALLBACK(show_columns), self);
	make_models(self);
	show_columns(self);
	g_signal_connect_object(self->view, "map", G_CALLBACK(align_titles), self, G_CONNECT_SWAPPED);
	self->editor = nadir_cell_editor_new();
	gtk_widget_set_parent(self->editor, GTK_WIDGET(self));
	g_signal_connect_object(self->editor, "chosen", G_CALLBACK(on_chosen), self, G_CONNECT_SWAPPED);
	gtk_event_controller_set_propagation_phase(GTK_EVENT_CONTROLLER(click), GTK_PHASE_CAPTURE);
	g_signal_connect_swapped(click, "pressed", G_CALLBACK(on_pressed), self);
	gtk_widget_add_controller(GTK_WIDGET(self->view), GTK_EVENT_CONTROLLER(click));
	nadir_object_content_add_source(GTK_WIDGET(self->view), row_at, get_document, self);
	gtk_event_controller_set_propagation_phase(keys, GTK_PHASE_CAPTURE);
	g_signal_connect_swapped(keys, "key-pressed", G_CALLBACK(on_key), self);
	gtk_widget_add_controller(GTK_WIDGET(self), keys);
}
