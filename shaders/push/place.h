/* y[i, y_at .. y_at+cols-1] = table[rows[i], cols]; y has y_cols columns. */
PUSH(place_push) {
	u32 rows;
	u32 cols;
	u32 y_cols;
	u32 y_at;
	u32 table_rows;
	u32 table_offset;
	u32 index_offset;
	u32 y_offset;
} PUSH_AS;
