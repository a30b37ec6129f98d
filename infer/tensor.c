#include "infer/tensor.h"

uint64_t dtype_bytes(dtype type, uint64_t n)
{
	switch (type) {
	case DTYPE_F16:
		return n * 2;
	case DTYPE_Q8_0:
		return n / 32 * 34;
	case DTYPE_F32:
	case DTYPE_U32:
		break;
	}
	return n * 4;
}

const char *dtype_name(dtype type)
{
	static const char *const names[] = {"f32", "f16", "q8_0", "u32"};
	return names[type];
}

uint64_t tensor_count(const tensor *t)
{
	return tensor_rows(t) * tensor_cols(t);
}

uint32_t tensor_cols(const tensor *t)
{
	return t->n_dims ? t->ne[t->n_dims - 1] : 0;
}

uint64_t tensor_rows(const tensor *t)
{
	uint64_t n = 1;
	for (int i = 0; i + 1 < t->n_dims; i++)
		n *= t->ne[i];
	return n;
}

tensor tensor_at(gpu_span span, dtype type, uint8_t n_dims, const uint32_t *ne)
{
	g_assert(n_dims >= 1 && n_dims <= TENSOR_MAX_DIMS);
	tensor t = {.data = span, .ne = {1, 1, 1, 1}, .n_dims = n_dims, .type = type};
	for (int i = 0; i < n_dims; i++)
		t.ne[i] = ne[i];
	const uint64_t bytes = dtype_bytes(type, tensor_count(&t));
	g_assert(tensor_is_null(&t) || span.bytes >= bytes);
	t.data.bytes = bytes;
	return t;
}

tensor tensor_slice(tensor t, uint32_t first, uint32_t n)
{
	if (tensor_is_null(&t))
		return t;
	g_assert((uint64_t)first + n <= t.ne[0]);
	const uint64_t row = tensor_count(&t) / t.ne[0];
	t.data.offset += dtype_bytes(t.type, first * row);
	t.data.bytes = dtype_bytes(t.type, n * row);
	t.ne[0] = n;
	return t;
}

tensor tensor_reshape(tensor t, uint8_t n_dims, const uint32_t *ne)
{
	const tensor shaped = tensor_at(t.data, t.type, n_dims, ne);
	g_assert(tensor_is_null(&t) || tensor_count(&shaped) == tensor_count(&t));
	return shaped;
}
