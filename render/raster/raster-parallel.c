#include "render/raster/raster-parallel.h"

#define MOST_THREADS 4

typedef struct {
	gatomicrefcount refs; /* the caller, and each helper whether it has begun or not */
	raster_work work;
	void *data;
	int n, next; /* next: atomic */
	GMutex lock;
	GCond left;
	int working; /* helpers that have begun and not ended: only for these the caller waits */
	GError *error;
	bool failed;
} crew;

int raster_threads(void)
{
	return CLAMP((int)g_get_num_processors(), 1, MOST_THREADS);
}

static void crew_unref(crew *c)
{
	if (!g_atomic_ref_count_dec(&c->refs))
		return;
	g_cond_clear(&c->left);
	g_mutex_clear(&c->lock);
	g_free(c);
}

static void toil(crew *c)
{
	int piece;
	while ((piece = g_atomic_int_add(&c->next, 1)) < c->n) {
		g_autoptr(GError) error = NULL;
		if (c->work(piece, c->data, &error))
			continue;
		g_atomic_int_set(&c->next, c->n);
		g_mutex_lock(&c->lock);
		if (!c->failed)
			c->error = g_steal_pointer(&error);
		c->failed = true;
		g_mutex_unlock(&c->lock);
		break;
	}
}

static void help(void *data, void *unused)
{
	crew *c = data;
	g_mutex_lock(&c->lock);
	const bool late = g_atomic_int_get(&c->next) >= c->n; /* the caller may be gone, and its data with it */
	c->working += !late;
	g_mutex_unlock(&c->lock);
	if (!late) {
		toil(c);
		g_mutex_lock(&c->lock);
		c->working--;
		g_cond_signal(&c->left);
		g_mutex_unlock(&c->lock);
	}
	crew_unref(c);
}

/* Threads are kept between calls: starting one costs as much as decoding a small tile. */
static GThreadPool *helpers(void)
{
	static gsize once = 0;
	static GThreadPool *pool;
	if (g_once_init_enter(&once)) {
		pool = g_thread_pool_new(help, NULL, 2 * MOST_THREADS, FALSE, NULL);
		g_once_init_leave(&once, 1);
	}
	return pool;
}

bool raster_parallel(int n, int threads, raster_work work, void *data, GError **error)
{
	crew *c = g_new0(crew, 1);
	c->work = work;
	c->data = data;
	c->n = n;
	g_atomic_ref_count_init(&c->refs);
	g_mutex_init(&c->lock);
	g_cond_init(&c->left);
	for (int i = 1; i < MIN(threads, n); i++) {
		g_atomic_ref_count_inc(&c->refs);
		g_thread_pool_push(helpers(), c, NULL);
	}
	toil(c);
	g_mutex_lock(&c->lock);
	while (c->working > 0)
		g_cond_wait(&c->left, &c->lock);
	const bool ok = !c->failed;
	if (!ok)
		g_propagate_error(error, g_steal_pointer(&c->error));
	g_mutex_unlock(&c->lock);
	crew_unref(c);
	return ok;
}
