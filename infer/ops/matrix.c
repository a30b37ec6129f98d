#include "infer/ops/matrix.h"
#include "infer/ops/ops-private.h"
#include "infer/ops/push-all.h"

#define SLACK 32 /* bytes behind a matrix: kernels read whole words and texels */

static uint64_t row_bytes(gguf_type type, uint32_t in)
{
	return (uint64_t)in / gguf_block_elements(type) * gguf_block_bytes(type);
}

/* --- loading --- */

static const gguf_tensor *need(weight_loader *l, const char *name, uint32_t out, uint32_t in)
{
	return l->error ? NULL : gguf_need(l->file, name, 2, (uint32_t[]){out, in}, &l->error);
}

/* Room for the tensors, and their bytes one behind the other. */
static matrix join(weight_loader *l, const gguf_tensor *const *src, uint32_t n)
{
	matrix w = {.type = src[0]->type, .in = src[0]->ne[1]};
	uint64_t bytes = 0;
	for (uint32_t i = 0; i < n; i++) {
		w.out += src[i]->ne[0];
		bytes += src[i]->bytes;
	}
	w.data = arena_tensor(l->arena, DTYPE_U32, TENSOR_SHAPE((uint32_t)((bytes + SLACK + 3) / 4)));
	if (tensor_is_null(&w.data))
		return w;
	gpu_span to = w.data.data;
	for (uint32_t i = 0; i < n; i++) {
		to.bytes = src[i]->bytes;
		gpu_cmd_upload(l->cmd, to, src[i]->data);
		to.offset += to.bytes;
	}
	return w;
}

matrix_stack matrix_load_stack(weight_loader *l, const char *const *names, const uint32_t *outs, uint32_t n,
                               uint32_t in)
{
	const gguf_tensor *src[MATRIX_STACK];
	matrix_stack s = {0};
	g_assert(n >= 1 && n <= MATRIX_STACK && in % 4 == 0);
	for (uint32_t i = 0; i < n; i++)
		if (!(src[i] = need(l, names[i], outs[i], in)))
			return s;
	for (uint32_t i = 0, next; i < n; i = next) {
		for (next = i + 1; next < n && src[next]->type == src[i]->type;)
			next++;
		s.part[s.n++] = join(l, src + i, next - i);
	}
	return s;
}

matrix matrix_load(weight_loader *l, const char *name, uint32_t out, uint32_t in)
{
	return matrix_load_stack(l, &name, &out, 1, in).part[0];
}

/* --- products --- */

/* Variants of the kernels are in this order. */
static guint variant_index(gguf_type type)
{
	static const gguf_type order[] = {GGUF_F32,  GGUF_F16,  GGUF_BF16, GGUF_Q4_0,
	                                  GGUF_Q4_1, GGUF_Q8_0, GGUF_Q4_K, GGUF_Q6_K};
	guint i = 0;
	while (order[i] != type)
		i++;
	return i;
}

/* Rows first .. first+n-1; *halves: where they begin in the span, in units of two bytes. */
static gpu_span bind_rows(const ops *o, const matrix *w, uint32_t first, uint32_t n, uint32_t *halves)
{
	const uint64_t row = row_bytes(w->type, w->in), start = w->data.data.offset + first * row;
	const uint64_t skip = start % MAX(o->caps->binding_align, 1);
	*halves = (uint32_t)(skip / 2);
	return (gpu_span){w->data.data.buf, start - skip, (skip + n * row + 4 + 15) / 16 * 16};
}

/* One row: neighbours share it where they should read neighbours, so that a group of weights is read as one piece. */
static void use_vector(const ops *o, ops_call *call, struct matrix_push *push, uint64_t row)
{
	const uint32_t local = ops_local(o), rows = 4;
	const uint32_t lanes = o->software ? 1 : MIN(local, 32);
	const uint32_t sizes[] = {rows, lanes, local};
	const uint64_t groups = ((uint64_t)push->out_dim + rows * (local / lanes) - 1) / (rows * (local / lanes));

	call->kernel = KERNEL_MATVEC;
	push->touch = o->software ? (uint32_t)(local / lanes * rows * row / 4) : 0;
	memcpy(call->spec + 1, sizes, sizeof sizes);
	ops_groups_1d(o, groups * 64, call->groups);
}

static void use_tile(const ops *o, ops_call *call, struct matrix_push *push)
{
	const tile t = ops_tile(o, push->rows, push->out_dim);
	const uint32_t sizes[] = {t.rows, t.cols, t.local};

	call->kernel = KERNEL_MATRIX_TILE;
	memcpy(call->spec + 1, sizes, sizeof sizes);
	push->lanes = t.lanes;
	ops_tile_groups(&t, push->rows, push->out_dim, call->groups);
}

/* Rows first .. first+n-1 of w into columns col .. of y. */
static void record(ops *o, gpu_cmd *cmd, const tensor *y, const tensor *x, const matrix *w, const tensor *add,
                   uint32_t col, uint32_t first, uint32_t n)
{
	struct matrix_push push = {
		.rows = (uint32_t)tensor_rows(x), .out_dim = n, .in_dim = w->in, .y_stride = tensor_cols(y)};
	ops_call call = {.variant = variant_index(w->type),
	                 .spec = {[0] = add != NULL, [4] = w->in % 64 == 0},
	                 .n_spec = 5,
	                 .push = &push,
	                 .flops = 2ull * push.rows * n * w->in};

	call.bind[0] = ops_bind(o, x, &push.x_offset);
	call.bind[1] = bind_rows(o, w, first, n, &push.w_offset);
	call.bind[2] = add ? ops_bind(o, add, &push.add_offset) : call.bind[0];
	call.bind[3] = ops_bind(o, y, &push.y_offset);
	g_assert((push.x_offset | push.y_offset | push.add_offset | push.y_stride) % 4 == 0);
	push.y_offset += col;
	push.add_offset += col;
	if (push.rows == 1)
		use_vector(o, &call, &push, row_bytes(w->type, w->in));
	else
		use_tile(o, &call, &push);
	if (o->caps->max_texels && call.bind[1].bytes / 4 <= o->caps->max_texels)
		call.variant += VARIANT_MATRIX_TEXEL;
	ops_run(o, cmd, &call);
}

void op_matrix(ops *o, gpu_cmd *cmd, tensor y, tensor x, const matrix *w, uint32_t col, const tensor *add)
{
	if (tensor_is_null(&y) || tensor_is_null(&x) || tensor_is_null(&w->data) || (add && tensor_is_null(add)))
		return;
	g_assert(x.type == DTYPE_F32 && y.type == DTYPE_F32 && (!add || add->type == DTYPE_F32));
	g_assert(tensor_cols(&x) == w->in && tensor_rows(&y) == tensor_rows(&x) && col % 4 == 0);
	g_assert((uint64_t)col + (w->out + 3) / 4 * 4 <= tensor_cols(&y));
	g_assert(!add || (tensor_cols(add) == tensor_cols(&y) && tensor_rows(add) == tensor_rows(&y)));
	if (!ops_need_fit(o, "matrix", &x) || !ops_need_fit(o, "matrix", &y))
		return;
	/* As many rows at once as the device can bind, in fours. */
	const uint64_t room =
		(o->max_binding - MIN(o->max_binding, o->caps->binding_align + SLACK)) / row_bytes(w->type, w->in);
	const uint32_t most = (uint32_t)MIN(MAX(room / 4 * 4, 4), UINT32_MAX / 8 * 4);
	for (uint32_t first = 0; first < w->out; first += most)
		record(o, cmd, &y, &x, w, add, col + first, first, MIN(most, w->out - first));
}

void op_matrix_stack(ops *o, gpu_cmd *cmd, tensor y, tensor x, const matrix_stack *w)
{
	uint32_t col = 0;
	for (uint32_t i = 0; i < w->n; i++) {
		op_matrix(o, cmd, y, x, &w->part[i], col, NULL);
		col += w->part[i].out;
	}
}
