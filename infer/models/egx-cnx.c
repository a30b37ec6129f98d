/* ConvNeXt without its head's pooling (spec earthgpt-x.md 3.2). */
#include "infer/models/egx-parts.h"

#define STAGES 4
#define MLP_RATIO 4
#define KERNEL 7

typedef struct {
	weight dw, fc1, fc2; /* gamma is in fc2 */
	sam_norm ln;
} cnx_block;

typedef struct {
	uint32_t dim;
	weight down;    /* the first stage's works on patches */
	sam_norm ln;    /* behind the first convolution, in front of the others */
	GArray *blocks; /* of cnx_block */
} cnx_stage;

struct egx_cnx {
	cnx_stage stage[STAGES];
	sam_norm ln;
};

/* --- loading --- */

static cnx_block load_block(sam_build *b, const char *prefix, uint32_t dim)
{
	g_autofree char *fc2 = g_strconcat(prefix, ".fc2", NULL), *gamma = g_strconcat(prefix, ".gamma", NULL);
	return (cnx_block){
		.dw = weight_depthwise(b->loader, sam_name(prefix, "dw"), dim, KERNEL, true),
		.ln = sam_norm_load(b, sam_name(prefix, "ln"), dim),
		.fc1 = weight_linear(b->loader, sam_name(prefix, "fc1"), MLP_RATIO * dim, dim, true),
		.fc2 = weight_linear_rows(b->loader, fc2, dim, MLP_RATIO * dim, 0, dim, gamma),
	};
}

static void load_stage(egx_cnx *c, sam_build *b, int i, uint32_t in, uint32_t dim, uint32_t depth, uint32_t side)
{
	g_autofree char *down = g_strdup_printf("egx.cnx.down.%d", i);
	cnx_stage *s = &c->stage[i];
	s->dim = dim;
	s->blocks = g_array_new(FALSE, TRUE, sizeof(cnx_block));
	s->down = i == 0 ? weight_patches(b->loader, sam_name(down, "conv"), dim, 3, EGX_STEM)
	                 : weight_conv(b->loader, sam_name(down, "conv"), dim, in, 2, true);
	s->ln = sam_norm_load(b, sam_name(down, "ln"), i == 0 ? dim : in);
	for (uint32_t k = 0; k < depth && sam_build_ok(b); k++) {
		g_autofree char *name = g_strdup_printf("egx.cnx.blk.%d.%u", i, k);
		const cnx_block block = load_block(b, name, dim);
		g_array_append_val(s->blocks, block);
	}
	const uint64_t each = (2 * MLP_RATIO * (uint64_t)dim + KERNEL * KERNEL) * depth + (i == 0 ? 48 : 4 * (uint64_t)in);
	sam_build_count(b, (uint64_t)side * side * dim, each);
}

egx_cnx *egx_cnx_load(sam_build *b, uint32_t side)
{
	guint n = STAGES;
	const uint32_t *dims = sam_build_sizes(b, "earthgpt-x.cnx.dims", &n, 1, 8192);
	const uint32_t *depths = sam_build_sizes(b, "earthgpt-x.cnx.depths", &n, 1, 256);
	if (!dims || !depths)
		return NULL;
	egx_cnx *c = g_new0(egx_cnx, 1);
	side /= EGX_STEM;
	for (int i = 0; i < STAGES; i++, side /= 2)
		load_stage(c, b, i, i ? dims[i - 1] : 3, dims[i], depths[i], side);
	c->ln = sam_norm_load(b, "egx.cnx.ln", dims[STAGES - 1]);
	return c;
}

void egx_cnx_free(egx_cnx *c)
{
	for (int i = 0; c && i < STAGES; i++)
		g_clear_pointer(&c->stage[i].blocks, g_array_unref);
	g_free(c);
}

uint32_t egx_cnx_dim(const egx_cnx *c)
{
	return c->stage[STAGES - 1].dim;
}

/* --- running --- */

static void run_block(const sam_pass *p, const cnx_block *b, tensor x)
{
	const arena_mark mark = arena_get_mark(p->work);
	const tensor y = arena_tensor(p->work, p->act, x.n_dims, x.ne);
	const tensor hidden = arena_tensor(p->work, p->act, TENSOR_SHAPE(x.ne[0], x.ne[1], MLP_RATIO * x.ne[2]));
	const op_conv_params same = {.stride = 1, .pad_y = KERNEL / 2, .pad_x = KERNEL / 2};
	op_depthwise(p->o, p->cmd, y, x, &b->dw, &same);
	sam_norm_run(p, y, y, &b->ln, EGX_EPS, ACT_NONE);
	op_linear(p->o, p->cmd, hidden, y, &b->fc1, ACT_GELU, NULL);
	op_linear(p->o, p->cmd, x, hidden, &b->fc2, ACT_NONE, &x);
	arena_rewind(p->work, mark);
}

static tensor enter_stage(const sam_pass *p, const cnx_stage *s, tensor x)
{
	const tensor y = arena_tensor(p->work, p->act, x.n_dims, x.ne);
	const tensor z = arena_tensor(p->work, p->act, TENSOR_SHAPE(x.ne[0] / 2, x.ne[1] / 2, s->dim));
	sam_norm_run(p, y, x, &s->ln, EGX_EPS, ACT_NONE);
	op_conv(p->o, p->cmd, z, y, &s->down, &(op_conv_params){.stride = 2});
	return z;
}

tensor egx_cnx_run(const egx_cnx *c, const sam_pass *p, tensor patches, uint32_t side)
{
	const uint32_t first = side / EGX_STEM;
	tensor x = arena_tensor(p->work, p->act, TENSOR_SHAPE(first, first, c->stage[0].dim));
	op_linear(p->o, p->cmd, x, patches, &c->stage[0].down, ACT_NONE, NULL);
	sam_norm_run(p, x, x, &c->stage[0].ln, EGX_EPS, ACT_NONE);
	for (int i = 0; i < STAGES; i++) {
		const cnx_stage *s = &c->stage[i];
		if (i > 0)
			x = enter_stage(p, s, x);
		for (guint k = 0; k < s->blocks->len; k++)
			run_block(p, &g_array_index(s->blocks, cnx_block, k), x);
	}
	sam_norm_run(p, x, x, &c->ln, EGX_EPS, ACT_NONE);
	return x;
}
