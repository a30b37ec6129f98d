/* What each tool does between press and release. Everything is drawn in image pixels, so a view that moves meanwhile
 * does no harm. */
#include "app/canvas/canvas-private.h"
#include "app/canvas/vertex-tool.h"
#include "app/edit/edit-shapes.h"

#include <math.h>

#define CLICK_SLOP 6     /* screen pixels a click may wander */
#define CLOSE_DISTANCE 9 /* to the first vertex, which closes a polygon */
#define DOUBLE_CLICK_MS 400
#define STROKE_STEP 2.0 /* screen pixels between the points of a stroke */

static double distance(const double a[2], double x, double y)
{
	return hypot(a[0] - x, a[1] - y);
}

static void append_image_point(NadirCanvas *c, GArray *points, double sx, double sy)
{
	double p[2];
	viewport_to_image(&c->view, sx, sy, &p[0], &p[1]);
	g_array_append_vals(points, p, 2);
}

/* Every point of the stroke has a pressure, or none has: who draws does not change within a stroke. */
static void append_stroke_point(NadirCanvas *c, double sx, double sy)
{
	const double share = MAX(c->pressure, 0);
	if (c->stroke->len == 0 ? c->pressure >= 0 : c->pressures->len > 0)
		g_array_append_val(c->pressures, share);
	append_image_point(c, c->stroke, sx, sy);
}

static void clear_stroke(NadirCanvas *c)
{
	g_array_set_size(c->stroke, 0);
	g_array_set_size(c->pressures, 0);
}

/* Corner after corner. */
static bool draws_outline(NadirCanvas *c)
{
	return c->tool == NADIR_TOOL_POLYGON || c->tool == NADIR_TOOL_SPLIT || c->tool == NADIR_TOOL_HOLE;
}

bool tool_is_drawing(NadirCanvas *c)
{
	return c->drag > DRAG_CLICK || c->polygon->len > 0;
}

void tool_abort(NadirCanvas *c)
{
	c->drag = DRAG_NONE;
	clear_stroke(c);
	g_array_set_size(c->polygon, 0);
	vertex_forget(c);
	canvas_update_cursor(c);
	gtk_widget_queue_draw(GTK_WIDGET(c));
}

/* --- press --- */

static CanvasDrag drag_for(NadirCanvas *c, guint button, GdkModifierType state)
{
	const bool secondary = button == GDK_BUTTON_SECONDARY;
	if (button == GDK_BUTTON_MIDDLE || (c->space && !secondary))
		return DRAG_PAN;
	switch (c->tool) {
	case NADIR_TOOL_BOX:
		return secondary ? DRAG_NONE : DRAG_BOX;
	case NADIR_TOOL_CIRCLE:
		return secondary ? DRAG_NONE : DRAG_CIRCLE;
	case NADIR_TOOL_SCRIBBLE:
		return DRAG_STROKE;
	case NADIR_TOOL_BRUSH:
		return DRAG_BRUSH;
	case NADIR_TOOL_POINT:
		return DRAG_CLICK;
	case NADIR_TOOL_SELECT:
		if (!secondary && (state & (GDK_SHIFT_MASK | GDK_CONTROL_MASK)))
			return DRAG_BAND;
		return secondary ? DRAG_NONE : DRAG_CLICK;
	case NADIR_TOOL_POLYGON:
	case NADIR_TOOL_SPLIT:
	case NADIR_TOOL_HOLE:
	case NADIR_TOOL_VERTEX:
		return secondary ? DRAG_NONE : DRAG_CLICK;
	}
	return DRAG_NONE;
}

void tool_press(NadirCanvas *c, guint button, GdkModifierType state, guint32 time, double sx, double sy)
{
	if (!c->document || c->drag != DRAG_NONE || button > GDK_BUTTON_SECONDARY)
		return;
	const bool twice = time - c->last_click_time <= DOUBLE_CLICK_MS && distance(c->press, sx, sy) <= CLICK_SLOP;
	c->drag = drag_for(c, button, state);
	c->press_state = state;
	c->drag_sign = button == GDK_BUTTON_SECONDARY || (state & GDK_SHIFT_MASK) || c->eraser ? -1 : 1;
	c->press[0] = c->last[0] = sx;
	c->press[1] = c->last[1] = sy;
	c->last_click_time = twice ? 0 : time;
	if (draws_outline(c) && c->drag == DRAG_CLICK && twice && c->polygon->len > 0) {
		c->drag = DRAG_NONE;
		nadir_canvas_finish_drawing(c);
		return;
	}
	clear_stroke(c);
	if (c->tool == NADIR_TOOL_VERTEX && c->drag == DRAG_CLICK && vertex_press(c, sx, sy))
		return;
	if (c->drag > DRAG_CLICK)
		append_stroke_point(c, sx, sy);
	canvas_update_cursor(c);
	gtk_widget_queue_draw(GTK_WIDGET(c));
}

/* --- motion --- */

static void pan_to(NadirCanvas *c, double sx, double sy)
{
	viewport_pan(&c->view, sx - c->last[0], sy - c->last[1]);
	c->last[0] = sx;
	c->last[1] = sy;
	canvas_view_changed(c);
}

/* Boxes and circles keep two points: where the drag began and where it is. */
static void set_second_point(NadirCanvas *c, double sx, double sy)
{
	g_array_set_size(c->stroke, 2);
	append_image_point(c, c->stroke, sx, sy);
}

static void extend_stroke(NadirCanvas *c, double sx, double sy)
{
	if (distance(c->last, sx, sy) < STROKE_STEP)
		return;
	append_stroke_point(c, sx, sy);
	c->last[0] = sx;
	c->last[1] = sy;
}

void tool_motion(NadirCanvas *c, double sx, double sy)
{
	switch (c->drag) {
	case DRAG_NONE:
		return;
	case DRAG_CLICK:
		/* A click that wanders was meant as a drag of the view; a vertex of a polygon is not given up so easily. */
		if (draws_outline(c) || distance(c->press, sx, sy) <= CLICK_SLOP)
			return;
		c->drag = DRAG_PAN;
		canvas_update_cursor(c);
		pan_to(c, sx, sy);
		return;
	case DRAG_PAN:
		pan_to(c, sx, sy);
		return;
	case DRAG_BOX:
	case DRAG_CIRCLE:
	case DRAG_BAND:
		set_second_point(c, sx, sy);
		break;
	case DRAG_STROKE:
	case DRAG_BRUSH:
		extend_stroke(c, sx, sy);
		break;
	case DRAG_VERTEX:
		c->last[0] = sx;
		c->last[1] = sy;
		vertex_motion(c, sx, sy, c->pointer_control);
		return;
	}
	gtk_widget_queue_draw(GTK_WIDGET(c));
}

/* --- release --- */

static void click_select(NadirCanvas *c, const double p[2])
{
	NadirObject *o = nadir_document_object_at(c->document, p[0], p[1]);
	const gint64 id = o ? nadir_object_get_feature(o)->id : 0;
	if (c->press_state & (GDK_SHIFT_MASK | GDK_CONTROL_MASK))
		nadir_document_toggle_selected(c->document, id);
	else
		nadir_document_select(c->document, id);
}

static void add_mark(NadirCanvas *c, sam_mark_kind kind, const double *xy, guint n, double r)
{
	nadir_document_add_mark(c->document, kind, c->drag_sign, xy, n, r);
}

static void click_vertex(NadirCanvas *c, double sx, double sy)
{
	if (c->polygon->len >= 6 && c->tool != NADIR_TOOL_SPLIT) {
		double first[2];
		viewport_to_screen(&c->view, g_array_index(c->polygon, double, 0), g_array_index(c->polygon, double, 1),
		                   &first[0], &first[1]);
		if (distance(first, sx, sy) <= CLOSE_DISTANCE) {
			nadir_canvas_finish_drawing(c);
			return;
		}
	}
	append_image_point(c, c->polygon, sx, sy);
}

void tool_click(NadirCanvas *c, double sx, double sy, int sign)
{
	double p[2];
	viewport_to_image(&c->view, sx, sy, &p[0], &p[1]);
	c->drag_sign = sign;
	if (c->tool == NADIR_TOOL_SELECT || c->tool == NADIR_TOOL_VERTEX)
		click_select(c, p);
	else if (c->tool == NADIR_TOOL_POINT)
		add_mark(c, SAM_POINT, p, 1, 0);
	else if (draws_outline(c))
		click_vertex(c, sx, sy);
}

static void release_band(NadirCanvas *c, double sx, double sy)
{
	double a[2], b[2];
	viewport_to_image(&c->view, c->press[0], c->press[1], &a[0], &a[1]);
	viewport_to_image(&c->view, sx, sy, &b[0], &b[1]);
	if (distance(c->press, sx, sy) <= CLICK_SLOP)
		click_select(c, a);
	else
		nadir_document_select_inside(c->document, (const double[]){a[0], a[1], b[0], b[1]});
}

/* Drags too short to mean a shape are slips of the hand. */
static bool long_enough(NadirCanvas *c, double sx, double sy)
{
	return c->stroke->len >= 4 && distance(c->press, sx, sy) >= 3;
}

static void release_box(NadirCanvas *c)
{
	c->drag_sign = 1;
	add_mark(c, SAM_BOX, &g_array_index(c->stroke, double, 0), 2, 0);
}

static void release_circle(NadirCanvas *c)
{
	const double *p = &g_array_index(c->stroke, double, 0);
	c->drag_sign = 1;
	add_mark(c, SAM_CIRCLE, p, 1, hypot(p[2] - p[0], p[3] - p[1]));
}

static void release_stroke(NadirCanvas *c)
{
	const double *p = &g_array_index(c->stroke, double, 0);
	const guint n = c->stroke->len / 2;
	add_mark(c, n > 1 ? SAM_SCRIBBLE : SAM_POINT, p, n, 0);
}

/* Paints on the selected object, or makes a new one by hand when none is selected. */
static void release_brush(NadirCanvas *c)
{
	const double *pressure = c->pressures->len ? &g_array_index(c->pressures, double, 0) : NULL;
	nadir_document_paint(c->document, &g_array_index(c->stroke, double, 0), c->stroke->len / 2, c->brush_radius,
	                     pressure, c->drag_sign < 0);
}

void tool_release(NadirCanvas *c, double sx, double sy)
{
	tool_motion(c, sx, sy);
	const CanvasDrag drag = c->drag;
	c->drag = DRAG_NONE;
	if (drag == DRAG_CLICK)
		tool_click(c, c->press[0], c->press[1], c->drag_sign);
	else if (drag == DRAG_VERTEX)
		vertex_release(c);
	else if (drag == DRAG_BAND)
		release_band(c, sx, sy);
	else if (drag == DRAG_BOX && long_enough(c, sx, sy))
		release_box(c);
	else if (drag == DRAG_CIRCLE && long_enough(c, sx, sy))
		release_circle(c);
	else if (drag == DRAG_STROKE)
		release_stroke(c);
	else if (drag == DRAG_BRUSH)
		release_brush(c);
	clear_stroke(c);
	canvas_update_cursor(c);
	gtk_widget_queue_draw(GTK_WIDGET(c));
}

/* --- the polygon --- */

bool nadir_canvas_finish_drawing(NadirCanvas *c)
{
	g_return_val_if_fail(NADIR_IS_CANVAS(c), false);
	if (c->polygon->len == 0)
		return false;
	const double *xy = &g_array_index(c->polygon, double, 0);
	const guint n = c->polygon->len / 2;
	if (c->tool == NADIR_TOOL_SPLIT && n >= 2)
		nadir_document_edit(c->document, &(NadirEdit){.kind = NADIR_EDIT_SPLIT, .xy = xy, .n = n});
	else if (c->tool == NADIR_TOOL_HOLE && n >= 3)
		nadir_document_edit(c->document, &(NadirEdit){.kind = NADIR_EDIT_HOLE, .xy = xy, .n = n});
	else if (c->tool == NADIR_TOOL_POLYGON && n >= 3)
		nadir_document_draw_polygon(c->document, xy, n);
	tool_abort(c);
	return true;
}

bool nadir_canvas_drop_drawing(NadirCanvas *c)
{
	g_return_val_if_fail(NADIR_IS_CANVAS(c), false);
	if (!tool_is_drawing(c))
		return false;
	tool_abort(c);
	return true;
}

bool nadir_canvas_is_drawing(NadirCanvas *c)
{
	g_return_val_if_fail(NADIR_IS_CANVAS(c), false);
	return c->polygon->len > 0;
}

bool nadir_canvas_shorten_drawing(NadirCanvas *c)
{
	g_return_val_if_fail(NADIR_IS_CANVAS(c), false);
	if (c->polygon->len == 0)
		return false;
	g_array_set_size(c->polygon, c->polygon->len - 2);
	gtk_widget_queue_draw(GTK_WIDGET(c));
	return true;
}
