#include "app/panel/style-editor.h"
#include "app/document/document-look.h"

#include <glib/gi18n.h>
#include <string.h>

#include "app/command/keymap.h"

typedef enum { MODE_AUTO, MODE_ONE, MODE_THREE } band_mode;

/* What the user has chosen, as rows of the choosers. */
typedef struct {
	guint mode, stretch, source; /* 0: automatic */
	guint band[3];
} style_choice;

struct _NadirStyleEditor {
	GtkWidget parent_instance;

	/* Template widgets */
	GtkDropDown *preset, *mode, *band0, *band1, *band2, *ramp, *stretch, *source;
	GtkLabel *preset_label, *label0, *label1, *label2, *ramp_label;
	GtkEntry *range;
	GtkScale *gamma, *opacity;
	GtkCheckButton *model;

	/* Owned references */
	NadirDocument *document;
	GSignalGroup *signals;
	GPtrArray *presets; /* of raster_preset, borrowed; NULL: none */

	gboolean loading; /* the widgets follow the document: do not answer */
};

G_DEFINE_FINAL_TYPE(NadirStyleEditor, nadir_style_editor, GTK_TYPE_WIDGET)

static const char *const stretches[] = {NULL, "none", "p2-98", "p0.5-99.5", "minmax", "sigma2", "db", ""};
#define BY_HAND (G_N_ELEMENTS(stretches) - 1)
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
	return (style_choice){
		.mode = !bands               ? MODE_AUTO
	            : strchr(bands, ',') ? MODE_THREE
	                                 : MODE_ONE,
		.stretch = stretch && !row_of(stretches, BY_HAND, stretch) ? BY_HAND : row_of(stretches, BY_HAND, stretch),
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

/* A preset is shown as chosen while bands, stretch and source are its own. */
static guint current_preset(NadirStyleEditor *self)
{
	const char *bands, *stretch, *source;
	nadir_document_get_style_choice(self->document, &bands, &stretch, &source);
	for (guint i = 0; self->presets && i < self->presets->len; i++) {
		const raster_preset *p = self->presets->pdata[i];
		if (g_strcmp0(p->bands, bands) == 0 && g_strcmp0(p->stretch, stretch) == 0 && g_strcmp0(p->source, source) == 0)
			return i + 1;
	}
	return 0;
}

static void load_look(NadirStyleEditor *self)
{
	const raster_style *style = nadir_document_get_style(self->document);
	const bool single = style->band[0] == style->band[1] && style->band[1] == style->band[2] && !style->palette;
	g_autofree char *range = raster_style_range_label(style->db, style->lo, style->hi);
	gtk_drop_down_set_selected(self->ramp, (guint)style->ramp);
	gtk_range_set_value(GTK_RANGE(self->gamma), style->gamma);
	gtk_widget_set_visible(GTK_WIDGET(self->ramp), single);
	gtk_widget_set_visible(GTK_WIDGET(self->ramp_label), single);
	gtk_editable_set_text(GTK_EDITABLE(self->range), style->palette ? "" : range);
	gtk_widget_remove_css_class(GTK_WIDGET(self->range), "error");
	gtk_widget_set_sensitive(GTK_WIDGET(self->range), !style->palette);
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
	gtk_drop_down_set_selected(self->preset, current_preset(self));
	load_look(self);
	show_bands(self, choice.mode);
	self->loading = FALSE;
}

static void on_preset(NadirStyleEditor *self)
{
	const guint row = gtk_drop_down_get_selected(self->preset);
	if (self->loading || !self->document || row == 0 || row > self->presets->len)
		return;
	const raster_preset *p = self->presets->pdata[row - 1];
	nadir_document_set_style(self->document, p->bands, p->stretch, p->source);
}

static void on_look(NadirStyleEditor *self)
{
	if (!self->loading && self->document)
		nadir_document_set_look(self->document, gtk_range_get_value(GTK_RANGE(self->gamma)),
		                        (int)gtk_drop_down_get_selected(self->ramp));
}

static void set_stretch(NadirStyleEditor *self, const char *stretch)
{
	const char *bands, *old, *source;
	nadir_document_get_style_choice(self->document, &bands, &old, &source);
	g_autofree char *b = g_strdup(bands), *s = g_strdup(source);
	nadir_document_set_style(self->document, b, stretch, s);
}

static void on_range(NadirStyleEditor *self)
{
	g_autofree char *text = g_strstrip(g_strdup(gtk_editable_get_text(GTK_EDITABLE(self->range))));
	if (!self->loading && self->document)
		set_stretch(self, *text ? text : NULL);
}

static void on_range_typed(NadirStyleEditor *self)
{
	gtk_widget_remove_css_class(GTK_WIDGET(self->range), "error");
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
	const raster_style *style = nadir_document_get_style(self->document);
	const guint stretch = gtk_drop_down_get_selected(self->stretch);
	g_autofree char *range = raster_style_range_text(style->db, style->lo, style->hi);
	show_bands(self, mode);
	nadir_document_set_style(self->document, bands, stretch == BY_HAND ? range : stretches[stretch],
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

static void fill_presets(NadirStyleEditor *self)
{
	g_clear_pointer(&self->presets, g_ptr_array_unref);
	self->presets = raster_presets(nadir_document_get_raster(self->document));
	g_autoptr(GtkStringList) list = gtk_string_list_new(NULL);
	gtk_string_list_append(list, _("None"));
	for (guint i = 0; i < self->presets->len; i++)
		gtk_string_list_append(list, _(((const raster_preset *)self->presets->pdata[i])->title));
	gtk_drop_down_set_model(self->preset, G_LIST_MODEL(list));
	gtk_widget_set_visible(GTK_WIDGET(self->preset), self->presets->len > 0);
	gtk_widget_set_visible(GTK_WIDGET(self->preset_label), self->presets->len > 0);
}

static void fill_ramps(NadirStyleEditor *self)
{
	static const char *const titles[] = {N_("Grey"),    N_("Grey, inverted"), N_("Viridis"),
	                                     N_("Magma"),   N_("Inferno"),        N_("Cividis"),
	                                     N_("Terrain"), N_("Vegetation"),     N_("Diverging")};
	g_autoptr(GtkStringList) list = gtk_string_list_new(NULL);
	for (int i = 0; raster_ramp_name(i); i++)
		gtk_string_list_append(list, i < (int)G_N_ELEMENTS(titles) ? _(titles[i]) : raster_ramp_name(i));
	gtk_drop_down_set_model(self->ramp, G_LIST_MODEL(list));
}

void nadir_style_editor_set_document(NadirStyleEditor *self, NadirDocument *document)
{
	g_return_if_fail(NADIR_IS_STYLE_EDITOR(self));
	g_set_object(&self->document, document);
	g_signal_group_set_target(self->signals, document);
	self->loading = TRUE;
	if (document) {
		fill_bands(self);
		fill_presets(self);
	}
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
	g_clear_pointer(&self->presets, g_ptr_array_unref);
	while ((child = gtk_widget_get_first_child(GTK_WIDGET(self))))
		gtk_widget_unparent(child);
	G_OBJECT_CLASS(nadir_style_editor_parent_class)->dispose(object);
}

static void nadir_style_editor_class_init(NadirStyleEditorClass *klass)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);
	G_OBJECT_CLASS(klass)->dispose = nadir_style_editor_dispose;
	gtk_widget_class_set_template_from_resource(widget_class, "/io/github/nadir_workbench/Nadir/style-editor.ui");
	gtk_widget_class_bind_template_child(widget_class, NadirStyleEditor, preset);
	gtk_widget_class_bind_template_child(widget_class, NadirStyleEditor, preset_label);
	gtk_widget_class_bind_template_child(widget_class, NadirStyleEditor, ramp);
	gtk_widget_class_bind_template_child(widget_class, NadirStyleEditor, ramp_label);
	gtk_widget_class_bind_template_child(widget_class, NadirStyleEditor, range);
	gtk_widget_class_bind_template_child(widget_class, NadirStyleEditor, gamma);
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
	gtk_widget_class_bind_template_callback(widget_class, on_preset);
	gtk_widget_class_bind_template_callback(widget_class, on_look);
	gtk_widget_class_bind_template_callback(widget_class, on_range);
	gtk_widget_class_bind_template_callback(widget_class, on_range_typed);
	gtk_widget_class_bind_template_callback(widget_class, on_model_toggled);
	gtk_widget_class_set_layout_manager_type(widget_class, GTK_TYPE_BIN_LAYOUT);
}

static void tell_opacity_keys(NadirStyleEditor *self)
{
	static const char *const actions[] = {"win.opacity-down", "win.opacity-up", "win.hide-masks"};
	g_autoptr(GString) tip = g_string_new(_("Opacity of all masks"));
	for (guint i = 0; i < G_N_ELEMENTS(actions); i++) {
		g_autofree char *line = nadir_action_tooltip(nadir_action_find(actions[i]));
		g_string_append_printf(tip, "\n%s", line);
	}
	gtk_widget_set_tooltip_text(GTK_WIDGET(self->opacity), tip->str);
}

static void nadir_style_editor_init(NadirStyleEditor *self)
{
	self->loading = TRUE;
	gtk_widget_init_template(GTK_WIDGET(self));
	self->signals = g_signal_group_new(NADIR_TYPE_DOCUMENT);
	g_signal_group_connect_swapped(self->signals, "style-changed", G_CALLBACK(load), self);
	g_signal_group_connect_swapped(self->signals, "settings-changed", G_CALLBACK(load_opacity), self);
	fill_ramps(self);
	show_bands(self, MODE_AUTO);
	tell_opacity_keys(self);
	nadir_keymap_on_change(G_OBJECT(self), G_CALLBACK(tell_opacity_keys));
	self->loading = FALSE;
}
