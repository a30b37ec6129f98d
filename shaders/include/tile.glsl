/* Four neighbouring weights at once: weights_at(i) is elements 4i .. 4i+3 of the weights at binding 1, as in weight.glsl.
 * After common.glsl and a push block with w_scales. */
#include "vec4.glsl"

#if defined(W_F16)
layout(binding = 1) readonly buffer Weights { uvec2 w[]; };
vec4 weights_at(uint i)
{
	return vec4(unpackHalf2x16(w[i].x), unpackHalf2x16(w[i].y));
}
#elif defined(W_Q8)
layout(binding = 1) readonly buffer Weights { uint w[]; };
vec4 weights_at(uint i)
{
	const uint block = i >> 3;
	const vec2 h = unpackHalf2x16(w[p.w_scales + (block >> 1)]);
	const int q = int(w[i]);
	return ((block & 1u) == 0u ? h.x : h.y) * vec4(bitfieldExtract(q, 0, 8), bitfieldExtract(q, 8, 8),
	                                               bitfieldExtract(q, 16, 8), bitfieldExtract(q, 24, 8));
}
#else
VEC4_F32(1, W);
vec4 weights_at(uint i)
{
	return VEC4_AT(W, i);
}
#endif
