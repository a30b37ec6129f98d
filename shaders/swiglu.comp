#version 450
#extension GL_GOOGLE_include_directive : require
/* Four elements an invocation. */
#include "common.glsl"
#include "push/swiglu.h"
#include "vec4.glsl"

VEC4_INPUT(0, X);
layout(binding = 1) writeonly buffer Y { vec4 y[]; };

void main()
{
	const uint n4 = p.cols / 4, id = flat_id(), row = id / n4, y0 = p.y_offset / 4;
	if (row >= p.rows)
		return;
	const uint at = p.x_offset / 4 + row * 2 * n4 + id % n4;
	const vec4 gate = VEC4_AT(X, at), up = VEC4_AT(X, at + n4);
	y[y0 + id] = gate / (1.0 + exp(-gate)) * up;
}
