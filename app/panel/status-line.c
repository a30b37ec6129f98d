#include "app/panel/status-line.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#include "app/canvas/canvas.h"
#include "app/settings.h"

struct _NadirStatusLine {
	GtkWidget parent_instance;

	/* Template widgets */
	GtkLabel *map, *lonlat, *pixel, *values, *crs, *timing, *saved;

	/* Owned references */
	NadirDocument *document;
	GSignalGroup *signals;
	NadirPixelValues *probe;

	double x, y;           /* NaN: outside */
	double last_x, last_y; /* the last real position */
};

G_DEFINE_FINAL_TYPE(NadirStatusLine, nadir_status_line, GTK_TYPE_WIDGET)

/* --- band values under the pointer --- */

/* What the screen shows, by its letters, or the band numbers. */
static char *format_values(const pixel_values *p, const raster_info *info)
{
	static const char *const letters[] = {"red", "R", "green", "G", "blue", "B", "alpha", "A", "gray", N_("grey")};
	GString *text = g_string_new(NULL);
	for (int i = 0; i < p->n; i++) {
		const char *name = NULL;
		for (guint k = 0; k < G_N_ELEMENTS(letters); k += 2)
			if (g_str_equal(info->bands[p->band[i]].color, letters[k]) &&
			    (info->n_bands == 1 || !g_str_equal(letters[k], "gray"))) /* one of many is no grey image */
				name = letters[k + 1];
		if (i)
			g_string_append(text, "\u2002");
		if (name)
			g_string_append_printf(text, "%s %s", name, p->text[i]);
		else
			g_string_append_printf(text, "%d: %s", p->band[i] + 1, p->text[i]);
	}
	return g_string_free(text, FALSE);
}

static void show_values(NadirStatusLine *self)
{
	const pixel_values p = nadir_pixel_values_get(self->probe);
	g_autofree char *text = p.state == PIXEL_VALUES && self->document
	                            ? format_values(&p, raster_get_info(nadir_document_get_raster(self->document)))
	                            : NULL;
	gtk_label_set_text(self->values, p.state == PIXEL_NONE         ? ""
	                                 : p.state == PIXEL_UNREADABLE ? _("unreadable here")
	                                 : text                        ? text
	                                                               : _("no data"));
	gtk_widget_set_tooltip_text(GTK_WIDGET(self->values), gtk_label_get_text(self->values));
}

NadirPixelValues *nadir_status_line_get_values(NadirStatusLine *self)
{
	g_return_val_if_fail(NADIR_IS_STATUS_LINE(self), NULL);
	return self->probe;
}

/* --- positions --- */

/* 4692118.0 -> 4 692 118.0 with thin spaces, whatever the locale. */
static char *grouped(double v, int decimals)
{
	g_autofree char *plain = nadir_format_fixed(fabs(v), decimals);
	const char *point = strchr(plain, '.');
	const size_t whole = point ? (size_t)(point - plain) : strlen(plain);
	GString *text = g_string_new(v < 0 ? "\u2212" : "");
	for (size_t i = 0; plain[i]; i++) {
		if (i && i < whole && (whole - i) % 3 == 0)
			g_string_append(text, "\u2009");
		g_string_append_c(text, plain[i]);
	}
	return g_string_free(text, FALSE);
}

static bool is_geographic(const georef *g)
{
	const char *wkt = georef_crs_wkt(g);
	return wkt && (g_str_has_prefix(wkt, "GEOGCS") || g_str_has_prefix(wkt, "GEOGCRS"));
}

static void show_map_position(NadirStatusLine *self, const georef *g)
{
	double x = self->x, y = self->y;
	gtk_label_set_text(self->map, "");
	if (is_geographic(g) || !georef_to_map(g, 1, &x, &y, NULL))
		return;
	const int decimals = georef_metres_per_pixel(g, self->x, self->y) < 0.5 ? 2 : 1;
	g_autofree char *e = grouped(x, decimals), *n = grouped(y, decimals);
	g_autofree char *text = g_strdup_printf(_("E %s  N %s"), e, n);
	gtk_label_set_text(self->map, text);
}

static void show_lonlat(NadirStatusLine *self, const georef *g)
{
	double lon = self->x, lat = self->y;
	if (!georef_to_lonlat(g, 1, &lon, &lat, NULL)) {
		gtk_label_set_text(self->lonlat, "");
		return;
	}
	g_autofree char *text = nadir_format_lonlat(lon, lat);
	gtk_label_set_text(self->lonlat, text);
}

void nadir_status_line_set_pointer(NadirStatusLine *self, double x, double y)
{
	g_return_if_fail(NADIR_IS_STATUS_LINE(self));
	const raster_info *info = self->document ? raster_get_info(nadir_document_get_raster(self->document)) : NULL;
	const bool inside = info && x >= 0 && y >= 0 && x < info->width && y < info->height;
	self->x = inside ? x : NAN;
	self->y = inside ? y : NAN;
	nadir_pixel_values_set_pointer(self->probe, self->x, self->y);
	if (!inside) {
		gtk_label_set_text(self->map, "");
		gtk_label_set_text(self->lonlat, "");
		gtk_label_set_text(self->pixel, "");
		return;
	}
	self->last_x = x;
	self->last_y = y;
	const georef *g = nadir_document_get_georef(self->document);
	if (georef_has_crs(g)) {
		show_map_position(self, g);
		show_lonlat(self, g);
	}
	g_autofree char *px = nadir_format_fixed(x, 1), *py = nadir_format_fixed(y, 1);
	g_autofree char *pixel = g_strdup_printf(_("px %s, %s"), px, py);
	gtk_label_set_text(self->pixel, pixel);
}

static char *join_numbers(double a, const char *between, double b, int decimals)
{
	g_autofree char *first = nadir_format_fixed(a, decimals), *second = nadir_format_fixed(b, decimals);
	return g_strconcat(first, between, second, NULL);
}

char *nadir_status_line_get_position_text(NadirStatusLine *self)
{
	double x = self->last_x, y = self->last_y;
	if (!self->document || isnan(x))
		return NULL;
	const georef *g = nadir_document_get_georef(self->document);
	const NadirCoordinates form = nadir_coordinates_get();
	if ((form == NADIR_COORDINATES_DEGREES || form == NADIR_COORDINATES_DMS) && georef_has_crs(g) &&
	    georef_to_lonlat(g, 1, &x, &y, NULL))
		return form == NADIR_COORDINATES_DMS ? nadir_format_lonlat(x, y) : join_numbers(y, ", ", x, 8);
	if (form == NADIR_COORDINATES_PIXEL || !georef_has_crs(g) || !georef_to_map(g, 1, &x, &y, NULL))
		return join_numbers(self->last_x, " ", self->last_y, 2);
	return join_numbers(x, " ", y, is_geographic(g) ? 8 : 3);
}

/* --- what the document says --- */

static char *format_ms(double ms)
{
	if (ms >= 1000)
		return g_strdup_printf(_("%.1f s"), ms / 1000);
	return g_strdup_printf(_("%.0f ms"), ms);
}

static void update_timing(NadirStatusLine *self)
{
	const engine_answer *answer = NULL;
	int candidate = 0;
	if (!self->document || nadir_document_get_preview(self->document, &answer, &candidate) != NADIR_PREVIEW_READY ||
	    !answer)
		return;
	g_autofree char *encode = format_ms(answer->encode_ms), *mask = format_ms(answer->mask_ms);
	g_autofree char *text = answer->encodings > 0 ? g_strdup_printf(_("encoded in %s · mask %s"), encode, mask)
	                                              : g_strdup_printf(_("already encoded · mask %s"), mask);
	gtk_label_set_text(self->timing, text);
}

char *nadir_describe_saved(NadirDocument *d)
{
	const NadirPending p = nadir_document_get_pending(d);
	if (p.drafts > 0)
		return g_strdup_printf(_("%u not stored"), p.drafts);
	if (p.storing > 0)
		return g_strdup_printf(_("storing %u…"), p.storing);
	if (p.jobs > 0) /* an edit of many objects takes its time */
		return g_strdup(_("storing…"));
	return g_strdup(nadir_document_get_project_path(d) ? _("every change saved") : _("nothing to save yet"));
}

static void update_saved(NadirStatusLine *self)
{
	g_autofree char *text = self->document ? nadir_describe_saved(self->document) : g_strdup("");
	const bool wrong = self->document && nadir_document_get_pending(self->document).drafts > 0;
	gtk_label_set_text(self->saved, text);
	if (wrong)
		gtk_widget_add_css_class(GTK_WIDGET(self->saved), "error");
	else
		gtk_widget_remove_css_class(GTK_WIDGET(self->saved), "error");
}

/* Which forms there are of this image, and which of them are asked for. */
void nadir_status_line_refresh(NadirStatusLine *self)
{
	g_return_if_fail(NADIR_IS_STATUS_LINE(self));
	const georef *g = self->document ? nadir_document_get_georef(self->document) : NULL;
	const bool has_crs = g && georef_has_crs(g), on_map = has_crs && !is_geographic(g);
	const NadirCoordinates form = nadir_coordinates_get();
	const bool all = form == NADIR_COORDINATES_ALL, map = all || (form == NADIR_COORDINATES_MAP && on_map);
	const bool degrees = all || form == NADIR_COORDINATES_DEGREES || form == NADIR_COORDINATES_DMS || !map;
	gtk_label_set_text(self->crs, !g ? "" : has_crs ? georef_crs_name(g) : _("no CRS"));
	gtk_widget_set_visible(GTK_WIDGET(self->map), on_map && map);
	gtk_widget_set_visible(GTK_WIDGET(self->lonlat), has_crs && degrees && form != NADIR_COORDINATES_PIXEL);
	gtk_widget_set_visible(GTK_WIDGET(self->pixel), all || form == NADIR_COORDINATES_PIXEL || !has_crs);
	nadir_status_line_set_pointer(self, self->x, self->y);
}

void nadir_status_line_set_document(NadirStatusLine *self, NadirDocument *document)
{
	g_return_if_fail(NADIR_IS_STATUS_LINE(self));
	nadir_pixel_values_set_document(self->probe, document);
	g_set_object(&self->document, document);
	g_signal_group_set_target(self->signals, document);
	self->last_x = self->last_y = NAN;
	gtk_label_set_text(self->timing, "");
	nadir_status_line_refresh(self);
	nadir_status_line_set_pointer(self, NAN, NAN);
	update_saved(self);
}

/* --- layout --- */

#define GAP 18

/* Labels that have room, all of each; where not all have, those that matter least go. Values take what is left. */
static void measure_line(GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural,
                         int *minimum_baseline, int *natural_baseline)
{
	NadirStatusLine *self = NADIR_STATUS_LINE(widget);
	*minimum = *natural = 0;
	for (GtkWidget *c = gtk_widget_get_first_child(widget); c; c = gtk_widget_get_next_sibling(c)) {
		int least, most;
		gtk_widget_measure(c, orientation, -1, &least, &most, NULL, NULL);
		const bool across = orientation == GTK_ORIENTATION_HORIZONTAL;
		*minimum = !across ? MAX(*minimum, least) : c == GTK_WIDGET(self->saved) ? least : *minimum;
		*natural = across ? *natural + most + GAP : MAX(*natural, most);
	}
}

static int wanted_width(GtkLabel *label)
{
	int least, most;
	if (!gtk_widget_get_visible(GTK_WIDGET(label)) || !*gtk_label_get_text(label))
		return 0;
	gtk_widget_measure(GTK_WIDGET(label), GTK_ORIENTATION_HORIZONTAL, -1, &least, &most, NULL, NULL);
	return most + GAP;
}

static void allocate_line(GtkWidget *widget, int width, int height, int baseline)
{
	NadirStatusLine *self = NADIR_STATUS_LINE(widget);
	GtkLabel *const by_worth[] = {self->saved, self->map,    self->lonlat, self->pixel,
	                              self->crs,   self->timing, self->values};
	const bool mirrored = gtk_widget_get_direction(widget) == GTK_TEXT_DIR_RTL;
	int room = width, widths[G_N_ELEMENTS(by_worth)], left = 0, right = width;
	for (guint i = 0; i < G_N_ELEMENTS(by_worth); i++) {
		const int wanted = wanted_width(by_worth[i]), given = by_worth[i] == self->values ? MIN(wanted, room) : wanted;
		widths[i] = wanted > 0 && given <= room && given > GAP ? given : 0;
		room -= widths[i];
	}
	GtkLabel *const in_order[] = {self->crs,    self->map,   self->lonlat, self->pixel,
	                              self->values, self->saved, self->timing};
	for (guint k = 0; k < G_N_ELEMENTS(in_order); k++) {
		guint i = 0;
		while (by_worth[i] != in_order[k])
			i++;
		const bool at_end = in_order[k] == self->saved || in_order[k] == self->timing;
		int least;
		gtk_widget_measure(GTK_WIDGET(in_order[k]), GTK_ORIENTATION_HORIZONTAL, -1, &least, NULL, NULL, NULL);
		/* Without room it lies beyond the end: a label that gets no place tells of no new text either. */
		const int w = MAX(widths[i] - GAP, least), x = widths[i] == 0 ? width : at_end ? right - w : left;
		gtk_widget_size_allocate(GTK_WIDGET(in_order[k]), &(GtkAllocation){mirrored ? width - x - w : x, 0, w, height},
		                         -1);
		left += at_end ? 0 : widths[i];
		right -= at_end ? widths[i] : 0;
	}
}

static void nadir_status_line_dispose(GObject *object)
{
	NadirStatusLine *self = NADIR_STATUS_LINE(object);
	GtkWidget *child;
	g_clear_object(&self->probe);
	g_clear_object(&self->signals);
	g_clear_object(&self->document);
	while ((child = gtk_widget_get_first_child(GTK_WIDGET(self))))
		gtk_widget_unparent(child);
	G_OBJECT_CLASS(nadir_status_line_parent_class)->dispose(object);
}

static void nadir_status_line_class_init(NadirStatusLineClass *klass)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);
	G_OBJECT_CLASS(klass)->dispose = nadir_status_line_dispose;
	gtk_widget_class_set_template_from_resource(widget_class, "/io/github/nadir_workbench/Nadir/status-line.ui");
	gtk_widget_class_bind_template_child(widget_class, NadirStatusLine, map);
	gtk_widget_class_bind_template_child(widget_class, NadirStatusLine, lonlat);
	gtk_widget_class_bind_template_child(widget_class, NadirStatusLine, pixel);
	gtk_widget_class_bind_template_child(widget_class, NadirStatusLine, values);
	gtk_widget_class_bind_template_child(widget_class, NadirStatusLine, crs);
	gtk_widget_class_bind_template_child(widget_class, NadirStatusLine, timing);
	gtk_widget_class_bind_template_child(widget_class, NadirStatusLine, saved);
	widget_class->measure = measure_line;
	widget_class->size_allocate = allocate_line;
	gtk_widget_class_set_css_name(widget_class, "statusline");
}

static void nadir_status_line_init(NadirStatusLine *self)
{
	gtk_widget_init_template(GTK_WIDGET(self));
	gtk_widget_set_overflow(GTK_WIDGET(self), GTK_OVERFLOW_HIDDEN);
	self->x = self->y = self->last_x = self->last_y = NAN;
	self->probe = nadir_pixel_values_new();
	g_signal_connect_object(self->probe, "changed", G_CALLBACK(show_values), self, G_CONNECT_SWAPPED);
	self->signals = g_signal_group_new(NADIR_TYPE_DOCUMENT);
	g_signal_group_connect_swapped(self->signals, "preview-changed", G_CALLBACK(update_timing), self);
	g_signal_group_connect_swapped(self->signals, "store-changed", G_CALLBACK(update_saved), self);
}
