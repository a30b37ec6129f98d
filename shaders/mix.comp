#version 450
#extension GL_GOOGLE_include_directive : require
/* Weighted sums of rows, one element an invocation. Weights are few and often 0, so columns are what neighbours share. */
#include "common.glsl"
#include "push/mix.h"

layout(binding = 0) readonly buffer Weights { float w[]; };
layout(binding = 1) readonly buffer X { A x[]; };
layout(binding = 2) writeonly buffer Y { A y[]; };

void main()
{
	const uint id = flat_id();
	if (id >= p.rows * p.cols)
		return;
	const uint from = p.w_offset + id / p.cols * p.n, c = p.x_offset + id % p.cols;
	float s = 0.0;
	for (uint i = 0; i < p.n; i++) {
		const float weight = w[from + i];
		if (weight != 0.0)
			s += weight * float(x[c + i * p.cols]);
	}
	y[p.y_offset + id] = A(s);
}
