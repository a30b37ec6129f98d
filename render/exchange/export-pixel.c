/* GeoJSON's shape with pixel coordinates, y down: not RFC 7946, hence the name .pixel.geojson and the foreign members.
 */
#include "render/exchange/export-private.h"

#include <cjson/cJSON.h>
#include <cpl_conv.h>
#include <cpl_string.h>
#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "render/file/json-text.h"

static void add_properties(cJSON *p, const exporter *e, const feature *o, gint64 id)
{
	feature_text texts[FEATURE_TEXTS];
	cJSON_AddNumberToObject(p, "id", (double)id);
	cJSON_AddNumberToObject(p, "class_id", export_class_number(e, o));
	feature_texts(o, texts);
	for (guint i = 0; i < FEATURE_TEXTS; i++)
		cJSON_AddStringToObject(p, texts[i].name, texts[i].value);
	cJSON_AddNumberToObject(p, "area_px", (double)o->area_px);
	cJSON_AddItemToObject(p, "score", isfinite(o->score) ? cJSON_CreateNumber(o->score) : cJSON_CreateNull());
	cJSON_AddItemToObject(p, "area_m2", isfinite(o->area_m2) ? cJSON_CreateNumber(o->area_m2) : cJSON_CreateNull());
	export_members(e, p, o);
}

static bool add_feature(exporter *e, GString *out, guint i, gint64 id, GError **error)
{
	OGRGeometryH g = export_place(e, PLACE_PIXELS_DOWN, 0, i, error);
	if (!g)
		return false;
	char *options[] = {(char *)"COORDINATE_PRECISION=6", NULL};
	char *geometry = OGR_G_ExportToJsonEx(g, options);
	cJSON *properties = cJSON_CreateObject();
	add_properties(properties, e, e->job->objects[i], id);
	g_autofree char *text = json_text(properties);
	g_string_append_printf(out, "%s{\"type\":\"Feature\",\"properties\":%s,\"geometry\":%s}", i > 0 ? ",\n" : "", text,
	                       geometry);
	CPLFree(geometry);
	OGR_G_DestroyGeometry(g);
	return export_step(e, 0.9 * (i + 1) / e->job->n_objects, error);
}

bool export_pixel_geojson(exporter *e, GError **error)
{
	const raster_info *image = e->job->image;
	g_autoptr(GString) out = g_string_new(NULL);
	g_autofree gint64 *ids = export_ids(e->job);
	g_string_append_printf(
		out,
		"{\"type\":\"FeatureCollection\",\"crs\":null,\"coordinates_in\":\"pixels\",\"y_axis\":\"down\",\"width\":%d,"
		"\"height\":%d,\"features\":[\n",
		image->width, image->height);
	bool ok = true;
	for (guint i = 0; ok && i < e->job->n_objects; i++)
		ok = add_feature(e, out, i, ids[i], error);
	g_string_append(out, "\n]}\n");
	return ok && export_put(e, e->path, out->str, out->len, error);
}
