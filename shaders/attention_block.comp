#version 450
#extension GL_GOOGLE_include_directive : require
/* Many queries, many keys: an invocation has QUERIES neighbouring rows of one head and takes four keys at a time, so
 * that each key and value is read once for all of them; softmax with a running maximum. Needs DIM and all offsets in
 * fours. */
#define LOCAL_SIZE_ID 1
#include "common.glsl"
#include "push/attention.h"
#include "vec4.glsl"

layout(constant_id = 0) const uint DIM = 32; /* of a head */
layout(constant_id = 2) const uint QUERIES = 4;

VEC4_INPUT(0, Q);
VEC4_INPUT(1, K);
VEC4_INPUT(2, V);
layout(binding = 3) writeonly buffer Y { A4 y[]; };

const uint D = DIM / 4;
const float LOW = -3.0e38;
vec4 q[QUERIES][D], s[QUERIES][D];
float high[QUERIES], sum[QUERIES];

/* Takes four logits of query n into the sums; what comes back are the weights of the four values. */
vec4 absorb(uint n, vec4 logit)
{
	const float top = max(max(high[n], max(logit.x, logit.y)), max(logit.z, logit.w)), old = exp(high[n] - top);
	const vec4 e = exp(logit - top);
	high[n] = top;
	sum[n] = sum[n] * old + (e.x + e.y + e.z + e.w);
	[[unroll]] for (uint d = 0; d < D; d++)
		s[n][d] *= old;
	return e;
}

void main()
{
	const uint head = gl_WorkGroupID.y, cols = D * p.heads, nk = p.nk, nq = p.nq, y0 = p.y_offset / 4;
	const uint k0 = p.k_offset / 4 + head * D, v0 = p.v_offset / 4 + head * D;
	const uint first = gl_GlobalInvocationID.x * QUERIES;
	[[unroll]] for (uint n = 0; n < QUERIES; n++) {
		const uint at = p.q_offset / 4 + min(first + n, nq - 1) * cols + head * D;
		high[n] = LOW;
		sum[n] = 0.0;
		[[unroll]] for (uint d = 0; d < D; d++) {
			q[n][d] = VEC4_AT(Q, at + d) * p.scale;
			s[n][d] = vec4(0.0);
		}
	}
	for (uint k = 0; k < nk; k += 4) {
		vec4 e[QUERIES];
		[[unroll]] for (uint m = 0; m < 4; m++) {
			const uint at = k0 + min(k + m, nk - 1) * cols;
			vec4 l[QUERIES];
			[[unroll]] for (uint n = 0; n < QUERIES; n++)
				l[n] = vec4(0.0);
			[[unroll]] for (uint d = 0; d < D; d++) {
				const vec4 key = VEC4_AT(K, at + d);
				[[unroll]] for (uint n = 0; n < QUERIES; n++)
					l[n] += q[n][d] * key;
			}
			[[unroll]] for (uint n = 0; n < QUERIES; n++)
				e[n][m] = k + m < nk ? l[n].x + l[n].y + l[n].z + l[n].w : LOW;
		}
		[[unroll]] for (uint n = 0; n < QUERIES; n++)
			e[n] = absorb(n, e[n]);
		[[unroll]] for (uint d = 0; d < D; d++) {
			vec4 v[4];
			[[unroll]] for (uint m = 0; m < 4; m++)
				v[m] = VEC4_AT(V, v0 + min(k + m, nk - 1) * cols + d);
			[[unroll]] for (uint n = 0; n < QUERIES; n++)
				s[n][d] += e[n].x * v[0] + e[n].y * v[1] + e[n].z * v[2] + e[n].w * v[3];
		}
	}
	[[unroll]] for (uint n = 0; n < QUERIES; n++)
		if (first + n < nq)
			[[unroll]] for (uint d = 0; d < D; d++)
				y[y0 + (first + n) * cols + head * D + d] = A4(s[n][d] / sum[n]);
}
