#include "infer/ops/ref-tokens.h"

void ref_place(float *y, uint32_t y_cols, uint32_t at, const float *table, uint32_t table_rows, uint32_t cols,
               const uint32_t *index, uint32_t rows)
{
	for (uint32_t i = 0; i < rows; i++)
		for (uint32_t c = 0; c < cols; c++)
			y[i * y_cols + at + c] = index[i] < table_rows ? table[index[i] * cols + c] : 0.0f;
}

void ref_mix(float *y, const float *w, const float *x, uint32_t rows, uint32_t n, uint32_t cols)
{
	for (uint32_t r = 0; r < rows; r++)
		for (uint32_t c = 0; c < cols; c++) {
			double s = 0.0;
			for (uint32_t i = 0; i < n; i++)
				s += (double)w[r * n + i] * x[i * cols + c];
			y[r * cols + c] = (float)s;
		}
}
