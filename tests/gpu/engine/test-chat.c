/* Conversations with a model that always says the same (tests/data/make-chat-fixture.py): what is reused, cancelling,
 * continuing, what is left out when the context is full, grounded phrases. */
#include <math.h>
#include <string.h>

#include "tests/gpu/engine/chat-fixture.h"

typedef struct {
	gpu *dev;
	chat *chat;
	raster *image;
	raster_style style;
	chat_region regions[3];
} fixture;

static const double points[][2] = {{40, 30}, {90.5, 60.25}, {10, 70}};

static chat *open_chat(gpu *dev, const char *name)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = fixture_data(name);
	chat *c = chat_open(dev, NULL, &(chat_options){.model = path}, &error);
	g_assert_no_error(error);
	return c;
}

static void set_up(fixture *f, gconstpointer name)
{
	g_autoptr(GError) error = NULL;
	f->dev = gpu_open(&(gpu_options){0}, &error);
	g_assert_no_error(error);
	f->chat = open_chat(f->dev, name);
	f->image = fixture_picture(120, 90);
	f->style = fixture_style(f->image);
	for (guint i = 0; i < G_N_ELEMENTS(points); i++)
		f->regions[i].mark = (sam_mark){.kind = SAM_POINT, .sign = 1, .n = 1, .xy = points[i]};
}

static void tear_down(fixture *f, gconstpointer name)
{
	chat_close(f->chat);
	raster_unref(f->image);
	gpu_close(f->dev);
}

static chat_request request(const fixture *f, const char *question, guint n_regions)
{
	return (chat_request){.image = f->image,
	                      .style = &f->style,
	                      .regions = f->regions,
	                      .n_regions = n_regions,
	                      .question = question,
	                      .sampling = SAMPLING_GREEDY,
	                      .no_masks = true};
}

static void ask(fixture *f, const chat_request *req, chat_reply *out)
{
	g_autoptr(GError) error = NULL;
	g_assert_true(chat_ask(f->chat, req, out, &error));
	g_assert_no_error(error);
}

static guint first_vector(const chat_reply *r)
{
	guint i = 0;
	while (i < r->prompt_ids->len && g_array_index(r->prompt_ids, guint32, i) != G_MAXUINT32)
		i++;
	return i;
}

/* --- what is said --- */

static void test_reply(fixture *f, gconstpointer name)
{
	g_auto(fixture_log) log;
	fixture_log_init(&log);
	chat_request req = request(f, "What is this?", 2);
	fixture_watch(&req, &log);
	g_auto(chat_reply) r = {0};
	ask(f, &req, &r);
	g_assert_cmpstr(r.text, ==, CHAIN_SAID);
	g_assert_cmpstr(r.value, ==, CHAIN_VALUE);
	g_assert_cmpstr(log.text->str, ==, CHAIN_SAID); /* streamed whole */
	g_assert_cmpuint(log.pieces, >, 5);
	g_assert_cmpuint(r.generated, ==, CHAIN_IDS);
	g_assert_cmpint(r.stop, ==, CHAT_STOP_END);
	g_assert_cmpint(r.end_id, ==, 2);
	g_assert_cmpuint(r.prompt, ==, r.prompt_ids->len);
	g_assert_cmpuint(r.reused, ==, 0);
	g_assert_cmpstr(r.regions->pdata[0], ==, "ship.");
	g_assert_null(r.regions->pdata[1]);
	g_assert_null(r.note);
	g_assert_cmpfloat(r.first_token_ms, >=, r.vision_ms);
}

static void test_grounded(fixture *f, gconstpointer name)
{
	g_auto(fixture_log) log;
	fixture_log_init(&log);
	chat_request req = request(f, "Please segment the ship in the image.", 1);
	fixture_watch(&req, &log);
	req.no_masks = false;
	req.area = (raster_rect){20, 10, 80, 70};
	g_auto(chat_reply) r = {0};
	ask(f, &req, &r);
	g_assert_cmpuint(r.grounded->len, ==, 1);
	const chat_grounded *g = r.grounded->pdata[0];
	g_assert_cmpstr(g->phrase, ==, "ship");
	g_assert_cmpint(g->region, ==, 1);
	g_autofree char *cut = g_strndup(r.text + g->start, g->end - g->start);
	g_assert_cmpstr(cut, ==, "ship");
	g_assert_true(isfinite(g->score));
	int b[4];
	if (!g->mask) { /* a random segmenter may outline nothing; then it is said */
		g_assert_nonnull(strstr(r.note, "ship"));
		return;
	}
	g_assert_true(mask_bbox(g->mask, b));
	g_assert_cmpint(b[0], >=, 20);
	g_assert_cmpint(b[1], >=, 10);
	g_assert_cmpint(b[0] + b[2], <=, 100);
	g_assert_cmpint(b[1] + b[3], <=, 80);
}

/* --- reuse --- */

static void test_further_turn(fixture *f, gconstpointer name)
{
	g_auto(chat_reply) first = {0}, second = {0}, again = {0};
	chat_request req = request(f, "What is this?", 2);
	ask(f, &req, &first);
	const chat_turn turns[] = {{false, (char *)"What is this?"}, {true, first.value}};
	g_auto(fixture_log) log;
	fixture_log_init(&log);
	req = request(f, "And that?", 2);
	req.turns = turns;
	req.n_turns = 2;
	fixture_watch(&req, &log);
	ask(f, &req, &second);
	/* Everything of the first turn was processed, its reply too; only the closing token and the question are new. */
	g_assert_cmpuint(second.reused, ==, first.prompt + first.generated);
	g_assert_cmpuint(log.vision, ==, 0); /* the image was not looked at again */
	ask(f, &req, &again);
	g_assert_cmpuint(again.reused, ==, again.prompt - 1);
	g_assert_cmpstr(again.text, ==, second.text);
}

static void test_changed_mark(fixture *f, gconstpointer name)
{
	g_auto(chat_reply) first = {0}, second = {0}, third = {0};
	chat_request req = request(f, "What is this?", 2);
	ask(f, &req, &first);
	const double moved[2] = {41, 30};
	f->regions[0].mark.xy = moved;
	ask(f, &req, &second);
	g_assert_cmpuint(second.reused, ==, first_vector(&second)); /* up to the image block, `<img>` included */
	req.n_regions = 3;
	ask(f, &req, &third);
	g_assert_cmpuint(third.reused, ==, first_vector(&third));
	g_assert_cmpuint(third.prompt, >, second.prompt);
}

/* What is reused gives the numbers that a fresh start gives. */
static void test_reuse_is_exact(fixture *f, gconstpointer name)
{
	g_auto(chat_reply) first = {0}, reused = {0}, fresh = {0};
	chat_request req = request(f, "What is this?", 1);
	req.max_tokens = 6;
	ask(f, &req, &first);
	const chat_turn turns[] = {{false, (char *)"What is this?"}, {true, first.value}};
	req = request(f, "And that?", 1);
	req.turns = turns;
	req.n_turns = 2;
	req.max_tokens = 8;
	req.top_logits = 300;
	ask(f, &req, &reused);
	g_assert_cmpuint(reused.reused, >, 20);
	chat_forget(f->chat);
	ask(f, &req, &fresh);
	g_assert_cmpuint(fresh.reused, ==, 0);
	g_assert_cmpuint(fresh.logits->len, ==, reused.logits->len);
	double most = 0, square = 0;
	for (guint i = 0; i < fresh.logits->len; i++) {
		const chat_logit *a = &g_array_index(fresh.logits, chat_logit, i), *b;
		b = &g_array_index(reused.logits, chat_logit, i);
		most = fmax(most, fabs((double)a->logit - b->logit));
		square += (double)a->logit * a->logit / fresh.logits->len;
	}
	g_assert_cmpfloat(most / sqrt(square), <, 1e-2);
}

/* --- ending early and going on --- */

static void test_cancel(fixture *f, gconstpointer name)
{
	g_auto(fixture_log) log;
	fixture_log_init(&log);
	chat_request req = request(f, "What is this?", 1);
	fixture_watch(&req, &log);
	log.cancel_at = 7;
	g_auto(chat_reply) r = {0}, next = {0};
	ask(f, &req, &r);
	g_assert_cmpint(r.stop, ==, CHAT_STOP_CANCELLED);
	g_assert_cmpstr(r.text, ==, "<Region"); /* within one token */
	g_assert_cmpstr(log.text->str, ==, r.text);
	req = request(f, "What is this?", 1);
	ask(f, &req, &next);
	g_assert_cmpstr(next.text, ==, CHAIN_SAID);
	g_assert_cmpuint(next.reused, ==, next.prompt - 1);
}

static void test_cancelled_before(fixture *f, gconstpointer name)
{
	g_autoptr(GCancellable) cancel = g_cancellable_new();
	g_cancellable_cancel(cancel);
	chat_request req = request(f, "What is this?", 1);
	req.cancel = cancel;
	g_auto(chat_reply) r = {0};
	ask(f, &req, &r);
	g_assert_cmpint(r.stop, ==, CHAT_STOP_CANCELLED);
	g_assert_cmpstr(r.text, ==, "");
}

static void test_continue(fixture *f, gconstpointer name)
{
	g_auto(chat_reply) half = {0}, rest = {0}, read = {0};
	chat_request req = request(f, "What is this?", 1);
	req.max_tokens = 4;
	ask(f, &req, &half);
	g_assert_cmpint(half.stop, ==, CHAT_STOP_LENGTH);
	g_assert_cmpstr(half.value, ==, "<Region 1");
	req.max_tokens = 0;
	req.prefix = half.value;
	ask(f, &req, &rest);
	g_autofree char *whole = g_strconcat(half.value, rest.value, NULL);
	g_assert_cmpstr(whole, ==, CHAIN_VALUE);
	g_assert_cmpuint(rest.reused, ==, rest.prompt - 1);
	chat_forget(f->chat); /* a prefix that was not said here, as from a file */
	ask(f, &req, &read);
	g_assert_cmpstr(read.value, ==, rest.value);
}

/* --- what does not fit --- */

static void test_overflow(fixture *f, gconstpointer name)
{
	g_autofree char *wordy = g_strnfill(150, 'z');
	const chat_turn turns[] = {{false, wordy},      {true, (char *)"a"}, {false, wordy},
	                           {true, (char *)"b"}, {false, wordy},      {true, (char *)"c"}};
	chat_request req = request(f, "And now?", 1);
	req.turns = turns;
	req.n_turns = 6;
	g_auto(chat_reply) r = {0}, after = {0};
	ask(f, &req, &r);
	g_assert_cmpuint(r.dropped_turns, >, 0);
	g_assert_cmpuint(r.dropped_turns % 2, ==, 0);
	g_assert_cmpuint(r.prompt + 64, <=, chat_get_info(f->chat)->context);
	g_assert_nonnull(strstr(r.note, "left out"));
	g_assert_cmpuint(first_vector(&r), <, r.prompt); /* the image stays */
	g_autofree char *endless = g_strnfill(600, 'z');
	g_autoptr(GError) error = NULL;
	req = request(f, endless, 1);
	g_auto(chat_reply) refused = {0};
	g_assert_false(chat_ask(f->chat, &req, &refused, &error));
	g_assert_error(error, CHAT_ERROR, CHAT_ERROR_CONTEXT);
	g_assert_nonnull(strstr(error->message, "512"));
	g_assert_cmpstr(refused.text, ==, "");
	req = request(f, "And now?", 1);
	ask(f, &req, &after);
	g_assert_cmpstr(after.text, ==, CHAIN_SAID);
}

static void test_refused(fixture *f, gconstpointer name)
{
	chat_region many[11];
	for (guint i = 0; i < G_N_ELEMENTS(many); i++)
		many[i] = f->regions[i % 3];
	const double far_away[2] = {5000, 5000};
	const chat_region outside = {.mark = {.kind = SAM_POINT, .sign = 1, .n = 1, .xy = far_away}};
	g_autoptr(bitmask) empty = mask_new(3, 3, 5, 5);
	const chat_region nothing = {.mask = empty};
	const chat_turn wrong[] = {{true, (char *)"a"}, {false, (char *)"b"}}, odd[] = {{false, (char *)"a"}};
	const struct {
		const char *question;
		const chat_region *regions;
		guint n_regions;
		const chat_turn *turns;
		guint n_turns;
		float temperature;
		chat_error code;
	} cases[] = {
		{"", NULL, 0, NULL, 0, 0, CHAT_ERROR_QUESTION},      {" \n", NULL, 0, NULL, 0, 0, CHAT_ERROR_QUESTION},
		{"a\xff", NULL, 0, NULL, 0, 0, CHAT_ERROR_QUESTION}, {"x", many, 11, NULL, 0, 0, CHAT_ERROR_REGION},
		{"x", &nothing, 1, NULL, 0, 0, CHAT_ERROR_REGION},   {"x", NULL, 0, wrong, 2, 0, CHAT_ERROR_QUESTION},
		{"x", NULL, 0, odd, 1, 0, CHAT_ERROR_QUESTION},      {"x", NULL, 0, NULL, 0, -1, CHAT_ERROR_QUESTION},
	};
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		chat_request req = request(f, cases[i].question, cases[i].n_regions);
		req.regions = cases[i].regions;
		req.turns = cases[i].turns;
		req.n_turns = cases[i].n_turns;
		req.sampling.temperature = cases[i].temperature;
		g_autoptr(GError) error = NULL;
		g_auto(chat_reply) r = {0};
		g_assert_false(chat_ask(f->chat, &req, &r, &error));
		g_assert_error(error, CHAT_ERROR, (int)cases[i].code);
	}
	chat_request req = request(f, "x", 1);
	req.regions = &outside;
	g_autoptr(GError) error = NULL;
	g_auto(chat_reply) r = {0};
	g_assert_false(chat_ask(f->chat, &req, &r, &error));
	g_assert_nonnull(strstr(error->message, "Region 1"));
}

/* A mask is a region like another; it lies where the image has it. */
static void test_mask_region(fixture *f, gconstpointer name)
{
	g_autoptr(bitmask) m = mask_new(30, 20, 25, 15);
	memset(m->bits, 1, 25 * 15);
	f->regions[0].mask = m;
	chat_request req = request(f, "What is this?", 1);
	g_auto(chat_reply) first = {0}, same = {0}, moved = {0};
	ask(f, &req, &first);
	ask(f, &req, &same);
	g_assert_cmpuint(same.reused, ==, same.prompt - 1);
	m->x++;
	ask(f, &req, &moved);
	g_assert_cmpuint(moved.reused, ==, first_vector(&moved));
}

/* --- a model of chance --- */

static void test_regenerate(fixture *f, gconstpointer name)
{
	chat_request req = request(f, "What is this?", 1);
	req.sampling.temperature = 2;
	req.max_tokens = 16;
	char *said[3];
	for (guint i = 0; i < 3; i++) {
		req.sampling.seed = i / 2;
		g_auto(chat_reply) r = {0};
		ask(f, &req, &r);
		said[i] = g_strdup(r.value);
		g_assert_cmpuint(r.reused, ==, i == 0 ? 0 : r.prompt - 1);
	}
	g_assert_cmpstr(said[0], ==, said[1]); /* a seed gives one reply */
	g_assert_cmpstr(said[0], !=, said[2]);
	for (guint i = 0; i < 3; i++)
		g_free(said[i]);
}

static void test_stop_string(fixture *f, gconstpointer name)
{
	static const char *const stops[] = {"ion 1>: sh", NULL};
	chat_request req = request(f, "What is this?", 0);
	req.stops = stops;
	g_auto(fixture_log) log;
	fixture_log_init(&log);
	fixture_watch(&req, &log);
	g_auto(chat_reply) r = {0};
	ask(f, &req, &r);
	g_assert_cmpint(r.stop, ==, CHAT_STOP_END); /* the marker in between ends what a stop string can span */
	req.stops = (const char *const[]){"ion 1>", NULL};
	g_string_truncate(log.text, 0);
	g_auto(chat_reply) s = {0};
	ask(f, &req, &s);
	g_assert_cmpint(s.stop, ==, CHAT_STOP_STRING);
	g_assert_cmpstr(s.text, ==, "<Reg");
	g_assert_cmpstr(log.text->str, ==, "<Reg"); /* nothing of it was shown */
}

/* --- a model without an end: it says "<Region 1>: ship" line by line --- */

static void test_repeated_line(fixture *f, gconstpointer name)
{
	g_auto(fixture_log) log;
	fixture_log_init(&log);
	chat_request req = request(f, "What is this?", 2);
	fixture_watch(&req, &log);
	g_auto(chat_reply) r = {0}, more = {0};
	ask(f, &req, &r);
	g_assert_cmpint(r.stop, ==, CHAT_STOP_REPEAT);
	g_assert_cmpstr(r.text, ==, "<Region 1>: ship");
	g_assert_cmpstr(log.text->str, ==, r.text); /* nothing of the second was shown */
	g_assert_nonnull(strstr(r.note, "repeat itself"));
	req = request(f, "What is this?", 2);
	req.prefix = "<Region 1>: a boat"; /* said before a stop: it counts too */
	ask(f, &req, &more);
	g_assert_cmpint(more.stop, ==, CHAT_STOP_REPEAT);
	g_assert_null(strstr(more.text, "<Region 1>"));
}

static void test_unmarked_region(fixture *f, gconstpointer name)
{
	chat_request req = request(f, "What is this?", 0);
	g_auto(chat_reply) r = {0};
	ask(f, &req, &r);
	g_assert_cmpint(r.stop, ==, CHAT_STOP_END);
	g_assert_cmpstr(r.text, ==, "<Region 1>: ship");
	g_assert_nonnull(strstr(r.note, "nobody marked"));
}

/* Without an image lines are nothing special: four of them, eight ids each, are a loop. */
static void test_loop(fixture *f, gconstpointer name)
{
	chat_request req = request(f, "What is this?", 0);
	req.image = NULL;
	g_auto(chat_reply) r = {0}, shorter = {0};
	ask(f, &req, &r);
	g_assert_cmpint(r.stop, ==, CHAT_STOP_REPEAT);
	g_assert_cmpuint(r.generated, ==, 32);
	g_assert_true(g_str_has_prefix(r.text, "<Region 1>: ship\n<Region 1>: ship\n"));
	g_assert_nonnull(strstr(r.note, "repeat itself"));
	req.max_tokens = 31;
	ask(f, &req, &shorter);
	g_assert_cmpint(shorter.stop, ==, CHAT_STOP_LENGTH);
	g_assert_null(shorter.note);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	static const struct {
		const char *name;
		void (*run)(fixture *f, gconstpointer name);
		const char *model;
	} tests[] = {
		{"reply", test_reply},
		{"grounded", test_grounded},
		{"further-turn", test_further_turn},
		{"changed-mark", test_changed_mark},
		{"reuse-is-exact", test_reuse_is_exact},
		{"cancel", test_cancel},
		{"cancelled-before", test_cancelled_before},
		{"continue", test_continue},
		{"overflow", test_overflow},
		{"refused", test_refused},
		{"mask-region", test_mask_region},
		{"stop-string", test_stop_string},
		{"repeated-line", test_repeated_line, "chat-loop.gguf"},
		{"unmarked-region", test_unmarked_region, "chat-loop.gguf"},
		{"loop", test_loop, "chat-loop.gguf"},
		{"regenerate", test_regenerate, "egx-lite.gguf"},
	};
	for (guint i = 0; i < G_N_ELEMENTS(tests); i++) {
		g_autofree char *path = g_strconcat("/engine/chat/", tests[i].name, NULL);
		g_test_add(path, fixture, tests[i].model ? tests[i].model : "chat-chain.gguf", set_up, tests[i].run, tear_down);
	}
	return g_test_run();
}
