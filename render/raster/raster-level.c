/* Levels between and beyond the real ones (the rule is told in raster.h). */
#include "render/raster/raster-level.h"
#include "render/raster/raster-mean.h"
#include <glib/gi18n-lib.h>
#include <string.h>

#define COARSEST_SIDE 256
#define BLOCK_SIDE 1024

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

void raster_block_size(const raster *r, const raster_place *p, int *w, int *h)
{
	*w = MAX(1, MAX(BLOCK_SIDE, r->source->chunk_w) / p->step);
	*h = MAX(1, r->source->chunk_h / p->step);
}

/* A part of the file that was never written holds one value: nothing need be decoded to know it. */
static bool fill_blank(const channels *ch, const raster_place *p, const raster_rect *block, uint8_t *out,
                       size_t out_row, size_t out_plane)
{
	raster_source *s = ch->r->source;
	const raster_level *base = &s->levels[p->real];
	const int64_t x = (int64_t)block->x * p->step, y = (int64_t)block->y * p->step;
	const raster_rect area = {(int)x, (int)y, (int)MIN((int64_t)block->w * p->step, base->width - x),
	                          (int)MIN((int64_t)block->h * p->step, base->height - y)};
	double value;
	if (!ch->bands || !s->is_blank || !s->is_blank(s, p->real, &area, &value))
		return false;
	for (int b = 0; b < ch->n_bands; b++)
		for (int i = 0; i < block->h; i++)
			raster_samples_fill(ch->r->info.type, out + (size_t)b * out_plane + (size_t)i * out_row, (size_t)block->w,
			                    value);
	return true;
}

bool raster_make_block(const channels *ch, const raster_place *p, const raster_rect *block, uint8_t *out,
                       size_t out_row, size_t out_plane, GError **error)
{
	if (g_cancellable_set_error_if_cancelled(ch->cancel, error))
		return false;
	if (fill_blank(ch, p, block, out, out_row, out_plane))
		return true;
	g_autofree uint8_t *scratch = g_try_malloc((size_t)block->w * (size_t)p->step * (size_t)ch->n_bands * ch->size);
	if (scratch)
		return (ch->mean ? mean_block : sample_block)(ch, p, block, scratch, out, out_row, out_plane, error);
	g_set_error(error, RASTER_ERROR, RASTER_ERROR_UNSUPPORTED, _("%s: not enough memory to read a row of it"),
	            ch->r->info.path);
	return false;
}

/* Works through the area in blocks that fit what is decoded at once, so that each tile or strip is decoded about once.
 */
static bool sample_area(const channels *ch, const raster_place *p, const raster_rect *area, uint8_t *out,
                        GError **error)
{
	int bw, bh;
	size_t row = (size_t)area->w * ch->size, plane = row * (size_t)area->h;
	raster_block_size(ch->r, p, &bw, &bh);
	for (int y = 0; y < area->h; y += bh)
		for (int x = 0; x < area->w; x += bw) {
			raster_rect block = {area->x + x, area->y + y, MIN(bw, area->w - x), MIN(bh, area->h - y)};
			if (!raster_make_block(ch, p, &block, out + (size_t)y * row + (size_t)x * ch->size, row, plane, error))
				return false;
		}
	return true;
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
	if (ch->mean && raster_overviews_read(ch, level, area, out))
		return true;
	int from = raster_kept_level(r, level);
	if (from >= 0)
		return raster_read_kept(ch, from, level, area, out, error);
	return sample_area(ch, &r->places[level], area, out, error);
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
