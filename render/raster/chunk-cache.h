/* Decoded tiles and strips, shared by threads: two that want the same one decode it once. Inside render/raster only. */
#pragma once
#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>

G_BEGIN_DECLS

typedef struct chunk_cache chunk_cache;
typedef struct chunk chunk; /* immutable once made */

/* budget: bytes kept beside those in use. */
chunk_cache *chunk_cache_new(uint64_t budget);
void chunk_cache_free(chunk_cache *c);

/* Makes the bytes of a chunk; called without any lock, at most once at a time for a key. g_malloc'd, length into *size.
 */
typedef void *(*chunk_make)(void *data, size_t *size, GError **error);

/* A reference to the chunk `number` of `plane` (any number that tells files, levels and masks apart); NULL: make
 * failed. */
chunk *chunk_cache_get(chunk_cache *c, uint32_t plane, uint32_t number, chunk_make make, void *data,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
const void *chunk_bytes(const chunk *k);
void chunk_cache_release(chunk_cache *c, chunk *k);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(chunk_cache, chunk_cache_free)

G_END_DECLS
