#include "app/document/map-sheet.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <gdk/gdk.h>
#include <glib/gi18n.h>
#include <math.h>
#include <pango/pangocairo.h>
#include <string.h>

#include "app/settings.h"
#include "render/file/output.h"

/* All lengths in points, 72 an inch. */
#define LONG_SIDE 841.89
#define SHORT_SIDE 595.28
#define MARGIN 28.0
#define HEAD 26.0 /* title above the image */
#define FOOT 54.0 /* scale bar, legend, source below it */
#define DOTS_PER_INCH 150.0
#define LEGEND_MOST 12 /* classes in the legend; the rest is a sentence */

typedef struct {
	NadirObject *object;
	char *name;
	GdkRGBA color;
	int pattern;
} item;

struct map_sheet {
	raster *image;
	georef *ref;
	raster_style style;
	raster_rect area;
	cairo_matrix_t place; /* image pixels to the frame's, which are as large but turned */
	double turn, w, h;    /* of the frame */
	char *title;
	double opacity;
	GPtrArray *items; /* of item */
};

/* Where things stand on the sheet. */
typedef struct {
	double width, height;     /* of the sheet */
	double x, y, w, h, scale; /* of the image; points per image pixel */
} page;

static void item_free(void *data)
{
	item *i = data;
	g_object_unref(i->object);
	g_free(i->name);
	g_free(i);
}

map_sheet *map_sheet_new(raster *image, const georef *ref, const raster_style *style, const raster_rect *area,
                         const char *title, double opacity)
{
	map_sheet *s = g_new0(map_sheet, 1);
	g_autofree char *json = georef_to_json(ref);
	s->image = raster_ref(image);
	s->ref = georef_from_json(json, NULL); /* a copy of its own */
	s->style = *style;
	s->area = *area;
	s->w = area->w;
	s->h = area->h;
	cairo_matrix_init_translate(&s->place, -area->x, -area->y);
	s->title = g_strdup(title);
	s->opacity = opacity;
	s->items = g_ptr_array_new_with_free_func(item_free);
	return s;
}

/* x0, y0, x1, y1 of what a part of the image covers in another frame. */
static void cover(const cairo_matrix_t *place, const raster_rect *part, double box[4])
{
	box[0] = box[1] = INFINITY;
	box[2] = box[3] = -INFINITY;
	for (int i = 0; i < 4; i++) {
		double x = part->x + (i & 1 ? part->w : 0), y = part->y + (i & 2 ? part->h : 0);
		cairo_matrix_transform_point(place, &x, &y);
		box[0] = fmin(box[0], x);
		box[1] = fmin(box[1], y);
		box[2] = fmax(box[2], x);
		box[3] = fmax(box[3], y);
	}
}

void map_sheet_turn(map_sheet *s, double turn, double x, double y, double w, double h)
{
	const raster_info *info = raster_get_info(s->image);
	double box[4];
	cairo_matrix_t about;
	cairo_matrix_init_rotate(&about, turn);
	cairo_matrix_translate(&about, -x, -y);
	cover(&about, &(raster_rect){0, 0, info->width, info->height}, box);
	const double x0 = fmax(box[0], -w / 2), y0 = fmax(box[1], -h / 2);
	s->turn = turn;
	s->w = fmax(fmin(box[2], w / 2) - x0, 1);
	s->h = fmax(fmin(box[3], h / 2) - y0, 1);
	cairo_matrix_init_translate(&s->place, -x0, -y0);
	cairo_matrix_multiply(&s->place, &about, &s->place);
}

void map_sheet_free(map_sheet *s)
{
	raster_unref(s->image);
	g_clear_pointer(&s->ref, georef_free);
	g_free(s->title);
	g_ptr_array_unref(s->items);
	g_free(s);
}

void map_sheet_add(map_sheet *s, NadirObject *o, const project_class *klass)
{
	raster_rect b;
	double box[4];
	if (!nadir_object_get_shape(o) || !nadir_object_get_bounds(o, &b))
		return;
	cover(&s->place, &b, box);
	if (box[0] >= s->w || box[1] >= s->h || box[2] <= 0 || box[3] <= 0)
		return;
	item *i = g_new0(item, 1);
	i->object = g_object_ref(o);
	i->name = g_strdup(nadir_object_get_feature(o)->class_name);
	i->color = (GdkRGBA){0.73f, 0.73f, 0.73f, 1};
	if (klass) {
		gdk_rgba_parse(&i->color, klass->color);
		i->pattern = klass->pattern;
	}
	g_ptr_array_add(s->items, i);
}

static page lay_out(const map_sheet *s)
{
	const bool across = s->w >= s->h;
	page l = {.width = across ? LONG_SIDE : SHORT_SIDE, .height = across ? SHORT_SIDE : LONG_SIDE};
	const double w = l.width - 2 * MARGIN, h = l.height - 2 * MARGIN - HEAD - FOOT;
	l.scale = MIN(w / s->w, h / s->h);
	l.w = s->w * l.scale;
	l.h = s->h * l.scale;
	l.x = (l.width - l.w) / 2;
	l.y = MARGIN + HEAD;
	return l;
}

/* --- the image --- */

/* The coarsest level that still has a pixel for every dot. */
static int choose_level(const map_sheet *s, const page *l)
{
	const raster_info *info = raster_get_info(s->image);
	const double dots = l->scale * DOTS_PER_INCH / 72; /* per image pixel */
	int level = 0;
	while (level + 1 < info->n_levels && (double)info->levels[level + 1].width / info->width >= dots)
		level++;
	return level;
}

static cairo_surface_t *render_image(const map_sheet *s, const page *l, GCancellable *cancel, GError **error)
{
	const raster_info *info = raster_get_info(s->image);
	const int level = choose_level(s, l);
	const raster_level *at = &info->levels[level];
	const double kx = (double)at->width / info->width, ky = (double)at->height / info->height;
	const int x0 = (int)floor(s->area.x * kx), y0 = (int)floor(s->area.y * ky);
	const int x1 = MIN((int)ceil((s->area.x + s->area.w) * kx), at->width);
	const int y1 = MIN((int)ceil((s->area.y + s->area.h) * ky), at->height);
	const raster_rect part = {x0, y0, MAX(x1 - x0, 1), MAX(y1 - y0, 1)};
	cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, part.w, part.h);
	if (cairo_surface_status(surface) != CAIRO_STATUS_SUCCESS) {
		g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
		                    _("There is not enough memory for the sheet: zoom in first."));
		cairo_surface_destroy(surface);
		return NULL;
	}
	cairo_surface_flush(surface);
	if (!raster_render(s->image, &s->style, level, &part, cairo_image_surface_get_data(surface),
	                   (size_t)cairo_image_surface_get_stride(surface), cancel, error))
		g_clear_pointer(&surface, cairo_surface_destroy);
	if (surface)
		cairo_surface_mark_dirty(surface);
	return surface;
}

/* What follows is in image pixels. */
static void to_image(cairo_t *cr, const map_sheet *s, const page *l)
{
	cairo_translate(cr, l->x, l->y);
	cairo_scale(cr, l->scale, l->scale);
	cairo_transform(cr, &s->place);
}

static void draw_image(cairo_t *cr, const map_sheet *s, const page *l, cairo_surface_t *image)
{
	const double kx = s->area.w / (double)cairo_image_surface_get_width(image);
	const double ky = s->area.h / (double)cairo_image_surface_get_height(image);
	cairo_save(cr);
	cairo_rectangle(cr, l->x, l->y, l->w, l->h);
	cairo_set_source_rgb(cr, 0.93, 0.93, 0.93); /* under what is transparent */
	cairo_fill_preserve(cr);
	cairo_clip(cr);
	to_image(cr, s, l);
	cairo_translate(cr, s->area.x, s->area.y);
	cairo_scale(cr, kx, ky);
	cairo_set_source_surface(cr, image, 0, 0);
	cairo_pattern_set_filter(cairo_get_source(cr), kx * l->scale > 1.5 ? CAIRO_FILTER_NEAREST : CAIRO_FILTER_GOOD);
	cairo_paint(cr);
	cairo_restore(cr);
}

/* --- the objects --- */

static const struct {
	int n;
	double dash[4];
} patterns[] = {{0, {0}}, {2, {5, 4}}, {2, {0.1, 3.5}}, {4, {6, 3, 1.5, 3}}};

static void stroke_pattern(cairo_t *cr, const GdkRGBA *color, int pattern, double width)
{
	const guint p = (guint)pattern % G_N_ELEMENTS(patterns);
	cairo_set_line_cap(cr, p == 2 ? CAIRO_LINE_CAP_ROUND : CAIRO_LINE_CAP_BUTT);
	cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
	cairo_set_dash(cr, NULL, 0, 0);
	cairo_set_source_rgba(cr, 0, 0, 0, 0.7);
	cairo_set_line_width(cr, width + 0.8);
	cairo_stroke_preserve(cr);
	cairo_set_dash(cr, patterns[p].dash, patterns[p].n, 0);
	gdk_cairo_set_source_rgba(cr, color);
	cairo_set_line_width(cr, p == 2 ? width * 1.4 : width);
	cairo_stroke(cr);
	cairo_set_dash(cr, NULL, 0, 0);
}

static void add_path(cairo_t *cr, const wkb_shape *shape)
{
	for (guint r = 0; r < shape->rings->len; r++) {
		const wkb_ring *ring = &g_array_index(shape->rings, wkb_ring, r);
		cairo_new_sub_path(cr);
		for (guint i = 0; i < ring->n; i++) {
			const double *p = &g_array_index(shape->xy, double, 2 * (gsize)(ring->first + i));
			cairo_line_to(cr, p[0], p[1]);
		}
		cairo_close_path(cr);
	}
}

static void draw_objects(cairo_t *cr, const map_sheet *s, const page *l)
{
	cairo_save(cr);
	cairo_rectangle(cr, l->x, l->y, l->w, l->h);
	cairo_clip(cr);
	cairo_set_fill_rule(cr, CAIRO_FILL_RULE_EVEN_ODD);
	for (guint i = 0; i < s->items->len; i++) {
		const item *it = s->items->pdata[i];
		GdkRGBA fill = it->color;
		fill.alpha = (float)s->opacity;
		cairo_save(cr);
		to_image(cr, s, l);
		add_path(cr, nadir_object_get_shape(it->object));
		cairo_restore(cr);
		gdk_cairo_set_source_rgba(cr, &fill);
		cairo_fill_preserve(cr);
		stroke_pattern(cr, &it->color, it->pattern, 1.1);
	}
	cairo_restore(cr);
	cairo_set_source_rgb(cr, 0.2, 0.2, 0.2);
	cairo_set_line_width(cr, 0.6);
	cairo_rectangle(cr, l->x, l->y, l->w, l->h);
	cairo_stroke(cr);
}

/* --- what stands around it --- */

typedef enum { TEXT_PLAIN, TEXT_BOLD } text_weight;

/* On its baseline; returns its width. */
static double draw_text(cairo_t *cr, const char *text, double x, double y, double size, text_weight weight)
{
	g_autoptr(PangoLayout) layout = pango_cairo_create_layout(cr);
	PangoFontDescription *font = pango_font_description_from_string("Sans");
	int width;
	pango_font_description_set_absolute_size(font, size * PANGO_SCALE);
	pango_font_description_set_weight(font, weight == TEXT_BOLD ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
	pango_layout_set_font_description(layout, font);
	pango_layout_set_single_paragraph_mode(layout, TRUE);
	pango_layout_set_text(layout, text, -1);
	pango_layout_get_size(layout, &width, NULL);
	pango_font_description_free(font);
	cairo_set_source_rgb(cr, 0.1, 0.1, 0.1);
	cairo_move_to(cr, x, y - pango_layout_get_baseline(layout) / (double)PANGO_SCALE);
	pango_cairo_show_layout(cr, layout);
	return width / (double)PANGO_SCALE;
}

static double draw_scale_bar(cairo_t *cr, const map_sheet *s, const page *l, double x, double y)
{
	const double metres =
		s->ref ? georef_metres_per_pixel(s->ref, s->area.x + s->area.w / 2.0, s->area.y + s->area.h / 2.0) : 0;
	if (!(metres > 0))
		return draw_text(cr, _("no CRS: no scale"), x, y + 12, 8, TEXT_PLAIN);
	const double round = nadir_round_length(130 / l->scale * metres), length = round / metres * l->scale;
	g_autofree char *text = nadir_format_length(round);
	cairo_set_source_rgb(cr, 0.1, 0.1, 0.1);
	for (int i = 0; i < 4; i++) { /* quarters, every other one filled */
		cairo_rectangle(cr, x + i * length / 4, y, length / 4, 5);
		cairo_set_line_width(cr, 0.7);
		if (i % 2 == 0)
			cairo_fill_preserve(cr);
		cairo_stroke(cr);
	}
	draw_text(cr, text, x, y + 16, 8, TEXT_PLAIN);
	return length;
}

/* Which way north is on the sheet, in radians from upwards, clockwise; false without a CRS. */
static bool north_direction(const map_sheet *s, double *angle)
{
	double x = s->area.x + s->area.w / 2.0, y = s->area.y + s->area.h / 2.0, lon = x, lat = y;
	if (!s->ref || !georef_has_crs(s->ref) || !georef_to_lonlat(s->ref, 1, &lon, &lat, NULL))
		return false;
	double east[2] = {x + 1, y}, south[2] = {x, y + 1};
	if (!georef_to_lonlat(s->ref, 1, &east[0], &east[1], NULL) ||
	    !georef_to_lonlat(s->ref, 1, &south[0], &south[1], NULL))
		return false;
	/* The gradient of latitude on the ground: longitudes shrink with it. */
	const double k = cos(lat * G_PI / 180);
	const double a = (east[0] - lon) * k, b = (south[0] - lon) * k, c = east[1] - lat, d = south[1] - lat;
	const double det = a * d - b * c;
	if (!(fabs(det) > 0))
		return false;
	*angle = atan2(-b / det, -(a / det)) + s->turn; /* the pixel step whose ground step is due north */
	return true;
}

static void draw_north(cairo_t *cr, const map_sheet *s, double x, double y)
{
	double angle;
	if (!north_direction(s, &angle))
		return;
	cairo_save(cr);
	cairo_translate(cr, x, y);
	cairo_rotate(cr, angle);
	cairo_move_to(cr, 0, -14);
	cairo_line_to(cr, 6, 9);
	cairo_line_to(cr, 0, 5);
	cairo_line_to(cr, -6, 9);
	cairo_close_path(cr);
	cairo_set_source_rgb(cr, 0.1, 0.1, 0.1);
	cairo_fill(cr);
	cairo_restore(cr);
	draw_text(cr, _("N"), x - 3, y + 22, 9, TEXT_BOLD);
}

/* Classes in the order they come, with their numbers. */
static GPtrArray *count_classes(const map_sheet *s, GArray *counts)
{
	GPtrArray *first = g_ptr_array_new(); /* of item */
	for (guint i = 0; i < s->items->len; i++) {
		const item *it = s->items->pdata[i];
		guint k = 0;
		while (k < first->len && strcmp(((item *)first->pdata[k])->name, it->name) != 0)
			k++;
		if (k == first->len) {
			const guint none = 0;
			g_ptr_array_add(first, (gpointer)it);
			g_array_append_val(counts, none);
		}
		g_array_index(counts, guint, k)++;
	}
	return first;
}

static void draw_legend(cairo_t *cr, const map_sheet *s, double x, double y, double right)
{
	g_autoptr(GArray) counts = g_array_new(FALSE, FALSE, sizeof(guint));
	g_autoptr(GPtrArray) classes = count_classes(s, counts);
	const double column = 120, left = x;
	for (guint i = 0; i < MIN(classes->len, LEGEND_MOST); i++) {
		const item *it = classes->pdata[i];
		GdkRGBA fill = it->color;
		fill.alpha = (float)s->opacity;
		if (x + column > right) {
			x = left;
			y += 14;
		}
		cairo_rectangle(cr, x, y, 16, 9);
		gdk_cairo_set_source_rgba(cr, &fill);
		cairo_fill_preserve(cr);
		stroke_pattern(cr, &it->color, it->pattern, 1.1);
		g_autofree char *text = g_strdup_printf("%s (%u)", it->name, g_array_index(counts, guint, i));
		draw_text(cr, text, x + 21, y + 8, 8, TEXT_PLAIN);
		x += column;
	}
	if (classes->len > LEGEND_MOST) {
		g_autofree char *more = g_strdup_printf(_("and %u more classes"), classes->len - LEGEND_MOST);
		draw_text(cr, more, left, y + 22, 8, TEXT_PLAIN);
	}
}

static void draw_sheet(cairo_t *cr, const map_sheet *s, const page *l, cairo_surface_t *image)
{
	const char *crs = s->ref && georef_has_crs(s->ref) ? georef_crs_name(s->ref) : NULL;
	const double foot = l->y + l->h + 14;
	cairo_set_source_rgb(cr, 1, 1, 1);
	cairo_paint(cr);
	draw_text(cr, s->title, l->x, MARGIN + 14, 14, TEXT_BOLD);
	draw_image(cr, s, l, image);
	draw_objects(cr, s, l);
	draw_north(cr, s, l->x + l->w - 10, foot + 10);
	const double bar = draw_scale_bar(cr, s, l, l->x, foot);
	if (crs)
		draw_text(cr, crs, l->x, foot + 30, 8, TEXT_PLAIN);
	draw_legend(cr, s, l->x + MAX(bar, 130) + 24, foot - 2, l->x + l->w - 30);
}

/* --- writing --- */

static cairo_status_t collect(void *closure, const unsigned char *data, unsigned length)
{
	g_byte_array_append(closure, data, length);
	return CAIRO_STATUS_SUCCESS;
}

/* The sheet on a surface of the kind that the name asks for; NULL + error: none of these. */
static cairo_surface_t *make_surface(const char *path, const page *l, GByteArray *to, GError **error)
{
	g_autofree char *lower = g_ascii_strdown(path, -1);
	if (g_str_has_suffix(lower, ".pdf"))
		return cairo_pdf_surface_create_for_stream(collect, to, l->width, l->height);
	if (g_str_has_suffix(lower, ".svg"))
		return cairo_svg_surface_create_for_stream(collect, to, l->width, l->height);
	if (g_str_has_suffix(lower, ".png"))
		return cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)(l->width * DOTS_PER_INCH / 72),
		                                  (int)(l->height * DOTS_PER_INCH / 72));
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
	            _("%s: the view is written as .png, .pdf or .svg; choose one of these endings."), path);
	return NULL;
}

static bool finish(cairo_surface_t *surface, GByteArray *to, const char *path, GError **error)
{
	cairo_status_t status = CAIRO_STATUS_SUCCESS;
	if (cairo_surface_get_type(surface) == CAIRO_SURFACE_TYPE_IMAGE)
		status = cairo_surface_write_to_png_stream(surface, collect, to);
	else
		cairo_surface_finish(surface);
	if (status == CAIRO_STATUS_SUCCESS)
		status = cairo_surface_status(surface);
	if (status == CAIRO_STATUS_SUCCESS)
		return output_write(path, to->data, to->len, error);
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, _("%s could not be drawn: %s."), path,
	            cairo_status_to_string(status));
	return false;
}

bool map_sheet_write(const map_sheet *s, const char *path, GCancellable *cancel, GError **error)
{
	const page l = lay_out(s);
	g_autoptr(GByteArray) to = g_byte_array_new();
	cairo_surface_t *surface = make_surface(path, &l, to, error);
	cairo_surface_t *image = surface ? render_image(s, &l, cancel, error) : NULL;
	bool ok = false;
	if (image) {
		cairo_t *cr = cairo_create(surface);
		if (cairo_surface_get_type(surface) == CAIRO_SURFACE_TYPE_IMAGE)
			cairo_scale(cr, DOTS_PER_INCH / 72, DOTS_PER_INCH / 72);
		draw_sheet(cr, s, &l, image);
		cairo_destroy(cr);
		ok = finish(surface, to, path, error);
		cairo_surface_destroy(image);
	}
	if (surface)
		cairo_surface_destroy(surface);
	return ok;
}
