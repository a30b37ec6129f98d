#include "infer/ops/weights.h"
#include "infer/half.h"
#include "infer/ops/ops-private.h"

/* Room for n words on the device, as a tensor of another type and shape. */
static tensor room(weight_loader *l, dtype type, uint8_t n_dims, const uint32_t *ne)
{
	tensor t = tensor_at((gpu_span){0}, type, n_dims, ne);
	const uint32_t words = (uint32_t)((t.data.bytes + 3) / 4);
	tensor raw = arena_tensor(l->arena, DTYPE_U32, TENSOR_SHAPE(words));
	raw.data.bytes = (uint64_t)words * 4; /* kernels read whole words */
	t.data = raw.data;
	return t;
}

static void upload(weight_loader *l, const tensor *t, const void *data)
{
	if (!tensor_is_null(t))
		gpu_cmd_upload(l->cmd, t->data, data);
}

static tensor upload_floats(weight_loader *l, dtype type, uint8_t n_dims, const uint32_t *ne, const float *values)
{
	tensor t = room(l, type, n_dims, ne);
	if (tensor_is_null(&t) || type == DTYPE_F32) {
		upload(l, &t, values);
		return t;
	}
	const uint64_t n = tensor_count(&t);
	g_autofree uint16_t *half = g_malloc0(t.data.bytes);
	for (uint64_t i = 0; i < n; i++)
		half[i] = float_to_half(values[i]);
	upload(l, &t, half);
	return t;
}

/* The file's blocks of 34 bytes become all quants, then all scales. */
static tensor upload_q8(weight_loader *l, const gguf_tensor *src, const uint32_t ne[2])
{
	tensor t = room(l, DTYPE_Q8_0, 2, ne);
	if (tensor_is_null(&t))
		return t;
	const uint64_t blocks = src->count / 32;
	g_autofree uint8_t *split = g_malloc0(t.data.bytes);
	const uint8_t *from = src->data;
	for (uint64_t i = 0; i < blocks; i++, from += 34) {
		memcpy(split + 32 * blocks + 2 * i, from, 2);
		memcpy(split + 32 * i, from + 2, 32);
	}
	upload(l, &t, split);
	return t;
}

/* What a weight is kept as. A software device computes in f32 anyway: expanding once is cheaper than at every use. */
static dtype kept_type(const weight_loader *l, const gguf_tensor *src, bool linear)
{
	if (src->type == GGUF_F32 || l->ops->expand_weights)
		return DTYPE_F32;
	return src->type == GGUF_Q8_0 && linear ? DTYPE_Q8_0 : DTYPE_F16;
}

static const gguf_tensor *need(weight_loader *l, const char *name, const char *suffix, uint8_t n_dims,
                               const uint32_t *ne)
{
	g_autofree char *full = g_strconcat(name, suffix, NULL);
	return l->error ? NULL : gguf_need(l->file, full, n_dims, ne, &l->error);
}

static float *read_all(const gguf_tensor *src)
{
	float *values = g_new(float, src->count);
	gguf_read_f32(src, 0, src->count, values);
	return values;
}

static tensor load_bias(weight_loader *l, const char *name, uint32_t out, bool bias)
{
	g_autofree float *values = NULL;
	if (bias) {
		const gguf_tensor *src = need(l, name, ".bias", 1, &out);
		if (!src)
			return (tensor){0};
		values = read_all(src);
	} else {
		values = g_new0(float, out);
	}
	return upload_floats(l, DTYPE_F32, 1, &out, values);
}

weight weight_linear(weight_loader *l, const char *name, uint32_t out, uint32_t in, bool bias)
{
	const uint32_t ne[] = {out, in};
	weight w = {.kind = WEIGHT_LINEAR, .out = out, .in = in, .kh = 1, .kw = 1};
	const gguf_tensor *src = need(l, name, ".weight", 2, ne);
	if (!src)
		return w;
	const dtype type = kept_type(l, src, true);
	if (type == DTYPE_Q8_0) {
		w.data = upload_q8(l, src, ne);
	} else if (src->type == GGUF_F16 && type == DTYPE_F16 && src->count % 2 == 0) {
		w.data = room(l, type, 2, ne);
		upload(l, &w.data, src->data);
	} else {
		g_autofree float *values = read_all(src);
		w.data = upload_floats(l, type, 2, ne, values);
	}
	w.bias = load_bias(l, name, out, bias);
	return w;
}

/* Rows of src as a linear layer; scale [n] or NULL. */
static weight linear_part(weight_loader *l, const gguf_tensor *src, const gguf_tensor *bias, uint32_t first, uint32_t n,
                          const float *scale)
{
	const uint32_t in = (uint32_t)(src->count / src->ne[0]);
	weight w = {.kind = WEIGHT_LINEAR, .out = n, .in = in, .kh = 1, .kw = 1};
	g_autofree float *values = g_new(float, (size_t)n *in);
	g_autofree float *shift = g_new(float, n);
	gguf_read_f32(src, (uint64_t)first * in, (uint64_t)n * in, values);
	gguf_read_f32(bias, first, n, shift);
	for (uint32_t o = 0; scale && o < n; o++) {
		for (uint32_t i = 0; i < in; i++)
			values[(size_t)o * in + i] *= scale[o];
		shift[o] *= scale[o];
	}
	w.data = upload_floats(l, kept_type(l, src, false), 2, (uint32_t[]){n, in}, values);
	w.bias = upload_floats(l, DTYPE_F32, 1, &n, shift);
	return w;
}

weight weight_linear_rows(weight_loader *l, const char *name, uint32_t out, uint32_t in, uint32_t first, uint32_t n,
                          const char *scale)
{
	const gguf_tensor *src = need(l, name, ".weight", TENSOR_SHAPE(out, in)), *bias = need(l, name, ".bias", 1, &out);
	const gguf_tensor *factors = scale ? need(l, scale, "", 1, &out) : NULL;
	if (!src || !bias || (scale && !factors))
		return (weight){.kind = WEIGHT_LINEAR};
	g_autofree float *f = factors ? g_new(float, n) : NULL;
	if (f)
		gguf_read_f32(factors, first, n, f);
	return linear_part(l, src, bias, first, n, f);
}

weight weight_patches(weight_loader *l, const char *name, uint32_t out, uint32_t c, uint32_t patch)
{
	const gguf_tensor *src = need(l, name, ".weight", TENSOR_SHAPE(out, c, patch, patch));
	const gguf_tensor *bias = need(l, name, ".bias", 1, &out);
	return src && bias ? linear_part(l, src, bias, 0, out, NULL) : (weight){.kind = WEIGHT_LINEAR};
}

weight weight_linear_values(weight_loader *l, uint32_t out, uint32_t in, const float *values, const float *bias)
{
	weight w = {.kind = WEIGHT_LINEAR, .out = out, .in = in, .kh = 1, .kw = 1};
	w.data = upload_floats(l, DTYPE_F32, 2, (uint32_t[]){out, in}, values);
	w.bias = upload_floats(l, DTYPE_F32, 1, &out, bias);
	return w;
}

weight weight_conv(weight_loader *l, const char *name, uint32_t out, uint32_t in, uint32_t k, bool bias)
{
	return weight_conv_image(l, name, out, in, in, k, bias);
}

weight weight_conv_image(weight_loader *l, const char *name, uint32_t out, uint32_t in, uint32_t wide, uint32_t k,
                         bool bias)
{
	const uint32_t ne[] = {out, in, k, k}, kept[] = {out, k, k, wide};
	weight w = {.kind = WEIGHT_CONV, .out = out, .in = wide, .kh = k, .kw = k};
	const gguf_tensor *src = need(l, name, ".weight", 4, ne);
	if (!src)
		return w;
	g_autofree float *from = read_all(src), *to = g_new0(float, src->count / in * wide);
	for (uint32_t o = 0; o < out; o++)
		for (uint32_t c = 0; c < in; c++)
			for (uint32_t i = 0; i < k * k; i++)
				to[((uint64_t)o * k * k + i) * wide + c] = from[((uint64_t)o * in + c) * k * k + i];
	w.data = upload_floats(l, kept_type(l, src, false), 4, kept, to);
	w.bias = load_bias(l, name, out, bias);
	return w;
}

weight weight_depthwise(weight_loader *l, const char *name, uint32_t c, uint32_t k, bool bias)
{
	const uint32_t ne[] = {c, 1, k, k}, kept[] = {k, k, c};
	weight w = {.kind = WEIGHT_DEPTHWISE, .out = c, .in = 1, .kh = k, .kw = k};
	const gguf_tensor *src = need(l, name, ".weight", 4, ne);
	if (!src)
		return w;
	g_autofree float *from = read_all(src), *to = g_new(float, src->count);
	for (uint32_t o = 0; o < c; o++)
		for (uint32_t i = 0; i < k * k; i++)
			to[i * c + o] = from[o * k * k + i];
	w.data = upload_floats(l, DTYPE_F32, 3, kept, to);
	w.bias = load_bias(l, name, c, bias);
	return w;
}

weight weight_conv_transpose2(weight_loader *l, const char *name, uint32_t in, uint32_t out, bool bias)
{
	const uint32_t ne[] = {in, out, 2, 2}, kept[] = {4 * out, in};
	weight w = {.kind = WEIGHT_CONV_TRANSPOSE2, .out = out, .in = in, .kh = 2, .kw = 2};
	const gguf_tensor *src = need(l, name, ".weight", 4, ne);
	if (!src)
		return w;
	g_autofree float *from = read_all(src), *to = g_new(float, src->count);
	for (uint32_t c = 0; c < in; c++)
		for (uint32_t o = 0; o < out; o++)
			for (uint32_t i = 0; i < 4; i++)
				to[((uint64_t)i * out + o) * in + c] = from[((uint64_t)c * out + o) * 4 + i];
	w.data = upload_floats(l, kept_type(l, src, false), 2, kept, to);
	w.bias = load_bias(l, name, out, bias);
	return w;
}

tensor weight_tensor(weight_loader *l, const char *name, uint8_t n_dims, const uint32_t *ne)
{
	const gguf_tensor *src = need(l, name, "", n_dims, ne);
	if (!src)
		return (tensor){0};
	g_autofree float *values = read_all(src);
	return upload_floats(l, DTYPE_F32, n_dims, ne, values);
}

bool weight_loader_finish(weight_loader *l, GError **error)
{
	if (l->error) {
		g_propagate_error(error, g_steal_pointer(&l->error));
		return false;
	}
	return arena_check(l->arena, error);
}
