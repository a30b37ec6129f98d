#include "app/panel/panel-objects.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#include "app/command/key-tips.h"
#include "app/command/keymap.h"
#include "app/document/document-visibility.h"
#include "app/edit/edit-selection.h"
#include "app/panel/attribute-editor.h"
#include "app/panel/object-content.h"
#include "app/panel/object-row.h"
#include "app/panel/object-selection.h"
#include "app/panel/panel-classes.h"

typedef enum { SORT_NEWEST, SORT_OLDEST, SORT_CLASS, SORT_LARGEST, SORT_SCORE } sort_order;

struct _NadirPanelObjects {
	GtkWidget parent_instance;

	/* Template widgets */
	GtkSearchEntry *filter_entry;
	GtkLabel *count, *hidden_count;
	GtkWidget *hidden_button;
	GtkDropDown *order;
	GtkStack *stack;
	GtkListView *list;
	GtkPopoverMenu *menu;
	NadirAttributeEditor *attributes;
	NadirPanelClasses *classes;

	/* Owned references */
	NadirDocument *document;
	GSignalGroup *signals;
	GListStore *lists; /* of GListModel: unstored and stored objects */
	GtkFilter *filter;
	GtkSorter *sorter;
	GtkFilterListModel *filtered;
	GtkSortListModel *sorted;
	NadirObjectSelection *selection;
	GHashTable *rows; /* of NadirObjectRow, borrowed: those bound now */
	char *needle;     /* case-folded filter text */
};

G_DEFINE_FINAL_TYPE(NadirPanelObjects, nadir_panel_objects, GTK_TYPE_WIDGET)

/* --- filter and order --- */

static gboolean matches(gpointer item, gpointer data)
{
	return nadir_object_contains_text(item, ((NadirPanelObjects *)data)->needle);
}

static int by_number(double a, double b)
{
	return a < b ? -1 : a > b ? 1 : 0;
}

static int compare(gconstpointer pa, gconstpointer pb, gpointer data)
{
	const NadirPanelObjects *self = data;
	const feature *a = nadir_object_get_feature((gpointer)pa), *b = nadir_object_get_feature((gpointer)pb);
	const int newest = nadir_object_rows_compare((gpointer)pa, (gpointer)pb);
	int c = 0;
	if (a->id < 0 || b->id < 0) /* not stored: first in any order */
		return newest;
	switch ((sort_order)gtk_drop_down_get_selected(self->order)) {
	case SORT_NEWEST:
		return newest;
	case SORT_OLDEST:
		return -newest;
	case SORT_CLASS:
		c = g_utf8_collate(a->class_name, b->class_name);
		break;
	case SORT_LARGEST:
		c = by_number((double)b->area_px, (double)a->area_px);
		break;
	case SORT_SCORE: /* what a person drew needs no second look: last */
		c = by_number(isnan(a->score) ? 2 : a->score, isnan(b->score) ? 2 : b->score);
		break;
	}
	return c ? c : newest;
}

/* The way back for what is not to be seen. */
static void show_hidden(NadirPanelObjects *self)
{
	const guint n = self->document ? nadir_document_n_hidden(self->document) : 0;
	g_autofree char *label = g_strdup_printf("%u", n);
	g_autofree char *key = nadir_action_hint(nadir_action_find("win.show-all"));
	g_autofree char *tip =
		g_strdup_printf(ngettext("%u object is hidden: show all%s", "%u objects are hidden: show all%s", n), n, key);
	gtk_widget_set_visible(self->hidden_button, n > 0);
	gtk_label_set_text(self->hidden_count, label);
	gtk_widget_set_tooltip_text(self->hidden_button, tip);
	gtk_accessible_update_property(GTK_ACCESSIBLE(self->hidden_button), GTK_ACCESSIBLE_PROPERTY_LABEL, tip, -1);
}

static void update_count(NadirPanelObjects *self)
{
	const guint all = self->document ? g_list_model_get_n_items(nadir_document_get_objects(self->document)) +
	                                       g_list_model_get_n_items(nadir_document_get_unstored(self->document))
	                                 : 0;
	const guint shown = g_list_model_get_n_items(G_LIST_MODEL(self->sorted));
	const guint selected = self->document ? nadir_document_n_selected(self->document) : 0;
	g_autofree char *several = g_strdup_printf(_("%'u of %'u selected"), selected, all);
	g_autofree char *text = selected > 1   ? g_strdup(several)
	                        : shown == all ? g_strdup_printf(ngettext("%'u object", "%'u objects", all), all)
	                                       : g_strdup_printf(_("%'u of %'u objects"), shown, all);
	gtk_label_set_text(self->count, text);
	show_hidden(self);
	gtk_stack_set_visible_child_name(self->stack, shown ? "list" : all ? "no-match" : "empty");
}

/* Without a filter or another order the models pass things on: nothing is looked through at a change. */
static void on_filter_changed(NadirPanelObjects *self)
{
	g_free(self->needle);
	self->needle = g_utf8_casefold(gtk_editable_get_text(GTK_EDITABLE(self->filter_entry)), -1);
	gtk_filter_list_model_set_filter(self->filtered, *self->needle ? self->filter : NULL);
	gtk_filter_changed(self->filter, GTK_FILTER_CHANGE_DIFFERENT);
}

static void on_order_changed(NadirPanelObjects *self)
{
	if (!self->sorter)
		return;
	const bool as_stored = gtk_drop_down_get_selected(self->order) == SORT_NEWEST;
	gtk_sort_list_model_set_sorter(self->sorted, as_stored ? NULL : self->sorter);
	gtk_sorter_changed(self->sorter, GTK_SORTER_CHANGE_DIFFERENT);
}

static void on_followed(NadirPanelObjects *self, guint position)
{
	update_count(self);
	if (position != GTK_INVALID_LIST_POSITION)
		gtk_widget_activate_action(GTK_WIDGET(self->list), "list.scroll-to-item", "u", position);
}

static void on_activated(NadirPanelObjects *self, guint position)
{
	gtk_widget_activate_action(GTK_WIDGET(self), "win.show-object", NULL);
}

void nadir_panel_objects_step(NadirPanelObjects *self, int step)
{
	const guint n = g_list_model_get_n_items(G_LIST_MODEL(self->sorted));
	if (!self->document || n == 0)
		return;
	guint at = nadir_object_selection_get_position(self->selection);
	if (at == GTK_INVALID_LIST_POSITION)
		at = step > 0 ? n - 1 : 0;
	at = (at + n + (step > 0 ? 1 : n - 1)) % n;
	g_autoptr(NadirObject) o = nadir_object_selection_get_row(self->selection, at);
	nadir_document_select(self->document, nadir_object_get_feature(o)->id);
}

/* --- rows --- */

static void on_relabel(NadirObjectRow *row, const char *name, NadirPanelObjects *self)
{
	nadir_document_relabel(self->document, nadir_object_get_feature(nadir_object_row_get_object(row))->id, name);
}

static NadirObject *row_at(gpointer panel, double x, double y)
{
	GtkWidget *at = gtk_widget_pick(GTK_WIDGET(NADIR_PANEL_OBJECTS(panel)->list), x, y, GTK_PICK_DEFAULT);
	GtkWidget *row = at ? gtk_widget_get_ancestor(at, NADIR_TYPE_OBJECT_ROW) : NULL;
	return row ? nadir_object_row_get_object(NADIR_OBJECT_ROW(row)) : NULL;
}

static NadirDocument *get_document(gpointer panel)
{
	return NADIR_PANEL_OBJECTS(panel)->document;
}

static void on_list_pressed(NadirPanelObjects *self, int n_press, double x, double y)
{
	NadirObject *o = row_at(self, x, y);
	double px, py;
	if (!o || !self->document)
		return;
	if (!nadir_document_is_selected(self->document, nadir_object_get_feature(o)->id))
		nadir_document_select(self->document, nadir_object_get_feature(o)->id);
	gtk_widget_translate_coordinates(GTK_WIDGET(self->list), GTK_WIDGET(self), x, y, &px, &py);
	gtk_popover_set_pointing_to(GTK_POPOVER(self->menu), &(GdkRectangle){(int)px, (int)py, 1, 1});
	gtk_popover_popup(GTK_POPOVER(self->menu));
}

static void on_setup(GtkSignalListItemFactory *factory, GtkListItem *item, NadirPanelObjects *self)
{
	GtkWidget *row = nadir_object_row_new();
	g_signal_connect_object(row, "relabel", G_CALLBACK(on_relabel), self, 0);
	gtk_list_item_set_child(item, row);
}

static void bind_row(NadirPanelObjects *self, NadirObjectRow *row, NadirObject *o)
{
	const char *name = nadir_object_get_feature(o)->class_name;
	nadir_object_row_bind(row, o, self->document ? nadir_document_find_class(self->document, name) : NULL);
}

static void on_bind(GtkSignalListItemFactory *factory, GtkListItem *item, NadirPanelObjects *self)
{
	NadirObjectRow *row = NADIR_OBJECT_ROW(gtk_list_item_get_child(item));
	bind_row(self, row, gtk_list_item_get_item(item));
	g_hash_table_add(self->rows, row);
}

static void on_unbind(GtkSignalListItemFactory *factory, GtkListItem *item, NadirPanelObjects *self)
{
	NadirObjectRow *row = NADIR_OBJECT_ROW(gtk_list_item_get_child(item));
	g_hash_table_remove(self->rows, row);
	nadir_object_row_bind(row, NULL, NULL);
}

void nadir_panel_objects_refresh(NadirPanelObjects *self)
{
	GHashTableIter iter;
	gpointer row;
	g_hash_table_iter_init(&iter, self->rows);
	while (g_hash_table_iter_next(&iter, &row, NULL))
		bind_row(self, row, nadir_object_row_get_object(row));
}

/* What is hidden or locked may be another. */
static void on_settings(NadirPanelObjects *self)
{
	nadir_panel_objects_refresh(self);
	update_count(self);
}

void nadir_panel_objects_edit_selected(NadirPanelObjects *self)
{
	NadirObject *selected = self->document ? nadir_document_get_selected(self->document) : NULL;
	GHashTableIter iter;
	gpointer row;
	g_hash_table_iter_init(&iter, self->rows);
	while (selected && g_hash_table_iter_next(&iter, &row, NULL))
		if (nadir_object_row_get_object(row) == selected) {
			nadir_object_row_edit(row, nadir_document_get_classes(self->document));
			return;
		}
}

/* --- the panel --- */

void nadir_panel_objects_focus_filter(NadirPanelObjects *self)
{
	gtk_widget_grab_focus(GTK_WIDGET(self->filter_entry));
}

void nadir_panel_objects_focus_new_class(NadirPanelObjects *self)
{
	nadir_panel_classes_focus_new(self->classes);
}

static void on_stop_search(NadirPanelObjects *self)
{
	gtk_editable_set_text(GTK_EDITABLE(self->filter_entry), "");
	gtk_widget_activate_action(GTK_WIDGET(self), "win.focus-canvas", NULL);
}

void nadir_panel_objects_set_document(NadirPanelObjects *self, NadirDocument *document)
{
	g_return_if_fail(NADIR_IS_PANEL_OBJECTS(self));
	nadir_object_selection_set_document(self->selection, NULL);
	g_set_object(&self->document, document);
	g_signal_group_set_target(self->signals, document);
	nadir_object_rows_fill(self->lists, document);
	nadir_attribute_editor_set_document(self->attributes, document);
	nadir_panel_classes_set_document(self->classes, document);
	nadir_object_selection_set_document(self->selection, document);
}

static void nadir_panel_objects_dispose(GObject *object)
{
	NadirPanelObjects *self = NADIR_PANEL_OBJECTS(object);
	GtkWidget *child;
	if (self->selection)
		g_signal_handlers_disconnect_by_data(self->selection, self);
	g_clear_object(&self->signals);
	g_clear_object(&self->document);
	while ((child = gtk_widget_get_first_child(GTK_WIDGET(self))))
		gtk_widget_unparent(child);
	g_clear_object(&self->selection);
	g_clear_object(&self->filtered);
	g_clear_object(&self->sorted);
	g_clear_object(&self->lists);
	g_clear_object(&self->filter);
	g_clear_object(&self->sorter);
	g_clear_pointer(&self->rows, g_hash_table_unref);
	g_clear_pointer(&self->needle, g_free);
	G_OBJECT_CLASS(nadir_panel_objects_parent_class)->dispose(object);
}

static void nadir_panel_objects_class_init(NadirPanelObjectsClass *klass)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);
	G_OBJECT_CLASS(klass)->dispose = nadir_panel_objects_dispose;
	g_type_ensure(NADIR_TYPE_PANEL_CLASSES);
	g_type_ensure(NADIR_TYPE_ATTRIBUTE_EDITOR);
	gtk_widget_class_set_template_from_resource(widget_class, "/io/github/nadir_workbench/Nadir/panel-objects.ui");
	gtk_widget_class_bind_template_child(widget_class, NadirPanelObjects, filter_entry);
	gtk_widget_class_bind_template_child(widget_class, NadirPanelObjects, count);
	gtk_widget_class_bind_template_child(widget_class, NadirPanelObjects, hidden_count);
	gtk_widget_class_bind_template_child(widget_class, NadirPanelObjects, hidden_button);
	gtk_widget_class_bind_template_child(widget_class, NadirPanelObjects, order);
	gtk_widget_class_bind_template_child(widget_class, NadirPanelObjects, stack);
	gtk_widget_class_bind_template_child(widget_class, NadirPanelObjects, list);
	gtk_widget_class_bind_template_child(widget_class, NadirPanelObjects, menu);
	gtk_widget_class_bind_template_child(widget_class, NadirPanelObjects, classes);
	gtk_widget_class_bind_template_child(widget_class, NadirPanelObjects, attributes);
	gtk_widget_class_bind_template_callback(widget_class, on_filter_changed);
	gtk_widget_class_bind_template_callback(widget_class, on_order_changed);
	gtk_widget_class_bind_template_callback(widget_class, on_stop_search);
	gtk_widget_class_bind_template_callback(widget_class, on_activated);
	gtk_widget_class_set_layout_manager_type(widget_class, GTK_TYPE_BOX_LAYOUT);
}

static void make_models(NadirPanelObjects *self)
{
	self->filter = GTK_FILTER(gtk_custom_filter_new(matches, self, NULL));
	self->sorter = GTK_SORTER(gtk_custom_sorter_new(compare, self, NULL));
	self->lists = g_list_store_new(G_TYPE_LIST_MODEL);
	GtkFlattenListModel *all = gtk_flatten_list_model_new(g_object_ref(G_LIST_MODEL(self->lists)));
	self->filtered = gtk_filter_list_model_new(G_LIST_MODEL(all), NULL);
	self->sorted = gtk_sort_list_model_new(g_object_ref(G_LIST_MODEL(self->filtered)), NULL);
	gtk_filter_list_model_set_incremental(self->filtered, TRUE);
	gtk_sort_list_model_set_incremental(self->sorted, TRUE);
	self->selection = nadir_object_selection_new(self->sorted, compare, self);
	g_signal_connect_swapped(self->selection, "followed", G_CALLBACK(on_followed), self);
}

static void nadir_panel_objects_init(NadirPanelObjects *self)
{
	self->rows = g_hash_table_new(NULL, NULL);
	gtk_widget_init_template(GTK_WIDGET(self));
	make_models(self);
	nadir_key_menu(G_MENU(gtk_popover_menu_get_menu_model(self->menu)));
	nadir_keymap_on_change(G_OBJECT(self), G_CALLBACK(show_hidden));
	GtkGesture *click = gtk_gesture_click_new();
	gtk_gesture_single_set_button(GTK_GESTURE_SINGLE(click), GDK_BUTTON_SECONDARY);
	g_signal_connect_swapped(click, "pressed", G_CALLBACK(on_list_pressed), self);
	gtk_widget_add_controller(GTK_WIDGET(self->list), GTK_EVENT_CONTROLLER(click));
	nadir_object_content_add_source(GTK_WIDGET(self->list), row_at, get_document, self);
	GtkListItemFactory *factory = gtk_signal_list_item_factory_new();
	g_signal_connect(factory, "setup", G_CALLBACK(on_setup), self);
	g_signal_connect(factory, "bind", G_CALLBACK(on_bind), self);
	g_signal_connect(factory, "unbind", G_CALLBACK(on_unbind), self);
	gtk_list_view_set_factory(self->list, factory);
	g_object_unref(factory);
	gtk_list_view_set_model(self->list, nadir_object_selection_get_model(self->selection));
	self->signals = g_signal_group_new(NADIR_TYPE_DOCUMENT);
	g_signal_group_connect_swapped(self->signals, "classes-changed", G_CALLBACK(nadir_panel_objects_refresh), self);
	g_signal_group_connect_swapped(self->signals, "settings-changed", G_CALLBACK(on_settings), self);
	update_count(self);
}
