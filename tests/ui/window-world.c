#include "tests/ui/window-world.h"

#include <string.h>

static bool is_settled(void *data)
{
	return !nadir_window_is_opening(data);
}

void world_up(world *w, gconstpointer data)
{
	w->dir = fixture_dir();
	w->sample = fixture_sample(w->dir);
	w->app = NADIR_APPLICATION(g_application_get_default());
	w->window = nadir_window_new(w->app);
	gtk_window_present(GTK_WINDOW(w->window));
	fixture_spin(0.1);
}

static bool is_gone(void *data)
{
	return *(gpointer *)data == NULL;
}

void world_down(world *w, gconstpointer data)
{
	gpointer document = nadir_window_get_document(w->window);
	g_object_ref(w->window);
	if (document)
		g_object_add_weak_pointer(document, &document);
	gtk_window_close(GTK_WINDOW(w->window));
	g_assert_null(nadir_window_get_document(w->window));
	g_assert_true(fixture_wait(is_gone, &document, 60)); /* and with it the project: the program waits for it */
	fixture_spin(0.5);
	g_assert_finalize_object(w->window);
	fixture_remove(w->dir);
	g_free(w->dir);
	g_free(w->sample);
}

void open_file(world *w, const char *path)
{
	g_autoptr(GFile) file = g_file_new_for_path(path);
	nadir_window_open(w->window, file);
	g_assert_true(fixture_wait(is_settled, w->window, 60));
	fixture_spin(0.1);
}

void add_object(world *w, int x)
{
	double xy[8];
	fixture_rectangle_of(x, 40, 30, 20, xy);
	nadir_document_draw_polygon(nadir_window_get_document(w->window), xy, 4);
	fixture_settle(nadir_window_get_document(w->window));
	fixture_spin(0.05);
}

static GtkWidget *find(GtkWidget *in, bool (*is_it)(GtkWidget *widget, const void *what), const void *what)
{
	GtkWidget *found = is_it(in, what) ? in : NULL;
	for (GtkWidget *c = gtk_widget_get_first_child(in); c && !found; c = gtk_widget_get_next_sibling(c))
		found = find(c, is_it, what);
	return found;
}

static bool is_of_type(GtkWidget *widget, const void *type)
{
	return g_type_is_a(G_OBJECT_TYPE(widget), *(const GType *)type);
}

GtkWidget *find_child(GtkWidget *in, GType type)
{
	return find(in, is_of_type, &type);
}

static bool is_titled(GtkWidget *widget, const void *title)
{
	return ADW_IS_PREFERENCES_ROW(widget) &&
	       g_strcmp0(adw_preferences_row_get_title(ADW_PREFERENCES_ROW(widget)), title) == 0;
}

GtkWidget *find_titled(GtkWidget *in, const char *title)
{
	return find(in, is_titled, title);
}

static bool says(GtkWidget *widget, const void *text)
{
	return GTK_IS_LABEL(widget) && strstr(gtk_label_get_text(GTK_LABEL(widget)), text);
}

GtkWidget *find_label(GtkWidget *in, const char *text)
{
	return find(in, says, text);
}
