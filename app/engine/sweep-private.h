/* Inside of sweeps: sweep.c walks over the parts of the image, similar.c says where in a part to look. */
#pragma once
#include "app/engine/sweep.h"
#include "infer/models/sam-points.h"

G_BEGIN_DECLS

/* The encoding of a crop from memory, disk or the model; borrowed from the engine (engine.c). */
sam_encoding *engine_encoding_for(engine *e, const engine_request *req, const sam_crop *c, engine_answer *out,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --- similar.c: all pure --- */

/* What the given objects look like: a direction in the space of features, away from what is around them. */
typedef struct {
	float *direction; /* [dim], length 1 */
	uint32_t dim;
	double area; /* their typical one, pixels */
} likeness;
void likeness_clear(likeness *l);
/* Adds what one object of the map looks like; false when it covers no cell of it. */
bool likeness_add(likeness *l, const sam_features_map *m, const sam_crop *c, const bitmask *object);
void likeness_finish(likeness *l, double area);
/* Places that look like it, most like first: x, y in image pixels, at most `most` of them. [element-type double[2]] */
GArray *likeness_peaks(const likeness *l, const sam_features_map *m, const sam_crop *c, guint most);
/* 0..1: how like the object is, by its features and its size. */
double likeness_of(const likeness *l, const sam_features_map *m, const sam_crop *c, const bitmask *object);
/* The side of the crop in which objects of that size are seen best by a model of that image size. */
int likeness_side(const bitmask *const *like, guint n, int image_size);

G_END_DECLS
