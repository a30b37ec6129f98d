/* Opening a chat model, asking it, showing what it says. */
#include "app/cli/cli-chat.h"

#include <glib/gi18n.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/engine/record.h"

/* --- sampling --- */

void cli_add_sampling(GOptionContext *ctx, cli_sampling *s)
{
	*s = (cli_sampling){.top_p = 1, .repeat_penalty = 1, .max_tokens = 512};
	const GOptionEntry entries[] = {
		{"temperature", 0, 0, G_OPTION_ARG_DOUBLE, &s->temperature, N_("0 (default): always the likeliest word"), "T"},
		{"top-k", 0, 0, G_OPTION_ARG_INT, &s->top_k, N_("choose among the K likeliest"), "K"},
		{"top-p", 0, 0, G_OPTION_ARG_DOUBLE, &s->top_p, N_("choose among the likeliest with this share"), "P"},
		{"min-p", 0, 0, G_OPTION_ARG_DOUBLE, &s->min_p, N_("leave out what is less likely, relative to the best"), "P"},
		{"repeat-penalty", 0, 0, G_OPTION_ARG_DOUBLE, &s->repeat_penalty, N_("above 1: fewer repetitions"), "R"},
		{"max-tokens", 0, 0, G_OPTION_ARG_INT, &s->max_tokens, N_("end the reply after N tokens (512)"), "N"},
		{"stop", 0, 0, G_OPTION_ARG_STRING_ARRAY, &s->stops, N_("end the reply at this text"), "TEXT"},
		{0}};
	g_option_context_add_main_entries(ctx, entries, GETTEXT_PACKAGE);
}

void cli_sampling_clear(cli_sampling *s)
{
	g_clear_pointer(&s->stops, g_strfreev);
}

bool cli_take_sampling(const cli_sampling *s, const cli_options *o, chat_request *req, GError **error)
{
	req->sampling = SAMPLING_GREEDY;
	req->sampling.temperature = (float)s->temperature;
	req->sampling.top_k = s->top_k;
	req->sampling.top_p = (float)s->top_p;
	req->sampling.min_p = (float)s->min_p;
	req->sampling.repeat_penalty = (float)s->repeat_penalty;
	req->sampling.seed = (uint64_t)(int64_t)o->seed;
	req->stops = (const char *const *)s->stops;
	const char *wrong = sampling_check(&req->sampling);
	if (wrong)
		return cli_usage(error, _("--%s is outside its range; see --help."), wrong);
	if (s->max_tokens < 1)
		return cli_usage(error, _("--max-tokens is a number of tokens from 1, not %d."), s->max_tokens);
	req->max_tokens = (guint)s->max_tokens;
	return true;
}

/* --- the model --- */

bool cli_chat_open(const char *model, const cli_options *o, cli_chat *out, GError **error)
{
	const bool full = o->quality && strcmp(o->quality, "full") == 0,
			   fast = o->quality && strcmp(o->quality, "fast") == 0;
	*out = (cli_chat){0};
	if (o->quality && !full && !fast)
		return cli_usage(error, _("--quality is fast or full, not “%s”."), o->quality);
	out->dev = gpu_open(&(gpu_options){.device = o->device}, error);
	if (!out->dev)
		return false;
	out->chat = chat_open(out->dev, NULL, &(chat_options){.model = model, .full = full, .fast = fast}, error);
	return out->chat != NULL;
}

void cli_chat_close(cli_chat *c)
{
	g_clear_pointer(&c->chat, chat_close);
	g_clear_pointer(&c->dev, gpu_close);
}

/* --- asking --- */

typedef struct {
	bool stream, open_line;
} screen;

static void show_text(const char *piece, void *data)
{
	screen *s = data;
	cli_progress_done();
	if (!s->stream)
		return;
	fputs(piece, stdout);
	fflush(stdout);
	s->open_line = true;
}

static void show_progress(const char *stage, double fraction, void *data)
{
	static const struct {
		const char *stage, *text;
	} texts[] = {{"vision", N_("looking")}, {"reading", N_("reading")}, {"mask", N_("outlining")}};
	screen *s = data;
	if (s->open_line) { /* the bar would be drawn over the reply's last line */
		putchar('\n');
		fflush(stdout);
		s->open_line = false;
	}
	for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
		if (strcmp(stage, texts[i].stage) == 0)
			cli_progress(fraction, (void *)_(texts[i].text));
}

static void say_note(const char *command, const chat_reply *r)
{
	if (r->note)
		fprintf(stderr, "nadir %s: %s\n", command, r->note);
}

bool cli_chat_ask(const char *command, cli_chat *c, chat_request *req, bool stream, chat_reply *out, GError **error)
{
	screen s = {.stream = stream};
	req->on_text = show_text;
	req->on_progress = show_progress;
	req->data = &s;
	const bool good = chat_ask(c->chat, req, out, error);
	cli_progress_done();
	if (s.open_line)
		putchar('\n');
	if (good && command)
		say_note(command, out);
	return good;
}

/* --- a question about an image --- */

static void region_free(void *data)
{
	prompt_free(data);
}

void cli_talk_init(cli_talk *t)
{
	*t = (cli_talk){.regions = g_ptr_array_new_with_free_func(region_free)};
}

void cli_talk_clear(cli_talk *t)
{
	cli_options_clear(&t->shared);
	cli_sampling_clear(&t->sampling);
	g_clear_pointer(&t->regions, g_ptr_array_unref);
	g_strfreev(t->outputs);
	g_free(t->turns);
}

static gboolean on_region(const char *name, const char *value, void *data, GError **error)
{
	cli_talk *t = data;
	sam_mark_kind kind;
	const char *numbers = prompt_region_numbers(value, &kind);
	if (numbers) {
		prompt *p = prompt_new();
		g_ptr_array_add(t->regions, p);
		return prompt_parse_mark(p, kind, 1, numbers, error);
	}
	return cli_usage(error,
	                 _("--region is point:X,Y box:X0,Y0,X1,Y1 circle:CX,CY,R scribble:X,Y;X,Y;… or "
	                   "polygon:X,Y;X,Y;…, not “%s”."),
	                 value);
}

void cli_add_talk(GOptionContext *ctx, cli_talk *t)
{
	const GOptionEntry entries[] = {
		{"region", 0, 0, G_OPTION_ARG_CALLBACK, on_region, N_("a marked region; several in order"), "KIND:NUMBERS"},
		{0}};
	GOptionGroup *group = g_option_group_new("regions", "", "", t, NULL);
	g_option_group_add_entries(group, entries);
	g_option_context_set_main_group(ctx, group);
	cli_add_options(ctx, &t->shared, CLI_MODEL | CLI_IMAGE);
}

static cJSON *grounded_to_json(const chat_grounded *g, const raster_info *info)
{
	cJSON *o = cJSON_CreateObject();
	int bbox[4] = {0};
	cJSON_AddStringToObject(o, "phrase", g->phrase);
	if (g->region)
		cJSON_AddNumberToObject(o, "region", g->region);
	cli_json_number(o, "score", CLAMP(g->score, 0, 1));
	if (g->mask)
		mask_bbox(g->mask, bbox);
	cJSON_AddItemToObject(o, "bbox", cJSON_CreateIntArray(bbox, 4));
	cJSON_AddItemToObject(o, "rle", g->mask ? cli_rle_to_json(g->mask, info) : cJSON_CreateNull());
	return o;
}

static cJSON *region_to_json(guint i, const prompt *p, const char *text)
{
	cJSON *o = cJSON_CreateObject();
	cJSON_AddNumberToObject(o, "id", i + 1);
	cJSON_AddItemToObject(o, "prompt", prompt_mark_json(prompt_marks(p, NULL)));
	cJSON_AddItemToObject(o, "text", text ? cJSON_CreateString(text) : cJSON_CreateNull());
	return o;
}

static void add_counts(cJSON *o, const chat_reply *r)
{
	cJSON *tokens = cJSON_AddObjectToObject(o, "tokens");
	cJSON_AddNumberToObject(tokens, "prompt", r->prompt);
	cJSON_AddNumberToObject(tokens, "reused", r->reused);
	cJSON_AddNumberToObject(tokens, "generated", r->generated);
	cJSON_AddNumberToObject(tokens, "dropped_turns", r->dropped_turns);
	cJSON *timing = cJSON_AddObjectToObject(o, "timing");
	cJSON_AddNumberToObject(timing, "vision_ms", r->vision_ms);
	cJSON_AddNumberToObject(timing, "first_token_ms", r->first_token_ms);
	cJSON_AddNumberToObject(timing, "tokens_per_s", r->tokens_per_s);
}

cJSON *cli_reply_to_json(const cli_talk *t, const chat_info *model, const raster_info *info, const chat_reply *r)
{
	cJSON *o = cJSON_CreateObject();
	cli_json_texts(o, "text", r->text, "value", r->value, "model", model->model, "device", model->device, NULL);
	cJSON *regions = cJSON_AddArrayToObject(o, "regions");
	for (guint i = 0; i < t->regions->len; i++)
		cJSON_AddItemToArray(regions, region_to_json(i, t->regions->pdata[i], r->regions->pdata[i]));
	cJSON *grounded = cJSON_AddArrayToObject(o, "grounded");
	for (guint i = 0; i < r->grounded->len; i++)
		cJSON_AddItemToArray(grounded, grounded_to_json(r->grounded->pdata[i], info));
	add_counts(o, r);
	return o;
}

static void feature_clear(void *data)
{
	feature_free(data);
}

/* What was grounded as objects; each phrase is its object's class. */
GPtrArray *cli_reply_objects(const cli_image *img, const chat_info *model, const chat_reply *r, GError **error)
{
	g_autoptr(GPtrArray) objects = g_ptr_array_new_with_free_func(feature_clear);
	for (guint i = 0; i < r->grounded->len; i++) {
		const chat_grounded *g = r->grounded->pdata[i];
		if (!g->mask)
			continue;
		g_autoptr(GBytes) wkb = mask_to_wkb(g->mask, error);
		if (!wkb)
			return NULL;
		feature *f = record_grounded(wkb, mask_area(g->mask), georef_area_m2(img->ref, wkb), g->score, g->phrase,
		                             *g->phrase ? g->phrase : "object", model->model, img->info);
		g_ptr_array_add(objects, f);
		f->id = objects->len;
	}
	return g_steal_pointer(&objects);
}

static bool write_grounded(const char *command, const cli_talk *t, const cli_image *img, const chat_info *model,
                           const chat_reply *r, GError **error)
{
	g_autoptr(GPtrArray) objects = t->outputs ? cli_reply_objects(img, model, r, error) : NULL;
	if (!objects)
		return !t->outputs;
	if (objects->len > 0)
		return cli_write_outputs(command, t->outputs, img, (feature *const *)objects->pdata, objects->len, error);
	g_set_error(error, SAM_ERROR, SAM_ERROR_EMPTY,
	            _("The model outlined nothing, so %s was not written; ask it to segment something."), t->outputs[0]);
	return false;
}

/* Regions of the conversation's file stand where the command line gives none. */
static bool load_turns(cli_talk *t, chat_turns **turns, GError **error)
{
	if (!t->turns)
		return true;
	*turns = chat_turns_load(t->turns, error);
	if (!*turns)
		return false;
	const guint stated = t->regions->len > 0 ? 0 : (*turns)->regions->len;
	for (guint i = 0; i < stated; i++)
		g_ptr_array_add(t->regions, prompt_copy((*turns)->regions->pdata[i]));
	return true;
}

static void put_regions(const cli_talk *t, chat_region *out)
{
	for (guint i = 0; i < t->regions->len; i++)
		out[i].mark = prompt_marks(t->regions->pdata[i], NULL)[0];
}

bool cli_talk_ask(const char *command, const cli_talk *t, cli_chat *c, const cli_image *img, chat_request *req,
                  bool stream, chat_reply *out, GError **error)
{
	g_autofree chat_region *regions = g_new0(chat_region, t->regions->len + 1);
	put_regions(t, regions);
	req->image = img->r;
	req->style = &img->style;
	req->regions = regions;
	req->n_regions = t->regions->len;
	req->source = chat_source_word(t->shared.source, img->info->source);
	return cli_chat_ask(command, c, req, stream, out, error);
}

bool cli_talk_run(const char *command, cli_talk *t, const char *image, const char *question, GError **error)
{
	chat_request req = {.question = question};
	g_autoptr(chat_turns) turns = NULL;
	g_auto(cli_image) img = {0};
	g_auto(cli_chat) c = {0};
	g_auto(chat_reply) r = {0};
	if (!cli_take_sampling(&t->sampling, &t->shared, &req, error) || !cli_check_formats(t->outputs, error) ||
	    !load_turns(t, &turns, error) || !cli_image_open(image, &t->shared, &img, error) ||
	    !cli_check_targets(t->outputs, img.ref, error) || !cli_chat_open(t->shared.model, &t->shared, &c, error))
		return false;
	req.turns = turns ? (const chat_turn *)turns->turns->data : NULL;
	req.n_turns = turns ? turns->turns->len : 0;
	const chat_info *model = chat_get_info(c.chat);
	if (!cli_talk_ask(command, t, &c, &img, &req, !t->shared.json, &r, error) ||
	    !write_grounded(command, t, &img, model, &r, error))
		return false;
	if (t->shared.json)
		cli_print_json(cli_reply_to_json(t, model, img.info, &r));
	return true;
}

/* --- a phrase to a mask --- */

static bool join_masks(const chat_reply *r, engine_answer *out, GError **error)
{
	engine_candidate *c = &out->candidate[0];
	for (guint i = 0; i < r->grounded->len; i++) {
		const chat_grounded *g = r->grounded->pdata[i];
		if (!g->mask)
			continue;
		bitmask *all = c->mask ? mask_combine(c->mask, g->mask, MASK_UNION, error) : mask_copy(g->mask);
		if (!all)
			return false;
		mask_free(c->mask);
		c->mask = all;
		c->score = MAX(c->score, g->score);
	}
	c->stability = NAN;
	c->area = c->mask ? mask_area(c->mask) : 0;
	return true;
}

bool cli_segment_phrase(cli_chat *c, const cli_image *img, const char *phrase, const cli_options *o, engine_answer *out,
                        GError **error)
{
	*out =
		(engine_answer){.crop = {0, 0, img->info->width, img->info->height, MAX(img->info->width, img->info->height)}};
	g_autofree char *question = chat_segment_question(phrase);
	chat_request req = {.image = img->r,
	                    .style = &img->style,
	                    .question = question,
	                    .source = chat_source_word(o->source, img->info->source),
	                    .sampling = SAMPLING_GREEDY,
	                    .max_tokens = 128};
	g_auto(chat_reply) r = {0};
	const gint64 started = g_get_monotonic_time();
	if (!cli_chat_ask(NULL, c, &req, false, &r, error))
		return false;
	out->encode_ms = r.vision_ms;
	out->encodings = 1;
	out->mask_ms = (double)(g_get_monotonic_time() - started) / 1e3 - r.vision_ms;
	if (!join_masks(&r, out, error))
		return false;
	if (out->candidate[0].mask) {
		say_note("segment", &r);
		return true;
	}
	g_set_error(error, SAM_ERROR, SAM_ERROR_EMPTY, _("The model outlined nothing for “%s”; mark the object instead."),
	            phrase);
	return false;
}
