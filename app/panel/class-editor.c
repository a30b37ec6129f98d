#include "app/panel/class-editor.h"

#include <glib/gi18n.h>
#include <string.h>

#include "app/command/text-size.h"
#include "render/geometry/attributes.h"

/* One attribute that is asked for, being edited. */
typedef struct {
	GtkWidget *row; /* borrowed, as all below it */
	GtkEntry *name, *choices;
	GtkDropDown *type;
	GtkCheckButton *required;
} field_row;

struct _NadirClassEditor {
	GtkWindow parent_instance;

	NadirDocument *document; /* owned */
	int id;                  /* of the class */
	GArray *parents;         /* int: what the drop-down's places stand for; 0: none */
	GPtrArray *rows;         /* of field_row */

	/* Borrowed */
	GtkEntry *name;
	GtkDropDown *parent, *key; /* key: place i is that of KEYS[i] */
	GtkBox *fields;
	GtkWidget *no_fields; /* what they are for, while there are none */
	GtkLabel *error;
};

G_DEFINE_FINAL_TYPE(NadirClassEditor, nadir_class_editor, GTK_TYPE_WINDOW)

static const int KEYS[] = {-1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0};

static char *text_of(GtkEntry *entry)
{
	return g_strstrip(g_strdup(gtk_editable_get_text(GTK_EDITABLE(entry))));
}

static void name_widget(gpointer widget, const char *name)
{
	gtk_accessible_update_property(GTK_ACCESSIBLE(widget), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
	gtk_widget_set_tooltip_text(widget, name);
}

/* --- attributes --- */

static char **choices_of(const field_row *r)
{
	g_auto(GStrv) typed = g_strsplit(gtk_editable_get_text(GTK_EDITABLE(r->choices)), ",", -1);
	g_autoptr(GStrvBuilder) list = g_strv_builder_new();
	for (char **c = typed; *c; c++)
		if (*g_strstrip(*c))
			g_strv_builder_add(list, *c);
	return g_strv_builder_end(list);
}

static void on_type(field_row *r)
{
	const bool choice = gtk_drop_down_get_selected(r->type) == ATTRIBUTE_CHOICE;
	gtk_widget_set_visible(GTK_WIDGET(r->choices), choice);
}

static void on_remove(GtkButton *button, NadirClassEditor *self)
{
	for (guint i = 0; i < self->rows->len; i++) {
		const field_row *r = self->rows->pdata[i];
		if (!gtk_widget_is_ancestor(GTK_WIDGET(button), r->row))
			continue;
		gtk_box_remove(self->fields, r->row);
		g_ptr_array_remove_index(self->rows, i);
		gtk_widget_set_visible(self->no_fields, self->rows->len == 0);
		return;
	}
}

static GtkWidget *make_remove(NadirClassEditor *self)
{
	GtkWidget *button = gtk_button_new_from_icon_name("list-remove-symbolic");
	gtk_widget_add_css_class(button, "flat");
	name_widget(button, _("Remove the Attribute"));
	g_signal_connect(button, "clicked", G_CALLBACK(on_remove), self);
	return button;
}

static field_row *add_field(NadirClassEditor *self, const attribute_field *f)
{
	const char *const types[] = {_("Text"), _("Number"), _("Choice"), _("Yes or no"), NULL};
	field_row *r = g_new0(field_row, 1);
	GtkWidget *line = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
	g_autofree char *choices = g_strjoinv(", ", f->choices);
	r->row = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6);
	r->name = GTK_ENTRY(gtk_entry_new());
	r->choices = GTK_ENTRY(gtk_entry_new());
	r->type = GTK_DROP_DOWN(gtk_drop_down_new_from_strings(types));
	r->required = GTK_CHECK_BUTTON(gtk_check_button_new_with_label(_("Required")));
	name_widget(r->name, _("Name of the attribute"));
	name_widget(r->choices, _("What can be chosen, with commas between"));
	name_widget(r->type, _("Kind of value"));
	gtk_entry_set_placeholder_text(r->name, _("Name"));
	gtk_entry_set_placeholder_text(r->choices, _("flat, gable, hipped"));
	gtk_entry_set_max_length(r->name, 60);
	gtk_editable_set_text(GTK_EDITABLE(r->name), f->name);
	gtk_editable_set_text(GTK_EDITABLE(r->choices), choices);
	gtk_drop_down_set_selected(r->type, f->type);
	gtk_check_button_set_active(r->required, f->required);
	gtk_widget_set_hexpand(GTK_WIDGET(r->name), TRUE);
	gtk_box_append(GTK_BOX(line), GTK_WIDGET(r->name));
	gtk_box_append(GTK_BOX(line), GTK_WIDGET(r->type));
	gtk_box_append(GTK_BOX(line), GTK_WIDGET(r->required));
	gtk_box_append(GTK_BOX(line), make_remove(self));
	gtk_box_append(GTK_BOX(r->row), line);
	gtk_box_append(GTK_BOX(r->row), GTK_WIDGET(r->choices));
	g_signal_connect_swapped(r->type, "notify::selected", G_CALLBACK(on_type), r);
	on_type(r);
	gtk_box_append(self->fields, r->row);
	gtk_widget_set_visible(self->no_fields, FALSE);
	g_ptr_array_add(self->rows, r);
	return r;
}

static void on_add(NadirClassEditor *self)
{
	g_autoptr(attribute_field) empty = attribute_field_new("", ATTRIBUTE_TEXT, NULL, false);
	gtk_widget_grab_focus(GTK_WIDGET(add_field(self, empty)->name));
}

/* --- applying --- */

static GPtrArray *read_fields(NadirClassEditor *self)
{
	GPtrArray *fields = g_ptr_array_new_with_free_func((GDestroyNotify)attribute_field_free);
	for (guint i = 0; i < self->rows->len; i++) {
		const field_row *r = self->rows->pdata[i];
		g_autofree char *name = text_of(r->name);
		const attribute_type t = (attribute_type)gtk_drop_down_get_selected(r->type);
		g_auto(GStrv) choices = t == ATTRIBUTE_CHOICE ? choices_of(r) : NULL;
		const bool required = gtk_check_button_get_active(r->required);
		g_ptr_array_add(fields, attribute_field_new(name, t, (const char *const *)choices, required));
	}
	return fields;
}

static bool name_is_free(NadirClassEditor *self, const char *name, GError **error)
{
	const project_class *other = nadir_document_find_class(self->document, name);
	if (*name && (!other || other->id == self->id))
		return true;
	if (*name)
		g_set_error(error, ATTRIBUTE_ERROR, ATTRIBUTE_ERROR_NAME,
		            _("There is a class %s already: choose another name."), name);
	else
		g_set_error_literal(error, ATTRIBUTE_ERROR, ATTRIBUTE_ERROR_NAME,
		                    _("A class needs a name: type at least one letter."));
	return false;
}

static void on_apply(NadirClassEditor *self)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) fields = read_fields(self);
	g_autofree char *name = text_of(self->name), *asked = attribute_fields_print(fields);
	const project_class *old = project_class_by_id(nadir_document_get_classes(self->document), self->id);
	if (!old) { /* deleted meanwhile */
		gtk_window_close(GTK_WINDOW(self));
		return;
	}
	if (!name_is_free(self, name, &error) || !attribute_fields_check(fields, &error)) {
		gtk_label_set_text(self->error, error->message);
		gtk_widget_set_visible(GTK_WIDGET(self->error), TRUE);
		return;
	}
	project_class change = *old;
	change.name = name;
	change.fields = asked;
	change.parent = g_array_index(self->parents, int, gtk_drop_down_get_selected(self->parent));
	change.key = KEYS[gtk_drop_down_get_selected(self->key)];
	nadir_document_update_class(self->document, &change);
	gtk_window_close(GTK_WINDOW(self));
}

/* --- the window --- */

static void nadir_class_editor_dispose(GObject *object)
{
	NadirClassEditor *self = NADIR_CLASS_EDITOR(object);
	g_clear_object(&self->document);
	G_OBJECT_CLASS(nadir_class_editor_parent_class)->dispose(object);
}

static void nadir_class_editor_finalize(GObject *object)
{
	NadirClassEditor *self = NADIR_CLASS_EDITOR(object);
	g_array_unref(self->parents);
	g_ptr_array_unref(self->rows);
	G_OBJECT_CLASS(nadir_class_editor_parent_class)->finalize(object);
}

static void nadir_class_editor_class_init(NadirClassEditorClass *klass)
{
	G_OBJECT_CLASS(klass)->dispose = nadir_class_editor_dispose;
	G_OBJECT_CLASS(klass)->finalize = nadir_class_editor_finalize;
	gtk_widget_class_add_binding_action(GTK_WIDGET_CLASS(klass), GDK_KEY_Escape, 0, "window.close", NULL);
}

static void nadir_class_editor_init(NadirClassEditor *self)
{
	self->parents = g_array_new(FALSE, FALSE, sizeof(int));
	self->rows = g_ptr_array_new_with_free_func(g_free);
}

/* All but the class itself and what is below it. */
static GtkWidget *make_parent(NadirClassEditor *self, const project_class *c)
{
	GPtrArray *classes = nadir_document_get_classes(self->document);
	g_autoptr(GtkStringList) names = gtk_string_list_new((const char *const[]){_("None"), NULL});
	guint at = 0;
	g_array_append_vals(self->parents, &(int){0}, 1);
	for (guint i = 0; i < classes->len; i++) {
		const project_class *k = classes->pdata[i];
		if (project_class_is_below(classes, k, c->id))
			continue;
		g_autofree char *path = project_class_path(classes, k);
		gtk_string_list_append(names, path);
		at = k->id == c->parent ? self->parents->len : at;
		g_array_append_val(self->parents, k->id);
	}
	self->parent = GTK_DROP_DOWN(gtk_drop_down_new(g_object_ref(G_LIST_MODEL(names)), NULL));
	gtk_drop_down_set_selected(self->parent, at);
	return GTK_WIDGET(self->parent);
}

static const char *class_with_key(GPtrArray *classes, int key, int but)
{
	for (guint i = 0; i < classes->len; i++) {
		const project_class *c = classes->pdata[i];
		if (c->key == key && c->id != but)
			return c->name;
	}
	return NULL;
}

/* The digits, and whose each is: taking it gives that class this one's. */
static GtkWidget *make_key(NadirClassEditor *self, const project_class *c)
{
	GPtrArray *classes = nadir_document_get_classes(self->document);
	g_autoptr(GtkStringList) names = gtk_string_list_new((const char *const[]){_("None"), NULL});
	guint at = 0;
	for (guint i = 1; i < G_N_ELEMENTS(KEYS); i++) {
		const char *other = class_with_key(classes, KEYS[i], c->id);
		/* Translators: a key, and the class that has it now. */
		g_autofree char *text =
			other ? g_strdup_printf(_("%d, now of %s"), KEYS[i], other) : g_strdup_printf("%d", KEYS[i]);
		gtk_string_list_append(names, text);
		at = KEYS[i] == c->key ? i : at;
	}
	self->key = GTK_DROP_DOWN(gtk_drop_down_new(g_object_ref(G_LIST_MODEL(names)), NULL));
	gtk_drop_down_set_selected(self->key, at);
	return GTK_WIDGET(self->key);
}

static GtkWidget *make_bar(NadirClassEditor *self)
{
	GtkWidget *bar = gtk_header_bar_new(), *cancel = gtk_button_new_with_mnemonic(_("_Cancel"));
	GtkWidget *apply = gtk_button_new_with_mnemonic(_("_Apply"));
	gtk_widget_add_css_class(apply, "suggested-action");
	gtk_header_bar_set_show_title_buttons(GTK_HEADER_BAR(bar), FALSE);
	gtk_header_bar_pack_start(GTK_HEADER_BAR(bar), cancel);
	gtk_header_bar_pack_end(GTK_HEADER_BAR(bar), apply);
	g_signal_connect_swapped(cancel, "clicked", G_CALLBACK(gtk_window_close), self);
	g_signal_connect_swapped(apply, "clicked", G_CALLBACK(on_apply), self);
	return bar;
}

static GtkWidget *labelled(GtkGrid *grid, int row, const char *text, GtkWidget *widget)
{
	GtkWidget *label = gtk_label_new(text);
	gtk_label_set_xalign(GTK_LABEL(label), 0);
	gtk_widget_set_hexpand(widget, TRUE);
	gtk_grid_attach(grid, label, 0, row, 1, 1);
	gtk_grid_attach(grid, widget, 1, row, 1, 1);
	gtk_accessible_update_relation(GTK_ACCESSIBLE(widget), GTK_ACCESSIBLE_RELATION_LABELLED_BY, label, NULL, -1);
	return widget;
}

static GtkWidget *make_fields(NadirClassEditor *self, const project_class *c)
{
	GtkWidget *scroller = gtk_scrolled_window_new();
	g_autoptr(GPtrArray) fields = attribute_fields_parse(c->fields);
	self->fields = GTK_BOX(gtk_box_new(GTK_ORIENTATION_VERTICAL, 12));
	self->no_fields =
		gtk_label_new(_("None yet. A text, a number, a choice or a yes or no that is asked of each object."));
	gtk_label_set_wrap(GTK_LABEL(self->no_fields), TRUE);
	gtk_label_set_xalign(GTK_LABEL(self->no_fields), 0);
	gtk_widget_add_css_class(self->no_fields, "dim-label");
	gtk_box_append(self->fields, self->no_fields);
	for (guint i = 0; i < fields->len; i++)
		add_field(self, fields->pdata[i]);
	gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scroller), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
	gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scroller), GTK_WIDGET(self->fields));
	gtk_widget_set_vexpand(scroller, TRUE);
	return scroller;
}

static void make_content(NadirClassEditor *self, const project_class *c)
{
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 12), *grid = gtk_grid_new();
	GtkWidget *heading = gtk_label_new(_("Attributes of its objects")), *add = gtk_button_new_with_label(_("Add"));
	GtkWidget *line = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
	gtk_grid_set_row_spacing(GTK_GRID(grid), 6);
	gtk_grid_set_column_spacing(GTK_GRID(grid), 12);
	self->name = GTK_ENTRY(labelled(GTK_GRID(grid), 0, _("Name"), gtk_entry_new()));
	gtk_editable_set_text(GTK_EDITABLE(self->name), c->name);
	gtk_entry_set_max_length(self->name, 80);
	labelled(GTK_GRID(grid), 1, _("Is a kind of"), make_parent(self, c));
	labelled(GTK_GRID(grid), 2, _("Key"), make_key(self, c));
	self->error = GTK_LABEL(gtk_label_new(""));
	gtk_label_set_wrap(self->error, TRUE);
	gtk_label_set_xalign(self->error, 0);
	gtk_widget_add_css_class(GTK_WIDGET(self->error), "error");
	gtk_widget_set_visible(GTK_WIDGET(self->error), FALSE);
	gtk_widget_add_css_class(heading, "heading");
	gtk_label_set_xalign(GTK_LABEL(heading), 0);
	gtk_widget_set_hexpand(heading, TRUE);
	gtk_box_append(GTK_BOX(line), heading);
	gtk_box_append(GTK_BOX(line), add);
	gtk_box_append(GTK_BOX(box), grid);
	gtk_box_append(GTK_BOX(box), line);
	gtk_box_append(GTK_BOX(box), make_fields(self, c));
	gtk_box_append(GTK_BOX(box), GTK_WIDGET(self->error));
	gtk_widget_set_margin_start(box, 18);
	gtk_widget_set_margin_end(box, 18);
	gtk_widget_set_margin_top(box, 12);
	gtk_widget_set_margin_bottom(box, 18);
	g_signal_connect_swapped(add, "clicked", G_CALLBACK(on_add), self);
	g_signal_connect_swapped(self->name, "activate", G_CALLBACK(on_apply), self);
	gtk_window_set_child(GTK_WINDOW(self), box);
}

GtkWidget *nadir_class_editor_new(GtkWindow *parent, NadirDocument *document, int class_id)
{
	const project_class *c = project_class_by_id(nadir_document_get_classes(document), class_id);
	g_return_val_if_fail(c != NULL, NULL);
	NadirClassEditor *self =
		g_object_new(NADIR_TYPE_CLASS_EDITOR, "transient-for", parent, "destroy-with-parent", TRUE, "modal", TRUE,
	                 "title", _("Class"), "default-width", 520, "default-height", 420, NULL);
	nadir_fit_window_to_text(GTK_WINDOW(self));
	self->document = g_object_ref(document);
	self->id = class_id;
	gtk_window_set_titlebar(GTK_WINDOW(self), make_bar(self));
	make_content(self, c);
	gtk_widget_grab_focus(GTK_WIDGET(self->name));
	return GTK_WIDGET(self);
}
