/* Push constants are declared once, for C and for GLSL: only 4-byte scalars, at most 128 bytes. */
#ifdef GL_core_profile
#define PUSH(name) layout(push_constant) uniform name
#define PUSH_AS p
#define u32 uint
#define f32 float
#define i32 int
#else
#ifndef NADIR_PUSH_H
#define NADIR_PUSH_H
#include <stdint.h>
#define PUSH(name) struct name
#define PUSH_AS
typedef uint32_t u32;
typedef int32_t i32;
typedef float f32;
#endif
#endif
