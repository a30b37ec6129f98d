/* nadir batch LIST|FOLDER --task segment-everything|segment-boxes|describe|ask -o OUT [--shard I/N] [--resume] */
#include <errno.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "app/cli/batch-private.h"
#include "render/exchange/export.h"
#include "render/file/json-text.h"
#include "render/file/output.h"

static const char *const tasks[BATCH_TASKS] = {"segment-everything", "segment-boxes", "describe", "ask"};

static void batch_clear(batch *b)
{
	batch_reopen(b);
	cli_talk_clear(&b->talk);
	char **texts[] = {&b->task_name, &b->output, &b->shard_text, &b->question, &b->detail, &b->label, &b->images};
	for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
		g_free(*texts[i]);
	g_strfreev(b->formats);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(batch, batch_clear)

char *batch_result_path(const batch *b, const image_list_entry *e)
{
	g_autofree char *name = g_strconcat(e->name, ".json", NULL);
	return g_build_filename(b->output, name, NULL);
}

/* --- options --- */

static bool read_task(batch *b, GError **error)
{
	if (!b->task_name)
		return cli_usage(error, _("--task says what to do: segment-everything, segment-boxes, describe or ask."));
	for (b->task = 0; b->task < BATCH_TASKS; b->task++)
		if (strcmp(b->task_name, tasks[b->task]) == 0)
			return true;
	return cli_usage(error, _("--task is segment-everything, segment-boxes, describe or ask, not “%s”."), b->task_name);
}

static bool read_shard(batch *b, GError **error)
{
	int end = 0;
	b->shard = b->shards = 1;
	if (!b->shard_text)
		return true;
	if (sscanf(b->shard_text, "%u/%u%n", &b->shard, &b->shards, &end) == 2 && !b->shard_text[end] && b->shard >= 1 &&
	    b->shard <= b->shards)
		return true;
	return cli_usage(error, _("--shard is I/N with I from 1 to N, not “%s”."), b->shard_text);
}

static bool check_formats(const batch *b, GError **error)
{
	for (char **f = b->formats; f && *f; f++) {
		export_format format;
		g_autoptr(GError) inner = NULL;
		if (!export_format_from_name(*f, &format, &inner))
			return cli_usage(error, "%s", inner->message);
	}
	return true;
}

static bool check_options(batch *b, GError **error)
{
	chat_request unused = {0};
	engine_options options;
	if (!b->output)
		return cli_usage(error, _("-o says which folder the results go to."));
	if (!(b->least_score >= 0 && b->least_score <= 1 && b->least_stability >= 0 && b->least_stability <= 1))
		return cli_usage(error, _("--least-score and --least-stability are numbers from 0 to 1."));
	if (b->lines && b->talk.shared.json)
		return cli_usage(error, _("--lines and --json both write to stdout: choose one."));
	if (b->scale < 0)
		return cli_usage(error, _("--scale is a number of pixels."));
	if (b->detail && strcmp(b->detail, "brief") != 0 && strcmp(b->detail, "detailed") != 0)
		return cli_usage(error, _("--detail is brief or detailed, not “%s”."), b->detail);
	if (b->question && (!*b->question || !g_utf8_validate(b->question, -1, NULL)))
		return cli_usage(error, _("--question wants a text."));
	return read_task(b, error) && read_shard(b, error) && check_formats(b, error) &&
	       cli_take_sampling(&b->talk.sampling, &b->talk.shared, &unused, error) &&
	       cli_engine_options(&b->talk.shared, &options, error);
}

static void add_options(GOptionContext *ctx, batch *b)
{
	const GOptionEntry entries[] = {
		{"task", 0, 0, G_OPTION_ARG_STRING, &b->task_name, N_("segment-everything, segment-boxes, describe or ask"),
	     "TASK"},
		{"output", 'o', 0, G_OPTION_ARG_FILENAME, &b->output, N_("folder of the results; made when it is not there"),
	     "OUT"},
		{"shard", 0, 0, G_OPTION_ARG_STRING, &b->shard_text, N_("only every N-th image, from the I-th on"), "I/N"},
		{"resume", 0, 0, G_OPTION_ARG_NONE, &b->resume, N_("leave out the images that have a result"), NULL},
		{"lines", 0, 0, G_OPTION_ARG_NONE, &b->lines, N_("a line of JSON on stdout for each image as it is done"),
	     NULL},
		{"to", 0, 0, G_OPTION_ARG_STRING_ARRAY, &b->formats, N_("the objects in this format, too; may be repeated"),
	     "FORMAT"},
		{"question", 0, 0, G_OPTION_ARG_STRING, &b->question, N_("for ask, where the list has none"), "TEXT"},
		{"detail", 0, 0, G_OPTION_ARG_STRING, &b->detail, N_("how much to say (brief)"), "brief|detailed"},
		{"label", 0, 0, G_OPTION_ARG_STRING, &b->label, N_("class of objects whose box has none (object)"), "NAME"},
		{"images", 0, 0, G_OPTION_ARG_FILENAME, &b->images, N_("where a data set's images are"), "FOLDER"},
		{"least-score", 0, 0, G_OPTION_ARG_DOUBLE, &b->least_score,
	     N_("of segment-everything: leave out what is less sure (0.7)"), "0..1"},
		{"least-stability", 0, 0, G_OPTION_ARG_DOUBLE, &b->least_stability,
	     N_("of segment-everything: leave out what changes more with its threshold (0.8)"), "0..1"},
		{"scale", 0, 0, G_OPTION_ARG_INT, &b->scale, N_("side of the part that the model sees, in pixels"), "PX"},
		{0}};
	g_option_context_add_main_entries(ctx, entries, GETTEXT_PACKAGE);
	cli_add_options(ctx, &b->talk.shared, CLI_MODEL | CLI_IMAGE);
	cli_add_sampling(ctx, &b->talk.sampling);
}

/* --- what a folder was made with: a run that goes on must ask the same --- */

static char *settings_text(const batch *b)
{
	const cli_options *o = &b->talk.shared;
	g_autofree char *formats = b->formats ? g_strjoinv(" ", b->formats) : NULL,
					*scale = g_strdup_printf("%d", b->scale),
					*score = g_strdup_printf("%g %g", b->least_score, b->least_stability);
	cJSON *json = cJSON_CreateObject();
	cli_json_texts(json, "task", b->task_name, "question", b->question, "detail", b->detail, "label", b->label, "model",
	               o->model, "quality", o->quality, "bands", o->bands, "stretch", o->stretch, "source", o->source, "to",
	               formats, "scale", scale, "least", score, NULL);
	return json_page(json);
}

static bool make_folder(const batch *b, GError **error)
{
	if (g_mkdir_with_parents(b->output, 0777) == 0)
		return true;
	output_set_error(error, b->output, errno);
	return false;
}

static bool take_folder(const batch *b, GError **error)
{
	g_autofree char *path = g_build_filename(b->output, "batch.json", NULL), *text = settings_text(b), *before = NULL;
	if (!make_folder(b, error))
		return false;
	if (!g_file_get_contents(path, &before, NULL, NULL))
		return output_write(path, text, strlen(text), error);
	if (strcmp(before, text) == 0)
		return true;
	g_set_error(
		error, G_IO_ERROR, G_IO_ERROR_EXISTS,
		_("%s holds results of a run with other settings (see %s): choose another folder or the same settings."),
		b->output, path);
	return false;
}

/* Its own results only: other shards may be at work in the folder. */
static bool check_fresh(const batch *b, GPtrArray *entries, GError **error)
{
	for (guint i = b->shard - 1; !b->resume && i < entries->len; i += b->shards) {
		g_autofree char *path = batch_result_path(b, entries->pdata[i]);
		if (!g_file_test(path, G_FILE_TEST_EXISTS))
			continue;
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_EXISTS,
		            _("%s is there from an earlier run: add --resume to go on with it, or choose another folder."),
		            path);
		return false;
	}
	return true;
}

bool cli_batch(int argc, char **argv, GError **error)
{
	g_auto(batch) b = {0};
	cli_talk_init(&b.talk);
	g_autoptr(GOptionContext) ctx = g_option_context_new(_("LIST|FOLDER — the same work on many images"));
	add_options(ctx, &b);
	if (!cli_parse(ctx, &argc, &argv, 1, 1, error) || !check_options(&b, error))
		return false;
	g_autoptr(GPtrArray) entries = image_list_read(argv[1], b.images, error);
	return entries && take_folder(&b, error) && check_fresh(&b, entries, error) && batch_run(&b, entries, error);
}
