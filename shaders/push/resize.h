/* Planes: y[planes,out_h,out_w] from the top-left src_h x src_w of x[planes,in_h,in_w]. */
PUSH(resize_push) {
	u32 planes;
	u32 in_h;
	u32 in_w;
	u32 src_h;
	u32 src_w;
	u32 out_h;
	u32 out_w;
	u32 x_offset;
	u32 y_offset;
	f32 step_y;
	f32 step_x;
} PUSH_AS;
