#include "render/geometry/coordinate.h"

#include <math.h>
#include <string.h>

#include "render/geometry/utm.h"

/* What was written, before anybody asks what it means. */
typedef struct {
	double value[6];
	int n;
	char side[6]; /* N, S, E or W beside the number, or 0 */
	bool degrees; /* a degree sign or minutes */
	bool pixels;  /* "px" or "pixel" */
} writing;

static bool is_mark(gunichar c)
{
	return c == 0xb0 || c == 0xba || c == '\'' || c == '"' || c == 0x2032 || c == 0x2033 || c == 0x2019 || c == 0x201d;
}

/* A number with up to two more behind it as minutes and seconds. NULL: none stands here. */
static const char *read_number(const char *p, double *value, bool *degrees)
{
	double part[3] = {0};
	int n = 0;
	bool negative = *p == '-' || g_str_has_prefix(p, "\u2212");
	const char *at = negative ? g_utf8_next_char(p) : *p == '+' ? p + 1 : p;
	bool marked = true;
	while (n < 3 && marked && (g_ascii_isdigit(*at) || *at == '.')) {
		char *end;
		if (at[0] == '0' && (at[1] == 'x' || at[1] == 'X'))
			return NULL;
		part[n] = g_ascii_strtod(at, &end);
		if (end == at)
			return NULL;
		n++;
		const gunichar mark = g_utf8_get_char(end);
		marked = is_mark(mark);
		at = end;
		if (marked) {
			*degrees = true;
			while (is_mark(g_utf8_get_char(at)))
				at = g_utf8_next_char(at);
			const char *next = at;
			while (*next == ' ')
				next++;
			/* Only what carries a mark of its own, or stands right behind one, is a minute or second. */
			if (g_ascii_isdigit(*next) && part[n - 1] == floor(part[n - 1]) && mark != '"' && mark != 0x2033 &&
			    mark != 0x201d)
				at = next;
		}
	}
	if (n == 0 || part[1] >= 60 || part[2] >= 60)
		return NULL;
	*value = (part[0] + part[1] / 60 + part[2] / 3600) * (negative ? -1 : 1);
	return at;
}

static bool read_word(const char **p, writing *w, char *side)
{
	static const struct {
		const char *word;
		char side;
	} words[] = {{"pixels", 'p'}, {"pixel", 'p'}, {"px", 'p'},  {"north", 'N'}, {"south", 'S'}, {"east", 'E'},
	             {"west", 'W'},   {"lat", 'l'},   {"lon", 'l'}, {"n", 'N'},     {"s", 'S'},     {"e", 'E'},
	             {"o", 'E'},      {"w", 'W'},     {"x", 'x'},   {"y", 'x'}};
	for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
		const size_t n = strlen(words[i].word);
		if (g_ascii_strncasecmp(*p, words[i].word, n) != 0 || g_ascii_isalpha((*p)[n]))
			continue;
		*p += n;
		*side = words[i].side;
		w->pixels |= words[i].side == 'p';
		return true;
	}
	return false;
}

static bool read_all(const char *p, writing *w)
{
	char before = 0; /* a side that stands before its number */
	bool sides_before = false;
	while (*p) {
		char side = 0;
		if (strchr(" ,;:=()/\t", *p)) {
			p++;
		} else if (g_ascii_isalpha(*p)) {
			if (!read_word(&p, w, &side))
				return false;
			if (!strchr("NSEW", side))
				continue;
			if (w->n == 0)
				sides_before = true;
			if (!sides_before && !w->side[w->n - 1])
				w->side[w->n - 1] = side;
			else
				before = side;
		} else {
			if (w->n == 2)
				return false;
			const char *next = read_number(p, &w->value[w->n], &w->degrees);
			if (!next)
				return false;
			p = next;
			w->side[w->n++] = before;
			before = 0;
		}
	}
	return w->n == 2 && before == 0 && isfinite(w->value[0]) && isfinite(w->value[1]);
}

/* "48,21 16,37": commas between digits as the points that they are in half of Europe. NULL: there are none. */
static char *commas_to_points(const char *text)
{
	g_autofree char *points = g_strdup(text);
	bool any = false, fraction = false;
	for (char *p = points; *p; p++) {
		if (*p == ',' && p > points && g_ascii_isdigit(p[-1]) && g_ascii_isdigit(p[1])) {
			if (fraction)
				return NULL; /* no number has two */
			*p = '.';
			any = true;
		}
		fraction = *p == '.' || (fraction && g_ascii_isdigit(*p));
	}
	return any ? g_steal_pointer(&points) : NULL;
}

static bool is_vertical(char side)
{
	return side == 'N' || side == 'S';
}

static void add(coordinate *out, int *n, coordinate_kind kind, double x, double y, const georef *g, int width,
                int height)
{
	coordinate c = {kind, {x, y}, x, y, false};
	bool ok = kind == COORDINATE_PIXEL;
	if (kind == COORDINATE_MAP)
		ok = georef_from_map(g, 1, &c.px, &c.py, NULL);
	else if (kind == COORDINATE_LONLAT || kind == COORDINATE_UTM)
		ok = fabs(y) <= 90 && fabs(x) <= 360 && georef_from_lonlat(g, 1, &c.px, &c.py, NULL);
	c.inside = c.px >= 0 && c.py >= 0 && c.px <= width && c.py <= height;
	if (!ok || *n == COORDINATE_MOST)
		return;
	int at = *n;
	for (; c.inside && at > 0 && !out[at - 1].inside; at--)
		out[at] = out[at - 1];
	out[at] = c;
	(*n)++;
}

int coordinate_parse(const char *text, const georef *g, int width, int height, coordinate out[COORDINATE_MOST])
{
	writing w = {0};
	utm_place utm[2];
	const int n_utm = utm_parse(text, utm);
	double lon, lat;
	int n = 0;
	for (int i = 0; i < n_utm; i++)
		if (utm_to_lonlat(&utm[i], &lon, &lat))
			add(out, &n, COORDINATE_UTM, lon, lat, g, width, height);
	if (n > 0)
		return n;
	if (!read_all(text, &w)) {
		g_autofree char *points = commas_to_points(text);
		w = (writing){0};
		if (!points || !read_all(points, &w))
			return 0;
	}
	const bool sided = w.side[0] || w.side[1];
	double a = w.value[0], b = w.value[1];
	if (sided && !(w.side[0] && w.side[1] && is_vertical(w.side[0]) != is_vertical(w.side[1])))
		return 0;
	if (w.pixels) {
		if (!sided && !w.degrees)
			add(out, &n, COORDINATE_PIXEL, a, b, g, width, height);
		return n;
	}
	a *= w.side[0] == 'S' || w.side[0] == 'W' ? -1 : 1;
	b *= w.side[1] == 'S' || w.side[1] == 'W' ? -1 : 1;
	const bool swap = !sided || is_vertical(w.side[0]); /* latitude first */
	const double x = sided && swap ? b : a, y = sided && swap ? a : b;
	if (!sided && !w.degrees)
		add(out, &n, COORDINATE_PIXEL, a, b, g, width, height);
	if (!w.degrees)
		add(out, &n, COORDINATE_MAP, x, y, g, width, height);
	add(out, &n, COORDINATE_LONLAT, swap ? b : a, swap ? a : b, g, width, height);
	return n;
}
