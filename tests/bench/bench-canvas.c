/* bench-canvas IMAGE [WIDTHxHEIGHT]: the canvas of the window, driven by a script of panning and zooming on a real
 * display, one step a frame of GTK's own clock. Printed: how far the frames were apart (a frame that was missed makes a
 * gap of two), what the main loop worked for a frame by this thread's processor time (layout, snapshot and drawing),
 * how often all that is in sight was there. On a display without hardware GSK_RENDERER=cairo is the renderer to measure
 * with. No project is written: nothing is marked.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "app/canvas/canvas-private.h"
#include "tests/ui/fixture.h"

enum { FRAMES = 600, STEP = 12 };
#define ZOOM 1.03
#define FRAME_MS (1000.0 / 60)

typedef enum { PAN, ZOOM_IN_AND_OUT } script;

typedef struct {
	NadirCanvas *canvas;
	script script;
	int frame;
	gint64 last;                      /* frame time of the frame before, us */
	gint64 began_cpu;                 /* this thread's processor time when the frame began, ns */
	double gap[FRAMES], work[FRAMES]; /* ms */
	int sharp;
	double dx, dy, zoom;
	bool done;
} run;

static gint64 thread_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (gint64)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void step(run *r)
{
	const viewport *v = nadir_canvas_get_viewport(r->canvas);
	double ix, iy;
	if (r->script == PAN) {
		viewport_to_image(v, v->screen_w / 2.0 + r->dx, v->screen_h / 2.0 + r->dy, &ix, &iy);
		r->dx = ix < 0 || ix > v->image_w ? -r->dx : r->dx;
		r->dy = iy < 0 || iy > v->image_h ? -r->dy : r->dy;
		nadir_canvas_look_at(r->canvas, ix, iy, 0);
		return;
	}
	if (v->scale > 4 || r->frame == FRAMES / 2)
		r->zoom = 1 / ZOOM;
	nadir_canvas_zoom(r->canvas, r->zoom);
}

static void before_paint(GdkFrameClock *clock, run *r)
{
	const gint64 now = gdk_frame_clock_get_frame_time(clock);
	if (r->done)
		return;
	if (r->last)
		r->gap[r->frame] = (double)(now - r->last) / 1e3;
	r->last = now;
	r->began_cpu = thread_ns();
	step(r);
}

/* Nothing of what is in sight is on its way. */
static bool is_drawn(void *data)
{
	tile_cache_stats now;
	tile_cache_get_stats(((NadirCanvas *)data)->tiles, &now);
	return now.tiles > 0 && now.pending == 0;
}

static void after_paint(GdkFrameClock *clock, run *r)
{
	if (r->done || !r->began_cpu)
		return;
	r->work[r->frame] = (double)(thread_ns() - r->began_cpu) / 1e6;
	r->sharp += is_drawn(r->canvas);
	r->done = ++r->frame == FRAMES;
}

static int by_value(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

static void print(const char *name, double *v, int n)
{
	qsort(v, (size_t)n, sizeof *v, by_value);
	printf("%-22s p50 %6.1f  p99 %6.1f  largest %6.1f ms\n", name, v[n / 2], v[n * 99 / 100], v[n - 1]);
}

static bool is_done(void *data)
{
	return ((run *)data)->done;
}

static int run_script(NadirCanvas *canvas, script what, const char *name)
{
	g_autofree run *r = g_new0(run, 1);
	*r = (run){.canvas = canvas, .script = what, .dx = STEP, .dy = STEP / 3.0, .zoom = ZOOM};
	GdkFrameClock *clock = gtk_widget_get_frame_clock(GTK_WIDGET(canvas));
	int missed = 0;
	gulong a = g_signal_connect(clock, "before-paint", G_CALLBACK(before_paint), r);
	gulong b = g_signal_connect(clock, "after-paint", G_CALLBACK(after_paint), r);
	gdk_frame_clock_begin_updating(clock);
	const bool whole = fixture_wait(is_done, r, 300);
	gdk_frame_clock_end_updating(clock);
	g_signal_handler_disconnect(clock, a);
	g_signal_handler_disconnect(clock, b);
	if (!whole)
		return 1;
	for (int i = 1; i < FRAMES; i++)
		missed += (int)fmax(0, round(r->gap[i] / FRAME_MS) - 1);
	printf("%s: %d frames, %d missed, all in sight was there in %.1f %%\n", name, FRAMES, missed,
	       100.0 * r->sharp / FRAMES);
	print("  apart", r->gap + 1, FRAMES - 1);
	print("  work of the main loop", r->work, FRAMES);
	return 0;
}

int main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	int w = 3840, h = 2160;
	if (argc < 2 || (argc > 2 && sscanf(argv[2], "%dx%d", &w, &h) != 2)) {
		fprintf(stderr, "bench-canvas IMAGE [WIDTHxHEIGHT]\n");
		return 1;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	gtk_init();
	service *svc = service_new(&(engine_options){.model = "/nowhere/none.gguf"});
	NadirDocument *d = fixture_open(argv[1], svc, &error);
	if (!d) {
		fprintf(stderr, "bench-canvas: %s\n", error->message);
		return 1;
	}
	GtkWidget *window = gtk_window_new();
	NadirCanvas *canvas = NADIR_CANVAS(nadir_canvas_new());
	gtk_window_set_decorated(GTK_WINDOW(window), FALSE);
	gtk_window_set_default_size(GTK_WINDOW(window), w, h);
	gtk_window_set_child(GTK_WINDOW(window), GTK_WIDGET(canvas));
	const gint64 start = g_get_monotonic_time();
	nadir_canvas_set_document(canvas, d);
	gtk_window_present(GTK_WINDOW(window));
	if (!fixture_wait(is_drawn, canvas, 60))
		return 1;
	printf("%d x %d, first sharp picture %.0f ms after the image was open\n", gtk_widget_get_width(GTK_WIDGET(canvas)),
	       gtk_widget_get_height(GTK_WIDGET(canvas)), (double)(g_get_monotonic_time() - start) / 1e3);
	nadir_canvas_look_at(canvas, canvas->view.image_w * 0.3, canvas->view.image_h * 0.3, 1);
	const int bad = run_script(canvas, PAN, "pan at 1:1");
	nadir_canvas_fit(canvas);
	return run_script(canvas, ZOOM_IN_AND_OUT, "zoom") | bad;
}
