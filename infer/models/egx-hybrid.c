/* From the raster of marks to vectors for the language model: prompt encoder, mutual understanding, projection, region
 * tokens (spec earthgpt-x.md 5, 6 and 12), and R_lp (9). */
#include "infer/models/egx-model.h"
#include <string.h>

/* --- loading --- */

static egx_heads load_heads(sam_build *b, const char *prefix, uint32_t dim)
{
	return (egx_heads){.q = weight_linear(b->loader, sam_name(prefix, "q"), dim, dim, true),
	                   .k = weight_linear(b->loader, sam_name(prefix, "k"), dim, dim, true),
	                   .v = weight_linear(b->loader, sam_name(prefix, "v"), dim, dim, true),
	                   .o = weight_linear(b->loader, sam_name(prefix, "o"), dim, dim, true)};
}

static void load_block(egx_model *m, sam_build *b, uint32_t ffn)
{
	static const char *const norms[] = {"egx.hyb.ln0", "egx.hyb.ln1", "egx.hyb.ln2", "egx.hyb.ln3", "egx.hyb.ln4"};
	for (guint i = 0; i < G_N_ELEMENTS(norms); i++)
		m->hyb_ln[i] = sam_norm_load(b, norms[i], m->dim);
	m->sa1 = load_heads(b, "egx.hyb.sa1", m->dim);
	m->ca = load_heads(b, "egx.hyb.ca", m->dim);
	m->sa2 = load_heads(b, "egx.hyb.sa2", m->dim);
	m->hyb_fc1 = weight_linear(b->loader, "egx.hyb.fc1", ffn, m->dim, true);
	m->hyb_fc2 = weight_linear(b->loader, "egx.hyb.fc2", m->dim, ffn, true);
	sam_build_count(b, (uint64_t)m->n * m->dim, 12 * (uint64_t)m->dim + 2 * ffn + 6 * (uint64_t)m->n);
}

bool egx_hybrid_load(egx_model *m, sam_build *b, uint32_t ffn)
{
	const uint32_t D = m->info.width, d = m->dim, region = d + m->zoom + EGX_CODE;
	m->sae_out = weight_linear(b->loader, "egx.sae.out", d, m->sae.dim, true);
	load_block(m, b, ffn);
	m->proj_ln = sam_norm_load(b, "egx.proj.ln", d);
	m->proj_fc1 = weight_linear(b->loader, "egx.proj.fc1", D, d, true);
	m->proj_fc2 = weight_linear(b->loader, "egx.proj.fc2", D, D, true);
	m->region_ln = sam_norm_load(b, "egx.region.ln", region);
	m->region_fc = weight_linear(b->loader, "egx.region.fc", D, region, true);
	m->sized = gguf_find(b->file, "egx.size.weight");
	if (m->sized)
		m->size = weight_linear(b->loader, "egx.size", D, EGX_SIZE, true);
	m->pix_fc1 = weight_linear(b->loader, "egx.pix.fc1", D, D, true);
	m->pix_fc2 = weight_linear(b->loader, "egx.pix.fc2", m->info.prompt_dim, D, true);
	if (m->map_rows)
		m->pix_map = weight_linear(b->loader, "egx.pix.map", m->map_rows, D, true);
	sam_build_count(b, (uint64_t)m->n * D, (uint64_t)d + D);
	return sam_build_ok(b);
}

/* --- running --- */

tensor egx_prompt_run(const egx_model *m, const sam_pass *p, const float *planes, uint32_t views)
{
	const egx_vit *v = &m->sae;
	const uint32_t side = m->info.view_size, cols = v->channels * v->patch * v->patch, rows = views * m->n;
	const size_t view = (size_t)v->channels * side * side, cut = (size_t)v->cells * cols;
	g_autofree float *patches = g_new(float, cut *views);
	for (uint32_t i = 0; i < views; i++)
		egx_cut_patches(planes + i * view, (int)v->channels, (int)side, (int)v->patch, patches + i * cut);
	const tensor x = egx_vit_run(v, p, egx_upload(p, TENSOR_SHAPE(views * v->cells, cols), patches), views);
	const tensor y = arena_tensor(p->work, p->act, TENSOR_SHAPE(rows, m->dim));
	op_linear(p->o, p->cmd, y, x, &m->sae_out, ACT_NONE, NULL);
	if (p->act == DTYPE_F32)
		return y;
	const tensor z = arena_tensor(p->work, DTYPE_F32, y.n_dims, y.ne);
	op_copy(p->o, p->cmd, z, y);
	return z;
}

void egx_hybrid_run(const egx_model *m, const sam_pass *pass, tensor image, tensor prompt)
{
	const sam_pass f32 = egx_in_f32(pass), *p = &f32;
	const arena_mark mark = arena_get_mark(p->work);
	const tensor y = arena_tensor(p->work, DTYPE_F32, image.n_dims, image.ne);
	const tensor z = arena_tensor(p->work, DTYPE_F32, image.n_dims, image.ne);
	const tensor hidden = arena_tensor(p->work, DTYPE_F32, TENSOR_SHAPE(image.ne[0], m->hyb_fc1.out));
	sam_norm_run(p, y, image, &m->hyb_ln[0], EGX_EPS, ACT_NONE);
	egx_attend(p, &m->sa1, m->heads, image, y, y, image, 1);
	sam_norm_run(p, z, prompt, &m->hyb_ln[1], EGX_EPS, ACT_NONE);
	op_linear(p->o, p->cmd, hidden, z, &m->hyb_fc1, ACT_GELU, NULL);
	op_linear(p->o, p->cmd, prompt, hidden, &m->hyb_fc2, ACT_NONE, &prompt);
	sam_norm_run(p, y, image, &m->hyb_ln[2], EGX_EPS, ACT_NONE);
	sam_norm_run(p, z, prompt, &m->hyb_ln[3], EGX_EPS, ACT_NONE);
	egx_attend(p, &m->ca, m->heads, image, y, z, image, 1);
	op_add(p->o, p->cmd, image, image, prompt, ACT_NONE);
	sam_norm_run(p, y, image, &m->hyb_ln[4], EGX_EPS, ACT_NONE);
	egx_attend(p, &m->sa2, m->heads, image, y, y, image, 1);
	arena_rewind(p->work, mark);
}

/* View 0 keeps its tokens; those of the others are averaged 2x2 (EfficientNet-Lite's form). */
static tensor reduce(const egx_model *m, const sam_pass *p, tensor hybrid, uint32_t views)
{
	if (!m->lite || views == 1)
		return hybrid;
	const uint32_t n = m->n, few = n / 4;
	const tensor y = arena_tensor(p->work, DTYPE_F32, TENSOR_SHAPE(n + (views - 1) * few, m->dim));
	op_copy(p->o, p->cmd, tensor_slice(y, 0, n), tensor_slice(hybrid, 0, n));
	for (uint32_t i = 1; i < views; i++)
		egx_halve(p, tensor_slice(y, n + (i - 1) * few, few), m->halves, tensor_slice(hybrid, i * n, n));
	return y;
}

tensor egx_project_run(const egx_model *m, const sam_pass *p, tensor hybrid, uint32_t views)
{
	const tensor x = reduce(m, p, hybrid, views);
	const tensor normed = arena_tensor(p->work, DTYPE_F32, x.n_dims, x.ne);
	const tensor hidden = arena_tensor(p->work, DTYPE_F32, TENSOR_SHAPE(x.ne[0], m->info.width));
	const tensor y = arena_tensor(p->work, DTYPE_F32, hidden.n_dims, hidden.ne);
	sam_norm_run(p, normed, x, &m->proj_ln, EGX_EPS, ACT_NONE);
	op_linear(p->o, p->cmd, hidden, normed, &m->proj_fc1, ACT_GELU, NULL);
	op_linear(p->o, p->cmd, y, hidden, &m->proj_fc2, ACT_NONE, NULL);
	return y;
}

/* The weights that make h_k of the tokens: c_k over its sum. */
static float *shares(const float *cover, uint32_t regions, uint32_t tokens)
{
	float *w = g_new(float, (size_t)regions *tokens);
	for (uint32_t k = 0; k < regions; k++, cover += tokens) {
		double sum = 1e-6;
		for (uint32_t t = 0; t < tokens; t++)
			sum += cover[t];
		for (uint32_t t = 0; t < tokens; t++)
			w[(size_t)k * tokens + t] = (float)(cover[t] / sum);
	}
	return w;
}

tensor egx_region_run(const egx_model *m, const sam_pass *pass, tensor hybrid, uint32_t regions, const egx_drawing *d)
{
	const sam_pass f32 = egx_in_f32(pass), *p = &f32;
	const uint32_t tokens = hybrid.ne[0], K = regions;
	g_autofree float *w = shares(d->cover, K, tokens);
	const tensor h = arena_tensor(p->work, DTYPE_F32, TENSOR_SHAPE(K, m->dim));
	const tensor x = arena_tensor(p->work, DTYPE_F32, TENSOR_SHAPE(K, m->dim + m->zoom + EGX_CODE));
	const tensor y = arena_tensor(p->work, DTYPE_F32, TENSOR_SHAPE(K, m->info.width));
	op_mix(p->o, p->cmd, h, egx_upload(p, TENSOR_SHAPE(K, tokens), w), hybrid);
	op_place(p->o, p->cmd, x, 0, h, NULL);
	if (d->zoom)
		op_place(p->o, p->cmd, x, m->dim, egx_upload(p, TENSOR_SHAPE(K, m->zoom), d->zoom), NULL);
	op_place(p->o, p->cmd, x, m->dim + m->zoom, egx_upload(p, TENSOR_SHAPE(K, EGX_CODE), d->codes), NULL);
	sam_norm_run(p, x, x, &m->region_ln, EGX_EPS, ACT_NONE);
	op_linear(p->o, p->cmd, y, x, &m->region_fc, ACT_NONE, NULL);
	if (m->sized)
		op_linear(p->o, p->cmd, y, egx_upload(p, TENSOR_SHAPE(K, EGX_SIZE), d->sizes), &m->size, ACT_NONE, &y);
	return y;
}

tensor egx_pix_run(const egx_model *m, const sam_pass *p, tensor hidden)
{
	const tensor x = arena_tensor(p->work, DTYPE_F32, hidden.n_dims, hidden.ne);
	const tensor y = arena_tensor(p->work, DTYPE_F32, TENSOR_SHAPE(hidden.ne[0], m->info.prompt_dim));
	op_linear(p->o, p->cmd, x, hidden, &m->pix_fc1, ACT_RELU, NULL);
	op_linear(p->o, p->cmd, y, x, &m->pix_fc2, ACT_NONE, NULL);
	return y;
}
