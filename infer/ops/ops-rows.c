/* Operators on rows and single elements: norm, sums, copies, gathering. */
#include "infer/ops/ops-decoder.h"
#include "infer/ops/ops-private.h"
#include "infer/ops/push-all.h"

static tensor as_rows(tensor t)
{
	return tensor_reshape(t, 2, (uint32_t[]){(uint32_t)tensor_rows(&t), tensor_cols(&t)});
}

/* A row has one invocation on a software device, else as many neighbours as it has fours, up to 32. */
static void norm_in_fours(const ops *o, ops_call *call, const struct layer_norm_push *push, dtype type)
{
	const uint32_t local = ops_local(o);
	uint32_t lanes = 1;
	while (!o->software && lanes < 32 && lanes < local && lanes < push->cols / 4)
		lanes *= 2;
	const uint64_t groups = ((uint64_t)push->rows * lanes + local - 1) / local;
	call->spec[1] = lanes;
	call->spec[2] = local;
	call->n_spec = 3;
	ops_groups_1d(o, groups * 64, call->groups);
	ops_use_fours(o, call, KERNEL_LAYER_NORM4, type);
}

static void record_norm(ops *o, gpu_cmd *cmd, const tensor *y, const tensor *x, const tensor *gamma, const tensor *beta,
                        float eps, op_act act)
{
	struct layer_norm_push push = {.rows = x->ne[0], .cols = x->ne[1], .eps = eps};
	uint32_t none;
	ops_call call = {.kernel = KERNEL_LAYER_NORM,
	                 .variant = variant_of(x->type, DTYPE_F32),
	                 .spec = {act},
	                 .n_spec = 1,
	                 .push = &push,
	                 .flops = 8 * tensor_count(x)};
	call.bind[0] = ops_bind(o, x, &push.x_offset);
	call.bind[1] = ops_bind(o, gamma, &none);
	g_assert(none == 0);
	call.bind[2] = beta ? ops_bind(o, beta, &none) : call.bind[1];
	g_assert(none == 0);
	call.bind[3] = ops_bind(o, y, &push.y_offset);
	ops_groups_1d(o, push.rows, call.groups);
	const bool fours = push.cols % 4 == 0 && push.x_offset % 4 == 0 && push.y_offset % 4 == 0;
	g_assert(fours || beta);
	if (fours)
		norm_in_fours(o, &call, &push, x->type);
	if (!beta) {
		call.spec[3] = true;
		call.n_spec = 4;
	}
	ops_run(o, cmd, &call);
}

/* beta NULL: root mean square instead of layer norm. */
static void norm(ops *o, gpu_cmd *cmd, tensor y, tensor x, const tensor *gamma, const tensor *beta, float eps,
                 op_act act)
{
	if (tensor_is_null(&y) || tensor_is_null(&x) || tensor_is_null(gamma) || (beta && tensor_is_null(beta)))
		return;
	g_assert(x.type == y.type && tensor_count(&x) == tensor_count(&y) && tensor_cols(&x) == tensor_cols(&y));
	g_assert(gamma->type == DTYPE_F32 && tensor_count(gamma) == tensor_cols(&x));
	g_assert(!beta || tensor_count(beta) == tensor_cols(&x));
	x = as_rows(x);
	y = as_rows(y);
	if (!ops_fits(o, &x) && x.ne[0] > 1) {
		const uint32_t half = x.ne[0] / 2, rest = x.ne[0] - half;
		norm(o, cmd, tensor_slice(y, 0, half), tensor_slice(x, 0, half), gamma, beta, eps, act);
		norm(o, cmd, tensor_slice(y, half, rest), tensor_slice(x, half, rest), gamma, beta, eps, act);
		return;
	}
	if (ops_need_fit(o, "norm", &x))
		record_norm(o, cmd, &y, &x, gamma, beta, eps, act);
}

void op_layer_norm(ops *o, gpu_cmd *cmd, tensor y, tensor x, tensor gamma, tensor beta, float eps, op_act act)
{
	norm(o, cmd, y, x, &gamma, &beta, eps, act);
}

void op_rms_norm(ops *o, gpu_cmd *cmd, tensor y, tensor x, tensor gamma, float eps)
{
	norm(o, cmd, y, x, &gamma, NULL, eps, ACT_NONE);
}

enum { OP_ADD, OP_MUL, OP_SCALE };

typedef struct {
	uint32_t op;
	op_act act;
	float factor, shift;
} elementwise;

static void record_elementwise(ops *o, gpu_cmd *cmd, const tensor *y, const tensor *a, const tensor *b,
                               const elementwise *e)
{
	struct elementwise_push push = {
		.n = (uint32_t)tensor_count(y), .b_count = (uint32_t)tensor_count(b), .factor = e->factor, .shift = e->shift};
	ops_call call = {.kernel = KERNEL_ELEMENTWISE,
	                 .variant = variant_of(y->type, DTYPE_F32),
	                 .spec = {e->act, e->op},
	                 .n_spec = 2,
	                 .push = &push,
	                 .flops = 2 * tensor_count(y)};
	call.bind[0] = ops_bind(o, a, &push.a_offset);
	call.bind[1] = ops_bind(o, b, &push.b_offset);
	call.bind[2] = ops_bind(o, y, &push.y_offset);
	ops_groups_1d(o, push.n, call.groups);
	if ((push.n | push.b_count | push.a_offset | push.b_offset | push.y_offset) % 4 == 0) {
		call.spec[2] = push.b_count != push.n;
		call.n_spec = 3;
		ops_groups_1d(o, push.n / 4, call.groups);
		ops_use_fours(o, &call, KERNEL_ELEMENTWISE4, y->type);
	}
	ops_run(o, cmd, &call);
}

/* b repeats over the outer axes of a. Tensors too large to bind are cut along the outermost axis of a. */
static void combine(ops *o, gpu_cmd *cmd, tensor y, tensor a, tensor b, elementwise e)
{
	if (tensor_is_null(&y) || tensor_is_null(&a) || tensor_is_null(&b))
		return;
	g_assert(y.type == a.type && y.type == b.type && tensor_count(&y) == tensor_count(&a));
	g_assert(tensor_count(&a) % tensor_count(&b) == 0);
	y = tensor_reshape(y, a.n_dims, a.ne);
	const uint64_t row = tensor_count(&a) / a.ne[0];
	const bool same = tensor_count(&b) == tensor_count(&a);
	if (!ops_fits(o, &a) && a.ne[0] > 1 && (same || row % tensor_count(&b) == 0)) {
		const uint32_t half = a.ne[0] / 2, rest = a.ne[0] - half;
		const tensor like = same ? tensor_reshape(b, a.n_dims, a.ne) : b;
		combine(o, cmd, tensor_slice(y, 0, half), tensor_slice(a, 0, half), same ? tensor_slice(like, 0, half) : b, e);
		combine(o, cmd, tensor_slice(y, half, rest), tensor_slice(a, half, rest),
		        same ? tensor_slice(like, half, rest) : b, e);
		return;
	}
	if (ops_need_fit(o, "sum", &a))
		record_elementwise(o, cmd, &y, &a, &b, &e);
}

void op_add(ops *o, gpu_cmd *cmd, tensor y, tensor a, tensor b, op_act act)
{
	combine(o, cmd, y, a, b, (elementwise){.op = OP_ADD, .act = act});
}

void op_mul(ops *o, gpu_cmd *cmd, tensor y, tensor a, tensor b)
{
	combine(o, cmd, y, a, b, (elementwise){.op = OP_MUL});
}

void op_scale(ops *o, gpu_cmd *cmd, tensor y, tensor a, float factor, float shift, op_act act)
{
	combine(o, cmd, y, a, a, (elementwise){.op = OP_SCALE, .act = act, .factor = factor, .shift = shift});
}

void op_copy(ops *o, gpu_cmd *cmd, tensor y, tensor x)
{
	if (tensor_is_null(&y) || tensor_is_null(&x))
		return;
	g_assert(tensor_count(&y) == tensor_count(&x) && x.type != DTYPE_Q8_0 && y.type != DTYPE_Q8_0);
	g_assert((x.type == DTYPE_U32) == (y.type == DTYPE_U32));
	y = tensor_reshape(y, x.n_dims, x.ne);
	if (!(ops_fits(o, &x) && ops_fits(o, &y)) && x.ne[0] > 1) {
		const uint32_t half = x.ne[0] / 2, rest = x.ne[0] - half;
		op_copy(o, cmd, tensor_slice(y, 0, half), tensor_slice(x, 0, half));
		op_copy(o, cmd, tensor_slice(y, half, rest), tensor_slice(x, half, rest));
		return;
	}
	if (x.type == y.type) {
		gpu_cmd_copy(cmd, y.data, x.data);
		return;
	}
	struct copy_push push = {.n = (uint32_t)tensor_count(&x)};
	ops_call call = {.kernel = KERNEL_COPY, .variant = variant_of(y.type, x.type), .push = &push, .flops = push.n};
	call.bind[0] = ops_bind(o, &x, &push.x_offset);
	call.bind[1] = ops_bind(o, &y, &push.y_offset);
	ops_groups_1d(o, push.n, call.groups);
	ops_run(o, cmd, &call);
}

void op_gather(ops *o, gpu_cmd *cmd, tensor y, tensor table, tensor rows)
{
	if (tensor_is_null(&y) || tensor_is_null(&table) || tensor_is_null(&rows))
		return;
	g_assert(rows.type == DTYPE_U32 && y.type == table.type && tensor_cols(&y) == tensor_cols(&table));
	g_assert(tensor_rows(&y) == tensor_count(&rows));
	if (!ops_need_fit(o, "gather", &table) || !ops_need_fit(o, "gather", &y))
		return;
	struct gather_push push = {
		.rows = (uint32_t)tensor_rows(&y), .cols = tensor_cols(&y), .table_rows = (uint32_t)tensor_rows(&table)};
	ops_call call = {
		.kernel = KERNEL_GATHER, .variant = variant_of(y.type, DTYPE_F32), .push = &push, .flops = tensor_count(&y)};
	call.bind[0] = ops_bind(o, &table, &push.table_offset);
	call.bind[1] = ops_bind(o, &rows, &push.index_offset);
	call.bind[2] = ops_bind(o, &y, &push.y_offset);
	ops_groups_1d(o, tensor_count(&y), call.groups);
	ops_run(o, cmd, &call);
}
