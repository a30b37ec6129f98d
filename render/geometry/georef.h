/* Pixel <-> map: affine, GCP or RPC, and geodesic areas. A georef is immutable: any thread. */
#pragma once
#include "render/geometry/mask.h"
#include "render/raster/raster.h"

G_BEGIN_DECLS

typedef struct georef georef;

/* From a raster's metadata. Never NULL: without a CRS georef_has_crs() is false. error only for broken metadata. */
georef *georef_new(const raster_info *info, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void georef_free(georef *g);
bool georef_has_crs(const georef *g);
const char *georef_crs_name(const georef *g); /* "EPSG:32618", a name, or NULL */
const char *georef_crs_wkt(const georef *g);
bool georef_is_affine(const georef *g);
/* In place, n points. false + error names the first point that does not transform. */
bool georef_to_map(const georef *g, guint n, double *x, double *y, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool georef_from_map(const georef *g, guint n, double *x, double *y, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool georef_to_lonlat(const georef *g, guint n, double *lon, double *lat, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool georef_from_lonlat(const georef *g, guint n, double *lon, double *lat, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Geodesic length in metres of a line xy[n][2] in pixels, along its straight pixel edges; NaN without a CRS or where a
 * point does not transform. */
double georef_length_m(const georef *g, const double *xy, guint n);
/* The same for the area in m2 of the ring xy[n][2] that closes itself. */
double georef_ring_area_m2(const georef *g, const double *xy, guint n);
/* Geodesic area of a pixel-space MultiPolygon (WKB) in m2 on the CRS's ellipsoid (PROJ geod_polygonarea); NaN without a
 * CRS or where a vertex does not transform. */
double georef_area_m2(const georef *g, GBytes *px_wkb);
/* How many of the map's units longitude begins anew after: 360 for degrees; 0: its x is no longitude. */
double georef_full_turn(const georef *g);
/* Ground metres of one pixel near (x,y), for the scale bar; 0 without a CRS. */
double georef_metres_per_pixel(const georef *g, double x, double y);

/* The same image placed in EPSG:epsg; NULL + error where there is no such CRS or no way to it. */
georef *georef_in_epsg(const georef *g, int epsg, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The UTM zone (WGS 84) of the pixel position: 32601 … 32760; 0 without a CRS and near the poles. */
int georef_utm_epsg(const georef *g, double x, double y);

/* As text and back, exactly: what a project keeps of an image that may have moved away. Free with g_free. */
char *georef_to_json(const georef *g);
georef *georef_from_json(const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(georef, georef_free)

G_END_DECLS
