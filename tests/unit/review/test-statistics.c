#include "render/review/report.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "tests/unit/comma-locale.h"

static project_class *make_class(int id, const char *name)
{
	project_class *c = g_new0(project_class, 1);
	c->id = id;
	c->name = g_strdup(name);
	return c;
}

/* 100 objects: 60 accepted (10 of them as another class), 20 rejected, 20 undecided; two hours apart. */
static statistics *make(void)
{
	g_autoptr(GArray) items = g_array_new(FALSE, FALSE, sizeof(review_item));
	g_autoptr(GPtrArray) classes = g_ptr_array_new_with_free_func((GDestroyNotify)project_class_free);
	g_ptr_array_add(classes, make_class(1, "ship"));
	g_ptr_array_add(classes, make_class(4, "tree, \"old\""));
	for (int i = 0; i < 100; i++) {
		const review_item item = {.id = i + 1,
		                          .class_id = i < 10 ? 4 : 1,
		                          .proposed_id = 1,
		                          .score = i % 5 == 4 ? NAN : i / 100.0,
		                          .area_px = 1 << (i % 10),
		                          .decision = i < 60   ? REVIEW_ACCEPTED
		                                      : i < 80 ? REVIEW_REJECTED
		                                               : REVIEW_UNDECIDED,
		                          .reviewed =
		                              i < 80 ? (1700000000 + (i < 30 ? 0 : 2 * 3600)) * (gint64)G_USEC_PER_SEC : 0,
		                          .author = "a",
		                          .reviewer = "b"};
		g_array_append_val(items, item);
	}
	return statistics_new(items, classes);
}

static void test_counts(void)
{
	g_autoptr(statistics) s = make();
	g_assert_cmpuint(s->total, ==, 100);
	g_assert_cmpuint(s->by_decision[REVIEW_ACCEPTED], ==, 60);
	g_assert_cmpuint(s->by_decision[REVIEW_REJECTED], ==, 20);
	g_assert_cmpuint(s->relabelled, ==, 10);
	g_assert_cmpuint(statistics_confused(s, 0, 0), ==, 50);
	g_assert_cmpuint(statistics_confused(s, 0, 1), ==, 10);
	g_assert_cmpuint(statistics_confused(s, 0, 2), ==, 20);
	g_assert_cmpuint(statistics_confused(s, 1, 1), ==, 0);
	g_assert_cmpuint(s->hours->len, ==, 3);
	g_assert_cmpuint(g_array_index(s->hours, guint, 0), ==, 30);
	g_assert_cmpuint(g_array_index(s->hours, guint, 1), ==, 0);
	g_assert_cmpuint(g_array_index(s->hours, guint, 2), ==, 50);
	guint scored = 0, areas = 0;
	for (int i = 0; i < STATISTICS_BINS; i++)
		scored += s->score_total[i];
	for (int i = 0; i < STATISTICS_AREAS; i++)
		areas += s->areas[i];
	g_assert_cmpuint(scored, ==, 80);
	g_assert_cmpuint(areas, ==, 100);
	g_assert_cmpuint(s->areas[0], ==, 40); /* 1 to 8 px */
	g_assert_cmpuint(s->areas[1], ==, 10); /* 16 px */
	g_assert_true(isnan(statistics_share(0, 0)));
}

static void test_csv(void)
{
	g_autoptr(statistics) s = make();
	g_autofree char *csv = report_csv(s);
	g_assert_nonnull(strstr(csv, "\"ship\",100,20,60,20,0,0,10\n"));
	g_assert_nonnull(strstr(csv, "\"tree, \"\"old\"\"\",0,0,0,0,0,0,0\n"));
	g_assert_nonnull(strstr(csv, "came as,\"ship\",\"tree, \"\"old\"\"\",rejected\n\"ship\",50,10,20\n"));
	g_assert_nonnull(strstr(csv, "2023-11-14T22:00:00Z,30\n"));
}

/* A table is read by other programs, in whatever language the window is. */
static void test_csv_language(void)
{
	g_autoptr(statistics) s = make();
	g_autofree char *plain = report_csv(s);
	if (!comma_locale_begin())
		return;
	g_autofree char *german = report_csv(s);
	comma_locale_end();
	g_assert_cmpstr(german, ==, plain);
}

static void check_file(const statistics *s, const char *folder, const char *name, const char *begins)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = g_build_filename(folder, name, NULL), *data = NULL;
	gsize size = 0;
	g_assert_true(report_write(s, "scene.gpkg", path, &error));
	g_assert_no_error(error);
	g_assert_true(g_file_get_contents(path, &data, &size, NULL));
	g_assert_cmpuint(size, >, 500);
	g_assert_true(g_str_has_prefix(data, begins));
	g_unlink(path);
}

static void test_files(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(statistics) s = make();
	g_autofree char *folder = g_dir_make_tmp("nadir-report-XXXXXX", NULL);
	check_file(s, folder, "a.pdf", "%PDF");
	check_file(s, folder, "a.png", "\x89PNG");
	check_file(s, folder, "a.svg", "<?xml");
	check_file(s, folder, "a.csv", "class,");
	g_assert_false(report_write(s, "x", "a.doc", &error));
	g_assert_nonnull(error);
	g_rmdir(folder);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/statistics/counts", test_counts);
	g_test_add_func("/statistics/csv", test_csv);
	g_test_add_func("/statistics/csv-language", test_csv_language);
	g_test_add_func("/statistics/files", test_files);
	return g_test_run();
}
