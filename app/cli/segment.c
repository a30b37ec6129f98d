/* nadir segment IMAGE PROMPT… [-o OUT]… */
#include <glib/gi18n.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/cli/cli-chat.h"
#include "app/engine/prompt-choice.h"
#include "app/engine/record.h"

/* One object as asked for and as found. */
typedef struct {
	prompt *marks;        /* as given: map units with --map until the image is open */
	prompt_choice choice; /* of --stored; the options that hold for all objects fill what it leaves open */
	bool stored;
	char *phrase; /* of --text: instead of marks */
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
	prompt_choice_clear(&it->choice);
	engine_answer_clear(&it->answer);
	feature_free(it->f);
	g_free(it->phrase);
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

static bool is_empty(const item *it)
{
	return prompt_count(it->marks) == 0 && !it->phrase;
}

/* A stored prompt and a phrase say all about their object: they cannot be mixed with marks. whole: one of them comes.
 */
static bool may_add(const item *it, bool whole, GError **error)
{
	if (!it->stored && !it->phrase && !(whole && !is_empty(it)))
		return true;
	return cli_usage(error, it->stored ? _("--stored is an object's whole prompt; put --next between it and others.")
	                                   : _("--text is an object's whole prompt; put --next between it and others."));
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
	guint i = 0;
	while (i < G_N_ELEMENTS(marks) && strcmp(name, marks[i].option) != 0)
		i++;
	g_return_val_if_fail(i < G_N_ELEMENTS(marks), FALSE);
	item *it = last_item(data);
	return may_add(it, false, error) && prompt_parse_mark(it->marks, marks[i].kind, marks[i].sign, value, error);
}

static gboolean on_stored(const char *name, const char *value, void *data, GError **error)
{
	item *it = last_item(data);
	if (!may_add(it, true, error))
		return FALSE;
	g_autoptr(GError) inner = NULL;
	g_autoptr(prompt) marks = prompt_from_json(value, &inner);
	if (!marks || !prompt_choice_from_json(value, &it->choice, &inner))
		return cli_usage(error, "%s", inner->message);
	prompt_free(it->marks);
	it->marks = g_steal_pointer(&marks);
	it->stored = true;
	return TRUE;
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
	if (is_empty(last_item(q)))
		return cli_usage(error, _("--next comes after an object's prompt."));
	g_ptr_array_add(q->items, item_new());
	return TRUE;
}

static gboolean on_text(const char *name, const char *value, void *data, GError **error)
{
	item *it = last_item(data);
	g_autofree char *bare = g_strstrip(g_strdup(value));
	if (!*bare || !g_utf8_validate(value, -1, NULL))
		return cli_usage(error, _("--text wants a phrase that names the object."));
	if (!may_add(it, true, error))
		return FALSE;
	it->phrase = g_steal_pointer(&bare);
	return TRUE;
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
		{"stored", 0, 0, G_OPTION_ARG_CALLBACK, on_stored,
	     N_("an object's prompt as a project or an export holds it, with what was chosen then"), "JSON"},
		{"text", 0, 0, G_OPTION_ARG_CALLBACK, on_text, N_("a phrase that names it"), "PHRASE"},
		{"label", 0, 0, G_OPTION_ARG_CALLBACK, on_label, N_("class of the object (object)"), "NAME"},
		{"next", 0, G_OPTION_FLAG_NO_ARG, G_OPTION_ARG_CALLBACK, on_next, N_("start another object"), NULL},
		{0}};
	GOptionGroup *group = g_option_group_new("segment", "", "", q, NULL);
	g_option_group_add_entries(group, entries);
	g_option_context_set_main_group(ctx, group);
	const GOptionEntry plain[] = {
		{"output", 'o', 0, G_OPTION_ARG_FILENAME_ARRAY, &q->outputs,
	     N_("a file to write: .shp .gpkg .geojson .fgb .json .png .tif .pixel.geojson .kml .csv .labelme.json .txt "
	        "(YOLO)"),
	     "OUT"},
		{"map", 0, 0, G_OPTION_ARG_NONE, &q->map, N_("coordinates are map units instead of pixels"), NULL},
		{"candidates", 0, 0, G_OPTION_ARG_NONE, &q->candidates, N_("all three masks"), NULL},
		{"scale", 0, 0, G_OPTION_ARG_INT, &q->scale, N_("side of the part that the model sees, in pixels"), "PX"},
		{0}};
	g_option_context_add_main_entries(ctx, plain, GETTEXT_PACKAGE);
}

static bool check_request(request *q, GError **error)
{
	if (is_empty(last_item(q)))
		return cli_usage(error,
		                 _("there is no prompt; give --point, --box, --circle, --scribble, --polygon or --text."));
	if (q->scale < 0)
		return cli_usage(error, _("--scale is a number of pixels."));
	return cli_check_formats(q->outputs, error);
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
		if (it->stored) /* in pixels already */
			continue;
		prompt *pixels = marks_to_pixels(it->marks, img->ref, error);
		if (!pixels)
			return false;
		prompt_free(it->marks);
		it->marks = pixels;
	}
	return true;
}

/* --- result --- */

static cJSON *item_to_json(const item *it, const request *q, const raster_info *info)
{
	g_autofree char *marks = prompt_to_json(it->marks);
	return cli_object_to_json(it->f, it->stored || it->phrase ? it->f->prompt : marks, &it->answer,
	                          it->choice.candidate, q->candidates, info);
}

static void print_json(const request *q, const cli_image *img, const char *model, const char *device)
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
	cli_print_json(cli_masks_to_json(img, model, device, encode_ms, encodings, objects));
}

static void print_text(const request *q)
{
	for (guint i = 0; i < q->items->len; i++) {
		const item *it = g_ptr_array_index(q->items, i);
		int b[4] = {0};
		mask_bbox(it->answer.candidate[it->choice.candidate].mask, b);
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
	return cli_write_outputs("segment", q->outputs, img, list, q->items->len, error);
}

/* What a stored prompt leaves open is as the command's options say. */
static void complete_choice(item *it, const request *q)
{
	const char *given[] = {q->shared.bands, q->shared.stretch, q->shared.source};
	char **chosen[] = {&it->choice.bands, &it->choice.stretch, &it->choice.source};
	for (guint i = 0; i < G_N_ELEMENTS(given); i++)
		if (!*chosen[i])
			*chosen[i] = g_strdup(given[i]);
	if (it->choice.scale == 0)
		it->choice.scale = q->scale;
}

/* The chosen candidate as a feature. */
static bool record_item(item *it, const engine_info *eng, const cli_image *img, GError **error)
{
	if (!it->answer.candidate[it->choice.candidate].mask) {
		g_set_error(error, SAM_ERROR, SAM_ERROR_EMPTY, _("The stored prompt wants candidate %d, which is empty here."),
		            it->choice.candidate);
		return false;
	}
	it->f = record_segmentation(&it->answer, it->choice.candidate, it->marks, it->label ? it->label : "object",
	                            eng->model, img->info, img->ref, error);
	if (!it->f)
		return false;
	g_free(it->f->prompt);
	it->f->prompt = prompt_to_json_as_run(it->marks, &it->choice);
	return true;
}

static bool segment_item(item *it, const request *q, engine *e, const cli_image *img, GError **error)
{
	raster_style style = img->style;
	complete_choice(it, q);
	if (it->stored &&
	    !raster_style_resolve(img->r, it->choice.bands, it->choice.stretch, it->choice.source, &style, NULL, error))
		return false;
	const engine_request req = {.image = img->r,
	                            .style = &style,
	                            .marks = it->marks,
	                            .scale = it->choice.scale,
	                            .progress = cli_progress,
	                            .data = (void *)_("encoding")};
	return engine_segment(e, &req, &it->answer, error) && record_item(it, engine_get_info(e), img, error);
}

/* What segments: the engine for marks, the chat model for phrases; each only where it is needed. */
typedef struct {
	engine *engine;
	cli_chat chat;
} workers;

static void workers_clear(workers *w)
{
	cli_chat_close(&w->chat);
	g_clear_pointer(&w->engine, engine_close);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(workers, workers_clear)

/* --model names the chat model when there is a phrase: marks then go to the starter segmenter. */
static bool open_workers(const request *q, workers *w, GError **error)
{
	bool phrases = false, marks = false;
	for (guint i = 0; i < q->items->len; i++) {
		const item *it = q->items->pdata[i];
		phrases |= it->phrase != NULL;
		marks |= it->phrase == NULL;
	}
	engine_options options;
	if (!cli_engine_options(&q->shared, &options, error))
		return false;
	if (phrases)
		options.model = NULL;
	if (marks)
		w->engine = engine_open(&options, error);
	return (!marks || w->engine) && (!phrases || cli_chat_open(q->shared.model, &q->shared, &w->chat, error));
}

static bool segment_phrase(item *it, const request *q, workers *w, const cli_image *img, GError **error)
{
	if (!cli_segment_phrase(&w->chat, img, it->phrase, &q->shared, &it->answer, error))
		return false;
	const engine_candidate *c = &it->answer.candidate[0];
	g_autoptr(GBytes) wkb = mask_to_wkb(c->mask, error);
	if (!wkb)
		return false;
	it->f = record_grounded(wkb, c->area, georef_area_m2(img->ref, wkb), c->score, it->phrase,
	                        it->label ? it->label : "object", chat_get_info(w->chat.chat)->model, img->info);
	return true;
}

static bool segment_items(request *q, workers *w, const cli_image *img, GError **error)
{
	for (guint i = 0; i < q->items->len; i++) {
		item *it = g_ptr_array_index(q->items, i);
		if (!(it->phrase ? segment_phrase(it, q, w, img, error) : segment_item(it, q, w->engine, img, error))) {
			if (q->items->len > 1)
				g_prefix_error(error, _("object %u: "), i + 1);
			return false;
		}
		it->f->id = i + 1;
	}
	cli_progress_done();
	return true;
}

static bool check_prompts(const request *q, const cli_image *img, GError **error)
{
	for (guint i = 0; i < q->items->len; i++) {
		const item *it = q->items->pdata[i];
		guint n;
		const sam_mark *m = prompt_marks(it->marks, &n);
		if (!it->phrase && !sam_marks_check(m, n, img->info->width, img->info->height, error))
			return false;
	}
	return true;
}

static void print_result(const request *q, const workers *w, const cli_image *img)
{
	const engine_info *eng = w->engine ? engine_get_info(w->engine) : NULL;
	const chat_info *talk = w->chat.chat ? chat_get_info(w->chat.chat) : NULL;
	if (q->shared.json)
		print_json(q, img, talk ? talk->model : eng->model, talk ? talk->device : eng->device);
	else
		print_text(q);
}

bool cli_segment(int argc, char **argv, GError **error)
{
	g_auto(request) q = {.items = g_ptr_array_new_with_free_func(item_free)};
	g_ptr_array_add(q.items, item_new());
	g_autoptr(GOptionContext) ctx = g_option_context_new(_("IMAGE — marks to masks"));
	add_entries(ctx, &q);
	cli_add_options(ctx, &q.shared, CLI_MODEL | CLI_IMAGE);
	engine_options options;
	if (!cli_parse(ctx, &argc, &argv, 1, 1, error) || !check_request(&q, error) ||
	    !cli_engine_options(&q.shared, &options, error))
		return false;
	g_auto(cli_image) img = {0};
	if (!cli_image_open(argv[1], &q.shared, &img, error) || !items_to_pixels(&q, &img, error) ||
	    !check_prompts(&q, &img, error) || !cli_check_targets(q.outputs, img.ref, error))
		return false;
	g_auto(workers) w = {0};
	if (!open_workers(&q, &w, error) || !segment_items(&q, &w, &img, error) || !write_outputs(&q, &img, error))
		return false;
	print_result(&q, &w, &img);
	return true;
}
