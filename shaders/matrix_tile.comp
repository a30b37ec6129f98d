#version 450
#extension GL_GOOGLE_include_directive : require
/* Several rows of x: each invocation computes ROWS x COLS outputs and unpacks a weight once for all its rows. Wants in_dim,
 * y_stride, all offsets and COLS in fours; columns from out_dim to the next four repeat the last one. Neighbouring
 * invocations go along `lanes` groups of columns, then along rows. */
#define LOCAL_SIZE_ID 3
#include "common.glsl"
#include "push/matrix.h"
#include "vec4.glsl"
#include "quant.glsl"

layout(constant_id = 0) const bool ADD = false;
layout(constant_id = 1) const uint ROWS = 4;
layout(constant_id = 2) const uint COLS = 4;

VEC4_INPUT(0, X);
VEC4_INPUT(2, Add);
layout(binding = 3) writeonly buffer Y { vec4 y[]; };

void main()
{
	const uint lane = gl_LocalInvocationID.x % p.lanes, line = gl_LocalInvocationID.x / p.lanes;
	const uint row = (gl_WorkGroupID.y * (gl_WorkGroupSize.x / p.lanes) + line) * ROWS;
	const uint col = (gl_WorkGroupID.x * p.lanes + lane) * COLS;
	const uint n4 = p.in_dim / 4, rows = p.rows, cols = p.out_dim, stride = p.y_stride / 4;
	const uint y0 = p.y_offset / 4, add0 = p.add_offset / 4, groups = (n4 + GROUP - 1) / GROUP;
	uint xo[ROWS], wo[COLS];
	vec4 sum[ROWS][COLS / 4];

	[[unroll]] for (uint r = 0; r < ROWS; r++) {
		xo[r] = p.x_offset / 4 + min(row + r, p.rows - 1) * n4; /* beyond the end: any row, its result is dropped */
		[[unroll]] for (uint c = 0; c < COLS / 4; c++)
			sum[r][c] = vec4(0.0);
	}
	[[unroll]] for (uint c = 0; c < COLS; c++)
		wo[c] = min(col + c, p.out_dim - 1);
	for (uint g = 0; g < groups; g++) {
		head h[COLS];
		[[unroll]] for (uint c = 0; c < COLS; c++)
			h[c] = head_at(wo[c], g);
		/* Unrolled, so that heads stay in registers; the sixteen steps of Q6_K would take seconds to compile. */
#ifdef W_Q6_K
		for (uint s = 0; s < STEPS; s++) {
#else
		[[unroll]] for (uint s = 0; s < STEPS; s++) {
#endif
			const uint a = g * GROUP + pair_lo(s), b = min(g * GROUP + pair_hi(s), n4 - 1);
			vec4 xa[ROWS], xb[ROWS];
			[[unroll]] for (uint r = 0; r < ROWS; r++) {
				xa[r] = VEC4_AT(X, xo[r] + a);
				xb[r] = VEC4_AT(X, xo[r] + b);
			}
			[[unroll]] for (uint c = 0; c < COLS; c++) {
				vec4 lo, hi;
				pair(h[c], s, lo, hi);
				lo = weigh_lo(h[c], s, lo);
				hi = weigh_hi(h[c], s, hi);
				[[unroll]] for (uint r = 0; r < ROWS; r++)
					sum[r][c / 4][c % 4] += dot(xa[r], lo) + dot(xb[r], hi);
			}
		}
	}
	[[unroll]] for (uint r = 0; r < ROWS; r++) {
		[[unroll]] for (uint c = 0; c < COLS / 4; c++) {
			const uint at = min(row + r, rows - 1) * stride + min(col / 4 + c, (cols - 1) / 4);
			vec4 v = sum[r][c];
			if (ADD)
				v += VEC4_AT(Add, add0 + at);
			if (row + r < rows && col + 4 * c < cols)
				y[y0 + at] = v;
		}
	}
}
