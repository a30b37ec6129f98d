/* From a mark to a stored object with real weights on a real image: what is shown is what the stored prompt gives. */
#include <glib/gstdio.h>
#include <locale.h>
#include <math.h>
#include <string.h>

#include "tests/ui/fixture.h"

enum { PATIENCE = 400 }; /* seconds; software devices on busy machines are slow */

static service *svc; /* one for all tests: the encodings stay in memory */

typedef struct {
	char *dir, *image;
	NadirDocument *d;
} world;

static void world_open(world *w)
{
	g_autoptr(GError) error = NULL;
	w->d = fixture_open(w->image, svc, &error);
	g_assert_no_error(error);
}

static void world_up(world *w, gconstpointer data)
{
	w->dir = fixture_dir();
	w->image = fixture_sample(w->dir);
	world_open(w);
}

static void world_down(world *w, gconstpointer data)
{
	fixture_close(w->d);
	fixture_remove(w->dir);
	g_free(w->image);
	g_free(w->dir);
}

static bool settled(void *data)
{
	return nadir_document_get_preview(data, NULL, NULL) != NADIR_PREVIEW_RUNNING;
}

static const engine_answer *wait_ready(world *w)
{
	const engine_answer *answer = NULL;
	g_assert_true(fixture_wait(settled, w->d, PATIENCE));
	g_assert_cmpint(nadir_document_get_preview(w->d, &answer, NULL), ==, NADIR_PREVIEW_READY);
	return answer;
}

static NadirObject *object(world *w, guint i)
{
	g_autoptr(NadirObject) o = g_list_model_get_item(nadir_document_get_objects(w->d), i);
	return o;
}

static guint n_objects(world *w)
{
	return g_list_model_get_n_items(nadir_document_get_objects(w->d));
}

static void take_result(GObject *source, GAsyncResult *result, gpointer data)
{
	*(GAsyncResult **)data = g_object_ref(result);
}

static bool have_result(void *data)
{
	return *(GAsyncResult **)data != NULL;
}

/* The engine's answer to the prompt that an object carries. */
static void answer_again(world *w, NadirObject *o, const char *bands, engine_answer *out)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GAsyncResult) result = NULL;
	raster_style style;
	raster *image = nadir_document_get_raster(w->d);
	g_assert_true(raster_style_resolve(image, bands, NULL, NULL, &style, NULL, &error));
	g_autoptr(prompt) marks = prompt_from_json(nadir_object_get_feature(o)->prompt, &error);
	g_assert_no_error(error);
	service_segment_async(svc, image, &style, marks, 0, NULL, NULL, take_result, &result);
	g_assert_true(fixture_wait(have_result, &result, PATIENCE));
	g_assert_true(service_segment_finish(svc, result, out, &error));
}

static void assert_reproducible(world *w, NadirObject *o, int candidate)
{
	g_auto(engine_answer) again = {0};
	answer_again(w, o, NULL, &again);
	g_assert_true(mask_equal(again.candidate[candidate].mask, nadir_object_get_mask(o)));
}

static void point(world *w, int sign, double x, double y)
{
	nadir_document_add_mark(w->d, SAM_POINT, sign, (double[]){x, y}, 1, 0);
}

static NadirObject *accept(world *w)
{
	g_autoptr(GError) error = NULL;
	NadirObject *o = nadir_document_accept_preview(w->d, &error);
	g_assert_no_error(error);
	g_assert_nonnull(o);
	return o;
}

/* --- tests --- */

static void test_point(world *w, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	guint index, count;
	sam_crop crop;
	point(w, 1, 200, 200);
	const engine_answer *answer = wait_ready(w);
	g_assert_cmpint(answer->candidate[0].area, >, 0);
	g_assert_true(nadir_document_get_candidate(w->d, &index, &count));
	g_assert_cmpuint(index, ==, 0);
	g_assert_cmpuint(count, >=, 1);
	g_assert_true(nadir_document_get_crop(w->d, &crop));
	g_assert_cmpint(crop.s, ==, answer->crop.s);
	const double area = nadir_document_get_preview_area_m2(w->d);
	g_assert_true(area > 0);
	const gint64 pixels = answer->candidate[0].area;
	NadirObject *o = accept(w);
	g_autoptr(bitmask) mask = mask_copy(nadir_object_get_mask(o));
	g_assert_cmpint(mask_area(mask), ==, pixels);
	g_assert_cmpfloat(nadir_object_get_feature(o)->area_m2, ==, area);
	g_assert_cmpstr(nadir_object_get_feature(o)->model, ==, service_get_info(svc)->model);
	g_assert_null(nadir_document_get_prompt(w->d));
	g_assert_true(nadir_document_get_selected(w->d) == o);
	assert_reproducible(w, o, 0);

	g_assert_true(nadir_document_undo(w->d, &error));
	g_assert_cmpuint(n_objects(w), ==, 0);
	g_assert_true(nadir_document_redo(w->d, &error));
	g_assert_true(mask_equal(nadir_object_get_mask(object(w, 0)), mask));
	fixture_close(w->d);
	world_open(w);
	g_assert_cmpuint(n_objects(w), ==, 1);
	g_assert_true(mask_equal(nadir_object_get_mask(object(w, 0)), mask));
	assert_reproducible(w, object(w, 0), 0);
}

static void test_candidate(world *w, gconstpointer data)
{
	guint index, count;
	int shown;
	point(w, 1, 200, 200);
	wait_ready(w);
	g_assert_true(nadir_document_get_candidate(w->d, &index, &count));
	nadir_document_next_candidate(w->d, -1);
	nadir_document_get_preview(w->d, NULL, &shown);
	g_assert_true(count == 1 || shown > 0);
	NadirObject *o = accept(w);
	g_autofree char *want = g_strdup_printf("[{\"candidate\":%d,", shown);
	g_assert_true(count == 1 || g_str_has_prefix(nadir_object_get_feature(o)->prompt, want));
	assert_reproducible(w, o, shown);
}

static void test_refine(world *w, gconstpointer data)
{
	nadir_document_add_mark(w->d, SAM_BOX, 1, (double[]){150, 150, 260, 250}, 2, 0);
	wait_ready(w);
	point(w, -1, 160, 160);
	g_assert_cmpint(nadir_document_get_preview(w->d, NULL, NULL), ==, NADIR_PREVIEW_RUNNING);
	wait_ready(w);
	g_assert_cmpuint(prompt_count(nadir_document_get_prompt(w->d)), ==, 2);
	assert_reproducible(w, accept(w), 0);
	g_assert_nonnull(strstr(nadir_object_get_feature(object(w, 0))->prompt, "\"sign\":-1"));
}

static void count_ready(NadirDocument *d, int *n)
{
	*n += nadir_document_get_preview(d, NULL, NULL) == NADIR_PREVIEW_READY;
}

/* Three requests at once: only the newest may be shown. */
static void test_overtaken(world *w, gconstpointer data)
{
	int ready = 0;
	g_signal_connect(w->d, "preview-changed", G_CALLBACK(count_ready), &ready);
	point(w, 1, 200, 200);
	point(w, 1, 210, 205);
	point(w, -1, 230, 230);
	wait_ready(w);
	g_assert_cmpint(ready, ==, 1);
	fixture_spin(0.2);
	g_assert_cmpint(ready, ==, 1);
	assert_reproducible(w, accept(w), 0);
	g_signal_handlers_disconnect_by_func(w->d, count_ready, &ready);
}

static bool has_objects(void *data)
{
	return n_objects(data) > 0;
}

static void test_accept_early(world *w, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	point(w, 1, 200, 200);
	g_assert_null(nadir_document_accept_preview(w->d, &error));
	g_assert_no_error(error);
	g_assert_true(fixture_wait(has_objects, w, PATIENCE));
	assert_reproducible(w, object(w, 0), 0);
	g_assert_null(nadir_document_get_prompt(w->d));
}

static bool has_three(void *data)
{
	return n_objects(data) == 3;
}

/* The hand is faster than the model: mark, Enter, class key, mark, Enter, mark, Enter. Each object gets its own marks
 * and the class that was current at its Enter. */
static void test_accept_ahead(world *w, gconstpointer data)
{
	const double at[3][2] = {{60, 60}, {200, 200}, {320, 120}};
	g_autoptr(GError) error = NULL;
	g_assert_true(nadir_document_add_class(w->d, "second", &error));
	g_assert_no_error(error);
	for (int i = 0; i < 3; i++) {
		nadir_document_set_current_class(w->d, i == 1 ? 1 : 0);
		point(w, 1, at[i][0], at[i][1]);
		g_assert_null(nadir_document_accept_preview(w->d, &error));
		g_assert_no_error(error);
	}
	nadir_document_set_current_class(w->d, 1);
	g_assert_true(fixture_wait(has_three, w, PATIENCE));
	for (int i = 0; i < 3; i++) {
		NadirObject *o = object(w, (guint)(2 - i)); /* newest first */
		const feature *f = nadir_object_get_feature(o);
		g_autoptr(prompt) marks = prompt_from_json(f->prompt, &error);
		g_assert_no_error(error);
		g_assert_cmpuint(prompt_count(marks), ==, 1);
		g_assert_cmpfloat(prompt_marks(marks, NULL)->xy[0], ==, at[i][0]);
		g_assert_true(g_str_equal(f->class_name, "second") == (i == 1));
		assert_reproducible(w, o, 0);
	}
	g_assert_null(nadir_document_get_prompt(w->d));
}

/* What cannot be stored is not shown as stored, and the preview stays. */
static void test_accept_fails(world *w, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *place = project_default_path(w->image);
	point(w, 1, 200, 200);
	wait_ready(w);
	g_assert_cmpint(g_mkdir(place, 0700), ==, 0); /* something is in the project's way */
	g_assert_null(nadir_document_accept_preview(w->d, &error));
	g_assert_nonnull(error);
	g_assert_cmpuint(n_objects(w), ==, 0);
	g_assert_cmpint(nadir_document_get_preview(w->d, NULL, NULL), ==, NADIR_PREVIEW_READY);
	g_assert_cmpint(g_rmdir(place), ==, 0);
	assert_reproducible(w, accept(w), 0);
}

static bool has_bands(void *data)
{
	return nadir_document_get_style(data)->band[0] == 2;
}

/* The screen's view changes the model's only when the user says so, and is then recorded. */
static void test_model_view(world *w, gconstpointer data)
{
	nadir_document_set_style(w->d, "3,2,1", NULL, NULL);
	g_assert_true(fixture_wait(has_bands, w->d, PATIENCE));
	point(w, 1, 200, 200);
	wait_ready(w);
	assert_reproducible(w, accept(w), 0);
	point(w, 1, 200, 200);
	wait_ready(w);
	nadir_document_set_model_follows(w->d, true); /* asks anew */
	wait_ready(w);
	NadirObject *o = accept(w);
	g_assert_true(g_str_has_prefix(nadir_object_get_feature(o)->prompt, "[{\"bands\":\"3,2,1\","));
	g_assert_false(mask_equal(nadir_object_get_mask(o), nadir_object_get_mask(object(w, 1))));
	g_auto(engine_answer) again = {0};
	answer_again(w, o, "3,2,1", &again);
	g_assert_true(mask_equal(again.candidate[0].mask, nadir_object_get_mask(o)));
}

static void test_drop(world *w, gconstpointer data)
{
	point(w, 1, 100, 100);
	nadir_document_drop_preview(w->d);
	g_assert_null(nadir_document_get_prompt(w->d));
	fixture_spin(0.3);
	g_assert_cmpint(nadir_document_get_preview(w->d, NULL, NULL), ==, NADIR_PREVIEW_NONE);
	point(w, 1, 200, 200);
	wait_ready(w);
	nadir_document_undo_mark(w->d);
	g_assert_cmpint(nadir_document_get_preview(w->d, NULL, NULL), ==, NADIR_PREVIEW_NONE);
	point(w, 1, 300, 100); /* the document is closed while this runs */
}

int main(int argc, char **argv)
{
	setlocale(LC_ALL, "");
	g_test_init(&argc, &argv, NULL);
	g_autofree char *model = fixture_model();
	if (!model)
		return 77;
	svc = service_new(&(engine_options){.model = model, .no_cache = true});
#define ADD(path, fn) g_test_add("/preview/" path, world, NULL, world_up, fn, world_down)
	ADD("point", test_point);
	ADD("candidate", test_candidate);
	ADD("refine", test_refine);
	ADD("overtaken", test_overtaken);
	ADD("accept-early", test_accept_early);
	ADD("accept-ahead", test_accept_ahead);
	ADD("accept-fails", test_accept_fails);
	ADD("model-view", test_model_view);
	ADD("drop", test_drop);
	const int status = g_test_run();
	service_free(svc);
	return status;
}
