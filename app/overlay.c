/* Objects and the preview over the image. A shape becomes a texture once and is kept while scale and look stay, so a
 * pan costs nothing; what is not on the screen costs nothing either, and a frame draws anew only what it has time for:
 * the rest is shown as it was, scaled, until its turn comes. Never colour alone: outlines have a pattern for each class
 * and every object its number. */
#include "app/canvas-private.h"
#include "app/edit-selection.h"

#include <math.h>

#define FRAME_BUDGET 8000 /* microseconds for drawing shapes */
#define MARGIN 8.0        /* screen pixels around a shape, for its outline */
#define SMALL 3.0         /* objects below this size on the screen are dots */
#define BADGE_SMALLEST 20.0
#define BADGES_MOST 300
#define EXACT_SCALE 4.0 /* from here on pixel edges are drawn as they are; below, corners are cut by half a pixel */

typedef struct {
	GdkRGBA fill, line;
	int pattern;
	double width;
	bool selected, preview, stale;
} look;

static const struct {
	int n;
	double dash[4];
} patterns[] = {{0, {0}}, {2, {8, 6}}, {2, {0.1, 5.5}}, {4, {9, 5, 2, 5}}};

static void shape_free(void *data)
{
	CanvasShape *s = data;
	g_clear_object(&s->texture);
	g_free(s);
}

void overlay_init(NadirCanvas *c)
{
	c->shapes = g_hash_table_new_full(NULL, NULL, g_object_unref, shape_free);
	c->shape_budget = CANVAS_SHAPE_BYTES;
}

void overlay_forget(NadirCanvas *c)
{
	g_clear_pointer(&c->preview, shape_free);
}

GdkRGBA overlay_class_color(NadirDocument *d, const char *name)
{
	GdkRGBA color = {0.73f, 0.73f, 0.73f, 1};
	const project_class *k = name ? nadir_document_find_class(d, name) : NULL;
	if (!name)
		k = nadir_document_get_classes(d)->pdata[nadir_document_get_current_class(d)];
	if (k)
		gdk_rgba_parse(&color, k->color);
	return color;
}

/* --- drawing one shape --- */

/* Image pixels to the texture's own pixels. */
typedef struct {
	double ox, oy, scale;
} transform;

static void corner(cairo_t *cr, const double *a, const double *b, const double *z, const transform *t, bool first)
{
	/* The corner b between a and z, cut where the edges are half a pixel away from it, or at their middles. */
	const double la = hypot(a[0] - b[0], a[1] - b[1]), lz = hypot(z[0] - b[0], z[1] - b[1]);
	const double ka = la > 1 ? 0.5 / la : 0.5, kz = lz > 1 ? 0.5 / lz : 0.5;
	const double x0 = b[0] + (a[0] - b[0]) * ka, y0 = b[1] + (a[1] - b[1]) * ka;
	const double x1 = b[0] + (z[0] - b[0]) * kz, y1 = b[1] + (z[1] - b[1]) * kz;
	if (first)
		cairo_move_to(cr, (x0 - t->ox) * t->scale, (y0 - t->oy) * t->scale);
	else
		cairo_line_to(cr, (x0 - t->ox) * t->scale, (y0 - t->oy) * t->scale);
	cairo_line_to(cr, (x1 - t->ox) * t->scale, (y1 - t->oy) * t->scale);
}

static void ring_path(cairo_t *cr, const double *p, guint n, const transform *t)
{
	const bool exact = t->scale >= EXACT_SCALE;
	/* Steps below a third of a screen pixel cannot be seen: far out, only some of the vertices are drawn. */
	const double least = t->scale < 1 ? 0.35 / t->scale : 0;
	const double *before = p;
	for (guint i = 0; i < n; i++) {
		const double *b = p + 2 * (gsize)i;
		if (exact || least > 0) {
			if (i > 0 && least > 0 && i + 1 < n && fabs(b[0] - before[0]) + fabs(b[1] - before[1]) < least)
				continue;
			before = b;
			cairo_line_to(cr, (b[0] - t->ox) * t->scale, (b[1] - t->oy) * t->scale);
		} else {
			corner(cr, p + 2 * (gsize)((i + n - 1) % n), b, p + 2 * (gsize)((i + 1) % n), t, i == 0);
		}
	}
	cairo_close_path(cr);
}

static void shape_path(cairo_t *cr, const wkb_shape *s, const transform *t)
{
	for (guint r = 0; r < s->rings->len; r++) {
		const wkb_ring *ring = &g_array_index(s->rings, wkb_ring, r);
		cairo_new_sub_path(cr);
		ring_path(cr, &g_array_index(s->xy, double, 2 * (gsize)ring->first), ring->n, t);
	}
}

static void stroke(cairo_t *cr, const GdkRGBA *color, double width, int pattern, bool keep)
{
	const int p = pattern % (int)G_N_ELEMENTS(patterns);
	gdk_cairo_set_source_rgba(cr, color);
	cairo_set_line_width(cr, p == 2 ? width * 1.4 : width); /* dots are as heavy as lines */
	cairo_set_dash(cr, patterns[p].dash, patterns[p].n, 0);
	if (keep)
		cairo_stroke_preserve(cr);
	else
		cairo_stroke(cr);
}

static void draw_shape(cairo_t *cr, const wkb_shape *s, const transform *t, const look *k)
{
	const GdkRGBA under = {0, 0, 0, k->stale ? 0.4f : 0.72f}, white = {1, 1, 1, k->stale ? 0.6f : 1};
	cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
	cairo_set_line_cap(cr, k->pattern == 2 ? CAIRO_LINE_CAP_ROUND : CAIRO_LINE_CAP_BUTT);
	cairo_set_fill_rule(cr, CAIRO_FILL_RULE_EVEN_ODD);
	shape_path(cr, s, t);
	gdk_cairo_set_source_rgba(cr, &k->fill);
	cairo_fill_preserve(cr);
	stroke(cr, &under, k->width + (k->selected ? 4 : 2), 0, true);
	if (k->selected)
		stroke(cr, &white, k->width + 2, 0, true);
	if (k->preview)
		stroke(cr, &white, k->width, 1, false);
	else
		stroke(cr, &k->line, k->width, k->selected ? 0 : k->pattern, false);
}

/* --- the kept texture --- */

static guint look_hash(const look *k)
{
	g_autofree char *fill = gdk_rgba_to_string(&k->fill), *line = gdk_rgba_to_string(&k->line);
	return g_str_hash(fill) ^ (g_str_hash(line) * 31) ^ ((guint)k->pattern << 3) ^ (k->selected ? 1u : 0) ^
	       (k->preview ? 2u : 0) ^ (k->stale ? 4u : 0);
}

static graphene_rect_t rect_from(double x0, double y0, double x1, double y1)
{
	return GRAPHENE_RECT_INIT((float)x0, (float)y0, (float)(x1 - x0), (float)(y1 - y0));
}

/* The part of the shape's rectangle that matters, in whole pixels: what is on the screen and `extra` screens on each
 * side. */
static graphene_rect_t part_to_draw(NadirCanvas *c, const graphene_rect_t *r, double extra)
{
	const double left = r->origin.x, top = r->origin.y;
	const double ex = c->view.screen_w * extra, ey = c->view.screen_h * extra;
	return rect_from(floor(MAX(-MARGIN, -left - ex)), floor(MAX(-MARGIN, -top - ey)),
	                 ceil(MIN(r->size.width + MARGIN, c->view.screen_w - left + ex)),
	                 ceil(MIN(r->size.height + MARGIN, c->view.screen_h - top + ey)));
}

static GdkTexture *texture_of(cairo_surface_t *surface)
{
	const int w = cairo_image_surface_get_width(surface), h = cairo_image_surface_get_height(surface);
	const int stride = cairo_image_surface_get_stride(surface);
	cairo_surface_flush(surface);
	g_autoptr(GBytes) bytes =
		g_bytes_new_with_free_func(cairo_image_surface_get_data(surface), (gsize)stride * h,
	                               (GDestroyNotify)cairo_surface_destroy, cairo_surface_reference(surface));
	return gdk_memory_texture_new(w, h, GDK_MEMORY_DEFAULT, bytes, (gsize)stride);
}

static void redraw(NadirCanvas *c, CanvasShape *kept, const wkb_shape *s, const double extent[4], const look *k)
{
	const int f = gtk_widget_get_scale_factor(GTK_WIDGET(c));
	cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, (int)kept->covered.size.width * f,
	                                                      (int)kept->covered.size.height * f);
	cairo_t *cr = cairo_create(surface);
	const transform t = {extent[0], extent[1], c->view.scale};
	cairo_scale(cr, f, f);
	cairo_translate(cr, -kept->covered.origin.x, -kept->covered.origin.y);
	draw_shape(cr, s, &t, k);
	cairo_destroy(cr);
	g_clear_object(&kept->texture);
	kept->texture = texture_of(surface);
	cairo_surface_destroy(surface);
}

static gsize shape_bytes(const CanvasShape *s)
{
	return s->texture ? (gsize)gdk_texture_get_width(s->texture) * gdk_texture_get_height(s->texture) * 4 : 0;
}

/* Many objects that each fill the screen would take more memory than their pictures are worth. */
static bool append_unkept(NadirCanvas *c, GtkSnapshot *snapshot, CanvasShape *kept, const wkb_shape *s,
                          const graphene_rect_t *on_screen, const graphene_rect_t *needed, const double extent[4],
                          const look *k)
{
	const int f = gtk_widget_get_scale_factor(GTK_WIDGET(c));
	if (c->shape_bytes + (gsize)(needed->size.width * needed->size.height) * 4 * f * f <= c->shape_budget)
		return false;
	g_clear_object(&kept->texture);
	gtk_snapshot_save(snapshot);
	gtk_snapshot_translate(snapshot, &on_screen->origin);
	cairo_t *cr = gtk_snapshot_append_cairo(snapshot, needed);
	draw_shape(cr, s, &(transform){extent[0], extent[1], c->view.scale}, k);
	cairo_destroy(cr);
	gtk_snapshot_restore(snapshot);
	return true;
}

static void append_shape(NadirCanvas *c, GtkSnapshot *snapshot, CanvasShape *kept, const wkb_shape *s,
                         const graphene_rect_t *on_screen, const double extent[4], const look *k)
{
	const graphene_rect_t needed = part_to_draw(c, on_screen, 0);
	const guint hash = look_hash(k);
	if (needed.size.width <= 0 || needed.size.height <= 0)
		return;
	kept->frame = c->frame;
	if (append_unkept(c, snapshot, kept, s, on_screen, &needed, extent, k))
		return;
	if (!kept->texture || kept->scale != c->view.scale || kept->look != hash ||
	    !graphene_rect_contains_rect(&kept->covered, &needed)) {
		if (g_get_monotonic_time() < c->deadline) {
			kept->scale = c->view.scale;
			kept->look = hash;
			kept->covered = part_to_draw(c, on_screen, 0.25);
			redraw(c, kept, s, extent, k);
		} else {
			c->unfinished = true;
		}
	}
	if (!kept->texture)
		return;
	c->shape_bytes += shape_bytes(kept);
	const float z = (float)(c->view.scale / kept->scale);
	gtk_snapshot_append_texture(snapshot, kept->texture,
	                            &GRAPHENE_RECT_INIT(on_screen->origin.x + kept->covered.origin.x * z,
	                                                on_screen->origin.y + kept->covered.origin.y * z,
	                                                kept->covered.size.width * z, kept->covered.size.height * z));
}

static graphene_rect_t screen_rect(NadirCanvas *c, const double extent[4])
{
	double x, y;
	viewport_to_screen(&c->view, extent[0], extent[1], &x, &y);
	return GRAPHENE_RECT_INIT((float)canvas_snap(c, x), (float)canvas_snap(c, y),
	                          (float)((extent[2] - extent[0]) * c->view.scale),
	                          (float)((extent[3] - extent[1]) * c->view.scale));
}

/* --- badges --- */

/* The vertex farthest to the top right: there the number stands beside the object and over little of it. */
static void badge_anchor(const wkb_shape *s, double *x, double *y)
{
	const double *p = &g_array_index(s->xy, double, 0);
	guint best = 0;
	for (guint i = 1; i < s->xy->len / 2; i++)
		if (p[2 * (gsize)i] - p[2 * (gsize)i + 1] > p[2 * (gsize)best] - p[2 * (gsize)best + 1])
			best = i;
	*x = p[2 * (gsize)best];
	*y = p[2 * (gsize)best + 1];
}

static void append_badge(NadirCanvas *c, GtkSnapshot *snapshot, const double anchor[2], gint64 id, const GdkRGBA *color,
                         bool selected)
{
	g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, id);
	g_autoptr(PangoLayout) layout = gtk_widget_create_pango_layout(GTK_WIDGET(c), text);
	int tw, th;
	pango_layout_get_pixel_size(layout, &tw, &th);
	const float w = (float)MAX(tw + 8, th), h = (float)th;
	/* Always in sight while the object is. */
	double ax, ay;
	viewport_to_screen(&c->view, anchor[0], anchor[1], &ax, &ay);
	const float x = (float)CLAMP(canvas_snap(c, ax) + 3, 2, c->view.screen_w - w - 2);
	const float y = (float)CLAMP(canvas_snap(c, ay) - h - 1, 2, c->view.screen_h - h - 2);
	const GdkRGBA dark = {0, 0, 0, 0.85f}, white = {1, 1, 1, 1};
	const double light = 0.299 * color->red + 0.587 * color->green + 0.114 * color->blue;
	GskRoundedRect pill;
	gsk_rounded_rect_init_from_rect(&pill, &GRAPHENE_RECT_INIT(x, y, w, h), 5);
	gtk_snapshot_push_rounded_clip(snapshot, &pill);
	gtk_snapshot_append_color(snapshot, color, &pill.bounds);
	gtk_snapshot_pop(snapshot);
	const float border = selected ? 2 : 1;
	gtk_snapshot_append_border(snapshot, &pill, (float[4]){border, border, border, border},
	                           (GdkRGBA[4]){selected ? white : dark, selected ? white : dark, selected ? white : dark,
	                                        selected ? white : dark});
	gtk_snapshot_save(snapshot);
	gtk_snapshot_translate(snapshot, &GRAPHENE_POINT_INIT(x + (w - (float)tw) / 2, y));
	gtk_snapshot_append_layout(snapshot, layout, light > 0.5 ? &dark : &white);
	gtk_snapshot_restore(snapshot);
}

/* --- objects --- */

typedef struct {
	NadirObject *object; /* borrowed from the list */
	graphene_rect_t rect;
	double extent[4]; /* image pixels */
	GdkRGBA color;
	bool selected, unstored;
} visible_object;

static CanvasShape *kept_shape(NadirCanvas *c, NadirObject *o)
{
	CanvasShape *s = g_hash_table_lookup(c->shapes, o);
	if (!s) {
		s = g_new0(CanvasShape, 1);
		badge_anchor(nadir_object_get_shape(o), &s->anchor[0], &s->anchor[1]);
		g_hash_table_insert(c->shapes, g_object_ref(o), s);
	}
	return s;
}

/* Pictures of objects that are out of sight go when there are too many of them. */
static void prune_shapes(NadirCanvas *c, guint n_visible)
{
	GHashTableIter iter;
	gpointer value;
	gsize bytes = 0;
	g_hash_table_iter_init(&iter, c->shapes);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		bytes += shape_bytes(value);
	if (bytes <= c->shape_budget && g_hash_table_size(c->shapes) <= 2 * n_visible + 64)
		return;
	g_hash_table_iter_init(&iter, c->shapes);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		if (((CanvasShape *)value)->frame != c->frame)
			g_hash_table_iter_remove(&iter);
}

static void append_object(NadirCanvas *c, GtkSnapshot *snapshot, const visible_object *v)
{
	NadirObject *o = v->object;
	const feature *f = nadir_object_get_feature(o);
	const project_class *k = nadir_document_find_class(c->document, f->class_name);
	if (v->rect.size.width < SMALL && v->rect.size.height < SMALL) {
		gtk_snapshot_append_color(snapshot, &v->color,
		                          &GRAPHENE_RECT_INIT(v->rect.origin.x - 1, v->rect.origin.y - 1, 4, 4));
		return;
	}
	look l = {.fill = v->color,
	          .line = v->color,
	          .pattern = k ? k->pattern : 0,
	          .width = v->selected ? 2.5 : CLAMP(MAX(v->rect.size.width, v->rect.size.height) / 12, 1, 2),
	          .selected = v->selected && !v->unstored,
	          .preview = v->unstored,
	          .stale = v->unstored};
	l.fill.alpha = (float)nadir_document_get_opacity(c->document);
	append_shape(c, snapshot, kept_shape(c, o), nadir_object_get_shape(o), &v->rect, v->extent, &l);
}

static bool is_visible(NadirCanvas *c, NadirObject *o, const raster_rect *area, double extent[4])
{
	raster_rect b;
	if (!nadir_object_get_bounds(o, &b) || b.x > area->x + area->w || b.y > area->y + area->h || b.x + b.w < area->x ||
	    b.y + b.h < area->y)
		return false;
	const int e[4] = {b.x, b.y, b.x + b.w, b.y + b.h};
	for (int i = 0; i < 4; i++)
		extent[i] = e[i];
	return nadir_object_get_feature(o)->id != nadir_document_get_edited(c->document); /* its preview stands for it */
}

/* Back to front: oldest first, the selected one last. */
static void find_visible(NadirCanvas *c, GListModel *list, bool unstored, GArray *found)
{
	NadirObject *selected = nadir_document_get_selected(c->document);
	const raster_rect area = viewport_visible(&c->view);
	visible_object last = {0};
	for (guint i = g_list_model_get_n_items(list); i-- > 0;) {
		g_autoptr(NadirObject) o = g_list_model_get_item(list, i);
		visible_object v = {.object = o,
		                    .selected = nadir_document_is_selected(c->document, nadir_object_get_feature(o)->id),
		                    .unstored = unstored};
		if (!is_visible(c, o, &area, v.extent))
			continue;
		v.rect = screen_rect(c, v.extent);
		v.color = overlay_class_color(c->document, nadir_object_get_feature(o)->class_name);
		if (o == selected)
			last = v;
		else
			g_array_append_val(found, v);
	}
	if (last.object)
		g_array_append_val(found, last);
}

void overlay_snapshot_objects(NadirCanvas *c, GtkSnapshot *snapshot)
{
	if (nadir_document_get_hidden(c->document))
		return;
	g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(visible_object));
	find_visible(c, nadir_document_get_objects(c->document), false, found);
	find_visible(c, nadir_document_get_unstored(c->document), true, found);
	c->deadline = g_get_monotonic_time() + FRAME_BUDGET;
	c->shape_bytes = 0;
	for (guint i = 0; i < found->len; i++)
		append_object(c, snapshot, &g_array_index(found, visible_object, i));
	for (guint i = 0; i < found->len; i++) {
		const visible_object *v = &g_array_index(found, visible_object, i);
		const bool large = v->rect.size.width >= BADGE_SMALLEST || v->rect.size.height >= BADGE_SMALLEST;
		if (!v->unstored && (v->selected || (large && found->len <= BADGES_MOST)))
			append_badge(c, snapshot, kept_shape(c, v->object)->anchor, nadir_object_get_feature(v->object)->id,
			             &v->color, v->selected);
	}
	prune_shapes(c, found->len);
}

/* --- the preview --- */

bool overlay_preview_bounds(NadirCanvas *c, graphene_rect_t *bounds)
{
	const wkb_shape *s = nadir_document_get_preview_shape(c->document);
	double extent[4];
	if (!s)
		return false;
	wkb_shape_extent(s, extent);
	*bounds = screen_rect(c, extent);
	return true;
}

void overlay_snapshot_preview(NadirCanvas *c, GtkSnapshot *snapshot)
{
	const wkb_shape *s = nadir_document_get_preview_shape(c->document);
	if (!s || nadir_document_get_hidden(c->document))
		return;
	const bool stale = nadir_document_get_preview(c->document, NULL, NULL) == NADIR_PREVIEW_RUNNING;
	const look l = {.fill = {0.2f, 0.82f, 0.48f, stale ? 0.22f : 0.42f}, .width = 2, .preview = true, .stale = stale};
	double extent[4];
	wkb_shape_extent(s, extent);
	const graphene_rect_t r = screen_rect(c, extent);
	if (!c->preview)
		c->preview = g_new0(CanvasShape, 1);
	c->deadline = g_get_monotonic_time() + FRAME_BUDGET;
	append_shape(c, snapshot, c->preview, s, &r, extent, &l);
}
