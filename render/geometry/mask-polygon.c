/* Masks to polygons along pixel edges, by GDAL. */
#include "render/geometry/gdal-session.h"
#include "render/geometry/mask.h"
#include "render/geometry/wkb.h"

#include <cpl_string.h>
#include <gdal.h>
#include <gdal_alg.h>
#include <glib/gi18n-lib.h>
#include <ogr_api.h>

/* The mask's own bits within the rectangle b (image pixels), not a copy: masks can be large. */
static GDALDatasetH memory_raster(const bitmask *m, const int b[4])
{
	GDALDatasetH ds = GDALCreate(GDALGetDriverByName("MEM"), "", b[2], b[3], 0, GDT_Byte, NULL);
	char pointer[64], option[96], offset[64];
	if (!ds)
		return NULL;
	uint8_t *first = m->bits + (size_t)(b[1] - m->y) * (size_t)m->w + (size_t)(b[0] - m->x);
	pointer[CPLPrintPointer(pointer, first, sizeof pointer - 1)] = '\0';
	g_snprintf(option, sizeof option, "DATAPOINTER=%s", pointer);
	g_snprintf(offset, sizeof offset, "LINEOFFSET=%d", m->w);
	char *options[] = {option, offset, NULL};
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

static GBytes *collect(OGRLayerH layer, const int b[4])
{
	g_autoptr(wkb_shape) s = wkb_shape_new();
	OGRFeatureH f;
	OGR_L_ResetReading(layer);
	while ((f = OGR_L_GetNextFeature(layer))) {
		OGRGeometryH g = OGR_F_GetGeometryRef(f);
		if (g)
			add_polygon(s, g, b[0], b[1]);
		OGR_F_Destroy(f);
	}
	wkb_shape_orient(s);
	return s->parts->len > 0 ? wkb_shape_write(s) : NULL;
}

static GBytes *polygonize(const bitmask *m, const int b[4])
{
	GBytes *wkb = NULL;
	GDALDatasetH raster = memory_raster(m, b);
	GDALDatasetH vector = GDALCreate(GDALGetDriverByName("Memory"), "", 0, 0, 0, GDT_Unknown, NULL);
	OGRLayerH layer = vector ? GDALDatasetCreateLayer(vector, "parts", NULL, wkbPolygon, NULL) : NULL;
	if (raster && layer) {
		GDALRasterBandH band = GDALGetRasterBand(raster, 1);
		/* The mask is its own mask band, so only its ones become polygons. */
		if (GDALPolygonize(band, band, layer, -1, NULL, NULL, NULL) == CE_None)
			wkb = collect(layer, b);
	}
	if (vector)
		GDALClose(vector);
	if (raster)
		GDALClose(raster);
	return wkb;
}

GBytes *mask_to_wkb(const bitmask *m, GError **error)
{
	int b[4];
	if (!mask_bbox(m, b)) {
		g_set_error(error, GEOMETRY_ERROR, GEOMETRY_ERROR_EMPTY, _("The mask is empty."));
		return NULL;
	}
	gdal_session_begin();
	GBytes *wkb = polygonize(m, b);
	if (!wkb)
		g_set_error(error, GEOMETRY_ERROR, GEOMETRY_ERROR_INVALID, _("The mask could not be traced: %s."),
		            gdal_session_message());
	gdal_session_end();
	return wkb;
}
