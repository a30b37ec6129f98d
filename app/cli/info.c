/* nadir info IMAGE [--json] */
#include <glib/gi18n.h>
#include <math.h>
#include <stdio.h>

#include "app/cli/cli-private.h"

static cJSON *band_to_json(const raster_band *b, int index, const raster_stats *s)
{
	cJSON *o = cJSON_CreateObject();
	cJSON_AddNumberToObject(o, "band", index + 1);
	cli_json_texts(o, "name", b->name ? b->name : "", "color", b->color, NULL);
	if (!b->has_nodata)
		cJSON_AddNullToObject(o, "nodata");
	else if (isnan(b->nodata))
		cJSON_AddStringToObject(o, "nodata", "nan");
	else
		cJSON_AddNumberToObject(o, "nodata", b->nodata);
	const struct {
		const char *key;
		double value;
	} numbers[] = {{"min", s->min},       {"max", s->max}, {"mean", s->mean},
	               {"stddev", s->stddev}, {"p2", s->p2},   {"p98", s->p98}};
	for (guint i = 0; i < G_N_ELEMENTS(numbers); i++)
		cli_json_number(o, numbers[i].key, numbers[i].value);
	cJSON_AddNumberToObject(o, "valid", (double)s->valid);
	if (s->damaged)
		cJSON_AddTrueToObject(o, "damaged");
	return o;
}

static const char *source_name(raster_source_kind kind)
{
	static const char *names[] = {"optical", "sar", "infrared", "unknown"};
	return names[kind];
}

static cJSON *gcps_to_json(const raster_info *i)
{
	cJSON *list = cJSON_CreateArray();
	for (int k = 0; k < i->n_gcps; k++) {
		const raster_gcp *g = &i->gcps[k];
		cJSON_AddItemToArray(list, cJSON_CreateDoubleArray((double[]){g->px, g->py, g->x, g->y}, 4));
	}
	return list;
}

static cJSON *info_to_json(const raster_info *i)
{
	cJSON *o = cJSON_CreateObject();
	cli_json_texts(o, "image", i->path, "format", i->format, "type", raster_type_name(i->type), "source",
	               source_name(i->source), "crs", i->crs_name, "crs_wkt", i->crs_wkt, "fingerprint", i->fingerprint,
	               NULL);
	cJSON_AddNumberToObject(o, "width", i->width);
	cJSON_AddNumberToObject(o, "height", i->height);
	cJSON_AddNumberToObject(o, "bands", i->n_bands);
	cJSON_AddItemToObject(o, "geotransform",
	                      i->has_geotransform ? cJSON_CreateDoubleArray(i->geotransform, 6) : cJSON_CreateNull());
	cJSON_AddItemToObject(o, "gcps", gcps_to_json(i));
	cJSON_AddBoolToObject(o, "rpc", i->has_rpc);
	cJSON_AddBoolToObject(o, "mask", i->has_mask);
	cJSON_AddNumberToObject(o, "palette", i->palette_size);
	cJSON *levels = cJSON_AddArrayToObject(o, "levels");
	for (int k = 0; k < i->n_levels; k++)
		cJSON_AddItemToArray(levels, cJSON_CreateIntArray((int[]){i->levels[k].width, i->levels[k].height}, 2));
	return o;
}

static void print_head(const raster_info *i)
{
	printf("%s\n", i->path);
	printf("  %s, %d × %d, %d %s %s\n", i->format, i->width, i->height, i->n_bands,
	       ngettext("band", "bands", (gulong)i->n_bands), raster_type_name(i->type));
	printf("  %s: %s\n", _("source"), source_name(i->source));
	printf("  %s: %s\n", _("CRS"), i->crs_name ? i->crs_name : _("none"));
	const double *t = i->geotransform;
	if (i->has_geotransform)
		printf("  %s: %.10g %.10g %.10g %.10g %.10g %.10g\n", _("geotransform"), t[0], t[1], t[2], t[3], t[4], t[5]);
	if (i->n_gcps > 0)
		printf("  %s: %d\n", _("ground control points"), i->n_gcps);
	printf("  %s:", _("levels"));
	for (int k = 0; k < i->n_levels; k++)
		printf(" %dx%d", i->levels[k].width, i->levels[k].height);
	printf("\n");
}

static void print_band(const raster_band *b, int index, const raster_stats *s)
{
	printf("  %s %d %s %s  ", _("band"), index + 1, b->color, b->name ? b->name : "");
	if (s->valid == 0)
		printf("%s", _("no values"));
	else
		printf("%g … %g, %s %g ± %g, 2–98 %% %g … %g", s->min, s->max, _("mean"), s->mean, s->stddev, s->p2, s->p98);
	if (b->has_nodata)
		printf(", %s %g", _("nodata"), b->nodata);
	if (s->damaged)
		printf(", %s", _("of what can be read: a part is damaged"));
	printf("\n");
}

bool cli_info(int argc, char **argv, GError **error)
{
	g_auto(cli_options) o = {0};
	g_autoptr(GOptionContext) ctx = g_option_context_new(_("IMAGE — what an image is"));
	cli_add_options(ctx, &o, CLI_IMAGE);
	if (!cli_parse(ctx, &argc, &argv, 1, 1, error))
		return false;
	g_auto(cli_image) img = {0};
	if (!cli_image_open(argv[1], &o, &img, error))
		return false;
	const raster_info *i = img.info;
	g_autofree raster_stats *stats = g_new0(raster_stats, (gsize)i->n_bands);
	for (int b = 0; b < i->n_bands; b++)
		if (!raster_statistics(img.r, b, &stats[b], NULL, error))
			return false;
	cJSON *json = o.json ? info_to_json(i) : NULL;
	cJSON *bands = json ? cJSON_AddArrayToObject(json, "band_info") : NULL;
	if (!json)
		print_head(i);
	for (int b = 0; b < i->n_bands; b++)
		if (json)
			cJSON_AddItemToArray(bands, band_to_json(&i->bands[b], b, &stats[b]));
		else
			print_band(&i->bands[b], b, &stats[b]);
	if (json)
		cli_print_json(json);
	return true;
}
