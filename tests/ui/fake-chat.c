#include "tests/ui/fake-chat.h"

#include <string.h>

struct chat_service {
	chat_info info;
	bool opened;
	guint asking; /* under way */
};

typedef struct {
	char *phrase;
	raster_rect where;
	double score;
} found;

static struct {
	char *missing, *text, *failure;
	guint fail_after;
	bool hold;
	chat_stop stop;
	GPtrArray *found, *region_texts;
} script;
static fake_asked asked;

static void found_free(void *data)
{
	g_free(((found *)data)->phrase);
	g_free(data);
}

void fake_chat_reset(void)
{
	g_clear_pointer(&script.missing, g_free);
	g_clear_pointer(&script.text, g_free);
	g_clear_pointer(&script.failure, g_free);
	g_clear_pointer(&script.found, g_ptr_array_unref);
	g_clear_pointer(&script.region_texts, g_ptr_array_unref);
	script.found = g_ptr_array_new_with_free_func(found_free);
	script.region_texts = g_ptr_array_new_with_free_func(g_free);
	script.text = g_strdup("A quiet reply.");
	script.hold = false;
	script.stop = CHAT_STOP_END;
	g_clear_pointer(&asked.question, g_free);
	g_clear_pointer(&asked.turns, g_free);
	g_clear_pointer(&asked.prefix, g_free);
	asked = (fake_asked){0};
}

void fake_chat_set_missing(const char *sentence)
{
	g_free(script.missing);
	script.missing = g_strdup(sentence);
}

void fake_chat_say(const char *text)
{
	g_free(script.text);
	script.text = g_strdup(text);
	g_ptr_array_set_size(script.found, 0);
	g_ptr_array_set_size(script.region_texts, 0);
}

void fake_chat_ground(const char *phrase, int x, int y, int w, int h, double score)
{
	found *f = g_new0(found, 1);
	*f = (found){g_strdup(phrase), {x, y, w, h}, score};
	g_ptr_array_add(script.found, f);
}

void fake_chat_say_of_region(const char *text)
{
	g_ptr_array_add(script.region_texts, g_strdup(text));
}

void fake_chat_fail(const char *sentence, guint words)
{
	g_free(script.failure);
	script.failure = g_strdup(sentence);
	script.fail_after = words;
}

void fake_chat_hold(bool hold)
{
	script.hold = hold;
}

void fake_chat_stop_by(chat_stop stop)
{
	script.stop = stop;
}

const fake_asked *fake_chat_asked(void)
{
	return &asked;
}

/* --- the service --- */

chat_service *chat_service_new(service *s, const chat_options *options)
{
	chat_service *c = g_new0(chat_service, 1);
	c->info =
		(chat_info){.model = "scripted@00000000",
	                .device = "no device",
	                .card = "# Card\n\nGood at labels and short captions. Counts up to ten.\n\n**What it cannot "
	                        "do.** Names <nothing>\nit never saw.\n\n| a | b |\n|---|---|\n| `1` | 2 |\n\nMore below.",
	                .sees = true,
	                .regions_max = 10,
	                .context = 2048};
	return c;
}

void chat_service_free(chat_service *c)
{
	g_assert_true(!c || c->asking == 0); /* sessions give up first */
	g_free(c);
}

const chat_info *chat_service_get_info(const chat_service *c)
{
	return c->opened ? &c->info : NULL;
}

static bool check_model(chat_service *c, GTask *task)
{
	c->opened = script.missing == NULL;
	if (!c->opened)
		g_task_return_new_error(task, CHAT_ERROR, CHAT_ERROR_MODEL, "%s", script.missing);
	return c->opened;
}

void chat_service_open_async(chat_service *c, GCancellable *cancel, GAsyncReadyCallback done, void *data)
{
	g_autoptr(GTask) task = g_task_new(NULL, NULL, done, data);
	if (check_model(c, task))
		g_task_return_boolean(task, TRUE);
}

bool chat_service_open_finish(chat_service *c, GAsyncResult *result, GError **error)
{
	return g_task_propagate_boolean(G_TASK(result), error);
}

typedef struct {
	chat_service *service;
	GTask *task;
	GCancellable *cancel;
	void (*on_text)(const char *piece, void *data);
	void *data;
	char **words;
	guint at;
	GString *said;
	GError *error;
} telling;

static void telling_free(void *data)
{
	telling *t = data;
	g_object_unref(t->cancel);
	g_strfreev(t->words);
	g_string_free(t->said, TRUE);
	g_clear_error(&t->error);
	g_free(t);
}

static void end(telling *t)
{
	t->service->asking--;
	g_task_return_boolean(t->task, TRUE);
	g_object_unref(t->task);
}

static gboolean tell_word(gpointer data)
{
	telling *t = data;
	if (g_cancellable_is_cancelled(t->cancel)) {
		end(t);
		return G_SOURCE_REMOVE;
	}
	if (script.hold)
		return G_SOURCE_CONTINUE;
	if (script.failure && t->at >= script.fail_after) {
		t->error = g_error_new_literal(CHAT_ERROR, CHAT_ERROR_CONTEXT, script.failure);
		end(t);
		return G_SOURCE_REMOVE;
	}
	if (!t->words[t->at]) {
		end(t);
		return G_SOURCE_REMOVE;
	}
	g_autofree char *piece = g_strconcat(t->at ? " " : "", t->words[t->at], NULL);
	t->at++;
	g_string_append(t->said, piece);
	t->on_text(piece, t->data);
	return G_SOURCE_CONTINUE;
}

static void note_request(const chat_request *req)
{
	g_autoptr(GString) turns = g_string_new(NULL);
	for (guint i = 0; i < req->n_turns; i++)
		g_string_append_printf(turns, "%s: %s|", req->turns[i].model ? "model" : "user", req->turns[i].value);
	g_free(asked.question);
	g_free(asked.turns);
	g_free(asked.prefix);
	asked.prefix = g_strdup(req->prefix);
	asked.question = g_strdup(req->question);
	asked.turns = g_strdup(turns->str);
	asked.n_regions = req->n_regions;
	asked.n_asked++;
	asked.temperature = req->sampling.temperature;
	asked.seed = req->sampling.seed;
	asked.had_image = req->image != NULL;
	asked.source = req->source;
	asked.area = req->area;
}

void chat_service_ask_async(chat_service *c, const chat_request *req, GAsyncReadyCallback done, void *data)
{
	GTask *task = g_task_new(NULL, NULL, done, data);
	note_request(req);
	if (!check_model(c, task)) {
		g_object_unref(task);
		return;
	}
	telling *t = g_new0(telling, 1);
	c->asking++;
	*t = (telling){.service = c,
	               .task = task,
	               .cancel = g_object_ref(req->cancel),
	               .on_text = req->on_text,
	               .data = req->data,
	               .words = g_strsplit(script.text, " ", -1),
	               .said = g_string_new(NULL)};
	g_task_set_task_data(task, t, telling_free);
	if (req->on_progress)
		req->on_progress("vision", 0.5, req->data);
	g_timeout_add(5, tell_word, t);
}

static chat_grounded *ground(const found *f, const char *text)
{
	chat_grounded *g = g_new0(chat_grounded, 1);
	const char *at = strstr(text, f->phrase);
	g->phrase = g_strdup(f->phrase);
	g->start = at ? (guint)(at - text) : 0;
	g->end = at ? g->start + (guint)strlen(f->phrase) : 0;
	g->score = f->score;
	if (f->where.w > 0) {
		g->mask = mask_new(f->where.x, f->where.y, f->where.w, f->where.h);
		memset(g->mask->bits, 1, (gsize)f->where.w * (gsize)f->where.h);
	}
	return g;
}

static void grounded_free(void *data)
{
	chat_grounded *g = data;
	g_free(g->phrase);
	mask_free(g->mask);
	g_free(g);
}

bool chat_service_ask_finish(chat_service *c, GAsyncResult *result, chat_reply *out, GError **error)
{
	telling *t = g_task_get_task_data(G_TASK(result));
	if (!g_task_propagate_boolean(G_TASK(result), error))
		return false;
	out->text = g_strdup(t->said->str);
	out->value = g_strdup(t->said->str);
	out->stop = g_cancellable_is_cancelled(t->cancel) ? CHAT_STOP_CANCELLED : script.stop;
	out->grounded = g_ptr_array_new_with_free_func(grounded_free);
	out->regions = g_ptr_array_new_with_free_func(g_free);
	out->prompt = 133;
	out->reused = 96;
	out->generated = t->at;
	out->first_token_ms = 400;
	out->tokens_per_s = 41;
	const bool whole = !t->error && out->stop != CHAT_STOP_CANCELLED;
	for (guint i = 0; whole && i < script.found->len; i++)
		g_ptr_array_add(out->grounded, ground(script.found->pdata[i], t->said->str));
	for (guint i = 0; whole && i < script.region_texts->len; i++)
		g_ptr_array_add(out->regions, g_strdup(script.region_texts->pdata[i]));
	if (t->error)
		g_propagate_error(error, g_steal_pointer(&t->error));
	return !*error;
}
