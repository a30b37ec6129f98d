/* The mixed visual encoder: both branches on one view, side by side, and their fusion (spec earthgpt-x.md 3 and 12);
 * the CNN branch on close-ups of regions. */
#include "infer/models/egx-model.h"
#include <glib/gi18n-lib.h>
#include <string.h>

#define TAPS 2
#define CELL16 16 /* pixels of a cell of f16 */

static const float lite_mean[3] = {127, 127, 127}, lite_std[3] = {128, 128, 128};
static const float clip_mean[3] = {255 * 0.48145466f, 255 * 0.4578275f, 255 * 0.40821073f};
static const float clip_std[3] = {255 * 0.26862954f, 255 * 0.26130258f, 255 * 0.27577711f};

/* --- loading --- */

static tensor keep(sam_build *b, dtype type, uint8_t n_dims, const uint32_t *ne, const void *values)
{
	const tensor t = arena_tensor(b->loader->arena, type, n_dims, ne);
	if (!tensor_is_null(&t))
		gpu_cmd_upload(b->loader->cmd, t.data, values);
	return t;
}

/* Weights [n,4n] that make n means of two rows of 2n cells each. */
static void pair_means(uint32_t n, float *w)
{
	for (uint32_t j = 0; j < n; j++)
		for (uint32_t q = 0; q < 4; q++)
			w[j * 4 * n + q / 2 * 2 * n + 2 * j + q % 2] = 0.25f;
}

void egx_halve(const sam_pass *p, tensor y, tensor means, tensor x)
{
	const uint32_t n = means.ne[0];
	for (uint32_t i = 0; i < n; i++)
		op_mix(p->o, p->cmd, tensor_slice(y, i * n, n), means, tensor_slice(x, i * 4 * n, 4 * n));
}

/* Which ViT token comes to which quarter of a fused token's columns, class token first in the table. */
static void lite_constants(egx_model *m, sam_build *b)
{
	const uint32_t g = m->grid, n = g * g;
	g_autofree uint32_t *places = g_new(uint32_t, 4 * n);
	g_autofree float *means = g_new0(float, 4 * n), *halves = g_new0(float, n);
	for (uint32_t i = 0; i < g; i++)
		for (uint32_t j = 0; j < g; j++)
			for (uint32_t q = 0; q < 4; q++)
				places[q * n + i * g + j] = 1 + (2 * i + q / 2) * 2 * g + 2 * j + q % 2;
	pair_means(g, means);
	pair_means(g / 2, halves);
	m->places = keep(b, DTYPE_U32, TENSOR_SHAPE(4, n), places);
	m->means = keep(b, DTYPE_F32, TENSOR_SHAPE(g, 4 * g), means);
	m->halves = keep(b, DTYPE_F32, TENSOR_SHAPE(g / 2, 2 * g), halves);
}

/* Cells repeated 2x2 behind a class token, which is their mean and lies behind them in the table. */
static void cnx_constants(egx_model *m, sam_build *b)
{
	const uint32_t g = m->grid, s = g / 2, cells = s * s;
	g_autofree uint32_t *places = g_new(uint32_t, m->n);
	g_autofree float *means = g_new(float, cells);
	places[0] = cells;
	for (uint32_t i = 0; i < g; i++)
		for (uint32_t j = 0; j < g; j++)
			places[1 + i * g + j] = i / 2 * s + j / 2;
	for (uint32_t i = 0; i < cells; i++)
		means[i] = 1.0f / (float)cells;
	m->places = keep(b, DTYPE_U32, TENSOR_SHAPE(1, m->n), places);
	m->means = keep(b, DTYPE_F32, TENSOR_SHAPE(1, cells), means);
}

/* The stages whose outputs are f16 and f32: as the file says, else the last ones at 1/16 and 1/32. */
static bool find_taps(sam_build *b, const lite_sizes *s, uint32_t taps[TAPS])
{
	guint n = 0;
	taps[0] = taps[1] = 0;
	for (uint32_t i = 1; i <= s->stages; i++) {
		if (lite_stride(s, i) == CELL16)
			taps[0] = i;
		if (lite_stride(s, i) == 2 * CELL16)
			taps[1] = i;
	}
	if (gguf_has(b->file, "earthgpt-x.lite.taps")) {
		const uint32_t *found = sam_build_sizes(b, "earthgpt-x.lite.taps", &n, 1, s->stages);
		for (guint i = 0; found && n >= TAPS && i < TAPS; i++)
			taps[i] = found[n - TAPS + i];
	}
	if (!sam_build_ok(b))
		return false;
	if (taps[0] == 0 || taps[0] >= taps[1] || lite_stride(s, taps[0]) != CELL16 ||
	    lite_stride(s, taps[1]) != 2 * CELL16)
		return sam_build_fail(b, _("earthgpt-x.lite.strides do not give features at 1/16 and 1/32"));
	return true;
}

static bool load_lite(egx_model *m, sam_build *b)
{
	lite_sizes s;
	uint32_t taps[TAPS];
	if (!lite_sizes_read(b, "earthgpt-x.lite", &s) || !find_taps(b, &s, taps))
		return false;
	const uint64_t before = b->flops;
	m->c16 = s.channels[taps[0] - 1];
	m->c32 = s.channels[taps[1] - 1];
	m->zoom = m->c16 + m->c32;
	m->lite = lite_trunk_load(b, "egx.lite", &s, taps, TAPS, m->info.view_size);
	m->close_up = m->info.view_size / 2;
	m->zoom_flops = (b->flops - before) / 4;
	m->ln16 = sam_norm_load(b, "egx.lite.ln16", m->c16);
	m->ln32 = sam_norm_load(b, "egx.lite.ln32", m->c32);
	lite_constants(m, b);
	return sam_build_ok(b);
}

static uint32_t both_columns(const egx_model *m)
{
	return m->lite ? 4 * m->vit.dim + m->zoom : egx_cnx_dim(m->cnx) + m->vit.dim;
}

void egx_cnn_columns(const egx_model *m, uint32_t *first, uint32_t *n)
{
	*first = m->lite ? 4 * m->vit.dim : 0;
	*n = m->lite ? m->zoom : egx_cnx_dim(m->cnx);
}

bool egx_branch_load(egx_model *m, sam_build *b, const sam_pass *p)
{
	if (strcmp(m->info.cnn, "lite") == 0) {
		if (!load_lite(m, b))
			return false;
	} else {
		m->cnx = egx_cnx_load(b, 16 * m->grid);
		if (!m->cnx)
			return false;
		cnx_constants(m, b);
	}
	const uint32_t columns = both_columns(m);
	m->fuse_ln = sam_norm_load(b, "egx.fuse.ln", columns);
	m->fuse = weight_linear(b->loader, "egx.fuse", m->dim, columns, true);
	m->view = weight_tensor(b->loader, "egx.view", TENSOR_SHAPE(m->info.views, m->dim));
	sam_build_count(b, (uint64_t)m->n * m->dim, columns);
	return egx_number_load(m, b);
}

/* --- running --- */

tensor egx_upload(const sam_pass *p, uint8_t n_dims, const uint32_t *ne, const float *values)
{
	const tensor t = arena_tensor(p->work, DTYPE_F32, n_dims, ne);
	if (!tensor_is_null(&t))
		gpu_cmd_upload(p->cmd, t.data, values);
	if (p->act == DTYPE_F32)
		return t;
	const tensor y = arena_tensor(p->work, p->act, n_dims, ne);
	op_copy(p->o, p->cmd, y, t);
	return y;
}

static tensor patches_of(const sam_pass *p, const float *planes, uint32_t channels, uint32_t side, uint32_t patch)
{
	const uint32_t grid = side / patch, cols = channels * patch * patch;
	g_autofree float *cut = g_new(float, (size_t)grid *grid *cols);
	egx_cut_patches(planes, (int)channels, (int)side, (int)patch, cut);
	return egx_upload(p, TENSOR_SHAPE(grid * grid, cols), cut);
}

/* [cells,C] of a tap. */
static tensor rows_of(tensor t)
{
	return tensor_reshape(t, TENSOR_SHAPE(t.ne[0] * t.ne[1], t.ne[2]));
}

static void lite_features(const egx_model *m, const sam_pass *p, const float *planes, uint32_t side, tensor taps[TAPS])
{
	g_autofree float *image = g_new(float, (size_t)side *side * 4);
	egx_interleave(planes, (int)side, image);
	lite_trunk_run(m->lite, p, egx_upload(p, TENSOR_SHAPE(side, side, 4), image), taps);
}

/* y [1,C]: mean of the rows of x, into columns of y. */
static void place_mean(const sam_pass *p, tensor y, uint32_t at, tensor x)
{
	const uint32_t n = x.ne[0];
	const tensor mean = arena_tensor(p->work, DTYPE_F32, TENSOR_SHAPE(1, x.ne[1]));
	g_autofree float *w = g_new(float, n);
	for (uint32_t i = 0; i < n; i++)
		w[i] = 1.0f / (float)n;
	op_mix(p->o, p->cmd, mean, egx_upload(p, TENSOR_SHAPE(1, n), w), x);
	op_place(p->o, p->cmd, y, at, mean, NULL);
}

/* [f32 | f16] of the cells, F32: in f16 storage the trunk's outliers cost more than one per cent. mean [1,zoom] too. */
static tensor lite_cells(const egx_model *m, const sam_pass *pass, const float *planes, tensor mean)
{
	const sam_pass f32 = egx_in_f32(pass), *p = &f32;
	const tensor y = arena_tensor(p->work, DTYPE_F32, TENSOR_SHAPE(m->n, m->zoom));
	const tensor coarse = arena_tensor(p->work, DTYPE_F32, TENSOR_SHAPE(m->n, m->c32));
	const tensor fine = arena_tensor(p->work, DTYPE_F32, TENSOR_SHAPE(m->n, m->c16));
	tensor taps[TAPS] = {0};
	lite_features(m, p, planes, m->info.view_size, taps);
	place_mean(p, mean, 0, rows_of(taps[1]));
	place_mean(p, mean, m->c32, rows_of(taps[0]));
	sam_norm_run(p, coarse, rows_of(taps[1]), &m->ln32, EGX_EPS, ACT_NONE);
	egx_halve(p, fine, m->means, rows_of(taps[0]));
	sam_norm_run(p, fine, fine, &m->ln16, EGX_EPS, ACT_NONE);
	op_place(p->o, p->cmd, y, 0, coarse, NULL);
	op_place(p->o, p->cmd, y, m->c32, fine, NULL);
	return y;
}

/* [ViT 2x2 cells | f32 | f16]. */
static void lite_both(const egx_model *m, const sam_pass *p, const float *planes, const egx_mve *out)
{
	tensor cells = lite_cells(m, p, planes, out->mean);
	if (p->act != DTYPE_F32) {
		const tensor y = arena_tensor(p->work, p->act, cells.n_dims, cells.ne);
		op_copy(p->o, p->cmd, y, cells);
		cells = y;
	}
	for (uint32_t q = 0; q < 4; q++) {
		const tensor rows = tensor_slice(m->places, q, 1);
		op_place(p->o, p->cmd, out->both, q * m->vit.dim, out->vit, &rows);
	}
	op_place(p->o, p->cmd, out->both, 4 * m->vit.dim, cells, NULL);
}

/* [ConvNeXt, each cell 2x2, behind the mean | ViT]. */
static void cnx_both(const egx_model *m, const sam_pass *p, const float *planes, const egx_mve *out)
{
	const uint32_t side = 16 * m->grid, s = m->grid / 2, cells = s * s, dim = egx_cnx_dim(m->cnx);
	g_autofree float *wide = g_new(float, (size_t)3 * side * side);
	egx_stretch(planes, (int)m->info.view_size, (int)side, wide);
	const tensor map = egx_cnx_run(m->cnx, p, patches_of(p, wide, 3, side, EGX_STEM), side);
	const tensor table = arena_tensor(p->work, p->act, TENSOR_SHAPE(cells + 1, dim));
	op_copy(p->o, p->cmd, tensor_slice(table, 0, cells), rows_of(map));
	op_mix(p->o, p->cmd, tensor_slice(table, cells, 1), m->means, rows_of(map));
	op_place(p->o, p->cmd, out->both, 0, table, &m->places);
	op_place(p->o, p->cmd, out->both, dim, out->vit, NULL);
}

egx_mve egx_mve_run(const egx_model *m, const sam_pass *p, egx_reader *r, const egx_frame *f)
{
	const uint32_t v = m->info.view_size;
	const egx_normal cnn = m->lite ? (egx_normal){lite_mean, lite_std} : (egx_normal){clip_mean, clip_std};
	g_autofree float *planes = g_new(float, (size_t)3 * v * v);
	egx_mve out = {.both = arena_tensor(p->work, p->act, TENSOR_SHAPE(m->n, both_columns(m))),
	               .fused = arena_tensor(p->work, p->act, TENSOR_SHAPE(m->n, m->dim))};
	egx_read_view(r, f, (egx_normal){m->mean, m->std}, planes);
	out.vit = egx_vit_run(&m->vit, p, patches_of(p, planes, 3, v, m->vit.patch), 1);
	egx_read_view(r, f, cnn, planes);
	if (m->lite) {
		out.mean = arena_tensor(p->work, DTYPE_F32, TENSOR_SHAPE(1, m->zoom));
		lite_both(m, p, planes, &out);
	} else {
		cnx_both(m, p, planes, &out);
	}
	const tensor y = arena_tensor(p->work, p->act, out.both.n_dims, out.both.ne);
	sam_norm_run(p, y, out.both, &m->fuse_ln, EGX_EPS, ACT_NONE);
	op_linear(p->o, p->cmd, out.fused, y, &m->fuse, ACT_NONE, NULL);
	return out;
}

/* --- close-ups --- */

/* Weights of the cells of f16: the mark's coverage and a little of everything, in all 1. */
static void cell_weights(const egx_model *m, const egx_reader *r, const egx_close_up *c, const egx_region *region,
                         float *out)
{
	const int side = c->frame.side, grid = side / CELL16;
	g_autofree float *cov = g_new(float, (size_t)side *side);
	double sum = 0;
	egx_coverage(&c->frame, region, r->w, r->h, cov);
	egx_cells(cov, side, grid, out);
	for (int i = 0; i < grid * grid; i++)
		sum += out[i] += 1e-3f;
	for (int i = 0; i < grid * grid; i++)
		out[i] = (float)(out[i] / sum);
}

/* y [1,C] = norm(weights . x [cells,C]). */
static tensor pooled(const sam_pass *p, tensor x, const float *weights, const sam_norm *norm)
{
	const tensor w = egx_upload(p, TENSOR_SHAPE(1, x.ne[0]), weights);
	const tensor y = arena_tensor(p->work, DTYPE_F32, TENSOR_SHAPE(1, x.ne[1]));
	op_mix(p->o, p->cmd, y, w, x);
	sam_norm_run(p, y, y, norm, EGX_EPS, ACT_NONE);
	return y;
}

tensor egx_zoom_run(const egx_model *m, const sam_pass *pass, const egx_reader *r, const egx_region *region)
{
	const sam_pass f32 = egx_in_f32(pass), *p = &f32;
	const uint32_t side = m->close_up, n16 = side / CELL16 * (side / CELL16), n32 = n16 / 4;
	const egx_close_up c = egx_close_up_of(region, r->w, r->h, (int)side);
	g_autofree float *planes = g_new(float, (size_t)3 * side * side), *weights = g_new(float, n16);
	tensor taps[TAPS] = {0};
	egx_read_close_up(r, &c, (egx_normal){lite_mean, lite_std}, planes);
	lite_features(m, p, planes, side, taps);
	const tensor z = arena_tensor(p->work, DTYPE_F32, TENSOR_SHAPE(1, m->zoom));
	cell_weights(m, r, &c, region, weights);
	op_place(p->o, p->cmd, z, m->c32, pooled(p, rows_of(taps[0]), weights, &m->ln16), NULL);
	for (uint32_t i = 0; i < n32; i++)
		weights[i] = 1.0f / (float)n32;
	op_place(p->o, p->cmd, z, 0, pooled(p, rows_of(taps[1]), weights, &m->ln32), NULL);
	return z;
}
