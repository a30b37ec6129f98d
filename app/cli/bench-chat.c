/* nadir bench chat: a language model without its pictures; a prompt of 160 tokens, then single ones. */
#include <math.h>
#include <time.h>

#include "app/cli/bench-private.h"
#include "app/engine/paths.h"
#include "infer/models/llama.h"

#define PROMPT 160
#define STEPS 16

typedef struct {
	bench_series *prefill, *decode;         /* tokens a second by the clock */
	bench_series *prefill_cpu, *decode_cpu; /* processor milliseconds: hardly depend on what else runs */
} figures;

static void figures_clear(figures *f)
{
	bench_series_free(f->prefill);
	bench_series_free(f->decode);
	bench_series_free(f->prefill_cpu);
	bench_series_free(f->decode_cpu);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(figures, figures_clear)

static double cpu_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

typedef struct {
	gint64 clock;
	double cpu;
} moment;

static moment moment_now(void)
{
	return (moment){g_get_monotonic_time(), cpu_ms()};
}

static double seconds_since(moment m)
{
	return (double)(g_get_monotonic_time() - m.clock) / 1e6;
}

static bool run_round(llama_context *c, figures *f, GError **error)
{
	const uint32_t vocab = llama_model_info(llama_context_model(c))->vocab;
	uint32_t ids[PROMPT], best = 0;
	for (uint32_t i = 0; i < PROMPT; i++)
		ids[i] = (vocab / 400 + i * 37) % vocab; /* any text will do: the work is the same */
	llama_context_truncate(c, 0);
	const moment start = moment_now();
	if (!llama_eval(c, &(llama_input){.ids = ids, .n = PROMPT}, 1, &(llama_output){.best = &best}, NULL, error))
		return false;
	const moment middle = moment_now();
	const double prefill = seconds_since(start);
	for (int i = 0; i < STEPS; i++)
		if (!llama_eval(c, &(llama_input){.ids = &best, .n = 1}, 1, &(llama_output){.best = &best}, NULL, error))
			return false;
	if (!f)
		return true;
	bench_series_add(f->prefill, PROMPT / prefill);
	bench_series_add(f->prefill_cpu, middle.cpu - start.cpu);
	bench_series_add(f->decode, STEPS / seconds_since(middle));
	bench_series_add(f->decode_cpu, (cpu_ms() - middle.cpu) / STEPS);
	return true;
}

static bool run_rounds(llama_model *m, figures *f, GError **error)
{
	g_autoptr(llama_context) c = llama_context_new(m, PROMPT + STEPS, error);
	if (!c || !run_round(c, NULL, error)) /* the first makes the pipelines */
		return false;
	for (int i = 0; i < BENCH_ROUNDS; i++) {
		if (!run_round(c, f, error))
			return false;
		cli_progress((i + 1.0) / BENCH_ROUNDS, (void *)"chat");
	}
	return true;
}

bool bench_chat(bench_job *job, GError **error)
{
	const char *name = job->options->model ? job->options->model : "starter-chat";
	g_autofree char *path = paths_find_model(name, error);
	if (!path)
		return false;
	g_autoptr(gpu) dev = gpu_open(&(gpu_options){.device = job->options->device}, error);
	g_autoptr(gguf) file = dev ? gguf_open(path, error) : NULL;
	g_autoptr(llama_model) m = file ? llama_model_open(dev, file, NULL, error) : NULL;
	if (!m)
		return false;
	g_auto(figures) f = {
		bench_series_new("chat-prefill-160", "tokens/s"),
		bench_series_new("chat-decode", "tokens/s"),
		bench_series_new("chat-prefill-160.cpu", "ms"),
		bench_series_new("chat-decode.cpu", "ms"),
	};
	if (!run_rounds(m, &f, error))
		return false;
	job->device = g_strdup(gpu_get_info(dev)->name);
	job->model = g_strdup(llama_model_info(m)->name);
	bench_report(job, g_steal_pointer(&f.prefill));
	bench_report(job, g_steal_pointer(&f.decode));
	if (!gpu_get_caps(dev)->software)
		return true;
	bench_report(job, g_steal_pointer(&f.prefill_cpu));
	bench_report(job, g_steal_pointer(&f.decode_cpu));
	return true;
}
