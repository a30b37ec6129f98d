#include "app/edit-dialog.h"

#include <glib/gi18n.h>
#include <math.h>

#include "app/document/document-private.h"
#include "app/edit/edit-outlines.h"

/* What a preview is about; what is stored sees all of them. */
#define OBJECTS_MOST 1000
#define NEIGHBOURS_MOST 400

struct _NadirEditDialog {
	GtkWindow parent_instance;

	GtkScale *scale;
	GtkSpinButton *spin;
	GtkDropDown *unit; /* GROW only */
	GtkLabel *outcome;
	GtkWidget *apply;

	/* Owned references */
	NadirDocument *document;
	GCancellable *running; /* the newest preview */

	NadirEditKind kind;
	raster_rect seen; /* by the user, when the dialog opened */
};

G_DEFINE_FINAL_TYPE(NadirEditDialog, nadir_edit_dialog, GTK_TYPE_WINDOW)

static const struct {
	const char *title, *label;
	double least, most, step, value;
} kinds[NADIR_N_EDITS] = {
	[NADIR_EDIT_FILL] = {N_("Fill Holes"), N_("Largest hole (px², 0: all)"), 0, 10000, 1, 0},
	[NADIR_EDIT_SMOOTH] = {N_("Smooth"), N_("Steps up to (px)"), 0.5, 20, 0.5, 1},
	[NADIR_EDIT_SIMPLIFY] = {N_("Simplify"), N_("Tolerance (px)"), 0, 20, 0.25, 1},
	[NADIR_EDIT_SQUARE] = {N_("Right Angles"), N_("Smallest detail (px)"), 0.5, 40, 0.5, 2},
	[NADIR_EDIT_GROW] = {N_("Grow or Shrink"), N_("By (negative: shrink)"), -100, 100, 0.5, 2},
	[NADIR_EDIT_MEET] = {N_("Fill to Neighbour"), N_("Widest gap (px)"), 1, 60, 1, 6},
};

/* --- the preview --- */

typedef struct {
	NadirEdit e;
	GPtrArray *shapes; /* of GBytes: the selected ones, then neighbours */
	guint n, of;       /* of them that change, and of the selected ones */
	double *area_m2;
	int width, height;
	GPtrArray *out;      /* of GBytes */
	guint before, after; /* vertices */
	guint changed, kept; /* outlines */
} trial;

static void trial_free(void *data)
{
	trial *t = data;
	g_ptr_array_unref(t->shapes);
	g_clear_pointer(&t->out, g_ptr_array_unref);
	g_free(t->area_m2);
	g_free(t);
}

static NadirEdit current_edit(NadirEditDialog *self)
{
	return (NadirEdit){.kind = self->kind,
	                   .amount = gtk_spin_button_get_value(self->spin),
	                   .metres = self->unit && gtk_drop_down_get_selected(self->unit) == 1};
}

static void show_ghosts(NadirEditDialog *self, GPtrArray *shapes)
{
	g_ptr_array_set_size(self->document->ghosts, 0);
	for (guint i = 0; shapes && i < shapes->len; i++) {
		wkb_shape *s = wkb_shape_read(shapes->pdata[i], NULL);
		if (s)
			g_ptr_array_add(self->document->ghosts, s);
	}
	nadir_document_emit(self->document, SIGNAL_BUSY);
}

static void run_trial(GTask *task, gpointer source, gpointer data, GCancellable *cancel)
{
	trial *t = data;
	GError *error = NULL;
	t->out = nadir_edit_outlines(&t->e, t->shapes, t->n, t->area_m2, t->width, t->height, cancel, &t->kept, &error);
	for (guint i = 0; t->out && i < t->n; i++) {
		t->before += shape_vertices(t->shapes->pdata[i]);
		t->after += shape_vertices(t->out->pdata[i]);
		t->changed += !g_bytes_equal(t->shapes->pdata[i], t->out->pdata[i]);
	}
	if (error)
		g_task_return_error(task, error);
	else
		g_task_return_boolean(task, TRUE);
}

static char *outcome_text(const trial *t)
{
	/* Translators: numbers of vertices before and after. */
	g_autofree char *vertices = t->changed ? g_strdup_printf(_("%'u → %'u vertices"), t->before, t->after)
	                                       : g_strdup(_("Nothing changes by this."));
	g_autofree char *part =
		t->n < t->of ? g_strdup_printf(_("Tried out on %'u of the %'u objects."), t->n, t->of) : NULL;
	g_autofree char *kept = t->kept ? nadir_edit_kept_text(t->kept, t->n) : NULL;
	const char *lines[] = {vertices, part ? part : kept, part ? kept : NULL, NULL};
	return g_strjoinv("\n", (char **)lines);
}

static void on_trial(GObject *object, GAsyncResult *result, gpointer data)
{
	g_autoptr(NadirEditDialog) self = data;
	g_autoptr(GError) error = NULL;
	const trial *t = g_task_get_task_data(G_TASK(result));
	const bool ok = g_task_propagate_boolean(G_TASK(result), &error);
	if (!self->document || self->running != g_task_get_cancellable(G_TASK(result)))
		return; /* closed, or a newer one is under way */
	g_autofree char *text = ok ? outcome_text(t) : g_strdup(error->message);
	gtk_label_set_text(self->outcome, text);
	gtk_widget_set_sensitive(self->apply, (ok && t->changed) || t->n < t->of);
	show_ghosts(self, ok ? t->out : NULL);
}

static bool is_near(NadirObject *o, const double e[4], double margin)
{
	raster_rect b;
	return nadir_object_get_bounds(o, &b) && b.x <= e[2] + margin && b.x + b.w >= e[0] - margin &&
	       b.y <= e[3] + margin && b.y + b.h >= e[1] - margin;
}

static void add_neighbours(NadirEditDialog *self, trial *t, const double e[4])
{
	GListModel *list = nadir_document_get_objects(self->document);
	const guint n = g_list_model_get_n_items(list);
	for (guint i = 0; i < n && t->shapes->len < t->n + NEIGHBOURS_MOST; i++) {
		g_autoptr(NadirObject) o = g_list_model_get_item(list, i);
		const feature *f = nadir_object_get_feature(o);
		if (f->px_geom && !nadir_document_is_selected(self->document, f->id) && is_near(o, e, t->e.amount))
			g_ptr_array_add(t->shapes, g_bytes_ref(f->px_geom));
	}
}

/* Adds the selected objects that are `inside` what is seen, or those that are not, until there are enough. */
static void add_selected(NadirEditDialog *self, trial *t, const GArray *ids, bool inside, double e[4])
{
	const raster_rect *s = &self->seen;
	const double seen[4] = {s->x, s->y, s->x + s->w, s->y + s->h};
	for (guint i = 0; i < ids->len && t->n < OBJECTS_MOST; i++) {
		g_autoptr(NadirObject) o = nadir_document_find(self->document, g_array_index(ids, gint64, i), NULL);
		const feature *f = nadir_object_get_feature(o);
		raster_rect b;
		if (!f->px_geom || !nadir_object_get_bounds(o, &b) || is_near(o, seen, 0) != inside)
			continue;
		t->area_m2[t->n++] = f->area_m2;
		g_ptr_array_add(t->shapes, g_bytes_ref(f->px_geom));
		e[0] = MIN(e[0], b.x);
		e[1] = MIN(e[1], b.y);
		e[2] = MAX(e[2], b.x + b.w);
		e[3] = MAX(e[3], b.y + b.h);
	}
}

static trial *trial_new(NadirEditDialog *self)
{
	trial *t = g_new0(trial, 1);
	const raster_info *info = nadir_document_info(self->document);
	g_autoptr(GArray) ids = nadir_document_get_selection(self->document);
	double e[4] = {INFINITY, INFINITY, -INFINITY, -INFINITY};
	t->e = current_edit(self);
	t->width = info->width;
	t->height = info->height;
	t->of = ids->len;
	t->shapes = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	t->area_m2 = g_new(double, OBJECTS_MOST);
	add_selected(self, t, ids, true, e);
	add_selected(self, t, ids, false, e);
	if (self->kind == NADIR_EDIT_SIMPLIFY || self->kind == NADIR_EDIT_MEET)
		add_neighbours(self, t, e);
	return t;
}

static void try_out(NadirEditDialog *self)
{
	if (self->running)
		g_cancellable_cancel(self->running);
	g_clear_object(&self->running);
	self->running = g_cancellable_new();
	g_autoptr(GTask) task = g_task_new(NULL, self->running, on_trial, g_object_ref(self));
	g_task_set_task_data(task, trial_new(self), trial_free);
	g_task_run_in_thread(task, run_trial);
}

/* --- the window --- */

static void on_apply(NadirEditDialog *self)
{
	const NadirEdit e = current_edit(self);
	if (!gtk_widget_get_sensitive(self->apply))
		return;
	nadir_document_edit(self->document, &e);
	gtk_window_close(GTK_WINDOW(self));
}

/* Enter applies what was typed, wherever the focus is but on Cancel. */
static gboolean on_key(GtkEventControllerKey *controller, guint key, guint code, GdkModifierType state,
                       NadirEditDialog *self)
{
	if ((key != GDK_KEY_Return && key != GDK_KEY_KP_Enter) || GTK_IS_BUTTON(gtk_window_get_focus(GTK_WINDOW(self))))
		return FALSE;
	gtk_spin_button_update(self->spin);
	on_apply(self);
	return TRUE;
}

static void nadir_edit_dialog_dispose(GObject *object)
{
	NadirEditDialog *self = NADIR_EDIT_DIALOG(object);
	if (self->running)
		g_cancellable_cancel(self->running);
	g_clear_object(&self->running);
	if (self->document)
		show_ghosts(self, NULL);
	g_clear_object(&self->document);
	G_OBJECT_CLASS(nadir_edit_dialog_parent_class)->dispose(object);
}

static void nadir_edit_dialog_class_init(NadirEditDialogClass *klass)
{
	G_OBJECT_CLASS(klass)->dispose = nadir_edit_dialog_dispose;
	gtk_widget_class_add_binding_action(GTK_WIDGET_CLASS(klass), GDK_KEY_Escape, 0, "window.close", NULL);
}

static void nadir_edit_dialog_init(NadirEditDialog *self)
{
}

static GtkWidget *make_buttons(NadirEditDialog *self)
{
	GtkWidget *bar = gtk_header_bar_new(), *cancel = gtk_button_new_with_mnemonic(_("_Cancel"));
	self->apply = gtk_button_new_with_mnemonic(_("_Apply"));
	gtk_widget_add_css_class(self->apply, "suggested-action");
	gtk_header_bar_set_show_title_buttons(GTK_HEADER_BAR(bar), FALSE);
	gtk_header_bar_pack_start(GTK_HEADER_BAR(bar), cancel);
	gtk_header_bar_pack_end(GTK_HEADER_BAR(bar), self->apply);
	g_signal_connect_swapped(cancel, "clicked", G_CALLBACK(gtk_window_close), self);
	g_signal_connect_swapped(self->apply, "clicked", G_CALLBACK(on_apply), self);
	return bar;
}

static void make_content(NadirEditDialog *self)
{
	GtkWidget *grid = gtk_grid_new(), *label = gtk_label_new(_(kinds[self->kind].label));
	GtkAdjustment *amount = gtk_adjustment_new(kinds[self->kind].value, kinds[self->kind].least, kinds[self->kind].most,
	                                           kinds[self->kind].step, 10 * kinds[self->kind].step, 0);
	self->spin = GTK_SPIN_BUTTON(gtk_spin_button_new(amount, kinds[self->kind].step, 2));
	self->scale = GTK_SCALE(gtk_scale_new(GTK_ORIENTATION_HORIZONTAL, amount));
	self->outcome = GTK_LABEL(gtk_label_new(""));
	gtk_widget_set_size_request(GTK_WIDGET(self->scale), 280, -1);
	gtk_widget_set_hexpand(GTK_WIDGET(self->scale), TRUE);
	gtk_scale_set_draw_value(self->scale, FALSE);
	gtk_label_set_xalign(GTK_LABEL(label), 0);
	gtk_label_set_xalign(self->outcome, 0);
	gtk_label_set_wrap(self->outcome, TRUE);
	gtk_label_set_max_width_chars(self->outcome, 44);
	gtk_widget_add_css_class(GTK_WIDGET(self->outcome), "numeric");
	gtk_grid_set_row_spacing(GTK_GRID(grid), 12);
	gtk_grid_set_column_spacing(GTK_GRID(grid), 12);
	gtk_widget_set_margin_start(grid, 18);
	gtk_widget_set_margin_end(grid, 18);
	gtk_widget_set_margin_top(grid, 12);
	gtk_widget_set_margin_bottom(grid, 18);
	gtk_grid_attach(GTK_GRID(grid), label, 0, 0, 1, 1);
	gtk_grid_attach(GTK_GRID(grid), GTK_WIDGET(self->spin), 1, 0, 1, 1);
	gtk_widget_set_hexpand(label, TRUE);
	if (self->kind == NADIR_EDIT_GROW) {
		self->unit = GTK_DROP_DOWN(gtk_drop_down_new_from_strings((const char *const[]){_("px"), _("m"), NULL}));
		gtk_grid_attach(GTK_GRID(grid), GTK_WIDGET(self->unit), 2, 0, 1, 1);
		gtk_widget_set_sensitive(GTK_WIDGET(self->unit), georef_has_crs(nadir_document_get_georef(self->document)));
		g_signal_connect_swapped(self->unit, "notify::selected", G_CALLBACK(try_out), self);
	}
	gtk_grid_attach(GTK_GRID(grid), GTK_WIDGET(self->scale), 0, 1, 3, 1);
	gtk_grid_attach(GTK_GRID(grid), GTK_WIDGET(self->outcome), 0, 2, 3, 1);
	gtk_accessible_update_relation(GTK_ACCESSIBLE(self->spin), GTK_ACCESSIBLE_RELATION_LABELLED_BY, label, NULL, -1);
	gtk_accessible_update_relation(GTK_ACCESSIBLE(self->scale), GTK_ACCESSIBLE_RELATION_LABELLED_BY, label, NULL, -1);
	g_signal_connect_object(amount, "value-changed", G_CALLBACK(try_out), self, G_CONNECT_SWAPPED);
	GtkEventController *keys = gtk_event_controller_key_new();
	gtk_event_controller_set_propagation_phase(keys, GTK_PHASE_CAPTURE);
	g_signal_connect(keys, "key-pressed", G_CALLBACK(on_key), self);
	gtk_widget_add_controller(GTK_WIDGET(self), keys);
	gtk_window_set_child(GTK_WINDOW(self), grid);
}

GtkWidget *nadir_edit_dialog_new(GtkWindow *parent, NadirDocument *document, NadirEditKind kind, raster_rect seen)
{
	g_return_val_if_fail(NADIR_IS_DOCUMENT(document) && kinds[kind].title, NULL);
	NadirEditDialog *self = g_object_new(NADIR_TYPE_EDIT_DIALOG, "transient-for", parent, "destroy-with-parent", TRUE,
	                                     "title", _(kinds[kind].title), "resizable", FALSE, NULL);
	self->document = g_object_ref(document);
	self->kind = kind;
	self->seen = seen;
	gtk_window_set_titlebar(GTK_WINDOW(self), make_buttons(self));
	make_content(self);
	g_signal_connect_object(document, "selection-changed", G_CALLBACK(try_out), self, G_CONNECT_SWAPPED);
	try_out(self);
	gtk_widget_grab_focus(GTK_WIDGET(self->spin));
	return GTK_WIDGET(self);
}
