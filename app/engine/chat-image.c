/* From a raster and marks on it to the vectors that the language model reads, and from its `<pix>` states to masks. */
#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "app/engine/chat-private.h"

/* A part with a longer side above this is read from an overview: the views are 512 px, and only the close-ups of marks
 * would see more. */
#define SIDE_MOST 4096
#define PICTURES_KEPT 4

void chat_picture_free(void *picture)
{
	chat_picture *p = picture;
	egx_image_free(p->image);
	g_free(p->key);
	g_free(p);
}

void chat_marks_clear(chat_marks *m)
{
	for (guint i = 0; i < m->n; i++) {
		g_free((void *)m->list[i].xy);
		g_free((void *)m->list[i].mask);
	}
	g_clear_pointer(&m->list, g_free);
	m->n = 0;
}

/* --- what is looked at --- */

/* The level that gives at most SIDE_MOST pixels, and the part's place on it. */
static int level_for(const raster_info *info, const raster_rect *area, raster_rect *on_level)
{
	int level = 0;
	while (level + 1 < info->n_levels &&
	       (double)MAX(area->w, area->h) * info->levels[level].width / info->width > SIDE_MOST)
		level++;
	const raster_level *l = &info->levels[level];
	const double sx = (double)l->width / info->width, sy = (double)l->height / info->height;
	const int x0 = (int)floor(area->x * sx), y0 = (int)floor(area->y * sy);
	*on_level = (raster_rect){x0, y0, MAX(1, MIN(l->width, (int)ceil((area->x + area->w) * sx)) - x0),
	                          MAX(1, MIN(l->height, (int)ceil((area->y + area->h) * sy)) - y0)};
	return level;
}

/* The picture of an overview, as on screen; what is transparent there is black. */
static bool read_reduced(const chat_request *q, int level, const raster_rect *part, guint8 *rgb, GError **error)
{
	const gsize n = (gsize)part->w * part->h;
	g_autofree guint8 *bgra = g_try_malloc(n * 4);
	if (!bgra || !raster_render(q->image, q->style, level, part, bgra, (gsize)part->w * 4, q->cancel, error))
		return false;
	for (gsize i = 0; i < n; i++)
		for (int k = 0; k < 3; k++)
			rgb[3 * i + (gsize)k] = bgra[4 * i + (gsize)(2 - k)];
	return true;
}

static GBytes *read_pixels(const chat_request *q, const raster_rect *area, chat_picture *p, GError **error)
{
	raster_rect part;
	const int level = level_for(raster_get_info(q->image), area, &part);
	p->w = level ? part.w : area->w;
	p->h = level ? part.h : area->h;
	p->scale = (double)area->w / p->w;
	const gsize bytes = (gsize)p->w * p->h * 3;
	g_autofree guint8 *rgb = g_try_malloc(bytes);
	if (!rgb) {
		g_set_error(error, CHAT_ERROR, CHAT_ERROR_IMAGE,
		            _("There is not enough memory to look at %d × %d pixels at once; ask about a smaller part."), p->w,
		            p->h);
		return NULL;
	}
	const bool good = level ? read_reduced(q, level, &part, rgb, error)
	                        : raster_model_input(q->image, q->style, area, rgb, (gsize)p->w * 3, q->cancel, error);
	return good ? g_bytes_new_take(g_steal_pointer(&rgb), bytes) : NULL;
}

static char *picture_key(const chat_request *q, const raster_rect *a)
{
	const raster_info *info = raster_get_info(q->image);
	g_autofree char *style = raster_style_key(q->style);
	return g_strdup_printf("%s|%s|%s|%d,%d,%d,%d", info->path, info->fingerprint, style, a->x, a->y, a->w, a->h);
}

static chat_picture *recall(chat *c, const char *key)
{
	for (GList *l = c->pictures.head; l; l = l->next) {
		chat_picture *p = l->data;
		if (strcmp(p->key, key) != 0)
			continue;
		g_queue_unlink(&c->pictures, l);
		g_queue_push_head_link(&c->pictures, l);
		return p;
	}
	return NULL;
}

static void on_vision(double fraction, void *data)
{
	const chat *c = data;
	if (c->run.req.on_progress)
		c->run.req.on_progress("vision", fraction, c->run.req.data);
}

static void on_mask(double fraction, void *data)
{
	const chat *c = data;
	if (c->run.req.on_progress)
		c->run.req.on_progress("mask", fraction, c->run.req.data);
}

static void on_turn(void *data)
{
	const chat *c = data;
	if (c->run.req.on_turn)
		c->run.req.on_turn(c->run.req.data);
}

bool chat_see(chat *c, GError **error)
{
	g_autofree char *key = picture_key(&c->run.req, &c->run.area);
	c->run.picture = recall(c, key);
	if (c->run.picture)
		return true;
	chat_picture *p = g_new0(chat_picture, 1);
	p->key = g_steal_pointer(&key);
	g_autoptr(GBytes) rgb = read_pixels(&c->run.req, &c->run.area, p, error);
	const egx_run run = {c->run.req.cancel, on_vision, on_turn, c};
	p->image = rgb ? egx_image_new(c->vision, rgb, p->w, p->h, c->options.fast, &run, error) : NULL;
	if (!p->image) {
		chat_picture_free(p);
		return false;
	}
	while (c->pictures.length >= PICTURES_KEPT)
		chat_picture_free(g_queue_pop_tail(&c->pictures));
	g_queue_push_head(&c->pictures, p);
	c->run.picture = p;
	return true;
}

/* --- marks --- */

/* A mask in image pixels as bytes of the picture. */
static guint8 *place_mask(const bitmask *m, const raster_rect *area, const chat_picture *p)
{
	guint8 *out = g_malloc0((gsize)p->w * p->h);
	for (int y = 0; y < p->h; y++) {
		const int my = area->y + (int)((y + 0.5) * p->scale) - m->y;
		for (int x = 0; my >= 0 && my < m->h && x < p->w; x++) {
			const int mx = area->x + (int)((x + 0.5) * p->scale) - m->x;
			out[(gsize)y * p->w + x] = mx >= 0 && mx < m->w && m->bits[(gsize)my * m->w + mx];
		}
	}
	return out;
}

static egx_region place_mark(const sam_mark *mark, const raster_rect *area, double scale)
{
	egx_region r = egx_region_of_mark(mark);
	double *xy = g_new(double, 2 * r.n);
	for (guint i = 0; i < r.n; i++) {
		xy[2 * i] = (r.xy[2 * i] - area->x) / scale;
		xy[2 * i + 1] = (r.xy[2 * i + 1] - area->y) / scale;
	}
	r.xy = xy;
	r.rx /= scale;
	r.ry /= scale;
	return r;
}

static void place_marks(const chat_request *q, const raster_rect *area, const chat_picture *p, chat_marks *out)
{
	chat_marks_clear(out);
	out->list = g_new0(egx_region, q->n_regions);
	out->n = q->n_regions;
	for (guint i = 0; i < q->n_regions; i++)
		out->list[i] = q->regions[i].mask
		                   ? (egx_region){.kind = EGX_MASK, .mask = place_mask(q->regions[i].mask, area, p)}
		                   : place_mark(&q->regions[i].mark, area, p->scale);
}

static bool is_empty(const bitmask *m)
{
	int bbox[4];
	return !mask_bbox(m, bbox);
}

bool chat_place_marks(chat *c, GError **error)
{
	const chat_request *q = &c->run.req;
	const raster_info *info = raster_get_info(q->image);
	const raster_rect all = {0, 0, info->width, info->height};
	c->run.area = q->area.w > 0 ? q->area : all;
	const raster_rect *a = &c->run.area;
	for (guint i = 0; i < q->n_regions; i++) {
		if (!q->regions[i].mask || !is_empty(q->regions[i].mask))
			continue;
		g_set_error(error, CHAT_ERROR, CHAT_ERROR_REGION, _("Region %u is an empty mask; mark it again."), i + 1);
		return false;
	}
	/* Checked in full-size pixels of the part, before anything is read. */
	g_autofree egx_region *list = g_new0(egx_region, q->n_regions + 1);
	const chat_picture full = {.w = 1, .h = 1, .scale = 1};
	guint n = 0;
	for (guint i = 0; i < q->n_regions; i++)
		list[n++] =
			q->regions[i].mask ? (egx_region){.kind = EGX_WHOLE} : place_mark(&q->regions[i].mark, a, full.scale);
	const bool good = egx_regions_check(list, n, c->info.regions_max, a->w, a->h, error);
	for (guint i = 0; i < n; i++)
		g_free((void *)list[i].xy);
	return good;
}

/* Everything that the vectors depend on. */
static char *splice_key(const chat_picture *p, const chat_marks *m)
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	g_checksum_update(sum, (const guint8 *)p->key, -1);
	for (guint i = 0; i < m->n; i++)
		egx_region_digest(&m->list[i], p->w, p->h, sum);
	return g_strdup(g_checksum_get_string(sum));
}

bool chat_splice(chat *c, GError **error)
{
	chat_run *run = &c->run;
	place_marks(&run->req, &run->area, run->picture, &run->marks);
	g_autofree char *key = splice_key(run->picture, &run->marks);
	if (g_strcmp0(key, c->spliced) == 0)
		return true;
	egx_vectors v;
	const egx_run how = {run->req.cancel, on_vision, on_turn, c};
	if (!egx_image_splice(run->picture->image, run->marks.list, run->marks.n, &v, &how, error))
		return false;
	egx_vectors_clear(&c->vectors);
	c->vectors = v;
	c->splice++;
	g_free(c->spliced);
	c->spliced = g_steal_pointer(&key);
	return true;
}

/* --- masks --- */

static sam_model *segmenter(chat *c, GError **error)
{
	if (c->shared)
		return c->shared;
	const bool f32 = c->options.full || gpu_get_caps(c->dev)->software;
	if (!c->own)
		c->own = sam_model_open(c->dev, c->segmenter_path, &(sam_options){.f32 = f32}, error);
	return c->own;
}

/* A mask of a reduced picture in full-size pixels. NULL: too large. */
static bitmask *enlarge(const bitmask *m, double scale)
{
	const int w = (int)ceil(m->w * scale), h = (int)ceil(m->h * scale);
	bitmask *out = mask_try_new((int)floor(m->x * scale), (int)floor(m->y * scale), w, h, NULL);
	for (int y = 0; out && y < h; y++)
		for (int x = 0; x < w; x++)
			out->bits[(gsize)y * w + x] =
				m->bits[(gsize)MIN(m->h - 1, (int)(y / scale)) * m->w + MIN(m->w - 1, (int)(x / scale))];
	return out;
}

static bool take_mask(chat *c, const sam_candidate *m, chat_grounded *g)
{
	const chat_picture *p = c->run.picture;
	g_autoptr(bitmask) whole = mask_new_from(0, 0, p->w, p->h, m->mask, (gsize)p->w);
	g_autoptr(bitmask) part = mask_trimmed(whole);
	g->mask = p->scale > 1 ? enlarge(part, p->scale) : g_steal_pointer(&part);
	if (!g->mask)
		return false;
	g->mask->x += c->run.area.x;
	g->mask->y += c->run.area.y;
	return true;
}

bool chat_ground(chat *c, const float *state, chat_grounded *g, GError **error)
{
	sam_model *sam = segmenter(c, error);
	if (!sam)
		return false;
	const egx_run how = {c->run.req.cancel, on_mask, on_turn, c};
	const egx_region *region =
		g->region > 0 && (guint)g->region <= c->run.marks.n ? &c->run.marks.list[g->region - 1] : NULL;
	sam_candidate m = {0};
	if (!egx_image_ground(c->run.picture->image, sam, state, region, &m, &how, error))
		return false;
	g->score = m.score;
	if (m.area == 0)
		chat_note(&c->run.reply, _("Nothing could be outlined for “%s”."), *g->phrase ? g->phrase : "<pix>");
	else if (!take_mask(c, &m, g))
		chat_note(&c->run.reply,
		          _("The outline of “%s” is too large to be made in full size; ask about a smaller part."),
		          *g->phrase ? g->phrase : "<pix>");
	g_free(m.mask);
	return true;
}
