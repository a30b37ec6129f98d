/* The export dialog: where, as what and in which coordinates, what a format would lose, and what goes wrong. */
#include <string.h>

#include "app/panel/export-dialog.h"
#include "render/exchange/export.h"
#include "tests/ui/window-world.h"

static void count_exported(NadirExportDialog *dialog, const char *path, const char *text, int *counter)
{
	g_assert_true(g_file_test(path, G_FILE_TEST_EXISTS));
	(*counter)++;
}

/* The dialog for the sample with one object; *exported counts what it writes. */
static GtkWidget *open_export(world *w, int *exported)
{
	open_file(w, w->sample);
	add_object(w, 50);
	GtkWidget *dialog = nadir_export_dialog_new(GTK_WINDOW(w->window), nadir_window_get_document(w->window),
	                                            nadir_application_get_settings(w->app));
	g_signal_connect(dialog, "exported", G_CALLBACK(count_exported), exported);
	gtk_window_present(GTK_WINDOW(dialog));
	return dialog;
}

static bool is_exported(void *data)
{
	return *(int *)data == 1;
}

static bool has_failed(void *data)
{
	return gtk_revealer_get_reveal_child(data);
}

static void test_export(world *w, gconstpointer data)
{
	int exported = 0;
	GtkWidget *dialog = open_export(w, &exported);
	GtkWidget *path = find_child(dialog, ADW_TYPE_ENTRY_ROW),
			  *button = gtk_window_get_default_widget(GTK_WINDOW(dialog));
	g_autofree char *wrong = g_build_filename(w->sample, "inside", "a.geojson", NULL);
	g_autofree char *right = g_build_filename(w->dir, "a.geojson", NULL);
	g_assert_true(g_str_has_suffix(gtk_editable_get_text(GTK_EDITABLE(path)), "OSBS_029-objects.shp"));
	gtk_editable_set_text(GTK_EDITABLE(path), wrong);
	g_signal_emit_by_name(button, "clicked");
	g_assert_true(fixture_wait(has_failed, find_child(dialog, GTK_TYPE_REVEALER), 30));
	g_assert_cmpint(exported, ==, 0);
	gtk_editable_set_text(GTK_EDITABLE(path), right);
	g_signal_emit_by_name(button, "clicked");
	g_assert_true(fixture_wait(is_exported, &exported, 30));
	g_autofree char *text = NULL;
	g_assert_true(g_file_get_contents(right, &text, NULL, NULL));
	g_assert_nonnull(strstr(text, "\"FeatureCollection\""));
}

static bool tells_losses(void *dialog)
{
	return find_label(dialog, "left out: 1") != NULL;
}

/* Every format is there to choose, and what one would lose is said before anything is written. */
static void test_export_losses(world *w, gconstpointer data)
{
	int exported = 0;
	GtkWidget *dialog = open_export(w, &exported);
	GtkWidget *path = find_child(dialog, ADW_TYPE_ENTRY_ROW);
	for (int f = 0; f < EXPORT_FORMATS; f++) {
		g_autofree char *title = g_strdup_printf("%s (%s)", export_format_title((export_format)f),
		                                         export_format_extension((export_format)f));
		g_assert_true(find_label(dialog, title));
	}
	g_autofree char *captions = g_build_filename(w->dir, "a.captions.json", NULL);
	gtk_editable_set_text(GTK_EDITABLE(path), captions);
	g_assert_true(fixture_wait(tells_losses, dialog, 30));
	g_assert_true(find_label(dialog, "a.captions_full.pixel.geojson holds all of it."));
	g_assert_false(g_file_test(captions, G_FILE_TEST_EXISTS));
	gtk_window_destroy(GTK_WINDOW(dialog));
}

/* Another coordinate system for the formats that let it be chosen; the others say why not. */
static void test_export_elsewhere(world *w, gconstpointer data)
{
	int exported = 0;
	GtkWidget *dialog = open_export(w, &exported);
	GtkWidget *path = find_child(dialog, ADW_TYPE_ENTRY_ROW), *crs = find_titled(dialog, "Coordinate System"),
			  *epsg = find_titled(dialog, "EPSG Number"), *button = gtk_window_get_default_widget(GTK_WINDOW(dialog));
	g_autofree char *coco = g_build_filename(w->dir, "a.json", NULL), *out = g_build_filename(w->dir, "a.gpkg", NULL);
	gtk_editable_set_text(GTK_EDITABLE(path), coco);
	g_assert_false(gtk_widget_get_sensitive(crs));
	g_assert_true(find_label(dialog, "This format counts in pixels"));
	gtk_editable_set_text(GTK_EDITABLE(path), out);
	g_assert_true(gtk_widget_get_sensitive(crs));
	g_assert_true(find_label(dialog, "Own (EPSG:32617)"));
	adw_combo_row_set_selected(ADW_COMBO_ROW(crs), 3);
	g_assert_true(gtk_widget_get_visible(epsg));
	g_assert_false(gtk_widget_get_sensitive(button)); /* no number yet */
	gtk_editable_set_text(GTK_EDITABLE(epsg), "3857");
	g_assert_true(gtk_widget_get_sensitive(button));
	g_signal_emit_by_name(button, "clicked");
	g_assert_true(fixture_wait(is_exported, &exported, 30));
	g_autofree char *text = NULL;
	gsize n;
	g_assert_true(g_file_get_contents(out, &text, &n, NULL));
	g_assert_nonnull(memmem(text, n, "Pseudo-Mercator", 15));
}

/* A folder of tiles by the same switch that names it, with the numbers kept for the next time. */
static void test_export_tiles(world *w, gconstpointer data)
{
	int exported = 0;
	GtkWidget *dialog = open_export(w, &exported);
	GtkWidget *path = find_child(dialog, ADW_TYPE_ENTRY_ROW), *tiles = find_titled(dialog, "Cut into Tiles"),
			  *button = gtk_window_get_default_widget(GTK_WINDOW(dialog));
	g_autofree char *stem = g_build_filename(w->dir, "set.txt", NULL),
					*out = g_build_filename(w->dir, "set-tiles", NULL);
	g_autofree char *yaml = g_build_filename(out, "data.yaml", NULL);
	g_assert_false(gtk_widget_get_sensitive(tiles)); /* a shapefile */
	gtk_editable_set_text(GTK_EDITABLE(path), stem);
	g_assert_true(gtk_widget_get_sensitive(tiles));
	adw_expander_row_set_enable_expansion(ADW_EXPANDER_ROW(tiles), TRUE);
	g_assert_cmpstr(gtk_editable_get_text(GTK_EDITABLE(path)), ==, out);
	g_settings_set_double(nadir_application_get_settings(w->app), "tile-size", 128);
	g_signal_emit_by_name(button, "clicked");
	g_assert_true(fixture_wait(is_exported, &exported, 60));
	g_assert_true(g_file_test(yaml, G_FILE_TEST_EXISTS));
	g_settings_reset(nadir_application_get_settings(w->app), "tile-size");
}

#define TEST(name, function) g_test_add("/export/" name, world, NULL, world_up, function, world_down)

int main(int argc, char **argv)
{
	fixture_init_application(&argc, &argv);
	TEST("plain", test_export);
	TEST("losses", test_export_losses);
	TEST("elsewhere", test_export_elsewhere);
	TEST("tiles", test_export_tiles);
	return fixture_run_application(argv[0], "/nowhere/none.gguf");
}
