#version 450
#extension GL_GOOGLE_include_directive : require
/* Four channels of one output pixel an invocation: the grid is (channels, columns, rows), so that nothing is divided. */
#define LOCAL_SIZE_ID 0
#include "common.glsl"
#include "push/upsample_add.h"
#include "vec4.glsl"

VEC4_INPUT(0, X);
VEC4_INPUT(1, Skip);
layout(binding = 2) writeonly buffer Y { A4 y[]; };

void main()
{
	const uint c = gl_GlobalInvocationID.x, j = gl_WorkGroupID.y, i = gl_WorkGroupID.z, c4 = p.c / 4;
	if (c >= c4)
		return;
	const uint at = (i * 2 * p.w + j) * c4 + c, from = ((i / 2) * p.w + j / 2) * c4 + c;
	y[p.y_offset / 4 + at] = A4(VEC4_AT(X, p.x_offset / 4 + from) + VEC4_AT(Skip, p.skip_offset / 4 + at));
}
