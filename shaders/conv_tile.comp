#version 450
#extension GL_GOOGLE_include_directive : require
/* Each invocation computes PIXELS neighbouring output pixels x COLS channels; weights [out_c, kh, kw, in_c]. Wants in_c, out_c,
 * all offsets and COLS in fours; FEW: any in_c, as for the first layer. Lanes as in linear_tile.comp. */
#define LOCAL_SIZE_ID 5
#include "common.glsl"
#include "push/conv.h"
#include "tile.glsl"
#include "act.glsl"

layout(constant_id = 0) const uint ACT = 0;
layout(constant_id = 1) const bool ADD = false;
layout(constant_id = 2) const bool FEW = false;
layout(constant_id = 3) const uint PIXELS = 4;
layout(constant_id = 4) const uint COLS = 4;

VEC4_INPUT(0, X);
VEC4_F32(2, Bias);
VEC4_INPUT(3, Add);
layout(binding = 4) writeonly buffer Y { A4 y[]; };

float x_at(uint i)
{
	return VEC4_AT(X, i >> 2)[i & 3u];
}

float weight_at(uint i)
{
	return weights_at(i >> 2)[i & 3u];
}

/* Element of X where input pixel (iy, ix) begins, and whether it is inside of the image. */
void find(int iy, int ix, out uint at, out bool inside)
{
	inside = iy >= 0 && iy < int(p.in_h) && ix >= 0 && ix < int(p.in_w);
	at = p.x_offset + (inside ? (uint(iy) * p.in_w + uint(ix)) * p.in_c : 0);
}

void main()
{
	const uint lane = gl_LocalInvocationID.x % p.lanes, line = gl_LocalInvocationID.x / p.lanes;
	const uint pixel = (gl_WorkGroupID.y * (gl_WorkGroupSize.x / p.lanes) + line) * PIXELS;
	const uint col = (gl_WorkGroupID.x * p.lanes + lane) * COLS;
	int oy[PIXELS], ox[PIXELS];
	uint wo[COLS], xo[PIXELS];
	bool inside[PIXELS];
	vec4 sum[PIXELS][COLS / 4];
	const uint pixels = p.out_h * p.out_w, cols = p.out_c, y0 = p.y_offset / 4, add0 = p.add_offset / 4;

	[[unroll]] for (uint r = 0; r < PIXELS; r++) {
		const uint q = min(pixel + r, pixels - 1); /* beyond the end: any pixel, its result is dropped */
		oy[r] = int(q / p.out_w * p.stride) - p.pad_y;
		ox[r] = int(q % p.out_w * p.stride) - p.pad_x;
	}
	[[unroll]] for (uint c = 0; c < COLS / 4; c++) {
		const vec4 bias = VEC4_AT(Bias, min(col / 4 + c, cols / 4 - 1));
		[[unroll]] for (uint r = 0; r < PIXELS; r++)
			sum[r][c] = bias;
	}
	for (uint tap = 0; tap < p.kh * p.kw; tap++) {
		[[unroll]] for (uint r = 0; r < PIXELS; r++)
			find(oy[r] + int(tap / p.kw), ox[r] + int(tap % p.kw), xo[r], inside[r]);
		[[unroll]] for (uint c = 0; c < COLS; c++)
			wo[c] = (min(col + c, p.out_c - 1) * p.kh * p.kw + tap) * p.in_c;
		for (uint k = 0; k < (FEW ? p.in_c : p.in_c / 4); k++) {
			vec4 x[PIXELS];
			[[unroll]] for (uint r = 0; r < PIXELS; r++)
				x[r] = mix(vec4(0), FEW ? vec4(x_at(xo[r] + k)) : VEC4_AT(X, xo[r] / 4 + k), bvec4(inside[r]));
			[[unroll]] for (uint c = 0; c < COLS; c++) {
				const vec4 w4 = FEW ? vec4(weight_at(wo[c] + k)) : weights_at(wo[c] / 4 + k);
				[[unroll]] for (uint r = 0; r < PIXELS; r++)
					sum[r][c / 4][c % 4] += FEW ? x[r].x * w4.x : dot(x[r], w4);
			}
		}
	}
	/* What follows reads no push constant: a software device would read them anew in each branch. */
	[[unroll]] for (uint r = 0; r < PIXELS; r++) {
		[[unroll]] for (uint c = 0; c < COLS / 4; c++) {
			const uint at = (pixel + r) * (cols / 4) + col / 4 + c;
			vec4 v = sum[r][c];
			if (ADD)
				v += VEC4_AT(Add, add0 + min(at, pixels * (cols / 4) - 1));
			v = activate4(ACT, v);
			if (pixel + r < pixels && col + 4 * c < cols)
				y[y0 + at] = A4(v);
		}
	}
}
