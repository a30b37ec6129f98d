/* The specified configurations at their true widths with random weights: the tiny one as it is (spec earthgpt-x.md 12),
 * the full one (ViT-L, ConvNeXt-L, width 5120) with one block a part. They load, run, and f16 storage gives what f32
 * gives. `-m slow`: the full one with all its views, and in f16. */
#include "infer/models/earthgpt-x.h"
#include "tests/unit/infer/gguf-writer.h"
#include <math.h>
#include <string.h>

#define F16_WHOLE 2e-2
#define TINY_VISION 14815440u /* parameters by the table of section 12, batch norms with two numbers a channel … */
#define TINY_PIX 480064u
#define TINY_NORMS 27768u /* … of which a file keeps one: channels of all batch norms */

typedef struct {
	gguf_writer *w;
	uint32_t state;
	float *values;
	gsize room;
} maker;

/* Uniform, of the given standard deviation. */
static float noise(maker *m, float std)
{
	m->state = m->state * 1664525u + 1013904223u;
	return ((float)(m->state >> 8) / (float)(1 << 23) - 1) * 1.732f * std;
}

static void put(maker *m, const char *name, gguf_type type, uint8_t n_dims, const uint32_t *ne, float std, float mean)
{
	gsize n = 1;
	for (int i = 0; i < n_dims; i++)
		n *= ne[i];
	if (n > m->room) {
		m->values = g_renew(float, m->values, n);
		m->room = n;
	}
	for (gsize i = 0; i < n; i++)
		m->values[i] = mean + noise(m, std);
	gguf_writer_tensor(m->w, name, type, n_dims, ne, m->values);
}

static void vector(maker *m, const char *prefix, const char *name, uint32_t n, float std, float mean)
{
	g_autofree char *full = g_strconcat(prefix, name, NULL);
	put(m, full, GGUF_F32, 1, &n, std, mean);
}

static void norm(maker *m, const char *prefix, const char *name, uint32_t n)
{
	g_autofree char *full = g_strconcat(prefix, name, NULL);
	vector(m, full, ".weight", n, 0.1f, 1);
	vector(m, full, ".bias", n, 0.1f, 0);
}

static void conv(maker *m, const char *prefix, const char *name, uint32_t out, uint32_t in, uint32_t k, float gain)
{
	g_autofree char *full = g_strconcat(prefix, name, NULL), *weight = g_strconcat(full, ".weight", NULL);
	const float std = gain / sqrtf((float)(in * k * k));
	put(m, weight, GGUF_F16, 4, (uint32_t[]){out, in, k, k}, std, 0);
	vector(m, full, ".bias", out, 0.1f, 0);
}

static void linear(maker *m, const char *prefix, const char *name, uint32_t out, uint32_t in)
{
	g_autofree char *full = g_strconcat(prefix, name, NULL), *weight = g_strconcat(full, ".weight", NULL);
	put(m, weight, GGUF_F16, 2, (uint32_t[]){out, in}, 1 / sqrtf((float)in), 0);
	vector(m, full, ".bias", out, 0.1f, 0);
}

/* --- parts --- */

static void transformer(maker *m, const char *part, uint32_t channels, uint32_t view, uint32_t patch, uint32_t dim,
                        uint32_t depth, bool cls, bool scaled)
{
	const uint32_t tokens = view / patch * (view / patch) + cls;
	g_autofree char *prefix = g_strdup_printf("egx.%s.", part), *pos = g_strconcat(prefix, "pos", NULL);
	conv(m, prefix, "patch", dim, channels, patch, 1);
	if (cls)
		vector(m, prefix, "cls", dim, 0.5f, 0);
	put(m, pos, GGUF_F32, 2, (uint32_t[]){tokens, dim}, 0.5f, 0);
	for (uint32_t i = 0; i < depth; i++) {
		g_autofree char *block = g_strdup_printf("%sblk.%u.", prefix, i);
		norm(m, block, "ln1", dim);
		norm(m, block, "ln2", dim);
		linear(m, block, "qkv", 3 * dim, dim);
		linear(m, block, "out", dim, dim);
		linear(m, block, "fc1", 4 * dim, dim);
		linear(m, block, "fc2", dim, 4 * dim);
		if (scaled) {
			vector(m, block, "ls1", dim, 0.1f, 0.3f);
			vector(m, block, "ls2", dim, 0.1f, 0.3f);
		}
	}
	norm(m, prefix, "ln", dim);
}

#define STAGES 7
static const uint32_t repeats[STAGES] = {1, 3, 3, 4, 4, 5, 1}, kernels[STAGES] = {3, 3, 5, 3, 5, 5, 3};
static const uint32_t strides[STAGES] = {1, 2, 2, 2, 1, 2, 1}, expand[STAGES] = {1, 6, 6, 6, 6, 6, 6};
static const uint32_t channels[STAGES] = {16, 24, 48, 88, 120, 208, 352};

static void lite(maker *m)
{
	uint32_t in = 32, n = 0;
	conv(m, "egx.lite.", "stem", in, 3, 3, 1.4f);
	for (int s = 0; s < STAGES; s++)
		for (uint32_t i = 0; i < repeats[s]; i++, n++) {
			g_autofree char *block = g_strdup_printf("egx.lite.blocks.%u.", n);
			const uint32_t hidden = in * expand[s];
			if (expand[s] > 1)
				conv(m, block, "expand", hidden, in, 1, 1.4f);
			conv(m, block, "dw", hidden, 1, kernels[s], 1.4f);
			conv(m, block, "project", channels[s], hidden, 1, 0.7f);
			in = channels[s];
		}
	norm(m, "egx.lite.", "ln32", 352);
	norm(m, "egx.lite.", "ln16", 120);
	gguf_writer_u32s(m->w, "earthgpt-x.lite.repeats", STAGES, repeats);
	gguf_writer_u32s(m->w, "earthgpt-x.lite.kernels", STAGES, kernels);
	gguf_writer_u32s(m->w, "earthgpt-x.lite.strides", STAGES, strides);
	gguf_writer_u32s(m->w, "earthgpt-x.lite.expand", STAGES, expand);
	gguf_writer_u32s(m->w, "earthgpt-x.lite.channels", STAGES, channels);
}

static void cnx(maker *m)
{
	static const uint32_t dims[] = {192, 384, 768, 1536}, depths[] = {1, 1, 1, 1};
	for (uint32_t s = 0; s < 4; s++) {
		g_autofree char *down = g_strdup_printf("egx.cnx.down.%u.", s),
						*block = g_strdup_printf("egx.cnx.blk.%u.0.", s);
		conv(m, down, "conv", dims[s], s ? dims[s - 1] : 3, s ? 2 : 4, 1);
		norm(m, down, "ln", s ? dims[s - 1] : dims[0]);
		conv(m, block, "dw", dims[s], 1, 7, 1);
		norm(m, block, "ln", dims[s]);
		linear(m, block, "fc1", 4 * dims[s], dims[s]);
		linear(m, block, "fc2", dims[s], 4 * dims[s]);
		vector(m, block, "gamma", dims[s], 0.1f, 0.3f);
	}
	norm(m, "egx.cnx.", "ln", dims[3]);
	gguf_writer_u32s(m->w, "earthgpt-x.cnx.dims", 4, dims);
	gguf_writer_u32s(m->w, "earthgpt-x.cnx.depths", 4, depths);
}

typedef struct {
	uint32_t both, dim, ffn, zoom, width;
} tail_sizes;

/* From the fusion on. */
static void tail(maker *m, const tail_sizes *s)
{
	static const char *const attention[] = {"egx.hyb.sa1.", "egx.hyb.ca.", "egx.hyb.sa2."};
	norm(m, "egx.fuse.", "ln", s->both);
	linear(m, "egx.", "fuse", s->dim, s->both);
	put(m, "egx.view", GGUF_F32, 2, (uint32_t[]){5, s->dim}, 0.3f, 0);
	for (int i = 0; i < 5; i++) {
		g_autofree char *name = g_strdup_printf("ln%d", i);
		norm(m, "egx.hyb.", name, s->dim);
	}
	for (int i = 0; i < 3; i++)
		for (const char *c = "qkvo"; *c; c++)
			linear(m, attention[i], (char[]){*c, 0}, s->dim, s->dim);
	linear(m, "egx.hyb.", "fc1", s->ffn, s->dim);
	linear(m, "egx.hyb.", "fc2", s->dim, s->ffn);
	norm(m, "egx.proj.", "ln", s->dim);
	linear(m, "egx.proj.", "fc1", s->width, s->dim);
	linear(m, "egx.proj.", "fc2", s->width, s->width);
	norm(m, "egx.region.", "ln", s->dim + s->zoom + 64);
	linear(m, "egx.region.", "fc", s->width, s->dim + s->zoom + 64);
	linear(m, "egx.pix.", "fc1", s->width, s->width);
	linear(m, "egx.pix.", "fc2", 256, s->width);
}

static void keys(maker *m, const char *part, uint32_t dim, uint32_t depth, uint32_t heads, uint32_t patch)
{
	const struct {
		const char *name;
		uint32_t value;
	} all[] = {{"dim", dim}, {"depth", depth}, {"heads", heads}, {"patch", patch}};
	for (guint i = 0; i < G_N_ELEMENTS(all); i++) {
		g_autofree char *key = g_strdup_printf("earthgpt-x.%s.%s", part, all[i].name);
		gguf_writer_u32(m->w, key, all[i].value);
	}
}

static gguf *finish(maker *m, uint32_t view, const tail_sizes *s, uint32_t heads)
{
	const float mean[] = {0.485f, 0.456f, 0.406f}, std[] = {0.229f, 0.224f, 0.225f};
	g_autoptr(GError) error = NULL;
	gguf_writer_string(m->w, "general.architecture", "earthgpt-x");
	gguf_writer_u32(m->w, "llama.embedding_length", s->width);
	gguf_writer_u32(m->w, "earthgpt-x.views", 5);
	gguf_writer_u32(m->w, "earthgpt-x.view_size", view);
	gguf_writer_u32(m->w, "earthgpt-x.regions_max", 10);
	gguf_writer_u32(m->w, "earthgpt-x.hyb.dim", s->dim);
	gguf_writer_u32(m->w, "earthgpt-x.hyb.heads", heads);
	gguf_writer_u32(m->w, "earthgpt-x.hyb.ffn", s->ffn);
	gguf_writer_f32s(m->w, "earthgpt-x.mean", 3, mean);
	gguf_writer_f32s(m->w, "earthgpt-x.std", 3, std);
	g_autoptr(GBytes) bytes = gguf_writer_end(m->w);
	gguf *file = gguf_open_bytes(bytes, "random weights", &error);
	g_assert_no_error(error);
	g_free(m->values);
	return file;
}

static gguf *make_tiny(void)
{
	const tail_sizes s = {4 * 192 + 352 + 120, 384, 768, 352 + 120, 576};
	maker m = {.w = gguf_writer_new(), .state = 1};
	transformer(&m, "vit", 3, 256, 16, 192, 12, true, true);
	lite(&m);
	transformer(&m, "sae", 4, 256, 32, 128, 2, false, false);
	linear(&m, "egx.sae.", "out", 384, 128);
	tail(&m, &s);
	keys(&m, "vit", 192, 12, 3, 16);
	keys(&m, "sae", 128, 2, 2, 32);
	return finish(&m, 256, &s, 6);
}

static gguf *make_full(void)
{
	const tail_sizes s = {1536 + 1024, 1024, 4096, 0, 5120};
	maker m = {.w = gguf_writer_new(), .state = 2};
	transformer(&m, "vit", 3, 224, 14, 1024, 1, true, true);
	cnx(&m);
	transformer(&m, "sae", 4, 224, 14, 384, 1, true, false);
	linear(&m, "egx.sae.", "out", 1024, 384);
	tail(&m, &s);
	keys(&m, "vit", 1024, 1, 16, 14);
	keys(&m, "sae", 384, 1, 6, 14);
	return finish(&m, 224, &s, 16);
}

/* --- running --- */

#define SIDE 500

static GBytes *picture(void)
{
	uint8_t *rgb = g_malloc(SIDE * SIDE * 3);
	for (int i = 0; i < SIDE * SIDE * 3; i++)
		rgb[i] = (uint8_t)(128 + 90 * sin(i / 3 % SIDE / 13.0) * cos(i / 3 / SIDE / 17.0 + i % 3));
	return g_bytes_new_take(rgb, SIDE * SIDE * 3);
}

static egx_vectors look(gpu *dev, const gguf *file, bool f32, bool fast, egx_info *info)
{
	static const double box[] = {100, 120, 300, 260}, point[] = {400, 90};
	const egx_region r[] = {{.kind = EGX_BOX, .n = 2, .xy = box}, {.kind = EGX_POINT, .n = 1, .xy = point}};
	egx_vectors v;
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) rgb = picture();
	g_autoptr(egx_model) m = egx_model_open(dev, file, &(egx_options){.f32 = f32, .f16 = !f32}, &error);
	g_assert_no_error(error);
	*info = *egx_model_info(m);
	g_autoptr(egx_image) image = egx_image_new(m, rgb, SIDE, SIDE, fast, NULL, &error);
	g_assert_no_error(error);
	const bool ok = egx_image_splice(image, r, 2, &v, NULL, &error);
	g_assert_no_error(error);
	g_assert_true(ok);
	for (gsize i = 0; i < (gsize)v.n_image * v.width; i++)
		g_assert_true(isfinite(v.image[i]));
	for (gsize i = 0; i < (gsize)v.n_regions * v.width; i++)
		g_assert_true(isfinite(v.region[i]));
	return v;
}

static double difference(const float *a, const float *b, gsize n)
{
	double worst = 0, square = 0;
	for (gsize i = 0; i < n; i++) {
		worst = MAX(worst, fabs((double)a[i] - b[i]));
		square += (double)a[i] * a[i];
	}
	g_assert_cmpfloat(square, >, 0);
	return worst / sqrt(square / (double)n);
}

static void check_f16(gpu *dev, const gguf *file, const egx_vectors *f32)
{
	egx_info info;
	if (!gpu_get_caps(dev)->f16_storage)
		return;
	g_auto(egx_vectors) f16 = look(dev, file, false, true, &info);
	const double image = difference(f32->image, f16.image, (gsize)f16.n_image * f16.width);
	const double region = difference(f32->region, f16.region, (gsize)f16.n_regions * f16.width);
	g_test_message("f16 beside f32: image %.2e, regions %.2e", image, region);
	g_assert_cmpfloat(image, <=, F16_WHOLE);
	g_assert_cmpfloat(region, <=, F16_WHOLE);
}

static gpu *open_device(void)
{
	g_autoptr(GError) error = NULL;
	gpu *dev = gpu_open(&(gpu_options){0}, &error);
	g_assert_no_error(error);
	return dev;
}

static void test_tiny(void)
{
	g_autoptr(gpu) dev = open_device();
	g_autoptr(gguf) file = make_tiny();
	egx_info info;
	g_auto(egx_vectors) v = look(dev, file, true, true, &info);
	g_assert_cmpuint(info.parameters, ==, TINY_VISION + TINY_PIX - TINY_NORMS);
	g_assert_cmpuint(v.n_image, ==, 64);
	g_assert_cmpuint(v.width, ==, 576);
	check_f16(dev, file, &v);
	g_auto(egx_vectors) all = look(dev, file, true, false, &info);
	g_assert_cmpuint(all.n_views, ==, 5);
	g_assert_cmpuint(all.n_image, ==, 128);
}

static void test_full(void)
{
	g_autoptr(gpu) dev = open_device();
	g_autoptr(gguf) file = make_full();
	egx_info info;
	g_auto(egx_vectors) v = look(dev, file, true, true, &info);
	g_assert_cmpuint(v.n_image, ==, 257);
	g_assert_cmpuint(v.width, ==, 5120);
	if (!g_test_slow())
		return;
	check_f16(dev, file, &v);
	g_auto(egx_vectors) all = look(dev, file, true, false, &info);
	g_assert_cmpuint(all.n_image, ==, 5 * 257);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/egx/shapes/tiny", test_tiny);
	g_test_add_func("/egx/shapes/full", test_full);
	return g_test_run();
}
