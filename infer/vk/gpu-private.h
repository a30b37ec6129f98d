/* Shared by the files of infer/vk and their tests only. */
#pragma once
#include "infer/vk/gpu-list.h"
#include "infer/vk/gpu-memory.h"

#define GPU_ALIGN 256u           /* of every buffer; covers every minStorageBufferOffsetAlignment seen (64 on Adreno) */
#define GPU_SLOTS 3u             /* submits recorded or in flight at once */
#define GPU_SLOT_DISPATCHES 256u /* a submit is cut there at the latest: sizes descriptor and query pools */
#define GPU_MAX_BINDINGS 8u
#define GPU_STAGING_BYTES (8u << 20)
#define GPU_STAGING_CHUNKS 4u
#define GPU_CACHE_KEY (3 * 4 + VK_UUID_SIZE)

/* gpu-vk.c */
VkResult gpu_vk_allocate(gpu *dev, const VkMemoryAllocateInfo *info, VkDeviceMemory *memory);
VkResult gpu_vk_submit(gpu *dev, const VkSubmitInfo *info, VkFence fence);
const char *gpu_result_text(VkResult result);
bool gpu_fail_lost(const gpu *dev, GError **error);                          /* false */
bool gpu_check(gpu *dev, VkResult result, const char *what, GError **error); /* true on VK_SUCCESS */

struct gpu_kernel {
	gpu *dev;
	char name[64];
	VkDescriptorSetLayout set_layout;
	VkPipelineLayout layout;
	VkPipeline pipeline;
	uint32_t writes, texels, texels_f16, texels_u32;
	uint8_t n_bindings, push_bytes;
	uint64_t last_serial;
};
void gpu_kernel_destroy(gpu_kernel *k);
VkDescriptorType gpu_binding_type(const gpu_kernel *k, uint32_t binding);
uint32_t gpu_texel_bytes(const gpu_kernel *k, uint32_t binding);

typedef struct {
	VkCommandPool pool;
	VkCommandBuffer cb;
	VkFence fence;
	VkDescriptorPool descriptors;
	VkQueryPool queries; /* 0, 1: the submit; 2+2i, 3+2i: dispatch i when profiling */
	VkPipeline bound;
	GArray *views;                /* VkBufferView of texel bindings, destroyed when the submit is done */
	uint64_t serial, flops, work; /* work: see gpu-submit.c */
	double cost;                  /* estimated seconds */
	int64_t host_start;           /* microseconds */
	uint32_t n_dispatches, n_transfers;
	bool pending;
	gpu_profile_row *rows; /* name and flops of each dispatch when profiling, else NULL */
} gpu_slot;

struct gpu {
	int refs; /* gpu_close() and every buffer and kernel hold one */
	VkInstance instance;
	VkDebugUtilsMessengerEXT messenger;
	VkPhysicalDevice physical;
	VkDevice device;
	VkQueue queue;
	uint32_t family;
	gpu_info info;
	gpu_caps caps;
	gpu_options options;
	unsigned quirks;
	bool lost, hung, has_budget, can_subgroup_size;
	double timestamp_ns; /* 0: no timestamps */
	uint64_t timestamp_mask;
	VkPhysicalDeviceMemoryProperties memory;
	uint64_t heap_used[VK_MAX_MEMORY_HEAPS];
	GPtrArray *blocks, *dead_buffers, *dead_kernels;
	gpu_slot slots[GPU_SLOTS];
	gpu_cmd *cmd; /* the one being recorded, or NULL */
	uint64_t serial_submitted, serial_done;
	double work_per_second; /* measured; drives the cuts */
	double cut_seconds;     /* grows from small to the budget */
	int64_t last_done;      /* microseconds */
	int hang_seconds;       /* a submit that takes longer means a lost device */
	uint64_t n_barriers;    /* since gpu_open(); read by tests */
	gpu_buffer *staging[GPU_STAGING_CHUNKS];
	uint32_t staging_at;
	uint64_t staging_used;
	VkPipelineCache cache;
	char *cache_path;
	uint8_t cache_key[GPU_CACHE_KEY];
	bool cache_hit, cache_marked; /* data was loaded; the crash marker is on disk */
	uint32_t cache_new;           /* kernels made since the file was written */
	GHashTable *profile;
};

/* gpu-cache.c */
void gpu_cache_open(gpu *dev, const VkPhysicalDeviceProperties *props);
void gpu_cache_settle(gpu *dev); /* after a good submit: drops the marker, writes what is new */
void gpu_cache_close(gpu *dev);
GBytes *gpu_cache_pack(const uint8_t key[GPU_CACHE_KEY], const void *data, size_t bytes);
bool gpu_cache_unpack(GBytes *file, const uint8_t key[GPU_CACHE_KEY], const uint8_t **data, size_t *bytes);

/* gpu-cmd.c */
bool gpu_slots_init(gpu *dev, GError **error);
void gpu_slots_destroy(gpu *dev);
