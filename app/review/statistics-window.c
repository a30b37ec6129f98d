#include "app/review/statistics-window.h"

#include <glib/gi18n.h>

#include "app/command/text-size.h"
#include "app/document/document-job.h"
#include "render/review/report.h"
#include "render/store/review.h"

struct _NadirStatistics {
	AdwWindow parent_instance;

	GtkDrawingArea *page;
	GtkDropDown *sets[2];
	GtkWidget *export_button;

	/* Owned references */
	NadirDocument *document;
	GtkStringList *authors; /* "none", then the label sets */
	GtkFileChooserNative *chooser;
	statistics *found; /* NULL: not read yet */
	guint number;      /* of the last reading that was asked for */
	gboolean loading;  /* the drop-downs follow the project: do not answer */
};

G_DEFINE_FINAL_TYPE(NadirStatistics, nadir_statistics, ADW_TYPE_WINDOW)

static guint exported_signal;

/* --- reading --- */

typedef struct {
	NadirStatistics *window; /* owned */
	guint number;
	char *set[2]; /* NULL: none */
	statistics *found;
	GPtrArray *authors; /* of char *, sorted */
} reading;

static void reading_free(void *data)
{
	reading *r = data;
	g_object_unref(r->window);
	g_free(r->set[0]);
	g_free(r->set[1]);
	g_clear_pointer(&r->found, statistics_free);
	g_clear_pointer(&r->authors, g_ptr_array_unref);
	g_free(r);
}

static int compare_names(gconstpointer a, gconstpointer b)
{
	return g_utf8_collate(*(const char *const *)a, *(const char *const *)b);
}

static GPtrArray *authors_of(GArray *items)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL); /* they are interned */
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; i < items->len; i++) {
		const review_item *item = &g_array_index(items, review_item, i);
		if (*item->author && g_hash_table_add(seen, (gpointer)item->author))
			g_ptr_array_add(names, g_strdup(item->author));
	}
	g_ptr_array_sort(names, compare_names);
	return names;
}

static bool read_project(document_job *job, project *p, GError **error)
{
	reading *r = job->data;
	const bool two = r->set[0] && r->set[1];
	g_autoptr(GArray) items = project_review_items(p, error);
	if (!items)
		return false;
	r->authors = authors_of(items);
	r->found = statistics_of(p, two ? r->set[0] : NULL, two ? r->set[1] : NULL, error);
	return r->found != NULL;
}

static void show_authors(NadirStatistics *self, GPtrArray *authors)
{
	if (g_list_model_get_n_items(G_LIST_MODEL(self->authors)) == authors->len + 1)
		return;
	self->loading = TRUE;
	gtk_string_list_splice(self->authors, 1, g_list_model_get_n_items(G_LIST_MODEL(self->authors)) - 1, NULL);
	for (guint i = 0; i < authors->len; i++)
		gtk_string_list_append(self->authors, authors->pdata[i]);
	self->loading = FALSE;
}

static bool on_read(document_job *job, const GError *error)
{
	reading *r = job->data;
	NadirStatistics *self = r->window;
	if (r->number != self->number)
		return false;
	if (error)
		nadir_document_report(job->document, error);
	if (!r->found)
		return false;
	g_clear_pointer(&self->found, statistics_free);
	self->found = g_steal_pointer(&r->found);
	show_authors(self, r->authors);
	gtk_widget_set_sensitive(self->export_button, TRUE);
	gtk_widget_queue_draw(GTK_WIDGET(self->page));
	return false;
}

static char *chosen_set(NadirStatistics *self, int i)
{
	const guint n = gtk_drop_down_get_selected(self->sets[i]);
	return n == 0 || n == GTK_INVALID_LIST_POSITION ? NULL : g_strdup(gtk_string_list_get_string(self->authors, n));
}

static void read_now(NadirStatistics *self)
{
	if (self->loading || !self->document)
		return;
	reading *r = g_new0(reading, 1);
	r->window = g_object_ref(self);
	r->number = ++self->number;
	r->set[0] = chosen_set(self, 0);
	r->set[1] = chosen_set(self, 1);
	document_job *job = document_job_new(self->document, read_project);
	job->done = on_read;
	job->data = r;
	job->data_free = reading_free;
	document_job_push(job);
}

/* --- the page --- */

static char *title_of(NadirStatistics *self)
{
	const char *place = nadir_document_get_project_path(self->document);
	return place ? g_path_get_basename(place) : g_strdup(nadir_document_get_title(self->document));
}

static void draw(GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer data)
{
	NadirStatistics *self = data;
	GdkRGBA c;
	if (!self->found)
		return;
	gtk_style_context_get_color(gtk_widget_get_style_context(GTK_WIDGET(area)), &c);
	const double ink[3] = {(double)c.red, (double)c.green, (double)c.blue};
	const double scale = MIN(width / REPORT_WIDTH, height / REPORT_HEIGHT);
	g_autofree char *title = title_of(self);
	cairo_translate(cr, (width - REPORT_WIDTH * scale) / 2, 0);
	cairo_scale(cr, scale, scale);
	report_draw(cr, self->found, title, ink);
}

/* --- export --- */

static void write_report(NadirStatistics *self, const char *path)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *title = title_of(self);
	if (!self->found)
		return;
	const bool ok = report_write(self->found, title, path, &error);
	g_signal_emit(self, exported_signal, 0, path, ok ? NULL : error->message);
}

static void on_chosen(NadirStatistics *self, int response)
{
	g_autoptr(GFile) file =
		response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file(GTK_FILE_CHOOSER(self->chooser)) : NULL;
	g_autofree char *path = file ? g_file_get_path(file) : NULL;
	g_clear_object(&self->chooser);
	if (path)
		write_report(self, path);
}

static void on_export(NadirStatistics *self)
{
	static const char *const kinds[] = {"pdf", "svg", "png", "csv"};
	g_autoptr(GtkFileFilter) filter = gtk_file_filter_new();
	gtk_file_filter_set_name(filter, _("PDF, SVG, PNG or CSV"));
	for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
		gtk_file_filter_add_suffix(filter, kinds[i]);
	g_clear_object(&self->chooser);
	self->chooser = gtk_file_chooser_native_new(_("Export the Statistics"), GTK_WINDOW(self),
	                                            GTK_FILE_CHOOSER_ACTION_SAVE, NULL, NULL);
	gtk_file_chooser_add_filter(GTK_FILE_CHOOSER(self->chooser), filter);
	gtk_file_chooser_set_current_name(GTK_FILE_CHOOSER(self->chooser), "review.pdf");
	gtk_native_dialog_set_modal(GTK_NATIVE_DIALOG(self->chooser), TRUE);
	g_signal_connect_swapped(self->chooser, "response", G_CALLBACK(on_chosen), self);
	gtk_native_dialog_show(GTK_NATIVE_DIALOG(self->chooser));
}

/* --- life --- */

static void nadir_statistics_dispose(GObject *object)
{
	NadirStatistics *self = NADIR_STATISTICS(object);
	self->number++; /* what is being read is for nobody */
	g_clear_object(&self->chooser);
	g_clear_object(&self->document);
	g_clear_object(&self->authors);
	g_clear_pointer(&self->found, statistics_free);
	G_OBJECT_CLASS(nadir_statistics_parent_class)->dispose(object);
}

static void nadir_statistics_class_init(NadirStatisticsClass *klass)
{
	G_OBJECT_CLASS(klass)->dispose = nadir_statistics_dispose;
	exported_signal = g_signal_new("exported", NADIR_TYPE_STATISTICS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
	                               G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_STRING);
	gtk_widget_class_add_binding_action(GTK_WIDGET_CLASS(klass), GDK_KEY_Escape, 0, "window.close", NULL);
	gtk_widget_class_set_template_from_resource(GTK_WIDGET_CLASS(klass),
	                                            "/io/github/nadir_workbench/Nadir/statistics.ui");
	gtk_widget_class_bind_template_child(GTK_WIDGET_CLASS(klass), NadirStatistics, page);
	gtk_widget_class_bind_template_child(GTK_WIDGET_CLASS(klass), NadirStatistics, export_button);
	gtk_widget_class_bind_template_child_full(GTK_WIDGET_CLASS(klass), "set_a", FALSE,
	                                          G_STRUCT_OFFSET(NadirStatistics, sets));
	gtk_widget_class_bind_template_child_full(GTK_WIDGET_CLASS(klass), "set_b", FALSE,
	                                          G_STRUCT_OFFSET(NadirStatistics, sets) + (goffset)sizeof(GtkDropDown *));
	gtk_widget_class_bind_template_callback(GTK_WIDGET_CLASS(klass), on_export);
	gtk_widget_class_bind_template_callback(GTK_WIDGET_CLASS(klass), read_now);
}

static void nadir_statistics_init(NadirStatistics *self)
{
	self->loading = TRUE;
	gtk_widget_init_template(GTK_WIDGET(self));
	nadir_fit_window_to_text(GTK_WINDOW(self));
	self->authors = gtk_string_list_new((const char *const[]){_("none"), NULL});
	for (int i = 0; i < 2; i++)
		gtk_drop_down_set_model(self->sets[i], G_LIST_MODEL(self->authors));
	gtk_drawing_area_set_draw_func(self->page, draw, self, NULL);
	self->loading = FALSE;
}

GtkWidget *nadir_statistics_new(GtkWindow *parent, NadirDocument *document)
{
	NadirStatistics *self = g_object_new(NADIR_TYPE_STATISTICS, "transient-for", parent, NULL);
	self->document = g_object_ref(document);
	read_now(self);
	return GTK_WIDGET(self);
}
