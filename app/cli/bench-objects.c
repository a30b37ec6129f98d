/* nadir bench objects: very many objects on one image. A project of so many is made, opened, searched and drawn by what
 * the window uses; what the main loop waits for (search, hit test) stands beside what threads do (opening, pictures).
 */
#include <glib/gstdio.h>
#include <math.h>

#include "app/cli/bench-private.h"
#include "render/draw/crowd-draw.h"
#include "render/geometry/spatial-index.h"
#include "render/store/history.h"

#define TESTS 2000   /* hit tests a round */
#define SEARCHES 200 /* views a round */
#define CORNERS 24   /* of a made object */
#define COVER 0.35   /* of the image, by all objects */

typedef struct {
	double extent[4];
	wkb_shape *shape;
} thing;

typedef struct {
	bench_job *job;
	cli_image img;
	guint n;
	char *path;
	GArray *things; /* of thing */
	spatial_index *index;
	GRand *random;
} field;

static void thing_clear(void *data)
{
	wkb_shape_free(((thing *)data)->shape);
}

static double ms_since(gint64 start)
{
	return (double)(g_get_monotonic_time() - start) / 1e3;
}

static void add(field *f, const char *name, const char *unit, bench_series **series, double value)
{
	g_autofree char *full = g_strdup_printf("objects-%u-%s", f->n, name);
	if (!*series)
		*series = bench_series_new(full, unit);
	bench_series_add(*series, value);
}

/* --- a project of n objects --- */

/* A rough round thing as a hand or a model would leave it. */
static feature *make_object(field *f, guint i)
{
	const raster_info *info = f->img.info;
	const double side = sqrt(COVER * info->width * info->height / f->n);
	const double size = side * (0.3 + 0.5 * g_rand_double(f->random));
	const double x = g_rand_double(f->random) * (info->width - 2 * size) + size;
	const double y = g_rand_double(f->random) * (info->height - 2 * size) + size;
	static const char *const names[] = {"tree", "roof", "car", "water", "road"};
	g_autoptr(wkb_shape) s = wkb_shape_new();
	wkb_shape_add_part(s);
	wkb_shape_add_ring(s);
	for (int k = 0; k < CORNERS; k++) {
		const double r = size / 2 * (0.7 + 0.3 * g_rand_double(f->random)), a = 2 * G_PI * k / CORNERS;
		wkb_shape_add_point(s, x + r * cos(a), y + r * sin(a));
	}
	feature *o = feature_new();
	g_free(o->class_name);
	g_free(o->model);
	o->class_name = g_strdup(names[i % G_N_ELEMENTS(names)]);
	o->model = g_strdup("hand");
	o->area_px = (gint64)(G_PI * size * size / 4);
	o->px_geom = wkb_shape_write(s);
	return o;
}

static bool write_project(field *f, bench_series **write, GError **error)
{
	g_autoptr(GPtrArray) objects = g_ptr_array_new_with_free_func((GDestroyNotify)feature_free);
	g_autoptr(project) p = project_create(f->path, error);
	const gint64 image = p ? project_add_image(p, f->img.info, f->img.ref, error) : 0;
	if (!image)
		return false;
	for (guint i = 0; i < f->n; i++)
		g_ptr_array_add(objects, make_object(f, i));
	const gint64 start = g_get_monotonic_time();
	if (!project_replace(p, image, NULL, 0, (feature **)objects->pdata, objects->len, "bench", error))
		return false;
	add(f, "write", "ms", write, ms_since(start));
	return true;
}

/* All objects moved by a little in one step of undo, and back. */
static bool edit_project(field *f, bench_series **edit, bench_series **undo, GError **error)
{
	g_autoptr(project) p = project_open(f->path, error);
	g_autoptr(GPtrArray) objects = p ? project_objects(p, 0, error) : NULL;
	g_auto(project_changes) back = {0};
	for (guint i = 0; objects && i < objects->len; i++) {
		feature *o = objects->pdata[i];
		g_autoptr(wkb_shape) s = wkb_shape_read(o->px_geom, error);
		if (!s)
			return false;
		for (guint k = 0; k < s->xy->len; k++)
			g_array_index(s->xy, double, k) += 0.25;
		g_bytes_unref(o->px_geom);
		o->px_geom = wkb_shape_write(s);
	}
	if (!objects)
		return false;
	const project_batch all = {.update = (feature **)objects->pdata, .n_update = objects->len};
	gint64 start = g_get_monotonic_time();
	if (!project_apply(p, 0, &all, "bench", error))
		return false;
	add(f, "edit", "ms", edit, ms_since(start));
	start = g_get_monotonic_time();
	if (!project_undo(p, &back, error))
		return false;
	add(f, "undo", "ms", undo, ms_since(start));
	return true;
}

static bool read_project(field *f, bench_series **read, bench_series **index, GError **error)
{
	gint64 start = g_get_monotonic_time();
	g_autoptr(project) p = project_open(f->path, error);
	g_autoptr(GPtrArray) objects = p ? project_objects(p, 0, error) : NULL;
	if (!objects)
		return false;
	g_array_set_size(f->things, 0);
	for (guint i = 0; i < objects->len; i++) {
		thing t = {.shape = wkb_shape_read(((feature *)objects->pdata[i])->px_geom, error)};
		if (!t.shape)
			return false;
		wkb_shape_extent(t.shape, t.extent);
		g_array_append_val(f->things, t);
	}
	add(f, "read", "ms", read, ms_since(start));
	start = g_get_monotonic_time();
	g_clear_pointer(&f->index, spatial_index_free);
	f->index = spatial_index_new();
	for (guint i = 0; i < f->things->len; i++) {
		thing *t = &g_array_index(f->things, thing, i);
		spatial_index_add(f->index, t->extent, t);
	}
	add(f, "index", "ms", index, ms_since(start));
	return true;
}

/* --- what the main loop does --- */

typedef struct {
	double x, y;
	const thing *hit;
	guint n;
} question;

static bool test_hit(void *item, void *data)
{
	question *q = data;
	if (wkb_shape_contains(((thing *)item)->shape, q->x, q->y))
		q->hit = MAX(q->hit, (const thing *)item);
	return true;
}

static bool count_one(void *item, void *data)
{
	((question *)data)->n++;
	return true;
}

static void run_hits(field *f, bench_series **p50, bench_series **p99)
{
	g_autoptr(bench_series) times = bench_series_new("", "");
	for (int i = 0; i < TESTS; i++) {
		question q = {g_rand_double(f->random) * f->img.info->width, g_rand_double(f->random) * f->img.info->height,
		              NULL, 0};
		const gint64 start = g_get_monotonic_time();
		spatial_index_search(f->index, (const double[4]){q.x - 1, q.y - 1, q.x + 1, q.y + 1}, test_hit, &q);
		bench_series_add(times, ms_since(start));
	}
	add(f, "hit-p50", "ms", p50, bench_series_part(times, 0.5));
	add(f, "hit-p99", "ms", p99, bench_series_part(times, 0.99));
}

static void run_searches(field *f, bench_series **views, bench_series **whole)
{
	const raster_info *info = f->img.info;
	g_autoptr(bench_series) times = bench_series_new("", "");
	for (int i = 0; i < SEARCHES; i++) {
		const double x = g_rand_double(f->random) * info->width, y = g_rand_double(f->random) * info->height;
		question q = {0};
		const gint64 start = g_get_monotonic_time();
		spatial_index_search(f->index, (const double[4]){x, y, x + f->job->view_w, y + f->job->view_h}, count_one, &q);
		bench_series_add(times, ms_since(start));
	}
	question q = {0};
	const gint64 start = g_get_monotonic_time();
	spatial_index_search(f->index, (const double[4]){0, 0, info->width, info->height}, count_one, &q);
	add(f, "search-view", "ms", views, bench_series_part(times, 0.5));
	add(f, "search-all", "ms", whole, ms_since(start));
}

/* --- pictures, which a thread draws --- */

typedef struct {
	const field *f;
	guint i;
} cursor;

static bool next_thing(void *data, crowd_member *m)
{
	static const draw_color colors[] = {{0.9f, 0.6f, 0, 1}, {0.35f, 0.7f, 0.9f, 1}, {0, 0.62f, 0.45f, 1}};
	cursor *at = data;
	if (at->i == at->f->things->len)
		return false;
	const thing *t = &g_array_index(at->f->things, thing, at->i);
	*m = (crowd_member){.shape = t->shape, .color = colors[at->i % G_N_ELEMENTS(colors)], .pattern = (int)(at->i % 4)};
	for (int k = 0; k < 4; k++)
		m->extent[k] = t->extent[k];
	at->i++;
	return true;
}

static double draw_view(field *f, double scale)
{
	const raster_info *info = f->img.info;
	const double w = f->job->view_w / scale, h = f->job->view_h / scale;
	const shape_view view = {(info->width - w) / 2, (info->height - h) / 2, scale};
	cursor at = {f, 0};
	const gint64 start = g_get_monotonic_time();
	cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, f->job->view_w, f->job->view_h);
	crowd_draw(surface, &view, 1, 0.35, next_thing, &at, NULL);
	cairo_surface_destroy(surface);
	return ms_since(start);
}

/* --- all --- */

enum { WRITE, EDIT, UNDO, READ, INDEX, HIT_P50, HIT_P99, SEARCH_VIEW, SEARCH_ALL, DRAW_FIT, DRAW_FULL, FIGURES };

static bool run_field(field *f, bench_series **s, GError **error)
{
	const raster_info *info = f->img.info;
	const double fit = fmin((double)f->job->view_w / info->width, (double)f->job->view_h / info->height);
	if (!write_project(f, &s[WRITE], error) || !edit_project(f, &s[EDIT], &s[UNDO], error))
		return false;
	for (int round = 0; round < BENCH_ROUNDS; round++) {
		if (!read_project(f, &s[READ], &s[INDEX], error))
			return false;
		run_hits(f, &s[HIT_P50], &s[HIT_P99]);
		run_searches(f, &s[SEARCH_VIEW], &s[SEARCH_ALL]);
		add(f, "draw-fit", "ms", &s[DRAW_FIT], draw_view(f, fit));
		add(f, "draw-1:1", "ms", &s[DRAW_FULL], draw_view(f, 1));
		cli_progress((round + 1.0) / BENCH_ROUNDS, (void *)"objects");
	}
	return true;
}

static bool run_count(bench_job *job, field *f, const char *folder, GError **error)
{
	bench_series *s[FIGURES] = {NULL};
	g_autofree char *name = g_strdup_printf("%u.nadir.gpkg", f->n);
	f->path = g_build_filename(folder, name, NULL);
	const bool ok = run_field(f, s, error);
	if (!job->keep)
		g_unlink(f->path);
	for (int i = 0; i < FIGURES; i++)
		if (s[i] && ok)
			bench_report(job, s[i]);
		else
			bench_series_free(s[i]);
	g_clear_pointer(&f->path, g_free);
	return ok;
}

bool bench_objects(bench_job *job, GError **error)
{
	const guint all[] = {2000, 20000, 100000}, one[] = {(guint)job->objects};
	const guint *counts = job->objects > 0 ? one : all, n = job->objects > 0 ? 1 : G_N_ELEMENTS(all);
	field f = {.job = job, .things = g_array_new(FALSE, FALSE, sizeof(thing)), .random = g_rand_new_with_seed(1)};
	g_autofree char *made = job->keep ? g_strdup(job->keep) : g_dir_make_tmp("nadir-bench-XXXXXX", error);
	bool ok = made && cli_image_open(job->image, job->options, &f.img, error);
	g_array_set_clear_func(f.things, thing_clear);
	for (guint i = 0; ok && i < n; i++) {
		f.n = counts[i];
		ok = run_count(job, &f, made, error);
	}
	if (made && !job->keep)
		g_rmdir(made);
	job->device = g_strdup_printf("cairo image surface %dx%d", job->view_w, job->view_h);
	g_array_unref(f.things);
	g_clear_pointer(&f.index, spatial_index_free);
	g_rand_free(f.random);
	cli_image_clear(&f.img);
	return ok;
}
