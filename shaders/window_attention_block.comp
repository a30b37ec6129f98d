#version 450
#extension GL_GOOGLE_include_directive : require
/* A group is one window, one head and up to 64 of its queries, so that keys and values have the same address in all
 * invocations. Keys are taken four at a time; softmax with a running maximum. All tokens that stick out of the grid are
 * one and the same: only their bias differs. Needs DIM and all offsets to be multiples of 4. */
#include "common.glsl"
#include "push/window_attention.h"
#include "vec4.glsl"

layout(constant_id = 0) const uint DIM = 32; /* of a head */

layout(binding = 0) readonly buffer Qkv { A4 qkv[]; };
layout(binding = 1) readonly buffer Pad { vec4 pad[]; };    /* [3*heads*DIM], tokens outside the grid */
layout(binding = 2) readonly buffer Bias { float bias[]; }; /* [heads, window*window] */
layout(binding = 3) writeonly buffer Y { A4 y[]; };

const uint D = DIM / 4;
vec4 q[D], s[D];
float high = -3.0e38, sum = 0.0;

float bias_at(uint head, uint ky, uint kx, uint i, uint j)
{
	const uint dy = uint(abs(int(ky) - int(i))), dx = uint(abs(int(kx) - int(j)));
	return bias[(head * p.window + dy) * p.window + dx];
}

/* Takes four logits into the sums; e: what the four values are to be weighted with. */
vec4 absorb(vec4 logit)
{
	const float top = max(max(high, max(logit.x, logit.y)), max(logit.z, logit.w)), old = exp(high - top);
	const vec4 e = exp(logit - top);
	high = top;
	sum = sum * old + (e.x + e.y + e.z + e.w);
	[[unroll]] for (uint d = 0; d < D; d++)
		s[d] *= old;
	return e;
}

/* The tokens outside the grid: one logit and value, but a bias for each. */
void absorb_pad(uint head, uint rows, uint cols, uint i, uint j)
{
	float same = 0.0, most = -3.0e38, weight = 0.0;
	[[unroll]] for (uint d = 0; d < D; d++)
		same += dot(q[d], pad[(3 * head + 1) * D + d]);
	for (uint ky = 0; ky < p.window; ky++)
		for (uint kx = ky < rows ? cols : 0; kx < p.window; kx++)
			most = max(most, bias_at(head, ky, kx, i, j));
	const float top = max(high, same + most), old = exp(high - top);
	for (uint ky = 0; ky < p.window; ky++)
		for (uint kx = ky < rows ? cols : 0; kx < p.window; kx++)
			weight += exp(same + bias_at(head, ky, kx, i, j) - top);
	sum = sum * old + weight;
	[[unroll]] for (uint d = 0; d < D; d++)
		s[d] = s[d] * old + weight * pad[(3 * head + 2) * D + d];
}

void main()
{
	const uint per_row = (p.w + p.window - 1) / p.window, head = gl_WorkGroupID.y;
	const uint top = gl_WorkGroupID.x / per_row * p.window, left = gl_WorkGroupID.x % per_row * p.window;
	const uint rows = min(p.window, p.h - top), cols = min(p.window, p.w - left);
	const uint id = gl_WorkGroupID.z * 64 + gl_LocalInvocationID.x;
	const uint i = min(id / cols, rows - 1), j = id % cols; /* those past the end double the last row and write nothing */
	const uint token = 3 * D * p.heads, from = p.qkv_offset / 4 + head * 3 * D;
	const uint at = from + (top + i) * p.w * token + (left + j) * token;
	[[unroll]] for (uint d = 0; d < D; d++) {
		q[d] = vec4(qkv[at + d]) * p.scale;
		s[d] = vec4(0.0);
	}
	for (uint ky = 0; ky < rows; ky++) {
		for (uint kx = 0; kx < cols; kx += 4) {
			uint k[4];
			vec4 logit;
			[[unroll]] for (uint n = 0; n < 4; n++) {
				const uint x = min(kx + n, cols - 1);
				k[n] = from + ((top + ky) * p.w + left + x) * token + D;
				vec4 l = vec4(0.0);
				[[unroll]] for (uint d = 0; d < D; d++)
					l += q[d] * vec4(qkv[k[n] + d]);
				const float l1 = l.x + l.y + l.z + l.w + bias_at(head, ky, x, i, j);
				logit[n] = kx + n < cols ? l1 : -3.0e38;
			}
			const vec4 e = absorb(logit);
			[[unroll]] for (uint d = 0; d < D; d++)
				s[d] += e.x * vec4(qkv[k[0] + D + d]) + e.y * vec4(qkv[k[1] + D + d]) + e.z * vec4(qkv[k[2] + D + d]) +
				        e.w * vec4(qkv[k[3] + D + d]);
		}
	}
	if (rows * cols < p.window * p.window)
		absorb_pad(head, rows, cols, i, j);
	const uint to = p.y_offset / 4 + ((top + i) * p.w + left + j) * D * p.heads + head * D;
	if (id < rows * cols)
		[[unroll]] for (uint d = 0; d < D; d++)
			y[to + d] = A4(s[d] / sum);
}
