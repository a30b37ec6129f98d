/* Matrices of a language model: on the device as they lie in the GGUF file, in every type the reader knows, and
 * unpacked in the product's kernels. (weights.h repacks for the vision kernels; a matrix is for op_matrix alone.) */
#pragma once
#include "infer/ops/weights.h"

G_BEGIN_DECLS

typedef struct {
	tensor data; /* the file's bytes, as U32 words and some more behind */
	gguf_type type;
	uint32_t out, in;
} matrix;

/* Rows of several tensors `names` [outs[i],in] one below the other: neighbours of one type become one matrix, so that
 * one product does for all. At most MATRIX_STACK of them. */
#define MATRIX_STACK 3
typedef struct {
	matrix part[MATRIX_STACK];
	uint32_t n;
} matrix_stack;

/* `name` is the tensor's whole name; in is a multiple of four. The first failure is kept in the loader. */
matrix matrix_load(weight_loader *l, const char *name, uint32_t out, uint32_t in);
matrix_stack matrix_load_stack(weight_loader *l, const char *const *names, const uint32_t *outs, uint32_t n,
                               uint32_t in);

/* y[n, col .. col+out-1] = x[n,in] W^T + add[n, the same columns]; all F32. col and the columns of y are multiples of
 * four; up to three columns behind an odd `out` are written too. add may be NULL, and may be y itself; it has y's
 * shape. */
void op_matrix(ops *o, gpu_cmd *cmd, tensor y, tensor x, const matrix *w, uint32_t col, const tensor *add);
/* The parts side by side from column 0 on. */
void op_matrix_stack(ops *o, gpu_cmd *cmd, tensor y, tensor x, const matrix_stack *w);

G_END_DECLS
