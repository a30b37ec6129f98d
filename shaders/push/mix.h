/* y[rows,cols] = weights[rows,n] x[n,cols] */
PUSH(mix_push) {
	u32 rows;
	u32 cols;
	u32 n;
	u32 w_offset;
	u32 x_offset;
	u32 y_offset;
} PUSH_AS;
