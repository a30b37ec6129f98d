/* Slots: command buffer, descriptors, timestamps and fence of one submit. A recording is cut into submits of about
 * BUDGET seconds: what a command will cost is its work (flops, plus bytes weighted like flops) over the rate measured
 * so far, which starts low on purpose. Up to GPU_SLOTS submits are in flight; they finish in order, on one queue. */
#include "infer/vk/gpu-submit.h"
#include <string.h>

#define BUDGET 0.05
#define FIRST_BUDGET 0.005
#define FIRST_RATE 2e9        /* work a second */
#define WORK_PER_BYTE 8       /* between a software device (2) and a large GPU (20) */
#define DISPATCH_SECONDS 5e-6 /* of one that does nothing */
#define MIN_RATE 1e6
/* A submit is about 50 ms of work: a device that has not ended it by then never will. A software device shares its
 * processors with other programs and cannot hang. */
#define HANG_SECONDS 30
#define HANG_SECONDS_SOFTWARE 1800

#define N_QUERIES (2 + 2 * GPU_SLOT_DISPATCHES)

static bool slot_init(gpu *dev, gpu_slot *slot, GError **error)
{
	VkCommandPoolCreateInfo pool = {.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
	                                .flags = VK_COMMAND_POOL_CREATE_TRANSIENT_BIT,
	                                .queueFamilyIndex = dev->family};
	VkCommandBufferAllocateInfo buffer = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
	                                      .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
	                                      .commandBufferCount = 1};
	VkFenceCreateInfo fence = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
	VkDescriptorPoolSize sizes[] = {
		{VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, GPU_SLOT_DISPATCHES * GPU_MAX_BINDINGS},
		{VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER, GPU_SLOT_DISPATCHES * GPU_MAX_BINDINGS},
	};
	VkDescriptorPoolCreateInfo descriptors = {.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
	                                          .maxSets = GPU_SLOT_DISPATCHES,
	                                          .poolSizeCount = dev->caps.max_texels ? 2 : 1,
	                                          .pPoolSizes = sizes};
	VkQueryPoolCreateInfo queries = {.sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
	                                 .queryType = VK_QUERY_TYPE_TIMESTAMP,
	                                 .queryCount = dev->options.profile ? N_QUERIES : 2};
	VkResult r = vkCreateCommandPool(dev->device, &pool, NULL, &slot->pool);

	buffer.commandPool = slot->pool;
	if (r == VK_SUCCESS)
		r = vkAllocateCommandBuffers(dev->device, &buffer, &slot->cb);
	if (r == VK_SUCCESS)
		r = vkCreateFence(dev->device, &fence, NULL, &slot->fence);
	if (r == VK_SUCCESS)
		r = vkCreateDescriptorPool(dev->device, &descriptors, NULL, &slot->descriptors);
	if (r == VK_SUCCESS && dev->timestamp_ns > 0)
		r = vkCreateQueryPool(dev->device, &queries, NULL, &slot->queries);
	slot->views = g_array_new(FALSE, FALSE, sizeof(VkBufferView));
	slot->rows = dev->options.profile ? g_new0(gpu_profile_row, GPU_SLOT_DISPATCHES) : NULL;
	return gpu_check(dev, r, "command buffers", error);
}

bool gpu_slots_init(gpu *dev, GError **error)
{
	dev->work_per_second = FIRST_RATE;
	dev->cut_seconds = FIRST_BUDGET;
	dev->hang_seconds = dev->info.software ? HANG_SECONDS_SOFTWARE : HANG_SECONDS;
	for (uint32_t i = 0; i < GPU_SLOTS; i++)
		if (!slot_init(dev, &dev->slots[i], error))
			return false;
	return true;
}

static void drop_views(gpu *dev, gpu_slot *slot)
{
	for (guint i = 0; i < slot->views->len; i++)
		vkDestroyBufferView(dev->device, g_array_index(slot->views, VkBufferView, i), NULL);
	g_array_set_size(slot->views, 0);
}

void gpu_slots_destroy(gpu *dev)
{
	for (uint32_t i = 0; i < GPU_SLOTS; i++) {
		gpu_slot *slot = &dev->slots[i];
		if (slot->views) {
			drop_views(dev, slot);
			g_array_unref(slot->views);
		}
		vkDestroyQueryPool(dev->device, slot->queries, NULL);
		vkDestroyDescriptorPool(dev->device, slot->descriptors, NULL);
		vkDestroyFence(dev->device, slot->fence, NULL);
		vkDestroyCommandPool(dev->device, slot->pool, NULL);
		g_free(slot->rows);
	}
}

void gpu_slot_stamp(gpu *dev, gpu_slot *slot, bool after)
{
	if (!dev->options.profile || !slot->queries)
		return;
	vkCmdWriteTimestamp(slot->cb, after ? VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT : VK_PIPELINE_STAGE_TOP_OF_PIPE_BIT,
	                    slot->queries, 2 + 2 * slot->n_dispatches + after);
}

static double cost_of(const gpu *dev, uint64_t work)
{
	return DISPATCH_SECONDS + (double)work / dev->work_per_second;
}

uint64_t gpu_work_of(uint64_t flops, const gpu_span *spans, uint32_t n)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < n; i++)
		bytes += spans[i].bytes;
	return flops + WORK_PER_BYTE * bytes;
}

void gpu_slot_charge(gpu *dev, gpu_slot *slot, uint64_t work)
{
	slot->work += work;
	slot->cost += cost_of(dev, work);
}

void gpu_slot_count(gpu *dev, gpu_slot *slot, const char *name, uint64_t flops, uint64_t work)
{
	if (slot->rows) {
		gpu_profile_row *row = &slot->rows[slot->n_dispatches];
		g_strlcpy(row->name, name, sizeof(row->name));
		row->flops = flops;
	}
	slot->n_dispatches++;
	slot->flops += flops;
	gpu_slot_charge(dev, slot, work);
}

/* Seconds between two timestamps that may wrap. */
static double seconds_between(const gpu *dev, uint64_t from, uint64_t to)
{
	return (double)((to - from) & dev->timestamp_mask) * dev->timestamp_ns * 1e-9;
}

static void add_profile(gpu *dev, gpu_slot *slot, const uint64_t *stamps)
{
	for (uint32_t i = 0; i < slot->n_dispatches; i++) {
		gpu_profile_row *sum = g_hash_table_lookup(dev->profile, slot->rows[i].name);
		if (!sum) {
			sum = g_memdup2(&slot->rows[i], sizeof(*sum));
			sum->calls = sum->flops = 0;
			sum->seconds = 0;
			g_hash_table_insert(dev->profile, sum->name, sum);
		}
		sum->calls++;
		sum->flops += slot->rows[i].flops;
		sum->seconds += seconds_between(dev, stamps[2 + 2 * i], stamps[3 + 2 * i]);
	}
}

/* Seconds the submit took on the device: by its timestamps, else by the clock since it could have begun. */
static double measure(gpu *dev, gpu_slot *slot)
{
	uint64_t stamps[N_QUERIES];
	uint32_t n = slot->rows ? 2 + 2 * slot->n_dispatches : 2;
	int64_t now = g_get_monotonic_time();
	double seconds = (double)(now - MAX(slot->host_start, dev->last_done)) * 1e-6;

	dev->last_done = now;
	if (slot->queries && vkGetQueryPoolResults(dev->device, slot->queries, 0, n, n * sizeof(uint64_t), stamps,
	                                           sizeof(uint64_t), VK_QUERY_RESULT_64_BIT) == VK_SUCCESS) {
		seconds = seconds_between(dev, stamps[0], stamps[1]);
		if (slot->rows)
			add_profile(dev, slot, stamps);
	}
	return seconds;
}

/* One odd submit (a first use that compiles, a desktop that interferes) must not throw the estimate far off. */
static void learn_rate(gpu *dev, const gpu_slot *slot, double seconds)
{
	if (slot->work < 100000 || seconds <= 0)
		return;
	double rate = CLAMP((double)slot->work / seconds, dev->work_per_second / 8, dev->work_per_second * 4);
	dev->work_per_second = MAX(MIN_RATE, 0.5 * (dev->work_per_second + rate));
	if (seconds < 1.5 * dev->cut_seconds)
		dev->cut_seconds = MIN(BUDGET, 2 * dev->cut_seconds);
}

static void report(gpu_cmd *cmd, uint64_t flops)
{
	cmd->done_flops += flops;
	if (cmd->progress && cmd->expected_flops > 0)
		cmd->progress(MIN(1.0, (double)cmd->done_flops / (double)cmd->expected_flops), cmd->progress_data);
}

/* Until the submit is done; a device that hangs is lost, and its objects can no longer be destroyed. */
static VkResult wait_fence(gpu *dev, VkFence fence)
{
	VkResult r = VK_TIMEOUT;

	for (int i = 0; i < dev->hang_seconds && r == VK_TIMEOUT; i++)
		r = vkWaitForFences(dev->device, 1, &fence, VK_TRUE, 1000000000u);
	if (r != VK_TIMEOUT)
		return r;
	dev->hung = true;
	return VK_ERROR_DEVICE_LOST;
}

static bool slot_wait(gpu_cmd *cmd, gpu_slot *slot)
{
	gpu *dev = cmd->dev;
	GError *error = NULL;

	if (!slot->pending)
		return true;
	slot->pending = false;
	if (!gpu_check(dev, wait_fence(dev, slot->fence), "the end of the work", &error)) {
		if (cmd->error)
			g_error_free(error);
		else
			cmd->error = error;
		return false;
	}
	dev->serial_done = MAX(dev->serial_done, slot->serial);
	learn_rate(dev, slot, measure(dev, slot));
	if (!cmd->error)
		report(cmd, slot->flops);
	return true;
}

static bool slot_begin(gpu_cmd *cmd)
{
	gpu *dev = cmd->dev;
	gpu_slot *slot = &dev->slots[(dev->serial_submitted + 1) % GPU_SLOTS];
	VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
	                                  .flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT};

	if (!slot_wait(cmd, slot))
		return false;
	drop_views(dev, slot);
	VkResult r = vkResetFences(dev->device, 1, &slot->fence);
	if (r == VK_SUCCESS)
		r = vkResetCommandPool(dev->device, slot->pool, 0);
	if (r == VK_SUCCESS)
		r = vkResetDescriptorPool(dev->device, slot->descriptors, 0);
	if (r == VK_SUCCESS)
		r = vkBeginCommandBuffer(slot->cb, &begin);
	if (!gpu_check(dev, r, "a command buffer", &cmd->error))
		return false;
	if (slot->queries) {
		vkCmdResetQueryPool(slot->cb, slot->queries, 0, slot->rows ? N_QUERIES : 2);
		vkCmdWriteTimestamp(slot->cb, VK_PIPELINE_STAGE_TOP_OF_PIPE_BIT, slot->queries, 0);
	}
	slot->serial = dev->serial_submitted + 1;
	slot->flops = slot->work = 0;
	slot->cost = 0;
	slot->n_dispatches = slot->n_transfers = 0;
	slot->bound = VK_NULL_HANDLE;
	cmd->slot = slot;
	return true;
}

static bool slot_submit(gpu_cmd *cmd)
{
	gpu *dev = cmd->dev;
	gpu_slot *slot = g_steal_pointer(&cmd->slot);
	VkSubmitInfo info = {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO, .commandBufferCount = 1, .pCommandBuffers = &slot->cb};

	if (slot->queries)
		vkCmdWriteTimestamp(slot->cb, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, slot->queries, 1);
	VkResult r = vkEndCommandBuffer(slot->cb);
	slot->host_start = g_get_monotonic_time();
	if (r == VK_SUCCESS)
		r = gpu_vk_submit(dev, &info, slot->fence);
	dev->serial_submitted = slot->serial;
	slot->pending = r == VK_SUCCESS;
	return gpu_check(dev, r, "a submit", &cmd->error);
}

static bool cut(gpu_cmd *cmd)
{
	if (cmd->slot && !slot_submit(cmd))
		return false;
	return !g_cancellable_set_error_if_cancelled(cmd->cancel, &cmd->error);
}

bool gpu_cmd_room(gpu_cmd *cmd, uint64_t work)
{
	const gpu *dev = cmd->dev;
	const gpu_slot *slot = cmd->slot;

	if (cmd->error)
		return false;
	bool full = slot && (slot->n_dispatches == GPU_SLOT_DISPATCHES || slot->n_transfers == GPU_SLOT_DISPATCHES ||
	                     (slot->work > 0 && slot->cost + cost_of(dev, work) > dev->cut_seconds));
	if (full && !cut(cmd))
		return false;
	return cmd->slot || slot_begin(cmd);
}

/* Slots from the oldest on. */
static bool wait_until(gpu_cmd *cmd, uint64_t serial)
{
	gpu *dev = cmd->dev;

	for (uint32_t i = 1; i <= GPU_SLOTS; i++) {
		gpu_slot *slot = &dev->slots[(dev->serial_submitted + i) % GPU_SLOTS];
		if (slot->pending && slot->serial <= serial && !slot_wait(cmd, slot))
			return false;
	}
	return true;
}

bool gpu_cmd_wait(gpu_cmd *cmd, uint64_t serial)
{
	if (serial > cmd->dev->serial_submitted && !cut(cmd))
		return false;
	return wait_until(cmd, serial);
}

void gpu_cmd_drain(gpu_cmd *cmd)
{
	gpu *dev = cmd->dev;

	if (!cmd->error)
		(void)cut(cmd);
	if (dev->lost)
		return;
	if (cmd->slot) { /* dropped: nothing of it will run, so nothing waits for it */
		dev->serial_submitted = cmd->slot->serial;
		cmd->slot = NULL;
	}
	if (wait_until(cmd, UINT64_MAX))
		dev->serial_done = dev->serial_submitted;
}

static int by_seconds(const void *pa, const void *pb)
{
	const gpu_profile_row *a = *(gpu_profile_row *const *)pa, *b = *(gpu_profile_row *const *)pb;

	return a->seconds < b->seconds ? 1 : a->seconds > b->seconds ? -1 : 0;
}

GPtrArray *gpu_profile(gpu *dev)
{
	GPtrArray *rows = g_ptr_array_new_with_free_func(g_free);
	GHashTableIter iter;
	void *row;

	g_hash_table_iter_init(&iter, dev->profile);
	while (g_hash_table_iter_next(&iter, NULL, &row)) {
		g_hash_table_iter_steal(&iter);
		g_ptr_array_add(rows, row);
	}
	g_ptr_array_sort(rows, by_seconds);
	return rows;
}
