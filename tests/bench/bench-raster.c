/* bench-raster IMAGE…: windows of 3840x2160 and the overview of 1024 px in a warm process, rendered by us and only read
 * by GDAL, in turns, each window at a place of its own; and milliseconds for a tile of 256 px of the screen, through
 * raster_render, beside what GDALRasterIO takes to only read the same original values; tiles in order and at random,
 * each with a cold cache of decoded tiles.
 */
#include "render/raster/raster-style.h"
#include <gdal.h>
#include <stdio.h>
#include <stdlib.h>

#define SIDE 256
#define TILES 64
#define RUNS 5

typedef struct {
	const char *path;
	raster_rect areas[TILES];
	raster_style style;
	bool palette;
} plan;

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

static double ours(const plan *p)
{
	g_autofree uint8_t *pixels = g_malloc(SIDE * SIDE * 4);
	g_autoptr(raster) r = raster_open(p->path, NULL, NULL);
	gint64 start = g_get_monotonic_time();
	for (int i = 0; i < TILES; i++)
		if (!raster_render(r, &p->style, 0, &p->areas[i], pixels, SIDE * 4, NULL, NULL))
			exit(1);
	return (double)(g_get_monotonic_time() - start) / 1000 / TILES;
}

static double theirs(const plan *p)
{
	g_autofree double *values = g_new(double, SIDE *SIDE * 3);
	GDALDatasetH d = GDALOpen(p->path, GA_ReadOnly);
	GDALDataType type = GDALGetRasterDataType(GDALGetRasterBand(d, 1));
	int bands[3], n = p->style.band[1] == p->style.band[0] ? 1 : 3;
	for (int c = 0; c < 3; c++)
		bands[c] = p->style.band[c] + 1;
	gint64 start = g_get_monotonic_time();
	for (int i = 0; i < TILES; i++)
		if (GDALDatasetRasterIO(d, GF_Read, p->areas[i].x, p->areas[i].y, SIDE, SIDE, values, SIDE, SIDE, type, n,
		                        bands, 0, 0, 0) != CE_None)
			exit(1);
	double ms = (double)(g_get_monotonic_time() - start) / 1000 / TILES;
	GDALClose(d);
	return ms;
}

static void report(const char *what, const plan *p)
{
	double a[RUNS], b[RUNS];
	for (int i = 0; i < RUNS; i++) {
		a[i] = ours(p);
		b[i] = theirs(p);
	}
	qsort(a, RUNS, sizeof *a, by_value);
	qsort(b, RUNS, sizeof *b, by_value);
	printf("%-24s %-9s rendered %7.3f ms a tile, GDAL only reads in %7.3f ms\n", g_path_get_basename(p->path), what,
	       a[RUNS / 2], b[RUNS / 2]);
}

static void again(const plan *p)
{
	g_autofree uint8_t *pixels = g_malloc(SIDE * SIDE * 4);
	g_autoptr(raster) r = raster_open(p->path, NULL, NULL);
	double best = 1e9;
	for (int i = 0; i < 50; i++) {
		gint64 start = g_get_monotonic_time();
		if (!raster_render(r, &p->style, 0, &p->areas[0], pixels, SIDE * 4, NULL, NULL))
			exit(1);
		best = MIN(best, (double)(g_get_monotonic_time() - start) / 1000);
	}
	printf("%-24s decoded   rendered %7.3f ms a tile\n", g_path_get_basename(p->path), best);
}

/* ---- windows ---- */

#define WINDOW_W 3840
#define WINDOW_H 2160
#define OVERVIEW 1024

static double since(gint64 start)
{
	return (double)(g_get_monotonic_time() - start) / 1000;
}

static double median(double *v, int n)
{
	qsort(v, (size_t)n, sizeof *v, by_value);
	return v[n / 2];
}

static void must(bool ok)
{
	if (!ok)
		exit(1);
}

static void read_gdal(GDALDatasetH d, const plan *p, int x, int y, int w, int h, int out_w, int out_h, void *out)
{
	int bands[3], n = p->style.band[1] == p->style.band[0] ? 1 : 3;
	for (int c = 0; c < 3; c++)
		bands[c] = p->style.band[c] + 1;
	GDALDataType type = GDALGetRasterDataType(GDALGetRasterBand(d, 1));
	must(GDALDatasetRasterIO(d, GF_Read, x, y, w, h, out, out_w, out_h, type, n, bands, 0, 0, 0) == CE_None);
}

/* Both data sets stay open; the first window of each only warms them. */
static void windows(const plan *p)
{
	g_autoptr(raster) r = raster_open(p->path, NULL, NULL);
	const raster_info *info = raster_get_info(r);
	GDALDatasetH d = GDALOpen(p->path, GA_ReadOnly);
	g_autoptr(GRand) random = g_rand_new_with_seed(7);
	double a[RUNS], b[RUNS];
	if (info->width < 2 * WINDOW_W || info->height < 2 * WINDOW_H)
		return;
	g_autofree uint8_t *pixels = g_malloc((size_t)WINDOW_W * WINDOW_H * 4);
	g_autofree double *values = g_new(double, (size_t)WINDOW_W *WINDOW_H * 3);
	for (int i = -1; i < RUNS; i++) {
		const raster_rect ours_at = {g_rand_int_range(random, 0, info->width - WINDOW_W),
		                             g_rand_int_range(random, 0, info->height - WINDOW_H), WINDOW_W, WINDOW_H};
		gint64 start = g_get_monotonic_time();
		must(raster_render(r, &p->style, 0, &ours_at, pixels, WINDOW_W * 4, NULL, NULL));
		a[MAX(i, 0)] = since(start);
		start = g_get_monotonic_time();
		read_gdal(d, p, ours_at.x, ours_at.y, WINDOW_W, WINDOW_H, WINDOW_W, WINDOW_H, values);
		b[MAX(i, 0)] = since(start);
	}
	printf("%-24s %dx%d rendered %7.1f ms, GDAL only reads in %7.1f ms\n", g_path_get_basename(p->path), WINDOW_W,
	       WINDOW_H, median(a, RUNS), median(b, RUNS));
	GDALClose(d);
}

static void overview(const plan *p)
{
	double a[RUNS], b[RUNS];
	g_autofree uint8_t *pixels = g_malloc((size_t)OVERVIEW * OVERVIEW * 4);
	g_autofree double *values = g_new(double, (size_t)OVERVIEW *OVERVIEW * 3);
	for (int i = 0; i < RUNS; i++) { /* opened anew: else it is a matter of a copy */
		g_autoptr(raster) r = raster_open(p->path, NULL, NULL);
		GDALDatasetH d = GDALOpen(p->path, GA_ReadOnly);
		const raster_info *info = raster_get_info(r);
		int level = 0;
		while (MAX(info->levels[level].width, info->levels[level].height) > OVERVIEW)
			level++;
		const raster_rect all = {0, 0, info->levels[level].width, info->levels[level].height};
		gint64 start = g_get_monotonic_time();
		must(raster_render(r, &p->style, level, &all, pixels, (size_t)all.w * 4, NULL, NULL));
		a[i] = since(start);
		start = g_get_monotonic_time();
		read_gdal(d, p, 0, 0, info->width, info->height, all.w, all.h, values);
		b[i] = since(start);
		GDALClose(d);
	}
	printf("%-24s %d px    rendered %7.1f ms, GDAL only reads in %7.1f ms\n", g_path_get_basename(p->path), OVERVIEW,
	       median(a, RUNS), median(b, RUNS));
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(raster) r = raster_open(argv[i], NULL, &error);
		plan p = {.path = argv[i]};
		gint64 start = g_get_monotonic_time();
		if (!r || !raster_style_resolve(r, NULL, NULL, NULL, &p.style, NULL, &error)) {
			fprintf(stderr, "bench-raster: %s\n", error->message);
			return 1;
		}
		printf("%-24s style     resolved in %.1f ms\n", argv[i], (double)(g_get_monotonic_time() - start) / 1000);
		const raster_info *info = raster_get_info(r);
		if (info->width < 16 * SIDE || info->height < 16 * SIDE) {
			fprintf(stderr, "bench-raster: %s is too small to measure anything\n", argv[i]);
			return 1;
		}
		windows(&p);
		overview(&p);
		for (int k = 0; k < TILES; k++)
			p.areas[k] = (raster_rect){(k % 8) * SIDE + 1000 / SIDE * SIDE, k / 8 * SIDE, SIDE, SIDE};
		report("in order", &p);
		g_autoptr(GRand) random = g_rand_new_with_seed(1);
		for (int k = 0; k < TILES; k++)
			p.areas[k] = (raster_rect){g_rand_int_range(random, 0, info->width - SIDE),
			                           g_rand_int_range(random, 0, info->height - SIDE), SIDE, SIDE};
		report("at random", &p);
		again(&p);
	}
	return 0;
}
