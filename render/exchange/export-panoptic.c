/* COCO panoptic: the JSON beside the PNG of segment ids. */
#include "render/exchange/export-private.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "render/file/json-text.h"

void export_panoptic_count(exporter *e, guint i, int x, int y)
{
	export_segment *s = &e->segments[i];
	if (s->area++ == 0)
		*s = (export_segment){1, x, y, x, y};
	s->x0 = MIN(s->x0, x);
	s->x1 = MAX(s->x1, x);
	s->y1 = y; /* rows come in order */
}

static cJSON *categories(const exporter *e)
{
	cJSON *list = cJSON_CreateArray();
	for (guint i = 0; i < e->names->len; i++) {
		unsigned rgb = 0;
		cJSON *c = cJSON_CreateObject();
		sscanf((const char *)e->colors->pdata[i], "#%6x", &rgb);
		cJSON_AddNumberToObject(c, "id", i + 1);
		cJSON_AddStringToObject(c, "name", e->names->pdata[i]);
		cJSON_AddStringToObject(c, "supercategory", "");
		cJSON_AddNumberToObject(c, "isthing", 1);
		cJSON_AddItemToObject(
			c, "color", cJSON_CreateIntArray((int[]){(int)(rgb >> 16), (int)(rgb >> 8 & 255), (int)(rgb & 255)}, 3));
		cJSON_AddItemToArray(list, c);
	}
	return list;
}

/* Segments with a pixel left: readers hold that every id in the list is in the PNG. */
static cJSON *segments_info(const exporter *e)
{
	cJSON *list = cJSON_CreateArray();
	for (guint i = 0; i < e->job->n_objects; i++) {
		const export_segment *s = &e->segments[i];
		if (s->area == 0)
			continue;
		cJSON *o = cJSON_CreateObject();
		cJSON_AddNumberToObject(o, "id", i + 1);
		cJSON_AddNumberToObject(o, "category_id", export_class_number(e, e->job->objects[i]));
		cJSON_AddNumberToObject(o, "area", (double)s->area);
		cJSON_AddItemToObject(o, "bbox",
		                      cJSON_CreateIntArray((int[]){s->x0, s->y0, s->x1 - s->x0 + 1, s->y1 - s->y0 + 1}, 4));
		cJSON_AddNumberToObject(o, "iscrowd", export_is_crowd(e->job->objects[i]));
		cJSON_AddItemToArray(list, o);
	}
	return list;
}

bool export_panoptic_json(exporter *e, GError **error)
{
	g_autofree char *path = export_sibling(e->path, ".json"), *png = g_path_get_basename(e->path);
	g_autofree char *image = g_path_get_basename(e->job->image->path ? e->job->image->path : "");
	cJSON *root = cJSON_CreateObject(), *im = cJSON_CreateObject(), *a = cJSON_CreateObject();
	cJSON_AddNumberToObject(im, "id", 1);
	cJSON_AddNumberToObject(im, "width", e->job->image->width);
	cJSON_AddNumberToObject(im, "height", e->job->image->height);
	cJSON_AddStringToObject(im, "file_name", image);
	cJSON_AddItemToArray(cJSON_AddArrayToObject(root, "images"), im);
	cJSON_AddItemToObject(root, "categories", categories(e));
	cJSON_AddNumberToObject(a, "image_id", 1);
	cJSON_AddStringToObject(a, "file_name", png);
	cJSON_AddItemToObject(a, "segments_info", segments_info(e));
	cJSON_AddItemToArray(cJSON_AddArrayToObject(root, "annotations"), a);
	g_autofree char *text = json_text(root);
	return export_put(e, path, text, strlen(text), error);
}
