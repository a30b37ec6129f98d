/* The marks of the pending prompt, what is being drawn, and the part of the image that the model sees. Positive marks
 * are green with a plus or solid, negative ones red with a minus or dashed. */
#include "app/canvas/canvas-private.h"

#include <math.h>

#define EDGE 64.0 /* screen pixels beyond the canvas that may still be drawn */

static const GdkRGBA positive = {0.2f, 0.82f, 0.48f, 1}, negative = {0.95f, 0.32f, 0.3f, 1};
static const GdkRGBA white = {1, 1, 1, 1}, under = {0, 0, 0, 0.6f};

static void paint_line(cairo_t *cr, const GdkRGBA *color, double width, bool dashed)
{
	static const double dash[] = {7, 6};
	cairo_set_dash(cr, NULL, 0, 0);
	cairo_set_line_width(cr, width + 2);
	gdk_cairo_set_source_rgba(cr, &under);
	cairo_stroke_preserve(cr);
	cairo_set_dash(cr, dash, dashed ? 2 : 0, 0);
	cairo_set_line_width(cr, width);
	gdk_cairo_set_source_rgba(cr, color);
	cairo_stroke(cr);
}

/* --- marks --- */

static void draw_sign(cairo_t *cr, double x, double y, int sign)
{
	cairo_new_sub_path(cr);
	cairo_arc(cr, x, y, 8, 0, 2 * G_PI);
	gdk_cairo_set_source_rgba(cr, &under);
	cairo_fill(cr);
	cairo_arc(cr, x, y, 7, 0, 2 * G_PI);
	gdk_cairo_set_source_rgba(cr, &white);
	cairo_fill(cr);
	cairo_arc(cr, x, y, 5.5, 0, 2 * G_PI);
	gdk_cairo_set_source_rgba(cr, sign > 0 ? &positive : &negative);
	cairo_fill(cr);
	cairo_move_to(cr, x - 3, y);
	cairo_line_to(cr, x + 3, y);
	if (sign > 0) {
		cairo_move_to(cr, x, y - 3);
		cairo_line_to(cr, x, y + 3);
	}
	cairo_set_dash(cr, NULL, 0, 0);
	cairo_set_line_width(cr, 1.8);
	gdk_cairo_set_source_rgba(cr, &(GdkRGBA){0, 0, 0, 0.9f});
	cairo_stroke(cr);
}

static void path_points(NadirCanvas *c, cairo_t *cr, const double *xy, guint n)
{
	for (guint i = 0; i < n; i++) {
		double x, y;
		viewport_to_screen(&c->view, xy[2 * (gsize)i], xy[2 * (gsize)i + 1], &x, &y);
		cairo_line_to(cr, x, y);
	}
}

static void draw_box(NadirCanvas *c, cairo_t *cr, const sam_mark *m)
{
	double x0, y0, x1, y1;
	viewport_to_screen(&c->view, m->xy[0], m->xy[1], &x0, &y0);
	viewport_to_screen(&c->view, m->xy[2], m->xy[3], &x1, &y1);
	cairo_rectangle(cr, MIN(x0, x1), MIN(y0, y1), fabs(x1 - x0), fabs(y1 - y0));
	paint_line(cr, m->sign > 0 ? &positive : &negative, 2, m->sign < 0);
}

static void draw_circle(NadirCanvas *c, cairo_t *cr, const sam_mark *m)
{
	double x, y;
	viewport_to_screen(&c->view, m->xy[0], m->xy[1], &x, &y);
	cairo_new_sub_path(cr);
	cairo_arc(cr, x, y, m->r * c->view.scale, 0, 2 * G_PI);
	paint_line(cr, &positive, 2, false);
	cairo_arc(cr, x, y, 2.5, 0, 2 * G_PI);
	gdk_cairo_set_source_rgba(cr, &white);
	cairo_fill(cr);
}

static void draw_scribble(NadirCanvas *c, cairo_t *cr, const sam_mark *m)
{
	double x, y;
	path_points(c, cr, m->xy, m->n);
	paint_line(cr, m->sign > 0 ? &positive : &negative, 5, m->sign < 0);
	viewport_to_screen(&c->view, m->xy[0], m->xy[1], &x, &y);
	draw_sign(cr, x, y, m->sign);
}

static void draw_mark(NadirCanvas *c, cairo_t *cr, const sam_mark *m)
{
	double x, y;
	switch (m->kind) {
	case SAM_POINT:
		viewport_to_screen(&c->view, m->xy[0], m->xy[1], &x, &y);
		draw_sign(cr, x, y, m->sign);
		break;
	case SAM_BOX:
		draw_box(c, cr, m);
		break;
	case SAM_CIRCLE:
		draw_circle(c, cr, m);
		break;
	case SAM_SCRIBBLE:
		draw_scribble(c, cr, m);
		break;
	case SAM_POLYGON:
		path_points(c, cr, m->xy, m->n);
		cairo_close_path(cr);
		paint_line(cr, &positive, 2, false);
		break;
	}
}

/* --- what the model sees --- */

static void draw_crop(NadirCanvas *c, cairo_t *cr)
{
	sam_crop crop;
	double x0, y0, x1, y1;
	if (!nadir_document_get_crop(c->document, &crop))
		return;
	viewport_to_screen(&c->view, crop.x, crop.y, &x0, &y0);
	viewport_to_screen(&c->view, crop.x + crop.w, crop.y + crop.h, &x1, &y1);
	x0 = MAX(floor(x0) + 0.5, -EDGE);
	y0 = MAX(floor(y0) + 0.5, -EDGE);
	x1 = MIN(floor(x1) + 0.5, c->view.screen_w + EDGE);
	y1 = MIN(floor(y1) + 0.5, c->view.screen_h + EDGE);
	cairo_rectangle(cr, x0, y0, x1 - x0, y1 - y0);
	paint_line(cr, &white, 1, true);
}

/* --- what is being drawn --- */

static void draw_drag(NadirCanvas *c, cairo_t *cr)
{
	const double *p = &g_array_index(c->stroke, double, 0);
	const guint n = c->stroke->len / 2;
	if (n == 0)
		return;
	sam_mark m = {.sign = c->drag_sign, .n = n, .xy = p};
	if (c->drag == DRAG_STROKE) {
		m.kind = n > 1 ? SAM_SCRIBBLE : SAM_POINT;
		draw_mark(c, cr, &m);
	} else if (c->drag == DRAG_BOX && n == 2) {
		m.kind = SAM_BOX;
		m.sign = 1;
		draw_mark(c, cr, &m);
	} else if (c->drag == DRAG_CIRCLE && n == 2) {
		m.kind = SAM_CIRCLE;
		m.r = hypot(p[2] - p[0], p[3] - p[1]);
		draw_mark(c, cr, &m);
	}
}

static GdkRGBA brush_color(NadirCanvas *c, const char *class_name, bool erase)
{
	GdkRGBA color = overlay_class_color(c->document, class_name);
	if (erase)
		color = (GdkRGBA){0.1f, 0.1f, 0.1f, 1};
	color.alpha = 0.6f;
	return color;
}

/* Piece by piece, each of one width; where they overlap they are not darker. */
static void draw_pressed(NadirCanvas *c, cairo_t *cr, const double *xy, guint n, double radius, const double *pressure,
                         const GdkRGBA *color)
{
	cairo_push_group(cr);
	cairo_set_source_rgb(cr, color->red, color->green, color->blue);
	for (guint i = 0; i < n; i++) {
		const guint k = MIN(i + 1, n - 1);
		const double points[4] = {xy[2 * i], xy[2 * i + 1], xy[2 * k], xy[2 * k + 1]};
		path_points(c, cr, points, 2);
		cairo_set_line_width(cr, MAX(radius * (pressure[i] + pressure[k]) * c->view.scale, 1));
		cairo_stroke(cr);
	}
	cairo_pop_group_to_source(cr);
	cairo_paint_with_alpha(cr, color->alpha);
}

static void draw_stroke(NadirCanvas *c, cairo_t *cr, const double *xy, guint n, double radius, const double *pressure,
                        const GdkRGBA *color)
{
	cairo_set_dash(cr, NULL, 0, 0);
	if (pressure) {
		draw_pressed(c, cr, xy, n, radius, pressure, color);
		return;
	}
	path_points(c, cr, xy, n);
	if (n == 1)
		path_points(c, cr, xy, 1);
	cairo_set_line_width(cr, MAX(2 * radius * c->view.scale, 1));
	gdk_cairo_set_source_rgba(cr, color);
	cairo_stroke(cr);
}

/* Painted, and not in the masks yet. */
static void draw_strokes(NadirCanvas *c, cairo_t *cr)
{
	for (guint i = 0; i < c->document->strokes->len; i++) {
		const document_job *j = c->document->strokes->pdata[i];
		const GdkRGBA color = brush_color(c, j->text, j->erase);
		draw_stroke(c, cr, j->xy, j->n, j->radius, j->pressure, &color);
	}
}

static void draw_brush(NadirCanvas *c, cairo_t *cr)
{
	const double r = c->brush_radius * c->view.scale;
	const bool erase = c->drag == DRAG_BRUSH ? c->drag_sign < 0 : c->pointer_shift;
	if (c->drag == DRAG_BRUSH) {
		NadirObject *o = nadir_document_get_selected(c->document);
		const GdkRGBA color = brush_color(c, o ? nadir_object_get_feature(o)->class_name : NULL, erase);
		draw_stroke(c, cr, &g_array_index(c->stroke, double, 0), c->stroke->len / 2, c->brush_radius,
		            c->pressures->len ? &g_array_index(c->pressures, double, 0) : NULL, &color);
	}
	if (!c->inside)
		return;
	cairo_new_sub_path(cr);
	cairo_arc(cr, c->pointer[0], c->pointer[1], MAX(r, 2), 0, 2 * G_PI);
	paint_line(cr, erase ? &negative : &white, 1.5, erase);
}

static void draw_vertex(cairo_t *cr, double x, double y, double half)
{
	cairo_rectangle(cr, x - half, y - half, 2 * half, 2 * half);
	gdk_cairo_set_source_rgba(cr, &white);
	cairo_fill_preserve(cr);
	gdk_cairo_set_source_rgba(cr, &under);
	cairo_set_dash(cr, NULL, 0, 0);
	cairo_set_line_width(cr, 1);
	cairo_stroke(cr);
}

static void draw_polygon(NadirCanvas *c, cairo_t *cr)
{
	const double *p = &g_array_index(c->polygon, double, 0);
	const guint n = c->polygon->len / 2;
	GdkRGBA color = c->tool == NADIR_TOOL_HOLE ? white : overlay_class_color(c->document, NULL);
	if (n == 0)
		return;
	path_points(c, cr, p, n);
	if (c->inside)
		cairo_line_to(cr, c->pointer[0], c->pointer[1]);
	if (n > 1 && c->tool != NADIR_TOOL_SPLIT) {
		cairo_path_t *line = cairo_copy_path(cr);
		color.alpha = 0.25f;
		gdk_cairo_set_source_rgba(cr, &color);
		cairo_fill(cr);
		cairo_append_path(cr, line);
		cairo_path_destroy(line);
	}
	paint_line(cr, &white, 1.5, false); /* the class's colour would drown in an object of that class */
	for (guint i = 0; i < n; i++) {
		double x, y;
		viewport_to_screen(&c->view, p[2 * (gsize)i], p[2 * (gsize)i + 1], &x, &y);
		draw_vertex(cr, x, y, i == 0 && n >= 3 ? 5 : 3);
	}
}

static void draw_marks(NadirCanvas *c, cairo_t *cr, const prompt *p)
{
	guint n;
	const sam_mark *marks = prompt_marks(p, &n);
	for (guint i = 0; i < n; i++)
		draw_mark(c, cr, &marks[i]);
}

/* Of objects that were accepted and that the model has not answered about; true when there are some (cr may be NULL).
 */
static bool draw_waiting(NadirCanvas *c, cairo_t *cr)
{
	GPtrArray *requests = c->document->preview.requests;
	bool any = false;
	for (guint i = 0; i < requests->len; i++) {
		const preview_request *r = requests->pdata[i];
		if (!r->accepted || r == c->document->preview.latest || !r->accepted->fresh->marks)
			continue;
		any = true;
		if (cr)
			draw_marks(c, cr, r->accepted->fresh->marks);
	}
	return any;
}

void overlay_snapshot_marks(NadirCanvas *c, GtkSnapshot *snapshot)
{
	const prompt *pending = nadir_document_get_prompt(c->document);
	const bool brush = c->tool == NADIR_TOOL_BRUSH && (c->inside || c->drag == DRAG_BRUSH);
	if (!pending && !brush && !tool_is_drawing(c) && c->document->strokes->len == 0 && !draw_waiting(c, NULL))
		return;
	cairo_t *cr = gtk_snapshot_append_cairo(
		snapshot, &GRAPHENE_RECT_INIT(0, 0, (float)c->view.screen_w, (float)c->view.screen_h));
	cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
	cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
	draw_strokes(c, cr);
	draw_waiting(c, cr);
	if (pending) {
		draw_crop(c, cr);
		draw_marks(c, cr, pending);
	}
	draw_drag(c, cr);
	draw_polygon(c, cr);
	if (brush)
		draw_brush(c, cr);
	cairo_destroy(cr);
}
