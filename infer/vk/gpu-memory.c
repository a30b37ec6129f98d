/* Memory by intent: each intent names memory types in order of liking. Buffers are cut out of blocks; a buffer that is
 * freed while a submit may still use it waits in a list. Exhaustion is an ordinary error. */
#include "infer/vk/gpu-private.h"
#include <glib/gi18n-lib.h>

#define BLOCK_BYTES ((uint64_t)64 << 20)
/* Larger requests get a block of their own, so that freeing them gives the memory back. */
#define OWN_BLOCK_BYTES (BLOCK_BYTES / 2)
/* Drivers misbehave (black screens, eviction storms) before a heap is quite full. */
#define HEAP_SHARE 0.9

#define LOCAL VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT
#define HOST (VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT)
#define CACHED VK_MEMORY_PROPERTY_HOST_CACHED_BIT
#define N_SETS 3

static const VkMemoryPropertyFlags intent_flags[][N_SETS] = {
	[GPU_INTENT_DEVICE] = {LOCAL, HOST, 0},
	[GPU_INTENT_READBACK] = {HOST | CACHED, HOST, HOST},
	[GPU_INTENT_UPLOAD] = {HOST, HOST, HOST},
};
/* Types that need an extension or hide their content. */
#define UNWANTED                                                                                                       \
	(VK_MEMORY_PROPERTY_PROTECTED_BIT | VK_MEMORY_PROPERTY_LAZILY_ALLOCATED_BIT |                                      \
	 VK_MEMORY_PROPERTY_DEVICE_COHERENT_BIT_AMD | VK_MEMORY_PROPERTY_DEVICE_UNCACHED_BIT_AMD)

/* First fit. */
bool gpu_hole_take(GArray *holes, uint64_t bytes, uint64_t *offset)
{
	for (guint i = 0; i < holes->len; i++) {
		gpu_hole *hole = &g_array_index(holes, gpu_hole, i);
		if (hole->bytes < bytes)
			continue;
		*offset = hole->offset;
		hole->offset += bytes;
		hole->bytes -= bytes;
		if (hole->bytes == 0)
			g_array_remove_index(holes, i);
		return true;
	}
	return false;
}

void gpu_hole_give(GArray *holes, uint64_t offset, uint64_t bytes)
{
	guint at = 0;
	gpu_hole mid = {offset, bytes};

	while (at < holes->len && g_array_index(holes, gpu_hole, at).offset < offset)
		at++;
	g_array_insert_val(holes, at, mid);
	if (at + 1 < holes->len) {
		gpu_hole *self = &g_array_index(holes, gpu_hole, at), *next = self + 1;
		if (self->offset + self->bytes == next->offset) {
			self->bytes += next->bytes;
			g_array_remove_index(holes, at + 1);
		}
	}
	if (at > 0) {
		gpu_hole *prev = &g_array_index(holes, gpu_hole, at - 1), *self = prev + 1;
		if (prev->offset + prev->bytes == self->offset) {
			prev->bytes += self->bytes;
			g_array_remove_index(holes, at);
		}
	}
}

static uint64_t heap_room(gpu *dev, uint32_t heap)
{
	VkPhysicalDeviceMemoryBudgetPropertiesEXT budget = {
		.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT};
	VkPhysicalDeviceMemoryProperties2 props = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2,
	                                           .pNext = &budget};
	uint64_t total = dev->memory.memoryHeaps[heap].size, used = dev->heap_used[heap];

	if (dev->has_budget) {
		vkGetPhysicalDeviceMemoryProperties2(dev->physical, &props);
		total = budget.heapBudget[heap];
		used = budget.heapUsage[heap];
	}
	uint64_t limit = (uint64_t)((double)total * HEAP_SHARE);
	return limit > used ? limit - used : 0;
}

static void block_free(gpu *dev, gpu_block *block)
{
	if (block->buffer)
		vkDestroyBuffer(dev->device, block->buffer, NULL);
	if (block->memory) {
		vkFreeMemory(dev->device, block->memory, NULL);
		dev->heap_used[block->heap] -= block->heap_bytes;
	}
	g_clear_pointer(&block->holes, g_array_unref);
	g_free(block);
}

static VkResult block_allocate(gpu *dev, gpu_block *block, uint32_t type, uint64_t bytes)
{
	uint32_t heap = dev->memory.memoryTypes[type].heapIndex;
	VkMemoryAllocateInfo info = {
		.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, .allocationSize = bytes, .memoryTypeIndex = type};
	VkResult result = VK_ERROR_OUT_OF_DEVICE_MEMORY;

	if (bytes <= heap_room(dev, heap))
		result = gpu_vk_allocate(dev, &info, &block->memory);
	if (result == VK_SUCCESS) {
		block->heap = heap;
		block->heap_bytes = bytes;
		dev->heap_used[heap] += bytes;
	}
	return result;
}

/* Goes through the wishes of the intent; a heap that is full sends it to the next. */
static VkResult block_find_memory(gpu *dev, gpu_block *block, const VkMemoryRequirements *need)
{
	VkResult result = VK_ERROR_OUT_OF_DEVICE_MEMORY;
	uint32_t tried = 0;

	for (int set = 0; set < N_SETS; set++) {
		VkMemoryPropertyFlags want = intent_flags[block->intent][set];
		for (uint32_t t = 0; t < dev->memory.memoryTypeCount; t++) {
			VkMemoryPropertyFlags has = dev->memory.memoryTypes[t].propertyFlags;
			if (!(need->memoryTypeBits >> t & 1) || (tried >> t & 1) || (has & want) != want || (has & UNWANTED))
				continue;
			tried |= 1u << t;
			result = block_allocate(dev, block, t, need->size);
			if (result == VK_SUCCESS && (has & HOST) == HOST)
				result = vkMapMemory(dev->device, block->memory, 0, VK_WHOLE_SIZE, 0, (void **)&block->map);
			if (result != VK_ERROR_OUT_OF_DEVICE_MEMORY && result != VK_ERROR_OUT_OF_HOST_MEMORY)
				return result;
		}
	}
	return result;
}

static gpu_block *block_new(gpu *dev, gpu_intent intent, uint64_t bytes, VkResult *result)
{
	gpu_block *block = g_new0(gpu_block, 1);
	VkBufferCreateInfo info = {.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
	                           .size = bytes,
	                           .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT |
	                                    VK_BUFFER_USAGE_TRANSFER_DST_BIT};
	VkMemoryRequirements need;
	gpu_hole all = {0, bytes};

	if (dev->caps.max_texels)
		info.usage |= VK_BUFFER_USAGE_UNIFORM_TEXEL_BUFFER_BIT;

	block->intent = intent;
	block->bytes = bytes;
	*result = vkCreateBuffer(dev->device, &info, NULL, &block->buffer);
	if (*result == VK_SUCCESS) {
		vkGetBufferMemoryRequirements(dev->device, block->buffer, &need);
		*result = block_find_memory(dev, block, &need);
	}
	if (*result == VK_SUCCESS)
		*result = vkBindBufferMemory(dev->device, block->buffer, block->memory, 0);
	if (*result != VK_SUCCESS) {
		block_free(dev, block);
		return NULL;
	}
	block->holes = g_array_new(FALSE, FALSE, sizeof(gpu_hole));
	g_array_append_val(block->holes, all);
	g_ptr_array_add(dev->blocks, block);
	return block;
}

static gpu_block *find_block(gpu *dev, gpu_intent intent, uint64_t bytes, uint64_t *offset, VkResult *result)
{
	for (guint i = 0; i < dev->blocks->len; i++) {
		gpu_block *block = g_ptr_array_index(dev->blocks, i);
		if (block->intent == intent && gpu_hole_take(block->holes, bytes, offset))
			return block;
	}
	uint64_t whole = bytes >= OWN_BLOCK_BYTES ? bytes : MIN(BLOCK_BYTES, dev->caps.max_alloc_bytes);
	gpu_block *block = block_new(dev, intent, MAX(whole, bytes), result);
	if (!block && whole > bytes && !dev->lost) /* no room for a whole block is not yet no room */
		block = block_new(dev, intent, bytes, result);
	if (block && !gpu_hole_take(block->holes, bytes, offset))
		g_assert_not_reached();
	return block;
}

static void fail_memory(const gpu *dev, uint64_t bytes, const char *name, GError **error)
{
	g_autofree char *wanted = g_format_size_full(bytes, G_FORMAT_SIZE_IEC_UNITS);
	g_autofree char *most = g_format_size_full(dev->caps.max_alloc_bytes, G_FORMAT_SIZE_IEC_UNITS);
	g_autofree char *total = g_format_size_full(dev->caps.memory_bytes, G_FORMAT_SIZE_IEC_UNITS);

	g_set_error(error, GPU_ERROR, GPU_ERROR_NO_MEMORY,
	            _("The graphics device “%s” cannot give %s for “%s” (it has %s, at most %s in one piece); close other "
	              "programs, use a smaller model or another device"),
	            dev->info.name, wanted, name ? name : "?", total, most);
}

gpu_buffer *gpu_buffer_make(gpu *dev, gpu_intent intent, uint64_t bytes, const char *name, GError **error)
{
	uint64_t reserved = (bytes + GPU_ALIGN - 1) / GPU_ALIGN * GPU_ALIGN, offset = 0;
	VkResult result = VK_ERROR_OUT_OF_DEVICE_MEMORY;
	gpu_block *block = NULL;

	g_return_val_if_fail(bytes > 0, NULL);
	if (dev->lost) {
		gpu_fail_lost(dev, error);
		return NULL;
	}
	gpu_memory_collect(dev);
	if (bytes <= dev->caps.max_alloc_bytes && reserved >= bytes)
		block = find_block(dev, intent, reserved, &offset, &result);
	if (!block) {
		if (result == VK_ERROR_OUT_OF_DEVICE_MEMORY || result == VK_ERROR_OUT_OF_HOST_MEMORY)
			fail_memory(dev, bytes, name, error);
		else
			(void)gpu_check(dev, result, name, error);
		return NULL;
	}
	gpu_buffer *buf = g_new0(gpu_buffer, 1);
	*buf = (gpu_buffer){.dev = dev, .block = block, .offset = offset, .bytes = bytes, .reserved = reserved};
	dev->refs++;
	return buf;
}

gpu_buffer *gpu_buffer_new(gpu *dev, gpu_memory intent, uint64_t bytes, const char *name, GError **error)
{
	return gpu_buffer_make(dev, (gpu_intent)intent, bytes, name, error);
}

uint64_t gpu_buffer_bytes(const gpu_buffer *buf)
{
	return buf->bytes;
}

/* One empty block of the usual size is kept for the next buffers. */
static void release_block_if_empty(gpu *dev, gpu_block *block)
{
	const gpu_hole *hole = block->holes->len == 1 ? &g_array_index(block->holes, gpu_hole, 0) : NULL;

	if (!hole || hole->bytes < block->bytes)
		return;
	if (block->bytes == BLOCK_BYTES) {
		bool other = false;
		for (guint i = 0; i < dev->blocks->len; i++) {
			const gpu_block *b = g_ptr_array_index(dev->blocks, i);
			other |= b != block && b->intent == block->intent && b->bytes == BLOCK_BYTES;
		}
		if (!other)
			return;
	}
	g_ptr_array_remove_fast(dev->blocks, block);
	block_free(dev, block);
}

static void buffer_release(gpu *dev, gpu_buffer *buf)
{
	gpu_hole_give(buf->block->holes, buf->offset, buf->reserved);
	if (!dev->lost) /* a lost device may still be at it: gpu_close() waits and frees */
		release_block_if_empty(dev, buf->block);
	g_free(buf);
}

void gpu_memory_collect(gpu *dev)
{
	for (guint i = dev->dead_buffers->len; i-- > 0;) {
		gpu_buffer *buf = g_ptr_array_index(dev->dead_buffers, i);
		if (buf->last_serial <= dev->serial_done) {
			g_ptr_array_remove_index_fast(dev->dead_buffers, i);
			buffer_release(dev, buf);
		}
	}
	for (guint i = dev->dead_kernels->len; i-- > 0;) {
		gpu_kernel *k = g_ptr_array_index(dev->dead_kernels, i);
		if (k->last_serial <= dev->serial_done) {
			g_ptr_array_remove_index_fast(dev->dead_kernels, i);
			gpu_kernel_destroy(k);
		}
	}
}

void gpu_buffer_free(gpu_buffer *buf)
{
	if (!buf)
		return;
	gpu *dev = buf->dev;
	g_ptr_array_add(dev->dead_buffers, buf);
	gpu_memory_collect(dev);
	gpu_close(dev);
}

void gpu_memory_destroy(gpu *dev)
{
	for (guint i = 0; i < dev->blocks->len; i++)
		block_free(dev, g_ptr_array_index(dev->blocks, i));
	g_ptr_array_set_size(dev->blocks, 0);
}
