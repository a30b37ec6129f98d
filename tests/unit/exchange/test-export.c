#include "export-fixture.h"
#include "render/file/output.h"

#include <gdal.h>
#include <glib/gstdio.h>
#include <ogr_api.h>
#include <ogr_srs_api.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const names[] = {"a.shp",  "a.gpkg", "a.geojson", "a.fgb",
                                    "a.json", "a.png",  "a.tif",     "a.pixel.geojson"};
static const double utm[6] = {500000, 10, 0, 4649776, 0, -10};

static export_fixture *fixture(const char *crs, guint n)
{
	return export_fixture_new(sample_info_new(400, 300, crs, utm), n, 200, 150);
}

static bool export_as(const export_fixture *f, const char *name, char **report, GError **error)
{
	export_format format;
	g_autofree char *path = export_fixture_path(f, name);
	g_assert_true(export_format_from_path(path, &format, NULL));
	return export_write(&f->job, format, path, report, error);
}

/* A project is never written over, nor is anything called like one. */
static void test_no_project(void)
{
	export_fixture *f = fixture("EPSG:32617", 2);
	const char bytes[] = "SQLite format 3\0 CREATE TABLE nadir_meta (schema_version INTEGER)";
	g_autofree char *other = export_fixture_path(f, "work.gpkg"), *kept = NULL;
	gsize n;
	g_assert_true(g_file_set_contents(other, bytes, sizeof bytes, NULL));
	for (int i = 0; i < 2; i++) {
		g_autoptr(GError) error = NULL;
		g_assert_false(export_as(f, i ? "new.nadir.gpkg" : "work.gpkg", NULL, &error));
		g_assert_error(error, EXPORT_ERROR, EXPORT_ERROR_FORMAT);
		g_assert_nonnull(strstr(error->message, "project"));
	}
	g_assert_true(g_file_get_contents(other, &kept, &n, NULL));
	g_assert_cmpmem(kept, n, bytes, sizeof bytes);
	export_fixture_free(f);
}

static void test_names(void)
{
	g_autoptr(GError) error = NULL;
	export_format format;
	for (int i = EXPORT_SHP; i <= EXPORT_YOLO; i++) {
		g_autofree char *path = g_strconcat("x", export_format_extension((export_format)i), NULL);
		g_assert_true(export_format_from_path(path, &format, &error));
		g_assert_cmpint(format, ==, i);
		g_assert_true(export_format_from_name(export_format_name((export_format)i), &format, &error));
		g_assert_cmpint(format, ==, i);
		g_assert_cmpstr(export_format_title(format), !=, "");
	}
	g_assert_true(export_format_from_path("X.PIXEL.GeoJSON", &format, &error));
	g_assert_cmpint(format, ==, EXPORT_PIXEL_GEOJSON);
	g_assert_false(export_format_from_path("x.dwg", &format, &error));
	g_assert_error(error, EXPORT_ERROR, EXPORT_ERROR_FORMAT);
	g_clear_error(&error);
	g_assert_false(export_format_from_name("dwg", &format, &error));
	g_assert_error(error, EXPORT_ERROR, EXPORT_ERROR_FORMAT);
}

static void expect_error(export_fixture *f, const char *name, int code)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *before = export_fixture_files(f);
	char *report = NULL;
	g_assert_false(export_as(f, name, &report, &error));
	g_assert_error(error, EXPORT_ERROR, code);
	g_assert_null(report);
	g_assert_null(strchr(error->message, '\n'));
	g_test_message("%s", error->message);
	g_autofree char *after = export_fixture_files(f);
	g_assert_cmpstr(before, ==, after);
}

static void test_empty(void)
{
	g_autoptr(export_fixture) f = fixture("EPSG:32618", 1);
	f->job.n_objects = 0;
	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		expect_error(f, names[i], EXPORT_ERROR_EMPTY);
}

static void test_no_crs(void)
{
	g_autoptr(export_fixture) f = fixture(NULL, 3);
	g_autoptr(GError) error = NULL;
	g_autofree char *report = NULL;
	expect_error(f, "a.geojson", EXPORT_ERROR_FORMAT);
	g_assert_true(export_as(f, "a.gpkg", &report, &error));
	g_assert_nonnull(strstr(report, "pixels"));
	g_autofree char *path = export_fixture_path(f, "a.gpkg");
	GDALDatasetH ds = GDALOpenEx(path, GDAL_OF_VECTOR, NULL, NULL, NULL);
	OGRSpatialReferenceH srs = OGR_L_GetSpatialRef(GDALDatasetGetLayer(ds, 0));
	g_assert_true(OSRIsLocal(srs));
	g_assert_cmpstr(OSRGetName(srs), ==, "Undefined Cartesian SRS");
	GDALClose(ds);
}

static void test_user_defined_crs(void)
{
	g_autoptr(export_fixture) f =
		fixture("+proj=laea +lat_0=52.1 +lon_0=10.2 +x_0=1234 +y_0=-987 +ellps=bessel +units=m +no_defs", 3);
	g_autoptr(GError) error = NULL;
	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		if (!export_as(f, names[i], NULL, &error))
			g_assert_no_error(error);
}

/* Texts that dBase cannot hold are cut between characters and kept beside it. */
static void test_long_texts(void)
{
	g_autoptr(export_fixture) f = fixture("EPSG:32618", 3);
	g_autoptr(GError) error = NULL;
	g_autofree char *report = NULL, *csv = NULL, *path = export_fixture_path(f, "a.shp");
	g_autofree char *csv_path = export_fixture_path(f, "a_full.csv");
	feature *o = g_ptr_array_index(f->objects, 1);
	g_autoptr(GString) text = g_string_new("x");
	for (int i = 0; i < 100; i++)
		g_string_append(text, "道\"");
	g_free(o->caption);
	o->caption = g_strdup(text->str);
	g_assert_true(export_as(f, "a.shp", &report, &error));
	g_assert_nonnull(strstr(report, "1 text"));
	g_assert_nonnull(strstr(report, "a_full.csv"));
	g_assert_true(g_file_get_contents(csv_path, &csv, NULL, NULL));
	g_assert_nonnull(strstr(csv, "101,caption,\"x道\"\"道"));
	GDALDatasetH ds = GDALOpenEx(path, GDAL_OF_VECTOR, NULL, NULL, NULL);
	OGRFeatureH row = OGR_L_GetFeature(GDALDatasetGetLayer(ds, 0), 1);
	const char *cut = OGR_F_GetFieldAsString(row, OGR_F_GetFieldIndex(row, "caption"));
	g_assert_true(g_utf8_validate(cut, -1, NULL));
	g_assert_cmpuint(strlen(cut), >, 248);
	g_assert_cmpuint(strlen(cut), <=, 254);
	g_assert_true(g_str_has_prefix(o->caption, cut));
	OGR_F_Destroy(row);
	GDALClose(ds);
	/* The next export has no long text, and the old side file would be wrong. */
	g_free(o->caption);
	o->caption = g_strdup("");
	g_assert_true(export_as(f, "a.shp", NULL, &error));
	g_assert_false(g_file_test(csv_path, G_FILE_TEST_EXISTS));
}

static void test_stale_parts(void)
{
	g_autoptr(export_fixture) f = fixture(NULL, 2);
	g_autofree char *prj = export_fixture_path(f, "a.prj"), *index = export_fixture_path(f, "a.qix");
	g_assert_true(g_file_set_contents(prj, "PROJCS[...]", -1, NULL) && g_file_set_contents(index, "x", 1, NULL));
	g_assert_true(export_as(f, "a.shp", NULL, NULL));
	g_autofree char *files = export_fixture_files(f);
	g_assert_cmpstr(files, ==, "a.cpg a.dbf a.qml a.shp a.shx");
}

static void test_shapefile_parts(void)
{
	g_autoptr(export_fixture) f = fixture("EPSG:32618", 3);
	g_autofree char *prj_path = export_fixture_path(f, "a.prj"), *cpg_path = export_fixture_path(f, "a.cpg");
	g_autofree char *qml_path = export_fixture_path(f, "a.qml"), *prj = NULL, *cpg = NULL, *qml = NULL;
	g_assert_true(export_as(f, "a.shp", NULL, NULL));
	g_assert_true(g_file_get_contents(prj_path, &prj, NULL, NULL) && g_file_get_contents(cpg_path, &cpg, NULL, NULL) &&
	              g_file_get_contents(qml_path, &qml, NULL, NULL));
	g_assert_true(g_str_has_prefix(prj, "PROJCS[\"WGS_1984_UTM_Zone_18N\"")); /* ESRI's names */
	g_assert_cmpstr(g_strchomp(cpg), ==, "UTF-8");
	g_assert_nonnull(strstr(qml, "value=\"Baum &amp; Hütte\""));
	g_assert_nonnull(strstr(qml, "230,159,0,255"));
}

static void test_geojson_rules(void)
{
	g_autoptr(export_fixture) f = fixture("EPSG:32618", 3);
	g_autofree char *path = export_fixture_path(f, "a.geojson"), *text = NULL;
	g_assert_true(export_as(f, "a.geojson", NULL, NULL));
	g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
	g_assert_null(strstr(text, "\"crs\""));
	const char *first = strstr(text, "\"coordinates\"");
	g_assert_nonnull(strstr(first, "[ -7")); /* longitude first */
	const char *dot = strchr(first, '.');
	int decimals = 0;
	while (g_ascii_isdigit(dot[1 + decimals]))
		decimals++;
	g_assert_cmpint(decimals, >=, 6); /* trailing zeros may go */
	g_assert_null(strstr(text, "nan"));
}

/* Edges of 40 degrees along a parallel in a conic projection: straight there, bent on the globe. */
static void test_long_edges(void)
{
	const double gt[6] = {-2000000, 10000, 0, 3500000, 0, -10000};
	g_autoptr(export_fixture) f = export_fixture_new(sample_info_new(400, 300, "EPSG:5070", gt), 0, 0, 0);
	g_autoptr(bitmask) m = mask_new(20, 30, 350, 200);
	memset(m->bits, 1, 350 * 200);
	g_autoptr(feature) o = feature_new();
	g_assert_true(feature_set_mask(o, m, NULL));
	feature *list[1] = {o};
	f->job.objects = list;
	f->job.n_objects = 1;
	g_autofree char *path = export_fixture_path(f, "a.geojson");
	g_assert_true(export_as(f, "a.geojson", NULL, NULL));
	GDALDatasetH ds = GDALOpenEx(path, GDAL_OF_VECTOR, NULL, NULL, NULL);
	OGRFeatureH row = OGR_L_GetNextFeature(GDALDatasetGetLayer(ds, 0));
	OGRGeometryH g = OGR_F_GetGeometryRef(row);
	if (wkbFlatten(OGR_G_GetGeometryType(g)) == wkbMultiPolygon) /* OGR may write a single part as a polygon */
		g = OGR_G_GetGeometryRef(g, 0);
	OGRGeometryH ring = OGR_G_GetGeometryRef(g, 0);
	g_assert_cmpint(OGR_G_GetPointCount(ring), >, 40);
	OGR_F_Destroy(row);
	GDALClose(ds);
}

static void test_antimeridian(void)
{
	const double gt[6] = {179, 0.01, 0, 10, 0, -0.01};
	g_autoptr(export_fixture) f = export_fixture_new(sample_info_new(400, 300, "EPSG:4326", gt), 0, 0, 0);
	g_autoptr(bitmask) m = mask_new(50, 50, 100, 40);
	memset(m->bits, 1, 100 * 40);
	g_autoptr(feature) o = feature_new();
	g_assert_true(feature_set_mask(o, m, NULL));
	feature *list[1] = {o};
	f->job.objects = list;
	f->job.n_objects = 1;
	g_autofree char *path = export_fixture_path(f, "a.geojson");
	g_assert_true(export_as(f, "a.geojson", NULL, NULL));
	GDALDatasetH ds = GDALOpenEx(path, GDAL_OF_VECTOR, NULL, NULL, NULL);
	OGRFeatureH row = OGR_L_GetNextFeature(GDALDatasetGetLayer(ds, 0));
	OGRGeometryH g = OGR_F_GetGeometryRef(row);
	g_assert_cmpint(OGR_G_GetGeometryCount(g), ==, 2); /* one part on each side */
	g_assert_cmpfloat_with_epsilon(OGR_G_Area(g), 1.0 * 0.4, 1e-6);
	OGR_F_Destroy(row);
	GDALClose(ds);
}

/* A vertex in space: the error names object and vertex, and nothing is written. */
static void test_off_the_globe(void)
{
	sample_info *s = sample_info_open("goes.tif");
	if (!s) {
		g_test_skip("the shared samples are not there");
		return;
	}
	g_autoptr(export_fixture) f = export_fixture_new(s, 2, 64, 64);
	g_autoptr(GError) error = NULL;
	g_assert_false(export_as(f, "a.geojson", NULL, &error));
	g_assert_error(error, EXPORT_ERROR, EXPORT_ERROR_FORMAT);
	g_assert_nonnull(strstr(error->message, "Object 1"));
	g_autofree char *files = export_fixture_files(f);
	g_assert_cmpstr(files, ==, "");
}

static void test_bad_targets(void)
{
	g_autoptr(export_fixture) f = fixture("EPSG:32618", 2);
	g_autofree char *file = export_fixture_path(f, "file");
	g_assert_true(g_file_set_contents(file, "x", 1, NULL));
	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *missing = g_build_filename("missing", names[i], NULL),
						*under = g_build_filename("file", names[i], NULL);
		g_autofree char *folder = export_fixture_path(f, names[i]);
		expect_error(f, missing, EXPORT_ERROR_WRITE);
		expect_error(f, under, EXPORT_ERROR_WRITE);
		g_assert_cmpint(g_mkdir(folder, 0700), ==, 0);
		expect_error(f, names[i], EXPORT_ERROR_WRITE);
		g_rmdir(folder);
	}
	if (geteuid() == 0) /* may write everywhere */
		return;
	g_assert_cmpint(g_chmod(f->folder, 0500), ==, 0);
	expect_error(f, "a.shp", EXPORT_ERROR_WRITE);
	g_chmod(f->folder, 0700);
}

static char *contents(const export_fixture *f, const char *name)
{
	g_autofree char *path = export_fixture_path(f, name), *data = NULL;
	gsize size;
	g_assert_true(g_file_get_contents(path, &data, &size, NULL));
	return g_compute_checksum_for_data(G_CHECKSUM_MD5, (const guchar *)data, size);
}

/* In a child, because the limit is for good. 0: failed as it should. */
static int limited(const export_fixture *f, const char *name)
{
	struct rlimit limit = {64, 64};
	g_autoptr(GError) error = NULL;
	if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
		return 2;
	if (export_as(f, name, NULL, &error))
		return 3;
	return g_error_matches(error, EXPORT_ERROR, EXPORT_ERROR_WRITE) ? 0 : 4;
}

static void test_full_disk(void)
{
	g_autoptr(export_fixture) f = fixture("EPSG:32618", 4);
	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		int status;
		g_assert_true(export_as(f, names[i], NULL, NULL));
		g_autofree char *files = export_fixture_files(f), *old = contents(f, names[i]);
		pid_t child = fork();
		if (child == 0)
			_exit(limited(f, names[i]));
		g_assert_cmpint(waitpid(child, &status, 0), ==, child);
		g_assert_true(WIFEXITED(status));
		g_assert_cmpint(WEXITSTATUS(status), ==, 0);
		g_autofree char *left = export_fixture_files(f), *now = contents(f, names[i]);
		g_assert_cmpstr(files, ==, left);
		g_assert_cmpstr(old, ==, now);
	}
}

static void test_fault(void)
{
#if NADIR_FAULTS
	g_autoptr(export_fixture) f = fixture("EPSG:32618", 4);
	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		for (int n = 1; n <= (i == 0 ? 6 : 1); n++) { /* each part of the shapefile */
			g_autofree char *fault = g_strdup_printf("write:%d:enospc", n);
			output_fault_reset();
			g_setenv("NADIR_FAULT", fault, TRUE);
			expect_error(f, names[i], EXPORT_ERROR_WRITE);
			g_unsetenv("NADIR_FAULT");
		}
#else
	g_test_skip("built without -Dfaults=true");
#endif
}

/* The last rename fails (its target has become a folder): what had been there is there again. */
static void test_rename_fails(void)
{
	char *folder = g_dir_make_tmp("nadir-output-XXXXXX", NULL), *text = NULL;
	g_autofree char *a = g_build_filename(folder, "a", NULL), *b = g_build_filename(folder, "b", NULL);
	g_autoptr(GError) error = NULL;
	g_assert_true(g_file_set_contents(a, "old", -1, NULL));
	output_set *s = output_set_new();
	g_assert_true(output_set_add(s, a, "new", 3, &error) && output_set_add(s, b, "new", 3, &error));
	g_mkdir(b, 0700);
	g_assert_false(output_set_commit(s, &error));
	g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_ISDIR);
	output_set_free(s);
	g_assert_true(g_file_get_contents(a, &text, NULL, NULL));
	g_assert_cmpstr(text, ==, "old");
	g_assert_cmpint(g_remove(a), ==, 0);
	g_assert_cmpint(g_rmdir(b), ==, 0);
	g_assert_cmpint(g_rmdir(folder), ==, 0); /* nothing else is left */
	g_free(text);
	g_free(folder);
}

static void expect_largest(export_fixture *f, const char *name, guint largest)
{
	g_autofree char *path = export_fixture_path(f, name);
	double range[2];
	GDALDatasetH ds = GDALOpen(path, GA_ReadOnly);
	g_assert_nonnull(ds);
	g_assert_cmpint(GDALComputeRasterMinMax(GDALGetRasterBand(ds, 1), FALSE, range), ==, CE_None);
	GDALClose(ds);
	g_assert_cmpfloat(range[0], ==, 0);
	g_assert_cmpfloat(range[1], ==, largest);
}

/* A PNG's numbers reach to 65,535; a TIFF gets wider ones, and of classes there are few. */
static void test_limits(void)
{
	g_autoptr(export_fixture) f = fixture("EPSG:32618", 1);
	f->sample->info.width = 70000;
	expect_error(f, "a.png", EXPORT_ERROR_FORMAT);
	f->sample->info.width = 400;
	const guint n = 65536 + 9; /* small masks: the last one lies over all others */
	g_autofree feature **many = g_new(feature *, n);
	for (guint i = 0; i < n; i++)
		many[i] = g_ptr_array_index(f->objects, 0);
	f->job.objects = many;
	f->job.n_objects = n;
	expect_error(f, "a.png", EXPORT_ERROR_FORMAT);
	g_assert_true(export_as(f, "a.tif", NULL, NULL));
	expect_largest(f, "a.tif", n);
	g_autofree char *path = export_fixture_path(f, "b.png");
	g_assert_true(export_write(&f->job, EXPORT_SEMANTIC_PNG, path, NULL, NULL));
	expect_largest(f, "b.png", 1);
}

static void test_cancel(void)
{
	g_autoptr(export_fixture) f = fixture("EPSG:32618", 3);
	g_autoptr(GError) error = NULL;
	f->job.cancel = g_cancellable_new();
	g_cancellable_cancel(f->job.cancel);
	g_assert_false(export_as(f, "a.shp", NULL, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
	g_autofree char *files = export_fixture_files(f);
	g_assert_cmpstr(files, ==, "");
	g_object_unref(f->job.cancel);
}

/* Twice the same objects, twice the same bytes. */
static void test_repeatable(void)
{
	g_autoptr(export_fixture) f = fixture("EPSG:32618", 5);
	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		g_assert_true(export_as(f, names[i], NULL, NULL));
		g_autofree char *first = contents(f, names[i]);
		g_usleep(20000);
		g_assert_true(export_as(f, names[i], NULL, NULL));
		g_autofree char *second = contents(f, names[i]);
		if (strcmp(first, second) != 0)
			g_error("%s differs from one time to the next", names[i]);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	GDALAllRegister();
	g_test_add_func("/export/names", test_names);
	g_test_add_func("/export/no-project", test_no_project);
	g_test_add_func("/export/empty", test_empty);
	g_test_add_func("/export/no-crs", test_no_crs);
	g_test_add_func("/export/user-defined-crs", test_user_defined_crs);
	g_test_add_func("/export/long-texts", test_long_texts);
	g_test_add_func("/export/stale-parts", test_stale_parts);
	g_test_add_func("/export/shapefile-parts", test_shapefile_parts);
	g_test_add_func("/export/geojson-rules", test_geojson_rules);
	g_test_add_func("/export/long-edges", test_long_edges);
	g_test_add_func("/export/antimeridian", test_antimeridian);
	g_test_add_func("/export/off-the-globe", test_off_the_globe);
	g_test_add_func("/export/bad-targets", test_bad_targets);
	g_test_add_func("/export/full-disk", test_full_disk);
	g_test_add_func("/export/fault", test_fault);
	g_test_add_func("/export/rename-fails", test_rename_fails);
	g_test_add_func("/export/limits", test_limits);
	g_test_add_func("/export/cancel", test_cancel);
	g_test_add_func("/export/repeatable", test_repeatable);
	return g_test_run();
}
