/* An EarthGPT-X file's vision side on the device: sizes checked, weights uploaded. */
#include "infer/models/egx-model.h"
#include <glib/gi18n-lib.h>
#include <string.h>

#define KEY "earthgpt-x."
#define DIM_MAX 16384

/* --- metadata --- */

static void take_text(const gguf *file, const char *key, char *out, size_t size)
{
	const char *text = gguf_has(file, key) ? gguf_get_string(file, key, NULL) : NULL;
	g_strlcpy(out, text ? text : "", size);
}

/* A number within low..high; 0 when it is not. */
static uint32_t read_u32(sam_build *b, const char *key, uint32_t low, uint32_t high)
{
	uint32_t v = 0;
	if (!sam_build_ok(b) || !gguf_get_u32(b->file, key, &v, &b->loader->error))
		return 0;
	if (v >= low && v <= high)
		return v;
	sam_build_fail(b, _("%s is %u, outside %u to %u"), key, v, low, high);
	return 0;
}

/* Mean and deviation, brought to 0..255. */
static bool read_normal(sam_build *b, const char *key, float low, float out[3])
{
	if (!sam_build_f32x3(b, key, out))
		return false;
	for (int c = 0; c < 3; c++) {
		if (!(out[c] >= low && out[c] <= 10))
			return sam_build_fail(b, _("%s holds %g"), key, (double)out[c]);
		out[c] *= 255;
	}
	return true;
}

/* Which CNN branch the file holds is told by its keys. */
static bool read_branch(egx_model *m, sam_build *b)
{
	const bool lite = gguf_has(b->file, KEY "lite.repeats"), cnx = gguf_has(b->file, KEY "cnx.dims");
	if (lite == cnx)
		return sam_build_fail(b,
		                      _("it has neither or both of the keys earthgpt-x.lite.repeats and earthgpt-x.cnx.dims"));
	g_strlcpy(m->info.cnn, lite ? "lite" : "cnx", sizeof m->info.cnn);
	return true;
}

static bool read_sizes(egx_model *m, sam_build *b)
{
	egx_info *i = &m->info;
	if (!sam_build_architecture(b, "earthgpt-x", _("it cannot look at images")) || !read_branch(m, b))
		return false;
	i->views = read_u32(b, KEY "views", 1, EGX_VIEWS);
	i->view_size = read_u32(b, KEY "view_size", 16, 4096);
	i->regions_max = read_u32(b, KEY "regions_max", 1, 64);
	i->width = read_u32(b, "llama.embedding_length", 4, DIM_MAX * 4);
	i->prompt_dim = sam_build_axis(b, "egx.pix.fc2.weight", 0, 4, 4096);
	if (gguf_find(b->file, "egx.pix.map.weight")) {
		m->map_rows = sam_build_axis(b, "egx.pix.map.weight", 0, 1, 4 * DIM_MAX);
		if (strcmp(i->cnn, "lite") != 0)
			return sam_build_fail(b, _("it has egx.pix.map, which goes with EfficientNet-Lite only"));
	}
	if (!egx_number_read(m, b))
		return false;
	m->dim = read_u32(b, KEY "hyb.dim", 4, DIM_MAX);
	m->heads = read_u32(b, KEY "hyb.heads", 1, 1024);
	return read_normal(b, KEY "mean", -10, m->mean) && read_normal(b, KEY "std", 1e-3f, m->std);
}

static bool check_heads(sam_build *b, const char *what, uint32_t dim, uint32_t heads)
{
	if (dim % heads == 0 && dim / heads <= 256)
		return true;
	return sam_build_fail(b, _("%s has %u channels for %u heads"), what, dim, heads);
}

static bool read_vit(sam_build *b, const char *part, egx_vit_sizes *s)
{
	g_autofree char *prefix = g_strconcat(KEY, part, NULL);
	s->dim = read_u32(b, sam_name(prefix, "dim"), 4, DIM_MAX);
	s->depth = read_u32(b, sam_name(prefix, "depth"), 1, 256);
	s->heads = read_u32(b, sam_name(prefix, "heads"), 1, 1024);
	s->patch = read_u32(b, sam_name(prefix, "patch"), 1, 256);
	if (!sam_build_ok(b) || !check_heads(b, prefix, s->dim, s->heads))
		return false;
	if (s->view_size % s->patch != 0)
		return sam_build_fail(b, _("earthgpt-x.view_size %u is no multiple of %s.patch %u"), s->view_size, prefix,
		                      s->patch);
	return true;
}

/* The grids of ViT, CNN branch and prompt encoder must meet in the fused tokens. */
static bool check_grids(egx_model *m, sam_build *b, const egx_vit_sizes *vit, const egx_vit_sizes *sae)
{
	const uint32_t v = m->info.view_size, g = v / sae->patch, grid = v / vit->patch;
	const bool lite = strcmp(m->info.cnn, "lite") == 0;
	m->grid = g;
	m->n = g * g + (lite ? 0 : 1);
	if (lite ? grid != 2 * g || v != 32 * g || v % 64 != 0 : grid != g || g % 2 != 0)
		return sam_build_fail(b, _("view_size %u, vit.patch %u and sae.patch %u do not fit each other"), v, vit->patch,
		                      sae->patch);
	m->info.view_tokens[0] = m->n + m->numbers.rows;
	m->info.view_tokens[1] = lite ? m->n / 4 : m->n;
	return check_heads(b, KEY "hyb", m->dim, m->heads);
}

static void fill_info(egx_model *m, const gguf *file)
{
	egx_info *i = &m->info;
	take_text(file, "general.name", i->name, sizeof i->name);
	take_text(file, "general.version", i->version, sizeof i->version);
	take_text(file, "general.license", i->license, sizeof i->license);
	take_text(file, KEY "segmenter.sha256", i->segmenter, sizeof i->segmenter);
	if (!i->name[0])
		g_strlcpy(i->name, "unnamed", sizeof i->name);
	for (char *c = i->segmenter; *c; c++)
		*c = g_ascii_tolower(*c);
	const char *card = gguf_has(file, "nadir.card") ? gguf_get_string(file, "nadir.card", NULL) : NULL;
	m->card = g_strdup(card ? card : "");
	i->card = m->card;
	for (guint t = 0; t < gguf_n_tensors(file); t++)
		if (g_str_has_prefix(gguf_nth_tensor(file, t)->name, "egx."))
			i->parameters += gguf_nth_tensor(file, t)->count;
}

/* --- loading --- */

static void load_brackets(egx_model *m, sam_build *b)
{
	static const char *const names[] = {"egx.img_start", "egx.img_end", "egx.vp_start", "egx.vp_end"};
	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		if (!sam_build_ok(b) || !gguf_find(b->file, names[i]))
			continue;
		const gguf_tensor *t = gguf_need(b->file, names[i], 1, &m->info.width, &b->loader->error);
		if (!t)
			return;
		m->bracket[i] = g_new(float, t->count);
		gguf_read_f32(t, 0, t->count, m->bracket[i]);
	}
}

static bool load_parts(egx_model *m, sam_build *b, const sam_pass *p)
{
	const bool cnx = strcmp(m->info.cnn, "cnx") == 0;
	egx_vit_sizes vit = {.channels = 3, .view_size = m->info.view_size, .cls = true, .scaled = true};
	egx_vit_sizes sae = {.channels = 4, .view_size = m->info.view_size, .cls = cnx};
	if (!read_vit(b, "vit", &vit) || !read_vit(b, "sae", &sae) || !check_grids(m, b, &vit, &sae))
		return false;
	egx_vit_load(&m->vit, b, p, "egx.vit", &vit);
	if (!egx_branch_load(m, b, p))
		return false;
	m->view_flops = b->flops;
	egx_vit_load(&m->sae, b, p, "egx.sae", &sae);
	const uint32_t ffn = read_u32(b, KEY "hyb.ffn", 4, 4 * DIM_MAX);
	if (!sam_build_ok(b) || !egx_hybrid_load(m, b, ffn))
		return false;
	m->splice_flops = b->flops - m->view_flops;
	load_brackets(m, b);
	return sam_build_ok(b);
}

/* The file's own faults are this model's errors, whoever found them. */
static void keep_error(GError *found, GError **error)
{
	if (found->domain == SAM_ERROR || found->domain == GGUF_ERROR) {
		g_set_error_literal(error, EGX_ERROR, EGX_ERROR_MODEL, found->message);
		g_error_free(found);
	} else {
		g_propagate_error(error, found);
	}
}

/* Uploads are recorded into one pass, which ends here whether all was found or not. */
static bool load(egx_model *m, const gguf *file, GError **error)
{
	sam_pass p;
	arena_mark mark;
	GError *missing = NULL, *device = NULL;
	if (!egx_pass_begin(m, &p, NULL, &mark, error))
		return false;
	weight_loader loader = {.ops = m->ops, .arena = m->weights, .cmd = p.cmd, .file = file};
	sam_build b = {.loader = &loader, .file = file};
	const bool complete = read_sizes(m, &b) && load_parts(m, &b, &p);
	const bool loaded = weight_loader_finish(&loader, &missing), ran = sam_pass_end(&p, mark, &device);
	if (!loaded)
		keep_error(missing, error);
	if (!ran && loaded)
		keep_error(device, error);
	else
		g_clear_error(&device);
	return complete && loaded && ran;
}

egx_model *egx_model_open(gpu *dev, const gguf *file, const egx_options *options, GError **error)
{
	g_autoptr(egx_model) m = g_new0(egx_model, 1);
	m->dev = dev;
	m->ops = ops_new(dev);
	m->weights = arena_new(dev, 16u << 20, _("model weights"));
	m->work = arena_new(dev, 0, _("activations"));
	const bool want = options->f16 || (!options->f32 && !gpu_get_caps(dev)->software);
	m->act = want && ops_f16(m->ops) ? DTYPE_F16 : DTYPE_F32;
	if (!load(m, file, error))
		return NULL;
	fill_info(m, file);
	return g_steal_pointer(&m);
}

void egx_model_close(egx_model *m)
{
	if (!m)
		return;
	egx_vit_clear(&m->vit);
	egx_vit_clear(&m->sae);
	lite_trunk_free(m->lite);
	egx_cnx_free(m->cnx);
	for (guint i = 0; i < G_N_ELEMENTS(m->bracket); i++)
		g_free(m->bracket[i]);
	arena_free(m->work);
	arena_free(m->weights);
	ops_free(m->ops);
	g_free(m->card);
	g_free(m);
}

const egx_info *egx_model_info(const egx_model *m)
{
	return &m->info;
}

const float *egx_model_bracket(const egx_model *m, egx_bracket which)
{
	return m->bracket[which];
}
