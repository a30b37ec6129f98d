/* The choices of the one rule: which bands, which stretch (design.md section 4). */
#include "render/raster/raster-private.h"
#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

double raster_decibel(double amplitude)
{
	return 20 * log10(amplitude);
}

static bool bad_bands(const raster *r, const char *text, GError **error)
{
	g_set_error(error, RASTER_ERROR, RASTER_ERROR_STYLE,
	            _("“%s” names no bands of %s; give one number or three with commas between them, each from 1 to %d"),
	            text, r->info.path, r->info.n_bands);
	return false;
}

static bool parse_bands(const raster *r, const char *text, raster_style *style, GError **error)
{
	g_auto(GStrv) parts = g_strsplit(text, ",", 5);
	guint n = g_strv_length(parts);
	if (n != 1 && n != 3)
		return bad_bands(r, text, error);
	for (guint i = 0; i < 3; i++) {
		guint64 band;
		if (!g_ascii_string_to_unsigned(g_strstrip(parts[n == 3 ? i : 0]), 10, 1, (guint64)r->info.n_bands, &band,
		                                NULL))
			return bad_bands(r, text, error);
		style->band[i] = (int)band - 1;
	}
	return true;
}

static int band_of_color(const raster_info *info, const char *color)
{
	for (int i = 0; i < info->n_bands; i++)
		if (strcmp(info->bands[i].color, color) == 0)
			return i;
	return -1;
}

static void set_bands(raster_style *style, int a, int b, int c)
{
	style->band[0] = a;
	style->band[1] = b;
	style->band[2] = c;
}

/* Bands by colour interpretation, else 4,3,2 for 12 or 13 bands, else 1,2,3, or the first if fewer than 3. Alpha is no
 * colour. */
static void default_bands(const raster *r, raster_style *style)
{
	const raster_info *info = &r->info;
	int red = band_of_color(info, "red"), green = band_of_color(info, "green"), blue = band_of_color(info, "blue");
	int plain[3], n = 0;
	for (int i = 0; i < info->n_bands && n < 3; i++)
		if (strcmp(info->bands[i].color, "alpha") != 0)
			plain[n++] = i;
	if (red >= 0 && green >= 0 && blue >= 0)
		set_bands(style, red, green, blue);
	else if (info->n_bands == 12 || info->n_bands == 13)
		set_bands(style, 3, 2, 1);
	else if (n == 3)
		set_bands(style, plain[0], plain[1], plain[2]);
	else
		set_bands(style, n ? plain[0] : 0, n ? plain[0] : 0, n ? plain[0] : 0);
}

static bool parse_word(const char *what, const char *text, const char *const *words, const int *values, int *out,
                       GError **error)
{
	for (int i = 0; words[i]; i++)
		if (strcmp(text, words[i]) == 0) {
			*out = values[i];
			return true;
		}
	g_autofree char *all = g_strjoinv(", ", (char **)words);
	g_set_error(error, RASTER_ERROR, RASTER_ERROR_STYLE, _("unknown %s “%s”; allowed are %s"), what, text, all);
	return false;
}

static bool parse_stretch(const char *text, int *out, GError **error)
{
	static const char *const words[] = {"p2-98", "minmax", "none", "db", NULL};
	static const int values[] = {RASTER_STRETCH_PERCENTILE, RASTER_STRETCH_MINMAX, RASTER_STRETCH_NONE,
	                             RASTER_STRETCH_DB};
	return parse_word(_("stretch"), text, words, values, out, error);
}

static bool parse_source(const char *text, int *out, GError **error)
{
	static const char *const words[] = {"optical", "sar", "infrared", "auto", NULL};
	static const int values[] = {RASTER_OPTICAL, RASTER_SAR, RASTER_INFRARED, -1};
	return parse_word(_("source"), text, words, values, out, error);
}

static void untouched(const raster *r, raster_style *style)
{
	/* Samples of fewer than 8 bits are spread over the whole range: 1-bit data are black and white. */
	double top = r->bits < 8 ? (double)((1 << r->bits) - 1) : 255;
	style->stretch = RASTER_STRETCH_NONE;
	for (int i = 0; i < 3; i++) {
		style->lo[i] = 0;
		style->hi[i] = top;
	}
}

/* lo and hi of one channel; equal percentiles (a few rare values on a plain ground) give way to the extremes. */
static void set_range(const raster_stats *s, bool extremes, double *lo, double *hi)
{
	*lo = extremes ? s->min : s->p2;
	*hi = extremes ? s->max : s->p98;
	if (!(*hi > *lo)) {
		*lo = s->min;
		*hi = s->max;
	}
	if (isnan(*lo))
		*lo = 0;
	if (!(*hi > *lo))
		*hi = *lo + 1;
}

static bool any_negative(const raster_stats *s, int n)
{
	for (int i = 0; i < n; i++)
		if (s[i].min < 0)
			return true;
	return false;
}

/* Decides about dB and finds lo and hi. auto_db: only when the values are amplitudes, which are never negative. */
static bool measure(raster *r, raster_style *style, bool db, bool auto_db, GCancellable *cancel, GError **error)
{
	raster_stats s[3];
	int bands[3], n = 0, at[3];
	for (int i = 0; i < 3; i++) {
		for (at[i] = 0; at[i] < n && bands[at[i]] != style->band[i]; at[i]++)
			;
		if (at[i] == n)
			bands[n++] = style->band[i];
	}
	if (!raster_statistics_of(r, bands, n, db, s, cancel, error))
		return false;
	if (auto_db && !any_negative(s, n)) {
		db = true;
		if (!raster_statistics_of(r, bands, n, db, s, cancel, error))
			return false;
	}
	style->db = db;
	style->stretch = db ? RASTER_STRETCH_DB : style->stretch;
	for (int i = 0; i < 3; i++)
		set_range(&s[at[i]], style->stretch == RASTER_STRETCH_MINMAX, &style->lo[i], &style->hi[i]);
	return true;
}

bool raster_style_resolve(raster *r, const char *bands, const char *stretch, const char *source, raster_style *style,
                          GCancellable *cancel, GError **error)
{
	int chosen = RASTER_STRETCH_AUTO, kind = -1;
	*style = (raster_style){.gamma = 1};
	if (stretch && !parse_stretch(stretch, &chosen, error))
		return false;
	if (source && !parse_source(source, &kind, error))
		return false;
	if (kind < 0)
		kind = (int)r->info.source;
	default_bands(r, style);
	if (bands && !parse_bands(r, bands, style, error))
		return false;
	bool automatic = chosen == RASTER_STRETCH_AUTO;
	bool indexed = r->info.palette && (r->info.type == RASTER_U8 || r->info.type == RASTER_U16);
	style->palette = indexed && automatic && style->band[0] == 0 && style->band[1] == 0 && style->band[2] == 0;
	if (chosen == RASTER_STRETCH_NONE || style->palette || (automatic && r->info.type == RASTER_U8)) {
		untouched(r, style);
		return true;
	}
	style->stretch = automatic ? RASTER_STRETCH_PERCENTILE : (raster_stretch)chosen;
	return measure(r, style, chosen == RASTER_STRETCH_DB, automatic && kind == RASTER_SAR, cancel, error);
}

char *raster_style_key(const raster_style *s)
{
	GString *key = g_string_new(NULL);
	g_string_append_printf(key, "bands=%d,%d,%d;palette=%d;db=%d;stretched=%d", s->band[0] + 1, s->band[1] + 1,
	                       s->band[2] + 1, s->palette, s->db, s->stretch != RASTER_STRETCH_NONE);
	for (int i = 0; i < 3; i++) {
		char lo[G_ASCII_DTOSTR_BUF_SIZE], hi[G_ASCII_DTOSTR_BUF_SIZE];
		g_string_append_printf(key, ";%s..%s", g_ascii_dtostr(lo, sizeof lo, s->lo[i]),
		                       g_ascii_dtostr(hi, sizeof hi, s->hi[i]));
	}
	return g_string_free(key, FALSE);
}
