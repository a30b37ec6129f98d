#version 450
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "push/gather.h"

layout(binding = 0) readonly buffer Table { A table[]; };
layout(binding = 1) readonly buffer Index { uint index[]; };
layout(binding = 2) writeonly buffer Y { A y[]; };

void main()
{
	const uint id = flat_id();
	if (id >= p.rows * p.cols)
		return;
	const uint from = index[p.index_offset + id / p.cols];
	float v = 0.0;
	if (from < p.table_rows)
		v = float(table[p.table_offset + from * p.cols + id % p.cols]);
	y[p.y_offset + id] = A(v);
}
