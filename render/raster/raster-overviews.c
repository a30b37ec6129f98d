#include "render/raster/raster-overviews.h"
#include "render/raster/raster-level.h"
#include "render/raster/raster-mean.h"
#include "render/raster/raster-parallel.h"
#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <tiffio.h>
#include <utime.h>

#define FINEST_SIDE 16384 /* finer levels are quick enough to make from the image itself */
#define TILE 256

struct raster_overviews {
	char *folder;
	raster_source *means[RASTER_MAX_LEVELS]; /* by level of the raster; NULL: not kept */
	raster_source *samples;                  /* of the level `kept` */
	int kept;
	gint bad; /* atomic: something in it cannot be read */
};

static uint64_t limit = RASTER_OVERVIEWS_LIMIT;

void raster_overviews_set_limit(uint64_t bytes)
{
	limit = bytes;
}

char *raster_overviews_folder(void)
{
	return g_build_filename(g_get_user_cache_dir(), "nadir", "overviews", NULL);
}

/* --- which --- */

/* The coarsest level that is always made, and the finest that is kept beside it; false: none is worth it. */
static bool plan_levels(const raster *r, int *finest, int *kept)
{
	const int last = r->info.n_levels - 1;
	*kept = raster_kept_level(r, last);
	if (*kept < 0 || r->places[*kept].step < 4 || !raster_can_mean(r) || r->alpha >= 0 || r->info.has_mask)
		return false;
	uint64_t sample = raster_type_size(r->info.type) * (uint64_t)r->info.n_bands;
	for (*finest = *kept; *finest > 0; --*finest) {
		const raster_level *l = &r->levels[*finest - 1];
		if (r->places[*finest - 1].real != r->places[*kept].real || r->places[*finest - 1].step < 4 ||
		    MAX(l->width, l->height) > FINEST_SIDE || (uint64_t)l->width * (uint64_t)l->height * sample > limit / 2)
			break;
	}
	return true;
}

static char *folder_of(const raster *r)
{
	g_autofree char *all = raster_overviews_folder();
	GStatBuf st;
	if (g_stat(r->info.path, &st) != 0)
		return NULL;
	g_autofree char *name =
		g_strdup_printf("%s-%" G_GINT64_MODIFIER "x", r->info.fingerprint, (gint64)st.st_mtim.tv_sec);
	return g_build_filename(all, name, NULL);
}

static char *level_path(const char *folder, const raster *r, int level)
{
	g_autofree char *name = g_strdup_printf("%d.tif", r->places[level].step);
	return g_build_filename(folder, name, NULL);
}

/* --- reading --- */

void raster_overviews_free(raster_overviews *o)
{
	if (!o)
		return;
	for (int i = 0; i < RASTER_MAX_LEVELS; i++)
		if (o->means[i])
			o->means[i]->free(o->means[i]);
	if (o->samples)
		o->samples->free(o->samples);
	g_free(o->folder);
	g_free(o);
}

static void delete_folder(const char *folder)
{
	GDir *dir = g_dir_open(folder, 0, NULL);
	const char *name;
	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(folder, name, NULL);
		g_unlink(path);
	}
	if (dir)
		g_dir_close(dir);
	g_rmdir(folder);
}

/* All of what was planned or nothing: a folder from which something is missing is thrown away. */
static raster_overviews *open_folder(const raster *r, const char *folder)
{
	int finest;
	raster_overviews *o = g_new0(raster_overviews, 1);
	o->folder = g_strdup(folder);
	bool ok = plan_levels(r, &finest, &o->kept);
	for (int i = finest; ok && i <= o->kept; i++) {
		g_autofree char *path = level_path(folder, r, i);
		o->means[i] = raster_tiff_open_overview(r, path, &r->levels[i]);
		ok = o->means[i] != NULL;
	}
	g_autofree char *path = g_build_filename(folder, "samples.tif", NULL);
	if (ok)
		o->samples = raster_tiff_open_overview(r, path, &r->levels[o->kept]);
	if (ok && o->samples)
		return o;
	raster_overviews_free(o);
	return NULL;
}

void raster_overviews_open(raster *r)
{
	int finest, kept;
	if (!plan_levels(r, &finest, &kept))
		return;
	g_autofree char *folder = folder_of(r);
	if (!folder || !g_file_test(folder, G_FILE_TEST_IS_DIR))
		return;
	r->overviews = open_folder(r, folder);
	if (r->overviews)
		utime(folder, NULL); /* used: it goes last */
	else
		delete_folder(folder);
}

/* NULL too when a part of it was found to be damaged. */
static raster_overviews *get_good(raster *r)
{
	raster_overviews *o = g_atomic_pointer_get(&r->overviews);
	return o && !g_atomic_int_get(&o->bad) ? o : NULL;
}

static bool read_source(raster_overviews *o, raster_source *s, const channels *ch, const raster_rect *area, void *out)
{
	g_autoptr(GError) error = NULL;
	if (s->read(s, 0, area, ch->bands, ch->n_bands, out, ch->cancel, &error))
		return true;
	if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED) && g_atomic_int_compare_and_exchange(&o->bad, 0, 1))
		delete_folder(o->folder);
	return false;
}

bool raster_overviews_read(const channels *ch, int level, const raster_rect *area, void *out)
{
	raster_overviews *o = get_good(ch->r);
	return o && ch->bands && o->means[level] && read_source(o, o->means[level], ch, area, out);
}

bool raster_overviews_read_samples(const channels *ch, int level, void *out)
{
	raster_overviews *o = get_good(ch->r);
	const raster_rect all = {0, 0, ch->r->levels[level].width, ch->r->levels[level].height};
	return o && level == o->kept && read_source(o, o->samples, ch, &all, out);
}

raster_overviews_state raster_get_overviews(raster *r)
{
	int finest, kept;
	if (get_good(r))
		return RASTER_OVERVIEWS_THERE;
	return plan_levels(r, &finest, &kept) && limit > 0 ? RASTER_OVERVIEWS_MISSING : RASTER_OVERVIEWS_NEEDLESS;
}

/* --- writing --- */

/* One level on its way to its file: rows come one by one, tiles go out by rows of tiles. */
typedef struct {
	TIFF *tif;
	raster_level size;
	int row;          /* next one to come */
	uint8_t *strip;   /* [TILE][width][n_bands] */
	GPtrArray *means; /* [n_bands] of raster_mean: of two rows for the next level */
	uint8_t *half;    /* [n_bands][width of the next level] */
} writer;

typedef struct {
	raster *r;
	size_t size, pixel; /* bytes of a sample, of a pixel */
	writer levels[RASTER_MAX_LEVELS];
	int finest, kept;
	char *folder;
	GCancellable *cancel;
	GError **error;
} building;

static void writer_clear(writer *w)
{
	if (w->tif)
		TIFFClose(w->tif);
	g_free(w->strip);
	g_free(w->half);
	g_clear_pointer(&w->means, g_ptr_array_unref);
}

static bool fail(building *b)
{
	if (b->error && !*b->error)
		g_set_error(b->error, G_IO_ERROR, G_IO_ERROR_FAILED,
		            _("Overviews cannot be written to %s: %s. Make room there or change the cache folder."), b->folder,
		            errno ? g_strerror(errno) : _("unknown reason"));
	return false;
}

static TIFF *create(building *b, const char *path, const raster_level *size)
{
	static const uint16_t formats[] = {
		[RASTER_U8] = SAMPLEFORMAT_UINT,    [RASTER_I8] = SAMPLEFORMAT_INT,    [RASTER_U16] = SAMPLEFORMAT_UINT,
		[RASTER_I16] = SAMPLEFORMAT_INT,    [RASTER_U32] = SAMPLEFORMAT_UINT,  [RASTER_I32] = SAMPLEFORMAT_INT,
		[RASTER_F32] = SAMPLEFORMAT_IEEEFP, [RASTER_F64] = SAMPLEFORMAT_IEEEFP};
	TIFF *tif = TIFFOpen(path, "w8");
	if (!tif)
		return NULL;
	const int n = b->r->info.n_bands;
	TIFFSetField(tif, TIFFTAG_IMAGEWIDTH, size->width);
	TIFFSetField(tif, TIFFTAG_IMAGELENGTH, size->height);
	TIFFSetField(tif, TIFFTAG_SAMPLESPERPIXEL, n);
	TIFFSetField(tif, TIFFTAG_BITSPERSAMPLE, (int)b->size * 8);
	TIFFSetField(tif, TIFFTAG_SAMPLEFORMAT, formats[b->r->info.type]);
	TIFFSetField(tif, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
	TIFFSetField(tif, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK);
	if (n > 1) {
		g_autofree uint16_t *extra = g_new0(uint16_t, (gsize)n - 1);
		TIFFSetField(tif, TIFFTAG_EXTRASAMPLES, n - 1, extra);
	}
	TIFFSetField(tif, TIFFTAG_COMPRESSION, COMPRESSION_ADOBE_DEFLATE);
	TIFFSetField(tif, TIFFTAG_ZIPQUALITY, 1);
	TIFFSetField(tif, TIFFTAG_TILEWIDTH, TILE);
	TIFFSetField(tif, TIFFTAG_TILELENGTH, TILE);
	return tif;
}

static bool writer_init(building *b, int level)
{
	writer *w = &b->levels[level];
	const int n = b->r->info.n_bands;
	g_autofree char *path = level_path(b->folder, b->r, level);
	w->size = b->r->levels[level];
	w->strip = g_try_malloc0((size_t)TILE * (size_t)w->size.width * b->pixel);
	w->tif = w->strip ? create(b, path, &w->size) : NULL;
	if (!w->tif)
		return fail(b);
	if (level == b->kept)
		return true;
	w->half = g_malloc((size_t)(w->size.width + 1) / 2 * b->pixel);
	w->means = g_ptr_array_new_with_free_func((GDestroyNotify)raster_mean_free);
	for (int i = 0; i < n; i++)
		g_ptr_array_add(w->means, raster_mean_new(b->r->info.type, (w->size.width + 1) / 2, 2));
	return true;
}

static bool write_tiles(building *b, writer *w)
{
	const int top = (w->row - 1) / TILE * TILE, rows = w->row - top;
	g_autofree uint8_t *tile = g_malloc((size_t)TILE * TILE * b->pixel);
	for (int x = 0; x < w->size.width; x += TILE) {
		const int columns = MIN(TILE, w->size.width - x);
		memset(tile, 0, (size_t)TILE * TILE * b->pixel);
		for (int y = 0; y < rows; y++)
			memcpy(tile + (size_t)y * TILE * b->pixel,
			       w->strip + ((size_t)y * (size_t)w->size.width + (size_t)x) * b->pixel, (size_t)columns * b->pixel);
		if (TIFFWriteTile(w->tif, tile, (uint32_t)x, (uint32_t)top, 0, 0) < 0)
			return fail(b);
	}
	return true;
}

/* row: [n_bands][width]. Two rows are one of the next level. */
static bool push_row(building *b, int level, const uint8_t *row)
{
	writer *w = &b->levels[level];
	const int n = b->r->info.n_bands;
	const size_t width = (size_t)w->size.width, line = width * b->size;
	uint8_t *to = w->strip + (size_t)(w->row % TILE) * width * b->pixel;
	for (size_t x = 0; x < width; x++)
		for (int i = 0; i < n; i++, to += b->size)
			memcpy(to, row + (size_t)i * line + x * b->size, b->size);
	w->row++;
	const bool last = w->row == w->size.height;
	if ((w->row % TILE == 0 || last) && !write_tiles(b, w))
		return false;
	if (!w->means)
		return true;
	for (int i = 0; i < n; i++)
		raster_mean_add(w->means->pdata[i], row + (size_t)i * line, (int)width, &b->r->info.bands[i]);
	if (w->row % 2 && !last)
		return true;
	for (int i = 0; i < n; i++)
		raster_mean_take(w->means->pdata[i], &b->r->info.bands[i], w->half + (size_t)i * ((width + 1) / 2) * b->size);
	return push_row(b, level + 1, w->half);
}

typedef struct {
	channels ch;
	raster_place place;
	raster_rect band; /* rows of the finest level that are made at once */
	int block_w;
	uint8_t *out; /* [n_bands][band.h][band.w] */
} slab;

static bool make_part(int piece, void *data, GError **error)
{
	const slab *s = data;
	const int x = piece * s->block_w;
	const raster_rect block = {x, s->band.y, MIN(s->block_w, s->band.w - x), s->band.h};
	const size_t row = (size_t)s->band.w * s->ch.size;
	return raster_make_block(&s->ch, &s->place, &block, s->out + (size_t)x * s->ch.size, row, row * (size_t)s->band.h,
	                         error);
}

static bool push_slab(building *b, const slab *s)
{
	const int n = b->r->info.n_bands;
	const size_t line = (size_t)s->band.w * b->size;
	g_autofree uint8_t *row = g_malloc((size_t)n * line);
	for (int y = 0; y < s->band.h; y++) {
		for (int i = 0; i < n; i++)
			memcpy(row + (size_t)i * line, s->out + ((size_t)i * (size_t)s->band.h + (size_t)y) * line, line);
		if (!push_row(b, b->finest, row))
			return false;
	}
	return true;
}

/* One reading of the whole image. One processor stays free for the window. */
static bool write_means(building *b, void (*progress)(double, void *), void *data)
{
	raster *r = b->r;
	const raster_level *l = &r->levels[b->finest];
	g_autofree int *bands = g_new(int, (gsize)r->info.n_bands);
	for (int i = 0; i < r->info.n_bands; i++)
		bands[i] = i;
	int block_h;
	slab s = {.ch = {r, bands, r->info.n_bands, b->size, b->cancel, true}, .place = r->places[b->finest]};
	raster_block_size(r, &s.place, &s.block_w, &block_h);
	s.out = g_try_malloc((size_t)l->width * (size_t)block_h * b->pixel);
	bool ok = s.out || fail(b);
	for (int y = 0; ok && y < l->height; y += block_h) {
		s.band = (raster_rect){0, y, l->width, MIN(block_h, l->height - y)};
		ok = raster_parallel((l->width + s.block_w - 1) / s.block_w, MAX(1, raster_threads() - 1), make_part, &s,
		                     b->error) &&
		     push_slab(b, &s);
		if (progress)
			progress((double)(y + s.band.h) / l->height, data);
	}
	g_free(s.out);
	return ok;
}

/* The samples that statistics are made of. */
static bool write_samples(building *b)
{
	raster *r = b->r;
	const raster_rect all = {0, 0, r->levels[b->kept].width, r->levels[b->kept].height};
	const int n = r->info.n_bands;
	const size_t plane = (size_t)all.w * (size_t)all.h * b->size;
	g_autofree int *bands = g_new(int, (gsize)n);
	for (int i = 0; i < n; i++)
		bands[i] = i;
	g_autofree uint8_t *samples = g_try_malloc(plane * (size_t)n), *row = g_malloc((size_t)all.w * b->pixel);
	g_autofree char *path = g_build_filename(b->folder, "samples.tif", NULL);
	writer w = {.size = {all.w, all.h}, .strip = g_malloc((size_t)TILE * (size_t)all.w * b->pixel)};
	bool ok = samples && raster_read_native(r, b->kept, &all, bands, n, samples, b->cancel, b->error);
	w.tif = ok ? create(b, path, &w.size) : NULL;
	ok = ok && (w.tif || fail(b));
	b->levels[RASTER_MAX_LEVELS - 1] = w;
	const size_t line = (size_t)all.w * b->size;
	for (int y = 0; ok && y < all.h; y++) {
		for (int i = 0; i < n; i++)
			memcpy(row + (size_t)i * line, samples + (size_t)i * plane + (size_t)y * line, line);
		ok = push_row(b, RASTER_MAX_LEVELS - 1, row);
	}
	return ok;
}

/* --- the cache as a whole --- */

typedef struct {
	char *path;
	uint64_t bytes;
	gint64 used;
} cached;

static void cached_free(void *data)
{
	cached *c = data;
	g_free(c->path);
	g_free(c);
}

static int by_use(const void *a, const void *b)
{
	const cached *p = *(cached *const *)a, *q = *(cached *const *)b;
	return (p->used > q->used) - (p->used < q->used);
}

static cached *measure(const char *folder)
{
	cached *c = g_new0(cached, 1);
	GStatBuf st;
	GDir *dir = g_dir_open(folder, 0, NULL);
	const char *name;
	c->path = g_strdup(folder);
	c->used = g_stat(folder, &st) == 0 ? st.st_mtime : 0;
	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(folder, name, NULL);
		c->bytes += g_stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
	}
	if (dir)
		g_dir_close(dir);
	return c;
}

static void prune(const char *keep)
{
	g_autofree char *all = raster_overviews_folder();
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(cached_free);
	GDir *dir = g_dir_open(all, 0, NULL);
	const char *name;
	uint64_t sum = 0;
	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(all, name, NULL);
		g_ptr_array_add(list, measure(path));
		sum += ((cached *)list->pdata[list->len - 1])->bytes;
	}
	if (dir)
		g_dir_close(dir);
	g_ptr_array_sort(list, by_use);
	for (guint i = 0; i < list->len && sum > limit; i++) {
		const cached *c = list->pdata[i];
		if (strcmp(c->path, keep) == 0)
			continue;
		delete_folder(c->path);
		sum -= c->bytes;
	}
}

/* The finished folder gets its name; another process may have been quicker. */
static bool take_place(building *b, const char *place)
{
	errno = 0;
	if (g_rename(b->folder, place) != 0 && errno != ENOTEMPTY && errno != EEXIST)
		return fail(b);
	prune(place);
	raster_overviews *o = open_folder(b->r, place);
	errno = 0;
	if (!o)
		return fail(b);
	raster_overviews *old = g_atomic_pointer_get(&b->r->overviews);
	/* A damaged one stays until the raster goes: somebody may be reading it. */
	if (old || !g_atomic_pointer_compare_and_exchange(&b->r->overviews, NULL, o))
		raster_overviews_free(o);
	return true;
}

bool raster_overviews_build(raster *r, void (*progress)(double done, void *data), void *data, GCancellable *cancel,
                            GError **error)
{
	building b = {.r = r, .size = raster_type_size(r->info.type), .cancel = cancel, .error = error};
	g_autofree char *place = folder_of(r);
	g_autofree char *all = raster_overviews_folder();
	if (!plan_levels(r, &b.finest, &b.kept) || !place) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, _("%s needs no overviews."), r->info.path);
		return false;
	}
	b.pixel = b.size * (size_t)r->info.n_bands;
	b.folder = g_build_filename(all, "unfinished-XXXXXX", NULL);
	bool ok = (g_mkdir_with_parents(all, 0700) == 0 && g_mkdtemp(b.folder)) || fail(&b);
	ok = ok && write_samples(&b);
	for (int i = b.finest; ok && i <= b.kept; i++)
		ok = writer_init(&b, i);
	ok = ok && write_means(&b, progress, data);
	for (int i = 0; i < RASTER_MAX_LEVELS; i++) {
		if (b.levels[i].tif && ok && !TIFFFlush(b.levels[i].tif))
			ok = fail(&b);
		writer_clear(&b.levels[i]);
	}
	ok = ok && take_place(&b, place);
	if (!ok)
		delete_folder(b.folder);
	g_free(b.folder);
	return ok;
}
