/* GGUF v2/v3 files (spec llama.md section 2), memory-mapped and checked as a whole at opening: after gguf_open() every
 * name, shape, offset and size can be trusted. Tensors of the types below; others are refused by name.
 *
 * Threads: immutable after opening, may be read from any thread. */
#pragma once
#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>

G_BEGIN_DECLS

#define GGUF_ERROR (gguf_error_quark())
GQuark gguf_error_quark(void);
typedef enum {
	GGUF_ERROR_READ,   /* the file cannot be opened or mapped */
	GGUF_ERROR_FORMAT, /* the file is no GGUF or lies about itself */
	GGUF_ERROR_KEY,    /* a key or tensor is missing, or has another type or shape than asked for */
} gguf_error;

/* Numbers of the format (spec llama.md section 3). All but the first two and BF16 are stored in blocks. */
typedef enum {
	GGUF_F32 = 0,
	GGUF_F16 = 1,
	GGUF_Q4_0 = 2,
	GGUF_Q4_1 = 3,
	GGUF_Q8_0 = 8,
	GGUF_Q4_K = 12,
	GGUF_Q6_K = 14,
	GGUF_BF16 = 30,
} gguf_type;
const char *gguf_type_name(gguf_type type);
/* Elements and bytes of a block; elements is 0 for a number that is none of the types above. */
uint32_t gguf_block_elements(gguf_type type);
uint32_t gguf_block_bytes(gguf_type type);

typedef struct {
	const char *name; /* owned by the file, as is all else here */
	gguf_type type;
	uint8_t n_dims;   /* 1..4 */
	uint32_t ne[4];   /* row-major: ne[0] outermost (GGUF's order reversed); axes past n_dims are 1 */
	uint64_t count;   /* elements */
	const void *data; /* in the mapped file, aligned to the file's alignment (at least 8) */
	uint64_t bytes;
} gguf_tensor;

typedef struct gguf gguf;
gguf *gguf_open(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same on bytes in memory; name stands for the file in messages. */
gguf *gguf_open_bytes(GBytes *bytes, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void gguf_close(gguf *g);
const char *gguf_path(const gguf *g);
GBytes *gguf_bytes(const gguf *g); /* the whole file, borrowed: to hash it */

/* Metadata. An integer key may be stored in any integer type; arrays too. Missing keys, other types and values that do
 * not fit are errors that name file and key. Strings are UTF-8, owned by the file. Array getters return borrowed memory
 * of *n elements converted to the asked type. */
bool gguf_has(const gguf *g, const char *key);
bool gguf_get_u32(const gguf *g, const char *key, uint32_t *out, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool gguf_get_u64(const gguf *g, const char *key, uint64_t *out, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool gguf_get_f32(const gguf *g, const char *key, float *out, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool gguf_get_bool(const gguf *g, const char *key, bool *out, GError **error) G_GNUC_WARN_UNUSED_RESULT;
const char *gguf_get_string(const gguf *g, const char *key, GError **error) G_GNUC_WARN_UNUSED_RESULT;
const uint32_t *gguf_get_u32s(const gguf *g, const char *key, guint *n, GError **error) G_GNUC_WARN_UNUSED_RESULT;
const int32_t *gguf_get_i32s(const gguf *g, const char *key, guint *n, GError **error) G_GNUC_WARN_UNUSED_RESULT;
const float *gguf_get_f32s(const gguf *g, const char *key, guint *n, GError **error) G_GNUC_WARN_UNUSED_RESULT;
const char *const *gguf_get_strings(const gguf *g, const char *key, guint *n, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Tensors in the file's order. */
guint gguf_n_tensors(const gguf *g);
const gguf_tensor *gguf_nth_tensor(const gguf *g, guint i);
uint64_t gguf_parameters(const gguf *g); /* sum of all tensors' elements */
/* NULL when there is none. */
const gguf_tensor *gguf_find(const gguf *g, const char *name);
/* NULL and an error that names file, tensor, found and wanted shape. A tensor with more axes fits when the extra ones
 * are 1. */
const gguf_tensor *gguf_need(const gguf *g, const char *name, uint8_t n_dims, const uint32_t *ne,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Elements first .. first+n-1 as f32, whatever the type; both are multiples of the type's block. Bit-identical to the
 * format's reference. */
void gguf_read_f32(const gguf_tensor *t, uint64_t first, uint64_t n, float *out);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(gguf, gguf_close)

G_END_DECLS
