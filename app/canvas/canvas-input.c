/* Pointer, wheel, touchpad and keys of the canvas. Letters and other shortcuts are the window's. */
#include "app/canvas/vertex-tool.h"

#include <math.h>

#define WHEEL_STEP 1.25
#define PAN_KEY_STEP 80   /* screen pixels */
#define REST_MS 250       /* a pointer that does not move for so long rests */
#define TREMBLE 3         /* screen pixels: a mouse that moves no more has not been taken up */
#define PAN_SCROLL_STEP 1 /* screen pixels a unit of a touchpad */

/* --- cursor --- */

void canvas_update_cursor(NadirCanvas *c)
{
	const char *name = "crosshair";
	if (!c->document)
		name = NULL;
	else if (c->drag == DRAG_PAN)
		name = "grabbing";
	else if (c->space)
		name = "grab";
	else if (c->tool == NADIR_TOOL_SELECT)
		name = "default";
	gtk_widget_set_cursor_from_name(GTK_WIDGET(c), name);
}

/* --- pointer --- */

static void tell_pointer(NadirCanvas *c)
{
	double x = NAN, y = NAN;
	nadir_canvas_get_pointer(c, &x, &y);
	g_signal_emit_by_name(c, "pointer-moved", x, y);
}

/* What follows the pointer even without a button held. */
static bool follows_pointer(NadirCanvas *c)
{
	return c->tool == NADIR_TOOL_BRUSH || c->polygon->len > 0 || c->cursor_shown;
}

static bool asks_model(NadirCanvas *c)
{
	return c->inside && c->document && c->drag == DRAG_NONE && c->tool >= NADIR_TOOL_POINT &&
	       c->tool <= NADIR_TOOL_SCRIBBLE;
}

static void tell_hover(NadirCanvas *c, bool rests)
{
	double x = NAN, y = NAN;
	if (asks_model(c))
		nadir_canvas_get_pointer(c, &x, &y);
	if (c->document)
		nadir_document_hover(c->document, x, y, rests);
}

static gboolean on_rest(gpointer data)
{
	NadirCanvas *c = data;
	c->hover_source = 0;
	tell_hover(c, true);
	return G_SOURCE_REMOVE;
}

void canvas_hover(NadirCanvas *c)
{
	tell_hover(c, false);
	g_clear_handle_id(&c->hover_source, g_source_remove);
	if (asks_model(c))
		c->hover_source = g_timeout_add(REST_MS, on_rest, c);
}

static void set_pointer(NadirCanvas *c, GtkEventController *controller, double sx, double sy)
{
	c->inside = true;
	c->pointer[0] = c->mouse[0] = sx;
	c->pointer[1] = c->mouse[1] = sy;
	const GdkModifierType state = gtk_event_controller_get_current_event_state(controller);
	c->pointer_shift = state & GDK_SHIFT_MASK;
	c->pointer_control = state & GDK_CONTROL_MASK;
	c->cursor_shown = false; /* the mouse has taken over */
	if (follows_pointer(c))
		gtk_widget_queue_draw(GTK_WIDGET(c));
	tell_pointer(c);
	canvas_hover(c);
}

static void on_motion(GtkEventControllerMotion *controller, double sx, double sy, NadirCanvas *c)
{
	canvas_to_sheet(c, &sx, &sy);
	/* GTK tells of a motion, too, where something changed under a mouse that lies still. */
	if (c->cursor_shown && hypot(sx - c->mouse[0], sy - c->mouse[1]) < TREMBLE)
		return;
	set_pointer(c, GTK_EVENT_CONTROLLER(controller), sx, sy);
}

static void on_leave(GtkEventControllerMotion *controller, NadirCanvas *c)
{
	c->inside = false;
	canvas_hover(c);
	if (follows_pointer(c))
		gtk_widget_queue_draw(GTK_WIDGET(c));
	tell_pointer(c);
}

/* --- drags --- */

static void look_at_pen(NadirCanvas *c, GtkEventController *controller)
{
	GdkEvent *event = gtk_event_controller_get_current_event(controller);
	GdkDeviceTool *pen = event ? gdk_event_get_device_tool(event) : NULL;
	if (!pen || !gdk_event_get_axis(event, GDK_AXIS_PRESSURE, &c->pressure))
		c->pressure = -1;
	c->eraser = pen && gdk_device_tool_get_tool_type(pen) == GDK_DEVICE_TOOL_TYPE_ERASER;
}

static void on_drag_begin(GtkGestureDrag *gesture, double sx, double sy, NadirCanvas *c)
{
	GtkEventController *controller = GTK_EVENT_CONTROLLER(gesture);
	if (!c->document)
		return;
	gtk_widget_grab_focus(GTK_WIDGET(c));
	canvas_to_sheet(c, &sx, &sy);
	set_pointer(c, controller, sx, sy);
	look_at_pen(c, controller);
	tool_press(c, gtk_gesture_single_get_current_button(GTK_GESTURE_SINGLE(gesture)),
	           gtk_event_controller_get_current_event_state(controller),
	           gtk_event_controller_get_current_event_time(controller), sx, sy);
	gtk_gesture_set_state(GTK_GESTURE(gesture), GTK_EVENT_SEQUENCE_CLAIMED);
}

static void drag_position(GtkGestureDrag *gesture, double dx, double dy, double *sx, double *sy)
{
	gtk_gesture_drag_get_start_point(gesture, sx, sy);
	*sx += dx;
	*sy += dy;
}

static void on_drag_update(GtkGestureDrag *gesture, double dx, double dy, NadirCanvas *c)
{
	double sx, sy;
	drag_position(gesture, dx, dy, &sx, &sy);
	canvas_to_sheet(c, &sx, &sy);
	set_pointer(c, GTK_EVENT_CONTROLLER(gesture), sx, sy);
	look_at_pen(c, GTK_EVENT_CONTROLLER(gesture));
	tool_motion(c, sx, sy);
}

static void on_drag_end(GtkGestureDrag *gesture, double dx, double dy, NadirCanvas *c)
{
	double sx, sy;
	drag_position(gesture, dx, dy, &sx, &sy);
	const bool inside = gtk_widget_contains(GTK_WIDGET(c), sx, sy); /* a drag may end elsewhere */
	canvas_to_sheet(c, &sx, &sy);
	tool_release(c, sx, sy);
	c->inside = inside;
	tell_pointer(c);
}

static void on_drag_cancel(GtkGesture *gesture, GdkEventSequence *sequence, NadirCanvas *c)
{
	if (c->drag != DRAG_NONE)
		tool_abort(c);
}

/* --- wheel and touchpad --- */

static bool is_touchpad(GtkEventController *controller)
{
	GdkDevice *device = gtk_event_controller_get_current_event_device(controller);
	return device && gdk_device_get_source(device) == GDK_SOURCE_TOUCHPAD;
}

/* By pixels of the widget. */
static void pan(NadirCanvas *c, double dx, double dy)
{
	turn_vector_to_sheet(c->turn, &dx, &dy);
	viewport_pan(&c->view, dx, dy);
	canvas_view_changed(c);
}

static gboolean on_scroll(GtkEventControllerScroll *scroll, double dx, double dy, NadirCanvas *c)
{
	GtkEventController *controller = GTK_EVENT_CONTROLLER(scroll);
	const GdkModifierType state = gtk_event_controller_get_current_event_state(controller);
	const bool fine = gtk_event_controller_scroll_get_unit(scroll) == GDK_SCROLL_UNIT_SURFACE;
	if (!c->document)
		return FALSE;
	if (c->tool == NADIR_TOOL_BRUSH && (state & GDK_CONTROL_MASK)) {
		nadir_canvas_set_brush_radius(c, c->brush_radius * pow(1.15, fine ? -dy / 20 : -dy));
	} else if ((fine || is_touchpad(controller)) && !(state & GDK_CONTROL_MASK)) {
		const double step = fine ? PAN_SCROLL_STEP : 24;
		pan(c, -dx * step, -dy * step);
	} else if (state & GDK_SHIFT_MASK) {
		pan(c, -(dx + dy) * PAN_KEY_STEP, 0);
	} else {
		nadir_canvas_zoom(c, pow(WHEEL_STEP, fine ? -dy / 20 : -dy));
	}
	tell_pointer(c);
	return TRUE;
}

static void on_pinch_begin(GtkGesture *gesture, GdkEventSequence *sequence, NadirCanvas *c)
{
	tool_abort(c);
	c->pinch_scale = c->view.scale;
}

static void on_pinch(GtkGestureZoom *gesture, double factor, NadirCanvas *c)
{
	double sx, sy;
	if (!c->document || !gtk_gesture_get_bounding_box_center(GTK_GESTURE(gesture), &sx, &sy))
		return;
	canvas_to_sheet(c, &sx, &sy);
	viewport_zoom_at(&c->view, c->pinch_scale * factor / c->view.scale, sx, sy);
	canvas_view_changed(c);
}

/* --- keys --- */

static bool pan_by_key(NadirCanvas *c, guint key, GdkModifierType state)
{
	const double step = state & GDK_SHIFT_MASK ? 4 * PAN_KEY_STEP : PAN_KEY_STEP;
	double dx = 0, dy = 0;
	if (key == GDK_KEY_Left || key == GDK_KEY_KP_Left)
		dx = step;
	else if (key == GDK_KEY_Right || key == GDK_KEY_KP_Right)
		dx = -step;
	else if (key == GDK_KEY_Up || key == GDK_KEY_KP_Up)
		dy = step;
	else if (key == GDK_KEY_Down || key == GDK_KEY_KP_Down)
		dy = -step;
	else
		return false;
	pan(c, dx, dy);
	return true;
}

static bool drawing_key(NadirCanvas *c, guint key)
{
	switch (key) {
	case GDK_KEY_Return:
	case GDK_KEY_KP_Enter:
		return nadir_canvas_finish_drawing(c);
	case GDK_KEY_Escape:
		return nadir_canvas_drop_drawing(c);
	case GDK_KEY_BackSpace:
		return nadir_canvas_shorten_drawing(c) || (c->tool == NADIR_TOOL_VERTEX && vertex_delete(c));
	case GDK_KEY_Delete:
	case GDK_KEY_KP_Delete:
		return c->tool == NADIR_TOOL_VERTEX && vertex_delete(c);
	default:
		return false;
	}
}

/* Tab goes through the candidates while there are some; else it moves the focus, as everywhere. */
static bool candidate_key(NadirCanvas *c, guint key)
{
	guint index, count;
	if ((key != GDK_KEY_Tab && key != GDK_KEY_ISO_Left_Tab) ||
	    !nadir_document_get_candidate(c->document, &index, &count))
		return false;
	nadir_document_next_candidate(c->document, key == GDK_KEY_Tab ? 1 : -1);
	return true;
}

static gboolean on_key(GtkEventControllerKey *controller, guint key, guint code, GdkModifierType state, NadirCanvas *c)
{
	if (!c->document || (state & (GDK_CONTROL_MASK | GDK_ALT_MASK)))
		return FALSE;
	if (key == GDK_KEY_Shift_L || key == GDK_KEY_Shift_R) {
		c->pointer_shift = true;
		gtk_widget_queue_draw(GTK_WIDGET(c));
		return FALSE;
	}
	if (edit_cursor_key(c, key, state))
		return TRUE;
	if (key == GDK_KEY_space) {
		c->space = true;
		canvas_update_cursor(c);
		return TRUE;
	}
	return drawing_key(c, key) || candidate_key(c, key) || pan_by_key(c, key, state);
}

static void on_key_released(GtkEventControllerKey *controller, guint key, guint code, GdkModifierType state,
                            NadirCanvas *c)
{
	if (key == GDK_KEY_space)
		c->space = false;
	if (key == GDK_KEY_Shift_L || key == GDK_KEY_Shift_R)
		c->pointer_shift = false;
	canvas_update_cursor(c);
	gtk_widget_queue_draw(GTK_WIDGET(c));
}

static void on_focus_lost(GtkEventControllerFocus *controller, NadirCanvas *c)
{
	c->space = false;
	canvas_update_cursor(c);
}

void canvas_input_init(NadirCanvas *c)
{
	GtkWidget *widget = GTK_WIDGET(c);

	GtkGesture *drag = gtk_gesture_drag_new();
	gtk_gesture_single_set_button(GTK_GESTURE_SINGLE(drag), 0);
	g_signal_connect(drag, "drag-begin", G_CALLBACK(on_drag_begin), c);
	g_signal_connect(drag, "drag-update", G_CALLBACK(on_drag_update), c);
	g_signal_connect(drag, "drag-end", G_CALLBACK(on_drag_end), c);
	g_signal_connect(drag, "cancel", G_CALLBACK(on_drag_cancel), c);
	gtk_widget_add_controller(widget, GTK_EVENT_CONTROLLER(drag));

	GtkGesture *pinch = gtk_gesture_zoom_new();
	g_signal_connect(pinch, "begin", G_CALLBACK(on_pinch_begin), c);
	g_signal_connect(pinch, "scale-changed", G_CALLBACK(on_pinch), c);
	gtk_widget_add_controller(widget, GTK_EVENT_CONTROLLER(pinch));

	GtkEventController *motion = gtk_event_controller_motion_new();
	g_signal_connect(motion, "motion", G_CALLBACK(on_motion), c);
	g_signal_connect(motion, "enter", G_CALLBACK(on_motion), c);
	g_signal_connect(motion, "leave", G_CALLBACK(on_leave), c);
	gtk_widget_add_controller(widget, motion);

	GtkEventController *scroll = gtk_event_controller_scroll_new(GTK_EVENT_CONTROLLER_SCROLL_BOTH_AXES);
	g_signal_connect(scroll, "scroll", G_CALLBACK(on_scroll), c);
	gtk_widget_add_controller(widget, scroll);

	GtkEventController *keys = gtk_event_controller_key_new();
	g_signal_connect(keys, "key-pressed", G_CALLBACK(on_key), c);
	g_signal_connect(keys, "key-released", G_CALLBACK(on_key_released), c);
	gtk_widget_add_controller(widget, keys);

	GtkEventController *focus = gtk_event_controller_focus_new();
	g_signal_connect(focus, "leave", G_CALLBACK(on_focus_lost), c);
	gtk_widget_add_controller(widget, focus);
}
