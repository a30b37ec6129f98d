/* Objects as text for the clipboard and for drags: GeoJSON as an export writes it (degrees on WGS 84; of an image
 * without a CRS in pixels, .pixel.geojson's form), or WKT in the image's map units (without a CRS: pixels, y = -row), a
 * polygon a line. Slow for many: not for the main loop. No file is made. */
#pragma once
#include "render/exchange/export.h"

G_BEGIN_DECLS

/* g_free. Names, colours and paths of classes as for export_write(). */
char *shape_text_geojson(const export_job *job, GError **error) G_GNUC_WARN_UNUSED_RESULT;
char *shape_text_wkt(const export_job *job, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Shapes out of GeoJSON, or of WKT, bare, in lines, or in the first column of a table as QGIS copies it. Placed on the
 * image; class_name is of those that say none. skipped: how many lie outside or are no polygons. [element-type
 * feature]; NULL + IMPORT_ERROR: nothing of it can be used, and why. */
GPtrArray *shape_text_read(const char *text, const raster_info *image, const georef *ref, const char *class_name,
                           guint *skipped, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
