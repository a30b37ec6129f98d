#version 450
#extension GL_GOOGLE_include_directive : require
/* A group is one window, one head and some of its queries; an invocation has QUERIES (up to four) neighbours of a row and
 * takes four keys at a time; softmax with a running maximum. All tokens outside the grid are one and the same: only their
 * bias differs. Needs DIM and all offsets in fours. */
#define LOCAL_SIZE_ID 1
#include "common.glsl"
#include "push/window_attention.h"
#include "vec4.glsl"

layout(constant_id = 0) const uint DIM = 32; /* of a head */
layout(constant_id = 2) const uint QUERIES = 4;

VEC4_INPUT(0, Qkv);
VEC4_F32(1, Pad);  /* [3*heads*DIM], the token outside the grid */
VEC4_F32(2, Bias); /* [heads, window*window] */
layout(binding = 3) writeonly buffer Y { A4 y[]; };

const uint D = DIM / 4;
const float LOW = -3.0e38;
vec4 q[QUERIES][D], s[QUERIES][D];
float high[QUERIES], sum[QUERIES];

float bias_at(uint head, uint dy, uint kx, uint j)
{
	const uint at = (head * p.window + dy) * p.window + uint(abs(int(kx) - int(j)));
	return VEC4_AT(Bias, at / 4)[at % 4];
}

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

/* The tokens outside the grid: one logit and value a query, but a bias for each. The loops are empty where there are none;
 * a condition around them would not be, on a device that runs both sides of every branch. */
void absorb_pad(uint head, uint rows, uint cols, uint i, uint j)
{
	vec4 most = vec4(LOW), weight = vec4(0.0);
	const uint end = rows * cols < p.window * p.window ? p.window : 0;
	for (uint ky = cols < p.window ? 0 : rows; ky < end; ky++)
		for (uint kx = ky < rows ? cols : 0; kx < p.window; kx++) {
			vec4 b = vec4(LOW);
			[[unroll]] for (uint n = 0; n < QUERIES; n++)
				b[n] = bias_at(head, uint(abs(int(ky) - int(i))), kx, min(j + n, cols - 1));
			const vec4 top = max(most, b);
			weight = weight * exp(most - top) + exp(b - top);
			most = top;
		}
	[[unroll]] for (uint n = 0; n < QUERIES; n++) {
		float same = most[n];
		[[unroll]] for (uint d = 0; d < D; d++)
			same += dot(q[n][d], VEC4_AT(Pad, (3 * head + 1) * D + d));
		const float top = max(high[n], same), old = exp(high[n] - top), new = weight[n] * exp(same - top);
		sum[n] = sum[n] * old + new;
		[[unroll]] for (uint d = 0; d < D; d++)
			s[n][d] = s[n][d] * old + new * VEC4_AT(Pad, (3 * head + 2) * D + d);
	}
}

void main()
{
	const uint per_row = (p.w + p.window - 1) / p.window, head = gl_WorkGroupID.y;
	const uint top = gl_WorkGroupID.x / per_row * p.window, left = gl_WorkGroupID.x % per_row * p.window;
	const uint rows = min(p.window, p.h - top), cols = min(p.window, p.w - left), quads = (cols + QUERIES - 1) / QUERIES;
	const uint id = gl_WorkGroupID.z * gl_WorkGroupSize.x + gl_LocalInvocationID.x;
	const uint i = id / quads, j = id % quads * QUERIES;
	if (i >= rows)
		return;
	const uint token = 3 * D * p.heads, from = p.qkv_offset / 4 + head * 3 * D;
	[[unroll]] for (uint n = 0; n < QUERIES; n++) {
		const uint at = from + ((top + i) * p.w + left + min(j + n, cols - 1)) * token;
		high[n] = LOW;
		sum[n] = 0.0;
		[[unroll]] for (uint d = 0; d < D; d++) {
			q[n][d] = VEC4_AT(Qkv, at + d) * p.scale;
			s[n][d] = vec4(0.0);
		}
	}
	for (uint ky = 0; ky < rows; ky++) {
		const uint dy = uint(abs(int(ky) - int(i))), line = from + D + ((top + ky) * p.w + left) * token;
		for (uint kx = 0; kx < cols; kx += 4) {
			vec4 e[QUERIES];
			uint k[4];
			[[unroll]] for (uint m = 0; m < 4; m++) {
				const uint x = min(kx + m, cols - 1);
				k[m] = line + x * token;
				vec4 l[QUERIES];
				[[unroll]] for (uint n = 0; n < QUERIES; n++)
					l[n] = vec4(0.0);
				[[unroll]] for (uint d = 0; d < D; d++) {
					const vec4 key = VEC4_AT(Qkv, k[m] + d);
					[[unroll]] for (uint n = 0; n < QUERIES; n++)
						l[n] += q[n][d] * key;
				}
				[[unroll]] for (uint n = 0; n < QUERIES; n++)
					e[n][m] = kx + m < cols ? l[n].x + l[n].y + l[n].z + l[n].w + bias_at(head, dy, x, min(j + n, cols - 1)) : LOW;
			}
			[[unroll]] for (uint n = 0; n < QUERIES; n++)
				e[n] = absorb(n, e[n]);
			[[unroll]] for (uint d = 0; d < D; d++) {
				const vec4 v0 = VEC4_AT(Qkv, k[0] + D + d), v1 = VEC4_AT(Qkv, k[1] + D + d);
				const vec4 v2 = VEC4_AT(Qkv, k[2] + D + d), v3 = VEC4_AT(Qkv, k[3] + D + d);
				[[unroll]] for (uint n = 0; n < QUERIES; n++)
					s[n][d] += e[n].x * v0 + e[n].y * v1 + e[n].z * v2 + e[n].w * v3;
			}
		}
	}
	absorb_pad(head, rows, cols, i, j);
	[[unroll]] for (uint n = 0; n < QUERIES; n++) {
		const uint to = p.y_offset / 4 + ((top + i) * p.w + left + j + n) * D * p.heads + head * D;
		if (j + n < cols)
			[[unroll]] for (uint d = 0; d < D; d++)
				y[to + d] = A4(s[n][d] / sum[n]);
	}
}
