/* Ways of looking: places, bookmarks, measuring, the navigator, the style of the screen and what the project keeps of
 * it. */
#include <locale.h>
#include <string.h>

#include "app/canvas/measure.h"
#include "app/canvas/navigator.h"
#include "app/document/document-look.h"
#include "app/panel/go-to.h"
#include "tests/ui/document-world.h"
#include "tests/ui/find-widget.h"

static NadirMeasure *measure;

static bool is_drawn(void *data)
{
	return nadir_canvas_get_cover(data) != NULL;
}

static void look_up(world *w, gconstpointer kind)
{
	world_up(w, kind);
	GtkWidget *overlay = gtk_overlay_new(), *navigator = g_object_new(NADIR_TYPE_NAVIGATOR, NULL);
	w->window = gtk_window_new();
	w->c = NADIR_CANVAS(nadir_canvas_new());
	measure = g_object_new(NADIR_TYPE_MEASURE, NULL);
	gtk_overlay_set_child(GTK_OVERLAY(overlay), GTK_WIDGET(w->c));
	gtk_overlay_add_overlay(GTK_OVERLAY(overlay), GTK_WIDGET(measure));
	gtk_overlay_add_overlay(GTK_OVERLAY(overlay), navigator);
	nadir_measure_set_canvas(measure, w->c);
	nadir_navigator_set_canvas(NADIR_NAVIGATOR(navigator), w->c);
	gtk_window_set_default_size(GTK_WINDOW(w->window), WORLD_WIDTH, WORLD_HEIGHT);
	gtk_window_set_child(GTK_WINDOW(w->window), overlay);
	nadir_canvas_set_document(w->c, w->d);
	gtk_window_present(GTK_WINDOW(w->window));
	g_assert_true(fixture_wait(is_drawn, w->c, 20));
}

static void assert_centre(world *w, double x, double y)
{
	const viewport *v = nadir_canvas_get_viewport(w->c);
	double ix, iy;
	viewport_to_image(v, v->screen_w / 2.0, v->screen_h / 2.0, &ix, &iy);
	g_assert_cmpfloat_with_epsilon(ix, x, 1e-6);
	g_assert_cmpfloat_with_epsilon(iy, y, 1e-6);
}

static void test_look_at(world *w, gconstpointer data)
{
	nadir_canvas_look_at(w->c, 123, 77, 8);
	assert_centre(w, 123, 77);
	g_assert_cmpfloat(nadir_canvas_get_viewport(w->c)->scale, ==, 8);
	nadir_canvas_look_at(w->c, 200, 100, 0);
	g_assert_cmpfloat(nadir_canvas_get_viewport(w->c)->scale, ==, 8);
}

/* Without a CRS in pixels: a right angle of 30 and 40, then the area of the triangle. */
static void test_measure_pixels(world *w, gconstpointer data)
{
	nadir_measure_set_active(measure, TRUE);
	g_assert_null(nadir_measure_get_text(measure));
	nadir_measure_add(measure, 10, 10);
	g_assert_null(nadir_measure_get_text(measure));
	nadir_measure_add(measure, 40, 10);
	g_autofree char *one = nadir_measure_get_text(measure);
	g_assert_cmpstr(one, ==, "30.0 px");
	nadir_measure_add(measure, 40, 50);
	g_autofree char *two = nadir_measure_get_text(measure);
	g_assert_true(g_str_has_prefix(two, "70.0 px · "));
	g_assert_nonnull(strstr(two, "600"));
	nadir_measure_set_active(measure, FALSE);
	g_assert_null(nadir_measure_get_text(measure));
}

static void test_measure_ground(world *w, gconstpointer data)
{
	nadir_measure_set_active(measure, TRUE);
	nadir_measure_add(measure, 10, 10);
	nadir_measure_add(measure, 110, 10);
	g_autofree char *text = nadir_measure_get_text(measure);
	g_test_message("%s", text);
	g_assert_null(strstr(text, "px"));
	g_assert_nonnull(strstr(text, "m"));
}

static void reopen(world *w)
{
	nadir_canvas_set_document(w->c, NULL);
	fixture_spin(0.05);
	world_reopen(w);
	nadir_canvas_set_document(w->c, w->d);
}

/* A bookmark is something that was made: it is stored at once, with a project for it. */
static void test_bookmarks(world *w, gconstpointer data)
{
	nadir_canvas_look_at(w->c, 150, 120, 4);
	g_autofree char *first = nadir_go_to_bookmark(w->c), *second = nadir_go_to_bookmark(w->c);
	g_assert_cmpstr(first, !=, second);
	fixture_settle(w->d);
	g_assert_nonnull(nadir_document_get_project_path(w->d));
	g_autofree char *text = g_strdup(nadir_document_get_bookmarks(w->d));
	g_assert_true(g_str_has_prefix(text, "150 120 4 "));
	reopen(w);
	g_assert_cmpstr(nadir_document_get_bookmarks(w->d), ==, text);
}

/* A turned view comes back turned; a bookmark that was deleted comes back, too. */
static void test_turned_bookmark(world *w, gconstpointer data)
{
	nadir_canvas_set_turn(w->c, 30);
	nadir_canvas_look_at(w->c, 150, 120, 4);
	g_autofree char *name = nadir_go_to_bookmark(w->c), *text = g_strdup(nadir_document_get_bookmarks(w->d));
	nadir_canvas_set_turn(w->c, 0);
	nadir_canvas_look_at(w->c, 20, 20, 1);
	GtkWidget *dialog = nadir_go_to_new(GTK_WINDOW(w->window), w->c);
	gtk_window_present(GTK_WINDOW(dialog));
	GtkWidget *row = gtk_widget_get_ancestor(find_label(dialog, "400 %"), GTK_TYPE_LIST_BOX_ROW);
	g_signal_emit_by_name(find_child(row, GTK_TYPE_BUTTON), "clicked"); /* the dustbin */
	g_assert_cmpstr(nadir_document_get_bookmarks(w->d), ==, "");
	row = gtk_widget_get_ancestor(find_label(dialog, "deleted"), GTK_TYPE_LIST_BOX_ROW);
	g_signal_emit_by_name(find_child(row, GTK_TYPE_BUTTON), "clicked");
	g_assert_cmpstr(nadir_document_get_bookmarks(w->d), ==, text);
	g_assert_null(find_label(dialog, "deleted"));
	g_signal_emit_by_name(gtk_widget_get_first_child(gtk_window_get_child(GTK_WINDOW(dialog))), "activate");
	fixture_spin(0.05);
	g_assert_cmpfloat_with_epsilon(nadir_canvas_get_turn(w->c), 30, 1e-6);
	assert_centre(w, 150, 120);
}

static void test_go_to(world *w, gconstpointer data)
{
	GtkWidget *dialog = nadir_go_to_new(GTK_WINDOW(w->window), w->c);
	GtkWidget *entry = gtk_widget_get_first_child(gtk_window_get_child(GTK_WINDOW(dialog)));
	gtk_window_present(GTK_WINDOW(dialog));
	gtk_editable_set_text(GTK_EDITABLE(entry), "no place at all");
	g_signal_emit_by_name(entry, "activate"); /* nothing to go to: it stays open */
	g_assert_true(gtk_widget_get_visible(dialog));
	gtk_editable_set_text(GTK_EDITABLE(entry), "200, 150");
	g_signal_emit_by_name(entry, "activate");
	fixture_spin(0.05);
	assert_centre(w, 200, 150);
}

static bool is_styled(void *data)
{
	const char *bands, *stretch, *source;
	nadir_document_get_style_choice(((world *)data)->d, &bands, &stretch, &source);
	return stretch && strstr(stretch, "..");
}

/* What a part of the image gives is kept as numbers; gamma and colours are kept, and never reach the model. */
static void test_style(world *w, gconstpointer data)
{
	const raster_rect part = {0, 0, 50, 40};
	nadir_document_set_style_from(w->d, "1", "minmax", NULL, &part);
	g_assert_true(fixture_wait(is_styled, w, 20));
	g_assert_cmpfloat(nadir_document_get_style(w->d)->lo[0], ==, 0);
	g_assert_cmpfloat(nadir_document_get_style(w->d)->hi[0], ==, 49);
	nadir_document_set_look(w->d, 1.5, raster_ramp_find("magma"));
	g_autofree char *first = nadir_go_to_bookmark(w->c); /* makes a project */
	fixture_settle(w->d);
	reopen(w);
	g_assert_true(is_styled(w));
	g_assert_cmpfloat(nadir_document_get_style(w->d)->hi[0], ==, 49);
	g_assert_cmpfloat(nadir_document_get_style(w->d)->gamma, ==, 1.5);
	g_assert_cmpint(nadir_document_get_style(w->d)->ramp, ==, raster_ramp_find("magma"));
}

int main(int argc, char **argv)
{
	gtk_test_init(&argc, &argv, NULL);
	setlocale(LC_ALL, "C");
	g_test_add("/look/at", world, NULL, look_up, test_look_at, world_down);
	g_test_add("/look/measure-pixels", world, NULL, look_up, test_measure_pixels, world_down);
	g_test_add("/look/measure-ground", world, GINT_TO_POINTER(WORLD_SAMPLE), look_up, test_measure_ground, world_down);
	g_test_add("/look/bookmarks", world, NULL, look_up, test_bookmarks, world_down);
	g_test_add("/look/turned-bookmark", world, NULL, look_up, test_turned_bookmark, world_down);
	g_test_add("/look/go-to", world, NULL, look_up, test_go_to, world_down);
	g_test_add("/look/style", world, NULL, look_up, test_style, world_down);
	return g_test_run();
}
