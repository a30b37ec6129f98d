/* Drawing without a mouse: a crosshair that the arrow keys move, for every tool. Space does what the button does: a
 * click where a tool clicks, begin and end of a drag where it drags. */
#include <math.h>

#include "app/canvas/vertex-tool.h"

#define STEP 8.0 /* screen pixels an arrow; with Shift it is one pixel of the image */

static bool drags(NadirCanvas *c)
{
	switch (c->tool) {
	case NADIR_TOOL_BOX:
	case NADIR_TOOL_CIRCLE:
	case NADIR_TOOL_SCRIBBLE:
	case NADIR_TOOL_BRUSH:
	case NADIR_TOOL_VERTEX:
		return true;
	default:
		return false;
	}
}

static void to_screen(NadirCanvas *c, double s[2])
{
	viewport_to_screen(&c->view, c->cursor[0], c->cursor[1], &s[0], &s[1]);
}

/* The view follows, and everything that follows a pointer follows the cursor. */
static void follow(NadirCanvas *c)
{
	const double margin = 24;
	double s[2];
	to_screen(c, s);
	const double dx = MAX(margin - s[0], 0) + MIN(c->view.screen_w - margin - s[0], 0);
	const double dy = MAX(margin - s[1], 0) + MIN(c->view.screen_h - margin - s[1], 0);
	if (dx != 0 || dy != 0) {
		viewport_pan(&c->view, dx, dy);
		canvas_view_changed(c);
		to_screen(c, s);
	}
	c->inside = true;
	c->pointer[0] = s[0];
	c->pointer[1] = s[1];
	if (c->drag != DRAG_NONE)
		tool_motion(c, s[0], s[1]);
	g_signal_emit_by_name(c, "pointer-moved", c->cursor[0], c->cursor[1]);
	gtk_widget_queue_draw(GTK_WIDGET(c));
}

void nadir_canvas_toggle_cursor(NadirCanvas *c)
{
	g_return_if_fail(NADIR_IS_CANVAS(c));
	c->cursor_shown = !c->cursor_shown && c->document;
	if (c->cursor_shown) {
		const double sx = c->inside ? c->pointer[0] : c->view.screen_w / 2.0;
		const double sy = c->inside ? c->pointer[1] : c->view.screen_h / 2.0;
		viewport_to_image(&c->view, sx, sy, &c->cursor[0], &c->cursor[1]);
		c->cursor[0] = floor(c->cursor[0]) + 0.5;
		c->cursor[1] = floor(c->cursor[1]) + 0.5;
		gtk_widget_grab_focus(GTK_WIDGET(c));
		follow(c);
	}
	gtk_widget_queue_draw(GTK_WIDGET(c));
}

static bool move(NadirCanvas *c, guint key, bool fine)
{
	const raster_info *info = nadir_document_info(c->document);
	const double step = fine ? 1 : MAX(1, round(STEP / c->view.scale));
	double dx = 0, dy = 0;
	if (key == GDK_KEY_Left || key == GDK_KEY_KP_Left)
		dx = -step;
	else if (key == GDK_KEY_Right || key == GDK_KEY_KP_Right)
		dx = step;
	else if (key == GDK_KEY_Up || key == GDK_KEY_KP_Up)
		dy = -step;
	else if (key == GDK_KEY_Down || key == GDK_KEY_KP_Down)
		dy = step;
	else
		return false;
	c->cursor[0] = CLAMP(c->cursor[0] + dx, 0, info->width);
	c->cursor[1] = CLAMP(c->cursor[1] + dy, 0, info->height);
	follow(c);
	return true;
}

static void press(NadirCanvas *c, GdkModifierType state)
{
	double s[2];
	to_screen(c, s);
	if (c->drag != DRAG_NONE) {
		tool_release(c, s[0], s[1]);
	} else if (drags(c)) {
		c->last_click_time = 0;
		tool_press(c, GDK_BUTTON_PRIMARY, state, 0, s[0], s[1]);
	} else {
		c->press_state = state;
		tool_click(c, s[0], s[1], state & GDK_SHIFT_MASK ? -1 : 1);
		gtk_widget_queue_draw(GTK_WIDGET(c));
	}
}

bool edit_cursor_key(NadirCanvas *c, guint key, GdkModifierType state)
{
	if (!c->cursor_shown)
		return false;
	if (key == GDK_KEY_space) {
		press(c, state);
		return true;
	}
	if (key == GDK_KEY_Escape && c->drag == DRAG_NONE && c->polygon->len == 0) {
		nadir_canvas_toggle_cursor(c);
		return true;
	}
	return move(c, key, state & GDK_SHIFT_MASK);
}

void edit_cursor_draw(NadirCanvas *c, cairo_t *cr)
{
	double s[2];
	if (!c->cursor_shown)
		return;
	to_screen(c, s);
	for (int i = 0; i < 2; i++) { /* light on dark: seen on any picture */
		const double width = i ? 1.5 : 3.5, v = i ? 1 : 0;
		cairo_set_source_rgba(cr, v, v, v, i ? 1 : 0.7);
		cairo_set_line_width(cr, width);
		for (int k = 0; k < 4; k++) {
			const double dx = k == 0 ? 1 : k == 1 ? -1 : 0, dy = k == 2 ? 1 : k == 3 ? -1 : 0;
			cairo_move_to(cr, s[0] + 5 * dx, s[1] + 5 * dy);
			cairo_line_to(cr, s[0] + 18 * dx, s[1] + 18 * dy);
		}
		cairo_stroke(cr);
		cairo_arc(cr, s[0], s[1], i ? 1.4 : 2.4, 0, 2 * G_PI);
		cairo_fill(cr);
	}
}
