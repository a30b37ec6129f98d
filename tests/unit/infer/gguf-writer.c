#include "tests/unit/infer/gguf-writer.h"
#include "infer/half.h"
#include <math.h>

#define ALIGN 32

struct gguf_writer {
	GByteArray *meta, *infos, *data;
	uint64_t n_meta, n_tensors;
};

gguf_writer *gguf_writer_new(void)
{
	gguf_writer *w = g_new0(gguf_writer, 1);
	w->meta = g_byte_array_new();
	w->infos = g_byte_array_new();
	w->data = g_byte_array_new();
	return w;
}

static void put(GByteArray *to, const void *data, gsize n)
{
	g_byte_array_append(to, data, (guint)n);
}

static void put_u32(GByteArray *to, uint32_t v)
{
	put(to, &v, sizeof v);
}

static void put_u64(GByteArray *to, uint64_t v)
{
	put(to, &v, sizeof v);
}

static void put_text(GByteArray *to, const char *text)
{
	put_u64(to, strlen(text));
	put(to, text, strlen(text));
}

static void put_key(gguf_writer *w, const char *key, uint32_t type)
{
	put_text(w->meta, key);
	put_u32(w->meta, type);
	w->n_meta++;
}

static void put_array(gguf_writer *w, const char *key, uint32_t type, uint64_t n)
{
	put_key(w, key, 9);
	put_u32(w->meta, type);
	put_u64(w->meta, n);
}

void gguf_writer_u32(gguf_writer *w, const char *key, uint32_t value)
{
	put_key(w, key, 4);
	put_u32(w->meta, value);
}

void gguf_writer_f32(gguf_writer *w, const char *key, float value)
{
	put_key(w, key, 6);
	put(w->meta, &value, sizeof value);
}

void gguf_writer_string(gguf_writer *w, const char *key, const char *value)
{
	put_key(w, key, 8);
	put_text(w->meta, value);
}

void gguf_writer_u32s(gguf_writer *w, const char *key, guint n, const uint32_t *values)
{
	put_array(w, key, 4, n);
	put(w->meta, values, n * sizeof *values);
}

void gguf_writer_f32s(gguf_writer *w, const char *key, guint n, const float *values)
{
	put_array(w, key, 6, n);
	put(w->meta, values, n * sizeof *values);
}

void gguf_writer_strings(gguf_writer *w, const char *key, guint n, const char *const *values)
{
	put_array(w, key, 8, n);
	for (guint i = 0; i < n; i++)
		put_text(w->meta, values[i]);
}

static void put_q8(GByteArray *to, const float *values)
{
	float high = 0.0f;
	int8_t q[32];
	for (int i = 0; i < 32; i++)
		high = fmaxf(high, fabsf(values[i]));
	const float d = high / 127.0f, inverse = d > 0.0f ? 1.0f / d : 0.0f;
	const uint16_t scale = float_to_half(d);
	for (int i = 0; i < 32; i++)
		q[i] = (int8_t)roundf(values[i] * inverse);
	put(to, &scale, sizeof scale);
	put(to, q, sizeof q);
}

/* The tensor's description; its data begins at the end of what is there. Returns the number of elements. */
static uint64_t put_info(gguf_writer *w, const char *name, gguf_type type, uint8_t n_dims, const uint32_t *ne)
{
	uint64_t count = 1;
	put_text(w->infos, name);
	put_u32(w->infos, n_dims);
	for (int i = n_dims - 1; i >= 0; i--) {
		put_u64(w->infos, ne[i]);
		count *= ne[i];
	}
	put_u32(w->infos, type);
	while (w->data->len % ALIGN)
		put(w->data, "", 1);
	put_u64(w->infos, w->data->len);
	w->n_tensors++;
	return count;
}

void gguf_writer_blocks(gguf_writer *w, const char *name, gguf_type type, uint8_t n_dims, const uint32_t *ne,
                        const void *bytes)
{
	const uint64_t count = put_info(w, name, type, n_dims, ne);
	put(w->data, bytes, count / gguf_block_elements(type) * gguf_block_bytes(type));
}

void gguf_writer_tensor(gguf_writer *w, const char *name, gguf_type type, uint8_t n_dims, const uint32_t *ne,
                        const float *values)
{
	const uint64_t count = put_info(w, name, type, n_dims, ne);
	if (type == GGUF_F32)
		put(w->data, values, count * sizeof *values);
	for (uint64_t i = 0; type == GGUF_F16 && i < count; i++) {
		const uint16_t h = float_to_half(values[i]);
		put(w->data, &h, sizeof h);
	}
	for (uint64_t i = 0; type == GGUF_Q8_0 && i < count; i += 32)
		put_q8(w->data, values + i);
}

GBytes *gguf_writer_end(gguf_writer *w)
{
	GByteArray *file = g_byte_array_new();
	put(file, "GGUF", 4);
	put_u32(file, 3);
	put_u64(file, w->n_tensors);
	put_u64(file, w->n_meta);
	put(file, w->meta->data, w->meta->len);
	put(file, w->infos->data, w->infos->len);
	while (file->len % ALIGN)
		put(file, "", 1);
	put(file, w->data->data, w->data->len);
	g_byte_array_unref(w->meta);
	g_byte_array_unref(w->infos);
	g_byte_array_unref(w->data);
	g_free(w);
	return g_byte_array_free_to_bytes(file);
}
