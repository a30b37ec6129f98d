#version 450
#extension GL_GOOGLE_include_directive : require
/* One neighbouring pair of components an invocation: rotated by its position's angle and, for keys and values, put into the
 * caches as two halves in a word. */
#include "common.glsl"
#include "push/rope.h"

layout(binding = 0) buffer Qkv { vec2 qkv[]; };
layout(binding = 1) readonly buffer Table { vec2 turn[]; }; /* [rows, rotary/2] cosine and sine */
layout(binding = 2) writeonly buffer K { uint k[]; };
layout(binding = 3) writeonly buffer V { uint v[]; };

void main()
{
	const uint dim = p.dim / 2, q_pairs = p.heads * dim, kv_pairs = p.kv_heads * dim, all = q_pairs + 2 * kv_pairs;
	const uint id = gl_GlobalInvocationID.x, row = gl_GlobalInvocationID.y;
	const uint half_rotary = p.rotary / 2, k0 = p.k_offset / 2, v0 = p.v_offset / 2, t0 = p.table_offset / 2;
	const uint at = p.qkv_offset / 2 + row * all + id, to = (p.first + row) * kv_pairs;
	if (id >= all)
		return;
	vec2 x = qkv[at];
	const uint i = id % dim;
	if (i < half_rotary && id < q_pairs + kv_pairs) {
		const vec2 t = turn[t0 + row * half_rotary + i];
		x = vec2(x.x * t.x - x.y * t.y, x.x * t.y + x.y * t.x);
	}
	if (id < q_pairs)
		qkv[at] = x;
	else if (id < q_pairs + kv_pairs)
		k[k0 + to + id - q_pairs] = packHalf2x16(x);
	else
		v[v0 + to + id - q_pairs - kv_pairs] = packHalf2x16(x);
}
