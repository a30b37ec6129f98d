#include "render/geometry/mask.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

G_DEFINE_QUARK(nadir_geometry_error_quark, geometry_error)

bitmask *mask_new(int x, int y, int w, int h)
{
	bitmask *m = g_new0(bitmask, 1);
	g_assert(w >= 0 && h >= 0);
	m->x = x;
	m->y = y;
	m->w = w;
	m->h = h;
	m->bits = g_malloc0_n(MAX(w, 1), MAX(h, 1));
	return m;
}

bitmask *mask_try_new(int x, int y, int w, int h, GError **error)
{
	const bool sane = w >= 0 && h >= 0 && (int64_t)w * h <= MASK_MOST_PIXELS;
	uint8_t *bits = sane ? g_try_malloc0_n((gsize)MAX(w, 1), (gsize)MAX(h, 1)) : NULL;
	if (!bits) {
		g_set_error(error, GEOMETRY_ERROR, GEOMETRY_ERROR_MEMORY,
		            _("A mask of %d × %d pixels is more than there is memory for: mark a smaller part."), w, h);
		return NULL;
	}
	bitmask *m = g_new0(bitmask, 1);
	*m = (bitmask){x, y, w, h, bits};
	return m;
}

/* Rows of another mask's bits, made 0 and 1. */
static void take_bits(bitmask *m, const uint8_t *bits, size_t stride)
{
	for (int r = 0; r < m->h; r++) {
		const uint8_t *from = bits + (size_t)r * stride;
		uint8_t *to = m->bits + (size_t)r * (size_t)m->w;
		for (int c = 0; c < m->w; c++)
			to[c] = from[c] != 0;
	}
}

bitmask *mask_new_from(int x, int y, int w, int h, const uint8_t *bits, size_t stride)
{
	bitmask *m = mask_new(x, y, w, h);
	take_bits(m, bits, stride);
	return m;
}

bitmask *mask_copy(const bitmask *m)
{
	return mask_new_from(m->x, m->y, m->w, m->h, m->bits, (size_t)m->w);
}

void mask_free(bitmask *m)
{
	if (!m)
		return;
	g_free(m->bits);
	g_free(m);
}

int64_t mask_area(const bitmask *m)
{
	size_t n = (size_t)m->w * (size_t)m->h;
	int64_t area = 0;
	for (size_t i = 0; i < n; i++)
		area += m->bits[i];
	return area;
}

/* First and last set column of a row; false when the row is empty. */
static bool row_span(const bitmask *m, int r, int *first, int *last)
{
	const uint8_t *row = m->bits + (size_t)r * (size_t)m->w;
	const uint8_t *hit = m->w > 0 ? memchr(row, 1, (size_t)m->w) : NULL;
	if (!hit)
		return false;
	*first = (int)(hit - row);
	hit = memrchr(row, 1, (size_t)m->w);
	*last = (int)(hit - row);
	return true;
}

bool mask_bbox(const bitmask *m, int bbox[4])
{
	int x0 = m->w, x1 = -1, y0 = -1, y1 = -1;
	for (int r = 0; r < m->h; r++) {
		int first, last;
		if (!row_span(m, r, &first, &last))
			continue;
		x0 = MIN(x0, first);
		x1 = MAX(x1, last);
		y0 = y0 < 0 ? r : y0;
		y1 = r;
	}
	if (x1 < 0)
		return false;
	bbox[0] = m->x + x0;
	bbox[1] = m->y + y0;
	bbox[2] = x1 - x0 + 1;
	bbox[3] = y1 - y0 + 1;
	return true;
}

/* Address of an image pixel that lies inside the mask's rectangle. */
static uint8_t *at(const bitmask *m, int x, int y)
{
	return m->bits + (size_t)(y - m->y) * (size_t)m->w + (size_t)(x - m->x);
}

bool mask_contains(const bitmask *m, double x, double y)
{
	const double px = floor(x), py = floor(y);
	return px >= m->x && py >= m->y && px < (double)m->x + m->w && py < (double)m->y + m->h && *at(m, (int)px, (int)py);
}

bitmask *mask_trimmed(const bitmask *m)
{
	int b[4];
	if (!mask_bbox(m, b))
		return mask_new(m->x, m->y, 0, 0);
	return mask_new_from(b[0], b[1], b[2], b[3], at(m, b[0], b[1]), (size_t)m->w);
}

bitmask *mask_clipped(const bitmask *m, int image_w, int image_h)
{
	int x0 = CLAMP(m->x, 0, image_w), x1 = CLAMP(m->x + m->w, x0, image_w);
	int y0 = CLAMP(m->y, 0, image_h), y1 = CLAMP(m->y + m->h, y0, image_h);
	if (x1 <= x0 || y1 <= y0)
		return mask_new(0, 0, 0, 0);
	const uint8_t *bits = m->bits + (size_t)(y0 - m->y) * (size_t)m->w + (size_t)(x0 - m->x);
	g_autoptr(bitmask) cut = mask_new_from(x0, y0, x1 - x0, y1 - y0, bits, (size_t)m->w);
	return mask_trimmed(cut);
}

bool mask_equal(const bitmask *a, const bitmask *b)
{
	int ba[4], bb[4];
	bool has_a = mask_bbox(a, ba), has_b = mask_bbox(b, bb);
	if (!has_a || !has_b)
		return has_a == has_b;
	if (memcmp(ba, bb, sizeof ba) != 0)
		return false;
	for (int y = ba[1]; y < ba[1] + ba[3]; y++)
		if (memcmp(at(a, ba[0], y), at(b, ba[0], y), (size_t)ba[2]) != 0)
			return false;
	return true;
}

/* The rectangle common to both masks; false when there is none. */
static bool overlap(const bitmask *a, const bitmask *b, int r[4])
{
	r[0] = MAX(a->x, b->x);
	r[1] = MAX(a->y, b->y);
	r[2] = MIN(a->x + a->w, b->x + b->w) - r[0];
	r[3] = MIN(a->y + a->h, b->y + b->h) - r[1];
	return r[2] > 0 && r[3] > 0;
}

double mask_iou(const bitmask *a, const bitmask *b)
{
	int64_t both = 0, all;
	int r[4];
	if (overlap(a, b, r)) {
		for (int y = r[1]; y < r[1] + r[3]; y++) {
			const uint8_t *p = at(a, r[0], y), *q = at(b, r[0], y);
			for (int i = 0; i < r[2]; i++)
				both += p[i] & q[i];
		}
	}
	all = mask_area(a) + mask_area(b) - both;
	return all > 0 ? (double)both / (double)all : 0;
}

/* Writes `from` into `to` where their rectangles meet: or, or (subtract) and-not. */
static void paste(bitmask *to, const bitmask *from, bool subtract)
{
	int r[4];
	if (!overlap(to, from, r))
		return;
	for (int y = r[1]; y < r[1] + r[3]; y++) {
		uint8_t *t = at(to, r[0], y);
		const uint8_t *f = at(from, r[0], y);
		for (int i = 0; i < r[2]; i++)
			t[i] = subtract ? (t[i] & (f[i] ^ 1)) : (t[i] | f[i]);
	}
}

/* A mask of the rectangle that holds both, with a in it. */
static bitmask *copy_into(const bitmask *a, const int r[4], GError **error)
{
	bitmask *m = mask_try_new(r[0], r[1], r[2], r[3], error);
	if (m)
		paste(m, a, false);
	return m;
}

static bitmask *combine_union(const bitmask *a, const bitmask *b, GError **error)
{
	const bitmask *one = a->w == 0 || a->h == 0 ? b : a, *other = b->w == 0 || b->h == 0 ? one : b;
	const int x = MIN(one->x, other->x), y = MIN(one->y, other->y);
	const int r[4] = {x, y, MAX(one->x + one->w, other->x + other->w) - x,
	                  MAX(one->y + one->h, other->y + other->h) - y};
	bitmask *m = copy_into(one, r, error);
	if (m)
		paste(m, other, false);
	return m;
}

static bitmask *combine_intersect(const bitmask *a, const bitmask *b, GError **error)
{
	int r[4];
	if (!overlap(a, b, r))
		return mask_new(a->x, a->y, 0, 0);
	bitmask *m = mask_try_new(r[0], r[1], r[2], r[3], error);
	for (int y = r[1]; m && y < r[1] + r[3]; y++) {
		const uint8_t *p = at(a, r[0], y), *q = at(b, r[0], y);
		uint8_t *t = at(m, r[0], y);
		for (int i = 0; i < r[2]; i++)
			t[i] = p[i] & q[i];
	}
	return m;
}

bitmask *mask_combine(const bitmask *a, const bitmask *b, mask_op op, GError **error)
{
	switch (op) {
	case MASK_UNION:
		return combine_union(a, b, error);
	case MASK_INTERSECT:
		return combine_intersect(a, b, error);
	case MASK_SUBTRACT:
		break;
	}
	bitmask *m = copy_into(a, (int[4]){a->x, a->y, a->w, a->h}, error);
	if (m)
		paste(m, b, true);
	return m;
}
