/* EfficientNet-Lite with SAM's neck (spec sam.md 6.1). Sizes from sam.lite.*; batch norms are folded in the file. */
#include "infer/models/lite-trunk.h"
#include <glib/gi18n-lib.h>

#define TAPS 4
#define NECK_EPS 1e-6f

typedef struct {
	sam_encoder base;
	lite_trunk *trunk;
	weight lat16, lat32, out;
	sam_norm norm0, norm1;
	uint32_t dim;
} lite;

/* --- loading --- */

static bool read_sizes(sam_build *b, lite_sizes *s, const uint32_t **taps)
{
	guint n = TAPS, tap = 0;
	if (!lite_sizes_read(b, "sam.lite", s))
		return false;
	*taps = sam_build_sizes(b, "sam.lite.taps", &n, 1, s->stages);
	if (!*taps)
		return false;
	/* The taps must lie at S/4, S/8, S/16 and S/32: that is what neck and decoder are built for. */
	for (uint32_t i = 1; i <= s->stages && tap < TAPS; i++)
		if ((*taps)[tap] == i && lite_stride(s, i) == 4u << tap)
			tap++;
	if (tap < TAPS)
		return sam_build_fail(b, _("sam.lite.taps and sam.lite.strides do not give features at 1/4 to 1/32"));
	if (b->image_size % 32 != 0)
		return sam_build_fail(b, _("sam.image_size %u is not a multiple of 32"), b->image_size);
	return true;
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
	lite_trunk_run(l->trunk, p, image, taps);
	*out = (sam_features){.embedding = run_neck(l, p, taps[2], taps[3]), .tap4 = taps[0], .tap8 = taps[1]};
}

static void lite_free(sam_encoder *e)
{
	lite *l = (lite *)e;
	lite_trunk_free(l->trunk);
	g_free(l);
}

sam_encoder *sam_lite_load(sam_build *b)
{
	lite_sizes s;
	const uint32_t *taps = NULL;
	if (!read_sizes(b, &s, &taps))
		return NULL;
	lite *l = g_new0(lite, 1);
	l->base.run = lite_run;
	l->base.free = lite_free;
	l->base.tap4 = s.channels[taps[0] - 1];
	l->base.tap8 = s.channels[taps[1] - 1];
	l->trunk = lite_trunk_load(b, "enc.trunk", &s, taps, TAPS, b->image_size);
	load_neck(l, b, s.channels[taps[2] - 1], s.channels[taps[3] - 1]);
	return &l->base;
}
