#version 450
#extension GL_GOOGLE_include_directive : require
/* Any size: one output element an invocation. Weights F32 [kh, kw, c]. */
#include "common.glsl"
#include "push/conv.h"
#include "act.glsl"

layout(constant_id = 0) const uint ACT = 0;

layout(binding = 0) readonly buffer X { A x[]; };
layout(binding = 1) readonly buffer Weights { float w[]; };
layout(binding = 2) readonly buffer Bias { float bias[]; };
layout(binding = 3) writeonly buffer Y { A y[]; };

void main()
{
	const uint id = flat_id();
	if (id >= p.out_h * p.out_w * p.out_c)
		return;
	const uint c = id % p.out_c, j = id / p.out_c % p.out_w, i = id / p.out_c / p.out_w;
	float s = bias[c];
	for (uint ky = 0; ky < p.kh; ky++) {
		const int iy = int(i * p.stride + ky) - p.pad_y;
		for (uint kx = 0; kx < p.kw; kx++) {
			const int ix = int(j * p.stride + kx) - p.pad_x;
			if (iy < 0 || iy >= int(p.in_h) || ix < 0 || ix >= int(p.in_w))
				continue;
			s += float(x[p.x_offset + (uint(iy) * p.in_w + uint(ix)) * p.in_c + c]) * w[(ky * p.kw + kx) * p.in_c + c];
		}
	}
	y[p.y_offset + id] = A(activate(ACT, s));
}
