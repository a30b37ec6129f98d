/* nadir segment IMAGE PROMPT… [-o OUT]… */
#include <glib/gi18n.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/cli/cli-private.h"
#include "app/engine/record.h"
#include "render/exchange/export.h"

#define MAX_RLE_PIXELS (1ll << 31) /* above, run lengths are of the bounding box: readers count in 32 bits */

/* One object as asked for and as found. */
typedef struct {
	prompt *marks; /* as given: map units with --map until the image is open */
	char *label;
	engine_answer answer;
	feature *f;
} item;

typedef struct {
	cli_options shared;
	GPtrArray *items; /* of item; the last one is being built */
	char **outputs;
	gboolean map, candidates;
	int scale;
} request;

static void item_free(void *data)
{
	item *it = data;
	prompt_free(it->marks);
	engine_answer_clear(&it->answer);
	feature_free(it->f);
	g_free(it->label);
	g_free(it);
}

static item *item_new(void)
{
	item *it = g_new0(item, 1);
	it->marks = prompt_new();
	return it;
}

static void request_clear(request *q)
{
	cli_options_clear(&q->shared);
	g_clear_pointer(&q->items, g_ptr_array_unref);
	g_strfreev(q->outputs);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(request, request_clear)

static item *last_item(request *q)
{
	return g_ptr_array_index(q->items, q->items->len - 1);
}

static gboolean on_mark(const char *name, const char *value, void *data, GError **error)
{
	static const struct {
		const char *option;
		sam_mark_kind kind;
		int sign;
	} marks[] = {
		{"--point", SAM_POINT, 1},     {"--not-point", SAM_POINT, -1},  {"--box", SAM_BOX, 1},
		{"--circle", SAM_CIRCLE, 1},   {"--scribble", SAM_SCRIBBLE, 1}, {"--not-scribble", SAM_SCRIBBLE, -1},
		{"--polygon", SAM_POLYGON, 1},
	};
	for (guint i = 0; i < G_N_ELEMENTS(marks); i++)
		if (strcmp(name, marks[i].option) == 0)
			return prompt_parse_mark(last_item(data)->marks, marks[i].kind, marks[i].sign, value, error);
	g_return_val_if_reached(FALSE);
}

static gboolean on_label(const char *name, const char *value, void *data, GError **error)
{
	if (!*value || !g_utf8_validate(value, -1, NULL))
		return cli_usage(error, _("--label wants a name."));
	item *it = last_item(data);
	g_free(it->label);
	it->label = g_strdup(value);
	return TRUE;
}

static gboolean on_next(const char *name, const char *value, void *data, GError **error)
{
	request *q = data;
	if (prompt_count(last_item(q)->marks) == 0)
		return cli_usage(error, _("--next comes after an object's prompt."));
	g_ptr_array_add(q->items, item_new());
	return TRUE;
}

static gboolean on_text(const char *name, const char *value, void *data, GError **error)
{
	return cli_usage(error,
	                 _("--text needs a chat model, and there is none in this version; mark the object instead."));
}

static void add_entries(GOptionContext *ctx, request *q)
{
	const GOptionEntry entries[] = {
		{"point", 0, 0, G_OPTION_ARG_CALLBACK, on_mark, N_("a point on the object"), "X,Y"},
		{"not-point", 0, 0, G_OPTION_ARG_CALLBACK, on_mark, N_("a point that is not on it"), "X,Y"},
		{"box", 0, 0, G_OPTION_ARG_CALLBACK, on_mark, N_("a box around it"), "X0,Y0,X1,Y1"},
		{"circle", 0, 0, G_OPTION_ARG_CALLBACK, on_mark, N_("a circle around it"), "CX,CY,R"},
		{"scribble", 0, 0, G_OPTION_ARG_CALLBACK, on_mark, N_("a stroke along it"), "X,Y;X,Y;…"},
		{"not-scribble", 0, 0, G_OPTION_ARG_CALLBACK, on_mark, N_("a stroke beside it"), "X,Y;X,Y;…"},
		{"polygon", 0, 0, G_OPTION_ARG_CALLBACK, on_mark, N_("a polygon around it"), "X,Y;X,Y;X,Y;…"},
		{"text", 0, 0, G_OPTION_ARG_CALLBACK, on_text, N_("a phrase that names it"), "PHRASE"},
		{"label", 0, 0, G_OPTION_ARG_CALLBACK, on_label, N_("class of the object (object)"), "NAME"},
		{"next", 0, G_OPTION_FLAG_NO_ARG, G_OPTION_ARG_CALLBACK, on_next, N_("start another object"), NULL},
		{0}};
	GOptionGroup *group = g_option_group_new("segment", "", "", q, NULL);
	g_option_group_add_entries(group, entries);
	g_option_context_set_main_group(ctx, group);
	const GOptionEntry plain[] = {
		{"output", 'o', 0, G_OPTION_ARG_FILENAME_ARRAY, &q->outputs,
	     N_("a file to write: .shp .gpkg .geojson .fgb .json .png .tif .pixel.geojson"), "OUT"},
		{"map", 0, 0, G_OPTION_ARG_NONE, &q->map, N_("coordinates are map units instead of pixels"), NULL},
		{"candidates", 0, 0, G_OPTION_ARG_NONE, &q->candidates, N_("all three masks"), NULL},
		{"scale", 0, 0, G_OPTION_ARG_INT, &q->scale, N_("side of the part that the model sees, in pixels"), "PX"},
		{0}};
	g_option_context_add_main_entries(ctx, plain, GETTEXT_PACKAGE);
}

static bool check_request(request *q, GError **error)
{
	if (prompt_count(last_item(q)->marks) == 0)
		return cli_usage(error, _("there is no prompt; give --point, --box, --circle, --scribble or --polygon."));
	if (q->scale < 0)
		return cli_usage(error, _("--scale is a number of pixels."));
	for (char **out = q->outputs; out && *out; out++) {
		export_format format;
		g_autoptr(GError) inner = NULL;
		if (!export_format_from_path(*out, &format, &inner))
			return cli_usage(error, "%s", inner->message);
	}
	return true;
}

/* Before the work: one target that cannot be written must not leave the others behind. */
static bool check_targets(const request *q, const georef *ref, GError **error)
{
	for (char **out = q->outputs; out && *out; out++) {
		export_format format;
		if (!export_format_from_path(*out, &format, error) || !export_check(ref, format, *out, error))
			return false;
	}
	return true;
}

/* --- map units to pixels --- */

/* A circle on the map has the radius of the pixel circle with the same area. */
static bool radius_to_pixels(const georef *g, const sam_mark *m, double *r, GError **error)
{
	double x[3] = {m->xy[0], m->xy[0] + m->r, m->xy[0]};
	double y[3] = {m->xy[1], m->xy[1], m->xy[1] + m->r};
	if (!georef_from_map(g, 3, x, y, error))
		return false;
	*r = sqrt(fabs((x[1] - x[0]) * (y[2] - y[0]) - (x[2] - x[0]) * (y[1] - y[0])));
	return true;
}

/* A map coordinate carries the rounding of its own transform; a millionth of a pixel is noise, and would decide ties.
 */
static double without_noise(double pixels)
{
	return round(pixels * 1e6) / 1e6;
}

static prompt *marks_to_pixels(const prompt *marks, const georef *g, GError **error)
{
	g_autoptr(prompt) out = prompt_new();
	guint n;
	const sam_mark *m = prompt_marks(marks, &n);
	for (guint i = 0; i < n; i++) {
		g_autofree double *x = g_new(double, m[i].n), *y = g_new(double, m[i].n), *xy = g_new(double, 2 * m[i].n);
		for (guint k = 0; k < m[i].n; k++) {
			x[k] = m[i].xy[2 * k];
			y[k] = m[i].xy[2 * k + 1];
		}
		double r = 0;
		if (!georef_from_map(g, m[i].n, x, y, error) ||
		    (m[i].kind == SAM_CIRCLE && !radius_to_pixels(g, &m[i], &r, error)))
			return NULL;
		for (guint k = 0; k < m[i].n; k++) {
			xy[2 * k] = without_noise(x[k]);
			xy[2 * k + 1] = without_noise(y[k]);
		}
		prompt_add(out, m[i].kind, m[i].sign, xy, m[i].n, r);
	}
	return g_steal_pointer(&out);
}

static bool items_to_pixels(request *q, const cli_image *img, GError **error)
{
	if (!q->map)
		return true;
	if (!georef_has_crs(img->ref)) {
		g_set_error(error, GEOMETRY_ERROR, GEOMETRY_ERROR_NO_CRS,
		            _("%s has no coordinate reference system, so --map has no meaning; give pixel coordinates."),
		            img->info->path);
		return false;
	}
	for (guint i = 0; i < q->items->len; i++) {
		item *it = g_ptr_array_index(q->items, i);
		prompt *pixels = marks_to_pixels(it->marks, img->ref, error);
		if (!pixels)
			return false;
		prompt_free(it->marks);
		it->marks = pixels;
	}
	return true;
}

/* --- result --- */

static cJSON *rle_to_json(const bitmask *m, const raster_info *info)
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
	cli_json_number(o, "score", CLAMP(c->score, 0, 1));
	cli_json_number(o, "stability", c->stability);
	cJSON_AddNumberToObject(o, "area_px", (double)c->area);
	int bbox[4] = {0};
	if (c->mask)
		mask_bbox(c->mask, bbox);
	cJSON_AddItemToObject(o, "bbox", cJSON_CreateIntArray(bbox, 4));
	if (c->mask)
		cJSON_AddItemToObject(o, "rle", rle_to_json(c->mask, info));
	else
		cJSON_AddNullToObject(o, "rle");
}

static cJSON *item_to_json(const item *it, const request *q, const raster_info *info)
{
	cJSON *o = cJSON_CreateObject();
	cJSON_AddStringToObject(o, "label", it->f->class_name);
	cJSON_AddItemToObject(o, "prompt", cJSON_Parse(it->f->prompt));
	cJSON_AddItemToObject(
		o, "crop",
		cJSON_CreateIntArray((int[]){it->answer.crop.x, it->answer.crop.y, it->answer.crop.w, it->answer.crop.h}, 4));
	add_mask(o, &it->answer.candidate[0], info);
	cli_json_number(o, "area_m2", it->f->area_m2);
	cJSON_AddNumberToObject(o, "mask_ms", it->answer.mask_ms);
	if (!q->candidates)
		return o;
	cJSON *list = cJSON_AddArrayToObject(o, "candidates");
	for (int i = 1; i < 4; i++) {
		cJSON *c = cJSON_CreateObject();
		add_mask(c, &it->answer.candidate[i], info);
		cJSON_AddItemToArray(list, c);
	}
	return o;
}

static void print_json(const request *q, const cli_image *img, const engine_info *eng)
{
	double encode_ms = 0;
	int encodings = 0;
	cJSON *objects = cJSON_CreateArray();
	for (guint i = 0; i < q->items->len; i++) {
		const item *it = g_ptr_array_index(q->items, i);
		encode_ms += it->answer.encode_ms;
		encodings += it->answer.encodings;
		cJSON_AddItemToArray(objects, item_to_json(it, q, img->info));
	}
	cJSON *o = cJSON_CreateObject();
	cJSON_AddStringToObject(o, "image", img->info->path);
	cJSON_AddNumberToObject(o, "width", img->info->width);
	cJSON_AddNumberToObject(o, "height", img->info->height);
	const char *crs = georef_crs_name(img->ref);
	cJSON_AddItemToObject(o, "crs", crs ? cJSON_CreateString(crs) : cJSON_CreateNull());
	cJSON_AddStringToObject(o, "model", eng->model);
	cJSON_AddStringToObject(o, "device", eng->device);
	cJSON_AddNumberToObject(o, "encode_ms", encode_ms);
	cJSON_AddNumberToObject(o, "encodings", encodings);
	cJSON_AddBoolToObject(o, "cached", encodings == 0);
	cJSON_AddItemToObject(o, "objects", objects);
	cli_print_json(o);
}

static void print_text(const request *q)
{
	for (guint i = 0; i < q->items->len; i++) {
		const item *it = g_ptr_array_index(q->items, i);
		int b[4] = {0};
		mask_bbox(it->answer.candidate[0].mask, b);
		g_autofree char *ground =
			isfinite(it->f->area_m2) ? g_strdup_printf(" (%.1f m²)", it->f->area_m2) : g_strdup("");
		printf("%u  %s  %s %.2f  %s %" G_GINT64_FORMAT " px%s  %s %d,%d,%d,%d\n", i + 1, it->f->class_name, _("score"),
		       it->f->score, _("area"), it->f->area_px, ground, _("box"), b[0], b[1], b[2], b[3]);
	}
}

static bool write_outputs(const request *q, const cli_image *img, GError **error)
{
	g_autofree feature **list = g_new0(feature *, q->items->len);
	for (guint i = 0; i < q->items->len; i++)
		list[i] = ((item *)g_ptr_array_index(q->items, i))->f;
	const export_job job = {.image = img->info, .ref = img->ref, .objects = list, .n_objects = q->items->len};
	for (char **out = q->outputs; out && *out; out++) {
		export_format format;
		g_autofree char *report = NULL;
		if (!export_format_from_path(*out, &format, error) || !export_write(&job, format, *out, &report, error))
			return false;
		if (report && *report)
			fprintf(stderr, "nadir segment: %s: %s\n", *out, report);
	}
	return true;
}

static bool segment_items(request *q, engine *e, const cli_image *img, GError **error)
{
	for (guint i = 0; i < q->items->len; i++) {
		item *it = g_ptr_array_index(q->items, i);
		const engine_request req = {.image = img->r,
		                            .style = &img->style,
		                            .marks = it->marks,
		                            .scale = q->scale,
		                            .progress = cli_progress,
		                            .data = (void *)_("encoding")};
		if (!engine_segment(e, &req, &it->answer, error)) {
			if (q->items->len > 1)
				g_prefix_error(error, _("object %u: "), i + 1);
			return false;
		}
		it->f = record_segmentation(&it->answer, 0, it->marks, it->label ? it->label : "object",
		                            engine_get_info(e)->model, img->info, img->ref, error);
		if (!it->f)
			return false;
		it->f->id = i + 1;
	}
	cli_progress_done();
	return true;
}

static bool check_prompts(const request *q, const cli_image *img, GError **error)
{
	for (guint i = 0; i < q->items->len; i++) {
		guint n;
		const sam_mark *m = prompt_marks(((item *)g_ptr_array_index(q->items, i))->marks, &n);
		if (!sam_marks_check(m, n, img->info->width, img->info->height, error))
			return false;
	}
	return true;
}

bool cli_segment(int argc, char **argv, GError **error)
{
	g_auto(request) q = {.items = g_ptr_array_new_with_free_func(item_free)};
	g_ptr_array_add(q.items, item_new());
	g_autoptr(GOptionContext) ctx = g_option_context_new(_("IMAGE — marks to masks"));
	add_entries(ctx, &q);
	cli_add_options(ctx, &q.shared, CLI_MODEL | CLI_IMAGE);
	if (!cli_parse(ctx, &argc, &argv, 1, 1, error) || !check_request(&q, error))
		return false;
	engine_options options;
	if (!cli_engine_options(&q.shared, &options, error))
		return false;
	g_auto(cli_image) img = {0};
	if (!cli_image_open(argv[1], &q.shared, &img, error) || !items_to_pixels(&q, &img, error) ||
	    !check_prompts(&q, &img, error) || !check_targets(&q, img.ref, error))
		return false;
	g_autoptr(engine) e = engine_open(&options, error);
	if (!e || !segment_items(&q, e, &img, error) || !write_outputs(&q, &img, error))
		return false;
	if (q.shared.json)
		print_json(&q, &img, engine_get_info(e));
	else
		print_text(&q);
	return true;
}
