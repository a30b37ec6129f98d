/* Masks from shapes: brush strokes and even-odd filling at pixel centres. */
#include "render/geometry/mask.h"
#include "render/geometry/wkb.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

static bool all_finite(const double *xy, guint n)
{
	for (guint i = 0; i < 2 * n; i++)
		if (!isfinite(xy[i]))
			return false;
	return true;
}

/* Bounding box of points grown by `grow`, cut to 0..w, 0..h: x0, y0, x1, y1 (exclusive). */
static bool cut_bounds(const double *xy, guint n, double grow, int w, int h, int b[4])
{
	double x0 = G_MAXDOUBLE, y0 = G_MAXDOUBLE, x1 = -G_MAXDOUBLE, y1 = -G_MAXDOUBLE;
	for (guint i = 0; i < n; i++) {
		x0 = MIN(x0, xy[2 * i]);
		x1 = MAX(x1, xy[2 * i]);
		y0 = MIN(y0, xy[2 * i + 1]);
		y1 = MAX(y1, xy[2 * i + 1]);
	}
	b[0] = (int)CLAMP(floor(x0 - grow), 0, w);
	b[1] = (int)CLAMP(floor(y0 - grow), 0, h);
	b[2] = (int)CLAMP(ceil(x1 + grow), 0, w);
	b[3] = (int)CLAMP(ceil(y1 + grow), 0, h);
	return b[2] > b[0] && b[3] > b[1];
}

/* Whether a point is within the radius of a segment, which goes from ra at one end to rb at the other. */
static bool near_segment(double px, double py, const double *a, const double *b, double ra, double rb)
{
	double dx = b[0] - a[0], dy = b[1] - a[1], len2 = dx * dx + dy * dy;
	double t = len2 > 0 ? CLAMP(((px - a[0]) * dx + (py - a[1]) * dy) / len2, 0, 1) : 0;
	double ex = px - (a[0] + t * dx), ey = py - (a[1] + t * dy), r = ra + t * (rb - ra);
	return ex * ex + ey * ey <= r * r;
}

static void stroke_segment(bitmask *m, const double *a, const double *b, double ra, double rb)
{
	const double ends[4] = {a[0] - m->x, a[1] - m->y, b[0] - m->x, b[1] - m->y};
	int box[4];
	if (!cut_bounds(ends, 2, MAX(ra, rb), m->w, m->h, box))
		return;
	for (int y = box[1]; y < box[3]; y++)
		for (int x = box[0]; x < box[2]; x++)
			if (near_segment(x + 0.5, y + 0.5, ends, ends + 2, ra, rb))
				m->bits[(size_t)y * (size_t)m->w + (size_t)x] = 1;
}

bitmask *mask_from_stroke(const double *xy, guint n, double radius, const double *pressure, int image_w, int image_h,
                          GError **error)
{
	int b[4];
	if (n == 0 || !all_finite(xy, n) || !isfinite(radius) || radius <= 0 ||
	    !cut_bounds(xy, n, radius, image_w, image_h, b))
		return mask_new(0, 0, 0, 0);
	bitmask *m = mask_try_new(b[0], b[1], b[2] - b[0], b[3] - b[1], error);
	for (guint i = 0; m && i < n; i++) {
		const guint k = i + 1 < n ? i + 1 : i;
		const double ra = pressure ? CLAMP(pressure[i], 0, 1) : 1, rb = pressure ? CLAMP(pressure[k], 0, 1) : 1;
		stroke_segment(m, xy + 2 * i, xy + 2 * k, radius * ra, radius * rb);
	}
	return m;
}

/* Marks where one edge crosses the centre lines of the mask's rows: a 1 at the first pixel whose centre lies right of
 * the crossing, toggled, so that a running xor along each row is the even-odd filling. */
static void toggle_edge(bitmask *m, const double *a, const double *b)
{
	const double *top = a[1] < b[1] ? a : b, *low = a[1] < b[1] ? b : a;
	double y0 = top[1] - m->y, y1 = low[1] - m->y;
	int r0 = (int)CLAMP(ceil(y0 - 0.5), 0, m->h), r1 = (int)CLAMP(ceil(y1 - 0.5), 0, m->h);
	for (int r = r0; r < r1; r++) {
		double t = (r + 0.5 - y0) / (y1 - y0), x = top[0] + t * (low[0] - top[0]) - m->x;
		int c = (int)CLAMP(ceil(x - 0.5), 0, m->w);
		if (c < m->w)
			m->bits[(size_t)r * (size_t)m->w + (size_t)c] ^= 1;
	}
}

static void toggle_ring(bitmask *m, const double *xy, guint n)
{
	for (guint i = 0; i < n; i++)
		toggle_edge(m, xy + 2 * i, xy + 2 * ((i + 1) % n));
}

static void fill_rows(bitmask *m)
{
	for (int r = 0; r < m->h; r++) {
		uint8_t *row = m->bits + (size_t)r * (size_t)m->w, in = 0;
		for (int c = 0; c < m->w; c++)
			row[c] = in ^= row[c];
	}
}

bitmask *mask_from_polygon(const double *xy, guint n, int image_w, int image_h, GError **error)
{
	int b[4];
	if (n < 3 || !all_finite(xy, n) || !cut_bounds(xy, n, 0, image_w, image_h, b))
		return mask_new(0, 0, 0, 0);
	bitmask *m = mask_try_new(b[0], b[1], b[2] - b[0], b[3] - b[1], error);
	if (!m)
		return NULL;
	toggle_ring(m, xy, n);
	fill_rows(m);
	return m;
}

/* One polygon (its rings together, even-odd) painted into the whole. */
static bool paint_part(bitmask *whole, const wkb_shape *s, const wkb_part *part, GError **error)
{
	const wkb_ring *rings = &g_array_index(s->rings, wkb_ring, part->first);
	const double *xy = &g_array_index(s->xy, double, 0);
	int b[4];
	g_autoptr(bitmask) m = NULL;
	/* Coordinates relative to the whole, so that its rectangle is what the part is cut to. */
	g_autofree double *local = g_new(double, 2 * (gsize)part->n_points); /* as long as what was read already */
	for (guint i = 0; i < part->n_points; i++) {
		local[2 * i] = xy[2 * (rings[0].first + i)] - whole->x;
		local[2 * i + 1] = xy[2 * (rings[0].first + i) + 1] - whole->y;
	}
	if (!cut_bounds(local, part->n_points, 0, whole->w, whole->h, b))
		return true;
	m = mask_try_new(b[0], b[1], b[2] - b[0], b[3] - b[1], error);
	if (!m)
		return false;
	for (guint i = 0; i < part->n_rings; i++)
		toggle_ring(m, local + 2 * (rings[i].first - rings[0].first), rings[i].n);
	fill_rows(m);
	for (int r = 0; r < m->h; r++) {
		uint8_t *to = whole->bits + (size_t)(m->y + r) * (size_t)whole->w + (size_t)m->x;
		const uint8_t *from = m->bits + (size_t)r * (size_t)m->w;
		for (int c = 0; c < m->w; c++)
			to[c] |= from[c];
	}
	return true;
}

#define MAX_COORDINATE 1e9

/* Rectangle of pixels that can hold the shape: x, y, w, h. */
static bool shape_bounds(const wkb_shape *s, int b[4], GError **error)
{
	double e[4];
	wkb_shape_extent(s, e);
	if (!(e[0] >= -MAX_COORDINATE && e[1] >= -MAX_COORDINATE && e[2] <= MAX_COORDINATE && e[3] <= MAX_COORDINATE) ||
	    (e[2] - e[0] + 1) * (e[3] - e[1] + 1) > (double)MASK_MOST_PIXELS) {
		g_set_error(error, GEOMETRY_ERROR, GEOMETRY_ERROR_INVALID,
		            _("The polygon reaches from %g,%g to %g,%g: too far for a mask."), e[0], e[1], e[2], e[3]);
		return false;
	}
	b[0] = (int)floor(e[0]);
	b[1] = (int)floor(e[1]);
	b[2] = (int)ceil(e[2]) - b[0];
	b[3] = (int)ceil(e[3]) - b[1];
	return true;
}

bitmask *mask_from_wkb(GBytes *wkb, GError **error)
{
	int b[4], tight[4];
	g_autoptr(wkb_shape) s = wkb_shape_read(wkb, error);
	if (!s || !shape_bounds(s, b, error))
		return NULL;
	g_autoptr(bitmask) m = mask_try_new(b[0], b[1], b[2], b[3], error);
	for (guint i = 0; m && i < s->parts->len; i++)
		if (!paint_part(m, s, &g_array_index(s->parts, wkb_part, i), error))
			return NULL;
	/* What GDAL traced fills its rectangle: no second copy of it. */
	if (!m || (mask_bbox(m, tight) && memcmp(tight, b, sizeof b) == 0))
		return g_steal_pointer(&m);
	return mask_trimmed(m);
}
