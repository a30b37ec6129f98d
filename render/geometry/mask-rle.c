/* COCO's compressed run lengths: column-major runs, the first of zeros; from the third on each run is stored as the
 * difference to the last but one; five bits a character, low bits first, bit 5 = more follows, the sign in bit 4 of the
 * last, plus 48. Same strings as cocoapi's maskApi.c, with 64-bit runs. */
#include "render/geometry/mask.h"

#include <glib/gi18n-lib.h>

typedef struct {
	GString *text;
	int64_t before[2];  /* the last run and the one before it */
	int64_t start, end; /* ones not written yet: pixel positions, end exclusive */
	int64_t done;       /* end of the last written ones */
	guint n;
} rle_writer;

static void rle_put(rle_writer *w, int64_t run)
{
	int64_t v = w->n > 2 ? run - w->before[1] : run;
	bool more = true;
	while (more) {
		int c = (int)(v & 0x1f);
		v >>= 5;
		more = (c & 0x10) ? v != -1 : v != 0;
		g_string_append_c(w->text, (char)((more ? c | 0x20 : c) + 48));
	}
	w->before[1] = w->before[0];
	w->before[0] = run;
	w->n++;
}

static void rle_flush(rle_writer *w)
{
	if (w->end == w->start)
		return;
	rle_put(w, w->start - w->done);
	rle_put(w, w->end - w->start);
	w->done = w->end;
	w->start = w->end;
}

static void rle_ones(rle_writer *w, int64_t start, int64_t end)
{
	if (start == w->end && w->end > w->start) {
		w->end = end; /* goes on from the foot of the column before */
		return;
	}
	rle_flush(w);
	w->start = start;
	w->end = end;
}

char *mask_to_rle(const bitmask *m, int w, int h)
{
	rle_writer out = {.text = g_string_new(NULL)};
	int x0 = MAX(m->x, 0), x1 = MIN(m->x + m->w, w), y0 = MAX(m->y, 0), y1 = MIN(m->y + m->h, h);
	for (int x = x0; x < x1; x++) {
		int64_t column = (int64_t)x * h;
		const uint8_t *p = m->bits + (size_t)(x - m->x);
		int from = -1;
		for (int y = y0; y < y1; y++) {
			bool set = p[(size_t)(y - m->y) * (size_t)m->w];
			if (set && from < 0)
				from = y;
			if (!set && from >= 0) {
				rle_ones(&out, column + from, column + y);
				from = -1;
			}
		}
		if (from >= 0)
			rle_ones(&out, column + from, column + y1);
	}
	rle_flush(&out);
	if (out.done < (int64_t)w * h || out.n == 0)
		rle_put(&out, (int64_t)w * h - out.done);
	return g_string_free(out.text, FALSE);
}

static bool rle_fail(GError **error, const char *what)
{
	g_set_error(error, GEOMETRY_ERROR, GEOMETRY_ERROR_INVALID, _("The run lengths are not valid COCO RLE: %s."), what);
	return false;
}

/* One number of the string, moving *s on. */
static bool rle_number(const char **s, int64_t *out, GError **error)
{
	int64_t v = 0;
	int shift = 0;
	for (;;) {
		int c = (unsigned char)**s - 48;
		if (c < 0 || c > 63)
			return rle_fail(error, **s ? _("a character outside its alphabet") : _("it ends inside a number"));
		if (shift > 55)
			return rle_fail(error, _("a number is too long"));
		(*s)++;
		v |= (int64_t)(c & 0x1f) << shift;
		shift += 5;
		if (!(c & 0x20)) {
			if (c & 0x10)
				v |= -((int64_t)1 << shift);
			break;
		}
	}
	*out = v;
	return true;
}

static GArray *rle_runs(const char *s, int64_t pixels, GError **error)
{
	g_autoptr(GArray) runs = g_array_new(FALSE, FALSE, sizeof(int64_t));
	int64_t sum = 0;
	while (*s) {
		int64_t v;
		if (!rle_number(&s, &v, error))
			return NULL;
		if (runs->len > 2)
			v += g_array_index(runs, int64_t, runs->len - 2);
		if (v < 0 || v > pixels - sum) {
			rle_fail(error, _("the runs do not fit the size"));
			return NULL;
		}
		sum += v;
		g_array_append_val(runs, v);
	}
	if (sum != pixels) {
		rle_fail(error, _("the runs do not fill the size"));
		return NULL;
	}
	return g_steal_pointer(&runs);
}

/* Bounding box of the set runs, which may each span several columns: x0, y0, x1, y1 with the last two exclusive. */
static void rle_bounds(const int64_t *runs, guint n, int h, int b[4])
{
	int64_t pos = 0;
	for (guint i = 0; i < n; i++) {
		int64_t last = pos + runs[i] - 1;
		if ((i & 1) && runs[i] > 0) {
			bool one_column = pos / h == last / h;
			b[0] = (int)MIN(b[0], pos / h);
			b[2] = (int)MAX(b[2], last / h + 1);
			b[1] = one_column ? (int)MIN(b[1], pos % h) : 0;
			b[3] = one_column ? (int)MAX(b[3], last % h + 1) : h;
		}
		pos += runs[i];
	}
}

/* The runs are known to fill the size. */
static bitmask *fill_runs(const int64_t *runs, guint n, int w, int h, GError **error)
{
	int b[4] = {w, h, 0, 0};
	rle_bounds(runs, n, MAX(h, 1), b);
	if (b[2] <= b[0])
		return mask_new(0, 0, 0, 0);
	bitmask *m = mask_try_new(b[0], b[1], b[2] - b[0], b[3] - b[1], error);
	int64_t pos = 0;
	for (guint i = 0; m && i < n; i++) {
		for (int64_t p = pos; (i & 1) && p < pos + runs[i]; p++)
			m->bits[(size_t)(p % h - m->y) * (size_t)m->w + (size_t)(p / h - m->x)] = 1;
		pos += runs[i];
	}
	return m;
}

bitmask *mask_from_rle(const char *counts, int w, int h, GError **error)
{
	if (w < 0 || h < 0 || !counts) {
		rle_fail(error, _("the size is negative"));
		return NULL;
	}
	g_autoptr(GArray) runs = rle_runs(counts, (int64_t)w * h, error);
	return runs ? fill_runs((const int64_t *)(const void *)runs->data, runs->len, w, h, error) : NULL;
}

bitmask *mask_from_runs(const int64_t *runs, guint n, int w, int h, GError **error)
{
	int64_t left = (int64_t)MAX(w, 0) * MAX(h, 0);
	for (guint i = 0; i < n; i++) {
		if (runs[i] < 0 || runs[i] > left) {
			rle_fail(error, _("the runs do not fit the size"));
			return NULL;
		}
		left -= runs[i];
	}
	if (left > 0) {
		rle_fail(error, _("the runs do not fill the size"));
		return NULL;
	}
	return fill_runs(runs, n, w, h, error);
}
