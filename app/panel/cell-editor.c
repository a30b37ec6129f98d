#include "app/panel/cell-editor.h"

#include <glib/gi18n.h>

#define MOST_HEIGHT 260 /* of a list of choices; longer ones scroll */

struct _NadirCellEditor {
	GtkPopover parent_instance;

	/* Borrowed */
	GtkLabel *title, *error;
	GtkCheckButton *all;
	GtkEntry *entry;
	GtkWidget *scroller;
	GtkListBox *choices;

	GPtrArray *values; /* of char: what each row of `choices` stands for; owned */
};

G_DEFINE_FINAL_TYPE(NadirCellEditor, nadir_cell_editor, GTK_TYPE_POPOVER)

enum { CHOSEN, N_SIGNALS };
static guint signals[N_SIGNALS];

static void choose(NadirCellEditor *self, const char *value)
{
	const gboolean all = gtk_widget_get_visible(GTK_WIDGET(self->all)) && gtk_check_button_get_active(self->all);
	gtk_widget_set_visible(GTK_WIDGET(self->error), FALSE);
	g_autofree char *copy = g_strdup(value);
	g_signal_emit(self, signals[CHOSEN], 0, copy, all);
	if (!gtk_widget_get_visible(GTK_WIDGET(self->error)))
		gtk_popover_popdown(GTK_POPOVER(self));
}

static void on_entry(NadirCellEditor *self)
{
	g_autofree char *value = g_strstrip(g_strdup(gtk_editable_get_text(GTK_EDITABLE(self->entry))));
	choose(self, value);
}

static void on_row(NadirCellEditor *self, GtkListBoxRow *row)
{
	choose(self, self->values->pdata[gtk_list_box_row_get_index(row)]);
}

void nadir_cell_editor_refuse(NadirCellEditor *self, const char *sentence)
{
	gtk_label_set_text(self->error, sentence);
	gtk_widget_set_visible(GTK_WIDGET(self->error), TRUE);
}

/* --- choices --- */

static void add_choice(NadirCellEditor *self, const char *shown, const char *value, const char *now)
{
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 8), *label = gtk_label_new(shown), *check;
	const bool is_now = g_strcmp0(value, now ? now : "") == 0;
	check = gtk_image_new_from_icon_name("object-select-symbolic");
	gtk_widget_set_opacity(check, is_now ? 1 : 0);
	gtk_label_set_xalign(GTK_LABEL(label), 0);
	gtk_widget_set_hexpand(label, TRUE);
	gtk_box_append(GTK_BOX(box), label);
	gtk_box_append(GTK_BOX(box), check);
	gtk_list_box_append(self->choices, box);
	g_ptr_array_add(self->values, g_strdup(value));
	GtkListBoxRow *row = gtk_list_box_get_row_at_index(self->choices, (int)self->values->len - 1);
	gtk_accessible_update_property(GTK_ACCESSIBLE(row), GTK_ACCESSIBLE_PROPERTY_LABEL, shown, -1);
	if (is_now)
		gtk_list_box_select_row(self->choices, row);
}

static void fill_choices(NadirCellEditor *self, const attribute_field *f, const char *value)
{
	GtkListBoxRow *row;
	while ((row = gtk_list_box_get_row_at_index(self->choices, 0)))
		gtk_list_box_remove(self->choices, GTK_WIDGET(row));
	g_ptr_array_set_size(self->values, 0);
	if (!f->required)
		add_choice(self, _("no value"), "", value);
	if (f->type == ATTRIBUTE_FLAG) {
		const bool yes = g_strcmp0(value, "1") == 0, no = g_strcmp0(value, "0") == 0; /* as a shapefile gave them */
		add_choice(self, _("yes"), "true", yes ? "true" : value);
		add_choice(self, _("no"), "false", no ? "false" : value);
	}
	for (guint i = 0; f->choices[i]; i++)
		add_choice(self, f->choices[i], f->choices[i], value);
}

static void focus_choice(NadirCellEditor *self)
{
	GtkListBoxRow *row = gtk_list_box_get_selected_row(self->choices);
	row = row ? row : gtk_list_box_get_row_at_index(self->choices, 0);
	if (row)
		gtk_widget_grab_focus(GTK_WIDGET(row));
}

void nadir_cell_editor_open(NadirCellEditor *self, const attribute_field *f, const char *value, guint n_selected,
                            const GdkRectangle *cell)
{
	g_return_if_fail(NADIR_IS_CELL_EDITOR(self) && f);
	const bool typed = f->type == ATTRIBUTE_TEXT || f->type == ATTRIBUTE_NUMBER;
	g_autofree char *all = g_strdup_printf(_("For _all %u selected objects"), n_selected);
	gtk_label_set_text(self->title, f->name);
	gtk_check_button_set_label(self->all, all);
	gtk_check_button_set_active(self->all, FALSE);
	gtk_widget_set_visible(GTK_WIDGET(self->all), n_selected > 1);
	gtk_widget_set_visible(GTK_WIDGET(self->error), FALSE);
	gtk_widget_set_visible(GTK_WIDGET(self->entry), typed);
	gtk_widget_set_visible(self->scroller, !typed);
	gtk_popover_set_pointing_to(GTK_POPOVER(self), cell);
	if (typed)
		gtk_editable_set_text(GTK_EDITABLE(self->entry), value ? value : "");
	else
		fill_choices(self, f, value);
	gtk_entry_set_input_purpose(self->entry,
	                            f->type == ATTRIBUTE_NUMBER ? GTK_INPUT_PURPOSE_NUMBER : GTK_INPUT_PURPOSE_FREE_FORM);
	gtk_accessible_update_property(GTK_ACCESSIBLE(typed ? GTK_WIDGET(self->entry) : GTK_WIDGET(self->choices)),
	                               GTK_ACCESSIBLE_PROPERTY_LABEL, f->name, -1);
	gtk_popover_popup(GTK_POPOVER(self));
	if (typed)
		gtk_widget_grab_focus(GTK_WIDGET(self->entry));
	else
		focus_choice(self);
}

/* --- the popover --- */

static void nadir_cell_editor_dispose(GObject *object)
{
	g_clear_pointer(&NADIR_CELL_EDITOR(object)->values, g_ptr_array_unref);
	G_OBJECT_CLASS(nadir_cell_editor_parent_class)->dispose(object);
}

static void nadir_cell_editor_class_init(NadirCellEditorClass *klass)
{
	G_OBJECT_CLASS(klass)->dispose = nadir_cell_editor_dispose;
	signals[CHOSEN] = g_signal_new("chosen", NADIR_TYPE_CELL_EDITOR, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
	                               G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_BOOLEAN);
}

static void nadir_cell_editor_init(NadirCellEditor *self)
{
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6);
	self->values = g_ptr_array_new_with_free_func(g_free);
	self->title = GTK_LABEL(gtk_label_new(""));
	self->error = GTK_LABEL(gtk_label_new(""));
	self->all = GTK_CHECK_BUTTON(gtk_check_button_new());
	self->entry = GTK_ENTRY(gtk_entry_new());
	self->choices = GTK_LIST_BOX(gtk_list_box_new());
	self->scroller = gtk_scrolled_window_new();
	gtk_check_button_set_use_underline(self->all, TRUE);
	gtk_label_set_xalign(self->title, 0);
	gtk_label_set_xalign(self->error, 0);
	gtk_label_set_wrap(self->error, TRUE);
	gtk_label_set_max_width_chars(self->error, 32);
	gtk_widget_add_css_class(GTK_WIDGET(self->title), "heading");
	gtk_widget_add_css_class(GTK_WIDGET(self->error), "error");
	gtk_widget_add_css_class(GTK_WIDGET(self), "cell-editor");
	gtk_editable_set_width_chars(GTK_EDITABLE(self->entry), 24);
	gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(self->scroller), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
	gtk_scrolled_window_set_propagate_natural_height(GTK_SCROLLED_WINDOW(self->scroller), TRUE);
	gtk_scrolled_window_set_max_content_height(GTK_SCROLLED_WINDOW(self->scroller), MOST_HEIGHT);
	gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(self->scroller), GTK_WIDGET(self->choices));
	gtk_box_append(GTK_BOX(box), GTK_WIDGET(self->title));
	gtk_box_append(GTK_BOX(box), GTK_WIDGET(self->entry));
	gtk_box_append(GTK_BOX(box), self->scroller);
	gtk_box_append(GTK_BOX(box), GTK_WIDGET(self->error));
	gtk_box_append(GTK_BOX(box), GTK_WIDGET(self->all));
	gtk_popover_set_child(GTK_POPOVER(self), box);
	g_signal_connect_object(self->entry, "activate", G_CALLBACK(on_entry), self, G_CONNECT_SWAPPED);
	g_signal_connect_object(self->choices, "row-activated", G_CALLBACK(on_row), self, G_CONNECT_SWAPPED);
}

GtkWidget *nadir_cell_editor_new(void)
{
	return g_object_new(NADIR_TYPE_CELL_EDITOR, NULL);
}
