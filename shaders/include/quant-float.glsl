/* F32, F16 and BF16: two neighbouring fours a group. in_dim is a multiple of four, so the last group may have only one. */
#if defined(TEXEL) && !defined(W_BF16)
layout(binding = 1) uniform samplerBuffer Weights;
#elif defined(TEXEL)
layout(binding = 1) uniform usamplerBuffer Weights;
#elif defined(W_F32)
layout(binding = 1) readonly buffer Weights { vec4 w[]; };
#else
layout(binding = 1) readonly buffer Weights { uvec2 w[]; };
#endif

const uint GROUP = 2u, STEPS = 1u, RUN = 1u;
const bool ONE_SCALE = true;
struct head {
	uint at;
	bool both;
};

vec4 four_at(uint i)
{
#if defined(TEXEL) && !defined(W_BF16)
	return texelFetch(Weights, int(i));
#elif defined(W_F32)
	return w[i];
#else
#ifdef TEXEL
	const uvec2 word = uvec2(texelFetch(Weights, int(2u * i)).x, texelFetch(Weights, int(2u * i + 1u)).x);
#else
	const uvec2 word = w[i];
#endif
#ifdef W_F16
	return vec4(unpackHalf2x16(word.x), unpackHalf2x16(word.y));
#else
	return uintBitsToFloat(uvec4(word.x << 16, word.x & 0xffff0000u, word.y << 16, word.y & 0xffff0000u));
#endif
#endif
}

uint touch_word(uint i)
{
#ifdef W_F32
	return floatBitsToUint(four_at(i / 4u).x);
#else
	return floatBitsToUint(four_at(i / 2u).x);
#endif
}

head head_at(uint row, uint group)
{
#ifdef W_F32
	const uint first = p.w_offset / 8u;
#else
	const uint first = p.w_offset / 4u;
#endif
	const uint n4 = p.in_dim / 4u;
	return head(first + row * n4 + 2u * group, 2u * group + 1u < n4);
}
void pair(inout head h, uint s, out vec4 lo, out vec4 hi)
{
	lo = four_at(h.at);
	hi = h.both ? four_at(h.at + 1u) : vec4(0.0);
}
uint pair_lo(uint s)
{
	return 0u;
}
uint pair_hi(uint s)
{
	return 1u;
}
/* What a four of inputs is to be multiplied with, times a scale, plus the sum of the inputs times a shift. */
vec4 weigh_lo(head h, uint s, vec4 v)
{
	return v;
}
vec4 weigh_hi(head h, uint s, vec4 v)
{
	return v;
}
const vec4 PLACES = vec4(1.0);
vec2 scale_lo(head h, uint s)
{
	return vec2(1.0, 0.0);
}
vec2 scale_hi(head h, uint s)
{
	return vec2(1.0, 0.0);
}
