/* The vertex tool and the keyboard's cursor on a real canvas. */
#include <math.h>

#include "app/canvas/vertex-tool.h"
#include "app/document/document-private.h"
#include "app/edit-dialog.h"
#include "app/edit/edit-selection.h"
#include "tests/ui/document-world.h"
#include "tests/ui/find-widget.h"

static gint64 area(world *w)
{
	return selected_row(w)->area_px;
}

/* From one image position to another; wanders on the way, as a hand does. */
static void drag(world *w, double x0, double y0, double x1, double y1, GdkModifierType state)
{
	double a[2], b[2];
	viewport_to_screen(&w->c->view, x0, y0, &a[0], &a[1]);
	viewport_to_screen(&w->c->view, x1, y1, &b[0], &b[1]);
	w->c->last_click_time = 0;
	tool_press(w->c, GDK_BUTTON_PRIMARY, state, 1000, a[0], a[1]);
	tool_motion(w->c, (a[0] + b[0]) / 2 + 3, (a[1] + b[1]) / 2);
	tool_release(w->c, b[0], b[1]);
	fixture_settle(w->d);
}

static void test_vertex(world *w, gconstpointer data)
{
	add(w, 300, 200, 40, 40); /* out of the way */
	const gint64 a = add(w, 100, 100, 60, 40);
	nadir_canvas_set_tool(w->c, NADIR_TOOL_VERTEX);
	drag(w, 160, 140, 180, 160, 0); /* a corner */
	const gint64 larger = area(w);
	g_assert_cmpint(larger, >, 2400 + 900);
	g_assert_cmpint(selected_row(w)->id, ==, a);
	drag(w, 130, 100, 130, 80, 0); /* the middle of an edge: a vertex more */
	g_assert_cmpint(area(w), >, larger + 500);
	const guint n = nadir_object_get_shape(nadir_document_get_selected(w->d))->xy->len / 2;
	g_assert_cmpuint(n, ==, 5);
	drag(w, 130, 80, 130, 80, GDK_ALT_MASK); /* and gone */
	g_assert_cmpint(area(w), ==, larger);
	nadir_document_undo(w->d);
	fixture_settle(w->d);
	g_assert_cmpint(area(w), >, larger + 500);
	drag(w, 120, 120, 130, 125, 0); /* inside: the whole of it, by whole pixels */
	raster_rect b;
	g_assert_true(nadir_object_get_bounds(nadir_document_get_selected(w->d), &b));
	g_assert_cmpint(b.x, ==, 110);
	g_assert_cmpint(b.y, ==, 85);
}

/* A corner near another object's corner lands on it, unless Ctrl is held. */
static void test_snap(world *w, gconstpointer data)
{
	add(w, 200, 100, 50, 50);
	add(w, 100, 100, 60, 40);
	nadir_canvas_set_tool(w->c, NADIR_TOOL_VERTEX);
	g_assert_nonnull(vertex_of(w->c)); /* what the next frame does: handles of the selected object */
	double near_vertex[2] = {202, 152}, near_edge[2] = {202, 120}, near_image[2] = {3, 200}, nowhere[2] = {50, 250};
	g_assert_cmpint(vertex_snap(w->c, 0, near_vertex), ==, SNAP_VERTEX);
	g_assert_cmpfloat(near_vertex[0], ==, 200);
	g_assert_cmpfloat(near_vertex[1], ==, 150);
	g_assert_cmpint(vertex_snap(w->c, 0, near_edge), ==, SNAP_EDGE);
	g_assert_cmpfloat(near_edge[0], ==, 200);
	g_assert_cmpfloat(near_edge[1], ==, 120);
	g_assert_cmpint(vertex_snap(w->c, 0, near_image), ==, SNAP_IMAGE);
	g_assert_cmpfloat(near_image[0], ==, 0);
	g_assert_cmpint(vertex_snap(w->c, 0, nowhere), ==, SNAP_NONE);
	drag(w, 160, 140, 202, 152, 0);
	double e[4];
	wkb_shape_extent(nadir_object_get_shape(nadir_document_get_selected(w->d)), e);
	g_assert_cmpfloat(e[2], ==, 200);
	g_assert_cmpfloat(e[3], ==, 150);
	w->c->pointer_control = true;
	drag(w, 200, 150, 203, 153, 0);
	wkb_shape_extent(nadir_object_get_shape(nadir_document_get_selected(w->d)), e);
	g_assert_cmpfloat_with_epsilon(e[2], 203, 0.01);
}

/* What GTK tells of a mouse at (x, y), screen pixels. */
static void mouse_at(world *w, double x, double y)
{
	g_autoptr(GListModel) controllers = gtk_widget_observe_controllers(GTK_WIDGET(w->c));
	for (guint i = 0; i < g_list_model_get_n_items(controllers); i++) {
		g_autoptr(GtkEventController) e = g_list_model_get_item(controllers, i);
		if (GTK_IS_EVENT_CONTROLLER_MOTION(e))
			g_signal_emit_by_name(e, "motion", x, y);
	}
}

/* The keyboard's cursor stays while the mouse lies still, and goes when it is taken up. */
static void test_cursor_and_mouse(world *w, gconstpointer data)
{
	mouse_at(w, 80, 60);
	nadir_canvas_toggle_cursor(w->c);
	g_assert_true(edit_cursor_key(w->c, GDK_KEY_Right, 0));
	mouse_at(w, 80, 60);
	g_assert_true(w->c->cursor_shown);
	g_assert_true(edit_cursor_key(w->c, GDK_KEY_Right, 0));
	mouse_at(w, 95, 60);
	g_assert_false(w->c->cursor_shown);
}

/* An outline without a mouse. */
static void test_cursor(world *w, gconstpointer data)
{
	const guint right = GDK_KEY_Right, down = GDK_KEY_Down, left = GDK_KEY_Left;
	nadir_canvas_set_tool(w->c, NADIR_TOOL_POLYGON);
	g_assert_false(edit_cursor_key(w->c, right, 0)); /* not shown: the arrows pan */
	nadir_canvas_toggle_cursor(w->c);
	const double from = w->c->cursor[0];
	g_assert_true(edit_cursor_key(w->c, right, GDK_SHIFT_MASK));
	g_assert_cmpfloat(w->c->cursor[0], ==, from + 1); /* one pixel */
	const guint keys[] = {GDK_KEY_space, right,         right, right, GDK_KEY_space, down,         down,
	                      down,          GDK_KEY_space, left,  left,  left,          GDK_KEY_space};
	for (guint i = 0; i < G_N_ELEMENTS(keys); i++)
		g_assert_true(edit_cursor_key(w->c, keys[i], 0));
	const double step = MAX(1, round(8 / w->c->view.scale));
	g_assert_cmpuint(w->c->polygon->len, ==, 8);
	g_assert_true(nadir_canvas_finish_drawing(w->c));
	fixture_settle(w->d);
	g_assert_cmpint(area(w), ==, (gint64)(9 * step * step));
	/* A brush stroke: Space begins and ends it. */
	const gint64 before = area(w);
	nadir_canvas_set_tool(w->c, NADIR_TOOL_BRUSH);
	const guint stroke[] = {GDK_KEY_space, left, left, left, left, GDK_KEY_space};
	for (guint i = 0; i < G_N_ELEMENTS(stroke); i++)
		g_assert_true(edit_cursor_key(w->c, stroke[i], 0));
	fixture_settle(w->d);
	g_assert_cmpint(area(w), >, before);
	g_assert_true(edit_cursor_key(w->c, GDK_KEY_Escape, 0));
	g_assert_false(w->c->cursor_shown);
}

/* A square of three fifths of a pixel in each of 100,000 pixels. */
static void fill_with_squares(world *w)
{
	g_autoptr(GPtrArray) changed = g_ptr_array_new_with_free_func(g_free);
	for (int i = 0; i < 100000; i++) {
		const double x = i % 400 + 0.2, y = i / 400 + 0.2;
		g_autoptr(wkb_shape) s = wkb_shape_new();
		feature *f = feature_new();
		wkb_shape_add_part(s);
		wkb_shape_add_ring(s);
		wkb_shape_add_point(s, x, y);
		wkb_shape_add_point(s, x + 0.6, y);
		wkb_shape_add_point(s, x + 0.6, y + 0.6);
		wkb_shape_add_point(s, x, y + 0.6);
		f->id = i + 1;
		f->px_geom = wkb_shape_write(s);
		object_change *c = g_new0(object_change, 1);
		*c = (object_change){f->id, nadir_object_new(f, NADIR_STAGE_STORED)};
		g_ptr_array_add(changed, c);
	}
	nadir_document_apply(w->d, changed);
	for (guint i = 0; i < changed->len; i++)
		g_object_unref(((object_change *)changed->pdata[i])->now);
}

/* The right vertex and the right edge of the right object, wherever one looks. */
static void test_snap_among_many(world *w, gconstpointer data)
{
	g_autoptr(GRand) r = g_rand_new_with_seed(8);
	fill_with_squares(w);
	g_assert_cmpuint(n_objects(w), ==, 100000);
	w->c->view.scale = 64;
	for (guint i = 0; i < 200; i++) {
		const int x = g_rand_int_range(r, 2, 398), y = g_rand_int_range(r, 2, 248);
		const double dx = g_rand_double_range(r, -0.04, 0.04), dy = g_rand_double_range(r, -0.04, 0.04);
		double vertex[] = {x + 0.2 + dx, y + 0.8 + dy}, edge[] = {x + 0.5 + dx, y + 0.2 + dy},
			   inside[] = {x + 0.5, y + 0.5};
		g_assert_cmpint(vertex_snap(w->c, 0, vertex), ==, SNAP_VERTEX);
		g_assert_cmpfloat_with_epsilon(vertex[0], x + 0.2, 1e-9);
		g_assert_cmpfloat_with_epsilon(vertex[1], y + 0.8, 1e-9);
		g_assert_cmpint(vertex_snap(w->c, 0, edge), ==, SNAP_EDGE);
		g_assert_cmpfloat_with_epsilon(edge[0], x + 0.5 + dx, 1e-9);
		g_assert_cmpfloat_with_epsilon(edge[1], y + 0.2, 1e-9);
		g_assert_cmpint(vertex_snap(w->c, 0, inside), ==, SNAP_NONE);
		double own[] = {x + 0.2 + dx, y + 0.8 + dy}; /* the one that is being edited does not hold itself */
		g_assert_cmpint(vertex_snap(w->c, y * 400 + x + 1, own), ==, SNAP_NONE);
	}
}

/* --- an edit with an amount --- */

typedef struct {
	GtkWidget *dialog;
	const char *text;
} outcome;

static bool says(void *data)
{
	const outcome *o = data;
	return find_label(o->dialog, o->text) != NULL;
}

static void wait_for(GtkWidget *dialog, const char *text)
{
	g_assert_true(fixture_wait(says, &(outcome){dialog, text}, 30));
}

static GtkWidget *open_dialog(world *w, NadirEditKind kind, raster_rect seen, double amount)
{
	GtkWidget *dialog = nadir_edit_dialog_new(GTK_WINDOW(w->window), w->d, kind, seen);
	gtk_window_present(GTK_WINDOW(dialog));
	gtk_spin_button_set_value(GTK_SPIN_BUTTON(find_child(dialog, GTK_TYPE_SPIN_BUTTON)), amount);
	return dialog;
}

static void test_amount(world *w, gconstpointer data)
{
	const gint64 ids[] = {add(w, 50, 50, 40, 40), add(w, 150, 50, 4, 4)};
	nadir_document_select_ids(w->d, ids, 2);
	GtkWidget *dialog = open_dialog(w, NADIR_EDIT_GROW, (raster_rect){0, 0, 400, 300}, -5);
	wait_for(dialog, "1 of 2 objects stays as it is");
	g_assert_cmpuint(w->d->ghosts->len, ==, 2);
	gtk_spin_button_set_value(GTK_SPIN_BUTTON(find_child(dialog, GTK_TYPE_SPIN_BUTTON)), -100);
	wait_for(dialog, "Nothing would be left");
	gtk_window_destroy(GTK_WINDOW(dialog));
	g_assert_cmpuint(w->d->ghosts->len, ==, 0);
}

/* What is seen is tried out first. */
static void test_amount_of_many(world *w, gconstpointer data)
{
	fill_with_squares(w);
	nadir_document_select_all(w->d);
	GtkWidget *dialog = open_dialog(w, NADIR_EDIT_GROW, (raster_rect){100, 200, 20, 20}, 1);
	wait_for(dialog, "Tried out on 1000 of the 100000 objects.");
	guint inside = 0;
	for (guint i = 0; i < w->d->ghosts->len; i++) {
		double e[4];
		wkb_shape_extent(w->d->ghosts->pdata[i], e);
		inside += e[2] > 100 && e[0] < 120 && e[3] > 200 && e[1] < 220;
	}
	g_assert_cmpuint(w->d->ghosts->len, ==, 1000);
	g_assert_cmpuint(inside, >=, 400);
	gtk_window_destroy(GTK_WINDOW(dialog));
}

int main(int argc, char **argv)
{
	gtk_test_init(&argc, &argv, NULL);
#define ADD(name, fn) g_test_add("/edit-tools/" name, world, NULL, world_up_canvas, fn, world_down)
	ADD("vertex", test_vertex);
	ADD("snap", test_snap);
	ADD("snap-among-many", test_snap_among_many);
	ADD("amount", test_amount);
	ADD("amount-of-many", test_amount_of_many);
	ADD("cursor", test_cursor);
	ADD("cursor-and-mouse", test_cursor_and_mouse);
	return g_test_run();
}
