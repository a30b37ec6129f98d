/* Positions as people write them: pixels, map units, longitude and latitude in all usual forms. */
#pragma once
#include "render/geometry/georef.h"

G_BEGIN_DECLS

typedef enum { COORDINATE_PIXEL, COORDINATE_MAP, COORDINATE_LONLAT, COORDINATE_UTM } coordinate_kind;

typedef struct {
	coordinate_kind kind;
	double given[2]; /* x, y: pixels, map units, or longitude and latitude in degrees (COORDINATE_UTM, too) */
	double px, py;   /* where that is in the image */
	bool inside;     /* of the image */
} coordinate;

#define COORDINATE_MOST 4

/* Every way to understand the text that has a place, likely ones first: those inside the image, then those outside.
 * Understood are "1200, 800", "px 1200 800", "E 462000 N 5245000", "48.21 N 16.37 E", "-33.9, 151.2", "16.37E 48.21N",
 * 48°12'30.5"N 16°22'E and the like, "48,21 16,37" with decimal commas, which need something else between the two; two
 * plain numbers may be pixels, map units, or latitude and longitude in this order; and what utm_parse() reads. Returns
 * their number (0: not a position, or none that this image knows). */
int coordinate_parse(const char *text, const georef *g, int width, int height, coordinate out[COORDINATE_MOST]);

G_END_DECLS
