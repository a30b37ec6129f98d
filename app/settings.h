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
/* "612 m²", "1.24 ha"; px when m2 is NaN. g_free. */
char *nadir_format_area(double m2, gint64 px);
char *nadir_format_length(double metres); /* "50 m", "2 km"; g_free */
/* The longest round length (1, 2 or 5 times a power of ten of the unit) of at most `most` metres, in metres. */
double nadir_round_length(double most);

G_END_DECLS
