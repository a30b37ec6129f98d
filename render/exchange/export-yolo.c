/* YOLO segmentation labels: one object a line, class and one polygon as parts of the image's sides. A polygon has
 * neither parts nor holes there: further rings are joined to the first by bridges of no width, which an even-odd fill
 * does not see. What the format cannot hold stands beside it in a file of its own. */
#include "render/exchange/export-private.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

typedef struct {
	double x, y;
} corner;

static const corner *corners(const wkb_shape *s, const wkb_ring *ring)
{
	return (const corner *)(const void *)&g_array_index(s->xy, double, 2 * (gsize)ring->first);
}

/* The corner of the path that lies nearest to p. */
static guint nearest(const GArray *path, corner p)
{
	guint best = 0;
	double least = INFINITY;
	for (guint i = 0; i < path->len; i++) {
		const corner *c = &g_array_index(path, corner, i);
		const double d = hypot(c->x - p.x, c->y - p.y);
		if (d < least) {
			least = d;
			best = i;
		}
	}
	return best;
}

/* There along a bridge, round the ring, and back along the same bridge. */
static void join_ring(GArray *path, const corner *ring, guint n)
{
	const guint at = nearest(path, ring[0]);
	const corner here = g_array_index(path, corner, at);
	g_array_insert_vals(path, at + 1, ring, n);
	g_array_insert_vals(path, at + 1 + n, (corner[]){ring[0], here}, 2);
}

static GArray *one_path(wkb_shape *s)
{
	GArray *path = g_array_new(FALSE, FALSE, sizeof(corner));
	wkb_shape_orient(s); /* holes run the other way, for readers that fill by winding */
	for (guint i = 0; i < s->rings->len; i++) {
		const wkb_ring *ring = &g_array_index(s->rings, wkb_ring, i);
		if (i == 0)
			g_array_append_vals(path, corners(s, ring), ring->n);
		else
			join_ring(path, corners(s, ring), ring->n);
	}
	return path;
}

static void add_line(const exporter *e, GString *out, guint i)
{
	const raster_info *image = e->job->image;
	g_autoptr(GArray) path = one_path(g_ptr_array_index(e->shapes, i));
	g_string_append_printf(out, "%d", export_class_number(e, e->job->objects[i]) - 1);
	for (guint k = 0; k < path->len; k++) {
		char x[G_ASCII_DTOSTR_BUF_SIZE], y[G_ASCII_DTOSTR_BUF_SIZE];
		const corner *c = &g_array_index(path, corner, k);
		g_ascii_formatd(x, sizeof x, "%.9f", CLAMP(c->x / image->width, 0, 1));
		g_ascii_formatd(y, sizeof y, "%.9f", CLAMP(c->y / image->height, 0, 1));
		g_string_append_printf(out, " %s %s", x, y);
	}
	g_string_append_c(out, '\n');
}

bool export_yolo(exporter *e, GError **error)
{
	g_autoptr(GString) out = g_string_new(NULL);
	if (!export_side(e, error) || !export_names(e, 0, error))
		return false;
	for (guint i = 0; i < e->job->n_objects; i++) {
		add_line(e, out, i);
		if (!export_step(e, 0.9 * (i + 1) / e->job->n_objects, error))
			return false;
	}
	return export_put(e, e->path, out->str, out->len, error);
}
