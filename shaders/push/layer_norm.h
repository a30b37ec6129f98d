PUSH(layer_norm_push) {
	u32 rows;
	u32 cols;
	u32 x_offset;
	u32 y_offset;
	f32 eps;
} PUSH_AS;
