#include "tests/ui/document-world.h"

#include "app/document/document-history.h"

static void on_told(world *w, const char *sentence)
{
	g_free(w->told);
	w->told = g_strdup(sentence);
}

void world_open(world *w)
{
	g_autoptr(GError) error = NULL;
	w->d = fixture_open(w->image, w->service, &error);
	g_assert_no_error(error);
	g_signal_connect_swapped(w->d, "error", G_CALLBACK(on_told), w);
	g_signal_connect_swapped(w->d, "notice", G_CALLBACK(on_told), w);
}

void world_up(world *w, gconstpointer kind)
{
	const int k = GPOINTER_TO_INT(kind);
	w->dir = fixture_dir();
	w->image =
		k == WORLD_SAMPLE ? fixture_sample(w->dir) : fixture_image(w->dir, "image.tif", 400, 300, k == WORLD_ALPHA);
	w->service = service_new(&(engine_options){.model = "/nowhere/none.gguf"});
	world_open(w);
}

static void close_window(world *w)
{
	if (w->c)
		g_object_ref(w->c);
	gtk_window_destroy(GTK_WINDOW(w->window));
	fixture_spin(0.05);
	if (w->c)
		g_assert_finalize_object(w->c);
}

void world_down(world *w, gconstpointer kind)
{
	if (w->window)
		close_window(w);
	fixture_close(w->d);
	service_free(w->service);
	fixture_remove(w->dir);
	g_free(w->image);
	g_free(w->dir);
	g_free(w->told);
}

void world_reopen(world *w)
{
	fixture_close(w->d);
	world_open(w);
}

static bool is_allocated(void *data)
{
	return gtk_widget_get_width(data) == WORLD_WIDTH && gtk_widget_get_height(data) == WORLD_HEIGHT;
}

void world_up_canvas(world *w, gconstpointer kind)
{
	world_up(w, kind);
	w->window = gtk_window_new();
	w->c = NADIR_CANVAS(nadir_canvas_new());
	gtk_window_set_decorated(GTK_WINDOW(w->window), FALSE);
	gtk_window_set_default_size(GTK_WINDOW(w->window), WORLD_WIDTH, WORLD_HEIGHT);
	gtk_window_set_child(GTK_WINDOW(w->window), GTK_WIDGET(w->c));
	nadir_canvas_set_document(w->c, w->d);
	gtk_window_present(GTK_WINDOW(w->window));
	g_assert_true(fixture_wait(is_allocated, w->c, 20));
}

guint n_objects(world *w)
{
	return g_list_model_get_n_items(nadir_document_get_objects(w->d));
}

NadirObject *object(world *w, guint i)
{
	g_autoptr(NadirObject) o = g_list_model_get_item(nadir_document_get_objects(w->d), i);
	return o;
}

const feature *object_row(world *w, guint i)
{
	return nadir_object_get_feature(object(w, i));
}

const feature *selected_row(world *w)
{
	return nadir_object_get_feature(nadir_document_get_selected(w->d));
}

gint64 add(world *w, int x, int y, int width, int height)
{
	double xy[8];
	fixture_rectangle_of(x, y, width, height, xy);
	nadir_document_draw_polygon(w->d, xy, 4);
	fixture_settle(w->d);
	return nadir_document_get_selected(w->d) ? selected_row(w)->id : 0;
}

gint64 add_of(world *w, const char *class_name, int x, int y, int width, int height)
{
	nadir_document_add_class(w->d, class_name);
	nadir_document_select(w->d, 0);
	return add(w, x, y, width, height);
}

void change_class(world *w, const char *name, const char *parent, const char *fields)
{
	project_class *c = project_class_copy(nadir_document_find_class(w->d, name));
	c->parent = parent ? nadir_document_find_class(w->d, parent)->id : 0;
	g_free(c->fields);
	c->fields = g_strdup(fields);
	nadir_document_update_class(w->d, c);
	project_class_free(c);
	fixture_settle(w->d);
}

void undo(world *w)
{
	nadir_document_undo(w->d);
	fixture_settle(w->d);
}

void redo(world *w)
{
	nadir_document_redo(w->d);
	fixture_settle(w->d);
}
