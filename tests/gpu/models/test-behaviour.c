/* What a caller relies on besides numbers: cancel and progress, repeatability, the cache's round trip, the order of
 * candidates, refused marks, many marks, a full device and a lost one. */
#include "infer/models/sam-points.h"
#include <math.h>
#include <string.h>

#define W 80
#define H 96

typedef struct {
	gpu *dev;
	sam_model *model;
	uint8_t rgb[W * H * 3];
	sam_crop crop;
} fixture;

static void open_model(fixture *f)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path =
		g_build_filename(g_getenv("NADIR_SOURCE"), "tests", "data", "fixture-efficientnet_lite.gguf", NULL);
	f->dev = gpu_open(&(gpu_options){.validation = true}, &error);
	g_assert_no_error(error);
	f->model = sam_model_open(f->dev, path, &(sam_options){0}, &error);
	g_assert_no_error(error);
}

static void close_model(fixture *f)
{
	sam_model_close(f->model);
	gpu_close(f->dev);
}

static void set_up(fixture *f, gconstpointer unused)
{
	open_model(f);
	for (int i = 0; i < W * H * 3; i++)
		f->rgb[i] = (uint8_t)(128 + 100 * sin(i * 0.01) + i % 7);
	f->crop = (sam_crop){300, 200, W, H, H};
}

static void tear_down(fixture *f, gconstpointer unused)
{
	close_model(f);
}

static sam_encoding *encode(fixture *f)
{
	g_autoptr(GError) error = NULL;
	sam_encoding *e = sam_encode(f->model, f->rgb, W * 3, &f->crop, NULL, NULL, NULL, &error);
	g_assert_no_error(error);
	return e;
}

static const sam_mark box = {SAM_BOX, 1, 2, (const double[]){310, 210, 350, 260}, 0};
static const sam_mark point = {SAM_POINT, 1, 1, (const double[]){330, 240}, 0};

static sam_result segment(sam_encoding *e, const sam_mark *marks, guint n, const float *previous)
{
	g_autoptr(GError) error = NULL;
	sam_result r;
	if (!sam_segment(e, marks, n, previous, 1000, 1000, &r, NULL, &error))
		g_error("%s", error->message);
	return r;
}

static void assert_equal(const sam_result *a, const sam_result *b)
{
	for (int i = 0; i < 4; i++) {
		g_assert_cmpfloat(a->candidate[i].score, ==, b->candidate[i].score);
		g_assert_cmpfloat(a->candidate[i].stability, ==, b->candidate[i].stability);
		g_assert_cmpmem(a->candidate[i].mask, W * H, b->candidate[i].mask, W * H);
	}
	g_assert_cmpint(a->low_res_side, ==, b->low_res_side);
	const gsize bytes = sizeof(float) * a->low_res_side * a->low_res_side;
	g_assert_cmpmem(a->low_res, bytes, b->low_res, bytes);
}

static void test_candidates(fixture *f, gconstpointer unused)
{
	g_autoptr(sam_encoding) e = encode(f);
	g_auto(sam_result) lone = segment(e, &point, 1, NULL), boxed = segment(e, &box, 1, NULL);
	const sam_result *both[] = {&lone, &boxed};
	for (int k = 0; k < 2; k++) {
		const sam_candidate *c = both[k]->candidate;
		g_assert_true(c[1].score >= c[2].score && c[2].score >= c[3].score);
		for (int i = 0; i < 4; i++) {
			int64_t area = 0;
			for (int p = 0; p < W * H; p++)
				area += c[i].mask[p];
			g_assert_cmpint(area, ==, c[i].area);
			g_assert_true(c[i].stability >= 0 && c[i].stability <= 1);
		}
	}
	g_assert_cmpint(lone.best, ==, 1);
	g_assert_cmpint(boxed.best, ==, 0);
	g_assert_cmpint(boxed.low_res_side, ==, 96 / 4);
}

static void test_repeats(fixture *f, gconstpointer unused)
{
	g_autoptr(sam_encoding) a = encode(f), b = encode(f);
	g_auto(sam_result) first = segment(a, &box, 1, NULL), again = segment(a, &box, 1, NULL);
	g_auto(sam_result) other = segment(b, &box, 1, NULL);
	assert_equal(&first, &again);
	assert_equal(&first, &other);
	g_auto(sam_result) refined = segment(a, &box, 1, first.low_res);
	g_assert_cmpfloat(refined.candidate[0].score, !=, first.candidate[0].score);
	g_auto(sam_result) lone = segment(a, &point, 1, first.low_res); /* with a previous mask it is no lone point */
	g_assert_cmpint(lone.best, ==, 0);
}

/* --- many points at once --- */

typedef struct {
	sam_encoding *e;
	guint n;       /* candidates seen */
	guint next[4]; /* of each point: the one that must come */
	const double *xy;
} batch;

static void same_as_alone(guint i, const sam_candidate *c, void *data)
{
	batch *b = data;
	const sam_mark mark = {SAM_POINT, 1, 1, b->xy + 2 * i, 0};
	g_auto(sam_result) alone = segment(b->e, &mark, 1, NULL);
	const sam_candidate *want = &alone.candidate[1 + b->next[i]++];
	g_assert_cmpfloat(c->score, ==, want->score);
	g_assert_cmpfloat(c->stability, ==, want->stability);
	g_assert_cmpint(c->area, ==, want->area);
	g_assert_true(c->touches == want->touches);
	g_assert_cmpmem(c->mask, W * H, want->mask, W * H);
	b->n++;
}

static void test_points(fixture *f, gconstpointer unused)
{
	static const double xy[] = {330, 240, 301, 201, 379, 295, 340, 210};
	g_autoptr(GError) error = NULL;
	g_autoptr(sam_encoding) e = encode(f);
	batch all = {.e = e, .xy = xy}, none = all;
	g_assert_true(sam_segment_points(e, xy, 4, -100, 1000, 1000, same_as_alone, &all, NULL, &error));
	g_assert_no_error(error);
	g_assert_cmpuint(all.n, >=, 4);
	g_assert_true(sam_segment_points(e, xy, 4, 100, 1000, 1000, same_as_alone, &none, NULL, &error));
	g_assert_cmpuint(none.n, ==, 0); /* none is so sure */
	g_auto(sam_features_map) map = {0};
	g_assert_true(sam_encoding_features(e, &map, &error));
	g_assert_cmpuint(map.side, ==, H / 16);
	g_assert_cmpint(map.rows, ==, H / 16);
	g_assert_cmpint(map.cols, ==, W / 16);
	g_assert_cmpfloat(map.cell, ==, 16);
	g_assert_true(map.values[0] != map.values[map.dim]); /* two places differ */
}

static void test_saved(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(sam_encoding) e = encode(f);
	g_autoptr(GBytes) bytes = sam_encoding_save(e, &error);
	g_assert_no_error(error);
	g_autoptr(sam_encoding) loaded = sam_encoding_load(f->model, bytes, &f->crop, &error);
	g_assert_no_error(error);
	g_auto(sam_result) a = segment(e, &box, 1, NULL), b = segment(loaded, &box, 1, NULL);
	assert_equal(&a, &b);
	g_autoptr(GBytes) cut = g_bytes_new_from_bytes(bytes, 0, g_bytes_get_size(bytes) - 4);
	g_assert_null(sam_encoding_load(f->model, cut, &f->crop, &error));
	g_assert_error(error, SAM_ERROR, SAM_ERROR_MODEL);
}

typedef struct {
	double last;
	int calls;
	GCancellable *cancel; /* cancelled at the first call */
} watch;

static void on_progress(double fraction, void *data)
{
	watch *w = data;
	g_assert_true(fraction >= w->last && fraction <= 1);
	w->last = fraction;
	w->calls++;
	if (w->cancel)
		g_cancellable_cancel(w->cancel);
}

static void test_progress(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	watch w = {0};
	g_autoptr(sam_encoding) e = sam_encode(f->model, f->rgb, W * 3, &f->crop, NULL, on_progress, &w, &error);
	g_assert_no_error(error);
	g_assert_cmpint(w.calls, >=, 1);
	g_assert_cmpfloat(w.last, >, 0.8);
}

static void test_cancel(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GCancellable) cancel = g_cancellable_new();
	g_cancellable_cancel(cancel);
	g_assert_null(sam_encode(f->model, f->rgb, W * 3, &f->crop, cancel, NULL, NULL, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
	g_clear_error(&error);
	g_autoptr(sam_encoding) e = encode(f);
	sam_result r;
	g_assert_false(sam_segment(e, &box, 1, NULL, 1000, 1000, &r, cancel, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
	g_auto(sam_result) fine = segment(e, &box, 1, NULL);
	g_assert_cmpint(fine.candidate[0].area, >, 0);
}

static void test_refused_marks(fixture *f, gconstpointer unused)
{
	g_autoptr(sam_encoding) e = encode(f);
	const sam_mark wrong[] = {
		{SAM_BOX, 1, 2, (const double[]){310, 210, 310, 260}, 0},
		{SAM_POINT, 1, 1, (const double[]){-1, 5}, 0},
		{SAM_POINT, -1, 1, (const double[]){330, 240}, 0},
		{SAM_CIRCLE, 1, 1, (const double[]){330, NAN}, 5},
	};
	for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_autoptr(GError) error = NULL;
		sam_result r;
		g_assert_false(sam_segment(e, &wrong[i], 1, NULL, 1000, 1000, &r, NULL, &error));
		g_assert_error(error, SAM_ERROR, SAM_ERROR_PROMPT);
		g_assert_null(r.low_res);
	}
}

/* Far more tokens than a person gives; the arrays grow with them. */
static void test_many_marks(fixture *f, gconstpointer unused)
{
	g_autoptr(sam_encoding) e = encode(f);
	double xy[200][2];
	sam_mark marks[200];
	for (int i = 0; i < 200; i++) {
		xy[i][0] = 301 + i % 70;
		xy[i][1] = 201 + (i * 7) % 90;
		marks[i] = (sam_mark){SAM_POINT, i % 3 ? 1 : -1, 1, xy[i], 0};
	}
	g_auto(sam_result) many = segment(e, marks, 200, NULL), few = segment(e, &box, 1, NULL);
	g_assert_true(isfinite(many.candidate[0].score) && isfinite(few.candidate[0].score));
}

#if NADIR_FAULTS
/* Each arming is a new text, which starts the count again. */
static void arm(const char *call, int n, const char *outcome)
{
	static int width;
	g_autofree char *text = g_strdup_printf("%s:%0*d:%s", call, ++width, n, outcome);
	g_setenv("NADIR_FAULT", text, TRUE);
}

static void test_no_memory(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(sam_encoding) before = encode(f);
	sam_encoding *many[64] = {before};
	arm("alloc", 1, "oom");
	int n = 1; /* sub-allocation: the fault comes with the next piece of device memory */
	for (; n < 64 && (many[n] = sam_encode(f->model, f->rgb, W * 3, &f->crop, NULL, NULL, NULL, &error)); n++)
		;
	if (n < 64)
		g_assert_error(error, GPU_ERROR, GPU_ERROR_NO_MEMORY);
	while (--n > 0)
		sam_encoding_free(many[n]);
	g_auto(sam_result) fine = segment(before, &box, 1, NULL);
	g_assert_cmpint(fine.candidate[0].area, >, 0);
}

static void test_lost(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	arm("submit", 1, "lost");
	g_assert_null(sam_encode(f->model, f->rgb, W * 3, &f->crop, NULL, NULL, NULL, &error));
	g_assert_error(error, GPU_ERROR, GPU_ERROR_DEVICE_LOST);
	g_assert_true(gpu_is_lost(f->dev));
	g_clear_error(&error);
	g_assert_null(sam_encode(f->model, f->rgb, W * 3, &f->crop, NULL, NULL, NULL, &error));
	g_assert_error(error, GPU_ERROR, GPU_ERROR_DEVICE_LOST);
	close_model(f);
	open_model(f);
	g_autoptr(sam_encoding) e = encode(f);
	g_auto(sam_result) fine = segment(e, &box, 1, NULL);
	g_assert_cmpint(fine.candidate[0].area, >, 0);
}
#endif

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name, fn) g_test_add("/sam/behaviour/" name, fixture, NULL, set_up, fn, tear_down)
	ADD("candidates", test_candidates);
	ADD("repeats", test_repeats);
	ADD("saved", test_saved);
	ADD("progress", test_progress);
	ADD("cancel", test_cancel);
	ADD("refused-marks", test_refused_marks);
	ADD("many-marks", test_many_marks);
	ADD("many-points", test_points);
#if NADIR_FAULTS
	ADD("no-memory", test_no_memory);
	ADD("lost", test_lost);
#endif
	return g_test_run();
}
