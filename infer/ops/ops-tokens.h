/* Operators that put rows of tokens together: what vision models do between their blocks. Rules as in ops.h. */
#pragma once
#include "infer/ops/ops.h"

G_BEGIN_DECLS

/* y[N, at .. at+C-1] = table[rows[n], C]: gathers rows into some columns of y and leaves its other columns alone. rows
 * U32 [N], numbers past the table give zeros; NULL: row n is the table's row n. With it come concatenation of columns,
 * repetition and space to depth. */
void op_place(ops *o, gpu_cmd *cmd, tensor y, uint32_t at, tensor table, const tensor *rows);
/* y[M,C] = weights[M,N] x[N,C]: sums of rows. weights F32, meant for few or mostly zero ones (means over cells). */
void op_mix(ops *o, gpu_cmd *cmd, tensor y, tensor weights, tensor x);

G_END_DECLS
