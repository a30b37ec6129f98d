#include "app/preferences.h"

#include <glib/gi18n.h>

#include "app/command/keymap-page.h"
#include "infer/vk/gpu.h"

struct _NadirPreferences {
	AdwPreferencesWindow parent_instance;

	/* Template widgets */
	AdwComboRow *theme, *units, *device;
	GtkSpinButton *cache;

	/* Owned references */
	GSettings *settings;
	GPtrArray *uuids; /* of the rows of `device` */
	gboolean loading;
};

G_DEFINE_FINAL_TYPE(NadirPreferences, nadir_preferences, ADW_TYPE_PREFERENCES_WINDOW)

static void list_devices(GTask *task, gpointer source, gpointer data, GCancellable *cancel)
{
	GError *error = NULL;
	GPtrArray *devices = gpu_list(&error);
	if (devices)
		g_task_return_pointer(task, devices, (GDestroyNotify)g_ptr_array_unref);
	else
		g_task_return_error(task, error);
}

static void show_devices(NadirPreferences *self, GPtrArray *devices)
{
	g_autofree char *chosen = g_settings_get_string(self->settings, "device");
	g_autoptr(GtkStringList) names = gtk_string_list_new((const char *const[]){_("Best one found"), NULL});
	guint selected = 0;
	g_ptr_array_add(self->uuids, g_strdup(""));
	for (guint i = 0; i < devices->len; i++) {
		const gpu_info *info = devices->pdata[i];
		g_autofree char *name = info->software ? g_strdup_printf(_("Processor, without GPU (%s)"), info->name) : NULL;
		gtk_string_list_append(names, name ? name : info->name);
		g_ptr_array_add(self->uuids, g_strdup(info->uuid));
		if (g_str_equal(chosen, info->uuid))
			selected = i + 1;
	}
	self->loading = TRUE;
	adw_combo_row_set_model(self->device, G_LIST_MODEL(names));
	adw_combo_row_set_selected(self->device, selected);
	self->loading = FALSE;
	gtk_widget_set_sensitive(GTK_WIDGET(self->device), TRUE);
}

static void on_devices(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(NadirPreferences) self = data;
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) devices = g_task_propagate_pointer(G_TASK(result), &error);
	if (!self->settings)
		return;
	if (devices)
		show_devices(self, devices);
	else
		adw_action_row_set_subtitle(ADW_ACTION_ROW(self->device), error->message);
}

static void on_device(NadirPreferences *self)
{
	const guint i = adw_combo_row_get_selected(self->device);
	if (!self->loading && self->uuids && i < self->uuids->len)
		g_settings_set_string(self->settings, "device", self->uuids->pdata[i]);
}

static void on_theme(NadirPreferences *self)
{
	if (!self->loading)
		g_settings_set_enum(self->settings, "theme", (int)adw_combo_row_get_selected(self->theme));
}

static void on_units(NadirPreferences *self)
{
	if (!self->loading)
		g_settings_set_enum(self->settings, "units", (int)adw_combo_row_get_selected(self->units));
}

static void on_cache(NadirPreferences *self)
{
	if (!self->loading)
		g_settings_set_int(self->settings, "cache-megabytes", gtk_spin_button_get_value_as_int(self->cache));
}

static void nadir_preferences_dispose(GObject *object)
{
	NadirPreferences *self = NADIR_PREFERENCES(object);
	g_clear_object(&self->settings);
	g_clear_pointer(&self->uuids, g_ptr_array_unref);
	self->loading = TRUE;
	G_OBJECT_CLASS(nadir_preferences_parent_class)->dispose(object);
}

static void nadir_preferences_class_init(NadirPreferencesClass *klass)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);
	G_OBJECT_CLASS(klass)->dispose = nadir_preferences_dispose;
	gtk_widget_class_set_template_from_resource(widget_class, "/io/github/nadir_workbench/Nadir/preferences.ui");
	gtk_widget_class_bind_template_child(widget_class, NadirPreferences, theme);
	gtk_widget_class_bind_template_child(widget_class, NadirPreferences, units);
	gtk_widget_class_bind_template_child(widget_class, NadirPreferences, device);
	gtk_widget_class_bind_template_child(widget_class, NadirPreferences, cache);
	gtk_widget_class_bind_template_callback(widget_class, on_theme);
	gtk_widget_class_bind_template_callback(widget_class, on_units);
	gtk_widget_class_bind_template_callback(widget_class, on_device);
	gtk_widget_class_bind_template_callback(widget_class, on_cache);
}

static void nadir_preferences_init(NadirPreferences *self)
{
	self->loading = TRUE;
	gtk_widget_init_template(GTK_WIDGET(self));
	self->uuids = g_ptr_array_new_with_free_func(g_free);
}

/* The devices are asked for off the main loop: a driver may take its time to wake up. */
GtkWidget *nadir_preferences_new(GtkWindow *parent, GSettings *settings)
{
	NadirPreferences *self = g_object_new(NADIR_TYPE_PREFERENCES, "transient-for", parent, NULL);
	self->settings = g_object_ref(settings);
	adw_combo_row_set_selected(self->theme, (guint)g_settings_get_enum(settings, "theme"));
	adw_combo_row_set_selected(self->units, (guint)g_settings_get_enum(settings, "units"));
	gtk_spin_button_set_value(self->cache, g_settings_get_int(settings, "cache-megabytes"));
	self->loading = FALSE;
	adw_preferences_window_add(ADW_PREFERENCES_WINDOW(self),
	                           ADW_PREFERENCES_PAGE(nadir_keymap_page_new(ADW_PREFERENCES_WINDOW(self), settings)));
	g_autoptr(GTask) task = g_task_new(NULL, NULL, on_devices, g_object_ref(self));
	g_task_run_in_thread(task, list_devices);
	return GTK_WIDGET(self);
}
