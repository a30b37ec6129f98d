/* y[rows,2*freqs]; GRID: rows = h*w cell centres, else pos[rows,3]. */
PUSH(fourier_push) {
	u32 rows;
	u32 freqs;
	u32 grid_h;
	u32 grid_w;
	u32 pos_offset;
	u32 gauss_offset;
	u32 y_offset;
} PUSH_AS;
