#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "push/elementwise.h"
#include "act.glsl"

layout(constant_id = 0) const uint ACT = 0;
layout(constant_id = 1) const uint OP = 0; /* 0 add, 1 multiply, 2 a * factor + shift */

layout(binding = 0) readonly buffer Aa { A a[]; };
layout(binding = 1) readonly buffer Bb { A b[]; };
layout(binding = 2) writeonly buffer Y { A y[]; };

void main()
{
	const uint id = flat_id();
	if (id >= p.n)
		return;
	float s = float(a[p.a_offset + id]);
	if (OP == 2)
		s = s * p.factor + p.shift;
	else if (OP == 1)
		s *= float(b[p.b_offset + id % p.b_count]);
	else
		s += float(b[p.b_offset + id % p.b_count]);
	y[p.y_offset + id] = A(activate(ACT, s));
}
