/* Many objects at once: every object of a part of the image, or those like given ones. Works in short steps, so that
 * the thread that runs it can serve prompts in between and stop at any of them. Belongs to the engine's thread. */
#pragma once
#include "app/engine/engine.h"

G_BEGIN_DECLS

typedef struct {
	bitmask *mask;           /* trimmed, image pixels, owned */
	double score, stability; /* 0..1; of those like others: how like (similar.c) */
	int64_t area;
	double at[2]; /* the point that asked for it, image pixels */
} engine_found;
void engine_found_free(engine_found *f);

typedef struct {
	raster *image;
	const raster_style *style; /* the model's view of it */
	raster_rect area;          /* searched; an empty one is the whole image */
	/* Side in image pixels of what the model looks at at once. 0: its own size, so nothing is reduced; of `like`: by
	 * their size. Parts that are larger are looked at once more as a whole, at up to four times that side. */
	int scale;
	int points;                 /* prompts a side of such a part; 0: 16 */
	double least_score;         /* 0: 0.7 (of `like`: 0.3) */
	double least_stability;     /* 0: 0.8 */
	double most_overlap;        /* IoU from which two are the same object; 0: 0.6 */
	int64_t least_area;         /* pixels; 0: 16 */
	const bitmask *const *like; /* find what is like these; NULL: everything */
	guint n_like;
	GCancellable *cancel;
	/* After each step, in the engine's thread: the share that is done and what was found so far. May be NULL. */
	void (*progress)(double fraction, guint found, void *data);
	void *data;
} engine_sweep_request;

/* Objects [element-type engine_found], surest first, none twice; empty when there are none. NULL + error: cancelled
 * (G_IO_ERROR_CANCELLED), a part that cannot be read (RASTER_ERROR_CORRUPT), SAM_ERROR_PROMPT (area outside the image,
 * given masks empty), GPU_ERROR. */
GPtrArray *engine_segment_everything(engine *e, const engine_sweep_request *req,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same in steps. The request is copied, with its masks; image and style too. */
typedef struct engine_sweep engine_sweep;
engine_sweep *engine_sweep_new(const engine_sweep_request *req);
void engine_sweep_free(engine_sweep *s);
typedef enum { SWEEP_MORE, SWEEP_DONE, SWEEP_FAILED } sweep_state;
sweep_state engine_sweep_step(engine_sweep *s, engine *e, GError **error);
GPtrArray *engine_sweep_take(engine_sweep *s); /* once it is done */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(engine_found, engine_found_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(engine_sweep, engine_sweep_free)

G_END_DECLS
