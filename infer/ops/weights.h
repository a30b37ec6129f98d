/* Weights of a GGUF file on the device, in the layout the kernels want. The layout is private to infer/ops: a weight is
 * used only by the op of its kind.
 *
 *   weight_loader l = {.ops = o, .arena = weights, .cmd = cmd, .file = file};
 *   weight qkv = weight_linear(&l, "enc.layers.1.blocks.0.attn.qkv", 3 * dim, dim, true);
 *   if (!weight_loader_finish(&l, &error)) …          (then gpu_cmd_finish(cmd, &error))
 *
 * No error per call: the first failure (missing tensor, wrong shape, no memory) is kept, later calls return null
 * weights. */
#pragma once
#include "infer/arena.h"
#include "infer/gguf.h"
#include "infer/ops/ops.h"

G_BEGIN_DECLS

typedef struct {
	ops *ops;
	arena *arena; /* owns the device memory */
	gpu_cmd *cmd; /* uploads are recorded here */
	const gguf *file;
	GError *error; /* first failure, NULL at first */
} weight_loader;

typedef enum { WEIGHT_LINEAR, WEIGHT_CONV, WEIGHT_DEPTHWISE, WEIGHT_CONV_TRANSPOSE2 } weight_kind;

struct weight {
	tensor data; /* private layout */
	tensor bias; /* F32 [out], or null */
	weight_kind kind;
	uint32_t out, in, kh, kw;
};

/* Each reads `name`.weight and, if bias is true, `name`.bias. The shapes are those of the file: */
weight weight_linear(weight_loader *l, const char *name, uint32_t out, uint32_t in,
                     bool bias); /* [out,in] or [out,in,1,1] */
weight weight_conv(weight_loader *l, const char *name, uint32_t out, uint32_t in, uint32_t k,
                   bool bias); /* [out,in,k,k] */
/* [out,in,k,k] for an image whose channels were filled up with zeros to `wide` >= in: w.in is wide. */
weight weight_conv_image(weight_loader *l, const char *name, uint32_t out, uint32_t in, uint32_t wide, uint32_t k,
                         bool bias);
weight weight_depthwise(weight_loader *l, const char *name, uint32_t c, uint32_t k, bool bias); /* [c,1,k,k] */
weight weight_conv_transpose2(weight_loader *l, const char *name, uint32_t in, uint32_t out,
                              bool bias); /* [in,out,2,2] */
/* Rows first .. first+n-1 of a linear layer [out,in] with bias. scale: whole name of a vector [out] each row is
 * multiplied by (LayerScale of what comes out), or NULL. */
weight weight_linear_rows(weight_loader *l, const char *name, uint32_t out, uint32_t in, uint32_t first, uint32_t n,
                          const char *scale);
/* A convolution [out,c,patch,patch] with stride `patch` and bias as a linear layer on patches [c,patch,patch]. */
weight weight_patches(weight_loader *l, const char *name, uint32_t out, uint32_t c, uint32_t patch);
/* A linear layer from numbers worked out on the host: values [out,in], bias [out]. */
weight weight_linear_values(weight_loader *l, uint32_t out, uint32_t in, const float *values, const float *bias);
/* The tensor `name` (whole name) as F32 of this shape: norms, tables, embeddings. */
tensor weight_tensor(weight_loader *l, const char *name, uint8_t n_dims, const uint32_t *ne);
/* False and the first failure; the loader can be used again. */
bool weight_loader_finish(weight_loader *l, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
