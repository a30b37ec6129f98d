#include "app/conversation/conversation-json.h"

#include "app/conversation/conversation-edit.h"

#include "render/file/json-text.h"
#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

static double number_of(const cJSON *o, const char *key, double otherwise)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(o, key);
	return cJSON_IsNumber(item) ? item->valuedouble : otherwise;
}

static const char *text_of(const cJSON *o, const char *key)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, key));
	return text ? text : "";
}

static void add_id(cJSON *o, const char *key, gint64 id)
{
	if (id)
		cJSON_AddNumberToObject(o, key, (double)id);
}

/* --- masks: run lengths of their own box, which is small however large the image is --- */

static void add_mask(cJSON *o, const bitmask *m)
{
	bitmask local = *m;
	local.x = local.y = 0;
	g_autofree char *counts = mask_to_rle(&local, m->w, m->h);
	cJSON *rle = cJSON_AddObjectToObject(o, "rle");
	cJSON_AddItemToObject(rle, "origin", cJSON_CreateIntArray((int[]){m->x, m->y}, 2));
	cJSON_AddItemToObject(rle, "size", cJSON_CreateIntArray((int[]){m->h, m->w}, 2));
	cJSON_AddStringToObject(rle, "counts", counts);
}

static int element(const cJSON *list, int i)
{
	const cJSON *item = cJSON_GetArrayItem(list, i);
	return cJSON_IsNumber(item) && fabs(item->valuedouble) < 2e9 ? (int)item->valuedouble : -1;
}

static bitmask *read_mask(const cJSON *o)
{
	const cJSON *rle = cJSON_GetObjectItemCaseSensitive(o, "rle");
	const cJSON *origin = cJSON_GetObjectItemCaseSensitive(rle, "origin");
	const cJSON *size = cJSON_GetObjectItemCaseSensitive(rle, "size");
	const int x = origin ? element(origin, 0) : 0, y = origin ? element(origin, 1) : 0;
	const int h = element(size, 0), w = element(size, 1);
	if (x < 0 || y < 0 || w <= 0 || h <= 0)
		return NULL;
	bitmask *m = mask_from_rle(text_of(rle, "counts"), w, h, NULL);
	if (m) {
		m->x += x;
		m->y += y;
	}
	return m;
}

/* --- regions --- */

static cJSON *region_to_json(const conversation_region *r)
{
	cJSON *o = prompt_mark_json(prompt_marks(r->mark, NULL));
	if (r->mask)
		add_mask(o, r->mask);
	add_id(o, "object", r->object);
	if (*r->label)
		cJSON_AddStringToObject(o, "label", r->label);
	return o;
}

char *conversation_regions_to_json(const GPtrArray *regions)
{
	cJSON *list = cJSON_CreateArray();
	for (guint i = 0; i < regions->len; i++)
		cJSON_AddItemToArray(list, region_to_json(regions->pdata[i]));
	return json_text(list);
}

static conversation_region *read_region(const cJSON *o)
{
	g_autoptr(prompt) mark = prompt_from_mark_json(o, NULL);
	if (!mark)
		return NULL;
	g_autoptr(bitmask) mask = read_mask(o);
	g_autoptr(GBytes) wkb = mask ? mask_to_wkb(mask, NULL) : NULL;
	return conversation_region_new(prompt_marks(mark, NULL), wkb ? mask : NULL, wkb, (gint64)number_of(o, "object", 0),
	                               text_of(o, "label"));
}

/* Regions of earlier questions are the same ones in later questions: shared, not made again. */
static void read_regions(conversation_message *m, const char *json)
{
	cJSON *list = cJSON_Parse(json);
	const GPtrArray *before = conversation_regions(m->parent);
	const cJSON *item;
	cJSON_ArrayForEach(item, list)
	{
		const guint i = m->regions->len;
		g_autofree char *text = json_part_text(item);
		conversation_region *r = NULL;
		if (before && i < before->len) {
			g_autofree char *old = json_text(region_to_json(before->pdata[i]));
			if (g_str_equal(old, text))
				r = conversation_region_ref(before->pdata[i]);
		}
		if (!r)
			r = read_region(item);
		if (!r)
			break; /* the numbers of the others would be wrong */
		g_ptr_array_add(m->regions, r);
	}
	cJSON_Delete(list);
}

/* --- settings --- */

static char *settings_to_json(const conversation_settings *s)
{
	cJSON *o = cJSON_CreateObject();
	g_autofree char *seed = g_strdup_printf("%" G_GUINT64_FORMAT, s->seed);
	cJSON_AddNumberToObject(o, "temperature", s->temperature);
	cJSON_AddNumberToObject(o, "top_p", s->top_p);
	cJSON_AddNumberToObject(o, "top_k", s->top_k);
	cJSON_AddNumberToObject(o, "min_p", s->min_p);
	cJSON_AddNumberToObject(o, "repeat_penalty", s->repeat_penalty);
	cJSON_AddNumberToObject(o, "max_tokens", s->max_tokens);
	cJSON_AddStringToObject(o, "seed", seed);
	if (s->view)
		cJSON_AddItemToObject(o, "area", cJSON_CreateIntArray((int[]){s->area.x, s->area.y, s->area.w, s->area.h}, 4));
	return json_text(o);
}

static conversation_settings settings_from_json(const char *json)
{
	conversation_settings s = conversation_settings_default();
	cJSON *o = cJSON_Parse(json);
	const cJSON *area = cJSON_GetObjectItemCaseSensitive(o, "area");
	s.temperature = CLAMP(number_of(o, "temperature", s.temperature), 0, 2);
	s.top_p = CLAMP(number_of(o, "top_p", s.top_p), 0.01, 1);
	s.top_k = (guint)CLAMP(number_of(o, "top_k", s.top_k), 0, 65536);
	s.min_p = CLAMP(number_of(o, "min_p", s.min_p), 0, 1);
	s.repeat_penalty = CLAMP(number_of(o, "repeat_penalty", s.repeat_penalty), 1, 2);
	s.max_tokens = (guint)CLAMP(number_of(o, "max_tokens", s.max_tokens), 1, 65536);
	s.seed = g_ascii_strtoull(text_of(o, "seed"), NULL, 10);
	if (cJSON_GetArraySize(area) == 4) {
		s.view = true;
		s.area = (raster_rect){element(area, 0), element(area, 1), element(area, 2), element(area, 3)};
	}
	cJSON_Delete(o);
	return s;
}

/* --- a reply --- */

static cJSON *grounded_to_json(const conversation_grounded *g, const guint place[2])
{
	cJSON *o = cJSON_CreateObject();
	cJSON_AddStringToObject(o, "phrase", g->phrase);
	cJSON_AddNumberToObject(o, "start", place[0]);
	cJSON_AddNumberToObject(o, "end", place[1]);
	if (g->region)
		cJSON_AddNumberToObject(o, "region", g->region);
	cJSON_AddNumberToObject(o, "score", g->score);
	if (g->mask)
		add_mask(o, g->mask);
	add_id(o, "object", g->object);
	return o;
}

/* Always as the model said it. */
static char *results_to_json(const conversation_message *m)
{
	cJSON *o = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(o, "grounded");
	const GPtrArray *all = m->said ? m->said->grounded : m->grounded;
	cJSON_AddStringToObject(o, "text", conversation_said_text(m));
	for (guint i = 0; i < all->len; i++) {
		const conversation_grounded *g = all->pdata[i];
		const guint here[2] = {g->start, g->end};
		cJSON_AddItemToArray(list, grounded_to_json(g, m->said ? &g_array_index(m->said->places, guint, 2 * i) : here));
	}
	list = cJSON_AddArrayToObject(o, "regions");
	for (guint i = 0; i < m->region_texts->len; i++) {
		const char *text = m->region_texts->pdata[i];
		cJSON_AddItemToArray(list, text ? cJSON_CreateString(text) : cJSON_CreateNull());
	}
	cJSON_AddNumberToObject(o, "stop", m->stop);
	if (m->note)
		cJSON_AddStringToObject(o, "note", m->note);
	return json_text(o);
}

/* A place that somebody wrote, where a character begins. */
static guint place_in(const char *text, double at)
{
	guint place = (guint)CLAMP(at, 0, (double)strlen(text));
	while (place > 0 && ((guchar)text[place] & 0xC0) == 0x80)
		place--;
	return place;
}

static void read_grounded(conversation_message *m, const cJSON *o)
{
	conversation_grounded *g = conversation_grounded_new(text_of(o, "phrase"));
	g->start = place_in(m->text, number_of(o, "start", 0));
	g->end = MAX(place_in(m->text, number_of(o, "end", 0)), g->start);
	g->region = (int)CLAMP(number_of(o, "region", 0), 0, 1000);
	g->score = number_of(o, "score", 0);
	g->object = (gint64)number_of(o, "object", 0);
	g->mask = read_mask(o);
	g_ptr_array_add(m->grounded, g);
}

static void read_results(conversation_message *m, const char *json)
{
	cJSON *o = cJSON_Parse(json);
	const cJSON *item, *text = cJSON_GetObjectItemCaseSensitive(o, "text");
	if (cJSON_IsString(text)) {
		g_free(m->text);
		m->text = g_strdup(text->valuestring);
	}
	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(o, "grounded")) read_grounded(m, item);
	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(o, "regions"))
		g_ptr_array_add(m->region_texts, g_strdup(cJSON_GetStringValue(item)));
	m->stop = (chat_stop)CLAMP(number_of(o, "stop", CHAT_STOP_END), CHAT_STOP_END, CHAT_STOP_REPEAT);
	if (*text_of(o, "note"))
		m->note = g_strdup(text_of(o, "note"));
	cJSON_Delete(o);
}

static char *timing_to_json(const conversation_timing *t)
{
	cJSON *o = cJSON_CreateObject();
	const struct {
		const char *key;
		double value;
	} numbers[] = {{"prompt", t->prompt},
	               {"reused", t->reused},
	               {"generated", t->generated},
	               {"dropped_turns", t->dropped_turns},
	               {"context", t->context},
	               {"vision_ms", t->vision_ms},
	               {"first_token_ms", t->first_token_ms},
	               {"tokens_per_s", t->tokens_per_s}};
	for (guint i = 0; i < G_N_ELEMENTS(numbers); i++)
		cJSON_AddNumberToObject(o, numbers[i].key, isfinite(numbers[i].value) ? numbers[i].value : 0);
	cJSON_AddStringToObject(o, "model", t->model ? t->model : "");
	cJSON_AddStringToObject(o, "device", t->device ? t->device : "");
	return json_text(o);
}

static void read_timing(conversation_timing *t, const char *json)
{
	cJSON *o = cJSON_Parse(json);
	t->prompt = (guint)CLAMP(number_of(o, "prompt", 0), 0, 1e9);
	t->reused = (guint)CLAMP(number_of(o, "reused", 0), 0, 1e9);
	t->generated = (guint)CLAMP(number_of(o, "generated", 0), 0, 1e9);
	t->dropped_turns = (guint)CLAMP(number_of(o, "dropped_turns", 0), 0, 1e9);
	t->context = (guint)CLAMP(number_of(o, "context", 0), 0, 1e9);
	t->vision_ms = number_of(o, "vision_ms", 0);
	t->first_token_ms = number_of(o, "first_token_ms", 0);
	t->tokens_per_s = number_of(o, "tokens_per_s", 0);
	t->model = g_strdup(text_of(o, "model"));
	t->device = g_strdup(text_of(o, "device"));
	cJSON_Delete(o);
}

/* --- rows --- */

static void set(char **to, char *value)
{
	g_free(*to);
	*to = value;
}

project_message *conversation_message_to_row(const conversation *c, const conversation_message *m)
{
	project_message *row = project_message_new();
	row->id = m->id;
	row->conversation = c->id;
	row->parent = m->parent->id;
	row->model = m->model;
	set(&row->text, g_strdup(m->said ? m->said->value : m->value));
	set(&row->settings, settings_to_json(&m->settings));
	if (m->model) {
		set(&row->results, results_to_json(m));
		set(&row->timing, timing_to_json(&m->timing));
	} else {
		set(&row->regions, conversation_regions_to_json(m->regions));
	}
	return row;
}

project_conversation *conversation_to_row(const conversation *c, gint64 image)
{
	project_conversation *row = project_conversation_new(image);
	row->id = c->id;
	row->leaf = c->loaded ? conversation_last(c)->id : c->leaf;
	set(&row->title, g_strdup(c->title));
	set(&row->settings, settings_to_json(&c->settings));
	return row;
}

conversation *conversation_from_row(const project_conversation *row)
{
	conversation *c = conversation_new();
	c->id = row->id;
	c->leaf = row->leaf;
	c->loaded = false;
	c->settings = settings_from_json(row->settings);
	set(&c->title, g_strdup(row->title));
	c->words = g_strdup(row->words);
	return c;
}

/* --- a result of the command line --- */

/* Where the markers of a value are in the text without them: start and end of every phrase that has a mask. */
static GArray *phrase_places(const char *value)
{
	GArray *places = g_array_new(FALSE, FALSE, 2 * sizeof(guint));
	guint at = 0, place[2] = {0, 0};
	for (const char *p = value; *p;) {
		if (g_str_has_prefix(p, "<p>")) {
			place[0] = place[1] = at;
			p += 3;
		} else if (g_str_has_prefix(p, "</p>")) {
			place[1] = at;
			p += 4;
		} else if (g_str_has_prefix(p, "<pix>")) {
			g_array_append_val(places, place);
			place[0] = place[1] = at;
			p += 5;
		} else {
			p++;
			at++;
		}
	}
	return places;
}

static void read_found(conversation_message *m, const cJSON *list)
{
	g_autoptr(GArray) places = phrase_places(m->value);
	const cJSON *item;
	cJSON_ArrayForEach(item, list)
	{
		read_grounded(m, item);
		conversation_grounded *g = m->grounded->pdata[m->grounded->len - 1];
		if (m->grounded->len > places->len)
			continue;
		const guint *place = &g_array_index(places, guint, 2 * (m->grounded->len - 1));
		g->start = place_in(m->text, place[0]);
		g->end = MAX(place_in(m->text, place[1]), g->start);
		while (g->start < g->end && g_ascii_isspace(m->text[g->start]))
			g->start++;
		while (g->start < g->end && g_ascii_isspace(m->text[g->end - 1]))
			g->end--;
	}
}

static void read_reply(conversation_message *q, conversation_message *m, const cJSON *o)
{
	const cJSON *tokens = cJSON_GetObjectItem(o, "tokens"), *timing = cJSON_GetObjectItem(o, "timing"), *item;
	cJSON_ArrayForEach(item, cJSON_GetObjectItem(o, "regions"))
	{
		conversation_region *r = read_region(cJSON_GetObjectItem(item, "prompt"));
		if (!r)
			break;
		g_ptr_array_add(q->regions, r);
		g_ptr_array_add(m->region_texts, g_strdup(cJSON_GetStringValue(cJSON_GetObjectItem(item, "text"))));
	}
	set(&m->value, g_strdup(text_of(o, "value")));
	read_found(m, cJSON_GetObjectItem(o, "grounded"));
	m->timing.prompt = (guint)CLAMP(number_of(tokens, "prompt", 0), 0, 1e9);
	m->timing.reused = (guint)CLAMP(number_of(tokens, "reused", 0), 0, 1e9);
	m->timing.generated = (guint)CLAMP(number_of(tokens, "generated", 0), 0, 1e9);
	m->timing.vision_ms = number_of(timing, "vision_ms", 0);
	m->timing.first_token_ms = number_of(timing, "first_token_ms", 0);
	m->timing.tokens_per_s = number_of(timing, "tokens_per_s", 0);
	m->timing.model = g_strdup(text_of(o, "model"));
	m->timing.device = g_strdup(text_of(o, "device"));
}

GPtrArray *conversation_rows_from_result(const char *json)
{
	cJSON *o = cJSON_Parse(json);
	g_autoptr(conversation) c = conversation_new();
	const char *question = text_of(o, "question"), *text = text_of(o, "text");
	GPtrArray *rows = NULL;
	if (*question && (*text || *text_of(o, "value"))) {
		conversation_message *q = conversation_add(c, c->root, false, question);
		conversation_message *m = conversation_add(c, q, true, text);
		read_reply(q, m, o);
		rows = g_ptr_array_new_with_free_func((GDestroyNotify)project_message_free);
		g_ptr_array_add(rows, conversation_message_to_row(c, q));
		g_ptr_array_add(rows, conversation_message_to_row(c, m));
	}
	cJSON_Delete(o);
	return rows;
}

void conversation_load(conversation *c, const GPtrArray *rows, const georef *ref)
{
	g_autoptr(GHashTable) by_id = g_hash_table_new(g_int64_hash, g_int64_equal);
	for (guint i = 0; i < rows->len; i++) {
		const project_message *row = rows->pdata[i];
		conversation_message *parent = g_hash_table_lookup(by_id, &row->parent);
		conversation_message *m = conversation_add(c, parent ? parent : c->root, row->model, row->text);
		g_hash_table_insert(by_id, (gpointer)&row->id, m);
		m->id = row->id;
		m->settings = settings_from_json(row->settings);
		if (m->model) {
			read_results(m, row->results);
			read_timing(&m->timing, row->timing);
		} else {
			read_regions(m, row->regions);
		}
		for (guint k = 0; k < m->grounded->len; k++)
			conversation_grounded_prepare(m->grounded->pdata[k], ref);
		if (m->model)
			conversation_edit(m, row->edited);
	}
	conversation_message *leaf = g_hash_table_lookup(by_id, &c->leaf);
	if (leaf)
		conversation_show(leaf);
	c->loaded = true;
}

/* --- triples --- */

/* A mask in a record of marks is the outline of its largest part. */
static cJSON *outline_to_json(const conversation_region *r)
{
	const wkb_ring *best = NULL;
	for (guint i = 0; r->shape && i < r->shape->parts->len; i++) {
		const wkb_part *part = &g_array_index(r->shape->parts, wkb_part, i);
		const wkb_ring *ring = &g_array_index(r->shape->rings, wkb_ring, part->first);
		if (!best || fabs(wkb_ring_area(r->shape, ring)) > fabs(wkb_ring_area(r->shape, best)))
			best = ring;
	}
	if (!best)
		return region_to_json(r);
	cJSON *o = cJSON_CreateObject(), *pts = NULL;
	cJSON_AddStringToObject(o, "kind", "polygon");
	pts = cJSON_AddArrayToObject(o, "pts");
	for (guint i = 0; i < best->n; i++)
		cJSON_AddItemToArray(
			pts, cJSON_CreateDoubleArray(&g_array_index(r->shape->xy, double, 2 * (gsize)(best->first + i)), 2));
	return o;
}

static void add_full_mask(cJSON *masks, const bitmask *m, const raster_info *info)
{
	cJSON *o = cJSON_CreateObject();
	cJSON_AddItemToArray(masks, o);
	if (!m) { /* the model said <pix> and meant nothing: an empty mask keeps the order */
		g_autoptr(bitmask) none = mask_new(0, 0, 0, 0);
		g_autofree char *counts = mask_to_rle(none, 1, 1);
		cJSON_AddItemToObject(o, "size", cJSON_CreateIntArray((int[]){1, 1}, 2));
		cJSON_AddStringToObject(o, "counts", counts);
		return;
	}
	const bool whole = (int64_t)info->width * info->height < ((int64_t)1 << 31);
	bitmask local = *m;
	if (!whole) {
		local.x = local.y = 0;
		cJSON_AddItemToObject(o, "origin", cJSON_CreateIntArray((int[]){m->x, m->y}, 2));
	}
	const int w = whole ? info->width : m->w, h = whole ? info->height : m->h;
	g_autofree char *counts = mask_to_rle(&local, w, h);
	cJSON_AddItemToObject(o, "size", cJSON_CreateIntArray((int[]){h, w}, 2));
	cJSON_AddStringToObject(o, "counts", counts);
}

char *conversation_to_triples(const conversation *c, const raster_info *info, const char *source)
{
	g_autoptr(GPtrArray) path = conversation_path(c);
	const GPtrArray *marks = conversation_regions(conversation_last(c));
	g_autofree char *name = g_path_get_basename(info->path);
	cJSON *o = cJSON_CreateObject();
	cJSON_AddStringToObject(o, "image", name);
	cJSON_AddStringToObject(o, "source", source ? source : "");
	cJSON *regions = cJSON_AddArrayToObject(o, "regions"), *turns = cJSON_AddArrayToObject(o, "conversations");
	cJSON *masks = cJSON_AddArrayToObject(o, "masks");
	for (guint i = 0; marks && i < marks->len; i++) {
		const conversation_region *r = marks->pdata[i];
		cJSON_AddItemToArray(regions, r->mask ? outline_to_json(r) : region_to_json(r));
	}
	for (guint i = 0; i < path->len; i++) {
		const conversation_message *m = path->pdata[i];
		cJSON *turn = cJSON_CreateObject();
		cJSON_AddStringToObject(turn, "from", m->model ? "model" : "user");
		cJSON_AddStringToObject(turn, "value", m->value);
		if (m->said)
			cJSON_AddBoolToObject(turn, "edited", true);
		cJSON_AddItemToArray(turns, turn);
		for (guint k = 0; k < m->grounded->len; k++)
			add_full_mask(masks, ((conversation_grounded *)m->grounded->pdata[k])->mask, info);
	}
	return json_page(o);
}
