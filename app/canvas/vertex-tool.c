#include "app/canvas/vertex-tool.h"

#include <math.h>
#include <string.h>

#include "app/edit/edit-outlines.h"

#define REACH 9.0       /* screen pixels around a handle or an edge */
#define THIN 1.2        /* pixels that a thinned outline may leave the stairs by */
#define FEW 24          /* points a ring that are all shown */
#define TURN_HANDLE 26  /* screen pixels above the frame */
#define SNAP_REACH 10.0 /* screen pixels */

static double *points(struct vertex_tool *t)
{
	return &g_array_index(t->shape->xy, double, 0);
}

static void clear(struct vertex_tool *t)
{
	g_clear_pointer(&t->base, g_bytes_unref);
	g_clear_pointer(&t->shape, wkb_shape_free);
	g_clear_pointer(&t->shown, g_free);
}

void vertex_free(NadirCanvas *c)
{
	if (c->vertex)
		clear(c->vertex);
	g_clear_pointer(&c->vertex, g_free);
}

/* --- the outline --- */

/* Few points are a polygon that somebody drew: all of them have handles. Many are a mask's stairs or a curve. */
static void find_shown(struct vertex_tool *t)
{
	const bool thin = t->shape->xy->len / 2 > FEW * t->shape->rings->len;
	t->shown = g_malloc(t->shape->xy->len / 2);
	for (guint r = 0; r < t->shape->rings->len; r++) {
		const wkb_ring *ring = &g_array_index(t->shape->rings, wkb_ring, r);
		if (thin)
			ring_keep(points(t) + 2 * (gsize)ring->first, ring->n, THIN, t->shown + ring->first);
		else
			memset(t->shown + ring->first, 1, ring->n);
	}
}

static void load(struct vertex_tool *t, const feature *f)
{
	clear(t);
	*t = (struct vertex_tool){.id = f->id,
	                          .base = g_bytes_ref(f->px_geom),
	                          .shape = wkb_shape_read(f->px_geom, NULL),
	                          .active = -1,
	                          .handle = HANDLE_NONE,
	                          .matrix = {1, 0, 0, 0, 1, 0}};
	if (t->shape)
		find_shown(t);
	else
		t->shape = wkb_shape_new();
}

struct vertex_tool *vertex_of(NadirCanvas *c)
{
	NadirObject *o = c->document && c->tool == NADIR_TOOL_VERTEX ? nadir_document_get_selected(c->document) : NULL;
	const feature *f = o ? nadir_object_get_feature(o) : NULL;
	if (!f || f->id <= 0 || !f->px_geom || nadir_object_is_locked(o))
		return NULL;
	if (!c->vertex)
		c->vertex = g_new0(struct vertex_tool, 1);
	/* After each edit the stored outline is another one. While it is dragged, the drag goes on. */
	if (c->vertex->id != f->id || (c->drag != DRAG_VERTEX && c->vertex->base != f->px_geom))
		load(c->vertex, f);
	return c->vertex;
}

static const wkb_ring *ring_of(const struct vertex_tool *t, int point)
{
	for (guint r = 0; r < t->shape->rings->len; r++) {
		const wkb_ring *ring = &g_array_index(t->shape->rings, wkb_ring, r);
		if (point >= (int)ring->first && point < (int)(ring->first + ring->n))
			return ring;
	}
	return NULL;
}

/* The next shown point of the ring, forwards or backwards. */
static guint next_shown(const struct vertex_tool *t, const wkb_ring *ring, guint from, int step)
{
	guint at = from - ring->first;
	do
		at = (at + ring->n + (guint)step) % ring->n;
	while (!t->shown[ring->first + at] && ring->first + at != from);
	return ring->first + at;
}

/* --- finding --- */

static double screen_distance(NadirCanvas *c, const double *p, double sx, double sy)
{
	double x, y;
	viewport_to_screen(&c->view, p[0], p[1], &x, &y);
	return hypot(x - sx, y - sy);
}

static int vertex_near(NadirCanvas *c, struct vertex_tool *t, double sx, double sy)
{
	double least = REACH;
	int best = -1;
	for (guint i = 0; i < t->shape->xy->len / 2; i++) {
		const double d = t->shown[i] ? screen_distance(c, points(t) + 2 * (gsize)i, sx, sy) : INFINITY;
		if (d < least) {
			least = d;
			best = (int)i;
		}
	}
	return best;
}

/* The nearest place on the segment a-b. */
static void nearest_on(const double *a, const double *b, const double *p, double out[2])
{
	const double dx = b[0] - a[0], dy = b[1] - a[1], len2 = dx * dx + dy * dy;
	const double t = len2 > 0 ? CLAMP(((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / len2, 0, 1) : 0;
	out[0] = a[0] + t * dx;
	out[1] = a[1] + t * dy;
}

/* The shown point after which an edge passes the position; -1: none is near. */
static int edge_near(NadirCanvas *c, struct vertex_tool *t, double sx, double sy)
{
	double p[2], at[2], least = REACH;
	int best = -1;
	viewport_to_image(&c->view, sx, sy, &p[0], &p[1]);
	for (guint i = 0; i < t->shape->xy->len / 2; i++) {
		if (!t->shown[i])
			continue;
		const guint next = next_shown(t, ring_of(t, (int)i), i, 1);
		nearest_on(points(t) + 2 * (gsize)i, points(t) + 2 * (gsize)next, p, at);
		const double d = screen_distance(c, at, sx, sy);
		if (d < least) {
			least = d;
			best = (int)i;
		}
	}
	return best;
}

void vertex_handle_at(const struct vertex_tool *t, NadirCanvas *c, int handle, double s[2])
{
	static const double place[8][2] = {{0, 0}, {0.5, 0}, {1, 0}, {1, 0.5}, {1, 1}, {0.5, 1}, {0, 1}, {0, 0.5}};
	double e[4], x0, y0, x1, y1;
	wkb_shape_extent(t->shape, e);
	viewport_to_screen(&c->view, e[0], e[1], &x0, &y0);
	viewport_to_screen(&c->view, e[2], e[3], &x1, &y1);
	x0 -= 12, y0 -= 12, x1 += 12, y1 += 12; /* clear of the vertices */
	const double *p = place[handle == HANDLE_TURN ? 1 : handle];
	s[0] = x0 + p[0] * (x1 - x0);
	s[1] = y0 + p[1] * (y1 - y0) - (handle == HANDLE_TURN ? TURN_HANDLE : 0);
}

static int handle_near(NadirCanvas *c, const struct vertex_tool *t, double sx, double sy)
{
	for (int i = HANDLE_TURN; i >= 0; i--) {
		double s[2];
		vertex_handle_at(t, c, i, s);
		if (hypot(s[0] - sx, s[1] - sy) < REACH)
			return i;
	}
	return HANDLE_NONE;
}

/* --- snapping --- */

typedef struct {
	double least, at[2];
	snap_kind kind;
} catch;

static void try_snap(NadirCanvas *c, catch *best, snap_kind kind, const double *at, double sx, double sy)
{
	/* A vertex is worth more than an edge that it lies on. */
	const double d = screen_distance(c, at, sx, sy) + (kind == SNAP_VERTEX ? 0 : 3);
	if (d >= best->least)
		return;
	*best = (catch){d, {at[0], at[1]}, kind};
}

static void snap_to_shape(NadirCanvas *c, const wkb_shape *s, const double xy[2], double sx, double sy, catch *best)
{
	for (guint r = 0; r < s->rings->len; r++) {
		const wkb_ring *ring = &g_array_index(s->rings, wkb_ring, r);
		const double *p = &g_array_index(s->xy, double, 2 * (gsize)ring->first);
		for (guint i = 0; i < ring->n; i++) {
			double at[2];
			try_snap(c, best, SNAP_VERTEX, p + 2 * i, sx, sy);
			nearest_on(p + 2 * i, p + 2 * ((i + 1) % ring->n), xy, at);
			try_snap(c, best, SNAP_EDGE, at, sx, sy);
		}
	}
}

static void snap_to_image(NadirCanvas *c, const double xy[2], double sx, double sy, catch *best)
{
	const raster_info *info = nadir_document_info(c->document);
	const double w = info->width, h = info->height;
	const double ends[4][4] = {{0, 0, w, 0}, {w, 0, w, h}, {w, h, 0, h}, {0, h, 0, 0}};
	for (guint i = 0; i < 4; i++) {
		double at[2];
		nearest_on(ends[i], ends[i] + 2, xy, at);
		try_snap(c, best, SNAP_IMAGE, at, sx, sy);
	}
}

snap_kind vertex_snap(NadirCanvas *c, gint64 except, double xy[2])
{
	g_autoptr(GPtrArray) near = g_ptr_array_new();
	const double reach = SNAP_REACH / c->view.scale;
	const double area[4] = {xy[0] - reach, xy[1] - reach, xy[0] + reach, xy[1] + reach};
	catch best = {.least = SNAP_REACH};
	double sx, sy;
	viewport_to_screen(&c->view, xy[0], xy[1], &sx, &sy);
	nadir_object_list_search(c->document->objects, area, G_MAXUINT, near);
	for (guint i = 0; i < near->len; i++)
		if (nadir_object_get_feature(near->pdata[i])->id != except)
			snap_to_shape(c, nadir_object_get_shape(near->pdata[i]), xy, sx, sy, &best);
	snap_to_image(c, xy, sx, sy, &best);
	if (best.kind != SNAP_NONE)
		memcpy(xy, best.at, sizeof best.at);
	return best.kind;
}

/* --- changing --- */

/* A vertex between two: the outline's points between them go, since it will leave them. */
static int insert_after(struct vertex_tool *t, int after, const double xy[2])
{
	const guint n = t->shape->xy->len / 2;
	const wkb_ring *in = ring_of(t, after);
	const guint at = (guint)after + 1;
	guint8 *shown = g_malloc(n + 1);
	memcpy(shown, t->shown, at);
	shown[at] = 1;
	memcpy(shown + at + 1, t->shown + at, n - at);
	g_free(t->shown);
	t->shown = shown;
	g_array_insert_vals(t->shape->xy, 2 * at, xy, 2);
	const guint first = in->first;
	for (guint r = 0; r < t->shape->rings->len; r++) {
		wkb_ring *ring = &g_array_index(t->shape->rings, wkb_ring, r);
		if (ring->first == first)
			ring->n++;
		else if (ring->first > first)
			ring->first++;
	}
	return (int)at;
}

/* The outline with the active vertex where it is now, straight to its shown neighbours; `without` it when that says so.
 * NULL when too little would be left. */
static wkb_shape *rebuilt(struct vertex_tool *t, bool without)
{
	wkb_shape *out = wkb_shape_new();
	const wkb_ring *touched = ring_of(t, t->active);
	const guint before = next_shown(t, touched, (guint)t->active, -1),
				after = next_shown(t, touched, (guint)t->active, 1);
	for (guint i = 0; i < t->shape->parts->len; i++) {
		const wkb_part *part = &g_array_index(t->shape->parts, wkb_part, i);
		wkb_shape_add_part(out);
		for (guint k = 0; k < part->n_rings; k++) {
			const wkb_ring *ring = &g_array_index(t->shape->rings, wkb_ring, part->first + k);
			wkb_shape_add_ring(out);
			for (guint v = 0; v < ring->n; v++) {
				const guint p = ring->first + v;
				/* From the vertex before to the one after only the active one is left. */
				const guint from_before = (p + ring->n - before) % ring->n, span = (after + ring->n - before) % ring->n;
				const bool between = ring == touched && from_before > 0 && from_before < (span ? span : ring->n);
				if (!between || (p == (guint)t->active && !without))
					wkb_shape_add_point(out, points(t)[2 * (gsize)p], points(t)[2 * (gsize)p + 1]);
			}
			if (g_array_index(out->rings, wkb_ring, out->rings->len - 1).n < 3) {
				wkb_shape_free(out);
				return NULL;
			}
		}
	}
	return out;
}

static void store_outline(NadirCanvas *c, struct vertex_tool *t, bool without)
{
	g_autoptr(wkb_shape) s = rebuilt(t, without);
	if (!s) {
		vertex_forget(c);
		return;
	}
	g_autoptr(GBytes) wkb = wkb_shape_write(s);
	nadir_document_edit(c->document, &(NadirEdit){.kind = NADIR_EDIT_RESHAPE, .shape = wkb});
}

bool vertex_delete(NadirCanvas *c)
{
	struct vertex_tool *t = vertex_of(c);
	if (!t || t->active < 0)
		return false;
	store_outline(c, t, true);
	t->active = -1;
	return true;
}

/* --- the drag --- */

static bool begin(NadirCanvas *c, struct vertex_tool *t, double sx, double sy)
{
	viewport_to_image(&c->view, sx, sy, &t->from[0], &t->from[1]);
	t->moving = false;
	t->handle = HANDLE_NONE;
	t->active = vertex_near(c, t, sx, sy);
	if (t->active >= 0)
		return true;
	t->handle = handle_near(c, t, sx, sy);
	if (t->handle != HANDLE_NONE)
		return true;
	const int edge = edge_near(c, t, sx, sy);
	if (edge >= 0) {
		t->active = insert_after(t, edge, t->from);
		return true;
	}
	NadirObject *o = nadir_document_object_at(c->document, t->from[0], t->from[1]);
	t->moving = o && nadir_object_get_feature(o)->id == t->id;
	return t->moving;
}

bool vertex_press(NadirCanvas *c, double sx, double sy)
{
	struct vertex_tool *t = vertex_of(c);
	if (!t || !begin(c, t, sx, sy))
		return false;
	if (t->active >= 0 && (c->press_state & GDK_ALT_MASK)) {
		vertex_delete(c);
		c->drag = DRAG_NONE;
		return true;
	}
	c->drag = DRAG_VERTEX;
	gtk_widget_queue_draw(GTK_WIDGET(c));
	return true;
}

/* Scaled away from the opposite side; Shift keeps the proportions. */
static void scale_matrix(struct vertex_tool *t, const double p[2], bool proportional)
{
	static const int sides[8][2] = {{-1, -1}, {0, -1}, {1, -1}, {1, 0}, {1, 1}, {0, 1}, {-1, 1}, {-1, 0}};
	double e[4], factor[2] = {1, 1};
	wkb_shape_extent(t->shape, e);
	const double fixed[2] = {sides[t->handle][0] < 0 ? e[2] : e[0], sides[t->handle][1] < 0 ? e[3] : e[1]};
	for (int k = 0; k < 2; k++) {
		const double reach = t->from[k] - fixed[k];
		if (sides[t->handle][k] != 0 && fabs(reach) > 1e-6)
			factor[k] = MAX((p[k] - fixed[k]) / reach, 0.02);
	}
	if (proportional)
		factor[0] = factor[1] = sides[t->handle][0] ? factor[0] : factor[1];
	const double m[6] = {factor[0], 0, fixed[0] * (1 - factor[0]), 0, factor[1], fixed[1] * (1 - factor[1])};
	memcpy(t->matrix, m, sizeof m);
}

/* Around the middle; Shift in steps of 15 degrees. */
static void turn_matrix(struct vertex_tool *t, const double p[2], bool steps)
{
	double e[4];
	wkb_shape_extent(t->shape, e);
	const double x = (e[0] + e[2]) / 2, y = (e[1] + e[3]) / 2;
	double angle = atan2(p[1] - y, p[0] - x) - atan2(t->from[1] - y, t->from[0] - x);
	if (steps)
		angle = round(angle / (G_PI / 12)) * (G_PI / 12);
	const double c = cos(angle), s = sin(angle);
	const double m[6] = {c, -s, x - c * x + s * y, s, c, y - s * x - c * y};
	memcpy(t->matrix, m, sizeof m);
}

void vertex_motion(NadirCanvas *c, double sx, double sy, bool free)
{
	struct vertex_tool *t = c->vertex;
	double p[2];
	viewport_to_image(&c->view, sx, sy, &p[0], &p[1]);
	const double shift[6] = {1, 0, p[0] - t->from[0], 0, 1, p[1] - t->from[1]};
	if (t->active >= 0) {
		t->snapped = free ? SNAP_NONE : vertex_snap(c, t->id, p);
		memcpy(points(t) + 2 * (gsize)t->active, p, sizeof p);
		memcpy(t->at, p, sizeof p);
	} else if (t->handle == HANDLE_TURN) {
		turn_matrix(t, p, c->pointer_shift);
	} else if (t->handle != HANDLE_NONE) {
		scale_matrix(t, p, c->pointer_shift);
	} else {
		memcpy(t->matrix, shift, sizeof shift);
	}
	gtk_widget_queue_draw(GTK_WIDGET(c));
}

void vertex_release(NadirCanvas *c)
{
	struct vertex_tool *t = c->vertex;
	static const double none[6] = {1, 0, 0, 0, 1, 0};
	const bool moved = hypot(c->last[0] - c->press[0], c->last[1] - c->press[1]) > 2;
	t->snapped = SNAP_NONE;
	if (t->active >= 0 && moved) {
		store_outline(c, t, false);
	} else if (memcmp(t->matrix, none, sizeof none) != 0 && moved) {
		NadirEdit e = {.kind = NADIR_EDIT_TRANSFORM};
		memcpy(e.matrix, t->matrix, sizeof e.matrix);
		/* Moved by whole pixels a mask stays a mask. */
		if (t->moving) {
			e.matrix[2] = round(e.matrix[2]);
			e.matrix[5] = round(e.matrix[5]);
		}
		nadir_document_edit(c->document, &e);
	}
	memcpy(t->matrix, none, sizeof none);
	t->handle = HANDLE_NONE;
	t->moving = false;
}

void vertex_forget(NadirCanvas *c)
{
	if (c->vertex)
		c->vertex->id = 0; /* read again from what is stored */
	gtk_widget_queue_draw(GTK_WIDGET(c));
}
