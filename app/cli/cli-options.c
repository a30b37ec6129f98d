#include "app/cli/cli-private.h"

#include <glib/gi18n.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "render/file/json-text.h"

void cli_options_clear(cli_options *o)
{
	g_free(o->model);
	g_free(o->device);
	g_free(o->quality);
	g_free(o->bands);
	g_free(o->stretch);
	g_free(o->source);
	*o = (cli_options){0};
}

void cli_add_options(GOptionContext *ctx, cli_options *o, cli_option_set sets)
{
	const GOptionEntry model[] = {
		{"model", 0, 0, G_OPTION_ARG_FILENAME, &o->model, N_("model by name or file"), "NAME|FILE"},
		{"device", 0, 0, G_OPTION_ARG_STRING, &o->device, N_("GPU: see nadir devices"), "UUID|N|software"},
		{"seed", 0, 0, G_OPTION_ARG_INT, &o->seed, N_("seed of what is random"), "N"},
		{"quality", 0, 0, G_OPTION_ARG_STRING, &o->quality, N_("fast: 16-bit activations; full: 32-bit"), "fast|full"},
		{"no-cache", 0, 0, G_OPTION_ARG_NONE, &o->no_cache, N_("neither read nor write the embedding cache"), NULL},
		{0}};
	const GOptionEntry image[] = {
		{"bands", 0, 0, G_OPTION_ARG_STRING, &o->bands, N_("bands to show, from 1"), "R,G,B|N"},
		{"stretch", 0, 0, G_OPTION_ARG_STRING, &o->stretch, N_("how values become 8 bit"), "p2-98|minmax|none|db"},
		{"source", 0, 0, G_OPTION_ARG_STRING, &o->source, N_("kind of sensor"), "auto|optical|sar|infrared"},
		{0}};
	const GOptionEntry json[] = {{"json", 0, 0, G_OPTION_ARG_NONE, &o->json, N_("result as JSON on stdout"), NULL},
	                             {0}};
	if (sets & CLI_MODEL)
		g_option_context_add_main_entries(ctx, model, GETTEXT_PACKAGE);
	if (sets & CLI_IMAGE)
		g_option_context_add_main_entries(ctx, image, GETTEXT_PACKAGE);
	g_option_context_add_main_entries(ctx, json, GETTEXT_PACKAGE);
}

bool cli_usage(GError **error, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	g_set_error_literal(error, CLI_ERROR, CLI_ERROR_USAGE, text);
	return false;
}

bool cli_parse(GOptionContext *ctx, int *argc, char ***argv, int min, int max, GError **error)
{
	g_autoptr(GError) inner = NULL;
	if (!g_option_context_parse(ctx, argc, argv, &inner))
		return inner->domain == G_CONVERT_ERROR
		           ? cli_usage(error, _("the text of an option is not UTF-8; write it in UTF-8."))
		           : cli_usage(error, "%s", inner->message);
	const int n = *argc - 1;
	/* GOption leaves a lone "--" in front of operands that begin with a dash. */
	for (int i = 1; i < *argc; i++)
		if (strcmp((*argv)[i], "--") == 0)
			return cli_usage(error, _("“--” is not needed here; write ./-name for a file that begins with a dash."));
	if (n < min)
		return cli_usage(error, _("something is missing; see --help."));
	if (n > max)
		return cli_usage(error, _("“%s” is not expected here; see --help."), (*argv)[max + 1]);
	return true;
}

bool cli_engine_options(const cli_options *o, engine_options *out, GError **error)
{
	*out = (engine_options){.device = o->device, .model = o->model, .no_cache = o->no_cache};
	if (!o->quality || strcmp(o->quality, "fast") == 0)
		return true;
	if (strcmp(o->quality, "full") != 0)
		return cli_usage(error, _("--quality is fast or full, not “%s”."), o->quality);
	out->full = true;
	return true;
}

bool cli_image_open(const char *path, const cli_options *o, cli_image *out, GError **error)
{
	*out = (cli_image){0};
	out->r = raster_open(path, NULL, error);
	if (!out->r)
		return false;
	out->info = raster_get_info(out->r);
	out->ref = georef_new(out->info, error);
	g_autoptr(GError) inner = NULL;
	if (!out->ref)
		return false;
	if (raster_style_resolve(out->r, o->bands, o->stretch, o->source, &out->style, NULL, &inner))
		return true;
	if (g_error_matches(inner, RASTER_ERROR, RASTER_ERROR_STYLE))
		return cli_usage(error, "%s", inner->message);
	g_propagate_error(error, g_steal_pointer(&inner));
	return false;
}

void cli_image_clear(cli_image *i)
{
	g_clear_pointer(&i->ref, georef_free);
	g_clear_pointer(&i->r, raster_unref);
	i->info = NULL;
}

void cli_print_json(cJSON *json)
{
	g_autofree char *text = json_text(json);
	puts(text);
}

void cli_json_number(cJSON *o, const char *key, double v)
{
	if (isfinite(v))
		cJSON_AddNumberToObject(o, key, v);
	else
		cJSON_AddNullToObject(o, key);
}

void cli_json_texts(cJSON *o, ...)
{
	va_list args;
	va_start(args, o);
	for (const char *key = va_arg(args, const char *); key; key = va_arg(args, const char *)) {
		const char *value = va_arg(args, const char *);
		cJSON_AddItemToObject(o, key, value ? cJSON_CreateString(value) : cJSON_CreateNull());
	}
	va_end(args);
}

static bool bar_drawn;

void cli_progress(double fraction, void *what)
{
	static gint64 last;
	const gint64 now = g_get_monotonic_time();
	if (!isatty(STDERR_FILENO) || now - last < 100000)
		return;
	last = now;
	char bar[31];
	const int done = (int)(CLAMP(fraction, 0, 1) * 30);
	memset(bar, ' ', 30);
	memset(bar, '#', (size_t)done);
	bar[30] = 0;
	fprintf(stderr, "\r%-12s [%s] %3.0f %%", what ? (const char *)what : "", bar, 100 * fraction);
	fflush(stderr);
	bar_drawn = true;
}

void cli_progress_done(void)
{
	if (bar_drawn)
		fprintf(stderr, "\r%*s\r", 60, "");
	bar_drawn = false;
}
