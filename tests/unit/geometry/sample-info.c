#include "sample-info.h"

#include <cpl_conv.h>
#include <gdal.h>
#include <ogr_srs_api.h>
#include <string.h>

void sample_info_free(sample_info *s)
{
	if (!s)
		return;
	g_free(s->gcps);
	g_free(s->path);
	g_free(s->wkt);
	g_free(s->name);
	g_free(s);
}

static void set_crs(sample_info *s, OGRSpatialReferenceH srs)
{
	char *wkt = NULL;
	const char *code = OSRGetAuthorityCode(srs, NULL), *authority = OSRGetAuthorityName(srs, NULL);
	OSRExportToWkt(srs, &wkt);
	s->wkt = g_strdup(wkt);
	CPLFree(wkt);
	s->name = code ? g_strdup_printf("%s:%s", authority, code) : g_strdup(OSRGetName(srs));
	s->info.crs_wkt = s->wkt;
	s->info.crs_name = s->name;
}

static sample_info *base(const char *path, int width, int height)
{
	sample_info *s = g_new0(sample_info, 1);
	s->path = g_strdup(path);
	s->info.path = s->path;
	s->info.format = "GTiff";
	s->info.fingerprint = "0123456789abcdef";
	s->info.width = width;
	s->info.height = height;
	s->info.n_bands = 1;
	s->info.bands = s->bands;
	return s;
}

sample_info *sample_info_new(int width, int height, const char *user_crs, const double *gt)
{
	sample_info *s = base("made-up.tif", width, height);
	GDALAllRegister();
	if (user_crs) {
		OGRSpatialReferenceH srs = OSRNewSpatialReference(NULL);
		g_assert_cmpint(OSRSetFromUserInput(srs, user_crs), ==, OGRERR_NONE);
		set_crs(s, srs);
		OSRDestroySpatialReference(srs);
	}
	if (gt) {
		s->info.has_geotransform = true;
		memcpy(s->info.geotransform, gt, sizeof s->info.geotransform);
	}
	return s;
}

static void set_gcps(sample_info *s, GDALDatasetH ds)
{
	const GDAL_GCP *from = GDALGetGCPs(ds);
	s->info.n_gcps = GDALGetGCPCount(ds);
	s->gcps = g_new0(raster_gcp, MAX(s->info.n_gcps, 1));
	s->info.gcps = s->gcps;
	for (int i = 0; i < s->info.n_gcps; i++)
		s->gcps[i] = (raster_gcp){from[i].dfGCPPixel, from[i].dfGCPLine, from[i].dfGCPX, from[i].dfGCPY};
	if (s->info.n_gcps > 0)
		set_crs(s, GDALGetGCPSpatialRef(ds));
}

sample_info *sample_info_open(const char *name)
{
	const char *shared = g_getenv("NADIR_SHARED"), *source = g_getenv("NADIR_SOURCE");
	g_autofree char *folder = shared ? g_strdup(shared) : g_build_filename(source ? source : ".", "..", "shared", NULL);
	g_autofree char *path = g_build_filename(folder, "samples", name, NULL);
	if (!g_file_test(path, G_FILE_TEST_EXISTS))
		return NULL;
	GDALAllRegister();
	GDALDatasetH ds = GDALOpen(path, GA_ReadOnly);
	g_assert_nonnull(ds);
	sample_info *s = base(path, GDALGetRasterXSize(ds), GDALGetRasterYSize(ds));
	s->info.has_geotransform = GDALGetGeoTransform(ds, s->info.geotransform) == CE_None;
	if (s->info.has_geotransform && GDALGetSpatialRef(ds))
		set_crs(s, GDALGetSpatialRef(ds));
	set_gcps(s, ds);
	s->info.has_rpc = GDALGetMetadata(ds, "RPC") != NULL;
	GDALClose(ds);
	return s;
}
