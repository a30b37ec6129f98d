/* Objects as files and as JSON. */
#include <stdio.h>

#include "app/cli/cli-private.h"
#include "render/exchange/export.h"

#define MAX_RLE_PIXELS (1ll << 31) /* above, run lengths are of the bounding box: readers count in 32 bits */

bool cli_check_formats(char **outputs, GError **error)
{
	for (char **out = outputs; out && *out; out++) {
		export_format format;
		g_autoptr(GError) inner = NULL;
		if (!export_format_from_path(*out, &format, &inner))
			return cli_usage(error, "%s", inner->message);
	}
	return true;
}

bool cli_check_targets(char **outputs, const georef *ref, GError **error)
{
	for (char **out = outputs; out && *out; out++) {
		export_format format;
		if (!export_format_from_path(*out, &format, error) || !export_check(ref, format, *out, error))
			return false;
	}
	return true;
}

bool cli_write_outputs(const char *command, char **outputs, const cli_image *img, feature *const *list, guint n,
                       GError **error)
{
	const export_job job = {.image = img->info, .ref = img->ref, .objects = list, .n_objects = n};
	for (char **out = outputs; out && *out; out++) {
		export_format format;
		g_autofree char *report = NULL;
		if (!export_format_from_path(*out, &format, error) || !export_write(&job, format, *out, &report, error))
			return false;
		if (report && *report)
			fprintf(stderr, "nadir %s: %s: %s\n", command, *out, report);
	}
	return true;
}

cJSON *cli_rle_to_json(const bitmask *m, const raster_info *info)
{
	cJSON *o = cJSON_CreateObject();
	const bool whole = (gint64)info->width * info->height < MAX_RLE_PIXELS;
	const bitmask local = {0, 0, m->w, m->h, m->bits};
	const int w = whole ? info->width : m->w, h = whole ? info->height : m->h;
	g_autofree char *counts = mask_to_rle(whole ? m : &local, w, h);
	cJSON_AddItemToObject(o, "size", cJSON_CreateIntArray((int[]){h, w}, 2));
	cJSON_AddStringToObject(o, "counts", counts);
	if (!whole)
		cJSON_AddItemToObject(o, "origin", cJSON_CreateIntArray((int[]){m->x, m->y}, 2));
	return o;
}

/* score, stability, area_px, bbox, rle: the part that objects and candidates have in common. An empty candidate has no
 * rle. */
static void add_mask(cJSON *o, const engine_candidate *c, const raster_info *info)
{
	int bbox[4] = {0};
	cli_json_number(o, "score", CLAMP(c->score, 0, 1));
	cli_json_number(o, "stability", c->stability);
	cJSON_AddNumberToObject(o, "area_px", (double)c->area);
	if (c->mask)
		mask_bbox(c->mask, bbox);
	cJSON_AddItemToObject(o, "bbox", cJSON_CreateIntArray(bbox, 4));
	cJSON_AddItemToObject(o, "rle", c->mask ? cli_rle_to_json(c->mask, info) : cJSON_CreateNull());
}

cJSON *cli_object_to_json(const feature *f, const char *marks, const engine_answer *a, int which, bool all,
                          const raster_info *info)
{
	const sam_crop *crop = &a->crop;
	cJSON *o = cJSON_CreateObject();
	cJSON_AddStringToObject(o, "label", f->class_name);
	cJSON_AddItemToObject(o, "prompt", cJSON_Parse(marks));
	cJSON_AddItemToObject(o, "crop", cJSON_CreateIntArray((int[]){crop->x, crop->y, crop->w, crop->h}, 4));
	add_mask(o, &a->candidate[which], info);
	cli_json_number(o, "area_m2", f->area_m2);
	cJSON_AddNumberToObject(o, "mask_ms", a->mask_ms);
	cJSON *list = all ? cJSON_AddArrayToObject(o, "candidates") : NULL;
	for (int i = 1; all && i < 4; i++) {
		cJSON *c = cJSON_CreateObject();
		add_mask(c, &a->candidate[i], info);
		cJSON_AddItemToArray(list, c);
	}
	return o;
}

cJSON *cli_masks_to_json(const cli_image *img, const char *model, const char *device, double encode_ms, int encodings,
                         cJSON *objects)
{
	cJSON *o = cJSON_CreateObject();
	cJSON_AddStringToObject(o, "image", img->info->path);
	cJSON_AddNumberToObject(o, "width", img->info->width);
	cJSON_AddNumberToObject(o, "height", img->info->height);
	cli_json_texts(o, "crs", georef_crs_name(img->ref), "model", model, "device", device, NULL);
	cJSON_AddNumberToObject(o, "encode_ms", encode_ms);
	cJSON_AddNumberToObject(o, "encodings", encodings);
	cJSON_AddBoolToObject(o, "cached", encodings == 0);
	cJSON_AddItemToObject(o, "objects", objects);
	return o;
}
