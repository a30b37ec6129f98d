/* SmolLM2-135M-Instruct against an f32 reference of its dequantised weights (tests/data/make-llama-fixtures.py): ten
 * chat prompts, 64 greedy tokens each. Needs the file (tests/data/fetch-smollm2.py), else skipped. */
#include "tests/gpu/models/llama-fixture.h"
#include <math.h>

#define PROMPTS 10
#define FIRST_LIMIT 0.15f  /* difference of a logit at the first step */
#define SURE_MARGIN 0.3f   /* the reference's best logit over its second: the token must be the same */
#define ANCHOR_LIMIT 0.02f /* spec llama.md section 9 */

static gpu *dev;
static llama_model *model;
static gguf *wanted;

static char *find_file(void)
{
	const char *given = g_getenv("NADIR_SMOLLM2");
	return given ? g_strdup(given)
	             : g_build_filename(g_get_user_cache_dir(), "nadir", "SmolLM2-135M-Instruct.Q4_1.gguf", NULL);
}

static float *of(const char *what, int prompt, uint32_t *n)
{
	g_autofree char *name = g_strdup_printf("%s.%d", what, prompt);
	float *v = llama_floats(wanted, name, n);
	g_assert_nonnull(v);
	return v;
}

static uint32_t *numbers_of(const char *what, int prompt, uint32_t *n)
{
	g_autofree char *name = g_strdup_printf("%s.%d", what, prompt);
	return llama_numbers(wanted, name, n);
}

static void check_first(int prompt, const float *logits)
{
	uint32_t n, n_at;
	g_autofree uint32_t *at = numbers_of("at", prompt, &n_at);
	g_autofree float *want = of("logits", prompt, &n);
	float worst = 0;
	g_assert_cmpuint(n, ==, n_at);
	for (uint32_t i = 0; i < n; i++)
		worst = MAX(worst, fabsf(logits[at[i]] - want[i]));
	g_test_message("first step: logits differ by %.4f at most", (double)worst);
	g_assert_cmpfloat(worst, <=, FIRST_LIMIT);
}

/* The reference's tokens are fed whatever came out, so that every step is compared. */
static void test_prompt(gconstpointer data)
{
	const int prompt = GPOINTER_TO_INT(data);
	g_autoptr(GError) error = NULL;
	uint32_t n, n_greedy, n_margin, best = 0, sure = 0, same = 0;
	g_autofree uint32_t *ids = numbers_of("ids", prompt, &n), *greedy = numbers_of("greedy", prompt, &n_greedy);
	g_autofree float *margin = of("margin", prompt, &n_margin);
	g_autofree float *logits = g_new(float, llama_model_info(model)->vocab);
	g_autoptr(llama_context) c = llama_context_new(model, 256, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(n_greedy, ==, n_margin);
	const llama_output out = {.logits = logits, .best = &best};
	g_assert_true(llama_eval(c, &(llama_input){.ids = ids, .n = n}, 1, &out, NULL, &error));
	check_first(prompt, logits);
	for (uint32_t i = 0; i < n_greedy; i++) {
		same += best == greedy[i];
		sure += margin[i] > SURE_MARGIN;
		if (margin[i] > SURE_MARGIN && best != greedy[i])
			g_error("step %u: token %u instead of %u, whose margin is %.3f", i, best, greedy[i], (double)margin[i]);
		g_assert_true(
			llama_eval(c, &(llama_input){.ids = &greedy[i], .n = 1}, 1, &(llama_output){.best = &best}, NULL, &error));
	}
	g_test_message("%u of %u tokens equal, %u of them sure", same, n_greedy, sure);
	g_assert_cmpuint(sure, >=, n_greedy / 4);
}

/* The anchor of the specification: "What is the capital of France?" and its answer. */
static void test_anchor(void)
{
	static const uint32_t ids[] = {1,   9690, 198, 2683, 359,   253,  5356, 5646, 11173, 3365, 3511, 308,  34519,
	                               28,  7018, 411, 407,  19712, 8182, 2,    198,  1,     4093, 198,  1780, 314,
	                               260, 3575, 282, 4649, 47,    2,    198,  1,    520,   9531, 198};
	static const uint32_t top[] = {504, 60, 15319, 2219, 7026}, answer[] = {504, 3575, 282, 4649, 314, 7042, 30, 2};
	static const float want[] = {25.325f, 25.243f, 24.942f, 24.402f, 24.315f};
	g_autoptr(GError) error = NULL;
	g_autoptr(llama_context) c = llama_context_new(model, 0, &error);
	g_autofree float *logits = g_new(float, llama_model_info(model)->vocab);
	uint32_t best = 0;
	const llama_output out = {.logits = logits, .best = &best};
	g_assert_true(llama_eval(c, &(llama_input){.ids = ids, .n = G_N_ELEMENTS(ids)}, 1, &out, NULL, &error));
	for (size_t i = 0; i < G_N_ELEMENTS(top); i++)
		g_assert_cmpfloat(fabsf(logits[top[i]] - want[i]), <=, ANCHOR_LIMIT);
	for (size_t i = 0; i < G_N_ELEMENTS(answer); i++) {
		g_assert_cmpuint(best, ==, answer[i]);
		g_assert_true(
			llama_eval(c, &(llama_input){.ids = &best, .n = 1}, 1, &(llama_output){.best = &best}, NULL, &error));
	}
	float row[576];
	g_assert_true(llama_embed(model, ids, 1, row, &error));
	g_assert_cmpfloat_with_epsilon(row[0], -0.0238037, 1e-6);
	g_assert_cmpfloat_with_epsilon(row[3], 0.0158691, 1e-6);
}

int main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	g_test_init(&argc, &argv, NULL);
	g_autofree char *path = find_file();
	if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
		g_print("1..0 # SKIP %s is not there: python3 tests/data/fetch-smollm2.py fetches it\n", path);
		return 0;
	}
	dev = gpu_open(&(gpu_options){0}, &error);
	g_assert_no_error(error);
	g_autoptr(gguf) file = gguf_open(path, &error);
	g_assert_no_error(error);
	model = llama_model_open(dev, file, NULL, &error);
	g_assert_no_error(error);
	wanted = reference_open("smollm2-parity");
	g_test_add_func("/llama/parity/anchor", test_anchor);
	for (int i = 0; i < PROMPTS; i++) {
		g_autofree char *name = g_strdup_printf("/llama/parity/prompt-%d", i);
		g_test_add_data_func(name, GINT_TO_POINTER(i), test_prompt);
	}
	const int status = g_test_run();
	gguf_close(wanted);
	llama_model_close(model);
	gpu_close(dev);
	return status;
}
