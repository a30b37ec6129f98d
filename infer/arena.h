/* Device memory for tensors, handed out in order and taken back in the opposite order. A forward pass takes a mark,
 * allocates its temporaries and rewinds to the mark; memory is kept for the next pass. Reusing memory inside one
 * gpu_cmd is safe: the recorder orders dispatches by the ranges they touch.
 *
 * No error per call: a failed allocation gives a null tensor, which every op ignores; arena_check() reports the first
 * failure. */
#pragma once
#include "infer/tensor.h"

G_BEGIN_DECLS

typedef struct arena arena;
typedef struct {
	uint32_t block;
	uint64_t used;
} arena_mark;

/* Grows by blocks of at least block_bytes (0: 64 MiB). name is for messages and profiles. Belongs to the thread of dev.
 */
arena *arena_new(gpu *dev, uint64_t block_bytes, const char *name);
void arena_free(arena *a);

/* 256-byte aligned, contents undefined. arena_tensor(a, DTYPE_F32, TENSOR_SHAPE(h, w, c)) */
tensor arena_tensor(arena *a, dtype type, uint8_t n_dims, const uint32_t *ne);
arena_mark arena_get_mark(const arena *a);
void arena_rewind(arena *a, arena_mark mark);
uint64_t arena_bytes(const arena *a); /* device memory held */
/* False and the first failure since the last call, which is then forgotten. */
bool arena_check(arena *a, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(arena, arena_free)

G_END_DECLS
