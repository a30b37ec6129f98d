#include "store-fixture.h"

#include <cpl_conv.h>
#include <glib/gstdio.h>
#include <math.h>
#include <ogr_srs_api.h>
#include <string.h>

char *fixture_folder(void)
{
	g_autoptr(GError) error = NULL;
	char *folder = g_dir_make_tmp("nadir-store-XXXXXX", &error);
	g_assert_no_error(error);
	return folder;
}

void fixture_folder_remove(char *folder)
{
	GDir *dir = g_dir_open(folder, 0, NULL);
	const char *name;
	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(folder, name, NULL);
		g_unlink(path);
	}
	if (dir)
		g_dir_close(dir);
	g_rmdir(folder);
	g_free(folder);
}

gint64 fixture_image(project *p, const char *path, bool has_crs)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *fingerprint = g_strdup_printf("%08x", g_str_hash(path));
	raster_info info = {.path = path, .width = 1000, .height = 800, .fingerprint = fingerprint};
	const double utm[6] = {500000, 10, 0, 4649776, 0, -10};
	OGRSpatialReferenceH srs = OSRNewSpatialReference(NULL);
	char *wkt = NULL;
	if (has_crs) {
		OSRImportFromEPSG(srs, 32618);
		OSRExportToWkt(srs, &wkt);
		info.crs_wkt = wkt;
		info.crs_name = "EPSG:32618";
		info.has_geotransform = true;
		memcpy(info.geotransform, utm, sizeof utm);
	}
	g_autoptr(georef) ref = georef_new(&info, &error);
	g_assert_no_error(error);
	gint64 id = project_add_image(p, &info, ref, &error);
	g_assert_no_error(error);
	CPLFree(wkt);
	OSRDestroySpatialReference(srs);
	return id;
}

feature *fixture_object(const char *class_name, int x, int y, int w, int h)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(bitmask) m = mask_new(x, y, w, h);
	feature *o = feature_new();
	for (int i = 0; i < w * h; i++)
		m->bits[i] = 1;
	if (w > 4 && h > 4)
		m->bits[2 * w + 2] = 0;
	g_assert_true(feature_set_mask(o, m, &error));
	g_free(o->class_name);
	o->class_name = g_strdup(class_name);
	g_free(o->prompt);
	o->prompt = g_strdup_printf("[{\"kind\":\"point\",\"sign\":1,\"xy\":[%d,%d]},{\"kind\":\"box\",\"sign\":-1,"
	                            "\"xyxy\":[%d,%d,%d,%d]}]",
	                            x, y, x, y, x + w, y + h);
	o->score = 0.875;
	return o;
}

char *fixture_digest(project *p)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) list = project_objects(p, 0, &error);
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_MD5);
	g_assert_no_error(error);
	for (guint i = 0; i < list->len; i++) {
		const feature *o = g_ptr_array_index(list, i);
		gsize size;
		const void *data = g_bytes_get_data(o->px_geom, &size);
		g_autofree char *text =
			g_strdup_printf("%d|%s|%d|%.17g|%d|%.17g|%s|%s|%s|%s|%s|%s|%s|%s|", (int)o->id, o->class_name, o->class_id,
		                    o->score, (int)o->area_px, o->area_m2, o->model, o->prompt, o->state, o->reviewer,
		                    o->caption, o->image, o->created, o->attributes);
		g_checksum_update(sum, (const guchar *)text, -1);
		g_checksum_update(sum, data, (gssize)size);
	}
	return g_strdup_printf("%u:%s", list->len, g_checksum_get_string(sum));
}
