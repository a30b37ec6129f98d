/* Blocks of device memory and the buffers cut out of them. */
#pragma once
#include "infer/vk/gpu.h"
#include <vulkan/vulkan.h>

#define GPU_ALIGN 256u /* of every buffer; covers every minStorageBufferOffsetAlignment seen (64 on Adreno) */

typedef enum {
	GPU_INTENT_DEVICE = GPU_MEMORY_DEVICE,
	GPU_INTENT_READBACK = GPU_MEMORY_READBACK,
	GPU_INTENT_UPLOAD
} gpu_intent;
typedef struct {
	VkDeviceMemory memory;
	VkBuffer buffer; /* covers the whole block */
	uint8_t *map;    /* NULL when the host cannot see it */
	uint64_t bytes, heap_bytes;
	GArray *holes; /* gpu_hole, sorted, never touching */
	gpu_intent intent;
	uint32_t heap;
} gpu_block;
typedef struct {
	uint64_t offset, bytes;
} gpu_hole;
struct gpu_buffer {
	gpu *dev;
	gpu_block *block;
	uint64_t offset, bytes, reserved;
	uint64_t last_serial; /* of the newest submit (or recording) that uses it */
};
bool gpu_hole_take(GArray *holes, uint64_t bytes, uint64_t *offset);
void gpu_hole_give(GArray *holes, uint64_t offset, uint64_t bytes);
gpu_buffer *gpu_buffer_make(gpu *dev, gpu_intent intent, uint64_t bytes, const char *name, GError **error);
void gpu_memory_collect(gpu *dev); /* frees what finished submits no longer use */
void gpu_memory_destroy(gpu *dev);
