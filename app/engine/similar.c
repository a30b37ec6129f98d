/* What given objects look like and where else it looks like that: the encoder's features, less what is common to the
 * whole part of the image, compared by the cosine of their angle. */
#include "app/engine/sweep-private.h"

#include <math.h>
#include <string.h>

#define LEAST_PEAK 0.25 /* cosine below which a place is not asked about */
#define SEEN_AS 6.0     /* a part is so many times as long as the objects that are looked for */

void likeness_clear(likeness *l)
{
	g_free(l->direction);
	*l = (likeness){0};
}

static const float *cell_at(const sam_features_map *m, int row, int col)
{
	return m->values + ((size_t)row * m->side + (size_t)col) * m->dim;
}

/* Mean of all cells on the crop: what does not tell one place from another. [dim], g_free */
static double *common(const sam_features_map *m)
{
	double *mean = g_new0(double, m->dim);
	for (int r = 0; r < m->rows; r++)
		for (int c = 0; c < m->cols; c++)
			for (uint32_t k = 0; k < m->dim; k++)
				mean[k] += cell_at(m, r, c)[k];
	for (uint32_t k = 0; k < m->dim; k++)
		mean[k] /= (double)m->rows * m->cols;
	return mean;
}

/* Pixels of the object in a cell. */
static int covered(const sam_features_map *m, const sam_crop *c, const bitmask *o, int row, int col)
{
	const int x0 = MAX((int)(c->x + col * m->cell), o->x), x1 = MIN((int)(c->x + (col + 1) * m->cell), o->x + o->w);
	const int y0 = MAX((int)(c->y + row * m->cell), o->y), y1 = MIN((int)(c->y + (row + 1) * m->cell), o->y + o->h);
	int n = 0;
	for (int y = y0; y < y1; y++)
		for (int x = x0; x < x1; x++)
			n += o->bits[(size_t)(y - o->y) * (size_t)o->w + (size_t)(x - o->x)];
	return n;
}

/* Mean feature under the object, less the common one; false when it covers nothing. */
static bool describe(const sam_features_map *m, const sam_crop *c, const bitmask *o, double *out)
{
	g_autofree double *mean = common(m);
	double weight = 0;
	memset(out, 0, m->dim * sizeof *out);
	const int r0 = MAX(0, (int)((o->y - c->y) / m->cell)), r1 = MIN(m->rows - 1, (int)((o->y + o->h - c->y) / m->cell));
	const int c0 = MAX(0, (int)((o->x - c->x) / m->cell)), c1 = MIN(m->cols - 1, (int)((o->x + o->w - c->x) / m->cell));
	for (int r = r0; r <= r1; r++)
		for (int col = c0; col <= c1; col++) {
			const double w = covered(m, c, o, r, col);
			const float *v = cell_at(m, r, col);
			for (uint32_t k = 0; w > 0 && k < m->dim; k++)
				out[k] += w * (v[k] - mean[k]);
			weight += w;
		}
	return weight > 0;
}

bool likeness_add(likeness *l, const sam_features_map *m, const sam_crop *c, const bitmask *object)
{
	g_autofree double *v = g_new(double, m->dim);
	double length = 0;
	if (!describe(m, c, object, v))
		return false;
	if (!l->direction) {
		l->dim = m->dim;
		l->direction = g_new0(float, m->dim);
	}
	for (uint32_t k = 0; k < m->dim; k++)
		length += v[k] * v[k];
	for (uint32_t k = 0; length > 0 && k < m->dim; k++) /* every object counts alike */
		l->direction[k] += (float)(v[k] / sqrt(length));
	return true;
}

void likeness_finish(likeness *l, double area)
{
	double length = 0;
	l->area = area;
	for (uint32_t k = 0; k < l->dim; k++)
		length += (double)l->direction[k] * l->direction[k];
	for (uint32_t k = 0; length > 0 && k < l->dim; k++)
		l->direction[k] = (float)(l->direction[k] / sqrt(length));
}

typedef struct {
	double value;
	int row, col;
} peak;

static int highest_first(gconstpointer a, gconstpointer b)
{
	const peak *p = a, *q = b;
	return p->value < q->value ? 1 : p->value > q->value ? -1 : 0;
}

/* Cosine of every cell with the likeness, [rows][cols]; g_free */
static double *cosines(const likeness *l, const sam_features_map *m)
{
	g_autofree double *mean = common(m);
	double *out = g_new(double, (size_t)m->rows * m->cols);
	for (int r = 0; r < m->rows; r++)
		for (int c = 0; c < m->cols; c++) {
			const float *v = cell_at(m, r, c);
			double dot = 0, length = 0;
			for (uint32_t k = 0; k < m->dim; k++) {
				const double d = v[k] - mean[k];
				dot += d * l->direction[k];
				length += d * d;
			}
			out[r * m->cols + c] = length > 0 ? dot / sqrt(length) : 0;
		}
	return out;
}

static bool is_peak(const double *map, const sam_features_map *m, int row, int col)
{
	const double here = map[row * m->cols + col];
	for (int r = MAX(row - 1, 0); r <= MIN(row + 1, m->rows - 1); r++)
		for (int c = MAX(col - 1, 0); c <= MIN(col + 1, m->cols - 1); c++)
			if (map[r * m->cols + c] > here)
				return false;
	return here >= LEAST_PEAK;
}

GArray *likeness_peaks(const likeness *l, const sam_features_map *m, const sam_crop *c, guint most)
{
	g_autofree double *map = cosines(l, m);
	g_autoptr(GArray) peaks = g_array_new(FALSE, FALSE, sizeof(peak));
	GArray *points = g_array_new(FALSE, FALSE, 2 * sizeof(double));
	for (int r = 0; r < m->rows; r++)
		for (int col = 0; col < m->cols; col++)
			if (is_peak(map, m, r, col)) {
				const peak p = {map[r * m->cols + col], r, col};
				g_array_append_val(peaks, p);
			}
	g_array_sort(peaks, highest_first);
	for (guint i = 0; i < MIN(peaks->len, most); i++) {
		const peak *p = &g_array_index(peaks, peak, i);
		const double xy[2] = {MIN(c->x + (p->col + 0.5) * m->cell, c->x + c->w - 0.5),
		                      MIN(c->y + (p->row + 0.5) * m->cell, c->y + c->h - 0.5)};
		g_array_append_vals(points, xy, 1);
	}
	return points;
}

double likeness_of(const likeness *l, const sam_features_map *m, const sam_crop *c, const bitmask *object)
{
	g_autofree double *v = g_new(double, m->dim);
	double dot = 0, length = 0;
	if (!describe(m, c, object, v))
		return 0;
	for (uint32_t k = 0; k < m->dim; k++) {
		dot += v[k] * l->direction[k];
		length += v[k] * v[k];
	}
	/* One that is twice or half as large loses a sixth, one of ten times the size nearly half. */
	const double ratio = log2((double)MAX(mask_area(object), 1) / MAX(l->area, 1));
	return length > 0 ? CLAMP(dot / sqrt(length) / (1 + 0.2 * fabs(ratio)), 0, 1) : 0;
}

int likeness_side(const bitmask *const *like, guint n, int image_size)
{
	double longest = 1;
	for (guint i = 0; i < n; i++)
		longest = MAX(longest, MAX(like[i]->w, like[i]->h));
	return (int)CLAMP(SEEN_AS * longest, image_size / 4.0, 4096.0);
}
