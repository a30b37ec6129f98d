/* Many lone points on one encoded crop: recorded together and submitted together, so that a device is asked once for a
 * whole batch; and the image features behind the prompts, for comparing places. Belongs to the thread that owns the
 * gpu. */
#pragma once
#include "infer/models/sam.h"

G_BEGIN_DECLS

/* One candidate of point number `point`; c->mask is [crop.h][crop.w] and valid during the call only. */
typedef void (*sam_point_fn)(guint point, const sam_candidate *c, void *data);

/* The three candidates of each positive point xy[n][2] (image pixels, inside the image), best score first, those with a
 * score below least_score and empty ones left out: each is what sam_segment() of that point alone gives. Memory on the
 * host grows with n: batches of 16 are enough to keep a device busy. */
bool sam_segment_points(sam_encoding *e, const double *xy, guint n, float least_score, int image_w, int image_h,
                        sam_point_fn found, void *data, GCancellable *cancel, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct {
	uint32_t side, dim; /* cells a side, channels */
	double cell;        /* side of a cell in image pixels */
	int cols, rows;     /* cells that lie on the crop; the others are padding */
	float *values;      /* [side][side][dim], owned */
} sam_features_map;
/* The encoder's features of the crop. Free with sam_features_map_clear(). */
bool sam_encoding_features(sam_encoding *e, sam_features_map *out, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void sam_features_map_clear(sam_features_map *m);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(sam_features_map, sam_features_map_clear)

G_END_DECLS
