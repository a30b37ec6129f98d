#include "app/panel/attribute-editor.h"

#include <glib/gi18n.h>

#include "app/edit/edit-attributes.h"
#include "app/edit/edit-selection.h"

#define MOST_HEIGHT 150 /* more rows scroll: the list above needs its room */

struct _NadirAttributeEditor {
	GtkWidget parent_instance;

	/* Owned */
	NadirDocument *document;
	GSignalGroup *signals;
	GPtrArray *fields; /* of attribute_field: those that are shown, a row each */

	/* Borrowed */
	GtkGrid *grid;
	GtkLabel *error;
	guint later; /* source that shows the selection */
};

G_DEFINE_FINAL_TYPE(NadirAttributeEditor, nadir_attribute_editor, GTK_TYPE_WIDGET)

static NadirAttributeEditor *editor_of(gpointer widget)
{
	return NADIR_ATTRIBUTE_EDITOR(gtk_widget_get_ancestor(widget, NADIR_TYPE_ATTRIBUTE_EDITOR));
}

static const attribute_field *field_of(gpointer widget)
{
	const guint i = GPOINTER_TO_UINT(g_object_get_data(widget, "field"));
	return editor_of(widget)->fields->pdata[i];
}

/* Says what does not fit, and leaves the entry as it was typed. */
static void set(gpointer widget, const char *value)
{
	NadirAttributeEditor *self = editor_of(widget);
	const attribute_field *f = field_of(widget);
	g_autoptr(GArray) ids = nadir_document_get_selection(self->document);
	g_autoptr(GError) error = NULL;
	bool mixed;
	g_autofree char *before = nadir_document_selection_value(self->document, f->name, &mixed);
	const bool same = !mixed && g_strcmp0(before ? before : "", value) == 0;
	const bool ok = same || nadir_document_set_attribute(self->document, ids, f, value, &error);
	gtk_label_set_text(self->error, ok ? "" : error->message);
	gtk_widget_set_visible(GTK_WIDGET(self->error), !ok);
}

static void on_entry(GtkEntry *entry)
{
	g_autofree char *value = g_strstrip(g_strdup(gtk_editable_get_text(GTK_EDITABLE(entry))));
	set(entry, value);
}

/* An entry of several values that was not touched keeps them. */
static void on_entry_leave(GtkEventController *focus)
{
	GtkWidget *entry = gtk_event_controller_get_widget(focus);
	const char *text = gtk_editable_get_text(GTK_EDITABLE(entry));
	if (editor_of(entry) && (*text || !g_object_get_data(G_OBJECT(entry), "mixed")))
		on_entry(GTK_ENTRY(entry));
}

static void on_choice(GtkDropDown *drop)
{
	const guint at = gtk_drop_down_get_selected(drop);
	const attribute_field *f = field_of(drop);
	if (at == GTK_INVALID_LIST_POSITION)
		return;
	if (f->type == ATTRIBUTE_FLAG)
		set(drop, at == 0 ? "" : at == 1 ? "true" : "false");
	else
		set(drop, at == 0 || at > g_strv_length(f->choices) ? "" : f->choices[at - 1]);
}

/* --- rows --- */

static GtkWidget *make_choice(const attribute_field *f, const char *value, bool mixed)
{
	const bool flag = f->type == ATTRIBUTE_FLAG;
	const char *const yes_no[] = {_("yes"), _("no"), NULL}, *const truths[] = {"true", "false", NULL};
	const char *const numbers[] = {"1", "0"}; /* as a shapefile gave them */
	const char *const *shown = flag ? yes_no : (const char *const *)f->choices;
	const char *const *stored = flag ? truths : (const char *const *)f->choices;
	g_autoptr(GtkStringList) names =
		gtk_string_list_new((const char *const[]){mixed ? _("several values") : "–", NULL});
	guint at = 0;
	for (guint i = 0; shown[i]; i++) {
		gtk_string_list_append(names, shown[i]);
		at = g_strcmp0(stored[i], value) == 0 || (flag && g_strcmp0(numbers[i], value) == 0) ? i + 1 : at;
	}
	GtkWidget *drop = gtk_drop_down_new(g_object_ref(G_LIST_MODEL(names)), NULL);
	gtk_drop_down_set_selected(GTK_DROP_DOWN(drop), at);
	g_signal_connect(drop, "notify::selected", G_CALLBACK(on_choice), NULL);
	return drop;
}

static GtkWidget *make_entry(const attribute_field *f, const char *value, bool mixed)
{
	GtkWidget *entry = gtk_entry_new();
	GtkEventController *focus = gtk_event_controller_focus_new();
	gtk_editable_set_text(GTK_EDITABLE(entry), value ? value : "");
	gtk_editable_set_width_chars(GTK_EDITABLE(entry), 8);
	if (mixed) {
		gtk_entry_set_placeholder_text(GTK_ENTRY(entry), _("several values"));
		g_object_set_data(G_OBJECT(entry), "mixed", entry);
	}
	if (f->type == ATTRIBUTE_NUMBER)
		gtk_entry_set_input_purpose(GTK_ENTRY(entry), GTK_INPUT_PURPOSE_NUMBER);
	g_signal_connect(entry, "activate", G_CALLBACK(on_entry), NULL);
	g_signal_connect(focus, "leave", G_CALLBACK(on_entry_leave), NULL);
	gtk_widget_add_controller(entry, focus);
	return entry;
}

static void add_row(NadirAttributeEditor *self, guint i)
{
	const attribute_field *f = self->fields->pdata[i];
	bool mixed;
	g_autofree char *value = nadir_document_selection_value(self->document, f->name, &mixed);
	const bool missing = f->required && !mixed && !value,
			   typed = f->type == ATTRIBUTE_TEXT || f->type == ATTRIBUTE_NUMBER;
	GtkWidget *label = gtk_label_new(f->name),
			  *widget = typed ? make_entry(f, value, mixed) : make_choice(f, value, mixed);
	gtk_label_set_xalign(GTK_LABEL(label), 0);
	gtk_label_set_ellipsize(GTK_LABEL(label), PANGO_ELLIPSIZE_END);
	gtk_widget_set_tooltip_text(label, f->name);
	gtk_widget_set_hexpand(widget, TRUE);
	g_object_set_data(G_OBJECT(widget), "field", GUINT_TO_POINTER(i));
	gtk_accessible_update_property(GTK_ACCESSIBLE(widget), GTK_ACCESSIBLE_PROPERTY_LABEL, f->name, -1);
	gtk_grid_attach(self->grid, label, 0, (int)i, 1, 1);
	gtk_grid_attach(self->grid, widget, 1, (int)i, 1, 1);
	if (missing) {
		GtkWidget *icon = gtk_image_new_from_icon_name("dialog-warning-symbolic");
		gtk_widget_set_tooltip_text(icon, _("Required: it has no value yet"));
		gtk_accessible_update_property(GTK_ACCESSIBLE(icon), GTK_ACCESSIBLE_PROPERTY_LABEL,
		                               _("Required: it has no value yet"), -1);
		gtk_grid_attach(self->grid, icon, 2, (int)i, 1, 1);
	}
}

static void show(NadirAttributeEditor *self)
{
	GtkWidget *child;
	while ((child = gtk_widget_get_first_child(GTK_WIDGET(self->grid))))
		gtk_grid_remove(self->grid, child);
	gtk_widget_set_visible(GTK_WIDGET(self->error), FALSE);
	g_clear_pointer(&self->fields, g_ptr_array_unref);
	self->fields = self->document ? nadir_document_selection_fields(self->document) : NULL;
	for (guint i = 0; self->fields && i < self->fields->len; i++)
		add_row(self, i);
	gtk_widget_set_visible(GTK_WIDGET(self), self->fields && self->fields->len > 0);
}

static gboolean show_later(gpointer data)
{
	NadirAttributeEditor *self = data;
	self->later = 0;
	show(self);
	return G_SOURCE_REMOVE;
}

/* Once, however many objects a step changed, and not while a row is on the stack. */
static void on_changed(NadirAttributeEditor *self)
{
	if (self->later == 0)
		self->later = g_idle_add(show_later, self);
}

/* --- the card --- */

void nadir_attribute_editor_set_document(NadirAttributeEditor *self, NadirDocument *document)
{
	g_return_if_fail(NADIR_IS_ATTRIBUTE_EDITOR(self));
	g_set_object(&self->document, document);
	g_signal_group_set_target(self->signals, document);
	show(self);
}

static void nadir_attribute_editor_dispose(GObject *object)
{
	NadirAttributeEditor *self = NADIR_ATTRIBUTE_EDITOR(object);
	GtkWidget *child;
	g_clear_handle_id(&self->later, g_source_remove);
	g_clear_object(&self->signals);
	while ((child = gtk_widget_get_first_child(GTK_WIDGET(self))))
		gtk_widget_unparent(child);
	g_clear_object(&self->document);
	g_clear_pointer(&self->fields, g_ptr_array_unref);
	G_OBJECT_CLASS(nadir_attribute_editor_parent_class)->dispose(object);
}

static void nadir_attribute_editor_class_init(NadirAttributeEditorClass *klass)
{
	G_OBJECT_CLASS(klass)->dispose = nadir_attribute_editor_dispose;
	gtk_widget_class_set_layout_manager_type(GTK_WIDGET_CLASS(klass), GTK_TYPE_BIN_LAYOUT);
}

static void nadir_attribute_editor_init(NadirAttributeEditor *self)
{
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6), *heading = gtk_label_new(_("Attributes"));
	GtkWidget *scroller = gtk_scrolled_window_new();
	self->grid = GTK_GRID(gtk_grid_new());
	self->error = GTK_LABEL(gtk_label_new(""));
	gtk_label_set_xalign(GTK_LABEL(heading), 0);
	gtk_widget_add_css_class(heading, "heading");
	gtk_grid_set_row_spacing(self->grid, 4);
	gtk_grid_set_column_spacing(self->grid, 8);
	gtk_label_set_wrap(self->error, TRUE);
	gtk_label_set_xalign(self->error, 0);
	gtk_widget_add_css_class(GTK_WIDGET(self->error), "error");
	gtk_widget_add_css_class(box, "card");
	gtk_widget_add_css_class(box, "attributes");
	gtk_widget_set_margin_start(box, 12);
	gtk_widget_set_margin_end(box, 12);
	gtk_widget_set_margin_top(box, 6);
	gtk_box_append(GTK_BOX(box), heading);
	gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scroller), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
	gtk_scrolled_window_set_propagate_natural_height(GTK_SCROLLED_WINDOW(scroller), TRUE);
	gtk_scrolled_window_set_max_content_height(GTK_SCROLLED_WINDOW(scroller), MOST_HEIGHT);
	gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scroller), GTK_WIDGET(self->grid));
	gtk_box_append(GTK_BOX(box), scroller);
	gtk_box_append(GTK_BOX(box), GTK_WIDGET(self->error));
	gtk_widget_set_parent(box, GTK_WIDGET(self));
	self->signals = g_signal_group_new(NADIR_TYPE_DOCUMENT);
	g_signal_group_connect_swapped(self->signals, "selection-changed", G_CALLBACK(on_changed), self);
	g_signal_group_connect_swapped(self->signals, "classes-changed", G_CALLBACK(on_changed), self);
	show(self);
}
