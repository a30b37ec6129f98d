PUSH(copy_push) {
	u32 n;
	u32 x_offset;
	u32 y_offset;
} PUSH_AS;
