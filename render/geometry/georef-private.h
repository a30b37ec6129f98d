/* What georef's files share. */
#pragma once
#include "render/geometry/georef.h"

#include <gdal.h>
#include <geodesic.h>
#include <ogr_srs_api.h>

G_BEGIN_DECLS

struct georef {
	char *wkt, *name; /* NULL without a CRS */
	bool affine;
	double gt[6], inverse[6];
	raster_gcp *gcps;
	int n_gcps;
	char **rpc;        /* CPL string list, NULL without */
	void *transformer; /* GDAL's general one, pixel -> CRS; NULL when affine */
	OGRSpatialReferenceH srs;
	OGRCoordinateTransformationH onward, back; /* from the image's CRS to srs; NULL where these are the same */
	OGRCoordinateTransformationH
		to_geographic; /* the CRS's own datum; NULL when it is geographic already or has none */
	OGRCoordinateTransformationH to_wgs84, from_wgs84; /* both or none */
	double degrees;                                    /* of one unit of the geographic CRS; 0 when there is none */
	struct geod_geodesic ellipsoid;
	GMutex lock; /* GDAL's transformers are not for two threads at once */
};

/* Takes the parts over. wkt NULL: a georef without a CRS. */
georef *georef_new_from_parts(char *wkt, char *name, const double *gt, raster_gcp *gcps, int n_gcps, char **rpc,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Reads g->wkt, and the ways from there; what an earlier CRS left goes. */
bool georef_set_crs(georef *g, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* In place to longitude and latitude in degrees on the CRS's own datum. */
bool georef_to_geographic(const georef *g, guint n, double *x, double *y, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* From a CRS, easting before northing, to longitude and latitude in WGS 84; OCTDestroyCoordinateTransformation. NULL:
 * there is no way. */
OGRCoordinateTransformationH georef_make_to_wgs84(OGRSpatialReferenceH srs);
/* What has two axes on a map, or longitude and latitude, easting first; OSRDestroySpatialReference. NULL + error. */
OGRSpatialReferenceH georef_import_epsg(int epsg, GError **error);

G_END_DECLS
