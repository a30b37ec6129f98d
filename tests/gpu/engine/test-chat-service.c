/* The same in the inference thread: text reaches the main context, prompts take their turns while a reply streams,
 * cancelling keeps what was said, closing in the middle leaves nothing behind. */
#include <string.h>

#include "app/engine/chat-service.h"
#include "tests/gpu/engine/chat-fixture.h"

typedef struct {
	service *service;
	chat_service *chat;
	raster *image;
	raster_style style;
	GMainLoop *loop;
	chat_reply reply;
	GError *error;
	GString *said; /* the text that came */
	char *at_mask; /* and as much of it as had come when the first mask was begun */
	bool masks;
	GString *order; /* 'c' chat answered, 's' segment answered, 't' text came */
	guint left;     /* answers awaited */
	guint more;     /* prompts to send, one behind the other */
	bool closed;    /* the services are gone: what comes now belongs to nobody */
	GCancellable *cancel;
	gsize cancel_at;
} fixture;

static char *model_path;

static void set_up(fixture *f, gconstpointer unused)
{
	g_autofree char *segmenter = fixture_data("fixture-efficientnet_lite.gguf");
	f->service = service_new(&(engine_options){.model = segmenter, .no_cache = true});
	f->chat = chat_service_new(f->service, &(chat_options){.model = model_path});
	f->image = fixture_picture(120, 90);
	f->style = fixture_style(f->image);
	f->loop = g_main_loop_new(NULL, FALSE);
	f->order = g_string_new(NULL);
	f->said = g_string_new(NULL);
	f->cancel = g_cancellable_new();
}

static void tear_down(fixture *f, gconstpointer unused)
{
	chat_service_free(f->chat);
	service_free(f->service);
	f->closed = true;
	while (g_main_context_iteration(NULL, FALSE))
		;
	raster_unref(f->image);
	g_main_loop_unref(f->loop);
	chat_reply_clear(&f->reply);
	g_clear_error(&f->error);
	g_string_free(f->order, TRUE);
	g_string_free(f->said, TRUE);
	g_free(f->at_mask);
	g_object_unref(f->cancel);
}

static void answered(fixture *f, char what)
{
	g_string_append_c(f->order, what);
	if (--f->left == 0)
		g_main_loop_quit(f->loop);
}

static void on_reply(GObject *source, GAsyncResult *result, void *data)
{
	fixture *f = data;
	if (f->closed)
		return;
	chat_reply_clear(&f->reply);
	g_clear_error(&f->error);
	if (!chat_service_ask_finish(f->chat, result, &f->reply, &f->error))
		g_assert_nonnull(f->error);
	f->more = MIN(f->more, 2);
	answered(f, 'c');
}

static void segment(fixture *f);

static void on_segment(GObject *source, GAsyncResult *result, void *data)
{
	fixture *f = data;
	g_auto(engine_answer) a = {0};
	g_autoptr(GError) error = NULL;
	if (f->closed)
		return;
	if (!service_segment_finish(f->service, result, &a, &error))
		g_assert_error(error, SAM_ERROR, SAM_ERROR_EMPTY);
	if (f->more > 0 && --f->more > 0)
		segment(f);
	answered(f, 's');
}

static void segment(fixture *f)
{
	static const double box[] = {20, 20, 60, 60};
	g_autoptr(prompt) p = prompt_new();
	prompt_add(p, SAM_BOX, 1, box, 2, 0);
	f->left++;
	const service_prompt asked = {.image = f->image, .style = &f->style, .marks = p};
	service_segment_async(f->service, &asked, NULL, NULL, on_segment, f);
}

static void on_text(const char *piece, void *data)
{
	fixture *f = data;
	g_string_append_c(f->order, 't');
	g_string_append(f->said, piece);
	if (f->cancel_at && f->order->len >= f->cancel_at)
		g_cancellable_cancel(f->cancel);
}

static void on_progress(const char *stage, double fraction, void *data)
{
	fixture *f = data;
	if (strcmp(stage, "mask") == 0 && !f->at_mask)
		f->at_mask = g_strdup(f->said->str);
}

static void ask(fixture *f, const char *question, guint max_tokens)
{
	static const double point[] = {40, 30};
	const chat_region region = {.mark = {.kind = SAM_POINT, .sign = 1, .n = 1, .xy = point}};
	const chat_request req = {.image = f->image,
	                          .style = &f->style,
	                          .regions = &region,
	                          .n_regions = 1,
	                          .question = question,
	                          .sampling = SAMPLING_GREEDY,
	                          .max_tokens = max_tokens,
	                          .no_masks = !f->masks,
	                          .cancel = f->cancel,
	                          .on_text = on_text,
	                          .on_progress = on_progress,
	                          .data = f};
	f->left++;
	chat_service_ask_async(f->chat, &req, on_reply, f);
}

static void test_reply(fixture *f, gconstpointer unused)
{
	ask(f, "What is this?", 0);
	g_main_loop_run(f->loop);
	g_assert_no_error(f->error);
	g_assert_cmpstr(f->reply.text, ==, CHAIN_SAID);
	g_assert_nonnull(strchr(f->order->str, 't'));
	const chat_info *info = chat_service_get_info(f->chat);
	g_assert_nonnull(info);
	g_assert_true(g_str_has_prefix(info->model, "chat-chain@"));
}

/* The last words are there before the masks are begun, which take a while. */
static void test_text_before_masks(fixture *f, gconstpointer unused)
{
	f->masks = true;
	ask(f, "What is this?", 0);
	g_main_loop_run(f->loop);
	g_assert_no_error(f->error);
	g_assert_cmpuint(f->reply.grounded->len, ==, 1);
	g_assert_cmpstr(f->at_mask, ==, CHAIN_SAID);
}

/* Prompts that come while a long reply is made are answered before it ends. */
static void test_fair_turns(fixture *f, gconstpointer unused)
{
	segment(f); /* the engine is open and the crop encoded */
	g_main_loop_run(f->loop);
	g_string_truncate(f->order, 0);
	ask(f, "What is this?", 0);
	ask(f, "And that?", 0);
	segment(f);
	segment(f);
	g_main_loop_run(f->loop);
	g_autoptr(GString) answers = g_string_new(NULL);
	for (const char *p = f->order->str; *p; p++)
		if (*p != 't')
			g_string_append_c(answers, *p);
	g_assert_cmpstr(answers->str, ==, "sscc");
}

/* Prompts one after another do not hold a reply up. */
static void test_reply_beside_prompts(fixture *f, gconstpointer unused)
{
	f->more = 1000;
	segment(f);
	ask(f, "What is this?", 0);
	g_main_loop_run(f->loop);
	g_assert_no_error(f->error);
	g_assert_cmpstr(f->reply.text, ==, CHAIN_SAID);
	g_assert_nonnull(strstr(f->order->str, "cs")); /* and they went on behind it */
}

static void test_cancel(fixture *f, gconstpointer unused)
{
	f->cancel_at = 1;
	ask(f, "What is this?", 400);
	g_main_loop_run(f->loop);
	g_assert_no_error(f->error);
	/* The reply may have been complete already when the first text arrived here. */
	g_assert_true(f->reply.stop == CHAT_STOP_CANCELLED || f->reply.stop == CHAT_STOP_LENGTH ||
	              f->reply.stop == CHAT_STOP_END);
	g_assert_true(g_str_has_prefix(CHAIN_SAID, f->reply.text));
	g_object_unref(f->cancel);
	f->cancel = g_cancellable_new();
	f->cancel_at = 0;
	ask(f, "And now?", 0);
	g_main_loop_run(f->loop);
	g_assert_cmpstr(f->reply.text, ==, CHAIN_SAID);
}

static void test_refused(fixture *f, gconstpointer unused)
{
	ask(f, " ", 0);
	g_main_loop_run(f->loop);
	g_assert_error(f->error, CHAT_ERROR, CHAT_ERROR_QUESTION);
	g_assert_cmpstr(f->reply.text, ==, "");
	ask(f, "What is this?", 0);
	g_main_loop_run(f->loop);
	g_assert_cmpstr(f->reply.text, ==, CHAIN_SAID);
}

static void test_no_model(fixture *f, gconstpointer unused)
{
	chat_service_free(f->chat);
	f->chat = chat_service_new(f->service, &(chat_options){.model = "/nonexistent/model.gguf"});
	ask(f, "What is this?", 0);
	g_main_loop_run(f->loop);
	g_assert_nonnull(f->error);
	g_assert_nonnull(strstr(f->error->message, "model.gguf"));
	g_assert_null(chat_service_get_info(f->chat));
	segment(f); /* prompts go on */
	g_main_loop_run(f->loop);
}

/* The reply fails with one sentence and what was said until then; the next question has a new device. */
static void test_lost(fixture *f, gconstpointer unused)
{
#if NADIR_FAULTS
	guint lost = 0;
	for (guint n = 2; n <= 14; n += 4) {
		g_autofree char *fault = g_strdup_printf("submit:%u:lost", n);
		g_setenv("NADIR_FAULT", fault, TRUE);
		ask(f, "What is this?", 0);
		g_main_loop_run(f->loop);
		g_unsetenv("NADIR_FAULT");
		lost += g_error_matches(f->error, GPU_ERROR, GPU_ERROR_DEVICE_LOST);
		g_assert_true(g_str_has_prefix(CHAIN_SAID, f->reply.text));
		ask(f, "And now?", 0);
		segment(f);
		g_main_loop_run(f->loop);
		g_assert_no_error(f->error);
		g_assert_cmpstr(f->reply.text, ==, CHAIN_SAID);
	}
	g_assert_cmpuint(lost, >=, 2);
#else
	g_test_skip("built without -Dfaults=true");
#endif
}

/* Requests under way and waiting when the window closes: tear_down frees everything. */
static void test_close(fixture *f, gconstpointer unused)
{
	ask(f, "What is this?", 400);
	ask(f, "And that?", 400);
	segment(f);
	for (int i = 0; i < 20; i++)
		g_main_context_iteration(NULL, FALSE);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	model_path = fixture_data("chat-chain.gguf");
	g_test_add("/engine/chat-service/reply", fixture, NULL, set_up, test_reply, tear_down);
	g_test_add("/engine/chat-service/text-before-masks", fixture, NULL, set_up, test_text_before_masks, tear_down);
	g_test_add("/engine/chat-service/beside-prompts", fixture, NULL, set_up, test_reply_beside_prompts, tear_down);
	g_test_add("/engine/chat-service/fair-turns", fixture, NULL, set_up, test_fair_turns, tear_down);
	g_test_add("/engine/chat-service/cancel", fixture, NULL, set_up, test_cancel, tear_down);
	g_test_add("/engine/chat-service/refused", fixture, NULL, set_up, test_refused, tear_down);
	g_test_add("/engine/chat-service/no-model", fixture, NULL, set_up, test_no_model, tear_down);
	g_test_add("/engine/chat-service/lost", fixture, NULL, set_up, test_lost, tear_down);
	g_test_add("/engine/chat-service/close", fixture, NULL, set_up, test_close, tear_down);
	const int result = g_test_run();
	g_free(model_path);
	return result;
}
