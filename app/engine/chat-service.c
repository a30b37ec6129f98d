#include "app/engine/chat-service.h"

#include <string.h>

#define TICK_US 50000 /* at most 20 texts or progress marks a second: enough for an eye */

/* A request with everything it points to. */
typedef struct {
	chat_service *c;
	GTask *task;
	chat_request req; /* NULL question: only open */
	raster_style style;
	GArray *regions; /* of chat_region */
	GArray *turns;   /* of chat_turn */
	GStrv stops;
	GCancellable *cancel; /* also cancelled when the service closes */
	gulong closing_id;
	void (*on_text)(const char *piece, void *data);
	void (*on_progress)(const char *stage, double fraction, void *data);
	void *data;
	/* the thread's */
	bool started;
	GString *unsent; /* text not yet handed to the main context */
	gint64 last_text, last_progress;
} ask;

struct chat_service {
	chat_options options;
	char *model;
	service_guest *guest;
	GCancellable *closing;
	GMutex lock;    /* of waiting */
	GQueue waiting; /* of ask; the thread takes from its head */
	ask *current;   /* the thread's */
	chat *chat;     /* the thread's; NULL while closed */
	chat_info info; /* the main context's copy */
	bool known;
};

/* What comes back: the model's facts, and a reply that a failure may cut short. */
typedef struct {
	chat_info info;
	chat_reply reply;
	GError *error;
} outcome;

static void info_copy(chat_info *to, const chat_info *from)
{
	*to = *from;
	to->model = g_strdup(from->model);
	to->device = g_strdup(from->device);
	to->card = g_strdup(from->card);
	to->segmenter = g_strdup(from->segmenter);
}

static void info_clear(chat_info *i)
{
	g_free((char *)i->model);
	g_free((char *)i->device);
	g_free((char *)i->card);
	g_free((char *)i->segmenter);
	*i = (chat_info){0};
}

static void outcome_free(void *data)
{
	outcome *o = data;
	info_clear(&o->info);
	chat_reply_clear(&o->reply);
	g_clear_error(&o->error);
	g_free(o);
}

/* --- requests --- */

static void cancel_ask(GCancellable *closing, void *data)
{
	g_cancellable_cancel(data);
}

static void region_clear(void *data)
{
	chat_region *r = data;
	g_free((void *)r->mark.xy);
	mask_free((bitmask *)r->mask);
}

static void turn_clear(void *data)
{
	g_free(((chat_turn *)data)->value);
}

static void copy_lists(ask *a, const chat_request *req)
{
	a->regions = g_array_new(FALSE, TRUE, sizeof(chat_region));
	g_array_set_clear_func(a->regions, region_clear);
	for (guint i = 0; i < req->n_regions; i++) {
		chat_region r = req->regions[i];
		r.mark.xy = g_memdup2(r.mark.xy, sizeof(double) * 2 * r.mark.n);
		r.mask = r.mask ? mask_copy(r.mask) : NULL;
		g_array_append_val(a->regions, r);
	}
	a->turns = g_array_new(FALSE, TRUE, sizeof(chat_turn));
	g_array_set_clear_func(a->turns, turn_clear);
	for (guint i = 0; i < req->n_turns; i++) {
		const chat_turn t = {req->turns[i].model, g_strdup(req->turns[i].value)};
		g_array_append_val(a->turns, t);
	}
}

static void copy_request(ask *a, const chat_request *req)
{
	copy_lists(a, req);
	a->req = *req;
	a->req.image = req->image ? raster_ref(req->image) : NULL;
	if (req->style)
		a->style = *req->style;
	a->req.style = &a->style;
	a->req.regions = (const chat_region *)a->regions->data;
	a->req.turns = (const chat_turn *)a->turns->data;
	a->req.question = g_strdup(req->question);
	a->req.prefix = g_strdup(req->prefix);
	a->req.source = g_strdup(req->source);
	a->req.system = g_strdup(req->system);
	a->req.stops = (const char *const *)(a->stops = g_strdupv((char **)req->stops));
	a->on_text = req->on_text;
	a->on_progress = req->on_progress;
	a->data = req->data;
}

static ask *ask_new(chat_service *c, const chat_request *req, GCancellable *cancel, GTask *task)
{
	ask *a = g_new0(ask, 1);
	a->c = c;
	a->task = task;
	a->unsent = g_string_new(NULL);
	a->cancel = cancel ? g_object_ref(cancel) : g_cancellable_new();
	a->closing_id = g_cancellable_connect(c->closing, G_CALLBACK(cancel_ask), g_object_ref(a->cancel), g_object_unref);
	if (req)
		copy_request(a, req);
	a->req.cancel = a->cancel;
	return a;
}

static void ask_free(ask *a)
{
	g_cancellable_disconnect(a->c->closing, a->closing_id);
	g_clear_pointer(&a->req.image, raster_unref);
	g_clear_pointer(&a->regions, g_array_unref);
	g_clear_pointer(&a->turns, g_array_unref);
	g_free((char *)a->req.question);
	g_free((char *)a->req.prefix);
	g_free((char *)a->req.source);
	g_free((char *)a->req.system);
	g_strfreev(a->stops);
	g_string_free(a->unsent, TRUE);
	g_object_unref(a->cancel);
	g_clear_object(&a->task);
	g_free(a);
}

/* --- news for the main context --- */

typedef struct {
	GTask *task;
	void (*on_text)(const char *piece, void *data);
	void (*on_progress)(const char *stage, double fraction, void *data);
	void *data;
	char *text; /* NULL: progress */
	const char *stage;
	double fraction;
} news;

static gboolean deliver(void *data)
{
	const news *n = data;
	if (g_task_get_completed(n->task))
		return G_SOURCE_REMOVE;
	if (n->text)
		n->on_text(n->text, n->data);
	else
		n->on_progress(n->stage, n->fraction, n->data);
	return G_SOURCE_REMOVE;
}

static void news_free(void *data)
{
	news *n = data;
	g_object_unref(n->task);
	g_free(n->text);
	g_free(n);
}

static void send(ask *a, char *text, const char *stage, double fraction)
{
	news *n = g_new0(news, 1);
	*n = (news){g_object_ref(a->task), a->on_text, a->on_progress, a->data, text, stage, fraction};
	g_main_context_invoke_full(g_task_get_context(a->task), G_PRIORITY_DEFAULT, deliver, n, news_free);
}

static void send_text(ask *a)
{
	if (a->unsent->len == 0)
		return;
	send(a, g_strdup(a->unsent->str), NULL, 0);
	g_string_truncate(a->unsent, 0);
	a->last_text = g_get_monotonic_time();
}

static void take_text(const char *piece, void *data)
{
	ask *a = data;
	g_string_append(a->unsent, piece);
	if (g_get_monotonic_time() - a->last_text >= TICK_US)
		send_text(a);
}

static void take_progress(const char *stage, double fraction, void *data)
{
	ask *a = data;
	const gint64 now = g_get_monotonic_time();
	if (now - a->last_progress < TICK_US && fraction < 1)
		return;
	a->last_progress = now;
	send_text(a); /* masks come behind the last word: it must not wait for them */
	send(a, NULL, stage, fraction);
}

static void take_turn(void *data)
{
	ask *a = data;
	service_give_way(a->c->guest);
}

/* --- the thread --- */

static void answer(chat_service *c, GError *error)
{
	ask *a = c->current;
	outcome *o = g_new0(outcome, 1);
	if (c->chat)
		info_copy(&o->info, chat_get_info(c->chat));
	if (c->chat && a->started) {
		chat_take_reply(c->chat, &o->reply);
	} else {
		chat_reply_init(&o->reply, a->req.n_regions);
		o->reply.text = g_strdup("");
		o->reply.value = g_strdup("");
	}
	o->error = error;
	if (a->on_text)
		send_text(a);
	c->current = NULL;
	g_task_return_pointer(a->task, o, outcome_free);
	ask_free(a);
}

static bool open_chat(chat_service *c, engine *e, GError **error)
{
	if (!c->chat)
		c->chat = chat_open(engine_gpu(e), engine_segmenter(e), &c->options, error);
	return c->chat != NULL;
}

static bool start(chat_service *c, GError **error)
{
	ask *a = c->current;
	a->req.on_text = a->on_text ? take_text : NULL;
	a->req.on_progress = a->on_progress ? take_progress : NULL;
	a->req.on_turn = take_turn;
	a->req.data = a;
	a->started = true;
	return chat_start(c->chat, &a->req, error);
}

static ask *next_ask(chat_service *c)
{
	g_mutex_lock(&c->lock);
	ask *a = g_queue_pop_head(&c->waiting);
	g_mutex_unlock(&c->lock);
	return a;
}

/* One step; true while there is more. */
static bool work(engine *e, const GError *failure, void *data)
{
	chat_service *c = data;
	if (!c->current)
		c->current = next_ask(c);
	if (!c->current)
		return false;
	g_autoptr(GError) error = failure ? g_error_copy(failure) : NULL;
	if (error || !open_chat(c, e, &error) || !c->current->req.question) {
		answer(c, g_steal_pointer(&error));
		return true;
	}
	if (!c->current->started) {
		if (!start(c, &error))
			answer(c, g_steal_pointer(&error));
		return true;
	}
	const chat_state state = chat_step(c->chat, &error);
	if (state != CHAT_MORE)
		answer(c, state == CHAT_FAILED ? g_steal_pointer(&error) : NULL);
	return true;
}

/* The gpu goes: a reply under way has failed already or is given up. */
static void leave(void *data)
{
	chat_service *c = data;
	if (c->current && c->current->started)
		answer(c, g_error_new_literal(G_IO_ERROR, G_IO_ERROR_CANCELLED, "closed"));
	g_clear_pointer(&c->chat, chat_close);
}

/* --- the main context --- */

chat_service *chat_service_new(service *s, const chat_options *options)
{
	chat_service *c = g_new0(chat_service, 1);
	c->options = *options;
	c->options.model = c->model = g_strdup(options->model);
	c->closing = g_cancellable_new();
	g_mutex_init(&c->lock);
	g_queue_init(&c->waiting);
	c->guest = service_add_guest(s, work, leave, c);
	return c;
}

void chat_service_free(chat_service *c)
{
	if (!c)
		return;
	g_cancellable_cancel(c->closing);
	service_remove_guest(c->guest);
	for (c->current = c->current ? c->current : next_ask(c); c->current; c->current = next_ask(c))
		answer(c, g_error_new_literal(G_IO_ERROR, G_IO_ERROR_CANCELLED, "closed"));
	g_object_unref(c->closing);
	g_mutex_clear(&c->lock);
	info_clear(&c->info);
	g_free(c->model);
	g_free(c);
}

const chat_info *chat_service_get_info(const chat_service *c)
{
	return c->known ? &c->info : NULL;
}

static void submit(chat_service *c, const chat_request *req, GCancellable *cancel, GAsyncReadyCallback done, void *data,
                   void *tag)
{
	/* The task itself knows no cancellable: a cancelled reply is a reply. */
	GTask *task = g_task_new(NULL, NULL, done, data);
	g_task_set_source_tag(task, tag);
	ask *a = ask_new(c, req, cancel, task);
	g_mutex_lock(&c->lock);
	g_queue_push_tail(&c->waiting, a);
	g_mutex_unlock(&c->lock);
	service_wake_guest(c->guest);
}

static bool finish(chat_service *c, GAsyncResult *result, chat_reply *out, GError **error)
{
	outcome *o = g_task_propagate_pointer(G_TASK(result), error);
	if (!o)
		return false;
	if (o->info.model) {
		info_clear(&c->info);
		c->info = o->info;
		c->known = true;
		o->info = (chat_info){0};
	}
	const bool good = o->error == NULL;
	if (!good)
		g_propagate_error(error, g_steal_pointer(&o->error));
	if (out) {
		*out = o->reply;
		o->reply = (chat_reply){0};
	}
	outcome_free(o);
	return good;
}

void chat_service_open_async(chat_service *c, GCancellable *cancel, GAsyncReadyCallback done, void *data)
{
	submit(c, NULL, cancel, done, data, chat_service_open_async);
}

bool chat_service_open_finish(chat_service *c, GAsyncResult *result, GError **error)
{
	g_return_val_if_fail(g_async_result_is_tagged(result, chat_service_open_async), false);
	return finish(c, result, NULL, error);
}

void chat_service_ask_async(chat_service *c, const chat_request *req, GAsyncReadyCallback done, void *data)
{
	submit(c, req, req->cancel, done, data, chat_service_ask_async);
}

bool chat_service_ask_finish(chat_service *c, GAsyncResult *result, chat_reply *out, GError **error)
{
	g_return_val_if_fail(g_async_result_is_tagged(result, chat_service_ask_async), false);
	*out = (chat_reply){0};
	return finish(c, result, out, error);
}
