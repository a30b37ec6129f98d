#version 450
#extension GL_GOOGLE_include_directive : require
/* Bilinear, align_corners false: s = max(0, (i + 0.5) * step - 0.5), taps floor(s) and min(floor(s) + 1, last). */
#include "common.glsl"
#include "push/resize.h"

layout(binding = 0) readonly buffer X { A x[]; };
layout(binding = 1) writeonly buffer Y { A y[]; };

void main()
{
	const uint id = flat_id();
	if (id >= p.planes * p.out_h * p.out_w)
		return;
	const uint j = id % p.out_w, i = id / p.out_w % p.out_h, plane = id / p.out_w / p.out_h;
	const float sy = max(0.0, (float(i) + 0.5) * p.step_y - 0.5), sx = max(0.0, (float(j) + 0.5) * p.step_x - 0.5);
	const uint y0 = min(uint(sy), p.src_h - 1), x0 = min(uint(sx), p.src_w - 1);
	const uint y1 = min(y0 + 1, p.src_h - 1), x1 = min(x0 + 1, p.src_w - 1);
	const float fy = sy - float(y0), fx = sx - float(x0);
	const uint r0 = p.x_offset + (plane * p.in_h + y0) * p.in_w, r1 = p.x_offset + (plane * p.in_h + y1) * p.in_w;
	const float a = mix(float(x[r0 + x0]), float(x[r0 + x1]), fx), b = mix(float(x[r1 + x0]), float(x[r1 + x1]), fx);
	y[p.y_offset + id] = A(mix(a, b, fy));
}
