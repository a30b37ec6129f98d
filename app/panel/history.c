#include "app/panel/history.h"
#include "app/command/text-size.h"
#include "app/document/document-history.h"

#include <glib/gi18n.h>

/* --- a step as an item of the list --- */

#define NADIR_TYPE_STEP (nadir_step_get_type())
G_DECLARE_FINAL_TYPE(NadirStep, nadir_step, NADIR, STEP, GObject)

typedef enum { STEP_DONE, STEP_NOW, STEP_UNDONE } step_place;

struct _NadirStep {
	GObject parent_instance;
	gint64 step; /* 0: the beginning */
	char *what, *when;
	step_place place;
};

G_DEFINE_FINAL_TYPE(NadirStep, nadir_step, G_TYPE_OBJECT)

static void nadir_step_finalize(GObject *object)
{
	NadirStep *self = NADIR_STEP(object);
	g_free(self->what);
	g_free(self->when);
	G_OBJECT_CLASS(nadir_step_parent_class)->finalize(object);
}

static void nadir_step_class_init(NadirStepClass *klass)
{
	G_OBJECT_CLASS(klass)->finalize = nadir_step_finalize;
}

static void nadir_step_init(NadirStep *self)
{
}

/* Of today the time, else the day with it. */
static char *describe_time(const char *iso)
{
	g_autoptr(GDateTime) utc = g_date_time_new_from_iso8601(iso, NULL);
	g_autoptr(GDateTime) then = utc ? g_date_time_to_local(utc) : NULL;
	g_autoptr(GDateTime) now = g_date_time_new_now_local();
	if (!then)
		return g_strdup("");
	const bool today = g_date_time_get_year(then) == g_date_time_get_year(now) &&
	                   g_date_time_get_day_of_year(then) == g_date_time_get_day_of_year(now);
	return g_date_time_format(then, today ? "%H:%M:%S" : "%x %H:%M");
}

static NadirStep *step_new(const project_step *s, step_place place)
{
	NadirStep *self = g_object_new(NADIR_TYPE_STEP, NULL);
	g_autofree char *when = s ? describe_time(s->time) : g_strdup("");
	self->step = s ? s->step : 0;
	self->place = place;
	self->what = g_strdup(s ? s->what : _("The beginning"));
	self->when = s && s->n_changes > 1
	                 ? g_strdup_printf(ngettext("%u change · %s", "%u changes · %s", s->n_changes), s->n_changes, when)
	                 : g_steal_pointer(&when);
	return self;
}

/* --- the window --- */

struct _NadirHistory {
	AdwWindow parent_instance;

	/* Template widgets */
	GtkListView *list;
	GtkStack *stack;

	/* Owned references */
	NadirDocument *document;
	GListStore *steps;
	GtkSingleSelection *selection;
	GCancellable *reading;

	gboolean outdated; /* something changed while it was read */
};

G_DEFINE_FINAL_TYPE(NadirHistory, nadir_history, ADW_TYPE_WINDOW)

static void show_steps(NadirHistory *self, GPtrArray *steps)
{
	g_autoptr(GPtrArray) items = g_ptr_array_new_with_free_func(g_object_unref);
	guint now = 0;
	while (now < steps->len && !((project_step *)steps->pdata[now])->done)
		now++;
	for (guint i = 0; i <= steps->len; i++)
		g_ptr_array_add(items, step_new(i < steps->len ? steps->pdata[i] : NULL, i < now    ? STEP_UNDONE
		                                                                         : i == now ? STEP_NOW
		                                                                                    : STEP_DONE));
	g_list_store_splice(self->steps, 0, g_list_model_get_n_items(G_LIST_MODEL(self->steps)), items->pdata, items->len);
	gtk_single_selection_set_selected(self->selection, now);
	gtk_stack_set_visible_child_name(self->stack, steps->len > 0 ? "list" : "none");
}

static void read_steps(NadirHistory *self);

static void on_read(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(NadirHistory) self = data;
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) steps = nadir_document_read_history_finish(result, &error);
	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return; /* the window is closed */
	g_clear_object(&self->reading);
	if (steps)
		show_steps(self, steps);
	else
		nadir_document_report(self->document, error);
	if (self->outdated)
		read_steps(self);
}

/* Every step changes objects or classes; many come at once, and are read once. */
static void read_steps(NadirHistory *self)
{
	self->outdated = self->reading != NULL;
	if (self->reading)
		return;
	self->reading = g_cancellable_new();
	nadir_document_read_history_async(self->document, self->reading, on_read, g_object_ref(self));
}

static void on_activate(NadirHistory *self, guint position)
{
	g_autoptr(NadirStep) step = g_list_model_get_item(G_LIST_MODEL(self->steps), position);
	if (step && step->place != STEP_NOW)
		nadir_document_go_to(self->document, step->step);
}

static void on_setup(GtkSignalListItemFactory *factory, GtkListItem *item, NadirHistory *self)
{
	GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12), *icon = gtk_image_new(), *what = gtk_label_new(NULL);
	GtkWidget *when = gtk_label_new(NULL);
	gtk_label_set_ellipsize(GTK_LABEL(what), PANGO_ELLIPSIZE_END);
	gtk_label_set_xalign(GTK_LABEL(what), 0);
	gtk_widget_set_hexpand(what, TRUE);
	gtk_widget_add_css_class(when, "dim-label");
	gtk_widget_add_css_class(when, "caption");
	gtk_widget_add_css_class(when, "numeric");
	gtk_box_append(GTK_BOX(row), icon);
	gtk_box_append(GTK_BOX(row), what);
	gtk_box_append(GTK_BOX(row), when);
	gtk_list_item_set_child(item, row);
}

static void on_bind(GtkSignalListItemFactory *factory, GtkListItem *item, NadirHistory *self)
{
	static const char *const icons[] = {
		[STEP_DONE] = "object-select-symbolic", [STEP_NOW] = "go-next-symbolic", [STEP_UNDONE] = "edit-undo-symbolic"};
	const char *const places[] = {[STEP_DONE] = _("done"), [STEP_NOW] = _("here you are"), [STEP_UNDONE] = _("undone")};
	const NadirStep *step = gtk_list_item_get_item(item);
	GtkWidget *row = gtk_list_item_get_child(item), *icon = gtk_widget_get_first_child(row);
	GtkWidget *what = gtk_widget_get_next_sibling(icon), *when = gtk_widget_get_next_sibling(what);
	gtk_image_set_from_icon_name(GTK_IMAGE(icon), icons[step->place]);
	gtk_widget_set_tooltip_text(row, places[step->place]);
	gtk_label_set_text(GTK_LABEL(what), step->what);
	gtk_label_set_text(GTK_LABEL(when), step->when);
	gtk_widget_remove_css_class(row, "heading");
	gtk_widget_remove_css_class(row, "dim-label");
	if (step->place == STEP_NOW)
		gtk_widget_add_css_class(row, "heading");
	if (step->place == STEP_UNDONE)
		gtk_widget_add_css_class(row, "dim-label");
	g_autofree char *label = g_strdup_printf("%s, %s, %s", step->what, places[step->place], step->when);
	gtk_accessible_update_property(GTK_ACCESSIBLE(row), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
}

static void nadir_history_dispose(GObject *object)
{
	NadirHistory *self = NADIR_HISTORY(object);
	g_cancellable_cancel(self->reading);
	g_clear_object(&self->reading);
	g_clear_object(&self->document);
	g_clear_object(&self->selection);
	g_clear_object(&self->steps);
	G_OBJECT_CLASS(nadir_history_parent_class)->dispose(object);
}

static void nadir_history_class_init(NadirHistoryClass *klass)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);
	G_OBJECT_CLASS(klass)->dispose = nadir_history_dispose;
	gtk_widget_class_set_template_from_resource(widget_class, "/io/github/nadir_workbench/Nadir/history.ui");
	gtk_widget_class_bind_template_child(widget_class, NadirHistory, list);
	gtk_widget_class_bind_template_child(widget_class, NadirHistory, stack);
	gtk_widget_class_bind_template_callback(widget_class, on_activate);
	gtk_widget_class_add_binding_action(widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
}

static void nadir_history_init(NadirHistory *self)
{
	gtk_widget_init_template(GTK_WIDGET(self));
	nadir_fit_window_to_text(GTK_WINDOW(self));
	self->steps = g_list_store_new(NADIR_TYPE_STEP);
	self->selection = gtk_single_selection_new(g_object_ref(G_LIST_MODEL(self->steps)));
	g_autoptr(GtkListItemFactory) factory = gtk_signal_list_item_factory_new();
	g_signal_connect(factory, "setup", G_CALLBACK(on_setup), self);
	g_signal_connect(factory, "bind", G_CALLBACK(on_bind), self);
	gtk_list_view_set_factory(self->list, factory);
	gtk_list_view_set_model(self->list, GTK_SELECTION_MODEL(self->selection));
}

GtkWidget *nadir_history_new(GtkWindow *parent, NadirDocument *document)
{
	NadirHistory *self = g_object_new(NADIR_TYPE_HISTORY, "transient-for", parent, NULL);
	self->document = g_object_ref(document);
	g_signal_connect_object(nadir_document_get_objects(document), "items-changed", G_CALLBACK(read_steps), self,
	                        G_CONNECT_SWAPPED);
	g_signal_connect_object(document, "classes-changed", G_CALLBACK(read_steps), self, G_CONNECT_SWAPPED);
	read_steps(self);
	return GTK_WIDGET(self);
}
