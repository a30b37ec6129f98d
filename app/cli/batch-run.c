/* The queue of a batch: in order, what is done is left out, what fails is noted and does not stop the rest. The results
 * on the disk are the queue's only memory, so a kill at any moment costs the image in work and no more. */
#include <glib/gi18n.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/cli/batch-private.h"
#include "render/file/json-text.h"
#include "render/file/output.h"

#define LINE_EVERY (30 * G_USEC_PER_SEC) /* a line of progress in a log */

typedef struct {
	guint images, earlier, done, failed;
	batch_count sum;
	cJSON *errors;
	gint64 started, told;
	bool stopped;
} progress;

static volatile sig_atomic_t stop_signal;

static void on_signal(int number)
{
	stop_signal = number;
}

/* A job array ends its jobs with SIGTERM: the image in work is finished, the report written. A second one kills. */
static void catch_signals(void)
{
	const struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
	stop_signal = 0;
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
}

static double seconds_since(gint64 t)
{
	return (double)(g_get_monotonic_time() - t) / G_USEC_PER_SEC;
}

/* A bar on a terminal, else a line now and then. */
static void tell(progress *p, bool always)
{
	const guint now = p->earlier + p->done + p->failed;
	const double each = seconds_since(p->started) / MAX(p->done + p->failed, 1);
	cli_progress((double)now / p->images, (void *)_("batch"));
	if (isatty(STDERR_FILENO) || (!always && g_get_monotonic_time() - p->told < LINE_EVERY))
		return;
	p->told = g_get_monotonic_time();
	fprintf(stderr, _("nadir batch: %u of %u images, %u failed, %.2f s an image, %.0f min left\n"), now, p->images,
	        p->failed, each, each * (p->images - now) / 60);
}

static void note_error(progress *p, const image_list_entry *e, const GError *why)
{
	cJSON *o = cJSON_CreateObject();
	g_autofree char *line = g_strdelimit(g_strchomp(g_strdup(why->message)), "\n\r", ' ');
	cli_json_texts(o, "image", e->path, "error", line, NULL);
	cJSON_AddItemToArray(p->errors, o);
	p->failed++;
	cli_progress_done();
	fprintf(stderr, "nadir batch: %s: %s\n", e->name, line);
}

/* A lost device is opened again, once for an image. */
static bool work(batch *b, const image_list_entry *e, batch_count *count, GError **error)
{
	g_autoptr(GError) first = NULL;
	if (batch_image(b, e, count, &first))
		return true;
	if (!batch_is_lost(b)) {
		g_propagate_error(error, g_steal_pointer(&first));
		return false;
	}
	batch_reopen(b);
	return batch_image(b, e, count, error);
}

/* What cannot get better with the next image: no model, no device, wrong usage. */
static bool is_hopeless(const batch *b, const GError *e)
{
	const bool opened = b->engine || b->chat.chat, image = e->domain == RASTER_ERROR || e->domain == GEOMETRY_ERROR;
	const bool asked = g_error_matches(e, CHAT_ERROR, CHAT_ERROR_QUESTION);
	return e->domain == CLI_ERROR || (!opened && !image && !asked) ||
	       g_error_matches(e, G_FILE_ERROR, G_FILE_ERROR_NOSPC);
}

/* --lines: for a program that follows the run. */
static void print_line(const batch *b, const image_list_entry *e, const char *state, guint objects, const char *why)
{
	g_autofree char *path = batch_result_path(b, e);
	if (!b->lines)
		return;
	cJSON *o = cJSON_CreateObject();
	cli_json_texts(o, "image", e->path, "result", path, "state", state, "error", why, NULL);
	cJSON_AddNumberToObject(o, "objects", objects);
	cli_print_json(o);
	fflush(stdout);
}

static bool one(batch *b, const image_list_entry *e, progress *p, GError **error)
{
	batch_count count;
	g_autoptr(GError) why = NULL;
	g_autofree char *path = batch_result_path(b, e);
	if (b->resume && g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
		p->earlier++;
		print_line(b, e, "before", 0, NULL);
		return true;
	}
	if (work(b, e, &count, &why)) {
		p->done++;
		p->sum.objects += count.objects;
		p->sum.empty += count.empty;
		print_line(b, e, "done", count.objects, NULL);
	} else if (is_hopeless(b, why)) {
		g_propagate_error(error, g_steal_pointer(&why));
		return false;
	} else {
		note_error(p, e, why);
		print_line(b, e, "failed", 0, why->message);
	}
	tell(p, false);
	return true;
}

/* --- the report --- */

static char *report_path(const batch *b)
{
	g_autofree char *name =
		b->shards > 1 ? g_strdup_printf("report-%u-of-%u.json", b->shard, b->shards) : g_strdup("report.json");
	return g_build_filename(b->output, name, NULL);
}

static cJSON *report_json(const batch *b, const progress *p)
{
	cJSON *o = cJSON_CreateObject();
	const char *model = b->engine      ? engine_get_info(b->engine)->model
	                    : b->chat.chat ? chat_get_info(b->chat.chat)->model
	                                   : NULL;
	cli_json_texts(o, "task", b->task_name, "model", model, NULL);
	cJSON_AddItemToObject(o, "shard", cJSON_CreateIntArray((int[]){(int)b->shard, (int)b->shards}, 2));
	const struct {
		const char *key;
		guint n;
	} counts[] = {{"images", p->images},
	              {"done", p->done},
	              {"done_before", p->earlier},
	              {"failed", p->failed},
	              {"left", p->images - p->earlier - p->done - p->failed},
	              {"objects", p->sum.objects},
	              {"empty_prompts", p->sum.empty}};
	for (guint i = 0; i < G_N_ELEMENTS(counts); i++)
		cJSON_AddNumberToObject(o, counts[i].key, counts[i].n);
	cJSON_AddNumberToObject(o, "seconds", seconds_since(p->started));
	cJSON_AddItemToObject(o, "errors", cJSON_Duplicate(p->errors, TRUE));
	return o;
}

static bool write_report(const batch *b, const progress *p, GError **error)
{
	g_autofree char *path = report_path(b);
	cJSON *json = report_json(b, p);
	if (b->talk.shared.json)
		cli_print_json(cJSON_Duplicate(json, true));
	g_autofree char *text = json_page(json);
	return output_write(path, text, strlen(text), error);
}

/* The sentence of a run that did not do everything. */
static bool verdict(const batch *b, const progress *p, GError **error)
{
	g_autofree char *path = report_path(b);
	const guint left = p->images - p->earlier - p->done - p->failed;
	if (p->stopped)
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_CANCELLED,
		            _("Stopped with %u of %u images left: add --resume to go on."), left, p->images);
	else if (p->failed > 0)
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
		            _("%u of %u images failed, all others are done: %s says why; --resume tries them again."),
		            p->failed, p->images, path);
	return !p->stopped && p->failed == 0;
}

bool batch_run(batch *b, GPtrArray *entries, GError **error)
{
	progress p = {.errors = cJSON_CreateArray(), .started = g_get_monotonic_time(), .told = g_get_monotonic_time()};
	bool ok = true;
	catch_signals();
	for (guint i = b->shard - 1; i < entries->len; i += b->shards)
		p.images++;
	for (guint i = b->shard - 1; ok && !p.stopped && i < entries->len; i += b->shards) {
		ok = one(b, entries->pdata[i], &p, error);
		p.stopped = stop_signal != 0;
	}
	cli_progress_done();
	if (ok && p.stopped && p.earlier + p.done + p.failed == p.images)
		p.stopped = false; /* it came with the last one */
	if (ok && !b->talk.shared.json)
		tell(&p, true);
	ok = write_report(b, &p, ok ? error : NULL) && ok && verdict(b, &p, error);
	cJSON_Delete(p.errors);
	return ok;
}
