/* nadir bench [segment|kernels]: speed on this machine, without the embedding cache. */
#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>

#include "app/cli/cli-private.h"
#include "app/engine/paths.h"

#define ROUNDS 5
#define NEXT_PROMPTS 8

typedef struct {
	const char *name, *unit;
	GArray *values; /* of double */
} series;

static series series_new(const char *name, const char *unit)
{
	return (series){name, unit, g_array_new(FALSE, FALSE, sizeof(double))};
}

static int compare_doubles(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void report_series(series *s, cJSON *results)
{
	g_array_sort(s->values, compare_doubles);
	const double *v = (const double *)s->values->data;
	const guint n = s->values->len;
	if (n > 0 && results) {
		cJSON *o = cJSON_CreateObject();
		cJSON_AddStringToObject(o, "name", s->name);
		cJSON_AddStringToObject(o, "unit", s->unit);
		cJSON_AddNumberToObject(o, "median", v[n / 2]);
		cJSON_AddNumberToObject(o, "min", v[0]);
		cJSON_AddNumberToObject(o, "max", v[n - 1]);
		cJSON_AddNumberToObject(o, "runs", n);
		cJSON_AddItemToArray(results, o);
	} else if (n > 0) {
		printf("%-32s %10.2f %-8s (%.2f … %.2f, n = %u)\n", s->name, v[n / 2], s->unit, v[0], v[n - 1], n);
	}
	g_array_unref(s->values);
}

static bool run_prompt(engine *e, const cli_image *img, double x, double y, engine_answer *out, GError **error)
{
	g_autoptr(prompt) p = prompt_new();
	const double half = 20, box[4] = {x - half, y - half, x + half, y + half};
	prompt_add(p, SAM_BOX, 1, box, 2, 0);
	/* The whole image is one crop, so that every prompt after the first meets an encoded one. */
	const int side = MAX(img->info->width, img->info->height);
	const engine_request req = {.image = img->r, .style = &img->style, .marks = p, .scale = side};
	g_autoptr(GError) inner = NULL;
	if (engine_segment(e, &req, out, &inner))
		return true;
	if (g_error_matches(inner, SAM_ERROR, SAM_ERROR_EMPTY)) /* the time counts, not the mask */
		return true;
	g_propagate_error(error, g_steal_pointer(&inner));
	return false;
}

static bool bench_segment(engine *e, const cli_image *img, cJSON *results, GError **error)
{
	series encode = series_new("segment.encode", "ms"), first = series_new("segment.first_prompt", "ms"),
		   next = series_new("segment.next_prompt", "ms");
	bool ok = true;
	for (int i = 0; i <= ROUNDS && ok; i++) { /* round 0 warms pipelines up */
		engine_forget(e);
		for (int k = 0; k <= NEXT_PROMPTS && ok; k++) {
			g_auto(engine_answer) a = {0};
			const double x = img->info->width * (0.2 + 0.07 * k), y = img->info->height * (0.3 + 0.05 * k);
			const gint64 t0 = g_get_monotonic_time();
			ok = run_prompt(e, img, x, y, &a, error);
			const double total = (double)(g_get_monotonic_time() - t0) / 1e3;
			if (i == 0)
				continue;
			if (k == 0)
				g_array_append_val(encode.values, a.encode_ms);
			g_array_append_val(k == 0 ? first.values : next.values, total);
		}
		cli_progress((double)i / ROUNDS, (void *)"segment");
	}
	cli_progress_done();
	report_series(&encode, results);
	report_series(&first, results);
	report_series(&next, results);
	return ok;
}

/* GFLOP/s of each kernel as it runs in the model: encode and one prompt. */
static bool bench_kernels(engine *e, const cli_image *img, cJSON *results, GError **error)
{
	g_autoptr(GHashTable) by_name = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	bool ok = true;
	for (int i = 0; i <= ROUNDS && ok; i++) {
		engine_forget(e);
		g_auto(engine_answer) a = {0};
		ok = run_prompt(e, img, img->info->width * 0.5, img->info->height * 0.5, &a, error);
		g_autoptr(GPtrArray) rows = engine_profile(e);
		for (guint k = 0; i > 0 && k < rows->len; k++) {
			const gpu_profile_row *r = rows->pdata[k];
			series *ms = g_hash_table_lookup(by_name, r->name);
			if (!ms) {
				ms = g_new(series, 2);
				g_autofree char *speed_name = g_strconcat(r->name, ".gflops", NULL);
				ms[0] = series_new(g_intern_string(r->name), "ms");
				ms[1] = series_new(g_intern_string(speed_name), "GFLOP/s");
				g_hash_table_insert(by_name, g_strdup(r->name), ms);
			}
			const double t = r->seconds * 1e3, speed = r->seconds > 0 ? (double)r->flops / r->seconds / 1e9 : 0;
			g_array_append_val(ms[0].values, t);
			g_array_append_val(ms[1].values, speed);
		}
	}
	g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(by_name), (GCompareFunc)strcmp);
	for (GList *l = names; l; l = l->next) {
		series *s = g_hash_table_lookup(by_name, l->data);
		report_series(&s[0], results);
		report_series(&s[1], results);
	}
	return ok;
}

bool cli_bench(int argc, char **argv, GError **error)
{
	g_auto(cli_options) o = {0};
	g_autofree char *image = NULL;
	const GOptionEntry entries[] = {
		{"image", 0, 0, G_OPTION_ARG_FILENAME, &image, N_("image to use instead of the sample"), "FILE"}, {0}};
	g_autoptr(GOptionContext) ctx = g_option_context_new(_("[segment|kernels] — speed on this machine"));
	g_option_context_add_main_entries(ctx, entries, GETTEXT_PACKAGE);
	cli_add_options(ctx, &o, CLI_MODEL);
	if (!cli_parse(ctx, &argc, &argv, 0, 1, error))
		return false;
	const char *what = argc > 1 ? argv[1] : "segment";
	const bool kernels = strcmp(what, "kernels") == 0;
	if (!kernels && strcmp(what, "segment") != 0)
		return cli_usage(error, _("there is a bench of segment and of kernels, not of “%s”."), what);
	engine_options options;
	g_autofree char *sample = image ? g_strdup(image) : paths_sample();
	g_auto(cli_image) img = {0};
	if (!cli_engine_options(&o, &options, error) || !cli_image_open(sample, &o, &img, error))
		return false;
	options.no_cache = true;
	options.profile = kernels;
	g_autoptr(engine) e = engine_open(&options, error);
	if (!e)
		return false;
	cJSON *results = o.json ? cJSON_CreateArray() : NULL;
	const bool ok = (kernels ? bench_kernels : bench_segment)(e, &img, results, error);
	if (!o.json)
		return ok;
	cJSON *json = cJSON_CreateObject();
	cJSON_AddStringToObject(json, "device", engine_get_info(e)->device);
	cJSON_AddStringToObject(json, "model", engine_get_info(e)->model);
	cJSON_AddItemToObject(json, "results", results);
	if (ok)
		cli_print_json(json);
	else
		cJSON_Delete(json);
	return ok;
}
