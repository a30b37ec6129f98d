#version 450
#extension GL_GOOGLE_include_directive : require
/* Attention over a cache of halves. An invocation has one row and GROUP heads that share keys and values; SPLIT neighbours
 * share its positions and merge at the end. Softmax in f32 with a running maximum. Needs DIM and all offsets in fours. */
#define LOCAL_SIZE_ID 3
#include "common.glsl"
#include "push/cache_attention.h"
#include "vec4.glsl"

layout(constant_id = 0) const uint DIM = 64; /* of a head */
layout(constant_id = 1) const uint GROUP = 1;
layout(constant_id = 2) const uint SPLIT = 1;
layout(constant_id = 3) const uint LOCAL = 64;
layout(constant_id = 4) const bool KEEP = false; /* q in registers, where they are many */
layout(constant_id = 5) const uint BATCH = 1;    /* fours a lane gives to another between two barriers; divides DIM / 4 */

VEC4_INPUT(0, Q);
#ifdef TEXEL
layout(binding = 1) uniform samplerBuffer K;
layout(binding = 2) uniform samplerBuffer V;
#define HALVES_AT(name, i) texelFetch(name, int(i))
#else
layout(binding = 1) readonly buffer K_ { uvec2 K[]; };
layout(binding = 2) readonly buffer V_ { uvec2 V[]; };
#define HALVES_AT(name, i) vec4(unpackHalf2x16(name[i].x), unpackHalf2x16(name[i].y))
#endif
layout(binding = 3) writeonly buffer Y { vec4 y[]; };

const uint D = DIM / 4;
vec4 q[KEEP ? GROUP : 1][KEEP ? D : 1], s[GROUP][D];
float high[GROUP], sum[GROUP];

shared vec4 part[SPLIT > 1 ? LOCAL * BATCH : 1];

/* What lane t ^ n has of a maximum and a sum; all invocations of the group call it. */
vec2 other(vec2 mine, uint n)
{
	barrier();
	part[gl_LocalInvocationID.x].xy = mine;
	barrier();
	return part[gl_LocalInvocationID.x ^ n].xy;
}

void merge(uint g)
{
	const uint t = gl_LocalInvocationID.x;
	for (uint n = SPLIT / 2; n > 0; n /= 2) {
		const vec2 theirs = other(vec2(high[g], sum[g]), n);
		const float top = max(high[g], theirs.x), mine = exp(high[g] - top), weight = exp(theirs.x - top);
		high[g] = top;
		sum[g] = sum[g] * mine + theirs.y * weight;
		[[unroll]] for (uint first = 0; first < D; first += BATCH) {
			barrier();
			[[unroll]] for (uint d = 0; d < BATCH; d++)
				part[d * LOCAL + t] = s[g][first + d];
			barrier();
			[[unroll]] for (uint d = 0; d < BATCH; d++)
				s[g][first + d] = s[g][first + d] * mine + part[d * LOCAL + (t ^ n)] * weight;
		}
	}
}

void main()
{
	const uint lane = gl_LocalInvocationID.x % SPLIT, head = gl_WorkGroupID.y * GROUP, kv_cols = D * p.kv_heads;
	const uint id = gl_WorkGroupID.x * (LOCAL / SPLIT) + gl_LocalInvocationID.x / SPLIT;
	const uint rows = p.rows, row = min(id, rows - 1), keys = p.first + row + 1, heads = p.heads;
	const uint qo = (p.q_offset + row * p.q_stride) / 4 + head * D, kv = head / (heads / p.kv_heads) * D;
	const uint ko = p.k_offset / 4 + kv, vo = p.v_offset / 4 + kv, yo = p.y_offset / 4 + (row * heads + head) * D;
	const float scale = p.scale;
	[[unroll]] for (uint g = 0; g < GROUP; g++) {
		high[g] = -3.0e38;
		sum[g] = 0.0;
		[[unroll]] for (uint d = 0; d < D; d++) {
			if (KEEP)
				q[g][d] = VEC4_AT(Q, qo + g * D + d) * scale;
			s[g][d] = vec4(0.0);
		}
	}
	for (uint n = lane; n < keys; n += SPLIT) {
		vec4 l[GROUP];
		[[unroll]] for (uint g = 0; g < GROUP; g++)
			l[g] = vec4(0.0);
		[[unroll]] for (uint d = 0; d < D; d++) {
			const vec4 k4 = HALVES_AT(K, ko + n * kv_cols + d);
			[[unroll]] for (uint g = 0; g < GROUP; g++)
				l[g] += k4 * (KEEP ? q[g][d] : VEC4_AT(Q, qo + g * D + d) * scale);
		}
		float old[GROUP], e[GROUP];
		[[unroll]] for (uint g = 0; g < GROUP; g++) {
			const float logit = l[g].x + l[g].y + l[g].z + l[g].w, top = max(high[g], logit);
			old[g] = exp(high[g] - top);
			e[g] = exp(logit - top);
			high[g] = top;
			sum[g] = sum[g] * old[g] + e[g];
		}
		[[unroll]] for (uint d = 0; d < D; d++) {
			const vec4 v4 = HALVES_AT(V, vo + n * kv_cols + d);
			[[unroll]] for (uint g = 0; g < GROUP; g++)
				s[g][d] = s[g][d] * old[g] + e[g] * v4;
		}
	}
	if (SPLIT > 1)
		[[unroll]] for (uint g = 0; g < GROUP; g++)
			merge(g);
	if (lane != 0 || id >= rows)
		return;
	[[unroll]] for (uint g = 0; g < GROUP; g++)
		[[unroll]] for (uint d = 0; d < D; d++)
			y[yo + g * D + d] = s[g][d] / sum[g];
}
