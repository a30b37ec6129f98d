/* EfficientNet-Lite with SAM's neck (spec sam.md 6.1). Sizes from sam.lite.*; batch norms are folded in the file. */
#include "infer/models/sam-model.h"
#include <glib/gi18n-lib.h>

#define TAPS 4
#define NECK_EPS 1e-6f

typedef struct {
	weight expand, dw, project;
	bool expands, residual;
	uint32_t k, stride, hidden, out;
	int tap; /* index of the tap that this block's output is, or -1 */
} lite_block;

typedef struct {
	sam_encoder base;
	GArray *blocks; /* of lite_block */
	weight stem, lat16, lat32, out;
	sam_norm norm0, norm1;
	uint32_t stem_channels, dim;
} lite;

typedef struct {
	guint stages;
	const uint32_t *repeats, *kernels, *strides, *expand, *channels, *taps;
} lite_sizes;

/* --- loading --- */

static bool read_sizes(sam_build *b, lite_sizes *s)
{
	guint taps = TAPS;
	s->stages = 0;
	s->repeats = sam_build_sizes(b, "sam.lite.repeats", &s->stages, 1, 64);
	s->kernels = sam_build_sizes(b, "sam.lite.kernels", &s->stages, 1, 9);
	s->strides = sam_build_sizes(b, "sam.lite.strides", &s->stages, 1, 2);
	s->expand = sam_build_sizes(b, "sam.lite.expand", &s->stages, 1, 16);
	s->channels = sam_build_sizes(b, "sam.lite.channels", &s->stages, 1, 4096);
	s->taps = sam_build_sizes(b, "sam.lite.taps", &taps, 1, s->stages);
	if (!sam_build_ok(b))
		return false;
	/* The taps must lie at S/4, S/8, S/16 and S/32: that is what neck and decoder are built for. */
	uint32_t scale = 2, tap = 0;
	for (uint32_t i = 1; i <= s->stages && tap < TAPS; i++) {
		scale *= s->strides[i - 1];
		if (s->taps[tap] == i && scale == 4u << tap)
			tap++;
	}
	if (tap < TAPS)
		return sam_build_fail(b, _("sam.lite.taps and sam.lite.strides do not give features at 1/4 to 1/32"));
	if (b->image_size % 32 != 0)
		return sam_build_fail(b, _("sam.image_size %u is not a multiple of 32"), b->image_size);
	return true;
}

static void load_block(lite *l, sam_build *b, const lite_sizes *s, guint stage, bool first, uint32_t *in,
                       uint32_t *side)
{
	g_autofree char *prefix = g_strdup_printf("enc.trunk.blocks.%u", l->blocks->len);
	lite_block block = {.k = s->kernels[stage],
	                    .stride = first ? s->strides[stage] : 1,
	                    .expands = s->expand[stage] > 1,
	                    .hidden = *in * s->expand[stage],
	                    .out = s->channels[stage],
	                    .tap = -1};
	block.residual = block.stride == 1 && *in == block.out;
	if (block.expands)
		block.expand = weight_linear(b->loader, sam_name(prefix, "expand"), block.hidden, *in, true);
	block.dw = weight_depthwise(b->loader, sam_name(prefix, "dw"), block.hidden, block.k, true);
	block.project = weight_linear(b->loader, sam_name(prefix, "project"), block.out, block.hidden, true);
	const uint64_t area = (uint64_t)*side * *side;
	if (block.expands)
		sam_build_count(b, area * block.hidden, *in);
	*side /= block.stride;
	sam_build_count(b, (uint64_t)*side * *side * block.hidden, (uint64_t)block.k * block.k + block.out);
	*in = block.out;
	g_array_append_val(l->blocks, block);
}

static void load_trunk(lite *l, sam_build *b, const lite_sizes *s)
{
	uint32_t in = sam_build_axis(b, "enc.trunk.stem.weight", 0, 1, 1024), side = b->image_size / 2, tap = 0;
	l->stem_channels = in;
	l->stem = weight_conv_image(b->loader, "enc.trunk.stem", in, 3, 4, 3, true);
	sam_build_count(b, (uint64_t)side * side * in, 27);
	for (guint stage = 0; stage < s->stages && sam_build_ok(b); stage++) {
		for (uint32_t i = 0; i < s->repeats[stage]; i++)
			load_block(l, b, s, stage, i == 0, &in, &side);
		if (tap < TAPS && s->taps[tap] == stage + 1)
			g_array_index(l->blocks, lite_block, l->blocks->len - 1).tap = (int)tap++;
	}
}

static void load_neck(lite *l, sam_build *b, uint32_t c16, uint32_t c32)
{
	const uint64_t area = (uint64_t)(b->image_size / 16) * (b->image_size / 16);
	l->dim = b->dim;
	l->lat16 = weight_linear(b->loader, "enc.neck.lat16", b->dim, c16, true);
	l->lat32 = weight_linear(b->loader, "enc.neck.lat32", b->dim, c32, true);
	l->norm0 = sam_norm_load(b, "enc.neck.norm0", b->dim);
	l->out = weight_conv(b->loader, "enc.neck.out", b->dim, b->dim, 3, false);
	l->norm1 = sam_norm_load(b, "enc.neck.norm1", b->dim);
	sam_build_count(b, area * b->dim, c16 + c32 / 4 + 9 * (uint64_t)b->dim);
}

/* --- running --- */

/* TensorFlow's SAME padding: zeros above and to the left for n inputs. */
static uint32_t same_pad(uint32_t n, uint32_t k, uint32_t stride)
{
	const uint32_t out = (n + stride - 1) / stride, span = (out - 1) * stride + k;
	return span > n ? (span - n) / 2 : 0;
}

static op_conv_params same_params(const tensor *x, uint32_t k, uint32_t stride)
{
	return (op_conv_params){.stride = stride,
	                        .pad_y = same_pad(x->ne[0], k, stride),
	                        .pad_x = same_pad(x->ne[1], k, stride),
	                        .act = ACT_RELU6};
}

static tensor run_block(const sam_pass *p, const lite_block *b, tensor x)
{
	const uint32_t h = x.ne[0] / b->stride, w = x.ne[1] / b->stride;
	tensor y = arena_tensor(p->work, p->act, TENSOR_SHAPE(h, w, b->out));
	arena_mark mark = arena_get_mark(p->work);
	tensor wide = x;
	if (b->expands) {
		wide = arena_tensor(p->work, p->act, TENSOR_SHAPE(x.ne[0], x.ne[1], b->hidden));
		op_linear(p->o, p->cmd, wide, x, &b->expand, ACT_RELU6, NULL);
	}
	tensor deep = arena_tensor(p->work, p->act, TENSOR_SHAPE(h, w, b->hidden));
	const op_conv_params params = same_params(&wide, b->k, b->stride);
	op_depthwise(p->o, p->cmd, deep, wide, &b->dw, &params);
	op_linear(p->o, p->cmd, y, deep, &b->project, ACT_NONE, b->residual ? &x : NULL);
	arena_rewind(p->work, mark);
	return y;
}

static tensor run_neck(const lite *l, const sam_pass *p, tensor f16, tensor f32)
{
	const uint32_t h = f16.ne[0], w = f16.ne[1];
	tensor coarse = arena_tensor(p->work, p->act, TENSOR_SHAPE(f32.ne[0], f32.ne[1], l->dim));
	tensor y = arena_tensor(p->work, p->act, TENSOR_SHAPE(h, w, l->dim));
	tensor z = arena_tensor(p->work, p->act, TENSOR_SHAPE(h, w, l->dim));
	op_linear(p->o, p->cmd, coarse, f32, &l->lat32, ACT_NONE, NULL);
	op_linear(p->o, p->cmd, y, f16, &l->lat16, ACT_NONE, NULL);
	op_upsample2_add(p->o, p->cmd, y, coarse, y);
	sam_norm_run(p, y, y, &l->norm0, NECK_EPS, ACT_NONE);
	op_conv(p->o, p->cmd, z, y, &l->out, &(op_conv_params){.stride = 1, .pad_y = 1, .pad_x = 1});
	sam_norm_run(p, z, z, &l->norm1, NECK_EPS, ACT_NONE);
	return z;
}

static void lite_run(const sam_encoder *e, const sam_pass *p, tensor image, sam_features *out)
{
	const lite *l = (const lite *)e;
	tensor taps[TAPS] = {0};
	tensor x = arena_tensor(p->work, p->act, TENSOR_SHAPE(image.ne[0] / 2, image.ne[1] / 2, l->stem_channels));
	const op_conv_params stem = same_params(&image, 3, 2);
	op_conv(p->o, p->cmd, x, image, &l->stem, &stem);
	for (guint i = 0; i < l->blocks->len; i++) {
		const lite_block *b = &g_array_index(l->blocks, lite_block, i);
		x = run_block(p, b, x);
		if (b->tap >= 0)
			taps[b->tap] = x;
	}
	*out = (sam_features){.embedding = run_neck(l, p, taps[2], taps[3]), .tap4 = taps[0], .tap8 = taps[1]};
}

static void lite_free(sam_encoder *e)
{
	lite *l = (lite *)e;
	g_array_unref(l->blocks);
	g_free(l);
}

sam_encoder *sam_lite_load(sam_build *b)
{
	lite_sizes s;
	if (!read_sizes(b, &s))
		return NULL;
	lite *l = g_new0(lite, 1);
	l->base.run = lite_run;
	l->base.free = lite_free;
	l->base.tap4 = s.channels[s.taps[0] - 1];
	l->base.tap8 = s.channels[s.taps[1] - 1];
	l->blocks = g_array_new(FALSE, TRUE, sizeof(lite_block));
	load_trunk(l, b, &s);
	load_neck(l, b, s.channels[s.taps[2] - 1], s.channels[s.taps[3] - 1]);
	return &l->base;
}
