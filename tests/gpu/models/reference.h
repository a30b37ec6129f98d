/* What PyTorch computed, as committed in tests/data (GGUF files of f32 tensors), and how far ours is from it. */
#pragma once
#include "infer/gguf.h"

G_BEGIN_DECLS

/* tests/data/NAME.gguf; asserts that it opens. */
gguf *reference_open(const char *name);
/* A tensor as f32, or NULL when there is none; g_free. */
float *reference_read(const gguf *file, const char *name, gsize *n);
/* Largest difference over the reference's root mean square (design.md section 6); infinite when a value is no number,
 * and no number when the reference is all zero. */
double reference_error(const float *got, const float *want, gsize n);
/* The error of `got` from the tensor of that name must be at most `limit`. */
void reference_compare(const gguf *out, const char *name, const float *got, gsize n, double limit);

G_END_DECLS
