/* The review behind its widgets: two label sets as pairs, taking one side, classes that are confused. */
#include <string.h>

#include "app/review/review.h"
#include "render/raster/raster.h"
#include "tests/ui/fixture.h"

typedef struct {
	char *dir, *image, *project;
	service *service;
	NadirDocument *d;
	NadirReview *r;
	gint64 ids[5]; /* in the order of `made` */
} world;

/* anna's and ben's: one object of two classes, one of one class, one that only ben has. */
static const struct {
	const char *author, *class_name;
	int x, y, w, h;
} made[] = {{"anna", "ship", 10, 10, 40, 20},
            {"anna", "car", 100, 10, 20, 20},
            {"ben", "boat", 12, 10, 40, 20},
            {"ben", "car", 104, 10, 20, 20},
            {"ben", "roof", 200, 100, 30, 30}};

static void make_project(world *w)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(raster) r = raster_open(w->image, NULL, &error);
	g_autoptr(georef) ref = georef_new(raster_get_info(r), &error);
	g_autoptr(project) p = project_create(w->project, &error);
	g_assert_no_error(error);
	const gint64 image = project_add_image(p, raster_get_info(r), ref, &error);
	for (guint i = 0; i < G_N_ELEMENTS(made); i++) {
		g_autoptr(feature) f = feature_new();
		g_autoptr(bitmask) m = fixture_rectangle(made[i].x, made[i].y, made[i].w, made[i].h);
		g_free(f->author);
		f->author = g_strdup(made[i].author);
		g_free(f->class_name);
		f->class_name = g_strdup(made[i].class_name);
		g_assert_true(feature_set_mask(f, m, &error));
		g_assert_true(project_insert(p, image, f, "insert", &error));
		w->ids[i] = f->id;
	}
}

static bool is_loaded(void *data)
{
	return nadir_review_is_loaded(data);
}

static bool has_agreement(void *data)
{
	return nadir_review_get_agreement(data) != NULL;
}

static void world_up(world *w, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	w->dir = fixture_dir();
	w->image = fixture_image(w->dir, "image.tif", 400, 300, false);
	w->project = g_build_filename(w->dir, "two.nadir.gpkg", NULL);
	w->service = service_new(&(engine_options){.model = "/nowhere/none.gguf"});
	make_project(w);
	w->d = fixture_open(w->project, w->service, &error);
	g_assert_no_error(error);
	w->r = nadir_review_new(w->d);
	g_assert_true(fixture_wait(is_loaded, w->r, 30));
	g_autoptr(queue_filter) f = queue_filter_copy(nadir_review_get_filter(w->r));
	g_free(f->set_a);
	g_free(f->set_b);
	f->set_a = g_strdup("anna");
	f->set_b = g_strdup("ben");
	f->order = QUEUE_BY_IOU;
	nadir_review_set_filter(w->r, f);
	g_assert_true(fixture_wait(has_agreement, w->r, 30));
}

static void world_down(world *w, gconstpointer data)
{
	g_object_unref(w->r);
	fixture_close(w->d);
	service_free(w->service);
	fixture_remove(w->dir);
	g_free(w->project);
	g_free(w->image);
	g_free(w->dir);
}

static review_decision decision(world *w, int i)
{
	fixture_settle(w->d);
	return nadir_review_find(w->r, w->ids[i])->decision;
}

static void test_pairs(world *w, gconstpointer data)
{
	g_assert_cmpuint(nadir_review_get_length(w->r), ==, 3); /* each pair once, what only ben has first */
	g_assert_cmpint(nadir_review_get_item(w->r, 0)->id, ==, w->ids[4]);
	g_assert_cmpint(nadir_review_get_item(w->r, 1)->id, ==, w->ids[1]);
	g_assert_cmpint(nadir_review_get_item(w->r, 2)->id, ==, w->ids[0]);
	g_assert_cmpint(nadir_review_get_pair(w->r)->a, ==, 0);
	g_assert_true(nadir_review_go_to(w->r, w->ids[0]));
	g_assert_cmpint(nadir_review_get_pair(w->r)->b, ==, w->ids[2]);
	g_assert_cmpfloat_with_epsilon(nadir_review_get_pair(w->r)->iou, 38.0 / 42, 1e-9);
	g_assert_false(nadir_review_go_to(w->r, w->ids[2])); /* ben's stands behind anna's */
}

static void test_take(world *w, gconstpointer data)
{
	nadir_review_take(w->r, false); /* anna's is nothing: ben's goes */
	g_assert_cmpint(decision(w, 4), ==, REVIEW_REJECTED);
	nadir_review_take(w->r, true); /* the cars: ben's */
	g_assert_cmpint(decision(w, 3), ==, REVIEW_ACCEPTED);
	g_assert_cmpint(decision(w, 1), ==, REVIEW_REJECTED);
	g_assert_true(nadir_review_back(w->r)); /* both, by one step */
	g_assert_cmpint(decision(w, 3), ==, REVIEW_UNDECIDED);
	g_assert_cmpint(decision(w, 1), ==, REVIEW_UNDECIDED);
	g_assert_cmpint(decision(w, 4), ==, REVIEW_REJECTED);
}

static void count(gpointer n)
{
	++*(int *)n;
}

static bool is_more(void *data)
{
	return nadir_review_get_items(data)->len == 6;
}

/* Somebody else adds an object: the queue goes on where it was, knows what it can go back to, and has it at its end. */
static void test_refresh(world *w, gconstpointer data)
{
	int changed = 0;
	double xy[8];
	nadir_review_take(w->r, false);
	fixture_settle(w->d);
	const gint64 shown = nadir_review_get_item(w->r, 0)->id;
	g_autoptr(queue_filter) f = queue_filter_new();
	nadir_review_set_filter(w->r, f);
	fixture_settle(w->d);
	nadir_review_go_to(w->r, shown);
	nadir_review_decide(w->r, REVIEW_ACCEPTED);
	fixture_settle(w->d);
	const gint64 now = nadir_review_get_item(w->r, 0)->id;
	const guint length = nadir_review_get_length(w->r);
	fixture_rectangle_of(300, 200, 20, 20, xy);
	nadir_document_draw_polygon(w->d, xy, 4);
	fixture_settle(w->d);
	g_signal_connect_swapped(w->r, "changed", G_CALLBACK(count), &changed);
	nadir_review_refresh(w->r);
	g_assert_true(fixture_wait(is_more, w->r, 30));
	g_assert_cmpint(nadir_review_get_item(w->r, 0)->id, ==, now);
	g_assert_cmpuint(nadir_review_get_length(w->r), ==, length + 1);
	g_assert_true(nadir_review_back(w->r));
	g_assert_cmpint(nadir_review_get_item(w->r, 0)->id, ==, shown);
	g_assert_cmpint(changed, >=, 1);
	g_signal_handlers_disconnect_by_data(w->r, &changed);
	fixture_settle(w->d);
}

static int class_id(world *w, const char *name)
{
	return nadir_document_find_class(w->d, name)->id;
}

/* What the sets call differently, and what a reviewer corrected, the more frequent first. */
static void test_confused(world *w, gconstpointer data)
{
	g_autoptr(GArray) before = nadir_review_confused_with(w->r, class_id(w, "ship"), 9);
	g_assert_cmpuint(before->len, ==, 1);
	g_assert_cmpint(g_array_index(before, int, 0), ==, class_id(w, "boat"));
	nadir_review_relabel(w->r, "ship"); /* the roof */
	fixture_settle(w->d);
	g_assert_true(nadir_review_go_to(w->r, w->ids[1]));
	nadir_review_relabel(w->r, "ship"); /* anna's car */
	fixture_settle(w->d);
	g_autoptr(GArray) after = nadir_review_confused_with(w->r, class_id(w, "ship"), 9);
	g_autoptr(GArray) one = nadir_review_confused_with(w->r, class_id(w, "ship"), 1);
	g_assert_cmpuint(after->len, ==, 3);
	g_assert_cmpuint(one->len, ==, 1);
	g_autoptr(GArray) of_car = nadir_review_confused_with(w->r, class_id(w, "car"), 9);
	g_assert_cmpuint(of_car->len, ==, 1);
	g_assert_cmpint(g_array_index(of_car, int, 0), ==, class_id(w, "ship"));
}

#define TEST(name, function) g_test_add("/review/" name, world, NULL, world_up, function, world_down)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	TEST("pairs", test_pairs);
	TEST("take", test_take);
	TEST("confused", test_confused);
	TEST("refresh", test_refresh);
	return g_test_run();
}
