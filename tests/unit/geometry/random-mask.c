#include "random-mask.h"

#include <math.h>

static void disc(bitmask *m, double cx, double cy, double radius, uint8_t value)
{
	for (int y = 0; y < m->h; y++)
		for (int x = 0; x < m->w; x++)
			if (hypot(x + 0.5 - cx, y + 0.5 - cy) <= radius)
				m->bits[y * m->w + x] = value;
}

static void blobs(bitmask *m, GRand *r, int n)
{
	for (int i = 0; i < n; i++)
		disc(m, g_rand_double_range(r, 0, m->w), g_rand_double_range(r, 0, m->h),
		     g_rand_double_range(r, 0.6, 1 + m->w / 4.0), i % 3 == 2 ? 0 : 1);
}

static void noise(bitmask *m, GRand *r, double density)
{
	for (int i = 0; i < m->w * m->h; i++)
		m->bits[i] = g_rand_double(r) < density;
}

/* Squares in squares: holes with islands with holes. */
static void nested(bitmask *m)
{
	for (int y = 0; y < m->h; y++)
		for (int x = 0; x < m->w; x++)
			m->bits[y * m->w + x] = (MIN(MIN(x, y), MIN(m->w - 1 - x, m->h - 1 - y)) & 1) == 0;
}

static void pattern(bitmask *m, GRand *r, int kind)
{
	for (int y = 0; y < m->h; y++)
		for (int x = 0; x < m->w; x++) {
			bool v = kind == 0   ? (x + y) % 2 == 0                        /* checkerboard */
			         : kind == 1 ? abs(x - y) <= g_rand_int_range(r, 0, 3) /* stairs touching by corners */
			         : kind == 2 ? !((x % 4 == 1 && y % 4 == 1) || (x % 4 == 2 && y % 4 == 2)) /* diagonal holes */
			                     : true;                                                       /* full */
			m->bits[y * m->w + x] = v;
		}
}

bitmask *random_mask(GRand *r, int i, int image_w, int image_h)
{
	int w = g_rand_int_range(r, 1, 64), h = g_rand_int_range(r, 1, 64), kind = i % RANDOM_MASK_KINDS;
	bool edge = g_rand_int_range(r, 0, 4) == 0;
	bitmask *m = mask_new(edge ? image_w - w : g_rand_int_range(r, 0, image_w - w + 1),
	                      edge ? 0 : g_rand_int_range(r, 0, image_h - h + 1), w, h);
	switch (kind) {
	case 0:
	case 1:
		blobs(m, r, 1 + kind * 8);
		break;
	case 2:
	case 3:
	case 4:
		noise(m, r, 0.05 + 0.4 * (kind - 2));
		break;
	case 5:
		nested(m);
		break;
	default:
		pattern(m, r, kind - 6);
	}
	m->bits[g_rand_int_range(r, 0, w * h)] = 1; /* never empty, often a part of one pixel */
	return m;
}
