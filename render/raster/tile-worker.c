#include "render/raster/tile-worker.h"
#include "render/raster/raster-level.h"
#include "render/raster/raster-parallel.h"
#include <string.h>
#include <sys/mman.h>

#define MOST_WORKERS 4
#define ROUGH_MS 120     /* between two rough pictures of an image that is being looked through */
#define SMALLEST_PART 32 /* of a tile that is damaged: what can be read is shown in pieces down to this side */

typedef struct {
	tile_key key;
	uint32_t generation;
	GCancellable *cancel; /* NULL: this worker has nothing to do */
} job;

struct tile_workers {
	gatomicrefcount refs; /* the owner and each thread */
	raster *r;
	GMainContext *context;
	void (*arrived)(GPtrArray *results, void *data);
	void *data;
	GMutex lock;
	GCond work;
	bool stopped;
	raster_style style;
	uint32_t generation;
	GArray *queue; /* tile_key, what comes first at the end */
	job running[MOST_WORKERS];
	int n_workers;
	GPtrArray *results; /* tile_result */
	GSource *delivery;  /* attached while results wait */
};

void tile_result_free(void *data)
{
	tile_result *t = data;
	g_clear_pointer(&t->pixels, g_bytes_unref);
	g_free(t->error);
	g_free(t);
}

static void workers_unref(tile_workers *w)
{
	if (!g_atomic_ref_count_dec(&w->refs))
		return;
	raster_unref(w->r);
	g_main_context_unref(w->context);
	g_array_unref(w->queue);
	g_ptr_array_unref(w->results);
	g_mutex_clear(&w->lock);
	g_cond_clear(&w->work);
	g_free(w);
}

raster_rect tile_area(const raster_info *info, tile_key key)
{
	const raster_level *l = &info->levels[key.level];
	int x = key.x * TILE_SIDE, y = key.y * TILE_SIDE;
	return (raster_rect){x, y, MIN(TILE_SIDE, l->width - x), MIN(TILE_SIDE, l->height - y)};
}

typedef struct {
	raster *r;
	const raster_style *style;
	int level;
	raster_rect tile;
	uint8_t *pixels;
	GCancellable *cancel;
} painting;

/* A damaged part stays transparent, what is whole around it is shown. True if anything could be read. */
static bool paint(const painting *p, const raster_rect *part, GError **error)
{
	g_autoptr(GError) why = NULL;
	size_t stride = (size_t)p->tile.w * 4;
	uint8_t *at = p->pixels + (size_t)(part->y - p->tile.y) * stride + (size_t)(part->x - p->tile.x) * 4;
	if (raster_render(p->r, p->style, p->level, part, at, stride, p->cancel, &why))
		return true;
	bool damaged = g_error_matches(why, RASTER_ERROR, RASTER_ERROR_CORRUPT);
	if (error && !*error)
		*error = g_steal_pointer(&why);
	if (!damaged || (part->w <= SMALLEST_PART && part->h <= SMALLEST_PART))
		return false;
	int w = part->w > SMALLEST_PART ? part->w / 2 : part->w, h = part->h > SMALLEST_PART ? part->h / 2 : part->h;
	bool some = false;
	for (int y = 0; y < part->h; y += h)
		for (int x = 0; x < part->w; x += w) {
			raster_rect piece = {part->x + x, part->y + y, MIN(w, part->w - x), MIN(h, part->h - y)};
			some |= paint(p, &piece, error);
		}
	return some;
}

typedef struct {
	void *at;
	size_t size;
} pages;

static void pages_free(void *data)
{
	pages *p = data;
	munmap(p->at, p->size);
	g_free(p);
}

/* n pixels of zeros, bgra, on pages of their own: tiles come and go all day, and a heap would keep the holes that they
 * leave. */
static GBytes *pixels_new(size_t n, uint8_t **pixels)
{
	pages *p = g_new(pages, 1);
	p->size = 4 * n;
	p->at = mmap(NULL, p->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p->at == MAP_FAILED)
		g_error("no memory for a tile of %zu pixels", n);
	*pixels = p->at;
	return g_bytes_new_with_free_func(p->at, p->size, pages_free, p);
}

/* Gives the result its pixels, n of them in `bytes`. */
static void take_pixels(tile_result *t, GBytes **bytes, size_t n)
{
	const uint8_t *pixels = g_bytes_get_data(*bytes, NULL);
	uint8_t all = 0xff;
	for (size_t i = 0; i < n; i++)
		all &= pixels[4 * i + 3];
	t->opaque = all == 0xff;
	t->pixels = g_steal_pointer(bytes);
}

static tile_result *make_tile(raster *r, const raster_style *style, const job *j)
{
	tile_result *t = g_new0(tile_result, 1);
	g_autoptr(GError) error = NULL;
	t->key = j->key;
	t->generation = j->generation;
	t->area = tile_area(raster_get_info(r), j->key);
	const size_t n = (size_t)t->area.w * (size_t)t->area.h;
	uint8_t *pixels;
	g_autoptr(GBytes) bytes = pixels_new(n, &pixels);
	painting p = {r, style, j->key.level, t->area, pixels, j->cancel};
	if (paint(&p, &t->area, &error))
		take_pixels(t, &bytes, n);
	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		g_clear_pointer(&t, tile_result_free);
	else if (error)
		t->error = g_strdup(error->message);
	return t;
}

static gboolean deliver(void *data)
{
	tile_workers *w = data;
	g_mutex_lock(&w->lock);
	g_autoptr(GPtrArray) results = w->results;
	w->results = g_ptr_array_new_with_free_func(tile_result_free);
	g_clear_pointer(&w->delivery, g_source_unref);
	bool stopped = w->stopped;
	g_mutex_unlock(&w->lock);
	if (!stopped)
		w->arrived(results, w->data);
	return G_SOURCE_REMOVE;
}

/* The lock is held. One source for all results that come before it runs, ahead of the next redraw. */
static void hand_over(tile_workers *w, tile_result *t)
{
	g_ptr_array_add(w->results, t);
	if (w->delivery)
		return;
	g_atomic_ref_count_inc(&w->refs);
	w->delivery = g_idle_source_new();
	g_source_set_priority(w->delivery, G_PRIORITY_HIGH_IDLE);
	g_source_set_callback(w->delivery, deliver, w, (GDestroyNotify)workers_unref);
	g_source_attach(w->delivery, w->context);
}

typedef struct {
	tile_workers *w;
	int index;
} seat;

static void *worker(void *data)
{
	g_autofree seat *s = data;
	tile_workers *w = s->w;
	job *mine = &w->running[s->index];
	g_mutex_lock(&w->lock);
	while (!w->stopped) {
		if (w->queue->len == 0) {
			g_cond_wait(&w->work, &w->lock);
			continue;
		}
		mine->key = g_array_index(w->queue, tile_key, w->queue->len - 1);
		mine->generation = w->generation;
		mine->cancel = g_cancellable_new();
		g_array_set_size(w->queue, w->queue->len - 1);
		raster_style style = w->style;
		job j = *mine;
		g_object_ref(j.cancel);
		g_mutex_unlock(&w->lock);
		tile_result *t = make_tile(w->r, &style, &j);
		g_mutex_lock(&w->lock);
		bool stale = w->stopped || g_cancellable_is_cancelled(j.cancel);
		g_clear_object(&mine->cancel);
		g_object_unref(j.cancel);
		if (t && !stale)
			hand_over(w, t);
		else if (t)
			tile_result_free(t);
	}
	g_mutex_unlock(&w->lock);
	workers_unref(w);
	return NULL;
}

/* The coarsest level as far as it is known; NULL: nothing is. */
static tile_result *make_rough(raster *r, const raster_style *style, uint32_t generation)
{
	tile_result *t = g_new0(tile_result, 1);
	t->key.level = raster_get_info(r)->n_levels - 1;
	t->area = tile_area(raster_get_info(r), t->key);
	t->generation = generation;
	t->rough = true;
	const size_t n = (size_t)t->area.w * (size_t)t->area.h;
	uint8_t *pixels;
	g_autoptr(GBytes) bytes = pixels_new(n, &pixels);
	if (raster_render_rough(r, style, t->key.level, pixels))
		take_pixels(t, &bytes, n);
	else
		g_clear_pointer(&t, tile_result_free);
	return t;
}

/* Without overviews the first whole picture may take minutes: until then rough ones come, ever finer. */
static void *sketcher(void *data)
{
	tile_workers *w = data;
	g_mutex_lock(&w->lock);
	while (!w->stopped && raster_is_unfinished(w->r)) {
		const raster_style style = w->style;
		const uint32_t generation = w->generation;
		g_mutex_unlock(&w->lock);
		g_usleep(ROUGH_MS * 1000);
		tile_result *t = make_rough(w->r, &style, generation);
		g_mutex_lock(&w->lock);
		if (t && !w->stopped && generation == w->generation)
			hand_over(w, t);
		else if (t)
			tile_result_free(t);
	}
	g_mutex_unlock(&w->lock);
	workers_unref(w);
	return NULL;
}

static void start(tile_workers *w, const char *name, GThreadFunc work, void *data)
{
	g_atomic_ref_count_inc(&w->refs);
	g_thread_unref(g_thread_new(name, work, data));
}

tile_workers *tile_workers_new(raster *r, void (*arrived)(GPtrArray *results, void *data), void *data)
{
	tile_workers *w = g_new0(tile_workers, 1);
	g_atomic_ref_count_init(&w->refs);
	w->r = raster_ref(r);
	w->context = g_main_context_ref_thread_default();
	w->arrived = arrived;
	w->data = data;
	g_mutex_init(&w->lock);
	g_cond_init(&w->work);
	w->queue = g_array_new(FALSE, FALSE, sizeof(tile_key));
	w->results = g_ptr_array_new_with_free_func(tile_result_free);
	w->n_workers = CLAMP(raster_threads(), 2, MOST_WORKERS);
	for (int i = 0; i < w->n_workers; i++) {
		seat *s = g_new(seat, 1);
		*s = (seat){w, i};
		start(w, "nadir-tiles", worker, s);
	}
	const raster_info *info = raster_get_info(r);
	const raster_level *last = &info->levels[info->n_levels - 1];
	if (last->width <= TILE_SIDE && last->height <= TILE_SIDE && raster_is_unfinished(r))
		start(w, "nadir-sketch", sketcher, w);
	return w;
}

void tile_workers_stop(tile_workers *w)
{
	g_mutex_lock(&w->lock);
	w->stopped = true;
	g_array_set_size(w->queue, 0);
	for (int i = 0; i < w->n_workers; i++)
		if (w->running[i].cancel)
			g_cancellable_cancel(w->running[i].cancel);
	g_autoptr(GSource) delivery = g_steal_pointer(&w->delivery);
	g_cond_broadcast(&w->work);
	g_mutex_unlock(&w->lock);
	if (delivery)
		g_source_destroy(delivery);
	workers_unref(w);
}

static bool same_key(const tile_key *a, const tile_key *b)
{
	return a->level == b->level && a->x == b->x && a->y == b->y;
}

/* The job that makes this tile now, or NULL. */
static job *running_job(tile_workers *w, const tile_key *key, uint32_t generation)
{
	for (int i = 0; i < w->n_workers; i++) {
		job *j = &w->running[i];
		if (j->cancel && j->generation == generation && same_key(&j->key, key) &&
		    !g_cancellable_is_cancelled(j->cancel))
			return j;
	}
	return NULL;
}

static void cancel_unwanted(tile_workers *w, const tile_key *keys, guint n)
{
	for (int i = 0; i < w->n_workers; i++) {
		job *j = &w->running[i];
		bool wanted = j->cancel && j->generation == w->generation;
		guint k = 0;
		while (wanted && k < n && !same_key(&keys[k], &j->key))
			k++;
		if (j->cancel && (!wanted || k == n))
			g_cancellable_cancel(j->cancel);
	}
}

void tile_workers_want(tile_workers *w, const raster_style *style, uint32_t generation, const tile_key *keys, guint n)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&w->lock);
	w->style = *style;
	w->generation = generation;
	cancel_unwanted(w, keys, n);
	g_array_set_size(w->queue, 0);
	for (guint i = n; i > 0; i--)
		if (!running_job(w, &keys[i - 1], generation))
			g_array_append_val(w->queue, keys[i - 1]);
	g_cond_broadcast(&w->work);
}
