/* TIFF by libtiff: tiled or in strips, classic or BigTIFF, with its overviews and masks, from several threads at once.
 */
#include "render/raster/chunk-cache.h"
#include "render/raster/raster-parallel.h"
#include "render/raster/tiff-dir.h"
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>

#define MAX_DIRECTORIES 512
#define KEPT_BYTES_TILES (UINT64_C(24) << 20)
#define KEPT_BYTES_STRIPS (UINT64_C(64) << 20)  /* all columns of as many rows as a few tiles have */
#define KEPT_BYTES_OVERVIEW (UINT64_C(2) << 20) /* our own files: their tiles are the cache's */

typedef struct {
	raster_source source;
	tiff_pool *pools[2]; /* the file, and its external overviews (FILE.ovr) or NULL */
	tiff_dir dirs[RASTER_MAX_LEVELS], masks[RASTER_MAX_LEVELS];
	int pool_of[RASTER_MAX_LEVELS];
	bool has_own_mask[RASTER_MAX_LEVELS];
	raster_type type;
	double blank; /* what never written tiles hold */
	char *path;
	chunk_cache *cache;
	GMutex lock;
	uint8_t *written[RASTER_MAX_LEVELS]; /* [chunks], made when first asked for, under the lock */
} tiff_source;

/* ---- reading ---- */

typedef struct {
	tiff_source *s;
	const tiff_dir *dir;
	tiff_pool *pool;
	double blank;
	uint32_t number;
} chunk_request;

static void *make_chunk(void *data, size_t *size, GError **error)
{
	chunk_request *q = data;
	tiff_handle *h = tiff_pool_borrow(q->pool, q->dir->offset, error);
	if (!h)
		return NULL;
	void *bytes = tiff_dir_decode(q->dir, q->pool, h, q->number, q->blank, size, error);
	tiff_pool_give_back(q->pool, h);
	return bytes;
}

#define PICK(type)                                                                                                     \
	for (size_t i = 0; i < n; i++)                                                                                     \
	((type *)out)[i] = ((const type *)in)[i * step]

/* Takes every step-th sample of n. */
static void pick(const void *in, size_t n, size_t step, size_t size, void *out)
{
	typedef struct {
		uint64_t half[2];
	} sixteen;
	if (step == 1)
		memcpy(out, in, n * size);
	else if (size == 1)
		PICK(uint8_t);
	else if (size == 2)
		PICK(uint16_t);
	else if (size == 4)
		PICK(uint32_t);
	else if (size == 8)
		PICK(uint64_t);
	else
		PICK(sixteen);
}

/* The part of a chunk that lies in area, of one of its samples, into out (the area's own rows). */
static void copy_part(const tiff_dir *d, const uint8_t *bytes, int cx, int cy, int sample, const raster_rect *area,
                      size_t size, uint8_t *out)
{
	size_t together = (size_t)tiff_dir_together(d);
	int x0 = MAX(area->x, cx), x1 = MIN(area->x + area->w, MIN(cx + d->chunk_w, d->width));
	int y0 = MAX(area->y, cy), y1 = MIN(area->y + area->h, MIN(cy + d->chunk_h, d->height));
	for (int y = y0; y < y1; y++) {
		size_t from = ((size_t)(y - cy) * (size_t)d->chunk_w + (size_t)(x0 - cx)) * together + (size_t)sample;
		size_t to = (size_t)(y - area->y) * (size_t)area->w + (size_t)(x0 - area->x);
		pick(bytes + from * size, (size_t)(x1 - x0), together, size, out + to * size);
	}
}

typedef struct {
	tiff_source *s;
	const tiff_dir *dir;
	tiff_pool *pool;
	uint32_t plane; /* of the chunk cache */
	size_t size;    /* of a sample */
	double blank;
	GCancellable *cancel;
} reading;

/* One place of the grid of chunks: for contiguous samples one chunk gives all bands, for separate ones each band has
 * its own. */
static bool read_place(const reading *g, uint32_t column, uint32_t row, const raster_rect *area, const int *bands,
                       int n_bands, uint8_t *out, GError **error)
{
	const tiff_dir *d = g->dir;
	uint32_t place = row * d->across + column, per_band = d->across * d->down;
	size_t plane = (size_t)area->w * (size_t)area->h * g->size;
	chunk *k = NULL;
	for (int b = 0; b < n_bands; b++) {
		chunk_request q = {g->s, d, g->pool, g->blank, place + (d->separate ? (uint32_t)bands[b] * per_band : 0)};
		if (!k || d->separate) {
			if (k)
				chunk_cache_release(g->s->cache, k);
			k = chunk_cache_get(g->s->cache, g->plane, q.number, make_chunk, &q, error);
		}
		if (!k)
			return false;
		copy_part(d, chunk_bytes(k), (int)column * d->chunk_w, (int)row * d->chunk_h, d->separate ? 0 : bands[b], area,
		          g->size, out + (size_t)b * plane);
	}
	chunk_cache_release(g->s->cache, k);
	return true;
}

typedef struct {
	const reading *g;
	const raster_rect *area;
	const int *bands;
	int n_bands;
	uint8_t *out;
	uint32_t c0, r0, across;
} places;

static bool read_one(int piece, void *data, GError **error)
{
	const places *p = data;
	const uint32_t n = (uint32_t)piece;
	return !g_cancellable_set_error_if_cancelled(p->g->cancel, error) &&
	       read_place(p->g, p->c0 + n % p->across, p->r0 + n / p->across, p->area, p->bands, p->n_bands, p->out, error);
}

/* A large area is decoded by several threads; a tile of the screen is not worth waking them. */
static bool read_area(const reading *g, const raster_rect *area, const int *bands, int n_bands, uint8_t *out,
                      GError **error)
{
	const tiff_dir *d = g->dir;
	uint32_t c0 = (uint32_t)(area->x / d->chunk_w), c1 = (uint32_t)((area->x + area->w - 1) / d->chunk_w);
	uint32_t r0 = (uint32_t)(area->y / d->chunk_h), r1 = (uint32_t)((area->y + area->h - 1) / d->chunk_h);
	places p = {g, area, bands, n_bands, out, c0, r0, c1 - c0 + 1};
	const bool large = (int64_t)area->w * area->h >= RASTER_LARGE_PIXELS;
	return raster_parallel((int)(p.across * (r1 - r0 + 1)), large ? raster_threads() : 1, read_one, &p, error);
}

/* Which chunks of a level the file holds. */
static uint8_t *list_written(tiff_source *s, int level)
{
	const tiff_dir *d = &s->dirs[level];
	tiff_pool *pool = s->pools[s->pool_of[level]];
	tiff_handle *h = tiff_pool_borrow(pool, d->offset, NULL);
	const uint32_t n = (uint32_t)tiff_dir_chunks(d);
	uint8_t *written = g_malloc(n);
	memset(written, 1, n);
	for (uint32_t i = 0; h && i < n; i++) {
		int bad = 0;
		const uint64_t bytes = TIFFGetStrileByteCountWithErr(h->tif, i, &bad);
		written[i] = bad || bytes > 0 || TIFFGetStrileOffsetWithErr(h->tif, i, &bad) > 0 || bad;
	}
	if (h)
		tiff_pool_give_back(pool, h);
	return written;
}

static bool tiff_is_blank(raster_source *base, int level, const raster_rect *a, double *value)
{
	tiff_source *s = (tiff_source *)base;
	const tiff_dir *d = &s->dirs[level];
	const uint32_t per_band = d->across * d->down, planes = d->separate ? (uint32_t)d->samples : 1;
	g_mutex_lock(&s->lock);
	if (!s->written[level])
		s->written[level] = list_written(s, level);
	const uint8_t *written = s->written[level];
	g_mutex_unlock(&s->lock);
	for (uint32_t y = (uint32_t)(a->y / d->chunk_h); y <= (uint32_t)((a->y + a->h - 1) / d->chunk_h); y++)
		for (uint32_t x = (uint32_t)(a->x / d->chunk_w); x <= (uint32_t)((a->x + a->w - 1) / d->chunk_w); x++)
			for (uint32_t p = 0; p < planes; p++)
				if (written[p * per_band + y * d->across + x])
					return false;
	*value = s->blank;
	return true;
}

static bool tiff_read(raster_source *base, int level, const raster_rect *area, const int *bands, int n_bands, void *out,
                      GCancellable *cancel, GError **error)
{
	tiff_source *s = (tiff_source *)base;
	reading g = {s,        &s->dirs[level], s->pools[s->pool_of[level]], (uint32_t)level * 2, raster_type_size(s->type),
	             s->blank, cancel};
	return read_area(&g, area, bands, n_bands, out, error);
}

/* A level without a mask of its own takes the full-size mask at the same places. */
static bool sample_mask(const reading *g, const raster_level *full, const raster_level *l, const raster_rect *a,
                        uint8_t *out, GError **error)
{
	static const int band = 0;
	int x0 = (int)((int64_t)a->x * full->width / l->width), y0 = 0;
	int x1 = (int)MIN(((int64_t)a->x + a->w) * full->width / l->width + 1, full->width);
	g_autofree uint8_t *row = g_try_malloc((size_t)(x1 - x0));
	if (!row) {
		g_set_error(error, RASTER_ERROR, RASTER_ERROR_UNSUPPORTED, _("%s: not enough memory for its mask"), g->s->path);
		return false;
	}
	for (int y = 0; y < a->h; y++) {
		y0 = (int)((2 * ((int64_t)a->y + y) + 1) * full->height / (2 * (int64_t)l->height));
		raster_rect line = {x0, y0, x1 - x0, 1};
		if (!read_area(g, &line, &band, 1, row, error))
			return false;
		for (int x = 0; x < a->w; x++)
			*out++ = row[(int)((2 * ((int64_t)a->x + x) + 1) * full->width / (2 * (int64_t)l->width)) - x0];
	}
	return true;
}

static bool tiff_read_mask(raster_source *base, int level, const raster_rect *area, uint8_t *out, GCancellable *cancel,
                           GError **error)
{
	static const int band = 0;
	tiff_source *s = (tiff_source *)base;
	bool own = s->has_own_mask[level];
	int from = own ? level : 0;
	reading g = {s, &s->masks[from], s->pools[s->pool_of[from]], (uint32_t)from * 2 + 1, 1, 0, cancel};
	bool ok = own ? read_area(&g, area, &band, 1, out, error)
	              : sample_mask(&g, &base->levels[0], &base->levels[level], area, out, error);
	for (size_t i = 0; ok && i < (size_t)area->w * (size_t)area->h; i++)
		out[i] = out[i] ? 255 : 0;
	return ok;
}

static void tiff_free(raster_source *base)
{
	tiff_source *s = (tiff_source *)base;
	g_clear_pointer(&s->cache, chunk_cache_free);
	for (int i = 0; i < 2; i++)
		g_clear_pointer(&s->pools[i], tiff_pool_free);
	for (int i = 0; i < RASTER_MAX_LEVELS; i++)
		g_free(s->written[i]);
	g_mutex_clear(&s->lock);
	g_free(s->path);
	g_free(s);
}

/* ---- opening ---- */

static bool same_kind(const tiff_dir *a, const tiff_dir *b)
{
	return a->samples == b->samples && a->bits == b->bits && a->format == b->format &&
	       (a->photometric == PHOTOMETRIC_PALETTE) == (b->photometric == PHOTOMETRIC_PALETTE);
}

static void add_overview(tiff_source *s, const tiff_dir *d, int pool)
{
	int n = s->source.n_levels;
	if (n == RASTER_MAX_LEVELS / 2)
		return;
	while (n > 1 && s->dirs[n - 1].width < d->width) { /* largest first */
		s->dirs[n] = s->dirs[n - 1];
		s->pool_of[n] = s->pool_of[n - 1];
		n--;
	}
	s->dirs[n] = *d;
	s->pool_of[n] = pool;
	s->source.n_levels++;
}

/* Sorts a directory into the levels, or keeps it for later when it is a mask. */
static void take_directory(tiff_source *s, TIFF *tif, int pool, GArray *masks)
{
	tiff_dir d;
	if (!tiff_dir_describe(tif, &d))
		return;
	if (d.mask) {
		if (pool == 0 && d.samples == 1 && (d.bits == 1 || d.bits == 8))
			g_array_append_val(masks, d);
	} else if (d.reduced && same_kind(&d, &s->dirs[0]) && d.width <= s->dirs[0].width &&
	           d.height <= s->dirs[0].height) {
		add_overview(s, &d, pool);
	}
}

static void take_sub_directories(tiff_source *s, tiff_handle *h, GArray *masks)
{
	uint16_t n = 0;
	uint64_t *offsets = NULL;
	if (!TIFFGetField(h->tif, TIFFTAG_SUBIFD, &n, &offsets) || n == 0)
		return;
	g_autofree uint64_t *copy = g_memdup2(offsets, (gsize)n * sizeof *copy);
	for (int i = 0; i < MIN(n, MAX_DIRECTORIES); i++)
		if (TIFFSetSubDirectory(h->tif, copy[i]))
			take_directory(s, h->tif, 0, masks);
	h->dir = UINT64_MAX; /* wherever it stands now */
}

static void take_directories(tiff_source *s, tiff_handle *h, int pool, GArray *masks)
{
	for (int i = 0; i < MAX_DIRECTORIES && TIFFReadDirectory(h->tif); i++) {
		h->dir = UINT64_MAX;
		take_directory(s, h->tif, pool, masks);
	}
}

static void place_masks(tiff_source *s, const GArray *masks)
{
	for (guint i = 0; i < masks->len; i++) {
		const tiff_dir *m = &g_array_index(masks, tiff_dir, i);
		for (int l = 0; l < s->source.n_levels; l++)
			if (!s->has_own_mask[l] && s->pool_of[l] == 0 && m->width == s->dirs[l].width &&
			    m->height == s->dirs[l].height) {
				s->masks[l] = *m;
				s->has_own_mask[l] = true;
				break;
			}
	}
}

static bool scan(tiff_source *s, GError **error)
{
	g_autoptr(GArray) masks = g_array_new(FALSE, FALSE, sizeof(tiff_dir));
	tiff_handle *h = tiff_pool_borrow(s->pools[0], 0, error);
	if (!h)
		return false;
	bool ok = tiff_dir_describe(h->tif, &s->dirs[0]);
	if (ok) {
		s->dirs[0].offset = 0;
		s->source.n_levels = 1;
		take_directories(s, h, 0, masks);
		if (TIFFSetDirectory(h->tif, 0))
			take_sub_directories(s, h, masks);
	}
	h->dir = UINT64_MAX;
	tiff_pool_give_back(s->pools[0], h);
	if (ok)
		place_masks(s, masks);
	return ok;
}

/* FILE.ovr: its first directory is the largest overview. */
static void scan_external(tiff_source *s, const char *path)
{
	g_autofree char *name = g_strconcat(path, ".ovr", NULL);
	g_autoptr(GArray) masks = g_array_new(FALSE, FALSE, sizeof(tiff_dir));
	GStatBuf st;
	if (s->source.n_levels > 1 || g_stat(name, &st) != 0)
		return;
	s->pools[1] = tiff_pool_new(name, (uint64_t)st.st_size);
	tiff_handle *h = tiff_pool_borrow(s->pools[1], 0, NULL);
	if (!h)
		return;
	take_directory(s, h->tif, 1, masks);
	take_directories(s, h, 1, masks);
	h->dir = UINT64_MAX;
	tiff_pool_give_back(s->pools[1], h);
}

static bool has_level(const tiff_source *s, const raster_level *l)
{
	for (int i = 0; i < s->source.n_levels; i++)
		if (s->dirs[i].width == l->width && s->dirs[i].height == l->height)
			return true;
	return false;
}

/* What GDAL says of the image must be what is read here: type, bands, mask, and every level of its (it does not see
 * overviews in SubIFDs). Else GDAL reads the pixels, too. */
static bool agrees(const tiff_source *s, const raster *r)
{
	const tiff_dir *d = &s->dirs[0];
	const raster_source *theirs = r->source;
	raster_type type;
	if (d->width != r->info.width || d->height != r->info.height || d->samples != r->info.n_bands ||
	    !tiff_dir_type(d, &type) || type != r->info.type || s->has_own_mask[0] != r->info.has_mask)
		return false;
	for (int l = 0; l < theirs->n_levels; l++)
		if (!has_level(s, &theirs->levels[l]))
			return false;
	return true;
}

/* Every claim is measured against the file before anything is allocated for it. */
static bool is_plausible(const tiff_dir *d, uint64_t file_size)
{
	return tiff_dir_packed_bytes(d) <= RASTER_MAX_CHUNK_BYTES / 2 && tiff_dir_chunks(d) <= UINT32_MAX &&
	       tiff_dir_chunks(d) <= file_size;
}

static bool is_tiff(const char *path, uint64_t *size)
{
	uint8_t magic[4] = {0};
	GStatBuf st;
	FILE *f = g_stat(path, &st) == 0 && S_ISREG(st.st_mode) ? fopen(path, "rbe") : NULL;
	if (!f)
		return false;
	size_t got = fread(magic, 1, sizeof magic, f);
	fclose(f);
	*size = (uint64_t)st.st_size;
	return got == sizeof magic && (memcmp(magic, "II*\0", 4) == 0 || memcmp(magic, "MM\0*", 4) == 0 ||
	                               memcmp(magic, "II+\0", 4) == 0 || memcmp(magic, "MM\0+", 4) == 0);
}

static void finish(tiff_source *s, const raster *r, uint64_t keep)
{
	raster_source *base = &s->source;
	const tiff_dir *d = &s->dirs[0];
	uint64_t widest = 0;
	for (int l = 0; l < base->n_levels; l++) {
		base->levels[l] = (raster_level){s->dirs[l].width, s->dirs[l].height};
		widest = MAX(widest, tiff_dir_packed_bytes(&s->dirs[l]));
	}
	base->read = tiff_read;
	base->read_mask = tiff_read_mask;
	base->free = tiff_free;
	base->is_blank = tiff_is_blank;
	base->chunk_w = d->chunk_w;
	base->chunk_h = d->chunk_h;
	base->contiguous = !d->separate && d->samples > 1;
	s->type = r->info.type;
	s->blank = r->info.bands[0].has_nodata ? r->info.bands[0].nodata : 0;
	s->cache = chunk_cache_new(MAX(keep, 2 * widest));
}

static tiff_source *source_new(const char *path, uint64_t size)
{
	tiff_source *s = g_new0(tiff_source, 1);
	s->source.free = tiff_free;
	s->path = g_strdup(path);
	s->pools[0] = tiff_pool_new(path, size);
	g_mutex_init(&s->lock);
	return s;
}

raster_source *raster_tiff_open(raster *r, const char *path)
{
	uint64_t size = 0;
	if (!is_tiff(path, &size))
		return NULL;
	tiff_source *s = source_new(path, size);
	bool ok = scan(s, NULL);
	if (ok)
		scan_external(s, path);
	ok = ok && agrees(s, r);
	for (int l = 0; ok && l < s->source.n_levels; l++)
		ok = is_plausible(&s->dirs[l], size) && (!s->has_own_mask[l] || is_plausible(&s->masks[l], size));
	if (!ok) {
		tiff_free(&s->source);
		return NULL;
	}
	finish(s, r, s->dirs[0].chunk_w < s->dirs[0].width ? KEPT_BYTES_TILES : KEPT_BYTES_STRIPS);
	r->alpha_associated = s->dirs[0].alpha_extra >= 0 && s->dirs[0].alpha_extra == r->alpha;
	return &s->source;
}

raster_source *raster_tiff_open_overview(const raster *r, const char *path, const raster_level *size)
{
	uint64_t bytes = 0;
	raster_type type;
	if (!is_tiff(path, &bytes))
		return NULL;
	tiff_source *s = source_new(path, bytes);
	const tiff_dir *d = &s->dirs[0];
	if (!scan(s, NULL) || d->width != size->width || d->height != size->height || d->samples != r->info.n_bands ||
	    !tiff_dir_type(d, &type) || type != r->info.type || !is_plausible(d, bytes)) {
		tiff_free(&s->source);
		return NULL;
	}
	finish(s, r, KEPT_BYTES_OVERVIEW);
	return &s->source;
}
