#include "app/panel/panel-image.h"

#include <glib/gi18n.h>
#include <math.h>

#include "app/conversation/chat-store.h"
#include "app/panel/histogram.h"
#include "app/panel/style-editor.h"
#include "app/settings.h"

struct _NadirPanelImage {
	GtkWidget parent_instance;

	/* Template widgets */
	NadirStyleEditor *style;
	NadirHistogram *histogram;
	GtkGrid *facts, *bands;

	/* Owned references */
	NadirDocument *document;
	NadirPixelValues *values;
	GPtrArray *here; /* GtkLabel of each band: its value under the pointer */
};

G_DEFINE_FINAL_TYPE(NadirPanelImage, nadir_panel_image, GTK_TYPE_WIDGET)

static void clear_grid(GtkGrid *grid)
{
	GtkWidget *child;
	while ((child = gtk_widget_get_first_child(GTK_WIDGET(grid))))
		gtk_grid_remove(grid, child);
}

static int count_rows(GtkGrid *grid)
{
	GtkWidget *last = gtk_widget_get_last_child(GTK_WIDGET(grid));
	int row = -1;
	if (last)
		gtk_grid_query_child(grid, last, NULL, &row, NULL, NULL);
	return row + 1;
}

static void add_fact(GtkGrid *grid, const char *title, const char *value)
{
	const int row = count_rows(grid);
	GtkWidget *name = gtk_label_new(title), *text = gtk_label_new(value);
	gtk_widget_add_css_class(name, "dim-label");
	gtk_widget_set_valign(name, GTK_ALIGN_START);
	gtk_label_set_xalign(GTK_LABEL(name), 0);
	gtk_label_set_xalign(GTK_LABEL(text), 0);
	gtk_label_set_selectable(GTK_LABEL(text), TRUE);
	gtk_label_set_wrap(GTK_LABEL(text), TRUE);
	gtk_label_set_wrap_mode(GTK_LABEL(text), PANGO_WRAP_WORD_CHAR);
	gtk_widget_set_hexpand(text, TRUE);
	gtk_widget_set_can_focus(text, FALSE);
	gtk_widget_add_css_class(text, "numeric");
	gtk_grid_attach(grid, name, 0, row, 1, 1);
	gtk_grid_attach(grid, text, 1, row, 1, 1);
}

char *nadir_describe_resolution(NadirDocument *document)
{
	const raster_info *info = raster_get_info(nadir_document_get_raster(document));
	const double metres =
		georef_metres_per_pixel(nadir_document_get_georef(document), info->width / 2.0, info->height / 2.0);
	if (!(metres > 0))
		return NULL;
	if (nadir_units_get() == NADIR_UNITS_METRIC && metres < 1)
		return g_strdup_printf(_("%.3g m"), metres);
	return nadir_format_length(metres);
}

static const char *source_title(raster_source_kind source)
{
	switch (source) {
	case RASTER_OPTICAL:
		return _("optical");
	case RASTER_SAR:
		return _("radar (SAR)");
	case RASTER_INFRARED:
		return _("infrared");
	case RASTER_OTHER:
		break;
	}
	return _("not known");
}

static const char *georeference_title(const raster_info *info)
{
	if (info->has_geotransform)
		return _("geotransform");
	if (info->n_gcps > 0)
		return _("ground control points");
	return info->has_rpc ? _("rational polynomials (RPC)") : _("none");
}

static void fill_facts(NadirPanelImage *self, const raster_info *info)
{
	g_autofree char *name = g_path_get_basename(info->path);
	g_autofree char *size = g_strdup_printf("%d × %d px", info->width, info->height);
	g_autofree char *type = g_strdup_printf("%s · %s", info->format, raster_type_name(info->type));
	g_autofree char *pixel = nadir_describe_resolution(self->document);
	g_autofree char *levels = g_strdup_printf("%d", info->n_levels);
	add_fact(self->facts, _("File"), name);
	add_fact(self->facts, _("Size"), size);
	add_fact(self->facts, _("Format"), type);
	add_fact(self->facts, _("CRS"), info->crs_name ? info->crs_name : _("none: pixels only"));
	add_fact(self->facts, _("Placed by"), georeference_title(info));
	if (pixel)
		add_fact(self->facts, _("Pixel"), pixel);
	add_fact(self->facts, _("Levels"), levels);
	add_fact(self->facts, _("Source"), source_title(info->source));
	if (info->palette_size > 0) {
		g_autofree char *colors =
			g_strdup_printf(ngettext("%d colour", "%d colours", (gulong)info->palette_size), info->palette_size);
		add_fact(self->facts, _("Palette"), colors);
	}
	if (info->has_mask)
		add_fact(self->facts, _("Mask"), _("has a mask band"));
	g_autofree char *caption = chat_store_get_caption(self->document);
	if (caption)
		add_fact(self->facts, _("Caption"), caption);
}

static GtkWidget *value_label(void)
{
	GtkWidget *label = gtk_label_new("");
	gtk_label_set_xalign(GTK_LABEL(label), 1);
	gtk_label_set_width_chars(GTK_LABEL(label), 10);
	gtk_widget_add_css_class(label, "numeric");
	return label;
}

static void fill_bands(NadirPanelImage *self, const raster_info *info)
{
	for (int i = 0; i < info->n_bands; i++) {
		g_autofree char *title = nadir_band_title(info, i);
		g_autofree char *nodata = info->bands[i].has_nodata ? g_strdup_printf(_("no data: %g"), info->bands[i].nodata)
		                                                    : g_strdup(_("all values count"));
		GtkWidget *here = value_label();
		add_fact(self->bands, title, nodata);
		gtk_grid_attach(self->bands, here, 2, i, 1, 1);
		g_ptr_array_add(self->here, here);
	}
}

static void show_values(NadirPanelImage *self)
{
	const pixel_values p = nadir_pixel_values_get(self->values);
	for (guint i = 0; i < self->here->len; i++)
		gtk_label_set_text(self->here->pdata[i], p.state == PIXEL_NO_DATA ? "\u2014" : "");
	for (int i = 0; p.state == PIXEL_VALUES && i < p.n; i++)
		if (p.band[i] < (int)self->here->len)
			gtk_label_set_text(self->here->pdata[p.band[i]], p.text[i]);
}

static void want_all(NadirPanelImage *self)
{
	if (self->values)
		nadir_pixel_values_want_all(self->values, gtk_widget_get_mapped(GTK_WIDGET(self)));
}

void nadir_panel_image_set_values(NadirPanelImage *self, NadirPixelValues *values)
{
	g_return_if_fail(NADIR_IS_PANEL_IMAGE(self) && !self->values);
	self->values = g_object_ref(values);
	g_signal_connect_object(values, "changed", G_CALLBACK(show_values), self, G_CONNECT_SWAPPED);
}

/* A caption may have been kept since. */
static void refill(NadirPanelImage *self)
{
	clear_grid(self->facts);
	if (self->document)
		fill_facts(self, raster_get_info(nadir_document_get_raster(self->document)));
}

void nadir_panel_image_set_document(NadirPanelImage *self, NadirDocument *document)
{
	g_return_if_fail(NADIR_IS_PANEL_IMAGE(self));
	g_set_object(&self->document, document);
	nadir_style_editor_set_document(self->style, document);
	nadir_histogram_set_document(self->histogram, document);
	refill(self);
	g_ptr_array_set_size(self->here, 0);
	clear_grid(self->bands);
	if (document)
		fill_bands(self, raster_get_info(nadir_document_get_raster(document)));
}

static void nadir_panel_image_dispose(GObject *object)
{
	NadirPanelImage *self = NADIR_PANEL_IMAGE(object);
	GtkWidget *child;
	g_clear_object(&self->document);
	g_clear_object(&self->values);
	g_clear_pointer(&self->here, g_ptr_array_unref);
	while ((child = gtk_widget_get_first_child(GTK_WIDGET(self))))
		gtk_widget_unparent(child);
	G_OBJECT_CLASS(nadir_panel_image_parent_class)->dispose(object);
}

static void nadir_panel_image_class_init(NadirPanelImageClass *klass)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);
	G_OBJECT_CLASS(klass)->dispose = nadir_panel_image_dispose;
	g_type_ensure(NADIR_TYPE_STYLE_EDITOR);
	g_type_ensure(NADIR_TYPE_HISTOGRAM);
	gtk_widget_class_set_template_from_resource(widget_class, "/io/github/nadir_workbench/Nadir/panel-image.ui");
	gtk_widget_class_bind_template_child(widget_class, NadirPanelImage, style);
	gtk_widget_class_bind_template_child(widget_class, NadirPanelImage, histogram);
	gtk_widget_class_bind_template_child(widget_class, NadirPanelImage, facts);
	gtk_widget_class_bind_template_child(widget_class, NadirPanelImage, bands);
	gtk_widget_class_set_layout_manager_type(widget_class, GTK_TYPE_BIN_LAYOUT);
}

static void nadir_panel_image_init(NadirPanelImage *self)
{
	gtk_widget_init_template(GTK_WIDGET(self));
	self->here = g_ptr_array_new();
	g_signal_connect(self, "map", G_CALLBACK(refill), NULL);
	g_signal_connect_after(self, "map", G_CALLBACK(want_all), NULL);
	g_signal_connect_after(self, "unmap", G_CALLBACK(want_all), NULL);
}
