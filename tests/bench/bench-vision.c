/* EarthGPT-X's vision side on one machine: bench-vision MODEL.gguf [rounds] [profile]. Clock and processor time of an
 * image (one view, all views) and of splicing none to three regions; with `profile`, each kernel of the last. */
#include "infer/models/earthgpt-x.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SIDE 800

static double seconds(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

typedef struct {
	double clock, cpu;
} span;

static span span_now(void)
{
	return (span){seconds(CLOCK_MONOTONIC), seconds(CLOCK_PROCESS_CPUTIME_ID)};
}

static int by_value(const void *a, const void *b)
{
	const double d = *(const double *)a - *(const double *)b;
	return (d > 0) - (d < 0);
}

static double median(double *v, int n)
{
	qsort(v, (size_t)n, sizeof *v, by_value);
	return v[n / 2];
}

typedef struct {
	egx_model *model;
	GBytes *rgb;
	bool fast;
	uint32_t regions;
} job;

static const double points[3][4] = {{100, 100, 300, 260}, {400, 420, 460, 470}, {640, 120, 700, 700}};

/* The image and a splice of it; times of both. */
static bool run(const job *j, span *image, span *splice, GError **error)
{
	egx_region r[3];
	g_auto(egx_vectors) v = {0};
	for (uint32_t k = 0; k < 3; k++)
		r[k] = (egx_region){.kind = EGX_BOX, .n = 2, .xy = points[k]};
	const span a = span_now();
	g_autoptr(egx_image) i = egx_image_new(j->model, j->rgb, SIDE, SIDE, j->fast, NULL, error);
	const span b = span_now();
	if (!i || !egx_image_splice(i, r, j->regions, &v, NULL, error))
		return false;
	const span c = span_now();
	*image = (span){b.clock - a.clock, b.cpu - a.cpu};
	*splice = (span){c.clock - b.clock, c.cpu - b.cpu};
	return true;
}

static bool measure(const job *j, int rounds, GError **error)
{
	g_autofree double *all = g_new(double, 4 * (size_t)rounds);
	double *t[4];
	span image, splice;
	for (int k = 0; k < 4; k++)
		t[k] = all + (size_t)k * (size_t)rounds;
	bool ok = run(j, &image, &splice, error); /* kernels are made here */
	for (int i = 0; ok && i < rounds; i++) {
		ok = run(j, &image, &splice, error);
		t[0][i] = image.clock;
		t[1][i] = image.cpu;
		t[2][i] = splice.clock;
		t[3][i] = splice.cpu;
	}
	if (ok)
		g_print("%-9s %u regions: image %4.0f ms (cpu %4.0f), splice %4.0f ms (cpu %4.0f)\n",
		        j->fast ? "one view" : "all views", j->regions, 1e3 * median(t[0], rounds), 1e3 * median(t[1], rounds),
		        1e3 * median(t[2], rounds), 1e3 * median(t[3], rounds));
	return ok;
}

static void print_profile(gpu *dev)
{
	g_autoptr(GPtrArray) rows = gpu_profile(dev);
	for (guint i = 0; i < rows->len; i++) {
		const gpu_profile_row *r = rows->pdata[i];
		g_print("%-28s %5u calls %8.1f ms %7.2f GFLOP\n", r->name, (guint)r->calls, 1e3 * r->seconds,
		        (double)r->flops * 1e-9);
	}
}

static GBytes *picture(void)
{
	uint8_t *rgb = g_malloc((gsize)SIDE * SIDE * 3);
	for (gsize i = 0; i < (gsize)SIDE * SIDE * 3; i++)
		rgb[i] = (uint8_t)(128 + 100 * sin((double)(i / 3 % SIDE) / 23) * cos((double)(i / 3 / SIDE) / 31));
	return g_bytes_new_take(rgb, (gsize)SIDE * SIDE * 3);
}

static bool bench(const char *path, int rounds, bool profile, GError **error)
{
	g_autoptr(gguf) file = gguf_open(path, error);
	g_autoptr(gpu) dev = file ? gpu_open(&(gpu_options){.profile = profile}, error) : NULL;
	const double start = seconds(CLOCK_MONOTONIC);
	g_autoptr(egx_model) m = dev ? egx_model_open(dev, file, &(egx_options){0}, error) : NULL;
	if (!m)
		return false;
	g_print("%s: load %.0f ms\n", egx_model_info(m)->name, 1e3 * (seconds(CLOCK_MONOTONIC) - start));
	g_autoptr(GBytes) rgb = picture();
	for (int k = 0; k < 4; k++) {
		const job j = {m, rgb, k < 3, (uint32_t)(k == 1 ? 1 : k == 0 ? 0 : 3)};
		g_ptr_array_unref(gpu_profile(dev));
		if (!measure(&j, rounds, error))
			return false;
		if (profile)
			print_profile(dev);
	}
	return true;
}

int main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	if (argc < 2) {
		g_printerr("bench-vision MODEL.gguf [rounds] [profile]\n");
		return 2;
	}
	if (!bench(argv[1], argc > 2 ? MAX(atoi(argv[2]), 1) : 7, argc > 3 && strcmp(argv[3], "profile") == 0, &error)) {
		g_printerr("%s\n", error->message);
		return 1;
	}
	return 0;
}
