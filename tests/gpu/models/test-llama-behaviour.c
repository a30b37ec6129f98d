/* What a caller relies on besides numbers: reuse of a prefix, a cache that grows, cancel, turns for others, a full
 * conversation, tokens of another vocabulary, missing memory and a lost device. */
#include "infer/models/llama-private.h"
#include "tests/gpu/models/llama-fixture.h"
#include <string.h>

#define MANY 300

typedef struct {
	llama_fixture f;
	uint32_t ids[MANY];
	float logits[256], want[256];
} fixture;

static void set_up(fixture *x, gconstpointer unused)
{
	llama_fixture_open(&x->f, "llama-mixed", &(gpu_options){.validation = true});
	for (uint32_t i = 0; i < MANY; i++)
		x->ids[i] = (i * 29 + i / 7) % x->f.vocab;
}

static void tear_down(fixture *x, gconstpointer unused)
{
	llama_fixture_close(&x->f);
}

static void assert_same(const fixture *x)
{
	g_assert_cmpmem(x->logits, x->f.vocab * sizeof(float), x->want, x->f.vocab * sizeof(float));
}

static void assert_near(const fixture *x)
{
	g_assert_cmpfloat(reference_error(x->logits, x->want, x->f.vocab), <=, 1e-3);
}

static void test_truncate(fixture *x, gconstpointer unused)
{
	g_autoptr(llama_context) c = llama_fresh(&x->f, 0), fresh = llama_fresh(&x->f, 0);
	llama_must(c, x->ids, 30, x->logits);
	llama_must(c, x->ids + 100, 20, x->logits); /* to be forgotten */
	llama_context_truncate(c, 30);
	llama_context_truncate(c, 40); /* more than there is: nothing happens */
	g_assert_cmpuint(llama_context_length(c), ==, 30);
	llama_must(c, x->ids + 30, 12, x->logits);
	llama_must(fresh, x->ids, 30, x->want);
	llama_must(fresh, x->ids + 30, 12, x->want);
	assert_same(x);
	llama_context_truncate(c, 0);
	llama_must(c, x->ids, 42, x->logits);
	assert_near(x);
}

/* Chunks, and memory that grows past its first 256 positions. */
static void test_long(fixture *x, gconstpointer unused)
{
	g_autoptr(llama_context) whole = llama_fresh(&x->f, 1000), parts = llama_fresh(&x->f, 1000);
	llama_must(whole, x->ids, MANY, x->want);
	llama_must(parts, x->ids, 200, NULL);
	llama_must(parts, x->ids + 200, 55, NULL);
	llama_must(parts, x->ids + 255, 2, NULL);
	llama_must(parts, x->ids + 257, MANY - 257, x->logits);
	assert_near(x);
	g_assert_cmpuint(llama_context_size(whole), ==, 1000);
}

static void test_hidden_of_chunks(fixture *x, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(llama_context) all = llama_fresh(&x->f, 600), ends = llama_fresh(&x->f, 600);
	const uint32_t at[] = {0, 255, 256, 290};
	g_autofree float *hidden = g_new(float, 4 * x->f.width), *one = g_new(float, x->f.width);
	const llama_output out = {.hidden = hidden, .at = at, .n_hidden = 4};
	g_assert_true(llama_eval(all, &(llama_input){.ids = x->ids, .n = MANY}, 1, &out, NULL, &error));
	for (int i = 0; i < 4; i++) {
		llama_context_truncate(ends, 0);
		const llama_output single = {.hidden = one, .at = &at[i], .n_hidden = 1};
		g_assert_true(llama_eval(ends, &(llama_input){.ids = x->ids, .n = at[i] + 1}, 1, &single, NULL, &error));
		g_assert_cmpfloat(reference_error(hidden + (size_t)i * x->f.width, one, x->f.width), <=, 1e-3);
	}
}

static void test_full(fixture *x, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(llama_context) c = llama_fresh(&x->f, 0), fresh = llama_fresh(&x->f, 0);
	g_assert_cmpuint(llama_context_size(c), ==, 96);
	llama_must(c, x->ids, 90, NULL);
	g_assert_false(llama_eval(c, &(llama_input){.ids = x->ids, .n = 7}, 1, &(llama_output){0}, NULL, &error));
	g_assert_error(error, LLAMA_ERROR, LLAMA_ERROR_CONTEXT);
	g_assert_nonnull(strstr(error->message, "96"));
	g_assert_cmpuint(llama_context_length(c), ==, 90);
	llama_must(c, x->ids + 90, 6, x->logits); /* to the brim */
	llama_must(fresh, x->ids, 90, NULL);
	llama_must(fresh, x->ids + 90, 6, x->want);
	assert_same(x);
}

static void test_refused(fixture *x, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(llama_context) c = llama_fresh(&x->f, 0);
	const uint32_t ids[] = {1, 66, 67};
	float row[256];
	g_assert_false(llama_eval(c, &(llama_input){.ids = ids, .n = 3}, 1, &(llama_output){0}, NULL, &error));
	g_assert_error(error, LLAMA_ERROR, LLAMA_ERROR_INPUT);
	g_clear_error(&error);
	g_assert_false(llama_embed(x->f.model, ids + 2, 1, row, &error));
	g_assert_error(error, LLAMA_ERROR, LLAMA_ERROR_INPUT);
	g_clear_error(&error);
	g_assert_false(llama_eval(c, NULL, 0, &(llama_output){0}, NULL, &error));
	g_assert_error(error, LLAMA_ERROR, LLAMA_ERROR_INPUT);
	g_assert_cmpuint(llama_context_length(c), ==, 0);
	llama_must(c, ids, 2, x->logits);
}

typedef struct {
	fixture *x;
	llama_context *other;
	GCancellable *cancel; /* cancelled at this turn */
	int turns, stop;
} turn_data;

/* Other work on the gpu between two pieces: another conversation of the same model. */
static void on_turn(void *data)
{
	turn_data *t = data;
	t->turns++;
	if (t->other)
		llama_must(t->other, t->x->ids, 3, t->x->logits);
	if (t->cancel && t->turns == t->stop)
		g_cancellable_cancel(t->cancel);
}

static void test_turns(fixture *x, gconstpointer unused)
{
	g_autoptr(llama_context) c = llama_fresh(&x->f, 600), other = llama_fresh(&x->f, 600),
							 fresh = llama_fresh(&x->f, 600);
	turn_data t = {.x = x, .other = other};
	llama_context_set_turn(c, on_turn, &t);
	llama_must(c, x->ids, 200, NULL);
	llama_must(c, x->ids + 200, 100, x->logits);
	g_assert_cmpint(t.turns, >=, 1);
	g_assert_cmpuint(llama_context_length(other), ==, 3 * (uint32_t)t.turns);
	llama_must(fresh, x->ids, 200, NULL);
	llama_must(fresh, x->ids + 200, 100, x->want);
	assert_same(x);
}

static void test_cancel(fixture *x, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GCancellable) cancel = g_cancellable_new();
	g_autoptr(llama_context) c = llama_fresh(&x->f, 600), fresh = llama_fresh(&x->f, 600);
	turn_data t = {.x = x, .cancel = cancel, .stop = 1};
	llama_must(c, x->ids, 5, NULL);
	llama_context_set_turn(c, on_turn, &t);
	const llama_input in = {.ids = x->ids + 5, .n = 250};
	g_assert_false(llama_eval(c, &in, 1, &(llama_output){.logits = x->logits}, cancel, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
	g_clear_error(&error);
	g_assert_cmpint(t.turns, ==, 1);
	g_assert_cmpuint(llama_context_length(c), ==, 5);
	g_assert_false(llama_eval(c, &(llama_input){.ids = x->ids, .n = 1}, 1, &(llama_output){0}, cancel, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
	llama_must(c, x->ids + 5, 4, x->logits);
	llama_must(fresh, x->ids, 5, NULL);
	llama_must(fresh, x->ids + 5, 4, x->want);
	assert_same(x);
}

#if NADIR_FAULTS
/* Each arming is a new text, which starts the count again. */
static void arm(const char *call, int n, const char *outcome)
{
	static int width;
	g_autofree char *text = g_strdup_printf("%s:%0*d:%s", call, ++width, n, outcome);
	g_setenv("NADIR_FAULT", text, TRUE);
}

/* The cache cannot grow: the conversation is as it was and goes on once there is memory. */
static void test_no_memory(fixture *x, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(llama_context) c = llama_fresh(&x->f, 1u << 20), fresh = llama_fresh(&x->f, 1u << 20);
	llama_must(c, x->ids, 20, NULL);
	arm("alloc", 1, "oom");
	g_assert_false(llama_context_reserve(c, 1u << 18, &error)); /* 64 MiB a block: a piece of memory of their own */
	g_assert_error(error, GPU_ERROR, GPU_ERROR_NO_MEMORY);
	g_assert_cmpuint(llama_context_length(c), ==, 20);
	llama_must(c, x->ids + 20, 280, x->logits);
	llama_must(fresh, x->ids, 20, NULL);
	llama_must(fresh, x->ids + 20, 280, x->want);
	assert_same(x);
}

static void test_lost(fixture *x, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	llama_context *c = llama_fresh(&x->f, 0);
	uint32_t best = 0;
	llama_must(c, x->ids, 20, NULL);
	const llama_input in = {.ids = x->ids, .n = 1};
	g_assert_true(llama_eval(c, &in, 1, &(llama_output){.best = &best}, NULL, &error));
	arm("submit", 1, "lost");
	g_assert_false(llama_eval(c, &in, 1, &(llama_output){.best = &best}, NULL, &error));
	g_assert_error(error, GPU_ERROR, GPU_ERROR_DEVICE_LOST);
	g_assert_true(gpu_is_lost(x->f.dev));
	g_assert_cmpuint(llama_context_length(c), ==, 21);
	g_clear_error(&error);
	g_assert_false(llama_eval(c, &in, 1, &(llama_output){.best = &best}, NULL, &error));
	g_assert_error(error, GPU_ERROR, GPU_ERROR_DEVICE_LOST);
	llama_context_free(c);
	tear_down(x, NULL);
	set_up(x, NULL); /* a new device, and the conversation again */
	g_autoptr(llama_context) again = llama_fresh(&x->f, 0);
	llama_must(again, x->ids, 20, x->logits);
}
#endif

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name, fn) g_test_add("/llama/behaviour/" name, fixture, NULL, set_up, fn, tear_down)
	ADD("truncate", test_truncate);
	ADD("long", test_long);
	ADD("hidden-of-chunks", test_hidden_of_chunks);
	ADD("full", test_full);
	ADD("refused", test_refused);
	ADD("turns", test_turns);
	ADD("cancel", test_cancel);
#if NADIR_FAULTS
	ADD("no-memory", test_no_memory);
	ADD("lost", test_lost);
#endif
	return g_test_run();
}
