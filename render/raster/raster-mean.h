/* Means of squares of samples, for pictures of images that have no overviews. Inside render/raster only. */
#pragma once
#include "render/raster/raster-private.h"

G_BEGIN_DECLS

typedef struct raster_mean raster_mean;

/* One row of means of step x step squares of one band. Of each side at most RASTER_MEAN_SIDE samples are
 * looked at. */
#define RASTER_MEAN_SIDE 8
bool raster_can_mean(const raster *r);
raster_mean *raster_mean_new(raster_type type, int width, int step);
void raster_mean_free(raster_mean *m);
/* The rows of a square that are to be added: raster_mean_tries of them, the k-th at this offset; the middle one is
 * among them. */
int raster_mean_tries(int step);
int raster_mean_offset(int step, int k);
/* row[n] begins at the first square; n may end within the last one. */
void raster_mean_add(raster_mean *m, const void *row, int n, const raster_band *band);
/* Writes the means of what was added as samples and begins anew; squares without a valid sample hold nodata or NaN. */
void raster_mean_take(raster_mean *m, const raster_band *band, void *out);

G_END_DECLS
