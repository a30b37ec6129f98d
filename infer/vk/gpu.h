/* The GPU runtime: the only GPU header visible outside infer/vk, free of Vulkan types.
 *
 *   g_autoptr(gpu) dev = gpu_open(&(gpu_options){.device = NULL}, &error);
 *   gpu_kernel *k = gpu_kernel_new(dev, &desc, &error);
 *   gpu_cmd *cmd = gpu_cmd_begin(dev, NULL, &error);
 *   gpu_cmd_upload(cmd, span, data); gpu_cmd_dispatch(cmd, k, spans, &push, groups, flops);
 *   gpu_cmd_download(cmd, out, span); ok = gpu_cmd_finish(cmd, &error);
 *
 * Threads: one thread owns a gpu and everything made from it. gpu_list() may be called from any thread. */
#pragma once
#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>

G_BEGIN_DECLS
typedef struct gpu gpu;
typedef struct gpu_buffer gpu_buffer;
typedef struct gpu_kernel gpu_kernel;
typedef struct gpu_cmd gpu_cmd;

#define GPU_ERROR (gpu_error_quark())
GQuark gpu_error_quark(void);
typedef enum {
	GPU_ERROR_UNAVAILABLE, /* no Vulkan driver, or no device of that name */
	GPU_ERROR_NO_MEMORY,   /* an ordinary error: free something and go on */
	GPU_ERROR_DEVICE_LOST, /* sticky: gpu_close() and gpu_open() again */
	GPU_ERROR_FAILED,
} gpu_error;

/* What the device can do; 0 or false means "do not use". Read once at gpu_open(). */
typedef struct {
	uint64_t max_binding_bytes, max_alloc_bytes, memory_bytes;
	uint32_t max_push_bytes, max_shared_bytes, max_local[3], max_local_total, max_groups[3];
	uint32_t subgroup_min, subgroup_max; /* 0: no subgroup arithmetic */
	uint32_t binding_align;
	uint32_t max_texels; /* not 0: reading by gpu_kernel_desc.texels beats SSBOs by far (software devices) */
	bool f16_storage, f16_math, unified, software;
} gpu_caps;

typedef struct {
	char name[256], driver[256]; /* marketing name; driver name and version */
	char uuid[37];               /* hexadecimal with dashes, stable over runs */
	uint32_t vendor_id, device_id;
	bool software;
} gpu_info;

typedef struct {
	const char *device; /* NULL: best real GPU, else software; "software"; number in gpu_list(); start of UUID */
	bool minimum;       /* tests: caps cut to no f16, no subgroups, 16 KiB shared, 128 MiB ranges */
	bool validation;    /* tests: validation layer on, any message not on the list aborts */
	bool profile;       /* timestamps around each dispatch, read with gpu_profile() */
	bool no_disk_cache; /* do not read or write the pipeline cache file */
} gpu_options;

/* Devices, each once, real ones first; [element-type gpu_info], owned by the caller. NULL + error without Vulkan. */
GPtrArray *gpu_list(GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Buffers and kernels may be freed before or after gpu_close(): the device ends with the last of them. */
gpu *gpu_open(const gpu_options *options, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void gpu_close(gpu *dev);
const gpu_caps *gpu_get_caps(const gpu *dev);
const gpu_info *gpu_get_info(const gpu *dev);
bool gpu_is_lost(const gpu *dev);

typedef enum {
	GPU_MEMORY_DEVICE,   /* weights and activations */
	GPU_MEMORY_READBACK, /* host-cached, for results */
} gpu_memory;
/* bytes > 0; starts 256-byte aligned; freed once no submit uses it any more. */
gpu_buffer *gpu_buffer_new(gpu *dev, gpu_memory intent, uint64_t bytes, const char *name,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
void gpu_buffer_free(gpu_buffer *buf);
uint64_t gpu_buffer_bytes(const gpu_buffer *buf);

typedef struct {
	gpu_buffer *buf;
	uint64_t offset, bytes; /* bound exactly; the offset is a multiple of caps.binding_align */
} gpu_span;

/* A kernel: SPIR-V, layout and specialisation constants as one immutable thing. Created once, cached by the caller. */
typedef struct {
	const char *name;
	const uint32_t *spirv;
	size_t spirv_bytes;
	const uint32_t *spec; /* constant_id 0 .. n_spec-1 */
	uint8_t n_spec, n_bindings, push_bytes;
	uint32_t writes;                         /* bit b set: binding b is written; all bindings may be read */
	uint32_t texels, texels_f16, texels_u32; /* bit b: a samplerBuffer, only read, rgba32f; rgba16f; r32ui (usampler) */
	uint32_t subgroup;                       /* 0: any; else required size, only inside caps.subgroup_min..max */
} gpu_kernel_desc;
gpu_kernel *gpu_kernel_new(gpu *dev, const gpu_kernel_desc *desc, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void gpu_kernel_free(gpu_kernel *k);

/* Recorder, one open at a time: no error per call; the first failure is kept and reported by finish. Submits are cut
 * by a time budget (about 50 ms, estimated from flops and bytes, measured with timestamps); at each cut `cancel` is
 * looked at (finish then fails with G_IO_ERROR_CANCELLED) and `progress` called with the share of expected_flops that
 * is done. Commands see the results of earlier ones: barriers are put where byte ranges meet, and only there. */
typedef void (*gpu_progress_fn)(double fraction, void *data);
gpu_cmd *gpu_cmd_begin(gpu *dev, GCancellable *cancel, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void gpu_cmd_set_progress(gpu_cmd *cmd, uint64_t expected_flops, gpu_progress_fn fn, void *data);
void gpu_cmd_upload(gpu_cmd *cmd, gpu_span dst, const void *src); /* copies src (dst.bytes) at once */
void gpu_cmd_download(gpu_cmd *cmd, void *dst, gpu_span src);     /* dst is filled when finish returns true */
void gpu_cmd_copy(gpu_cmd *cmd, gpu_span dst, gpu_span src);
void gpu_cmd_fill(gpu_cmd *cmd, gpu_span dst, uint32_t word);
void gpu_cmd_dispatch(gpu_cmd *cmd, gpu_kernel *k, const gpu_span *bind, const void *push, const uint32_t groups[3],
                      uint64_t flops);
bool gpu_cmd_finish(gpu_cmd *cmd, GError **error) G_GNUC_WARN_UNUSED_RESULT; /* submits, waits, frees cmd */

/* With options.profile: [element-type gpu_profile_row], summed by kernel name since the last call; never NULL. */
typedef struct {
	char name[64];
	uint64_t calls, flops;
	double seconds;
} gpu_profile_row;
GPtrArray *gpu_profile(gpu *dev);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(gpu, gpu_close)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gpu_buffer, gpu_buffer_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gpu_kernel, gpu_kernel_free)

G_END_DECLS
