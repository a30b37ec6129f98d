/* y[2h,2w,c] = nearest2x(x[h,w,c]) + skip */
PUSH(upsample_add_push) {
	u32 h;
	u32 w;
	u32 c;
	u32 x_offset;
	u32 skip_offset;
	u32 y_offset;
} PUSH_AS;
