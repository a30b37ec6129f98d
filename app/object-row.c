#include "app/object-row.h"

#include <glib/gi18n.h>
#include <math.h>

#include "app/settings.h"
#include "app/swatch.h"

struct _NadirObjectRow {
	GtkWidget parent_instance;

	/* Template widgets */
	NadirSwatch *swatch;
	GtkStack *stack;
	GtkLabel *name, *number, *details;
	GtkEntry *entry;
	GtkImage *state;

	/* Owned references */
	NadirObject *object;
};

G_DEFINE_FINAL_TYPE(NadirObjectRow, nadir_object_row, GTK_TYPE_WIDGET)

enum { RELABEL, N_SIGNALS };
static guint signals[N_SIGNALS];

static const char *kind_title(const feature *f)
{
	static const char *const kinds[] = {"point",   N_("point"),   "box",      N_("box"),
	                                    "circle",  N_("circle"),  "scribble", N_("scribble"),
	                                    "polygon", N_("polygon"), "mixed",    N_("several marks")};
	if (g_strcmp0(f->model, "hand") == 0)
		return _("by hand");
	g_autoptr(prompt) marks = f->prompt ? prompt_from_json(f->prompt, NULL) : NULL;
	const char *summary = marks ? prompt_summary(marks) : NULL;
	for (guint i = 0; i < G_N_ELEMENTS(kinds); i += 2)
		if (g_strcmp0(summary, kinds[i]) == 0)
			return _(kinds[i + 1]);
	if (g_strcmp0(f->source, "model") == 0) /* without marks: a search */
		return _("found");
	return _("imported");
}

char *nadir_object_describe(NadirObject *object)
{
	const feature *f = nadir_object_get_feature(object);
	switch (nadir_object_get_stage(object)) {
	case NADIR_STAGE_STORED:
		break;
	case NADIR_STAGE_WAITING:
		return g_strdup(_("waiting for the model…"));
	case NADIR_STAGE_STORING:
		return g_strdup(_("storing…"));
	case NADIR_STAGE_DRAFT:
		return g_strdup(_("not stored · ⏎ tries again"));
	}
	g_autofree char *area = nadir_format_area(f->area_m2, f->area_px);
	if (isnan(f->score))
		return g_strdup_printf("%s · %s", kind_title(f), area);
	return g_strdup_printf("%s · %.2f · %s", kind_title(f), f->score, area);
}

/* What an object's state is called in the row: while it is not stored, that is what matters. */
static const char *state_of(NadirObject *o)
{
	switch (nadir_object_get_stage(o)) {
	case NADIR_STAGE_STORED:
		break;
	case NADIR_STAGE_WAITING:
	case NADIR_STAGE_STORING:
		return "storing";
	case NADIR_STAGE_DRAFT:
		return "unstored";
	}
	return nadir_object_get_feature(o)->state;
}

static void show_state(NadirObjectRow *self, const char *state)
{
	static const char *const looks[][3] = {{"accepted", "object-select-symbolic", N_("accepted")},
	                                       {"rejected", "window-close-symbolic", N_("rejected")},
	                                       {"flagged", "dialog-warning-symbolic", N_("flagged for another look")},
	                                       {"draft", "document-edit-symbolic", N_("draft")},
	                                       {"storing", "content-loading-symbolic", N_("not stored yet")},
	                                       {"unstored", "dialog-warning-symbolic", N_("could not be stored")}};
	for (guint i = 0; i < G_N_ELEMENTS(looks); i++)
		if (g_strcmp0(state, looks[i][0]) == 0) {
			gtk_image_set_from_icon_name(self->state, looks[i][1]);
			gtk_widget_set_tooltip_text(GTK_WIDGET(self->state), _(looks[i][2]));
		}
}

void nadir_object_row_bind(NadirObjectRow *self, NadirObject *object, const project_class *class)
{
	g_return_if_fail(NADIR_IS_OBJECT_ROW(self));
	g_set_object(&self->object, object);
	gtk_stack_set_visible_child_name(self->stack, "name");
	if (!object)
		return;
	const feature *f = nadir_object_get_feature(object);
	g_autofree char *number = f->id > 0 ? g_strdup_printf("#%" G_GINT64_FORMAT, f->id) : g_strdup("");
	g_autofree char *details = nadir_object_describe(object);
	g_autofree char *spoken = g_strdup_printf("%s %s, %s, %s", f->class_name, number, details, state_of(object));
	gtk_label_set_text(self->name, f->class_name);
	gtk_label_set_text(self->number, number);
	gtk_label_set_text(self->details, details);
	show_state(self, state_of(object));
	nadir_swatch_set(self->swatch, class ? class->color : "#888888", class ? class->pattern : 0);
	gtk_accessible_update_property(GTK_ACCESSIBLE(self), GTK_ACCESSIBLE_PROPERTY_LABEL, spoken, -1);
}

NadirObject *nadir_object_row_get_object(NadirObjectRow *self)
{
	return self->object;
}

static GtkEntryCompletion *make_completion(GPtrArray *classes)
{
	g_autoptr(GtkListStore) names = gtk_list_store_new(1, G_TYPE_STRING);
	for (guint i = 0; i < classes->len; i++) {
		const project_class *c = classes->pdata[i];
		gtk_list_store_insert_with_values(names, NULL, -1, 0, c->name, -1);
	}
	GtkEntryCompletion *completion = gtk_entry_completion_new();
	gtk_entry_completion_set_model(completion, GTK_TREE_MODEL(names));
	gtk_entry_completion_set_text_column(completion, 0);
	gtk_entry_completion_set_inline_completion(completion, TRUE);
	gtk_entry_completion_set_popup_completion(completion, FALSE);
	return completion;
}

void nadir_object_row_edit(NadirObjectRow *self, GPtrArray *classes)
{
	g_return_if_fail(NADIR_IS_OBJECT_ROW(self));
	if (!self->object)
		return;
	g_autoptr(GtkEntryCompletion) completion = make_completion(classes);
	gtk_entry_set_completion(self->entry, completion);
	gtk_editable_set_text(GTK_EDITABLE(self->entry), nadir_object_get_feature(self->object)->class_name);
	gtk_stack_set_visible_child_name(self->stack, "entry");
	gtk_widget_grab_focus(GTK_WIDGET(self->entry));
}

static void on_entry_activate(NadirObjectRow *self)
{
	g_autofree char *text = g_strstrip(g_strdup(gtk_editable_get_text(GTK_EDITABLE(self->entry))));
	gtk_stack_set_visible_child_name(self->stack, "name");
	if (*text && self->object && g_strcmp0(text, nadir_object_get_feature(self->object)->class_name) != 0)
		g_signal_emit(self, signals[RELABEL], 0, text);
}

static void on_entry_leave(NadirObjectRow *self)
{
	gtk_stack_set_visible_child_name(self->stack, "name");
}

static gboolean on_entry_key(NadirObjectRow *self, guint key)
{
	if (key != GDK_KEY_Escape)
		return FALSE;
	gtk_stack_set_visible_child_name(self->stack, "name");
	return TRUE;
}

static void nadir_object_row_dispose(GObject *object)
{
	NadirObjectRow *self = NADIR_OBJECT_ROW(object);
	GtkWidget *child;
	g_clear_object(&self->object);
	while ((child = gtk_widget_get_first_child(GTK_WIDGET(self))))
		gtk_widget_unparent(child);
	G_OBJECT_CLASS(nadir_object_row_parent_class)->dispose(object);
}

static void nadir_object_row_class_init(NadirObjectRowClass *klass)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);
	G_OBJECT_CLASS(klass)->dispose = nadir_object_row_dispose;
	signals[RELABEL] = g_signal_new("relabel", NADIR_TYPE_OBJECT_ROW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
	                                G_TYPE_NONE, 1, G_TYPE_STRING);
	g_type_ensure(NADIR_TYPE_SWATCH);
	gtk_widget_class_set_template_from_resource(widget_class, "/io/github/nadir_workbench/Nadir/object-row.ui");
	gtk_widget_class_bind_template_child(widget_class, NadirObjectRow, swatch);
	gtk_widget_class_bind_template_child(widget_class, NadirObjectRow, stack);
	gtk_widget_class_bind_template_child(widget_class, NadirObjectRow, name);
	gtk_widget_class_bind_template_child(widget_class, NadirObjectRow, number);
	gtk_widget_class_bind_template_child(widget_class, NadirObjectRow, details);
	gtk_widget_class_bind_template_child(widget_class, NadirObjectRow, entry);
	gtk_widget_class_bind_template_child(widget_class, NadirObjectRow, state);
	gtk_widget_class_bind_template_callback(widget_class, on_entry_activate);
	gtk_widget_class_bind_template_callback(widget_class, on_entry_leave);
	gtk_widget_class_bind_template_callback(widget_class, on_entry_key);
	gtk_widget_class_set_layout_manager_type(widget_class, GTK_TYPE_BOX_LAYOUT);
}

static void nadir_object_row_init(NadirObjectRow *self)
{
	gtk_widget_init_template(GTK_WIDGET(self));
}

GtkWidget *nadir_object_row_new(void)
{
	return g_object_new(NADIR_TYPE_OBJECT_ROW, NULL);
}
