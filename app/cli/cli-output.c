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
