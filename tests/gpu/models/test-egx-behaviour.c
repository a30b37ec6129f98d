/* What a caller of EarthGPT-X's vision side relies on besides numbers: files that are no usable model are one clear
 * sentence and the device works on; cancel, progress and turns; repeatability; marks and segmenters that are refused.
 */
#include "tests/gpu/models/egx-fixture.h"
#include <math.h>
#include <string.h>

/* --- damaged files --- */

typedef struct {
	const char *where; /* text in the file: a key or a tensor name */
	int skip;          /* bytes behind that text */
	const void *bytes; /* what is put there */
	size_t n;
	const char *says; /* part of the message */
} damage;

#define U32(...) (const uint32_t[]){__VA_ARGS__}, sizeof((const uint32_t[]){__VA_ARGS__})
#define TEXT(s) s, sizeof(s) - 1
#define AFTER_TYPE 4 /* a key is followed by its type, then the value */
#define IN_STRING 12 /* type, length, then the text */
#define IN_ARRAY 16  /* type, element type, count, then the elements */
#define FIRST_DIM 4  /* a tensor's name is followed by the number of axes, then their lengths, fastest first */

static const damage damages[] = {
	{"general.architecture", IN_STRING, TEXT("earthgpt-y"), "\"earthgpt-y\""},
	{"general.architecture", -3, TEXT("xxx"), "general.architecture"},
	{"earthgpt-x.views", AFTER_TYPE, U32(0), "earthgpt-x.views is 0"},
	{"earthgpt-x.views", AFTER_TYPE, U32(6), "earthgpt-x.views is 6"},
	{"earthgpt-x.views", AFTER_TYPE, U32(4), "egx.view"},
	{"earthgpt-x.view_size", AFTER_TYPE, U32(100), "view_size"},
	{"earthgpt-x.view_size", AFTER_TYPE, U32(192), "egx.vit.pos"},
	{"earthgpt-x.view_size", AFTER_TYPE, U32(0xffffffe0), "earthgpt-x.view_size"},
	{"earthgpt-x.regions_max", AFTER_TYPE, U32(0), "earthgpt-x.regions_max"},
	{"earthgpt-x.std", IN_ARRAY, U32(0), "earthgpt-x.std"},
	{"earthgpt-x.vit.dim", AFTER_TYPE, U32(51), "egx.vit"},
	{"earthgpt-x.vit.heads", AFTER_TYPE, U32(5), "48 channels for 5 heads"},
	{"earthgpt-x.vit.depth", AFTER_TYPE, U32(3), "egx.vit.blk.2"},
	{"earthgpt-x.vit.patch", AFTER_TYPE, U32(32), "do not fit each other"},
	{"earthgpt-x.sae.patch", AFTER_TYPE, U32(0), "earthgpt-x.sae.patch"},
	{"earthgpt-x.hyb.dim", AFTER_TYPE, U32(48), "egx.fuse"},
	{"earthgpt-x.hyb.heads", AFTER_TYPE, U32(7), "for 7 heads"},
	{"earthgpt-x.hyb.ffn", AFTER_TYPE, U32(0), "earthgpt-x.hyb.ffn"},
	{"earthgpt-x.lite.repeats", -7, TEXT("repaets"), "earthgpt-x.lite.repeats"},
	{"earthgpt-x.lite.strides", IN_ARRAY + 4, U32(3), "earthgpt-x.lite.strides"},
	{"earthgpt-x.lite.strides", IN_ARRAY + 4, U32(1), "1/16 and 1/32"},
	{"earthgpt-x.lite.taps", IN_ARRAY, U32(4), "egx.lite.ln16"},
	{"earthgpt-x.lite.taps", IN_ARRAY, U32(3), "1/16 and 1/32"},
	{"earthgpt-x.lite.channels", IN_ARRAY, U32(9), "egx.lite.blocks.0.project"},
	{"llama.embedding_length", AFTER_TYPE, U32(144), "egx.proj.fc1"},
	{"egx.pix.fc2.weight", -6, TEXT("weigth"), "egx.pix.fc2.weight"},
	{"egx.region.ln.bias", -4, TEXT("bais"), "egx.region.ln.bias"},
	{"egx.pix.map.bias", -4, TEXT("bais"), "egx.pix.map.bias"},
	{"egx.number.fc1.bias", -4, TEXT("bais"), "egx.number.fc1.bias"},
	{"egx.number.fc2.weight", FIRST_DIM, U32(8), "egx.number.fc2"},
	{"egx.number.fc3.weight", FIRST_DIM + 8, U32(97), "no multiple of 96"},
	{"egx.size.bias", -4, TEXT("bais"), "egx.size.bias"},
	{"egx.vit.blk.1.ls2", -3, TEXT("ls3"), "egx.vit.blk.1.ls2"},
	{"egx.lite.stem.weight", FIRST_DIM, U32(0x7fffffff), ""},
};

/* The place right behind `text` where it stands as a whole string of the file: its length is in front of it. */
static uint8_t *find(uint8_t *file, gsize size, const char *text)
{
	const uint64_t n = strlen(text);
	for (gsize i = 8; i + n <= size; i++)
		if (memcmp(file + i, text, n) == 0 && memcmp(file + i - 8, &n, 8) == 0)
			return file + i + n;
	return NULL;
}

static egx_model *open_bytes(gpu *dev, GBytes *bytes, GError **error)
{
	g_autoptr(GError) broken = NULL;
	g_autoptr(gguf) file = gguf_open_bytes(bytes, "damaged.gguf", &broken);
	if (!file) { /* refused before it gets here */
		g_set_error_literal(error, EGX_ERROR, EGX_ERROR_MODEL, broken->message);
		return NULL;
	}
	return egx_model_open(dev, file, &(egx_options){0}, error);
}

static gpu *open_device(void)
{
	g_autoptr(GError) error = NULL;
	gpu *dev = gpu_open(&(gpu_options){.validation = true}, &error);
	g_assert_no_error(error);
	return dev;
}

static void test_damaged(void)
{
	g_autoptr(gpu) dev = open_device();
	g_autoptr(gguf) good = reference_open("egx-lite");
	gsize size;
	const uint8_t *data = g_bytes_get_data(gguf_bytes(good), &size);
	for (guint i = 0; i < G_N_ELEMENTS(damages); i++) {
		const damage *d = &damages[i];
		g_autoptr(GError) error = NULL;
		uint8_t *copy = g_memdup2(data, size), *at = find(copy, size, d->where);
		g_assert_nonnull(at);
		memcpy(at + d->skip, d->bytes, d->n);
		g_autoptr(GBytes) bytes = g_bytes_new_take(copy, size);
		g_assert_null(open_bytes(dev, bytes, &error));
		g_assert_error(error, EGX_ERROR, EGX_ERROR_MODEL);
		g_test_message("%s", error->message);
		g_assert_nonnull(strstr(error->message, "damaged.gguf"));
		g_assert_nonnull(strstr(error->message, d->says));
		g_assert_null(strchr(error->message, '\n'));
	}
	g_autoptr(GError) error = NULL;
	g_autoptr(egx_model) m = egx_model_open(dev, good, &(egx_options){0}, &error);
	g_assert_no_error(error);
}

/* --- running --- */

#define W 190
#define H 150

typedef struct {
	gpu *dev;
	gguf *file;
	egx_model *model;
	GBytes *rgb;
} fixture;

static void set_up(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	uint8_t *rgb = g_malloc(W * H * 3);
	for (int i = 0; i < W * H * 3; i++)
		rgb[i] = (uint8_t)(128 + 100 * sin(i * 0.01) + i % 7);
	f->rgb = g_bytes_new_take(rgb, W * H * 3);
	f->dev = open_device();
	f->file = reference_open("egx-lite");
	f->model = egx_model_open(f->dev, f->file, &(egx_options){.f32 = true}, &error);
	g_assert_no_error(error);
}

static void tear_down(fixture *f, gconstpointer unused)
{
	egx_model_close(f->model);
	gguf_close(f->file);
	gpu_close(f->dev);
	g_bytes_unref(f->rgb);
}

static egx_image *look(fixture *f, bool fast, const egx_run *run)
{
	g_autoptr(GError) error = NULL;
	egx_image *i = egx_image_new(f->model, f->rgb, W, H, fast, run, &error);
	g_assert_no_error(error);
	return i;
}

static egx_vectors splice(egx_image *i, const egx_region *r, uint32_t n, const egx_run *run)
{
	g_autoptr(GError) error = NULL;
	egx_vectors v;
	const bool ok = egx_image_splice(i, r, n, &v, run, &error);
	g_assert_no_error(error);
	g_assert_true(ok);
	return v;
}

static const double box_xy[] = {20, 30, 90, 100}, point_xy[] = {140, 60}, far_xy[] = {200, 10};
static const egx_region box = {.kind = EGX_BOX, .n = 2, .xy = box_xy};
static const egx_region point = {.kind = EGX_POINT, .n = 1, .xy = point_xy};

static void test_info(fixture *f, gconstpointer unused)
{
	const egx_info *i = egx_model_info(f->model);
	g_assert_cmpstr(i->name, ==, "egx-lite");
	g_assert_cmpstr(i->cnn, ==, "lite");
	g_assert_cmpuint(strlen(i->segmenter), ==, 64);
	g_assert_cmpuint(i->view_tokens[0], ==, 16 + 3);
	g_assert_cmpuint(i->view_tokens[1], ==, 4);
	g_assert_null(egx_model_bracket(f->model, EGX_IMG_START));
}

/* The same marks give the same vectors, whatever was asked in between; other marks change all of them. */
static void test_repeatable(fixture *f, gconstpointer unused)
{
	const egx_region two[] = {box, point};
	g_autoptr(egx_image) i = look(f, false, NULL);
	g_auto(egx_vectors) a = splice(i, two, 2, NULL), none = splice(i, NULL, 0, NULL), b = splice(i, two, 2, NULL);
	const gsize bytes = sizeof(float) * a.n_image * a.width;
	g_assert_cmpuint(a.n_views, ==, 5);
	g_assert_cmpuint(a.n_image, ==, 16 + 3 + 4 * 4);
	g_assert_cmpuint(none.n_regions, ==, 0);
	g_assert_null(none.region);
	g_assert_cmpmem(a.image, bytes, b.image, bytes);
	g_assert_cmpmem(a.region, sizeof(float) * 2 * a.width, b.region, sizeof(float) * 2 * b.width);
	g_assert_true(memcmp(a.image, none.image, bytes) != 0);
}

/* Nothing marked is the whole image, but for its number. */
static void test_whole(fixture *f, gconstpointer unused)
{
	const egx_region whole = {.kind = EGX_WHOLE};
	g_autoptr(egx_image) i = look(f, true, NULL);
	g_auto(egx_vectors) none = splice(i, NULL, 0, NULL), one = splice(i, &whole, 1, NULL);
	g_assert_cmpuint(none.n_views, ==, 1);
	g_assert_cmpuint(one.n_image, ==, none.n_image);
	double difference = 0, size = 0;
	for (uint32_t k = 0; k < one.n_image * one.width; k++) {
		difference += (one.image[k] - none.image[k]) * (one.image[k] - none.image[k]);
		size += none.image[k] * none.image[k];
	}
	g_assert_cmpfloat(difference, <, 0.05 * size);
}

typedef struct {
	double last;
	int calls, turns;
	GCancellable *cancel; /* cancelled at the second turn */
} watch;

static void on_progress(double fraction, void *data)
{
	watch *w = data;
	g_assert_cmpfloat(fraction, >=, w->last - 1e-9);
	g_assert_cmpfloat(fraction, <=, 1 + 1e-9);
	w->last = fraction;
	w->calls++;
}

/* No recording is open: the gpu can be used. */
static void on_turn(void *data)
{
	watch *w = data;
	if (++w->turns == 2 && w->cancel)
		g_cancellable_cancel(w->cancel);
}

static void test_progress(fixture *f, gconstpointer unused)
{
	watch w = {0};
	const egx_run run = {.progress = on_progress, .turn = on_turn, .data = &w};
	g_autoptr(egx_image) i = look(f, false, &run);
	g_assert_cmpint(w.turns, ==, 5);
	w = (watch){0};
	const egx_region two[] = {box, point};
	g_auto(egx_vectors) v = splice(i, two, 2, &run);
	g_assert_cmpint(w.turns, ==, 3); /* a close-up of each, and the rest */
}

/* A region that was looked at closely is not looked at again, wherever it stands; the vectors are those of a fresh
 * start. */
static void test_close_ups(fixture *f, gconstpointer unused)
{
	static const double moved_xy[] = {141, 60};
	const egx_region two[] = {box, point}, three[] = {point, {.kind = EGX_POINT, .n = 1, .xy = moved_xy}, box};
	watch w = {0};
	const egx_run run = {.turn = on_turn, .data = &w};
	g_autoptr(egx_image) i = look(f, true, NULL), j = look(f, true, NULL);
	g_auto(egx_vectors) before = splice(i, two, 2, NULL);
	g_auto(egx_vectors) kept = splice(i, three, 3, &run), fresh = splice(j, three, 3, NULL);
	g_assert_cmpint(w.turns, ==, 2); /* of the moved point, and the rest */
	g_assert_cmpmem(kept.region, sizeof(float) * 3 * kept.width, fresh.region, sizeof(float) * 3 * fresh.width);
}

static void test_cancel(fixture *f, gconstpointer unused)
{
	g_autoptr(GCancellable) cancel = g_cancellable_new();
	g_autoptr(GError) error = NULL;
	watch w = {.cancel = cancel};
	const egx_run run = {.cancel = cancel, .turn = on_turn, .data = &w};
	g_assert_null(egx_image_new(f->model, f->rgb, W, H, false, &run, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
	g_clear_error(&error);
	g_autoptr(egx_image) i = look(f, false, NULL);
	egx_vectors v;
	g_assert_false(egx_image_splice(i, &box, 1, &v, &run, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
	g_assert_null(v.image);
	g_auto(egx_vectors) after = splice(i, &box, 1, NULL);
}

static void test_refused(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(egx_image) i = look(f, true, NULL);
	const egx_region outside[] = {box, {.kind = EGX_POINT, .n = 1, .xy = far_xy}};
	egx_region many[11];
	egx_vectors v;
	for (int k = 0; k < 11; k++)
		many[k] = box;
	g_assert_false(egx_image_splice(i, outside, 2, &v, NULL, &error));
	g_assert_error(error, EGX_ERROR, EGX_ERROR_REGION);
	g_assert_nonnull(strstr(error->message, "Region 2"));
	g_clear_error(&error);
	g_assert_false(egx_image_splice(i, many, 11, &v, NULL, &error));
	g_assert_error(error, EGX_ERROR, EGX_ERROR_REGION);
	g_clear_error(&error);
	g_assert_null(egx_image_new(f->model, f->rgb, W + 1, H, true, NULL, &error));
	g_assert_error(error, EGX_ERROR, EGX_ERROR_IMAGE);
	g_clear_error(&error);
	g_assert_null(egx_image_new(f->model, f->rgb, 0, H, true, NULL, &error));
	g_assert_error(error, EGX_ERROR, EGX_ERROR_IMAGE);
}

/* Another segmenter than the one it was trained with is refused by name, and the right one then works. */
static void test_segmenter(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(gguf) own = reference_open("fixture-efficientnet_lite"), other = reference_open("fixture-tinyvit");
	g_autoptr(sam_model) right = sam_model_open(f->dev, gguf_path(own), &(sam_options){0}, &error);
	g_autoptr(sam_model) wrong = sam_model_open(f->dev, gguf_path(other), &(sam_options){0}, &error);
	g_assert_no_error(error);
	g_autoptr(egx_image) i = look(f, true, NULL);
	g_autofree float *hidden = g_new0(float, egx_model_info(f->model)->width);
	sam_candidate mask;
	hidden[0] = 1;
	g_assert_false(egx_image_ground(i, wrong, hidden, NULL, &mask, NULL, &error));
	g_assert_error(error, EGX_ERROR, EGX_ERROR_MODEL);
	g_test_message("%s", error->message);
	g_assert_nonnull(strstr(error->message, "fixture-tinyvit"));
	g_clear_error(&error);
	const bool ok = egx_image_ground(i, right, hidden, &box, &mask, NULL, &error);
	g_assert_no_error(error);
	g_assert_true(ok);
	int64_t area = 0;
	for (int k = 0; k < W * H; k++)
		area += mask.mask[k];
	g_assert_cmpint(area, ==, mask.area);
	g_free(mask.mask);
}

#if NADIR_FAULTS
/* A lost device is one sentence; everything works with a new one. */
static void test_lost(fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	egx_image *i = look(f, true, NULL);
	egx_vectors v;
	g_setenv("NADIR_FAULT", "submit:1:lost", TRUE);
	g_assert_false(egx_image_splice(i, &box, 1, &v, NULL, &error));
	g_assert_error(error, GPU_ERROR, GPU_ERROR_DEVICE_LOST);
	g_assert_null(v.image);
	g_clear_error(&error);
	g_assert_null(egx_image_new(f->model, f->rgb, W, H, true, NULL, &error));
	g_assert_error(error, GPU_ERROR, GPU_ERROR_DEVICE_LOST);
	egx_image_free(i);
	egx_model_close(f->model);
	gpu_close(f->dev);
	g_clear_error(&error);
	f->dev = open_device();
	f->model = egx_model_open(f->dev, f->file, &(egx_options){.f32 = true}, &error);
	g_assert_no_error(error);
	g_autoptr(egx_image) again = look(f, true, NULL);
	g_auto(egx_vectors) fine = splice(again, &box, 1, NULL);
}
#endif

#define ADD(name, function) g_test_add("/egx/behaviour/" name, fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/egx/behaviour/damaged", test_damaged);
	ADD("info", test_info);
	ADD("repeatable", test_repeatable);
	ADD("whole", test_whole);
	ADD("progress", test_progress);
	ADD("close-ups", test_close_ups);
	ADD("cancel", test_cancel);
	ADD("refused", test_refused);
	ADD("segmenter", test_segmenter);
#if NADIR_FAULTS
	ADD("lost", test_lost);
#endif
	return g_test_run();
}
