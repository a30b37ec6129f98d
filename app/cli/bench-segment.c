/* nadir bench segment, nadir bench kernels */
#include <string.h>

#include "app/cli/bench-private.h"

#define NEXT_PROMPTS 8

static engine *open_engine(bench_job *job, bool profile, cli_image *img, GError **error)
{
	engine_options options;
	if (!cli_engine_options(job->options, &options, error) || !cli_image_open(job->image, job->options, img, error))
		return NULL;
	options.no_cache = true;
	options.profile = profile;
	engine *e = engine_open(&options, error);
	if (e) {
		job->device = g_strdup(engine_get_info(e)->device);
		job->model = g_strdup(engine_get_info(e)->model);
	}
	return e;
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

bool bench_segment(bench_job *job, GError **error)
{
	g_auto(cli_image) img = {0};
	g_autoptr(engine) e = open_engine(job, false, &img, error);
	if (!e)
		return false;
	g_autoptr(bench_series) encode = bench_series_new("segment.encode", "ms");
	g_autoptr(bench_series) first = bench_series_new("segment.first_prompt", "ms");
	g_autoptr(bench_series) next = bench_series_new("segment.next_prompt", "ms");
	for (int i = 0; i <= BENCH_ROUNDS; i++) { /* round 0 warms pipelines up */
		engine_forget(e);
		for (int k = 0; k <= NEXT_PROMPTS; k++) {
			g_auto(engine_answer) a = {0};
			const double x = img.info->width * (0.2 + 0.07 * k), y = img.info->height * (0.3 + 0.05 * k);
			const gint64 t0 = g_get_monotonic_time();
			if (!run_prompt(e, &img, x, y, &a, error))
				return false;
			const double total = (double)(g_get_monotonic_time() - t0) / 1e3;
			if (i == 0)
				continue;
			if (k == 0)
				bench_series_add(encode, a.encode_ms);
			bench_series_add(k == 0 ? first : next, total);
		}
		cli_progress((double)i / BENCH_ROUNDS, (void *)"segment");
	}
	bench_report(job, g_steal_pointer(&encode));
	bench_report(job, g_steal_pointer(&first));
	bench_report(job, g_steal_pointer(&next));
	return true;
}

/* --- kernels --- */

typedef struct {
	bench_series *ms, *speed;
} kernel;

static void kernel_free(void *data)
{
	kernel *k = data;
	bench_series_free(k->ms);
	bench_series_free(k->speed);
	g_free(k);
}

static kernel *find_kernel(GHashTable *by_name, const char *name)
{
	kernel *k = g_hash_table_lookup(by_name, name);
	if (k)
		return k;
	g_autofree char *speed_name = g_strconcat(name, ".gflops", NULL);
	k = g_new0(kernel, 1);
	*k = (kernel){bench_series_new(name, "ms"), bench_series_new(speed_name, "GFLOP/s")};
	g_hash_table_insert(by_name, g_strdup(name), k);
	return k;
}

/* GFLOP/s of each kernel as it runs in the model: encode and one prompt. */
bool bench_kernels(bench_job *job, GError **error)
{
	g_auto(cli_image) img = {0};
	g_autoptr(engine) e = open_engine(job, true, &img, error);
	if (!e)
		return false;
	g_autoptr(GHashTable) by_name = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, kernel_free);
	for (int i = 0; i <= BENCH_ROUNDS; i++) {
		engine_forget(e);
		g_auto(engine_answer) a = {0};
		if (!run_prompt(e, &img, img.info->width * 0.5, img.info->height * 0.5, &a, error))
			return false;
		g_autoptr(GPtrArray) rows = engine_profile(e);
		for (guint r = 0; i > 0 && r < rows->len; r++) {
			const gpu_profile_row *row = rows->pdata[r];
			kernel *k = find_kernel(by_name, row->name);
			bench_series_add(k->ms, row->seconds * 1e3);
			bench_series_add(k->speed, row->seconds > 0 ? (double)row->flops / row->seconds / 1e9 : 0);
		}
	}
	g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(by_name), (GCompareFunc)strcmp);
	for (GList *l = names; l; l = l->next) {
		kernel *k = g_hash_table_lookup(by_name, l->data);
		bench_report(job, g_steal_pointer(&k->ms));
		bench_report(job, g_steal_pointer(&k->speed));
	}
	return true;
}
