#include "infer/models/lite-trunk.h"

typedef struct {
	weight expand, dw, project;
	bool expands, residual;
	uint32_t k, stride, hidden, out;
	int tap; /* index of the tap that this block's output is, or -1 */
} lite_block;

struct lite_trunk {
	GArray *blocks; /* of lite_block */
	weight stem;
	uint32_t stem_channels;
};

/* --- loading --- */

bool lite_sizes_read(sam_build *b, const char *keys, lite_sizes *s)
{
	s->stages = 0;
	s->repeats = sam_build_sizes(b, sam_name(keys, "repeats"), &s->stages, 1, 64);
	s->kernels = sam_build_sizes(b, sam_name(keys, "kernels"), &s->stages, 1, 9);
	s->strides = sam_build_sizes(b, sam_name(keys, "strides"), &s->stages, 1, 2);
	s->expand = sam_build_sizes(b, sam_name(keys, "expand"), &s->stages, 1, 16);
	s->channels = sam_build_sizes(b, sam_name(keys, "channels"), &s->stages, 1, 4096);
	return sam_build_ok(b);
}

uint32_t lite_stride(const lite_sizes *s, uint32_t stage)
{
	uint32_t stride = 2; /* the stem's */
	for (uint32_t i = 0; i < stage && stride < 1u << 16; i++)
		stride *= s->strides[i];
	return stride;
}

static void load_block(lite_trunk *t, sam_build *b, const char *names, const lite_sizes *s, guint stage, bool first,
                       uint32_t *in, uint32_t *side)
{
	g_autofree char *prefix = g_strdup_printf("%s.blocks.%u", names, t->blocks->len);
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
	g_array_append_val(t->blocks, block);
}

lite_trunk *lite_trunk_load(sam_build *b, const char *names, const lite_sizes *s, const uint32_t *taps, guint n_taps,
                            uint32_t side)
{
	g_autofree char *stem = g_strconcat(names, ".stem", NULL), *weights = g_strconcat(stem, ".weight", NULL);
	lite_trunk *t = g_new0(lite_trunk, 1);
	uint32_t in = sam_build_axis(b, weights, 0, 1, 1024), tap = 0;
	t->blocks = g_array_new(FALSE, TRUE, sizeof(lite_block));
	t->stem_channels = in;
	t->stem = weight_conv_image(b->loader, stem, in, 3, 4, 3, true);
	side /= 2;
	sam_build_count(b, (uint64_t)side * side * in, 27);
	for (guint stage = 0; stage < s->stages && sam_build_ok(b); stage++) {
		for (uint32_t i = 0; i < s->repeats[stage]; i++)
			load_block(t, b, names, s, stage, i == 0, &in, &side);
		if (tap < n_taps && taps[tap] == stage + 1)
			g_array_index(t->blocks, lite_block, t->blocks->len - 1).tap = (int)tap++;
	}
	return t;
}

void lite_trunk_free(lite_trunk *t)
{
	if (!t)
		return;
	g_array_unref(t->blocks);
	g_free(t);
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

void lite_trunk_run(const lite_trunk *t, const sam_pass *p, tensor image, tensor *taps)
{
	tensor x = arena_tensor(p->work, p->act, TENSOR_SHAPE(image.ne[0] / 2, image.ne[1] / 2, t->stem_channels));
	const op_conv_params stem = same_params(&image, 3, 2);
	op_conv(p->o, p->cmd, x, image, &t->stem, &stem);
	for (guint i = 0; i < t->blocks->len; i++) {
		const lite_block *b = &g_array_index(t->blocks, lite_block, i);
		x = run_block(p, b, x);
		if (b->tap >= 0)
			taps[b->tap] = x;
	}
}
