/* Levels between and beyond the real ones (the rule is told in raster.h). */
#include "render/raster/raster-mean.h"
#include <glib/gi18n-lib.h>
#include <string.h>

#define COARSEST_SIDE 256
#define KEPT_ENTRIES 6
#define KEPT_ALL_BYTES (UINT64_C(256) << 20)
#define BLOCK_SIDE 1024

struct raster_kept {
	int level, n_bands;
	int *bands; /* [n_bands]; NULL: the mask */
	size_t size;
	uint8_t *data;  /* [n_bands][h][w] */
	uint8_t *mean;  /* the same of means, or NULL */
	int rows_done;  /* a cancelled build goes on from here */
	GArray *damage; /* raster_rect of this level that cannot be read */
	GError *why;    /* the first of the reasons */
};

/* What is read: some bands, or the mask (one channel of bytes). */
typedef struct {
	raster *r;
	const int *bands; /* NULL: the mask */
	int n_bands;
	size_t size;
	GCancellable *cancel;
	bool mean; /* of virtual levels the means */
} channels;

void raster_kept_free(void *kept)
{
	raster_kept *k = kept;
	g_free(k->bands);
	g_free(k->data);
	g_free(k->mean);
	g_array_unref(k->damage);
	g_clear_error(&k->why);
	g_free(k);
}

static int larger_side(const raster_level *l)
{
	return MAX(l->width, l->height);
}

static void add_level(raster *r, int real, int step)
{
	int i = r->info.n_levels;
	const raster_level *base = &r->source->levels[real];
	if (i == RASTER_MAX_LEVELS)
		return;
	r->places[i] = (raster_place){.real = real, .step = step};
	r->levels[i].width = (int)(((int64_t)base->width + step - 1) / step);
	r->levels[i].height = (int)(((int64_t)base->height + step - 1) / step);
	r->info.n_levels++;
}

void raster_levels_build(raster *r)
{
	const raster_source *s = r->source;
	r->info.n_levels = 0;
	r->info.levels = r->levels;
	for (int real = 0; real < s->n_levels; real++) {
		add_level(r, real, 1);
		bool last = real + 1 == s->n_levels;
		int64_t side = larger_side(&s->levels[real]);
		/* To the next real level no step is much larger than 2; the last level fits into one tile. */
		int64_t limit = last ? COARSEST_SIDE : (int64_t)larger_side(&s->levels[real + 1]) * 7 / 2;
		for (int64_t step = 2; side > limit * (step / 2) && step < (1 << 30); step *= 2)
			add_level(r, real, (int)step);
	}
}

bool raster_area_inside(const raster_rect *a, const raster_level *l)
{
	return a->x >= 0 && a->y >= 0 && a->w > 0 && a->h > 0 && a->w <= l->width && a->h <= l->height &&
	       a->x <= l->width - a->w && a->y <= l->height - a->h;
}

int raster_slice_rows(const raster *r, int level, int w, int n_bands)
{
	const raster_place *p = &r->places[level];
	size_t row = (size_t)w * (size_t)n_bands * raster_type_size(r->info.type);
	int rows = (int)MIN((size_t)1 << 20, ((size_t)16 << 20) / MAX(row, 1));
	return MAX(rows, MAX(1, r->source->chunk_h / p->step));
}

static bool read_real(const channels *ch, int real, const raster_rect *area, void *out, GError **error)
{
	raster_source *s = ch->r->source;
	if (!ch->bands)
		return s->read_mask(s, real, area, out, ch->cancel, error);
	return s->read(s, real, area, ch->bands, ch->n_bands, out, ch->cancel, error);
}

static void pick_row(const uint8_t *in, int n, int step, size_t size, uint8_t *out)
{
	if (size == 1)
		for (int i = 0; i < n; i++)
			out[i] = in[(size_t)i * (size_t)step];
	else
		for (int i = 0; i < n; i++)
			memcpy(out + (size_t)i * size, in + (size_t)i * (size_t)step * size, size);
}

/* One block of a virtual level: of each step x step square its middle pixel (or the last one inside the image). */
static bool sample_block(const channels *ch, const raster_place *p, const raster_rect *block, uint8_t *scratch,
                         uint8_t *out, size_t out_row, size_t out_plane, GError **error)
{
	const raster_level *base = &ch->r->source->levels[p->real];
	int64_t x0 = MIN((int64_t)block->x * p->step + p->step / 2, base->width - 1);
	int64_t x1 = MIN((int64_t)(block->x + block->w - 1) * p->step + p->step / 2, base->width - 1);
	int w = (int)(x1 - x0 + 1);
	int inner = (int)((x1 - x0) / p->step) + 1; /* the last column may lie nearer than a whole step */
	for (int y = 0; y < block->h; y++) {
		int64_t row = MIN((int64_t)(block->y + y) * p->step + p->step / 2, base->height - 1);
		raster_rect strip = {(int)x0, (int)row, w, 1};
		if (!read_real(ch, p->real, &strip, scratch, error))
			return false;
		for (int b = 0; b < ch->n_bands; b++) {
			const uint8_t *in = scratch + (size_t)b * (size_t)w * ch->size;
			uint8_t *to = out + (size_t)b * out_plane + (size_t)y * out_row;
			pick_row(in, inner, p->step, ch->size, to);
			if (inner < block->w)
				memcpy(to + (size_t)inner * ch->size, in + (size_t)(w - 1) * ch->size, ch->size);
		}
	}
	return true;
}

static bool mean_row(const channels *ch, const raster_place *p, const raster_rect *block, int y, uint8_t *scratch,
                     raster_mean **means, GError **error)
{
	const raster_level *base = &ch->r->source->levels[p->real];
	int64_t x0 = (int64_t)block->x * p->step, x1 = MIN((int64_t)(block->x + block->w) * p->step, base->width);
	for (int k = 0; k < raster_mean_tries(p->step); k++) {
		int64_t row = MIN((int64_t)(block->y + y) * p->step + raster_mean_offset(p->step, k), base->height - 1);
		raster_rect strip = {(int)x0, (int)row, (int)(x1 - x0), 1};
		if (!read_real(ch, p->real, &strip, scratch, error))
			return false;
		for (int b = 0; b < ch->n_bands; b++)
			raster_mean_add(means[b], scratch + (size_t)b * (size_t)strip.w * ch->size, strip.w,
			                &ch->r->info.bands[ch->bands[b]]);
	}
	return true;
}

/* One block of a virtual level: the means of its squares. */
static bool mean_block(const channels *ch, const raster_place *p, const raster_rect *block, uint8_t *scratch,
                       uint8_t *out, size_t out_row, size_t out_plane, GError **error)
{
	g_autoptr(GPtrArray) means = g_ptr_array_new_with_free_func((GDestroyNotify)raster_mean_free);
	for (int b = 0; b < ch->n_bands; b++)
		g_ptr_array_add(means, raster_mean_new(ch->r->info.type, block->w, p->step));
	for (int y = 0; y < block->h; y++) {
		if (!mean_row(ch, p, block, y, scratch, (raster_mean **)means->pdata, error))
			return false;
		for (int b = 0; b < ch->n_bands; b++)
			raster_mean_take(means->pdata[b], &ch->r->info.bands[ch->bands[b]],
			                 out + (size_t)b * out_plane + (size_t)y * out_row);
	}
	return true;
}

/* A damaged block is noted when there is a list for it, and the rest goes on. */
static bool note_damage(const raster_rect *block, GArray *damage, GError **why, GError **reason)
{
	if (!damage || !g_error_matches(*reason, RASTER_ERROR, RASTER_ERROR_CORRUPT))
		return false;
	g_array_append_val(damage, *block);
	if (*why)
		g_clear_error(reason);
	else
		*why = g_steal_pointer(reason);
	return true;
}

/* Works through the area in blocks that fit what is decoded at once, so that each tile or strip is decoded about once.
 * kept: the level that is being made, or NULL. */
static bool sample_area(const channels *ch, const raster_place *p, const raster_rect *area, uint8_t *out,
                        size_t out_plane, raster_kept *kept, GError **error)
{
	const raster_source *s = ch->r->source;
	int bw = MAX(1, MAX(BLOCK_SIDE, s->chunk_w) / p->step), bh = MAX(1, s->chunk_h / p->step);
	size_t row = (size_t)area->w * ch->size;
	bw = MIN(bw, area->w);
	g_autofree uint8_t *scratch = g_try_malloc((size_t)bw * (size_t)p->step * (size_t)ch->n_bands * ch->size);
	if (!scratch) {
		g_set_error(error, RASTER_ERROR, RASTER_ERROR_UNSUPPORTED, _("%s: not enough memory to read a row of it"),
		            ch->r->info.path);
		return false;
	}
	for (int y = 0; y < area->h; y += bh)
		for (int x = 0; x < area->w; x += bw) {
			raster_rect block = {area->x + x, area->y + y, MIN(bw, area->w - x), MIN(bh, area->h - y)};
			uint8_t *to = out + (size_t)y * row + (size_t)x * ch->size;
			GError *reason = NULL;
			if (g_cancellable_set_error_if_cancelled(ch->cancel, error))
				return false;
			if (!(ch->mean ? mean_block : sample_block)(ch, p, &block, scratch, to, row, out_plane, &reason) &&
			    !(kept && note_damage(&block, kept->damage, &kept->why, &reason))) {
				g_propagate_error(error, reason);
				return false;
			}
		}
	return true;
}

/* The level that is kept in memory for `level`, or -1: the largest one of the chain beyond the last real level that is
 * small enough. */
static int kept_level(const raster *r, int level)
{
	int last = r->source->n_levels - 1;
	if (r->places[level].real != last || r->places[level].step == 1)
		return -1;
	for (int i = 0; i <= level; i++)
		if (r->places[i].real == last && r->places[i].step > 1 && larger_side(&r->levels[i]) <= RASTER_KEPT_SIDE)
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
	k->damage = g_array_new(FALSE, FALSE, sizeof(raster_rect));
	k->level = level;
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

/* Makes what is missing of a kept level: samples and means together, from chunks that are decoded once. */
static bool kept_finish(const channels *ch, raster_kept *k, GError **error)
{
	raster *r = ch->r;
	const raster_level *l = &r->levels[k->level];
	const raster_place *p = &r->places[k->level];
	channels samples = *ch, means = *ch;
	samples.bands = means.bands = k->bands;
	samples.n_bands = means.n_bands = k->n_bands;
	samples.mean = false;
	means.mean = true;
	int rows = MAX(1, r->source->chunk_h / p->step);
	size_t row = (size_t)l->width * k->size, plane = row * (size_t)l->height;
	while (k->rows_done < l->height) {
		raster_rect area = {0, k->rows_done, l->width, MIN(rows, l->height - k->rows_done)};
		size_t at = (size_t)area.y * row;
		/* Means first: formats that are decoded from the top only go forward then, the middle rows are still at hand.
		 */
		if ((k->mean && !sample_area(&means, p, &area, k->mean + at, plane, k, error)) ||
		    !sample_area(&samples, p, &area, k->data + at, plane, k, error))
			return false;
		k->rows_done += area.h;
	}
	return true;
}

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

/* area is of `level`, damage of the kept level. */
static bool is_whole(const channels *ch, const raster_kept *k, int level, const raster_rect *area)
{
	int64_t step = ch->r->places[level].step / ch->r->places[k->level].step;
	for (guint i = 0; i < k->damage->len; i++) {
		const raster_rect *d = &g_array_index(k->damage, raster_rect, i);
		if (d->x < (area->x + area->w) * step && area->x * step < d->x + d->w && d->y < (area->y + area->h) * step &&
		    area->y * step < d->y + d->h)
			return false;
	}
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

static bool read_kept(const channels *ch, int from, int level, const raster_rect *area, void *out, GError **error)
{
	if (!begin_building(ch, error))
		return false;
	bool ok = read_kept_level(ch, from, level, area, out, error);
	end_building(ch);
	return ok;
}

static bool read_channels(const channels *ch, int level, const raster_rect *area, void *out, GError **error)
{
	const raster *r = ch->r;
	if (level < 0 || level >= r->info.n_levels || !raster_area_inside(area, &r->levels[level])) {
		g_set_error(error, RASTER_ERROR, RASTER_ERROR_UNSUPPORTED,
		            _("%s: the part at %d,%d of size %dx%d is not inside the image"), r->info.path, area->x, area->y,
		            area->w, area->h);
		return false;
	}
	if (g_cancellable_set_error_if_cancelled(ch->cancel, error))
		return false;
	if (r->places[level].step == 1)
		return read_real(ch, r->places[level].real, area, out, error);
	int from = kept_level(r, level);
	if (from >= 0)
		return read_kept(ch, from, level, area, out, error);
	return sample_area(ch, &r->places[level], area, out, (size_t)area->w * (size_t)area->h * ch->size, NULL, error);
}

bool raster_read_native(raster *r, int level, const raster_rect *area, const int *bands, int n_bands, void *out,
                        GCancellable *cancel, GError **error)
{
	channels ch = {r, bands, n_bands, raster_type_size(r->info.type), cancel, false};
	return read_channels(&ch, level, area, out, error);
}

bool raster_read_picture(raster *r, int level, const raster_rect *area, const int *bands, int n_bands, void *out,
                         GCancellable *cancel, GError **error)
{
	channels ch = {r, bands, n_bands, raster_type_size(r->info.type), cancel, raster_can_mean(r)};
	return read_channels(&ch, level, area, out, error);
}

bool raster_read_mask(raster *r, int level, const raster_rect *area, uint8_t *out, GCancellable *cancel, GError **error)
{
	channels ch = {r, NULL, 1, 1, cancel, false};
	return read_channels(&ch, level, area, out, error);
}
