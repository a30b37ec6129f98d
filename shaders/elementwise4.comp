#version 450
#extension GL_GOOGLE_include_directive : require
/* Four elements an invocation; all counts and offsets in fours. */
#include "common.glsl"
#include "push/elementwise.h"
#include "vec4.glsl"
#include "act.glsl"

layout(constant_id = 0) const uint ACT = 0;
layout(constant_id = 1) const uint OP = 0; /* 0 add, 1 multiply, 2 a * factor + shift */
layout(constant_id = 2) const bool REPEAT = false; /* b is shorter than a */

VEC4_INPUT(0, Aa);
VEC4_INPUT(1, Bb);
layout(binding = 2) writeonly buffer Y { A4 y[]; };

void main()
{
	const uint id = flat_id();
	if (id >= p.n / 4)
		return;
	const uint bo = p.b_offset / 4 + (REPEAT ? id % (p.b_count / 4) : id);
	vec4 s = VEC4_AT(Aa, p.a_offset / 4 + id);
	if (OP == 2)
		s = s * p.factor + p.shift;
	else if (OP == 1)
		s *= VEC4_AT(Bb, bo);
	else
		s += VEC4_AT(Bb, bo);
	y[p.y_offset / 4 + id] = A4(activate4(ACT, s));
}
