/* y[rows,cols] = silu(x[rows,0..cols-1]) * x[rows,cols..2cols-1] */
PUSH(swiglu_push) {
	u32 rows;
	u32 cols;
	u32 x_offset;
	u32 y_offset;
} PUSH_AS;
