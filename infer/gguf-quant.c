/* Block formats of GGUF as f32 (spec llama.md section 3). Products and sums are made in the order written there, in f32
 * and without fused operations, so that every bit agrees with the format's reference. */
#include "infer/gguf.h"
#include "infer/half.h"

static const struct {
	const char *name;
	uint16_t elements, bytes;
} traits[] = {
	[GGUF_F32] = {"F32", 1, 4},       [GGUF_F16] = {"F16", 1, 2},     [GGUF_Q4_0] = {"Q4_0", 32, 18},
	[GGUF_Q4_1] = {"Q4_1", 32, 20},   [GGUF_Q8_0] = {"Q8_0", 32, 34}, [GGUF_Q4_K] = {"Q4_K", 256, 144},
	[GGUF_Q6_K] = {"Q6_K", 256, 210}, [GGUF_BF16] = {"BF16", 1, 2},
};

const char *gguf_type_name(gguf_type type)
{
	return gguf_block_elements(type) ? traits[type].name : "unknown";
}

uint32_t gguf_block_elements(gguf_type type)
{
	return (size_t)type < G_N_ELEMENTS(traits) ? traits[type].elements : 0;
}

uint32_t gguf_block_bytes(gguf_type type)
{
	return (size_t)type < G_N_ELEMENTS(traits) ? traits[type].bytes : 0;
}

static float half_at(const uint8_t *p)
{
	return half_to_float((uint16_t)(p[0] | p[1] << 8));
}

static void read_half(const uint8_t *p, float *out)
{
	*out = half_at(p);
}

static void read_brain(const uint8_t *p, float *out)
{
	const uint32_t bits = (uint32_t)(p[0] | p[1] << 8) << 16;
	memcpy(out, &bits, sizeof bits);
}

static void read_q8_0(const uint8_t *p, float *out)
{
	const float d = half_at(p);
	for (int i = 0; i < 32; i++)
		out[i] = d * (float)(int8_t)p[2 + i];
}

static void read_q4_0(const uint8_t *p, float *out)
{
	const float d = half_at(p);
	for (int i = 0; i < 16; i++) {
		out[i] = d * (float)((p[2 + i] & 15) - 8);
		out[16 + i] = d * (float)((p[2 + i] >> 4) - 8);
	}
}

static void read_q4_1(const uint8_t *p, float *out)
{
	const float d = half_at(p), m = half_at(p + 2);
	for (int i = 0; i < 16; i++) {
		out[i] = d * (float)(p[4 + i] & 15) + m;
		out[16 + i] = d * (float)(p[4 + i] >> 4) + m;
	}
}

static void read_q4_k(const uint8_t *p, float *out)
{
	const float d = half_at(p), dmin = half_at(p + 2);
	const uint8_t *s = p + 4;
	for (int j = 0; j < 8; j++) {
		const int scale = j < 4 ? s[j] & 63 : (s[j + 4] & 15) | (s[j - 4] >> 6) << 4;
		const int least = j < 4 ? s[j + 4] & 63 : s[j + 4] >> 4 | (s[j] >> 6) << 4;
		const float ds = d * (float)scale, dm = dmin * (float)least;
		const uint8_t *q = p + 16 + 32 * (j / 2);
		for (int l = 0; l < 32; l++)
			out[32 * j + l] = ds * (float)(j % 2 ? q[l] >> 4 : q[l] & 15) - dm;
	}
}

static void read_q6_k(const uint8_t *p, float *out)
{
	const float d = half_at(p + 208);
	for (int i = 0; i < 256; i++) {
		const int half = i / 128, k = i % 128 / 32, l = i % 32;
		const uint8_t low = p[64 * half + 32 * (k & 1) + l], high = p[128 + 32 * half + l];
		const int q = (k < 2 ? low & 15 : low >> 4) | (high >> 2 * k & 3) << 4;
		out[i] = d * (float)(int8_t)p[192 + i / 16] * (float)(q - 32);
	}
}

void gguf_read_f32(const gguf_tensor *t, uint64_t first, uint64_t n, float *out)
{
	static void (*const readers[])(const uint8_t *, float *) = {
		[GGUF_F16] = read_half,  [GGUF_Q4_0] = read_q4_0, [GGUF_Q4_1] = read_q4_1,  [GGUF_Q8_0] = read_q8_0,
		[GGUF_Q4_K] = read_q4_k, [GGUF_Q6_K] = read_q6_k, [GGUF_BF16] = read_brain,
	};
	const uint32_t elements = gguf_block_elements(t->type), bytes = gguf_block_bytes(t->type);
	g_assert(first <= t->count && n <= t->count - first && first % elements == 0 && n % elements == 0);
	const uint8_t *p = (const uint8_t *)t->data + first / elements * bytes;
	if (t->type == GGUF_F32) {
		memcpy(out, p, n * sizeof *out);
		return;
	}
	for (uint64_t i = 0; i < n; i += elements, p += bytes)
		readers[t->type](p, out + i);
}
