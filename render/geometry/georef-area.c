/* Lengths and areas on the ellipsoid of the image's CRS. */
#include "render/geometry/georef-private.h"
#include "render/geometry/wkb.h"

#include <math.h>

double georef_metres_per_pixel(const georef *g, double x, double y)
{
	double lon[4] = {x - 0.5, x + 0.5, x, x}, lat[4] = {y, y, y - 0.5, y + 0.5}, across, down;
	if (!georef_to_geographic(g, 4, lon, lat, NULL))
		return 0;
	geod_inverse(&g->ellipsoid, lat[0], lon[0], lat[1], lon[1], &across, NULL, NULL);
	geod_inverse(&g->ellipsoid, lat[2], lon[2], lat[3], lon[3], &down, NULL, NULL);
	return sqrt(across * down);
}

/* Longest edge, in pixels, that is taken as one geodesic. A straight line of pixels is not one: a parallel of 2 km
 * differs from its geodesic by some centimetres, so edges are cut to that, and to 16 pixels where a polynomial bends
 * them. */
static double longest_edge(const georef *g, const wkb_shape *s)
{
	double e[4];
	wkb_shape_extent(s, e);
	double metres = georef_metres_per_pixel(g, (e[0] + e[2]) / 2, (e[1] + e[3]) / 2);
	return metres > 0 ? CLAMP(2000 / metres, 0.125, 16) : 1;
}

static void push(GArray *x, GArray *y, double px, double py)
{
	g_array_append_val(x, px);
	g_array_append_val(y, py);
}

static void densify_ring(const wkb_shape *s, const wkb_ring *ring, double longest, GArray *x, GArray *y)
{
	const double *p = &g_array_index(s->xy, double, 2 * ring->first);
	for (guint i = 0; i < ring->n; i++) {
		const double *a = p + 2 * i, *b = p + 2 * ((i + 1) % ring->n);
		double pieces = ceil(hypot(b[0] - a[0], b[1] - a[1]) / longest);
		for (double k = 0; k < pieces; k++)
			push(x, y, a[0] + (b[0] - a[0]) * k / pieces, a[1] + (b[1] - a[1]) * k / pieces);
	}
}

static double ring_area_m2(const georef *g, const wkb_shape *s, const wkb_ring *ring, double longest)
{
	g_autoptr(GArray) x = g_array_new(FALSE, FALSE, sizeof(double));
	g_autoptr(GArray) y = g_array_new(FALSE, FALSE, sizeof(double));
	double area;
	densify_ring(s, ring, longest, x, y);
	double *lon = &g_array_index(x, double, 0), *lat = &g_array_index(y, double, 0);
	if (!georef_to_geographic(g, x->len, lon, lat, NULL))
		return NAN;
	geod_polygonarea(&g->ellipsoid, lat, lon, (int)x->len, &area, NULL);
	return fabs(area);
}

/* The points of a line with more between them; longest: pixels. */
static void densify_line(const double *xy, guint n, bool closed, double longest, GArray *x, GArray *y)
{
	for (guint i = 0; i + !closed < n; i++) {
		const double *a = xy + 2 * (gsize)i, *b = xy + 2 * (gsize)((i + 1) % n);
		const double pieces = fmax(1, ceil(hypot(b[0] - a[0], b[1] - a[1]) / longest));
		for (double k = 0; k < pieces; k++)
			push(x, y, a[0] + (b[0] - a[0]) * k / pieces, a[1] + (b[1] - a[1]) * k / pieces);
	}
	if (!closed)
		push(x, y, xy[2 * (gsize)n - 2], xy[2 * (gsize)n - 1]);
}

#define LINE_POINTS 4096 /* about as many points as a measured line is cut to at most */

static bool line_to_geographic(const georef *g, const double *xy, guint n, bool closed, GArray *lon, GArray *lat)
{
	double length = 0;
	for (guint i = 0; i + !closed < n; i++) {
		const double *a = xy + 2 * (gsize)i, *b = xy + 2 * (gsize)((i + 1) % n);
		length += hypot(b[0] - a[0], b[1] - a[1]);
	}
	const double metres = georef_metres_per_pixel(g, xy[0], xy[1]);
	const double longest = fmax(metres > 0 ? 2000 / metres : 16, length / LINE_POINTS);
	densify_line(xy, n, closed, longest, lon, lat);
	return georef_to_geographic(g, lon->len, &g_array_index(lon, double, 0), &g_array_index(lat, double, 0), NULL);
}

double georef_length_m(const georef *g, const double *xy, guint n)
{
	g_autoptr(GArray) lon = g_array_new(FALSE, FALSE, sizeof(double));
	g_autoptr(GArray) lat = g_array_new(FALSE, FALSE, sizeof(double));
	double sum = 0;
	if (!georef_has_crs(g))
		return NAN;
	if (n < 2)
		return 0;
	if (!line_to_geographic(g, xy, n, false, lon, lat))
		return NAN;
	const double *x = &g_array_index(lon, double, 0), *y = &g_array_index(lat, double, 0);
	for (guint i = 0; i + 1 < lon->len; i++) {
		double metres;
		geod_inverse(&g->ellipsoid, y[i], x[i], y[i + 1], x[i + 1], &metres, NULL, NULL);
		sum += metres;
	}
	return sum;
}

double georef_ring_area_m2(const georef *g, const double *xy, guint n)
{
	g_autoptr(GArray) lon = g_array_new(FALSE, FALSE, sizeof(double));
	g_autoptr(GArray) lat = g_array_new(FALSE, FALSE, sizeof(double));
	double area;
	if (!georef_has_crs(g))
		return NAN;
	if (n < 3)
		return 0;
	if (!line_to_geographic(g, xy, n, true, lon, lat))
		return NAN;
	geod_polygonarea(&g->ellipsoid, &g_array_index(lat, double, 0), &g_array_index(lon, double, 0), (int)lon->len,
	                 &area, NULL);
	return fabs(area);
}

double georef_area_m2(const georef *g, GBytes *px_wkb)
{
	double area = 0;
	if (!georef_has_crs(g))
		return NAN;
	g_autoptr(wkb_shape) s = wkb_shape_read(px_wkb, NULL);
	if (!s)
		return NAN;
	double longest = longest_edge(g, s);
	for (guint i = 0; i < s->parts->len; i++) {
		const wkb_part *part = &g_array_index(s->parts, wkb_part, i);
		for (guint k = 0; k < part->n_rings; k++) {
			double a = ring_area_m2(g, s, &g_array_index(s->rings, wkb_ring, part->first + k), longest);
			area += k == 0 ? a : -a;
		}
	}
	return area;
}
