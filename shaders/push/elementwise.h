/* n elements of a; b repeats after b_count elements. */
PUSH(elementwise_push) {
	u32 n;
	u32 b_count;
	u32 a_offset;
	u32 b_offset;
	u32 y_offset;
	f32 factor;
	f32 shift;
} PUSH_AS;
