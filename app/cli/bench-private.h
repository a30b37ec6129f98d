/* What the benches of `nadir bench` share: one file a bench. */
#pragma once
#include "app/cli/cli-private.h"
#include "render/raster/tile-view.h"

G_BEGIN_DECLS

#define BENCH_ROUNDS 5 /* a figure is the median of so many */

typedef struct {
	const cli_options *options;
	const char *image;  /* --image, or the shipped sample */
	int view_w, view_h; /* --size: the window that view and objects draw */
	int objects;        /* --objects: only so many of them; 0: 2,000, 20,000 and 100,000; review: 1,000 */
	const char *keep;   /* --keep: folder for the projects that objects makes; NULL: they go */
	cJSON *results;     /* with --json: where bench_report() puts figures; else NULL and they are printed */
	char *device;       /* set by the bench: what it ran on; g_free'd by the caller */
	char *model;        /* set by the bench, or NULL: it uses none */
} bench_job;

/* Each measures, reports and sets device and model. false + error: nothing is reported. */
bool bench_segment(bench_job *job, GError **error);
bool bench_kernels(bench_job *job, GError **error);
bool bench_view(bench_job *job, GError **error);
bool bench_chat(bench_job *job, GError **error);
bool bench_objects(bench_job *job, GError **error);
bool bench_review(bench_job *job, GError **error);

/* Figures under one stable name. */
typedef struct bench_series bench_series;
bench_series *bench_series_new(const char *name, const char *unit);
void bench_series_free(bench_series *s);
void bench_series_add(bench_series *s, double value);
/* The value below which `part` (0..1) of the figures lie; NaN when there are none. */
double bench_series_part(bench_series *s, double part);
/* Median, least, greatest and their number, printed or added to the results; nothing when there are no figures. Frees
 * the series. */
void bench_report(bench_job *job, bench_series *s);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(bench_series, bench_series_free)

G_END_DECLS
