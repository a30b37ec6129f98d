#version 450
#extension GL_GOOGLE_include_directive : require
/* Many queries, few keys: one query and head an invocation, softmax with a running maximum. */
#include "common.glsl"
#include "push/attention.h"

layout(constant_id = 0) const uint DIM = 32; /* of a head */

layout(binding = 0) readonly buffer Q { A q[]; };
layout(binding = 1) readonly buffer K { A k[]; };
layout(binding = 2) readonly buffer V { A v[]; };
layout(binding = 3) writeonly buffer Y { A y[]; };

void main()
{
	const uint id = flat_id();
	if (id >= p.nq * p.heads)
		return;
	const uint head = id % p.heads, row = id / p.heads, cols = DIM * p.heads;
	float r[DIM], s[DIM];
	for (uint d = 0; d < DIM; d++) {
		r[d] = float(q[p.q_offset + row * cols + head * DIM + d]) * p.scale;
		s[d] = 0.0;
	}
	float high = -3.0e38, sum = 0.0;
	for (uint n = 0; n < p.nk; n++) {
		const uint at = n * cols + head * DIM;
		float logit = 0.0;
		for (uint d = 0; d < DIM; d++)
			logit += r[d] * float(k[p.k_offset + at + d]);
		const float top = max(high, logit), old = exp(high - top), e = exp(logit - top);
		high = top;
		sum = sum * old + e;
		for (uint d = 0; d < DIM; d++)
			s[d] = s[d] * old + e * float(v[p.v_offset + at + d]);
	}
	for (uint d = 0; d < DIM; d++)
		y[p.y_offset + row * cols + head * DIM + d] = A(s[d] / sum);
}
