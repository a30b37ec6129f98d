/* Memory: the hole allocator, alignment, absurd sizes, deferred frees. */
#include "infer/vk/gpu-private.h"
#include "tests/gpu/vk/fixture.h"

/* Random takes and gives never overlap, and everything given back is one hole again. */
static void test_holes(void)
{
	enum { TOTAL = 1000, ROUNDS = 20000 };
	g_autoptr(GArray) holes = g_array_new(FALSE, FALSE, sizeof(gpu_hole));
	g_autoptr(GArray) taken = g_array_new(FALSE, FALSE, sizeof(gpu_hole));
	bool owned[TOTAL] = {false};

	gpu_hole_give(holes, 0, TOTAL);
	for (int round = 0; round < ROUNDS; round++) {
		gpu_hole h = {0, (uint64_t)g_test_rand_int_range(1, 90)};
		if (g_test_rand_bit() && gpu_hole_take(holes, h.bytes, &h.offset)) {
			for (uint64_t i = h.offset; i < h.offset + h.bytes; i++) {
				g_assert_false(owned[i]);
				owned[i] = true;
			}
			g_array_append_val(taken, h);
		} else if (taken->len > 0) {
			guint at = (guint)g_test_rand_int_range(0, (gint32)taken->len);
			h = g_array_index(taken, gpu_hole, at);
			for (uint64_t i = h.offset; i < h.offset + h.bytes; i++)
				owned[i] = false;
			gpu_hole_give(holes, h.offset, h.bytes);
			g_array_remove_index_fast(taken, at);
		}
	}
	for (guint i = 0; i < taken->len; i++)
		gpu_hole_give(holes, g_array_index(taken, gpu_hole, i).offset, g_array_index(taken, gpu_hole, i).bytes);
	g_assert_cmpuint(holes->len, ==, 1);
	g_assert_cmpuint(g_array_index(holes, gpu_hole, 0).bytes, ==, TOTAL);
}

static void test_buffers(gconstpointer data)
{
	g_autoptr(gpu) dev = open_device(data);
	const uint64_t sizes[] = {1, 4, 255, 256, 257, 1 << 20, (70 << 20) + 1, 3};
	gpu_buffer *all[G_N_ELEMENTS(sizes) * 2];
	GError *error = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
		gpu_memory intent = i % 2 ? GPU_MEMORY_READBACK : GPU_MEMORY_DEVICE;
		all[i] = gpu_buffer_new(dev, intent, sizes[i / 2], "sized", &error);
		g_assert_no_error(error);
		g_assert_cmpuint(gpu_buffer_bytes(all[i]), ==, sizes[i / 2]);
		g_assert_cmpuint(all[i]->offset % GPU_ALIGN, ==, 0);
		if (intent == GPU_MEMORY_READBACK)
			g_assert_nonnull(all[i]->block->map);
	}
	guint blocks = dev->blocks->len;
	for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
		gpu_buffer_free(all[i]);
	g_assert_cmpuint(dev->blocks->len, <, blocks); /* the large ones gave their memory back */
}

static void test_absurd(gconstpointer data)
{
	g_autoptr(gpu) dev = open_device(data);
	const gpu_caps *caps = gpu_get_caps(dev);
	const uint64_t sizes[] = {caps->max_alloc_bytes + 1, caps->memory_bytes * 2, UINT64_MAX, UINT64_MAX / 2};

	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
		g_autoptr(GError) error = NULL;
		g_assert_null(gpu_buffer_new(dev, GPU_MEMORY_DEVICE, sizes[i], "a mountain", &error));
		g_assert_error(error, GPU_ERROR, GPU_ERROR_NO_MEMORY);
		g_assert_nonnull(strstr(error->message, "a mountain"));
	}
	gpu_buffer_free(buffer(dev, 1000)); /* and the device is well */
}

/* Piece after piece until the heap is full; then everything is freed and there is room again. */
static void test_fill_up(gconstpointer data)
{
	g_autoptr(gpu) dev = open_device(data);
	if (!gpu_get_info(dev)->software) {
		g_test_skip("fills the memory of a software device only");
		return;
	}
	g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify)gpu_buffer_free);
	g_autoptr(GError) error = NULL;
	const uint64_t piece = 200 << 20;

	while (!error) {
		gpu_buffer *buf = gpu_buffer_new(dev, GPU_MEMORY_DEVICE, piece, "piece", &error);
		if (buf)
			g_ptr_array_add(all, buf);
		g_assert_cmpuint(all->len * piece, <=, gpu_get_caps(dev)->memory_bytes);
	}
	g_assert_error(error, GPU_ERROR, GPU_ERROR_NO_MEMORY);
	guint most = all->len;
	g_assert_cmpuint(most, >, 0);
	g_ptr_array_set_size(all, 0);
	for (guint i = 0; i < most; i++)
		g_ptr_array_add(all, buffer(dev, piece));
}

/* Buffers are freed right after being recorded and new ones take memory meanwhile: nothing may be reused too early. */
static void test_deferred(gconstpointer data)
{
	enum { N = 30000, ROUNDS = 400 };
	g_autoptr(gpu) dev = open_device(data);
	g_autoptr(gpu_kernel) k = axpy_kernel(dev, 64);
	g_autoptr(gpu_buffer) sum = buffer(dev, N * 4);
	g_autofree float *out = g_new(float, N);
	GError *error = NULL;
	gpu_cmd *cmd = gpu_cmd_begin(dev, NULL, &error);

	g_assert_no_error(error);
	gpu_cmd_fill(cmd, (gpu_span){sum, 0, N * 4}, 0);
	for (int i = 0; i < ROUNDS; i++) {
		gpu_buffer *one = buffer(dev, N * 4);
		gpu_cmd_fill(cmd, (gpu_span){one, 0, N * 4}, 0x3f800000u);
		axpy(cmd, k, (gpu_span){one, 0, N * 4}, (gpu_span){sum, 0, N * 4}, 1.0f, 64);
		gpu_buffer_free(one);
		gpu_buffer *noise = buffer(dev, N * 4);
		for (int j = 0; j < N; j++)
			out[j] = -12345.0f;
		gpu_cmd_upload(cmd, (gpu_span){noise, 0, N * 4}, out); /* in place where the host sees the memory */
		gpu_buffer_free(noise);
	}
	gpu_cmd_download(cmd, out, (gpu_span){sum, 0, N * 4});
	g_assert_true(gpu_cmd_finish(cmd, &error));
	g_assert_no_error(error);
	for (int i = 0; i < N; i++)
		g_assert_cmpfloat(out[i], ==, (float)ROUNDS);
	g_assert_cmpuint(dev->dead_buffers->len, ==, 0);
}

/* A kernel freed while its dispatch is recorded, and the device closed before its buffers. */
static void test_order(gconstpointer data)
{
	gpu *dev = open_device(data);
	gpu_kernel *k = axpy_kernel(dev, 64);
	gpu_buffer *a = buffer(dev, 256), *b = buffer(dev, 256);
	GError *error = NULL;
	float out[64];
	gpu_cmd *cmd = gpu_cmd_begin(dev, NULL, &error);

	g_assert_no_error(error);
	gpu_cmd_fill(cmd, (gpu_span){a, 0, 256}, 0x3f800000u);
	gpu_cmd_fill(cmd, (gpu_span){b, 0, 256}, 0x3f800000u);
	axpy(cmd, k, (gpu_span){a, 0, 256}, (gpu_span){b, 0, 256}, 3.0f, 64);
	gpu_kernel_free(k);
	gpu_cmd_download(cmd, out, (gpu_span){b, 0, 256});
	g_assert_true(gpu_cmd_finish(cmd, &error));
	g_assert_cmpfloat(out[63], ==, 4.0f);
	gpu_close(dev);
	gpu_buffer_free(a);
	gpu_buffer_free(b);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/vk/memory/holes", test_holes);
	add_device_tests("/vk/memory/buffers", test_buffers);
	add_device_tests("/vk/memory/absurd", test_absurd);
	add_device_tests("/vk/memory/fill-up", test_fill_up);
	add_device_tests("/vk/memory/deferred", test_deferred);
	add_device_tests("/vk/memory/order", test_order);
	return g_test_run();
}
