/* Loading a model's parts: sizes that can be trusted, and the first error kept. */
#pragma once
#include "infer/models/sam.h"
#include "infer/ops/weights.h"

G_BEGIN_DECLS

/* Where a model is read: the loader keeps the first error of either kind. */
typedef struct {
	weight_loader *loader;
	const gguf *file;
	uint32_t image_size, dim; /* S; channels of the embedding */
	float mean[3], std[3];
	uint64_t flops; /* of one encode, added up while layers are loaded */
} sam_build;

/* Keeps SAM_ERROR_MODEL; returns false. */
bool sam_build_fail(sam_build *b, const char *format, ...) G_GNUC_PRINTF(2, 3);
bool sam_build_ok(const sam_build *b);
/* general.architecture must be `name`; `what` says what a file of another one is not good for. */
bool sam_build_architecture(sam_build *b, const char *name, const char *what);
bool sam_build_f32x3(sam_build *b, const char *key, float out[3]);
/* A u32 array of `n` entries (0: any number, returned) each within low..high; NULL when it is not. */
const uint32_t *sam_build_sizes(sam_build *b, const char *key, guint *n, uint32_t low, uint32_t high);
/* Length of one axis of a tensor within low..high, 0 when it is not there or outside. */
uint32_t sam_build_axis(sam_build *b, const char *tensor_name, uint8_t axis, uint32_t low, uint32_t high);
void sam_build_count(sam_build *b, uint64_t outputs, uint64_t inputs_each);

typedef struct {
	tensor gamma, beta;
} sam_norm;
sam_norm sam_norm_load(sam_build *b, const char *prefix, uint32_t n);
/* "prefix.name", valid until the eighth call after it. */
const char *sam_name(const char *prefix, const char *name);

G_END_DECLS
