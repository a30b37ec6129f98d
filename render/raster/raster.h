/* A raster of any size as a pyramid of levels: libtiff for TIFF, GDAL for all else. Pixel values are the original ones;
 * what the screen and the model see is made by raster-style.h (design.md section 4).
 *
 * Threads: a raster may be read by several threads at once. Reads block: never call them from the main loop.
 *
 * Levels: the file's own overviews. Where they leave a step much larger than 2, or end above 256 px, virtual levels
 * stand in: each of their pixels is the middle one of a square of 2^n pixels' side of the next finer real level
 * (original values, as in GDAL's decimated reads); what raster_render shows of them are the squares' means, nodata and
 * NaN not counted. Those beyond the last real level with sides <= 2048 px are made in one pass over the file, by
 * whoever asks first, and kept: the first picture of a file without overviews costs one reading of it, the statistics
 * none more. A cancelled pass is continued by the next one who asks.
 *
 * Damage: a tile or strip that cannot be decoded fails the reads that touch it (RASTER_ERROR_CORRUPT names the pixels);
 * all others work, and statistics are those of what can be read. */
#pragma once
#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>

G_BEGIN_DECLS

#define RASTER_ERROR (raster_error_quark())
GQuark raster_error_quark(void);
typedef enum {
	RASTER_ERROR_OPEN,        /* not there, no permission, no raster */
	RASTER_ERROR_UNSUPPORTED, /* a type or size that is refused; the message names it */
	RASTER_ERROR_STYLE,       /* no such bands, stretch or source word; the message names the allowed ones */
	RASTER_ERROR_CORRUPT,     /* a part cannot be decoded; the message names the part */
} raster_error;

typedef enum {
	RASTER_U8,
	RASTER_I8,
	RASTER_U16,
	RASTER_I16,
	RASTER_U32,
	RASTER_I32,
	RASTER_F32,
	RASTER_F64,
	RASTER_CI16,
	RASTER_CI32,
	RASTER_CF32,
	RASTER_CF64, /* complex: read as magnitude */
	RASTER_U64,
	RASTER_I64,
} raster_type;
const char *raster_type_name(raster_type t); /* GDAL's names: Byte, Int16, Float32 … */

typedef enum { RASTER_OPTICAL, RASTER_SAR, RASTER_INFRARED, RASTER_OTHER } raster_source_kind;

typedef struct {
	int width, height;
} raster_level; /* level 0 is the full size */

typedef struct {
	char *name;      /* band description or "" */
	char color[8];   /* red green blue alpha gray palette undef */
	bool has_nodata; /* false when the declared value lies outside the type's range */
	double nodata;   /* NaN allowed */
} raster_band;

typedef struct {
	double px, py, x, y; /* pixel position and map position */
} raster_gcp;

typedef struct {
	const char *path, *format; /* format: GTiff, PNG … */
	int width, height, n_bands, n_levels;
	raster_type type;
	const raster_level *levels;  /* [n_levels] */
	const raster_band *bands;    /* [n_bands] */
	const uint8_t (*palette)[4]; /* [palette_size] RGBA or NULL */
	int palette_size;
	bool has_mask;        /* internal or external mask band; alpha bands are among the bands */
	const char *crs_wkt;  /* WKT of the CRS of the geotransform or of the GCPs; NULL without one */
	const char *crs_name; /* "EPSG:32618", else the CRS's name; NULL without one */
	bool has_geotransform, has_rpc;
	double geotransform[6]; /* GDAL's order, pixel corners */
	const raster_gcp *gcps; /* [n_gcps] */
	int n_gcps;
	raster_source_kind source; /* guessed from metadata, names and values' type; RASTER_OTHER when unsure */
	const char *
		fingerprint; /* of the file: SHA-256 over its size and three pieces, 16 hex digits: finds a moved image again */
} raster_info;

typedef struct {
	int x, y, w, h;
} raster_rect;

typedef struct raster raster;

raster *raster_open(const char *path, GCancellable *cancel, GError **error) G_GNUC_WARN_UNUSED_RESULT;
raster *raster_ref(raster *r);
void raster_unref(raster *r);
const raster_info *raster_get_info(const raster *r);
/* As in raster_info, without opening it as a raster; of a name that is no file, a hash of the name. Free with g_free.
 */
char *raster_fingerprint(const char *path);

/* Original values of `bands` (0-based) in `area` (in pixels of `level`, wholly inside it): values[n_bands][h][w].
 * valid, if not NULL, is [h][w]: 0 where nodata, alpha 0, masked or NaN in all of these bands, else 255 or the alpha
 * value. Complex: magnitude. */
bool raster_read(raster *r, int level, const raster_rect *area, const int *bands, int n_bands, float *values,
                 uint8_t *valid, GCancellable *cancel, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The samples of one pixel as text, in `.` notation: whole numbers in full, Float32 with seven figures, Float64 with
 * ten; complex: magnitude. texts[n_bands], g_free each. *valid as above. */
bool raster_read_pixel(raster *r, int x, int y, const int *bands, int n_bands, char **texts, bool *valid,
                       GCancellable *cancel, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(raster, raster_unref)

G_END_DECLS
