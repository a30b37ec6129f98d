/* What the operator files share: the kernel table and one way to record a dispatch. */
#pragma once
#include "infer/ops/ops.h"
#include "infer/ops/weights.h"

G_BEGIN_DECLS

typedef enum {
	KERNEL_LINEAR,
	KERNEL_LINEAR_TILE,
	KERNEL_CONV,
	KERNEL_CONV_TILE,
	KERNEL_DEPTHWISE,
	KERNEL_DEPTHWISE_TILE,
	KERNEL_LAYER_NORM,
	KERNEL_LAYER_NORM4,
	KERNEL_ELEMENTWISE,
	KERNEL_ELEMENTWISE4,
	KERNEL_COPY,
	KERNEL_GATHER,
	KERNEL_UPSAMPLE_ADD,
	KERNEL_UPSAMPLE_ADD4,
	KERNEL_RESIZE,
	KERNEL_WINDOW_ATTENTION,
	KERNEL_WINDOW_ATTENTION_BLOCK,
	KERNEL_ATTENTION,
	KERNEL_ATTENTION4,
	KERNEL_ATTENTION_BLOCK,
	KERNEL_MATMUL_NT,
	KERNEL_MATMUL_NT4,
	KERNEL_FOURIER,
	KERNEL_MIX,
	KERNEL_PLACE,
	KERNEL_MATRIX_TILE,
	KERNEL_MATVEC,
	KERNEL_ROPE,
	KERNEL_CACHE_ATTENTION,
	KERNEL_SWIGLU,
	N_KERNELS,
} kernel_id;

#define MAX_VARIANTS 16
#define VARIANT_TEXEL 6        /* f32 read through texel buffers: all bindings but those written */
#define VARIANT_MATRIX_TEXEL 8 /* kernels of infer/ops/matrix.c: from here on, in the order of the types */
#define MAX_SPEC 8
#define MAX_BINDINGS 5

typedef struct {
	const char *name;
	uint8_t n_bindings, push_bytes;
	uint32_t writes;
	struct {
		const char *name;
		const uint32_t *spirv;
		size_t bytes;
		bool texel;          /* all bindings but those written are texel buffers, of f32 in fours … */
		uint8_t f16, u32;    /* … but these bits of f16 in fours, and of words */
	} variant[MAX_VARIANTS]; /* by activation type (f32, f16) + 2 * weight type (f32, f16, q8); or texel */
} kernel_info;
extern const kernel_info kernel_table[N_KERNELS];

struct ops {
	gpu *dev;
	const gpu_caps *caps;
	uint64_t max_binding; /* caps->max_binding_bytes; tests make it small */
	uint32_t slack;       /* tests: bytes bound behind each tensor, so that writing there shows */
	bool software;        /* sizes for a processor; tests switch it off to run what graphics devices run */
	bool expand_weights;  /* keep every weight as F32; tests switch it off */
	GHashTable *kernels;  /* kernel_key -> gpu_kernel */
	GError *error;        /* first failure since ops_check() */
};

typedef struct {
	kernel_id kernel;
	guint variant;
	uint32_t spec[MAX_SPEC];
	uint8_t n_spec;
	gpu_span bind[MAX_BINDINGS];
	const void *push;
	uint32_t groups[3];
	uint64_t flops;
} ops_call;

/* The span to bind for a tensor: its offset rounded down to what the device wants; *rest: elements to skip. */
gpu_span ops_bind(const ops *o, const tensor *t, uint32_t *rest);
bool ops_fits(const ops *o, const tensor *t); /* whether it can be bound in one piece */
/* Keeps an error for a tensor that cannot be bound and that the op cannot split. */
bool ops_need_fit(ops *o, const char *op, const tensor *t);
/* Groups of 64 invocations for n of them, folded into x and y. */
void ops_groups_1d(const ops *o, uint64_t n, uint32_t groups[3]);
void ops_run(ops *o, gpu_cmd *cmd, const ops_call *call);
void ops_set_error(ops *o, GError *error); /* takes it */

/* Each invocation computes rows x cols outputs; `lanes` neighbours go along columns, local / lanes along rows. */
typedef struct {
	uint32_t rows, cols, lanes, local;
} tile;
static inline uint32_t ops_tile_rows(const tile *t)
{
	return t->rows * (t->local / t->lanes);
}
static inline uint32_t ops_tile_cols(const tile *t)
{
	return t->cols * t->lanes;
}
tile ops_tile(const ops *o, uint32_t rows, uint32_t cols);
void ops_tile_groups(const tile *t, uint32_t rows, uint32_t cols, uint32_t groups[3]);
/* Whether VARIANT_TEXEL can and should run this call. */
bool ops_use_texels(const ops *o, const ops_call *call, dtype activation, dtype weights);
/* Turns a call into one of a kernel that takes elements in fours, read through texel buffers where that is faster. */
void ops_use_fours(const ops *o, ops_call *call, kernel_id kernel, dtype activation);
/* Invocations of a group in kernels that leave it open: one vector of the processor, or what suits graphics devices. */
uint32_t ops_local(const ops *o);

static inline guint variant_of(dtype activation, dtype weights)
{
	return (activation == DTYPE_F16) + 2 * (weights == DTYPE_F16 ? 1 : weights == DTYPE_Q8_0 ? 2 : 0);
}

G_END_DECLS
