/* Rows of weights as they lie in a GGUF file (binding 1), in every type. A row is groups of GROUP fours of elements; a
 * group is STEPS pairs of fours:
 *   head h = head_at(row, group); pair(h, s, lo, hi);
 * gives fours pair_lo(s) and pair_hi(s) of the group; the weights are weigh_lo(h, s, lo) and weigh_hi(h, s, hi), that is
 * lo * PLACES * scale + shift by scale_lo(h, s) and so on, which change after every RUN steps. What pair()
 * gives are bit fields left in their places, so that a product with many rows needs no shift for each of them.
 * After common.glsl, vec4.glsl and a push block with in_dim and w_offset. */
#if defined(W_F32) || defined(W_F16) || defined(W_BF16)
#include "quant-float.glsl"
#else
#ifdef TEXEL
layout(binding = 1) uniform usamplerBuffer Words;
#define WORD(i) texelFetch(Words, int(i)).x
#else
layout(binding = 1) readonly buffer Words { uint w[]; };
#define WORD(i) w[i]
#endif

/* Bytes or nibbles of a word as numbers, each times 256 to the power of its place. */
vec4 bytes_of(uint word)
{
	return vec4(ivec4(word & 0xffu, word & 0xff00u, word & 0xff0000u, word >> 24));
}
const vec4 BYTE_PLACES = vec4(1.0, 1.0 / 256.0, 1.0 / 65536.0, 1.0);

vec4 nibbles_of(uint word)
{
	return vec4(ivec4(word & 0xfu, word & 0xf00u, word & 0xf0000u, word & 0xf000000u));
}
const vec4 NIBBLE_PLACES = vec4(1.0, 1.0 / 256.0, 1.0 / 65536.0, 1.0 / 16777216.0);

uint touch_word(uint i)
{
	return WORD(i);
}

/* Four bytes beginning at any multiple of two bytes. */
uint word_at_half(uint i)
{
	const uint low = WORD(i >> 1), high = WORD((i >> 1) + 1u);
	return (i & 1u) == 0u ? low : low >> 16 | high << 16;
}
uint half_word(uint i)
{
	const uint word = WORD(i >> 1);
	return (i & 1u) == 0u ? word & 0xffffu : word >> 16;
}

#if defined(W_Q4_K)
#include "quant-q4k.glsl"
#elif defined(W_Q6_K)
#include "quant-q6k.glsl"
#else
#include "quant-32.glsl"
#endif
#endif
