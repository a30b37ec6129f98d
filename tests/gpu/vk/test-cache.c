/* The pipeline cache file: whatever is wrong with it is a miss, never an error. */
#include "infer/vk/gpu-private.h"
#include "tests/gpu/vk/fixture.h"
#include <glib/gstdio.h>
#include <string.h>

static const uint8_t key[GPU_CACHE_KEY] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20};

/* Data with the header Vulkan prescribes. */
static void fake_blob(uint8_t blob[100])
{
	const uint32_t head[2] = {32, VK_PIPELINE_CACHE_HEADER_VERSION_ONE};

	memset(blob, 0x5a, 100);
	memcpy(blob, head, 8);
	memcpy(blob + 8, key, 8);
	memcpy(blob + 16, key + 12, VK_UUID_SIZE);
}

static bool fits(const uint8_t *file, size_t bytes, const uint8_t *with)
{
	g_autoptr(GBytes) all = g_bytes_new(file, bytes);
	const uint8_t *data;
	size_t n;

	return gpu_cache_unpack(all, with, &data, &n);
}

static void test_pack(void)
{
	uint8_t blob[100], other[GPU_CACHE_KEY];
	const uint8_t *data = NULL;
	size_t n = 0;

	fake_blob(blob);
	g_autoptr(GBytes) file = gpu_cache_pack(key, blob, sizeof(blob));
	g_assert_true(gpu_cache_unpack(file, key, &data, &n));
	g_assert_cmpmem(data, n, blob, sizeof(blob));
	gsize size;
	g_autofree uint8_t *copy = g_bytes_unref_to_data(g_bytes_ref(file), &size);
	for (size_t cut = 0; cut < size; cut++)
		g_assert_false(fits(copy, cut, key));
	for (size_t i = 0; i < size; i++) {
		copy[i] ^= 1;
		g_assert_false(fits(copy, size, key));
		copy[i] ^= 1;
	}
	g_assert_true(fits(copy, size, key));
	for (size_t i = 0; i < GPU_CACHE_KEY; i++) { /* another vendor, device, driver, UUID */
		memcpy(other, key, sizeof(other));
		other[i]++;
		g_assert_false(fits(copy, size, other));
	}
	blob[16] ^= 1; /* our header is right, the driver's own is another device's */
	g_autoptr(GBytes) foreign = gpu_cache_pack(key, blob, sizeof(blob));
	g_assert_false(gpu_cache_unpack(foreign, key, &data, &n));
}

/* Opens, makes a kernel, runs it, closes. Returns whether the file was used. */
static bool session(gconstpointer data)
{
	GError *error = NULL;
	gpu *dev = open_device(data);
	bool hit = dev->cache_hit;
	g_autoptr(gpu_kernel) k = axpy_kernel(dev, 64);
	g_autoptr(gpu_buffer) a = buffer(dev, 256), b = buffer(dev, 256);
	gpu_cmd *cmd = gpu_cmd_begin(dev, NULL, &error);

	g_assert_no_error(error);
	axpy(cmd, k, (gpu_span){a, 0, 256}, (gpu_span){b, 0, 256}, 1.0f, 64);
	g_assert_true(gpu_cmd_finish(cmd, &error));
	gpu_close(dev);
	return hit;
}

static void test_file(gconstpointer data)
{
	g_autoptr(gpu) dev = open_device(data);
	g_autofree char *path = g_strdup(dev->cache_path), *marker = g_strconcat(path, ".unproven", NULL);
	g_autofree char *text = NULL;
	gsize size;

	g_clear_pointer(&dev, gpu_close);
	g_unlink(path);
	g_assert_false(session(data));
	g_assert_true(session(data));
	g_assert_false(g_file_test(marker, G_FILE_TEST_EXISTS));
	g_assert_true(g_file_get_contents(path, &text, &size, NULL));

	g_assert_true(g_file_set_contents(path, text, (gssize)size / 2, NULL)); /* cut short */
	g_assert_false(session(data));
	text[size - 1] ^= 1;
	g_assert_true(g_file_set_contents(path, text, (gssize)size, NULL)); /* a bit turned over */
	g_assert_false(session(data));
	text[size - 1] ^= 1;
	text[8] ^= 1;
	g_assert_true(g_file_set_contents(path, text, (gssize)size, NULL)); /* another vendor */
	g_assert_false(session(data));
	g_assert_true(g_file_set_contents(path, "", 0, NULL));
	g_assert_false(session(data));
	g_assert_true(session(data)); /* each miss wrote a good file again */

	g_assert_true(g_file_set_contents(marker, "", 0, NULL)); /* a process died while it used the data */
	g_assert_false(session(data));
	g_assert_true(session(data));

	g_unlink(path); /* a file that cannot be read or written */
	g_assert_cmpint(g_mkdir(path, 0700), ==, 0);
	g_assert_false(session(data));
	g_rmdir(path);
}

int main(int argc, char **argv)
{
	g_autofree char *cache = g_dir_make_tmp("nadir-cache-XXXXXX", NULL);

	g_assert_nonnull(cache);
	g_setenv("XDG_CACHE_HOME", cache, TRUE);
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/vk/cache/pack", test_pack);
	add_device_tests("/vk/cache/file", test_file);
	int result = g_test_run();
	g_autofree char *folder = g_build_filename(cache, "nadir", NULL);
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *name;
	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(folder, name, NULL);
		g_unlink(path);
	}
	g_rmdir(folder);
	g_rmdir(cache);
	return result;
}
