/* Georeference onto a GDAL data set; apart from georef.h so that few files see GDAL. */
#pragma once
#include "render/geometry/georef.h"

#include <gdal.h>

G_BEGIN_DECLS

/* Geotransform, control points or rational polynomials with the CRS; nothing without one. */
void georef_write(const georef *g, GDALDatasetH ds);

G_END_DECLS
