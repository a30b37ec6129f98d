#include "infer/ops/ops-tokens.h"
#include "infer/ops/ops-private.h"
#include "infer/ops/push-all.h"

void op_place(ops *o, gpu_cmd *cmd, tensor y, uint32_t at, tensor table, const tensor *rows)
{
	if (tensor_is_null(&y) || tensor_is_null(&table) || (rows && tensor_is_null(rows)))
		return;
	struct place_push push = {.rows = (uint32_t)tensor_rows(&y),
	                          .cols = tensor_cols(&table),
	                          .y_cols = tensor_cols(&y),
	                          .y_at = at,
	                          .table_rows = (uint32_t)tensor_rows(&table)};
	g_assert(y.type == table.type && at + push.cols <= push.y_cols);
	g_assert(rows ? rows->type == DTYPE_U32 && tensor_count(rows) == push.rows : push.table_rows >= push.rows);
	if (!ops_need_fit(o, "place", &table) || !ops_need_fit(o, "place", &y))
		return;
	ops_call call = {.kernel = KERNEL_PLACE,
	                 .variant = variant_of(y.type, DTYPE_F32),
	                 .spec = {rows == NULL},
	                 .n_spec = 1,
	                 .push = &push,
	                 .flops = (uint64_t)push.rows * push.cols};
	call.bind[0] = ops_bind(o, &table, &push.table_offset);
	call.bind[1] = rows ? ops_bind(o, rows, &push.index_offset) : call.bind[0];
	call.bind[2] = ops_bind(o, &y, &push.y_offset);
	ops_groups_1d(o, (uint64_t)push.rows * push.cols, call.groups);
	ops_run(o, cmd, &call);
}

void op_mix(ops *o, gpu_cmd *cmd, tensor y, tensor weights, tensor x)
{
	if (tensor_is_null(&y) || tensor_is_null(&weights) || tensor_is_null(&x))
		return;
	struct mix_push push = {.rows = (uint32_t)tensor_rows(&y), .cols = tensor_cols(&y), .n = (uint32_t)tensor_rows(&x)};
	g_assert(y.type == x.type && weights.type == DTYPE_F32 && tensor_cols(&x) == push.cols);
	g_assert(tensor_rows(&weights) == push.rows && tensor_cols(&weights) == push.n);
	if (!ops_need_fit(o, "sum of rows", &x) || !ops_need_fit(o, "sum of rows", &weights))
		return;
	ops_call call = {.kernel = KERNEL_MIX,
	                 .variant = variant_of(y.type, DTYPE_F32),
	                 .push = &push,
	                 .flops = 2 * tensor_count(&y) * push.n};
	call.bind[0] = ops_bind(o, &weights, &push.w_offset);
	call.bind[1] = ops_bind(o, &x, &push.x_offset);
	call.bind[2] = ops_bind(o, &y, &push.y_offset);
	ops_groups_1d(o, tensor_count(&y), call.groups);
	ops_run(o, cmd, &call);
}
