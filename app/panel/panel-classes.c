#include "app/panel/panel-classes.h"

#include <glib/gi18n.h>

#include "app/command/key-tips.h"
#include "app/document/document-visibility.h"
#include "app/document/object-list.h"
#include "app/edit/edit-attributes.h"
#include "app/panel/class-delete.h"
#include "app/panel/class-editor.h"
#include "app/panel/swatch.h"
#include "render/geometry/class-style.h"

#define MOST_ROWS 6 /* more of them scroll */

struct _NadirPanelClasses {
	GtkWidget parent_instance;

	/* Template widgets */
	GtkScrolledWindow *scroller;
	GtkListBox *list;
	GtkEntry *entry;

	/* Owned references */
	NadirDocument *document;
	GSignalGroup *signals;
	GPtrArray *counts; /* of GtkLabel, borrowed: one a row */
	guint signs;       /* hash of which are hidden and locked */
};

G_DEFINE_FINAL_TYPE(NadirPanelClasses, nadir_panel_classes, GTK_TYPE_WIDGET)

static project_class *class_at(NadirPanelClasses *self, guint i)
{
	GPtrArray *classes = self->document ? nadir_document_get_classes(self->document) : NULL;
	return classes && i < classes->len ? classes->pdata[i] : NULL;
}

/* Index of the class that a widget of a row speaks of. */
static guint index_of(GtkWidget *widget)
{
	GtkWidget *row = gtk_widget_get_ancestor(widget, GTK_TYPE_LIST_BOX_ROW);
	return (guint)gtk_list_box_row_get_index(GTK_LIST_BOX_ROW(row));
}

/* --- look: colour and pattern --- */

static NadirPanelClasses *panel_of(GtkWidget *widget)
{
	return NADIR_PANEL_CLASSES(gtk_widget_get_ancestor(widget, NADIR_TYPE_PANEL_CLASSES));
}

static void close_popover(GtkWidget *button)
{
	GtkWidget *popover = gtk_widget_get_ancestor(button, GTK_TYPE_POPOVER);
	if (popover)
		gtk_popover_popdown(GTK_POPOVER(popover));
}

static void change_look(GtkWidget *button, const char *color, int pattern)
{
	NadirPanelClasses *self = panel_of(button);
	const project_class *old = class_at(self, index_of(button));
	if (!old)
		return;
	project_class change = *old;
	change.name = g_strdup(old->name);
	if (color)
		g_strlcpy(change.color, color, sizeof change.color);
	if (pattern >= 0)
		change.pattern = pattern;
	close_popover(button);
	nadir_document_update_class(self->document, &change);
	g_free(change.name);
}

static void on_color_clicked(GtkWidget *button, gpointer index)
{
	change_look(button, class_style_color(GPOINTER_TO_UINT(index)), -1);
}

static void on_pattern_clicked(GtkWidget *button, gpointer pattern)
{
	change_look(button, NULL, GPOINTER_TO_INT(pattern));
}

static void on_edit_clicked(GtkWidget *button)
{
	NadirPanelClasses *self = panel_of(button);
	const project_class *c = class_at(self, index_of(button));
	close_popover(button);
	if (c)
		gtk_window_present(GTK_WINDOW(
			nadir_class_editor_new(GTK_WINDOW(gtk_widget_get_root(GTK_WIDGET(self))), self->document, c->id)));
}

static void on_select_clicked(GtkWidget *button)
{
	NadirPanelClasses *self = panel_of(button);
	const project_class *c = class_at(self, index_of(button));
	close_popover(button);
	if (c)
		nadir_document_select_class(self->document, c->id);
}

static void on_hide_clicked(GtkWidget *button)
{
	NadirPanelClasses *self = panel_of(button);
	const project_class *c = class_at(self, index_of(button));
	close_popover(button);
	if (c)
		nadir_document_hide_class(self->document, c->id, !nadir_document_is_class_hidden(self->document, c->id));
}

static void on_lock_clicked(GtkWidget *button)
{
	NadirPanelClasses *self = panel_of(button);
	const project_class *c = class_at(self, index_of(button));
	close_popover(button);
	if (c)
		nadir_document_lock_class(self->document, c->id, !nadir_document_is_class_locked(self->document, c->id));
}

static void on_delete_clicked(GtkWidget *button)
{
	NadirPanelClasses *self = panel_of(button);
	const project_class *c = class_at(self, index_of(button));
	close_popover(button);
	if (c)
		nadir_document_delete_class(self->document, c->id);
}

static GtkWidget *swatch_button(const char *color, int pattern, const char *name)
{
	GtkWidget *button = gtk_button_new();
	GtkWidget *swatch = nadir_swatch_new(22);
	nadir_swatch_set(NADIR_SWATCH(swatch), color, pattern);
	gtk_button_set_child(GTK_BUTTON(button), swatch);
	gtk_widget_set_tooltip_text(button, name);
	gtk_widget_add_css_class(button, "flat");
	gtk_accessible_update_property(GTK_ACCESSIBLE(button), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
	return button;
}

static void add_command(GtkGrid *grid, int row, const char *title, GCallback callback)
{
	GtkWidget *button = gtk_button_new_with_label(title);
	gtk_widget_add_css_class(button, "flat");
	g_signal_connect(button, "clicked", callback, NULL);
	gtk_grid_attach(grid, button, 0, row, 4, 1);
}

static GtkWidget *make_look_popover(NadirDocument *d, const project_class *c)
{
	const bool hidden = nadir_document_is_class_hidden(d, c->id), locked = nadir_document_is_class_locked(d, c->id);
	GtkWidget *grid = gtk_grid_new();
	for (guint i = 0; i < CLASS_STYLE_COLORS; i++) {
		GtkWidget *button = swatch_button(class_style_color(i), c->pattern, class_style_color(i));
		g_signal_connect(button, "clicked", G_CALLBACK(on_color_clicked), GUINT_TO_POINTER(i));
		gtk_grid_attach(GTK_GRID(grid), button, (int)i % 4, (int)i / 4, 1, 1);
	}
	gtk_grid_attach(GTK_GRID(grid), gtk_separator_new(GTK_ORIENTATION_HORIZONTAL), 0, 2, 4, 1);
	for (int p = 0; p < CLASS_STYLE_PATTERNS; p++) {
		GtkWidget *button = swatch_button(c->color, p, nadir_swatch_pattern_name(p));
		g_signal_connect(button, "clicked", G_CALLBACK(on_pattern_clicked), GINT_TO_POINTER(p));
		gtk_grid_attach(GTK_GRID(grid), button, p, 3, 1, 1);
	}
	gtk_grid_set_row_spacing(GTK_GRID(grid), 4);
	gtk_grid_attach(GTK_GRID(grid), gtk_separator_new(GTK_ORIENTATION_HORIZONTAL), 0, 4, 4, 1);
	add_command(GTK_GRID(grid), 5, _("Edit Class and Attributes…"), G_CALLBACK(on_edit_clicked));
	add_command(GTK_GRID(grid), 6, _("Select Its Objects"), G_CALLBACK(on_select_clicked));
	add_command(GTK_GRID(grid), 7, hidden ? _("Show Its Objects") : _("Hide Its Objects"), G_CALLBACK(on_hide_clicked));
	add_command(GTK_GRID(grid), 8, locked ? _("Unlock Its Objects") : _("Lock Its Objects"),
	            G_CALLBACK(on_lock_clicked));
	add_command(GTK_GRID(grid), 9, _("Delete Class"), G_CALLBACK(on_delete_clicked));
	GtkWidget *popover = gtk_popover_new();
	gtk_popover_set_child(GTK_POPOVER(popover), grid);
	return popover;
}

/* --- rows --- */

static void on_name_edited(GtkEditableLabel *label)
{
	NadirPanelClasses *self = panel_of(GTK_WIDGET(label));
	if (gtk_editable_label_get_editing(label) || !self)
		return;
	const project_class *old = class_at(self, index_of(GTK_WIDGET(label)));
	g_autofree char *name = g_strstrip(g_strdup(gtk_editable_get_text(GTK_EDITABLE(label))));
	if (!old || g_str_equal(name, old->name))
		return;
	if (!*name) {
		gtk_editable_set_text(GTK_EDITABLE(label), old->name);
		return;
	}
	project_class change = *old;
	change.name = name;
	nadir_document_update_class(self->document, &change);
}

/* Made when it is asked for: a dozen buttons for each class take longer than a frame. */
static void on_look_asked(GtkMenuButton *button, gpointer unused)
{
	NadirPanelClasses *self = panel_of(GTK_WIDGET(button));
	const project_class *c = self ? class_at(self, index_of(GTK_WIDGET(button))) : NULL;
	if (c)
		gtk_menu_button_set_popover(button, make_look_popover(self->document, c));
}

static GtkWidget *make_swatch_button(const project_class *c)
{
	GtkWidget *button = gtk_menu_button_new();
	GtkWidget *swatch = nadir_swatch_new(18);
	g_autofree char *tip = g_strdup_printf(_("Colour, outline and menu of “%s”"), c->name);
	nadir_swatch_set(NADIR_SWATCH(swatch), c->color, c->pattern);
	gtk_menu_button_set_child(GTK_MENU_BUTTON(button), swatch);
	gtk_menu_button_set_create_popup_func(GTK_MENU_BUTTON(button), on_look_asked, NULL, NULL);
	gtk_widget_set_tooltip_text(button, tip);
	gtk_widget_set_valign(button, GTK_ALIGN_CENTER);
	gtk_widget_add_css_class(button, "flat");
	gtk_widget_add_css_class(button, "swatch-button");
	gtk_accessible_update_property(GTK_ACCESSIBLE(button), GTK_ACCESSIBLE_PROPERTY_LABEL, tip, -1);
	return button;
}

/* How many objects there are of each class, in the order of the classes. */
static void update_counts(NadirPanelClasses *self)
{
	GPtrArray *classes = self->document ? nadir_document_get_classes(self->document) : NULL;
	GListModel *objects = self->document ? nadir_document_get_objects(self->document) : NULL;
	for (guint i = 0; classes && i < MIN(classes->len, self->counts->len); i++) {
		const project_class *c = classes->pdata[i];
		const guint count = nadir_object_list_count(NADIR_OBJECT_LIST(objects), c->id);
		g_autofree char *text = count ? g_strdup_printf("%'u", count) : g_strdup("");
		gtk_label_set_text(self->counts->pdata[i], text);
	}
}

/* What it is a kind of, before its name. */
static GtkWidget *make_parent_label(NadirPanelClasses *self, const project_class *c)
{
	GPtrArray *classes = nadir_document_get_classes(self->document);
	const project_class *above = project_class_by_id(classes, c->parent);
	g_autofree char *path = above ? project_class_path(classes, above) : g_strdup("");
	g_autofree char *text = g_strdup_printf("%s ›", path);
	GtkWidget *label = gtk_label_new(text);
	gtk_widget_add_css_class(label, "dim-label");
	gtk_widget_add_css_class(label, "caption");
	gtk_label_set_ellipsize(GTK_LABEL(label), PANGO_ELLIPSIZE_START);
	gtk_label_set_max_width_chars(GTK_LABEL(label), 12);
	gtk_widget_set_tooltip_text(label, path);
	return label;
}

/* A button that takes back what it shows. */
static GtkWidget *make_sign(const char *icon, const char *tip, void (*clicked)(GtkWidget *))
{
	GtkWidget *button = gtk_button_new_from_icon_name(icon);
	gtk_widget_add_css_class(button, "flat");
	gtk_widget_add_css_class(button, "small-button");
	gtk_widget_set_valign(button, GTK_ALIGN_CENTER);
	gtk_widget_set_tooltip_text(button, tip);
	g_signal_connect(button, "clicked", G_CALLBACK(clicked), NULL);
	return button;
}

static void on_menu_asked(GtkGestureClick *gesture, int n, double x, double y, GtkMenuButton *swatch)
{
	gtk_gesture_set_state(GTK_GESTURE(gesture), GTK_EVENT_SEQUENCE_CLAIMED);
	gtk_menu_button_popup(swatch);
}

/* What stands behind the swatch comes with the right button, anywhere in the row. */
static void add_menu_gesture(GtkWidget *row, GtkWidget *swatch)
{
	GtkGesture *click = gtk_gesture_click_new();
	gtk_gesture_single_set_button(GTK_GESTURE_SINGLE(click), GDK_BUTTON_SECONDARY);
	gtk_event_controller_set_propagation_phase(GTK_EVENT_CONTROLLER(click), GTK_PHASE_CAPTURE);
	g_signal_connect_object(click, "pressed", G_CALLBACK(on_menu_asked), swatch, 0);
	gtk_widget_add_controller(row, GTK_EVENT_CONTROLLER(click));
}

static GtkWidget *make_row(NadirPanelClasses *self, const project_class *c, bool current)
{
	GtkWidget *row = gtk_list_box_row_new(), *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
	GtkWidget *name = gtk_editable_label_new(c->name);
	GtkWidget *count = gtk_label_new("");
	g_ptr_array_add(self->counts, count);
	gtk_widget_add_css_class(count, "dim-label");
	gtk_widget_add_css_class(count, "numeric");
	gtk_widget_add_css_class(count, "caption");
	gtk_widget_set_hexpand(name, TRUE);
	gtk_widget_set_tooltip_text(name, _("Double click to rename"));
	g_signal_connect(name, "notify::editing", G_CALLBACK(on_name_edited), NULL);
	GtkWidget *swatch = make_swatch_button(c);
	add_menu_gesture(row, swatch);
	gtk_box_append(GTK_BOX(box), swatch);
	if (c->parent)
		gtk_box_append(GTK_BOX(box), make_parent_label(self, c));
	gtk_box_append(GTK_BOX(box), name);
	if (nadir_document_is_class_hidden(self->document, c->id))
		gtk_box_append(GTK_BOX(box),
		               make_sign("view-conceal-symbolic", _("Its objects are hidden: show them"), on_hide_clicked));
	if (nadir_document_is_class_locked(self->document, c->id))
		gtk_box_append(GTK_BOX(box), make_sign("changes-prevent-symbolic", _("Its objects are locked: unlock them"),
		                                       on_lock_clicked));
	gtk_box_append(GTK_BOX(box), count);
	if (c->key >= 0) {
		g_autofree char *key = g_strdup_printf("%d", c->key);
		gtk_box_append(GTK_BOX(box), nadir_badge_new(key));
	}
	gtk_list_box_row_set_child(GTK_LIST_BOX_ROW(row), box);
	if (current)
		gtk_widget_add_css_class(row, "current");
	return row;
}

static guint signs_of(NadirPanelClasses *self)
{
	GPtrArray *classes = nadir_document_get_classes(self->document);
	guint signs = 0;
	for (guint i = 0; i < classes->len; i++) {
		const int id = ((project_class *)classes->pdata[i])->id;
		signs = signs * 31 + (nadir_document_is_class_hidden(self->document, id) ? 1u : 0) +
		        (nadir_document_is_class_locked(self->document, id) ? 2u : 0);
	}
	return signs;
}

static void rebuild(NadirPanelClasses *self)
{
	GtkWidget *row;
	g_ptr_array_set_size(self->counts, 0);
	while ((row = gtk_widget_get_first_child(GTK_WIDGET(self->list))))
		gtk_list_box_remove(self->list, row);
	gtk_widget_set_sensitive(GTK_WIDGET(self->entry), self->document != NULL);
	if (!self->document)
		return;
	GPtrArray *classes = nadir_document_get_classes(self->document);
	const int current = nadir_document_get_current_class(self->document);
	gtk_scrolled_window_set_policy(self->scroller, GTK_POLICY_NEVER, /* a scroll bar takes room even for one row */
	                               classes->len > MOST_ROWS ? GTK_POLICY_AUTOMATIC : GTK_POLICY_NEVER);
	for (guint i = 0; i < classes->len; i++)
		gtk_list_box_append(self->list, make_row(self, classes->pdata[i], (int)i == current));
	self->signs = signs_of(self);
	update_counts(self);
}

/* The opacity's slider says this often; rows are made anew only when a class was hidden, locked or the like. */
static void on_settings(NadirPanelClasses *self)
{
	if (self->document && signs_of(self) != self->signs)
		rebuild(self);
}

static void on_row_activated(NadirPanelClasses *self, GtkListBoxRow *row)
{
	if (self->document)
		nadir_document_set_current_class(self->document, gtk_list_box_row_get_index(row));
}

static void on_entry_activate(NadirPanelClasses *self)
{
	g_autofree char *name = g_strstrip(g_strdup(gtk_editable_get_text(GTK_EDITABLE(self->entry))));
	if (!*name || !self->document)
		return;
	nadir_document_add_class(self->document, name);
	gtk_editable_set_text(GTK_EDITABLE(self->entry), "");
	gtk_widget_activate_action(GTK_WIDGET(self), "win.focus-canvas", NULL);
}

static void on_class_in_use(NadirPanelClasses *self, int id, const char *sentence)
{
	GtkRoot *root = gtk_widget_get_root(GTK_WIDGET(self));
	nadir_class_delete_ask(GTK_IS_WINDOW(root) ? GTK_WINDOW(root) : NULL, self->document, id, sentence);
}

void nadir_panel_classes_focus_new(NadirPanelClasses *self)
{
	gtk_widget_grab_focus(GTK_WIDGET(self->entry));
}

void nadir_panel_classes_set_document(NadirPanelClasses *self, NadirDocument *document)
{
	g_return_if_fail(NADIR_IS_PANEL_CLASSES(self));
	if (self->document)
		g_signal_handlers_disconnect_by_data(nadir_document_get_objects(self->document), self);
	g_set_object(&self->document, document);
	g_signal_group_set_target(self->signals, document);
	if (document)
		g_signal_connect_object(nadir_document_get_objects(document), "items-changed", G_CALLBACK(update_counts), self,
		                        G_CONNECT_SWAPPED);
	rebuild(self);
}

static void nadir_panel_classes_dispose(GObject *object)
{
	NadirPanelClasses *self = NADIR_PANEL_CLASSES(object);
	GtkWidget *child;
	if (self->document)
		g_signal_handlers_disconnect_by_data(nadir_document_get_objects(self->document), self);
	g_clear_object(&self->signals);
	g_clear_object(&self->document);
	g_clear_pointer(&self->counts, g_ptr_array_unref);
	while ((child = gtk_widget_get_first_child(GTK_WIDGET(self))))
		gtk_widget_unparent(child);
	G_OBJECT_CLASS(nadir_panel_classes_parent_class)->dispose(object);
}

static void nadir_panel_classes_class_init(NadirPanelClassesClass *klass)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);
	G_OBJECT_CLASS(klass)->dispose = nadir_panel_classes_dispose;
	gtk_widget_class_set_template_from_resource(widget_class, "/io/github/nadir_workbench/Nadir/panel-classes.ui");
	gtk_widget_class_bind_template_child(widget_class, NadirPanelClasses, scroller);
	gtk_widget_class_bind_template_child(widget_class, NadirPanelClasses, list);
	gtk_widget_class_bind_template_child(widget_class, NadirPanelClasses, entry);
	gtk_widget_class_bind_template_callback(widget_class, on_row_activated);
	gtk_widget_class_bind_template_callback(widget_class, on_entry_activate);
	gtk_widget_class_set_layout_manager_type(widget_class, GTK_TYPE_BIN_LAYOUT);
}

static void nadir_panel_classes_init(NadirPanelClasses *self)
{
	gtk_widget_init_template(GTK_WIDGET(self));
	self->counts = g_ptr_array_new();
	self->signals = g_signal_group_new(NADIR_TYPE_DOCUMENT);
	g_signal_group_connect_swapped(self->signals, "classes-changed", G_CALLBACK(rebuild), self);
	g_signal_group_connect_swapped(self->signals, "settings-changed", G_CALLBACK(on_settings), self);
	g_signal_group_connect_swapped(self->signals, "class-in-use", G_CALLBACK(on_class_in_use), self);
	rebuild(self);
}
