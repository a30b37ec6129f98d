/* The user's settings, kept in $XDG_CONFIG_HOME/nadir/settings.ini. */
#pragma once
#include <gio/gio.h>

G_BEGIN_DECLS

/* The schema is looked for beside the program (build tree), then where the system keeps schemas. NULL + error: it is
 * nowhere. */
GSettings *nadir_settings_new(GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* How lengths and areas are written. */
typedef enum { NADIR_UNITS_METRIC, NADIR_UNITS_IMPERIAL } NadirUnits;
NadirUnits nadir_units_get(void);
void nadir_units_set(NadirUnits units);
/* How positions are written: map units, degrees with decimals or as degrees, minutes, seconds, pixels; or map units,
 * degrees and pixels. */
typedef enum {
	NADIR_COORDINATES_ALL,
	NADIR_COORDINATES_MAP,
	NADIR_COORDINATES_DEGREES,
	NADIR_COORDINATES_DMS,
	NADIR_COORDINATES_PIXEL
} NadirCoordinates;
NadirCoordinates nadir_coordinates_get(void);
void nadir_coordinates_set(NadirCoordinates coordinates);
/* Positions have a point in every language, as Go To and other programs read them; g_free. */
char *nadir_format_fixed(double v, int decimals);
char *nadir_format_lonlat(double lon, double lat); /* "48.208176° N  16.373819° E", or as D° M′ S″; g_free */
/* Of images that have none of their own yet, as raster_style_resolve() takes it; NULL: by rule. */
const char *nadir_stretch_get(void);
void nadir_stretch_set(const char *stretch);
/* Limit of decoded tiles of an image that is opened from now on. Any thread. */
guint64 nadir_tile_bytes_get(void);
void nadir_tile_bytes_set(guint64 bytes);
/* "612 m²", "1.24 ha"; px when m2 is NaN. g_free. */
char *nadir_format_area(double m2, gint64 px);
char *nadir_format_length(double metres); /* "50 m", "2 km"; g_free */
/* The longest round length (1, 2 or 5 times a power of ten of the unit) of at most `most` metres, in metres. */
double nadir_round_length(double most);

G_END_DECLS
