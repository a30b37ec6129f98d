/* Convolutions over [H,W,C] images with any kernel size, stride and asymmetric padding. */
#include "infer/ops/ops-private.h"
#include "infer/ops/push-all.h"
#include <string.h>

/* Rows of the output are computed in bands when a tensor is too large to bind; a band sees the input rows it needs. */
typedef struct {
	tensor y, x;
	tensor add; /* null: none */
	int32_t pad_y;
} band;

static bool band_fits(const ops *o, const band *b)
{
	return (ops_fits(o, &b->x) && ops_fits(o, &b->y)) || b->y.ne[0] == 1;
}

/* Output rows first .. first+n-1 of b. */
static band band_part(const band *b, uint32_t first, uint32_t n, const weight *w, uint32_t stride)
{
	band part = *b;
	part.y = tensor_slice(b->y, first, n);
	part.add = tensor_slice(b->add, first, n);
	const int64_t top = (int64_t)first * stride - b->pad_y, bottom = top + (int64_t)(n - 1) * stride + w->kh;
	const uint32_t from = (uint32_t)CLAMP(top, 0, (int64_t)b->x.ne[0] - 1);
	const uint32_t to = (uint32_t)CLAMP(bottom, (int64_t)from + 1, (int64_t)b->x.ne[0]);
	part.x = tensor_slice(b->x, from, to - from);
	part.pad_y = (int32_t)((int64_t)from - top);
	return part;
}

static bool in_fours(const struct conv_push *push)
{
	const uint64_t x_end = push->x_offset + (uint64_t)push->in_h * push->in_w * push->in_c;

	return push->out_c % 4 == 0 && (push->y_offset | push->add_offset) % 4 == 0 && x_end % 4 == 0;
}

static void add_sizes(ops_call *call, const uint32_t *sizes, uint32_t n)
{
	memcpy(call->spec + call->n_spec, sizes, n * sizeof(*sizes));
	call->n_spec += (uint8_t)n;
}

/* The same by register tiles; images of few channels (not in fours) are read number by number. */
static void use_conv_tile(const ops *o, ops_call *call, struct conv_push *push, bool texels)
{
	const uint32_t pixels = push->out_h * push->out_w, few = push->in_c % 4 != 0 || push->x_offset % 4 != 0;
	const tile t = ops_tile(o, pixels, push->out_c);

	call->kernel = KERNEL_CONV_TILE;
	if (texels)
		call->variant = VARIANT_TEXEL;
	add_sizes(call, (uint32_t[]){few, t.rows, t.cols, t.local}, 4);
	push->lanes = t.lanes;
	ops_tile_groups(&t, pixels, push->out_c, call->groups);
}

/* Neighbours along channels read neighbouring memory: fewer of them only when that saves a fifth of the invocations. */
static uint32_t depthwise_lanes(uint32_t fours, uint32_t across, uint32_t local)
{
	uint32_t best = 1;
	uint64_t least = UINT64_MAX / 4;

	for (uint32_t lanes = local; lanes >= 1; lanes /= 2) {
		const uint32_t lines = local / lanes;
		const uint64_t all = (uint64_t)((fours + lanes - 1) / lanes) * ((across + lines - 1) / lines);
		if (all * 5 < least * 4) {
			least = all;
			best = lanes;
		}
	}
	return best;
}

/* Left as it is when a size is out of the ordinary. */
static void use_depthwise_tile(const ops *o, ops_call *call, struct conv_push *push, bool texels)
{
	const uint32_t rows = o->software ? 2 : 1, pixels = 4, local = ops_local(o), fours = push->in_c / 4;
	const uint32_t across = (push->out_w + pixels - 1) / pixels, down = (push->out_h + rows - 1) / rows;
	const uint32_t lanes = depthwise_lanes(fours, across, local), lines = local / lanes;

	if (push->kh != push->kw || push->kw > 7 || down > o->caps->max_groups[2])
		return;
	call->kernel = KERNEL_DEPTHWISE_TILE;
	if (texels)
		call->variant = VARIANT_TEXEL;
	add_sizes(call, (uint32_t[]){push->kw, push->stride, rows, pixels, local}, 5);
	push->lanes = lanes;
	call->groups[0] = (fours + lanes - 1) / lanes;
	call->groups[1] = (across + lines - 1) / lines;
	call->groups[2] = down;
}

static void record_band(ops *o, gpu_cmd *cmd, const band *b, const weight *w, const op_conv_params *p)
{
	const bool depthwise = w->kind == WEIGHT_DEPTHWISE, add = !tensor_is_null(&b->add);
	struct conv_push push = {
		.in_h = b->x.ne[0],
		.in_w = b->x.ne[1],
		.in_c = b->x.ne[2],
		.out_h = b->y.ne[0],
		.out_w = b->y.ne[1],
		.out_c = b->y.ne[2],
		.kh = w->kh,
		.kw = w->kw,
		.stride = p->stride,
		.pad_y = b->pad_y,
		.pad_x = (int32_t)p->pad_x,
	};
	uint32_t none;
	const uint64_t outputs = tensor_count(&b->y);
	ops_call call = {
		.kernel = depthwise ? KERNEL_DEPTHWISE : KERNEL_CONV,
		.variant = variant_of(b->x.type, w->data.type),
		.spec = {p->act, add},
		.n_spec = depthwise ? 1 : 2,
		.push = &push,
		.flops = 2 * outputs * w->kh * w->kw * (depthwise ? 1 : w->in),
	};
	call.bind[0] = ops_bind(o, &b->x, &push.x_offset);
	call.bind[1] = ops_bind(o, &w->data, &none);
	call.bind[2] = ops_bind(o, &w->bias, &none);
	if (!depthwise)
		call.bind[3] = add ? ops_bind(o, &b->add, &push.add_offset) : call.bind[0];
	call.bind[depthwise ? 3 : 4] = ops_bind(o, &b->y, &push.y_offset);
	const bool texels = ops_use_texels(o, &call, b->x.type, w->data.type);
	ops_groups_1d(o, outputs, call.groups);
	if (depthwise && in_fours(&push) && push.x_offset % 4 == 0)
		use_depthwise_tile(o, &call, &push, texels);
	else if (!depthwise && in_fours(&push))
		use_conv_tile(o, &call, &push, texels);
	ops_run(o, cmd, &call);
}

static void run_bands(ops *o, gpu_cmd *cmd, const band *b, const weight *w, const op_conv_params *p)
{
	if (band_fits(o, b)) {
		if (ops_need_fit(o, "convolution", &b->x) && ops_need_fit(o, "convolution", &b->y))
			record_band(o, cmd, b, w, p);
		return;
	}
	const uint32_t half = b->y.ne[0] / 2;
	const band low = band_part(b, 0, half, w, p->stride), high = band_part(b, half, b->y.ne[0] - half, w, p->stride);
	run_bands(o, cmd, &low, w, p);
	run_bands(o, cmd, &high, w, p);
}

static void check_shapes(const tensor *y, const tensor *x, const weight *w, const op_conv_params *p)
{
	g_assert(x->n_dims == 3 && y->n_dims == 3 && x->type == y->type && p->stride >= 1);
	g_assert(x->ne[2] == (w->kind == WEIGHT_DEPTHWISE ? w->out : w->in) && y->ne[2] == w->out);
	g_assert(!p->add || (p->add->type == y->type && tensor_count(p->add) == tensor_count(y)));
}

static void convolve(ops *o, gpu_cmd *cmd, tensor y, tensor x, const weight *w, const op_conv_params *p)
{
	if (tensor_is_null(&y) || tensor_is_null(&x) || tensor_is_null(&w->data) || (p->add && tensor_is_null(p->add)))
		return;
	check_shapes(&y, &x, w, p);
	const band all = {.y = y,
	                  .x = x,
	                  .add = p->add ? tensor_reshape(*p->add, 3, y.ne) : (tensor){.n_dims = 0},
	                  .pad_y = (int32_t)p->pad_y};
	run_bands(o, cmd, &all, w, p);
}

void op_conv(ops *o, gpu_cmd *cmd, tensor y, tensor x, const weight *w, const op_conv_params *p)
{
	g_assert(tensor_is_null(&w->data) || w->kind == WEIGHT_CONV);
	convolve(o, cmd, y, x, w, p);
}

void op_depthwise(ops *o, gpu_cmd *cmd, tensor y, tensor x, const weight *w, const op_conv_params *p)
{
	g_assert((tensor_is_null(&w->data) || w->kind == WEIGHT_DEPTHWISE) && !p->add);
	convolve(o, cmd, y, x, w, p);
}
