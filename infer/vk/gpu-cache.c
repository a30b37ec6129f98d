/* The pipeline cache on disk. It only saves time: whatever is odd about the file is a miss. A marker file exists while
 * loaded data has not yet proved itself, so that data on which the driver crashes is used once only. */
#include "infer/vk/gpu-private.h"
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#define MAGIC "NadirPC1"
#define DIGEST 32
#define HEADER (8 + GPU_CACHE_KEY + 8 + DIGEST)
#define MAX_FILE (256u << 20)

static void digest_of(const void *data, size_t bytes, uint8_t out[DIGEST])
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	gsize length = DIGEST;

	g_checksum_update(sum, data, (gssize)bytes);
	g_checksum_get_digest(sum, out, &length);
}

static void make_key(const VkPhysicalDeviceProperties *props, uint8_t key[GPU_CACHE_KEY])
{
	memcpy(key, &props->vendorID, 4);
	memcpy(key + 4, &props->deviceID, 4);
	memcpy(key + 8, &props->driverVersion, 4);
	memcpy(key + 12, props->pipelineCacheUUID, VK_UUID_SIZE);
}

GBytes *gpu_cache_pack(const uint8_t key[GPU_CACHE_KEY], const void *data, size_t bytes)
{
	uint8_t *file = g_malloc(HEADER + bytes);
	uint64_t length = bytes;

	memcpy(file, MAGIC, 8);
	memcpy(file + 8, key, GPU_CACHE_KEY);
	memcpy(file + 8 + GPU_CACHE_KEY, &length, 8);
	digest_of(data, bytes, file + HEADER - DIGEST);
	memcpy(file + HEADER, data, bytes);
	return g_bytes_new_take(file, HEADER + bytes);
}

/* The driver checks its own header too, but not all drivers do it well. */
static bool vulkan_header_fits(const uint8_t *data, size_t bytes, const uint8_t key[GPU_CACHE_KEY])
{
	uint32_t words[4];

	if (bytes < 16 + VK_UUID_SIZE)
		return false;
	memcpy(words, data, sizeof(words));
	return words[0] >= 16 + VK_UUID_SIZE && words[0] <= bytes && words[1] == VK_PIPELINE_CACHE_HEADER_VERSION_ONE &&
	       memcmp(&words[2], key, 8) == 0 && memcmp(data + 16, key + 12, VK_UUID_SIZE) == 0;
}

bool gpu_cache_unpack(GBytes *file, const uint8_t key[GPU_CACHE_KEY], const uint8_t **data, size_t *bytes)
{
	gsize size = 0;
	const uint8_t *at = g_bytes_get_data(file, &size);
	uint8_t digest[DIGEST];
	uint64_t length;

	if (size < HEADER || size > MAX_FILE || memcmp(at, MAGIC, 8) != 0 || memcmp(at + 8, key, GPU_CACHE_KEY) != 0)
		return false;
	memcpy(&length, at + 8 + GPU_CACHE_KEY, 8);
	if (length != size - HEADER)
		return false;
	digest_of(at + HEADER, length, digest);
	if (memcmp(digest, at + HEADER - DIGEST, DIGEST) != 0 || !vulkan_header_fits(at + HEADER, length, key))
		return false;
	*data = at + HEADER;
	*bytes = length;
	return true;
}

static char *marker_path(const gpu *dev)
{
	return g_strconcat(dev->cache_path, ".unproven", NULL);
}

static GBytes *read_file(const gpu *dev)
{
	g_autofree char *marker = marker_path(dev);
	char *text = NULL;
	gsize size = 0;

	if (g_file_test(marker, G_FILE_TEST_EXISTS)) {
		g_unlink(dev->cache_path);
		g_unlink(marker);
		return NULL;
	}
	return g_file_get_contents(dev->cache_path, &text, &size, NULL) ? g_bytes_new_take(text, size) : NULL;
}

void gpu_cache_open(gpu *dev, const VkPhysicalDeviceProperties *props)
{
	VkPipelineCacheCreateInfo info = {.sType = VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO};
	g_autoptr(GBytes) file = NULL;
	const uint8_t *data = NULL;

	make_key(props, dev->cache_key);
	if (!dev->options.no_disk_cache) {
		g_autofree char *folder = g_build_filename(g_get_user_cache_dir(), "nadir", NULL);
		if (g_mkdir_with_parents(folder, 0700) == 0) {
			dev->cache_path = g_strdup_printf("%s/pipelines-%s.bin", folder, dev->info.uuid);
			file = read_file(dev);
		}
	}
	if (file && gpu_cache_unpack(file, dev->cache_key, &data, &info.initialDataSize)) {
		g_autofree char *marker = marker_path(dev);
		dev->cache_marked = g_file_set_contents(marker, "", 0, NULL);
		info.pInitialData = data;
		dev->cache_hit = true;
	}
	if (vkCreatePipelineCache(dev->device, &info, NULL, &dev->cache) != VK_SUCCESS)
		dev->cache = VK_NULL_HANDLE;
}

static void save(gpu *dev)
{
	size_t bytes = 0;

	dev->cache_new = 0;
	if (!dev->cache || !dev->cache_path || vkGetPipelineCacheData(dev->device, dev->cache, &bytes, NULL) != VK_SUCCESS)
		return;
	g_autofree uint8_t *data = g_malloc(MAX(bytes, 1));
	if (bytes == 0 || vkGetPipelineCacheData(dev->device, dev->cache, &bytes, data) != VK_SUCCESS)
		return;
	g_autoptr(GBytes) file = gpu_cache_pack(dev->cache_key, data, bytes);
	gsize size = 0;
	const char *text = g_bytes_get_data(file, &size);
	/* Atomic: a temporary file and a rename. Failure is not worth a word. */
	if (!g_file_set_contents_full(dev->cache_path, text, (gssize)size, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL))
		g_debug("pipeline cache %s: %s", dev->cache_path, g_strerror(errno));
}

void gpu_cache_settle(gpu *dev)
{
	if (dev->lost)
		return;
	if (dev->cache_marked) {
		g_autofree char *marker = marker_path(dev);
		g_unlink(marker);
		dev->cache_marked = false;
	}
	if (dev->cache_new > 0)
		save(dev);
}

void gpu_cache_close(gpu *dev)
{
	gpu_cache_settle(dev);
	vkDestroyPipelineCache(dev->device, dev->cache, NULL);
}
