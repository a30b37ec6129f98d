/* Objects and the preview over the image. While few objects are in sight each becomes a texture once and is kept while
 * scale and look stay the same, and a frame draws anew only what it has time for: the rest is shown as it was, scaled,
 * until its turn comes. Many are one picture, drawn by a thread (overlay-crowd.c). What is not on the screen costs
 * nothing. Never colour alone: outlines have a pattern for each class and every object its number. */
#include "app/canvas/canvas-private.h"
#include "app/edit/edit-selection.h"

#include <math.h>
#include <string.h>

#define FRAME_BUDGET 6000 /* microseconds for drawing shapes */
#define MARGIN 8.0        /* screen pixels around a shape, for its outline */
#define SMALL 3.0         /* objects below this size on the screen are dots */
#define BADGE_SMALLEST 20.0
#define FEW 200 /* objects in sight that are drawn each for itself */

static void shape_free(void *data)
{
	CanvasShape *s = data;
	g_clear_object(&s->texture);
	g_clear_object(&s->badge);
	g_free(s);
}

void overlay_init(NadirCanvas *c)
{
	c->shapes = g_hash_table_new_full(NULL, NULL, g_object_unref, shape_free);
	c->shape_budget = CANVAS_SHAPE_BYTES;
	overlay_crowd_init(c);
}

void overlay_forget(NadirCanvas *c)
{
	g_clear_pointer(&c->preview, shape_free);
}

void overlay_forget_all(NadirCanvas *c)
{
	overlay_forget(c);
	overlay_crowd_forget(c);
	g_hash_table_remove_all(c->shapes);
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

/* --- the kept texture --- */

static draw_color to_draw(const GdkRGBA *c, float alpha)
{
	return (draw_color){c->red, c->green, c->blue, alpha};
}

static guint look_hash(const shape_look *k)
{
	const struct {
		draw_color fill, line;
		float width;
		guint32 rest;
	} all = {k->fill, k->line, (float)k->width,
	         (guint32)k->pattern << 3 | (k->selected ? 1u : 0) | (k->preview ? 2u : 0) | (k->stale ? 4u : 0)};
	guint32 words[sizeof all / 4], hash = 2166136261u;
	memcpy(words, &all, sizeof all);
	for (guint i = 0; i < G_N_ELEMENTS(words); i++)
		hash = (hash ^ words[i]) * 16777619u;
	return hash;
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

GdkTexture *overlay_texture_of(cairo_surface_t *surface)
{
	const int w = cairo_image_surface_get_width(surface), h = cairo_image_surface_get_height(surface);
	const int stride = cairo_image_surface_get_stride(surface);
	cairo_surface_flush(surface);
	g_autoptr(GBytes) bytes =
		g_bytes_new_with_free_func(cairo_image_surface_get_data(surface), (gsize)stride * h,
	                               (GDestroyNotify)cairo_surface_destroy, cairo_surface_reference(surface));
	return gdk_memory_texture_new(w, h, GDK_MEMORY_DEFAULT, bytes, (gsize)stride);
}

static void redraw(NadirCanvas *c, CanvasShape *kept, const wkb_shape *s, const double extent[4], const shape_look *k)
{
	const int f = gtk_widget_get_scale_factor(GTK_WIDGET(c));
	cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, (int)kept->covered.size.width * f,
	                                                      (int)kept->covered.size.height * f);
	cairo_t *cr = cairo_create(surface);
	cairo_scale(cr, f, f);
	cairo_translate(cr, -kept->covered.origin.x, -kept->covered.origin.y);
	shape_draw(cr, s, &(shape_view){extent[0], extent[1], c->view.scale}, k);
	cairo_destroy(cr);
	g_clear_object(&kept->texture);
	kept->texture = overlay_texture_of(surface);
	cairo_surface_destroy(surface);
}

static gsize shape_bytes(const CanvasShape *s)
{
	return s->texture ? (gsize)gdk_texture_get_width(s->texture) * gdk_texture_get_height(s->texture) * 4 : 0;
}

/* Draws the texture anew where that is needed and the frame has time for it; false: there is none yet. */
static bool prepare_shape(NadirCanvas *c, CanvasShape *kept, const wkb_shape *s, const graphene_rect_t *on_screen,
                          const double extent[4], const shape_look *k)
{
	const graphene_rect_t needed = part_to_draw(c, on_screen, 0);
	const guint hash = look_hash(k);
	if (needed.size.width <= 0 || needed.size.height <= 0)
		return true;
	kept->frame = c->frame;
	if (kept->texture && kept->scale == c->view.scale && kept->look == hash &&
	    graphene_rect_contains_rect(&kept->covered, &needed))
		return true;
	if (g_get_monotonic_time() < c->deadline) {
		kept->scale = c->view.scale;
		kept->look = hash;
		kept->covered = part_to_draw(c, on_screen, 0.25);
		redraw(c, kept, s, extent, k);
	} else {
		c->unfinished = true;
	}
	return kept->texture != NULL;
}

static void append_shape(NadirCanvas *c, GtkSnapshot *snapshot, CanvasShape *kept, const graphene_rect_t *on_screen)
{
	if (!kept->texture)
		return;
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

/* --- objects --- */

typedef struct {
	NadirObject *object; /* borrowed from a list */
	graphene_rect_t rect;
	double extent[4]; /* image pixels */
	GdkRGBA color;
	int pattern;
	bool selected, unstored;
} visible_object;

/* What a frame shows. */
typedef struct {
	NadirCanvas *c;
	GArray *found; /* of visible_object, the bottom one first */
	gsize bytes;   /* that textures of all of them take */
	char *last_class;
	GdkRGBA last_color;
	int last_pattern;
} scenery;

static void set_class(scenery *s, visible_object *v)
{
	const char *name = nadir_object_get_feature(v->object)->class_name;
	if (g_strcmp0(name, s->last_class) != 0) {
		const project_class *k = nadir_document_find_class(s->c->document, name);
		g_free(s->last_class);
		s->last_class = g_strdup(name);
		s->last_color = overlay_class_color(s->c->document, name);
		s->last_pattern = k ? k->pattern : 0;
	}
	v->color = s->last_color;
	v->pattern = s->last_pattern;
}

static void add_visible(scenery *s, NadirObject *o, bool unstored)
{
	NadirCanvas *c = s->c;
	visible_object v = {.object = o, .unstored = unstored};
	raster_rect b;
	v.selected = nadir_document_is_selected(c->document, nadir_object_get_feature(o)->id);
	if (!nadir_object_get_bounds(o, &b) || (nadir_object_is_hidden(o) && !v.selected) ||
	    nadir_object_get_feature(o)->id == nadir_document_get_edited(c->document)) /* its preview stands for it */
		return;
	const int e[4] = {b.x, b.y, b.x + b.w, b.y + b.h};
	for (int i = 0; i < 4; i++)
		v.extent[i] = e[i];
	v.rect = screen_rect(c, v.extent);
	set_class(s, &v);
	const int f = gtk_widget_get_scale_factor(GTK_WIDGET(c));
	const graphene_rect_t part = part_to_draw(c, &v.rect, 0.25);
	s->bytes += (gsize)(part.size.width * part.size.height) * 4 * f * f;
	g_array_append_val(s->found, v);
}

static void visible_area(NadirCanvas *c, double area[4])
{
	const raster_rect v = viewport_visible(&c->view);
	const double edges[4] = {v.x, v.y, v.x + v.w, v.y + v.h};
	memcpy(area, edges, sizeof edges);
}

/* Stored objects in sight; false, and none of them: so many that they are a crowd. */
static bool find_stored(scenery *s)
{
	g_autoptr(GPtrArray) found = g_ptr_array_new();
	NadirObject *selected = nadir_document_get_selected(s->c->document);
	double area[4];
	visible_area(s->c, area);
	if (!nadir_object_list_search(s->c->document->objects, area, FEW, found))
		return false;
	for (int chosen = 0; chosen < 2; chosen++) /* those that are selected above the others */
		for (guint i = 0; i < found->len; i++) {
			const gint64 id = nadir_object_get_feature(found->pdata[i])->id;
			if (found->pdata[i] != selected && nadir_document_is_selected(s->c->document, id) == (chosen == 1))
				add_visible(s, found->pdata[i], false);
		}
	if (selected && (nadir_object_is_hidden(selected) || g_ptr_array_find(found, selected, NULL)))
		add_visible(s, selected, false); /* above all others */
	return true;
}

/* Of very many selected objects only the first ones are told apart in a crowd. */
static void add_chosen(scenery *s, NadirObject *selected)
{
	NadirDocument *d = s->c->document;
	GHashTableIter iter;
	gpointer key;
	guint n = 0;
	g_hash_table_iter_init(&iter, d->chosen);
	while (n++ < FEW && g_hash_table_iter_next(&iter, &key, NULL)) {
		NadirObject *o = nadir_object_list_find(d->objects, *(gint64 *)key, NULL);
		if (o && o != selected)
			add_visible(s, o, false);
	}
}

/* Over a crowd: what it cannot show yet, and the selected ones. */
static void find_beside_crowd(scenery *s)
{
	NadirObject *selected = nadir_document_get_selected(s->c->document);
	for (guint i = 0; i < s->c->crowd.late->len; i++) {
		NadirObject *o = s->c->crowd.late->pdata[i];
		const gint64 id = nadir_object_get_feature(o)->id;
		if (o != selected && nadir_object_list_find(s->c->document->objects, id, NULL) == o)
			add_visible(s, o, false);
	}
	add_chosen(s, selected);
	if (selected && nadir_object_get_stage(selected) == NADIR_STAGE_STORED)
		add_visible(s, selected, false);
}

static void find_unstored(scenery *s)
{
	GListModel *list = nadir_document_get_unstored(s->c->document);
	for (guint i = g_list_model_get_n_items(list); i-- > 0;) {
		g_autoptr(NadirObject) o = g_list_model_get_item(list, i);
		add_visible(s, o, true);
	}
}

static CanvasShape *kept_shape(NadirCanvas *c, NadirObject *o)
{
	CanvasShape *s = g_hash_table_lookup(c->shapes, o);
	if (!s) {
		s = g_new0(CanvasShape, 1);
		overlay_badge_anchor(nadir_object_get_shape(o), s->anchor);
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
	if (bytes <= c->shape_budget && g_hash_table_size(c->shapes) <= 2 * n_visible + FEW)
		return;
	g_hash_table_iter_init(&iter, c->shapes);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		if (((CanvasShape *)value)->frame != c->frame)
			g_hash_table_iter_remove(&iter);
}

static bool is_dot(const visible_object *v)
{
	return v->rect.size.width < SMALL && v->rect.size.height < SMALL;
}

static shape_look look_of(NadirCanvas *c, const visible_object *v, bool in_crowd)
{
	const double width = shape_line_width(v->rect.size.width, v->rect.size.height);
	/* The crowd's picture has the fill already; in a review only the one that is asked about has one. */
	const bool empty = (in_crowd && !v->unstored) || (c->reviewing && !v->selected);
	const double opacity = empty ? 0 : nadir_document_get_opacity(c->document);
	return (shape_look){.fill = to_draw(&v->color, (float)opacity),
	                    .line = to_draw(&v->color, 1),
	                    .pattern = v->pattern,
	                    .width = v->selected ? 2.5 : width,
	                    .selected = v->selected && !v->unstored,
	                    .preview = v->unstored,
	                    .stale = v->unstored};
}

static bool prepare_all(NadirCanvas *c, const GArray *found, bool in_crowd)
{
	bool all = true;
	for (guint i = found->len; i-- > 0;) { /* the selected one is the last */
		const visible_object *v = &g_array_index(found, visible_object, i);
		const shape_look look = look_of(c, v, in_crowd && v->selected);
		if (!is_dot(v))
			all &= prepare_shape(c, kept_shape(c, v->object), nadir_object_get_shape(v->object), &v->rect, v->extent,
			                     &look);
	}
	return all;
}

static void append_objects(NadirCanvas *c, GtkSnapshot *snapshot, const GArray *found)
{
	for (guint i = 0; i < found->len; i++) {
		const visible_object *v = &g_array_index(found, visible_object, i);
		if (is_dot(v))
			gtk_snapshot_append_color(snapshot, &v->color,
			                          &GRAPHENE_RECT_INIT(v->rect.origin.x - 1, v->rect.origin.y - 1, 4, 4));
		else
			append_shape(c, snapshot, kept_shape(c, v->object), &v->rect);
	}
}

static void append_badges(NadirCanvas *c, GtkSnapshot *snapshot, const GArray *found, bool all)
{
	for (guint i = 0; i < found->len; i++) {
		const visible_object *v = &g_array_index(found, visible_object, i);
		const bool large = v->rect.size.width >= BADGE_SMALLEST || v->rect.size.height >= BADGE_SMALLEST;
		if (!v->unstored && (v->selected || (large && all)))
			overlay_append_badge(c, snapshot, kept_shape(c, v->object), nadir_object_get_feature(v->object)->id,
			                     &v->color, v->selected);
	}
}

/* What was drawn one by one before, while the crowd's picture is still on its way. */
static void append_kept(NadirCanvas *c, GtkSnapshot *snapshot)
{
	GHashTableIter iter;
	gpointer object, kept;
	g_hash_table_iter_init(&iter, c->shapes);
	while (g_hash_table_iter_next(&iter, &object, &kept)) {
		double extent[4];
		if (!nadir_object_get_extent(object, extent) || nadir_object_is_hidden(object) ||
		    nadir_object_list_find(c->document->objects, nadir_object_get_feature(object)->id, NULL) != object)
			continue;
		const graphene_rect_t r = screen_rect(c, extent);
		append_shape(c, snapshot, kept, &r);
	}
}

void overlay_snapshot_objects(NadirCanvas *c, GtkSnapshot *snapshot)
{
	if (nadir_document_get_hidden(c->document))
		return;
	scenery s = {c, g_array_new(FALSE, FALSE, sizeof(visible_object)), 0, NULL, {0}, 0};
	double area[4];
	visible_area(c, area);
	c->deadline = g_get_monotonic_time() + FRAME_BUDGET;
	const bool listed = find_stored(&s);
	const bool few = listed && s.bytes <= c->shape_budget; /* else each alone would take too much memory */
	/* Few objects again: the crowd's picture stays until each has its own. */
	const bool ready = few && prepare_all(c, s.found, false);
	const bool each = few && (ready || !overlay_crowd_has(c, area));
	g_autoptr(GArray) numbered = g_array_copy(s.found);
	if (!each) {
		g_array_set_size(s.found, 0);
		if (!few)
			overlay_crowd_want(c, area);
		if (!overlay_crowd_append(c, snapshot, area))
			append_kept(c, snapshot);
		find_beside_crowd(&s);
	}
	find_unstored(&s);
	prepare_all(c, s.found, !each);
	append_objects(c, snapshot, s.found);
	append_badges(c, snapshot, listed ? numbered : s.found, listed);
	prune_shapes(c, numbered->len);
	g_array_unref(s.found);
	g_free(s.last_class);
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
	const shape_look look = {
		.fill = {0.2f, 0.82f, 0.48f, stale ? 0.22f : 0.42f}, .width = 2, .preview = true, .stale = stale};
	double extent[4];
	wkb_shape_extent(s, extent);
	const graphene_rect_t r = screen_rect(c, extent);
	if (!c->preview)
		c->preview = g_new0(CanvasShape, 1);
	c->deadline = g_get_monotonic_time() + FRAME_BUDGET;
	prepare_shape(c, c->preview, s, &r, extent, &look);
	append_shape(c, snapshot, c->preview, &r);
}
