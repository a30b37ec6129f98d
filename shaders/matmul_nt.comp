#version 450
#extension GL_GOOGLE_include_directive : require
/* Few rows m: up to four outputs of one column n an invocation, so that b is read once for them. */
#include "common.glsl"
#include "push/matmul_nt.h"

layout(binding = 0) readonly buffer Aa { A a[]; };
layout(binding = 1) readonly buffer Bb { A b[]; };
layout(binding = 2) writeonly buffer Y { A y[]; };

void main()
{
	const uint n = flat_id();
	if (n >= p.n)
		return;
	for (uint m0 = 0; m0 < p.m; m0 += 4) {
		const uint last = p.m - 1;
		const uint r0 = p.a_offset + m0 * p.c, r1 = p.a_offset + min(m0 + 1, last) * p.c;
		const uint r2 = p.a_offset + min(m0 + 2, last) * p.c, r3 = p.a_offset + min(m0 + 3, last) * p.c;
		vec4 s = vec4(0.0);
		for (uint c = 0; c < p.c; c++)
			s += vec4(a[r0 + c], a[r1 + c], a[r2 + c], a[r3 + c]) * float(b[p.b_offset + n * p.c + c]);
		[[unroll]] for (uint i = 0; i < 4; i++)
			if (m0 + i < p.m)
				y[p.y_offset + (m0 + i) * p.n + n] = A(s[i]);
	}
}
