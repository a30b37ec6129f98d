/* qkv[h,w,3*heads*dim] -> y[h,w,heads*dim] inside windows of side `window`. */
PUSH(window_attention_push) {
	u32 h;
	u32 w;
	u32 heads;
	u32 window;
	u32 qkv_offset;
	u32 y_offset;
	f32 scale;
} PUSH_AS;
