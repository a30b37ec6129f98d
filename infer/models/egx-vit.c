/* Transformers on patches (spec earthgpt-x.md 3.1 and 5). */
#include "infer/models/egx-parts.h"
#include <math.h>

#define MLP_RATIO 4

/* --- loading --- */

static egx_block load_block(sam_build *b, const char *prefix, uint32_t dim, bool scaled)
{
	g_autofree char *qkv = g_strconcat(prefix, ".qkv", NULL), *out = g_strconcat(prefix, ".out", NULL);
	g_autofree char *ls1 = g_strconcat(prefix, ".ls1", NULL), *ls2 = g_strconcat(prefix, ".ls2", NULL);
	weight_loader *l = b->loader;
	return (egx_block){
		.ln1 = sam_norm_load(b, sam_name(prefix, "ln1"), dim),
		.ln2 = sam_norm_load(b, sam_name(prefix, "ln2"), dim),
		.q = weight_linear_rows(l, qkv, 3 * dim, dim, 0, dim, NULL),
		.k = weight_linear_rows(l, qkv, 3 * dim, dim, dim, dim, NULL),
		.v = weight_linear_rows(l, qkv, 3 * dim, dim, 2 * dim, dim, NULL),
		.out = weight_linear_rows(l, out, dim, dim, 0, dim, scaled ? ls1 : NULL),
		.fc1 = weight_linear(l, sam_name(prefix, "fc1"), MLP_RATIO * dim, dim, true),
		.fc2 = weight_linear_rows(l, sam_name(prefix, "fc2"), dim, MLP_RATIO * dim, 0, dim, scaled ? ls2 : NULL),
	};
}

/* In the type of activations, so that it can be added to them. */
static tensor load_table(sam_build *b, const sam_pass *p, const char *name, uint32_t rows, uint32_t dim)
{
	const tensor table = weight_tensor(b->loader, name, TENSOR_SHAPE(rows, dim));
	if (p->act == DTYPE_F32)
		return table;
	const tensor y = arena_tensor(b->loader->arena, p->act, TENSOR_SHAPE(rows, dim));
	op_copy(p->o, p->cmd, y, table);
	return y;
}

static tensor load_class(sam_build *b, const char *name, uint32_t dim)
{
	tensor t = weight_tensor(b->loader, name, TENSOR_SHAPE(dim));
	return tensor_is_null(&t) ? t : tensor_reshape(t, TENSOR_SHAPE(1, dim));
}

void egx_vit_load(egx_vit *v, sam_build *b, const sam_pass *p, const char *prefix, const egx_vit_sizes *s)
{
	const uint32_t grid = s->view_size / s->patch;
	*v = (egx_vit){.channels = s->channels, .patch = s->patch, .dim = s->dim, .heads = s->heads, .cells = grid * grid};
	v->blocks = g_array_new(FALSE, TRUE, sizeof(egx_block));
	v->patches = weight_patches(b->loader, sam_name(prefix, "patch"), s->dim, s->channels, s->patch);
	if (s->cls)
		v->cls = load_class(b, sam_name(prefix, "cls"), s->dim);
	v->pos = load_table(b, p, sam_name(prefix, "pos"), v->cells + s->cls, s->dim);
	for (uint32_t i = 0; i < s->depth && sam_build_ok(b); i++) {
		g_autofree char *name = g_strdup_printf("%s.blk.%u", prefix, i);
		const egx_block block = load_block(b, name, s->dim, s->scaled);
		g_array_append_val(v->blocks, block);
	}
	v->ln = sam_norm_load(b, sam_name(prefix, "ln"), s->dim);
	const uint64_t tokens = v->cells + s->cls, each = (4 + 2 * MLP_RATIO) * (uint64_t)s->dim + 2 * tokens;
	sam_build_count(b, tokens * s->dim, each * s->depth + (uint64_t)s->channels * s->patch * s->patch);
}

void egx_vit_clear(egx_vit *v)
{
	g_clear_pointer(&v->blocks, g_array_unref);
}

uint32_t egx_vit_tokens(const egx_vit *v)
{
	return v->cells + (tensor_is_null(&v->cls) ? 0 : 1);
}

/* --- running --- */

/* Every picture looks only at itself. */
static void attention(const sam_pass *p, uint32_t heads, tensor y, tensor q, tensor k, tensor v, uint32_t pictures)
{
	const uint32_t n = q.ne[0] / pictures;
	const float scale = 1.0f / sqrtf((float)(tensor_cols(&q) / heads));
	for (uint32_t i = 0; i < pictures; i++)
		op_attention(p->o, p->cmd, tensor_slice(y, i * n, n), tensor_slice(q, i * n, n), tensor_slice(k, i * n, n),
		             tensor_slice(v, i * n, n), heads, scale);
}

void egx_attend(const sam_pass *p, const egx_heads *w, uint32_t heads, tensor y, tensor from, tensor to, tensor add,
                uint32_t pictures)
{
	const arena_mark mark = arena_get_mark(p->work);
	const tensor q = arena_tensor(p->work, p->act, from.n_dims, from.ne);
	const tensor k = arena_tensor(p->work, p->act, to.n_dims, to.ne);
	const tensor v = arena_tensor(p->work, p->act, to.n_dims, to.ne);
	const tensor a = arena_tensor(p->work, p->act, from.n_dims, from.ne);
	op_linear(p->o, p->cmd, q, from, &w->q, ACT_NONE, NULL);
	op_linear(p->o, p->cmd, k, to, &w->k, ACT_NONE, NULL);
	op_linear(p->o, p->cmd, v, to, &w->v, ACT_NONE, NULL);
	attention(p, heads, a, q, k, v, pictures);
	op_linear(p->o, p->cmd, y, a, &w->o, ACT_NONE, &add);
	arena_rewind(p->work, mark);
}

/* x += Attn(LN(x)); x += MLP(LN(x)). */
static void run_block(const egx_vit *v, const sam_pass *p, const egx_block *b, tensor x, uint32_t pictures)
{
	const arena_mark mark = arena_get_mark(p->work);
	const egx_heads heads = {b->q, b->k, b->v, b->out};
	const tensor y = arena_tensor(p->work, p->act, x.n_dims, x.ne);
	sam_norm_run(p, y, x, &b->ln1, EGX_EPS, ACT_NONE);
	egx_attend(p, &heads, v->heads, x, y, y, x, pictures);
	const tensor hidden = arena_tensor(p->work, p->act, TENSOR_SHAPE(x.ne[0], MLP_RATIO * v->dim));
	sam_norm_run(p, y, x, &b->ln2, EGX_EPS, ACT_NONE);
	op_linear(p->o, p->cmd, hidden, y, &b->fc1, ACT_GELU, NULL);
	op_linear(p->o, p->cmd, x, hidden, &b->fc2, ACT_NONE, &x);
	arena_rewind(p->work, mark);
}

/* The patches' tokens, each picture's behind its class token. */
static tensor first_tokens(const egx_vit *v, const sam_pass *p, tensor patches, uint32_t pictures)
{
	const uint32_t n = egx_vit_tokens(v);
	const tensor x = arena_tensor(p->work, p->act, TENSOR_SHAPE(pictures * n, v->dim));
	if (tensor_is_null(&v->cls)) {
		op_linear(p->o, p->cmd, x, patches, &v->patches, ACT_NONE, NULL);
		return x;
	}
	const tensor y = arena_tensor(p->work, p->act, TENSOR_SHAPE(pictures * v->cells, v->dim));
	op_linear(p->o, p->cmd, y, patches, &v->patches, ACT_NONE, NULL);
	for (uint32_t i = 0; i < pictures; i++) {
		op_copy(p->o, p->cmd, tensor_slice(x, i * n, 1), v->cls);
		op_copy(p->o, p->cmd, tensor_slice(x, i * n + 1, v->cells), tensor_slice(y, i * v->cells, v->cells));
	}
	return x;
}

tensor egx_vit_run(const egx_vit *v, const sam_pass *p, tensor patches, uint32_t pictures)
{
	const tensor x = first_tokens(v, p, patches, pictures);
	op_add(p->o, p->cmd, x, x, v->pos, ACT_NONE);
	for (guint i = 0; i < v->blocks->len; i++)
		run_block(v, p, &g_array_index(v->blocks, egx_block, i), x, pictures);
	sam_norm_run(p, x, x, &v->ln, EGX_EPS, ACT_NONE);
	return x;
}
