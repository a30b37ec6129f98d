#version 450
#extension GL_GOOGLE_include_directive : require
/* The argument is reduced to one turn before sin and cos, which need not be accurate far from zero. */
#include "common.glsl"
#include "push/fourier.h"

layout(constant_id = 0) const bool GRID = false;

layout(binding = 0) readonly buffer Pos { float pos[]; };
layout(binding = 1) readonly buffer Gauss { float gauss[]; };
layout(binding = 2) writeonly buffer Y { A y[]; };

void main()
{
	const uint id = flat_id();
	if (id >= p.rows * p.freqs)
		return;
	const uint row = id / p.freqs, f = id % p.freqs;
	vec3 at = vec3((float(row % p.grid_w) + 0.5) / float(p.grid_w), (float(row / p.grid_w) + 0.5) / float(p.grid_h), 1.0);
	if (!GRID) {
		const uint o = p.pos_offset + 3 * row;
		at = vec3(pos[o], pos[o + 1], pos[o + 2]);
	}
	const vec2 c = 2.0 * at.xy - 1.0;
	const float turns = c.x * gauss[p.gauss_offset + f] + c.y * gauss[p.gauss_offset + p.freqs + f];
	const float t = 6.28318530717958648 * (turns - round(turns));
	const uint o = p.y_offset + row * 2 * p.freqs + f;
	y[o] = A(at.z * sin(t));
	y[o + p.freqs] = A(at.z * cos(t));
}
