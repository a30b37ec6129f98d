/* The images of a project as a list: added by path, read with what their objects say, filtered. */
#include "render/store/images.h"
#include "render/store/review.h"
#include "store-fixture.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

typedef struct {
	char *folder, *path;
	project *p;
} fixture;

static void set_up(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	f->folder = fixture_folder();
	f->path = g_build_filename(f->folder, "set.nadir.gpkg", NULL);
	f->p = project_create(f->path, &error);
	g_assert_no_error(error);
}

static void tear_down(fixture *f, gconstpointer unused)
{
	project_close(f->p);
	g_free(f->path);
	fixture_folder_remove(f->folder);
}

static GPtrArray *entries_of(fixture *f, gint64 image)
{
	g_autoptr(GError) error = NULL;
	GPtrArray *list = project_image_entries(f->p, image, &error);
	g_assert_no_error(error);
	return list;
}

static gint64 insert(fixture *f, gint64 image, const char *class_name, double score)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(feature) o = fixture_object(class_name, 10, 10, 20, 20);
	o->score = score;
	g_assert_true(project_insert(f->p, image, o, "accept", &error));
	g_assert_no_error(error);
	return o->id;
}

static void decide(fixture *f, gint64 id, review_decision d)
{
	g_autoptr(GError) error = NULL;
	const review_change change = {.decides = true, .decision = d, .reviewer = "ann"};
	g_assert_true(project_review(f->p, &id, 1, &change, "decide", NULL, NULL, &error));
	g_assert_no_error(error);
}

static guint add(fixture *f, const char *const *paths, guint n)
{
	g_autoptr(GError) error = NULL;
	guint added = 99;
	g_assert_true(project_add_paths(f->p, paths, n, &added, &error));
	g_assert_no_error(error);
	return added;
}

static void test_add(fixture *f, gconstpointer unused)
{
	const char *const paths[] = {"/d/it's one.tif", "/d/b/two.tif", "/d/it's one.tif", "/d/Straße.tif"};
	g_assert_cmpuint(add(f, paths, 4), ==, 3);
	g_assert_cmpuint(add(f, paths, 4), ==, 0); /* known by now */
	g_autoptr(GPtrArray) list = entries_of(f, 0);
	g_assert_cmpuint(list->len, ==, 3);
	const image_entry *e = list->pdata[0];
	g_assert_cmpstr(e->path, ==, "/d/it's one.tif");
	g_assert_cmpstr(e->name, ==, "it's one.tif");
	g_assert_cmpint(e->state, ==, IMAGE_NEW);
	g_assert_cmpint(e->modality, ==, -1);
	g_assert_true(isnan(e->score_min));
	g_assert_cmpint(e->changed, >, 0);
}

/* A listed image that is opened keeps its row; a copy of the same picture is another image; a moved one is found. */
static void test_open(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	const char *const paths[] = {"/d/one.tif", "/d/copy.tif"};
	add(f, paths, 2);
	raster_info info = {.path = "/d/one.tif", .width = 10, .height = 20, .fingerprint = "aa", .source = RASTER_SAR};
	g_autoptr(georef) ref = georef_new(&info, &error);
	g_assert_cmpint(project_add_image(f->p, &info, ref, &error), ==, 1);
	info.path = "/d/copy.tif";
	g_assert_cmpint(project_add_image(f->p, &info, ref, &error), ==, 2);
	info.path = "/moved/away.tif";
	g_assert_true(project_place_image(f->p, 2, &info, ref, &error));
	g_assert_no_error(error);
	g_autoptr(GPtrArray) list = entries_of(f, 0);
	g_assert_cmpuint(list->len, ==, 2);
	g_assert_cmpstr(((image_entry *)list->pdata[0])->path, ==, "/d/one.tif");
	g_assert_cmpstr(((image_entry *)list->pdata[1])->path, ==, "/moved/away.tif");
	g_assert_cmpint(((image_entry *)list->pdata[1])->modality, ==, RASTER_SAR);
	insert(f, 2, "ship", 0.5); /* it has a place now */
}

static void expect_state(fixture *f, gint64 image, image_state state)
{
	g_autoptr(GPtrArray) list = entries_of(f, image);
	g_assert_cmpuint(list->len, ==, 1);
	g_assert_cmpint(((image_entry *)list->pdata[0])->state, ==, state);
}

static void test_state(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	const gint64 image = fixture_image(f->p, "/d/one.tif", true), other = fixture_image(f->p, "/d/two.tif", true);
	expect_state(f, image, IMAGE_NEW);
	const gint64 a = insert(f, image, "ship", 0.25), b = insert(f, image, "plane", 0.75);
	expect_state(f, image, IMAGE_IN_WORK);
	expect_state(f, other, IMAGE_NEW);
	decide(f, a, REVIEW_ACCEPTED);
	decide(f, b, REVIEW_FLAGGED);
	expect_state(f, image, IMAGE_FLAGGED);
	g_assert_true(project_set_image_state(f->p, image, IMAGE_DONE, &error));
	expect_state(f, image, IMAGE_DONE);
	g_assert_true(project_set_image_state(f->p, image, IMAGE_STATES, &error));
	expect_state(f, image, IMAGE_FLAGGED);
	decide(f, b, REVIEW_REJECTED);
	expect_state(f, image, IMAGE_DONE);
	g_assert_true(project_set_image_state(f->p, other, IMAGE_FLAGGED, &error));
	expect_state(f, other, IMAGE_FLAGGED);
}

static void test_filter(fixture *f, gconstpointer unused)
{
	const gint64 image = fixture_image(f->p, "/data/North/Été 2026.tif", true);
	insert(f, image, "ship", 0.25);
	insert(f, image, "plane", 0.75);
	g_autoptr(GPtrArray) classes = project_classes(f->p, NULL), list = entries_of(f, image);
	const image_entry *e = list->pdata[0];
	g_assert_cmpuint(e->objects, ==, 2);
	image_filter n = IMAGE_FILTER_ALL;
	g_assert_true(image_entry_matches(e, &n));
	g_autofree char *words = image_fold("ÉTÉ nor"), *wrong = image_fold("été south");
	n.text = words;
	g_assert_true(image_entry_matches(e, &n));
	n.text = wrong;
	g_assert_false(image_entry_matches(e, &n));
	n = (image_filter)IMAGE_FILTER_ALL;
	n.class_id = ((project_class *)classes->pdata[0])->id;
	g_assert_true(image_entry_matches(e, &n));
	n.class_id = 4711;
	g_assert_false(image_entry_matches(e, &n));
	n = (image_filter)IMAGE_FILTER_ALL;
	n.score_min = 0.7;
	g_assert_true(image_entry_matches(e, &n));
	n.score_min = 0.8;
	g_assert_false(image_entry_matches(e, &n));
	n = (image_filter)IMAGE_FILTER_ALL;
	n.state = IMAGE_IN_WORK;
	g_assert_true(image_entry_matches(e, &n));
	n.state = IMAGE_DONE;
	g_assert_false(image_entry_matches(e, &n));
	n = (image_filter)IMAGE_FILTER_ALL;
	n.since = e->changed;
	g_assert_true(image_entry_matches(e, &n));
	n.since = e->changed + 1;
	g_assert_false(image_entry_matches(e, &n));
	n = (image_filter)IMAGE_FILTER_ALL;
	n.modality = RASTER_INFRARED;
	g_assert_false(image_entry_matches(e, &n));
}

static void test_many(fixture *f, gconstpointer unused)
{
	const guint n = 100000;
	g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; i < n; i++)
		g_ptr_array_add(paths, g_strdup_printf("/data/region %02u/scene_%06u.tif", i % 50, i));
	g_assert_cmpuint(add(f, (const char *const *)paths->pdata, n), ==, n);
	g_assert_cmpuint(add(f, (const char *const *)paths->pdata, n), ==, 0);
	g_autoptr(GPtrArray) list = entries_of(f, 0);
	g_assert_cmpuint(list->len, ==, n);
	g_assert_cmpstr(((image_entry *)list->pdata[n - 1])->path, ==, paths->pdata[n - 1]);
}

static void test_read_only(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	const char *const paths[] = {"/d/one.tif"};
	guint added;
	project_close(f->p);
	g_chmod(f->path, 0444);
	g_chmod(f->folder, 0555);
	f->p = project_open(f->path, &error);
	g_assert_no_error(error);
	if (project_is_read_only(f->p)) { /* root may write everywhere */
		g_assert_false(project_add_paths(f->p, paths, 1, &added, &error));
		g_assert_error(error, PROJECT_ERROR, PROJECT_ERROR_WRITE);
	}
	g_chmod(f->folder, 0755);
}

#define TEST(name) g_test_add("/images/" #name, fixture, NULL, set_up, test_##name, tear_down)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	TEST(add);
	TEST(open);
	TEST(state);
	TEST(filter);
	TEST(many);
	TEST(read_only);
	return g_test_run();
}
