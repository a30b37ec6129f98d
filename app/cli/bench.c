/* nadir bench [segment|kernels|view|objects|chat|review]: speed on this machine, without the embedding cache. */
#include <glib/gi18n.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/cli/bench-private.h"
#include "app/engine/paths.h"

static const struct {
	const char *name;
	bool (*run)(bench_job *job, GError **error);
} benches[] = {
	{"segment", bench_segment}, {"kernels", bench_kernels}, {"view", bench_view},
	{"objects", bench_objects}, {"chat", bench_chat},       {"review", bench_review},
};

/* --- series --- */

struct bench_series {
	char *name, *unit;
	GArray *values; /* of double */
};

bench_series *bench_series_new(const char *name, const char *unit)
{
	bench_series *s = g_new0(bench_series, 1);
	s->name = g_strdup(name);
	s->unit = g_strdup(unit);
	s->values = g_array_new(FALSE, FALSE, sizeof(double));
	return s;
}

void bench_series_free(bench_series *s)
{
	if (!s)
		return;
	g_array_unref(s->values);
	g_free(s->name);
	g_free(s->unit);
	g_free(s);
}

void bench_series_add(bench_series *s, double value)
{
	g_array_append_val(s->values, value);
}

static int compare_doubles(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

double bench_series_part(bench_series *s, double part)
{
	const guint n = s->values->len;
	g_array_sort(s->values, compare_doubles);
	return n > 0 ? g_array_index(s->values, double, MIN((guint)(part * n), n - 1)) : NAN;
}

void bench_report(bench_job *job, bench_series *s)
{
	g_autoptr(bench_series) owned = s;
	const guint n = s->values->len;
	if (n == 0)
		return;
	const double low = bench_series_part(s, 0), median = bench_series_part(s, 0.5), high = bench_series_part(s, 1);
	if (!job->results) {
		printf("%-32s %10.2f %-8s (%.2f … %.2f, n = %u)\n", s->name, median, s->unit, low, high, n);
		return;
	}
	cJSON *o = cJSON_CreateObject();
	cJSON_AddStringToObject(o, "name", s->name);
	cJSON_AddStringToObject(o, "unit", s->unit);
	cJSON_AddNumberToObject(o, "median", median);
	cJSON_AddNumberToObject(o, "min", low);
	cJSON_AddNumberToObject(o, "max", high);
	cJSON_AddNumberToObject(o, "runs", n);
	cJSON_AddItemToArray(job->results, o);
}

/* --- the command --- */

static bool parse_size(const char *text, bench_job *job, GError **error)
{
	int w, h, end = 0;
	if (sscanf(text, "%5dx%5d%n", &w, &h, &end) != 2 || text[end] || w < 64 || h < 64 || w > 16384 || h > 16384)
		return cli_usage(error, _("--size is WIDTHxHEIGHT from 64x64 to 16384x16384, not “%s”."), text);
	job->view_w = w;
	job->view_h = h;
	return true;
}

static bool choose_bench(const char *name, bool (**run)(bench_job *, GError **), GError **error)
{
	g_autoptr(GString) names = g_string_new(NULL);
	for (guint i = 0; i < G_N_ELEMENTS(benches); i++) {
		if (strcmp(benches[i].name, name) == 0) {
			*run = benches[i].run;
			return true;
		}
		g_string_append_printf(names, "%s%s", i > 0 ? ", " : "", benches[i].name);
	}
	return cli_usage(error, _("there is no bench of “%s”, only of %s."), name, names->str);
}

static void print_results(const bench_job *job)
{
	cJSON *json = cJSON_CreateObject();
	cJSON_AddStringToObject(json, "device", job->device);
	if (job->model)
		cJSON_AddStringToObject(json, "model", job->model);
	cJSON_AddItemToObject(json, "results", job->results);
	cli_print_json(json);
}

bool cli_bench(int argc, char **argv, GError **error)
{
	g_auto(cli_options) o = {0};
	g_autofree char *image = NULL, *size = NULL, *keep = NULL;
	int objects = 0;
	const GOptionEntry entries[] = {
		{"image", 0, 0, G_OPTION_ARG_FILENAME, &image, N_("image to use instead of the sample"), "FILE"},
		{"size", 0, 0, G_OPTION_ARG_STRING, &size, N_("of the window that view, objects and review draw (1920x1080)"),
	     "WIDTHxHEIGHT"},
		{"objects", 0, 0, G_OPTION_ARG_INT, &objects, N_("how many objects to make"), "N"},
		{"keep", 0, 0, G_OPTION_ARG_FILENAME, &keep, N_("keep the projects that objects makes, in a folder"), "FOLDER"},
		{0}};
	g_autoptr(GOptionContext) ctx =
		g_option_context_new(_("[segment|kernels|view|objects|chat|review] — speed on this machine"));
	g_option_context_add_main_entries(ctx, entries, GETTEXT_PACKAGE);
	cli_add_options(ctx, &o, CLI_MODEL);
	bool (*run)(bench_job *, GError **) = NULL;
	bench_job job = {.options = &o, .view_w = 1920, .view_h = 1080};
	if (!cli_parse(ctx, &argc, &argv, 0, 1, error) || !choose_bench(argc > 1 ? argv[1] : "segment", &run, error) ||
	    (size && !parse_size(size, &job, error)))
		return false;
	g_autofree char *sample = paths_sample();
	job.image = image ? image : sample;
	job.keep = keep;
	job.objects = CLAMP(objects, 0, 10000000);
	job.results = o.json ? cJSON_CreateArray() : NULL;
	const bool ok = run(&job, error);
	cli_progress_done();
	if (ok && o.json)
		print_results(&job);
	else
		cJSON_Delete(job.results);
	g_free(job.device);
	g_free(job.model);
	return ok;
}
