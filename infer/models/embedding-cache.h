/* Encoded crops on disk: losing or corrupting an entry is a miss, never an error. Any thread.
 * Key: SHA-256 over the crop's pixels, the model's hash, the crop and the storage type; files are written by rename and
 * trimmed, least recently used first, to the size limit. */
#pragma once
#include "infer/models/sam.h"

G_BEGIN_DECLS

typedef struct embedding_cache embedding_cache;

/* dir: created when missing; when it cannot be, the cache is simply always empty. limit in bytes. */
embedding_cache *embedding_cache_new(const char *dir, uint64_t limit);
void embedding_cache_free(embedding_cache *c);
/* Free with g_free. rgb as in sam_encode. */
char *embedding_cache_key(const sam_model *m, const uint8_t *rgb, size_t stride, const sam_crop *crop);
GBytes *embedding_cache_get(embedding_cache *c, const char *key); /* NULL on a miss */
void embedding_cache_put(embedding_cache *c, const char *key, GBytes *bytes);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(embedding_cache, embedding_cache_free)

G_END_DECLS
