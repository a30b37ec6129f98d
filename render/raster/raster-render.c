/* Original samples to bytes for the screen and for the model. */
#include "render/raster/raster-level.h"
#include "render/raster/raster-parallel.h"
#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#define BLOCK_SIDE 512 /* about so large are the parts that one thread makes at once */

/* Samples of 8 and 16 bits go through tables, made once a style: table[c][sample's bits]. */
struct raster_lut {
	gatomicrefcount refs;
	char *key;
	size_t entries;
	uint8_t *table[3];
};

void raster_lut_free(raster_lut *lut)
{
	if (!lut || !g_atomic_ref_count_dec(&lut->refs))
		return;
	for (int c = 0; c < 3; c++)
		g_free(lut->table[c]);
	g_free(lut->key);
	g_free(lut);
}

/* How one channel becomes bytes. */
typedef struct {
	double lo, scale, gamma;
	bool db;
	bool blank; /* nodata becomes 0 */
	const raster_band *band;
} channel;

static channel channel_of(const raster *r, const raster_style *s, int c, double gamma)
{
	return (channel){.lo = s->lo[c],
	                 .scale = 255 / (s->hi[c] - s->lo[c]),
	                 .gamma = gamma,
	                 .db = s->db,
	                 .blank = s->stretch != RASTER_STRETCH_NONE,
	                 .band = &r->info.bands[s->band[c]]};
}

/* Rounded to the nearest; NaN and what lies below lo become 0. */
static inline uint8_t to_byte(double v, double lo, double scale)
{
	double x = (v - lo) * scale + 0.5;
	return (uint8_t)(x > 0 ? (x < 255 ? x : 255) : 0);
}

static uint8_t with_gamma(uint8_t v, double gamma)
{
	return gamma == 1 ? v : (uint8_t)(255 * pow(v / 255.0, 1 / gamma) + 0.5);
}

static void map_floats(const channel *ch, const float *v, const uint8_t *ok, size_t n, uint8_t *out)
{
	const double lo = ch->lo, scale = ch->scale;
	if (ch->db)
		for (size_t i = 0; i < n; i++)
			out[i] = v[i] > 0 ? to_byte(raster_decibel(v[i]), lo, scale) : 0;
	else
		for (size_t i = 0; i < n; i++)
			out[i] = to_byte(v[i], lo, scale);
	if (ch->blank)
		for (size_t i = 0; i < n; i++)
			out[i] = ok[i] ? out[i] : 0;
	if (ch->gamma != 1) {
		uint8_t table[256];
		for (int i = 0; i < 256; i++)
			table[i] = with_gamma((uint8_t)i, ch->gamma);
		for (size_t i = 0; i < n; i++)
			out[i] = table[out[i]];
	}
}

static void map_samples(raster_type t, const channel *ch, const void *in, size_t n, uint8_t *out)
{
	enum { PIECE = 4096 };
	float v[PIECE];
	uint8_t ok[PIECE];
	for (size_t at = 0; at < n; at += PIECE) {
		size_t count = MIN(PIECE, n - at);
		const uint8_t *from = (const uint8_t *)in + at * raster_type_size(t);
		raster_samples_to_float(t, from, count, ch->band, v);
		if (ch->blank) {
			memset(ok, 0, count);
			raster_samples_valid(t, from, count, ch->band, ok);
		}
		map_floats(ch, v, ok, count, out + at);
	}
}

static raster_lut *lut_new(const raster *r, const raster_style *s, double gamma, char *key)
{
	raster_lut *lut = g_new0(raster_lut, 1);
	size_t size = raster_type_size(r->info.type);
	lut->entries = size == 1 ? 256 : 65536;
	lut->key = key;
	g_atomic_ref_count_init(&lut->refs);
	g_autofree uint8_t *samples = g_malloc(lut->entries * size);
	for (size_t i = 0; i < lut->entries; i++) {
		uint16_t wide = (uint16_t)i;
		if (size == 1)
			samples[i] = (uint8_t)i;
		else
			memcpy(samples + 2 * i, &wide, 2);
	}
	for (int c = 0; c < 3; c++) {
		channel ch = channel_of(r, s, c, gamma);
		lut->table[c] = g_malloc(lut->entries);
		map_samples(r->info.type, &ch, samples, lut->entries, lut->table[c]);
	}
	return lut;
}

/* A reference to the table of this style, or NULL for types that need none. */
static raster_lut *lut_get(raster *r, const raster_style *s, double gamma)
{
	if (raster_type_size(r->info.type) > 2)
		return NULL;
	g_autofree char *style = raster_style_key(s);
	g_autofree char *key = g_strdup_printf("%s;gamma=%.17g", style, gamma);
	g_mutex_lock(&r->lock);
	raster_lut *lut = r->lut && strcmp(r->lut->key, key) == 0 ? r->lut : NULL;
	if (lut)
		g_atomic_ref_count_inc(&lut->refs);
	g_mutex_unlock(&r->lock);
	if (lut)
		return lut;
	lut = lut_new(r, s, gamma, g_steal_pointer(&key));
	g_atomic_ref_count_inc(&lut->refs);
	g_mutex_lock(&r->lock);
	raster_lut *old = r->lut;
	r->lut = lut;
	g_mutex_unlock(&r->lock);
	raster_lut_free(old);
	return lut;
}

static void map_by_table(const uint8_t *table, size_t entries, const void *in, size_t n, uint8_t *out)
{
	const uint8_t *narrow = in;
	const uint16_t *wide = in;
	if (entries == 256)
		for (size_t i = 0; i < n; i++)
			out[i] = table[narrow[i]];
	else
		for (size_t i = 0; i < n; i++)
			out[i] = table[wide[i]];
}

/* A slice on its way: original samples of the distinct bands and the bytes made of them. */
typedef struct {
	raster_rect area;
	int n_bands, bands[3], at[3]; /* channel c comes from bands[at[c]] */
	void *native;
	uint8_t *plane[3]; /* [3][n]; the same pointer where channels agree */
	uint8_t *planes, *valid;
	bool opaque; /* nothing can be transparent: valid is not filled */
	bool rough;  /* all of the level, as far as it is known */
} slice;

static void slice_clear(slice *s)
{
	g_free(s->native);
	g_free(s->planes);
	g_free(s->valid);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(slice, slice_clear)

static void slice_plan(slice *sl, const raster_style *s)
{
	sl->n_bands = 0;
	for (int c = 0; c < 3; c++) {
		int k = 0;
		while (k < sl->n_bands && sl->bands[k] != s->band[c])
			k++;
		if (k == sl->n_bands)
			sl->bands[sl->n_bands++] = s->band[c];
		sl->at[c] = k;
	}
}

static bool slice_alloc(const raster *r, slice *sl, size_t n, GError **error)
{
	sl->native = g_try_malloc(n * (size_t)sl->n_bands * raster_type_size(r->info.type));
	sl->planes = g_try_malloc(n * 4);
	sl->valid = g_try_malloc(n);
	if (sl->native && sl->planes && sl->valid)
		return true;
	g_set_error(error, RASTER_ERROR, RASTER_ERROR_UNSUPPORTED, _("%s: not enough memory to show %dx%d pixels of it"),
	            r->info.path, sl->area.w, sl->area.h);
	return false;
}

static void slice_palette(const raster *r, slice *sl, size_t n, double gamma)
{
	const uint8_t *narrow = sl->native;
	const uint16_t *wide = sl->native;
	bool one = raster_type_size(r->info.type) == 1;
	int last = r->info.palette_size - 1;
	for (size_t i = 0; i < n; i++) {
		const uint8_t *rgba = r->info.palette[MIN(one ? narrow[i] : wide[i], last)];
		for (int c = 0; c < 4; c++)
			sl->planes[(size_t)c * n + i] = c < 3 ? with_gamma(rgba[c], gamma) : rgba[3];
	}
	for (int c = 0; c < 3; c++)
		sl->plane[c] = sl->planes + (size_t)c * n;
}

static bool same_range(const raster_style *s, int a, int b)
{
	return s->band[a] == s->band[b] && s->lo[a] == s->lo[b] && s->hi[a] == s->hi[b];
}

/* Bytes that are shown as they are. */
static bool is_as_stored(const raster *r, const raster_style *s, double gamma)
{
	bool plain = r->info.type == RASTER_U8 && s->stretch == RASTER_STRETCH_NONE && !s->db && gamma == 1;
	for (int c = 0; c < 3; c++)
		plain &= s->lo[c] == 0 && s->hi[c] == 255;
	return plain;
}

static void slice_map(raster *r, const raster_style *s, slice *sl, size_t n, double gamma)
{
	size_t size = raster_type_size(r->info.type);
	bool as_stored = is_as_stored(r, s, gamma);
	raster_lut *lut = as_stored ? NULL : lut_get(r, s, gamma);
	for (int c = 0; c < 3; c++) {
		uint8_t *in = (uint8_t *)sl->native + (size_t)sl->at[c] * n * size;
		channel ch = channel_of(r, s, c, gamma);
		sl->plane[c] = sl->planes + (size_t)c * n;
		if (as_stored)
			sl->plane[c] = in;
		else if (c > 0 && same_range(s, c, c - 1))
			sl->plane[c] = sl->plane[c - 1];
		else if (lut)
			map_by_table(lut->table[c], lut->entries, in, n, sl->plane[c]);
		else
			map_samples(r->info.type, &ch, in, n, sl->plane[c]);
	}
	raster_lut_free(lut);
}

/* Colours for the bytes of a single band. */
static void slice_ramp(slice *sl, size_t n, int ramp)
{
	const uint8_t(*colors)[3] = raster_ramp_colors(ramp);
	const uint8_t *from = sl->plane[0];
	/* The plane that is read is written last: it may be the first one of `planes`. */
	for (int c = 2; c >= 0; c--) {
		uint8_t *to = sl->planes + (size_t)c * n;
		for (size_t i = 0; i < n; i++)
			to[i] = colors[from[i]][c];
		sl->plane[c] = to;
	}
}

/* Reads the slice and makes its three planes of bytes. */
static bool slice_make(raster *r, const raster_style *s, int level, slice *sl, bool screen, GCancellable *cancel,
                       GError **error)
{
	const double gamma = screen ? s->gamma : 1;
	size_t n = (size_t)sl->area.w * (size_t)sl->area.h;
	if (sl->rough ? !raster_read_rough(r, level, sl->bands, sl->n_bands, sl->native)
	              : !raster_read_picture(r, level, &sl->area, sl->bands, sl->n_bands, sl->native, cancel, error))
		return false;
	if (s->palette && r->info.palette)
		slice_palette(r, sl, n, gamma);
	else
		slice_map(r, s, sl, n, gamma);
	if (screen && s->ramp > 0 && sl->n_bands == 1 && !s->palette)
		slice_ramp(sl, n, s->ramp);
	return true;
}

/* Only nodata, NaN, alpha, a mask or a palette make anything transparent. */
static bool is_opaque(const raster *r, const raster_style *s, const slice *sl)
{
	bool floating = r->info.type == RASTER_F32 || r->info.type == RASTER_F64 || raster_type_is_complex(r->info.type);
	bool nodata = true; /* of all bands: where one has none, no pixel can lack all */
	for (int b = 0; b < sl->n_bands; b++)
		nodata &= r->info.bands[sl->bands[b]].has_nodata;
	return !floating && !nodata && !s->palette && r->alpha < 0 && !r->info.has_mask;
}

static bool slice_validity(raster *r, const raster_style *s, int level, slice *sl, GCancellable *cancel, GError **error)
{
	size_t n = (size_t)sl->area.w * (size_t)sl->area.h, size = raster_type_size(r->info.type);
	sl->opaque = is_opaque(r, s, sl);
	if (sl->opaque)
		return true;
	memset(sl->valid, 0, n);
	for (int b = 0; b < sl->n_bands; b++)
		raster_samples_valid(r->info.type, (const uint8_t *)sl->native + (size_t)b * n * size, n,
		                     &r->info.bands[sl->bands[b]], sl->valid);
	for (size_t i = 0; i < n; i++)
		sl->valid[i] = (uint8_t) - (sl->valid[i] != 0);
	if (s->palette && r->info.palette)
		for (size_t i = 0; i < n; i++)
			sl->valid[i] &= sl->planes[3 * n + i];
	return raster_apply_transparency(r, level, &sl->area, sl->valid, cancel, error);
}

static inline uint32_t times(uint32_t c, uint32_t a)
{
	return ((c * a + 128) * 257) >> 16; /* c * a / 255, rounded */
}

static void write_opaque(const slice *sl, int y, uint8_t *out)
{
	size_t at = (size_t)y * (size_t)sl->area.w;
	const uint8_t *red = sl->plane[0] + at, *green = sl->plane[1] + at, *blue = sl->plane[2] + at;
	for (int x = 0; x < sl->area.w; x++) {
		uint32_t pixel = 0xff000000u | (uint32_t)red[x] << 16 | (uint32_t)green[x] << 8 | blue[x];
		memcpy(out + 4 * (size_t)x, &pixel, 4);
	}
}

static void write_bgra(const slice *sl, bool associated, int y, uint8_t *out)
{
	size_t at = (size_t)y * (size_t)sl->area.w;
	const uint8_t *red = sl->plane[0] + at, *green = sl->plane[1] + at, *blue = sl->plane[2] + at,
				  *alpha = sl->valid + at;
	if (sl->opaque) {
		write_opaque(sl, y, out);
		return;
	}
	for (int x = 0; x < sl->area.w; x++) {
		uint32_t a = alpha[x], rgb[3] = {red[x], green[x], blue[x]};
		for (int c = 0; c < 3; c++)
			rgb[c] = associated ? MIN(rgb[c], a) : times(rgb[c], a);
		uint32_t pixel = a << 24 | rgb[0] << 16 | rgb[1] << 8 | rgb[2];
		memcpy(out + 4 * (size_t)x, &pixel, 4);
	}
}

static void write_rgb(const slice *sl, int y, uint8_t *out)
{
	size_t at = (size_t)y * (size_t)sl->area.w;
	const uint8_t *red = sl->plane[0] + at, *green = sl->plane[1] + at, *blue = sl->plane[2] + at;
	for (int x = 0; x < sl->area.w; x++) {
		out[3 * x] = red[x];
		out[3 * x + 1] = green[x];
		out[3 * x + 2] = blue[x];
	}
}

static bool check_request(const raster *r, const raster_style *s, int level, const raster_rect *area, GError **error)
{
	for (int c = 0; c < 3; c++)
		if (s->band[c] < 0 || s->band[c] >= r->info.n_bands || !(s->hi[c] > s->lo[c])) {
			g_set_error(error, RASTER_ERROR, RASTER_ERROR_UNSUPPORTED, _("%s: band %d cannot be shown from %g to %g"),
			            r->info.path, s->band[c] + 1, s->lo[c], s->hi[c]);
			return false;
		}
	if (level >= 0 && level < r->info.n_levels && raster_area_inside(area, &r->levels[level]))
		return true;
	g_set_error(error, RASTER_ERROR, RASTER_ERROR_UNSUPPORTED,
	            _("%s: the part at %d,%d of size %dx%d is not inside the image"), r->info.path, area->x, area->y,
	            area->w, area->h);
	return false;
}

/* One picture on its way: for the screen, or for the model, which gets no transparency, no gamma and no colour ramp. */
typedef struct {
	raster *r;
	const raster_style *style;
	int level;
	raster_rect area;
	bool screen;
	uint8_t *out;
	size_t stride;
	GCancellable *cancel;
	raster_rect grid; /* of blocks: origin at or before the area, size of a block */
	int across;
} picture;

static bool render_part(const picture *p, const raster_rect *area, GError **error)
{
	g_auto(slice) sl = {0};
	uint8_t *out =
		p->out + (size_t)(area->y - p->area.y) * p->stride + (size_t)(area->x - p->area.x) * (p->screen ? 4 : 3);
	slice_plan(&sl, p->style);
	int rows = MIN(area->h, raster_slice_rows(p->r, p->level, area->w, sl.n_bands));
	sl.area = (raster_rect){area->x, area->y, area->w, rows};
	if (!slice_alloc(p->r, &sl, (size_t)area->w * (size_t)rows, error))
		return false;
	for (int y = 0; y < area->h; y += rows) {
		sl.area.y = area->y + y;
		sl.area.h = MIN(rows, area->h - y);
		if (!slice_make(p->r, p->style, p->level, &sl, p->screen, p->cancel, error) ||
		    (p->screen && !slice_validity(p->r, p->style, p->level, &sl, p->cancel, error)))
			return false;
		for (int i = 0; i < sl.area.h; i++, out += p->stride)
			if (p->screen)
				write_bgra(&sl, p->r->alpha_associated, i, out);
			else
				write_rgb(&sl, i, out);
	}
	return true;
}

static bool render_block(int piece, void *data, GError **error)
{
	const picture *p = data;
	const raster_rect *a = &p->area, *g = &p->grid;
	const int x = g->x + piece % p->across * g->w, y = g->y + piece / p->across * g->h;
	const int x0 = MAX(x, a->x), y0 = MAX(y, a->y);
	const raster_rect part = {x0, y0, MIN(x + g->w, a->x + a->w) - x0, MIN(y + g->h, a->y + a->h) - y0};
	return !g_cancellable_set_error_if_cancelled(p->cancel, error) && render_part(p, &part, error);
}

/* Blocks are whole chunks of the file, so that each is unpacked once, by the thread that shows it while it is still in
 * that core's cache. */
static void plan_blocks(picture *p)
{
	const raster_source *s = p->r->source;
	const raster_place *place = &p->r->places[p->level];
	int w = s->chunk_w, h = s->chunk_h;
	if (place->step > 1)
		raster_block_size(p->r, place, &w, &h);
	w = CLAMP(w, 1, p->r->levels[p->level].width);
	w *= MAX(1, MIN(BLOCK_SIDE, p->area.w) / w);
	h *= MAX(1, (int)((int64_t)BLOCK_SIDE * BLOCK_SIDE / w / h));
	p->grid = (raster_rect){p->area.x / w * w, p->area.y / h * h, w, h};
	p->across = (p->area.x + p->area.w - 1) / w - p->area.x / w + 1;
}

static bool render(picture p, GError **error)
{
	if (!check_request(p.r, p.style, p.level, &p.area, error))
		return false;
	if (p.r->source->sequential || (int64_t)p.area.w * p.area.h < RASTER_LARGE_PIXELS)
		return render_part(&p, &p.area, error);
	plan_blocks(&p);
	const int down = (p.area.y + p.area.h - 1) / p.grid.h - p.area.y / p.grid.h + 1;
	return raster_parallel(p.across * down, raster_threads(), render_block, &p, error);
}

bool raster_render(raster *r, const raster_style *style, int level, const raster_rect *area, uint8_t *pixels,
                   size_t stride, GCancellable *cancel, GError **error)
{
	return render((picture){r, style, level, *area, true, pixels, stride, cancel}, error);
}

bool raster_render_rough(raster *r, const raster_style *s, int level, uint8_t *pixels)
{
	g_auto(slice) sl = {.rough = true, .area = {0, 0, r->levels[level].width, r->levels[level].height}};
	if (!check_request(r, s, level, &sl.area, NULL))
		return false;
	slice_plan(&sl, s);
	if (!slice_alloc(r, &sl, (size_t)sl.area.w * (size_t)sl.area.h, NULL) ||
	    !slice_make(r, s, level, &sl, true, NULL, NULL) || !slice_validity(r, s, level, &sl, NULL, NULL))
		return false;
	for (int y = 0; y < sl.area.h; y++)
		write_bgra(&sl, false, y, pixels + (size_t)y * (size_t)sl.area.w * 4);
	return true;
}

bool raster_model_input(raster *r, const raster_style *style, const raster_rect *area, uint8_t *rgb, size_t stride,
                        GCancellable *cancel, GError **error)
{
	return render((picture){r, style, 0, *area, false, rgb, stride, cancel}, error);
}
