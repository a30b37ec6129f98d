/* Shared by gguf.c (reading and checking) and gguf-meta.c (getters). */
#pragma once
#include "infer/gguf.h"

G_BEGIN_DECLS

/* Value types of metadata, numbers of the format. */
typedef enum {
	META_U8,
	META_I8,
	META_U16,
	META_I16,
	META_U32,
	META_I32,
	META_F32,
	META_BOOL,
	META_STRING,
	META_ARRAY,
	META_U64,
	META_I64,
	META_F64,
	N_META,
} meta_type;

/* Bytes of a value of fixed size; 0 for strings and arrays. */
extern const uint8_t meta_bytes[N_META];
extern const char *const meta_names[N_META];

enum { AS_U32, AS_I32, AS_F32, AS_STRING, N_AS };

typedef struct {
	meta_type type;
	meta_type element;   /* arrays only */
	uint64_t count;      /* elements of an array, bytes of a string, else 1 */
	const uint8_t *data; /* in the file: the value, the text of a string, the first element of an array */
	void *as[N_AS];      /* converted copies, made when first asked for, under gguf.lock */
} meta_value;

struct gguf {
	char *path;
	GBytes *bytes;
	GHashTable *meta;  /* key -> meta_value, both owned */
	GArray *tensors;   /* gguf_tensor, in the file's order */
	GHashTable *names; /* tensor name (owned) -> index + 1 */
	uint64_t alignment, parameters;
	GMutex lock;
};

G_END_DECLS
