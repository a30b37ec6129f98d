/* Tiles on the screen: coarse below fine, checkerboard under transparency, hard pixel edges above 1:1. A frame draws
 * what is there and never waits.
 *
 * GTK 4.8 scales textures with linear filtering only. Above 1:1 a piece of a tile is therefore enlarged by the next
 * whole factor, each pixel to a square, and that block is drawn a little smaller: edges are sharp to less than one
 * screen pixel, and panning reuses the blocks. */
#include "app/canvas/canvas-private.h"
#include "app/document/document-file.h"
#include "app/settings.h"
#include "render/draw/tile-draw.h"

#include <math.h>
#include <string.h>

#define BLOCK_SIDE 512    /* pixels of an enlarged block, at most */
#define BLOCKS_A_FRAME 24 /* made at once; the rest is drawn soft and follows in the next frame */
#define CHECKER_SIDE 10   /* of one square, screen pixels */

typedef struct {
	tile_key tile;
	int bx, by, factor;
} block_key;

typedef struct {
	block_key key;
	GdkTexture *source, *texture; /* source: what it was made of */
	guint64 frame;
} block;

static guint block_hash(gconstpointer p)
{
	const block_key *k = p;
	guint h = (guint)k->tile.level;
	h = h * 31 + (guint)k->tile.x;
	h = h * 31 + (guint)k->tile.y;
	h = h * 31 + (guint)k->bx;
	h = h * 31 + (guint)k->by;
	return h * 31 + (guint)k->factor;
}

static gboolean block_equal(gconstpointer a, gconstpointer b)
{
	const block_key *p = a, *q = b;
	return p->tile.level == q->tile.level && p->tile.x == q->tile.x && p->tile.y == q->tile.y && p->bx == q->bx &&
	       p->by == q->by && p->factor == q->factor;
}

static void block_free(void *data)
{
	block *b = data;
	g_clear_object(&b->source);
	g_clear_object(&b->texture);
	g_free(b);
}

static void forget_picture(NadirCanvas *c)
{
	g_clear_pointer(&c->picture.node, gsk_render_node_unref);
}

static void on_tiles(void *data)
{
	forget_picture(data);
	gtk_widget_queue_draw(GTK_WIDGET(data));
	g_signal_emit_by_name(data, "tiles-changed");
}

void canvas_tiles_reset(NadirCanvas *c)
{
	forget_picture(c);
	g_hash_table_remove_all(c->blocks);
	g_clear_pointer(&c->tiles, tile_cache_free);
	g_clear_pointer(&c->tile_error, g_free);
	g_clear_handle_id(&c->tell_error, g_source_remove);
	if (c->document && c->document->tiles_ahead) {
		c->tiles = g_steal_pointer(&c->document->tiles_ahead);
		tile_cache_set_listener(c->tiles, on_tiles, c);
		if (memcmp(&c->document->style, &c->document->rule_style, sizeof c->document->style) != 0)
			tile_cache_set_style(c->tiles, &c->document->style); /* they were read by rule */
	} else if (c->document) {
		c->tiles = tile_cache_new(nadir_document_get_raster(c->document), nadir_document_get_style(c->document),
		                          nadir_tile_bytes_get(), tile_surface_free, on_tiles, c);
	}
}

/* --- the checkerboard --- */

static GdkTexture *checker_texture(bool dark)
{
	const uint8_t grey[2][2] = {{0xfa, 0xe6}, {0xca, 0xba}};
	const int side = 2 * CHECKER_SIDE;
	uint8_t *pixels = g_malloc((gsize)side * side * 4);
	for (int y = 0; y < side; y++)
		for (int x = 0; x < side; x++) {
			uint8_t *p = pixels + ((gsize)y * side + x) * 4;
			memset(p, grey[dark][(x / CHECKER_SIDE + y / CHECKER_SIDE) & 1], 3);
			p[3] = 0xff;
		}
	g_autoptr(GBytes) bytes = g_bytes_new_take(pixels, (gsize)side * side * 4);
	return gdk_memory_texture_new(side, side, GDK_MEMORY_DEFAULT, bytes, (gsize)side * 4);
}

void canvas_tiles_init(NadirCanvas *c)
{
	c->blocks = g_hash_table_new_full(block_hash, block_equal, NULL, block_free);
	c->checker[0] = checker_texture(false);
	c->checker[1] = checker_texture(true);
}

/* The theme's text tells whether its ground is dark. */
static bool is_dark(NadirCanvas *c)
{
	GdkRGBA text;
	gtk_style_context_get_color(gtk_widget_get_style_context(GTK_WIDGET(c)), &text);
	return 0.299 * text.red + 0.587 * text.green + 0.114 * text.blue > 0.5;
}

GdkTexture *nadir_canvas_get_checker(NadirCanvas *c)
{
	g_return_val_if_fail(NADIR_IS_CANVAS(c), NULL);
	return c->checker[is_dark(c)];
}

/* Under the image: a checkerboard shows what is transparent, a plain ground what is not read yet. */
static void draw_ground(NadirCanvas *c, GtkSnapshot *snapshot, bool known)
{
	double x0, y0, x1, y1;
	viewport_to_screen(&c->view, 0, 0, &x0, &y0);
	viewport_to_screen(&c->view, c->view.image_w, c->view.image_h, &x1, &y1);
	x0 = MAX(canvas_snap(c, x0), 0);
	y0 = MAX(canvas_snap(c, y0), 0);
	x1 = MIN(canvas_snap(c, x1), c->view.screen_w);
	y1 = MIN(canvas_snap(c, y1), c->view.screen_h);
	if (x1 <= x0 || y1 <= y0)
		return;
	if (!known) {
		gtk_snapshot_append_color(snapshot, &(GdkRGBA){0.5f, 0.5f, 0.5f, 0.25f},
		                          &GRAPHENE_RECT_INIT((float)x0, (float)y0, (float)(x1 - x0), (float)(y1 - y0)));
		return;
	}
	gtk_snapshot_push_repeat(snapshot, &GRAPHENE_RECT_INIT((float)x0, (float)y0, (float)(x1 - x0), (float)(y1 - y0)),
	                         &GRAPHENE_RECT_INIT(0, 0, 2 * CHECKER_SIDE, 2 * CHECKER_SIDE));
	gtk_snapshot_append_texture(snapshot, nadir_canvas_get_checker(c),
	                            &GRAPHENE_RECT_INIT(0, 0, 2 * CHECKER_SIDE, 2 * CHECKER_SIDE));
	gtk_snapshot_pop(snapshot);
}

/* --- one tile --- */

static graphene_rect_t to_graphene(const double r[4])
{
	return GRAPHENE_RECT_INIT((float)r[0], (float)r[1], (float)r[2], (float)r[3]);
}

static void drop_texture(void *texture)
{
	g_object_unref(texture);
}

/* Kept with the tile's surface; they share the pixels. */
static GdkTexture *tile_texture(tile *t)
{
	static const cairo_user_data_key_t key;
	cairo_surface_t *s = tile_surface(t);
	GdkTexture *texture = cairo_surface_get_user_data(s, &key);
	if (!texture) {
		texture = gdk_memory_texture_new(t->area.w, t->area.h, GDK_MEMORY_DEFAULT, t->pixels, (gsize)t->area.w * 4);
		cairo_surface_set_user_data(s, &key, texture, drop_texture);
	}
	return texture;
}

void nadir_canvas_stop_reading(NadirCanvas *c)
{
	g_return_if_fail(NADIR_IS_CANVAS(c));
	if (c->tiles)
		tile_cache_stop(c->tiles);
}

void nadir_canvas_read_again(NadirCanvas *c)
{
	g_return_if_fail(NADIR_IS_CANVAS(c));
	if (c->tiles)
		tile_cache_read_again(c->tiles);
	forget_picture(c);
	g_clear_pointer(&c->tile_error, g_free);
	gtk_widget_queue_draw(GTK_WIDGET(c));
}

GdkTexture *nadir_canvas_get_cover(NadirCanvas *c)
{
	g_return_val_if_fail(NADIR_IS_CANVAS(c), NULL);
	if (!c->tiles)
		return NULL;
	const raster_info *info = raster_get_info(nadir_document_get_raster(c->document));
	tile *t = tile_cache_get(c->tiles, (tile_key){info->n_levels - 1, 0, 0});
	const raster_level *last = &info->levels[info->n_levels - 1];
	return t && t->pixels && t->area.w == last->width && t->area.h == last->height ? tile_texture(t) : NULL;
}

/* Each pixel of the piece to a square of factor x factor. */
static GdkTexture *enlarge(const tile *t, const raster_rect *piece, int factor)
{
	const uint32_t *source = g_bytes_get_data(t->pixels, NULL);
	const gsize row = (gsize)piece->w * factor;
	uint32_t *out = g_new(uint32_t, row * piece->h * factor);
	for (int y = 0; y < piece->h; y++) {
		const uint32_t *from = source + (gsize)(piece->y + y) * t->area.w + piece->x;
		uint32_t *first = out + (gsize)y * factor * row, *to = first;
		for (int x = 0; x < piece->w; x++)
			for (int k = 0; k < factor; k++)
				*to++ = from[x];
		for (int k = 1; k < factor; k++)
			memcpy(first + (gsize)k * row, first, row * 4);
	}
	g_autoptr(GBytes) bytes = g_bytes_new_take(out, row * piece->h * factor * 4);
	return gdk_memory_texture_new((int)row, piece->h * factor, GDK_MEMORY_DEFAULT, bytes, row * 4);
}

/* The enlarged block, or NULL when this frame has made enough of them. */
static GdkTexture *block_texture(NadirCanvas *c, tile *t, const raster_rect *piece, int factor, int *made)
{
	const block_key key = {t->key, piece->x, piece->y, factor};
	block *b = g_hash_table_lookup(c->blocks, &key);
	if (!b || b->source != tile_texture(t)) {
		if (++*made > BLOCKS_A_FRAME)
			return NULL;
		b = g_new0(block, 1);
		b->key = key;
		b->source = g_object_ref(tile_texture(t));
		b->texture = enlarge(t, piece, factor);
		g_hash_table_replace(c->blocks, &b->key, b);
	}
	b->frame = c->frame;
	return b->texture;
}

static void draw_enlarged(NadirCanvas *c, const tile_view *v, GtkSnapshot *snapshot, tile *t,
                          const graphene_rect_t *whole, int *made)
{
	const int factor = CLAMP((int)ceil(tile_view_magnification(v, t->key.level) - 0.001), 2, 128);
	const int side = BLOCK_SIDE / factor;
	for (int y = 0; y < t->area.h; y += side)
		for (int x = 0; x < t->area.w; x += side) {
			const raster_rect piece = {x, y, MIN(side, t->area.w - x), MIN(side, t->area.h - y)};
			const raster_rect area = {t->area.x + x, t->area.y + y, piece.w, piece.h};
			double on[4];
			tile_view_rect(v, t->key.level, &area, on);
			if (!tile_view_on_screen(v, on))
				continue;
			const graphene_rect_t r = to_graphene(on);
			GdkTexture *texture = block_texture(c, t, &piece, factor, made);
			if (texture) {
				gtk_snapshot_append_texture(snapshot, texture, &r);
				continue;
			}
			gtk_snapshot_push_clip(snapshot, &r);
			gtk_snapshot_append_texture(snapshot, tile_texture(t), whole);
			gtk_snapshot_pop(snapshot);
		}
}

static void draw_failed(GtkSnapshot *snapshot, const graphene_rect_t *r)
{
	const GskColorStop stops[] = {{0, {0.75f, 0.1f, 0.15f, 0.55f}},
	                              {0.5f, {0.75f, 0.1f, 0.15f, 0.55f}},
	                              {0.5f, {0.1f, 0.1f, 0.1f, 0.55f}},
	                              {1, {0.1f, 0.1f, 0.1f, 0.55f}}};
	gtk_snapshot_append_repeating_linear_gradient(
		snapshot, r, &r->origin, &GRAPHENE_POINT_INIT(r->origin.x + 12, r->origin.y + 12), stops, G_N_ELEMENTS(stops));
}

/* --- all of them --- */

static gboolean tell_error(gpointer data)
{
	NadirCanvas *c = data;
	g_autoptr(GError) error = g_error_new_literal(RASTER_ERROR, RASTER_ERROR_CORRUPT, c->tile_error);
	c->tell_error = 0;
	nadir_document_report(c->document, error);
	return G_SOURCE_REMOVE;
}

/* Told once an image, and not from within a frame: who listens may change widgets. */
static void note_error(NadirCanvas *c, const tile *t)
{
	if (c->tile_error || !t->error)
		return;
	c->tile_error = g_strdup(t->error);
	c->tell_error = g_idle_add(tell_error, c);
}

typedef struct {
	NadirCanvas *c;
	GtkSnapshot *snapshot;
	cairo_t *cr; /* NULL: textures are drawn */
	int made;    /* blocks in this frame */
} drawing;

/* The cairo renderer of GTK 4.8 converts each texture pixel by pixel in every frame. */
static bool by_cairo(NadirCanvas *c)
{
	GtkNative *native = gtk_widget_get_native(GTK_WIDGET(c));
	return native && GSK_IS_CAIRO_RENDERER(gtk_native_get_renderer(native));
}

static void draw_tile(const tile_view *v, tile *t, const double rect[4], bool finest, void *data)
{
	drawing *d = data;
	const graphene_rect_t r = to_graphene(rect);
	note_error(d->c, t); /* a part of it may be missing too */
	if (!t->pixels) {
		if (finest)
			draw_failed(d->snapshot, &r);
	} else if (d->cr) {
		tile_draw(v, t, rect, finest, d->cr);
	} else if (finest && tile_view_magnification(v, t->key.level) > 1.001) {
		draw_enlarged(d->c, v, d->snapshot, t, &r, &d->made);
	} else {
		gtk_snapshot_append_texture(d->snapshot, tile_texture(t), &r);
	}
}

/* Blocks that were not seen lately go when there are too many. */
static void prune_blocks(NadirCanvas *c)
{
	for (guint64 age = 60; g_hash_table_size(c->blocks) > CANVAS_BLOCK_COUNT; age /= 2) {
		GHashTableIter iter;
		gpointer value;
		g_hash_table_iter_init(&iter, c->blocks);
		while (g_hash_table_iter_next(&iter, NULL, &value))
			if (((block *)value)->frame + age < c->frame)
				g_hash_table_iter_remove(&iter);
		if (age == 0)
			break;
	}
}

/* As one node by cairo. The same node in the next frame tells GTK that nothing of the image needs to be drawn anew. */
static void draw_picture(NadirCanvas *c, GtkSnapshot *snapshot, const tile_view *v)
{
	const int device_scale = gtk_widget_get_scale_factor(GTK_WIDGET(c));
	if (!c->picture.node || memcmp(&c->picture.view, &c->view, sizeof c->view) != 0 ||
	    c->picture.device_scale != device_scale) {
		g_autoptr(GtkSnapshot) own = gtk_snapshot_new();
		drawing d = {.c = c, .snapshot = own};
		d.cr = gtk_snapshot_append_cairo(own, &GRAPHENE_RECT_INIT(0, 0, c->view.screen_w, c->view.screen_h));
		tile_view_draw(v, draw_tile, &d);
		cairo_destroy(d.cr);
		forget_picture(c);
		c->picture.node = gtk_snapshot_to_node(own);
		c->picture.view = c->view;
		c->picture.device_scale = device_scale;
	}
	gtk_snapshot_append_node(snapshot, c->picture.node);
}

void canvas_tiles_snapshot(NadirCanvas *c, GtkSnapshot *snapshot)
{
	tile_view v;
	drawing d = {.c = c, .snapshot = snapshot};
	if (!c->tiles || !tile_view_begin(&v, c->tiles, raster_get_info(nadir_document_get_raster(c->document)), &c->view,
	                                  gtk_widget_get_scale_factor(GTK_WIDGET(c))))
		return;
	if (!v.opaque)
		draw_ground(c, snapshot, v.known);
	if (by_cairo(c)) {
		draw_picture(c, snapshot, &v);
		return;
	}
	tile_view_draw(&v, draw_tile, &d);
	prune_blocks(c);
	c->unfinished |= d.made > BLOCKS_A_FRAME;
}
