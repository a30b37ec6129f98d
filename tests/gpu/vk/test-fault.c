/* Injected faults: the device is lost at a submit, an allocation fails. Only in builds with -Dfaults=true. */
#include "infer/vk/gpu-private.h"
#include "tests/gpu/vk/fixture.h"

/* Each arming is a new text (the number gets another leading zero), which starts the count again. */
static void arm(const char *call, int n, const char *outcome)
{
	static int width;
	g_autofree char *text = g_strdup_printf("%s:%0*d:%s", call, ++width, n, outcome);

	g_setenv("NADIR_FAULT", text, TRUE);
}

static bool run_steps(gpu *dev, gpu_kernel *k, int steps, float *out, GError **error)
{
	enum { N = 40000 };
	g_autoptr(gpu_buffer) a = buffer(dev, N * 4), b = buffer(dev, N * 4);
	gpu_cmd *cmd = gpu_cmd_begin(dev, NULL, error);

	if (!cmd)
		return false;
	gpu_cmd_fill(cmd, (gpu_span){a, 0, N * 4}, 0x3f800000u);
	gpu_cmd_fill(cmd, (gpu_span){b, 0, N * 4}, 0);
	for (int i = 0; i < steps; i++)
		axpy(cmd, k, (gpu_span){a, 0, N * 4}, (gpu_span){b, 0, N * 4}, 1.0f, 64);
	gpu_cmd_download(cmd, out, (gpu_span){b, (N - 1) * 4, 4});
	return gpu_cmd_finish(cmd, error);
}

static void assert_lost(gpu *dev, gpu_kernel *k)
{
	g_autoptr(GError) error = NULL;
	const uint32_t spec[2] = {64, 0};
	gpu_kernel_desc desc = {.name = "late",
	                        .spirv = spv_axpy,
	                        .spirv_bytes = sizeof(spv_axpy),
	                        .spec = spec,
	                        .n_spec = 2,
	                        .n_bindings = 2,
	                        .push_bytes = 8,
	                        .writes = 2};

	g_assert_true(gpu_is_lost(dev));
	g_assert_null(gpu_buffer_new(dev, GPU_MEMORY_DEVICE, 16, "late", &error));
	g_assert_error(error, GPU_ERROR, GPU_ERROR_DEVICE_LOST);
	g_clear_error(&error);
	g_assert_null(gpu_cmd_begin(dev, NULL, &error));
	g_assert_error(error, GPU_ERROR, GPU_ERROR_DEVICE_LOST);
	g_clear_error(&error);
	g_assert_null(gpu_kernel_new(dev, &desc, &error));
	g_assert_error(error, GPU_ERROR, GPU_ERROR_DEVICE_LOST);
	g_assert_nonnull(strstr(error->message, gpu_get_info(dev)->name));
}

/* Lost at the first submit, and in the middle while earlier submits are in flight. */
static void test_lost(gconstpointer data)
{
	const int submits[] = {1, 3};

	for (size_t i = 0; i < G_N_ELEMENTS(submits); i++) {
		g_autoptr(GError) error = NULL;
		float out = -1;
		gpu *dev = open_device(data);
		gpu_kernel *k = axpy_kernel(dev, 64);
		arm("submit", submits[i], "lost");
		g_assert_false(run_steps(dev, k, 2000, &out, &error));
		g_assert_error(error, GPU_ERROR, GPU_ERROR_DEVICE_LOST);
		g_assert_cmpfloat(out, ==, -1);
		assert_lost(dev, k);
		gpu_kernel_free(k);
		gpu_close(dev);

		g_clear_error(&error); /* the fault has happened; the reopened device works */
		dev = open_device(data);
		k = axpy_kernel(dev, 64);
		g_assert_true(run_steps(dev, k, 100, &out, &error));
		g_assert_no_error(error);
		g_assert_cmpfloat(out, ==, 100);
		gpu_kernel_free(k);
		gpu_close(dev);
		g_unsetenv("NADIR_FAULT");
	}
}

/* A submit that never ends: an error, a close that returns, and a device that works when opened again. */
static void test_hang(gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	float out = -1;
	gpu *dev = open_device(data);
	gpu_kernel *k = axpy_kernel(dev, 64);

	arm("submit", 2, "hang");
	g_assert_false(run_steps(dev, k, 2000, &out, &error));
	g_unsetenv("NADIR_FAULT");
	g_assert_error(error, GPU_ERROR, GPU_ERROR_DEVICE_LOST);
	g_assert_cmpfloat(out, ==, -1);
	assert_lost(dev, k);
	gpu_kernel_free(k);
	gpu_close(dev);
	g_clear_error(&error);
	dev = open_device(data);
	k = axpy_kernel(dev, 64);
	g_assert_true(run_steps(dev, k, 10, &out, &error));
	g_assert_no_error(error);
	g_assert_cmpfloat(out, ==, 10);
	gpu_kernel_free(k);
	gpu_close(dev);
}

static void test_no_memory(gconstpointer data)
{
	g_autoptr(gpu) dev = open_device(data);
	g_autoptr(GError) error = NULL;
	float out = 0;

	/* Nothing is allocated yet, and the buffer is large enough for a block of its own. */
	arm("alloc", 1, "oom");
	g_autoptr(gpu_buffer) own = gpu_buffer_new(dev, GPU_MEMORY_DEVICE, 40 << 20, "weights of a test", &error);
	if (own) /* the device has a second type of memory that serves */
		g_assert_cmpuint(dev->memory.memoryTypeCount, >, 1);
	else
		g_assert_error(error, GPU_ERROR, GPU_ERROR_NO_MEMORY);
	g_assert_false(gpu_is_lost(dev));
	g_clear_error(&error);
	g_autoptr(gpu_kernel) k = axpy_kernel(dev, 64);
	g_assert_true(run_steps(dev, k, 10, &out, &error)); /* it goes on */
	g_assert_no_error(error);
	g_assert_cmpfloat(out, ==, 10);
	g_unsetenv("NADIR_FAULT");
}

/* The staging memory of a download fails inside a recording: kept, and reported by finish. */
static void test_no_staging(gconstpointer data)
{
	const uint64_t bytes = 40 << 20; /* a block of its own, so that nothing smaller can serve */
	g_autoptr(gpu) dev = open_device(data);
	g_autoptr(gpu_buffer) a = buffer(dev, bytes);
	g_autoptr(GError) error = NULL;
	g_autofree uint8_t *out = g_malloc0(bytes);
	gpu_cmd *cmd = gpu_cmd_begin(dev, NULL, &error);

	g_assert_no_error(error);
	gpu_cmd_fill(cmd, (gpu_span){a, 0, bytes}, 0x01010101u);
	arm("alloc", 1, "oom");
	gpu_cmd_download(cmd, out, (gpu_span){a, 0, bytes});
	bool ok = gpu_cmd_finish(cmd, &error);
	g_unsetenv("NADIR_FAULT");
	g_assert_cmpuint(out[0], ==, ok ? 1 : 0);
	if (ok) /* the device has a second type of memory that serves */
		g_assert_cmpuint(dev->memory.memoryTypeCount, >, 1);
	else
		g_assert_error(error, GPU_ERROR, GPU_ERROR_NO_MEMORY);
	g_clear_error(&error);
	cmd = gpu_cmd_begin(dev, NULL, &error);
	g_assert_no_error(error);
	gpu_cmd_fill(cmd, (gpu_span){a, 0, bytes}, 0x02020202u);
	gpu_cmd_download(cmd, out, (gpu_span){a, 0, bytes});
	g_assert_true(gpu_cmd_finish(cmd, &error));
	g_assert_cmpuint(out[bytes - 1], ==, 2);
}

int main(int argc, char **argv)
{
	if (!NADIR_FAULTS) {
		g_print("1..0 # SKIP built without -Dfaults=true\n");
		return 0;
	}
	g_test_init(&argc, &argv, NULL);
	add_device_tests("/vk/fault/lost", test_lost);
	add_device_tests("/vk/fault/hang", test_hang);
	add_device_tests("/vk/fault/no-memory", test_no_memory);
	add_device_tests("/vk/fault/no-staging", test_no_staging);
	return g_test_run();
}
