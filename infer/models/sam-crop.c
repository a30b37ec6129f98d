/* Which part of an image the model sees (spec sam.md 4.2). */
#include "infer/models/sam-prompt.h"
#include <math.h>

#define SMALLEST_SIDE 128
#define POINT_SIDE 256

void sam_mark_bounds(const sam_mark *m, double b[4])
{
	double r = m->kind == SAM_CIRCLE ? m->r : 0;
	b[0] = b[2] = m->xy[0];
	b[1] = b[3] = m->xy[1];
	for (guint i = 1; i < m->n; i++) {
		b[0] = MIN(b[0], m->xy[2 * i]);
		b[1] = MIN(b[1], m->xy[2 * i + 1]);
		b[2] = MAX(b[2], m->xy[2 * i]);
		b[3] = MAX(b[3], m->xy[2 * i + 1]);
	}
	b[0] -= r;
	b[1] -= r;
	b[2] += r;
	b[3] += r;
}

sam_mark sam_mark_canonical(const sam_mark *m)
{
	sam_mark c = *m;
	double b[4];
	if (m->kind == SAM_SCRIBBLE) {
		sam_mark_bounds(m, b);
		if (b[0] == b[2] && b[1] == b[3]) {
			c.kind = SAM_POINT;
			c.n = 1;
		}
	}
	return c;
}

/* Origin and length along one axis of a crop of side s around centre c. */
static void crop_axis(double c, int s, int side, int *origin, int *length)
{
	if (s >= side) {
		*origin = 0;
		*length = side;
		return;
	}
	double q = s / 4.0;
	double o = q * floor((c - s / 2.0) / q + 0.5);
	*origin = (int)CLAMP(o, 0.0, (double)(side - s));
	*length = s;
}

static sam_crop crop_around(const double b[4], int64_t s, int image_w, int image_h)
{
	int longer = MAX(image_w, image_h);
	sam_crop crop = {.s = (int)MIN(s, (int64_t)longer)};
	crop_axis((b[0] + b[2]) / 2, crop.s, image_w, &crop.x, &crop.w);
	crop_axis((b[1] + b[3]) / 2, crop.s, image_h, &crop.y, &crop.h);
	return crop;
}

/* The smallest 128 * 2^k that is at least four times the longer side of the bounds; stops at the image's own side. */
static int64_t side_for(const double b[4], int longer)
{
	double extent = 4 * MAX(b[2] - b[0], b[3] - b[1]);
	int64_t s = SMALLEST_SIDE;
	while ((double)s < extent && s < longer)
		s *= 2;
	return s;
}

static bool inside(const double b[4], const sam_crop *c)
{
	return b[0] >= c->x && b[1] >= c->y && b[2] <= c->x + c->w && b[3] <= c->y + c->h;
}

sam_crop sam_crop_choose(const sam_mark *marks, guint n, int image_w, int image_h, int scale)
{
	g_return_val_if_fail(n > 0 && image_w > 0 && image_h > 0, (sam_crop){0});
	sam_mark first = sam_mark_canonical(&marks[0]);
	double all[4], b[4];
	sam_mark_bounds(&first, all);
	int longer = MAX(image_w, image_h);
	int64_t s = first.kind == SAM_POINT ? POINT_SIDE : side_for(all, longer);
	sam_crop crop = crop_around(all, scale > 0 ? scale : s, image_w, image_h);
	bool fits = true;
	for (guint i = 1; i < n; i++) {
		sam_mark_bounds(&marks[i], b);
		fits = fits && inside(b, &crop);
		all[0] = MIN(all[0], b[0]);
		all[1] = MIN(all[1], b[1]);
		all[2] = MAX(all[2], b[2]);
		all[3] = MAX(all[3], b[3]);
	}
	return fits ? crop : crop_around(all, scale > 0 ? scale : side_for(all, longer), image_w, image_h);
}

sam_crop sam_crop_grow(const sam_mark *point, const sam_crop *old, int image_w, int image_h)
{
	double b[4];
	sam_mark_bounds(point, b);
	return crop_around(b, 2 * (int64_t)old->s, image_w, image_h);
}

bool sam_marks_grow(const sam_mark *marks, guint n)
{
	return n == 1 && marks[0].sign > 0 && sam_mark_canonical(&marks[0]).kind == SAM_POINT;
}
