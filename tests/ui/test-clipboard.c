/* Objects as text and back: GeoJSON and WKT, with a CRS and without one, bit for bit; what QGIS copies; nonsense. */
#include <glib/gstdio.h>
#include <string.h>

#include "app/document/document-private.h"
#include "app/edit/edit-clipboard.h"
#include "app/edit/edit-selection.h"
#include "app/panel/object-content.h"
#include "tests/ui/document-world.h"

static void draw_two(world *w)
{
	nadir_document_add_class(w->d, "roof");
	fixture_settle(w->d);
	nadir_document_draw_polygon(w->d, (const double[]){20.3, 30.7, 80, 35, 60, 90.2}, 3);
	nadir_document_draw_polygon(w->d, (const double[]){120, 40, 180, 40, 180, 95, 120, 95}, 4);
	fixture_settle(w->d);
	nadir_document_select_all(w->d);
	g_assert_cmpuint(nadir_document_n_selected(w->d), ==, 2);
}

static void on_copied(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GError) error = NULL;
	*(char **)data = nadir_document_copy_finish(result, &error);
	g_assert_no_error(error);
}

static bool is_set(void *data)
{
	return *(char **)data != NULL;
}

static char *copy(world *w, bool wkt)
{
	char *text = NULL;
	nadir_document_copy_async(w->d, wkt, on_copied, &text);
	g_assert_true(fixture_wait(is_set, &text, 20));
	return text;
}

static GPtrArray *outlines(world *w)
{
	GListModel *all = nadir_document_get_objects(w->d);
	GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	for (guint i = 0; i < g_list_model_get_n_items(all); i++) {
		g_autoptr(NadirObject) o = g_list_model_get_item(all, i);
		g_ptr_array_add(list, g_bytes_ref(nadir_object_get_feature(o)->px_geom));
	}
	return list;
}

/* The two that are there as text, pasted beside themselves: newest first, so each outline comes twice. */
static void there_and_back(world *w, bool wkt)
{
	draw_two(w);
	g_autofree char *text = copy(w, wkt);
	nadir_document_paste(w->d, text);
	fixture_settle(w->d);
	g_assert_cmpstr(w->told, ==, NULL);
	g_autoptr(GPtrArray) all = outlines(w);
	g_assert_cmpuint(all->len, ==, 4);
	for (guint i = 0; i < 2; i++) {
		const bool same = g_bytes_equal(all->pdata[i], all->pdata[2]) || g_bytes_equal(all->pdata[i], all->pdata[3]);
		g_assert_true(same);
	}
	g_assert_false(g_bytes_equal(all->pdata[0], all->pdata[1]));
	g_assert_cmpuint(nadir_document_n_selected(w->d), ==, 2);
	g_assert_cmpstr(nadir_object_get_feature(nadir_document_get_selected(w->d))->class_name, ==, "roof");
	nadir_document_undo(w->d); /* one step */
	fixture_settle(w->d);
	g_assert_cmpuint(n_objects(w), ==, 2);
	nadir_document_select_all(w->d);
}

static void test_geojson(world *w, gconstpointer sample)
{
	there_and_back(w, false);
	g_autofree char *text = copy(w, false);
	g_assert_nonnull(strstr(text, "\"FeatureCollection\""));
	g_assert_nonnull(strstr(text, "\"roof\""));
	g_assert_true((strstr(text, "\"coordinates_in\":\"pixels\"") != NULL) == !sample);
}

static void test_wkt(world *w, gconstpointer sample)
{
	there_and_back(w, true);
	g_autofree char *text = copy(w, true);
	g_auto(GStrv) lines = g_strsplit(g_strchomp(text), "\n", -1);
	g_assert_cmpuint(g_strv_length(lines), ==, 2);
	g_assert_true(g_str_has_prefix(lines[0], "POLYGON"));
}

/* A table with a head and a column besides, a line that is no polygon, a shape that lies elsewhere. */
static void test_table(world *w, gconstpointer sample)
{
	nadir_document_add_class(w->d, "field");
	fixture_settle(w->d);
	nadir_document_paste(w->d, "wkt_geom\tid\n"
	                           "Polygon ((10 -10, 50 -10, 50 -60, 10 -60, 10 -10))\t7\n"
	                           "Point (3 3)\t8\n"
	                           "MultiPolygon (((90000 -10, 90040 -10, 90040 -60, 90000 -10)))\t9\n");
	fixture_settle(w->d);
	g_assert_cmpuint(n_objects(w), ==, 1);
	const feature *f = nadir_object_get_feature(nadir_document_get_selected(w->d));
	g_assert_cmpint(f->area_px, ==, 40 * 50);
	g_assert_cmpstr(f->class_name, ==, "field");
	g_assert_nonnull(strstr(w->told, "2 shapes"));
}

static void test_nonsense(world *w, gconstpointer sample)
{
	static const char *const texts[] = {"hello",
	                                    "{\"type\": \"FeatureCollection\"",
	                                    "POLYGON((",
	                                    "{}",
	                                    "POLYGON ((90000 -10, 90040 -10, 90040 -60, 90000 -10))",
	                                    "\xff\xfe"};
	for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_clear_pointer(&w->told, g_free);
		nadir_document_paste(w->d, texts[i]);
		fixture_settle(w->d);
		g_assert_cmpuint(n_objects(w), ==, 0);
		g_assert_nonnull(w->told);
		g_assert_null(strstr(w->told, "/vsimem"));
	}
}

static void on_dragged(GObject *provider, GAsyncResult *result, gpointer done)
{
	g_autoptr(GError) error = NULL;
	g_assert_true(gdk_content_provider_write_mime_type_finish(GDK_CONTENT_PROVIDER(provider), result, &error));
	g_assert_no_error(error);
	*(bool *)done = true;
}

static bool is_dragged(void *done)
{
	return *(bool *)done;
}

/* What a program gets that something is dropped on, in the form that it asks for; g_free. */
static char *drop(GdkContentProvider *provider, const char *mime)
{
	g_autoptr(GOutputStream) stream = g_memory_output_stream_new_resizable();
	bool done = false;
	gdk_content_provider_write_mime_type_async(provider, mime, stream, G_PRIORITY_DEFAULT, NULL, on_dragged, &done);
	g_assert_true(fixture_wait(is_dragged, &done, 20));
	g_assert_true(g_output_stream_close(stream, NULL, NULL));
	g_autoptr(GBytes) bytes = g_memory_output_stream_steal_as_bytes(G_MEMORY_OUTPUT_STREAM(stream));
	return g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
}

/* A file manager gets a file, others the text; both hold what is selected, and become the same objects again. */
static void test_drag(world *w, gconstpointer data)
{
	draw_two(w);
	g_autoptr(GdkContentProvider) provider = nadir_object_content_new(w->d);
	g_autofree char *uris = drop(provider, "text/uri-list"), *text = drop(provider, "application/geo+json");
	g_auto(GStrv) lines = g_uri_list_extract_uris(uris);
	g_assert_cmpuint(g_strv_length(lines), ==, 1);
	g_autofree char *path = g_filename_from_uri(lines[0], NULL, NULL), *held = NULL;
	g_assert_true(g_str_has_suffix(path, "-objects.geojson"));
	g_assert_true(g_file_get_contents(path, &held, NULL, NULL));
	g_assert_cmpstr(held, ==, text);
	g_assert_nonnull(strstr(text, "FeatureCollection"));
	g_unlink(path);
	nadir_document_paste(w->d, text);
	fixture_settle(w->d);
	g_assert_cmpuint(n_objects(w), ==, 4);
}

int main(int argc, char *argv[])
{
	g_test_init(&argc, &argv, NULL);
	for (int sample = 0; sample < 2; sample++) {
		const gconstpointer which = GINT_TO_POINTER(sample ? WORLD_SAMPLE : WORLD_PLAIN);
		g_test_add(sample ? "/clipboard/geojson-crs" : "/clipboard/geojson", world, which, world_up, test_geojson,
		           world_down);
		g_test_add(sample ? "/clipboard/wkt-crs" : "/clipboard/wkt", world, which, world_up, test_wkt, world_down);
	}
	g_test_add("/clipboard/table", world, NULL, world_up, test_table, world_down);
	g_test_add("/clipboard/drag", world, GINT_TO_POINTER(WORLD_SAMPLE), world_up, test_drag, world_down);
	g_test_add("/clipboard/nonsense", world, NULL, world_up, test_nonsense, world_down);
	return g_test_run();
}
