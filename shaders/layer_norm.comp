#version 450
#extension GL_GOOGLE_include_directive : require
/* One row an invocation; mean first, then the spread around it, so that a large mean costs no digits. */
#include "common.glsl"
#include "push/layer_norm.h"
#include "act.glsl"

layout(constant_id = 0) const uint ACT = 0;

layout(binding = 0) readonly buffer X { A x[]; };
layout(binding = 1) readonly buffer Gamma { float gamma[]; };
layout(binding = 2) readonly buffer Beta { float beta[]; };
layout(binding = 3) writeonly buffer Y { A y[]; };

void main()
{
	const uint row = flat_id();
	if (row >= p.rows)
		return;
	const uint xo = p.x_offset + row * p.cols, yo = p.y_offset + row * p.cols;
	float mean = 0.0, var = 0.0;
	for (uint i = 0; i < p.cols; i++)
		mean += float(x[xo + i]);
	mean /= float(p.cols);
	for (uint i = 0; i < p.cols; i++) {
		const float d = float(x[xo + i]) - mean;
		var += d * d;
	}
	const float scale = inversesqrt(var / float(p.cols) + p.eps);
	for (uint i = 0; i < p.cols; i++)
		y[yo + i] = A(activate(ACT, (float(x[xo + i]) - mean) * scale * gamma[i] + beta[i]));
}
