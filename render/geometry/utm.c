#include "render/geometry/utm.h"

#include <math.h>
#include <string.h>

#include "render/geometry/georef-private.h"

#define BANDS "CDEFGHJKLMNPQRSTUVWX"       /* of 8 degrees from 80 S on, without I and O */
#define ROWS "ABCDEFGHJKLMNPQRSTUV"        /* of 100 km, again and again */
#define COLUMNS "ABCDEFGHJKLMNPQRSTUVWXYZ" /* of 100 km, eight a zone */
#define SQUARE 1e5
#define ROUND 2e6 /* twenty rows */

/* The least northing of each band, rounded down to 100 km. */
static const double least[] = {11e5, 20e5, 28e5, 37e5, 46e5, 55e5, 64e5, 73e5, 82e5, 91e5,
                               0,    8e5,  17e5, 26e5, 35e5, 44e5, 53e5, 62e5, 70e5, 79e5};

static int place_in(const char *letters, char letter)
{
	const char *at = letter ? strchr(letters, letter) : NULL;
	return at ? (int)(at - letters) : -1;
}

static bool is_possible(const utm_place *u)
{
	return u->easting >= 1e5 && u->easting < 9e5 && u->northing >= 0 && u->northing <= 1e7;
}

/* Two numbers behind the zone and its letter. */
static int read_metres(const char *p, int zone, char letter, utm_place out[2])
{
	char *end;
	utm_place u = {.zone = zone, .south = letter < 'N'};
	int n = 0;
	u.easting = g_ascii_strtod(p, &end);
	if (end == p || !strchr(" ,;", *end))
		return 0;
	while (*end && strchr(" ,;", *end))
		end++;
	p = end;
	u.northing = g_ascii_strtod(p, &end);
	if (end == p || *end || !is_possible(&u))
		return 0;
	out[n++] = u;
	if (letter == 'S') {
		u.south = true;
		out[n++] = u;
	}
	return n;
}

/* The letters of a square of 100 km and as many digits to the east as to the north behind the zone and its band. */
static int read_square(const char *p, int zone, int band, utm_place *out)
{
	char digits[16] = "";
	size_t n = 0;
	const int column = place_in(COLUMNS, p[0]) - 8 * ((zone - 1) % 3);
	const int row = column >= 0 && column < 8 ? place_in(ROWS, p[1]) : -1;
	if (row < 0)
		return 0;
	for (p += 2; *p; p++) {
		if (*p == ' ')
			continue;
		if (!g_ascii_isdigit(*p) || n == 10)
			return 0;
		digits[n++] = *p;
	}
	if (n % 2)
		return 0;
	const double side = SQUARE / pow(10, (double)n / 2);
	const guint64 north = g_ascii_strtoull(digits + n / 2, NULL, 10);
	digits[n / 2] = 0;
	const guint64 east = g_ascii_strtoull(digits, NULL, 10);
	const double foot = SQUARE * (double)((row + (zone % 2 ? 0 : 15)) % 20);
	*out = (utm_place){zone, band < place_in(BANDS, 'N'), SQUARE * (column + 1) + ((double)east + 0.5) * side,
	                   foot + ceil((least[band] - foot) / ROUND) * ROUND + ((double)north + 0.5) * side};
	return is_possible(out);
}

int utm_parse(const char *text, utm_place out[2])
{
	g_autofree char *upper = g_strstrip(g_ascii_strup(text, -1));
	char *p;
	const guint64 zone = g_ascii_strtoull(upper, &p, 10);
	if (!g_ascii_isdigit(*upper) || zone < 1 || zone > 60)
		return 0;
	while (*p == ' ')
		p++;
	const int band = place_in(BANDS, *p);
	if (band < 0)
		return 0;
	const char letter = *p++;
	while (*p == ' ')
		p++;
	return g_ascii_isalpha(*p) ? read_square(p, (int)zone, band, out) : read_metres(p, (int)zone, letter, out);
}

bool utm_to_lonlat(const utm_place *place, double *lon, double *lat)
{
	OGRSpatialReferenceH utm = georef_import_epsg((place->south ? 32700 : 32600) + place->zone, NULL);
	OGRCoordinateTransformationH t = utm ? georef_make_to_wgs84(utm) : NULL;
	*lon = place->easting;
	*lat = place->northing;
	const bool ok = t && OCTTransform(t, 1, lon, lat, NULL) && isfinite(*lon) && isfinite(*lat);
	if (t)
		OCTDestroyCoordinateTransformation(t);
	if (utm)
		OSRDestroySpatialReference(utm);
	return ok;
}
