/* Matrix products with weights: linear layers, 1x1 convolutions, transposed convolutions 2x2. */
#include "infer/ops/ops-private.h"
#include "infer/ops/push-all.h"
#include <string.h>

/* How the columns of the product are laid down. */
typedef struct {
	uint32_t rows, width; /* width: columns of the input image when a 2x2 block is spread over the output, else 0 */
	op_act act;
} product;

static bool in_fours(const struct linear_push *push)
{
	return push->in_dim % 4 == 0 && push->out_dim % (push->width ? 16 : 4) == 0 &&
	       (push->x_offset | push->y_offset | push->add_offset) % 4 == 0;
}

/* The same product by register tiles. */
static void use_tile(const ops *o, ops_call *call, struct linear_push *push, dtype activation, dtype weights)
{
	const tile t = ops_tile(o, push->rows, push->out_dim);
	const uint32_t sizes[] = {t.rows, t.cols, push->in_dim % 8 ? 1 : 2, t.local};

	call->kernel = KERNEL_LINEAR_TILE;
	if (ops_use_texels(o, call, activation, weights))
		call->variant = VARIANT_TEXEL;
	memcpy(call->spec + call->n_spec, sizes, sizeof(sizes));
	call->n_spec += G_N_ELEMENTS(sizes);
	push->lanes = t.lanes;
	ops_tile_groups(&t, push->rows, push->out_dim, call->groups);
}

static void record_product(ops *o, gpu_cmd *cmd, tensor y, tensor x, const weight *w, const tensor *add, product how)
{
	struct linear_push push = {
		.rows = how.rows,
		.out_dim = how.width ? 4 * w->out : w->out,
		.in_dim = w->in,
		.width = how.width,
		.w_scales = (uint32_t)(w->data.ne[0] * (uint64_t)w->data.ne[1] / 4),
	};
	uint32_t none;
	ops_call call = {
		.kernel = KERNEL_LINEAR,
		.variant = variant_of(x.type, w->data.type),
		.spec = {how.act, add != NULL, how.width != 0},
		.n_spec = 3,
		.push = &push,
		.flops = 2ull * push.rows * push.out_dim * push.in_dim,
	};
	call.bind[0] = ops_bind(o, &x, &push.x_offset);
	call.bind[1] = ops_bind(o, &w->data, &none);
	call.bind[2] = ops_bind(o, &w->bias, &none);
	call.bind[3] = add ? ops_bind(o, add, &push.add_offset) : call.bind[0];
	call.bind[4] = ops_bind(o, &y, &push.y_offset);
	if (in_fours(&push))
		use_tile(o, &call, &push, x.type, w->data.type);
	else
		ops_groups_1d(o, (uint64_t)push.rows * push.out_dim, call.groups);
	ops_run(o, cmd, &call);
}

/* The outermost axis in two halves, when a tensor is too large to bind; false when it need not or cannot be. */
static bool split(ops *o, const tensor *x, const tensor *y)
{
	return !(ops_fits(o, x) && ops_fits(o, y)) && x->ne[0] > 1;
}

static tensor as_rows(tensor t)
{
	return tensor_reshape(t, 2, (uint32_t[]){(uint32_t)tensor_rows(&t), tensor_cols(&t)});
}

void op_linear(ops *o, gpu_cmd *cmd, tensor y, tensor x, const weight *w, op_act act, const tensor *add)
{
	if (tensor_is_null(&y) || tensor_is_null(&x) || tensor_is_null(&w->data) || (add && tensor_is_null(add)))
		return;
	g_assert(w->kind == WEIGHT_LINEAR);
	g_assert(tensor_cols(&x) == w->in && tensor_cols(&y) == w->out && tensor_rows(&x) == tensor_rows(&y));
	g_assert(x.type == y.type && (!add || (add->type == y.type && tensor_count(add) == tensor_count(&y))));
	x = as_rows(x);
	y = as_rows(y);
	if (split(o, &x, &y)) {
		const uint32_t half = x.ne[0] / 2, rest = x.ne[0] - half;
		const tensor z = add ? as_rows(*add) : y;
		const tensor low = tensor_slice(z, 0, half), high = tensor_slice(z, half, rest);
		op_linear(o, cmd, tensor_slice(y, 0, half), tensor_slice(x, 0, half), w, act, add ? &low : NULL);
		op_linear(o, cmd, tensor_slice(y, half, rest), tensor_slice(x, half, rest), w, act, add ? &high : NULL);
		return;
	}
	if (ops_need_fit(o, "linear", &x) && ops_need_fit(o, "linear", &y) && ops_need_fit(o, "linear", &w->data))
		record_product(o, cmd, y, x, w, add, (product){.rows = x.ne[0], .act = act});
}

void op_conv_transpose2(ops *o, gpu_cmd *cmd, tensor y, tensor x, const weight *w, op_act act, const tensor *add)
{
	if (tensor_is_null(&y) || tensor_is_null(&x) || tensor_is_null(&w->data) || (add && tensor_is_null(add)))
		return;
	g_assert(w->kind == WEIGHT_CONV_TRANSPOSE2 && x.n_dims == 3 && y.n_dims == 3);
	g_assert(x.ne[2] == w->in && y.ne[2] == w->out && y.ne[0] == 2 * x.ne[0] && y.ne[1] == 2 * x.ne[1]);
	g_assert(x.type == y.type && (!add || (add->type == y.type && tensor_count(add) == tensor_count(&y))));
	if (split(o, &x, &y)) {
		const uint32_t half = x.ne[0] / 2, rest = x.ne[0] - half;
		const tensor z = add ? tensor_reshape(*add, 3, y.ne) : y;
		const tensor low = tensor_slice(z, 0, 2 * half), high = tensor_slice(z, 2 * half, 2 * rest);
		op_conv_transpose2(o, cmd, tensor_slice(y, 0, 2 * half), tensor_slice(x, 0, half), w, act, add ? &low : NULL);
		op_conv_transpose2(o, cmd, tensor_slice(y, 2 * half, 2 * rest), tensor_slice(x, half, rest), w, act,
		                   add ? &high : NULL);
		return;
	}
	if (ops_need_fit(o, "transposed convolution", &x) && ops_need_fit(o, "transposed convolution", &y))
		record_product(o, cmd, y, x, w, add, (product){.rows = x.ne[0] * x.ne[1], .width = x.ne[1], .act = act});
}
