/* Tiles of the displayed picture: right pixels, from the centre out, none stale, none too many. */
#include "render/raster/tile-view.h"
#include "tiff-writer.h"

#define NEAR(a, b) g_assert_cmpfloat_with_epsilon((a), (b), 1e-9)

static const layout LARGE = {"large", 3000, 2000, 3, 8, SAMPLEFORMAT_UINT, COMPRESSION_LZW, 256, 256};

typedef struct {
	raster *r;
	tile_cache *c;
	raster_style style;
	int changes, freed;
	GArray *order; /* tile_key as they came */
} fixture;

static void count_free(void *user)
{
	fixture *f = *(fixture **)user;
	f->freed++;
	g_free(user);
}

static void note_change(void *data)
{
	fixture *f = data;
	f->changes++;
	for (int level = 0; level < f->r->info.n_levels; level++)
		for (int y = 0; y <= (f->r->levels[level].height - 1) / TILE_SIDE; y++)
			for (int x = 0; x <= (f->r->levels[level].width - 1) / TILE_SIDE; x++) {
				tile *t = tile_cache_get(f->c, (tile_key){level, x, y});
				if (!t || t->user)
					continue;
				fixture **user = g_new(fixture *, 1);
				*user = f;
				t->user = user;
				g_array_append_val(f->order, t->key);
			}
}

static void set_up(fixture *f, const char *path, uint64_t budget)
{
	*f = (fixture){.r = test_open(path), .order = g_array_new(FALSE, FALSE, sizeof(tile_key))};
	g_assert_true(raster_style_resolve(f->r, NULL, NULL, NULL, &f->style, NULL, NULL));
	f->c = tile_cache_new(f->r, &f->style, budget, count_free, note_change, f);
}

static void tear_down(fixture *f)
{
	if (f->c)
		tile_cache_free(f->c);
	g_array_unref(f->order);
	raster_unref(f->r);
}

/* All that is in sight, and the coarsest level, which covers. */
static void wait_for_all(fixture *f)
{
	tile_cache_stats s;
	const tile_key cover = {f->r->info.n_levels - 1, 0, 0};
	const tile *covering = NULL;
	gint64 end = g_get_monotonic_time() + 60 * G_TIME_SPAN_SECOND;
	do {
		while (g_main_context_iteration(NULL, FALSE))
			;
		g_usleep(500);
		tile_cache_get_stats(f->c, &s);
		covering = tile_cache_get(f->c, cover);
	} while ((s.pending > 0 || !covering || covering->rough) && g_get_monotonic_time() < end);
	g_assert_cmpuint(s.pending, ==, 0);
	g_assert_nonnull(covering);
}

static char *large_image(void)
{
	char *path = test_path("large.tif");
	if (!g_file_test(path, G_FILE_TEST_EXISTS))
		write_layout(path, &LARGE);
	return path;
}

static void assert_pixels(fixture *f, const tile *t)
{
	size_t stride = (size_t)t->area.w * 4, bytes = stride * (size_t)t->area.h;
	g_autofree uint8_t *expected = g_malloc(bytes);
	g_assert_true(raster_render(f->r, &f->style, t->key.level, &t->area, expected, stride, NULL, NULL));
	g_assert_nonnull(t->pixels);
	g_assert_null(t->error);
	g_assert_cmpmem(g_bytes_get_data(t->pixels, NULL), g_bytes_get_size(t->pixels), expected, bytes);
}

static void test_pixels(void)
{
	g_autofree char *path = large_image();
	fixture f;
	set_up(&f, path, 64 << 20);
	const raster_rect sight = {900, 700, 800, 600};
	tile_cache_want(f.c, 0, &sight);
	g_assert_null(tile_cache_get(f.c, (tile_key){0, 5, 4})); /* nothing blocks */
	wait_for_all(&f);
	for (int y = 700 / 256; y <= 1299 / 256; y++)
		for (int x = 900 / 256; x <= 1699 / 256; x++) {
			tile *t = tile_cache_get(f.c, (tile_key){0, x, y});
			g_assert_nonnull(t);
			assert_pixels(&f, t);
		}
	int last = f.r->info.n_levels - 1;
	tile *cover = tile_cache_get(f.c, (tile_key){last, 0, 0});
	g_assert_nonnull(cover);
	assert_pixels(&f, cover);
	const raster_rect corner = {2990, 1990, 10, 10}; /* a tile that is cut by the image's edge */
	tile_cache_want(f.c, 0, &corner);
	wait_for_all(&f);
	tile *t = tile_cache_get(f.c, (tile_key){0, 11, 7});
	g_assert_cmpint(t->area.w, ==, 3000 - 11 * 256);
	g_assert_cmpint(t->area.h, ==, 2000 - 7 * 256);
	assert_pixels(&f, t);
	tear_down(&f);
}

static int by_double(gconstpointer a, gconstpointer b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

/* The coarsest first, then from the centre out. Two workers may finish out of turn by a place or two. */
static void test_order(void)
{
	g_autofree char *path = large_image();
	fixture f;
	set_up(&f, path, 64 << 20);
	const raster_rect all = {0, 0, 3000, 2000};
	tile_cache_want(f.c, 0, &all);
	wait_for_all(&f);
	g_autoptr(GArray) distances = g_array_new(FALSE, FALSE, sizeof(double)), sorted = NULL;
	int coarse_at = -1;
	for (guint i = 0; i < f.order->len; i++) {
		tile_key k = g_array_index(f.order, tile_key, i);
		double d = hypot(k.x + 0.5 - 1500.0 / 256, k.y + 0.5 - 1000.0 / 256);
		if (k.level == 0)
			g_array_append_val(distances, d);
		else if (coarse_at < 0)
			coarse_at = (int)i;
	}
	g_assert_cmpuint(distances->len, ==, 12 * 8);
	g_assert_cmpint(coarse_at, >=, 0);
	sorted = g_array_copy(distances);
	g_array_sort(sorted, by_double);
	/* Tiles of one delivery are noted by row: the mean rank is looked at, not each. */
	double near = 0, far = 0;
	for (int i = 0; i < 24; i++) {
		near += g_array_index(distances, double, i);
		far += g_array_index(distances, double, 95 - i);
	}
	double best_near = 0, best_far = 0;
	for (int i = 0; i < 24; i++) {
		best_near += g_array_index(sorted, double, i);
		best_far += g_array_index(sorted, double, 95 - i);
	}
	g_assert_cmpfloat(near, <, best_near * 1.6);
	g_assert_cmpfloat(far, >, best_far * 0.8);
	tear_down(&f);
}

static void test_eviction(void)
{
	g_autofree char *path = large_image();
	fixture f;
	uint64_t tile_bytes = TILE_SIDE * TILE_SIDE * 4, budget = 20 * tile_bytes;
	set_up(&f, path, budget);
	int seen = 0;
	for (int x = 0; x + 500 <= 3000; x += 250) {
		const raster_rect sight = {x, 300, 500, 500};
		tile_cache_stats s;
		tile_cache_want(f.c, 0, &sight);
		wait_for_all(&f);
		tile_cache_get_stats(f.c, &s);
		g_assert_cmpuint(s.bytes, <=, budget);
		g_assert_cmpuint(s.budget, ==, budget);
		g_assert_nonnull(tile_cache_get(f.c, (tile_key){f.r->info.n_levels - 1, 0, 0}));
		seen++;
	}
	g_assert_cmpint(seen, >, 8);
	g_assert_null(tile_cache_get(f.c, (tile_key){0, 0, 1})); /* long out of sight */
	g_assert_cmpint(f.freed, >, 0);
	int made = (int)f.order->len;
	tile_cache_free(f.c);
	f.c = NULL;
	g_assert_cmpint(f.freed, ==, made); /* each of the caller's textures exactly once */
	tear_down(&f);
}

/* What is in sight stays, though it alone is over the budget. */
static void test_small_budget(void)
{
	g_autofree char *path = large_image();
	fixture f;
	set_up(&f, path, 1000);
	const raster_rect sight = {0, 0, 700, 700};
	tile_cache_want(f.c, 0, &sight);
	wait_for_all(&f);
	for (int i = 0; i < 9; i++)
		g_assert_nonnull(tile_cache_get(f.c, (tile_key){0, i % 3, i / 3}));
	tear_down(&f);
}

static bool are_there(fixture *f, int x0, int x1, int y0, int y1)
{
	for (int y = y0; y <= y1; y++)
		for (int x = x0; x <= x1; x++)
			if (!tile_cache_get(f->c, (tile_key){0, x, y}))
				return false;
	return true;
}

/* A pan to the right reads what comes next on the right, and no further than the budget goes. */
static void test_ahead(void)
{
	g_autofree char *path = large_image();
	fixture f;
	const uint64_t tile_bytes = TILE_SIDE * TILE_SIDE * 4, budget = 26 * tile_bytes;
	tile_cache_stats s;
	set_up(&f, path, budget);
	raster_rect sight = {0, 256, 1000, 768};
	tile_cache_want(f.c, 0, &sight);
	wait_for_all(&f);
	for (int i = 0; i < 2; i++) {
		sight.x += 70;
		tile_cache_want(f.c, 0, &sight);
	}
	const gint64 end = g_get_monotonic_time() + 60 * G_TIME_SPAN_SECOND;
	while (!are_there(&f, 0, 7, 1, 3) && g_get_monotonic_time() < end) {
		g_main_context_iteration(NULL, FALSE);
		tile_cache_want(f.c, 0, &sight); /* as each frame does */
		g_usleep(500);
	}
	g_assert_true(are_there(&f, 0, 7, 1, 3)); /* what is in sight was not pushed out by it */
	tile_cache_get_stats(f.c, &s);
	g_assert_cmpuint(s.bytes, <=, budget);
	tear_down(&f);
}

/* A new style: old tiles cover until the new ones come, results of the old one never arrive afterwards. */
static void test_style(void)
{
	g_autofree char *path = large_image();
	fixture f;
	set_up(&f, path, 64 << 20);
	const raster_rect sight = {0, 0, 2000, 1500};
	tile_cache_want(f.c, 0, &sight);
	wait_for_all(&f);
	tile_key middle = {0, 3, 3};
	g_autoptr(GBytes) before = g_bytes_ref(tile_cache_get(f.c, middle)->pixels);
	g_assert_true(raster_style_resolve(f.r, "3,2,1", "minmax", NULL, &f.style, NULL, NULL));
	tile_cache_set_style(f.c, &f.style);
	g_assert_true(tile_cache_get(f.c, middle)->pixels == before);
	for (int i = 0; i < 20; i++) { /* hurried changes while tiles are on their way */
		f.style.hi[0] = 100 + i;
		tile_cache_set_style(f.c, &f.style);
		g_usleep(300);
		g_main_context_iteration(NULL, FALSE);
	}
	wait_for_all(&f);
	for (int y = 0; y < 6; y++)
		for (int x = 0; x < 8; x++)
			assert_pixels(&f, tile_cache_get(f.c, (tile_key){0, x, y}));
	tear_down(&f);
}

static void hold_building(raster *r, bool on)
{
	g_mutex_lock(&r->lock);
	r->building = on;
	g_cond_broadcast(&r->built);
	g_mutex_unlock(&r->lock);
}

/* Wishes that nobody has any more are dropped, those in work are cancelled: no tile of the first place is ever made.
 * Virtual levels cannot be read while somebody (here: the test) builds them, so the workers hang in the first wishes.
 */
static void test_stale_wishes(void)
{
	g_autofree char *path = large_image();
	fixture f;
	set_up(&f, path, 64 << 20);
	const raster_rect before = {0, 0, 1000, 1000}, now = {2000, 1000, 700, 600};
	g_assert_cmpint(f.r->places[1].step, ==, 2);
	hold_building(f.r, true);
	tile_cache_want(f.c, 1, &before);
	g_usleep(20000);
	tile_cache_want(f.c, 0, &now);
	g_usleep(20000);
	hold_building(f.r, false);
	wait_for_all(&f);
	g_assert_nonnull(tile_cache_get(f.c, (tile_key){0, 2000 / 256, 1000 / 256}));
	for (int i = 0; i < 4; i++)
		g_assert_null(tile_cache_get(f.c, (tile_key){1, i % 2, i / 2}));
	tear_down(&f);
}

static void test_level(void)
{
	g_autofree char *path = large_image();
	fixture f;
	set_up(&f, path, 64 << 20);
	g_assert_cmpint(tile_cache_level(f.c, 64), ==, 0);
	g_assert_cmpint(tile_cache_level(f.c, 1), ==, 0);
	g_assert_cmpint(tile_cache_level(f.c, 0.6), ==, 0);
	g_assert_cmpint(tile_cache_level(f.c, 0.5), ==, 1);
	g_assert_cmpint(tile_cache_level(f.c, 0.3), ==, 1);
	g_assert_cmpint(tile_cache_level(f.c, 0.25), ==, 2);
	g_assert_cmpint(tile_cache_level(f.c, 1e-6), ==, f.r->info.n_levels - 1);
	tear_down(&f);
}

/* A damaged tile: the part that can be read is there, the rest is transparent, and the reason is told. */
static void test_damage(void)
{
	const layout l = {"damaged", 256, 256, 1, 8, SAMPLEFORMAT_UINT, COMPRESSION_ADOBE_DEFLATE, 64, 64};
	g_autofree char *path = test_path("damaged.tif"), *bytes = NULL;
	gsize size;
	write_layout(path, &l);
	TIFF *tif = TIFFOpen(path, "r");
	uint64_t at = TIFFGetStrileOffset(tif, 5), n = TIFFGetStrileByteCount(tif, 5);
	TIFFClose(tif);
	g_assert_true(g_file_get_contents(path, &bytes, &size, NULL));
	memset(bytes + at + 2, 0xFF, n - 2);
	g_assert_true(g_file_set_contents(path, bytes, (gssize)size, NULL));
	fixture f;
	set_up(&f, path, 64 << 20);
	const raster_rect all = {0, 0, 256, 256};
	tile_cache_want(f.c, 0, &all);
	wait_for_all(&f);
	tile *t = tile_cache_get(f.c, (tile_key){0, 0, 0});
	g_assert_nonnull(t->pixels);
	g_assert_nonnull(strstr(t->error, "column 64, row 64"));
	g_assert_false(t->opaque);
	const uint8_t *p = g_bytes_get_data(t->pixels, NULL);
	for (int y = 0; y < 256; y++)
		for (int x = 0; x < 256; x++) {
			bool lost = x / 64 == 1 && y / 64 == 1;
			const uint8_t *pixel = p + (y * 256 + x) * 4;
			g_assert_cmpint(pixel[3], ==, lost ? 0 : 255);
			g_assert_cmpint(pixel[0], ==, lost ? 0 : (int)layout_value(&l, x, y, 0));
		}
	tile_cache_stats s;
	tile_cache_get_stats(f.c, &s);
	g_assert_cmpuint(s.failed, ==, 1);
	tear_down(&f);
}

typedef struct {
	uint8_t *painted; /* [h][w] of the screen: how often by the view's own level */
	int w, h, last_level, tiles;
} screen;

static void paint_screen(const tile_view *v, tile *t, const double rect[4], bool finest, void *data)
{
	screen *s = data;
	g_assert_nonnull(t->pixels);
	g_assert_cmpint(t->key.level, <=, s->last_level); /* coarse below fine */
	g_assert_true(tile_view_on_screen(v, rect));
	s->last_level = t->key.level;
	s->tiles++;
	for (int i = 0; i < 4; i++)
		NEAR(rect[i] * v->device_scale, round(rect[i] * v->device_scale));
	for (int y = MAX(0, (int)rect[1]); finest && y < MIN(s->h, (int)(rect[1] + rect[3])); y++)
		for (int x = MAX(0, (int)rect[0]); x < MIN(s->w, (int)(rect[0] + rect[2])); x++)
			s->painted[y * s->w + x]++;
}

/* At any scale and place: each screen pixel that lies on the image is painted by one tile, no seam and no overlap. */
static void check_screen(fixture *f, const viewport *view)
{
	tile_view v;
	double x0, y0, x1, y1;
	g_autofree uint8_t *painted = g_malloc0((gsize)view->screen_w * view->screen_h);
	screen s = {painted, view->screen_w, view->screen_h, G_MAXINT, 0};
	g_assert_true(tile_view_begin(&v, f->c, &f->r->info, view, 1));
	wait_for_all(f);
	g_assert_true(tile_view_begin(&v, f->c, &f->r->info, view, 1));
	g_assert_true(v.known && v.sharp && v.opaque);
	tile_view_draw(&v, paint_screen, &s);
	viewport_to_screen(view, 0, 0, &x0, &y0);
	viewport_to_screen(view, 3000, 2000, &x1, &y1);
	for (int y = 0; y < s.h; y++)
		for (int x = 0; x < s.w; x++) {
			const bool inside = x >= round(x0) && x < round(x1) && y >= round(y0) && y < round(y1);
			g_assert_cmpint(painted[y * s.w + x], ==, inside);
		}
}

static void test_view(void)
{
	g_autofree char *path = large_image();
	fixture f;
	tile_view v;
	viewport view;
	set_up(&f, path, 64 << 20);
	viewport_init(&view, 3000, 2000);
	viewport_resize(&view, 640, 400);
	g_assert_true(tile_view_begin(&v, f.c, &f.r->info, &view, 1));
	g_assert_false(v.known || v.sharp); /* nothing has come yet, and nothing waits */
	check_screen(&f, &view);
	const double scales[] = {0.031, 0.3, 0.71, 1, 1.9, 13.7};
	for (guint i = 0; i < G_N_ELEMENTS(scales); i++) {
		viewport_set_scale(&view, scales[i]);
		check_screen(&f, &view);
		viewport_pan(&view, 97.3, -41.9);
		check_screen(&f, &view);
	}
	viewport_set_scale(&view, 1);
	viewport_pan(&view, -2500, -1500); /* elsewhere: the coarsest level covers until the fine tiles come */
	screen s = {g_malloc0(640 * 400), 640, 400, G_MAXINT, 0};
	g_assert_true(tile_view_begin(&v, f.c, &f.r->info, &view, 1));
	g_assert_true(v.known && !v.sharp);
	tile_view_draw(&v, paint_screen, &s);
	g_assert_cmpint(s.tiles, >, 0);
	g_free(s.painted);
	view.x = 4000; /* beside the image */
	g_assert_false(tile_view_begin(&v, f.c, &f.r->info, &view, 1));
	tear_down(&f);
}

/* Freed in the middle of work: nothing is called afterwards. */
static void test_free_while_busy(void)
{
	g_autofree char *path = large_image();
	for (int i = 0; i < 20; i++) {
		fixture f;
		set_up(&f, path, 64 << 20);
		const raster_rect all = {0, 0, 3000, 2000};
		tile_cache_want(f.c, i % 3, &all);
		g_usleep((gulong)i * 200);
		g_clear_pointer(&f.c, tile_cache_free);
		f.changes = 0;
		while (g_main_context_iteration(NULL, FALSE))
			;
		g_assert_cmpint(f.changes, ==, 0);
		tear_down(&f);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/tile-cache/pixels", test_pixels);
	g_test_add_func("/tile-cache/order", test_order);
	g_test_add_func("/tile-cache/eviction", test_eviction);
	g_test_add_func("/tile-cache/small-budget", test_small_budget);
	g_test_add_func("/tile-cache/ahead", test_ahead);
	g_test_add_func("/tile-cache/style", test_style);
	g_test_add_func("/tile-cache/stale-wishes", test_stale_wishes);
	g_test_add_func("/tile-cache/level", test_level);
	g_test_add_func("/tile-cache/damage", test_damage);
	g_test_add_func("/tile-cache/view", test_view);
	g_test_add_func("/tile-cache/free-while-busy", test_free_while_busy);
	int status = g_test_run();
	test_clean();
	return status;
}
