/* Every module of EarthGPT-X's vision side and the whole of it against PyTorch, on small models with random weights,
 * for both CNN branches. */
#include "infer/models/egx-model.h"
#include "tests/gpu/models/egx-fixture.h"
#include <math.h>
#include <string.h>

#define F32_MAX 1e-3
#define F16_MODULE 1e-2
#define F16_WHOLE 2e-2

typedef struct {
	gpu *dev;
	egx_model *model;
	sam_model *segmenter;
	gguf *out;
	double module, whole; /* limits of errors */
} bench;

typedef struct {
	sam_pass p;
	arena_mark mark;
} open_pass;

static open_pass begin(const bench *b)
{
	g_autoptr(GError) error = NULL;
	open_pass o;
	g_assert_true(egx_pass_begin(b->model, &o.p, NULL, &o.mark, &error));
	return o;
}

/* What a tensor holds, as f32, once the pass is finished. */
static void fetch(open_pass *o, tensor t, float *out)
{
	const tensor y = arena_tensor(o->p.work, DTYPE_F32, t.n_dims, t.ne);
	op_copy(o->p.o, o->p.cmd, y, t);
	gpu_cmd_download(o->p.cmd, out, y.data);
}

static void finish(open_pass *o)
{
	g_autoptr(GError) error = NULL;
	const bool ok = sam_pass_end(&o->p, o->mark, &error);
	g_assert_no_error(error);
	g_assert_true(ok);
}

static float *end(open_pass *o, tensor t)
{
	float *values = g_new(float, tensor_count(&t));
	fetch(o, t, values);
	finish(o);
	return values;
}

static bool has(const bench *b, const fixture_case *c, const char *what)
{
	return gguf_find(b->out, fixture_key(c, what)) != NULL;
}

static void compare(const bench *b, const fixture_case *c, const char *what, const float *got, gsize n, double limit)
{
	fixture_compare(b->out, fixture_key(c, what), got, n, limit);
}

/* --- modules --- */

/* Both branches of each view, and what their fusion makes of them. */
static void check_branches(const bench *b, const fixture_case *c, egx_image *image)
{
	const egx_model *m = b->model;
	const uint32_t vit = egx_vit_tokens(&m->vit) * m->vit.dim;
	uint32_t first, cnn;
	egx_cnn_columns(m, &first, &cnn);
	g_autofree float *vits = g_new(float, vit * c->n_views), *cnns = g_new(float, m->n *cnn * c->n_views);
	g_autofree float *fused = g_new(float, m->n * m->dim * c->n_views);
	for (uint32_t v = 0; v < c->n_views; v++) {
		open_pass o = begin(b);
		const egx_mve mve = egx_mve_run(m, &o.p, &image->reader, &image->frame[v]);
		g_autofree float *both = g_new(float, tensor_count(&mve.both));
		fetch(&o, mve.vit, vits + v * vit);
		fetch(&o, mve.both, both);
		fetch(&o, mve.fused, fused + v * m->n * m->dim);
		finish(&o);
		for (uint32_t t = 0; t < m->n; t++)
			memcpy(cnns + (v * m->n + t) * cnn, both + t * mve.both.ne[1] + first, cnn * sizeof(float));
	}
	if (has(b, c, "vit")) {
		compare(b, c, "vit", vits, vit * c->n_views, b->module);
		compare(b, c, "cnn", cnns, m->n * cnn * c->n_views, b->module);
	}
	compare(b, c, "fused", fused, m->n * m->dim * c->n_views, b->whole);
}

/* V_p is kept as f16 in the file; sixteenths are exact, tenths are not. */
static float *check_raster(const bench *b, const fixture_case *c, const egx_image *image)
{
	const gsize plane = (gsize)b->model->info.view_size * b->model->info.view_size, n = 4 * plane * c->n_views;
	g_autofree float *cov = g_new(float, MAX(c->n_regions, 1) * plane), *want = NULL;
	float *planes = g_new(float, n);
	gsize count;
	for (uint32_t v = 0; v < c->n_views; v++)
		egx_raster(&image->frame[v], c->region, c->n_regions, c->w, c->h, planes + 4 * plane * v, cov);
	want = reference_read(b->out, fixture_key(c, "raster"), &count);
	gsize wrong = 0;
	for (gsize i = 0; want && i < n; i++)
		if (fabsf(planes[i] - want[i]) > 1e-3f) {
			if (wrong++ < 5)
				g_test_message("view %u plane %u at %u,%u: %g instead of %g", (guint)(i / plane / 4),
				               (guint)(i / plane % 4), (guint)(i % plane % b->model->info.view_size),
				               (guint)(i % plane / b->model->info.view_size), (double)planes[i], (double)want[i]);
		}
	g_assert_cmpuint(wrong, ==, 0);
	return planes;
}

static void check_prompt_encoder(const bench *b, const fixture_case *c, const float *planes)
{
	if (!has(b, c, "sae"))
		return;
	open_pass o = begin(b);
	g_autofree float *got = end(&o, egx_prompt_run(b->model, &o.p, planes, c->n_views));
	compare(b, c, "sae", got, (gsize)c->n_views * b->model->n * b->model->dim, b->module);
}

/* The hybrid block alone: its inputs are the reference's. */
static void check_hybrid(const bench *b, const fixture_case *c)
{
	const egx_model *m = b->model;
	gsize n;
	if (!has(b, c, "sae"))
		return;
	g_autofree float *fused = reference_read(b->out, fixture_key(c, "fused"), &n);
	g_autofree float *sae = reference_read(b->out, fixture_key(c, "sae"), &n);
	open_pass o = begin(b);
	o.p.act = DTYPE_F32;
	const tensor image = egx_upload(&o.p, TENSOR_SHAPE(c->n_views * m->n, m->dim), fused);
	const tensor prompt = egx_upload(&o.p, TENSOR_SHAPE(c->n_views * m->n, m->dim), sae);
	for (uint32_t v = 0; v < c->n_views; v++) {
		const tensor view = tensor_slice(image, v * m->n, m->n);
		op_add(o.p.o, o.p.cmd, view, view, tensor_slice(m->view, c->view[v], 1), ACT_NONE);
	}
	egx_hybrid_run(m, &o.p, image, prompt);
	g_autofree float *got = end(&o, image);
	compare(b, c, "hybrid", got, n, F32_MAX);
}

static void check_zoom(const bench *b, const fixture_case *c, egx_image *image)
{
	const egx_model *m = b->model;
	if (!has(b, c, "zoom"))
		return;
	g_autofree float *all = g_new(float, c->n_regions * m->zoom);
	for (uint32_t k = 0; k < c->n_regions; k++) {
		open_pass o = begin(b);
		g_autofree float *z = end(&o, egx_zoom_run(m, &o.p, &image->reader, &c->region[k]));
		memcpy(all + k * m->zoom, z, m->zoom * sizeof(float));
	}
	compare(b, c, "zoom", all, c->n_regions * m->zoom, b->module);
}

/* --- the whole --- */

static void check_splice(const bench *b, const fixture_case *c, egx_image *image)
{
	g_autoptr(GError) error = NULL;
	g_auto(egx_vectors) v = {0};
	const bool ok = egx_image_splice(image, c->region, c->n_regions, &v, NULL, &error);
	g_assert_no_error(error);
	g_assert_true(ok);
	g_assert_cmpuint(v.n_views, ==, c->n_views);
	for (uint32_t i = 0; i < c->n_views; i++)
		g_assert_cmpuint(v.view[i], ==, c->view[i]);
	compare(b, c, "image", v.image, (gsize)v.n_image * v.width, b->whole);
	g_assert_cmpuint(v.n_regions, ==, c->n_regions);
	if (c->n_regions == 0)
		return;
	compare(b, c, "region", v.region, (gsize)v.n_regions * v.width, b->whole);
	g_autofree float *codes = g_new(float, (gsize)c->n_regions *EGX_CODE);
	for (uint32_t k = 0; k < c->n_regions; k++)
		egx_position_code(&c->region[k], c->w, c->h, codes + k * EGX_CODE);
	compare(b, c, "code", codes, (gsize)c->n_regions * EGX_CODE, F32_MAX);
	g_autofree float *sizes = g_new(float, (gsize)c->n_regions *EGX_SIZE);
	for (uint32_t k = 0; k < c->n_regions; k++)
		egx_size_code(&c->region[k], c->w, c->h, sizes + k * EGX_SIZE);
	compare(b, c, "size", sizes, (gsize)c->n_regions * EGX_SIZE, F32_MAX);
}

/* The mask must be what the reference's logits give at full size, but for a few pixels on its edge. */
static void check_mask(const bench *b, const fixture_case *c, egx_image *image, const char *what,
                       const egx_region *region)
{
	gsize n, hidden_n;
	g_autoptr(GError) error = NULL;
	g_autofree float *hidden = reference_read(b->out, fixture_key(c, "hidden"), &hidden_n);
	g_autofree float *logits = reference_read(b->out, fixture_key(c, what), &n);
	g_autofree uint8_t *want = g_malloc((gsize)c->w * (gsize)c->h);
	sam_candidate got, same = {.mask = want};
	const bool ok = egx_image_ground(image, b->segmenter, hidden, region, &got, NULL, &error);
	g_assert_no_error(error);
	g_assert_true(ok);
	sam_full_mask(&image->encoding->frame, logits, c->w, c->h, &same);
	int wrong = 0;
	for (int i = 0; i < c->w * c->h; i++)
		wrong += got.mask[i] != want[i];
	g_test_message("%s: %d of %d pixels differ, area %d of %d", fixture_key(c, what), wrong, c->w * c->h, (int)got.area,
	               (int)same.area);
	g_assert_cmpint(wrong, <=, c->w * c->h / 200);
	g_assert_true(isfinite(got.score));
	g_free(got.mask);
}

static void check_vector(const bench *b, const fixture_case *c)
{
	gsize n;
	g_autofree float *hidden = reference_read(b->out, fixture_key(c, "hidden"), &n);
	open_pass o = begin(b);
	o.p.act = DTYPE_F32;
	const tensor h = egx_upload(&o.p, TENSOR_SHAPE(1, b->model->info.width), hidden);
	g_autofree float *vector = end(&o, egx_pix_run(b->model, &o.p, h));
	compare(b, c, "vector", vector, b->model->info.prompt_dim, F32_MAX);
}

static void check_case(const bench *b, const fixture_case *c)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(egx_image) image = egx_image_new(b->model, c->rgb, c->w, c->h, c->fast, NULL, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(image->n_views, ==, c->n_views);
	check_branches(b, c, image);
	g_autofree float *planes = check_raster(b, c, image);
	check_prompt_encoder(b, c, planes);
	check_hybrid(b, c);
	check_zoom(b, c, image);
	check_splice(b, c, image);
	check_vector(b, c);
	check_mask(b, c, image, "mask", NULL);
	if (c->n_regions > 0)
		check_mask(b, c, image, "mask_region", &c->region[0]);
}

static void test_setting(gpu *dev, const fixture_setting *s)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *outputs = g_strconcat(s->name, "-out", NULL);
	g_autoptr(gguf) file = reference_open(s->name), out = reference_open(outputs);
	g_autoptr(gguf) segmenter = reference_open("fixture-efficientnet_lite");
	g_autoptr(sam_model) sam = sam_model_open(dev, gguf_path(segmenter), &(sam_options){.f32 = true}, &error);
	g_assert_no_error(error);
	g_autoptr(egx_model) m = egx_model_open(dev, file, &(egx_options){.f32 = s->f32, .f16 = !s->f32}, &error);
	g_assert_no_error(error);
	const bench b = {dev, m, sam, out, s->f32 ? F32_MAX : F16_MODULE, s->f32 ? F32_MAX : F16_WHOLE};
	int cases = 0;
	while (true) {
		g_auto(fixture_case) c;
		if (!fixture_case_read(out, cases, &c))
			break;
		check_case(&b, &c);
		cases++;
	}
	g_assert_cmpint(cases, >=, 2);
}

int main(int argc, char **argv)
{
	static const char *const names[] = {"egx-lite", "egx-cnx"};
	return fixture_run(argc, argv, "/egx/fixtures", names, G_N_ELEMENTS(names), test_setting);
}
