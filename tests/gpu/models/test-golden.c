/* The whole model against masks and scores that an f32 PyTorch reference computed from the same weights and pictures.
 */
#include "tests/gpu/models/golden.h"

#define IOU_MIN 0.98
#define SCORE_MAX 0.02

typedef struct {
	guint index;
	double iou, score_error;
} agreement;

static int worst_first(const void *a, const void *b)
{
	const agreement *x = a, *y = b;
	return (x->iou > y->iou) - (x->iou < y->iou);
}

static void print_worst(GArray *all, const golden *g)
{
	double score = 0;
	for (guint i = 0; i < all->len; i++)
		score = MAX(score, g_array_index(all, agreement, i).score_error);
	g_array_sort(all, worst_first);
	g_test_message("largest score error of %u cases: %.6f; worst masks:", all->len, score);
	for (guint i = 0; i < MIN(all->len, 10); i++) {
		const agreement *a = &g_array_index(all, agreement, i);
		const golden_case *c = &g_array_index(g->cases, golden_case, a->index);
		g_test_message("case %3u  IoU %.5f  score error %.6f  %s", a->index, a->iou, a->score_error, c->image);
	}
}

/* every: 1 for all cases, n for each n-th. */
static void run_cases(const gpu_options *device, const sam_options *options, guint every)
{
	g_autoptr(golden) g = golden_open();
	g_autoptr(GError) error = NULL;
	if (!g) {
		g_test_skip("the shared folder with golden.json is not there");
		return;
	}
	g_autoptr(gpu) dev = gpu_open(device, &error);
	g_assert_no_error(error);
	g_autofree char *path = golden_model(g);
	g_autoptr(sam_model) model = sam_model_open(dev, path, options, &error);
	g_assert_no_error(error);
	g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(agreement));
	golden_picture p = {0};
	const char *open = NULL;
	for (guint i = 0; i < g->cases->len; i += every) {
		const golden_case *c = &g_array_index(g->cases, golden_case, i);
		if (g_strcmp0(open, c->image) != 0) {
			if (open)
				golden_picture_close(&p);
			golden_picture_open(&p, g, c, model);
			open = c->image;
		}
		double score;
		g_autoptr(bitmask) mask = golden_answer(&p, c, &score);
		const agreement a = {i, mask_iou(mask, c->mask), ABS(score - c->score)};
		g_array_append_val(all, a);
	}
	if (open)
		golden_picture_close(&p);
	print_worst(all, g);
	for (guint i = 0; i < all->len; i++) {
		g_assert_cmpfloat(g_array_index(all, agreement, i).iou, >=, IOU_MIN);
		g_assert_cmpfloat(g_array_index(all, agreement, i).score_error, <=, SCORE_MAX);
	}
}

static void test_all_cases(void)
{
	run_cases(&(gpu_options){.validation = true}, &(sam_options){.f32 = true}, 1);
}

static void test_minimum_device(void)
{
	run_cases(&(gpu_options){.minimum = true, .validation = true}, &(sam_options){.f32 = true}, 17);
}

static void test_half_storage(void)
{
	run_cases(&(gpu_options){.validation = true}, &(sam_options){.f16 = true}, 7);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sam/golden/all", test_all_cases);
	g_test_add_func("/sam/golden/minimum-device", test_minimum_device);
	g_test_add_func("/sam/golden/half-storage", test_half_storage);
	return g_test_run();
}
