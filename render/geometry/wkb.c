#include "render/geometry/wkb.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

enum { WKB_POLYGON = 3, WKB_MULTIPOLYGON = 6 };

typedef struct {
	const uint8_t *p, *end;
	bool swap;
} wkb_reader;

wkb_shape *wkb_shape_new(void)
{
	wkb_shape *s = g_new0(wkb_shape, 1);
	s->xy = g_array_new(FALSE, FALSE, sizeof(double));
	s->rings = g_array_new(FALSE, FALSE, sizeof(wkb_ring));
	s->parts = g_array_new(FALSE, FALSE, sizeof(wkb_part));
	return s;
}

void wkb_shape_free(wkb_shape *s)
{
	if (!s)
		return;
	g_array_unref(s->xy);
	g_array_unref(s->rings);
	g_array_unref(s->parts);
	g_free(s);
}

void wkb_shape_add_part(wkb_shape *s)
{
	wkb_part part = {s->rings->len, 0, 0};
	g_array_append_val(s->parts, part);
}

void wkb_shape_add_ring(wkb_shape *s)
{
	wkb_ring ring = {s->xy->len / 2, 0};
	g_array_append_val(s->rings, ring);
	g_array_index(s->parts, wkb_part, s->parts->len - 1).n_rings++;
}

void wkb_shape_add_point(wkb_shape *s, double x, double y)
{
	double xy[2] = {x, y};
	g_array_append_vals(s->xy, xy, 2);
	g_array_index(s->rings, wkb_ring, s->rings->len - 1).n++;
	g_array_index(s->parts, wkb_part, s->parts->len - 1).n_points++;
}

static bool invalid(GError **error, const char *what)
{
	g_set_error(error, GEOMETRY_ERROR, GEOMETRY_ERROR_INVALID, _("The geometry is not a valid polygon: %s."), what);
	return false;
}

static bool read_u32(wkb_reader *r, guint32 *v, GError **error)
{
	if (r->end - r->p < 4)
		return invalid(error, _("its bytes end early"));
	memcpy(v, r->p, 4);
	if (r->swap)
		*v = GUINT32_SWAP_LE_BE(*v);
	r->p += 4;
	return true;
}

static bool read_head(wkb_reader *r, guint32 *type, GError **error)
{
	if (r->p == r->end || *r->p > 1)
		return invalid(error, _("it has no byte order"));
	r->swap = (*r->p == 1) != (G_BYTE_ORDER == G_LITTLE_ENDIAN);
	r->p++;
	return read_u32(r, type, error);
}

static double read_double(wkb_reader *r)
{
	guint64 u;
	double d;
	memcpy(&u, r->p, 8);
	if (r->swap)
		u = GUINT64_SWAP_LE_BE(u);
	memcpy(&d, &u, 8);
	r->p += 8;
	return d;
}

static bool read_ring(wkb_shape *s, wkb_reader *r, GError **error)
{
	guint32 n;
	if (!read_u32(r, &n, error))
		return false;
	if (n > (gsize)(r->end - r->p) / 16)
		return invalid(error, _("its bytes end early"));
	if (n < 4)
		return invalid(error, _("a ring has fewer than four points"));
	wkb_shape_add_ring(s);
	for (guint32 i = 0; i < n; i++) {
		double x = read_double(r), y = read_double(r);
		if (!isfinite(x) || !isfinite(y))
			return invalid(error, _("a coordinate is not a number"));
		if (i + 1 < n) /* the last point repeats the first */
			wkb_shape_add_point(s, x, y);
	}
	return true;
}

static bool read_polygon(wkb_shape *s, wkb_reader *r, GError **error)
{
	guint32 n;
	if (!read_u32(r, &n, error))
		return false;
	if (n == 0)
		return true;
	wkb_shape_add_part(s);
	for (guint32 i = 0; i < n; i++)
		if (!read_ring(s, r, error))
			return false;
	return true;
}

static bool read_parts(wkb_shape *s, wkb_reader *r, GError **error)
{
	guint32 type, n;
	if (!read_head(r, &type, error))
		return false;
	if (type == WKB_POLYGON)
		return read_polygon(s, r, error);
	if (type != WKB_MULTIPOLYGON)
		return invalid(error, _("it is of another type"));
	if (!read_u32(r, &n, error))
		return false;
	for (guint32 i = 0; i < n; i++) {
		if (!read_head(r, &type, error))
			return false;
		if (type != WKB_POLYGON)
			return invalid(error, _("a part is of another type"));
		if (!read_polygon(s, r, error))
			return false;
	}
	return true;
}

wkb_shape *wkb_shape_read(GBytes *wkb, GError **error)
{
	gsize size;
	const uint8_t *p = g_bytes_get_data(wkb, &size);
	wkb_reader r = {p, p + size, false};
	g_autoptr(wkb_shape) s = wkb_shape_new();
	if (!read_parts(s, &r, error))
		return NULL;
	if (s->parts->len == 0) {
		g_set_error(error, GEOMETRY_ERROR, GEOMETRY_ERROR_EMPTY, _("The polygon is empty."));
		return NULL;
	}
	return g_steal_pointer(&s);
}

static void put_u32(GByteArray *out, guint32 v)
{
	v = GUINT32_TO_LE(v);
	g_byte_array_append(out, (const guint8 *)&v, 4);
}

static void put_head(GByteArray *out, guint32 type, guint32 n)
{
	g_byte_array_append(out, (const guint8 *)"\1", 1);
	put_u32(out, type);
	put_u32(out, n);
}

static void put_points(GByteArray *out, const double *xy, guint n)
{
	for (guint i = 0; i < 2 * n; i++) {
		guint64 u;
		memcpy(&u, &xy[i], 8);
		u = GUINT64_TO_LE(u);
		g_byte_array_append(out, (const guint8 *)&u, 8);
	}
}

static void put_ring(GByteArray *out, const wkb_shape *s, const wkb_ring *ring)
{
	const double *xy = &g_array_index(s->xy, double, 2 * ring->first);
	put_u32(out, ring->n + 1);
	put_points(out, xy, ring->n);
	put_points(out, xy, 1);
}

GBytes *wkb_shape_write(const wkb_shape *s)
{
	GByteArray *out = g_byte_array_new();
	put_head(out, WKB_MULTIPOLYGON, s->parts->len);
	for (guint i = 0; i < s->parts->len; i++) {
		const wkb_part *part = &g_array_index(s->parts, wkb_part, i);
		put_head(out, WKB_POLYGON, part->n_rings);
		for (guint k = 0; k < part->n_rings; k++)
			put_ring(out, s, &g_array_index(s->rings, wkb_ring, part->first + k));
	}
	return g_byte_array_free_to_bytes(out);
}

void wkb_shape_extent(const wkb_shape *s, double e[4])
{
	e[0] = e[1] = INFINITY;
	e[2] = e[3] = -INFINITY;
	for (guint i = 0; i + 1 < s->xy->len; i += 2) {
		double x = g_array_index(s->xy, double, i), y = g_array_index(s->xy, double, i + 1);
		e[0] = MIN(e[0], x);
		e[1] = MIN(e[1], y);
		e[2] = MAX(e[2], x);
		e[3] = MAX(e[3], y);
	}
}

static bool ring_crossed(const wkb_shape *s, const wkb_ring *ring, double x, double y)
{
	const double *p = &g_array_index(s->xy, double, 2 * (gsize)ring->first);
	bool odd = false;
	for (guint i = 0, j = ring->n - 1; i < ring->n; j = i++) {
		const double *a = p + 2 * (gsize)i, *c = p + 2 * (gsize)j;
		if ((a[1] > y) != (c[1] > y) && x < a[0] + (y - a[1]) / (c[1] - a[1]) * (c[0] - a[0]))
			odd = !odd;
	}
	return odd;
}

bool wkb_shape_contains(const wkb_shape *s, double x, double y)
{
	bool inside = false;
	for (guint r = 0; r < s->rings->len; r++)
		inside ^= ring_crossed(s, &g_array_index(s->rings, wkb_ring, r), floor(x) + 0.5, floor(y) + 0.5);
	return inside;
}

double wkb_ring_area(const wkb_shape *s, const wkb_ring *ring)
{
	const double *p = &g_array_index(s->xy, double, 2 * ring->first);
	double sum = 0;
	/* Relative to the first point: map coordinates are large, rings small. */
	for (guint i = 1; i + 1 < ring->n; i++)
		sum += (p[2 * i] - p[0]) * (p[2 * i + 3] - p[1]) - (p[2 * i + 2] - p[0]) * (p[2 * i + 1] - p[1]);
	return sum / 2;
}

static void reverse_ring(wkb_shape *s, const wkb_ring *ring)
{
	double *p = &g_array_index(s->xy, double, 2 * ring->first);
	for (guint i = 1, k = ring->n - 1; i < k; i++, k--) {
		double x = p[2 * i], y = p[2 * i + 1];
		p[2 * i] = p[2 * k];
		p[2 * i + 1] = p[2 * k + 1];
		p[2 * k] = x;
		p[2 * k + 1] = y;
	}
}

void wkb_shape_orient(wkb_shape *s)
{
	for (guint i = 0; i < s->parts->len; i++) {
		const wkb_part *part = &g_array_index(s->parts, wkb_part, i);
		for (guint k = 0; k < part->n_rings; k++) {
			const wkb_ring *ring = &g_array_index(s->rings, wkb_ring, part->first + k);
			if ((wkb_ring_area(s, ring) > 0) != (k == 0))
				reverse_ring(s, ring);
		}
	}
}
