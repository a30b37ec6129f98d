/* Statistics of bands over the whole image or a part of it. Transparent pixels, nodata, NaN and infinities are not
 * counted. */
#include "render/raster/raster-private.h"
#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

/* The area in pixels of a level: all of them that it touches. */
static raster_rect at_level(const raster *r, const raster_rect *area, int level)
{
	const raster_level *l = &r->levels[level];
	if (!area)
		return (raster_rect){0, 0, l->width, l->height};
	const double fx = (double)l->width / r->info.width, fy = (double)l->height / r->info.height;
	const int x0 = CLAMP((int)floor(area->x * fx), 0, l->width - 1),
			  y0 = CLAMP((int)floor(area->y * fy), 0, l->height - 1);
	const int x1 = CLAMP((int)ceil((area->x + (double)area->w) * fx), x0 + 1, l->width);
	const int y1 = CLAMP((int)ceil((area->y + (double)area->h) * fy), y0 + 1, l->height);
	return (raster_rect){x0, y0, x1 - x0, y1 - y0};
}

/* The finest level that is small enough: percentiles of a handful of pixels would be worthless. */
static int statistics_level(const raster *r, const raster_rect *area)
{
	int level = 0;
	for (; level + 1 < r->info.n_levels; level++) {
		const raster_rect a = at_level(r, area, level);
		if (MAX(a.w, a.h) <= RASTER_STATS_SIDE)
			break;
	}
	return level;
}

typedef struct {
	raster_rect area;
	int level, n_bands;
	const int *bands;
	uint8_t *native; /* [n_bands][h][w] */
	uint8_t *seen;   /* [h][w]: 0 where transparent */
	bool damaged;
} picture;

static void picture_clear(picture *p)
{
	g_free(p->native);
	g_free(p->seen);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(picture, picture_clear)

/* Reads one part of the picture into its place; native samples lie in planes. */
static bool read_part(raster *r, picture *p, const raster_rect *part, GCancellable *cancel, GError **error)
{
	size_t size = raster_type_size(r->info.type), n = (size_t)part->w * (size_t)part->h;
	size_t plane = (size_t)p->area.w * (size_t)p->area.h;
	g_autofree uint8_t *native = g_malloc(n * (size_t)p->n_bands * size), *seen = g_malloc(n);
	memset(seen, 255, n);
	if (!raster_read_native(r, p->level, part, p->bands, p->n_bands, native, cancel, error) ||
	    !raster_apply_transparency(r, p->level, part, seen, cancel, error))
		return false;
	for (int y = 0; y < part->h; y++) {
		size_t from = (size_t)y * (size_t)part->w;
		size_t to = (size_t)(part->y + y - p->area.y) * (size_t)p->area.w + (size_t)(part->x - p->area.x);
		memcpy(p->seen + to, seen + from, (size_t)part->w);
		for (int b = 0; b < p->n_bands; b++)
			memcpy(p->native + ((size_t)b * plane + to) * size, native + ((size_t)b * n + from) * size,
			       (size_t)part->w * size);
	}
	return true;
}

/* A damaged image still has statistics: of what can be read of it. False with *error when that is nothing. */
static bool read_parts(raster *r, picture *p, GCancellable *cancel, GError **error)
{
	g_autoptr(GError) first = NULL;
	bool some = false;
	/* In parts that are decoded at once: all of a damaged one is lost anyway. */
	int step = r->places[p->level].step, w = MAX(1, r->source->chunk_w / step), h = MAX(1, r->source->chunk_h / step);
	memset(p->seen, 0, (size_t)p->area.w * (size_t)p->area.h);
	for (int y = 0; y < p->area.h; y += h)
		for (int x = 0; x < p->area.w; x += w) {
			raster_rect part = {p->area.x + x, p->area.y + y, MIN(w, p->area.w - x), MIN(h, p->area.h - y)};
			g_autoptr(GError) why = NULL;
			if (read_part(r, p, &part, cancel, &why)) {
				some = true;
				continue;
			}
			if (!g_error_matches(why, RASTER_ERROR, RASTER_ERROR_CORRUPT)) {
				g_propagate_error(error, g_steal_pointer(&why));
				return false;
			}
			if (!first)
				first = g_steal_pointer(&why);
			p->damaged = true;
		}
	if (!some)
		g_propagate_error(error, g_steal_pointer(&first));
	return some;
}

static bool picture_read(raster *r, picture *p, const raster_rect *area, GCancellable *cancel, GError **error)
{
	g_autoptr(GError) why = NULL;
	p->level = statistics_level(r, area);
	p->area = at_level(r, area, p->level);
	size_t n = (size_t)p->area.w * (size_t)p->area.h;
	p->seen = g_try_malloc(n);
	p->native = g_try_malloc(n * (size_t)p->n_bands * raster_type_size(r->info.type));
	if (!p->seen || !p->native) {
		g_set_error(error, RASTER_ERROR, RASTER_ERROR_UNSUPPORTED, _("%s: not enough memory for its statistics"),
		            r->info.path);
		return false;
	}
	memset(p->seen, 255, n);
	if (raster_read_native(r, p->level, &p->area, p->bands, p->n_bands, p->native, cancel, &why) &&
	    raster_apply_transparency(r, p->level, &p->area, p->seen, cancel, &why))
		return true;
	if (g_error_matches(why, RASTER_ERROR, RASTER_ERROR_CORRUPT))
		return read_parts(r, p, cancel, error);
	g_propagate_error(error, g_steal_pointer(&why));
	return false;
}

/* The counted values of one band, packed to the front of out; their number. */
static size_t picture_values(const raster *r, const picture *p, int i, bool db, float *out)
{
	size_t n = (size_t)p->area.w * (size_t)p->area.h, kept = 0;
	const raster_band *band = &r->info.bands[p->bands[i]];
	const uint8_t *in = p->native + (size_t)i * n * raster_type_size(r->info.type);
	g_autofree uint8_t *ok = g_malloc0(n);
	raster_samples_to_float(r->info.type, in, n, band, out);
	raster_samples_valid(r->info.type, in, n, band, ok);
	for (size_t k = 0; k < n; k++) {
		float v = db ? (out[k] > 0 ? (float)raster_decibel(out[k]) : NAN) : out[k];
		if (ok[k] && p->seen[k] && isfinite(v))
			out[kept++] = v;
	}
	return kept;
}

/* The k-th smallest of v[n], which is reordered (quickselect). */
static float select_nth(float *v, size_t n, size_t k)
{
	size_t lo = 0, hi = n - 1;
	while (lo < hi) {
		float pivot = v[lo + (hi - lo) / 2];
		size_t i = lo, j = hi;
		while (i <= j) {
			while (v[i] < pivot)
				i++;
			while (v[j] > pivot)
				j--;
			if (i > j)
				break;
			float swap = v[i];
			v[i++] = v[j];
			v[j] = swap;
			if (j-- == 0)
				break;
		}
		if (k <= j && j < hi)
			hi = j;
		else if (k >= i)
			lo = i;
		else
			break;
	}
	return v[k];
}

/* Linear between the two neighbouring samples, as numpy.percentile does. */
static double percentile(float *v, size_t n, double percent)
{
	double at = percent / 100 * (double)(n - 1);
	size_t k = (size_t)at;
	double low = select_nth(v, n, k);
	if (k + 1 >= n)
		return low;
	float high = INFINITY; /* after the selection all that is larger lies behind k */
	for (size_t i = k + 1; i < n; i++)
		high = MIN(high, v[i]);
	return low + (at - (double)k) * ((double)high - low);
}

/* A fill value that nobody declared, or a few saturated pixels, would leave all others in one bin. */
static void count_histogram(const float *v, size_t n, raster_stats *s)
{
	const double spread = s->p98 - s->p2;
	s->from = spread > 0 ? MAX(s->min, s->p2 - spread) : s->min;
	s->to = spread > 0 ? MIN(s->max, s->p98 + spread) : s->max;
	const double scale = s->to > s->from ? 256 / (s->to - s->from) : 0;
	for (size_t i = 0; i < n; i++)
		s->histogram[(int)CLAMP((v[i] - s->from) * scale, 0, 255)]++;
}

static void summarise(float *v, size_t n, const raster_measurement *m, bool damaged, raster_stats *s)
{
	const bool usual = m->low == 0 && m->high == 0;
	*s = (raster_stats){.valid = n,
	                    .min = NAN,
	                    .max = NAN,
	                    .mean = NAN,
	                    .stddev = NAN,
	                    .p2 = NAN,
	                    .p98 = NAN,
	                    .low = NAN,
	                    .high = NAN,
	                    .from = NAN,
	                    .to = NAN,
	                    .damaged = damaged};
	if (n == 0)
		return;
	double sum = 0, squares = 0;
	s->min = s->max = v[0];
	for (size_t i = 0; i < n; i++) {
		s->min = MIN(s->min, v[i]);
		s->max = MAX(s->max, v[i]);
		sum += v[i];
	}
	s->mean = sum / (double)n;
	for (size_t i = 0; i < n; i++)
		squares += (v[i] - s->mean) * (v[i] - s->mean);
	s->stddev = sqrt(squares / (double)n);
	s->p2 = percentile(v, n, 2);
	s->p98 = percentile(v, n, 98);
	count_histogram(v, n, s);
	s->low = usual ? s->p2 : percentile(v, n, m->low);
	s->high = usual ? s->p98 : percentile(v, n, m->high);
}

bool raster_measure(raster *r, const raster_measurement *m, raster_stats *out, GCancellable *cancel, GError **error)
{
	g_auto(picture) p = {.bands = m->bands, .n_bands = m->n_bands};
	if (!picture_read(r, &p, m->area, cancel, error))
		return false;
	g_autofree float *v = g_try_malloc_n((size_t)p.area.w * (size_t)p.area.h, sizeof *v);
	if (!v) {
		g_set_error(error, RASTER_ERROR, RASTER_ERROR_UNSUPPORTED, _("%s: not enough memory for its statistics"),
		            r->info.path);
		return false;
	}
	for (int i = 0; i < m->n_bands; i++)
		summarise(v, picture_values(r, &p, i, m->db, v), m, p.damaged, &out[i]);
	return true;
}

bool raster_statistics(raster *r, int band, raster_stats *out, GCancellable *cancel, GError **error)
{
	if (band < 0 || band >= r->info.n_bands) {
		g_set_error(error, RASTER_ERROR, RASTER_ERROR_UNSUPPORTED, _("%s: there is no band %d; it has %d"),
		            r->info.path, band + 1, r->info.n_bands);
		return false;
	}
	g_mutex_lock(&r->lock);
	bool known = r->stats_known[band];
	if (known)
		*out = r->stats[band];
	g_mutex_unlock(&r->lock);
	if (known)
		return true;
	const raster_measurement m = {.bands = &band, .n_bands = 1};
	if (!raster_measure(r, &m, out, cancel, error))
		return false;
	g_mutex_lock(&r->lock);
	r->stats[band] = *out;
	r->stats_known[band] = true;
	g_mutex_unlock(&r->lock);
	return true;
}
