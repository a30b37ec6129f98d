/* nadir bench review: the next object of a review on the screen, over very many, by what the window uses: the queue's
 * items, the view around an object, tiles that were read ahead for the next five, one decision a step in the project.
 *
 * Between two steps the reviewer looks: the tiles ahead have LOOK_MS, as the quickest keys would leave them. The step's
 * time is all from the key to a sharp picture; a decision is the store thread's and stands beside it. */
#include <glib/gstdio.h>
#include <math.h>

#include "app/cli/bench-private.h"
#include "render/draw/shape-draw.h"
#include "render/draw/tile-draw.h"
#include "render/store/review.h"

#define OBJECTS 1000
#define AHEAD 5
#define LOOK_MS 300 /* at most */
#define WAIT_MS 5000
#define TILE_BYTES (UINT64_C(96) << 20)

typedef struct {
	bench_job *job;
	cli_image img;
	tile_cache *tiles;
	cairo_surface_t *surface;
	project *p;
	GArray *items; /* of review_item */
	bench_series *next, *decide;
	guint ready;
} sitting;

static double ms_since(gint64 start)
{
	return (double)(g_get_monotonic_time() - start) / 1e3;
}

/* --- a project of so many objects --- */

static feature *make_object(const raster_info *info, GRand *random)
{
	const double side = 12 + 60 * g_rand_double(random);
	const double x = g_rand_double(random) * MAX(info->width - side, 1);
	const double y = g_rand_double(random) * MAX(info->height - side, 1);
	g_autoptr(wkb_shape) s = wkb_shape_new();
	wkb_shape_add_part(s);
	wkb_shape_add_ring(s);
	for (int k = 0; k < 16; k++) {
		const double a = 2 * G_PI * k / 16, r = side / 2 * (0.7 + 0.3 * g_rand_double(random));
		wkb_shape_add_point(s, CLAMP(x + side / 2 + r * cos(a), 0, info->width),
		                    CLAMP(y + side / 2 + r * sin(a), 0, info->height));
	}
	feature *o = feature_new();
	g_free(o->class_name);
	g_free(o->model);
	o->class_name = g_strdup("object");
	o->model = g_strdup("bench");
	o->score = g_rand_double(random);
	o->area_px = (gint64)(side * side / 2);
	o->px_geom = wkb_shape_write(s);
	return o;
}

static bool make_project(sitting *s, const char *path, GError **error)
{
	const guint n = s->job->objects > 0 ? (guint)s->job->objects : OBJECTS;
	g_autoptr(GPtrArray) objects = g_ptr_array_new_with_free_func((GDestroyNotify)feature_free);
	GRand *random = g_rand_new_with_seed(1);
	for (guint i = 0; i < n; i++)
		g_ptr_array_add(objects, make_object(s->img.info, random));
	g_rand_free(random);
	s->p = project_create(path, error);
	const gint64 image = s->p ? project_add_image(s->p, s->img.info, s->img.ref, error) : 0;
	if (!image || !project_replace(s->p, image, NULL, 0, (feature **)objects->pdata, n, "bench", error))
		return false;
	s->items = project_review_items(s->p, error);
	return s->items != NULL;
}

/* --- a step --- */

static viewport view_of(const sitting *s, guint i)
{
	viewport v;
	viewport_init(&v, s->img.info->width, s->img.info->height);
	viewport_resize(&v, s->job->view_w, s->job->view_h);
	viewport_show_object(&v, g_array_index(s->items, review_item, i).extent);
	return v;
}

static tile_next tiles_of(const sitting *s, guint i)
{
	const viewport v = view_of(s, i);
	return (tile_next){tile_cache_level(s->tiles, v.scale), viewport_visible(&v)};
}

static bool has(const sitting *s, guint i)
{
	const tile_next t = tiles_of(s, i);
	return tile_cache_has(s->tiles, t.level, &t.area);
}

static guint count_ahead(const sitting *s, guint i)
{
	guint n = 0;
	while (n < AHEAD && i + n + 1 < s->items->len && has(s, i + n + 1))
		n++;
	return n;
}

/* While the reviewer looks at an object, the next ones are read. */
static void look(sitting *s, guint i)
{
	const guint n = MIN(AHEAD, s->items->len - 1 - i);
	const gint64 start = g_get_monotonic_time();
	tile_next next[AHEAD];
	for (guint k = 0; k < n; k++)
		next[k] = tiles_of(s, i + 1 + k);
	tile_cache_want_next(s->tiles, next, n);
	while (count_ahead(s, i) < n && ms_since(start) < LOOK_MS)
		if (!g_main_context_iteration(NULL, FALSE))
			g_usleep(500);
}

static bool draw(sitting *s, const viewport *view, const wkb_shape *shape)
{
	static const shape_look look_of = {
		.fill = {1, 0.76f, 0, 0.35f}, .line = {1, 0.76f, 0, 1}, .width = 3, .selected = true};
	tile_view v;
	cairo_t *cr = cairo_create(s->surface);
	cairo_set_source_rgb(cr, 0.5, 0.5, 0.5);
	cairo_paint(cr);
	if (tile_view_begin(&v, s->tiles, s->img.info, view, 1))
		tile_view_draw(&v, tile_draw, cr);
	shape_draw(cr, shape, &(shape_view){view->x, view->y, view->scale}, &look_of);
	cairo_destroy(cr);
	cairo_surface_flush(s->surface);
	return v.sharp;
}

static bool step(sitting *s, guint i, GError **error)
{
	const review_item *item = &g_array_index(s->items, review_item, i);
	g_autoptr(feature) o = project_object(s->p, item->id, error);
	g_autoptr(wkb_shape) shape = o ? wkb_shape_read(o->px_geom, error) : NULL;
	if (!shape)
		return false;
	s->ready += has(s, i);
	const gint64 start = g_get_monotonic_time();
	const viewport view = view_of(s, i);
	while (!draw(s, &view, shape) && ms_since(start) < WAIT_MS) /* what damage leaves out never becomes sharp */
		while (!g_main_context_iteration(NULL, FALSE))
			g_usleep(200);
	bench_series_add(s->next, ms_since(start));
	const gint64 decision = g_get_monotonic_time();
	const review_change change = {.decides = true, .decision = REVIEW_ACCEPTED, .reviewer = "bench"};
	if (!project_review(s->p, &item->id, 1, &change, "accept", NULL, NULL, error))
		return false;
	bench_series_add(s->decide, ms_since(decision));
	look(s, i);
	return true;
}

/* --- all --- */

static void report_part(bench_job *job, const char *name, const char *unit, double value)
{
	bench_series *s = bench_series_new(name, unit);
	bench_series_add(s, value);
	bench_report(job, s);
}

static void report(sitting *s)
{
	report_part(s->job, "review-next-p50", "ms", bench_series_part(s->next, 0.5));
	report_part(s->job, "review-next-p99", "ms", bench_series_part(s->next, 0.99));
	report_part(s->job, "review-next-max", "ms", bench_series_part(s->next, 1));
	report_part(s->job, "review-prefetched", "%", 100.0 * s->ready / s->items->len);
	report_part(s->job, "review-decide-p50", "ms", bench_series_part(s->decide, 0.5));
	report_part(s->job, "review-decide-p99", "ms", bench_series_part(s->decide, 0.99));
}

static bool run(sitting *s, const char *folder, GError **error)
{
	g_autofree char *path = g_build_filename(folder, "review.nadir.gpkg", NULL);
	s->surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, s->job->view_w, s->job->view_h);
	s->tiles = tile_cache_new(s->img.r, &s->img.style, TILE_BYTES, tile_surface_free, NULL, NULL);
	bool ok = make_project(s, path, error);
	for (guint i = 0; ok && i < s->items->len; i++) {
		ok = step(s, i, error);
		cli_progress((i + 1.0) / s->items->len, (void *)"review");
	}
	if (ok)
		report(s);
	g_clear_pointer(&s->p, project_close);
	if (!s->job->keep)
		g_unlink(path);
	return ok;
}

bool bench_review(bench_job *job, GError **error)
{
	sitting s = {.job = job, .next = bench_series_new("", ""), .decide = bench_series_new("", "")};
	g_autofree char *made = job->keep ? g_strdup(job->keep) : g_dir_make_tmp("nadir-bench-XXXXXX", error);
	const bool ok = made && cli_image_open(job->image, job->options, &s.img, error) && run(&s, made, error);
	if (made && !job->keep)
		g_rmdir(made);
	job->device = g_strdup_printf("cairo image surface %dx%d", job->view_w, job->view_h);
	g_clear_pointer(&s.items, g_array_unref);
	g_clear_pointer(&s.tiles, tile_cache_free);
	g_clear_pointer(&s.surface, cairo_surface_destroy);
	bench_series_free(s.next);
	bench_series_free(s.decide);
	cli_image_clear(&s.img);
	return ok;
}
