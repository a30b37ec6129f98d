/* Opening and closing a device; its capabilities, read once. */
#include "infer/vk/gpu-private.h"
#include <glib/gi18n-lib.h>
#include <string.h>

typedef struct {
	bool subgroup_size, budget, portability;
} extensions;

static extensions find_extensions(VkPhysicalDevice physical)
{
	extensions found = {0};
	uint32_t n = 0;

	vkEnumerateDeviceExtensionProperties(physical, NULL, &n, NULL);
	g_autofree VkExtensionProperties *all = g_new0(VkExtensionProperties, MAX(n, 1));
	vkEnumerateDeviceExtensionProperties(physical, NULL, &n, all);
	for (uint32_t i = 0; i < n; i++) {
		found.subgroup_size |= g_str_equal(all[i].extensionName, VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME);
		found.budget |= g_str_equal(all[i].extensionName, VK_EXT_MEMORY_BUDGET_EXTENSION_NAME);
		found.portability |= g_str_equal(all[i].extensionName, "VK_KHR_portability_subset");
	}
	return found;
}

static uint64_t largest_local_heap(const VkPhysicalDeviceMemoryProperties *memory)
{
	uint64_t most = 0;

	for (uint32_t i = 0; i < memory->memoryHeapCount; i++)
		if (memory->memoryHeaps[i].flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT)
			most = MAX(most, memory->memoryHeaps[i].size);
	return most;
}

static void read_limits(gpu *dev, const VkPhysicalDeviceProperties *props)
{
	const VkPhysicalDeviceLimits *limits = &props->limits;
	gpu_caps *caps = &dev->caps;

	caps->max_binding_bytes = limits->maxStorageBufferRange;
	caps->max_push_bytes = limits->maxPushConstantsSize;
	caps->max_shared_bytes = limits->maxComputeSharedMemorySize;
	caps->max_local_total = limits->maxComputeWorkGroupInvocations;
	for (int i = 0; i < 3; i++) {
		caps->max_local[i] = limits->maxComputeWorkGroupSize[i];
		caps->max_groups[i] = limits->maxComputeWorkGroupCount[i];
	}
	caps->binding_align = MAX(4u, (uint32_t)limits->minStorageBufferOffsetAlignment);
	/* A software device reads a texel buffer with vector gathers and an SSBO lane by lane (docs/PERFORMANCE.md). */
	if (props->deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU && GPU_ALIGN % limits->minTexelBufferOffsetAlignment == 0) {
		caps->max_texels = limits->maxTexelBufferElements;
		caps->binding_align = MAX(caps->binding_align, (uint32_t)limits->minTexelBufferOffsetAlignment);
	}
	caps->memory_bytes = largest_local_heap(&dev->memory);
	caps->unified =
		props->deviceType == VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU || props->deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU;
	caps->software = props->deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU;
	dev->timestamp_ns = (double)limits->timestampPeriod;
}

/* Subgroup arithmetic and shuffle in compute shaders, or nothing. */
static void read_subgroups(gpu *dev, const VkPhysicalDeviceSubgroupProperties *sub,
                           const VkPhysicalDeviceSubgroupSizeControlProperties *size)
{
	const VkSubgroupFeatureFlags need =
		VK_SUBGROUP_FEATURE_BASIC_BIT | VK_SUBGROUP_FEATURE_ARITHMETIC_BIT | VK_SUBGROUP_FEATURE_SHUFFLE_BIT;

	if ((sub->supportedOperations & need) != need || !(sub->supportedStages & VK_SHADER_STAGE_COMPUTE_BIT))
		return;
	dev->caps.subgroup_min = dev->caps.subgroup_max = sub->subgroupSize;
	if (dev->can_subgroup_size) {
		dev->caps.subgroup_min = size->minSubgroupSize;
		dev->caps.subgroup_max = size->maxSubgroupSize;
	}
}

/* caps of the smallest device worth supporting, to test with on any. */
static void cut_to_minimum(gpu_caps *caps)
{
	caps->f16_storage = caps->f16_math = false;
	caps->subgroup_min = caps->subgroup_max = caps->max_texels = 0;
	caps->max_shared_bytes = MIN(caps->max_shared_bytes, 16u << 10);
	caps->max_binding_bytes = MIN(caps->max_binding_bytes, 128u << 20);
	caps->max_push_bytes = MIN(caps->max_push_bytes, 128u);
	caps->max_local_total = MIN(caps->max_local_total, 128u);
}

static void read_caps(gpu *dev, const gpu_candidate *c, const extensions *ext)
{
	VkPhysicalDeviceSubgroupSizeControlProperties size = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_PROPERTIES};
	VkPhysicalDeviceSubgroupProperties sub = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES,
	                                          .pNext = ext->subgroup_size ? &size : NULL};
	VkPhysicalDeviceMaintenance3Properties m3 = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_3_PROPERTIES,
	                                             .pNext = &sub};
	VkPhysicalDeviceProperties2 props = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, .pNext = &m3};

	vkGetPhysicalDeviceMemoryProperties(c->physical, &dev->memory);
	vkGetPhysicalDeviceProperties2(c->physical, &props);
	read_limits(dev, &props.properties);
	dev->caps.max_alloc_bytes = MIN(m3.maxMemoryAllocationSize, dev->caps.memory_bytes);
	read_subgroups(dev, &sub, &size);
}

static void apply_quirks(gpu *dev)
{
	gpu_caps *caps = &dev->caps;

	if (dev->quirks & GPU_QUIRK_NO_F16_STORAGE)
		caps->f16_storage = false;
	if (dev->quirks & GPU_QUIRK_NO_F16_MATH)
		caps->f16_math = false;
	if (dev->quirks & GPU_QUIRK_NO_SUBGROUPS)
		caps->subgroup_min = caps->subgroup_max = 0;
	if (dev->quirks & GPU_QUIRK_NO_TIMESTAMPS)
		dev->timestamp_ns = 0;
	if (dev->quirks & GPU_QUIRK_NO_DISK_CACHE)
		dev->options.no_disk_cache = true;
	if (dev->options.minimum)
		cut_to_minimum(caps);
}

/* A family that computes without drawing is preferred: long work then does not queue behind the desktop's frames. */
static uint32_t choose_family(gpu *dev)
{
	uint32_t n = 0, best = 0;
	int best_rank = -1;

	vkGetPhysicalDeviceQueueFamilyProperties(dev->physical, &n, NULL);
	g_autofree VkQueueFamilyProperties *all = g_new0(VkQueueFamilyProperties, MAX(n, 1));
	vkGetPhysicalDeviceQueueFamilyProperties(dev->physical, &n, all);
	for (uint32_t i = 0; i < n; i++) {
		if (!(all[i].queueFlags & VK_QUEUE_COMPUTE_BIT))
			continue;
		int rank = (all[i].queueFlags & VK_QUEUE_GRAPHICS_BIT ? 0 : 1) + (all[i].timestampValidBits ? 2 : 0);
		if (rank > best_rank) {
			best_rank = rank;
			best = i;
		}
	}
	uint32_t bits = all[best].timestampValidBits;
	dev->timestamp_mask = bits >= 64 ? UINT64_MAX : (1ull << bits) - 1;
	if (bits == 0)
		dev->timestamp_ns = 0;
	return best;
}

static bool create_device(gpu *dev, const extensions *ext, GError **error)
{
	const char *names[3];
	const float priority = 0.5f;
	VkPhysicalDeviceSubgroupSizeControlFeatures size = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES};
	VkPhysicalDeviceShaderFloat16Int8Features f16 = {.sType =
	                                                     VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_FLOAT16_INT8_FEATURES,
	                                                 .pNext = ext->subgroup_size ? &size : NULL};
	VkPhysicalDevice16BitStorageFeatures storage = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_16BIT_STORAGE_FEATURES,
	                                                .pNext = &f16};
	VkPhysicalDeviceFeatures2 have = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, .pNext = &storage};
	VkDeviceQueueCreateInfo queue = {.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
	                                 .queueFamilyIndex = dev->family,
	                                 .queueCount = 1,
	                                 .pQueuePriorities = &priority};
	VkDeviceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
	                           .pNext = &have,
	                           .queueCreateInfoCount = 1,
	                           .pQueueCreateInfos = &queue,
	                           .ppEnabledExtensionNames = names};

	vkGetPhysicalDeviceFeatures2(dev->physical, &have);
	dev->caps.f16_storage = storage.storageBuffer16BitAccess;
	dev->caps.f16_math = storage.storageBuffer16BitAccess && f16.shaderFloat16;
	dev->can_subgroup_size = ext->subgroup_size && size.subgroupSizeControl;
	/* Only what is used is enabled, so that the validation layer sees anything else. Robust access is on in the minimum
	 * setting and off otherwise: tests run both, so a read past the end shows as a difference. */
	VkBool32 robust = have.features.robustBufferAccess && dev->options.minimum;
	have.features = (VkPhysicalDeviceFeatures){.robustBufferAccess = robust};
	storage.storageBuffer16BitAccess = dev->caps.f16_storage;
	storage.uniformAndStorageBuffer16BitAccess = storage.storagePushConstant16 = storage.storageInputOutput16 = false;
	f16.shaderFloat16 = dev->caps.f16_math;
	f16.shaderInt8 = false;
	size.computeFullSubgroups = false;
	if (ext->subgroup_size)
		names[info.enabledExtensionCount++] = VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME;
	if (ext->budget)
		names[info.enabledExtensionCount++] = VK_EXT_MEMORY_BUDGET_EXTENSION_NAME;
	if (ext->portability)
		names[info.enabledExtensionCount++] = "VK_KHR_portability_subset";
	dev->has_budget = ext->budget;
	if (!gpu_check(dev, vkCreateDevice(dev->physical, &info, NULL, &dev->device), _("opening the device"), error))
		return false;
	vkGetDeviceQueue(dev->device, dev->family, 0, &dev->queue);
	return true;
}

static void set_up_host_side(gpu *dev)
{
	dev->blocks = g_ptr_array_new();
	dev->dead_buffers = g_ptr_array_new();
	dev->dead_kernels = g_ptr_array_new();
	dev->profile = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
}

static bool open_candidate(gpu *dev, const gpu_candidate *c, GError **error)
{
	extensions ext = find_extensions(c->physical);

	dev->physical = c->physical;
	gpu_fill_info(&dev->info, c);
	dev->quirks = gpu_quirks_for(c->props.vendorID, c->props.deviceID, c->driver.driverID, c->props.driverVersion);
	dev->family = choose_family(dev);
	if (!create_device(dev, &ext, error))
		return false;
	read_caps(dev, c, &ext);
	if (dev->timestamp_mask == 0)
		dev->timestamp_ns = 0;
	apply_quirks(dev);
	if (!gpu_slots_init(dev, error))
		return false;
	gpu_cache_open(dev, &c->props);
	return true;
}

gpu *gpu_open(const gpu_options *options, GError **error)
{
	gpu *dev = g_new0(gpu, 1);
	int at = -1;

	dev->refs = 1;
	if (options)
		dev->options = *options;
	set_up_host_side(dev);
	dev->instance = gpu_instance_new(dev->options.validation, &dev->messenger, error);
	g_autoptr(GArray) candidates = dev->instance ? gpu_candidates(dev->instance, error) : NULL;
	if (candidates)
		at = gpu_pick(candidates, dev->options.device, error);
	dev->options.device = NULL; /* the caller's string */
	if (at < 0 || !open_candidate(dev, &g_array_index(candidates, gpu_candidate, at), error))
		g_clear_pointer(&dev, gpu_close);
	return dev;
}

static void destroy(gpu *dev)
{
	if (dev->device && !dev->hung) { /* waiting for a hung device would hang this program too: it is left behind */
		vkDeviceWaitIdle(dev->device);
		dev->serial_done = UINT64_MAX;
		gpu_slots_destroy(dev);
		gpu_cache_close(dev);
		gpu_memory_collect(dev);
		for (uint32_t i = 0; i < GPU_STAGING_CHUNKS; i++)
			g_free(dev->staging[i]);
		gpu_memory_destroy(dev);
		vkDestroyDevice(dev->device, NULL);
	}
	if (!dev->hung)
		gpu_instance_free(dev->instance, dev->messenger);
	g_ptr_array_unref(dev->blocks);
	g_ptr_array_unref(dev->dead_buffers);
	g_ptr_array_unref(dev->dead_kernels);
	g_hash_table_unref(dev->profile);
	g_free(dev->cache_path);
	g_free(dev);
}

/* Buffers and kernels keep their device until they are freed, in whatever order the owner drops them. */
void gpu_close(gpu *dev)
{
	if (dev && --dev->refs == 0)
		destroy(dev);
}

const gpu_caps *gpu_get_caps(const gpu *dev)
{
	return &dev->caps;
}

const gpu_info *gpu_get_info(const gpu *dev)
{
	return &dev->info;
}

bool gpu_is_lost(const gpu *dev)
{
	return dev->lost;
}
