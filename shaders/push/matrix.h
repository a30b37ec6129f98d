/* y[rows,out] = x[rows,in] w[out,in]^T (+ add), weights as they lie in a GGUF file. Offsets and strides in elements,
 * the weights' in units of two bytes. y and add have rows of y_stride. */
PUSH(matrix_push) {
	u32 rows;
	u32 out_dim;
	u32 in_dim;
	u32 x_offset;
	u32 y_offset;
	u32 y_stride;
	u32 add_offset;
	u32 w_offset;
	u32 lanes; /* tile kernel: neighbours along columns */
	u32 touch; /* matvec: words of weights of a work group to be asked for beforehand, 0: none */
} PUSH_AS;
