#include "app/style-editor.h"

#include <glib/gi18n.h>
#include <string.h>

typedef enum { MODE_AUTO, MODE_ONE, MODE_THREE } band_mode;

/* What the user has chosen, as rows of the choosers. */
typedef struct {
	guint mode, stretch, source; /* 0: automatic */
	guint band[3];
} style_choice;

struct _NadirStyleEditor {
	GtkWidget parent_instance;

	/* Template widgets */
	GtkDropDown *mode, *band0, *band1, *band2, *stretch, *source;
	GtkLabel *label0, *label1, *label2;
	GtkScale *opacity;
	GtkCheckButton *model;

	/* Owned references */
	NadirDocument *document;
	GSignalGroup *signals;

	gboolean loading; /* the widgets follow the document: do not answer */
};

G_DEFINE_FINAL_TYPE(NadirStyleEditor, nadir_style_editor, GTK_TYPE_WIDGET)

static const char *const stretches[] = {NULL, "none", "p2-98", "minmax", "db"};
static const char *const sources[] = {NULL, "optical", "sar", "infrared"};

char *nadir_band_title(const raster_info *info, int band)
{
	static const char *const colors[] = {"red",   N_("red"),   "green", N_("green"), "blue",    N_("blue"),
	                                     "alpha", N_("alpha"), "gray",  N_("grey"),  "palette", N_("palette")};
	const raster_band *b = &info->bands[band];
	const char *color = NULL;
	for (guint i = 0; i < G_N_ELEMENTS(colors); i += 2)
		if (g_str_equal(b->color, colors[i]))
			color = _(colors[i + 1]);
	GString *text = g_string_new(NULL);
	g_string_append_printf(text, "%d", band + 1);
	if (color)
		g_string_append_printf(text, " · %s", color);
	if (b->name && *b->name)
		g_string_append_printf(text, " · %s", b->name);
	return g_string_free(text, FALSE);
}

static guint row_of(const char *const *names, guint n, const char *name)
{
	for (guint i = 1; name && i < n; i++)
		if (g_str_equal(names[i], name))
			return i;
	return 0;
}

static style_choice get_choice(NadirDocument *document)
{
	const raster_style *style = nadir_document_get_style(document);
	const char *bands, *stretch, *source;
	nadir_document_get_style_choice(document, &bands, &stretch, &source);
	return (style_choice){.mode = !bands               ? MODE_AUTO
	                              : strchr(bands, ',') ? MODE_THREE
	                                                   : MODE_ONE,
	                      .stretch = row_of(stretches, G_N_ELEMENTS(stretches), stretch),
	                      .source = row_of(sources, G_N_ELEMENTS(sources), source),
	                      .band = {(guint)style->band[0], (guint)style->band[1], (guint)style->band[2]}};
}

static void show_bands(NadirStyleEditor *self, band_mode mode)
{
	GtkWidget *three[] = {GTK_WIDGET(self->band1), GTK_WIDGET(self->band2), GTK_WIDGET(self->label1),
	                      GTK_WIDGET(self->label2)};
	for (guint i = 0; i < G_N_ELEMENTS(three); i++)
		gtk_widget_set_visible(three[i], mode == MODE_THREE);
	gtk_widget_set_visible(GTK_WIDGET(self->band0), mode != MODE_AUTO);
	gtk_widget_set_visible(GTK_WIDGET(self->label0), mode != MODE_AUTO);
	gtk_label_set_text(self->label0, mode == MODE_THREE ? _("Red") : _("Band"));
}

static void load(NadirStyleEditor *self)
{
	gtk_widget_set_sensitive(GTK_WIDGET(self), self->document != NULL);
	if (!self->document)
		return;
	const style_choice choice = get_choice(self->document);
	GtkDropDown *bands[] = {self->band0, self->band1, self->band2};
	self->loading = TRUE;
	for (int i = 0; i < 3; i++)
		gtk_drop_down_set_selected(bands[i], choice.band[i]);
	gtk_drop_down_set_selected(self->mode, choice.mode);
	gtk_drop_down_set_selected(self->stretch, choice.stretch);
	gtk_drop_down_set_selected(self->source, choice.source);
	gtk_check_button_set_active(self->model, nadir_document_get_model_follows(self->document));
	show_bands(self, choice.mode);
	self->loading = FALSE;
}

static void on_changed(NadirStyleEditor *self)
{
	if (self->loading || !self->document)
		return;
	const guint mode = gtk_drop_down_get_selected(self->mode);
	const guint band[] = {gtk_drop_down_get_selected(self->band0), gtk_drop_down_get_selected(self->band1),
	                      gtk_drop_down_get_selected(self->band2)};
	g_autofree char *bands = NULL;
	if (mode == MODE_ONE)
		bands = g_strdup_printf("%u", band[0] + 1);
	else if (mode == MODE_THREE)
		bands = g_strdup_printf("%u,%u,%u", band[0] + 1, band[1] + 1, band[2] + 1);
	show_bands(self, mode);
	nadir_document_set_style(self->document, bands, stretches[gtk_drop_down_get_selected(self->stretch)],
	                         sources[gtk_drop_down_get_selected(self->source)]);
}

static void on_model_toggled(NadirStyleEditor *self)
{
	if (!self->loading && self->document)
		nadir_document_set_model_follows(self->document, gtk_check_button_get_active(self->model));
}

static void load_opacity(NadirStyleEditor *self)
{
	const gboolean was_loading = self->loading;
	self->loading = TRUE;
	if (self->document)
		gtk_range_set_value(GTK_RANGE(self->opacity), nadir_document_get_opacity(self->document));
	self->loading = was_loading;
}

static void on_opacity(NadirStyleEditor *self)
{
	if (!self->loading && self->document)
		nadir_document_set_opacity(self->document, gtk_range_get_value(GTK_RANGE(self->opacity)));
}

static void fill_bands(NadirStyleEditor *self)
{
	const raster_info *info = raster_get_info(nadir_document_get_raster(self->document));
	g_autoptr(GtkStringList) list = gtk_string_list_new(NULL);
	for (int i = 0; i < info->n_bands; i++)
		gtk_string_list_take(list, nadir_band_title(info, i));
	gtk_drop_down_set_model(self->band0, G_LIST_MODEL(list));
	gtk_drop_down_set_model(self->band1, G_LIST_MODEL(list));
	gtk_drop_down_set_model(self->band2, G_LIST_MODEL(list));
}

void nadir_style_editor_set_document(NadirStyleEditor *self, NadirDocument *document)
{
	g_return_if_fail(NADIR_IS_STYLE_EDITOR(self));
	g_set_object(&self->document, document);
	g_signal_group_set_target(self->signals, document);
	self->loading = TRUE;
	if (document)
		fill_bands(self);
	load(self);
	load_opacity(self);
	self->loading = FALSE;
}

static void nadir_style_editor_dispose(GObject *object)
{
	NadirStyleEditor *self = NADIR_STYLE_EDITOR(object);
	GtkWidget *child;
	self->loading = TRUE;
	g_clear_object(&self->signals);
	g_clear_object(&self->document);
	while ((child = gtk_widget_get_first_child(GTK_WIDGET(self))))
		gtk_widget_unparent(child);
	G_OBJECT_CLASS(nadir_style_editor_parent_class)->dispose(object);
}

static void nadir_style_editor_class_init(NadirStyleEditorClass *klass)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);
	G_OBJECT_CLASS(klass)->dispose = nadir_style_editor_dispose;
	gtk_widget_class_set_template_from_resource(widget_class, "/io/github/nadir_workbench/Nadir/style-editor.ui");
	gtk_widget_class_bind_template_child(widget_class, NadirStyleEditor, mode);
	gtk_widget_class_bind_template_child(widget_class, NadirStyleEditor, band0);
	gtk_widget_class_bind_template_child(widget_class, NadirStyleEditor, band1);
	gtk_widget_class_bind_template_child(widget_class, NadirStyleEditor, band2);
	gtk_widget_class_bind_template_child(widget_class, NadirStyleEditor, label0);
	gtk_widget_class_bind_template_child(widget_class, NadirStyleEditor, label1);
	gtk_widget_class_bind_template_child(widget_class, NadirStyleEditor, label2);
	gtk_widget_class_bind_template_child(widget_class, NadirStyleEditor, stretch);
	gtk_widget_class_bind_template_child(widget_class, NadirStyleEditor, source);
	gtk_widget_class_bind_template_child(widget_class, NadirStyleEditor, model);
	gtk_widget_class_bind_template_child(widget_class, NadirStyleEditor, opacity);
	gtk_widget_class_bind_template_callback(widget_class, on_changed);
	gtk_widget_class_bind_template_callback(widget_class, on_opacity);
	gtk_widget_class_bind_template_callback(widget_class, on_model_toggled);
	gtk_widget_class_set_layout_manager_type(widget_class, GTK_TYPE_BIN_LAYOUT);
}

static void nadir_style_editor_init(NadirStyleEditor *self)
{
	self->loading = TRUE;
	gtk_widget_init_template(GTK_WIDGET(self));
	self->signals = g_signal_group_new(NADIR_TYPE_DOCUMENT);
	g_signal_group_connect_swapped(self->signals, "style-changed", G_CALLBACK(load), self);
	g_signal_group_connect_swapped(self->signals, "settings-changed", G_CALLBACK(load_opacity), self);
	show_bands(self, MODE_AUTO);
	self->loading = FALSE;
}
