#include "app/engine/sweep-private.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#define BATCH 16      /* points a step: between two a prompt is served */
#define LEVELS 3      /* sides: 1, 2 and 4 times the scale */
#define LARGEST 0.9   /* share of a part from which a mask is the ground, not an object on it */
#define PEAKS_MOST 96 /* prompts a part, of those like others */

/* A part of the image that is encoded once, and the points that are asked about in it. */
typedef struct {
	sam_crop crop;
	GArray *points; /* double[2]; NULL: not known before its features are */
	guint asked;
	sam_features_map features; /* of `like` only, while it is worked on */
} part;

struct engine_sweep {
	engine_sweep_request req;
	raster_style style;
	GPtrArray *like; /* of bitmask */
	likeness likeness;
	guint learnt; /* of `like` */
	bool planned;
	GPtrArray *parts; /* of part */
	guint at;
	GPtrArray *found; /* of engine_found */
};

void engine_found_free(engine_found *f)
{
	if (!f)
		return;
	mask_free(f->mask);
	g_free(f);
}

static void part_free(void *data)
{
	part *p = data;
	g_clear_pointer(&p->points, g_array_unref);
	sam_features_map_clear(&p->features);
	g_free(p);
}

engine_sweep *engine_sweep_new(const engine_sweep_request *req)
{
	engine_sweep *s = g_new0(engine_sweep, 1);
	const raster_info *info = raster_get_info(req->image);
	s->req = *req;
	s->req.image = raster_ref(req->image);
	s->style = *req->style;
	s->req.style = &s->style;
	s->req.cancel = req->cancel ? g_object_ref(req->cancel) : NULL;
	s->like = g_ptr_array_new_with_free_func((GDestroyNotify)mask_free);
	for (guint i = 0; i < req->n_like; i++)
		g_ptr_array_add(s->like, mask_copy(req->like[i]));
	s->parts = g_ptr_array_new_with_free_func(part_free);
	s->found = g_ptr_array_new_with_free_func((GDestroyNotify)engine_found_free);
	if (s->req.area.w <= 0 || s->req.area.h <= 0)
		s->req.area = (raster_rect){0, 0, info->width, info->height};
	s->req.points = req->points > 0 ? req->points : 16;
	s->req.least_score = req->least_score > 0 ? req->least_score : s->like->len ? 0.3 : 0.7;
	s->req.least_stability = req->least_stability > 0 ? req->least_stability : s->like->len ? 0.5 : 0.8;
	s->req.most_overlap = req->most_overlap > 0 ? req->most_overlap : 0.6;
	s->req.least_area = req->least_area > 0 ? req->least_area : 16;
	return s;
}

void engine_sweep_free(engine_sweep *s)
{
	if (!s)
		return;
	g_ptr_array_unref(s->found);
	g_ptr_array_unref(s->parts);
	g_ptr_array_unref(s->like);
	likeness_clear(&s->likeness);
	raster_unref(s->req.image);
	g_clear_object(&s->req.cancel);
	g_free(s);
}

/* --- the plan --- */

/* Begin of the n-th of `of` parts of length `side` that cover from..from+length evenly. */
static int begin_of(int from, int length, int side, int n, int of)
{
	return of <= 1 ? from : from + (int)((int64_t)(length - side) * n / (of - 1));
}

/* Neighbours share a quarter of their side: what one cuts, the other sees whole. */
static int count_of(int length, int side)
{
	return length <= side ? 1 : 1 + (int)ceil((double)(length - side) / (0.75 * side));
}

static void crop_axis(int wanted, int side, int image, int *origin, int *length)
{
	*length = MIN(side, image);
	*origin = CLAMP(wanted, 0, image - *length);
}

static void add_part(engine_sweep *s, int x, int y, int side)
{
	const raster_info *info = raster_get_info(s->req.image);
	part *p = g_new0(part, 1);
	crop_axis(x, side, info->width, &p->crop.x, &p->crop.w);
	crop_axis(y, side, info->height, &p->crop.y, &p->crop.h);
	p->crop.s = MIN(side, MAX(info->width, info->height));
	g_ptr_array_add(s->parts, p);
}

static part *nearest_part(engine_sweep *s, guint first, double x, double y)
{
	part *best = NULL;
	double least = INFINITY;
	for (guint i = first; i < s->parts->len; i++) {
		part *p = s->parts->pdata[i];
		const double away = MAX(fabs(x - p->crop.x - p->crop.w / 2.0), fabs(y - p->crop.y - p->crop.h / 2.0));
		if (away >= least)
			continue;
		least = away;
		best = p;
	}
	return best;
}

/* One grid over the whole area, each point in the part whose middle is nearest: none is asked twice. */
static void spread_points(engine_sweep *s, guint first, int side)
{
	const raster_rect a = s->req.area;
	const double spacing = (double)side / s->req.points;
	const int nx = MAX(1, (int)round(a.w / spacing)), ny = MAX(1, (int)round(a.h / spacing));
	for (int j = 0; j < ny; j++)
		for (int i = 0; i < nx; i++) {
			const double xy[2] = {a.x + (i + 0.5) * a.w / nx, a.y + (j + 0.5) * a.h / ny};
			part *p = nearest_part(s, first, xy[0], xy[1]);
			if (!p->points)
				p->points = g_array_new(FALSE, FALSE, 2 * sizeof(double));
			g_array_append_vals(p->points, xy, 1);
		}
}

static void add_level(engine_sweep *s, int side)
{
	const raster_rect a = s->req.area;
	const int nx = count_of(a.w, side), ny = count_of(a.h, side);
	const guint first = s->parts->len;
	for (int j = 0; j < ny; j++)
		for (int i = 0; i < nx; i++)
			add_part(s, begin_of(a.x, a.w, side, i, nx), begin_of(a.y, a.h, side, j, ny), side);
	if (s->like->len == 0)
		spread_points(s, first, side);
}

static bool plan(engine_sweep *s, engine *e, GError **error)
{
	const raster_info *info = raster_get_info(s->req.image);
	raster_rect *a = &s->req.area;
	const int x1 = MIN(a->x + a->w, info->width), y1 = MIN(a->y + a->h, info->height);
	a->x = MAX(a->x, 0);
	a->y = MAX(a->y, 0);
	a->w = x1 - a->x;
	a->h = y1 - a->y;
	if (a->w <= 0 || a->h <= 0) {
		g_set_error_literal(error, SAM_ERROR, SAM_ERROR_PROMPT,
		                    _("The part to search lies outside the image: choose one inside of it."));
		return false;
	}
	const int own = engine_get_info(e)->sam->image_size;
	if (s->req.scale <= 0)
		s->req.scale = s->like->len ? likeness_side((const bitmask *const *)s->like->pdata, s->like->len, own) : own;
	const int longer = MAX(a->w, a->h);
	int side = s->req.scale;
	add_level(s, side);
	for (int level = 1; s->like->len == 0 && level < LEVELS && side < longer; level++)
		add_level(s, side *= 2);
	s->planned = true;
	return true;
}

/* --- steps --- */

static sam_encoding *encode(engine_sweep *s, engine *e, const sam_crop *c, GError **error)
{
	const engine_request req = {.image = s->req.image, .style = &s->style, .cancel = s->req.cancel};
	engine_answer unused = {0};
	return engine_encoding_for(e, &req, c, &unused, error);
}

/* What one of the given objects looks like, seen at the scale of the search with it in the middle. */
static bool learn(engine_sweep *s, engine *e, GError **error)
{
	const raster_info *info = raster_get_info(s->req.image);
	const bitmask *m = s->like->pdata[s->learnt++];
	sam_crop c = {.s = MIN(s->req.scale, MAX(info->width, info->height))};
	crop_axis(m->x + (m->w - s->req.scale) / 2, s->req.scale, info->width, &c.x, &c.w);
	crop_axis(m->y + (m->h - s->req.scale) / 2, s->req.scale, info->height, &c.y, &c.h);
	g_auto(sam_features_map) map = {0};
	sam_encoding *enc = encode(s, e, &c, error);
	if (!enc || !sam_encoding_features(enc, &map, error))
		return false;
	if (!likeness_add(&s->likeness, &map, &c, m)) {
		g_set_error_literal(error, SAM_ERROR, SAM_ERROR_PROMPT,
		                    _("The objects to look for are empty: select objects that cover the image."));
		return false;
	}
	if (s->learnt == s->like->len) {
		double sum = 0;
		for (guint i = 0; i < s->like->len; i++)
			sum += log((double)MAX(mask_area(s->like->pdata[i]), 1));
		likeness_finish(&s->likeness, exp(sum / s->like->len));
	}
	return true;
}

static double intersection_share(const bitmask *a, const bitmask *b)
{
	if (a->x >= b->x + b->w || b->x >= a->x + a->w || a->y >= b->y + b->h || b->y >= a->y + a->h)
		return 0;
	return mask_iou(a, b);
}

/* Of two that are the same object the surer one stays. */
static void keep(engine_sweep *s, engine_found *f)
{
	for (guint i = 0; i < s->like->len; i++)
		if (intersection_share(f->mask, s->like->pdata[i]) > 0.3) { /* it is one of those that were given */
			engine_found_free(f);
			return;
		}
	for (guint i = 0; i < s->found->len; i++) {
		const engine_found *other = s->found->pdata[i];
		if (intersection_share(f->mask, other->mask) < s->req.most_overlap)
			continue;
		if (other->score * other->stability >= f->score * f->stability) {
			engine_found_free(f);
			return;
		}
		g_ptr_array_remove_index_fast(s->found, i--);
	}
	g_ptr_array_add(s->found, f);
}

static void take(guint point, const sam_candidate *c, void *data)
{
	engine_sweep *s = data;
	const part *p = s->parts->pdata[s->at];
	const bool like = s->like->len > 0;
	if (c->stability < s->req.least_stability || c->area < s->req.least_area || c->touches ||
	    (double)c->area > LARGEST * p->crop.w * p->crop.h)
		return;
	g_autoptr(bitmask) whole = mask_new_from(p->crop.x, p->crop.y, p->crop.w, p->crop.h, c->mask, (gsize)p->crop.w);
	engine_found *f = g_new0(engine_found, 1);
	f->mask = mask_trimmed(whole);
	f->area = c->area;
	f->stability = c->stability;
	f->score = like ? likeness_of(&s->likeness, &p->features, &p->crop, f->mask) : CLAMP(c->score, 0, 1);
	for (int k = 0; k < 2; k++)
		f->at[k] = g_array_index(p->points, double, 2 * (p->asked + point) + (guint)k);
	if (f->score < s->req.least_score)
		engine_found_free(f);
	else
		keep(s, f);
}

static bool look_where(engine_sweep *s, part *p, sam_encoding *enc, GError **error)
{
	if (s->like->len == 0) {
		p->points = g_array_new(FALSE, FALSE, 2 * sizeof(double));
		return true;
	}
	if (!sam_encoding_features(enc, &p->features, error))
		return false;
	p->points = likeness_peaks(&s->likeness, &p->features, &p->crop, PEAKS_MOST);
	return true;
}

/* A part is encoded, or some of its points are asked about. */
static bool work(engine_sweep *s, engine *e, GError **error)
{
	const raster_info *info = raster_get_info(s->req.image);
	part *p = s->parts->pdata[s->at];
	sam_encoding *enc = encode(s, e, &p->crop, error);
	if (!enc || (!p->points && !look_where(s, p, enc, error)))
		return false;
	const guint n = MIN(BATCH, p->points->len - p->asked);
	/* Of `like` what counts is how like it is; the model's own opinion only has to be better than noise. */
	const float least = s->like->len ? 0.4f : (float)s->req.least_score;
	if (n > 0 && !sam_segment_points(enc, &g_array_index(p->points, double, 2 * p->asked), n, least, info->width,
	                                 info->height, take, s, s->req.cancel, error))
		return false;
	p->asked += n;
	if (p->asked >= p->points->len) {
		sam_features_map_clear(&p->features);
		s->at++;
	}
	return true;
}

static void tell(const engine_sweep *s)
{
	double done = s->at;
	if (s->at < s->parts->len) {
		const part *p = s->parts->pdata[s->at];
		done += p->points && p->points->len ? (double)p->asked / p->points->len : 0;
	}
	if (s->req.progress)
		s->req.progress(done / MAX(s->parts->len, 1), s->found->len, s->req.data);
}

sweep_state engine_sweep_step(engine_sweep *s, engine *e, GError **error)
{
	if (g_cancellable_set_error_if_cancelled(s->req.cancel, error))
		return SWEEP_FAILED;
	bool ok;
	if (!s->planned)
		ok = plan(s, e, error);
	else if (s->learnt < s->like->len)
		ok = learn(s, e, error);
	else
		ok = s->at >= s->parts->len || work(s, e, error);
	if (!ok)
		return SWEEP_FAILED;
	tell(s);
	return s->learnt >= s->like->len && s->at >= s->parts->len ? SWEEP_DONE : SWEEP_MORE;
}

static int surest_first(gconstpointer a, gconstpointer b)
{
	const engine_found *p = *(engine_found *const *)a, *q = *(engine_found *const *)b;
	return p->score < q->score ? 1 : p->score > q->score ? -1 : 0;
}

GPtrArray *engine_sweep_take(engine_sweep *s)
{
	GPtrArray *found = s->found;
	s->found = g_ptr_array_new_with_free_func((GDestroyNotify)engine_found_free);
	g_ptr_array_sort(found, surest_first);
	return found;
}

GPtrArray *engine_segment_everything(engine *e, const engine_sweep_request *req, GError **error)
{
	g_autoptr(engine_sweep) s = engine_sweep_new(req);
	sweep_state state;
	while ((state = engine_sweep_step(s, e, error)) == SWEEP_MORE) {
	}
	return state == SWEEP_DONE ? engine_sweep_take(s) : NULL;
}
