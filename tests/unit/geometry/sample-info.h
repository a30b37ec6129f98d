/* raster_info of a sample read by GDAL alone, so that these tests stand without the raster layer. */
#pragma once
#include "render/raster/raster.h"

typedef struct {
	raster_info info;
	raster_gcp *gcps;
	char *path, *wkt, *name;
	raster_band bands[1];
} sample_info;

/* NULL where the shared samples are not there. `name` is a file of ../shared/samples. */
sample_info *sample_info_open(const char *name);
/* A made-up image: gt and user_crs ("EPSG:32618") may be NULL. */
sample_info *sample_info_new(int width, int height, const char *user_crs, const double *gt);
void sample_info_free(sample_info *s);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sample_info, sample_info_free)
