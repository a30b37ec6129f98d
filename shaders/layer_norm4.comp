#version 450
#extension GL_GOOGLE_include_directive : require
/* LANES neighbours share a row of cols = 4n numbers: 1 on a software device, more where neighbours should read neighbours.
 * Mean first, then the spread around it, so that a large mean costs no digits. RMS: no mean, no beta. */
#define LOCAL_SIZE_ID 2
#include "common.glsl"
#include "push/layer_norm.h"
#include "vec4.glsl"
#include "act.glsl"

layout(constant_id = 0) const uint ACT = 0;
layout(constant_id = 1) const uint LANES = 1;
layout(constant_id = 2) const uint LOCAL = 64;
layout(constant_id = 3) const bool RMS = false;

VEC4_INPUT(0, X);
VEC4_F32(1, Gamma);
VEC4_F32(2, Beta);
layout(binding = 3) writeonly buffer Y { A4 y[]; };

shared float part[LOCAL];

/* The sum over the lanes of a row, in each of them. */
float row_sum(vec4 v)
{
	float s = v.x + v.y + v.z + v.w;
	const uint t = gl_LocalInvocationID.x;
	for (uint n = LANES / 2; n > 0; n /= 2) {
		barrier();
		part[t] = s;
		barrier();
		s += part[t ^ n];
	}
	return s;
}

void main()
{
	const uint lane = gl_LocalInvocationID.x % LANES, rows_here = LOCAL / LANES;
	const uint row = (gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x) * rows_here + gl_LocalInvocationID.x / LANES;
	const uint n4 = p.cols / 4, xo = p.x_offset / 4 + min(row, p.rows - 1) * n4;
	vec4 s = vec4(0.0);
	float mean = 0.0;
	if (!RMS) {
		for (uint i = lane; i < n4; i += LANES)
			s += VEC4_AT(X, xo + i);
		mean = row_sum(s) / float(p.cols);
		s = vec4(0.0);
	}
	for (uint i = lane; i < n4; i += LANES) {
		const vec4 d = VEC4_AT(X, xo + i) - mean;
		s += d * d;
	}
	const float scale = inversesqrt(row_sum(s) / float(p.cols) + p.eps);
	if (row >= p.rows)
		return;
	for (uint i = lane; i < n4; i += LANES) {
		vec4 v = (VEC4_AT(X, xo + i) - mean) * scale * VEC4_AT(Gamma, i);
		if (!RMS)
			v += VEC4_AT(Beta, i);
		y[p.y_offset / 4 + row * n4 + i] = A4(activate4(ACT, v));
	}
}
