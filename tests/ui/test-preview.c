/* From a mark to a stored object with real weights on a real image: what is shown is what the stored prompt gives. */
#include <glib/gstdio.h>
#include <locale.h>
#include <math.h>
#include <string.h>

#include "app/document/document-history.h"
#include "app/engine/prompt-choice.h"
#include "tests/ui/document-world.h"

enum { PATIENCE = 400 }; /* seconds; software devices on busy machines are slow */

static service *svc; /* one for all tests: the encodings stay in memory */

static void preview_up(world *w, gconstpointer kind)
{
	w->dir = fixture_dir();
	w->image = fixture_sample(w->dir);
	w->service = svc;
	world_open(w);
}

static void preview_down(world *w, gconstpointer kind)
{
	w->service = NULL; /* the next test's too */
	world_down(w, kind);
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
	const service_prompt p = {.image = image, .style = &style, .marks = marks};
	service_segment_async(svc, &p, NULL, NULL, take_result, &result);
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
	nadir_document_accept_preview(w->d);
	g_assert_null(nadir_document_get_prompt(w->d));
	fixture_settle(w->d);
	return object(w, 0);
}

/* --- tests --- */

static void test_point(world *w, gconstpointer data)
{
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

	nadir_document_undo(w->d);
	fixture_settle(w->d);
	g_assert_cmpuint(n_objects(w), ==, 0);
	nadir_document_redo(w->d);
	fixture_settle(w->d);
	g_assert_true(mask_equal(nadir_object_get_mask(object(w, 0)), mask));
	world_reopen(w);
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
	g_auto(prompt_choice) chosen = {0};
	g_assert_true(prompt_choice_from_json(nadir_object_get_feature(o)->prompt, &chosen, NULL));
	g_assert_cmpint(chosen.candidate, ==, shown);
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

static NadirStage unstored_stage(world *w)
{
	g_autoptr(NadirObject) o = g_list_model_get_item(nadir_document_get_unstored(w->d), 0);
	return nadir_object_get_stage(o);
}

static void test_accept_early(world *w, gconstpointer data)
{
	point(w, 1, 200, 200);
	nadir_document_accept_preview(w->d);
	g_assert_cmpuint(nadir_document_get_pending(w->d).storing, ==, 1); /* in sight at once */
	g_assert_cmpint(unstored_stage(w), ==, NADIR_STAGE_WAITING);
	fixture_settle(w->d);
	g_assert_cmpuint(n_objects(w), ==, 1);
	assert_reproducible(w, object(w, 0), 0);
	g_assert_null(nadir_document_get_prompt(w->d));
	point(w, 1, 60, 60);
	nadir_document_accept_preview(w->d);
	nadir_document_drop_preview(w->d); /* Esc before the answer: it was not meant */
	g_assert_cmpuint(nadir_document_get_pending(w->d).storing, ==, 0);
	fixture_settle(w->d);
	g_assert_cmpuint(n_objects(w), ==, 1);
}

/* The hand is faster than the model: mark, Enter, class key, mark, Enter, mark, Enter. Each object gets its own marks
 * and the class that was current at its Enter. */
static void test_accept_ahead(world *w, gconstpointer data)
{
	const double at[3][2] = {{60, 60}, {200, 200}, {320, 120}};
	g_autoptr(GError) error = NULL;
	nadir_document_add_class(w->d, "second");
	fixture_settle(w->d);
	for (int i = 0; i < 3; i++) {
		nadir_document_set_current_class(w->d, i == 1 ? 1 : 0);
		point(w, 1, at[i][0], at[i][1]);
		nadir_document_accept_preview(w->d);
	}
	nadir_document_set_current_class(w->d, 1);
	g_assert_cmpuint(nadir_document_get_pending(w->d).storing, ==, 3);
	fixture_settle(w->d);
	g_assert_cmpuint(n_objects(w), ==, 3);
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

/* Enter, and the window is closed before the model answered. */
static void test_accept_and_close(world *w, gconstpointer data)
{
	point(w, 1, 200, 200);
	nadir_document_accept_preview(w->d);
	world_reopen(w);
	g_assert_cmpuint(n_objects(w), ==, 1);
	assert_reproducible(w, object(w, 0), 0);
}

/* The same with the marks of a stored object: what was accepted is stored, what was not leaves the object as it was. */
static void test_edit_and_close(world *w, gconstpointer data)
{
	point(w, 1, 200, 200);
	wait_ready(w);
	const gint64 id = nadir_object_get_feature(accept(w))->id;
	for (guint round = 0; round < 2; round++) {
		nadir_document_edit_again(w->d, id);
		wait_ready(w);
		point(w, -1, 215 - 30 * (int)round, 205);
		if (round == 0)
			nadir_document_accept_preview(w->d);
		world_reopen(w);
		g_assert_cmpuint(n_objects(w), ==, 1);
		g_autoptr(prompt) marks = prompt_from_json(nadir_object_get_feature(object(w, 0))->prompt, NULL);
		g_assert_cmpuint(prompt_count(marks), ==, 2); /* the first round's */
		assert_reproducible(w, object(w, 0), 0);
	}
}

/* Without a model Enter ahead ends in a failure: nothing is said to be on its way. */
static void test_ahead_fails(world *w, gconstpointer data)
{
	int changes = 0;
	service *without = service_new(&(engine_options){.model = "/nowhere/none.gguf"});
	fixture_close(w->d);
	w->service = without;
	world_open(w);
	point(w, 1, 200, 200);
	nadir_document_accept_preview(w->d);
	g_assert_cmpuint(nadir_document_get_pending(w->d).storing, ==, 1);
	fixture_count(w->d, "store-changed", &changes);
	fixture_settle(w->d);
	g_assert_cmpuint(nadir_document_get_pending(w->d).storing, ==, 0);
	g_assert_cmpint(changes, >, 0); /* the status line hears of it */
	g_assert_true(nadir_document_can_retry(w->d));
	fixture_close(w->d);
	service_free(without);
	w->service = svc;
	world_open(w);
}

/* What cannot be stored is not shown as stored, and is not lost. */
static void test_accept_fails(world *w, gconstpointer data)
{
	g_autofree char *place = project_default_path(w->image);
	point(w, 1, 200, 200);
	wait_ready(w);
	g_assert_cmpint(g_mkdir(place, 0700), ==, 0); /* something is in the project's way */
	nadir_document_accept_preview(w->d);
	fixture_settle(w->d);
	g_assert_cmpuint(n_objects(w), ==, 0);
	g_assert_cmpint(unstored_stage(w), ==, NADIR_STAGE_DRAFT);
	g_assert_cmpint(g_rmdir(place), ==, 0);
	nadir_document_retry(w->d);
	fixture_settle(w->d);
	g_assert_cmpuint(n_objects(w), ==, 1);
	assert_reproducible(w, object(w, 0), 0);
}

/* --- editing again --- */

static void test_edit_marks(world *w, gconstpointer data)
{
	point(w, 1, 200, 200);
	wait_ready(w);
	nadir_document_next_candidate(w->d, 1);
	const gint64 id = nadir_object_get_feature(accept(w))->id;
	g_autoptr(bitmask) before = mask_copy(nadir_object_get_mask(object(w, 0)));
	nadir_document_edit_again(w->d, id);
	g_assert_cmpint(nadir_document_get_edited(w->d), ==, id);
	g_assert_cmpuint(prompt_count(nadir_document_get_prompt(w->d)), ==, 1);
	const engine_answer *answer = wait_ready(w);
	int shown;
	nadir_document_get_preview(w->d, NULL, &shown);
	g_assert_true(mask_equal(answer->candidate[shown].mask, before)); /* the same candidate as then */
	point(w, -1, 215, 205);
	wait_ready(w);
	NadirObject *o = accept(w);
	g_assert_cmpuint(n_objects(w), ==, 1);
	g_assert_cmpint(nadir_object_get_feature(o)->id, ==, id);
	g_assert_false(mask_equal(nadir_object_get_mask(o), before));
	assert_reproducible(w, o, 0); /* by its marks alone, as the command line does it */
	nadir_document_undo(w->d);
	fixture_settle(w->d);
	g_assert_true(mask_equal(nadir_object_get_mask(object(w, 0)), before));
}

/* A drawn mask has no marks: the model begins with the mask itself. */
static void test_edit_drawn(world *w, gconstpointer data)
{
	double xy[8];
	fixture_rectangle_of(170, 170, 60, 60, xy);
	nadir_document_draw_polygon(w->d, xy, 4);
	fixture_settle(w->d);
	const gint64 id = nadir_object_get_feature(object(w, 0))->id;
	g_autoptr(bitmask) before = mask_copy(nadir_object_get_mask(object(w, 0)));
	nadir_document_edit_again(w->d, id);
	const engine_answer *answer = wait_ready(w); /* at once: the mask as it is */
	g_assert_true(mask_equal(answer->candidate[0].mask, before));
	g_assert_cmpuint(prompt_count(nadir_document_get_prompt(w->d)), ==, 0);
	point(w, -1, 175, 175); /* a correction alone */
	answer = wait_ready(w);
	g_autoptr(bitmask) with = mask_copy(answer->candidate[0].mask);
	NadirObject *o = accept(w);
	g_assert_cmpint(nadir_object_get_feature(o)->id, ==, id);
	g_assert_true(mask_equal(nadir_object_get_mask(o), with));
	g_assert_true(g_str_has_suffix(nadir_object_get_feature(o)->model, "+hand"));
	nadir_document_edit_again(w->d, id); /* such a mask is not given by its marks: again from the mask */
	g_assert_cmpuint(prompt_count(nadir_document_get_prompt(w->d)), ==, 0);
	nadir_document_accept_preview(w->d); /* nothing was changed */
	fixture_settle(w->d);
	g_assert_null(nadir_document_get_prompt(w->d));
	g_assert_true(mask_equal(nadir_object_get_mask(object(w, 0)), with));
}

/* The given mask matters: with another one the same mark gives another answer. */
static void test_previous(world *w, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(prompt) marks = prompt_new();
	g_autoptr(bitmask) small = fixture_rectangle(190, 190, 20, 20), large = fixture_rectangle(120, 120, 160, 160);
	int64_t area[2];
	raster_style style;
	raster *image = nadir_document_get_raster(w->d);
	g_assert_true(raster_style_resolve(image, NULL, NULL, NULL, &style, NULL, &error));
	prompt_add(marks, SAM_BOX, 1, (double[]){120, 120, 280, 280}, 2, 0);
	for (int i = 0; i < 2; i++) {
		g_autoptr(GAsyncResult) result = NULL;
		g_auto(engine_answer) answer = {0};
		const service_prompt p = {.image = image, .style = &style, .marks = marks, .previous = i == 0 ? small : large};
		service_segment_async(svc, &p, NULL, NULL, take_result, &result);
		g_assert_true(fixture_wait(have_result, &result, PATIENCE));
		g_assert_true(service_segment_finish(svc, result, &answer, &error));
		area[i] = answer.candidate[0].area;
	}
	g_assert_cmpint(area[0], !=, area[1]);
}

/* --- ahead of the click --- */

static bool prefetched(void *data)
{
	return nadir_document_is_encoded_ahead(data);
}

static void test_hover(world *w, gconstpointer data)
{
	nadir_document_hover(w->d, 50, 50, false); /* passes by */
	g_assert_false(nadir_document_is_encoded_ahead(w->d));
	nadir_document_hover(w->d, 330, 330, true);
	g_assert_true(fixture_wait(prefetched, w->d, PATIENCE));
	point(w, 1, 330, 330);
	const engine_answer *answer = wait_ready(w);
	g_assert_true(answer->cached || answer->encodings < 2); /* the first crop was there; a growing one may be new */
	nadir_document_drop_preview(w->d);
	nadir_document_hover(w->d, 20, 380, true);
	nadir_document_hover(w->d, NAN, NAN, false); /* left: it stops */
	g_assert_false(nadir_document_is_encoded_ahead(w->d));
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
	g_assert_nonnull(strstr(nadir_object_get_feature(o)->prompt, "\"bands\":\"3,2,1\""));
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
	if (!model) {
		g_print("1..0 # SKIP there is no segmenter's file\n");
		return 0;
	}
	svc = service_new(&(engine_options){.model = model, .no_cache = true});
#define ADD(path, fn) g_test_add("/preview/" path, world, NULL, preview_up, fn, preview_down)
	ADD("point", test_point);
	ADD("candidate", test_candidate);
	ADD("refine", test_refine);
	ADD("overtaken", test_overtaken);
	ADD("accept-early", test_accept_early);
	ADD("accept-ahead", test_accept_ahead);
	ADD("accept-and-close", test_accept_and_close);
	ADD("edit-and-close", test_edit_and_close);
	ADD("ahead-fails", test_ahead_fails);
	ADD("accept-fails", test_accept_fails);
	ADD("edit-marks", test_edit_marks);
	ADD("edit-drawn", test_edit_drawn);
	ADD("previous", test_previous);
	ADD("hover", test_hover);
	ADD("model-view", test_model_view);
	ADD("drop", test_drop);
	const int status = g_test_run();
	service_free(svc);
	return status;
}
