/* A question on its way: what the model is told, what streams back, and what becomes of it. */
#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#include "app/conversation/chat-private.h"
#include "app/conversation/conversation-text.h"
#include "app/document/document-private.h"

static void asking_free(chat_asking *a)
{
	conversation_unref(a->talk);
	g_object_unref(a->cancel);
	g_string_free(a->text, TRUE);
	g_clear_pointer(&a->scene, scene_unref);
	g_free(a);
}

static void set_text(char **to, const char *text)
{
	g_free(*to);
	*to = g_strdup(text);
}

/* --- what streams --- */

/* The reply that a continued one carries on stands before it. */
static void show_text(chat_asking *a)
{
	g_free(a->reply->text);
	a->reply->text = g_strconcat(a->continued ? a->continued->text : "", a->text->str, NULL);
}

static void on_text(const char *piece, void *data)
{
	chat_asking *a = data;
	g_string_append(a->text, piece);
	if (!a->chat)
		return;
	a->chat->stage[0] = '\0';
	show_text(a);
	chat_emit_message(a->chat, a->reply);
}

static void on_progress(const char *stage, double fraction, void *data)
{
	chat_asking *a = data;
	if (!a->chat)
		return;
	g_strlcpy(a->chat->stage, stage, sizeof a->chat->stage);
	a->chat->fraction = fraction;
	chat_emit(a->chat, CHAT_SIGNAL_STATE);
}

/* --- the answer --- */

static void take_grounded(conversation_message *m, chat_reply *r, guint shift)
{
	for (guint i = 0; i < r->grounded->len; i++) {
		chat_grounded *from = r->grounded->pdata[i];
		conversation_grounded *g = conversation_grounded_new(from->phrase);
		g->start = from->start + shift;
		g->end = from->end + shift;
		g->region = from->region;
		g->score = from->score;
		g->mask = g_steal_pointer(&from->mask);
		g_ptr_array_add(m->grounded, g);
	}
}

/* What the shorter reply had found already. */
static void copy_grounded(conversation_message *m, const conversation_message *before)
{
	for (guint i = 0; i < before->grounded->len; i++) {
		const conversation_grounded *from = before->grounded->pdata[i];
		conversation_grounded *g = conversation_grounded_new(from->phrase);
		g->start = from->start;
		g->end = from->end;
		g->region = from->region;
		g->score = from->score;
		g->object = from->object;
		g->mask = from->mask ? mask_copy(from->mask) : NULL;
		g_ptr_array_add(m->grounded, g);
	}
}

static void take_reply(chat_asking *a, chat_reply *r)
{
	conversation_message *m = a->reply;
	const conversation_message *before = a->continued;
	const chat_info *info = a->chat->service ? chat_service_get_info(a->chat->service) : NULL;
	g_free(m->text);
	g_free(m->value);
	m->text = g_strconcat(before ? before->text : "", r->text ? r->text : "", NULL);
	m->value = g_strconcat(before ? before->value : "", r->value ? r->value : "", NULL);
	m->stop = r->stop;
	set_text(&m->note, r->note);
	if (before)
		copy_grounded(m, before);
	if (before && r->regions) /* a region's line may have begun before */
		chat_region_lines(m->text, r->regions);
	if (r->grounded)
		take_grounded(m, r, before ? (guint)strlen(before->text) : 0);
	for (guint i = 0; r->regions && i < r->regions->len; i++)
		g_ptr_array_add(m->region_texts, g_strdup(r->regions->pdata[i]));
	const guint again = before ? before->timing.generated : 0; /* what is continued was read anew */
	m->timing.prompt = r->prompt - MIN(r->prompt, again);
	m->timing.reused = r->reused;
	m->timing.generated = r->generated + again;
	m->timing.dropped_turns = r->dropped_turns;
	m->timing.vision_ms = r->vision_ms;
	m->timing.first_token_ms = r->first_token_ms;
	m->timing.tokens_per_s = r->tokens_per_s;
	m->timing.context = info ? info->context : 0;
	set_text(&m->timing.model, info ? info->model : "");
	set_text(&m->timing.device, info ? info->device : "");
}

/* Nothing was said: the question stands alone again, and says why. */
static void give_up(NadirChat *c, chat_asking *a, const char *why)
{
	conversation_message *question = a->reply->parent;
	if (a->continued) { /* the shorter reply is in sight again */
		conversation_show(a->continued);
		chat_notice(c, why);
	} else {
		set_text(&question->error, why);
	}
	if (c->lit_message == a->reply) {
		c->lit_message = NULL;
		c->lit_grounded = -1;
	}
	conversation_remove(a->talk, a->reply);
	if (a->continued)
		conversation_show(a->continued);
}

static void finish(NadirChat *c, chat_asking *a)
{
	if (c->open == a->talk) {
		chat_emit(c, CHAT_SIGNAL_PATH);
		chat_emit(c, CHAT_SIGNAL_REGIONS);
	}
	chat_emit(c, CHAT_SIGNAL_LIST);
	asking_free(a);
}

/* Outlines and areas, off the main loop. */
static void prepare_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancel)
{
	const chat_asking *a = data;
	for (guint i = 0; i < a->reply->grounded->len; i++)
		conversation_grounded_prepare(a->reply->grounded->pdata[i], a->scene->ref);
	g_task_return_boolean(task, TRUE);
}

static void end_asking(NadirChat *c)
{
	c->asking = NULL;
	c->stage[0] = '\0';
	chat_emit(c, CHAT_SIGNAL_STATE);
}

/* What was said until now is a reply like one that was stopped. */
static void keep_said(NadirChat *c, chat_asking *a, const char *why)
{
	set_text(&a->reply->value, a->reply->text);
	set_text(&a->reply->note, why);
	a->reply->stop = CHAT_STOP_CANCELLED;
	chat_store(c, a->talk, a->reply);
}

void chat_give_up_asking(NadirChat *c, const char *why)
{
	chat_asking *a = c->asking;
	if (!a || a->scene) /* it has its answer, only the outlines are still made */
		return;
	g_cancellable_cancel(a->cancel);
	end_asking(c);
	a->chat = NULL; /* its answer finds nobody */
	const bool nobody_else = !a->sent;
	a->reply->running = false;
	if (a->text->len)
		keep_said(c, a, why);
	else
		give_up(c, a, why);
	if (nobody_else)
		asking_free(a);
	chat_emit(c, CHAT_SIGNAL_PATH);
}

static void on_prepared(GObject *source, GAsyncResult *result, gpointer data)
{
	chat_asking *a = data;
	NadirChat *c = a->chat;
	if (!c) {
		asking_free(a);
		return;
	}
	a->reply->running = false;
	end_asking(c);
	finish(c, a);
}

static void on_answer(GObject *source, GAsyncResult *result, gpointer data)
{
	chat_asking *a = data;
	NadirChat *c = a->chat;
	g_autoptr(GError) error = NULL;
	g_auto(chat_reply) reply = {0};
	if (!c) { /* and with it perhaps the service */
		asking_free(a);
		return;
	}
	const bool ok = chat_service_ask_finish(c->service, result, &reply, &error);
	const bool said = (reply.text && *reply.text) || (reply.grounded && reply.grounded->len > 0);
	if (!said) {
		end_asking(c);
		give_up(c, a,
		        ok && reply.stop == CHAT_STOP_CANCELLED ? _("Stopped before the first word.")
		        : ok                                    ? _("The model said nothing: ask in other words.")
		                                                : error->message);
		finish(c, a);
		return;
	}
	take_reply(a, &reply);
	if (!ok)
		set_text(&a->reply->note, error->message);
	chat_store(c, a->talk, a->reply); /* with its masks; outlines are made anew whenever it is read */
	g_strlcpy(c->stage, "mask", sizeof c->stage);
	a->scene = scene_ref(c->document->scene);
	g_autoptr(GTask) task = g_task_new(NULL, NULL, on_prepared, a);
	g_task_set_task_data(task, a, NULL);
	g_task_run_in_thread(task, prepare_thread);
}

/* --- asking --- */

static GArray *turns_before(const conversation_message *question)
{
	GArray *turns = g_array_new(FALSE, FALSE, sizeof(chat_turn));
	for (const conversation_message *m = question->parent; m && m->parent; m = m->parent) {
		const chat_turn t = {m->model, m->value};
		g_array_prepend_val(turns, t);
	}
	return turns;
}

static GArray *regions_of(const conversation_message *question)
{
	GArray *regions = g_array_new(FALSE, FALSE, sizeof(chat_region));
	for (guint i = 0; i < question->regions->len; i++) {
		const conversation_region *r = question->regions->pdata[i];
		const chat_region one = {*prompt_marks(r->mark, NULL), r->mask};
		g_array_append_val(regions, one);
	}
	return regions;
}

static void send(NadirChat *c, chat_asking *a)
{
	const conversation_message *question = a->reply->parent;
	const conversation_settings *s = &a->reply->settings;
	const chat_info *info = chat_service_get_info(c->service);
	const bool sees = info && info->sees;
	g_autoptr(GArray) turns = turns_before(question);
	g_autoptr(GArray) regions = regions_of(question);
	chat_request req = {.question = question->value,
	                    .turns = (const chat_turn *)turns->data,
	                    .n_turns = turns->len,
	                    .sampling = SAMPLING_GREEDY,
	                    .max_tokens = s->max_tokens,
	                    .cancel = a->cancel,
	                    .on_text = on_text,
	                    .on_progress = on_progress,
	                    .data = a};
	if (a->continued)
		req.prefix = a->continued->value;
	if (sees) {
		req.image = c->document->scene->image;
		req.style = c->document->model_follows ? &c->document->style : &c->document->rule_style;
		req.source = chat_source_word(c->document->source, nadir_document_info(c->document)->source);
		req.regions = (const chat_region *)regions->data;
		req.n_regions = regions->len;
		if (s->view)
			req.area = s->area;
	}
	req.sampling.temperature = (float)s->temperature;
	req.sampling.top_p = (float)s->top_p;
	req.sampling.top_k = (int)s->top_k;
	req.sampling.min_p = (float)s->min_p;
	req.sampling.repeat_penalty = (float)s->repeat_penalty;
	req.sampling.seed = s->seed;
	a->sent = true;
	chat_service_ask_async(c->service, &req, on_answer, a);
}

void chat_send_waiting(NadirChat *c)
{
	if (c->asking && !c->asking->sent)
		send(c, c->asking);
}

static void send_or_wait(NadirChat *c, chat_asking *a)
{
	if (c->model == NADIR_CHAT_READY)
		send(c, a);
	else
		nadir_chat_load_model(c);
}

/* Begins the answer to a question that stands in the tree. */
static chat_asking *begin(NadirChat *c, conversation_message *question, const conversation_settings *s)
{
	chat_asking *a = g_new0(chat_asking, 1);
	g_clear_pointer(&question->error, g_free);
	a->chat = c;
	a->talk = conversation_ref(c->open);
	a->cancel = g_cancellable_new();
	a->text = g_string_new(NULL);
	a->reply = conversation_add(c->open, question, true, "");
	a->reply->settings = *s;
	a->reply->running = true;
	c->asking = a;
	const chat_info *info = c->model == NADIR_CHAT_READY ? chat_service_get_info(c->service) : NULL;
	g_strlcpy(c->stage, info && !info->sees ? "reading" : "vision", sizeof c->stage);
	c->fraction = 0;
	return a;
}

static void tell_begun(NadirChat *c)
{
	chat_emit(c, CHAT_SIGNAL_PATH);
	chat_emit(c, CHAT_SIGNAL_REGIONS);
	chat_emit(c, CHAT_SIGNAL_STATE);
}

static bool can_ask(NadirChat *c, GError **error)
{
	if (!c->open->loaded)
		g_set_error_literal(error, CHAT_ERROR, CHAT_ERROR_QUESTION, _("The conversation is still being read: wait."));
	else if (c->asking)
		g_set_error_literal(error, CHAT_ERROR, CHAT_ERROR_QUESTION,
		                    _("The model is still answering: wait, or stop it first."));
	else if (!c->service || c->model == NADIR_CHAT_NONE)
		g_set_error_literal(error, CHAT_ERROR, CHAT_ERROR_MODEL,
		                    c->why ? c->why : _("There is no chat model: choose a model file first."));
	else
		return true;
	return false;
}

static conversation_settings settings_for(NadirChat *c, const raster_info *info)
{
	conversation_settings s = c->open->settings;
	if (s.view && c->view.w > 0 && c->view.h > 0)
		s.area = c->view;
	else
		s.view = false;
	if (s.view && s.area.w >= info->width && s.area.h >= info->height)
		s.view = false; /* all of it is in sight */
	return s;
}

/* "segment: the ships" becomes the sentence that models know. */
static char *question_text(const char *typed)
{
	g_autofree char *text = g_strstrip(g_strdup(typed));
	static const char *const heads[] = {"segment:", "Segment:"};
	for (guint i = 0; i < G_N_ELEMENTS(heads); i++)
		if (g_str_has_prefix(text, heads[i])) {
			const char *phrase = text + strlen(heads[i]);
			while (g_ascii_isspace(*phrase))
				phrase++;
			return *phrase ? chat_segment_question(phrase) : g_strdup("");
		}
	return g_steal_pointer(&text);
}

bool nadir_chat_ask(NadirChat *c, const char *typed, GError **error)
{
	g_return_val_if_fail(NADIR_IS_CHAT(c) && c->document && typed, false);
	g_autofree char *text = question_text(typed);
	if (!can_ask(c, error))
		return false;
	if (!*text) {
		g_set_error_literal(error, CHAT_ERROR, CHAT_ERROR_QUESTION, _("The question is empty: type one first."));
		return false;
	}
	conversation_message *parent = chat_parent(c);
	if (parent->parent && !parent->model) /* it had no answer: this one takes its place */
		parent = parent->parent;
	g_autoptr(GPtrArray) regions = chat_draft_regions(c);
	const conversation_settings s = settings_for(c, nadir_document_info(c->document));
	conversation_message *question = conversation_add(c->open, parent, false, text);
	question->settings = s;
	for (guint i = 0; i < regions->len; i++)
		g_ptr_array_add(question->regions, conversation_region_ref(regions->pdata[i]));
	g_ptr_array_set_size(c->added, 0);
	c->edited = NULL;
	chat_store(c, c->open, question);
	send_or_wait(c, begin(c, question, &s));
	tell_begun(c);
	return true;
}

bool nadir_chat_is_asking(NadirChat *c, const char **stage, double *fraction)
{
	g_return_val_if_fail(NADIR_IS_CHAT(c), false);
	if (stage)
		*stage = c->stage;
	if (fraction)
		*fraction = c->fraction;
	return c->asking != NULL;
}

void nadir_chat_stop(NadirChat *c)
{
	g_return_if_fail(NADIR_IS_CHAT(c));
	if (c->asking && c->asking->sent)
		g_cancellable_cancel(c->asking->cancel);
	else if (c->asking)
		chat_give_up_asking(c, _("Stopped before the first word."));
}

/* The same settings would give the same words: other draws, and enough freedom for them to matter. */
static conversation_settings vary(conversation_settings s, guint times)
{
	s.seed += times;
	if (times > 0) {
		s.temperature = MAX(s.temperature, 0.6);
		s.top_p = MAX(s.top_p, 0.9);
	}
	return s;
}

bool nadir_chat_answer_again(NadirChat *c, conversation_message *m, GError **error)
{
	g_return_val_if_fail(NADIR_IS_CHAT(c) && c->document && m, false);
	conversation_message *question = m->model ? m->parent : m;
	if (!can_ask(c, error))
		return false;
	conversation_settings s = vary(c->open->settings, question->children->len);
	s.view = question->settings.view; /* what it was asked about */
	s.area = question->settings.area;
	send_or_wait(c, begin(c, question, &s));
	tell_begun(c);
	return true;
}

conversation_message *nadir_chat_get_reply(NadirChat *c)
{
	g_return_val_if_fail(NADIR_IS_CHAT(c), NULL);
	conversation_message *last = conversation_last(c->open);
	while (last->parent && !last->model)
		last = last->parent;
	return last->parent ? last : NULL;
}

bool nadir_chat_can_continue(NadirChat *c)
{
	const conversation_message *last = nadir_chat_get_reply(c);
	return !c->asking && last && last == conversation_last(c->open) &&
	       (last->stop == CHAT_STOP_LENGTH || last->stop == CHAT_STOP_CANCELLED);
}

bool nadir_chat_continue(NadirChat *c, GError **error)
{
	g_return_val_if_fail(NADIR_IS_CHAT(c) && c->document, false);
	if (!nadir_chat_can_continue(c)) {
		g_set_error_literal(error, CHAT_ERROR, CHAT_ERROR_QUESTION,
		                    _("The last reply is complete: there is nothing to continue."));
		return false;
	}
	if (!can_ask(c, error))
		return false;
	conversation_message *cut = nadir_chat_get_reply(c);
	conversation_settings s = cut->settings;
	s.max_tokens = c->open->settings.max_tokens;
	chat_asking *a = begin(c, cut->parent, &s);
	a->continued = cut;
	set_text(&a->reply->text, cut->text);
	send_or_wait(c, a);
	tell_begun(c);
	return true;
}
