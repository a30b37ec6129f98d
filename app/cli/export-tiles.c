#include "app/cli/export-tiles.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>

static bool make_plan(const cli_tiles *t, export_format format, guint images, tile_plan *plan, GError **error)
{
	if (t->size < TILE_LEAST || t->size > TILE_LARGEST || t->overlap < 0 || t->overlap >= t->size)
		return cli_usage(error, _("--tiles is 16 to 16384 pixels, and --overlap less than that."));
	if (t->split && strcmp(t->split, "image") != 0 && strcmp(t->split, "area") != 0)
		return cli_usage(error, _("--split is image or area, not “%s”."), t->split);
	if (!(t->validation >= 0 && t->validation <= 1 && t->negatives >= 0 && t->negatives <= 1))
		return cli_usage(error, _("--validation and --negatives are shares from 0 to 1."));
	*plan = (tile_plan){.size = t->size,
	                    .overlap = t->overlap,
	                    .by_area = t->split ? strcmp(t->split, "area") == 0 : images == 1,
	                    .whole_only = t->whole_only,
	                    .validation = t->validation,
	                    .negatives = t->negatives,
	                    .format = format};
	g_autoptr(GError) inner = NULL;
	return export_tiles_check(plan, &inner) || cli_usage(error, "%s", inner->message);
}

static void print_counts(const tile_counts *c, const cli_options *shared, const char *folder)
{
	if (!shared->json) {
		g_autofree char *text = tile_counts_text(c, folder);
		printf("%s\n", text);
		return;
	}
	cJSON *o = cJSON_CreateObject(), *train = cJSON_AddObjectToObject(o, "train"),
		  *val = cJSON_AddObjectToObject(o, "val");
	cJSON_AddStringToObject(o, "output", folder);
	cJSON_AddNumberToObject(train, "tiles", c->tiles[0]);
	cJSON_AddNumberToObject(train, "objects", c->objects[0]);
	cJSON_AddNumberToObject(val, "tiles", c->tiles[1]);
	cJSON_AddNumberToObject(val, "objects", c->objects[1]);
	cJSON_AddNumberToObject(o, "negatives", c->negatives);
	cli_print_json(o);
}

bool cli_export_tiles(project *p, GPtrArray *images, const cli_tiles *tiles, export_format format,
                      const cli_options *shared, const char *folder,
                      bool (*choose)(GPtrArray *objects, const char *filter, GError **error), const char *filter,
                      GError **error)
{
	tile_plan plan;
	tile_counts counts;
	g_autoptr(GPtrArray) classes = project_classes(p, error), names = g_ptr_array_new(), colors = g_ptr_array_new();
	if (!classes || !make_plan(tiles, format, images->len, &plan, error))
		return false;
	for (guint i = 0; i < classes->len; i++) {
		g_ptr_array_add(names, ((project_class *)classes->pdata[i])->name);
		g_ptr_array_add(colors, ((project_class *)classes->pdata[i])->color);
	}
	g_ptr_array_add(names, NULL);
	g_ptr_array_add(colors, NULL);
	g_autoptr(tile_export) t =
		tile_export_begin(&plan, folder, (const char *const *)names->pdata, (const char *const *)colors->pdata, error);
	for (guint i = 0; t && i < images->len; i++) {
		g_auto(cli_image) img = {0};
		g_autoptr(GPtrArray) objects = project_objects(p, ((project_image *)images->pdata[i])->id, error);
		g_autofree char *path = objects ? project_find_image(p, images->pdata[i], error) : NULL;
		if (!path || !choose(objects, filter, error) || !cli_image_open(path, shared, &img, error) ||
		    !tile_export_image(t, img.r, &img.style, img.ref, (feature *const *)objects->pdata, objects->len, error))
			return false;
		cli_progress((i + 1.0) / images->len, (void *)_("cutting"));
	}
	if (!t || !tile_export_end(t, &counts, error))
		return false;
	cli_progress_done();
	print_counts(&counts, shared, folder);
	return true;
}
