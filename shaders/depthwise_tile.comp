#version 450
#extension GL_GOOGLE_include_directive : require
/* Each invocation computes four channels of ROWS x PIXELS neighbours, reading each input and each weight once; weights F32
 * [k, k, c]. Wants channels and offsets in fours. The grid is (channels, columns, rows), since dividing is slow; p.lanes
 * neighbours (a power of two) go along channels, the rest of a group along columns. */
#define LOCAL_SIZE_ID 5
#include "common.glsl"
#include "push/conv.h"
#include "tile.glsl"
#include "act.glsl"

layout(constant_id = 0) const uint ACT = 0;
layout(constant_id = 1) const uint K = 3;
layout(constant_id = 2) const uint STRIDE = 1;
layout(constant_id = 3) const uint ROWS = 2;
layout(constant_id = 4) const uint PIXELS = 4;

const uint WIDE = (PIXELS - 1) * STRIDE + K, HIGH = (ROWS - 1) * STRIDE + K; /* inputs seen */

VEC4_INPUT(0, X);
VEC4_F32(2, Bias);
layout(binding = 3) writeonly buffer Y { A4 y[]; };

void main()
{
	const uint c4 = p.in_c / 4, bits = findMSB(p.lanes), id = gl_LocalInvocationID.x;
	const uint c = gl_WorkGroupID.x * p.lanes + (id & (p.lanes - 1)), i0 = gl_WorkGroupID.z * ROWS;
	const uint j0 = (gl_WorkGroupID.y * (gl_WorkGroupSize.x >> bits) + (id >> bits)) * PIXELS;
	if (c >= c4 || j0 >= p.out_w)
		return;
	const int iy0 = int(i0 * STRIDE) - p.pad_y, ix0 = int(j0 * STRIDE) - p.pad_x;
	const uint y0 = p.y_offset / 4, out_h = p.out_h, out_w = p.out_w; /* once: see linear_tile.comp */
	vec4 sum[ROWS][PIXELS], w[K * K];

	[[unroll]] for (uint r = 0; r < ROWS; r++)
		[[unroll]] for (uint x = 0; x < PIXELS; x++)
			sum[r][x] = VEC4_AT(Bias, c);
	[[unroll]] for (uint k = 0; k < K * K; k++)
		w[k] = weights_at(k * c4 + c);
	[[unroll]] for (uint s = 0; s < HIGH; s++) {
		const int iy = iy0 + int(s);
		const bool in_y = iy >= 0 && iy < int(p.in_h);
		const uint line_at = p.x_offset / 4 + (in_y ? uint(iy) : 0) * p.in_w * c4 + c;
		vec4 v[WIDE];
		[[unroll]] for (uint x = 0; x < WIDE; x++) {
			const int ix = ix0 + int(x);
			const bool inside = in_y && ix >= 0 && ix < int(p.in_w);
			v[x] = mix(vec4(0), VEC4_AT(X, line_at + (inside ? uint(ix) : 0) * c4), bvec4(inside));
		}
		[[unroll]] for (uint r = 0; r < ROWS; r++)
			if (s >= r * STRIDE && s - r * STRIDE < K)
				[[unroll]] for (uint kx = 0; kx < K; kx++)
					[[unroll]] for (uint x = 0; x < PIXELS; x++)
						sum[r][x] += v[x * STRIDE + kx] * w[(s - r * STRIDE) * K + kx];
	}
	[[unroll]] for (uint r = 0; r < ROWS; r++)
		[[unroll]] for (uint x = 0; x < PIXELS; x++)
			if (j0 + x < out_w && i0 + r < out_h)
				y[y0 + ((i0 + r) * out_w + j0 + x) * c4 + c] = A4(activate4(ACT, sum[r][x]));
}
