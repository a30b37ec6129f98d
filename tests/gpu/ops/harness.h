/* Operator tests: every case runs on every Vulkan device found, with all capabilities and with the minimum, for every
 * element type. Tensors lie between guards; outputs begin as NaN, so an element that was not written is found. */
#pragma once
#include "infer/ops/ops-private.h"
#include "infer/ops/ref.h"
#include "tests/unit/infer/gguf-writer.h"

G_BEGIN_DECLS

typedef struct {
	gpu *dev;
	ops *ops;
	dtype type;       /* of activations */
	gguf_type stored; /* of weights in the file */
	uint32_t shift;   /* elements by which every activation is moved off its alignment */
	GRand *rand;
	arena *weights;
	gpu_cmd *cmd;
	GPtrArray *guarded; /* every tensor on the device */
} harness;

/* One case of a table: record with the op, compute with the reference, compare. */
typedef void (*harness_case)(harness *h, const void *params);

/* Values in +-range, rounded to what the type can hold; free with g_free. */
float *harness_random(harness *h, dtype type, uint64_t n, float range);
/* A tensor on the device with these values (NULL: all NaN), between guards. */
tensor harness_tensor(harness *h, dtype type, uint8_t n_dims, const uint32_t *ne, const float *values);

/* A file of one weight of the stored type, and a loader for it. `w` gets the values as the device will see them. */
typedef struct {
	gguf *file;
	weight_loader loader;
	float *w, *bias; /* bias NULL: none */
} harness_weight;
harness_weight harness_weights(harness *h, uint8_t n_dims, const uint32_t *ne, uint32_t bias);
void harness_weights_clear(harness_weight *hw);

/* Submits, checks guards, compares output y with want: max|a-b| / rms(want) <= 1e-3 (f32) or 1e-2 (f16). */
void harness_check(harness *h, const char *what, tensor y, const float *want);

/* Registers `run` for each of n cases of `size` bytes at `cases`. weights: whether stored types matter. */
void harness_add(const char *name, harness_case run, const void *cases, guint n, gsize size, bool weights);
/* g_test_init, then harness_add as often as wanted, then this. */
void harness_init(int *argc, char ***argv);
int harness_run(void);

G_END_DECLS
