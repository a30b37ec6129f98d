#version 450
#extension GL_GOOGLE_include_directive : require
/* SPLIT neighbours share the keys of one query and head and merge at the end: 1 when there are queries enough to fill the
 * device. Softmax with a running maximum. Needs DIM and all offsets in fours. */
#define LOCAL_SIZE_ID 2
#include "common.glsl"
#include "push/attention.h"
#include "vec4.glsl"

layout(constant_id = 0) const uint DIM = 32; /* of a head */
layout(constant_id = 1) const uint SPLIT = 1;
layout(constant_id = 2) const uint LOCAL = 64;

VEC4_INPUT(0, Q);
VEC4_INPUT(1, K);
VEC4_INPUT(2, V);
layout(binding = 3) writeonly buffer Y { A4 y[]; };

const uint D = DIM / 4;
vec4 q[D], s[D];
float high = -3.0e38, sum = 0.0;

shared vec4 part[SPLIT > 1 ? LOCAL : 1];

/* What lane t ^ n has of a value; all invocations of the group call it. */
vec4 other(vec4 mine, uint n)
{
	barrier();
	part[gl_LocalInvocationID.x] = mine;
	barrier();
	return part[gl_LocalInvocationID.x ^ n];
}

void merge()
{
	for (uint n = SPLIT / 2; n > 0; n /= 2) {
		const vec4 theirs = other(vec4(high, sum, 0.0, 0.0), n);
		const float top = max(high, theirs.x), mine = exp(high - top), weight = exp(theirs.x - top);
		high = top;
		sum = sum * mine + theirs.y * weight;
		[[unroll]] for (uint d = 0; d < D; d++)
			s[d] = s[d] * mine + other(s[d], n) * weight;
	}
}

void main()
{
	const uint lane = gl_LocalInvocationID.x % SPLIT, head = gl_WorkGroupID.y, cols = D * p.heads;
	const uint id = gl_WorkGroupID.x * (LOCAL / SPLIT) + gl_LocalInvocationID.x / SPLIT;
	const uint row = min(id, p.nq - 1);
	[[unroll]] for (uint d = 0; d < D; d++) {
		q[d] = VEC4_AT(Q, p.q_offset / 4 + row * cols + head * D + d) * p.scale;
		s[d] = vec4(0.0);
	}
	for (uint n = lane; n < p.nk; n += SPLIT) {
		const uint at = n * cols + head * D;
		vec4 l = vec4(0.0);
		[[unroll]] for (uint d = 0; d < D; d++)
			l += q[d] * VEC4_AT(K, p.k_offset / 4 + at + d);
		const float logit = l.x + l.y + l.z + l.w, top = max(high, logit), old = exp(high - top), e = exp(logit - top);
		high = top;
		sum = sum * old + e;
		[[unroll]] for (uint d = 0; d < D; d++)
			s[d] = s[d] * old + e * VEC4_AT(V, p.v_offset / 4 + at + d);
	}
	if (SPLIT > 1)
		merge();
	if (lane != 0 || id >= p.nq)
		return;
	[[unroll]] for (uint d = 0; d < D; d++)
		y[p.y_offset / 4 + row * cols + head * D + d] = A4(s[d] / sum);
}
