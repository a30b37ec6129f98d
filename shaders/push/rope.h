/* qkv[rows, (heads + 2 kv_heads) dim]: q rotated in place, k rotated and v into the caches at position `first` and on.
 */
PUSH(rope_push) {
	u32 rows;
	u32 first;
	u32 heads;
	u32 kv_heads;
	u32 dim;
	u32 rotary; /* components of each head that rotate */
	u32 qkv_offset;
	u32 table_offset;
	u32 k_offset;
	u32 v_offset;
} PUSH_AS;
