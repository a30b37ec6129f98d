#include "render/file/output.h"
#include "store-fixture.h"

#include <cpl_conv.h>
#include <gdal.h>
#include <glib/gstdio.h>
#include <math.h>
#include <ogr_api.h>
#include <ogr_srs_api.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct {
	char *folder, *path;
	project *p;
	gint64 image;
} fixture;

static void set_up(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	f->folder = fixture_folder();
	f->path = g_build_filename(f->folder, "scene.tif.nadir.gpkg", NULL);
	f->p = project_create(f->path, &error);
	g_assert_no_error(error);
	f->image = fixture_image(f->p, "/data/scene.tif", true);
}

static void tear_down(fixture *f, gconstpointer unused)
{
	project_close(f->p);
	g_free(f->path);
	fixture_folder_remove(f->folder);
}

static gint64 insert(fixture *f, const char *class_name, int x, int y, int w, int h)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(feature) o = fixture_object(class_name, x, y, w, h);
	g_autofree char *what = g_strdup_printf("accept %s", class_name);
	g_assert_true(project_insert(f->p, f->image, o, what, &error));
	g_assert_no_error(error);
	g_assert_cmpint(o->id, >, 0);
	return o->id;
}

static void reopen(fixture *f)
{
	g_autoptr(GError) error = NULL;
	project_close(f->p);
	f->p = project_open(f->path, &error);
	g_assert_no_error(error);
}

static guint count(fixture *f)
{
	g_autoptr(GPtrArray) list = project_objects(f->p, 0, NULL);
	return list->len;
}

static void test_round_trip(fixture *f, gconstpointer unused)
{
	gint64 a = insert(f, "ship", 10, 20, 8, 6), b = insert(f, "it's a \"dock\"; ÄÖ 船", 40, 50, 3, 3);
	g_autofree char *before = fixture_digest(f->p);
	reopen(f);
	g_autofree char *after = fixture_digest(f->p);
	g_assert_cmpstr(before, ==, after);
	g_autoptr(GPtrArray) list = project_objects(f->p, f->image, NULL);
	const feature *o = g_ptr_array_index(list, 0), *q = g_ptr_array_index(list, 1);
	g_assert_cmpint(o->id, ==, a);
	g_assert_cmpint(q->id, ==, b);
	g_assert_cmpint(o->area_px, ==, 47);
	g_assert_cmpfloat_with_epsilon(o->area_m2, 4700 / (0.9996 * 0.9996), 1);
	g_assert_cmpstr(q->class_name, ==, "it's a \"dock\"; ÄÖ 船");
	g_assert_true(g_str_has_prefix(o->image, "scene.tif#"));
	g_assert_true(strlen(o->created) == 24 && g_str_has_suffix(o->created, "Z"));
	g_assert_cmpfloat(o->score, ==, 0.875);
}

static void test_undo(fixture *f, gconstpointer unused)
{
	GPtrArray *digests = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GRand) r = g_rand_new_with_seed(7);
	g_autoptr(GError) error = NULL;
	g_assert_null(project_undo_text(f->p));
	g_assert_false(project_undo(f->p, NULL, &error));
	g_assert_error(error, PROJECT_ERROR, PROJECT_ERROR_WRITE);
	g_clear_error(&error);
	g_ptr_array_add(digests, fixture_digest(f->p));
	for (int i = 0; i < 60; i++) {
		g_autoptr(GPtrArray) list = project_objects(f->p, 0, NULL);
		int kind = list->len > 3 ? g_rand_int_range(r, 0, 4) : 0;
		feature *o = list->len > 0 ? g_ptr_array_index(list, g_rand_int_range(r, 0, (int)list->len)) : NULL;
		g_autoptr(feature) fresh = fixture_object(i % 2 ? "ship" : "tree", i, i, 3 + i % 9, 7);
		if (kind == 0) {
			g_assert_true(project_insert(f->p, f->image, fresh, "insert", &error));
		} else if (kind == 1) {
			g_assert_true(project_delete(f->p, &o->id, 1, "delete", &error));
		} else if (kind == 2) {
			g_bytes_unref(o->px_geom);
			o->px_geom = g_bytes_ref(fresh->px_geom);
			o->area_px = fresh->area_px;
			g_assert_true(project_update(f->p, o, "update", &error));
		} else {
			g_assert_true(project_replace(f->p, f->image, &o->id, 1, &fresh, 1, "replace", &error));
		}
		g_ptr_array_add(digests, fixture_digest(f->p));
	}
	for (int i = 59; i >= 0; i--) {
		if (i == 30)
			reopen(f); /* the journal outlives the window */
		g_assert_true(project_undo(f->p, NULL, &error));
		g_autofree char *now = fixture_digest(f->p);
		g_assert_cmpstr(now, ==, g_ptr_array_index(digests, i));
	}
	g_assert_null(project_undo_text(f->p));
	for (int i = 1; i <= 60; i++) {
		g_assert_nonnull(project_redo_text(f->p));
		g_assert_true(project_redo(f->p, NULL, &error));
		g_autofree char *now = fixture_digest(f->p);
		g_assert_cmpstr(now, ==, g_ptr_array_index(digests, i));
	}
	g_assert_null(project_redo_text(f->p));
	g_ptr_array_unref(digests);
}

static void test_undo_branch(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	insert(f, "ship", 1, 1, 3, 3);
	gint64 second = insert(f, "ship", 9, 1, 3, 3);
	g_assert_true(project_undo(f->p, NULL, &error));
	g_assert_cmpstr(project_undo_text(f->p), ==, "accept ship");
	g_assert_cmpstr(project_redo_text(f->p), ==, "accept ship");
	gint64 third = insert(f, "tree", 20, 1, 3, 3);
	g_assert_cmpint(third, >, second); /* ids are never given twice */
	g_assert_null(project_redo_text(f->p));
	g_assert_false(project_redo(f->p, NULL, NULL));
	g_assert_true(project_undo(f->p, NULL, &error));
	g_assert_true(project_undo(f->p, NULL, &error));
	g_assert_cmpuint(count(f), ==, 0);
}

static void test_classes(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	for (int i = 0; i < 12; i++) {
		g_autofree char *name = g_strdup_printf("class %d", i);
		g_assert_cmpint(project_class_for(f->p, name, NULL, &error), ==, i + 1);
	}
	g_assert_cmpint(project_class_for(f->p, "class 3", NULL, &error), ==, 4);
	g_autoptr(GPtrArray) list = project_classes(f->p, &error);
	g_assert_cmpuint(list->len, ==, 12);
	project_class *first = g_ptr_array_index(list, 0), *tenth = g_ptr_array_index(list, 9);
	g_assert_cmpint(first->key, ==, 1);
	g_assert_cmpint(tenth->key, ==, 0);
	g_assert_cmpint(((project_class *)g_ptr_array_index(list, 10))->key, ==, -1);
	for (guint i = 0; i < list->len; i++)
		for (guint k = 0; k < i; k++) {
			const project_class *a = g_ptr_array_index(list, i), *b = g_ptr_array_index(list, k);
			g_assert_true(strcmp(a->color, b->color) != 0 || a->pattern != b->pattern);
		}
	insert(f, "class 0", 1, 1, 4, 4);
	g_free(first->name);
	first->name = g_strdup("vessel");
	g_strlcpy(first->color, "#102030", sizeof first->color);
	g_assert_true(project_update_class(f->p, first, "rename", &error));
	g_assert_false(project_update_class(f->p, &(project_class){.id = 2, .name = (char *)"vessel", .color = "#000000"},
	                                    "rename", &error));
	g_assert_error(error, PROJECT_ERROR, PROJECT_ERROR_WRITE);
	reopen(f);
	g_autoptr(GPtrArray) objects = project_objects(f->p, 0, NULL);
	g_assert_cmpstr(((feature *)g_ptr_array_index(objects, 0))->class_name, ==, "vessel");
}

static char *class_names(fixture *f)
{
	g_autoptr(GPtrArray) list = project_classes(f->p, NULL);
	GString *text = g_string_new(NULL);
	for (guint i = 0; i < list->len; i++) {
		const project_class *c = g_ptr_array_index(list, i);
		g_string_append_printf(text, "%d%s%s ", c->id, c->name, c->color);
	}
	return g_string_free(text, FALSE);
}

static void step_back_and_forth(fixture *f, const char *before, const char *after)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *is = class_names(f);
	g_assert_cmpstr(is, ==, after);
	g_assert_true(project_undo(f->p, NULL, &error));
	g_autofree char *was = class_names(f);
	g_assert_cmpstr(was, ==, before);
	g_assert_true(project_redo(f->p, NULL, &error));
	g_autofree char *again = class_names(f);
	g_assert_cmpstr(again, ==, after);
}

/* Adding, renaming, recolouring and deleting classes are steps like any other. */
static void test_class_journal(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *none = class_names(f);
	insert(f, "ship", 1, 1, 4, 4); /* brings its class along: one step */
	g_autofree char *one = class_names(f);
	step_back_and_forth(f, none, one);
	g_assert_cmpint(project_class_for(f->p, "tree", "add tree", &error), ==, 2);
	g_autofree char *two = class_names(f);
	step_back_and_forth(f, one, two);
	project_class k = {.id = 1, .name = (char *)"vessel", .color = "#102030"};
	g_assert_true(project_update_class(f->p, &k, "rename ship", &error));
	g_autofree char *renamed = class_names(f);
	step_back_and_forth(f, two, renamed);
	g_autoptr(feature) o = project_object(f->p, 1, &error);
	g_assert_cmpstr(o->class_name, ==, "vessel");
	g_assert_false(project_delete_class(f->p, 1, "delete vessel", &error)); /* an object has it */
	g_assert_error(error, PROJECT_ERROR, PROJECT_ERROR_IN_USE);
	g_clear_error(&error);
	g_assert_cmpstr(project_undo_text(f->p), ==, "rename ship"); /* what failed left no step */
	g_assert_true(project_delete_class(f->p, 2, "delete tree", &error));
	g_autofree char *deleted = class_names(f);
	step_back_and_forth(f, renamed, deleted);
	reopen(f);
	while (project_undo_text(f->p))
		g_assert_true(project_undo(f->p, NULL, &error));
	g_autofree char *empty = class_names(f);
	g_assert_cmpstr(empty, ==, none);
	g_assert_cmpuint(count(f), ==, 0);
}

static int key_of(fixture *f, int id)
{
	g_autoptr(GPtrArray) list = project_classes(f->p, NULL);
	return project_class_by_id(list, id)->key;
}

/* A digit is of one class: taken from another, that one gets the digit that was given up; one step back and forth. */
static void test_class_keys(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	for (int i = 1; i <= 11; i++) {
		g_autofree char *name = g_strdup_printf("class %d", i);
		g_assert_cmpint(project_class_for(f->p, name, "add", &error), ==, i);
	}
	g_assert_cmpint(key_of(f, 11), ==, -1);
	g_autoptr(GPtrArray) list = project_classes(f->p, &error);
	project_class *last = project_class_by_id(list, 11), *second = project_class_by_id(list, 2);
	last->key = 1;
	g_assert_true(project_update_class(f->p, last, "key", &error));
	g_assert_true(key_of(f, 11) == 1 && key_of(f, 1) == -1);
	second->key = 3;
	g_assert_true(project_update_class(f->p, second, "key", &error));
	g_assert_true(key_of(f, 2) == 3 && key_of(f, 3) == 2);
	second->key = -1;
	g_assert_true(project_update_class(f->p, second, "key", &error));
	g_assert_true(key_of(f, 2) == -1 && key_of(f, 3) == 2 && key_of(f, 1) == -1);
	g_assert_cmpint(project_class_for(f->p, "class 12", "add", &error), ==, 12);
	g_assert_cmpint(key_of(f, 12), ==, 3); /* the digit that is free */
	for (int i = 0; i < 4; i++)
		g_assert_true(project_undo(f->p, NULL, &error));
	for (int i = 1; i <= 11; i++)
		g_assert_cmpint(key_of(f, i), ==, i < 11 ? i % 10 : -1);
	g_assert_true(project_redo(f->p, NULL, &error));
	reopen(f);
	g_assert_true(key_of(f, 11) == 1 && key_of(f, 1) == -1);
}

/* A step tells what it changed, and no more. */
static void test_changes(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_auto(project_changes) undone = {0}, redone = {0}, renamed = {0};
	insert(f, "ship", 1, 1, 4, 4);
	const gint64 id = insert(f, "ship", 20, 1, 4, 4);
	g_assert_true(project_undo(f->p, &undone, &error));
	g_assert_cmpuint(undone.objects->len, ==, 1);
	const project_change *c = g_ptr_array_index(undone.objects, 0);
	g_assert_true(c->id == id && c->image == f->image && !c->now && !undone.classes);
	g_assert_true(project_redo(f->p, &redone, &error));
	c = g_ptr_array_index(redone.objects, 0);
	g_assert_true(c->id == id && c->now && c->now->id == id && !redone.classes);
	g_assert_cmpint(c->now->area_px, ==, 16);
	project_class k = {.id = 1, .name = (char *)"vessel", .color = "#102030"};
	g_assert_true(project_update_class(f->p, &k, "rename ship", &error));
	g_assert_true(project_undo(f->p, &renamed, &error));
	g_assert_true(renamed.classes && renamed.objects->len == 0);
}

static void test_images(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_assert_cmpint(fixture_image(f->p, "/data/scene.tif", true), ==, f->image);
	gint64 other = fixture_image(f->p, "/data/other.tif", false);
	g_assert_cmpint(other, !=, f->image);
	g_assert_true(project_set_image_setting(f->p, other, "view", "1;2;3", &error));
	g_assert_true(project_set_image_setting(f->p, other, "view", "4;5'6", &error));
	g_autofree char *view = project_get_image_setting(f->p, other, "view");
	g_assert_cmpstr(view, ==, "4;5'6");
	g_assert_null(project_get_image_setting(f->p, f->image, "view"));
	g_autoptr(GPtrArray) images = project_images(f->p, &error);
	g_assert_cmpuint(images->len, ==, 2);
	g_assert_cmpstr(((project_image *)g_ptr_array_index(images, 1))->path, ==, "/data/other.tif");
	/* Moved: same contents at another path. */
	g_autofree char *fingerprint = g_strdup_printf("%08x", g_str_hash("/data/other.tif"));
	raster_info moved = {.path = "/new/other.tif", .width = 1000, .height = 800, .fingerprint = fingerprint};
	g_autoptr(georef) ref = georef_new(&moved, NULL);
	g_assert_cmpint(project_add_image(f->p, &moved, ref, &error), ==, other);
}

/* What QGIS and ogrinfo see after closing. */
static void test_for_others(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	gint64 plain = fixture_image(f->p, "/data/plain.png", false);
	gint64 id = insert(f, "ship", 100, 200, 10, 10);
	g_autoptr(feature) o = fixture_object("tree", 5, 7, 4, 4);
	g_assert_true(project_insert(f->p, plain, o, "insert", &error));
	project_close(g_steal_pointer(&f->p));
	g_autofree char *wal = g_strconcat(f->path, "-wal", NULL), *shm = g_strconcat(f->path, "-shm", NULL);
	g_autofree char *lock = g_strconcat(f->path, "-lock", NULL);
	g_assert_false(g_file_test(wal, G_FILE_TEST_EXISTS));
	g_assert_false(g_file_test(shm, G_FILE_TEST_EXISTS));
	g_assert_false(g_file_test(lock, G_FILE_TEST_EXISTS));
	GDALDatasetH ds = GDALOpenEx(f->path, GDAL_OF_VECTOR, NULL, NULL, NULL);
	g_assert_nonnull(ds);
	OGRLayerH objects = GDALDatasetGetLayerByName(ds, "objects"), px = GDALDatasetGetLayerByName(ds, "objects_px");
	g_assert_cmpstr(OSRGetAuthorityCode(OGR_L_GetSpatialRef(objects), NULL), ==, "4326");
	g_assert_cmpstr(OSRGetName(OGR_L_GetSpatialRef(px)), ==, "Undefined Cartesian SRS");
	g_assert_cmpint(OGR_L_GetFeatureCount(objects, TRUE), ==, 2);
	g_assert_cmpint(OGR_L_GetFeatureCount(px, TRUE), ==, 1);
	OGRFeatureH seen = OGR_L_GetFeature(objects, id);
	OGREnvelope e;
	OGR_G_GetEnvelope(OGR_F_GetGeometryRef(seen), &e);
	g_assert_cmpfloat(e.MinX, >, -75.0);
	g_assert_cmpfloat(e.MaxX, <, -74.9);
	g_assert_cmpfloat(e.MinY, >, 41.9);
	OGR_F_Destroy(seen);
	seen = OGR_L_GetFeature(objects, o->id);
	g_assert_null(OGR_F_GetGeometryRef(seen));
	OGR_F_Destroy(seen);
	OGR_L_GetExtent(px, &e, TRUE);
	g_assert_cmpfloat(e.MinX, ==, 5);
	g_assert_cmpfloat(e.MaxY, ==, -7);
	g_assert_cmpfloat(e.MinY, ==, -11);
	OGRLayerH styles = GDALDatasetGetLayerByName(ds, "layer_styles");
	g_assert_nonnull(styles);
	OGRFeatureH style = OGR_L_GetNextFeature(styles);
	g_assert_nonnull(strstr(OGR_F_GetFieldAsString(style, OGR_F_GetFieldIndex(style, "styleQML")), "\"ship\""));
	OGR_F_Destroy(style);
	GDALClose(ds);
	g_assert_true(project_is_project(f->path));
}

static void test_two_windows(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_assert_null(project_open(f->path, &error));
	g_assert_error(error, PROJECT_ERROR, PROJECT_ERROR_OPEN);
	g_assert_nonnull(strstr(error->message, "another window"));
	g_clear_error(&error);
	g_assert_null(project_create(f->path, &error));
	g_assert_error(error, PROJECT_ERROR, PROJECT_ERROR_WRITE);
	g_assert_true(project_is_project(f->path));
	insert(f, "ship", 1, 1, 2, 2); /* and the first goes on */
	reopen(f);
	g_assert_cmpuint(count(f), ==, 1);
}

static void test_save_as(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *other = g_build_filename(f->folder, "other.nadir.gpkg", NULL);
	insert(f, "ship", 1, 1, 5, 5);
	g_autofree char *before = fixture_digest(f->p);
	g_assert_true(project_save_as(f->p, other, &error));
	g_assert_no_error(error);
	g_assert_cmpstr(project_path(f->p), ==, other);
	g_autofree char *after = fixture_digest(f->p);
	g_assert_cmpstr(before, ==, after);
	insert(f, "ship", 9, 9, 5, 5);
	g_assert_cmpstr(project_undo_text(f->p), ==, "accept ship");
	g_autoptr(project) old = project_open(f->path, &error); /* free again, and without the second object */
	g_assert_no_error(error);
	g_autofree char *kept = fixture_digest(old);
	g_assert_cmpstr(before, ==, kept);
	g_assert_false(project_save_as(f->p, f->path, &error)); /* that one is open */
	g_assert_error(error, PROJECT_ERROR, PROJECT_ERROR_OPEN);
	g_clear_error(&error);
	g_assert_false(project_save_as(f->p, "/nonexistent/x.gpkg", &error));
	g_assert_error(error, PROJECT_ERROR, PROJECT_ERROR_WRITE);
	g_assert_cmpuint(count(f), ==, 2);
}

static void expect_refused(fixture *f, const char *word)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(feature) o = fixture_object("ship", 20, 20, 4, 4);
	g_assert_false(project_insert(f->p, f->image, o, "accept ship", &error));
	g_assert_error(error, PROJECT_ERROR, PROJECT_ERROR_WRITE);
	g_test_message("%s", error->message);
	g_assert_nonnull(strstr(error->message, word));
}

/* Changes to a file without a name would be gone with the window: they are refused, and all else can be saved. */
static void test_moved_away(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *aside = g_strconcat(f->path, ".aside", NULL);
	insert(f, "ship", 1, 1, 5, 5);
	g_assert_cmpint(g_rename(f->path, aside), ==, 0);
	expect_refused(f, "was moved");
	g_assert_true(g_file_set_contents(f->path, "a stranger", -1, NULL));
	expect_refused(f, "replaced");
	g_assert_cmpint(g_rename(aside, f->path), ==, 0);
	insert(f, "ship", 9, 9, 5, 5);
	g_autofree char *before = fixture_digest(f->p);
	g_assert_cmpint(g_unlink(f->path), ==, 0);
	expect_refused(f, "deleted");
	g_assert_true(project_save_as(f->p, f->path, &error));
	g_assert_no_error(error);
	g_autofree char *saved = fixture_digest(f->p);
	g_assert_cmpstr(saved, ==, before);
	g_assert_null(project_open(f->path, &error)); /* it is locked anew */
	g_assert_error(error, PROJECT_ERROR, PROJECT_ERROR_OPEN);
	insert(f, "ship", 20, 20, 4, 4);
	reopen(f);
	g_assert_cmpuint(count(f), ==, 3);
}

/* A project that was killed leaves its log beside it; what is saved over it must not take that for its own. */
static void test_save_over_a_log(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *other = g_build_filename(f->folder, "other.nadir.gpkg", NULL);
	g_autofree char *log = g_strconcat(f->path, "-wal", NULL), *its_log = g_strconcat(other, "-wal", NULL),
					*data = NULL;
	gsize size = 0;
	for (int i = 0; i < 40; i++)
		insert(f, "ship", i, i, 5, 5);
	g_assert_true(g_file_get_contents(log, &data, &size, NULL));
	g_assert_cmpuint(size, >, 0);
	for (int i = 0; i < 40; i++)
		insert(f, "house", i, 2, 3, 3);
	g_assert_true(g_file_set_contents(its_log, data, (gssize)size, NULL));
	g_autofree char *before = fixture_digest(f->p);
	g_assert_true(project_save_as(f->p, other, &error));
	g_assert_no_error(error);
	g_clear_pointer(&f->p, project_close);
	f->p = project_open(other, &error);
	g_assert_no_error(error);
	g_autofree char *after = fixture_digest(f->p);
	g_assert_cmpstr(before, ==, after);
}

static void expect_open_error(const char *path, int code)
{
	g_autoptr(GError) error = NULL;
	g_assert_null(project_open(path, &error));
	g_assert_error(error, PROJECT_ERROR, code);
	g_test_message("%s", error->message);
}

static void test_bad_files(fixture *f, gconstpointer unused)
{
	g_autofree char *bad = g_build_filename(f->folder, "bad.gpkg", NULL);
	char *data;
	gsize size;
	for (int i = 0; i < 40; i++)
		insert(f, "ship", i, i, 30, 30);
	project_close(g_steal_pointer(&f->p));
	g_assert_true(g_file_get_contents(f->path, &data, &size, NULL));
	expect_open_error("/nonexistent/a.gpkg", PROJECT_ERROR_OPEN);
	g_assert_true(g_file_set_contents(bad, "", 0, NULL));
	expect_open_error(bad, PROJECT_ERROR_CORRUPT);
	g_assert_true(g_file_set_contents(bad, "this is a text", -1, NULL));
	expect_open_error(bad, PROJECT_ERROR_CORRUPT);
	g_assert_false(project_is_project(bad));
	g_assert_true(g_file_set_contents(bad, data, (gssize)size / 2, NULL)); /* truncated */
	expect_open_error(bad, PROJECT_ERROR_CORRUPT);
	memset(data + 4096, 0x5a, size / 2); /* spoiled pages */
	g_assert_true(g_file_set_contents(bad, data, (gssize)size, NULL));
	expect_open_error(bad, PROJECT_ERROR_CORRUPT);
	g_free(data);
}

static void execute(const char *path, const char *sql)
{
	GDALDatasetH ds = GDALOpenEx(path, GDAL_OF_VECTOR | GDAL_OF_UPDATE, NULL, NULL, NULL);
	OGRLayerH rows = GDALDatasetExecuteSQL(ds, sql, NULL, NULL);
	if (rows)
		GDALDatasetReleaseResultSet(ds, rows);
	GDALClose(ds);
}

static void test_version(fixture *f, gconstpointer unused)
{
	project_close(g_steal_pointer(&f->p));
	execute(f->path, "UPDATE nadir_meta SET schema_version = 99, program = 'Nadir 7.1.0'");
	expect_open_error(f->path, PROJECT_ERROR_VERSION);
	g_autoptr(GError) error = NULL;
	g_assert_null(project_open(f->path, &error));
	g_assert_nonnull(strstr(error->message, "needs Nadir 7.1.0 or a newer one"));
	execute(f->path, "DROP TABLE nadir_meta");
	expect_open_error(f->path, PROJECT_ERROR_OPEN);
	g_assert_false(project_is_project(f->path));
}

/* In a child, because the limit is for good: edits until the disk is "full", then all that was acknowledged is there.
 */
static int fill_child(const char *path, gint64 image)
{
	g_autoptr(GError) error = NULL;
	project *p = project_open(path, &error);
	struct rlimit limit = {400 * 1024, 400 * 1024};
	int done = 0;
	if (!p || setrlimit(RLIMIT_FSIZE, &limit) != 0)
		return 200;
	for (;; done++) {
		g_autoptr(feature) o = fixture_object("ship", done % 500, 1, 60, 60);
		if (done > 150 || !project_insert(p, image, o, "insert", &error))
			break;
	}
	g_autoptr(GPtrArray) list = project_objects(p, 0, NULL);
	if (!error || error->domain != PROJECT_ERROR || error->code != PROJECT_ERROR_WRITE || !list ||
	    list->len != (guint)done)
		return 201;
	return done; /* and out without closing */
}

static void test_full_disk(fixture *f, gconstpointer unused)
{
	int status;
	project_close(g_steal_pointer(&f->p));
	pid_t child = fork();
	if (child == 0)
		_exit(fill_child(f->path, f->image));
	g_assert_cmpint(waitpid(child, &status, 0), ==, child);
	g_assert_true(WIFEXITED(status));
	g_assert_cmpint(WEXITSTATUS(status), >, 0);
	g_assert_cmpint(WEXITSTATUS(status), <, 150);
	reopen(f);
	g_assert_cmpuint(count(f), ==, (guint)WEXITSTATUS(status));
	insert(f, "ship", 1, 1, 5, 5);
}

static void test_bad_folder(void)
{
	char *folder = fixture_folder();
	g_autoptr(GError) error = NULL;
	g_autofree char *file = g_build_filename(folder, "file", NULL);
	g_autofree char *under = g_build_filename(file, "x.nadir.gpkg", NULL),
					*missing = g_build_filename(folder, "no", "x.gpkg", NULL);
	g_assert_true(g_file_set_contents(file, "x", 1, NULL));
	g_assert_null(project_create(under, &error));
	g_assert_error(error, PROJECT_ERROR, PROJECT_ERROR_WRITE);
	g_clear_error(&error);
	g_assert_null(project_create(missing, &error));
	g_assert_error(error, PROJECT_ERROR, PROJECT_ERROR_WRITE);
	fixture_folder_remove(folder);
}

static void test_default_path(void)
{
	char *folder = fixture_folder();
	g_autofree char *image = g_build_filename(folder, "scene.tif", NULL),
					*want = g_strconcat(image, ".nadir.gpkg", NULL);
	g_autofree char *got = project_default_path(image),
					*remote = project_default_path("/vsicurl/https://host/scene.tif");
	g_assert_cmpstr(got, ==, want);
	g_assert_true(g_str_has_prefix(remote, g_get_user_data_dir()));
	fixture_folder_remove(folder);
}

/* A CRS that comes later (assigned with another program) moves the objects onto the map. */
static void test_crs_comes_later(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	gint64 image = fixture_image(f->p, "/data/later.tif", false);
	g_autoptr(feature) o = fixture_object("ship", 5, 7, 4, 4);
	g_assert_true(project_insert(f->p, image, o, "insert", &error));
	g_assert_true(isnan(o->area_m2));
	g_assert_cmpint(fixture_image(f->p, "/data/later.tif", true), ==, image);
	g_autoptr(GPtrArray) list = project_objects(f->p, image, NULL);
	g_assert_cmpfloat_with_epsilon(((feature *)g_ptr_array_index(list, 0))->area_m2, 1600 / (0.9996 * 0.9996), 1);
	project_close(g_steal_pointer(&f->p));
	GDALDatasetH ds = GDALOpenEx(f->path, GDAL_OF_VECTOR, NULL, NULL, NULL);
	OGRFeatureH row = OGR_L_GetFeature(GDALDatasetGetLayerByName(ds, "objects"), o->id);
	g_assert_nonnull(OGR_F_GetGeometryRef(row));
	OGR_F_Destroy(row);
	g_assert_cmpint(OGR_L_GetFeatureCount(GDALDatasetGetLayerByName(ds, "objects_px"), TRUE), ==, 0);
	GDALClose(ds);
}

/* In a child that may not write: 0 when all is as it should be. */
static int read_only_child(const char *path, const char *want)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *elsewhere = g_build_filename(g_get_tmp_dir(), "nadir-read-only-copy.gpkg", NULL);
	g_autoptr(feature) o = fixture_object("ship", 1, 1, 3, 3);
	if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0)
		return 1;
	project *p = project_open(path, &error);
	if (!p || !project_is_read_only(p))
		return 2;
	g_autofree char *got = fixture_digest(p);
	if (strcmp(got, want) != 0 || fixture_image(p, "/data/scene.tif", true) == 0)
		return 3;
	if (project_insert(p, 1, o, "insert", &error) || error->code != PROJECT_ERROR_WRITE)
		return 4;
	g_clear_error(&error);
	g_unlink(elsewhere);
	if (!project_save_as(p, elsewhere, &error) || !project_insert(p, 1, o, "insert", &error))
		return 5;
	project_close(p);
	return g_unlink(elsewhere) == 0 ? 0 : 6;
}

static void test_read_only(fixture *f, gconstpointer unused)
{
	int status;
	insert(f, "ship", 10, 20, 8, 6);
	g_autofree char *digest = fixture_digest(f->p);
	project_close(g_steal_pointer(&f->p));
	g_assert_cmpint(g_chmod(f->folder, 0555), ==, 0);
	g_assert_cmpint(g_chmod(f->path, 0444), ==, 0);
	pid_t child = fork();
	if (child == 0)
		_exit(read_only_child(f->path, digest));
	g_assert_cmpint(waitpid(child, &status, 0), ==, child);
	g_chmod(f->folder, 0755);
	g_assert_true(WIFEXITED(status));
	g_assert_cmpint(WEXITSTATUS(status), ==, 0);
}

static void test_failed_edit(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	gint64 id = insert(f, "ship", 1, 1, 5, 5), ids[2] = {id, 4711};
	g_autofree char *before = fixture_digest(f->p);
	g_assert_false(project_delete(f->p, ids, 2, "delete", &error)); /* the second is not there: neither goes */
	g_assert_error(error, PROJECT_ERROR, PROJECT_ERROR_WRITE);
	g_autofree char *after = fixture_digest(f->p);
	g_assert_cmpstr(before, ==, after);
	g_assert_cmpstr(project_undo_text(f->p), ==, "accept ship");
	insert(f, "ship", 9, 9, 5, 5);
	reopen(f);
	g_assert_cmpuint(count(f), ==, 2);
}

static void test_fault(fixture *f, gconstpointer unused)
{
#if NADIR_FAULTS
	g_autoptr(GError) error = NULL;
	g_autoptr(feature) o = fixture_object("ship", 1, 1, 4, 4);
	g_autofree char *before = fixture_digest(f->p);
	output_fault_reset();
	g_setenv("NADIR_FAULT", "write:1:enospc", TRUE);
	g_assert_false(project_insert(f->p, f->image, o, "insert", &error));
	g_unsetenv("NADIR_FAULT");
	g_assert_error(error, PROJECT_ERROR, PROJECT_ERROR_WRITE);
	g_assert_nonnull(strstr(error->message, "free some space"));
	g_assert_cmpint(o->id, ==, 0);
	g_autofree char *after = fixture_digest(f->p);
	g_assert_cmpstr(before, ==, after);
	g_clear_error(&error);
	g_assert_true(project_insert(f->p, f->image, o, "insert", &error));
#else
	g_test_skip("built without -Dfaults=true");
#endif
}

#define TEST(path, func) g_test_add(path, fixture, NULL, set_up, func, tear_down)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	GDALAllRegister();
	TEST("/project/round-trip", test_round_trip);
	TEST("/project/undo", test_undo);
	TEST("/project/undo-branch", test_undo_branch);
	TEST("/project/classes", test_classes);
	TEST("/project/class-journal", test_class_journal);
	TEST("/project/class-keys", test_class_keys);
	TEST("/project/changes", test_changes);
	TEST("/project/images", test_images);
	TEST("/project/for-others", test_for_others);
	TEST("/project/two-windows", test_two_windows);
	TEST("/project/save-as", test_save_as);
	TEST("/project/moved-away", test_moved_away);
	TEST("/project/save-over-a-log", test_save_over_a_log);
	TEST("/project/bad-files", test_bad_files);
	TEST("/project/version", test_version);
	TEST("/project/full-disk", test_full_disk);
	TEST("/project/failed-edit", test_failed_edit);
	TEST("/project/crs-comes-later", test_crs_comes_later);
	TEST("/project/read-only", test_read_only);
	TEST("/project/fault", test_fault);
	g_test_add_func("/project/bad-folder", test_bad_folder);
	g_test_add_func("/project/default-path", test_default_path);
	return g_test_run();
}
