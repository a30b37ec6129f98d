/* Four activations at once. TEXEL: f32 through uniform texel buffers, which a software device reads with vector gathers;
 * else storage buffers. VEC4_INPUT(0, X): activations, VEC4_AT(X, i) is elements 4i .. 4i+3; VEC4_F32(2, Bias): always f32. */
#ifdef ACT_F16
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#define A4 f16vec4
#else
#define A4 vec4
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
