#include "app/canvas/chat-overlay.h"

#include <glib/gi18n.h>
#include <math.h>

#include "app/canvas/canvas-private.h"
#include "app/conversation/conversation-text.h"

#define SLACK 8.0 /* screen pixels around a point or line that belong to it */
#define TAG_PAD 6.0f

static const GdkRGBA found = {0.18f, 0.76f, 0.49f, 1}, white = {1, 1, 1, 1}, under = {0, 0, 0, 0.62f};

/* --- paths on the screen --- */

static void points_path(NadirCanvas *c, cairo_t *cr, const double *xy, guint n)
{
	/* Steps below a third of a screen pixel cannot be seen. */
	const double least = c->view.scale < 1 ? 0.35 / c->view.scale : 0;
	const double *before = xy;
	for (guint i = 0; i < n; i++) {
		const double *p = xy + 2 * (gsize)i;
		double x, y;
		if (i > 0 && i + 1 < n && fabs(p[0] - before[0]) + fabs(p[1] - before[1]) < least)
			continue;
		before = p;
		viewport_to_screen(&c->view, p[0], p[1], &x, &y);
		cairo_line_to(cr, x, y);
	}
}

static void shape_path(NadirCanvas *c, cairo_t *cr, const wkb_shape *s)
{
	for (guint r = 0; r < s->rings->len; r++) {
		const wkb_ring *ring = &g_array_index(s->rings, wkb_ring, r);
		cairo_new_sub_path(cr);
		points_path(c, cr, &g_array_index(s->xy, double, 2 * (gsize)ring->first), ring->n);
		cairo_close_path(cr);
	}
}

/* Whether what the path encloses is filled when lit; lines and points are only stroked. */
static bool mark_path(NadirCanvas *c, cairo_t *cr, const sam_mark *m)
{
	double x0, y0, x1, y1;
	viewport_to_screen(&c->view, m->xy[0], m->xy[1], &x0, &y0);
	switch (m->kind) {
	case SAM_POINT:
		cairo_new_sub_path(cr);
		cairo_arc(cr, x0, y0, 7, 0, 2 * G_PI);
		return true;
	case SAM_BOX:
		viewport_to_screen(&c->view, m->xy[2], m->xy[3], &x1, &y1);
		cairo_rectangle(cr, MIN(x0, x1), MIN(y0, y1), fabs(x1 - x0), fabs(y1 - y0));
		return true;
	case SAM_CIRCLE:
		cairo_new_sub_path(cr);
		cairo_arc(cr, x0, y0, m->r * c->view.scale, 0, 2 * G_PI);
		return true;
	case SAM_SCRIBBLE:
		points_path(c, cr, m->xy, m->n);
		return false;
	case SAM_POLYGON:
		points_path(c, cr, m->xy, m->n);
		cairo_close_path(cr);
		return true;
	}
	return false;
}

static void paint(cairo_t *cr, const GdkRGBA *color, double fill, double width)
{
	GdkRGBA inside = *color;
	inside.alpha = (float)fill;
	if (fill > 0) {
		gdk_cairo_set_source_rgba(cr, &inside);
		cairo_fill_preserve(cr);
	}
	cairo_set_line_width(cr, width + 2);
	gdk_cairo_set_source_rgba(cr, &under);
	cairo_stroke_preserve(cr);
	cairo_set_line_width(cr, width);
	gdk_cairo_set_source_rgba(cr, color);
	cairo_stroke(cr);
}

/* --- names --- */

/* A tag at the top left of what it names, inside the canvas as long as that is. */
static void append_tag(NadirCanvas *c, GtkSnapshot *snapshot, const raster_rect *about, const char *text,
                       const GdkRGBA *color, bool lit)
{
	g_autoptr(PangoLayout) layout = gtk_widget_create_pango_layout(GTK_WIDGET(c), text);
	PangoAttrList *attributes = pango_attr_list_new();
	double x0, y0, x1, y1;
	int tw, th;
	pango_attr_list_insert(attributes, pango_attr_weight_new(PANGO_WEIGHT_SEMIBOLD));
	pango_attr_list_insert(attributes, pango_attr_scale_new(0.9));
	pango_layout_set_attributes(layout, attributes);
	pango_attr_list_unref(attributes);
	pango_layout_get_pixel_size(layout, &tw, &th);
	viewport_to_screen(&c->view, about->x, about->y, &x0, &y0);
	viewport_to_screen(&c->view, about->x + about->w, about->y + about->h, &x1, &y1);
	if (x1 < 0 || y1 < 0 || x0 > c->view.screen_w || y0 > c->view.screen_h)
		return;
	const float w = (float)tw + 2 * TAG_PAD, h = (float)th + 2;
	const float x = (float)CLAMP(round(x0) - 1, 2, MAX(2, c->view.screen_w - w - 2));
	const float y = (float)CLAMP(round(y0) - h - 2, 2, MAX(2, c->view.screen_h - h - 2));
	const GdkRGBA dark = {0.11f, 0.11f, 0.125f, 1}, edge = {0, 0, 0, 0.55f};
	const float border = lit ? 2 : 1;
	GskRoundedRect round_rect;
	gsk_rounded_rect_init_from_rect(&round_rect, &GRAPHENE_RECT_INIT(x, y, w, h), 5);
	turn_push_upright(c->turn, x, y + h, snapshot);
	gtk_snapshot_push_rounded_clip(snapshot, &round_rect);
	gtk_snapshot_append_color(snapshot, color, &round_rect.bounds);
	gtk_snapshot_pop(snapshot);
	gtk_snapshot_append_border(
		snapshot, &round_rect, (float[4]){border, border, border, border},
		(GdkRGBA[4]){lit ? white : edge, lit ? white : edge, lit ? white : edge, lit ? white : edge});
	gtk_snapshot_save(snapshot);
	gtk_snapshot_translate(snapshot, &GRAPHENE_POINT_INIT(x + TAG_PAD, y + 1));
	gtk_snapshot_append_layout(snapshot, layout, &dark);
	gtk_snapshot_restore(snapshot);
	gtk_snapshot_restore(snapshot);
}

/* --- regions and what was found --- */

static void draw_region(NadirCanvas *c, cairo_t *cr, const conversation_region *r, const GdkRGBA *color, bool lit)
{
	const sam_mark *m = prompt_marks(r->mark, NULL);
	const double width = lit ? 3.5 : 2.5;
	if (r->shape) {
		shape_path(c, cr, r->shape);
		paint(cr, color, lit ? 0.45 : 0.16, width);
	} else if (mark_path(c, cr, m)) {
		paint(cr, color, m->kind == SAM_POINT ? 0.9 : lit ? 0.28 : 0, width);
	} else {
		paint(cr, color, 0, lit ? 7 : 5);
	}
}

static bool is_in_sight(NadirCanvas *c, const raster_rect *r)
{
	const raster_rect v = viewport_visible(&c->view);
	return r->x <= v.x + v.w && r->y <= v.y + v.h && r->x + r->w >= v.x && r->y + r->h >= v.y;
}

static void draw_found(NadirCanvas *c, cairo_t *cr, conversation_message *reply)
{
	const int lit = nadir_chat_get_lit_grounded(c->chat, reply);
	for (guint i = 0; reply && !reply->running && i < reply->grounded->len; i++) {
		const conversation_grounded *g = reply->grounded->pdata[i];
		const bool is_lit = lit == (int)i;
		if (!g->shape || (g->object && !is_lit) ||
		    !is_in_sight(c, &(raster_rect){g->mask->x, g->mask->y, g->mask->w, g->mask->h}))
			continue;
		shape_path(c, cr, g->shape);
		paint(cr, is_lit ? &white : &found, 0, is_lit ? 3 : 2);
		shape_path(c, cr, g->shape);
		cairo_set_source_rgba(cr, found.red, found.green, found.blue, is_lit ? 0.62 : 0.4);
		cairo_fill(cr);
	}
}

static void append_tags(NadirCanvas *c, GtkSnapshot *snapshot, const GPtrArray *regions)
{
	conversation_message *lit_message = nadir_chat_get_lit_message(c->chat);
	const int lit = nadir_chat_get_lit_grounded(c->chat, lit_message);
	for (guint i = 0; i < regions->len; i++) {
		g_autofree char *name = g_strdup_printf(_("Region %u"), i + 1);
		const raster_rect about = conversation_region_bounds(regions->pdata[i]);
		GdkRGBA color;
		gdk_rgba_parse(&color, conversation_region_color(i));
		append_tag(c, snapshot, &about, name, &color, nadir_chat_get_lit_region(c->chat) == (int)i);
	}
	if (lit >= 0 && lit < (int)lit_message->grounded->len) {
		const conversation_grounded *g = lit_message->grounded->pdata[lit];
		g_autofree char *text = g_strdup_printf("%s · %.2f", g->phrase, CLAMP(g->score, 0, 1));
		if (g->mask)
			append_tag(c, snapshot, &(raster_rect){g->mask->x, g->mask->y, g->mask->w, g->mask->h}, text, &found, true);
	}
}

void chat_overlay_snapshot(NadirCanvas *c, GtkSnapshot *snapshot)
{
	if (!c->chat || !nadir_chat_get_document(c->chat) || nadir_document_get_hidden(c->document))
		return;
	g_autoptr(GPtrArray) regions = nadir_chat_get_regions(c->chat, NULL);
	conversation_message *reply = nadir_chat_get_reply(c->chat), *lit = nadir_chat_get_lit_message(c->chat);
	if (regions->len == 0 && !reply)
		return;
	cairo_t *cr = gtk_snapshot_append_cairo(
		snapshot, &GRAPHENE_RECT_INIT(0, 0, (float)c->view.screen_w, (float)c->view.screen_h));
	cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
	cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
	cairo_set_fill_rule(cr, CAIRO_FILL_RULE_EVEN_ODD);
	draw_found(c, cr, reply);
	if (lit && lit != reply)
		draw_found(c, cr, lit);
	for (guint i = 0; i < regions->len; i++) {
		GdkRGBA color;
		gdk_rgba_parse(&color, conversation_region_color(i));
		draw_region(c, cr, regions->pdata[i], &color, nadir_chat_get_lit_region(c->chat) == (int)i);
	}
	cairo_destroy(cr);
	append_tags(c, snapshot, regions);
}

/* --- the canvas's side --- */

static void on_pointer(NadirCanvas *c, double x, double y)
{
	if (!c->chat || !nadir_chat_get_document(c->chat))
		return;
	if (isnan(x))
		nadir_chat_light_region(c->chat, -1);
	else
		nadir_chat_point(c->chat, x, y, SLACK / c->view.scale);
}

/* Enter takes what is lit, unless something is being marked or drawn. */
static gboolean on_key(GtkEventControllerKey *controller, guint key, guint code, GdkModifierType state, NadirCanvas *c)
{
	conversation_message *lit = c->chat ? nadir_chat_get_lit_message(c->chat) : NULL;
	if ((key != GDK_KEY_Return && key != GDK_KEY_KP_Enter) || !lit || nadir_document_get_prompt(c->document) ||
	    tool_is_drawing(c))
		return FALSE;
	(void)nadir_chat_accept(c->chat, lit, (guint)nadir_chat_get_lit_grounded(c->chat, lit));
	return TRUE;
}

void nadir_canvas_set_chat(NadirCanvas *c, NadirChat *session)
{
	static const char *const news[] = {"path-changed", "message-changed", "regions-changed", "lit-changed"};
	g_return_if_fail(NADIR_IS_CANVAS(c));
	if (!c->chat_signals) {
		c->chat_signals = g_signal_group_new(NADIR_TYPE_CHAT);
		for (guint i = 0; i < G_N_ELEMENTS(news); i++)
			g_signal_group_connect_swapped(c->chat_signals, news[i], G_CALLBACK(gtk_widget_queue_draw), c);
		g_signal_connect(c, "pointer-moved", G_CALLBACK(on_pointer), NULL);
		GtkEventController *keys = gtk_event_controller_key_new();
		g_signal_connect(keys, "key-pressed", G_CALLBACK(on_key), c);
		gtk_widget_add_controller(GTK_WIDGET(c), keys);
	}
	g_set_object(&c->chat, session);
	g_signal_group_set_target(c->chat_signals, session);
	gtk_widget_queue_draw(GTK_WIDGET(c));
}
