#version 450
#extension GL_GOOGLE_include_directive : require
/* Any size: one output element an invocation. Weights [out_c, kh, kw, in_c]. */
#include "common.glsl"
#include "push/conv.h"
#include "weight.glsl"
#include "act.glsl"

layout(constant_id = 0) const uint ACT = 0;
layout(constant_id = 1) const bool ADD = false;

layout(binding = 0) readonly buffer X { A x[]; };
layout(binding = 2) readonly buffer Bias { float bias[]; };
layout(binding = 3) readonly buffer Add { A add[]; };
layout(binding = 4) writeonly buffer Y { A y[]; };

void main()
{
	const uint id = flat_id();
	if (id >= p.out_h * p.out_w * p.out_c)
		return;
	const uint o = id % p.out_c, j = id / p.out_c % p.out_w, i = id / p.out_c / p.out_w;
	float s = bias[o];
	for (uint ky = 0; ky < p.kh; ky++) {
		const int iy = int(i * p.stride + ky) - p.pad_y;
		for (uint kx = 0; kx < p.kw; kx++) {
			const int ix = int(j * p.stride + kx) - p.pad_x;
			if (iy < 0 || iy >= int(p.in_h) || ix < 0 || ix >= int(p.in_w))
				continue;
			const uint xo = p.x_offset + (uint(iy) * p.in_w + uint(ix)) * p.in_c;
			const uint wo = ((o * p.kh + ky) * p.kw + kx) * p.in_c;
			for (uint c = 0; c < p.in_c; c++)
				s += float(x[xo + c]) * weight_at(wo + c);
		}
	}
	if (ADD)
		s += float(add[p.add_offset + id]);
	y[p.y_offset + id] = A(activate(ACT, s));
}
