#include "render/draw/tile-draw.h"

static void unref_bytes(void *bytes)
{
	g_bytes_unref(bytes);
}

/* What is opaque is copied, not blended. The pixels live as long as the surface: a frame may hold it longer than the
 * tile lives. */
cairo_surface_t *tile_surface(tile *t)
{
	static const cairo_user_data_key_t pixels;
	if (t->user)
		return t->user;
	t->user = cairo_image_surface_create_for_data((unsigned char *)g_bytes_get_data(t->pixels, NULL),
	                                              t->opaque ? CAIRO_FORMAT_RGB24 : CAIRO_FORMAT_ARGB32, t->area.w,
	                                              t->area.h, t->area.w * 4);
	cairo_surface_set_user_data(t->user, &pixels, g_bytes_ref(t->pixels), unref_bytes);
	return t->user;
}

void tile_surface_free(void *surface)
{
	cairo_surface_destroy(surface);
}

void tile_draw(const tile_view *v, tile *t, const double rect[4], bool finest, void *data)
{
	cairo_t *cr = data;
	if (!t->pixels)
		return;
	const bool hard = finest && tile_view_magnification(v, t->key.level) > 1.001;
	cairo_save(cr);
	/* Filled, and hard at the edges: a clip would become soft where a turned view replays this, and neighbours would
	 * have a seam between them. */
	cairo_set_antialias(cr, CAIRO_ANTIALIAS_NONE);
	cairo_rectangle(cr, rect[0], rect[1], rect[2], rect[3]);
	cairo_translate(cr, rect[0], rect[1]);
	cairo_scale(cr, rect[2] / t->area.w, rect[3] / t->area.h);
	cairo_set_source_surface(cr, tile_surface(t), 0, 0);
	cairo_pattern_set_filter(cairo_get_source(cr), hard ? CAIRO_FILTER_NEAREST : CAIRO_FILTER_BILINEAR);
	cairo_pattern_set_extend(cairo_get_source(cr), CAIRO_EXTEND_PAD);
	cairo_fill(cr);
	cairo_restore(cr);
}
