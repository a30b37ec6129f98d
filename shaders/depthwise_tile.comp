#version 450
#extension GL_GOOGLE_include_directive : require
/* Each invocation computes four channels of PIXELS neighbours in a row; weights F32 [kh, kw, c]. Wants channels and offsets in
 * fours, and the kernel's width and stride as constants, so that each input is read once a row. */
#define LOCAL_SIZE_ID 4
#include "common.glsl"
#include "push/conv.h"
#include "tile.glsl"
#include "act.glsl"

layout(constant_id = 0) const uint ACT = 0;
layout(constant_id = 1) const uint KW = 3;
layout(constant_id = 2) const uint STRIDE = 1;
layout(constant_id = 3) const uint PIXELS = 4;

const uint SEEN = (PIXELS - 1) * STRIDE + KW;

VEC4_INPUT(0, X);
VEC4_F32(2, Bias);
layout(binding = 3) writeonly buffer Y { A4 y[]; };

void main()
{
	const uint c4 = p.in_c / 4, across = (p.out_w + PIXELS - 1) / PIXELS;
	const uint id = flat_id(), c = id % c4, j0 = id / c4 % across * PIXELS, i = id / c4 / across;
	if (i >= p.out_h)
		return;
	const int ix0 = int(j0 * STRIDE) - p.pad_x;
	vec4 sum[PIXELS];

	[[unroll]] for (uint r = 0; r < PIXELS; r++)
		sum[r] = VEC4_AT(Bias, c);
	for (uint ky = 0; ky < p.kh; ky++) {
		const int iy = int(i * STRIDE + ky) - p.pad_y;
		if (iy < 0 || iy >= int(p.in_h))
			continue;
		vec4 x[SEEN];
		[[unroll]] for (uint s = 0; s < SEEN; s++) {
			const int ix = ix0 + int(s);
			const bool inside = ix >= 0 && ix < int(p.in_w);
			const uint at = p.x_offset / 4 + (uint(iy) * p.in_w + (inside ? uint(ix) : 0)) * c4 + c;
			x[s] = mix(vec4(0), VEC4_AT(X, at), bvec4(inside));
		}
		[[unroll]] for (uint kx = 0; kx < KW; kx++) {
			const vec4 w4 = weights_at((ky * KW + kx) * c4 + c);
			[[unroll]] for (uint r = 0; r < PIXELS; r++)
				sum[r] += x[r * STRIDE + kx] * w4;
		}
	}
	[[unroll]] for (uint r = 0; r < PIXELS; r++)
		if (j0 + r < p.out_w)
			y[p.y_offset / 4 + (i * p.out_w + j0 + r) * c4 + c] = A4(activate4(ACT, sum[r]));
}
