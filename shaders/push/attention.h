/* q[nq,heads*dim], k and v[nk,heads*dim] -> y[nq,heads*dim]. */
PUSH(attention_push) {
	u32 nq;
	u32 nk;
	u32 heads;
	u32 q_offset;
	u32 k_offset;
	u32 v_offset;
	u32 y_offset;
	f32 scale;
} PUSH_AS;
