/* nadir export PROJECT --to FORMAT -o OUT [--filter …] [--image NAME] [--tiles SIZE …] */
#include <glib/gi18n.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/cli/export-tiles.h"
#include "render/exchange/export.h"
#include "render/store/class-texts.h"
#include "render/store/project.h"

typedef struct {
	cli_options shared;
	char *to, *output, *filter, *image, *reproject;
	double simplify;
	gboolean losses, no_side_file;
	cli_tiles tiles; /* size 0: none */
} request;

static void request_clear(request *q)
{
	cli_options_clear(&q->shared);
	g_free(q->to);
	g_free(q->output);
	g_free(q->filter);
	g_free(q->image);
	g_free(q->reproject);
	g_free(q->tiles.split);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(request, request_clear)

/* --- filter: "class=ship,state=accepted,score>=0.5,area>=100": all must hold --- */

static double number_of(const feature *f, const char *key)
{
	if (strcmp(key, "score") == 0)
		return f->score;
	return strcmp(key, "area") == 0 ? (double)f->area_px : f->area_m2;
}

static bool term_holds(const feature *f, const char *key, const char *op, const char *value)
{
	if (strcmp(key, "class") == 0 || strcmp(key, "state") == 0) {
		const bool equal = strcmp(*key == 'c' ? f->class_name : f->state, value) == 0;
		return equal == (strcmp(op, "=") == 0);
	}
	const double have = number_of(f, key), want = g_ascii_strtod(value, NULL);
	if (strcmp(op, ">=") == 0)
		return have >= want;
	if (strcmp(op, "<=") == 0)
		return have <= want;
	return (have == want) == (strcmp(op, "=") == 0);
}

/* Names are equal or not; numbers are numbers. */
static bool term_is_sound(const char *key, const char *op, const char *value)
{
	char *end = NULL;
	if (strcmp(key, "class") == 0 || strcmp(key, "state") == 0)
		return *value && *op != '>' && *op != '<';
	g_ascii_strtod(value, &end);
	return *value && !*end;
}

static bool split_term(const char *term, char **key, const char **op, char **value)
{
	static const char *ops[] = {">=", "<=", "!=", "="};
	static const char *keys[] = {"class", "state", "score", "area", "area_m2"};
	for (guint i = 0; i < G_N_ELEMENTS(ops); i++) {
		const char *at = strstr(term, ops[i]);
		if (!at)
			continue;
		*key = g_strstrip(g_strndup(term, (gsize)(at - term)));
		*value = g_strstrip(g_strdup(at + strlen(ops[i])));
		*op = ops[i];
		for (guint k = 0; k < G_N_ELEMENTS(keys); k++)
			if (strcmp(*key, keys[k]) == 0)
				return term_is_sound(*key, *op, *value);
		return false;
	}
	return false;
}

static bool apply_filter(GPtrArray *list, const char *filter, GError **error)
{
	g_auto(GStrv) terms = g_strsplit(filter ? filter : "", ",", -1);
	for (char **t = terms; *t; t++) {
		g_autofree char *key = NULL, *value = NULL;
		const char *op = NULL;
		if (!split_term(*t, &key, &op, &value))
			return cli_usage(error,
			                 _("--filter wants class=, state=, score>=, score<=, area>= or area_m2>=, not “%s”."), *t);
		for (guint i = list->len; i > 0; i--)
			if (!term_holds(list->pdata[i - 1], key, op, value))
				g_ptr_array_remove_index(list, i - 1);
	}
	return true;
}

/* --- which image --- */

static const project_image *choose_image(GPtrArray *images, const char *path, const request *q, GError **error)
{
	for (guint i = 0; q->image && i < images->len; i++) {
		const project_image *im = images->pdata[i];
		g_autofree char *base = g_path_get_basename(im->path);
		if (strcmp(base, q->image) == 0 || strcmp(im->path, q->image) == 0)
			return im;
	}
	if (q->image || images->len > 1) {
		cli_usage(error, _("the project holds %u images; name one of them with --image."), images->len);
		return NULL;
	}
	if (images->len == 1)
		return images->pdata[0];
	g_set_error(error, PROJECT_ERROR, PROJECT_ERROR_OPEN, _("%s holds no image, so there is nothing to export."), path);
	return NULL;
}

/* --losses: what would be lost, and where it would go; nothing is written. */
static bool tell_losses(const request *q, const export_job *job, export_format format)
{
	g_autofree char *losses = export_losses(job, format);
	const char *side = q->no_side_file ? NULL : export_side_file(format);
	if (q->shared.json) {
		cJSON *o = cJSON_CreateObject();
		cli_json_texts(o, "format", export_format_name(format), "losses", losses, "side_file", side, NULL);
		cli_print_json(o);
		return true;
	}
	printf("%s\n", *losses ? losses : _("Nothing is lost."));
	if (*losses && side)
		printf(_("NAME%s holds all of it.\n"), side);
	return true;
}

/* "EPSG:32617", or "utm" for the zone of the image's middle. */
static bool read_epsg(const char *text, const cli_image *img, int *epsg, GError **error)
{
	char *end = NULL;
	if (!text)
		return true;
	if (g_ascii_strcasecmp(text, "utm") == 0) {
		*epsg = georef_utm_epsg(img->ref, img->info->width / 2.0, img->info->height / 2.0);
		if (*epsg > 0)
			return true;
		g_set_error_literal(
			error, EXPORT_ERROR, EXPORT_ERROR_FORMAT,
			_("The middle of the image lies in no UTM zone: it has no coordinate system, or is too near to a "
		      "pole."));
		return false;
	}
	const gint64 n = g_ascii_strncasecmp(text, "EPSG:", 5) == 0 ? g_ascii_strtoll(text + 5, &end, 10) : 0;
	*epsg = (int)CLAMP(n, 0, G_MAXINT);
	return (*epsg > 0 && !*end) || cli_usage(error, _("--reproject is EPSG:n or utm, not “%s”."), text);
}

static bool write_export(const request *q, export_format format, const cli_image *img, GPtrArray *objects,
                         GPtrArray *classes, GError **error)
{
	g_auto(class_texts) texts = class_texts_of(classes);
	int epsg = 0;
	if (!read_epsg(q->reproject, img, &epsg, error))
		return false;
	const export_job job = {.image = img->info,
	                        .ref = img->ref,
	                        .epsg = epsg,
	                        .objects = (feature *const *)objects->pdata,
	                        .n_objects = objects->len,
	                        .class_names = (const char *const *)texts.names,
	                        .class_colors = (const char *const *)texts.colors,
	                        .class_paths = (const char *const *)texts.paths,
	                        .simplify = q->simplify,
	                        .no_side_file = q->no_side_file,
	                        .progress = cli_progress,
	                        .data = (void *)_("exporting")};
	g_autofree char *report = NULL;
	if (q->losses)
		return tell_losses(q, &job, format);
	if (!export_write(&job, format, q->output, &report, error))
		return false;
	cli_progress_done();
	if (report && *report)
		fprintf(stderr, "nadir export: %s\n", report);
	if (!q->shared.json) {
		printf(ngettext("%u object to %s\n", "%u objects to %s\n", objects->len), objects->len, q->output);
		return true;
	}
	cJSON *o = cJSON_CreateObject();
	cJSON_AddStringToObject(o, "output", q->output);
	cJSON_AddStringToObject(o, "format", export_format_name(format));
	cJSON_AddNumberToObject(o, "objects", objects->len);
	cJSON_AddStringToObject(o, "report", report ? report : "");
	cli_print_json(o);
	return true;
}

static bool export_project(const char *path, const request *q, export_format format, GError **error)
{
	g_autoptr(project) p = project_open(path, error);
	if (!p)
		return false;
	g_autoptr(GPtrArray) images = project_images(p, error);
	if (images && q->tiles.size != 0 && !q->image)
		return cli_export_tiles(p, images, &q->tiles, format, &q->shared, q->output, apply_filter, q->filter, error);
	const project_image *im = images ? choose_image(images, path, q, error) : NULL;
	if (!im)
		return false;
	if (q->tiles.size != 0) {
		g_autoptr(GPtrArray) one = g_ptr_array_new();
		g_ptr_array_add(one, (gpointer)im);
		return cli_export_tiles(p, one, &q->tiles, format, &q->shared, q->output, apply_filter, q->filter, error);
	}
	g_autoptr(GPtrArray) objects = project_objects(p, im->id, error);
	g_autoptr(GPtrArray) classes = objects ? project_classes(p, error) : NULL;
	if (!classes || !apply_filter(objects, q->filter, error))
		return false;
	g_autofree char *image_path = project_find_image(p, im, error);
	if (!image_path)
		return false;
	g_auto(cli_image) img = {0};
	if (!cli_image_open(image_path, &q->shared, &img, error)) {
		g_prefix_error(error, _("the project's image cannot be opened: "));
		return false;
	}
	return write_export(q, format, &img, objects, classes, error);
}

bool cli_export(int argc, char **argv, GError **error)
{
	g_auto(request) q = {.tiles = {.validation = 0.2, .negatives = 0.1}};
	const GOptionEntry entries[] = {
		{"to", 0, 0, G_OPTION_ARG_STRING, &q.to,
	     N_("shp gpkg geojson fgb coco png tif pixel-geojson kml csv coco-polygons labelme yolo yolo-detect yolo-obb "
	        "voc dota "
	        "semantic-png semantic-tif panoptic captions regions grounded"),
	     "FORMAT"},
		{"output", 'o', 0, G_OPTION_ARG_FILENAME, &q.output, N_("the file to write"), "OUT"},
		{"filter", 0, 0, G_OPTION_ARG_STRING, &q.filter, N_("only some objects"), "class=ship,score>=0.5"},
		{"image", 0, 0, G_OPTION_ARG_FILENAME, &q.image, N_("of a project with several images"), "NAME"},
		{"losses", 0, 0, G_OPTION_ARG_NONE, &q.losses, N_("only list what the format cannot hold; write nothing"),
	     NULL},
		{"no-side-file", 0, 0, G_OPTION_ARG_NONE, &q.no_side_file, N_("no second file for what does not fit"), NULL},
		{"reproject", 0, 0, G_OPTION_ARG_STRING, &q.reproject,
	     N_("the coordinate system of shp, gpkg, fgb and csv (the image's own)"), "EPSG:n|utm"},
		{"tiles", 0, 0, G_OPTION_ARG_INT, &q.tiles.size, N_("cut images and labels for training; OUT is a folder"),
	     "SIZE"},
		{"overlap", 0, 0, G_OPTION_ARG_INT, &q.tiles.overlap, N_("of the tiles (0)"), "PX"},
		{"split", 0, 0, G_OPTION_ARG_STRING, &q.tiles.split, N_("what validation is: images, or a part of each"),
	     "image|area"},
		{"validation", 0, 0, G_OPTION_ARG_DOUBLE, &q.tiles.validation, N_("its share (0.2)"), "0..1"},
		{"negatives", 0, 0, G_OPTION_ARG_DOUBLE, &q.tiles.negatives, N_("share of empty tiles that are kept (0.1)"),
	     "0..1"},
		{"whole-only", 0, 0, G_OPTION_ARG_NONE, &q.tiles.whole_only, N_("no objects that a tile's edge cuts"), NULL},
		{"simplify", 0, 0, G_OPTION_ARG_DOUBLE, &q.simplify, N_("tolerance in pixels (0: exact)"), "PX"},
		{0}};
	g_autoptr(GOptionContext) ctx = g_option_context_new(_("PROJECT — a project's objects to a file"));
	g_option_context_add_main_entries(ctx, entries, GETTEXT_PACKAGE);
	cli_add_options(ctx, &q.shared, 0);
	if (!cli_parse(ctx, &argc, &argv, 1, 1, error))
		return false;
	if (!q.output)
		return cli_usage(error, _("-o says where to write."));
	export_format format;
	g_autoptr(GError) inner = NULL;
	if (q.tiles.size != 0 && q.reproject)
		return cli_usage(error, _("tiles have no place on the map, so --reproject is not for --tiles."));
	if (q.tiles.size != 0 && !q.to)
		return cli_usage(error, _("--tiles wants --to: coco, yolo, labelme …"));
	if (!(q.to ? export_format_from_name(q.to, &format, &inner) : export_format_from_path(q.output, &format, &inner)))
		return cli_usage(error, "%s", inner->message);
	return export_project(argv[1], &q, format, error);
}
