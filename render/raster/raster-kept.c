/* The level that is kept in memory for images without overviews: made once, block by block and all over the image, so
 * that a rough picture can be shown before it is whole. */
#include "render/raster/raster-level.h"
#include "render/raster/raster-mean.h"
#include "render/raster/raster-parallel.h"
#include <glib/gi18n-lib.h>
#include <string.h>

#define KEPT_ENTRIES 6
#define KEPT_ALL_BYTES (UINT64_C(256) << 20)

enum { BLOCK_MISSING, BLOCK_DONE, BLOCK_DAMAGED };

struct raster_kept {
	int level, n_bands;
	int *bands; /* [n_bands]; NULL: the mask */
	size_t size;
	raster_place place;
	raster_rect area;                   /* all of the level */
	uint8_t *data;                      /* [n_bands][h][w] */
	uint8_t *mean;                      /* the same of means, or NULL */
	int block_w, block_h, across, down; /* of the blocks that are made one by one */
	uint8_t *state;                     /* [down][across], changed under the raster's lock; a cancelled build goes on */
	bool finished;                      /* no block is missing */
	GError *why;                        /* the first of the reasons of damaged blocks */
};

void raster_kept_free(void *kept)
{
	raster_kept *k = kept;
	g_free(k->bands);
	g_free(k->data);
	g_free(k->mean);
	g_free(k->state);
	g_clear_error(&k->why);
	g_free(k);
}

/* The level that is kept in memory for `level`, or -1: the largest one of the chain beyond the last real level that is
 * small enough. */
int raster_kept_level(const raster *r, int level)
{
	int last = r->source->n_levels - 1;
	if (r->places[level].real != last || r->places[level].step == 1)
		return -1;
	for (int i = 0; i <= level; i++)
		if (r->places[i].real == last && r->places[i].step > 1 &&
		    MAX(r->levels[i].width, r->levels[i].height) <= RASTER_KEPT_SIDE)
			return i;
	return -1;
}

static int position_of(const raster_kept *k, int band)
{
	for (int i = 0; i < k->n_bands; i++)
		if (k->bands[i] == band)
			return i;
	return -1;
}

static bool holds(const raster_kept *k, const channels *ch, int level)
{
	if (k->level != level || (k->bands == NULL) != (ch->bands == NULL))
		return false;
	for (int i = 0; ch->bands && i < ch->n_bands; i++)
		if (position_of(k, ch->bands[i]) < 0)
			return false;
	return true;
}

static raster_kept *kept_new(const channels *ch, int level)
{
	raster *r = ch->r;
	const raster_level *l = &r->levels[level];
	uint64_t plane = (uint64_t)l->width * (uint64_t)l->height * ch->size;
	/* Where one band costs as much as all, all are taken along: alpha and statistics will be asked for next. */
	bool all = ch->bands && r->source->contiguous && plane * (uint64_t)r->info.n_bands <= KEPT_ALL_BYTES;
	raster_kept *k = g_new0(raster_kept, 1);
	k->level = level;
	k->place = r->places[level];
	k->area = (raster_rect){0, 0, l->width, l->height};
	raster_block_size(r, &k->place, &k->block_w, &k->block_h);
	k->across = (l->width + k->block_w - 1) / k->block_w;
	k->down = (l->height + k->block_h - 1) / k->block_h;
	k->state = g_new0(uint8_t, (size_t)k->across * (size_t)k->down);
	k->size = ch->size;
	k->n_bands = all ? r->info.n_bands : ch->n_bands;
	if (ch->bands) {
		k->bands = g_new(int, (size_t)k->n_bands);
		for (int i = 0; i < k->n_bands; i++)
			k->bands[i] = all ? i : ch->bands[i];
	}
	k->data = g_try_malloc0(plane * (size_t)k->n_bands);
	if (k->data && ch->bands && raster_can_mean(r))
		k->mean = g_try_malloc0(plane * (size_t)k->n_bands); /* without it, samples are shown */
	if (!k->data)
		g_clear_pointer(&k, raster_kept_free);
	return k;
}

static raster_kept *kept_find(const channels *ch, int level)
{
	GPtrArray *all = ch->r->kept;
	for (guint i = 0; i < all->len; i++)
		if (holds(all->pdata[i], ch, level))
			return all->pdata[i];
	raster_kept *k = kept_new(ch, level);
	if (!k)
		return NULL;
	if (all->len == KEPT_ENTRIES)
		g_ptr_array_remove_index(all, 0);
	g_ptr_array_add(all, k);
	return k;
}

/* The n-th block in an order that visits every 2^k-th block of rows and columns before those between them: what is done
 * at any moment lies all over the image. Formats that are decoded from the top are read from the top. */
static GArray *order_blocks(const raster_kept *k, bool scattered)
{
	GArray *order = g_array_new(FALSE, FALSE, sizeof(int));
	int side = 1, levels = 0;
	for (; side < MAX(k->across, k->down); side *= 2)
		levels++;
	for (int64_t n = 0; scattered && n < (int64_t)side * side; n++) {
		int x = 0, y = 0;
		for (int b = 0; b < levels; b++) { /* bits reversed: the lowest ones of n move the farthest */
			x |= (int)(n >> (2 * b) & 1) << (levels - 1 - b);
			y |= (int)(n >> (2 * b + 1) & 1) << (levels - 1 - b);
		}
		const int index = y * k->across + x;
		if (x < k->across && y < k->down && k->state[index] == BLOCK_MISSING)
			g_array_append_val(order, index);
	}
	for (int index = 0; !scattered && index < k->across * k->down; index++)
		if (k->state[index] == BLOCK_MISSING)
			g_array_append_val(order, index);
	return order;
}

typedef struct {
	const channels *samples, *means;
	raster_kept *k;
	const int *order;
} making;

static raster_rect block_area(const raster_kept *k, int index)
{
	const int x = index % k->across * k->block_w, y = index / k->across * k->block_h;
	return (raster_rect){x, y, MIN(k->block_w, k->area.w - x), MIN(k->block_h, k->area.h - y)};
}

/* Samples and means together, from chunks that are decoded once. A damaged block is noted, and the rest goes on. */
static bool make_block(int piece, void *data, GError **error)
{
	const making *m = data;
	raster_kept *k = m->k;
	raster *r = m->samples->r;
	const int index = m->order[piece];
	const raster_rect area = block_area(k, index);
	const size_t row = (size_t)k->area.w * k->size, plane = row * (size_t)k->area.h;
	const size_t at = (size_t)area.y * row + (size_t)area.x * k->size;
	g_autoptr(GError) why = NULL;
	/* Means first: formats that are decoded from the top only go forward then, the middle rows are still at hand. */
	const bool ok = (!k->mean || raster_make_block(m->means, &k->place, &area, k->mean + at, row, plane, &why)) &&
	                raster_make_block(m->samples, &k->place, &area, k->data + at, row, plane, &why);
	if (!ok && !g_error_matches(why, RASTER_ERROR, RASTER_ERROR_CORRUPT)) {
		g_propagate_error(error, g_steal_pointer(&why));
		return false;
	}
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&r->lock);
	k->state[index] = ok ? BLOCK_DONE : BLOCK_DAMAGED;
	if (!ok && !k->why)
		k->why = g_steal_pointer(&why);
	return true;
}

static void set_rough(raster *r, raster_kept *k)
{
	g_mutex_lock(&r->lock);
	r->rough = k;
	r->ever_kept |= !k;
	g_mutex_unlock(&r->lock);
}

/* Both pictures of the level as an earlier session left them in the cache. */
static bool kept_load(const channels *samples, const channels *means, raster_kept *k)
{
	if (!samples->bands || !raster_overviews_read_samples(samples, k->level, k->data) ||
	    (k->mean && !raster_overviews_read(means, k->level, &k->area, k->mean)))
		return false;
	memset(k->state, BLOCK_DONE, (size_t)k->across * (size_t)k->down);
	return true;
}

/* Makes what is missing of a kept level; a cancelled one is gone on with by the next caller. */
static bool kept_finish(const channels *ch, raster_kept *k, GError **error)
{
	raster *r = ch->r;
	channels samples = *ch, means = *ch;
	samples.bands = means.bands = k->bands;
	samples.n_bands = means.n_bands = k->n_bands;
	samples.mean = false;
	means.mean = true;
	if (k->finished)
		return true;
	k->finished = kept_load(&samples, &means, k);
	if (k->finished) {
		set_rough(r, NULL);
		return true;
	}
	g_autoptr(GArray) order = order_blocks(k, !r->source->sequential);
	making m = {&samples, &means, k, (const int *)(const void *)order->data};
	set_rough(r, k);
	k->finished = raster_parallel((int)order->len, r->source->sequential ? 1 : raster_threads(), make_block, &m, error);
	set_rough(r, NULL);
	return k->finished;
}

/* --- the rough picture --- */

/* The nearest block above and to the left that is done, of those that are visited early. -1: none yet. */
static int block_instead(const raster_kept *k, int x, int y)
{
	for (int mask = 0; mask < MAX(k->across, k->down); mask = mask * 2 + 1) {
		const int index = (y & ~mask) * k->across + (x & ~mask);
		if (k->state[index] == BLOCK_DONE)
			return index;
	}
	return k->state[0] == BLOCK_DONE ? 0 : -1;
}

/* Where in the kept level a pixel of the rough picture is taken from. -1: nowhere yet. */
static int64_t rough_place(const raster_kept *k, int64_t x, int64_t y)
{
	const int index = block_instead(k, (int)(x / k->block_w), (int)(y / k->block_h));
	if (index < 0)
		return -1;
	const raster_rect area = block_area(k, index);
	if (x < area.x || y < area.y || x >= area.x + area.w || y >= area.y + area.h) {
		x = area.x + area.w / 2;
		y = area.y + area.h / 2;
	}
	return y * k->area.w + x;
}

bool raster_read_rough(raster *r, int level, const int *bands, int n_bands, void *out)
{
	const raster_level *l = &r->levels[level];
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&r->lock);
	const raster_kept *k = r->rough;
	if (!k || !k->bands || r->alpha >= 0 || r->info.has_mask || k->place.real != r->places[level].real)
		return false;
	const int step = r->places[level].step / k->place.step;
	const size_t plane = (size_t)l->width * (size_t)l->height, from = (size_t)k->area.w * (size_t)k->area.h;
	const uint8_t *pixels = k->mean ? k->mean : k->data;
	for (int b = 0; b < n_bands; b++)
		if (position_of(k, bands[b]) < 0)
			return false;
	for (size_t i = 0; i < plane; i++) {
		const int64_t x = (int64_t)(i % (size_t)l->width) * step + step / 2;
		const int64_t y = (int64_t)(i / (size_t)l->width) * step + step / 2;
		const int64_t at = rough_place(k, MIN(x, k->area.w - 1), MIN(y, k->area.h - 1));
		if (at < 0)
			return false;
		for (int b = 0; b < n_bands; b++)
			memcpy((uint8_t *)out + ((size_t)b * plane + i) * k->size,
			       pixels + ((size_t)position_of(k, bands[b]) * from + (size_t)at) * k->size, k->size);
	}
	return true;
}

bool raster_is_unfinished(raster *r)
{
	if (raster_kept_level(r, r->info.n_levels - 1) < 0)
		return false;
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&r->lock);
	return r->rough || !r->ever_kept;
}

/* --- reading --- */

static void kept_samples(const raster_kept *k, const raster_level *l, size_t plane, int step, const raster_rect *area,
                         uint8_t *out)
{
	for (int y = 0; y < area->h; y++) {
		size_t row = (size_t)MIN((area->y + y) * step + step / 2, l->height - 1) * (size_t)l->width;
		for (int x = 0; x < area->w; x++, out += k->size) {
			size_t column = (size_t)MIN((area->x + x) * step + step / 2, l->width - 1);
			memcpy(out, k->data + (plane + row + column) * k->size, k->size);
		}
	}
}

static void kept_means(const channels *ch, const raster_kept *k, const raster_level *l, size_t plane, int step,
                       int band, const raster_rect *area, uint8_t *out)
{
	raster_mean *m = raster_mean_new(ch->r->info.type, area->w, step);
	int x0 = area->x * step, n = MIN((area->x + area->w) * step, l->width) - x0;
	for (int y = 0; y < area->h; y++, out += (size_t)area->w * k->size) {
		for (int i = 0; i < raster_mean_tries(step); i++) {
			int row = MIN((area->y + y) * step + raster_mean_offset(step, i), l->height - 1);
			raster_mean_add(m, k->mean + (plane + (size_t)row * (size_t)l->width + (size_t)x0) * k->size, n,
			                &ch->r->info.bands[band]);
		}
		raster_mean_take(m, &ch->r->info.bands[band], out);
	}
	raster_mean_free(m);
}

static void kept_copy(const channels *ch, const raster_kept *k, int level, const raster_rect *area, uint8_t *out)
{
	const raster_level *l = &ch->r->levels[k->level];
	int step = ch->r->places[level].step / ch->r->places[k->level].step;
	size_t bytes = (size_t)area->w * (size_t)area->h * k->size;
	for (int b = 0; b < ch->n_bands; b++) {
		size_t plane = (size_t)(ch->bands ? position_of(k, ch->bands[b]) : 0) * (size_t)l->width * (size_t)l->height;
		if (ch->mean && k->mean)
			kept_means(ch, k, l, plane, step, ch->bands[b], area, out + (size_t)b * bytes);
		else
			kept_samples(k, l, plane, step, area, out + (size_t)b * bytes);
	}
}

/* Only one thread makes kept levels; the others wait and stay cancellable. */
static bool begin_building(const channels *ch, GError **error)
{
	raster *r = ch->r;
	bool ok = true;
	g_mutex_lock(&r->lock);
	while (r->building && ok) {
		g_cond_wait_until(&r->built, &r->lock, g_get_monotonic_time() + 20 * G_TIME_SPAN_MILLISECOND);
		ok = !g_cancellable_set_error_if_cancelled(ch->cancel, error);
	}
	r->building |= ok;
	g_mutex_unlock(&r->lock);
	return ok;
}

static void end_building(const channels *ch)
{
	g_mutex_lock(&ch->r->lock);
	ch->r->building = false;
	g_cond_signal(&ch->r->built);
	g_mutex_unlock(&ch->r->lock);
}

/* area is of `level`, blocks of the kept level. */
static bool is_whole(const channels *ch, const raster_kept *k, int level, const raster_rect *area)
{
	int64_t step = ch->r->places[level].step / k->place.step;
	int64_t x1 = MIN((area->x + area->w) * step, k->area.w), y1 = MIN((area->y + area->h) * step, k->area.h);
	for (int64_t y = area->y * step / k->block_h; y * k->block_h < y1; y++)
		for (int64_t x = area->x * step / k->block_w; x * k->block_w < x1; x++)
			if (k->state[y * k->across + x] == BLOCK_DAMAGED)
				return false;
	return true;
}

static bool read_kept_level(const channels *ch, int from, int level, const raster_rect *area, void *out, GError **error)
{
	raster_kept *k = kept_find(ch, from);
	if (!k) {
		g_set_error(error, RASTER_ERROR, RASTER_ERROR_UNSUPPORTED, _("%s: not enough memory for an overview of it"),
		            ch->r->info.path);
		return false;
	}
	if (!kept_finish(ch, k, error))
		return false;
	if (!is_whole(ch, k, level, area)) {
		g_propagate_error(error, g_error_copy(k->why));
		return false;
	}
	kept_copy(ch, k, level, area, out);
	return true;
}

bool raster_read_kept(const channels *ch, int from, int level, const raster_rect *area, void *out, GError **error)
{
	if (!begin_building(ch, error))
		return false;
	bool ok = read_kept_level(ch, from, level, area, out, error);
	end_building(ch);
	return ok;
}
