#version 450
#extension GL_GOOGLE_include_directive : require
/* Each invocation computes ROWS x COLS outputs. Wants in_dim, out_dim and all offsets (SHUFFLE: out_dim/4 too) in fours and
 * COLS in fours. Neighbouring invocations go along `lanes` groups of columns, then along rows. */
#define LOCAL_SIZE_ID 6
#include "common.glsl"
#include "push/linear.h"
#include "tile.glsl"
#include "act.glsl"

layout(constant_id = 0) const uint ACT = 0;
layout(constant_id = 1) const bool ADD = false;
layout(constant_id = 2) const bool SHUFFLE = false;
layout(constant_id = 3) const uint ROWS = 4;
layout(constant_id = 4) const uint COLS = 4;
layout(constant_id = 5) const uint UNROLL = 1; /* divides in_dim / 4 */

VEC4_INPUT(0, X);
VEC4_F32(2, Bias);
VEC4_INPUT(3, Add);
layout(binding = 4) writeonly buffer Y { A4 y[]; };

/* Where outputs [row, 4 col4 ..] go, in fours. */
uint place(uint row, uint col4)
{
	if (!SHUFFLE)
		return row * (p.out_dim / 4) + col4;
	const uint c4 = p.out_dim / 16, block = col4 / c4;
	const uint i = row / p.width, j = row % p.width;
	return ((2 * i + block / 2) * 2 * p.width + 2 * j + block % 2) * c4 + col4 % c4;
}

void main()
{
	const uint lane = gl_LocalInvocationID.x % p.lanes, line = gl_LocalInvocationID.x / p.lanes;
	const uint row = (gl_WorkGroupID.y * (gl_WorkGroupSize.x / p.lanes) + line) * ROWS;
	const uint col = (gl_WorkGroupID.x * p.lanes + lane) * COLS;
	const uint n4 = p.in_dim / 4, rows = p.rows, y0 = p.y_offset / 4, add0 = p.add_offset / 4;
	const uint cols = p.out_dim, last = rows * (cols / 4) - 1;
	uint xo[ROWS], wo[COLS];
	vec4 sum[ROWS][COLS / 4];

	[[unroll]] for (uint c = 0; c < COLS / 4; c++) {
		const uint col4 = min(col / 4 + c, p.out_dim / 4 - 1);
		const vec4 bias = VEC4_AT(Bias, SHUFFLE ? col4 % (p.out_dim / 16) : col4);
		[[unroll]] for (uint r = 0; r < ROWS; r++)
			sum[r][c] = bias;
	}
	[[unroll]] for (uint r = 0; r < ROWS; r++)
		xo[r] = p.x_offset / 4 + min(row + r, p.rows - 1) * n4; /* beyond the end: any row, its result is dropped */
	[[unroll]] for (uint c = 0; c < COLS; c++)
		wo[c] = min(col + c, p.out_dim - 1) * n4;
	for (uint k0 = 0; k0 < n4; k0 += UNROLL) {
		[[unroll]] for (uint u = 0; u < UNROLL; u++) {
			const uint k = k0 + u;
			vec4 x[ROWS];
			[[unroll]] for (uint r = 0; r < ROWS; r++)
				x[r] = VEC4_AT(X, xo[r] + k);
			[[unroll]] for (uint c = 0; c < COLS; c++) {
				const vec4 w4 = weights_at(wo[c] + k);
				[[unroll]] for (uint r = 0; r < ROWS; r++)
					sum[r][c / 4][c % 4] += dot(x[r], w4);
			}
		}
	}
	/* What follows reads no push constant: a software device would read them anew in each branch. */
	[[unroll]] for (uint r = 0; r < ROWS; r++) {
		[[unroll]] for (uint c = 0; c < COLS / 4; c++) {
			const uint at = place(row + r, col / 4 + c);
			vec4 v = sum[r][c];
			if (ADD)
				v += VEC4_AT(Add, add0 + min(at, last));
			v = activate4(ACT, v);
			if (row + r < rows && col + 4 * c < cols)
				y[y0 + at] = A4(v);
		}
	}
}
