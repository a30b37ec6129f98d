/* The lowest layer: the Vulkan calls that fail for outside reasons, error texts, and injected faults. */
#include "infer/vk/gpu-private.h"
#include <glib/gi18n-lib.h>

GQuark gpu_error_quark(void)
{
	return g_quark_from_static_string("nadir-gpu-error");
}

#if NADIR_FAULTS
/* NADIR_FAULT=submit:N:lost|submit:N:hang|alloc:N:oom makes the N-th call of this process fail once; a new value starts
 * to count again. */
static int fault_due(const char *call, const char *const *outcomes)
{
	static GMutex lock;
	static char *active;
	static unsigned counts[2];
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&lock);
	const char *text = g_getenv("NADIR_FAULT");

	if (g_strcmp0(text, active) != 0) {
		g_free(active);
		active = g_strdup(text);
		counts[0] = counts[1] = 0;
	}
	if (!text)
		return 0;
	unsigned count = ++counts[call[0] == 's' ? 0 : 1];
	g_auto(GStrv) part = g_strsplit(text, ":", 3);

	if (g_strv_length(part) == 3 && g_str_equal(part[0], call) && g_ascii_strtoull(part[1], NULL, 10) == count)
		for (int i = 0; outcomes[i]; i++)
			if (g_str_equal(part[2], outcomes[i]))
				return i + 1;
	return 0;
}
#else
static int fault_due(const char *call, const char *const *outcomes)
{
	return 0;
}
#endif

VkResult gpu_vk_allocate(gpu *dev, const VkMemoryAllocateInfo *info, VkDeviceMemory *memory)
{
	if (fault_due("alloc", (const char *[]){"oom", NULL}))
		return VK_ERROR_OUT_OF_DEVICE_MEMORY;
	return vkAllocateMemory(dev->device, info, NULL, memory);
}

VkResult gpu_vk_submit(gpu *dev, const VkSubmitInfo *info, VkFence fence)
{
	const int fault = fault_due("submit", (const char *[]){"lost", "hang", NULL});

	if (fault == 1)
		return VK_ERROR_DEVICE_LOST;
	if (fault == 2) { /* never submitted, so never done */
		dev->hang_seconds = 1;
		return VK_SUCCESS;
	}
	return vkQueueSubmit(dev->queue, 1, info, fence);
}

const char *gpu_result_text(VkResult result)
{
	static const struct {
		VkResult result;
		const char *text;
	} table[] = {
		{VK_ERROR_OUT_OF_HOST_MEMORY, "out of host memory"},
		{VK_ERROR_OUT_OF_DEVICE_MEMORY, "out of device memory"},
		{VK_ERROR_INITIALIZATION_FAILED, "initialization failed"},
		{VK_ERROR_DEVICE_LOST, "device lost"},
		{VK_ERROR_MEMORY_MAP_FAILED, "memory map failed"},
		{VK_ERROR_LAYER_NOT_PRESENT, "layer not present"},
		{VK_ERROR_EXTENSION_NOT_PRESENT, "extension not present"},
		{VK_ERROR_FEATURE_NOT_PRESENT, "feature not present"},
		{VK_ERROR_INCOMPATIBLE_DRIVER, "incompatible driver"},
		{VK_ERROR_TOO_MANY_OBJECTS, "too many objects"},
		{VK_ERROR_FRAGMENTED_POOL, "fragmented pool"},
		{VK_ERROR_OUT_OF_POOL_MEMORY, "out of pool memory"},
		{VK_ERROR_UNKNOWN, "unknown error"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(table); i++)
		if (table[i].result == result)
			return table[i].text;
	return "error";
}

bool gpu_fail_lost(const gpu *dev, GError **error)
{
	g_set_error(error, GPU_ERROR, GPU_ERROR_DEVICE_LOST,
	            _("The graphics device “%s” stopped answering; try again (it is reopened) or choose another device"),
	            dev->info.name);
	return false;
}

bool gpu_check(gpu *dev, VkResult result, const char *what, GError **error)
{
	if (result == VK_SUCCESS)
		return true;
	if (result == VK_ERROR_DEVICE_LOST) {
		dev->lost = true;
		return gpu_fail_lost(dev, error);
	}
	if (result == VK_ERROR_OUT_OF_DEVICE_MEMORY || result == VK_ERROR_OUT_OF_HOST_MEMORY) {
		g_set_error(
			error, GPU_ERROR, GPU_ERROR_NO_MEMORY,
			_("The graphics device “%s” has no memory left for %s; close other programs or choose another device"),
			dev->info.name, what);
		return false;
	}
	g_set_error(
		error, GPU_ERROR, GPU_ERROR_FAILED,
		_("The driver of the graphics device “%s” failed at %s (%s, code %d); update the driver or choose another "
	      "device"),
		dev->info.name, what, gpu_result_text(result), (int)result);
	return false;
}
