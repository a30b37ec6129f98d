#include "render/draw/shape-draw.h"

#include <math.h>

#define EXACT_SCALE 4.0 /* from here on pixel edges are drawn as they are; below, corners are cut by half a pixel */

static const struct {
	int n;
	double dash[4];
} patterns[] = {{0, {0}}, {2, {8, 6}}, {2, {0.1, 5.5}}, {4, {9, 5, 2, 5}}};

double shape_line_width(double width, double height)
{
	return CLAMP(fmax(width, height) / 12, 1, 2);
}

static void corner(cairo_t *cr, const double *a, const double *b, const double *z, const shape_view *v, bool first)
{
	/* The corner b between a and z, cut where the edges are half a pixel away from it, or at their middles. */
	const double la = hypot(a[0] - b[0], a[1] - b[1]), lz = hypot(z[0] - b[0], z[1] - b[1]);
	const double ka = la > 1 ? 0.5 / la : 0.5, kz = lz > 1 ? 0.5 / lz : 0.5;
	const double x0 = b[0] + (a[0] - b[0]) * ka, y0 = b[1] + (a[1] - b[1]) * ka;
	const double x1 = b[0] + (z[0] - b[0]) * kz, y1 = b[1] + (z[1] - b[1]) * kz;
	if (first)
		cairo_move_to(cr, (x0 - v->ox) * v->scale, (y0 - v->oy) * v->scale);
	else
		cairo_line_to(cr, (x0 - v->ox) * v->scale, (y0 - v->oy) * v->scale);
	cairo_line_to(cr, (x1 - v->ox) * v->scale, (y1 - v->oy) * v->scale);
}

static void ring_path(cairo_t *cr, const double *p, guint n, const shape_view *v)
{
	const bool exact = v->scale >= EXACT_SCALE;
	/* Steps below a third of a screen pixel cannot be seen: far out, only some of the vertices are drawn. */
	const double least = v->scale < 1 ? 0.35 / v->scale : 0;
	const double *before = p;
	for (guint i = 0; i < n; i++) {
		const double *b = p + 2 * (gsize)i;
		if (exact || least > 0) {
			if (i > 0 && least > 0 && i + 1 < n && fabs(b[0] - before[0]) + fabs(b[1] - before[1]) < least)
				continue;
			before = b;
			cairo_line_to(cr, (b[0] - v->ox) * v->scale, (b[1] - v->oy) * v->scale);
		} else {
			corner(cr, p + 2 * (gsize)((i + n - 1) % n), b, p + 2 * (gsize)((i + 1) % n), v, i == 0);
		}
	}
	cairo_close_path(cr);
}

static void shape_path(cairo_t *cr, const wkb_shape *s, const shape_view *v)
{
	for (guint r = 0; r < s->rings->len; r++) {
		const wkb_ring *ring = &g_array_index(s->rings, wkb_ring, r);
		cairo_new_sub_path(cr);
		ring_path(cr, &g_array_index(s->xy, double, 2 * (gsize)ring->first), ring->n, v);
	}
}

static void set_color(cairo_t *cr, const draw_color *c)
{
	cairo_set_source_rgba(cr, c->red, c->green, c->blue, c->alpha);
}

static void stroke(cairo_t *cr, const draw_color *color, double width, int pattern, bool keep)
{
	const int p = pattern % (int)G_N_ELEMENTS(patterns);
	set_color(cr, color);
	cairo_set_line_width(cr, p == 2 ? width * 1.4 : width); /* dots are as heavy as lines */
	cairo_set_dash(cr, patterns[p].dash, patterns[p].n, 0);
	if (keep)
		cairo_stroke_preserve(cr);
	else
		cairo_stroke(cr);
}

void shape_draw(cairo_t *cr, const wkb_shape *s, const shape_view *view, const shape_look *k)
{
	const draw_color under = {0, 0, 0, k->stale ? 0.4f : 0.72f}, white = {1, 1, 1, k->stale ? 0.6f : 1};
	cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
	cairo_set_line_cap(cr, k->pattern == 2 ? CAIRO_LINE_CAP_ROUND : CAIRO_LINE_CAP_BUTT);
	cairo_set_fill_rule(cr, CAIRO_FILL_RULE_EVEN_ODD);
	shape_path(cr, s, view);
	set_color(cr, &k->fill);
	cairo_fill_preserve(cr);
	stroke(cr, &under, k->width + (k->selected ? 4 : 2), 0, true);
	if (k->selected)
		stroke(cr, &white, k->width + 2, 0, true);
	if (k->preview)
		stroke(cr, &white, k->width, 1, false);
	else
		stroke(cr, &k->line, k->width, k->selected ? 0 : k->pattern, false);
}
