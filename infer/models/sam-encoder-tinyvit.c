/* TinyViT with SAM's neck (spec sam.md 6): a convolutional stage, then window attention. Batch norms are folded in the
 * file. */
#include "infer/models/sam-model.h"
#include <glib/gi18n-lib.h>

#define STAGES 4
#define NECK_EPS 1e-6f

typedef struct {
	weight conv1, conv2, conv3; /* 1x1, depthwise 3x3, 1x1 */
} vit_conv;

typedef struct {
	sam_norm attn_norm, mlp_norm;
	weight qkv, proj, local_conv, fc1, fc2;
	tensor bias; /* [heads, window*window] */
	tensor pad;  /* [3*dim]: what a padded token's qkv is */
} vit_block;

typedef struct {
	uint32_t dim, heads, window, stride; /* stride of the downsampling behind the stage; 0: none */
	vit_conv down;
	GArray *blocks; /* of vit_conv in stage 0, of vit_block in the others */
} vit_stage;

typedef struct {
	sam_encoder base;
	weight embed0, embed1, neck0, neck2;
	sam_norm neck1, neck3;
	vit_stage stage[STAGES];
	uint32_t embed, hidden,
		out; /* channels of the first convolution; 4: widening of the inverted bottlenecks; out_dim */
	float eps;
} tinyvit;

/* --- loading --- */

static bool read_sizes(tinyvit *t, sam_build *b, const uint32_t **depths)
{
	guint n = STAGES;
	const uint32_t *dims = sam_build_sizes(b, "sam.embed_dims", &n, 1, 4096);
	const uint32_t *heads = sam_build_sizes(b, "sam.heads", &n, 1, 256);
	const uint32_t *windows = sam_build_sizes(b, "sam.windows", &n, 1, 64);
	*depths = sam_build_sizes(b, "sam.depths", &n, 1, 64);
	if (!sam_build_ok(b) || !gguf_get_f32(b->file, "sam.ln_eps", &t->eps, &b->loader->error))
		return false;
	if (!(t->eps > 0 && t->eps < 0.1f))
		return sam_build_fail(b, _("sam.ln_eps is %g"), (double)t->eps);
	if (b->image_size % 16 != 0)
		return sam_build_fail(b, _("sam.image_size %u is not a multiple of 16"), b->image_size);
	for (int i = 0; i < STAGES; i++) {
		if (dims[i] % heads[i] != 0)
			return sam_build_fail(b, _("%u channels do not divide into %u heads"), dims[i], heads[i]);
		t->stage[i] = (vit_stage){.dim = dims[i], .heads = heads[i], .window = windows[i]};
		t->stage[i].stride = i < 2 ? 2 : i == 2 ? 1 : 0; /* to S/8 and S/16, where the last stage stays */
	}
	return true;
}

/* 1x1 in -> mid, depthwise 3x3, 1x1 mid -> out; side: of the input. */
static vit_conv load_conv(sam_build *b, const char *prefix, const uint32_t c[3], uint32_t side, uint32_t stride)
{
	vit_conv w = {weight_linear(b->loader, sam_name(prefix, "conv1"), c[1], c[0], true),
	              weight_depthwise(b->loader, sam_name(prefix, "conv2"), c[1], 3, true),
	              weight_linear(b->loader, sam_name(prefix, "conv3"), c[2], c[1], true)};
	const uint64_t area = (uint64_t)side * side;
	sam_build_count(b, area * c[1], c[0]);
	sam_build_count(b, area / (stride * stride) * c[1], 9 + c[2]);
	return w;
}

static vit_block load_block(sam_build *b, const char *prefix, const vit_stage *s, uint32_t side)
{
	const uint32_t d = s->dim, area = s->window * s->window;
	g_autofree char *attn = g_strconcat(prefix, ".attn", NULL), *mlp = g_strconcat(prefix, ".mlp", NULL);
	vit_block w = {
		.attn_norm = sam_norm_load(b, sam_name(attn, "norm"), d),
		.qkv = weight_linear(b->loader, sam_name(attn, "qkv"), 3 * d, d, true),
		.bias = weight_tensor(b->loader, sam_name(attn, "attention_biases"), TENSOR_SHAPE(s->heads, area)),
		.proj = weight_linear(b->loader, sam_name(attn, "proj"), d, d, true),
		.local_conv = weight_depthwise(b->loader, sam_name(prefix, "local_conv"), d, 3, true),
		.mlp_norm = sam_norm_load(b, sam_name(mlp, "norm"), d),
		.fc1 = weight_linear(b->loader, sam_name(mlp, "fc1"), 4 * d, d, true),
		.fc2 = weight_linear(b->loader, sam_name(mlp, "fc2"), d, 4 * d, true),
		.pad = arena_tensor(b->loader->arena, DTYPE_F32, TENSOR_SHAPE(1, 3 * d)),
	};
	op_linear(b->loader->ops, b->loader->cmd, w.pad, tensor_reshape(w.attn_norm.beta, TENSOR_SHAPE(1, d)), &w.qkv,
	          ACT_NONE, NULL);
	sam_build_count(b, (uint64_t)side * side * d, 12 * (uint64_t)d + 2 * area + 9);
	return w;
}

static void load_stage(tinyvit *t, sam_build *b, int i, uint32_t depth, uint32_t *side)
{
	vit_stage *s = &t->stage[i];
	s->blocks = g_array_new(FALSE, TRUE, i == 0 ? sizeof(vit_conv) : sizeof(vit_block));
	for (uint32_t j = 0; j < depth && sam_build_ok(b); j++) {
		g_autofree char *prefix = g_strdup_printf("enc.layers.%d.blocks.%u", i, j);
		if (i == 0) {
			vit_conv w = load_conv(b, prefix, (uint32_t[]){s->dim, t->hidden * s->dim, s->dim}, *side, 1);
			g_array_append_val(s->blocks, w);
		} else {
			vit_block w = load_block(b, prefix, s, *side);
			g_array_append_val(s->blocks, w);
		}
	}
	if (s->stride == 0)
		return;
	g_autofree char *prefix = g_strdup_printf("enc.layers.%d.downsample", i);
	const uint32_t next = t->stage[i + 1].dim;
	s->down = load_conv(b, prefix, (uint32_t[]){s->dim, next, next}, *side, s->stride);
	*side /= s->stride;
}

static void load_neck(tinyvit *t, sam_build *b, uint32_t side)
{
	const uint32_t last = t->stage[STAGES - 1].dim;
	t->out = b->dim;
	t->neck0 = weight_linear(b->loader, "enc.neck.0", b->dim, last, false);
	t->neck1 = sam_norm_load(b, "enc.neck.1", b->dim);
	t->neck2 = weight_conv(b->loader, "enc.neck.2", b->dim, b->dim, 3, false);
	t->neck3 = sam_norm_load(b, "enc.neck.3", b->dim);
	sam_build_count(b, (uint64_t)side * side * b->dim, last + 9 * (uint64_t)b->dim);
}

/* --- running --- */

/* GELU(1x1), GELU(depthwise), then 1x1 into y; add: residual before the last activation. */
static void run_conv(const sam_pass *p, const vit_conv *w, tensor y, tensor x, uint32_t stride, const tensor *add)
{
	arena_mark mark = arena_get_mark(p->work);
	tensor wide = arena_tensor(p->work, p->act, TENSOR_SHAPE(x.ne[0], x.ne[1], w->conv1.out));
	tensor deep = arena_tensor(p->work, p->act, TENSOR_SHAPE(y.ne[0], y.ne[1], w->conv1.out));
	op_linear(p->o, p->cmd, wide, x, &w->conv1, ACT_GELU, NULL);
	op_depthwise(p->o, p->cmd, deep, wide, &w->conv2,
	             &(op_conv_params){.stride = stride, .pad_y = 1, .pad_x = 1, .act = ACT_GELU});
	op_linear(p->o, p->cmd, y, deep, &w->conv3, add ? ACT_GELU : ACT_NONE, add);
	arena_rewind(p->work, mark);
}

/* x and spare have one shape; the result is in *x, the other becomes the spare. */
static void run_block(const tinyvit *t, const sam_pass *p, const vit_stage *s, const vit_block *w, tensor *x,
                      tensor *spare)
{
	const uint32_t h = x->ne[0], width = x->ne[1], d = s->dim;
	arena_mark mark = arena_get_mark(p->work);
	tensor qkv = arena_tensor(p->work, p->act, TENSOR_SHAPE(h, width, 3 * d));
	sam_norm_run(p, *spare, *x, &w->attn_norm, t->eps, ACT_NONE);
	op_linear(p->o, p->cmd, qkv, *spare, &w->qkv, ACT_NONE, NULL);
	op_window_attention(p->o, p->cmd, *spare, qkv, w->pad, w->bias, s->heads, s->window);
	op_linear(p->o, p->cmd, *x, *spare, &w->proj, ACT_NONE, x);
	arena_rewind(p->work, mark);
	op_depthwise(p->o, p->cmd, *spare, *x, &w->local_conv, &(op_conv_params){.stride = 1, .pad_y = 1, .pad_x = 1});
	tensor wide = arena_tensor(p->work, p->act, TENSOR_SHAPE(h, width, 4 * d));
	sam_norm_run(p, *x, *spare, &w->mlp_norm, t->eps, ACT_NONE);
	op_linear(p->o, p->cmd, wide, *x, &w->fc1, ACT_GELU, NULL);
	op_linear(p->o, p->cmd, *spare, wide, &w->fc2, ACT_NONE, spare);
	arena_rewind(p->work, mark);
	tensor done = *spare;
	*spare = *x;
	*x = done;
}

static tensor run_stage(const tinyvit *t, const sam_pass *p, const vit_stage *s, tensor x)
{
	const bool convolutional = s == &t->stage[0];
	tensor spare = convolutional ? x : arena_tensor(p->work, p->act, x.n_dims, x.ne);
	for (guint i = 0; i < s->blocks->len; i++) {
		if (convolutional)
			run_conv(p, &g_array_index(s->blocks, vit_conv, i), x, x, 1, &x);
		else
			run_block(t, p, s, &g_array_index(s->blocks, vit_block, i), &x, &spare);
	}
	if (s->stride == 0)
		return x;
	tensor y = arena_tensor(p->work, p->act, TENSOR_SHAPE(x.ne[0] / s->stride, x.ne[1] / s->stride, s->down.conv3.out));
	run_conv(p, &s->down, y, x, s->stride, NULL);
	return y;
}

static void tinyvit_run(const sam_encoder *e, const sam_pass *p, tensor image, sam_features *out)
{
	const tinyvit *t = (const tinyvit *)e;
	const uint32_t h = image.ne[0], w = image.ne[1];
	const op_conv_params half = {.stride = 2, .pad_y = 1, .pad_x = 1};
	op_conv_params half_gelu = half;
	half_gelu.act = ACT_GELU;
	tensor x = arena_tensor(p->work, p->act, TENSOR_SHAPE(h / 4, w / 4, t->stage[0].dim));
	arena_mark mark = arena_get_mark(p->work);
	tensor first = arena_tensor(p->work, p->act, TENSOR_SHAPE(h / 2, w / 2, t->embed));
	op_conv(p->o, p->cmd, first, image, &t->embed0, &half_gelu);
	op_conv(p->o, p->cmd, x, first, &t->embed1, &half);
	arena_rewind(p->work, mark);
	for (int i = 0; i < STAGES; i++)
		x = run_stage(t, p, &t->stage[i], x);
	tensor y = arena_tensor(p->work, p->act, TENSOR_SHAPE(x.ne[0], x.ne[1], t->out));
	tensor z = arena_tensor(p->work, p->act, TENSOR_SHAPE(x.ne[0], x.ne[1], t->out));
	op_linear(p->o, p->cmd, y, x, &t->neck0, ACT_NONE, NULL);
	sam_norm_run(p, y, y, &t->neck1, NECK_EPS, ACT_NONE);
	op_conv(p->o, p->cmd, z, y, &t->neck2, &(op_conv_params){.stride = 1, .pad_y = 1, .pad_x = 1});
	sam_norm_run(p, z, z, &t->neck3, NECK_EPS, ACT_NONE);
	*out = (sam_features){.embedding = z};
}

static void tinyvit_free(sam_encoder *e)
{
	tinyvit *t = (tinyvit *)e;
	for (int i = 0; i < STAGES; i++)
		g_clear_pointer(&t->stage[i].blocks, g_array_unref);
	g_free(t);
}

sam_encoder *sam_tinyvit_load(sam_build *b)
{
	g_autofree tinyvit *t = g_new0(tinyvit, 1);
	const uint32_t *depths;
	if (!read_sizes(t, b, &depths))
		return NULL;
	t->base.run = tinyvit_run;
	t->base.free = tinyvit_free;
	t->hidden = 4;
	t->embed = sam_build_axis(b, "enc.patch_embed.seq.0.weight", 0, 1, 4096);
	t->embed0 = weight_conv_image(b->loader, "enc.patch_embed.seq.0", t->embed, 3, 4, 3, true);
	t->embed1 = weight_conv(b->loader, "enc.patch_embed.seq.2", t->stage[0].dim, t->embed, 3, true);
	uint32_t side = b->image_size / 4;
	sam_build_count(b, (uint64_t)side * side, 4 * 27 * (uint64_t)t->embed + 9 * (uint64_t)t->embed * t->stage[0].dim);
	for (int i = 0; i < STAGES; i++)
		load_stage(t, b, i, depths[i], &side);
	load_neck(t, b, side);
	return &((tinyvit *)g_steal_pointer(&t))->base;
}
