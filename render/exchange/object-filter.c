#include "render/exchange/object-filter.h"

#include "render/exchange/export-private.h"
#include "render/geometry/gdal-session.h"

#include <cpl_error.h>
#include <glib/gi18n-lib.h>

static GArray *wrong(const char *condition, GError **error)
{
	g_set_error(error, EXPORT_ERROR, EXPORT_ERROR_FORMAT,
	            _("“%s” is no condition (%s): write one such as class = 'ship' AND area_px > 100."), condition,
	            *condition ? gdal_session_message() : _("nothing is written"));
	return NULL;
}

static bool fill(exporter *e, OGRLayerH layer)
{
	if (!feature_fields_create(layer, 0) || !export_columns_create(e, layer, 0, 0))
		return false;
	for (guint i = 0; i < e->job->n_objects; i++) {
		const feature *o = e->job->objects[i];
		OGRFeatureH f = OGR_F_Create(OGR_L_GetLayerDefn(layer));
		feature_fields_set(f, o, o->id, o->class_id, 0);
		export_columns_set(e, f, o, 0);
		const OGRErr err = OGR_L_CreateFeature(layer, f);
		OGR_F_Destroy(f);
		if (err != OGRERR_NONE)
			return false;
	}
	return true;
}

static GArray *read_ids(OGRLayerH layer)
{
	GArray *ids = g_array_new(FALSE, FALSE, sizeof(gint64));
	OGRFeatureH f;
	OGR_L_ResetReading(layer);
	while ((f = OGR_L_GetNextFeature(layer))) {
		const gint64 id = OGR_F_GetFieldAsInteger64(f, OGR_F_GetFieldIndex(f, "id"));
		g_array_append_val(ids, id);
		OGR_F_Destroy(f);
	}
	return ids;
}

static GArray *filter(exporter *e, const char *condition, GError **error)
{
	GDALDriverH driver = GDALGetDriverByName("Memory");
	driver = driver ? driver : GDALGetDriverByName("MEM"); /* as newer ones call it */
	GDALDatasetH ds = GDALCreate(driver, "", 0, 0, 0, GDT_Unknown, NULL);
	OGRLayerH layer = ds ? GDALDatasetCreateLayer(ds, "objects", NULL, wkbNone, NULL) : NULL;
	GArray *ids = NULL;
	CPLErrorReset();
	if (layer && fill(e, layer) && OGR_L_SetAttributeFilter(layer, condition) == OGRERR_NONE)
		ids = read_ids(layer);
	if (!ids || CPLGetLastErrorType() >= CE_Failure) {
		g_clear_pointer(&ids, g_array_unref);
		wrong(condition, error);
	}
	if (ds)
		GDALClose(ds);
	return ids;
}

GArray *object_filter(GPtrArray *objects, const char *const *class_names, const char *const *class_paths,
                      const char *condition, GError **error)
{
	const export_job job = {.objects = (feature *const *)objects->pdata,
	                        .n_objects = objects->len,
	                        .class_names = class_names,
	                        .class_paths = class_paths};
	exporter e = {.job = &job, .report = g_string_new(NULL)};
	export_attributes_begin(&e);
	gdal_session_begin();
	GArray *ids = *condition ? filter(&e, condition, error) : wrong(condition, error);
	gdal_session_end();
	export_attributes_end(&e);
	g_string_free(e.report, TRUE);
	return ids;
}
