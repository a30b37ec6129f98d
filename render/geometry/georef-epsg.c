/* The same image in another coordinate system: its pixels go to its own, and from there onward. */
#include "render/geometry/gdal-session.h"
#include "render/geometry/georef-private.h"

#include <cpl_conv.h>
#include <glib/gi18n-lib.h>
#include <math.h>

OGRSpatialReferenceH georef_import_epsg(int epsg, GError **error)
{
	OGRSpatialReferenceH srs = OSRNewSpatialReference(NULL);
	OSRSetAxisMappingStrategy(srs, OAMS_TRADITIONAL_GIS_ORDER);
	if (OSRImportFromEPSG(srs, epsg) == OGRERR_NONE && (OSRIsProjected(srs) || OSRIsGeographic(srs)))
		return srs;
	OSRDestroySpatialReference(srs);
	g_set_error(
		error, GEOMETRY_ERROR, GEOMETRY_ERROR_INVALID,
		_("There is no map coordinate system EPSG:%d: take one that is projected, or of longitude and latitude."),
		epsg);
	return NULL;
}

static bool set_onward(georef *g, OGRSpatialReferenceH to, int epsg, GError **error)
{
	char *wkt = NULL;
	g->onward = OCTNewCoordinateTransformation(g->srs, to);
	g->back = g->onward ? OCTGetInverse(g->onward) : NULL;
	if (!g->back || OSRExportToWkt(to, &wkt) != OGRERR_NONE) {
		g_set_error(error, GEOMETRY_ERROR, GEOMETRY_ERROR_TRANSFORM,
		            _("There is no way from the coordinate system %s to EPSG:%d."), g->name ? g->name : "", epsg);
		return false;
	}
	g_free(g->wkt);
	g_free(g->name);
	g->wkt = g_strdup(wkt);
	g->name = g_strdup_printf("EPSG:%d", epsg);
	CPLFree(wkt);
	return georef_set_crs(g, error);
}

georef *georef_in_epsg(const georef *g, int epsg, GError **error)
{
	if (!georef_has_crs(g)) {
		g_set_error_literal(error, GEOMETRY_ERROR, GEOMETRY_ERROR_NO_CRS,
		                    _("The image has no coordinate system, so there is nothing to reproject: assign one to the "
		                      "image, or export its pixels."));
		return NULL;
	}
	g_autofree char *text = georef_to_json(g);
	g_autoptr(georef) copy = georef_from_json(text, error);
	if (!copy)
		return NULL;
	gdal_session_begin();
	OGRSpatialReferenceH to = georef_import_epsg(epsg, error);
	const bool ok = to && set_onward(copy, to, epsg, error);
	if (to)
		OSRDestroySpatialReference(to);
	gdal_session_end();
	return ok ? g_steal_pointer(&copy) : NULL;
}

int georef_utm_epsg(const georef *g, double x, double y)
{
	if (!georef_has_crs(g) || !georef_to_lonlat(g, 1, &x, &y, NULL) || y < -80 || y > 84)
		return 0;
	const int zone = 1 + (int)CLAMP(floor((x + 180) / 6), 0, 59);
	return (y >= 0 ? 32600 : 32700) + zone;
}
