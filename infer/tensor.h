/* A tensor is a view by value: bytes on the device, a shape, an element type. It owns nothing.
 *
 * Axes are row-major: ne[0] is the outermost, ne[n_dims-1] the contiguous one. Activations are channels last: an image
 * is [H,W,C], a list of tokens [N,C]. A tensor is dense; a view of some of its outermost rows is a tensor again. */
#pragma once
#include "infer/vk/gpu.h"

G_BEGIN_DECLS

typedef enum {
	DTYPE_F32,
	DTYPE_F16,
	DTYPE_Q8_0, /* blocks of 32 elements in 34 bytes, weights only */
	DTYPE_U32,  /* row numbers of op_gather only */
} dtype;

#define TENSOR_MAX_DIMS 4

typedef struct {
	gpu_span data; /* exact bytes; the offset is a multiple of the element size (of 256 when freshly allocated) */
	uint32_t ne[TENSOR_MAX_DIMS]; /* axes past n_dims are 1 */
	uint8_t n_dims;
	dtype type;
} tensor;

/* Bytes of n elements. Q8_0: n is a multiple of 32. */
uint64_t dtype_bytes(dtype type, uint64_t n);
const char *dtype_name(dtype type);

uint64_t tensor_count(const tensor *t); /* elements */
uint32_t tensor_cols(const tensor *t);  /* length of the last axis */
uint64_t tensor_rows(const tensor *t);  /* product of all other axes */
/* A tensor failed to be allocated, or stands for "none". */
static inline bool tensor_is_null(const tensor *t)
{
	return t->data.buf == NULL;
}

/* A view of the whole span: span.bytes must be what the shape needs, at least. */
tensor tensor_at(gpu_span span, dtype type, uint8_t n_dims, const uint32_t *ne);
/* Rows first .. first+n-1 of the outermost axis. */
tensor tensor_slice(tensor t, uint32_t first, uint32_t n);
/* The same elements with another shape of as many elements; ne has n_dims entries. */
tensor tensor_reshape(tensor t, uint8_t n_dims, const uint32_t *ne);

#define TENSOR_SHAPE(...)                                                                                              \
	(sizeof((uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t)), (uint32_t[])                                               \
	{                                                                                                                  \
		__VA_ARGS__                                                                                                    \
	}

G_END_DECLS
