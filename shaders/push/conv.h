/* Convolution over an image [in_h,in_w,in_c] to [out_h,out_w,out_c]; zeros outside. Offsets in elements. */
PUSH(conv_push) {
	u32 in_h;
	u32 in_w;
	u32 in_c;
	u32 out_h;
	u32 out_w;
	u32 out_c;
	u32 kh;
	u32 kw;
	u32 stride;
	i32 pad_y;
	i32 pad_x;
	u32 x_offset;
	u32 y_offset;
	u32 add_offset;
	u32 w_scales;
	u32 lanes; /* tile kernel: neighbours along columns */
} PUSH_AS;
