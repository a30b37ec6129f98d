#version 450
#extension GL_GOOGLE_include_directive : require
/* Four columns n and up to four rows m an invocation; n, c and all offsets in fours. */
#define LOCAL_SIZE_ID 0
#include "common.glsl"
#include "push/matmul_nt.h"
#include "vec4.glsl"

VEC4_INPUT(0, Aa);
VEC4_INPUT(1, Bb);
layout(binding = 2) writeonly buffer Y { A4 y[]; };

void main()
{
	const uint n = gl_GlobalInvocationID.x * 4, m0 = gl_WorkGroupID.y * 4, c4 = p.c / 4;
	if (n >= p.n)
		return;
	vec4 s[4];
	uint ao[4];
	[[unroll]] for (uint m = 0; m < 4; m++) {
		s[m] = vec4(0.0);
		ao[m] = p.a_offset / 4 + min(m0 + m, p.m - 1) * c4;
	}
	const uint bo = p.b_offset / 4 + n * c4;
	for (uint c = 0; c < c4; c++) {
		vec4 b[4];
		[[unroll]] for (uint i = 0; i < 4; i++)
			b[i] = VEC4_AT(Bb, bo + i * c4 + c);
		[[unroll]] for (uint m = 0; m < 4; m++) {
			const vec4 a = VEC4_AT(Aa, ao[m] + c);
			s[m] += vec4(dot(a, b[0]), dot(a, b[1]), dot(a, b[2]), dot(a, b[3]));
		}
	}
	[[unroll]] for (uint m = 0; m < 4; m++)
		if (m0 + m < p.m)
			y[(p.y_offset + (m0 + m) * p.n + n) / 4] = A4(s[m]);
}
