/* Row i of q sees positions 0 .. first+i of the caches. q has rows of q_stride elements; offsets in elements. */
PUSH(cache_attention_push) {
	u32 rows;
	u32 first;
	u32 heads;
	u32 kv_heads;
	u32 q_stride;
	u32 q_offset;
	u32 k_offset;
	u32 v_offset;
	u32 y_offset;
	f32 scale;
} PUSH_AS;
