/* Where images and inference meet: from marks on a raster to a mask in image pixels. The window and the command line
 * both go through here, so the same prompt gives the same mask in both. Synchronous; one thread owns an engine (see
 * service.h). */
#pragma once
#include "app/engine/prompt.h"
#include "render/geometry/mask.h"
#include "render/raster/raster-style.h"

G_BEGIN_DECLS

typedef struct engine engine;

typedef struct {
	const char *device;   /* as gpu_options.device */
	const char *model;    /* name ("starter-sam"), file, or NULL: the starter segmenter */
	bool full;            /* --quality full: f32 activations */
	bool no_cache;        /* neither read nor write embeddings on disk */
	bool profile;         /* time each kernel, for benchmarks */
	uint64_t cache_bytes; /* disk cache limit; 0: 2 GiB */
} engine_options;

typedef struct {
	const char *device, *driver, *uuid; /* of the GPU */
	const char *model;                  /* "name@hash8" */
	bool software;
	const sam_info *sam;
} engine_info;

engine *engine_open(const engine_options *options, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void engine_close(engine *e);
const engine_info *engine_get_info(const engine *e);
bool engine_is_lost(const engine *e); /* close it and open another */
void engine_forget(engine *e);        /* drops the encodings kept in memory */
GPtrArray *engine_profile(engine *e); /* as gpu_profile() */
/* For a chat that shares them; owned by the engine. */
gpu *engine_gpu(const engine *e);
sam_model *engine_segmenter(const engine *e);

typedef struct {
	bitmask *mask; /* trimmed to its bounding box, image pixels */
	double score, stability;
	int64_t area;
} engine_candidate;

typedef struct {
	engine_candidate candidate[4]; /* [0] the answer; [1..3] the three candidates, best first; mask NULL when empty */
	sam_crop crop;                 /* what the model saw */
	double encode_ms;              /* sum over new encodings; 0 when all were cached */
	double mask_ms;                /* prompt to full-size mask, encodings excluded */
	int encodings;                 /* new ones */
	bool cached;                   /* the last encoding came from memory or disk */
} engine_answer;
void engine_answer_clear(engine_answer *a);

typedef struct {
	raster *image;
	const raster_style *style; /* the model's view of it */
	const prompt *marks;
	const bitmask *previous; /* the model's previous answer, as a mask that a person gives; or NULL */
	int scale;               /* --scale PX, or 0 */
	GCancellable *cancel;
	gpu_progress_fn progress; /* of the encode, called in the engine's thread; may be NULL */
	void *data;
} engine_request;

/* Chooses the crop (growing it for a lone point), encodes what is not cached, runs the decoder. A prompt that cannot be
 * used is SAM_ERROR_PROMPT, an empty mask SAM_ERROR_EMPTY, a file part that cannot be read RASTER_ERROR_CORRUPT. */
bool engine_segment(engine *e, const engine_request *req, engine_answer *out, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Encodes what engine_segment() of the same request would see first, if it is not encoded yet. */
bool engine_prefetch(engine *e, const engine_request *req, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(engine, engine_close)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(engine_answer, engine_answer_clear)

G_END_DECLS
