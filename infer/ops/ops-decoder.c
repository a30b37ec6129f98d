#include "infer/ops/ops-decoder.h"
#include "infer/ops/ops-private.h"
#include "infer/ops/push-all.h"
#include <math.h>

void op_rope(ops *o, gpu_cmd *cmd, tensor qkv, tensor table, tensor k, tensor v, const op_heads *h)
{
	if (tensor_is_null(&qkv) || tensor_is_null(&table) || tensor_is_null(&k) || tensor_is_null(&v))
		return;
	struct rope_push push = {.rows = (uint32_t)tensor_rows(&qkv),
	                         .first = h->first,
	                         .heads = h->heads,
	                         .kv_heads = h->kv_heads,
	                         .dim = h->dim,
	                         .rotary = h->rotary};
	g_assert(h->dim % 4 == 0 && h->rotary % 2 == 0 && h->rotary <= h->dim);
	g_assert(tensor_cols(&qkv) == (h->heads + 2 * h->kv_heads) * h->dim);
	g_assert(tensor_count(&table) == (uint64_t)push.rows * h->rotary);
	g_assert(k.type == DTYPE_F16 && v.type == DTYPE_F16 && tensor_cols(&k) == h->kv_heads * h->dim &&
	         (uint64_t)h->first + push.rows <= tensor_rows(&k) && tensor_count(&v) == tensor_count(&k));
	if (!ops_need_fit(o, "rotation", &qkv) || !ops_need_fit(o, "cache", &k))
		return;
	ops_call call = {.kernel = KERNEL_ROPE, .push = &push, .flops = 4 * tensor_count(&qkv)};
	call.bind[0] = ops_bind(o, &qkv, &push.qkv_offset);
	call.bind[1] = ops_bind(o, &table, &push.table_offset);
	call.bind[2] = ops_bind(o, &k, &push.k_offset);
	call.bind[3] = ops_bind(o, &v, &push.v_offset);
	call.groups[0] = (tensor_cols(&qkv) / 2 + 63) / 64;
	call.groups[1] = push.rows;
	call.groups[2] = 1;
	ops_run(o, cmd, &call);
}

/* A software device keeps the queries of up to four heads of one key head in registers and has no use for more
 * invocations than one vector; elsewhere neighbours share the positions of a row until the device is full. */
static void share_positions(const ops *o, ops_call *call, const op_heads *h, uint32_t rows)
{
	const uint32_t local = ops_local(o), same = h->heads / h->kv_heads;
	uint32_t group = 1, split = 1;

	for (uint32_t n = 2; o->software && n <= 4; n++)
		if (same % n == 0)
			group = n;
	if (o->software)
		while (split * rows < local)
			split *= 2;
	else
		while (split < local && h->first + rows >= 8 * split && (uint64_t)rows * h->heads * split < 16384)
			split *= 2;
	const uint32_t batch = o->software ? h->dim / 4 : h->dim % 16 == 0 ? 4 : 1; /* shared memory: 4 KiB elsewhere */
	const uint32_t spec[] = {h->dim, group, split, local, o->software, batch};
	memcpy(call->spec, spec, sizeof spec);
	call->n_spec = G_N_ELEMENTS(spec);
	call->groups[0] = (rows + local / split - 1) / (local / split);
	call->groups[1] = h->heads / group;
	call->groups[2] = 1;
}

void op_cache_attention(ops *o, gpu_cmd *cmd, tensor y, tensor q, tensor k, tensor v, const op_heads *h)
{
	if (tensor_is_null(&y) || tensor_is_null(&q) || tensor_is_null(&k) || tensor_is_null(&v))
		return;
	struct cache_attention_push push = {.rows = (uint32_t)tensor_rows(&q),
	                                    .first = h->first,
	                                    .heads = h->heads,
	                                    .kv_heads = h->kv_heads,
	                                    .q_stride = tensor_cols(&q),
	                                    .scale = 1.0f / sqrtf((float)h->dim)};
	const uint64_t seen = (uint64_t)push.rows * (h->first + (push.rows + 1) / 2);
	g_assert(h->dim % 4 == 0 && h->heads % h->kv_heads == 0 && tensor_cols(&y) == h->heads * h->dim);
	g_assert(tensor_cols(&q) >= tensor_cols(&y) && tensor_cols(&q) % 4 == 0 && tensor_rows(&y) == push.rows);
	g_assert(k.type == DTYPE_F16 && v.type == DTYPE_F16 && tensor_cols(&k) == h->kv_heads * h->dim &&
	         (uint64_t)h->first + push.rows <= tensor_rows(&k) && tensor_count(&v) == tensor_count(&k));
	/* Only what is filled. */
	k = tensor_slice(k, 0, h->first + push.rows);
	v = tensor_slice(v, 0, h->first + push.rows);
	if (!ops_need_fit(o, "attention", &q) || !ops_need_fit(o, "cache", &k))
		return;
	ops_call call = {.kernel = KERNEL_CACHE_ATTENTION, .push = &push, .flops = 4 * seen * h->heads * h->dim};
	call.bind[0] = ops_bind(o, &q, &push.q_offset);
	call.bind[1] = ops_bind(o, &k, &push.k_offset);
	call.bind[2] = ops_bind(o, &v, &push.v_offset);
	call.bind[3] = ops_bind(o, &y, &push.y_offset);
	g_assert((push.q_offset | push.k_offset | push.v_offset | push.y_offset) % 4 == 0);
	share_positions(o, &call, h, push.rows);
	if (o->caps->max_texels)
		call.variant = VARIANT_TEXEL;
	ops_run(o, cmd, &call);
}

void op_swiglu(ops *o, gpu_cmd *cmd, tensor y, tensor x)
{
	if (tensor_is_null(&y) || tensor_is_null(&x))
		return;
	struct swiglu_push push = {.rows = (uint32_t)tensor_rows(&y), .cols = tensor_cols(&y)};
	g_assert(push.cols % 4 == 0 && tensor_cols(&x) == 2 * push.cols && tensor_rows(&x) == push.rows);
	if (!ops_need_fit(o, "gate", &x))
		return;
	ops_call call = {.kernel = KERNEL_SWIGLU, .push = &push, .flops = 8 * tensor_count(&y)};
	call.bind[0] = ops_bind(o, &x, &push.x_offset);
	call.bind[1] = ops_bind(o, &y, &push.y_offset);
	g_assert((push.x_offset | push.y_offset) % 4 == 0);
	ops_groups_1d(o, tensor_count(&y) / 4, call.groups);
	if (o->caps->max_texels)
		call.variant = VARIANT_TEXEL;
	ops_run(o, cmd, &call);
}
