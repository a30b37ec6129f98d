#include "infer/ops/ops-private.h"
#include "infer/ops/push-all.h"
#include <math.h>

/* Four neighbouring queries an invocation, when everything comes in fours; one where registers are few (four spill on
 * all AMD devices). */
static void by_windows(const ops *o, ops_call *call, const struct window_attention_push *push)
{
	const uint32_t window = push->window, queries = o->software ? 4 : 1;
	const uint32_t all = window * ((window + queries - 1) / queries);
	const uint32_t windows = ((push->h + window - 1) / window) * ((push->w + window - 1) / window);
	uint32_t local = ops_local(o);
	while (!o->software && local > 16 && local / 2 >= all) /* a small window needs no larger group */
		local /= 2;
	if (windows > o->caps->max_groups[0])
		return;
	call->spec[1] = local;
	call->spec[2] = queries;
	call->n_spec = 3;
	call->groups[0] = windows;
	call->groups[1] = push->heads;
	call->groups[2] = (all + local - 1) / local;
	/* Whole fours of the bias table, whatever lies behind it; a buffer ends with a whole four as a rule. */
	const uint64_t whole = (call->bind[2].bytes + 15) / 16 * 16;
	if (call->bind[2].offset + whole <= gpu_buffer_bytes(call->bind[2].buf))
		call->bind[2].bytes = whole;
	ops_use_fours(o, call, KERNEL_WINDOW_ATTENTION_BLOCK, call->variant ? DTYPE_F16 : DTYPE_F32);
}

void op_window_attention(ops *o, gpu_cmd *cmd, tensor y, tensor qkv, tensor pad, tensor bias, uint32_t heads,
                         uint32_t window)
{
	if (tensor_is_null(&y) || tensor_is_null(&qkv) || tensor_is_null(&pad) || tensor_is_null(&bias))
		return;
	const uint32_t dim = y.ne[2] / heads;
	g_assert(y.n_dims == 3 && qkv.n_dims == 3 && y.ne[2] == heads * dim && qkv.ne[2] == 3 * y.ne[2]);
	g_assert(y.ne[0] == qkv.ne[0] && y.ne[1] == qkv.ne[1] && y.type == qkv.type && window >= 1);
	g_assert(pad.type == DTYPE_F32 && tensor_count(&pad) == qkv.ne[2]);
	g_assert(bias.type == DTYPE_F32 && tensor_count(&bias) == (uint64_t)heads * window * window);
	if (!ops_need_fit(o, "window attention", &qkv))
		return;
	struct window_attention_push push = {
		.h = y.ne[0], .w = y.ne[1], .heads = heads, .window = window, .scale = 1.0f / sqrtf((float)dim)};
	const uint64_t tokens = (uint64_t)y.ne[0] * y.ne[1];
	uint32_t none;
	ops_call call = {.kernel = KERNEL_WINDOW_ATTENTION,
	                 .variant = variant_of(y.type, DTYPE_F32),
	                 .spec = {dim},
	                 .n_spec = 1,
	                 .push = &push,
	                 .flops = 4 * tokens * window * window * y.ne[2]};
	call.bind[0] = ops_bind(o, &qkv, &push.qkv_offset);
	call.bind[1] = ops_bind(o, &pad, &none);
	g_assert(none == 0);
	call.bind[2] = ops_bind(o, &bias, &none);
	g_assert(none == 0);
	call.bind[3] = ops_bind(o, &y, &push.y_offset);
	ops_groups_1d(o, tokens * heads, call.groups);
	if (dim % 4 == 0 && push.qkv_offset % 4 == 0 && push.y_offset % 4 == 0)
		by_windows(o, &call, &push);
	ops_run(o, cmd, &call);
}

#define BLOCK_QUERIES 4

/* Queries enough for all lanes, on a software device: several an invocation, so that keys are read less often. (Two
 * rows of a wide head are more than the registers of a graphics device.) False when it is not for this. */
static bool attention_in_blocks(const ops *o, ops_call *call, const struct attention_push *push, dtype type)
{
	const uint32_t local = ops_local(o), each = local * BLOCK_QUERIES, groups = (push->nq + each - 1) / each;
	if (!o->software || push->nq < each || push->nk < 16 || groups > o->caps->max_groups[0])
		return false;
	call->spec[1] = local;
	call->spec[2] = BLOCK_QUERIES;
	call->n_spec = 3;
	call->groups[0] = groups;
	call->groups[1] = push->heads;
	call->groups[2] = 1;
	ops_use_fours(o, call, KERNEL_ATTENTION_BLOCK, type);
	return true;
}

/* Few queries with many keys: neighbours share the keys of a query. A software device has no use for more invocations.
 */
static void attention_in_fours(const ops *o, ops_call *call, const struct attention_push *push, dtype type)
{
	const uint32_t local = ops_local(o);
	uint32_t split = 1;
	while (!o->software && split < local && push->nk >= 8 * split && push->nq * push->heads * split < 16384)
		split *= 2;
	const uint32_t queries = local / split, groups = (push->nq + queries - 1) / queries;
	if (groups > o->caps->max_groups[0])
		return;
	call->spec[1] = split;
	call->spec[2] = local;
	call->n_spec = 3;
	call->groups[0] = groups;
	call->groups[1] = push->heads;
	call->groups[2] = 1;
	ops_use_fours(o, call, KERNEL_ATTENTION4, type);
}

void op_attention(ops *o, gpu_cmd *cmd, tensor y, tensor q, tensor k, tensor v, uint32_t heads, float scale)
{
	if (tensor_is_null(&y) || tensor_is_null(&q) || tensor_is_null(&k) || tensor_is_null(&v))
		return;
	const uint32_t cols = tensor_cols(&q), dim = cols / heads;
	g_assert(cols == heads * dim && tensor_cols(&k) == cols && tensor_cols(&v) == cols && tensor_cols(&y) == cols);
	g_assert(tensor_rows(&y) == tensor_rows(&q) && tensor_rows(&k) == tensor_rows(&v));
	g_assert(y.type == q.type && y.type == k.type && y.type == v.type);
	if (!ops_need_fit(o, "attention", &q) || !ops_need_fit(o, "attention", &k))
		return;
	struct attention_push push = {
		.nq = (uint32_t)tensor_rows(&q), .nk = (uint32_t)tensor_rows(&k), .heads = heads, .scale = scale};
	ops_call call = {.kernel = KERNEL_ATTENTION,
	                 .variant = variant_of(y.type, DTYPE_F32),
	                 .spec = {dim},
	                 .n_spec = 1,
	                 .push = &push,
	                 .flops = 4ull * push.nq * push.nk * cols};
	call.bind[0] = ops_bind(o, &q, &push.q_offset);
	call.bind[1] = ops_bind(o, &k, &push.k_offset);
	call.bind[2] = ops_bind(o, &v, &push.v_offset);
	call.bind[3] = ops_bind(o, &y, &push.y_offset);
	ops_groups_1d(o, (uint64_t)push.nq * heads, call.groups);
	if ((dim | push.q_offset | push.k_offset | push.v_offset | push.y_offset) % 4 == 0) {
		if (!attention_in_blocks(o, &call, &push, y.type))
			attention_in_fours(o, &call, &push, y.type);
	}
	ops_run(o, cmd, &call);
}
