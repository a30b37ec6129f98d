/* y[m,n] = a[m,c] b[n,c]^T */
PUSH(matmul_nt_push) {
	u32 m;
	u32 n;
	u32 c;
	u32 a_offset;
	u32 b_offset;
	u32 y_offset;
} PUSH_AS;
