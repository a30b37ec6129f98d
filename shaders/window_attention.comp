#version 450
#extension GL_GOOGLE_include_directive : require
/* One token and head an invocation: softmax computed while walking over the window's keys (running maximum). */
#include "common.glsl"
#include "push/window_attention.h"

layout(constant_id = 0) const uint DIM = 32; /* of a head */

layout(binding = 0) readonly buffer Qkv { A qkv[]; };
layout(binding = 1) readonly buffer Pad { float pad[]; };   /* [3*heads*DIM], tokens outside the grid */
layout(binding = 2) readonly buffer Bias { float bias[]; }; /* [heads, window*window] */
layout(binding = 3) writeonly buffer Y { A y[]; };

void main()
{
	const uint id = flat_id();
	if (id >= p.h * p.w * p.heads)
		return;
	const uint head = id % p.heads, j = id / p.heads % p.w, i = id / p.heads / p.w;
	const uint cols = 3 * DIM * p.heads, from = head * 3 * DIM;
	const uint top = i / p.window * p.window, left = j / p.window * p.window;
	float q[DIM], s[DIM];
	for (uint d = 0; d < DIM; d++) {
		q[d] = float(qkv[p.qkv_offset + (i * p.w + j) * cols + from + d]) * p.scale;
		s[d] = 0.0;
	}
	float high = -3.0e38, sum = 0.0;
	for (uint k = 0; k < p.window * p.window; k++) {
		const uint ky = top + k / p.window, kx = left + k % p.window;
		const bool inside = ky < p.h && kx < p.w;
		const uint at = p.qkv_offset + (ky * p.w + kx) * cols + from;
		float logit = 0.0;
		for (uint d = 0; d < DIM; d++)
			logit += q[d] * (inside ? float(qkv[at + DIM + d]) : pad[from + DIM + d]);
		const uint dy = ky > i ? ky - i : i - ky, dx = kx > j ? kx - j : j - kx;
		logit += bias[(head * p.window + dy) * p.window + dx];
		const float top_logit = max(high, logit), old = exp(high - top_logit), e = exp(logit - top_logit);
		high = top_logit;
		sum = sum * old + e;
		for (uint d = 0; d < DIM; d++)
			s[d] = s[d] * old + e * (inside ? float(qkv[at + 2 * DIM + d]) : pad[from + 2 * DIM + d]);
	}
	for (uint d = 0; d < DIM; d++)
		y[p.y_offset + (i * p.w + j) * DIM * p.heads + head * DIM + d] = A(s[d] / sum);
}
