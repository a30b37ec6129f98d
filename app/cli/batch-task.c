/* One image of a batch. */
#include <errno.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "app/cli/batch-private.h"
#include "app/engine/record.h"
#include "app/engine/sweep.h"
#include "render/exchange/export.h"
#include "render/file/json-text.h"
#include "render/file/output.h"

/* --- engines --- */

static bool need_engine(batch *b, GError **error)
{
	engine_options options;
	if (b->engine)
		return true;
	if (!cli_engine_options(&b->talk.shared, &options, error))
		return false;
	options.no_cache = true; /* each image is seen once: it would only push others' encodings out of the cache */
	b->engine = engine_open(&options, error);
	return b->engine != NULL;
}

static bool need_chat(batch *b, GError **error)
{
	return b->chat.chat || cli_chat_open(b->talk.shared.model, &b->talk.shared, &b->chat, error);
}

bool batch_is_lost(const batch *b)
{
	return (b->engine && engine_is_lost(b->engine)) || (b->chat.dev && gpu_is_lost(b->chat.dev));
}

void batch_reopen(batch *b)
{
	g_clear_pointer(&b->engine, engine_close);
	cli_chat_close(&b->chat);
}

/* --- files --- */

static bool make_parent(const char *path, GError **error)
{
	g_autofree char *folder = g_path_get_dirname(path);
	if (g_mkdir_with_parents(folder, 0777) == 0)
		return true;
	output_set_error(error, folder, errno);
	return false;
}

/* "OUT/a/b.tif" -> "OUT/a/b.tif.gpkg"; COCO's ".json" is the result's name already. */
static char *format_path(const batch *b, const image_list_entry *e, export_format format)
{
	const char *suffix = format == EXPORT_COCO ? ".coco.json" : export_format_extension(format);
	g_autofree char *name = g_strconcat(e->name, suffix, NULL);
	return g_build_filename(b->output, name, NULL);
}

/* An image without an object has no file: the formats say nothing by nothing. */
static bool write_formats(const batch *b, const image_list_entry *e, const cli_image *img, GPtrArray *objects,
                          GError **error)
{
	const export_job job = {
		.image = img->info, .ref = img->ref, .objects = (feature *const *)objects->pdata, .n_objects = objects->len};
	for (char **f = b->formats; f && *f && objects->len > 0; f++) {
		export_format format;
		if (!export_format_from_name(*f, &format, error))
			return false;
		g_autofree char *path = format_path(b, e, format), *report = NULL;
		if (!export_write(&job, format, path, &report, error))
			return false;
		if (report && *report)
			fprintf(stderr, "nadir batch: %s: %s\n", path, report);
	}
	return true;
}

/* Takes the JSON over. */
static bool write_result(const batch *b, const image_list_entry *e, cJSON *json, GError **error)
{
	g_autofree char *path = batch_result_path(b, e);
	g_autofree char *text = json_text(json);
	return output_write(path, text, strlen(text), error);
}

/* --- segment-boxes and segment-everything --- */

typedef struct {
	GPtrArray *objects; /* of feature */
	cJSON *list, *failed;
	double encode_ms;
	int encodings;
} outcome;

static void free_feature(void *data)
{
	feature_free(data);
}

static void outcome_clear(outcome *o)
{
	g_ptr_array_unref(o->objects);
	cJSON_Delete(o->list);
	cJSON_Delete(o->failed);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(outcome, outcome_clear)

static void note_failed(outcome *o, const prompt *marks, const GError *why)
{
	cJSON *f = cJSON_CreateObject();
	cJSON_AddItemToObject(f, "prompt", prompt_list_json(marks));
	cJSON_AddStringToObject(f, "error", why->message);
	cJSON_AddItemToArray(o->failed, f);
}

static bool keep_answer(const batch *b, const cli_image *img, const prompt *marks, const char *label,
                        const engine_answer *a, outcome *o, GError **error)
{
	feature *f = record_segmentation(a, 0, marks, label, engine_get_info(b->engine)->model, img->info, img->ref, error);
	if (!f)
		return false;
	g_ptr_array_add(o->objects, f);
	f->id = o->objects->len;
	cJSON_AddItemToArray(o->list, cli_object_to_json(f, f->prompt, a, 0, false, img->info));
	return true;
}

/* A box that gives nothing is noted; all else ends the image. */
static bool segment_box(batch *b, const cli_image *img, const image_list_box *box, outcome *o, GError **error)
{
	g_autoptr(prompt) marks = prompt_new();
	g_autoptr(GError) inner = NULL;
	g_auto(engine_answer) a = {0};
	const char *label = box->label && *box->label ? box->label : b->label ? b->label : "object";
	prompt_add(marks, SAM_BOX, 1, (double[]){box->x0, box->y0, box->x1, box->y1}, 2, 0);
	const engine_request req = {.image = img->r, .style = &img->style, .marks = marks, .scale = b->scale};
	const bool ok = engine_segment(b->engine, &req, &a, &inner) && keep_answer(b, img, marks, label, &a, o, &inner);
	o->encode_ms += a.encode_ms;
	o->encodings += a.encodings;
	if (ok)
		return true;
	if (g_error_matches(inner, SAM_ERROR, SAM_ERROR_PROMPT) || g_error_matches(inner, SAM_ERROR, SAM_ERROR_EMPTY)) {
		note_failed(o, marks, inner);
		return true;
	}
	g_propagate_error(error, g_steal_pointer(&inner));
	return false;
}

static bool segment_boxes(batch *b, const image_list_entry *e, const cli_image *img, outcome *o, GError **error)
{
	for (guint i = 0; e->boxes && i < e->boxes->len; i++)
		if (!segment_box(b, img, &g_array_index(e->boxes, image_list_box, i), o, error))
			return false;
	return true;
}

/* Each object is marked by the point that found it. */
static bool keep_found(const batch *b, const cli_image *img, engine_found *found, outcome *o, GError **error)
{
	engine_answer a = {.crop = {0, 0, img->info->width, img->info->height, MAX(img->info->width, img->info->height)}};
	g_autoptr(prompt) marks = prompt_new();
	prompt_add(marks, SAM_POINT, 1, found->at, 1, 0);
	a.candidate[0] = (engine_candidate){found->mask, found->score, found->stability, found->area}; /* borrowed */
	return keep_answer(b, img, marks, b->label ? b->label : "object", &a, o, error);
}

static bool segment_everything(batch *b, const cli_image *img, outcome *o, GError **error)
{
	const engine_sweep_request req = {.image = img->r,
	                                  .style = &img->style,
	                                  .scale = b->scale,
	                                  .least_score = b->least_score,
	                                  .least_stability = b->least_stability};
	g_autoptr(GPtrArray) found = engine_segment_everything(b->engine, &req, error);
	for (guint i = 0; found && i < found->len; i++)
		if (!keep_found(b, img, found->pdata[i], o, error))
			return false;
	return found != NULL;
}

static bool segment_image(batch *b, const image_list_entry *e, const cli_image *img, batch_count *count, GError **error)
{
	g_auto(outcome) o = {.objects = g_ptr_array_new_with_free_func(free_feature),
	                     .list = cJSON_CreateArray(),
	                     .failed = cJSON_CreateArray()};
	if (!need_engine(b, error))
		return false;
	if (!(b->task == BATCH_SEGMENT_BOXES ? segment_boxes(b, e, img, &o, error) : segment_everything(b, img, &o, error)))
		return false;
	engine_forget(b->engine);
	count->objects = o.objects->len;
	count->empty = (guint)cJSON_GetArraySize(o.failed);
	if (!write_formats(b, e, img, o.objects, error))
		return false;
	const engine_info *model = engine_get_info(b->engine);
	cJSON *json =
		cli_masks_to_json(img, model->model, model->device, o.encode_ms, o.encodings, g_steal_pointer(&o.list));
	cJSON_AddItemToObject(json, "failed", g_steal_pointer(&o.failed));
	return write_result(b, e, json, error);
}

/* --- describe and ask --- */

static const char *question_of(const batch *b, const image_list_entry *e)
{
	const bool detailed = b->detail && strcmp(b->detail, "detailed") == 0, regions = e->boxes && e->boxes->len > 0;
	if (b->task == BATCH_ASK)
		return e->question ? e->question : b->question;
	return chat_task_question(regions ? (detailed ? CHAT_DETAILED_REGIONS : CHAT_BRIEF_REGIONS)
	                                  : (detailed ? CHAT_DETAILED : CHAT_BRIEF));
}

/* The list's boxes are the regions. */
static void set_regions(batch *b, const image_list_entry *e)
{
	g_ptr_array_set_size(b->talk.regions, 0);
	for (guint i = 0; e->boxes && i < e->boxes->len; i++) {
		const image_list_box *box = &g_array_index(e->boxes, image_list_box, i);
		prompt *p = prompt_new();
		prompt_add(p, SAM_BOX, 1, (double[]){box->x0, box->y0, box->x1, box->y1}, 2, 0);
		g_ptr_array_add(b->talk.regions, p);
	}
}

static bool talk_image(batch *b, const image_list_entry *e, const cli_image *img, batch_count *count, GError **error)
{
	chat_request req = {.question = question_of(b, e)};
	g_auto(chat_reply) reply = {0};
	if (!req.question) {
		g_set_error_literal(error, CHAT_ERROR, CHAT_ERROR_QUESTION,
		                    _("The list has no question for it and --question gives none."));
		return false;
	}
	set_regions(b, e);
	if (!cli_take_sampling(&b->talk.sampling, &b->talk.shared, &req, error) || !need_chat(b, error) ||
	    !cli_talk_ask("batch", &b->talk, &b->chat, img, &req, false, &reply, error))
		return false;
	const chat_info *model = chat_get_info(b->chat.chat);
	g_autoptr(GPtrArray) objects = cli_reply_objects(img, model, &reply, error);
	if (!objects || !write_formats(b, e, img, objects, error))
		return false;
	count->objects = objects->len;
	cJSON *json = cli_reply_to_json(&b->talk, model, img->info, &reply);
	cli_json_texts(json, "image", img->info->path, "question", req.question, NULL);
	return write_result(b, e, json, error);
}

bool batch_image(batch *b, const image_list_entry *e, batch_count *count, GError **error)
{
	g_auto(cli_image) img = {0};
	g_autofree char *path = batch_result_path(b, e);
	*count = (batch_count){0};
	return cli_image_open(e->path, &b->talk.shared, &img, error) && make_parent(path, error) &&
	       (b->task <= BATCH_SEGMENT_BOXES ? segment_image : talk_image)(b, e, &img, count, error);
}
