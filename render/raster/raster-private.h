/* Inside render/raster only: what a source of pixels is, and the raster that stands over it. */
#pragma once
#include "render/raster/raster-style.h"

G_BEGIN_DECLS

/* Limits on what a header may claim before memory is asked for. */
#define RASTER_MAX_CHUNK_BYTES (UINT64_C(512) << 20) /* one decoded tile, strip or block */
#define RASTER_MAX_RATIO 1000000                     /* pixels' bytes per byte of file */
#define RASTER_MAX_BANDS 4096
#define RASTER_MAX_LEVELS 48
#define RASTER_KEPT_SIDE 2048 /* virtual levels up to this side are kept in memory once made */
#define RASTER_STATS_SIDE 1024

/* Where pixels come from: real levels only (index 0 is full size), original sample type. Several threads call at once.
 */
typedef struct raster_source raster_source;
struct raster_source {
	/* out[n_bands][h][w] of the raster's type */
	bool (*read)(raster_source *s, int level, const raster_rect *area, const int *bands, int n_bands, void *out,
	             GCancellable *cancel, GError **error);
	/* out[h][w]: 0 or 255; only called when has_mask */
	bool (*read_mask)(raster_source *s, int level, const raster_rect *area, uint8_t *out, GCancellable *cancel,
	                  GError **error);
	/* Whether nothing of the area was ever written and all of it holds *value; may be NULL. */
	bool (*is_blank)(raster_source *s, int level, const raster_rect *area, double *value);
	void (*free)(raster_source *s);
	raster_level levels[RASTER_MAX_LEVELS];
	int n_levels;
	int chunk_w, chunk_h; /* what is decoded at once: a tile, strip or block of level 0 */
	bool sequential;      /* decoded from the top: going back costs all that lies above */
	bool contiguous;      /* all bands of a pixel lie together: reading one costs as much as reading all */
};

/* A level as the outside sees it: every step-th pixel of a real level (step 1: the real level itself). */
typedef struct {
	int real, step;
} raster_place;

typedef struct raster_kept raster_kept;           /* a virtual level in memory, see raster-level.c */
typedef struct raster_overviews raster_overviews; /* see raster-overviews.c */
typedef struct raster_remote raster_remote;       /* see raster-remote.c */
typedef struct raster_lut raster_lut;             /* tables from samples to bytes, see raster-render.c */

struct raster {
	gatomicrefcount refs;
	raster_info info;
	raster_source *source;
	raster_remote *remote; /* NULL: the image is here */
	raster_level levels[RASTER_MAX_LEVELS];
	raster_place places[RASTER_MAX_LEVELS];
	int bits;              /* of a sample as stored: 1, 2, 4 … */
	int alpha;             /* index of the alpha band, or -1 */
	bool alpha_associated; /* colours are stored multiplied by alpha */
	GPtrArray *kept;       /* raster_kept, oldest first; belongs to the thread that set building */
	GMutex lock;           /* guards all below; never held while reading */
	GCond built;
	bool building;
	raster_kept *rough;          /* the kept level while it is being made */
	bool ever_kept;              /* one was made or given up */
	raster_overviews *overviews; /* atomic: of the cache, or NULL; once set it stays */
	raster_lut *lut;
	raster_stats *stats; /* [n_bands], valid where stats_known */
	bool *stats_known;
};

/* raster-sample.c */
size_t raster_type_size(raster_type t);
bool raster_type_is_complex(raster_type t);
bool raster_type_holds(raster_type t, double value); /* NaN only fits floats */
/* Native samples to float; complex become magnitudes. */
void raster_samples_to_float(raster_type t, const void *in, size_t n, const raster_band *band, float *out);
/* ok |= sample is neither NaN nor nodata */
void raster_samples_valid(raster_type t, const void *in, size_t n, const raster_band *band, uint8_t *ok);
/* A stored alpha sample as 0..255. */
void raster_samples_alpha(raster_type t, const void *in, size_t n, uint8_t *out);
void raster_samples_fill(raster_type t, void *out, size_t n, double value);
char *raster_sample_text(raster_type t, const void *sample); /* as raster_read_pixel says */

/* raster.c: as raster_open; only_gdal: TIFF pixels through GDAL, too (what tests compare with). */
raster *raster_open_through(const char *path, bool only_gdal, GCancellable *cancel,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Lessens valid by the alpha band and the mask band. */
bool raster_apply_transparency(raster *r, int level, const raster_rect *area, uint8_t *valid, GCancellable *cancel,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* raster-level.c: the levels between and beyond the real ones. */
void raster_levels_build(raster *r);
/* out[n_bands][h][w] native samples of any level. */
bool raster_read_native(raster *r, int level, const raster_rect *area, const int *bands, int n_bands, void *out,
                        GCancellable *cancel, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* For the eye: pixels of virtual levels are means of their squares where raster_can_mean. Real levels are the same. */
bool raster_read_picture(raster *r, int level, const raster_rect *area, const int *bands, int n_bands, void *out,
                         GCancellable *cancel, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool raster_read_mask(raster *r, int level, const raster_rect *area, uint8_t *out, GCancellable *cancel,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Rows that are read at once when an area of width w is worked through in slices. */
int raster_slice_rows(const raster *r, int level, int w, int n_bands);
void raster_kept_free(void *kept);

double raster_decibel(double amplitude); /* raster-style.c */

/* raster-render.c */
void raster_lut_free(raster_lut *lut);

/* raster-gdal.c: fills everything of info but the levels, and gives a source that reads any format. */
raster_source *raster_gdal_open(raster *r, const char *path, GCancellable *cancel,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* raster-tiff.c: NULL: no TIFF that is read by libtiff here; GDAL does it. Called when r->source is GDAL's and info is
 * filled. */
raster_source *raster_tiff_open(raster *r, const char *path) G_GNUC_WARN_UNUSED_RESULT;
/* One level of that raster in a file of its own (raster-overviews.c); NULL: it is not there, or something else. */
raster_source *raster_tiff_open_overview(const raster *r, const char *path,
                                         const raster_level *size) G_GNUC_WARN_UNUSED_RESULT;
/* raster-kind.c: metadata is a NULL-terminated list of KEY=VALUE, or NULL. */
raster_source_kind raster_guess_source(const raster *r, const char *const *metadata);

bool raster_area_inside(const raster_rect *area, const raster_level *level);

G_END_DECLS
