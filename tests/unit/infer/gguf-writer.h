/* Writes GGUF files in memory, for tests: metadata first, then tensors, then gguf_writer_end(). */
#pragma once
#include "infer/gguf.h"

G_BEGIN_DECLS

typedef struct gguf_writer gguf_writer;
gguf_writer *gguf_writer_new(void);
void gguf_writer_u32(gguf_writer *w, const char *key, uint32_t value);
void gguf_writer_f32(gguf_writer *w, const char *key, float value);
void gguf_writer_string(gguf_writer *w, const char *key, const char *value);
void gguf_writer_u32s(gguf_writer *w, const char *key, guint n, const uint32_t *values);
void gguf_writer_f32s(gguf_writer *w, const char *key, guint n, const float *values);
void gguf_writer_strings(gguf_writer *w, const char *key, guint n, const char *const *values);
/* ne row-major; values are converted to `type` (Q8_0: the last axis is a multiple of 32). */
void gguf_writer_tensor(gguf_writer *w, const char *name, gguf_type type, uint8_t n_dims, const uint32_t *ne,
                        const float *values);
/* The same from the format's own bytes, in any type. */
void gguf_writer_blocks(gguf_writer *w, const char *name, gguf_type type, uint8_t n_dims, const uint32_t *ne,
                        const void *bytes);
/* The file; frees the writer. */
GBytes *gguf_writer_end(gguf_writer *w);

G_END_DECLS
