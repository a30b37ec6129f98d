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

/* What a stretch asks for beyond its kind. */
typedef struct {
	raster_stretch kind;
	bool db;
	double low, high; /* percentiles */
	double sigmas;
	double range[3][2];
} stretch_choice;

static bool parse_number(const char *text, double *v)
{
	char *end = NULL;
	*v = g_ascii_strtod(text, &end);
	return end != text && *end == '\0' && isfinite(*v) && !g_ascii_isspace(*text);
}

/* The first number is cut out first: "0..9" would be read as "0." and the rest. */
static bool parse_two(const char *text, const char *between, double *a, double *b)
{
	const char *at = *text ? strstr(text + 1, between) : NULL;
	g_autofree char *first = at ? g_strndup(text, (gsize)(at - text)) : NULL;
	return first && parse_number(first, a) && parse_number(at + strlen(between), b) && *a < *b;
}

static bool parse_ranges(const char *text, stretch_choice *c)
{
	g_auto(GStrv) parts = g_strsplit(text, ",", 4);
	const guint n = g_strv_length(parts);
	if (n != 1 && n != 3)
		return false;
	for (guint i = 0; i < 3; i++)
		if (!parse_two(parts[n == 3 ? i : 0], "..", &c->range[i][0], &c->range[i][1]))
			return false;
	c->kind = RASTER_STRETCH_MANUAL;
	return true;
}

static bool parse_plain(const char *text, stretch_choice *c)
{
	char *end = NULL;
	if (strcmp(text, "minmax") == 0) {
		c->kind = RASTER_STRETCH_MINMAX;
	} else if (text[0] == 'p') {
		c->kind = RASTER_STRETCH_PERCENTILE;
		return parse_two(text + 1, "-", &c->low, &c->high) && c->low >= 0 && c->high <= 100;
	} else if (g_str_has_prefix(text, "sigma")) {
		c->kind = RASTER_STRETCH_SIGMA;
		c->sigmas = g_ascii_strtod(text + 5, &end);
		return end != text + 5 && *end == '\0' && c->sigmas > 0 && c->sigmas <= 100;
	} else {
		return parse_ranges(text, c);
	}
	return true;
}

static bool parse_stretch(const char *text, stretch_choice *c, GError **error)
{
	if (strcmp(text, "none") == 0) {
		c->kind = RASTER_STRETCH_NONE;
		return true;
	}
	if (strcmp(text, "db") == 0) {
		c->kind = RASTER_STRETCH_DB;
		c->db = true;
		return true;
	}
	c->db = g_str_has_prefix(text, "db:");
	if (parse_plain(c->db ? text + 3 : text, c))
		return true;
	g_set_error(
		error, RASTER_ERROR, RASTER_ERROR_STYLE,
		_("unknown stretch “%s”; allowed are p2-98, minmax, none, db, other percentiles, sigma2 (mean ± 2 standard "
	      "deviations), LOW..HIGH, and db: before one of them"),
		text);
	return false;
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
static void set_range(const raster_stats *s, const stretch_choice *c, double *lo, double *hi)
{
	const bool sigma = c->kind == RASTER_STRETCH_SIGMA;
	*lo = c->kind == RASTER_STRETCH_MINMAX ? s->min : sigma ? s->mean - c->sigmas * s->stddev : s->low;
	*hi = c->kind == RASTER_STRETCH_MINMAX ? s->max : sigma ? s->mean + c->sigmas * s->stddev : s->high;
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
static bool measure(raster *r, raster_style *style, const stretch_choice *c, bool auto_db, const raster_rect *area,
                    GCancellable *cancel, GError **error)
{
	raster_stats s[3];
	int bands[3], n = 0, at[3];
	for (int i = 0; i < 3; i++) {
		for (at[i] = 0; at[i] < n && bands[at[i]] != style->band[i]; at[i]++)
			;
		if (at[i] == n)
			bands[n++] = style->band[i];
	}
	raster_measurement m = {bands, n, c->db, c->low, c->high, area};
	if (!raster_measure(r, &m, s, cancel, error))
		return false;
	if (auto_db && !any_negative(s, n)) {
		m.db = true;
		if (!raster_measure(r, &m, s, cancel, error))
			return false;
	}
	style->db = m.db;
	style->stretch = m.db ? RASTER_STRETCH_DB : style->stretch;
	for (int i = 0; i < 3; i++)
		set_range(&s[at[i]], c, &style->lo[i], &style->hi[i]);
	return true;
}

static void set_manual(raster_style *style, const stretch_choice *c)
{
	style->stretch = RASTER_STRETCH_MANUAL;
	style->db = c->db;
	for (int i = 0; i < 3; i++) {
		style->lo[i] = c->range[i][0];
		style->hi[i] = c->range[i][1];
	}
}

bool raster_style_resolve_in(raster *r, const char *bands, const char *stretch, const char *source,
                             const raster_rect *area, raster_style *style, GCancellable *cancel, GError **error)
{
	stretch_choice chosen = {.kind = RASTER_STRETCH_AUTO};
	int kind = -1;
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
	bool automatic = chosen.kind == RASTER_STRETCH_AUTO;
	bool indexed = r->info.palette && (r->info.type == RASTER_U8 || r->info.type == RASTER_U16);
	style->palette = indexed && automatic && style->band[0] == 0 && style->band[1] == 0 && style->band[2] == 0;
	if (chosen.kind == RASTER_STRETCH_NONE || style->palette || (automatic && r->info.type == RASTER_U8)) {
		untouched(r, style);
		return true;
	}
	if (chosen.kind == RASTER_STRETCH_MANUAL) {
		set_manual(style, &chosen);
		return true;
	}
	style->stretch = automatic ? RASTER_STRETCH_PERCENTILE : chosen.kind;
	return measure(r, style, &chosen, automatic && kind == RASTER_SAR, area, cancel, error);
}

bool raster_style_resolve(raster *r, const char *bands, const char *stretch, const char *source, raster_style *style,
                          GCancellable *cancel, GError **error)
{
	return raster_style_resolve_in(r, bands, stretch, source, NULL, style, cancel, error);
}

/* Shortest text that reads back as the same number, as far as so many digits do. */
static void append_number(GString *text, double v, int most)
{
	char number[G_ASCII_DTOSTR_BUF_SIZE];
	for (int digits = MIN(6, most); digits <= most; digits++) {
		char format[8];
		g_snprintf(format, sizeof format, "%%.%dg", digits);
		g_ascii_formatd(number, sizeof number, format, v);
		if (g_ascii_strtod(number, NULL) == v)
			break;
	}
	g_string_append(text, number);
}

static char *range_text(bool db, const double lo[3], const double hi[3], int digits)
{
	const bool one = lo[0] == lo[1] && lo[1] == lo[2] && hi[0] == hi[1] && hi[1] == hi[2];
	GString *text = g_string_new(db ? "db:" : NULL);
	for (int i = 0; i < (one ? 1 : 3); i++) {
		if (i)
			g_string_append_c(text, ',');
		append_number(text, lo[i], digits);
		g_string_append(text, "..");
		append_number(text, hi[i], digits);
	}
	return g_string_free(text, FALSE);
}

char *raster_style_range_text(bool db, const double lo[3], const double hi[3])
{
	return range_text(db, lo, hi, 17);
}

char *raster_style_range_label(bool db, const double lo[3], const double hi[3])
{
	return range_text(db, lo, hi, 5);
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
