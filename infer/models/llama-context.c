/* A conversation's cache: one buffer a block, doubled as it fills. */
#include "infer/models/llama-private.h"
#include <glib/gi18n-lib.h>

#define FIRST_POSITIONS 256u
#define DEFAULT_POSITIONS 8192u

llama_context *llama_context_new(llama_model *m, uint32_t positions, GError **error)
{
	g_autoptr(llama_context) c = g_new0(llama_context, 1);
	c->model = m;
	c->size = positions ? positions : MIN(m->info.context, DEFAULT_POSITIONS);
	c->cache = g_new0(gpu_buffer *, m->info.blocks);
	return llama_context_reserve(c, 1, error) ? g_steal_pointer(&c) : NULL;
}

static void free_buffers(gpu_buffer **buffers, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		g_clear_pointer(&buffers[i], gpu_buffer_free);
	g_free(buffers);
}

void llama_context_free(llama_context *c)
{
	if (!c)
		return;
	free_buffers(c->cache, c->model->info.blocks);
	g_free(c);
}

llama_model *llama_context_model(const llama_context *c)
{
	return c->model;
}

uint32_t llama_context_size(const llama_context *c)
{
	return c->size;
}

uint32_t llama_context_length(const llama_context *c)
{
	return c->length;
}

void llama_context_truncate(llama_context *c, uint32_t length)
{
	c->length = MIN(c->length, length);
}

void llama_context_set_turn(llama_context *c, llama_turn_fn fn, void *data)
{
	c->turn = fn;
	c->turn_data = data;
}

/* Bytes of keys, and of values, for that many positions. */
static uint64_t half_bytes(const llama_context *c, uint32_t positions)
{
	return (uint64_t)positions * llama_kv_cols(c->model) * 2;
}

tensor llama_context_cache(const llama_context *c, uint32_t block, bool values)
{
	const uint64_t bytes = half_bytes(c, c->capacity);
	const gpu_span span = {c->cache[block], values ? bytes : 0, bytes};
	return tensor_at(span, DTYPE_F16, TENSOR_SHAPE(c->capacity, llama_kv_cols(c->model)));
}

static bool copy_filled(const llama_context *c, gpu_buffer *const *to, uint32_t capacity, GError **error)
{
	const uint64_t bytes = half_bytes(c, c->length);
	gpu_cmd *cmd = gpu_cmd_begin(c->model->dev, NULL, error);
	if (!cmd)
		return false;
	for (uint32_t b = 0; b < c->model->info.blocks; b++)
		for (int values = 0; values <= 1; values++) {
			const gpu_span src = {c->cache[b], values * half_bytes(c, c->capacity), bytes};
			const gpu_span dst = {to[b], values * half_bytes(c, capacity), bytes};
			gpu_cmd_copy(cmd, dst, src);
		}
	return gpu_cmd_finish(cmd, error);
}

bool llama_context_reserve(llama_context *c, uint32_t positions, GError **error)
{
	const uint32_t blocks = c->model->info.blocks;
	uint32_t capacity = FIRST_POSITIONS;
	if (positions <= c->capacity)
		return true;
	while (capacity < positions)
		capacity *= 2;
	gpu_buffer **grown = g_new0(gpu_buffer *, blocks);
	bool ok = true;
	for (uint32_t b = 0; b < blocks && ok; b++) {
		grown[b] = gpu_buffer_new(c->model->dev, GPU_MEMORY_DEVICE, 2 * half_bytes(c, capacity),
		                          _("conversation memory"), error);
		ok = grown[b] != NULL;
	}
	if (ok && c->length > 0)
		ok = copy_filled(c, grown, capacity, error);
	if (!ok) {
		free_buffers(grown, blocks);
		return false;
	}
	free_buffers(c->cache, blocks);
	c->cache = grown;
	c->capacity = capacity;
	return true;
}
