/* y[rows,out] = act(x[rows,in] w[out,in]^T + b + add). With SHUFFLE the columns are (a,b,c) of a 2x2 block of an image of
 * `width` columns: y[2i+a, 2j+b, c], out = 4 * channels. Offsets in elements. */
PUSH(linear_push) {
	u32 rows;
	u32 out_dim;
	u32 in_dim;
	u32 x_offset;
	u32 y_offset;
	u32 add_offset;
	u32 w_scales; /* word at which the scales of Q8 begin */
	u32 width;
	u32 lanes; /* tile kernel: neighbours along columns */
} PUSH_AS;
