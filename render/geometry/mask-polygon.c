/* Masks to polygons along pixel edges, by GDAL. */
#include "render/geometry/gdal-session.h"
#include "render/geometry/mask.h"
#include "render/geometry/wkb.h"

#include <cpl_string.h>
#include <gdal.h>
#include <gdal_alg.h>
#include <glib/gi18n-lib.h>
#include <ogr_api.h>

static GDALDatasetH memory_raster(const bitmask *m)
{
	GDALDatasetH ds = GDALCreate(GDALGetDriverByName("MEM"), "", m->w, m->h, 0, GDT_Byte, NULL);
	char pointer[64], option[96];
	if (!ds)
		return NULL;
	pointer[CPLPrintPointer(pointer, m->bits, sizeof pointer - 1)] = '\0';
	g_snprintf(option, sizeof option, "DATAPOINTER=%s", pointer);
	char *options[] = {option, NULL};
	if (GDALAddBand(ds, GDT_Byte, options) != CE_None) {
		GDALClose(ds);
		return NULL;
	}
	return ds;
}

static void add_ring(wkb_shape *s, OGRGeometryH ring, double dx, double dy)
{
	int n = OGR_G_GetPointCount(ring);
	wkb_shape_add_ring(s);
	for (int i = 0; i + 1 < n; i++)
		wkb_shape_add_point(s, OGR_G_GetX(ring, i) + dx, OGR_G_GetY(ring, i) + dy);
}

static void add_polygon(wkb_shape *s, OGRGeometryH polygon, double dx, double dy)
{
	wkb_shape_add_part(s);
	for (int i = 0; i < OGR_G_GetGeometryCount(polygon); i++)
		add_ring(s, OGR_G_GetGeometryRef(polygon, i), dx, dy);
}

static GBytes *collect(OGRLayerH layer, const bitmask *m)
{
	g_autoptr(wkb_shape) s = wkb_shape_new();
	OGRFeatureH f;
	OGR_L_ResetReading(layer);
	while ((f = OGR_L_GetNextFeature(layer))) {
		OGRGeometryH g = OGR_F_GetGeometryRef(f);
		if (g)
			add_polygon(s, g, m->x, m->y);
		OGR_F_Destroy(f);
	}
	wkb_shape_orient(s);
	return s->parts->len > 0 ? wkb_shape_write(s) : NULL;
}

static GBytes *polygonize(const bitmask *m)
{
	GBytes *wkb = NULL;
	GDALDatasetH raster = memory_raster(m);
	GDALDatasetH vector = GDALCreate(GDALGetDriverByName("Memory"), "", 0, 0, 0, GDT_Unknown, NULL);
	OGRLayerH layer = vector ? GDALDatasetCreateLayer(vector, "parts", NULL, wkbPolygon, NULL) : NULL;
	if (raster && layer) {
		GDALRasterBandH band = GDALGetRasterBand(raster, 1);
		/* The mask is its own mask band, so only its ones become polygons. */
		if (GDALPolygonize(band, band, layer, -1, NULL, NULL, NULL) == CE_None)
			wkb = collect(layer, m);
	}
	if (vector)
		GDALClose(vector);
	if (raster)
		GDALClose(raster);
	return wkb;
}

GBytes *mask_to_wkb(const bitmask *m, GError **error)
{
	g_autoptr(bitmask) t = mask_trimmed(m);
	if (t->w == 0) {
		g_set_error(error, GEOMETRY_ERROR, GEOMETRY_ERROR_EMPTY, _("The mask is empty."));
		return NULL;
	}
	gdal_session_begin();
	GBytes *wkb = polygonize(t);
	if (!wkb)
		g_set_error(error, GEOMETRY_ERROR, GEOMETRY_ERROR_INVALID, _("The mask could not be traced: %s."),
		            gdal_session_message());
	gdal_session_end();
	return wkb;
}
