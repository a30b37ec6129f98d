/* Both encoders and the decoder against PyTorch on small models with random weights (tests/data/make-fixtures.py), on
 * every device, in both caps settings, with f32 and with f16 storage. */
#include "infer/models/sam-model.h"
#include "tests/gpu/models/reference.h"

#define F32_MAX 1e-3
#define F16_MAX 2e-2

typedef struct {
	char device[8];
	const char *model;
	bool minimum, f32;
} setting;

static gguf *open_data(const char *model, const char *suffix)
{
	g_autofree char *name = g_strdup_printf("fixture-%s%s", model, suffix);
	return reference_open(name);
}

static void compare_tensor(sam_encoding *e, const gguf *out, const char *name, tensor t, double limit)
{
	sam_pass p;
	arena_mark mark;
	g_autoptr(GError) error = NULL;
	g_autofree float *got = g_new(float, tensor_count(&t));
	g_assert_true(sam_pass_begin(e->model, &p, DTYPE_F32, NULL, &mark, &error));
	gpu_cmd_download(p.cmd, got, t.data);
	g_assert_true(sam_pass_finish(e->model, &p, mark, &error));
	reference_compare(out, name, got, tensor_count(&t), limit);
}

static sam_encoding *encode(sam_model *m, const gguf *out)
{
	gsize n;
	g_autoptr(GError) error = NULL;
	g_autofree float *rgb = reference_read(out, "rgb", &n);
	g_autofree uint8_t *bytes = g_malloc(n);
	const gguf_tensor *t = gguf_find(out, "rgb");
	const sam_crop crop = {0, 0, (int)t->ne[1], (int)t->ne[0], (int)MAX(t->ne[0], t->ne[1])};
	for (gsize i = 0; i < n; i++)
		bytes[i] = (uint8_t)rgb[i];
	sam_encoding *e = sam_encode(m, bytes, (size_t)crop.w * 3, &crop, NULL, NULL, NULL, &error);
	g_assert_no_error(error);
	return e;
}

static bool check_prompt(sam_encoding *e, const gguf *out, int i, double limit)
{
	gsize n, cells = (gsize)(e->frame.side / 4) * (e->frame.side / 4), raster_n;
	char names[4][32];
	const char *const parts[] = {"tokens", "raster", "masks", "scores"};
	for (int k = 0; k < 4; k++)
		g_snprintf(names[k], sizeof names[k], "prompt.%d.%s", i, parts[k]);
	g_autofree float *flat = reference_read(out, names[0], &n), *raster = reference_read(out, names[1], &raster_n);
	if (!flat)
		return false;
	g_autoptr(GError) error = NULL;
	g_autofree sam_token *tokens = g_new(sam_token, n / 3);
	g_autofree float *masks = g_new(float, 4 * cells);
	float scores[4];
	for (gsize k = 0; k < n / 3; k++)
		tokens[k] = (sam_token){flat[3 * k], flat[3 * k + 1], (int)flat[3 * k + 2]};
	const sam_prompt_input in = {tokens, (guint)(n / 3), raster};
	sam_pass p;
	arena_mark mark;
	g_assert_true(sam_pass_begin(e->model, &p, DTYPE_F32, NULL, &mark, &error));
	sam_decoder_run(e->model->decoder, &p, &e->state, &in, masks, scores);
	g_assert_true(sam_pass_finish(e->model, &p, mark, &error));
	reference_compare(out, names[2], masks, 4 * cells, limit);
	reference_compare(out, names[3], scores, 4, limit);
	return true;
}

static void check_all(sam_encoding *e, const gguf *out, double limit)
{
	compare_tensor(e, out, "embedding", e->state.embedding, limit);
	if (!tensor_is_null(&e->state.skip8)) {
		compare_tensor(e, out, "skip8", e->state.skip8, limit);
		compare_tensor(e, out, "skip4", e->state.skip4, limit);
	}
	int prompts = 0;
	while (check_prompt(e, out, prompts, limit))
		prompts++;
	g_assert_cmpint(prompts, ==, 4);
}

/* What is stored and loaded again must not change a bit. */
static void check_saved(sam_encoding *e)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) bytes = sam_encoding_save(e, &error);
	g_assert_no_error(error);
	g_autoptr(sam_encoding) again = sam_encoding_load(e->model, bytes, &e->frame.crop, &error);
	g_assert_no_error(error);
	g_autoptr(GBytes) twice = sam_encoding_save(again, &error);
	g_assert_true(g_bytes_equal(bytes, twice));
	const sam_crop other = {0, 0, e->frame.crop.w, e->frame.crop.h + 1, 1};
	g_assert_null(sam_encoding_load(e->model, bytes, &other, &error));
	g_assert_error(error, SAM_ERROR, SAM_ERROR_MODEL);
	g_clear_error(&error);
	gsize size;
	g_autofree uint8_t *damaged = g_memdup2(g_bytes_get_data(bytes, &size), g_bytes_get_size(bytes));
	damaged[size / 2] ^= 4;
	g_autoptr(GBytes) bad = g_bytes_new_static(damaged, size);
	g_assert_null(sam_encoding_load(e->model, bad, &e->frame.crop, &error));
	g_assert_error(error, SAM_ERROR, SAM_ERROR_MODEL);
}

static void test_setting(gconstpointer data)
{
	const setting *s = data;
	g_autoptr(GError) error = NULL;
	g_autoptr(gpu) dev =
		gpu_open(&(gpu_options){.device = s->device, .minimum = s->minimum, .validation = true}, &error);
	g_assert_no_error(error);
	if (!s->f32 && !gpu_get_caps(dev)->f16_storage) {
		g_test_skip("the device has no f16 storage");
		return;
	}
	g_autoptr(gguf) file = open_data(s->model, ""), out = open_data(s->model, "-out");
	g_autoptr(sam_model) m =
		sam_model_open(dev, gguf_path(file), &(sam_options){.f32 = s->f32, .f16 = !s->f32}, &error);
	g_assert_no_error(error);
	g_autoptr(sam_encoding) e = encode(m, out);
	check_all(e, out, s->f32 ? F32_MAX : F16_MAX);
	check_saved(e);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) devices = gpu_list(&error);
	g_assert_no_error(error);
	for (guint i = 0; i < devices->len; i++)
		for (int k = 0; k < 8; k++) {
			setting *s = g_new0(setting, 1);
			g_snprintf(s->device, sizeof s->device, "%u", i);
			s->model = k & 4 ? "tinyvit" : "efficientnet_lite";
			s->minimum = k & 2;
			s->f32 = !(k & 1);
			if (s->minimum && !s->f32) { /* the minimum has no f16 */
				g_free(s);
				continue;
			}
			g_autofree char *path = g_strdup_printf("/sam/fixtures/%u/%s/%s/%s", i, s->model,
			                                        s->minimum ? "minimum" : "all", s->f32 ? "f32" : "f16");
			g_test_add_data_func_full(path, s, test_setting, g_free);
		}
	return g_test_run();
}
