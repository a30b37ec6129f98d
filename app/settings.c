#define G_SETTINGS_ENABLE_BACKEND
#include "app/settings.h"

#include <gio/gsettingsbackend.h>
#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#include "app/application.h"

static GSettingsSchema *lookup_in(const char *dir)
{
	g_autofree char *file = g_build_filename(dir, "gschemas.compiled", NULL);
	if (!g_file_test(file, G_FILE_TEST_EXISTS))
		return NULL;
	g_autoptr(GSettingsSchemaSource) source =
		g_settings_schema_source_new_from_directory(dir, g_settings_schema_source_get_default(), TRUE, NULL);
	return source ? g_settings_schema_source_lookup(source, NADIR_APP_ID, FALSE) : NULL;
}

/* build/nadir and build/tests/ui/…: a data folder above the program; PREFIX/bin/nadir: PREFIX/share/glib-2.0/schemas.
 */
static GSettingsSchema *find_schema(void)
{
	g_autofree char *exe = g_file_read_link("/proc/self/exe", NULL);
	g_autofree char *dir = g_path_get_dirname(exe ? exe : ".");
	for (int up = 0; up < 4; up++) {
		g_autofree char *built = g_build_filename(dir, "data", NULL);
		g_autofree char *installed = g_build_filename(dir, "share", "glib-2.0", "schemas", NULL);
		GSettingsSchema *schema = lookup_in(built);
		if (!schema)
			schema = lookup_in(installed);
		if (schema)
			return schema;
		char *parent = g_path_get_dirname(dir);
		g_free(dir);
		dir = parent;
	}
	GSettingsSchemaSource *source = g_settings_schema_source_get_default();
	return source ? g_settings_schema_source_lookup(source, NADIR_APP_ID, TRUE) : NULL;
}

static GSettingsBackend *make_backend(void)
{
	if (g_strcmp0(g_getenv("GSETTINGS_BACKEND"), "memory") == 0)
		return g_memory_settings_backend_new();
	g_autofree char *file = g_build_filename(g_get_user_config_dir(), "nadir", "settings.ini", NULL);
	return g_keyfile_settings_backend_new(file, NADIR_RESOURCE_PATH "/", "nadir");
}

GSettings *nadir_settings_new(GError **error)
{
	g_autoptr(GSettingsSchema) schema = find_schema();
	if (!schema) {
		g_set_error(
			error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
			_("The settings schema %s is neither beside the program nor installed: build or install Nadir again."),
			NADIR_APP_ID);
		return NULL;
	}
	g_autoptr(GSettingsBackend) backend = make_backend();
	return g_settings_new_full(schema, backend, NULL);
}

static NadirUnits current_units = NADIR_UNITS_METRIC;

NadirUnits nadir_units_get(void)
{
	return current_units;
}

void nadir_units_set(NadirUnits units)
{
	current_units = units;
}

static NadirCoordinates current_coordinates = NADIR_COORDINATES_ALL;

NadirCoordinates nadir_coordinates_get(void)
{
	return current_coordinates;
}

void nadir_coordinates_set(NadirCoordinates coordinates)
{
	current_coordinates = coordinates;
}

/* Tenths of a second are what a pixel of a few metres can carry; carried over by hand, or 59.96″ becomes 60.0″. */
static char *format_dms(double degrees, const char *side)
{
	const long tenths = lround(fabs(degrees) * 36000);
	return g_strdup_printf("%ld°%02ld′%02ld.%ld″ %s", tenths / 36000, tenths / 600 % 60, tenths / 10 % 60, tenths % 10,
	                       side);
}

char *nadir_format_fixed(double v, int decimals)
{
	char format[8], text[G_ASCII_DTOSTR_BUF_SIZE + 320];
	g_snprintf(format, sizeof format, "%%.%df", CLAMP(decimals, 0, 17));
	return g_strdup(g_ascii_formatd(text, sizeof text, format, v));
}

char *nadir_format_lonlat(double lon, double lat)
{
	const char *ns = lat < 0 ? _("S") : _("N"), *ew = lon < 0 ? _("W") : _("E");
	if (current_coordinates != NADIR_COORDINATES_DMS) {
		g_autofree char *north = nadir_format_fixed(fabs(lat), 6), *east = nadir_format_fixed(fabs(lon), 6);
		return g_strdup_printf("%s° %s  %s° %s", north, ns, east, ew);
	}
	g_autofree char *north = format_dms(lat, ns), *east = format_dms(lon, ew);
	return g_strdup_printf("%s  %s", north, east);
}

static char *current_stretch;

const char *nadir_stretch_get(void)
{
	return current_stretch;
}

void nadir_stretch_set(const char *stretch)
{
	g_free(current_stretch);
	current_stretch = g_strdup(stretch);
}

static guint tile_megabytes = 64; /* atomic */

guint64 nadir_tile_bytes_get(void)
{
	return (guint64)g_atomic_int_get(&tile_megabytes) << 20;
}

void nadir_tile_bytes_set(guint64 bytes)
{
	g_atomic_int_set(&tile_megabytes, (guint)(bytes >> 20));
}

typedef struct {
	double metres; /* or square metres */
	const char *name;
} unit;

static const unit areas[2][3] = {
	[NADIR_UNITS_METRIC] = {{1, N_("m²")}, {1e4, N_("ha")}, {1e6, N_("km²")}},
	[NADIR_UNITS_IMPERIAL] = {{0.09290304, N_("ft²")}, {4046.8564224, N_("ac")}, {2589988.110336, N_("mi²")}},
};
static const unit lengths[2][2] = {
	[NADIR_UNITS_METRIC] = {{1, N_("m")}, {1000, N_("km")}},
	[NADIR_UNITS_IMPERIAL] = {{0.3048, N_("ft")}, {1609.344, N_("mi")}},
};

/* Three figures are what a mask's edge can carry. */
static char *format_value(double v, const char *name)
{
	const int digits = v >= 100 ? 0 : v >= 10 ? 1 : 2;
	g_autofree char *number = g_strdup_printf("%.*f", digits, v);
	return g_strdup_printf("%s %s", number, name);
}

char *nadir_format_area(double m2, gint64 px)
{
	if (isnan(m2)) {
		g_autofree char *count = g_strdup_printf("%" G_GINT64_FORMAT, px);
		return g_strdup_printf("%s px", count);
	}
	const unit *u = areas[current_units];
	int i = 0;
	if (m2 >= u[2].metres * 10)
		i = 2;
	else if (m2 >= u[1].metres)
		i = 1;
	return format_value(m2 / u[i].metres, _(u[i].name));
}

char *nadir_format_length(double metres)
{
	const unit *u = &lengths[current_units][metres >= lengths[current_units][1].metres * 0.999 ? 1 : 0];
	g_autofree char *number = g_strdup_printf("%.4g", metres / u->metres);
	return g_strdup_printf("%s %s", number, _(u->name));
}

double nadir_round_length(double most)
{
	const unit *u = &lengths[current_units][most >= lengths[current_units][1].metres ? 1 : 0];
	const double in_units = most / u->metres;
	const double power = pow(10, floor(log10(in_units)));
	const double lead = in_units / power;
	return (lead >= 5 ? 5 : lead >= 2 ? 2 : 1) * power * u->metres;
}
