/* Which devices there are, which driver serves them, and what that driver gets wrong. */
#pragma once
#include "infer/vk/gpu.h"
#include <vulkan/vulkan.h>

/* gpu-quirks.c: what a driver gets wrong, as data. */
typedef enum {
	GPU_QUIRK_NO_F16_STORAGE = 1 << 0,
	GPU_QUIRK_NO_F16_MATH = 1 << 1,
	GPU_QUIRK_NO_SUBGROUPS = 1 << 2,
	GPU_QUIRK_NO_DISK_CACHE = 1 << 3,
	GPU_QUIRK_NO_TIMESTAMPS = 1 << 4,
} gpu_quirk;
unsigned gpu_quirks_for(uint32_t vendor_id, uint32_t device_id, VkDriverId driver, uint32_t driver_version);

/* gpu-list.c: one entry a VkPhysicalDevice. */
typedef struct {
	VkPhysicalDevice physical;
	VkPhysicalDeviceProperties props;
	VkPhysicalDeviceIDProperties id;
	VkPhysicalDeviceDriverProperties driver;
} gpu_candidate;
VkInstance gpu_instance_new(bool validation, VkDebugUtilsMessengerEXT *messenger, GError **error);
void gpu_instance_free(VkInstance instance, VkDebugUtilsMessengerEXT messenger);
GArray *gpu_candidates(VkInstance instance, GError **error); /* deduplicated, best first */
void gpu_dedupe(GArray *candidates);
int gpu_pick(GArray *candidates, const char *wish, GError **error); /* index or -1 */
void gpu_fill_info(gpu_info *info, const gpu_candidate *c);
