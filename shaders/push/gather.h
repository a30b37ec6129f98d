PUSH(gather_push) {
	u32 rows;
	u32 cols;
	u32 table_rows;
	u32 table_offset;
	u32 index_offset;
	u32 y_offset;
} PUSH_AS;
