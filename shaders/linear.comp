#version 450
#extension GL_GOOGLE_include_directive : require
/* Any size: one output element an invocation. */
#include "common.glsl"
#include "push/linear.h"
#include "weight.glsl"
#include "act.glsl"

layout(constant_id = 0) const uint ACT = 0;
layout(constant_id = 1) const bool ADD = false;
layout(constant_id = 2) const bool SHUFFLE = false;

layout(binding = 0) readonly buffer X { A x[]; };
layout(binding = 2) readonly buffer Bias { float bias[]; };
layout(binding = 3) readonly buffer Add { A add[]; };
layout(binding = 4) writeonly buffer Y { A y[]; };

uint place(uint row, uint col)
{
	if (!SHUFFLE)
		return row * p.out_dim + col;
	const uint c = p.out_dim / 4, block = col / c;
	const uint i = row / p.width, j = row % p.width;
	return ((2 * i + block / 2) * 2 * p.width + 2 * j + block % 2) * c + col % c;
}

void main()
{
	const uint id = flat_id();
	if (id >= p.rows * p.out_dim)
		return;
	const uint row = id / p.out_dim, col = id % p.out_dim;
	const uint xo = p.x_offset + row * p.in_dim, wo = col * p.in_dim;
	float s = 0.0;
	for (uint k = 0; k < p.in_dim; k++)
		s += float(x[xo + k]) * weight_at(wo + k);
	s += bias[SHUFFLE ? col % (p.out_dim / 4) : col];
	const uint at = place(row, col);
	if (ADD)
		s += float(add[p.add_offset + at]);
	y[p.y_offset + at] = A(activate(ACT, s));
}
