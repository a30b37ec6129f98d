#include "infer/arena.h"
#include <glib/gi18n-lib.h>

#define ALIGN 256u
#define DEFAULT_BLOCK (UINT64_C(64) << 20)

/* Blocks are filled one after the other; those past `block` are empty and wait to be used again. */
struct arena {
	gpu *dev;
	GPtrArray *blocks; /* [element-type gpu_buffer], owned */
	uint64_t block_bytes;
	arena_mark at;
	char *name;
	GError *error; /* first failure since arena_check() */
};

arena *arena_new(gpu *dev, uint64_t block_bytes, const char *name)
{
	arena *a = g_new0(arena, 1);
	a->dev = dev;
	a->blocks = g_ptr_array_new_with_free_func((GDestroyNotify)gpu_buffer_free);
	a->block_bytes = block_bytes ? block_bytes : DEFAULT_BLOCK;
	a->name = g_strdup(name);
	return a;
}

void arena_free(arena *a)
{
	if (!a)
		return;
	g_ptr_array_unref(a->blocks);
	g_clear_error(&a->error);
	g_free(a->name);
	g_free(a);
}

/* Adds a block of at least `bytes` behind the ones there are. */
static bool grow(arena *a, uint64_t bytes)
{
	uint64_t size = MAX(bytes, a->block_bytes);
	const gpu_caps *caps = gpu_get_caps(a->dev);
	if (caps->max_alloc_bytes && size > caps->max_alloc_bytes)
		size = bytes;
	GError *error = NULL;
	gpu_buffer *buf = gpu_buffer_new(a->dev, GPU_MEMORY_DEVICE, size, a->name, &error);
	if (!buf) {
		if (!a->error)
			a->error = error;
		else
			g_error_free(error);
		return false;
	}
	g_ptr_array_add(a->blocks, buf);
	return true;
}

/* The block with room for `bytes` behind the mark, or NULL. Moves the mark. */
static gpu_buffer *find_room(arena *a, uint64_t bytes)
{
	for (; a->at.block < a->blocks->len; a->at.block++, a->at.used = 0) {
		gpu_buffer *buf = a->blocks->pdata[a->at.block];
		if (gpu_buffer_bytes(buf) - a->at.used >= bytes)
			return buf;
	}
	return grow(a, bytes) ? a->blocks->pdata[a->at.block] : NULL;
}

tensor arena_tensor(arena *a, dtype type, uint8_t n_dims, const uint32_t *ne)
{
	tensor t = tensor_at((gpu_span){0}, type, n_dims, ne);
	const uint64_t bytes = MAX(t.data.bytes, 1), room = (bytes + ALIGN - 1) / ALIGN * ALIGN;
	if (a->error)
		return t;
	gpu_buffer *buf = find_room(a, room);
	if (!buf)
		return t;
	t.data = (gpu_span){buf, a->at.used, t.data.bytes};
	a->at.used += room;
	return t;
}

arena_mark arena_get_mark(const arena *a)
{
	return a->at;
}

void arena_rewind(arena *a, arena_mark mark)
{
	g_assert(mark.block < a->at.block || (mark.block == a->at.block && mark.used <= a->at.used));
	a->at = mark;
}

uint64_t arena_bytes(const arena *a)
{
	uint64_t sum = 0;
	for (guint i = 0; i < a->blocks->len; i++)
		sum += gpu_buffer_bytes(a->blocks->pdata[i]);
	return sum;
}

bool arena_check(arena *a, GError **error)
{
	if (!a->error)
		return true;
	g_propagate_prefixed_error(error, g_steal_pointer(&a->error), "%s: ", a->name);
	return false;
}
