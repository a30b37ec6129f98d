/* A reply, one short piece of work at a time. */
#include "app/engine/chat.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "app/engine/chat-private.h"

#define TOKENS_MOST 512u
/* Positions read in one step: enough for the matrices to be busy, few enough for a progress bar. */
#define READ_AT_ONCE 256u
#define REPLIES_KEPT 256u

static double ms_since(gint64 t)
{
	return (double)(g_get_monotonic_time() - t) / 1e3;
}

/* --- replies --- */

static void grounded_free(void *data)
{
	chat_grounded *g = data;
	g_free(g->phrase);
	mask_free(g->mask);
	g_free(g);
}

void chat_reply_init(chat_reply *r, guint n_regions)
{
	*r = (chat_reply){.end_id = -1,
	                  .grounded = g_ptr_array_new_with_free_func(grounded_free),
	                  .regions = g_ptr_array_new_with_free_func(g_free),
	                  .prompt_ids = g_array_new(FALSE, FALSE, sizeof(guint32)),
	                  .ids = g_array_new(FALSE, FALSE, sizeof(guint32)),
	                  .logits = g_array_new(FALSE, FALSE, sizeof(chat_logit))};
	g_ptr_array_set_size(r->regions, (int)n_regions);
}

void chat_reply_clear(chat_reply *r)
{
	g_free(r->text);
	g_free(r->value);
	g_free(r->note);
	g_clear_pointer(&r->grounded, g_ptr_array_unref);
	g_clear_pointer(&r->regions, g_ptr_array_unref);
	g_clear_pointer(&r->prompt_ids, g_array_unref);
	g_clear_pointer(&r->ids, g_array_unref);
	g_clear_pointer(&r->logits, g_array_unref);
	*r = (chat_reply){0};
}

void chat_run_clear(chat *c)
{
	chat_run *r = &c->run;
	chat_marks_clear(&r->marks);
	g_clear_pointer(&r->rows, g_ptr_array_unref);
	g_clear_pointer(&r->keys, g_array_unref);
	g_clear_pointer(&r->sampler, sampler_free);
	g_clear_pointer(&r->stream, text_stream_free);
	g_clear_pointer(&r->filter, stop_filter_free);
	if (r->text)
		g_string_free(r->text, TRUE);
	if (r->value)
		g_string_free(r->value, TRUE);
	g_free(r->logits);
	g_free(r->hidden);
	g_clear_pointer(&r->states, g_array_unref);
	chat_reply_clear(&r->reply);
	*r = (chat_run){0};
}

/* --- checking a request --- */

static bool refuse(GError **error, chat_error code, const char *format, ...) G_GNUC_PRINTF(3, 4);
static bool refuse(GError **error, chat_error code, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	g_set_error_literal(error, CHAT_ERROR, code, text);
	return false;
}

static bool check_text(const char *question, GError **error)
{
	if (!g_utf8_validate(question, -1, NULL))
		return refuse(error, CHAT_ERROR_QUESTION, _("The question is not UTF-8 text."));
	g_autofree char *bare = g_strstrip(g_strdup(question));
	return *bare || refuse(error, CHAT_ERROR_QUESTION, _("The question is empty; ask something."));
}

static bool check_turns(const chat_request *q, GError **error)
{
	for (guint i = 0; i < q->n_turns; i++)
		if (q->turns[i].model != (i % 2 == 1))
			return refuse(error, CHAT_ERROR_QUESTION,
			              _("Turn %u is out of order: a conversation is the user's and the model's in turns."), i + 1);
	return q->n_turns % 2 == 0 ||
	       refuse(error, CHAT_ERROR_QUESTION, _("The last turn before a question must be the model's."));
}

static bool check_image(const chat *c, const chat_request *q, GError **error)
{
	if (q->image && !c->vision)
		return refuse(error, CHAT_ERROR_IMAGE, _("%s sees no images: choose an earthgpt-x model for this."),
		              c->info.model);
	if (!q->image && q->n_regions > 0)
		return refuse(error, CHAT_ERROR_IMAGE, _("There are regions but no image they are on."));
	if (q->n_regions > c->info.regions_max)
		return refuse(error, CHAT_ERROR_REGION,
		              _("At most %u regions can be asked about at once, not %u; leave some out."), c->info.regions_max,
		              q->n_regions);
	return true;
}

static bool check_sampling(const chat_request *q, GError **error)
{
	const char *wrong = sampling_check(&q->sampling);
	return !wrong || refuse(error, CHAT_ERROR_QUESTION, _("The sampling setting %s is outside its range."), wrong);
}

/* --- starting --- */

/* The request's stop strings, the template's, and the line of a region that there is not: small models go on counting.
 * Lines that were said are added as they come (chat-said.c). */
static void prepare_stops(chat *c)
{
	chat_run *r = &c->run;
	const char *stop = chat_template_stop(&c->template);
	guint n = 0;
	r->filter = stop_filter_new(r->req.stops);
	for (guint i = 0; r->req.stops && r->req.stops[i]; i++)
		n += *r->req.stops[i] != '\0';
	r->n_asked = n;
	if (stop) {
		stop_filter_add(r->filter, stop);
		n++;
	}
	if (!r->req.image)
		return;
	g_autofree char *line = g_strdup_printf("\n<Region %u>", r->req.n_regions + 1);
	stop_filter_add(r->filter, line);
	r->unmarked = n + 1;
	chat_watch_lines(r, r->req.prefix ? r->req.prefix : "");
}

static void prepare(chat *c)
{
	chat_run *r = &c->run;
	const guint vocabulary = tokenizer_size(c->tokens);
	prepare_stops(c);
	r->rows = g_ptr_array_new();
	r->keys = g_array_new(FALSE, FALSE, sizeof(guint64));
	r->sampler = sampler_new(&r->req.sampling, vocabulary);
	r->stream = text_stream_new(c->tokens);
	repetition_init(&r->loop, c->pix);
	r->text = g_string_new(NULL);
	r->value = g_string_new(NULL);
	r->logits = g_new(float, llama_model_info(c->language)->vocab);
	r->hidden = g_new(float, llama_model_info(c->language)->width);
	r->states = g_array_new(FALSE, FALSE, sizeof(float) * llama_model_info(c->language)->width);
	r->phrase_start = -1;
	r->started = g_get_monotonic_time();
	if (!r->req.max_tokens)
		r->req.max_tokens = TOKENS_MOST;
}

bool chat_start(chat *c, const chat_request *req, GError **error)
{
	chat_run_clear(c);
	c->run.req = *req;
	chat_reply_init(&c->run.reply, req->n_regions);
	prepare(c);
	if (!check_text(req->question, error) || !check_turns(req, error) || !check_sampling(req, error) ||
	    !check_image(c, req, error))
		return false;
	if (req->image && !chat_place_marks(c, error))
		return false;
	c->run.stage = req->image ? CHAT_STAGE_IMAGE : CHAT_STAGE_SPLICE;
	/* A text that can never fit is refused before the image is looked at. */
	egx_vectors none = {0}, kept = c->vectors;
	c->vectors = none;
	const bool fits = chat_compose(c, error);
	c->vectors = kept;
	g_clear_pointer(&c->run.reply.note, g_free);
	return fits;
}

/* --- reading the prompt --- */

static guint common_prefix(const chat *c)
{
	const GArray *keys = c->run.keys;
	guint n = 0;
	while (n < c->held->len && n + 1 < keys->len &&
	       g_array_index(c->held, guint64, n) == g_array_index(keys, guint64, n))
		n++;
	return n; /* the last position is always read again: its logits are wanted */
}

/* Pieces for the decoder: runs of ids and single rows of vectors. */
static void pieces_of(const chat *c, guint from, guint n, guint32 *ids, GArray *out)
{
	for (guint i = 0; i < n; i++) {
		const guint64 key = g_array_index(c->run.keys, guint64, from + i);
		llama_input *last = out->len ? &g_array_index(out, llama_input, out->len - 1) : NULL;
		llama_input next = {.n = 1};
		if (key >> 63)
			next.vectors = c->run.rows->pdata[key & 0xffffff];
		else
			next.ids = &ids[i];
		ids[i] = (guint32)key;
		if (last && last->ids && next.ids)
			last->n++;
		else if (last && last->vectors && next.vectors == last->vectors + (gsize)last->n * c->vectors.width &&
		         next.vectors)
			last->n++;
		else
			g_array_append_val(out, next);
	}
}

/* Evaluates positions of run.keys that follow those held. */
static bool read_positions(chat *c, guint n, const llama_output *out, GError **error)
{
	const guint from = c->held->len;
	g_autofree guint32 *ids = g_new(guint32, n);
	g_autoptr(GArray) in = g_array_new(FALSE, TRUE, sizeof(llama_input));
	pieces_of(c, from, n, ids, in);
	if (!llama_eval(c->context, (const llama_input *)in->data, in->len, out, c->run.req.cancel, error))
		return false;
	g_array_append_vals(c->held, &g_array_index(c->run.keys, guint64, from), n);
	return true;
}

static void on_turn(void *data)
{
	const chat *c = data;
	if (c->run.req.on_turn)
		c->run.req.on_turn(c->run.req.data);
}

static void begin_reading(chat *c)
{
	chat_run *r = &c->run;
	const guint shared = common_prefix(c);
	g_array_set_size(c->held, shared);
	llama_context_truncate(c->context, shared);
	llama_context_set_turn(c->context, on_turn, c);
	r->reply.reused = shared;
	r->reading = g_get_monotonic_time();
	r->stage = CHAT_STAGE_READ;
}

/* --- choosing the next id --- */

static bool only_best(const chat *c)
{
	const sampling *s = &c->run.req.sampling;
	return !(s->temperature > 0) && !(fabsf(s->repeat_penalty - 1) > 0) &&
	       tokenizer_size(c->tokens) == llama_model_info(c->language)->vocab;
}

static int larger_logit(gconstpointer a, gconstpointer b)
{
	const chat_logit *x = a, *y = b;
	if (x->logit > y->logit || x->logit < y->logit)
		return x->logit > y->logit ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

static void keep_logits(chat *c)
{
	chat_run *r = &c->run;
	for (guint32 i = 0; i < tokenizer_size(c->tokens); i++) {
		const chat_logit l = {i, r->logits[i]};
		g_array_append_val(r->reply.logits, l);
	}
	g_array_sort(r->reply.logits, larger_logit);
	g_array_set_size(r->reply.logits, MIN(r->reply.logits->len, r->req.top_logits));
}

/* Reads n positions and, when `choose`, decides what comes next. */
static bool read_and_choose(chat *c, guint n, bool choose, float *hidden, GError **error)
{
	chat_run *r = &c->run;
	guint32 best = 0;
	const guint32 at = 0;
	const bool first = r->reply.generated == 0, simple = only_best(c) && !(first && r->req.top_logits);
	llama_output out = {0};
	if (choose && simple)
		out.best = &best;
	else if (choose)
		out.logits = r->logits;
	if (hidden)
		out = (llama_output){out.logits, out.best, hidden, &at, 1};
	if (!read_positions(c, n, &out, error))
		return false;
	if (!choose)
		return true;
	if (first && r->req.top_logits)
		keep_logits(c);
	r->next = simple ? (int)best : sampler_next(r->sampler, r->logits);
	if (r->next >= 0)
		return true;
	return refuse(error, CHAT_ERROR_MODEL, _("%s computes no numbers for this prompt; the file is broken."),
	              c->info.model);
}

/* --- the stages --- */

static bool stage_splice(chat *c, GError **error)
{
	if (c->run.req.image && !chat_splice(c, error))
		return false;
	c->run.reply.vision_ms = c->run.req.image ? ms_since(c->run.started) : 0;
	if (!chat_compose(c, error))
		return false;
	begin_reading(c);
	return true;
}

static bool stage_read(chat *c, GError **error)
{
	chat_run *r = &c->run;
	const guint left = r->keys->len - c->held->len, n = MIN(left, READ_AT_ONCE);
	if (!read_and_choose(c, n, n == left, NULL, error))
		return false;
	const guint fresh = r->keys->len - r->reply.reused;
	if (r->req.on_progress)
		r->req.on_progress("reading", 1 - (double)(left - n) / fresh, r->req.data);
	if (n < left)
		return true;
	r->reply.first_token_ms = ms_since(r->started);
	r->reply.prefill_tokens_per_s = fresh / MAX(1e-6, ms_since(r->reading) / 1e3);
	r->decoding = g_get_monotonic_time();
	r->stage = CHAT_STAGE_TOKEN;
	return true;
}

/* A reply that is read again in the next turn is read by the ids it was made of: other ids may spell the same text. */
static void remember(chat *c)
{
	chat_run *r = &c->run;
	const char *prefix = r->req.prefix;
	const GArray *before = prefix ? g_hash_table_lookup(c->said, prefix) : NULL;
	if (r->stopped || r->reply.ids->len == 0 || (prefix && !before))
		return;
	GArray *ids = g_array_new(FALSE, FALSE, sizeof(guint32));
	if (before)
		g_array_append_vals(ids, before->data, before->len);
	g_array_append_vals(ids, r->reply.ids->data, r->reply.ids->len);
	if (g_hash_table_size(c->said) >= REPLIES_KEPT)
		g_hash_table_remove_all(c->said);
	g_hash_table_insert(c->said, g_strconcat(prefix ? prefix : "", r->reply.value, NULL), ids);
}

static void tell_why(chat_run *r)
{
	if (r->reply.stop == CHAT_STOP_CONTEXT)
		chat_note(&r->reply, _("The reply ends here because the model can read no more positions."));
	else if (r->reply.stop == CHAT_STOP_REPEAT)
		chat_note(&r->reply, _("The model began to repeat itself, so the reply ends here."));
	else if (r->stopped && r->stopped == r->unmarked)
		chat_note(&r->reply, _("The model began to list regions that nobody marked, so the reply ends here."));
}

static void end_reply(chat *c, chat_stop stop)
{
	chat_run *r = &c->run;
	r->reply.stop = stop;
	if (r->reply.generated > 1)
		r->reply.tokens_per_s = (r->reply.generated - 1) / MAX(1e-6, ms_since(r->decoding) / 1e3);
	chat_said_end(c);
	remember(c);
	tell_why(r);
	const bool masks = r->states->len > 0 && !r->req.no_masks && stop != CHAT_STOP_CANCELLED;
	r->stage = masks ? CHAT_STAGE_MASK : CHAT_STAGE_DONE;
}

/* Why nothing is said behind the id that was said last; false: there is no such reason. */
static bool ends_here(const chat *c, chat_stop *why)
{
	const chat_run *r = &c->run;
	const bool again = r->looped || (r->unmarked && r->stopped > r->unmarked);
	if (r->stopped && r->stopped <= r->n_asked)
		*why = CHAT_STOP_STRING;
	else if (again)
		*why = CHAT_STOP_REPEAT;
	else if (r->stopped)
		*why = CHAT_STOP_END;
	else if (c->held->len + 1 > c->info.context)
		*why = CHAT_STOP_CONTEXT;
	else
		return false;
	return true;
}

static bool stage_token(chat *c, GError **error)
{
	chat_run *r = &c->run;
	chat_stop why = CHAT_STOP_LENGTH;
	const int id = r->next;
	if (tokenizer_is_end(c->tokens, id)) {
		r->reply.end_id = id;
		end_reply(c, CHAT_STOP_END);
		return true;
	}
	chat_say(c, id);
	sampler_accept(r->sampler, id);
	const bool full = r->reply.generated >= r->req.max_tokens, grounds = c->vision && r->req.image && id == c->pix;
	if (ends_here(c, &why) || (full && !grounds)) {
		end_reply(c, why);
		return true;
	}
	const guint64 key = (guint64)id;
	g_array_append_val(r->keys, key);
	if (!read_and_choose(c, 1, !full, grounds ? r->hidden : NULL, error))
		return false;
	if (grounds)
		g_array_append_vals(r->states, r->hidden, 1);
	if (full)
		end_reply(c, CHAT_STOP_LENGTH);
	return true;
}

static bool stage_mask(chat *c, GError **error)
{
	chat_run *r = &c->run;
	const guint width = llama_model_info(c->language)->width;
	const float *state = (const float *)r->states->data + (gsize)r->masked * width;
	if (!chat_ground(c, state, r->reply.grounded->pdata[r->masked], error))
		return false;
	if (++r->masked == r->states->len)
		r->stage = CHAT_STAGE_DONE;
	return true;
}

static bool run_stage(chat *c, GError **error)
{
	switch (c->run.stage) {
	case CHAT_STAGE_IMAGE:
		if (!chat_see(c, error))
			return false;
		c->run.stage = CHAT_STAGE_SPLICE;
		return true;
	case CHAT_STAGE_SPLICE:
		return stage_splice(c, error);
	case CHAT_STAGE_READ:
		return stage_read(c, error);
	case CHAT_STAGE_TOKEN:
		return stage_token(c, error);
	case CHAT_STAGE_MASK:
		return stage_mask(c, error);
	case CHAT_STAGE_IDLE:
	case CHAT_STAGE_DONE:
		return true;
	}
	return true;
}

/* What was said until now is the reply. */
static void end_early(chat *c)
{
	if (!c->run.reply.text)
		end_reply(c, CHAT_STOP_CANCELLED);
	c->run.reply.stop = CHAT_STOP_CANCELLED;
	c->run.stage = CHAT_STAGE_DONE;
}

chat_state chat_step(chat *c, GError **error)
{
	g_autoptr(GError) inner = NULL;
	g_return_val_if_fail(c->run.stage != CHAT_STAGE_IDLE, CHAT_FAILED);
	const bool cancelled = g_cancellable_is_cancelled(c->run.req.cancel);
	if (cancelled || !run_stage(c, &inner)) {
		end_early(c);
		if (!cancelled && !g_error_matches(inner, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
			g_propagate_error(error, g_steal_pointer(&inner));
			return CHAT_FAILED;
		}
	}
	return c->run.stage == CHAT_STAGE_DONE ? CHAT_DONE : CHAT_MORE;
}

void chat_take_reply(chat *c, chat_reply *out)
{
	*out = c->run.reply;
	c->run.reply = (chat_reply){0};
	if (!out->text) { /* refused before anything was said */
		out->text = g_strdup("");
		out->value = g_strdup("");
	}
	chat_run_clear(c);
}

bool chat_ask(chat *c, const chat_request *req, chat_reply *out, GError **error)
{
	bool good = chat_start(c, req, error);
	chat_state state = good ? CHAT_MORE : CHAT_FAILED;
	while (state == CHAT_MORE)
		state = chat_step(c, error);
	chat_take_reply(c, out);
	return state == CHAT_DONE;
}
