#include "app/panel/tile-row.h"

struct _NadirTileRow {
	AdwExpanderRow parent_instance;

	/* Template widgets */
	GtkSpinButton *size, *overlap, *validation, *negatives;
	AdwComboRow *images, *split;
	GtkSwitch *whole_only;
};

G_DEFINE_FINAL_TYPE(NadirTileRow, nadir_tile_row, ADW_TYPE_EXPANDER_ROW)

/* Whole images can only be for validation where there are several. */
static void on_images_changed(NadirTileRow *self)
{
	const bool all = adw_combo_row_get_selected(self->images) == 1;
	gtk_widget_set_sensitive(GTK_WIDGET(self->split), all);
	adw_combo_row_set_selected(self->split, all);
}

/* Tiles must move on. */
static void on_size_changed(NadirTileRow *self)
{
	gtk_spin_button_set_range(self->overlap, 0, gtk_spin_button_get_value(self->size) - 1);
}

bool nadir_tile_row_get_plan(NadirTileRow *self, tile_plan *plan, bool *all_images)
{
	if (!adw_expander_row_get_enable_expansion(ADW_EXPANDER_ROW(self)))
		return false;
	*all_images = adw_combo_row_get_selected(self->images) == 1;
	*plan = (tile_plan){.size = gtk_spin_button_get_value_as_int(self->size),
	                    .overlap = gtk_spin_button_get_value_as_int(self->overlap),
	                    .by_area = adw_combo_row_get_selected(self->split) == 0,
	                    .whole_only = gtk_switch_get_active(self->whole_only),
	                    .validation = gtk_spin_button_get_value(self->validation) / 100,
	                    .negatives = gtk_spin_button_get_value(self->negatives) / 100};
	return true;
}

void nadir_tile_row_bind(NadirTileRow *self, GSettings *settings)
{
	const struct {
		const char *key;
		GtkSpinButton *spin;
	} kept[] = {{"tile-size", self->size},
	            {"tile-overlap", self->overlap},
	            {"tile-validation", self->validation},
	            {"tile-negatives", self->negatives}};
	for (guint i = 0; i < G_N_ELEMENTS(kept); i++)
		g_settings_bind(settings, kept[i].key, gtk_spin_button_get_adjustment(kept[i].spin), "value",
		                G_SETTINGS_BIND_DEFAULT);
	on_size_changed(self);
}

static void nadir_tile_row_class_init(NadirTileRowClass *klass)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);
	gtk_widget_class_set_template_from_resource(widget_class, "/io/github/nadir_workbench/Nadir/tile-row.ui");
	gtk_widget_class_bind_template_child(widget_class, NadirTileRow, size);
	gtk_widget_class_bind_template_child(widget_class, NadirTileRow, overlap);
	gtk_widget_class_bind_template_child(widget_class, NadirTileRow, validation);
	gtk_widget_class_bind_template_child(widget_class, NadirTileRow, negatives);
	gtk_widget_class_bind_template_child(widget_class, NadirTileRow, images);
	gtk_widget_class_bind_template_child(widget_class, NadirTileRow, split);
	gtk_widget_class_bind_template_child(widget_class, NadirTileRow, whole_only);
	gtk_widget_class_bind_template_callback(widget_class, on_images_changed);
	gtk_widget_class_bind_template_callback(widget_class, on_size_changed);
}

static void nadir_tile_row_init(NadirTileRow *self)
{
	gtk_widget_init_template(GTK_WIDGET(self));
}
