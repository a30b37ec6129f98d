/* The canvas under a real display: what its pixels are, where the pointer is in the image, what every tool does. */
#include <glib/gstdio.h>
#include <locale.h>
#include <math.h>
#include <string.h>

#include "app/canvas/canvas-private.h"
#include "app/canvas/second-view.h"
#include "tests/ui/document-world.h"

enum { W = WORLD_WIDTH, H = WORLD_HEIGHT };

static GtkWidget *second;
static uint8_t *pixels; /* [H][W] BGRA of the last picture */

static void canvas_up(world *w, gconstpointer kind)
{
	world_up_canvas(w, kind);
	nadir_canvas_set_grid(w->c, false); /* pixels are compared here */
	pixels = g_malloc((gsize)W * H * 4);
}

static void canvas_down(world *w, gconstpointer kind)
{
	world_down(w, kind);
	g_clear_pointer(&pixels, g_free);
}

/* --- pictures --- */

static void take_picture_of(GtkWidget *widget)
{
	GtkSnapshot *snapshot = gtk_snapshot_new();
	fixture_spin(0.01);
	GTK_WIDGET_GET_CLASS(widget)->snapshot(widget, snapshot);
	g_autoptr(GskRenderNode) node = gtk_snapshot_free_to_node(snapshot);
	g_assert_nonnull(node);
	GskRenderer *renderer = gtk_native_get_renderer(gtk_widget_get_native(widget));
	g_autoptr(GdkTexture) texture = gsk_renderer_render_texture(renderer, node, &GRAPHENE_RECT_INIT(0, 0, W, H));
	gdk_texture_download(texture, pixels, (gsize)W * 4);
}

static void take_picture(world *w)
{
	take_picture_of(GTK_WIDGET(w->c));
}

static const uint8_t *at(double sx, double sy)
{
	g_assert_true(sx >= 0 && sy >= 0 && sx < W && sy < H);
	return pixels + ((gsize)sy * W + (gsize)sx) * 4;
}

/* Screen pixel of the middle of an image pixel. */
static const uint8_t *at_image(const world *w, int x, int y)
{
	double sx, sy;
	nadir_canvas_from_image(w->c, x + 0.5, y + 0.5, &sx, &sy);
	return at(floor(sx), floor(sy));
}

static bool is_image_pixel(const uint8_t *p, int x, int y, int slack)
{
	return abs(p[2] - (x & 255)) <= slack && abs(p[1] - (y & 255)) <= slack && abs(p[0] - 128) <= slack;
}

typedef struct {
	world *w;
	int x, y, slack;
} expectation;

static bool shows(void *data)
{
	const expectation *e = data;
	take_picture(e->w);
	return is_image_pixel(at_image(e->w, e->x, e->y), e->x, e->y, e->slack);
}

/* Tiles come from threads: pictures are taken until they are there. */
static void wait_for_tiles(world *w, int x, int y, int slack)
{
	expectation e = {w, x, y, slack};
	g_assert_true(fixture_wait(shows, &e, 20));
	take_picture(w);
}

static void look_at(world *w, double scale, double x, double y)
{
	double sx, sy;
	nadir_canvas_zoom_to(w->c, scale);
	viewport_to_screen(&w->c->view, x, y, &sx, &sy);
	viewport_pan(&w->c->view, W / 2.0 - sx, H / 2.0 - sy);
	gtk_widget_queue_draw(GTK_WIDGET(w->c));
}

static void test_fit(world *w, gconstpointer data)
{
	wait_for_tiles(w, 200, 150, 3);
	g_assert_cmpfloat(w->c->view.scale, >, 1);
	nadir_canvas_zoom_to(w->c, 0.5);
	nadir_canvas_fit(w->c);
	double x0, y0, x1, y1;
	viewport_to_screen(&w->c->view, 0, 0, &x0, &y0);
	viewport_to_screen(&w->c->view, 400, 300, &x1, &y1);
	g_assert_true(x0 >= -0.5 && y0 >= -0.5 && x1 <= W + 0.5 && y1 <= H + 0.5);
	g_assert_true(x1 - x0 > W * 0.85 || y1 - y0 > H * 0.85);
}

static void test_one_to_one(world *w, gconstpointer data)
{
	look_at(w, 1, 200, 150);
	wait_for_tiles(w, 200, 150, 0);
	for (int y = 0; y < 300; y += 7)
		for (int x = 0; x < 400; x += 7)
			g_assert_true(is_image_pixel(at_image(w, x, y), x, y, 0));
}

/* Every image pixel is a square of one colour, up to its edges. */
static void test_enlarged(world *w, gconstpointer data)
{
	look_at(w, 16, 255.5, 100.5); /* across the edge of two tiles */
	wait_for_tiles(w, 255, 100, 0);
	for (int y = 96; y < 105; y++)
		for (int x = 250; x < 262; x++) {
			double sx, sy;
			viewport_to_screen(&w->c->view, x, y, &sx, &sy);
			g_assert_true(is_image_pixel(at(round(sx), round(sy)), x, y, 0));
			g_assert_true(is_image_pixel(at(round(sx) + 15, round(sy) + 15), x, y, 0));
		}
	look_at(w, 5.3, 255.5, 100.5);
	wait_for_tiles(w, 255, 100, 0);
	for (int x = 230; x < 280; x++)
		g_assert_true(is_image_pixel(at_image(w, x, 110), x, 110, 1));
}

/* On a turned view every pixel lies where positions say, corners of tiles among them, and the whole image fits. */
static void test_turn(world *w, gconstpointer data)
{
	static const double angles[] = {90, 30, -135, 180};
	for (guint i = 0; i < G_N_ELEMENTS(angles); i++) {
		nadir_canvas_set_turn(w->c, angles[i]);
		g_assert_cmpfloat(fabs(nadir_canvas_get_turn(w->c)), <=, 180);
		nadir_canvas_look_at(w->c, 255.5, 100.5, 9);
		wait_for_tiles(w, 255, 100, 0);
		for (int y = 96; y < 105; y++)
			for (int x = 245; x < 266; x++)
				g_assert_true(is_image_pixel(at_image(w, x, y), x, y, 0));
		double sx, sy, ix, iy;
		nadir_canvas_from_image(w->c, 17.25, 33.5, &sx, &sy);
		nadir_canvas_to_image(w->c, sx, sy, &ix, &iy);
		g_assert_true(fabs(ix - 17.25) < 1e-6 && fabs(iy - 33.5) < 1e-6);
		nadir_canvas_fit(w->c);
		for (int k = 0; k < 4; k++) {
			nadir_canvas_from_image(w->c, k & 1 ? 400 : 0, k & 2 ? 300 : 0, &sx, &sy);
			g_assert_true(sx > -1 && sy > -1 && sx < W + 1 && sy < H + 1);
		}
	}
	nadir_canvas_set_turn(w->c, 0);
	g_assert_cmpint(w->c->view.screen_w, ==, W);
	wait_for_tiles(w, 200, 150, 3);
}

static void test_checker(world *w, gconstpointer data)
{
	look_at(w, 1, 200, 150);
	wait_for_tiles(w, 300, 150, 0);
	const uint8_t *a = at_image(w, 20, 20), *b = at_image(w, 30, 20);
	g_assert_true(a[0] == a[1] && a[1] == a[2]);
	g_assert_true(b[0] == b[1] && b[1] == b[2]);
	g_assert_cmpint(abs(a[0] - b[0]), >, 5);
}

/* --- objects --- */

static bool differs(const uint8_t *p, int x, int y)
{
	return !is_image_pixel(p, x, y, 12);
}

static void test_objects(world *w, gconstpointer data)
{
	look_at(w, 1, 200, 150);
	wait_for_tiles(w, 200, 150, 0);
	add(w, 100, 100, 80, 60);
	nadir_document_select(w->d, 0);
	take_picture(w);
	g_assert_true(differs(at_image(w, 140, 130), 140, 130));
	g_assert_true(differs(at_image(w, 100, 130), 100, 130));
	g_assert_true(is_image_pixel(at_image(w, 90, 130), 90, 130, 0));
	const uint8_t *inside = at_image(w, 140, 130);
	const uint8_t fill[3] = {inside[0], inside[1], inside[2]};
	nadir_document_set_opacity(w->d, 0);
	take_picture(w);
	g_assert_true(is_image_pixel(at_image(w, 140, 130), 140, 130, 1));
	nadir_document_set_opacity(w->d, 0.35);
	take_picture(w);
	g_assert_cmpint(abs(at_image(w, 140, 130)[0] - fill[0]), <=, 1);
	nadir_document_set_hidden(w->d, true);
	take_picture(w);
	g_assert_true(is_image_pixel(at_image(w, 140, 130), 140, 130, 0));
	g_assert_true(is_image_pixel(at_image(w, 100, 130), 100, 130, 0));
}

/* A kept picture of an object must follow the view: panned, and beyond the part that was drawn. */
static void test_objects_pan(world *w, gconstpointer data)
{
	add(w, 0, 0, 400, 300);
	look_at(w, 8, 200, 150);
	for (int i = 0; i < 8; i++) {
		viewport_pan(&w->c->view, -200, -150);
		const raster_rect v = viewport_visible(&w->c->view);
		const int x = v.x + v.w / 2, y = v.y + v.h / 2;
		nadir_document_set_hidden(w->d, true);
		wait_for_tiles(w, x, y, 0);
		nadir_document_set_hidden(w->d, false);
		take_picture(w);
		g_assert_true(differs(at_image(w, x, y), x, y));
	}
	nadir_canvas_show_object(w->c, nadir_document_get_selected(w->d));
	g_assert_cmpfloat(w->c->view.scale, <, 1.7);
}

static gsize kept_bytes(NadirCanvas *c)
{
	GHashTableIter iter;
	gpointer value;
	gsize bytes = 0;
	g_hash_table_iter_init(&iter, c->shapes);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		GdkTexture *t = ((CanvasShape *)value)->texture;
		bytes += t ? (gsize)gdk_texture_get_width(t) * gdk_texture_get_height(t) * 4 : 0;
	}
	return bytes;
}

static bool has_crowd(void *data)
{
	world *w = data;
	take_picture(w);
	return w->c->crowd.texture && !w->c->crowd.working;
}

/* Beyond the budget objects look the same, but are one picture, and nothing is kept of each. */
static void test_objects_budget(world *w, gconstpointer data)
{
	look_at(w, 2, 200, 150);
	wait_for_tiles(w, 200, 150, 3);
	for (int i = 0; i < 6; i++)
		add(w, 60 + i, 50 + i, 240, 180);
	nadir_document_select(w->d, 0);
	for (int i = 0; i < 8; i++)
		take_picture(w); /* each frame draws what it has time for */
	g_assert_null(w->c->crowd.texture);
	g_assert_cmpuint(kept_bytes(w->c), >, 6 * 480 * 360 * 4);
	g_autofree uint8_t *all = g_memdup2(pixels, (gsize)W * H * 4);
	w->c->shape_budget = 480 * 360 * 4 * 3;
	g_assert_true(fixture_wait(has_crowd, w, 20));
	take_picture(w);
	g_assert_cmpuint(kept_bytes(w->c), <=, w->c->shape_budget);
	for (gsize i = 0; i < (gsize)W * H * 4; i++)
		g_assert_cmpint(abs(all[i] - pixels[i]), <=, 2);
}

/* Of a crowd the newest object is in sight at once, a deleted one is gone, another opacity shows. */
static void test_objects_crowd(world *w, gconstpointer data)
{
	look_at(w, 1, 200, 150);
	wait_for_tiles(w, 200, 150, 0);
	w->c->shape_budget = 1;
	add(w, 20, 20, 100, 100);
	nadir_document_select(w->d, 0);
	g_assert_true(fixture_wait(has_crowd, w, 20));
	take_picture(w);
	g_assert_true(differs(at_image(w, 70, 70), 70, 70));
	add(w, 200, 20, 100, 100);
	const gint64 newest = nadir_object_get_feature(nadir_document_get_selected(w->d))->id;
	nadir_document_select(w->d, 0);
	take_picture(w);
	g_assert_true(differs(at_image(w, 200, 70), 200, 70));
	g_assert_true(fixture_wait(has_crowd, w, 20));
	take_picture(w);
	g_assert_true(differs(at_image(w, 250, 70), 250, 70));
	nadir_document_delete(w->d, newest);
	fixture_settle(w->d);
	expectation gone = {w, 250, 70, 0};
	g_assert_true(fixture_wait(shows, &gone, 20));
	g_assert_true(differs(at_image(w, 70, 70), 70, 70));
	nadir_document_set_opacity(w->d, 0);
	expectation clear = {w, 70, 70, 1};
	g_assert_true(fixture_wait(shows, &clear, 20));
}

static void test_accessible(world *w, gconstpointer data)
{
	GtkAccessible *a = GTK_ACCESSIBLE(w->c);
	gtk_test_accessible_assert_property(a, GTK_ACCESSIBLE_PROPERTY_LABEL, "Image image.tif");
	gtk_test_accessible_assert_property(a, GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, "0 objects, none selected");
	add(w, 100, 100, 8, 6);
	gtk_test_accessible_assert_property(a, GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
	                                    "Selected object 1: object, 48 px, accepted");
	nadir_document_select(w->d, 0);
	gtk_test_accessible_assert_property(a, GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, "1 object, none selected");
}

/* --- the pointer --- */

static void to_screen(world *w, double ix, double iy, double *sx, double *sy)
{
	viewport_to_screen(&w->c->view, ix, iy, sx, sy);
}

static void press(world *w, guint button, GdkModifierType state, double ix, double iy)
{
	static guint32 time = 1000;
	double sx, sy;
	to_screen(w, ix, iy, &sx, &sy);
	tool_press(w->c, button, state, time += 1000, sx, sy);
}

static void move(world *w, double ix, double iy)
{
	double sx, sy;
	to_screen(w, ix, iy, &sx, &sy);
	tool_motion(w->c, sx, sy);
}

static void release(world *w, double ix, double iy)
{
	double sx, sy;
	to_screen(w, ix, iy, &sx, &sy);
	tool_release(w->c, sx, sy);
}

static void click(world *w, guint button, GdkModifierType state, double ix, double iy)
{
	press(w, button, state, ix, iy);
	release(w, ix, iy);
}

static void drag(world *w, guint button, GdkModifierType state, double x0, double y0, double x1, double y1)
{
	press(w, button, state, x0, y0);
	move(w, (x0 + x1) / 2, (y0 + y1) / 2);
	move(w, x1, y1);
	release(w, x1, y1);
}

static const sam_mark *marks(world *w, guint want)
{
	guint n = 0;
	const prompt *p = nadir_document_get_prompt(w->d);
	const sam_mark *m = p ? prompt_marks(p, &n) : NULL;
	g_assert_cmpuint(n, ==, want);
	return m;
}

static void assert_near(double a, double b)
{
	g_assert_cmpfloat_with_epsilon(a, b, 1e-6);
}

static void test_zoom_at_pointer(world *w, gconstpointer data)
{
	double ix, iy, jx, jy;
	look_at(w, 4, 200, 150);
	w->c->inside = true;
	w->c->pointer[0] = 123;
	w->c->pointer[1] = 321;
	g_assert_true(nadir_canvas_get_pointer(w->c, &ix, &iy));
	nadir_canvas_zoom(w->c, 2.5);
	g_assert_true(nadir_canvas_get_pointer(w->c, &jx, &jy));
	assert_near(ix, jx);
	assert_near(iy, jy);
	assert_near(w->c->view.scale, 10);
	w->c->inside = false;
	g_assert_false(nadir_canvas_get_pointer(w->c, &ix, &iy));
}

static void test_pan(world *w, gconstpointer data)
{
	look_at(w, 8, 200, 150);
	const viewport before = w->c->view;
	tool_press(w->c, GDK_BUTTON_MIDDLE, 0, 1, 300, 200);
	tool_motion(w->c, 350, 180);
	tool_release(w->c, 350, 180);
	assert_near(w->c->view.x, before.x - 50 / 8.0);
	assert_near(w->c->view.y, before.y + 20 / 8.0);
	nadir_canvas_set_tool(w->c, NADIR_TOOL_BOX);
	w->c->space = true; /* Space turns any tool into the hand */
	tool_press(w->c, GDK_BUTTON_PRIMARY, 0, 2, 350, 180);
	tool_motion(w->c, 300, 200);
	tool_release(w->c, 300, 200);
	assert_near(w->c->view.x, before.x);
	assert_near(w->c->view.y, before.y);
	marks(w, 0);
}

static void test_point(world *w, gconstpointer data)
{
	look_at(w, 4, 200, 150);
	nadir_canvas_set_tool(w->c, NADIR_TOOL_POINT);
	click(w, GDK_BUTTON_PRIMARY, 0, 190.25, 140.5);
	click(w, GDK_BUTTON_PRIMARY, GDK_SHIFT_MASK, 200, 150);
	click(w, GDK_BUTTON_SECONDARY, 0, 210, 150);
	const sam_mark *m = marks(w, 3);
	assert_near(m[0].xy[0], 190.25);
	assert_near(m[0].xy[1], 140.5);
	g_assert_true(m[0].kind == SAM_POINT && m[0].sign == 1 && m[1].sign == -1 && m[2].sign == -1);
	nadir_document_drop_preview(w->d);
	drag(w, GDK_BUTTON_PRIMARY, 0, 200, 150, 230, 160); /* moves the view, and marks nothing */
	marks(w, 0);
}

static void test_box(world *w, gconstpointer data)
{
	look_at(w, 4, 200, 150);
	nadir_canvas_set_tool(w->c, NADIR_TOOL_BOX);
	drag(w, GDK_BUTTON_PRIMARY, 0, 220, 170, 190, 140);
	const sam_mark *m = marks(w, 1);
	g_assert_true(m->kind == SAM_BOX && m->n == 2 && m->sign == 1);
	assert_near(m->xy[0], 220);
	assert_near(m->xy[3], 140);
	drag(w, GDK_BUTTON_SECONDARY, 0, 220, 170, 190, 140); /* no negative boxes by hand */
	click(w, GDK_BUTTON_PRIMARY, 0, 200, 150);            /* a slip */
	marks(w, 1);
}

static void test_circle(world *w, gconstpointer data)
{
	look_at(w, 4, 200, 150);
	nadir_canvas_set_tool(w->c, NADIR_TOOL_CIRCLE);
	drag(w, GDK_BUTTON_PRIMARY, 0, 200, 150, 203, 154);
	const sam_mark *m = marks(w, 1);
	g_assert_true(m->kind == SAM_CIRCLE && m->n == 1);
	assert_near(m->xy[0], 200);
	assert_near(m->r, 5);
}

static void test_scribble(world *w, gconstpointer data)
{
	look_at(w, 4, 200, 150);
	nadir_canvas_set_tool(w->c, NADIR_TOOL_SCRIBBLE);
	drag(w, GDK_BUTTON_PRIMARY, 0, 180, 150, 220, 150);
	drag(w, GDK_BUTTON_PRIMARY, GDK_SHIFT_MASK, 180, 160, 220, 160);
	click(w, GDK_BUTTON_PRIMARY, 0, 200, 155); /* a stroke of no length says what a point says */
	const sam_mark *m = marks(w, 3);
	g_assert_true(m[0].kind == SAM_SCRIBBLE && m[0].n == 3 && m[0].sign == 1);
	assert_near(m[0].xy[0], 180);
	assert_near(m[0].xy[4], 220);
	g_assert_true(m[1].kind == SAM_SCRIBBLE && m[1].sign == -1);
	g_assert_true(m[2].kind == SAM_POINT);
}

static NadirObject *only_object(world *w)
{
	fixture_settle(w->d);
	g_assert_cmpuint(n_objects(w), ==, 1);
	g_autoptr(NadirObject) o = g_list_model_get_item(nadir_document_get_objects(w->d), 0);
	return o;
}

static void test_polygon(world *w, gconstpointer data)
{
	static const double xy[] = {180, 130, 220, 132, 215, 170, 185, 165};
	look_at(w, 4, 200, 150);
	nadir_canvas_set_tool(w->c, NADIR_TOOL_POLYGON);
	g_assert_false(nadir_canvas_finish_drawing(w->c));
	click(w, GDK_BUTTON_PRIMARY, 0, 150, 150);
	g_assert_true(nadir_canvas_drop_drawing(w->c));
	for (int i = 0; i < 4; i++)
		click(w, GDK_BUTTON_PRIMARY, 0, xy[2 * i], xy[2 * i + 1]);
	click(w, GDK_BUTTON_PRIMARY, 0, 190, 190);
	g_assert_true(nadir_canvas_shorten_drawing(w->c));
	g_assert_cmpuint(n_objects(w), ==, 0);
	g_assert_true(nadir_canvas_finish_drawing(w->c));
	g_autoptr(bitmask) want = mask_from_polygon(xy, 4, 400, 300, NULL);
	g_assert_true(mask_equal(nadir_object_get_mask(only_object(w)), want));
}

/* What cannot be stored is not lost: it stays in sight until it can. */
static void test_polygon_kept(world *w, gconstpointer data)
{
	int errors = 0;
	fixture_count(w->d, "error", &errors);
	g_autofree char *place = project_default_path(w->image);
	g_assert_cmpint(g_mkdir(place, 0700), ==, 0); /* something is in the project's way */
	look_at(w, 4, 200, 150);
	nadir_canvas_set_tool(w->c, NADIR_TOOL_POLYGON);
	click(w, GDK_BUTTON_PRIMARY, 0, 180, 130);
	click(w, GDK_BUTTON_PRIMARY, 0, 220, 130);
	click(w, GDK_BUTTON_PRIMARY, 0, 220, 170);
	g_assert_true(nadir_canvas_finish_drawing(w->c));
	take_picture(w); /* on its way: drawn already, with white dashes */
	g_assert_true(differs(at_image(w, 210, 140), 210, 140));
	fixture_settle(w->d);
	g_assert_cmpint(errors, ==, 1);
	g_assert_null(nadir_document_get_project_path(w->d));
	take_picture(w);
	g_assert_true(differs(at_image(w, 210, 140), 210, 140));
	g_assert_cmpint(g_rmdir(place), ==, 0);
	nadir_document_retry(w->d);
	g_assert_nonnull(only_object(w));
	g_assert_cmpint(errors, ==, 1);
	g_assert_cmpint(nadir_object_get_feature(only_object(w))->area_px, >, 700);
}

static void test_polygon_closed_by_click(world *w, gconstpointer data)
{
	look_at(w, 4, 200, 150);
	nadir_canvas_set_tool(w->c, NADIR_TOOL_POLYGON);
	click(w, GDK_BUTTON_PRIMARY, 0, 180, 130);
	click(w, GDK_BUTTON_PRIMARY, 0, 220, 130);
	click(w, GDK_BUTTON_PRIMARY, 0, 220, 170);
	click(w, GDK_BUTTON_PRIMARY, 0, 180.5, 130.5); /* near the first vertex */
	g_assert_cmpint(nadir_object_get_feature(only_object(w))->area_px, >, 700);
	g_assert_false(nadir_canvas_drop_drawing(w->c));
	/* Two presses at one place within the double click time close too. */
	double sx, sy;
	click(w, GDK_BUTTON_PRIMARY, 0, 230, 130);
	click(w, GDK_BUTTON_PRIMARY, 0, 250, 130);
	to_screen(w, 250, 150, &sx, &sy);
	tool_press(w->c, GDK_BUTTON_PRIMARY, 0, 900000, sx, sy);
	tool_release(w->c, sx, sy);
	tool_press(w->c, GDK_BUTTON_PRIMARY, 0, 900150, sx, sy);
	tool_release(w->c, sx, sy);
	fixture_settle(w->d);
	g_assert_cmpuint(n_objects(w), ==, 2);
}

static void test_brush(world *w, gconstpointer data)
{
	look_at(w, 4, 200, 150);
	add(w, 190, 140, 20, 20);
	nadir_canvas_set_tool(w->c, NADIR_TOOL_BRUSH);
	nadir_canvas_set_brush_radius(w->c, 3);
	drag(w, GDK_BUTTON_PRIMARY, 0, 200, 150, 230, 150);
	g_autoptr(bitmask) base = fixture_rectangle(190, 140, 20, 20);
	g_autoptr(bitmask) line = mask_from_stroke((double[]){200, 150, 230, 150}, 2, 3, NULL, 400, 300, NULL);
	g_autoptr(bitmask) more = mask_combine(base, line, MASK_UNION, NULL);
	g_assert_true(mask_equal(nadir_object_get_mask(only_object(w)), more));
	drag(w, GDK_BUTTON_SECONDARY, 0, 200, 150, 230, 150);
	g_autoptr(bitmask) less = mask_combine(more, line, MASK_SUBTRACT, NULL);
	g_assert_true(mask_equal(nadir_object_get_mask(only_object(w)), less));
	drag(w, GDK_BUTTON_PRIMARY, GDK_SHIFT_MASK, 170, 150, 200, 150);
	g_assert_cmpint(nadir_object_get_feature(only_object(w))->area_px, <, mask_area(less));
	nadir_document_select(w->d, 0);
	click(w, GDK_BUTTON_PRIMARY, 0, 160, 120); /* nothing selected: a new object */
	fixture_settle(w->d);
	g_assert_cmpuint(n_objects(w), ==, 2);
	nadir_canvas_set_brush_radius(w->c, 0);
	g_assert_cmpfloat(nadir_canvas_get_brush_radius(w->c), >, 0);
}

/* A pen that is pressed ever less, and its other end. */
static void test_pen(world *w, gconstpointer data)
{
	look_at(w, 4, 200, 150);
	add(w, 190, 140, 20, 20);
	nadir_canvas_set_tool(w->c, NADIR_TOOL_BRUSH);
	nadir_canvas_set_brush_radius(w->c, 4);
	w->c->pressure = 1;
	press(w, GDK_BUTTON_PRIMARY, 0, 200, 150);
	w->c->pressure = 0.25;
	move(w, 230, 150);
	release(w, 230, 150);
	fixture_settle(w->d);
	g_autoptr(bitmask) base = fixture_rectangle(190, 140, 20, 20);
	g_autoptr(bitmask) line =
		mask_from_stroke((double[]){200, 150, 230, 150}, 2, 4, (double[]){1, 0.25}, 400, 300, NULL);
	g_autoptr(bitmask) more = mask_combine(base, line, MASK_UNION, NULL);
	g_assert_true(mask_equal(nadir_object_get_mask(only_object(w)), more));
	w->c->pressure = 1;
	w->c->eraser = true;
	press(w, GDK_BUTTON_PRIMARY, 0, 200, 150);
	release(w, 200, 150);
	fixture_settle(w->d);
	g_assert_cmpint(nadir_object_get_feature(only_object(w))->area_px, <, mask_area(more));
	w->c->pressure = -1;
	w->c->eraser = false;
	press(w, GDK_BUTTON_PRIMARY, 0, 200, 150); /* the mouse again */
	g_assert_cmpuint(w->c->pressures->len, ==, 0);
	release(w, 200, 150);
}

static void test_select(world *w, gconstpointer data)
{
	look_at(w, 4, 200, 150);
	add(w, 190, 140, 20, 20);
	nadir_document_select(w->d, 0);
	nadir_canvas_set_tool(w->c, NADIR_TOOL_BOX);
	nadir_canvas_set_tool(w->c, NADIR_TOOL_SELECT);
	click(w, GDK_BUTTON_PRIMARY, 0, 195, 145);
	g_assert_true(nadir_document_get_selected(w->d) == only_object(w));
	drag(w, GDK_BUTTON_PRIMARY, 0, 150, 100, 160, 110); /* pans, and keeps the selection */
	g_assert_nonnull(nadir_document_get_selected(w->d));
	click(w, GDK_BUTTON_PRIMARY, 0, 150, 120);
	g_assert_null(nadir_document_get_selected(w->d));
}

/* Marks are drawn, and a view that moves while a box is drawn does no harm. */
static void test_marks_drawn(world *w, gconstpointer data)
{
	look_at(w, 4, 200, 150);
	wait_for_tiles(w, 200, 150, 0);
	nadir_canvas_set_tool(w->c, NADIR_TOOL_BOX);
	press(w, GDK_BUTTON_PRIMARY, 0, 180, 140);
	move(w, 200, 150);
	viewport_pan(&w->c->view, 40, 40);
	move(w, 220, 160);
	take_picture(w);
	double sx, sy;
	to_screen(w, 180, 150, &sx, &sy); /* on the box's left side */
	g_assert_true(differs(at(round(sx), round(sy)), 180, 150));
	release(w, 220, 160);
	const sam_mark *m = marks(w, 1);
	assert_near(m->xy[0], 180);
	assert_near(m->xy[2], 220);
}

/* --- the second view --- */

/* A picture of square.tif on the map, its bands in this order. */
static char *map_picture(world *w, const char *name, const char *geotransform, const char *bands)
{
	char *path = g_build_filename(w->dir, name, NULL);
	GString *text = g_string_new("<VRTDataset rasterXSize=\"300\" rasterYSize=\"300\"><SRS>EPSG:32633</SRS>");
	g_string_append_printf(text, "<GeoTransform>%s</GeoTransform>", geotransform);
	for (int i = 0; i < 3; i++)
		g_string_append_printf(text,
		                       "<VRTRasterBand dataType=\"Byte\" band=\"%d\"><SimpleSource>"
		                       "<SourceFilename relativeToVRT=\"1\">square.tif</SourceFilename><SourceBand>%c"
		                       "</SourceBand></SimpleSource></VRTRasterBand>",
		                       i + 1, bands[i]);
	g_string_append(text, "</VRTDataset>");
	g_assert_true(g_file_set_contents(path, text->str, -1, NULL));
	g_string_free(text, TRUE);
	return path;
}

static bool second_shows(void *data)
{
	const expectation *e = data;
	take_picture_of(second);
	return is_image_pixel(at_image(e->w, e->x, e->y), e->x, e->y, e->slack);
}

static GtkWidget *show_second(world *w, const char *path)
{
	g_autoptr(GError) error = NULL;
	raster_style style;
	raster *image = raster_open(path, NULL, &error);
	g_assert_no_error(error);
	g_assert_true(raster_style_resolve(image, NULL, NULL, NULL, &style, NULL, &error));
	GtkWidget *window = gtk_window_new();
	second = nadir_second_view_new(w->c, FALSE);
	gtk_window_set_decorated(GTK_WINDOW(window), FALSE);
	gtk_window_set_default_size(GTK_WINDOW(window), W, H);
	gtk_window_set_child(GTK_WINDOW(window), second);
	nadir_second_view_set_image(NADIR_SECOND_VIEW(second), image, &style, "second");
	gtk_window_present(GTK_WINDOW(window));
	raster_unref(image);
	return window;
}

/* The same ground on an image whose rows run down the columns of the first, mirrored so: every pixel lies over the one
 * it is of, also on a turned view. */
static void test_second(world *w, gconstpointer data)
{
	g_autofree char *square = fixture_image(w->dir, "square.tif", 300, 300, false);
	nadir_canvas_set_document(w->c, NULL);
	fixture_close(w->d);
	g_free(w->image);
	w->image = map_picture(w, "first.vrt", "500000, 1, 0, 5300000, 0, -1", "123");
	world_open(w);
	nadir_canvas_set_document(w->c, w->d);
	g_autofree char *path = map_picture(w, "second.vrt", "500000, 0, 1, 5300000, -1, 0", "213");
	GtkWidget *window = show_second(w, path);
	for (int turn = 0; turn <= 30; turn += 30) {
		nadir_canvas_set_turn(w->c, turn);
		nadir_canvas_look_at(w->c, 130, 150, 4);
		expectation e = {w, 130, 150, 1};
		g_assert_true(fixture_wait(second_shows, &e, 20));
		for (int y = 110; y < 185; y += 5)
			for (int x = 75; x < 185; x += 5)
				if (hypot(x - 130, y - 150) < 50)
					g_assert_true(is_image_pixel(at_image(w, x, y), x, y, 1));
	}
	gtk_window_destroy(GTK_WINDOW(window));
}

static void test_no_document(world *w, gconstpointer data)
{
	nadir_canvas_set_document(w->c, NULL);
	fixture_spin(0.05);
	tool_press(w->c, GDK_BUTTON_PRIMARY, 0, 1, 10, 10);
	tool_release(w->c, 10, 10);
	gtk_test_accessible_assert_property(GTK_ACCESSIBLE(w->c), GTK_ACCESSIBLE_PROPERTY_LABEL, "No image");
	nadir_canvas_set_document(w->c, w->d);
	wait_for_tiles(w, 200, 150, 3);
}

int main(int argc, char **argv)
{
	setlocale(LC_ALL, "");
	gtk_test_init(&argc, &argv, NULL);
#define ADD(path, fn) g_test_add("/canvas/" path, world, NULL, canvas_up, fn, canvas_down)
	ADD("fit", test_fit);
	ADD("one-to-one", test_one_to_one);
	ADD("enlarged", test_enlarged);
	ADD("turn", test_turn);
	g_test_add("/canvas/checker", world, GINT_TO_POINTER(WORLD_ALPHA), canvas_up, test_checker, canvas_down);
	ADD("objects", test_objects);
	ADD("objects-pan", test_objects_pan);
	ADD("objects-budget", test_objects_budget);
	ADD("objects-crowd", test_objects_crowd);
	ADD("accessible", test_accessible);
	ADD("zoom-at-pointer", test_zoom_at_pointer);
	ADD("pan", test_pan);
	ADD("point", test_point);
	ADD("box", test_box);
	ADD("circle", test_circle);
	ADD("scribble", test_scribble);
	ADD("polygon", test_polygon);
	ADD("polygon-kept", test_polygon_kept);
	ADD("polygon-closed", test_polygon_closed_by_click);
	ADD("brush", test_brush);
	ADD("pen", test_pen);
	ADD("select", test_select);
	ADD("marks-drawn", test_marks_drawn);
	ADD("second", test_second);
	ADD("no-document", test_no_document);
	return g_test_run();
}
