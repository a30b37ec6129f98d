/* Operators on whole images: upsampling, resizing, positional codes, masks. */
#include "infer/ops/ops-private.h"
#include "infer/ops/push-all.h"

void op_upsample2_add(ops *o, gpu_cmd *cmd, tensor y, tensor x, tensor skip)
{
	if (tensor_is_null(&y) || tensor_is_null(&x) || tensor_is_null(&skip))
		return;
	g_assert(x.n_dims == 3 && y.n_dims == 3 && x.type == y.type && skip.type == y.type);
	g_assert(y.ne[0] == 2 * x.ne[0] && y.ne[1] == 2 * x.ne[1] && y.ne[2] == x.ne[2]);
	g_assert(tensor_count(&skip) == tensor_count(&y));
	if (!ops_need_fit(o, "upsampling", &y))
		return;
	struct upsample_add_push push = {.h = x.ne[0], .w = x.ne[1], .c = x.ne[2]};
	ops_call call = {.kernel = KERNEL_UPSAMPLE_ADD,
	                 .variant = variant_of(y.type, DTYPE_F32),
	                 .push = &push,
	                 .flops = tensor_count(&y)};
	call.bind[0] = ops_bind(o, &x, &push.x_offset);
	call.bind[1] = ops_bind(o, &skip, &push.skip_offset);
	call.bind[2] = ops_bind(o, &y, &push.y_offset);
	ops_groups_1d(o, tensor_count(&y), call.groups);
	const uint32_t *most = o->caps->max_groups;
	if ((push.c | push.x_offset | push.skip_offset | push.y_offset) % 4 == 0 && y.ne[0] <= most[2] &&
	    y.ne[1] <= most[1]) {
		call.spec[0] = ops_local(o);
		call.n_spec = 1;
		call.groups[0] = (push.c / 4 + call.spec[0] - 1) / call.spec[0];
		call.groups[1] = y.ne[1];
		call.groups[2] = y.ne[0];
		ops_use_fours(o, &call, KERNEL_UPSAMPLE_ADD4, y.type);
	}
	ops_run(o, cmd, &call);
}

void op_resize(ops *o, gpu_cmd *cmd, tensor y, tensor x, uint32_t src_h, uint32_t src_w)
{
	if (tensor_is_null(&y) || tensor_is_null(&x))
		return;
	g_assert(x.n_dims == 3 && y.n_dims == 3 && x.type == y.type && x.ne[0] == y.ne[0]);
	g_assert(src_h >= 1 && src_h <= x.ne[1] && src_w >= 1 && src_w <= x.ne[2]);
	if (!(ops_fits(o, &x) && ops_fits(o, &y)) && x.ne[0] > 1) {
		for (uint32_t i = 0; i < x.ne[0]; i++)
			op_resize(o, cmd, tensor_slice(y, i, 1), tensor_slice(x, i, 1), src_h, src_w);
		return;
	}
	if (!ops_need_fit(o, "resize", &x) || !ops_need_fit(o, "resize", &y))
		return;
	struct resize_push push = {
		.planes = x.ne[0],
		.in_h = x.ne[1],
		.in_w = x.ne[2],
		.src_h = src_h,
		.src_w = src_w,
		.out_h = y.ne[1],
		.out_w = y.ne[2],
		.step_y = (float)src_h / (float)y.ne[1],
		.step_x = (float)src_w / (float)y.ne[2],
	};
	ops_call call = {.kernel = KERNEL_RESIZE,
	                 .variant = variant_of(y.type, DTYPE_F32),
	                 .push = &push,
	                 .flops = 8 * tensor_count(&y)};
	call.bind[0] = ops_bind(o, &x, &push.x_offset);
	call.bind[1] = ops_bind(o, &y, &push.y_offset);
	ops_groups_1d(o, tensor_count(&y), call.groups);
	ops_run(o, cmd, &call);
}

void op_matmul_nt(ops *o, gpu_cmd *cmd, tensor y, tensor a, tensor b)
{
	if (tensor_is_null(&y) || tensor_is_null(&a) || tensor_is_null(&b))
		return;
	const uint32_t c = tensor_cols(&a);
	struct matmul_nt_push push = {.m = (uint32_t)tensor_rows(&a), .n = (uint32_t)tensor_rows(&b), .c = c};
	g_assert(tensor_cols(&b) == c && y.type == a.type && y.type == b.type);
	g_assert(tensor_count(&y) == (uint64_t)push.m * push.n);
	if (!ops_need_fit(o, "mask product", &b) || !ops_need_fit(o, "mask product", &y))
		return;
	ops_call call = {.kernel = KERNEL_MATMUL_NT,
	                 .variant = variant_of(y.type, DTYPE_F32),
	                 .push = &push,
	                 .flops = 2 * tensor_count(&y) * c};
	call.bind[0] = ops_bind(o, &a, &push.a_offset);
	call.bind[1] = ops_bind(o, &b, &push.b_offset);
	call.bind[2] = ops_bind(o, &y, &push.y_offset);
	ops_groups_1d(o, push.n, call.groups);
	if ((push.n | c | push.a_offset | push.b_offset | push.y_offset) % 4 == 0) {
		const uint32_t local = ops_local(o), groups = (push.n / 4 + local - 1) / local;
		if (groups <= o->caps->max_groups[0]) {
			call.spec[0] = local;
			call.n_spec = 1;
			call.groups[0] = groups;
			call.groups[1] = (push.m + 3) / 4;
			ops_use_fours(o, &call, KERNEL_MATMUL_NT4, y.type);
		}
	}
	ops_run(o, cmd, &call);
}

static void record_fourier(ops *o, gpu_cmd *cmd, const tensor *y, const tensor *pos, const tensor *gauss,
                           struct fourier_push *push)
{
	const bool grid = push->grid_h != 0;
	ops_call call = {.kernel = KERNEL_FOURIER,
	                 .variant = variant_of(y->type, DTYPE_F32),
	                 .spec = {grid},
	                 .n_spec = 1,
	                 .push = push,
	                 .flops = 20ull * push->rows * push->freqs};
	push->grid_h = MAX(push->grid_h, 1);
	push->grid_w = MAX(push->grid_w, 1);
	call.bind[0] = ops_bind(o, pos, &push->pos_offset);
	call.bind[1] = ops_bind(o, gauss, &push->gauss_offset);
	call.bind[2] = ops_bind(o, y, &push->y_offset);
	ops_groups_1d(o, (uint64_t)push->rows * push->freqs, call.groups);
	ops_run(o, cmd, &call);
}

void op_fourier(ops *o, gpu_cmd *cmd, tensor y, tensor pos, tensor gauss)
{
	if (tensor_is_null(&y) || tensor_is_null(&pos) || tensor_is_null(&gauss))
		return;
	g_assert(pos.type == DTYPE_F32 && tensor_cols(&pos) == 3 && tensor_rows(&pos) == tensor_rows(&y));
	g_assert(gauss.type == DTYPE_F32 && gauss.ne[0] == 2 && tensor_cols(&y) == 2 * tensor_cols(&gauss));
	struct fourier_push push = {.rows = (uint32_t)tensor_rows(&y), .freqs = tensor_cols(&gauss)};
	record_fourier(o, cmd, &y, &pos, &gauss, &push);
}

void op_fourier_grid(ops *o, gpu_cmd *cmd, tensor y, tensor gauss)
{
	if (tensor_is_null(&y) || tensor_is_null(&gauss))
		return;
	g_assert(y.n_dims == 3 && gauss.type == DTYPE_F32 && gauss.ne[0] == 2 && y.ne[2] == 2 * tensor_cols(&gauss));
	struct fourier_push push = {
		.rows = y.ne[0] * y.ne[1], .freqs = tensor_cols(&gauss), .grid_h = y.ne[0], .grid_w = y.ne[1]};
	record_fourier(o, cmd, &y, &gauss, &gauss, &push);
}
