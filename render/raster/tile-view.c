#include "render/raster/tile-view.h"
#include <math.h>

typedef struct {
	int x0, y0, x1, y1; /* tile columns and rows, the last ones excluded */
} tile_range;

/* Full-size pixels a level pixel, across and down. */
static void level_step(const tile_view *v, int level, double *fx, double *fy)
{
	*fx = (double)v->info->width / v->info->levels[level].width;
	*fy = (double)v->info->height / v->info->levels[level].height;
}

static tile_range range_of(const tile_view *v, int level)
{
	const raster_level *l = &v->info->levels[level];
	const raster_rect *a = &v->visible;
	double fx, fy;
	level_step(v, level, &fx, &fy);
	const int x0 = (int)floor(a->x / fx / TILE_SIDE), x1 = (int)floor(((a->x + a->w) / fx - 1e-6) / TILE_SIDE) + 1;
	const int y0 = (int)floor(a->y / fy / TILE_SIDE), y1 = (int)floor(((a->y + a->h) / fy - 1e-6) / TILE_SIDE) + 1;
	return (tile_range){MAX(x0, 0), MAX(y0, 0), MIN(x1, (l->width + TILE_SIDE - 1) / TILE_SIDE),
	                    MIN(y1, (l->height + TILE_SIDE - 1) / TILE_SIDE)};
}

/* Of the tiles of a level that are in sight: the least of them. */
typedef enum { LEVEL_AWAITED, LEVEL_FAILED, LEVEL_THERE, LEVEL_OPAQUE } level_state;

static level_state level_look(const tile_view *v, int level)
{
	const tile_range r = range_of(v, level);
	level_state least = LEVEL_OPAQUE;
	for (int y = r.y0; y < r.y1; y++)
		for (int x = r.x0; x < r.x1; x++) {
			const tile *t = tile_cache_get(v->tiles, (tile_key){level, x, y});
			if (!t)
				return LEVEL_AWAITED;
			least = MIN(least, !t->pixels ? LEVEL_FAILED : t->opaque ? LEVEL_OPAQUE : LEVEL_THERE);
		}
	return least;
}

bool tile_view_begin(tile_view *v, tile_cache *tiles, const raster_info *info, const viewport *view,
                     double device_scale)
{
	*v = (tile_view){.tiles = tiles, .info = info, .view = *view, .device_scale = device_scale};
	v->visible = viewport_visible(view);
	if (v->visible.w <= 0 || v->visible.h <= 0)
		return false;
	v->level = tile_cache_level(tiles, view->scale * device_scale);
	tile_cache_want(tiles, v->level, &v->visible);
	const level_state own = level_look(v, v->level);
	level_state below = own;
	for (v->from = v->level; v->from < info->n_levels - 1 && below < LEVEL_THERE;)
		below = level_look(v, ++v->from);
	v->sharp = own >= LEVEL_THERE;
	v->known = own > LEVEL_AWAITED || below > LEVEL_AWAITED;
	v->opaque = below == LEVEL_OPAQUE;
	return true;
}

static double snap(const tile_view *v, double s)
{
	return round(s * v->device_scale) / v->device_scale;
}

void tile_view_rect(const tile_view *v, int level, const raster_rect *area, double rect[4])
{
	double fx, fy, x1, y1;
	level_step(v, level, &fx, &fy);
	viewport_to_screen(&v->view, area->x * fx, area->y * fy, &rect[0], &rect[1]);
	viewport_to_screen(&v->view, (area->x + area->w) * fx, (area->y + area->h) * fy, &x1, &y1);
	rect[0] = snap(v, rect[0]);
	rect[1] = snap(v, rect[1]);
	rect[2] = snap(v, x1) - rect[0];
	rect[3] = snap(v, y1) - rect[1];
}

bool tile_view_on_screen(const tile_view *v, const double rect[4])
{
	return rect[2] > 0 && rect[3] > 0 && rect[0] < v->view.screen_w && rect[1] < v->view.screen_h &&
	       rect[0] + rect[2] > 0 && rect[1] + rect[3] > 0;
}

double tile_view_magnification(const tile_view *v, int level)
{
	double fx, fy;
	level_step(v, level, &fx, &fy);
	return v->view.scale * v->device_scale * fx;
}

static void draw_level(const tile_view *v, int level, tile_view_fn draw, void *data)
{
	const tile_range range = range_of(v, level);
	for (int y = range.y0; y < range.y1; y++)
		for (int x = range.x0; x < range.x1; x++) {
			double rect[4];
			tile *t = tile_cache_get(v->tiles, (tile_key){level, x, y});
			if (!t)
				continue;
			tile_view_rect(v, level, &t->area, rect);
			if (tile_view_on_screen(v, rect))
				draw(v, t, rect, level == v->level, data);
		}
}

void tile_view_draw(const tile_view *v, tile_view_fn draw, void *data)
{
	for (int l = v->from; l >= v->level; l--)
		draw_level(v, l, draw, data);
}
