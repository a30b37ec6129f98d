#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "push/upsample_add.h"

layout(binding = 0) readonly buffer X { A x[]; };
layout(binding = 1) readonly buffer Skip { A skip[]; };
layout(binding = 2) writeonly buffer Y { A y[]; };

void main()
{
	const uint id = flat_id();
	if (id >= 4 * p.h * p.w * p.c)
		return;
	const uint c = id % p.c, j = id / p.c % (2 * p.w), i = id / p.c / (2 * p.w);
	const float v = float(x[p.x_offset + ((i / 2) * p.w + j / 2) * p.c + c]);
	y[p.y_offset + id] = A(v + float(skip[p.skip_offset + id]));
}
