#version 450
#extension GL_GOOGLE_include_directive : require
/* y = x between element types: ACT_F16 says what y is, FROM_F16 what x is. */
#include "common.glsl"
#ifdef FROM_F16
#extension GL_EXT_shader_16bit_storage : require
#define B float16_t
#else
#define B float
#endif
#include "push/copy.h"

layout(binding = 0) readonly buffer X { B x[]; };
layout(binding = 1) writeonly buffer Y { A y[]; };

void main()
{
	const uint id = flat_id();
	if (id < p.n)
		y[p.y_offset + id] = A(float(x[p.x_offset + id]));
}
