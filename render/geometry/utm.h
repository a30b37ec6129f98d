/* Positions in a zone of UTM and in the Military Grid Reference System (MGRS; NGA.STND.0037). */
#pragma once
#include <glib.h>
#include <stdbool.h>

G_BEGIN_DECLS

typedef struct {
	int zone; /* 1 to 60 */
	bool south;
	double easting, northing; /* metres */
} utm_place;

/* "33N 462000 5245000" or "33T 462000 5245000", whose letter is a hemisphere or a band of latitude ("S" is either: two
 * answers); "33TWN 62000 45000", "33TWN6245" and the like, understood as the middle of the square that is named. Spaces
 * and case are free. Returns the number of answers, 0: it is neither. */
int utm_parse(const char *text, utm_place out[2]);
/* Degrees in WGS 84; false: outside of what the zone is for. */
bool utm_to_lonlat(const utm_place *place, double *lon, double *lat);

G_END_DECLS
