/* Reading four neighbours at once. TEXEL: f32 through uniform texel buffers, which a software device reads with vector
 * gathers; else storage buffers. After common.glsl and a push block with w_scales:
 *   VEC4_INPUT(0, X);     activations, VEC4_AT(X, i) is elements 4i .. 4i+3       VEC4_F32(2, Bias);   always f32
 * and weights_at(i) for the weights at binding 1, as in weight.glsl. */
#include "vec4.glsl"
#ifdef ACT_F16
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#endif
#ifdef TEXEL
#define VEC4_INPUT(b, name) layout(binding = b) uniform samplerBuffer name
#define VEC4_F32(b, name) layout(binding = b) uniform samplerBuffer name
#define VEC4_AT(name, i) texelFetch(name, int(i))
#else
#define VEC4_INPUT(b, name) layout(binding = b) readonly buffer name##_ { A4 name[]; }
#define VEC4_F32(b, name) layout(binding = b) readonly buffer name##_ { vec4 name[]; }
#define VEC4_AT(name, i) vec4(name[i])
#endif

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
