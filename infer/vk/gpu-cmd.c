/* The recorder. Hazards: every command names the byte ranges it reads and writes; a barrier is put before a command
 * only if one of its ranges meets a range used since the last barrier and one of the two is written. Cuts: see
 * gpu-submit.c. */
#include "infer/vk/gpu-submit.h"
#include <glib/gi18n-lib.h>
#include <string.h>

/* More than that since the last barrier: a barrier is cheaper than the search. */
#define MAX_ACCESSES 1024

typedef struct {
	const gpu_buffer *buf;
	uint64_t begin, end;
	bool write;
} usage;

typedef struct {
	void *dst;
	gpu_buffer *staging;
	uint64_t bytes;
} download;

gpu_cmd *gpu_cmd_begin(gpu *dev, GCancellable *cancel, GError **error)
{
	if (dev->lost) {
		gpu_fail_lost(dev, error);
		return NULL;
	}
	if (dev->cmd) {
		g_set_error(error, GPU_ERROR, GPU_ERROR_FAILED,
		            _("A recording is already open on “%s”; this is a fault of the program"), dev->info.name);
		return NULL;
	}
	if (g_cancellable_set_error_if_cancelled(cancel, error))
		return NULL;
	gpu_cmd *cmd = g_new0(gpu_cmd, 1);
	cmd->dev = dev;
	cmd->cancel = cancel ? g_object_ref(cancel) : NULL;
	cmd->accesses = g_array_new(FALSE, FALSE, sizeof(usage));
	cmd->downloads = g_array_new(FALSE, FALSE, sizeof(download));
	dev->refs++;
	dev->cmd = cmd;
	return cmd;
}

void gpu_cmd_set_progress(gpu_cmd *cmd, uint64_t expected_flops, gpu_progress_fn fn, void *data)
{
	cmd->expected_flops = expected_flops;
	cmd->progress = fn;
	cmd->progress_data = data;
}

static void fail_program(gpu_cmd *cmd, const char *kernel, const char *what)
{
	if (!cmd->error)
		g_set_error(&cmd->error, GPU_ERROR, GPU_ERROR_FAILED,
		            _("“%s” was recorded with %s; this is a fault of the program, please report it"), kernel, what);
}

static bool span_is_inside(const gpu_span *span)
{
	return span->buf && span->bytes > 0 && span->offset <= span->buf->bytes &&
	       span->bytes <= span->buf->bytes - span->offset;
}

static bool meets(const gpu_cmd *cmd, const gpu_span *span, bool write)
{
	for (guint i = 0; i < cmd->accesses->len; i++) {
		const usage *a = &g_array_index(cmd->accesses, usage, i);
		if (a->buf == span->buf && (a->write || write) && span->offset < a->end &&
		    a->begin < span->offset + span->bytes)
			return true;
	}
	return false;
}

static void barrier(gpu_cmd *cmd)
{
	const VkPipelineStageFlags stages = VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT;
	const VkMemoryBarrier memory = {.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
	                                .srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT,
	                                .dstAccessMask = VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT |
	                                                 VK_ACCESS_TRANSFER_READ_BIT | VK_ACCESS_TRANSFER_WRITE_BIT};

	vkCmdPipelineBarrier(cmd->slot->cb, stages, stages, 0, 1, &memory, 0, NULL, 0, NULL);
	g_array_set_size(cmd->accesses, 0);
	cmd->dev->n_barriers++;
}

/* Declares what the next command uses. `writes` has a bit for each span. */
static void use_spans(gpu_cmd *cmd, const gpu_span *spans, uint32_t n, uint32_t writes)
{
	bool need = cmd->accesses->len + n > MAX_ACCESSES || (cmd->dev->options.profile && cmd->accesses->len > 0);

	for (uint32_t i = 0; i < n && !need; i++)
		need = meets(cmd, &spans[i], writes >> i & 1);
	if (need)
		barrier(cmd);
	for (uint32_t i = 0; i < n; i++) {
		usage a = {spans[i].buf, spans[i].offset, spans[i].offset + spans[i].bytes, writes >> i & 1};
		g_array_append_val(cmd->accesses, a);
		spans[i].buf->last_serial = cmd->slot->serial;
	}
}

static void record_copy(gpu_cmd *cmd, gpu_span dst, gpu_span src)
{
	const gpu_span spans[2] = {dst, src};
	const VkBufferCopy region = {src.buf->offset + src.offset, dst.buf->offset + dst.offset, dst.bytes};

	uint64_t work = gpu_work_of(0, spans, 2);
	if (!gpu_cmd_room(cmd, work))
		return;
	use_spans(cmd, spans, 2, 1);
	gpu_slot_charge(cmd->dev, cmd->slot, work);
	vkCmdCopyBuffer(cmd->slot->cb, src.buf->block->buffer, dst.buf->block->buffer, 1, &region);
	cmd->slot->n_transfers++;
}

void gpu_cmd_copy(gpu_cmd *cmd, gpu_span dst, gpu_span src)
{
	if (cmd->error)
		return;
	bool overlap = src.buf == dst.buf && src.offset < dst.offset + dst.bytes && dst.offset < src.offset + src.bytes;

	if (!span_is_inside(&dst) || !span_is_inside(&src) || dst.bytes != src.bytes || overlap)
		fail_program(cmd, "copy", "a range outside its buffer, unequal or overlapping");
	else
		record_copy(cmd, dst, src);
}

void gpu_cmd_fill(gpu_cmd *cmd, gpu_span dst, uint32_t word)
{
	if (cmd->error)
		return;
	if (!span_is_inside(&dst) || dst.offset % 4 || dst.bytes % 4) {
		fail_program(cmd, "fill", "a range outside its buffer or not of whole words");
		return;
	}
	uint64_t work = gpu_work_of(0, &dst, 1);
	if (!gpu_cmd_room(cmd, work))
		return;
	use_spans(cmd, &dst, 1, 1);
	gpu_slot_charge(cmd->dev, cmd->slot, work);
	vkCmdFillBuffer(cmd->slot->cb, dst.buf->block->buffer, dst.buf->offset + dst.offset, dst.bytes, word);
	cmd->slot->n_transfers++;
}

/* A staging chunk with room, or NULL after an error. The ring is as large as its chunks; when it is full the oldest is
 * awaited. */
static gpu_buffer *staging_chunk(gpu_cmd *cmd)
{
	gpu *dev = cmd->dev;

	if (dev->staging_used >= GPU_STAGING_BYTES) {
		dev->staging_at = (dev->staging_at + 1) % GPU_STAGING_CHUNKS;
		dev->staging_used = 0;
	}
	gpu_buffer **chunk = &dev->staging[dev->staging_at];
	if (!*chunk) {
		*chunk = gpu_buffer_make(dev, GPU_INTENT_UPLOAD, GPU_STAGING_BYTES, "staging", &cmd->error);
		if (!*chunk)
			return NULL;
		dev->refs--; /* the device's own: must not keep it alive */
	}
	if (dev->staging_used == 0 && (*chunk)->last_serial > dev->serial_done && !gpu_cmd_wait(cmd, (*chunk)->last_serial))
		return NULL;
	return *chunk;
}

static void upload_staged(gpu_cmd *cmd, gpu_span dst, const uint8_t *src)
{
	gpu *dev = cmd->dev;

	while (dst.bytes > 0 && !cmd->error) {
		gpu_buffer *chunk = staging_chunk(cmd);
		if (!chunk)
			return;
		uint64_t part = MIN(dst.bytes, GPU_STAGING_BYTES - dev->staging_used);
		memcpy(chunk->block->map + chunk->offset + dev->staging_used, src, part);
		record_copy(cmd, (gpu_span){dst.buf, dst.offset, part}, (gpu_span){chunk, dev->staging_used, part});
		dev->staging_used += (part + 15) / 16 * 16;
		dst.offset += part;
		dst.bytes -= part;
		src += part;
	}
}

void gpu_cmd_upload(gpu_cmd *cmd, gpu_span dst, const void *src)
{
	if (cmd->error)
		return;
	if (!span_is_inside(&dst)) {
		fail_program(cmd, "upload", "a range outside its buffer");
		return;
	}
	/* Memory the host can see (software, shared memory, resizable BAR) and nothing pending uses: written in place. */
	if (dst.buf->block->map && dst.buf->last_serial <= cmd->dev->serial_done)
		memcpy(dst.buf->block->map + dst.buf->offset + dst.offset, src, dst.bytes);
	else
		upload_staged(cmd, dst, src);
}

void gpu_cmd_download(gpu_cmd *cmd, void *dst, gpu_span src)
{
	if (cmd->error)
		return;
	if (!span_is_inside(&src)) {
		fail_program(cmd, "download", "a range outside its buffer");
		return;
	}
	download d = {dst, gpu_buffer_make(cmd->dev, GPU_INTENT_READBACK, src.bytes, "download", &cmd->error), src.bytes};
	if (!d.staging)
		return;
	g_array_append_val(cmd->downloads, d);
	record_copy(cmd, (gpu_span){d.staging, 0, src.bytes}, src);
}

static const char *dispatch_fault(const gpu *dev, const gpu_kernel *k, const gpu_span *bind, const uint32_t groups[3])
{
	for (uint32_t i = 0; i < k->n_bindings; i++) {
		if (!span_is_inside(&bind[i]))
			return "a range outside its buffer";
		if (bind[i].offset % dev->caps.binding_align)
			return "a misaligned range";
		if (bind[i].bytes > dev->caps.max_binding_bytes)
			return "a range larger than the device can bind";
		const uint32_t texel = gpu_texel_bytes(k, i);
		if ((k->texels >> i & 1) && (bind[i].bytes % texel || bind[i].bytes / texel > dev->caps.max_texels))
			return "a range that is not of whole texels";
	}
	for (int i = 0; i < 3; i++)
		if (groups[i] > dev->caps.max_groups[i])
			return "more work groups than the device allows";
	return NULL;
}

static VkBufferView new_view(gpu_cmd *cmd, const gpu_span *span, uint32_t texel)
{
	const VkFormat format = texel == 4   ? VK_FORMAT_R32_UINT
	                        : texel == 8 ? VK_FORMAT_R16G16B16A16_SFLOAT
	                                     : VK_FORMAT_R32G32B32A32_SFLOAT;
	VkBufferViewCreateInfo info = {.sType = VK_STRUCTURE_TYPE_BUFFER_VIEW_CREATE_INFO,
	                               .buffer = span->buf->block->buffer,
	                               .format = format,
	                               .offset = span->buf->offset + span->offset,
	                               .range = span->bytes};
	VkBufferView view = VK_NULL_HANDLE;

	if (gpu_check(cmd->dev, vkCreateBufferView(cmd->dev->device, &info, NULL, &view), "a view", &cmd->error))
		g_array_append_val(cmd->slot->views, view);
	return view;
}

static void write_set(gpu_cmd *cmd, const gpu_kernel *k, const gpu_span *bind, VkDescriptorSet set)
{
	VkDescriptorBufferInfo infos[GPU_MAX_BINDINGS];
	VkBufferView views[GPU_MAX_BINDINGS];
	VkWriteDescriptorSet writes[GPU_MAX_BINDINGS];

	for (uint32_t i = 0; i < k->n_bindings; i++) {
		infos[i] =
			(VkDescriptorBufferInfo){bind[i].buf->block->buffer, bind[i].buf->offset + bind[i].offset, bind[i].bytes};
		views[i] = k->texels >> i & 1 ? new_view(cmd, &bind[i], gpu_texel_bytes(k, i)) : VK_NULL_HANDLE;
		writes[i] = (VkWriteDescriptorSet){.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
		                                   .dstSet = set,
		                                   .dstBinding = i,
		                                   .descriptorCount = 1,
		                                   .descriptorType = gpu_binding_type(k, i),
		                                   .pBufferInfo = &infos[i],
		                                   .pTexelBufferView = &views[i]};
	}
	if (!cmd->error)
		vkUpdateDescriptorSets(cmd->dev->device, k->n_bindings, writes, 0, NULL);
}

static bool bind_kernel(gpu_cmd *cmd, gpu_kernel *k, const gpu_span *bind)
{
	gpu *dev = cmd->dev;
	gpu_slot *slot = cmd->slot;
	VkDescriptorSet set;
	VkDescriptorSetAllocateInfo alloc = {.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
	                                     .descriptorPool = slot->descriptors,
	                                     .descriptorSetCount = 1,
	                                     .pSetLayouts = &k->set_layout};

	if (!gpu_check(dev, vkAllocateDescriptorSets(dev->device, &alloc, &set), "descriptors", &cmd->error))
		return false;
	write_set(cmd, k, bind, set);
	if (cmd->error)
		return false;
	if (slot->bound != k->pipeline)
		vkCmdBindPipeline(slot->cb, VK_PIPELINE_BIND_POINT_COMPUTE, k->pipeline);
	slot->bound = k->pipeline;
	vkCmdBindDescriptorSets(slot->cb, VK_PIPELINE_BIND_POINT_COMPUTE, k->layout, 0, 1, &set, 0, NULL);
	return true;
}

void gpu_cmd_dispatch(gpu_cmd *cmd, gpu_kernel *k, const gpu_span *bind, const void *push, const uint32_t groups[3],
                      uint64_t flops)
{
	if (cmd->error || groups[0] == 0 || groups[1] == 0 || groups[2] == 0)
		return;
	const char *fault = dispatch_fault(cmd->dev, k, bind, groups);
	if (fault) {
		fail_program(cmd, k->name, fault);
		return;
	}
	uint64_t work = gpu_work_of(flops, bind, k->n_bindings);
	if (!gpu_cmd_room(cmd, work))
		return;
	use_spans(cmd, bind, k->n_bindings, k->writes);
	if (!bind_kernel(cmd, k, bind))
		return;
	gpu_slot *slot = cmd->slot;
	if (k->push_bytes)
		vkCmdPushConstants(slot->cb, k->layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, k->push_bytes, push);
	gpu_slot_stamp(cmd->dev, slot, false);
	vkCmdDispatch(slot->cb, groups[0], groups[1], groups[2]);
	gpu_slot_stamp(cmd->dev, slot, true);
	k->last_serial = slot->serial;
	gpu_slot_count(cmd->dev, slot, k->name, flops, work);
}

static void host_barrier(gpu_cmd *cmd)
{
	const VkMemoryBarrier memory = {.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
	                                .srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
	                                .dstAccessMask = VK_ACCESS_HOST_READ_BIT};

	vkCmdPipelineBarrier(cmd->slot->cb, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_PIPELINE_STAGE_HOST_BIT, 0, 1, &memory, 0,
	                     NULL, 0, NULL);
}

static void cmd_free(gpu_cmd *cmd)
{
	gpu *dev = cmd->dev;

	for (guint i = 0; i < cmd->downloads->len; i++)
		gpu_buffer_free(g_array_index(cmd->downloads, download, i).staging);
	g_array_unref(cmd->downloads);
	g_array_unref(cmd->accesses);
	g_clear_object(&cmd->cancel);
	g_clear_error(&cmd->error);
	dev->cmd = NULL;
	g_free(cmd);
	gpu_memory_collect(dev);
	gpu_close(dev);
}

bool gpu_cmd_finish(gpu_cmd *cmd, GError **error)
{
	gpu *dev = cmd->dev;

	if (!cmd->error && cmd->downloads->len > 0 && gpu_cmd_room(cmd, 0))
		host_barrier(cmd);
	gpu_cmd_drain(cmd);
	bool ok = !cmd->error;
	for (guint i = 0; ok && i < cmd->downloads->len; i++) {
		const download *d = &g_array_index(cmd->downloads, download, i);
		memcpy(d->dst, d->staging->block->map + d->staging->offset, d->bytes);
	}
	if (ok)
		gpu_cache_settle(dev);
	else
		g_propagate_error(error, g_steal_pointer(&cmd->error));
	cmd_free(cmd);
	return ok;
}
