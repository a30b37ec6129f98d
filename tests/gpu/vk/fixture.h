/* Opens every device in both caps settings with validation on, and a kernel y += a x. */
#pragma once
#include "infer/vk/gpu.h"

#include "axpy-texel.spv.h"
#include "axpy.spv.h"

typedef struct {
	uint32_t n;
	float a;
} axpy_push;

static inline gpu_kernel *axpy_kernel(gpu *dev, uint32_t local)
{
	GError *error = NULL;
	const uint32_t spec[2] = {local, 0};
	gpu_kernel *k = gpu_kernel_new(dev,
	                               &(gpu_kernel_desc){.name = "axpy",
	                                                  .spirv = spv_axpy,
	                                                  .spirv_bytes = sizeof(spv_axpy),
	                                                  .spec = spec,
	                                                  .n_spec = 2,
	                                                  .n_bindings = 2,
	                                                  .push_bytes = sizeof(axpy_push),
	                                                  .writes = 2},
	                               &error);

	g_assert_no_error(error);
	return k;
}

static inline void axpy(gpu_cmd *cmd, gpu_kernel *k, gpu_span x, gpu_span y, float a, uint32_t local)
{
	const axpy_push push = {(uint32_t)(y.bytes / 4), a};
	const uint32_t groups[3] = {(push.n + local - 1) / local, 1, 1};

	gpu_cmd_dispatch(cmd, k, (gpu_span[]){x, y}, &push, groups, 2ull * push.n);
}

static inline gpu_buffer *buffer(gpu *dev, uint64_t bytes)
{
	GError *error = NULL;
	gpu_buffer *buf = gpu_buffer_new(dev, GPU_MEMORY_DEVICE, bytes, "test", &error);

	g_assert_no_error(error);
	return buf;
}

/* Registers `fn` once for each device and caps setting as /path/<device>/<caps>. */
static inline void add_device_tests(const char *path, GTestDataFunc fn)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) list = gpu_list(&error);

	g_assert_no_error(error); /* a machine that runs these tests has at least the software device */
	for (guint i = 0; i < list->len; i++) {
		for (int minimum = 0; minimum < 2; minimum++) {
			g_autofree char *name = g_strdup_printf("%s/%u/%s", path, i, minimum ? "minimum" : "all");
			g_test_add_data_func(name, GUINT_TO_POINTER(i * 2 + (guint)minimum), fn);
		}
	}
}

static inline gpu *open_device(gconstpointer data)
{
	GError *error = NULL;
	guint code = GPOINTER_TO_UINT(data);
	g_autofree char *number = g_strdup_printf("%u", code / 2);
	gpu *dev = gpu_open(&(gpu_options){.device = number, .minimum = code % 2, .validation = true}, &error);

	g_assert_no_error(error);
	return dev;
}
