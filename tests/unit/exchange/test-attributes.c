/* Attributes of classes and kinds of classes, out to every format that holds them and back. */
#include "export-fixture.h"

#include "render/exchange/import.h"
#include "render/geometry/attributes.h"

#include <string.h>

static const char *const values[] = {"{\"floors\":3,\"roof\":\"flat\",\"empty\":true}",
                                     "{\"floors\":0.5,\"note\":\"it's \\\"so\\\", 水\",\"empty\":false}", ""};

static export_fixture *with_attributes(void)
{
	static const char *const names[] = {"ship", "Baum & Hütte", "道路", NULL}, *const paths[] = {"vessel/ship",
	                                                                                             "Baum & Hütte", "道路",
	                                                                                             NULL};
	static const double utm[6] = {500000, 2, 0, 4000000, 0, -2};
	export_fixture *f = export_fixture_new(sample_info_new(700, 500, "EPSG:32618", utm), 3, 350, 250);
	for (guint i = 0; i < 3; i++) {
		feature *o = f->objects->pdata[i];
		g_free(o->attributes);
		o->attributes = g_strdup(values[i]);
	}
	f->job.class_names = names;
	f->job.class_paths = paths;
	return f;
}

static char *sorted(const char *json, bool numbers)
{
	static const char *const names[] = {"floors", "roof", "empty", "note"};
	GString *s = g_string_new(NULL);
	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *v = attributes_get(json, names[i]);
		if (numbers && i == 2 && v) { /* dBase of this GDAL has no truths */
			const bool yes = strcmp(v, "true") == 0 || strcmp(v, "1") == 0;
			g_free(v);
			v = g_strdup(yes ? "1" : "0");
		}
		g_string_append_printf(s, "%s=%s;", names[i], v ? v : "");
	}
	return g_string_free(s, FALSE);
}

static void check_back(const char *name)
{
	g_autoptr(export_fixture) f = with_attributes();
	g_autoptr(GError) error = NULL;
	g_autofree char *path = export_fixture_path(f, name);
	export_format format;
	g_assert_true(export_format_from_path(path, &format, &error));
	g_autofree char *losses = export_losses(&f->job, format);
	g_assert_null(strstr(losses, "attributes"));
	g_assert_true(export_write(&f->job, format, path, NULL, &error));
	g_assert_no_error(error);
	g_autoptr(import_file) back = import_read(path, NULL, &error);
	g_assert_no_error(error);
	for (guint i = 0; i < import_count(back); i++) {
		const feature *o = import_get(back, i)->f;
		const guint k = strcmp(o->class_name, "ship") == 0 ? 0 : strcmp(o->class_name, "道路") == 0 ? 2 : 1;
		g_autofree char *want = sorted(values[k], format == EXPORT_SHP),
						*got = sorted(o->attributes, format == EXPORT_SHP);
		g_assert_cmpstr(got, ==, want);
	}
	GPtrArray *parents = import_parents(back);
	g_assert_cmpuint(parents->len, ==, 2);
	g_assert_cmpstr(parents->pdata[0], ==, "ship");
	g_assert_cmpstr(parents->pdata[1], ==, "vessel");
}

static void test_back(void)
{
	static const char *const files[] = {"a.shp",           "a.gpkg", "a.geojson",      "a.fgb",         "a.csv",
	                                    "a.pixel.geojson", "a.json", "a.labelme.json", "a.regions.json"};
	for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
		g_test_message("%s", files[i]);
		check_back(files[i]);
	}
}

static void test_losses(void)
{
	static const export_format lossy[] = {EXPORT_PNG,          EXPORT_YOLO,     EXPORT_VOC,      EXPORT_DOTA,
	                                      EXPORT_SEMANTIC_PNG, EXPORT_PANOPTIC, EXPORT_CAPTIONS, EXPORT_GROUNDED};
	g_autoptr(export_fixture) f = with_attributes();
	for (guint i = 0; i < G_N_ELEMENTS(lossy); i++) {
		g_autofree char *losses = export_losses(&f->job, lossy[i]);
		g_assert_nonnull(strstr(losses, "Objects whose attributes are lost: 2."));
	}
}

/* Ten bytes of a shapefile's name: two that begin alike stay two. */
static void test_short_names(void)
{
	g_autoptr(export_fixture) f = with_attributes();
	g_autoptr(GError) error = NULL;
	g_autofree char *path = export_fixture_path(f, "short.shp"), *report = NULL;
	feature *o = f->objects->pdata[0];
	g_free(o->attributes);
	o->attributes = g_strdup("{\"height above ground\":7,\"height above sea\":90,\"ID\":\"x\"}");
	g_assert_true(export_write(&f->job, EXPORT_SHP, path, &report, &error));
	g_assert_no_error(error);
	g_assert_nonnull(strstr(report, "“height above sea” is called “height a_1”"));
	g_autoptr(import_file) back = import_read(path, NULL, &error);
	const feature *b = import_get(back, 0)->f;
	g_autofree char *ground = attributes_get(b->attributes, "height abo");
	g_autofree char *sea = attributes_get(b->attributes, "height a_1");
	g_autofree char *id = attributes_get(b->attributes, "ID_1");
	g_assert_cmpstr(ground, ==, "7");
	g_assert_cmpstr(sea, ==, "90");
	g_assert_cmpstr(id, ==, "x");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/export/attributes/back", test_back);
	g_test_add_func("/export/attributes/losses", test_losses);
	g_test_add_func("/export/attributes/short-names", test_short_names);
	return g_test_run();
}
