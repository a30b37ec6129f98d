/* How much longer a prompt takes while a reply streams: box prompts on one encoded crop, one after another, first with
 * nothing else to do, then beside a long reply in the same inference thread.
 *
 *   bench-turns CHAT.gguf [PROMPTS]      one JSON line: milliseconds a prompt, and the reply's tokens a second */
#include <stdio.h>
#include <stdlib.h>

#include "app/engine/chat-service.h"
#include "app/engine/paths.h"

typedef struct {
	service *service;
	chat_service *chat;
	raster *image;
	raster_style style;
	GMainLoop *loop;
	GCancellable *stop;
	GArray *times; /* of double, ms */
	guint left;
	gint64 sent;
	bool streaming; /* the reply's first text has come */
	double tokens_per_s;
} bench;

static void die(const GError *error)
{
	fprintf(stderr, "bench-turns: %s\n", error->message);
	exit(1);
}

static void send_prompt(bench *b);

static void on_segment(GObject *source, GAsyncResult *result, void *data)
{
	bench *b = data;
	g_auto(engine_answer) a = {0};
	g_autoptr(GError) error = NULL;
	if (!service_segment_finish(b->service, result, &a, &error) && !g_error_matches(error, SAM_ERROR, SAM_ERROR_EMPTY))
		die(error);
	const double ms = (double)(g_get_monotonic_time() - b->sent) / 1e3;
	g_array_append_val(b->times, ms);
	if (--b->left > 0)
		send_prompt(b);
	else
		g_main_loop_quit(b->loop);
}

static void send_prompt(bench *b)
{
	static const double box[] = {203, 67, 227, 90};
	g_autoptr(prompt) p = prompt_new();
	prompt_add(p, SAM_BOX, 1, box, 2, 0);
	b->sent = g_get_monotonic_time();
	const service_prompt asked = {.image = b->image, .style = &b->style, .marks = p};
	service_segment_async(b->service, &asked, NULL, NULL, on_segment, b);
}

static int by_value(gconstpointer a, gconstpointer b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

/* Median of n prompts, milliseconds. */
static double run_prompts(bench *b, guint n)
{
	g_array_set_size(b->times, 0);
	b->left = n;
	send_prompt(b);
	g_main_loop_run(b->loop);
	g_array_sort(b->times, by_value);
	return g_array_index(b->times, double, n / 2);
}

static void on_text(const char *piece, void *data)
{
	bench *b = data;
	if (!b->streaming)
		g_main_loop_quit(b->loop);
	b->streaming = true;
}

static void on_reply(GObject *source, GAsyncResult *result, void *data)
{
	bench *b = data;
	g_auto(chat_reply) r = {0};
	g_autoptr(GError) error = NULL;
	if (!chat_service_ask_finish(b->chat, result, &r, &error))
		die(error);
	b->tokens_per_s = r.tokens_per_s;
	g_main_loop_quit(b->loop);
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: bench-turns CHAT.gguf [PROMPTS]\n");
		return 2;
	}
	const guint n = argc > 2 ? (guint)strtoul(argv[2], NULL, 10) : 9;
	g_autoptr(GError) error = NULL;
	g_autofree char *sample = paths_sample();
	bench b = {.service = service_new(&(engine_options){.no_cache = true}),
	           .image = raster_open(sample, NULL, &error),
	           .loop = g_main_loop_new(NULL, FALSE),
	           .stop = g_cancellable_new(),
	           .times = g_array_new(FALSE, FALSE, sizeof(double))};
	if (!b.image || !raster_style_resolve(b.image, NULL, NULL, NULL, &b.style, NULL, &error))
		die(error);
	b.chat = chat_service_new(b.service, &(chat_options){.model = argv[1]});
	run_prompts(&b, 2); /* encoded, and every kernel made */
	const double idle = run_prompts(&b, n);
	const chat_request req = {.question = "Write a long story about a harbour.",
	                          .sampling = {.temperature = 1, .top_p = 1, .repeat_penalty = 1},
	                          .max_tokens = 4000,
	                          .cancel = b.stop,
	                          .on_text = on_text,
	                          .data = &b};
	chat_service_ask_async(b.chat, &req, on_reply, &b);
	g_main_loop_run(b.loop);
	const double beside = run_prompts(&b, n);
	g_cancellable_cancel(b.stop);
	g_main_loop_run(b.loop);
	printf("{\"prompt_idle_ms\":%.1f,\"prompt_beside_reply_ms\":%.1f,\"ratio\":%.2f,\"tokens_per_s\":%.2f}\n", idle,
	       beside, beside / idle, b.tokens_per_s);
	chat_service_free(b.chat);
	service_free(b.service);
	raster_unref(b.image);
	g_main_loop_unref(b.loop);
	g_object_unref(b.stop);
	g_array_unref(b.times);
	return 0;
}
