#include "render/draw/crowd-draw.h"

#include <math.h>

/* Sizes in pixels of the screen. */
#define DOT 3.0     /* below: a square of 3 pixels */
#define SMALL 10.0  /* below: spans of whole pixels, no outline */
#define MIDDLE 28.0 /* below: a plain thin outline; from here on as if it were drawn alone */
#define DOT_SIDE 3.0
#define MOST_CROSSINGS 64

typedef struct {
	cairo_surface_t *surface;
	cairo_t *cr;
	guint8 *pixels;
	int w, h, stride;
	shape_view view;
	double device, opacity;
	bool direct;  /* the last pixels were written without cairo */
	GArray *flat; /* of float: x, y of a ring in the picture */
} painter;

/* --- pixels without cairo --- */

static void begin_direct(painter *p)
{
	if (!p->direct)
		cairo_surface_flush(p->surface);
	p->direct = true;
}

static void begin_cairo(painter *p)
{
	if (p->direct)
		cairo_surface_mark_dirty(p->surface);
	p->direct = false;
}

static guint32 premultiplied(const draw_color *c, float alpha)
{
	const guint a = (guint)(255 * alpha + 0.5f);
	const guint r = (guint)(c->red * (float)a + 0.5f), g = (guint)(c->green * (float)a + 0.5f);
	return a << 24 | r << 16 | g << 8 | (guint)(c->blue * (float)a + 0.5f);
}

static void blend_span(painter *p, int y, int x0, int x1, guint32 color)
{
	if (y < 0 || y >= p->h)
		return;
	guint32 *row = (guint32 *)(void *)(p->pixels + (gsize)y * (gsize)p->stride);
	const guint32 rest = 255 - (color >> 24);
	for (int x = MAX(x0, 0); x < MIN(x1, p->w); x++) {
		const guint32 rb = (((row[x] & 0x00ff00ff) * rest + 0x00800080) >> 8) & 0x00ff00ff;
		const guint32 ag = (((row[x] >> 8) & 0x00ff00ff) * rest + 0x00800080) & 0xff00ff00;
		row[x] = color + (rb | ag);
	}
}

static void draw_dot(painter *p, const crowd_member *m)
{
	const double side = DOT_SIDE * p->device;
	const int x = (int)floor(((m->extent[0] + m->extent[2]) / 2 - p->view.ox) * p->view.scale - side / 2 + 0.5);
	const int y = (int)floor(((m->extent[1] + m->extent[3]) / 2 - p->view.oy) * p->view.scale - side / 2 + 0.5);
	const guint32 color = premultiplied(&m->color, 0.9f);
	begin_direct(p);
	for (int i = 0; i < (int)side; i++)
		blend_span(p, y + i, x, x + (int)side, color);
}

/* Rings as points of the picture, one closed polygon behind the other; steps that cannot be seen are left out. */
static void flatten(painter *p, const wkb_shape *s, const wkb_ring *ring)
{
	const double *xy = &g_array_index(s->xy, double, 2 * (gsize)ring->first);
	float last[2] = {NAN, NAN};
	g_array_set_size(p->flat, 0);
	for (guint i = 0; i < ring->n; i++) {
		const float at[2] = {(float)((xy[2 * (gsize)i] - p->view.ox) * p->view.scale),
		                     (float)((xy[2 * (gsize)i + 1] - p->view.oy) * p->view.scale)};
		if (fabsf(at[0] - last[0]) + fabsf(at[1] - last[1]) < 0.4f)
			continue;
		g_array_append_vals(p->flat, at, 2);
		last[0] = at[0];
		last[1] = at[1];
	}
}

static guint cross(const painter *p, float y, float *at, guint n)
{
	const float *xy = &g_array_index(p->flat, float, 0);
	const guint points = p->flat->len / 2;
	for (guint i = 0, k = points - 1; i < points && n < MOST_CROSSINGS; k = i++) {
		const float *a = xy + 2 * (gsize)i, *b = xy + 2 * (gsize)k;
		if ((a[1] > y) != (b[1] > y))
			at[n++] = a[0] + (y - a[1]) / (b[1] - a[1]) * (b[0] - a[0]);
	}
	return n;
}

static void sort(float *at, guint n)
{
	for (guint i = 1; i < n; i++)
		for (guint k = i; k > 0 && at[k - 1] > at[k]; k--) {
			const float t = at[k];
			at[k] = at[k - 1];
			at[k - 1] = t;
		}
}

/* Even-odd by pixel centres. */
static void draw_small(painter *p, const crowd_member *m)
{
	enum { ROWS = 64 };
	float at[ROWS][MOST_CROSSINGS];
	guint n[ROWS] = {0};
	const int y0 = (int)floor((m->extent[1] - p->view.oy) * p->view.scale);
	const int rows = MIN((int)ceil((m->extent[3] - p->view.oy) * p->view.scale) - y0, ROWS);
	const guint32 color = premultiplied(&m->color, (float)fmin(1, 0.45 + p->opacity));
	for (guint r = 0; r < m->shape->rings->len; r++) {
		flatten(p, m->shape, &g_array_index(m->shape->rings, wkb_ring, r));
		for (int i = 0; p->flat->len >= 6 && i < rows; i++)
			n[i] = cross(p, (float)(y0 + i) + 0.5f, at[i], n[i]);
	}
	begin_direct(p);
	for (int i = 0; i < rows; i++) {
		sort(at[i], n[i]);
		for (guint k = 0; k + 1 < n[i]; k += 2)
			blend_span(p, y0 + i, (int)floorf(at[i][k] + 0.5f), (int)floorf(at[i][k + 1] + 0.5f), color);
	}
}

/* --- with cairo --- */

static void draw_middle(painter *p, const crowd_member *m)
{
	begin_cairo(p);
	cairo_set_antialias(p->cr, CAIRO_ANTIALIAS_FAST);
	cairo_new_path(p->cr);
	for (guint r = 0; r < m->shape->rings->len; r++) {
		flatten(p, m->shape, &g_array_index(m->shape->rings, wkb_ring, r));
		cairo_new_sub_path(p->cr);
		for (guint i = 0; i + 1 < p->flat->len; i += 2)
			cairo_line_to(p->cr, (double)g_array_index(p->flat, float, i),
			              (double)g_array_index(p->flat, float, i + 1));
		cairo_close_path(p->cr);
	}
	cairo_set_source_rgba(p->cr, m->color.red, m->color.green, m->color.blue, p->opacity);
	cairo_fill_preserve(p->cr);
	cairo_set_source_rgb(p->cr, m->color.red, m->color.green, m->color.blue);
	cairo_stroke(p->cr);
}

static void draw_large(painter *p, const crowd_member *m)
{
	const double w = (m->extent[2] - m->extent[0]) * p->view.scale / p->device;
	const double h = (m->extent[3] - m->extent[1]) * p->view.scale / p->device;
	const shape_view view = {p->view.ox, p->view.oy, p->view.scale / p->device};
	shape_look look = {.fill = m->color, .line = m->color, .pattern = m->pattern, .width = shape_line_width(w, h)};
	look.fill.alpha = (float)p->opacity;
	begin_cairo(p);
	cairo_save(p->cr);
	cairo_set_antialias(p->cr, CAIRO_ANTIALIAS_DEFAULT);
	cairo_scale(p->cr, p->device, p->device);
	cairo_new_path(p->cr);
	shape_draw(p->cr, m->shape, &view, &look);
	cairo_restore(p->cr);
}

static void draw(painter *p, const crowd_member *m)
{
	const double size = fmax(m->extent[2] - m->extent[0], m->extent[3] - m->extent[1]) * p->view.scale / p->device;
	if (size < DOT)
		draw_dot(p, m);
	else if (size < SMALL)
		draw_small(p, m);
	else if (size < MIDDLE)
		draw_middle(p, m);
	else
		draw_large(p, m);
}

static bool is_seen(const painter *p, const crowd_member *m)
{
	const double around = 4 * p->device / p->view.scale;
	return m->extent[2] > p->view.ox - around && m->extent[3] > p->view.oy - around &&
	       m->extent[0] < p->view.ox + p->w / p->view.scale + around &&
	       m->extent[1] < p->view.oy + p->h / p->view.scale + around;
}

bool crowd_draw(cairo_surface_t *surface, const shape_view *view, double device, double opacity,
                bool (*next)(void *data, crowd_member *m), void *data, GCancellable *cancel)
{
	painter p = {.surface = surface,
	             .cr = cairo_create(surface),
	             .pixels = cairo_image_surface_get_data(surface),
	             .w = cairo_image_surface_get_width(surface),
	             .h = cairo_image_surface_get_height(surface),
	             .stride = cairo_image_surface_get_stride(surface),
	             .view = *view,
	             .device = device,
	             .opacity = opacity,
	             .flat = g_array_new(FALSE, FALSE, sizeof(float))};
	crowd_member m;
	cairo_set_fill_rule(p.cr, CAIRO_FILL_RULE_EVEN_ODD);
	cairo_set_line_width(p.cr, device);
	for (guint i = 0; next(data, &m) && !(i % 64 == 0 && g_cancellable_is_cancelled(cancel)); i++)
		if (m.shape && is_seen(&p, &m))
			draw(&p, &m);
	begin_cairo(&p);
	cairo_destroy(p.cr);
	g_array_unref(p.flat);
	cairo_surface_flush(surface);
	return !g_cancellable_is_cancelled(cancel);
}
