/* The number of an object beside it, kept as a texture: text is laid out once, not in every frame. */
#include "app/canvas/canvas-private.h"

#include <math.h>

#define ROUND 5.0

/* The vertex farthest to the top right: there the number stands beside the object and over little of it. */
void overlay_badge_anchor(const wkb_shape *s, double anchor[2])
{
	const double *p = &g_array_index(s->xy, double, 0);
	guint best = 0;
	for (guint i = 1; i < s->xy->len / 2; i++)
		if (p[2 * (gsize)i] - p[2 * (gsize)i + 1] > p[2 * (gsize)best] - p[2 * (gsize)best + 1])
			best = i;
	anchor[0] = p[2 * (gsize)best];
	anchor[1] = p[2 * (gsize)best + 1];
}

static void pill(cairo_t *cr, double inset, double w, double h)
{
	const double r = ROUND - inset, x0 = inset + r, y0 = inset + r, x1 = w - inset - r, y1 = h - inset - r;
	cairo_new_sub_path(cr);
	cairo_arc(cr, x1, y0, r, -G_PI_2, 0);
	cairo_arc(cr, x1, y1, r, 0, G_PI_2);
	cairo_arc(cr, x0, y1, r, G_PI_2, G_PI);
	cairo_arc(cr, x0, y0, r, G_PI, 1.5 * G_PI);
	cairo_close_path(cr);
}

static GdkTexture *draw(NadirCanvas *c, gint64 id, const GdkRGBA *color, bool selected)
{
	const int f = gtk_widget_get_scale_factor(GTK_WIDGET(c));
	const GdkRGBA dark = {0, 0, 0, 0.85f}, white = {1, 1, 1, 1};
	const double light = 0.299 * (double)color->red + 0.587 * (double)color->green + 0.114 * (double)color->blue;
	g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, id);
	g_autoptr(PangoLayout) layout = gtk_widget_create_pango_layout(GTK_WIDGET(c), text);
	int tw, th;
	pango_layout_get_pixel_size(layout, &tw, &th);
	const int w = MAX(tw + 8, th);
	const double border = selected ? 2 : 1;
	cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, w * f, th * f);
	cairo_t *cr = cairo_create(surface);
	cairo_scale(cr, f, f);
	pill(cr, 0, w, th);
	gdk_cairo_set_source_rgba(cr, color);
	cairo_fill(cr);
	pill(cr, border / 2, w, th);
	gdk_cairo_set_source_rgba(cr, selected ? &white : &dark);
	cairo_set_line_width(cr, border);
	cairo_stroke(cr);
	gdk_cairo_set_source_rgba(cr, light > 0.5 ? &dark : &white);
	cairo_move_to(cr, (w - tw) / 2.0, 0);
	pango_cairo_show_layout(cr, layout);
	cairo_destroy(cr);
	GdkTexture *texture = overlay_texture_of(surface);
	cairo_surface_destroy(surface);
	return texture;
}

void overlay_append_badge(NadirCanvas *c, GtkSnapshot *snapshot, CanvasShape *kept, gint64 id, const GdkRGBA *color,
                          bool selected)
{
	const int f = gtk_widget_get_scale_factor(GTK_WIDGET(c));
	const guint look = gdk_rgba_hash(color) * 31 + (guint)f * 2 + (selected ? 1 : 0);
	if (!kept->badge || kept->badge_look != look) {
		g_clear_object(&kept->badge);
		kept->badge = draw(c, id, color, selected);
		kept->badge_look = look;
	}
	const double w = (double)gdk_texture_get_width(kept->badge) / f;
	const double h = (double)gdk_texture_get_height(kept->badge) / f;
	/* Always in sight while the object is. */
	double x, y;
	viewport_to_screen(&c->view, kept->anchor[0], kept->anchor[1], &x, &y);
	x = CLAMP(canvas_snap(c, x) + 3, 2, c->view.screen_w - w - 2);
	y = CLAMP(canvas_snap(c, y) - h - 1, 2, c->view.screen_h - h - 2);
	turn_push_upright(c->turn, x - 3, y + h + 1, snapshot);
	gtk_snapshot_append_texture(snapshot, kept->badge, &GRAPHENE_RECT_INIT((float)x, (float)y, (float)w, (float)h));
	gtk_snapshot_restore(snapshot);
}
