#include "render/geometry/gdal-session.h"
#include "render/geometry/georef-gdal.h"
#include "render/geometry/georef-private.h"

#include <cpl_string.h>
#include <gdal_alg.h>
#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

static void write_gcps(const georef *g, GDALDatasetH ds)
{
	static char no_name[1];
	g_autofree GDAL_GCP *gcps = g_new0(GDAL_GCP, g->n_gcps);
	for (int i = 0; i < g->n_gcps; i++) {
		gcps[i].pszId = gcps[i].pszInfo = no_name;
		gcps[i].dfGCPPixel = g->gcps[i].px;
		gcps[i].dfGCPLine = g->gcps[i].py;
		gcps[i].dfGCPX = g->gcps[i].x;
		gcps[i].dfGCPY = g->gcps[i].y;
	}
	GDALSetGCPs2(ds, g->n_gcps, gcps, g->srs);
}

void georef_write(const georef *g, GDALDatasetH ds)
{
	double gt[6];
	if (!g->wkt)
		return;
	if (g->affine) {
		memcpy(gt, g->gt, sizeof gt);
		GDALSetSpatialRef(ds, g->srs);
		GDALSetGeoTransform(ds, gt);
	} else if (g->n_gcps > 0) {
		write_gcps(g, ds);
	} else {
		GDALSetMetadata(ds, g->rpc, "RPC");
	}
}

static void *make_transformer(const georef *g)
{
	GDALDatasetH ds = GDALCreate(GDALGetDriverByName("MEM"), "", 1, 1, 0, GDT_Byte, NULL);
	if (!ds)
		return NULL;
	georef_write(g, ds);
	void *t = GDALCreateGenImgProjTransformer2(ds, NULL, NULL);
	GDALClose(ds);
	return t;
}

OGRCoordinateTransformationH georef_make_to_wgs84(OGRSpatialReferenceH srs)
{
	OGRSpatialReferenceH wgs84 = OSRNewSpatialReference(NULL);
	OGRCoordinateTransformationH t = NULL;
	OSRSetAxisMappingStrategy(wgs84, OAMS_TRADITIONAL_GIS_ORDER);
	if (OSRImportFromEPSG(wgs84, 4326) == OGRERR_NONE)
		t = OCTNewCoordinateTransformation(srs, wgs84);
	OSRDestroySpatialReference(wgs84);
	return t;
}

/* The way to the CRS's own longitudes and latitudes and its ellipsoid, for lengths and areas. */
static void set_geographic(georef *g)
{
	OGRErr err = OGRERR_NONE;
	double a, inv_f;
	OGRSpatialReferenceH geographic = OSRIsLocal(g->srs) ? NULL : OSRCloneGeogCS(g->srs);
	if (!geographic)
		return;
	a = OSRGetSemiMajor(geographic, &err);
	inv_f = err == OGRERR_NONE ? OSRGetInvFlattening(geographic, &err) : 0;
	if (err == OGRERR_NONE && a > 0) {
		OSRSetAxisMappingStrategy(geographic, OAMS_TRADITIONAL_GIS_ORDER);
		g->degrees = OSRGetAngularUnits(geographic, NULL) * (180 / G_PI);
		geod_init(&g->ellipsoid, a, inv_f > 0 ? 1 / inv_f : 0);
		if (!OSRIsGeographic(g->srs)) {
			g->to_geographic = OCTNewCoordinateTransformation(g->srs, geographic);
			g->degrees = g->to_geographic ? g->degrees : 0;
		}
	}
	OSRDestroySpatialReference(geographic);
}

double georef_full_turn(const georef *g)
{
	return g->srs && OSRIsGeographic(g->srs) && g->degrees > 0 ? 360 / g->degrees : 0;
}

static void drop_transformation(OGRCoordinateTransformationH *t)
{
	if (*t)
		OCTDestroyCoordinateTransformation(*t);
	*t = NULL;
}

static void clear_crs(georef *g)
{
	drop_transformation(&g->to_geographic);
	drop_transformation(&g->from_wgs84);
	drop_transformation(&g->to_wgs84);
	if (g->srs)
		OSRDestroySpatialReference(g->srs);
	g->srs = NULL;
}

bool georef_set_crs(georef *g, GError **error)
{
	clear_crs(g);
	g->srs = OSRNewSpatialReference(NULL);
	OSRSetAxisMappingStrategy(g->srs, OAMS_TRADITIONAL_GIS_ORDER);
	if (OSRSetFromUserInput(g->srs, g->wkt) != OGRERR_NONE) {
		g_set_error(error, GEOMETRY_ERROR, GEOMETRY_ERROR_INVALID,
		            _("The image's coordinate system cannot be read: %s."), gdal_session_message());
		return false;
	}
	g->to_wgs84 = georef_make_to_wgs84(g->srs);
	g->from_wgs84 = g->to_wgs84 ? OCTGetInverse(g->to_wgs84) : NULL;
	set_geographic(g);
	return true;
}

/* Without a way from pixels to the CRS the CRS is of no use. */
static void drop_crs(georef *g)
{
	g_clear_pointer(&g->wkt, g_free);
	g_clear_pointer(&g->name, g_free);
}

static bool set_pixel_to_crs(georef *g, const double *gt, GError **error)
{
	g->affine = gt != NULL;
	if (gt) {
		memcpy(g->gt, gt, sizeof g->gt);
		if (!GDALInvGeoTransform(g->gt, g->inverse)) {
			g_set_error_literal(error, GEOMETRY_ERROR, GEOMETRY_ERROR_INVALID,
			                    _("The image's geotransform cannot be inverted: its pixels have no area on the map."));
			return false;
		}
		return true;
	}
	g->transformer = make_transformer(g);
	if (!g->transformer)
		drop_crs(g);
	return true;
}

georef *georef_new_from_parts(char *wkt, char *name, const double *gt, raster_gcp *gcps, int n_gcps, char **rpc,
                              GError **error)
{
	g_autoptr(georef) g = g_new0(georef, 1);
	bool ok = true;
	g_mutex_init(&g->lock);
	g->wkt = wkt;
	g->name = name;
	g->gcps = gcps;
	g->n_gcps = n_gcps;
	g->rpc = rpc;
	if (wkt) {
		gdal_session_begin();
		ok = georef_set_crs(g, error) && set_pixel_to_crs(g, gt, error);
		gdal_session_end();
	}
	return ok ? g_steal_pointer(&g) : NULL;
}

/* The rational polynomials of a file; raster_info only says that there are some. */
static char **read_rpc(const char *path)
{
	char **rpc = NULL;
	gdal_session_begin();
	GDALDatasetH ds = GDALOpenEx(path, GDAL_OF_RASTER | GDAL_OF_READONLY, NULL, NULL, NULL);
	if (ds) {
		rpc = CSLDuplicate(GDALGetMetadata(ds, "RPC"));
		GDALClose(ds);
	}
	gdal_session_end();
	return rpc;
}

georef *georef_new(const raster_info *info, GError **error)
{
	bool placed = info->crs_wkt && *info->crs_wkt;
	if (placed && info->has_geotransform)
		return georef_new_from_parts(g_strdup(info->crs_wkt), g_strdup(info->crs_name), info->geotransform, NULL, 0,
		                             NULL, error);
	if (placed && info->n_gcps > 0) {
		raster_gcp *gcps = g_memdup2(info->gcps, sizeof *gcps * (gsize)info->n_gcps);
		return georef_new_from_parts(g_strdup(info->crs_wkt), g_strdup(info->crs_name), NULL, gcps, info->n_gcps, NULL,
		                             error);
	}
	if (info->has_rpc) {
		char **rpc = read_rpc(info->path);
		if (rpc) /* their map coordinates are longitude and latitude by definition */
			return georef_new_from_parts(g_strdup(SRS_WKT_WGS84_LAT_LONG), g_strdup("EPSG:4326"), NULL, NULL, 0, rpc,
			                             error);
	}
	return georef_new_from_parts(NULL, NULL, NULL, NULL, 0, NULL, error);
}

void georef_free(georef *g)
{
	if (!g)
		return;
	if (g->transformer)
		GDALDestroyGenImgProjTransformer(g->transformer);
	clear_crs(g);
	drop_transformation(&g->onward);
	drop_transformation(&g->back);
	CSLDestroy(g->rpc);
	g_free(g->gcps);
	g_free(g->wkt);
	g_free(g->name);
	g_mutex_clear(&g->lock);
	g_free(g);
}

bool georef_has_crs(const georef *g)
{
	return g->wkt != NULL;
}

const char *georef_crs_name(const georef *g)
{
	return g->name;
}

const char *georef_crs_wkt(const georef *g)
{
	return g->wkt;
}

bool georef_is_affine(const georef *g)
{
	return g->affine && !g->onward;
}

static bool no_crs(GError **error)
{
	g_set_error_literal(error, GEOMETRY_ERROR, GEOMETRY_ERROR_NO_CRS,
	                    _("The image has no coordinate system, so its pixels have no place on a map."));
	return false;
}

/* NaN where `ok` says no; then the check below finds it. */
static void mark_failed(guint n, double *x, double *y, const int *ok)
{
	for (guint i = 0; i < n; i++)
		if (!ok[i])
			x[i] = y[i] = NAN;
}

static void run_affine(const double t[6], guint n, double *x, double *y)
{
	for (guint i = 0; i < n; i++) {
		double px = x[i], py = y[i];
		x[i] = t[0] + t[1] * px + t[2] * py;
		y[i] = t[3] + t[4] * px + t[5] * py;
	}
}

static void run_transformer(void *t, bool inverse, guint n, double *x, double *y)
{
	g_autofree int *ok = g_new0(int, n);
	g_autofree double *z = g_new0(double, n);
	GDALGenImgProjTransform(t, inverse, (int)n, x, y, z, ok);
	mark_failed(n, x, y, ok);
}

static void run_oct(OGRCoordinateTransformationH t, guint n, double *x, double *y)
{
	g_autofree int *ok = g_new0(int, n);
	OCTTransformEx(t, (int)n, x, y, NULL, ok);
	mark_failed(n, x, y, ok);
}

static void pixel_to_crs(const georef *g, guint n, double *x, double *y)
{
	if (g->affine)
		run_affine(g->gt, n, x, y);
	else
		run_transformer(g->transformer, false, n, x, y);
	if (g->onward)
		run_oct(g->onward, n, x, y);
}

/* One Newton step from the pixel (px,py) towards the map position (x,y). GDAL fits the two directions of a control
 * point polynomial separately, so its inverse misses by pixels; these steps make it exact. */
static bool newton_step(const georef *g, double x, double y, double *px, double *py)
{
	const double h = 0.5;
	double u[3] = {*px, *px + h, *px}, v[3] = {*py, *py, *py + h};
	run_transformer(g->transformer, false, 3, u, v);
	double a = (u[1] - u[0]) / h, b = (u[2] - u[0]) / h, c = (v[1] - v[0]) / h, d = (v[2] - v[0]) / h;
	double det = a * d - b * c, ex = x - u[0], ey = y - v[0];
	double sx = (d * ex - b * ey) / det, sy = (a * ey - c * ex) / det;
	if (!isfinite(sx) || !isfinite(sy))
		return false;
	*px += sx;
	*py += sy;
	return hypot(sx, sy) > 1e-7;
}

static void crs_to_pixel(const georef *g, guint n, double *x, double *y)
{
	if (g->back)
		run_oct(g->back, n, x, y);
	if (g->affine) {
		run_affine(g->inverse, n, x, y);
		return;
	}
	g_autofree double *map_x = g_memdup2(x, n * sizeof *x);
	g_autofree double *map_y = g_memdup2(y, n * sizeof *y);
	run_transformer(g->transformer, true, n, x, y);
	for (guint i = 0; i < n; i++)
		for (int k = 0; k < 10 && isfinite(x[i]) && newton_step(g, map_x[i], map_y[i], &x[i], &y[i]); k++)
			;
}

static void crs_to_geographic(const georef *g, guint n, double *x, double *y)
{
	if (g->to_geographic)
		run_oct(g->to_geographic, n, x, y);
	for (guint i = 0; i < n; i++) {
		x[i] *= g->degrees;
		y[i] *= g->degrees;
		if (!(fabs(y[i]) <= 90 + 1e-9))
			x[i] = y[i] = NAN;
	}
}

static void crs_to_lonlat(const georef *g, guint n, double *x, double *y)
{
	run_oct(g->to_wgs84, n, x, y);
	for (guint i = 0; i < n; i++) {
		if (!(fabs(y[i]) <= 90 + 1e-9) || !(fabs(x[i]) <= 720))
			x[i] = y[i] = NAN;
		while (x[i] > 180)
			x[i] -= 360;
		while (x[i] < -180)
			x[i] += 360;
	}
}

static void lonlat_to_crs(const georef *g, guint n, double *x, double *y)
{
	run_oct(g->from_wgs84, n, x, y);
}

static char *pixel_fails(const char *point, const char *crs)
{
	return g_strdup_printf(_("The pixel position %s has no place in the coordinate system %s."), point, crs);
}

static char *map_fails(const char *point, const char *crs)
{
	return g_strdup_printf(_("The map position %s (%s) has no place in the image."), point, crs);
}

static char *globe_fails(const char *point, const char *crs)
{
	return g_strdup_printf(_("The pixel position %s has no longitude and latitude (coordinate system: %s)."), point,
	                       crs);
}

typedef char *(*fail_text)(const char *point, const char *crs);
typedef void (*stage)(const georef *g, guint n, double *x, double *y);

/* Runs one or two stages under the lock and finds the first point that has no image. */
static bool run_stages(const georef *g, stage first, stage second, fail_text fail, guint n, double *x, double *y,
                       GError **error)
{
	g_autofree double *from_x = g_memdup2(x, n * sizeof *x);
	g_autofree double *from_y = g_memdup2(y, n * sizeof *y);
	georef *locked = (georef *)g; /* immutable to callers; the lock and PROJ's caches are not */
	g_mutex_lock(&locked->lock);
	gdal_session_begin();
	first(g, n, x, y);
	if (second)
		second(g, n, x, y);
	gdal_session_end();
	g_mutex_unlock(&locked->lock);
	for (guint i = 0; i < n; i++) {
		if (isfinite(x[i]) && isfinite(y[i]))
			continue;
		char at_x[G_ASCII_DTOSTR_BUF_SIZE], at_y[G_ASCII_DTOSTR_BUF_SIZE];
		g_autofree char *point = g_strdup_printf("%s,%s", g_ascii_formatd(at_x, sizeof at_x, "%.10g", from_x[i]),
		                                         g_ascii_formatd(at_y, sizeof at_y, "%.10g", from_y[i]));
		g_autofree char *text = fail(point, g->name ? g->name : _("without a name"));
		g_set_error_literal(error, GEOMETRY_ERROR, GEOMETRY_ERROR_TRANSFORM, text);
		return false;
	}
	return true;
}

bool georef_to_map(const georef *g, guint n, double *x, double *y, GError **error)
{
	if (!g->wkt)
		return no_crs(error);
	return n == 0 || run_stages(g, pixel_to_crs, NULL, pixel_fails, n, x, y, error);
}

bool georef_from_map(const georef *g, guint n, double *x, double *y, GError **error)
{
	if (!g->wkt)
		return no_crs(error);
	return n == 0 || run_stages(g, crs_to_pixel, NULL, map_fails, n, x, y, error);
}

bool georef_to_lonlat(const georef *g, guint n, double *lon, double *lat, GError **error)
{
	if (!g->wkt)
		return no_crs(error);
	if (!g->to_wgs84) {
		g_set_error(error, GEOMETRY_ERROR, GEOMETRY_ERROR_TRANSFORM,
		            _("There is no way from the coordinate system %s to longitude and latitude."),
		            g->name ? g->name : "");
		return false;
	}
	return n == 0 || run_stages(g, pixel_to_crs, crs_to_lonlat, globe_fails, n, lon, lat, error);
}

bool georef_from_lonlat(const georef *g, guint n, double *lon, double *lat, GError **error)
{
	if (!g->wkt)
		return no_crs(error);
	if (!g->from_wgs84) {
		g_set_error(error, GEOMETRY_ERROR, GEOMETRY_ERROR_TRANSFORM,
		            _("There is no way from longitude and latitude to the coordinate system %s."),
		            g->name ? g->name : "");
		return false;
	}
	return n == 0 || run_stages(g, lonlat_to_crs, crs_to_pixel, map_fails, n, lon, lat, error);
}

bool georef_to_geographic(const georef *g, guint n, double *x, double *y, GError **error)
{
	if (!g->wkt || g->degrees <= 0)
		return no_crs(error);
	return n == 0 || run_stages(g, pixel_to_crs, crs_to_geographic, globe_fails, n, x, y, error);
}
