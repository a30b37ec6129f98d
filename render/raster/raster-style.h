/* From original values to the 8-bit picture that the screen and the model see: one rule for both (design.md section 4).
 */
#pragma once
#include "render/raster/raster.h"

G_BEGIN_DECLS

typedef enum {
	RASTER_STRETCH_AUTO,       /* none for 8-bit and palettes, p2-98 for the rest, SAR amplitude to dB first */
	RASTER_STRETCH_NONE,       /* values as 0..255 */
	RASTER_STRETCH_PERCENTILE, /* 2-98 % (or as given) of each band over the whole image, from a level <= 1024 px */
	RASTER_STRETCH_MINMAX,
	RASTER_STRETCH_SIGMA,  /* mean minus and plus some standard deviations */
	RASTER_STRETCH_DB,     /* 20 log10 of positive amplitudes (10 log10 … as the rule says), then 2-98 % */
	RASTER_STRETCH_MANUAL, /* lo and hi as given */
} raster_stretch;

typedef struct {
	int band[3];  /* 0-based; a single band stands three times */
	bool palette; /* expand the palette of band[0] */
	bool db;      /* values go through dB before lo and hi */
	raster_stretch stretch;
	double lo[3], hi[3]; /* after dB: lo -> 0, hi -> 255 */
	double gamma;        /* 1: none; display only */
	int ramp;            /* colours of a single band: index of raster_ramp_name, 0: grey; display only */
} raster_style;

/* The choices of a user, as in the command line: bands "4,3,2" or "1" or NULL; stretch NULL or one of "none", "minmax",
 * "pLOW-HIGH" (percentiles, "p2-98"), "sigmaN" (mean ± N standard deviations), "LOW..HIGH" (the same for all bands, or
 * three with commas between them), "db" (decibels, 2-98 %), and "db:" before one of those; source "auto", "optical",
 * "sar", "infrared" or NULL. Wrong text is an error that names the allowed ones. Reads statistics. */
bool raster_style_resolve(raster *r, const char *bands, const char *stretch, const char *source, raster_style *style,
                          GCancellable *cancel, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same with statistics of a part of the image (full-size pixels; NULL: of all). */
bool raster_style_resolve_in(raster *r, const char *bands, const char *stretch, const char *source,
                             const raster_rect *area, raster_style *style, GCancellable *cancel,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* "LOW..HIGH" or three of them, "db:" before when the numbers are decibels: a stretch for raster_style_resolve. g_free.
 */
char *raster_style_range_text(bool db, const double lo[3], const double hi[3]);
char *raster_style_range_label(bool db, const double lo[3], const double hi[3]); /* the same, to five digits: to read */
/* Statistics of the bands over the whole image, from a level <= 1024 px. */
typedef struct {
	double min, max, mean, stddev, p2, p98;
	double low, high; /* the percentiles asked for; p2 and p98 when none were */
	uint64_t valid;   /* samples counted */
	double from, to;  /* of the histogram: min and max, less what lies far out beyond p2 and p98; NAN: no values */
	uint32_t histogram[256]; /* what lies outside is counted in the first and the last */
	bool damaged;            /* a part of the image cannot be read; all this is of the rest */
} raster_stats;
bool raster_statistics(raster *r, int band, raster_stats *out, GCancellable *cancel,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same of a part of the image, from the finest level at which it has at most 1024 px a side. */
typedef struct {
	const int *bands; /* [n_bands] */
	int n_bands;
	bool db;                 /* of their decibels */
	double low, high;        /* percentiles; both 0: 2 and 98 */
	const raster_rect *area; /* full-size pixels; NULL: all */
} raster_measurement;
bool raster_measure(raster *r, const raster_measurement *m, raster_stats *out, GCancellable *cancel,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Colours for one band: from 0 ("gray") on; NULL after the last. rgb: 256 of them. */
const char *raster_ramp_name(int ramp);
const uint8_t (*raster_ramp_colors(int ramp))[3];
int raster_ramp_find(const char *name); /* < 0: there is none */

/* Band combinations and stretches that users of a sensor know by name. */
typedef struct {
	const char *title;   /* not translated yet */
	const char *bands;   /* as in raster_style_resolve */
	const char *stretch; /* NULL: automatic */
	const char *source;
} raster_preset;
/* Those that fit the image's bands by name or, without names, by number. The elements are static. */
GPtrArray *raster_presets(const raster *r);

/* For the screen: premultiplied BGRA as cairo's ARGB32 and GDK_MEMORY_DEFAULT want it, transparent where nodata. rows
 * `stride` apart. */
bool raster_render(raster *r, const raster_style *style, int level, const raster_rect *area, uint8_t *pixels,
                   size_t stride, GCancellable *cancel, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* For the model: RGB of full-size pixels, [h][w][3]; transparent pixels as stored, nodata and NaN of stretched types 0.
 */
bool raster_model_input(raster *r, const raster_style *style, const raster_rect *area, uint8_t *rgb, size_t stride,
                        GCancellable *cancel, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Text that names everything which changes the model's input, for cache keys and records. Free with g_free. */
char *raster_style_key(const raster_style *style);

G_END_DECLS
