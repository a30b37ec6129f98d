/* References of ops-tokens.h, see ref.h. */
#pragma once
#include <stdint.h>

/* y[rows,y_cols] at column `at`; index[rows]. */
void ref_place(float *y, uint32_t y_cols, uint32_t at, const float *table, uint32_t table_rows, uint32_t cols,
               const uint32_t *index, uint32_t rows);
/* y[rows,cols] = w[rows,n] x[n,cols] */
void ref_mix(float *y, const float *w, const float *x, uint32_t rows, uint32_t n, uint32_t cols);
