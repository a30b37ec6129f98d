/* labelme 5 to 7: one JSON beside its image. Each part of an object is a polygon, parts of one object share a group_id;
 * an object with holes is a mask shape, because labelme's polygons have none. What labelme does not know stands in keys
 * of its own, which it keeps. */
#include "render/exchange/export-private.h"
#include "render/file/json-text.h"
#include "render/geometry/gdal-session.h"

#include <cjson/cJSON.h>
#include <cpl_vsi.h>
#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

/* From the folder of `from` to `to`, as labelme wants it: "../images/a.tif". */
static char *relative_path(const char *from, const char *to)
{
	g_autofree char *here = g_canonicalize_filename(from, NULL), *there = g_canonicalize_filename(to, NULL);
	g_auto(GStrv) a = g_strsplit(here, "/", -1);
	g_auto(GStrv) b = g_strsplit(there, "/", -1);
	guint common = 0;
	GString *path = g_string_new(NULL);
	while (a[common] && a[common + 1] && b[common] && b[common + 1] && strcmp(a[common], b[common]) == 0)
		common++;
	for (guint i = common; a[i] && a[i + 1]; i++)
		g_string_append(path, "../");
	for (guint i = common; b[i]; i++)
		g_string_append_printf(path, "%s%s", i > common ? "/" : "", b[i]);
	return g_string_free(path, FALSE);
}

static cJSON *point(double x, double y)
{
	return cJSON_CreateDoubleArray((double[]){x, y}, 2);
}

/* A mask's bits as a PNG in base64. */
static char *png_base64(const bitmask *m, GError **error)
{
	g_autofree char *path = g_strdup_printf("/vsimem/nadir-labelme-%p.png", (const void *)m);
	GDALDatasetH mem = GDALCreate(GDALGetDriverByName("MEM"), "", m->w, m->h, 1, GDT_Byte, NULL), png = NULL;
	char *text = NULL;
	if (mem && GDALRasterIO(GDALGetRasterBand(mem, 1), GF_Write, 0, 0, m->w, m->h, m->bits, m->w, m->h, GDT_Byte, 0,
	                        0) == CE_None)
		png = GDALCreateCopy(GDALGetDriverByName("PNG"), path, mem, TRUE, NULL, NULL, NULL);
	if (png) {
		vsi_l_offset n = 0;
		GDALClose(png);
		const GByte *bytes = VSIGetMemFileBuffer(path, &n, FALSE);
		text = bytes ? g_base64_encode(bytes, (gsize)n) : NULL;
	}
	if (mem)
		GDALClose(mem);
	VSIUnlink(path);
	if (!text)
		g_set_error(error, EXPORT_ERROR, EXPORT_ERROR_FORMAT, _("A mask cannot be written as PNG: %s."),
		            gdal_session_message());
	return text;
}

static cJSON *new_shape(const exporter *e, const feature *o, const char *type)
{
	cJSON *s = cJSON_CreateObject(), *attributes;
	feature_text texts[FEATURE_TEXTS];
	feature_texts(o, texts);
	cJSON_AddStringToObject(s, "label", o->class_name);
	cJSON_AddNullToObject(s, "group_id");
	cJSON_AddStringToObject(s, "description", o->caption ? o->caption : "");
	cJSON_AddStringToObject(s, "shape_type", type);
	export_flags(cJSON_AddObjectToObject(s, "flags"), o);
	cJSON_AddItemToObject(s, "score", isfinite(o->score) ? cJSON_CreateNumber(o->score) : cJSON_CreateNull());
	attributes = cJSON_AddObjectToObject(s, "attributes");
	for (guint i = 1; i < FEATURE_TEXTS; i++)
		if (strcmp(texts[i].name, "caption") != 0)
			cJSON_AddStringToObject(attributes, texts[i].name, texts[i].value);
	export_members(e, attributes, o);
	return s;
}

static cJSON *polygon_shape(const exporter *e, const feature *o, const wkb_shape *shape, const wkb_part *part,
                            gint64 group)
{
	cJSON *s = new_shape(e, o, "polygon"), *points = cJSON_AddArrayToObject(s, "points");
	const wkb_ring *ring = &g_array_index(shape->rings, wkb_ring, part->first);
	for (guint i = 0; i < ring->n; i++) {
		const double *xy = &g_array_index(shape->xy, double, 2 * (gsize)(ring->first + i));
		cJSON_AddItemToArray(points, point(xy[0], xy[1]));
	}
	cJSON_AddNullToObject(s, "mask");
	if (group > 0)
		cJSON_ReplaceItemInObject(s, "group_id", cJSON_CreateNumber((double)group));
	return s;
}

static cJSON *mask_shape(const exporter *e, const feature *o, GError **error)
{
	g_autoptr(bitmask) m = mask_from_wkb(o->px_geom, error);
	g_autofree char *png = m ? png_base64(m, error) : NULL;
	if (!png)
		return NULL;
	cJSON *s = new_shape(e, o, "mask"), *points = cJSON_AddArrayToObject(s, "points");
	cJSON_AddItemToArray(points, point(m->x, m->y));
	cJSON_AddItemToArray(points, point(m->x + m->w - 1, m->y + m->h - 1)); /* inclusive corners */
	cJSON_AddStringToObject(s, "mask", png);
	return s;
}

static bool add_shapes(exporter *e, cJSON *list, guint i, gint64 id, GError **error)
{
	const wkb_shape *shape = g_ptr_array_index(e->shapes, i);
	if (shape->rings->len > shape->parts->len) {
		cJSON *s = mask_shape(e, e->job->objects[i], error);
		if (s)
			cJSON_AddItemToArray(list, s);
		return s != NULL;
	}
	for (guint k = 0; k < shape->parts->len; k++)
		cJSON_AddItemToArray(list,
		                     polygon_shape(e, e->job->objects[i], shape, &g_array_index(shape->parts, wkb_part, k),
		                                   shape->parts->len > 1 ? id : 0));
	return true;
}

bool export_labelme(exporter *e, GError **error)
{
	const raster_info *image = e->job->image;
	g_autofree gint64 *ids = export_ids(e->job);
	g_autofree char *path = relative_path(e->path, image->path);
	cJSON *root = cJSON_CreateObject();
	cJSON_AddStringToObject(root, "version", "5.5.0");
	cJSON_AddObjectToObject(root, "flags");
	cJSON *shapes = cJSON_AddArrayToObject(root, "shapes");
	cJSON_AddStringToObject(root, "imagePath", path);
	cJSON_AddNullToObject(root, "imageData");
	cJSON_AddNumberToObject(root, "imageHeight", image->height);
	cJSON_AddNumberToObject(root, "imageWidth", image->width);
	bool ok = true;
	for (guint i = 0; ok && i < e->job->n_objects; i++)
		ok = add_shapes(e, shapes, i, ids[i], error) && export_step(e, 0.9 * (i + 1) / e->job->n_objects, error);
	g_autofree char *text = json_page(root);
	if (image->width > 32767 || image->height > 32767)
		export_note(e, _("labelme opens no image of more than 32767 pixels a side."));
	return ok && export_put(e, e->path, text, strlen(text), error);
}
