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
