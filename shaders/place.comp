#version 450
#extension GL_GOOGLE_include_directive : require
/* Rows of a table into some of the columns of y. */
#include "common.glsl"
#include "push/place.h"

layout(constant_id = 0) const bool IN_ORDER = false; /* row i is the table's row i */

layout(binding = 0) readonly buffer Table { A table[]; };
layout(binding = 1) readonly buffer Index { uint index[]; };
layout(binding = 2) writeonly buffer Y { A y[]; };

void main()
{
	const uint id = flat_id();
	if (id >= p.rows * p.cols)
		return;
	const uint row = id / p.cols, c = id % p.cols;
	uint from = row;
	if (!IN_ORDER)
		from = index[p.index_offset + row];
	float v = 0.0;
	if (from < p.table_rows)
		v = float(table[p.table_offset + from * p.cols + c]);
	y[p.y_offset + row * p.y_cols + p.y_at + c] = A(v);
}
