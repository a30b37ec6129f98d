#version 450
#extension GL_GOOGLE_include_directive : require
/* One row of x. LANES neighbours share ROWS outputs and take groups of weights in turn: 1 on a software device, where each
 * invocation has rows of its own, more where neighbours should read neighbours. Sizes as in matrix_tile.comp. */
#define LOCAL_SIZE_ID 3
#include "common.glsl"
#include "push/matrix.h"
#include "vec4.glsl"
#include "quant.glsl"

layout(constant_id = 0) const bool ADD = false;
layout(constant_id = 1) const uint ROWS = 4;
layout(constant_id = 2) const uint LANES = 1;
layout(constant_id = 3) const uint LOCAL = 64;

VEC4_INPUT(0, X);
VEC4_INPUT(2, Add);
layout(binding = 3) writeonly buffer Y { vec4 y[]; };

shared vec4 part[LANES > 1 ? LOCAL : 1];

/* The sum over the lanes of a row, in each of them. */
vec4 all_lanes(vec4 v)
{
	for (uint n = LANES / 2; n > 0; n /= 2) {
		barrier();
		part[gl_LocalInvocationID.x] = v;
		barrier();
		v += part[gl_LocalInvocationID.x ^ n];
	}
	return v;
}

float scaled(vec2 run, vec2 total, vec2 lo, vec2 hi)
{
	if (ONE_SCALE)
		return (run.x + run.y) * lo.x + (total.x + total.y) * lo.y;
	return run.x * lo.x + run.y * hi.x + total.x * lo.y + total.y * hi.y;
}

void main()
{
	const uint lane = gl_LocalInvocationID.x % LANES, lines = LOCAL / LANES;
	const uint group = gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x;
	const uint row = (group * lines + gl_LocalInvocationID.x / LANES) * ROWS;
	const uint n4 = p.in_dim / 4, x0 = p.x_offset / 4, y0 = p.y_offset / 4, add0 = p.add_offset / 4;
	const uint rows = p.out_dim, groups = (n4 + GROUP - 1) / GROUP;
	vec4 sum[ROWS / 4];

	[[unroll]] for (uint r = 0; r < ROWS / 4; r++)
		sum[r] = vec4(0.0);
	/* Rows are short and lie one behind the other, lanes read far apart: where the memory between must be fetched from afar,
	 * asking for all of it at once, line by line, takes far less time than waiting for each lane's next line. */
	uint seen = 0;
	const uint begin = group * p.touch, end = min(begin + p.touch, p.touch / (lines * ROWS) * rows);
	for (uint i = begin + gl_LocalInvocationID.x * 16; i < end; i += 16 * LOCAL)
		seen |= touch_word(p.w_offset / 2 + i);
	if (seen != 0 && rows == 0) /* never, but no compiler knows */
		sum[0].x = 1.0;
	for (uint g = lane; g < groups; g += LANES) {
		head h[ROWS];
		vec2 run[ROWS], total = vec2(0.0); /* products and sums of inputs since the scales changed */
		[[unroll]] for (uint r = 0; r < ROWS; r++) {
			h[r] = head_at(min(row + r, rows - 1), g);
			run[r] = vec2(0.0);
		}
		[[unroll]] for (uint s = 0; s < STEPS; s++) {
			vec4 a = VEC4_AT(X, x0 + g * GROUP + pair_lo(s));
			vec4 b = VEC4_AT(X, x0 + min(g * GROUP + pair_hi(s), n4 - 1));
			total += vec2(a.x + a.y + a.z + a.w, b.x + b.y + b.z + b.w);
			a *= PLACES;
			b *= PLACES;
			[[unroll]] for (uint r = 0; r < ROWS; r++) {
				vec4 lo, hi;
				pair(h[r], s, lo, hi);
				run[r] += vec2(dot(a, lo), dot(b, hi));
			}
			if (s % RUN == RUN - 1) {
				[[unroll]] for (uint r = 0; r < ROWS; r++)
					sum[r / 4][r % 4] += scaled(run[r], total, scale_lo(h[r], s), scale_hi(h[r], s));
				[[unroll]] for (uint r = 0; r < ROWS; r++)
					run[r] = vec2(0.0);
				total = vec2(0.0);
			}
		}
	}
	[[unroll]] for (uint r = 0; r < ROWS / 4; r++) {
		vec4 v = all_lanes(sum[r]);
		const uint at = min(row / 4 + r, (rows - 1) / 4);
		if (ADD)
			v += VEC4_AT(Add, add0 + at);
		if (lane == 0 && row + 4 * r < rows)
			y[y0 + at] = v;
	}
}
