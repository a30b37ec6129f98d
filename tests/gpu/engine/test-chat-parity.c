/* Prompts and first logits of a conversation against the PyTorch reference (tests/data/make-egx-fixtures.py): the same
 * ids, vectors in the same places, the same numbers, the same greedy reply while its margins are clear. */
#include <math.h>

#include "tests/gpu/engine/chat-fixture.h"
#include "tests/gpu/models/reference.h"

#define QUESTION "Please describe the image of the ship."

static raster *read_picture(const gguf *g, const char *name)
{
	const gguf_tensor *t = gguf_find(g, name);
	gsize n;
	g_autofree float *values = reference_read(g, name, &n);
	g_autofree guint8 *rgb = g_malloc(n);
	for (gsize i = 0; i < n; i++)
		rgb[i] = (guint8)lrintf(values[i]);
	return fixture_raster(rgb, (int)t->ne[1], (int)t->ne[0]);
}

static void check_prompt(const gguf *out, const gguf *model, const chat_reply *r)
{
	gsize n;
	g_autofree float *ids = reference_read(out, "1.ids", &n);
	g_autofree guint32 *want = g_new(guint32, n);
	for (gsize i = 0; i < n; i++)
		want[i] = (guint32)ids[i];
	fixture_check_prompt(model, want, n, r);
}

static void check_logits(const gguf *out, const chat_reply *r)
{
	gsize n;
	g_autofree float *want = reference_read(out, "1.logits", &n);
	double most = 0, square = 0;
	g_assert_cmpuint(r->logits->len, ==, n);
	for (gsize i = 0; i < n; i++) {
		const chat_logit *l = &g_array_index(r->logits, chat_logit, i);
		most = fmax(most, fabs((double)want[l->id] - l->logit));
		square += (double)want[l->id] * want[l->id] / (double)n;
	}
	g_test_message("logits differ by %.2g of their rms", most / sqrt(square));
	g_assert_cmpfloat(most / sqrt(square), <, 2e-2);
}

/* Equal up to the first step that rounding may decide. */
static void check_reply(const gguf *out, const chat_reply *r)
{
	gsize n, m;
	g_autofree float *ids = reference_read(out, "1.reply", &n), *margins = reference_read(out, "1.margins", &m);
	guint checked = 0;
	for (; checked < n && margins[checked] > 0.05f; checked++)
		g_assert_cmpuint(g_array_index(r->ids, guint32, checked), ==, (guint32)ids[checked]);
	g_test_message("%u steps of the reply are equal", checked);
	g_assert_cmpuint(checked, >=, 1);
}

/* Case 1: 200 x 90 pixels, a box and a point. */
static void test_lite(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(gguf) model = reference_open("egx-lite"), out = reference_open("egx-lite-out");
	static const double box[] = {11.5, 18.25, 110.0, 94.75}, point[] = {32.5, 46.5};
	const chat_region regions[] = {{.mark = {.kind = SAM_BOX, .sign = 1, .n = 2, .xy = box}},
	                               {.mark = {.kind = SAM_POINT, .sign = 1, .n = 1, .xy = point}}};
	g_autoptr(gpu) dev = gpu_open(&(gpu_options){0}, &error);
	g_autoptr(raster) image = read_picture(out, "1.rgb");
	const raster_style style = fixture_style(image);
	g_autoptr(chat) c = chat_open(dev, NULL, &(chat_options){.model = gguf_path(model), .full = true}, &error);
	g_assert_no_error(error);
	const chat_request req = {.image = image,
	                          .style = &style,
	                          .regions = regions,
	                          .n_regions = 2,
	                          .question = QUESTION,
	                          .sampling = SAMPLING_GREEDY,
	                          .max_tokens = 12,
	                          .top_logits = G_MAXINT,
	                          .no_masks = true};
	g_auto(chat_reply) r = {0};
	g_assert_true(chat_ask(c, &req, &r, &error));
	g_assert_no_error(error);
	check_prompt(out, model, &r);
	check_logits(out, &r);
	check_reply(out, &r);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/engine/chat-parity/lite", test_lite);
	return g_test_run();
}
