/* nadir bench view: a scripted pan and zoom over the real raster source, tile cache and viewport. What the canvas gives
 * to GTK is drawn by cairo on an image surface here, so no display is needed and the toolkit's own time is not in it.
 *
 * A frame's time is all that the main loop does for it: take what the workers have read, say what is wanted, draw.
 * Frames are 1/60 s apart as on a screen, so the workers have the rest. Each round opens the image anew: nothing is
 * decoded yet (the system's file cache stays warm from the first round on). */
#include <cairo.h>
#include <math.h>

#include "app/cli/bench-private.h"
#include "render/draw/tile-draw.h"

#define FRAME_US (G_USEC_PER_SEC / 60)
#define PAN_FRAMES 120
#define PAN_STEP 24.0 /* screen pixels a frame: 1440 a second, a hand in a hurry */
#define ZOOM_STEP 1.1 /* a frame; from the whole image to 8:1 and back */
#define ZOOM_TOP 8.0
#define JUMPS 6
#define TILE_BYTES (UINT64_C(256) << 20)

typedef struct {
	bench_job *job;
	cli_image img;
	tile_cache *tiles;
	viewport view;
	cairo_surface_t *surface;
	guint sharp, late, frames; /* of the script that runs */
} scene;

/* Names are stable: scripts compare them. */
enum {
	OPEN,
	FIRST_PICTURE,
	FIRST_SHARP,
	PAN_P50,
	PAN_P99,
	PAN_SHARP,
	PAN_LATE,
	ZOOM_P50,
	ZOOM_P99,
	ZOOM_SHARP,
	ZOOM_LATE,
	TILES,
	WINDOW_READ,
	FIGURES
};

static const struct {
	const char *name, *unit;
} figures[FIGURES] = {
	[OPEN] = {"view-open", "ms"},
	[FIRST_PICTURE] = {"view-first-picture", "ms"},
	[FIRST_SHARP] = {"view-first-sharp", "ms"},
	[PAN_P50] = {"view-pan-frame-p50", "ms"},
	[PAN_P99] = {"view-pan-frame-p99", "ms"},
	[PAN_SHARP] = {"view-pan-sharp", "%"},
	[PAN_LATE] = {"view-pan-late", "%"},
	[ZOOM_P50] = {"view-zoom-frame-p50", "ms"},
	[ZOOM_P99] = {"view-zoom-frame-p99", "ms"},
	[ZOOM_SHARP] = {"view-zoom-sharp", "%"},
	[ZOOM_LATE] = {"view-zoom-late", "%"},
	[TILES] = {"view-tiles-per-s", "tiles/s"},
	[WINDOW_READ] = {"view-window-read", "ms"},
};

static double ms_since(gint64 start)
{
	return (double)(g_get_monotonic_time() - start) / 1e3;
}

/* --- a frame --- */

/* One frame as the main loop makes it; milliseconds. */
static double frame(scene *s, tile_view *v)
{
	const gint64 start = g_get_monotonic_time();
	while (g_main_context_iteration(NULL, FALSE))
		;
	cairo_t *cr = cairo_create(s->surface);
	cairo_set_source_rgb(cr, 0.5, 0.5, 0.5);
	cairo_paint(cr);
	if (tile_view_begin(v, s->tiles, s->img.info, &s->view, 1))
		tile_view_draw(v, tile_draw, cr);
	cairo_destroy(cr);
	cairo_surface_flush(s->surface);
	return ms_since(start);
}

/* --- scripts --- */

/* A frame at its time on the screen. */
static void paced_frame(scene *s, bench_series *times, gint64 *due)
{
	tile_view v;
	const gint64 now = g_get_monotonic_time();
	if (*due > now)
		g_usleep((gulong)(*due - now));
	*due = MAX(*due, now) + FRAME_US;
	const double ms = frame(s, &v);
	bench_series_add(times, ms);
	s->frames++;
	s->sharp += v.sharp;
	s->late += ms * 1e3 > FRAME_US;
}

static void take_script(scene *s, bench_series *times, bench_series **out, int p50)
{
	bench_series_add(out[p50], bench_series_part(times, 0.5));
	bench_series_add(out[p50 + 1], bench_series_part(times, 0.99));
	bench_series_add(out[p50 + 2], 100.0 * s->sharp / s->frames);
	bench_series_add(out[p50 + 3], 100.0 * s->late / s->frames);
	s->sharp = s->late = s->frames = 0;
}

/* Where an image is larger than the window: 1:1; smaller ones are enlarged until there is something to pan over. */
static double pan_scale(const scene *s)
{
	const double w = (double)s->view.screen_w / s->view.image_w, h = (double)s->view.screen_h / s->view.image_h;
	return fmax(1, 2 * fmax(w, h));
}

static void look_at(scene *s, double scale, double ix, double iy)
{
	viewport_set_scale(&s->view, scale);
	const raster_rect at = viewport_visible(&s->view);
	viewport_pan(&s->view, (at.x + at.w / 2.0 - ix) * scale, (at.y + at.h / 2.0 - iy) * scale);
}

/* Back and forth over the image, turning where its border reaches the middle of the window. */
static void run_pan(scene *s, bench_series **out)
{
	g_autoptr(bench_series) times = bench_series_new("", "");
	double dx = -PAN_STEP, dy = -PAN_STEP / 3;
	gint64 due = g_get_monotonic_time();
	look_at(s, pan_scale(s), s->view.image_w * 0.3, s->view.image_h * 0.3);
	for (int i = 0; i < PAN_FRAMES; i++) {
		double ix, iy;
		paced_frame(s, times, &due);
		viewport_to_image(&s->view, s->view.screen_w / 2.0 - dx, s->view.screen_h / 2.0 - dy, &ix, &iy);
		dx = ix < 0 || ix > s->view.image_w ? -dx : dx;
		dy = iy < 0 || iy > s->view.image_h ? -dy : dy;
		viewport_pan(&s->view, dx, dy);
	}
	take_script(s, times, out, PAN_P50);
}

static void run_zoom(scene *s, bench_series **out)
{
	g_autoptr(bench_series) times = bench_series_new("", "");
	gint64 due = g_get_monotonic_time();
	viewport_fit(&s->view);
	const double bottom = s->view.scale, x = s->view.screen_w * 0.6, y = s->view.screen_h * 0.4;
	const double top = fmax(ZOOM_TOP, bottom * 4);
	while (s->view.scale < top) {
		const double before = s->view.scale;
		paced_frame(s, times, &due);
		viewport_zoom_at(&s->view, ZOOM_STEP, x, y);
		if (s->view.scale <= before)
			break;
	}
	while (s->view.scale > bottom) {
		const double before = s->view.scale;
		paced_frame(s, times, &due);
		viewport_zoom_at(&s->view, 1 / ZOOM_STEP, x, y);
		if (s->view.scale >= before)
			break;
	}
	take_script(s, times, out, ZOOM_P50);
}

/* Frames as fast as tiles come, until the whole window is there. A tile that fails counts as come. */
static void wait_until_drawn(scene *s)
{
	tile_cache_stats stats;
	tile_view v;
	do {
		frame(s, &v);
		tile_cache_get_stats(s->tiles, &stats);
		if (stats.pending > 0)
			g_main_context_iteration(NULL, TRUE);
	} while (stats.pending > 0);
	frame(s, &v);
}

static void run_first(scene *s, bench_series **out)
{
	tile_view v;
	const gint64 start = g_get_monotonic_time();
	viewport_fit(&s->view);
	for (frame(s, &v); !v.known; frame(s, &v))
		g_main_context_iteration(NULL, TRUE);
	bench_series_add(out[FIRST_PICTURE], ms_since(start));
	wait_until_drawn(s);
	bench_series_add(out[FIRST_SHARP], ms_since(start));
}

/* Windows far from each other, nothing of them read before. */
static void run_jumps(scene *s, bench_series **out, int round)
{
	guint tiles = 0;
	double ms = 0;
	for (int k = 0; k < JUMPS; k++) {
		const double part = (k * 0.618034 + round * 0.1) - floor(k * 0.618034 + round * 0.1);
		tile_cache_stats stats;
		look_at(s, pan_scale(s), s->view.image_w * (0.1 + 0.8 * part),
		        s->view.image_h * (0.15 + 0.7 * k / (JUMPS - 1)));
		const gint64 start = g_get_monotonic_time();
		const raster_rect visible = viewport_visible(&s->view);
		tile_cache_want(s->tiles, tile_cache_level(s->tiles, s->view.scale), &visible);
		tile_cache_get_stats(s->tiles, &stats);
		tiles += stats.pending;
		wait_until_drawn(s);
		ms += stats.pending > 0 ? ms_since(start) : 0;
	}
	if (tiles > 0)
		bench_series_add(out[TILES], tiles / ms * 1e3);
}

/* --- a round --- */

/* A window's worth of full-size pixels in one reading, as a script would ask for it. A damaged part is left out. */
static void run_window_read(scene *s, const raster_style *style, bench_series **out)
{
	const int w = MIN(s->view.screen_w, s->view.image_w), h = MIN(s->view.screen_h, s->view.image_h);
	g_autofree uint8_t *pixels = g_malloc((gsize)w * h * 4);
	const raster_rect area = {(s->view.image_w - w) / 2, (s->view.image_h - h) / 2, w, h};
	const gint64 start = g_get_monotonic_time();
	if (raster_render(s->img.r, style, 0, &area, pixels, (gsize)w * 4, NULL, NULL))
		bench_series_add(out[WINDOW_READ], ms_since(start));
}

static bool open_scene(scene *s, bench_series **out, GError **error)
{
	const gint64 start = g_get_monotonic_time();
	if (!cli_image_open(s->job->image, s->job->options, &s->img, error))
		return false;
	if (out)
		bench_series_add(out[OPEN], ms_since(start));
	return true;
}

static void show_scene(scene *s)
{
	s->tiles = tile_cache_new(s->img.r, &s->img.style, TILE_BYTES, tile_surface_free, NULL, NULL);
	viewport_init(&s->view, s->img.info->width, s->img.info->height);
	viewport_resize(&s->view, s->job->view_w, s->job->view_h);
}

static void close_scene(scene *s)
{
	g_clear_pointer(&s->tiles, tile_cache_free);
	cli_image_clear(&s->img);
}

static bool run_round(scene *s, bench_series **out, int round, GError **error)
{
	if (!open_scene(s, out, error))
		return false;
	show_scene(s);
	run_first(s, out);
	run_pan(s, out);
	run_zoom(s, out);
	close_scene(s);
	if (!open_scene(s, NULL, error)) /* for what must not be read before */
		return false;
	show_scene(s);
	run_jumps(s, out, round);
	close_scene(s);
	if (!open_scene(s, NULL, error))
		return false;
	run_window_read(s, &s->img.style, out);
	close_scene(s);
	return true;
}

bool bench_view(bench_job *job, GError **error)
{
	bench_series *out[FIGURES];
	scene s = {.job = job};
	bool ok = true;
	for (int i = 0; i < FIGURES; i++)
		out[i] = bench_series_new(figures[i].name, figures[i].unit);
	s.surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, job->view_w, job->view_h);
	for (int round = 0; ok && round < BENCH_ROUNDS; round++) {
		ok = run_round(&s, out, round, error);
		cli_progress((round + 1.0) / BENCH_ROUNDS, (void *)"view");
	}
	cairo_surface_destroy(s.surface);
	job->device = g_strdup_printf("cairo image surface %dx%d", job->view_w, job->view_h);
	for (int i = 0; i < FIGURES; i++) {
		if (ok)
			bench_report(job, out[i]);
		else
			bench_series_free(out[i]);
	}
	return ok;
}
