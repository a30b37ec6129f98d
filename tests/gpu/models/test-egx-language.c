/* EarthGPT-X from pixels to text: spliced vectors through the language model of the same file, against PyTorch: logits
 * behind the prompt, the greedy reply, and the state of a `<pix>`, token by token and in one go. */
#include "infer/models/llama.h"
#include "tests/gpu/models/egx-fixture.h"
#include <math.h>
#include <string.h>

#define F32_MAX 5e-3 /* the cache is f16 all the same */
#define F16_MAX 2e-2
#define SAME_MAX 1e-3
#define MARGIN 0.3f
#define PIECES 64
#define BOS 1u

typedef struct {
	llama_input in[PIECES];
	uint32_t n, positions, ids[512];
} sequence;

static void add_vectors(sequence *s, const float *vectors, uint32_t n)
{
	g_assert_cmpuint(s->n, <, PIECES);
	s->in[s->n++] = (llama_input){.vectors = vectors, .n = n};
	s->positions += n;
}

static void add_ids(sequence *s, const uint32_t *ids, uint32_t n)
{
	g_assert_cmpuint(s->n, <, PIECES);
	s->in[s->n++] = (llama_input){.ids = ids, .n = n};
	s->positions += n;
}

static uint32_t token(const gguf *file, const char *text)
{
	guint n = 0;
	g_autoptr(GError) error = NULL;
	const char *const *tokens = gguf_get_strings(file, "tokenizer.ggml.tokens", &n, &error);
	g_assert_no_error(error);
	for (guint i = 0; i < n; i++)
		if (strcmp(tokens[i], text) == 0)
			return i;
	g_assert_not_reached();
}

static uint32_t read_ids(const gguf *out, const char *name, uint32_t *ids)
{
	gsize n = 0;
	g_autofree float *values = reference_read(out, name, &n);
	g_assert_nonnull(values);
	g_assert_cmpuint(n, <=, 512);
	for (gsize i = 0; i < n; i++)
		ids[i] = (uint32_t)values[i];
	return (uint32_t)n;
}

/* Tokens, with the vectors in the places of the pads. */
static void compose_lite(sequence *s, const gguf *file, const egx_vectors *v, uint32_t n)
{
	const uint32_t image = token(file, "<imgpad>"), region = token(file, "<vppad>");
	uint32_t used = 0, regions = 0;
	for (uint32_t i = 0, end; i < n; i = end) {
		const uint32_t id = s->ids[i];
		for (end = i + 1; end < n && (s->ids[end] == image) == (id == image) && id != region && s->ids[end] != region;)
			end++;
		if (id == image) {
			add_vectors(s, v->image + (size_t)used * v->width, end - i);
			used += end - i;
		} else if (id == region) {
			add_vectors(s, v->region + (size_t)regions++ * v->width, 1);
		} else {
			add_ids(s, s->ids + i, end - i);
		}
	}
	g_assert_cmpuint(used, ==, v->n_image);
	g_assert_cmpuint(regions, ==, v->n_regions);
}

/* Each view between learned vectors, then the regions, then the text. */
static void compose_cnx(sequence *s, const egx_model *m, const egx_vectors *v, uint32_t n)
{
	static const uint32_t bos = BOS;
	uint32_t used = 0;
	add_ids(s, &bos, 1);
	for (uint32_t i = 0; i < v->n_views; i++) {
		add_vectors(s, egx_model_bracket(m, EGX_IMG_START), 1);
		add_vectors(s, v->image + (size_t)used * v->width, v->view_tokens[i]);
		add_vectors(s, egx_model_bracket(m, EGX_IMG_END), 1);
		used += v->view_tokens[i];
	}
	if (v->n_regions) {
		add_vectors(s, egx_model_bracket(m, EGX_VP_START), 1);
		add_vectors(s, v->region, v->n_regions);
		add_vectors(s, egx_model_bracket(m, EGX_VP_END), 1);
	}
	add_ids(s, s->ids, n);
}

static void eval(llama_context *c, const llama_input *in, uint32_t n, const llama_output *out)
{
	g_autoptr(GError) error = NULL;
	const bool ok = llama_eval(c, in, n, out, NULL, &error);
	g_assert_no_error(error);
	g_assert_true(ok);
}

static uint32_t best_of(const float *logits, uint32_t n)
{
	uint32_t best = 0;
	for (uint32_t i = 1; i < n; i++)
		if (logits[i] > logits[best])
			best = i;
	return best;
}

/* Equal up to the first step at which the reference itself hardly knew. */
static void check_reply(llama_context *c, const gguf *out, const fixture_case *f, float *logits, uint32_t vocab)
{
	uint32_t want[512];
	gsize n = 0;
	const uint32_t steps = read_ids(out, fixture_key(f, "reply"), want);
	g_autofree float *margins = reference_read(out, fixture_key(f, "margins"), &n);
	uint32_t same = 0;
	while (same < steps) {
		const uint32_t got = best_of(logits, vocab);
		if (got != want[same]) {
			g_assert_cmpfloat(margins[same], <, MARGIN);
			break;
		}
		same++;
		eval(c, &(llama_input){.ids = &got, .n = 1}, 1, &(llama_output){.logits = logits});
	}
	g_test_message("%s: %u of %u tokens", fixture_key(f, "reply"), same, steps);
}

/* The state at the last forced token: behind the prompt in one go, token by token, and with the prompt at once. */
static void check_state(llama_context *c, const gguf *out, const fixture_case *f, const sequence *s, uint32_t width,
                        double limit)
{
	uint32_t ids[512];
	const uint32_t n = read_ids(out, fixture_key(f, "forced"), ids), last = n - 1, all = s->positions + n - 1;
	g_autofree float *once = g_new(float, width), *stepwise = g_new(float, width), *whole = g_new(float, width);
	llama_context_truncate(c, s->positions);
	eval(c, &(llama_input){.ids = ids, .n = n}, 1, &(llama_output){.hidden = once, .at = &last, .n_hidden = 1});
	fixture_compare(out, fixture_key(f, "hidden"), once, width, limit);
	llama_context_truncate(c, s->positions);
	for (uint32_t i = 0; i < n; i++) {
		const uint32_t only = 0;
		eval(c, &(llama_input){.ids = ids + i, .n = 1}, 1,
		     &(llama_output){.hidden = stepwise, .at = &only, .n_hidden = i == last});
	}
	llama_context_truncate(c, 0);
	llama_input in[PIECES + 1];
	memcpy(in, s->in, s->n * sizeof *in);
	in[s->n] = (llama_input){.ids = ids, .n = n};
	eval(c, in, s->n + 1, &(llama_output){.hidden = whole, .at = &all, .n_hidden = 1});
	for (uint32_t i = 0; i < width; i++) {
		g_assert_cmpfloat(fabsf(stepwise[i] - whole[i]), <=, SAME_MAX);
		g_assert_cmpfloat(fabsf(stepwise[i] - once[i]), <=, SAME_MAX);
	}
}

static void check_case(egx_model *m, llama_model *l, const gguf *file, const gguf *out, const fixture_case *f,
                       double limit)
{
	g_autoptr(GError) error = NULL;
	g_auto(egx_vectors) v = {0};
	g_autofree sequence *s = g_new0(sequence, 1);
	const llama_info *info = llama_model_info(l);
	g_autofree float *logits = g_new(float, info->vocab);
	g_autoptr(egx_image) image = egx_image_new(m, f->rgb, f->w, f->h, f->fast, NULL, &error);
	g_assert_no_error(error);
	g_assert_true(egx_image_splice(image, f->region, f->n_regions, &v, NULL, &error));
	const uint32_t n = read_ids(out, fixture_key(f, "ids"), s->ids);
	if (egx_model_bracket(m, EGX_IMG_START))
		compose_cnx(s, m, &v, n);
	else
		compose_lite(s, file, &v, n);
	g_autoptr(llama_context) c = llama_context_new(l, 512, &error);
	g_assert_no_error(error);
	eval(c, s->in, s->n, &(llama_output){.logits = logits});
	fixture_compare(out, fixture_key(f, "logits"), logits, info->vocab, limit);
	check_reply(c, out, f, logits, info->vocab);
	check_state(c, out, f, s, info->width, limit);
}

static void test_setting(gpu *dev, const fixture_setting *s)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *outputs = g_strconcat(s->name, "-out", NULL);
	g_autoptr(gguf) file = reference_open(s->name), out = reference_open(outputs);
	g_autoptr(egx_model) m = egx_model_open(dev, file, &(egx_options){.f32 = s->f32, .f16 = !s->f32}, &error);
	g_assert_no_error(error);
	g_autoptr(llama_model) l = llama_model_open(dev, file, NULL, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(llama_model_info(l)->width, ==, egx_model_info(m)->width);
	for (int i = 0;; i++) {
		g_auto(fixture_case) f;
		if (!fixture_case_read(out, i, &f))
			break;
		check_case(m, l, file, out, &f, s->f32 ? F32_MAX : F16_MAX);
	}
}

int main(int argc, char **argv)
{
	static const char *const names[] = {"egx-lite", "egx-cnx"};
	return fixture_run(argc, argv, "/egx/language", names, G_N_ELEMENTS(names), test_setting);
}
