/* The rings of all shapes are cut into arcs at the points where more than two edges meet, so every border between two
 * neighbours is one arc with fixed ends that both use; each arc is simplified in one direction whatever ring it is met
 * in. */
#include "render/geometry/simplify.h"
#include "render/geometry/gdal-session.h"
#include "render/geometry/place.h"

#include <math.h>
#include <string.h>

enum { LAST_LEVEL = 6 }; /* halvings of the tolerance; then none at all */

typedef struct {
	guint part;     /* of its shape */
	guint first, n; /* points */
} ring_span;

typedef struct {
	double tolerance;
	GArray *xy;         /* double: points of all rings, edges cut at every pixel corner */
	GArray *rings;      /* ring_span, shape after shape */
	GArray *first_ring; /* guint: of each shape, and the end */
	guint32 *ids;       /* equal points have equal ids */
	guint32 *degree;    /* of an id: how many different edges meet there */
	guint8 *keep;       /* of a point */
	GHashTable *levels; /* guint64 key of an arc -> halvings of the tolerance */
} network;

static const double *point(const network *w, guint i)
{
	return &g_array_index(w->xy, double, 2 * (gsize)i);
}

static guint shape_ring(const network *w, guint shape)
{
	return g_array_index(w->first_ring, guint, shape);
}

/* --- collecting --- */

static bool whole(double v)
{
	return v == floor(v);
}

/* The start of an edge, and along the pixel grid every corner on its way: a neighbour may have a vertex at any of them.
 */
static void add_edge(network *w, const double *a, const double *b)
{
	bool on_grid = whole(a[0]) && whole(a[1]) && whole(b[0]) && whole(b[1]) && (a[0] == b[0] || a[1] == b[1]);
	double n = on_grid ? fabs(b[0] - a[0]) + fabs(b[1] - a[1]) : 1;
	for (double k = 0; k < n; k++) {
		double xy[2] = {a[0] + (b[0] - a[0]) * k / n, a[1] + (b[1] - a[1]) * k / n};
		if (on_grid) {
			xy[0] = round(xy[0]);
			xy[1] = round(xy[1]);
		}
		g_array_append_vals(w->xy, xy, 2);
	}
}

static void add_ring(network *w, const wkb_shape *s, const wkb_ring *ring, guint part)
{
	const double *p = &g_array_index(s->xy, double, 2 * (gsize)ring->first);
	ring_span span = {part, w->xy->len / 2, 0};
	for (guint i = 0; i < ring->n; i++)
		add_edge(w, p + 2 * i, p + 2 * ((i + 1) % ring->n));
	span.n = w->xy->len / 2 - span.first;
	g_array_append_val(w->rings, span);
}

static void add_shape(network *w, const wkb_shape *s)
{
	for (guint i = 0; i < s->parts->len; i++) {
		const wkb_part *part = &g_array_index(s->parts, wkb_part, i);
		for (guint k = 0; k < part->n_rings; k++)
			add_ring(w, s, &g_array_index(s->rings, wkb_ring, part->first + k), i);
	}
	g_array_append_val(w->first_ring, w->rings->len);
}

static gint compare_points(gconstpointer a, gconstpointer b, gpointer data)
{
	const double *p = point(data, *(const guint32 *)a), *q = point(data, *(const guint32 *)b);
	if (p[0] != q[0])
		return p[0] < q[0] ? -1 : 1;
	return (p[1] > q[1]) - (p[1] < q[1]);
}

static void number_points(network *w)
{
	guint n = w->xy->len / 2, id = 0;
	g_autofree guint32 *order = g_new(guint32, MAX(n, 1));
	w->ids = g_new(guint32, MAX(n, 1));
	w->keep = g_new0(guint8, MAX(n, 1));
	for (guint i = 0; i < n; i++)
		order[i] = i;
	g_qsort_with_data(order, (gint)n, sizeof *order, compare_points, w);
	for (guint i = 0; i < n; i++) {
		if (i > 0 && compare_points(&order[i - 1], &order[i], w) != 0)
			id++;
		w->ids[order[i]] = id;
	}
	w->degree = g_new0(guint32, id + 1);
}

static guint64 edge_key(guint32 a, guint32 b)
{
	return (guint64)MIN(a, b) << 32 | MAX(a, b);
}

static gint compare_keys(gconstpointer a, gconstpointer b)
{
	guint64 p = *(const guint64 *)a, q = *(const guint64 *)b;
	return (p > q) - (p < q);
}

static void count_edges(network *w)
{
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(guint64));
	for (guint i = 0; i < w->rings->len; i++) {
		const ring_span *r = &g_array_index(w->rings, ring_span, i);
		for (guint k = 0; k < r->n; k++) {
			guint64 key = edge_key(w->ids[r->first + k], w->ids[r->first + (k + 1) % r->n]);
			g_array_append_val(keys, key);
		}
	}
	g_array_sort(keys, compare_keys);
	for (guint i = 0; i < keys->len; i++) {
		guint64 key = g_array_index(keys, guint64, i);
		if (i > 0 && key == g_array_index(keys, guint64, i - 1))
			continue;
		w->degree[key >> 32]++;
		w->degree[key & G_MAXUINT32]++;
	}
}

/* --- arcs --- */

/* The same order of an arc's points for every ring it is part of. */
static void turn_canonical(const network *w, guint32 *arc, guint n)
{
	guint32 a = w->ids[arc[0]], b = w->ids[arc[n - 1]];
	if (a == b && n > 2) {
		a = w->ids[arc[1]];
		b = w->ids[arc[n - 2]];
	}
	for (guint i = 0; a > b && i < n / 2; i++) {
		guint32 t = arc[i];
		arc[i] = arc[n - 1 - i];
		arc[n - 1 - i] = t;
	}
}

/* Distance from the segment a-b, or from a when they are one point. */
static double distance(const double *p, const double *a, const double *b)
{
	double dx = b[0] - a[0], dy = b[1] - a[1], len2 = dx * dx + dy * dy;
	double t = len2 > 0 ? CLAMP(((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / len2, 0, 1) : 0;
	return hypot(p[0] - a[0] - t * dx, p[1] - a[1] - t * dy);
}

static guint farthest(const network *w, const guint32 *arc, guint from, guint to, double *how_far)
{
	guint best = from;
	*how_far = 0;
	for (guint i = from + 1; i < to; i++) {
		double d = distance(point(w, arc[i]), point(w, arc[from]), point(w, arc[to]));
		if (d > *how_far) {
			*how_far = d;
			best = i;
		}
	}
	return best;
}

static void douglas_peucker(network *w, const guint32 *arc, guint n, double tolerance)
{
	g_autoptr(GArray) todo = g_array_new(FALSE, FALSE, sizeof(guint[2]));
	guint span[2] = {0, n - 1};
	w->keep[arc[0]] = w->keep[arc[n - 1]] = 1;
	g_array_append_val(todo, span);
	while (todo->len > 0) {
		double d;
		memcpy(span, todo->data + (todo->len - 1) * sizeof span, sizeof span);
		g_array_set_size(todo, todo->len - 1);
		guint m = farthest(w, arc, span[0], span[1], &d);
		if (d <= tolerance + 1e-9) /* points of a straight border go even without a tolerance */
			continue;
		w->keep[arc[m]] = 1;
		guint left[2] = {span[0], m}, right[2] = {m, span[1]};
		g_array_append_val(todo, left);
		g_array_append_val(todo, right);
	}
}

typedef void (*arc_work)(network *w, guint32 *arc, guint n);

static void simplify_arc(network *w, guint32 *arc, guint n)
{
	turn_canonical(w, arc, n);
	guint64 key = edge_key(w->ids[arc[0]], w->ids[arc[1]]);
	int level = GPOINTER_TO_INT(g_hash_table_lookup(w->levels, &key));
	douglas_peucker(w, arc, n, level < LAST_LEVEL ? ldexp(w->tolerance, -level) : 0);
}

static void halve_arc(network *w, guint32 *arc, guint n)
{
	turn_canonical(w, arc, n);
	guint64 key = edge_key(w->ids[arc[0]], w->ids[arc[1]]);
	int level = GPOINTER_TO_INT(g_hash_table_lookup(w->levels, &key));
	if (level < LAST_LEVEL)
		g_hash_table_insert(w->levels, g_memdup2(&key, sizeof key), GINT_TO_POINTER(level + 1));
}

/* A ring that meets no other: its lowest point and the one farthest from that stand in for nodes. */
static void choose_anchors(const network *w, const ring_span *r, guint anchors[2])
{
	double best = -1;
	anchors[0] = anchors[1] = 0;
	for (guint k = 1; k < r->n; k++)
		if (w->ids[r->first + k] < w->ids[r->first + anchors[0]])
			anchors[0] = k;
	const double *a = point(w, r->first + anchors[0]);
	for (guint k = 0; k < r->n; k++) {
		const double *p = point(w, r->first + k);
		double d = hypot(p[0] - a[0], p[1] - a[1]);
		if (d > best || (d == best && w->ids[r->first + k] < w->ids[r->first + anchors[1]])) {
			best = d;
			anchors[1] = k;
		}
	}
}

static void ring_arcs(network *w, const ring_span *r, arc_work work)
{
	g_autofree guint32 *arc = g_new(guint32, r->n + 1);
	g_autofree guint8 *node = g_new0(guint8, r->n);
	guint start = r->n, n = 0, anchors[2];
	for (guint k = r->n; k-- > 0;) {
		node[k] = w->degree[w->ids[r->first + k]] != 2;
		start = node[k] ? k : start;
	}
	if (start == r->n) {
		choose_anchors(w, r, anchors);
		node[anchors[0]] = node[anchors[1]] = 1;
		start = anchors[0];
	}
	for (guint k = 0; k <= r->n; k++) {
		guint at = (start + k) % r->n;
		arc[n++] = r->first + at;
		if (node[at] && n > 1) {
			work(w, arc, n);
			arc[0] = r->first + at;
			n = 1;
		}
	}
}

/* --- rebuilding --- */

static wkb_shape *rebuild(const network *w, guint shape)
{
	wkb_shape *s = wkb_shape_new();
	guint part = G_MAXUINT;
	for (guint i = shape_ring(w, shape); i < shape_ring(w, shape + 1); i++) {
		const ring_span *r = &g_array_index(w->rings, ring_span, i);
		if (r->part != part)
			wkb_shape_add_part(s);
		part = r->part;
		wkb_shape_add_ring(s);
		for (guint k = 0; k < r->n; k++)
			if (w->keep[r->first + k])
				wkb_shape_add_point(s, point(w, r->first + k)[0], point(w, r->first + k)[1]);
	}
	return s;
}

static bool is_valid(const wkb_shape *s)
{
	for (guint i = 0; i < s->rings->len; i++)
		if (g_array_index(s->rings, wkb_ring, i).n < 3)
			return false;
	gdal_session_begin(); /* GEOS says on stderr why not */
	OGRGeometryH g = place_shape(NULL, PLACE_PIXELS_DOWN, s, 0, NULL);
	bool valid = g && OGR_G_IsValid(g);
	OGR_G_DestroyGeometry(g);
	gdal_session_end();
	return valid;
}

static void each_arc(network *w, guint from_shape, guint to_shape, arc_work work)
{
	for (guint i = shape_ring(w, from_shape); i < shape_ring(w, to_shape); i++)
		ring_arcs(w, &g_array_index(w->rings, ring_span, i), work);
}

/* One try with the present tolerances; true when all shapes are valid, else their arcs have lower ones for the next. */
static bool attempt(network *w, GPtrArray *shapes, GPtrArray *results)
{
	bool all_valid = true;
	memset(w->keep, 0, w->xy->len / 2);
	each_arc(w, 0, shapes->len, simplify_arc);
	g_ptr_array_set_size(results, 0);
	for (guint i = 0; i < shapes->len; i++) {
		wkb_shape *s = rebuild(w, i);
		g_ptr_array_add(results, s);
		if (is_valid(s))
			continue;
		each_arc(w, i, i + 1, halve_arc);
		all_valid = false;
	}
	return all_valid;
}

static void replace_shape(wkb_shape *to, wkb_shape *from)
{
	wkb_shape t = *to;
	*to = *from;
	*from = t;
}

/* The borders of these shapes stay as they are, those with others too. */
static void hold_arc(network *w, guint32 *arc, guint n)
{
	turn_canonical(w, arc, n);
	const guint64 key = edge_key(w->ids[arc[0]], w->ids[arc[1]]);
	g_hash_table_insert(w->levels, g_memdup2(&key, sizeof key), GINT_TO_POINTER(LAST_LEVEL));
}

void simplify_shapes(GPtrArray *shapes, double tolerance)
{
	simplify_shapes_beside(shapes, shapes->len, tolerance);
}

void simplify_shapes_beside(GPtrArray *shapes, guint n_changing, double tolerance)
{
	network w = {.tolerance = tolerance};
	g_autoptr(GPtrArray) results = g_ptr_array_new_with_free_func((GDestroyNotify)wkb_shape_free);
	bool done = false;
	w.xy = g_array_new(FALSE, FALSE, sizeof(double));
	w.rings = g_array_new(FALSE, FALSE, sizeof(ring_span));
	w.first_ring = g_array_new(FALSE, TRUE, sizeof(guint));
	g_array_set_size(w.first_ring, 1); /* the first shape's is 0 */
	w.levels = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	for (guint i = 0; i < shapes->len; i++)
		add_shape(&w, g_ptr_array_index(shapes, i));
	number_points(&w);
	count_edges(&w);
	each_arc(&w, n_changing, shapes->len, hold_arc);
	for (int i = 0; !done && i <= 2 * LAST_LEVEL; i++)
		done = attempt(&w, shapes, results);
	for (guint i = 0; i < n_changing; i++)
		if (done || is_valid(g_ptr_array_index(results, i)))
			replace_shape(g_ptr_array_index(shapes, i), g_ptr_array_index(results, i));
	g_array_unref(w.xy);
	g_array_unref(w.rings);
	g_array_unref(w.first_ring);
	g_hash_table_unref(w.levels);
	g_free(w.ids);
	g_free(w.degree);
	g_free(w.keep);
}
